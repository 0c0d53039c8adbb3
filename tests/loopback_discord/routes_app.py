"""Routes about the bot itself, its commands, guilds and members."""

from __future__ import annotations

from . import errors
from .entities import JSON, Guild
from .rest import Call, route


def _guild(call: Call) -> Guild:
    guild = call.server.world.guilds.get(int(call.params["guild_id"]))
    if guild is None:
        raise errors.unknown("Guild")
    return guild


@route("GET", "/gateway")
def gateway(call: Call) -> JSON:
    return {"url": call.server.gateway_url}


@route("GET", "/gateway/bot")
def gateway_bot(call: Call) -> JSON:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return {"url": call.server.gateway_url, "shards": call.server.shards, "session_start_limit": limit}


@route("GET", "/users/@me")
def current_user(call: Call) -> JSON:
    extra = {"verified": True, "mfa_enabled": False, "email": None, "flags": 0, "locale": "en-US"}
    return call.server.world.bot.json() | extra


@route("GET", "/users/@me/guilds")
def current_guilds(call: Call) -> list[JSON]:
    bot = call.server.world.bot
    guilds = call.server.world.guilds.values()
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(guild.permissions_of(bot.id)),
            "features": guild.features,
        }
        for guild in guilds
    ]


@route("GET", "/users/{user_id}")
def user(call: Call) -> JSON:
    found = call.server.world.users.get(int(call.params["user_id"]))
    if found is None:
        raise errors.unknown("User")
    return found.json()


@route("POST", "/users/@me/channels")
def open_direct_channel(call: Call) -> JSON:
    found = call.server.world.users.get(int(call.body["recipient_id"]))
    if found is None:
        raise errors.unknown("User")
    return call.server.world.direct_channel(found).json()


@route("GET", "/applications/@me")
@route("GET", "/oauth2/applications/@me")
def application(call: Call) -> JSON:
    world = call.server.world
    return {
        "id": str(world.bot.id),
        "name": world.bot.name,
        "description": "",
        "icon": None,
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": world.application_owner.json(),
        "team": None,
        "verify_key": "0" * 64,
        "flags": call.server.application_flags,
        "summary": "",
        "rpc_origins": [],
        "redirect_uris": [],
        "approximate_guild_count": len(world.guilds),
        "interactions_endpoint_url": None,
        "bot": world.bot.json(),
    }


def _application(call: Call) -> int | None:
    """Check the application's id and give the guild's, if the commands are a guild's."""
    if call.params["application_id"] != str(call.server.world.bot.id):
        raise errors.ApiError(403, 20012, "You are not authorized to perform this action on this application")
    return _guild(call).id if "guild_id" in call.params else None


@route("GET", "/applications/{application_id}/commands")
@route("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
def commands(call: Call) -> list[JSON]:
    return call.server.commands.registered(_application(call))


@route("PUT", "/applications/{application_id}/commands")
@route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
def replace_commands(call: Call) -> list[JSON]:
    stored = call.server.commands.replace(_application(call), call.body)
    call.server.world.changed.notify()
    return stored


@route("POST", "/applications/{application_id}/commands")
@route("POST", "/applications/{application_id}/guilds/{guild_id}/commands")
def add_command(call: Call) -> JSON:
    return call.server.commands.upsert(_application(call), call.body)


@route("DELETE", "/applications/{application_id}/commands/{command_id}")
@route("DELETE", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
def remove_command(call: Call) -> None:
    if not call.server.commands.remove(_application(call), call.params["command_id"]):
        raise errors.unknown("application command")


@route("GET", "/guilds/{guild_id}")
def guild(call: Call) -> JSON:
    found = _guild(call)
    data = found.json(full=False)
    if call.query.get("with_counts") in ("1", "true", "True"):
        data |= {"approximate_member_count": len(found.members), "approximate_presence_count": 0}
    return data


@route("GET", "/guilds/{guild_id}/channels")
def guild_channels(call: Call) -> list[JSON]:
    bot = call.server.world.bot
    return [one.json() for one in _guild(call).channels.values() if one.permissions_of(bot.id)]


@route("GET", "/guilds/{guild_id}/roles")
def guild_roles(call: Call) -> list[JSON]:
    return [role.json() for role in _guild(call).roles.values()]


@route("GET", "/guilds/{guild_id}/threads/active")
def active_threads(call: Call) -> JSON:
    bot = call.server.world.bot
    threads = [one for one in _guild(call).threads.values() if not one.archived and one.permissions_of(bot.id)]
    members = [one.thread_member_json(bot.id) for one in threads if bot.id in one.thread_members]
    return {"threads": [one.json() for one in threads], "members": members}


@route("GET", "/guilds/{guild_id}/members")
def guild_members(call: Call) -> list[JSON]:
    if not call.server.members_allowed:
        raise errors.missing_access()
    after, limit = int(call.query.get("after") or 0), int(call.query.get("limit") or 1)
    members = sorted(_guild(call).members.values(), key=lambda member: member.user.id)
    return [member.json() for member in members if member.user.id > after][:limit]


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def guild_member(call: Call) -> JSON:
    member = _guild(call).members.get(int(call.params["user_id"]))
    if member is None:
        raise errors.unknown("Member")
    return member.json()
