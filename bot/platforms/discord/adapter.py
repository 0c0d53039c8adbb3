"""Discord as one of the bot's platforms."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
import discord

from bot.core.content import Content
from bot.core.faults import Told, where
from bot.core.inbound import Inbound
from bot.core.platform import (
    Acquaintance,
    Address,
    Finding,
    Hub,
    NotConnected,
    Receipt,
    SendError,
    TryAgain,
    Unreachable,
)
from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.answering import Answering
from bot.platforms.discord.apart import ThreadsApart
from bot.platforms.discord.automod import AutoMod
from bot.platforms.discord.checking import check
from bot.platforms.discord.connection import Connection, Granted, granted_to, without_gateway
from bot.platforms.discord.directs import DirectChats
from bot.platforms.discord.elsewhere import Elsewhere
from bot.platforms.discord.errors import GatewayLost, advice, send_error
from bot.platforms.discord.hearing import Hearing, SharedSpaces
from bot.platforms.discord.media import bring
from bot.platforms.discord.pacing import Pace, urgency
from bot.platforms.discord.people import people
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.receiving import Receiving
from bot.platforms.discord.registering import Registering
from bot.platforms.discord.sending import Sending
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.sharding import connection_of
from bot.platforms.discord.shards import Progresses, Shards
from bot.platforms.discord.signs import Signs
from bot.platforms.discord.threads import PrivateThreads
from bot.platforms.discord.titles import Titles
from bot.platforms.discord.waiting import Waiting

log = logging.getLogger(__name__)

_LOGIN_PATIENCE = 10.0
_AWAY_SECONDS = 90.0
_SEND_PATIENCE = 30.0

_WRITING_PAUSE = 3.0
"""Seconds between two writes of how far the channels are heard."""


class DiscordPlatform:
    """One Discord application, or some of its shards.

    `ready` is set while the gateway is connected, `caught_up` while what was missed before has been read back; of
    shards, all are meant.
    """

    name = PLATFORM
    at_once = 32
    recognises = timedelta(hours=1)
    """How far `sending` looks back for the words of a message whose nonce Discord has forgotten."""

    def __init__(self, account: DiscordAccount, hub: Hub) -> None:
        self.ready = asyncio.Event()
        self.account_key = account.key
        self.sends = account.sends
        self._account = account
        self._hub = hub
        self._registering = Registering(hub)
        self._threads = PrivateThreads(hub)
        self._spaces = SharedSpaces(hub, hears_all=account.is_whole)
        self._time = ServerTime()
        apart = ThreadsApart(hub, self._time)
        self._hearing = Hearing(self._spaces, self._threads, apart, self._time)
        self._chats = DirectChats(hub)
        self._signs = Signs(hub, apart, self._time)
        self._sending = Sending(hub, Elsewhere(hub, self._threads), apart, self._chats, self._time)
        self._progress = Progresses(hub, account)
        self._receiving = Receiving(hub, self._hearing, self._progress.of, self._chats)
        self._automod = AutoMod(hub, self._hearing, self._time)
        self._titles = Titles(hub, self._hearing, self._time)
        self._shards = Shards(hub, account, self._receiving, self._titles, self._progress, self._time)
        self.caught_up = self._shards.caught_up
        self._pace = Pace(account.requests_per_second)
        self._waiting = Waiting(hub, self._hearing)
        self._answering = Answering(
            hub, self._hearing, self._spaces, self._waiting, answer_within=account.answer_within, apart=self._say_apart
        )
        self._connection: Connection | None = None
        self._logged_in = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._ended.set()
        self._warned = False
        self._told = Told()

    def _trace(self) -> aiohttp.TraceConfig:
        """What each HTTP session is given on its way; it can be used for one."""
        return self._time.listen(self._pace.trace(self._account.api_base))

    @property
    def is_connected(self) -> bool:
        """Whether it hears people at this moment: on one shard at least, as they take 5 s each to come."""
        return self._shards.any_is_up

    async def run(self) -> None:
        """Connect and hear until cancelled.

        Returns after `close`. Raises `LoginRefused` for a wrong token, `ShardsRefused` for too many servers, and
        whatever else ends the connection for good; it may be called again then.
        """
        if self._serving is not None:
            raise RuntimeError("the Discord platform is running already")
        self._ended.clear()
        self._progress.start_anew()
        self._receiving.start_anew()
        self._serving = asyncio.create_task(self._connect())
        beside = [asyncio.create_task(self._keep_writing()), asyncio.create_task(self._receiving.keep_trying())]
        task = asyncio.current_task()
        try:
            await self._serving
        except asyncio.CancelledError:
            if task is None or task.cancelling():
                raise
            # `close` was called: this is how a run ends then.
        finally:
            self._serving = None
            for one in beside:
                one.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            try:
                await self._write()
            finally:
                self._ended.set()

    async def _keep_writing(self) -> None:
        """Store every few seconds what was heard and learned, until cancelled: much is written at once."""
        while True:
            await asyncio.sleep(_WRITING_PAUSE)
            try:
                await self._write()
            except Exception as error:
                if self._told.is_news("progress", datetime.now(UTC)):
                    log.error("how far the channels are heard could not be stored: %s", where(error))

    async def _write(self) -> None:
        await self._progress.write()
        await self._chats.write()
        if self._told.is_over("progress"):
            log.warning("how far the channels are heard is stored again")

    async def _connect(self) -> None:
        granted = await self._granted()
        try:
            await self._serve(granted)
        except discord.PrivilegedIntentsRequired:
            # It was taken away between the question and the connection.
            self._warn_about_content()
            await self._serve(Granted())

    async def _granted(self) -> Granted:
        """Which privileged intents to ask for: asking in vain closes the gateway."""
        granted = Granted()
        if self._account.message_content:
            async with without_gateway(self._account, self._trace()) as client:
                granted = granted_to(client)
        if not granted.content:
            self._warn_about_content()
        return granted

    def _warn_about_content(self) -> None:
        if self._warned:
            return
        self._warned = True
        log.warning(
            "The bot cannot read ordinary messages in Discord's channels, so it cannot notice there that somebody "
            "is in danger. Commands, buttons, direct messages and mentions work. To mend it, switch on the "
            "Message Content Intent in the developer portal (Bot, Privileged Gateway Intents), allow it in the "
            "configuration, and start the bot again."
        )

    async def _serve(self, granted: Granted) -> None:
        connection = connection_of(self._account, self, self._trace(), granted=granted)
        self._connection = connection
        serving = asyncio.create_task(connection.serve(), name="discord connection")
        away = asyncio.create_task(self._away_for_long(), name="discord watch")
        try:
            await asyncio.wait({serving, away}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                raise GatewayLost
            serving.result()
        finally:
            serving.cancel()
            away.cancel()
            await asyncio.gather(serving, away, return_exceptions=True)
            self.ready.clear()
            try:
                await self._registering.stop()
                await self._shards.stop()
                await connection.end()
            finally:
                self._logged_in.clear()
                self._connection = None
                self._shards.let_go()

    async def _away_for_long(self) -> None:
        """Return once the gateway, having been there, has been away for long.

        The library waits for up to 17 minutes between two attempts after a long outage: beginning anew is quicker.
        """
        clock = asyncio.get_running_loop().time
        await self.ready.wait()
        seen = clock()
        while clock() - seen < _AWAY_SECONDS:
            # One shard that is away comes back by itself, and the others must not be cut off for it.
            if self._shards.any_is_up:
                seen = clock()
            await asyncio.sleep(min(1.0, _AWAY_SECONDS / 4))

    async def logged_in(self, connection: Connection) -> None:
        """Register the commands, if they are others than the last time. Hearing waits a second for it at most."""
        self._logged_in.set()
        await self._registering.begin(connection)

    def connected(self, connection: Connection, shard: int, *, up: bool) -> None:
        """A shard of the gateway came or went."""
        if connection is not self._connection:
            return
        self._shards.connected(shard, up=up)
        if self._shards.are_up:
            self.ready.set()
        else:
            self.ready.clear()

    def session_begins(self, connection: Connection, shard: int) -> None:
        """What is missed up to now has to be read back."""
        self._shards.begin(shard)

    def session_known(self, connection: Connection, shard: int) -> None:
        """Read back what was missed."""
        self._shards.known(connection, shard)

    def server_came(self, connection: Connection, guild: discord.Guild) -> None:
        """Read back what was missed in a server that comes after the others."""
        self._shards.came(guild)

    async def heard(self, message: discord.Message, *, edited: bool) -> None:
        """Hand a message to the hub."""
        if self._connection is not None:
            await self._receiving.hear(self._connection, message, edited=edited)

    async def named(self, thread: discord.Thread, *, changed: bool) -> None:
        """Hand the name of a thread to the hub."""
        if self._connection is not None:
            await (self._titles.changed if changed else self._titles.given)(self._connection, thread)

    async def found(self, action: discord.AutoModAction) -> None:
        """Hand what AutoMod has found to the hub."""
        if self._connection is not None:
            await self._automod.acted(self._connection, action)

    async def removed(self, message_id: int) -> None:
        """Tell the hub of a message that is no longer there."""
        await self._signs.removed(message_id)

    async def reacted(self, payload: discord.RawReactionActionEvent, *, taken_back: bool) -> None:
        """Tell the hub of an emoji in a private chat, or in a place apart."""
        if self._connection is not None and self._connection.user is not None:
            connection, me = self._connection, self._connection.user.id
            await self._signs.reacted(connection, payload, me, taken_back=taken_back)

    async def left(self, guild_id: int, user_id: int) -> None:
        """Tell the hub of somebody who is not in a server any more."""
        await self._signs.left(guild_id, user_id)

    async def asked(self, interaction: discord.Interaction) -> None:
        """Answer an interaction."""
        await self._answering.answer(interaction, self._registering.menu)

    async def _say_apart(self, inbound: Inbound, content: Content) -> None:
        """What an interaction could not be answered with, as a direct message: at once, or as soon as that works."""
        to = Address(
            platform=PLATFORM,
            kind="direct",
            id=inbound.account,
            fallback=None if inbound.private else inbound.place,
        )
        key = f"answer:{inbound.event_id}"
        try:
            await self.send(to, content, key, retried=False, urgent=True)
        except TryAgain as error:
            log.warning("interaction %s is answered later: %s", inbound.event_id, error)
            try:
                await self._hub.answer_later(inbound, content, key)
            except Exception as fault:
                log.error("interaction %s has no answer: %s", inbound.event_id, where(fault))
        except SendError as error:
            log.error("interaction %s has no answer: %s", inbound.event_id, error)

    async def send(self, to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        """Say the rendered `content` at `to`, once per `key`.

        Discord itself refuses a second message of the same key for a few minutes; with `retried`, the last hundred
        messages of the destination are looked through as well. Works from the login on, also while the gateway is
        lost: waits 10 s for it. A person whose direct messages are closed is written to in a private thread under
        `to.fallback`, or under a lobby of its community. Raises `SendError`; after 30 s, `TryAgain`; at once where
        Discord has told the whole bot to wait.
        """
        if not retried:
            self._sending.note_first(key)
        if (wait := self._pace.refusal(urgent=urgent)) is not None:
            raise TryAgain("Discord wants the whole bot to wait", after=timedelta(seconds=wait))
        try:
            async with asyncio.timeout(_LOGIN_PATIENCE):
                await self._logged_in.wait()
        except TimeoutError:
            raise NotConnected("the bot is not connected to Discord") from None
        connection = self._connection
        if connection is None:
            raise NotConnected("the bot is not connected to Discord")
        try:
            with urgency(urgent):
                async with asyncio.timeout(_SEND_PATIENCE):
                    if content.fetch is not None:
                        return Receipt("", file=await bring(connection, content.fetch, self._account.api_base))
                    return await self._sending.send(connection, to, content, key, retried=retried, urgent=urgent)
        except Exception as error:
            self._tell_operator(to, error)
            failed = send_error(error)
            if urgent and isinstance(failed, TryAgain) and (wait := self._pace.refusal(urgent=True)) is not None:
                failed.after = timedelta(seconds=wait)
            if urgent and isinstance(failed, Unreachable):
                await self._waiting.ask(connection, to, content, key)
            # Without the cause: it may quote what was said.
            raise failed from None

    def _tell_operator(self, to: Address, error: Exception) -> None:
        """Say what only the operator can mend: once, and again every hour while it lasts."""
        if (mend := advice(error)) is None:
            return
        place = "" if to.kind == "direct" else f" to {to.id}"
        if self._told.is_news(f"{mend}{place}", datetime.now(UTC)):
            log.error("Nothing could be sent%s. %s", place, mend)

    async def people(self, words: str, places: Sequence[str]) -> Sequence[Acquaintance]:
        """Who is in the servers of these places with that id, or with a name that begins so. Raises `SendError`."""
        if (connection := self._connection) is None:
            raise NotConnected("the bot is not connected to Discord")
        with urgency(True):
            return await people(connection, words, places)

    async def check(self) -> list[Finding]:
        """What is right and wrong with the token, the intents, the servers; without connecting to the gateway."""
        return await check(self._account, self._trace(), self._hub.registry)

    async def close(self) -> None:
        """Let go of everything: a `run` in progress returns. May be called twice."""
        if self._serving is not None:
            self._serving.cancel()
        await self._ended.wait()
