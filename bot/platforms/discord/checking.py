"""`handrail check` for Discord: what is right and wrong, and how to mend it."""

import asyncio
from typing import Any

import aiohttp
import discord

from bot.core.commands import Registry
from bot.core.platform import Finding
from bot.core.text import clean_name
from bot.core.words import Text, _
from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.commands import menu_of
from bot.platforms.discord.connection import may_read_content, without_gateway
from bot.platforms.discord.errors import TROUBLE, LoginRefused

_PATIENCE = 30.0
_SERVERS = 200

_NEEDED: tuple[tuple[str, Text], ...] = (
    ("view_channel", _("View Channels")),
    ("send_messages", _("Send Messages")),
    ("send_messages_in_threads", _("Send Messages in Threads")),
    ("create_private_threads", _("Create Private Threads")),
    ("read_message_history", _("Read Message History")),
    ("pin_messages", _("Pin Messages")),
)


async def check(account: DiscordAccount, trace: aiohttp.TraceConfig, registry: Registry) -> list[Finding]:
    """The findings, the most important one first; at most 30 s."""
    findings = [*_commands(registry)]
    try:
        async with asyncio.timeout(_PATIENCE), without_gateway(account, trace) as client:
            findings = [_ok(_("Discord accepts the bot's token.")), *_application(account, client), *findings]
            guilds: list[dict[str, Any]] = await client.http.get_guilds(_SERVERS, with_counts=False)  # type: ignore[assignment]  # its stub says another shape
            findings += _servers(guilds)
    except LoginRefused:
        return [_broken(LoginRefused.what, LoginRefused.mend), *findings]
    except (*TROUBLE, ValueError) as error:
        status = f" ({error.status})" if isinstance(error, discord.HTTPException) else ""
        what = _("Discord cannot be reached, or does not answer as it should{status}.", status=status)
        mend = _("See whether this machine has a way to the internet, and whether Discord's address is right.")
        return [_broken(what, mend), *findings]
    return findings


def _commands(registry: Registry) -> list[Finding]:
    try:
        menu_of(registry)
    except ValueError:
        what = _("A command has a name that Discord does not take, so none can be registered.")
        return [_broken(what, _("This is a mistake in the bot. Please report it."))]
    return []


def _application(account: DiscordAccount, client: discord.Client) -> list[Finding]:
    findings: list[Finding] = []
    granted = may_read_content(client)
    if not account.message_content:
        findings.append(
            _warning(
                _("The bot is told not to read messages in channels, so it cannot notice danger there."),
                _("Set message_content to true for Discord, if the community wants it."),
            )
        )
    elif granted:
        findings.append(_ok(_("The bot may read messages in channels.")))
    else:
        findings.append(
            _warning(
                _("Discord does not let the bot read messages in channels, so it cannot notice danger there."),
                _("Switch on Message Content Intent in the developer portal, under Bot."),
            )
        )
    if client.application is not None and client.application.interactions_endpoint_url is not None:
        findings.append(
            _broken(
                _("Discord sends commands and buttons to a web address and not to the bot."),
                _("Empty the field Interactions Endpoint URL in the developer portal, under General Information."),
            )
        )
    return findings


def _servers(guilds: list[dict[str, Any]]) -> list[Finding]:
    if not guilds:
        return [
            _warning(
                _("The bot is in no server yet."),
                _("Invite it with the link from the developer portal, under Installation."),
            )
        ]
    return [finding for guild in guilds for finding in (_server(guild), *_automod(guild))]


def _automod(guild: dict[str, Any]) -> list[Finding]:
    has = discord.Permissions(int(guild.get("permissions", 0)))
    if "AUTO_MODERATION" not in guild.get("features", ()) or has.administrator or has.manage_guild:
        return []
    what = _(
        "In {server} the bot is not told what AutoMod blocks, so danger in it goes unnoticed.", server=_name(guild)
    )
    return [_warning(what, _("Give Manage Server to the bot's role, under Server Settings, Roles."))]


def _name(guild: dict[str, Any]) -> str:
    return f"{clean_name(str(guild.get('name', '')))} ({guild['id']})"


def _server(guild: dict[str, Any]) -> Finding:
    name = _name(guild)
    has = discord.Permissions(int(guild.get("permissions", 0)))
    lacking = [str(label) for flag, label in _NEEDED if not (has.administrator or getattr(has, flag))]
    if not lacking:
        return _ok(_("The bot has the permissions it needs in {server}.", server=name))
    return _warning(
        _("In {server} the bot lacks: {permissions}.", server=name, permissions=", ".join(lacking)),
        _("Give these permissions to the bot's role, under Server Settings, Roles."),
    )


def _ok(what: Text) -> Finding:
    return Finding(level="ok", what=str(what))


def _warning(what: Text, mend: Text) -> Finding:
    return Finding(level="warning", what=str(what), mend=str(mend))


def _broken(what: Text, mend: Text) -> Finding:
    return Finding(level="broken", what=str(what), mend=str(mend))
