"""Routes about channels, messages, reactions and threads."""

from __future__ import annotations

import time

from . import compose, errors, permissions
from .entities import JSON, PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Channel
from .events import MESSAGE_CONTENT
from .messages import Message
from .rest import Call, route


def _shown(call: Call, message: Message) -> JSON:
    """Render a message for the bot; without the content intent REST empties it as the gateway does."""
    return call.server.shown_to_bot(message, content=bool(call.server.allowed_intents & MESSAGE_CONTENT))


@route("GET", "/channels/{channel_id}")
def channel(call: Call) -> JSON:
    return call.channel().json()


@route("PATCH", "/channels/{channel_id}")
def change_channel(call: Call) -> JSON:
    found = call.channel()
    own = found.is_thread and found.owner_id == call.server.world.bot.id
    need = permissions.MANAGE_THREADS if found.is_thread else permissions.MANAGE_CHANNELS
    # Who opened a thread may archive it; locking it is for who manages threads.
    own = own and not call.body.get("locked")
    if not own and not found.permissions_of(call.server.world.bot.id) & need:
        raise errors.missing_permissions()
    if call.body.get("archived") and not found.archived:
        found.archived_at = time.time()
    for name in ("name", "topic", "archived", "locked", "invitable", "auto_archive_duration"):
        if call.body.get(name) is not None:
            setattr(found, name, call.body[name])
    if found.is_thread:
        call.server.world.update_thread(found)
    else:
        call.server.world.emit_channel("CHANNEL_UPDATE", found)
    return found.json()


@route("GET", "/channels/{channel_id}/threads/archived/public")
def archived_threads(call: Call) -> JSON:
    found = call.channel(permissions.READ_MESSAGE_HISTORY)
    assert found.guild is not None
    threads = [one for one in found.guild.threads.values() if one.parent is found and one.archived]
    threads = [one for one in threads if not one.is_private_thread]
    threads.sort(key=lambda one: one.archived_at or one.created, reverse=True)
    return {"threads": [one.json() for one in threads], "members": [], "has_more": False}


@route("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> JSON:
    found = call.channel(permissions.MANAGE_THREADS)
    if found.guild is not None:
        if not found.is_thread:
            found = call.channel(permissions.MANAGE_CHANNELS)
        call.server.world.delete_channel(found)
    return found.json()


@route("POST", "/channels/{channel_id}/typing")
def typing(call: Call) -> None:
    call.server.world.typing(call.channel(), call.server.world.bot)


@route("GET", "/channels/{channel_id}/messages")
def history(call: Call) -> list[JSON]:
    found = call.channel()
    if not found.permissions_of(call.server.world.bot.id) & permissions.READ_MESSAGE_HISTORY:
        return []
    limit = int(call.query.get("limit") or 50)
    if not 1 <= limit <= 100:
        raise errors.invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    ids = sorted(found.messages)
    if "after" in call.query:
        ids = [one for one in ids if one > int(call.query["after"])][:limit]
    elif "around" in call.query:
        middle, half = int(call.query["around"]), limit // 2
        before = [one for one in ids if one < middle]
        ids = before[max(0, len(before) - half) :] + [one for one in ids if one >= middle][: half + 1]
    else:
        before_id = int(call.query.get("before") or 1 << 63)
        ids = [one for one in ids if one < before_id][-limit:]
    return [_shown(call, found.messages[one]) for one in reversed(ids)]


@route("GET", "/channels/{channel_id}/messages/{message_id}")
def message(call: Call) -> JSON:
    return _shown(call, call.message(permissions.READ_MESSAGE_HISTORY))


@route("POST", "/channels/{channel_id}/messages")
def send(call: Call) -> JSON:
    world = call.server.world
    found = call.channel()
    need = permissions.SEND_MESSAGES_IN_THREADS if found.is_thread else permissions.SEND_MESSAGES
    if call.files:
        need |= permissions.ATTACH_FILES
    if found.permissions_of(world.bot.id) & need != need:
        raise errors.missing_permissions()
    if found.guild is None:
        people = [world.users[user_id] for user_id in found.recipient_ids if user_id != world.bot.id]
        if not all(world.can_message(person) for person in people):
            raise errors.closed_dm()
    if found.locked and not found.permissions_of(world.bot.id) & permissions.MANAGE_THREADS:
        raise errors.ApiError(400, 50083, "Thread is archived")
    nonce = call.body.get("nonce")
    if nonce is not None and len(str(nonce)) > 25:
        raise errors.invalid_form("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    if nonce is not None and call.body.get("enforce_nonce"):
        known = world.known_nonce(world.bot, nonce)
        if known is not None:
            return known.json(reader_id=world.bot.id)
    made = compose.draft(world, found, world.bot, call.body, call.files)
    if found.archived:
        # Writing into an archived thread brings it back.
        found.archived = False
        world.update_thread(found)
    return world.post(made).json(reader_id=world.bot.id)


@route("PATCH", "/channels/{channel_id}/messages/{message_id}")
def edit(call: Call) -> JSON:
    world = call.server.world
    found = call.message()
    if found.author is not world.bot:
        raise errors.ApiError(403, 50005, "Cannot edit a message authored by another user")
    compose.edit(world, found, call.body, call.files)
    return found.json(reader_id=world.bot.id)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}")
def delete(call: Call) -> None:
    world = call.server.world
    found = call.message()
    if found.author is not world.bot:
        if found.channel.guild is None:
            raise errors.ApiError(403, 50003, "Cannot execute action on a DM channel")
        found = call.message(permissions.MANAGE_MESSAGES)
    world.delete(found)


_PIN = "/channels/{channel_id}/messages/pins/{message_id}"


@route("PUT", _PIN)
def pin(call: Call) -> None:
    _set_pinned(call, pinned=True)


@route("DELETE", _PIN)
def unpin(call: Call) -> None:
    _set_pinned(call, pinned=False)


def _set_pinned(call: Call, *, pinned: bool) -> None:
    found = call.channel()
    if found.guild is not None:  # in a direct message both may pin
        call.channel(permissions.PIN_MESSAGES)
    message = call.message(permissions.READ_MESSAGE_HISTORY)
    message.pinned = pinned
    # Discord sends a pinned message again as an update, with its old edit's time.
    call.server.world.emit_message("MESSAGE_UPDATE", message)


_REACTION = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}"


