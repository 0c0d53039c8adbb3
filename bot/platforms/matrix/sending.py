"""Putting events into rooms, encrypted where the room is."""

import hashlib
import logging
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import quote

import nio

from bot.core.content import Attachment, Choice, Content, Upon
from bot.core.platform import TryAgain
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.patience import OUT_OF_REACH
from bot.platforms.matrix.reactions import MOST_KEYCAPS, keycap
from bot.platforms.matrix.recent import Recent
from bot.platforms.matrix.rendering import edit_of, in_words, messages
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)


def transaction_id(key: str, kind: str, number: int) -> str:
    """The id by which the homeserver knows an event again.

    The event's type is no part of how Synapse compares them, so the kind of event goes into the id.
    """
    return hashlib.sha256(f"{kind}\n{number}\n{key}".encode()).hexdigest()[:40]


class Sending:
    """Says content in rooms."""

    def __init__(self, session: Session, rooms: Rooms, recent: Recent) -> None:
        self._session = session
        self._client = session.client
        self._rooms = rooms
        self._recent = recent

    async def say(self, room_id: str, content: Content, key: str) -> str:
        """Say rendered `content`, once per key; answers the id of its last message, which has the choices.

        Raises `Refused`, `TryAgain`, or a connection's error.
        """
        if content.upon is not None:
            return await self._upon(room_id, content, content.upon, key)
        return await self._anew(room_id, content, key)

    async def _upon(self, room_id: str, content: Content, upon: Upon, key: str) -> str:
        """Answer, replace, redact or react. What is gone, or too long for one event, is said anew if it has words.

        So is what the homeserver refuses for good, such as new words for a message of an earlier room. The answer is
        the id of what was said, of a reaction its own; "" where nothing was.
        """
        anew = content.anew
        try:
            done = await self._done_upon(room_id, content, upon, key)
        except Refused as refused:
            if refused.may_pass or upon.act == "answer" or anew is None:
                raise
            log.warning("Said anew in Matrix room %s, as it cannot be done upon a message: %s", room_id, refused)
            done = None
        if done is not None:
            return done
        return "" if anew is None else await self._anew(room_id, anew, key)

    async def _done_upon(self, room_id: str, content: Content, upon: Upon, key: str) -> str | None:
        """Do it, if there is a message to do it upon and one event is enough; the id, None if it was not done."""
        said = await self._messages(replace(content, upon=None))
        if upon.message is not None:
            match upon.act:
                case "answer":
                    said[0]["m.relates_to"] = {"m.in_reply_to": {"event_id": upon.message}}
                    return await self._say_all(room_id, content, said, key)
                case "replace" | "refresh" if len(said) == 1 and (edit := edit_of(upon.message, said[0])) is not None:
                    changed = await self._put(room_id, "m.room.message", edit, transaction_id(key, "edit", 0))
                    if content.attachment is not None:
                        file = await self._attach(room_id, content.attachment, key, about=upon.message)
                        await self._take_files(room_id, upon.message, key, but=file)
                    if upon.act == "replace":
                        return changed
                    self._recent.offer(upon.message, content.choices)
                    return upon.message
                case "remove" | "unreact":
                    if content.entry is not None:
                        await self._take_files(room_id, upon.message, key)
                    return await self._redact(room_id, upon.message, transaction_id(key, "redaction", 0))
                case "react":
                    return await self._react(room_id, upon.message, str(content.text), key)
        return None

    async def _redact(self, room_id: str, event_id: str, transaction: str) -> str:
        await self._client.call("PUT", "rooms", room_id, "redact", event_id, transaction, body={})
        self._recent.drop(event_id)
        return ""

    async def _react(self, room_id: str, event_id: str, emoji: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": emoji}
        try:
            return await self._put(
                room_id, "m.reaction", {"m.relates_to": relation}, transaction_id(key, "reaction", 0)
            )
        except Refused as refused:
            if refused.errcode != "M_DUPLICATE_ANNOTATION":
                raise
            return ""

    async def _anew(self, room_id: str, content: Content, key: str) -> str:
        return await self._say_all(room_id, content, await self._messages(content), key)

    async def _say_all(self, room_id: str, content: Content, said: list[dict[str, Any]], key: str) -> str:
        event_id = ""
        for number, message in enumerate(said):
            event_id = await self._put(room_id, "m.room.message", message, transaction_id(key, "message", number))
            self._recent.keep(event_id, self._session.user_id, message["body"])
        if content.attachment is not None:
            await self._attach(room_id, content.attachment, key, about=event_id if content.entry else None)
        self._recent.offer(event_id, content.choices)
        await self._offer(room_id, event_id, content.choices, key)
        return event_id

    async def _attach(self, room_id: str, attachment: Attachment, key: str, *, about: str | None) -> str:
        """Send a file: encrypted before it leaves, also into plain rooms, where its key then stands beside it.

        `about`: the message it belongs to, by which it is found again when that changes.
        """
        data = attachment.text.encode()
        kind = "text/calendar" if attachment.filename.endswith(".ics") else "text/plain"
        file: dict[str, Any] = {
            "msgtype": "m.file",
            "body": attachment.filename,
            "info": {"mimetype": kind, "size": len(data)},
            "file": await self._upload(data),
            "m.mentions": {},
        }
        if about is not None:
            file["m.relates_to"] = {"rel_type": "m.reference", "event_id": about}
        return await self._put(room_id, "m.room.message", file, transaction_id(key, "file", 0))

    async def _upload(self, data: bytes) -> dict[str, Any]:
        """Where the homeserver has it from now on, and how it is decrypted."""
        answer, keys = await self._client.upload(
            lambda *_again: BytesIO(data), "application/octet-stream", encrypt=True, filesize=len(data)
        )
        file: dict[str, Any] = keys | {"url": answer.content_uri}
        return file

    async def _messages(self, content: Content) -> list[dict[str, Any]]:
        """The messages that say `content`; with a picture the last one is that, and its words are the caption."""
        said = messages(content)
        if content.picture is None or (still := content.picture.still) is None:
            return said
        try:
            file = await self._upload(still.data)
        except Refused as refused:
            if refused.may_pass:
                raise
            return messages(in_words(content))  # such as one that is too large for the homeserver
        info = {"mimetype": still.kind, "size": len(still.data), "w": still.width, "h": still.height}
        said[-1] |= {"msgtype": "m.image", "filename": still.filename, "info": info, "file": file}
        return said

    async def _take_files(self, room_id: str, event_id: str, key: str, *, but: str | None = None) -> None:
        """Redact the bot's own files that belong to a message, all but one."""
        room, event = quote(room_id, safe=""), quote(event_id, safe="")
        address = f"/_matrix/client/v1/rooms/{room}/relations/{event}/m.reference"
        answer = await self._client.call_address("GET", address)
        for number, file in enumerate(answer.get("chunk", ())):
            old = file.get("event_id")
            if file.get("sender") == self._session.user_id and isinstance(old, str) and old != but:
                await self._redact(room_id, old, transaction_id(key, "redaction", number + 1))

    async def _offer(self, room_id: str, event_id: str, choices: tuple[Choice, ...], key: str) -> None:
        """React with the digits, to be pressed. The digits stand in the text too, so failing here is no harm."""
        for number in range(1, min(len(choices), MOST_KEYCAPS) + 1):
            relation = {"rel_type": "m.annotation", "event_id": event_id, "key": keycap(number)}
            try:
                await self._put(
                    room_id,
                    "m.reaction",
                    {"m.relates_to": relation},
                    transaction_id(key, "reaction", number),
                )
            except Refused as refused:
                if refused.errcode != "M_DUPLICATE_ANNOTATION":
                    log.warning("Choices in Matrix room %s have no digits to press: %s", room_id, refused)
                    return
            except OUT_OF_REACH as trouble:
                log.warning("Choices in Matrix room %s got no digits: %s", room_id, type(trouble).__name__)
                return

    async def _put(self, room_id: str, event_type: str, content: dict[str, Any], transaction: str) -> str:
        if not self._rooms.joined(room_id):
            # Whether the room is encrypted must be known before a word goes out.
            await self._rooms.look_up(room_id)
        if self._client.rooms[room_id].encrypted and event_type != "m.reaction":
            event_type, content = await self._encrypted(room_id, event_type, content)
        answer = await self._client.call("PUT", "rooms", room_id, "send", event_type, transaction, body=content)
        event_id = answer.get("event_id")
        if not isinstance(event_id, str):
            raise Refused(None, None)  # an answer that makes no sense is an accident of the moment
        return event_id

    async def _encrypted(self, room_id: str, event_type: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        client = self._client
        async with client.room_keys:
            room = client.rooms[room_id]
            if not room.members_synced:
                await client.joined_members(room_id)
            if client.should_query_keys:
                await client.keys_query()
            if client.olm.should_share_group_session(room_id):
                await self._share_key(room_id, room)
            encrypted: tuple[str, dict[str, Any]] = client.encrypt(room_id, event_type, content)
            return encrypted

    async def _share_key(self, room_id: str, room: nio.MatrixRoom) -> None:
        client = self._client
        if missing := client.get_missing_sessions(room_id):
            await client.keys_claim(missing)
        try:
            await client.share_group_session(room_id, ignore_unverified_devices=True)
        finally:
            # nio leaves this behind if claiming keys fails, and would refuse to share ever after.
            client.sharing_session.pop(room_id, None)
        session = client.olm.outbound_group_sessions[room_id]
        reached = session.users_shared_with | session.users_ignored
        for user_id in room.users:
            for device in client.device_store.active_user_devices(user_id):
                has_channel = client.olm.session_store.get(device.curve25519) is not None
                if has_channel and (user_id, device.id) not in reached:
                    # nio swallows the failures of single requests; somebody could not read what is said now.
                    client.invalidate_outbound_session(room_id)
                    raise TryAgain("a room key did not reach everybody")
