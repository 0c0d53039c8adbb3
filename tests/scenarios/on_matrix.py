"""People on Matrix: a real Synapse, each person with an encrypted client of their own."""

import asyncio
from io import BytesIO
from typing import Any

import nio
from nio.crypto import decrypt_attachment
from real_matrix.people import MatrixPerson
from real_matrix.records import Message

from scenarios.on_discord import plain
from scenarios.people import PATIENCE, Person, Seen, typed

KEYCAPS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣")


class MatrixMember(Person):
    """Somebody with a Matrix account; `rooms` are room ids by what they are for."""

    def __init__(self, name: str, person: MatrixPerson, bot: str, rooms: dict[str, str]) -> None:
        super().__init__(name)
        self.person = person
        self._bot = bot
        self._rooms = rooms
        self._direct: str | None = None
        self.last_said: str = ""
        self._said_in: str = ""

    @property
    def account(self) -> str:
        return self.person.user_id

    async def says(self, text: str, place: str = "dm") -> None:
        if place.startswith("case"):
            rooms = {(self.person.client.rooms[one].name or "").casefold(): one for one in self._case_rooms()}
            room = rooms.get(place) or self._case_rooms()[-1]
        else:
            room = await self._direct_room() if place == "dm" else self._rooms[place]
        self._said_in = room
        self.last_said = await self.person.says(room, text)

    async def sends_picture(self, picture: bytes, caption: str = "", place: str = "dm") -> None:
        room = self._case_rooms()[-1] if place == "case" else await self._direct_room()
        answer, keys = await self.person.client.upload(
            lambda *_again: BytesIO(picture), "application/octet-stream", encrypt=True, filesize=len(picture)
        )
        assert isinstance(answer, nio.UploadResponse)
        content = {
            "msgtype": "m.image",
            "body": caption or "IMG_0001.jpg",
            "filename": "IMG_0001.jpg",
            "info": {"mimetype": "image/jpeg", "size": len(picture)},
            "file": keys | {"url": answer.content_uri},
        }
        self._said_in = room
        self.last_said = await self.person.sends(room, "m.room.message", content)

    async def pictures(self) -> list[bytes]:
        return [await self._opened(m.content["file"]) for m in self._said_by_bot() if m.msgtype == "m.image"]

    async def sees_the_picture_go(self) -> None:
        newest = [message for message in self._said_by_bot() if message.msgtype == "m.image"][-1]
        await self.person.wait_for_redaction(newest.event_id, PATIENCE)

    async def _opened(self, file: dict[str, Any]) -> bytes:
        answer = await self.person.client.download(file["url"])
        assert isinstance(answer, nio.MemoryDownloadResponse)
        plain: bytes = decrypt_attachment(answer.body, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
        return plain

    async def runs(self, command: str, **options: str) -> None:
        await self.says(typed(command, options))

    async def presses(self, label: str) -> None:
        message, keycap = await self.person.until(
            lambda: self._newest_with(label), f"a choice {label!r}", seconds=PATIENCE
        )
        await self.person.reacts(message.room_id, message.event_id, keycap)

    def _newest_with(self, label: str) -> tuple[Message, str] | None:
        for message in reversed(self._said_by_bot()):
            for line in message.body.splitlines():
                for keycap in KEYCAPS:
                    if line.startswith(keycap) and plain(line.removeprefix(keycap).split(" → ")[0]) == plain(label):
                        return message, keycap
        return None

    async def asks_for_a_peer_for(self, other: Person, place: str = "lobby") -> None:
        assert isinstance(other, MatrixMember)
        await self.person.says(self._rooms[place], "!escalate", reply_to=other.last_said)

    async def edits(self, text: str) -> None:
        await self.person.edits(self._said_in, self.last_said, text)

    async def deletes(self) -> None:
        await self.person.redacts(self._said_in, self.last_said)

    async def replies(self, to: str, text: str) -> None:
        original = self._newest_saying(to)
        self._said_in = original.room_id
        self.last_said = await self.person.says(original.room_id, text, reply_to=original.event_id)

    async def reacts(self, to: str, emoji: str) -> None:
        original = self._newest_saying(to)
        await self.person.reacts(original.room_id, original.event_id, emoji)

    async def reads_an_answer(self, to: str, text: str) -> None:
        await self.reads(text)
        assert self._newest_saying(text).reply_to == self.last_said

    async def has_under_their_last(self, emoji: str, text: str | None = None) -> None:
        await self.person.wait_for_reaction(self._said_in, self.last_said, emoji, PATIENCE)

    async def sees_it_go(self, text: str) -> None:
        gone = self._newest_saying(text)
        await self.person.wait_for_redaction(gone.edits or gone.event_id, PATIENCE)

    def _newest_saying(self, text: str) -> Message:
        return next(message for message in reversed(self._said_by_bot()) if text in message.body)

    def _said_by_bot(self) -> list[Message]:
        return [message for message in self.person.all_messages() if message.sender == self._bot]

    def _case_rooms(self) -> list[str]:
        """The rooms of cases that they are in, the newest last."""
        return [room_id for room_id, room in self.person.client.rooms.items() if (room.name or "").startswith("Case ")]

    def case_places(self) -> list[str]:
        return self._case_rooms()

    async def finds_pinned(self, *parts: str, without: str = "\0") -> None:
        async def pinned() -> list[str]:
            return [event for room in self._case_rooms() for event in await self.person.pinned(room)]

        def fits(message: Message, ids: list[str]) -> bool:
            is_pinned = (message.edits or message.event_id) in ids
            return is_pinned and without not in message.body and all(part in message.body for part in parts)

        async with asyncio.timeout(PATIENCE):
            while True:
                syncs, ids = self.person.syncs, await pinned()
                if found := [message for message in self._said_by_bot() if fits(message, ids)]:
                    break
                await self.person.next_sync(syncs)  # a pin is no message
        self._read.update(message.event_id for message in found)

    async def is_let_out(self) -> None:
        async def joined() -> list[str]:
            answer = await self.person.client.joined_rooms()
            assert isinstance(answer, nio.JoinedRoomsResponse)
            return list(answer.rooms)

        async with asyncio.timeout(PATIENCE):
            rooms = self.person.client.rooms
            while True:
                syncs, mine = self.person.syncs, set(await joined())
                if not any(room in mine and self._bot in rooms[room].users for room in self._case_rooms()):
                    return
                await self.person.next_sync(syncs)

    def seen(self) -> list[Seen]:
        places = {room: name for name, room in self._rooms.items()}
        return [
            Seen(message.event_id, places.get(message.room_id, "dm"), message.body or "")
            for message in self._said_by_bot()
            if message.msgtype != "m.file"
        ]

    async def files(self) -> list[str]:
        while True:
            found, said = [], self._said_by_bot()
            for message in said:
                file = message.content.get("file")
                if message.msgtype == "m.file" and isinstance(file, dict):
                    found.append((await self._opened(file)).decode())
            if len(said) == len(self._said_by_bot()):  # else one may have come while these were fetched
                return found

    async def is_up_to_date(self) -> None:
        await self.person.is_up_to_date()

    async def something_new(self) -> None:
        before = len(self._said_by_bot())
        await self.person.until(lambda: len(self._said_by_bot()) != before, "something new", seconds=PATIENCE)

    async def _direct_room(self) -> str:
        """The room in which the bot has written to them, else one of their own making."""
        for message in self._said_by_bot():
            if message.room_id not in self._rooms.values() and message.room_id not in self._case_rooms():
                return message.room_id
        if self._direct is None:
            self._direct = await self.person.direct_room_with(self._bot)
            await self.person.members_joined(self._direct, [self._bot], timeout=PATIENCE)
        return self._direct

    async def is_in_rooms_with_the_bot(self) -> None:
        """Wait until they and the bot are members of their rooms."""
        for room in self._rooms.values():
            await self.person.members_joined(room, [self.person.user_id, self._bot], timeout=PATIENCE)