@route("GET", _REACTION)
def reactions(call: Call) -> list[JSON]:
    users = call.message().reactions.get(call.params["emoji_name"], [])
    after, limit = int(call.query.get("after") or 0), int(call.query.get("limit") or 25)
    return [call.server.world.users[one].json() for one in sorted(users) if one > after][:limit]


@route("PUT", _REACTION + "/@me")
def react(call: Call) -> None:
    need = permissions.READ_MESSAGE_HISTORY | permissions.ADD_REACTIONS
    call.server.world.react(call.message(need), call.server.world.bot, call.params["emoji_name"])


@route("DELETE", _REACTION + "/@me")
def unreact(call: Call) -> None:
    call.server.world.unreact(call.message(), call.server.world.bot, call.params["emoji_name"])


@route("DELETE", _REACTION + "/{user_id}")
def remove_reaction(call: Call) -> None:
    found = call.message(permissions.MANAGE_MESSAGES)
    user = call.server.world.users.get(int(call.params["user_id"]))
    if user is None:
        raise errors.unknown("User")
    call.server.world.unreact(found, user, call.params["emoji_name"])


@route("POST", "/channels/{channel_id}/threads")
def open_thread(call: Call) -> JSON:
    kind = call.body.get("type") or PRIVATE_THREAD
    private = kind == PRIVATE_THREAD
    found = call.channel(permissions.CREATE_PRIVATE_THREADS if private else permissions.CREATE_PUBLIC_THREADS)
    return _thread(call, found, kind, call.server.world.snowflake()).json()


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def open_thread_from_message(call: Call) -> JSON:
    found = call.message(permissions.CREATE_PUBLIC_THREADS)
    if found.thread is not None:
        raise errors.ApiError(400, 160004, "A thread has already been created for this message")
    # A thread that grows from a message has the message's id.
    found.thread = _thread(call, found.channel, PUBLIC_THREAD, found.id)
    call.server.world.emit_message("MESSAGE_UPDATE", found)
    return found.thread.json()


def _thread(call: Call, parent: Channel, kind: int, thread_id: int) -> Channel:
    if parent.guild is None or parent.is_thread or (kind == PRIVATE_THREAD and parent.type != TEXT):
        raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
    return call.server.world.add_thread(parent, call.server.world.bot, kind, call.body, thread_id)


def _open_thread(call: Call) -> Channel:
    found = call.channel()
    if not found.is_thread:
        raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
    return found


@route("GET", "/channels/{channel_id}/thread-members")
def thread_members(call: Call) -> list[JSON]:
    found = _open_thread(call)
    return [found.thread_member_json(user_id) for user_id in found.thread_members]


@route("PUT", "/channels/{channel_id}/thread-members/{user_id}")
def add_to_thread(call: Call) -> None:
    found, world = _open_thread(call), call.server.world
    wanted = call.params["user_id"]
    user = world.bot if wanted == "@me" else world.users.get(int(wanted))
    if user is None or found.guild is None or user.id not in found.guild.members:
        raise errors.unknown("Member")
    if found.parent is not None and not found.parent.permissions_of(user.id):
        raise errors.missing_access()
    world.add_to_thread(found, user)


@route("DELETE", "/channels/{channel_id}/thread-members/{user_id}")
def remove_from_thread(call: Call) -> None:
    found, world = _open_thread(call), call.server.world
    wanted = call.params["user_id"]
    if wanted != "@me" and found.owner_id != world.bot.id:
        found = call.channel(permissions.MANAGE_THREADS)
    world.remove_from_thread(found, world.bot.id if wanted == "@me" else int(wanted))
