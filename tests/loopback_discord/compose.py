"""Making and changing messages from request bodies, with the checks Discord makes."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from mimetypes import guess_type
from typing import TYPE_CHECKING, NamedTuple

from . import components, errors, permissions
from .entities import JSON, Channel, User
from .messages import Message

if TYPE_CHECKING:
    from .state import World

MAX_CONTENT, MAX_ROWS, MAX_LAYOUT_TEXT = 2000, 5, 4000
COMPONENTS_V2 = 1 << 15
_USER, _ROLE, _EVERYONE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(everyone|here)")


class File(NamedTuple):
    """An uploaded file."""

    name: str
    content: bytes


def draft(world: World, channel: Channel, author: User, body: JSON, files: Mapping[str, File] | None = None) -> Message:
    """Make a message from a request body without storing it."""
    message = Message(world.snowflake(), channel, author, created=time.time())
    message.nonce = body.get("nonce")
    message.flags = int(body.get("flags") or 0)
    message.tts = bool(body.get("tts"))
    message.replied_to = _reference(world, channel, body)
    if message.replied_to is not None:
        message.type = 19
    fill(world, message, body, files)
    if not (message.content or message.embeds or message.components or message.attachments):
        raise errors.ApiError(400, 50006, "Cannot send an empty message")
    return message


def fill(world: World, message: Message, body: JSON, files: Mapping[str, File] | None = None) -> None:
    """Put the parts a body names into a message, leaving the others alone."""
    content = body.get("content")
    if content is not None and len(content) > MAX_CONTENT:
        text = f"Must be {MAX_CONTENT} or fewer in length."
        raise errors.invalid_form("content", "BASE_TYPE_MAX_LENGTH", text)
    message.flags |= int(body.get("flags") or 0) & COMPONENTS_V2
    _check_components(body.get("components") or [], v2=bool(message.flags & COMPONENTS_V2))
    if message.flags & COMPONENTS_V2 and (content or body.get("embeds")):
        text = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise errors.invalid_form("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    if "content" in body:
        message.content = content or ""
        _mentions(world, message, body)
    if "embeds" in body:
        message.embeds = body["embeds"] or []
    if "components" in body:
        message.components = body["components"] or []
    if "attachments" in body or files:
        message.attachments = _attachments(world, message, body, files or {})


def _check_components(parts: list[JSON], *, v2: bool) -> None:
    """Refuse what the published document lets pass and Discord does not."""
    if not v2 and len(parts) > MAX_ROWS:
        raise errors.invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    names = [part["custom_id"] for part in components.walk(parts) if part.get("custom_id")]
    if len(names) != len(set(names)):
        text = "Component custom id cannot be duplicated"
        raise errors.invalid_form("components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
    if sum(map(len, components.texts(parts))) > MAX_LAYOUT_TEXT:
        text = f"The text of all components must be {MAX_LAYOUT_TEXT} or fewer in length."
        raise errors.invalid_form("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


def edit(world: World, message: Message, body: JSON, files: Mapping[str, File] | None = None) -> None:
    """Change a message and say so."""
    fill(world, message, body, files)
    message.edited = time.time()
    world.edited(message)


def _reference(world: World, channel: Channel, body: JSON) -> Message | None:
    reference = body.get("message_reference")
    if not reference:
        return None
    found = channel.messages.get(int(reference["message_id"]))
    if found is None and reference.get("fail_if_not_exists", True):
        raise errors.invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return found


def _attachments(world: World, message: Message, body: JSON, files: Mapping[str, File]) -> list[JSON]:
    kept = {str(one["id"]): one for one in message.attachments}
    described = body.get("attachments")
    wanted = [{"id": key} for key in files] if described is None else described
    result: list[JSON] = []
    for one in wanted:
        key = str(one["id"])
        if key in kept:
            result.append(kept[key])
        elif key in files:
            number = str(world.snowflake())
            name = one.get("filename") or files[key].name
            url = f"{world.cdn}/attachments/{message.channel.id}/{number}/{name}"
            data = {"id": number, "filename": name, "size": len(files[key].content), "url": url}
            if kind := guess_type(name)[0]:
                data["content_type"] = kind
            world.files[f"{message.channel.id}/{number}/{name}"] = (message, files[key].content)
            message.uploads[name] = files[key].content
            result.append(data | {"proxy_url": url, "description": one.get("description")})
        else:
            raise errors.invalid_form("attachments", "ATTACHMENT_NOT_FOUND", f"no file {key} was uploaded")
    return result


def _mentions(world: World, message: Message, body: JSON) -> None:
    """Find who is mentioned in the sense that they are notified."""
    allowed = body.get("allowed_mentions")
    parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or ())
    named_users = {int(one) for one in (allowed or {}).get("users") or ()}
    named_roles = {int(one) for one in (allowed or {}).get("roles") or ()}
    channel, guild = message.channel, message.channel.guild
    rights = channel.permissions_of(message.author.id)
    found: dict[int, User] = {}
    for user_id in map(int, _USER.findall(message.content)):
        if user_id in world.users and ("users" in parse or user_id in named_users):
            found[user_id] = world.users[user_id]
    replied = message.replied_to
    if replied is not None and (allowed is None or allowed.get("replied_user")):
        found[replied.author.id] = replied.author
    message.mentions = list(found.values())
    message.mention_roles = []
    message.mention_everyone = False
    if guild is None:
        return
    for role_id in dict.fromkeys(map(int, _ROLE.findall(message.content))):
        role = guild.roles.get(role_id)
        if role is None or not ("roles" in parse or role_id in named_roles):
            continue
        if role.mentionable or rights & permissions.MENTION_EVERYONE:
            message.mention_roles.append(role)
    loud = "everyone" in parse and rights & permissions.MENTION_EVERYONE
    message.mention_everyone = bool(loud and _EVERYONE.search(message.content))
