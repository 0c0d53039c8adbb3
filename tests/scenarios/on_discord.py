"""People on Discord: an unmodified discord.py on the bot's side, the loopback server between."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from loopback_discord import Channel, File, LoopbackDiscord, Message
from loopback_discord import Person as DiscordUser

from scenarios.people import PATIENCE, Person, Seen

MENU = "Get a peer for them"


class DiscordPerson(Person):
    """Somebody in the server; `rooms` are its channels by what they are for."""

    mark = "/"

    def __init__(self, name: str, server: LoopbackDiscord, user: DiscordUser, rooms: dict[str, Channel]) -> None:
        super().__init__(name)
        self._server = server
        self.user = user
        self.rooms = rooms
        self.said: list[Message] = []

    @property
    def account(self) -> str:
        return str(self.user.id)

    async def says(self, text: str, place: str = "dm") -> None:
        cases = {thread.name.casefold(): thread for thread in self._case_threads()}
        known = {**cases, "dm": self.user.dm, "thread": self._thread(), "case": next(reversed(cases.values()), None)}
        channel = known.get(place) or self.rooms[place]
        self.said.append(await self.user.says(channel, text))

    async def sends_picture(self, picture: bytes, caption: str = "", place: str = "dm") -> None:
        channel = self._case_threads()[-1] if place == "case" else self.user.dm
        self.said.append(await self.user.attaches(channel, caption, File("IMG_0001.jpg", picture)))

    async def pictures(self) -> list[bytes]:
        return [
            upload for message in self._all() for name, upload in message.uploads.items() if name.startswith("picture.")
        ]

    async def sees_the_picture_go(self) -> None:
        newest = [message for message in self._all() if "picture.jpg" in message.uploads][-1]
        await self._server.wait_until(lambda: newest.deleted, timeout=PATIENCE)

    async def runs(self, command: str, **options: str) -> None:
        names = {"meetings": "meetings list", "settings": "settings list", "resources": "resources list"}
        answer = await self.user.runs(names.get(command, command), self.user.dm, **options)
        await answer.settled(PATIENCE)

    async def presses(self, label: str) -> None:
        message, exact = await self._server.world.changed.until(
            lambda: self._newest_with(label), timeout=PATIENCE, what=f"a button {label!r} for {self.name}"
        )
        answer = await self.user.presses(message, exact)
        if answer.kind != "modal":
            await answer.settled(PATIENCE)

    async def answers(self, label: str, **fields: str) -> None:
        await self.presses(label)
        answer = await self.user.submits(self.user.answers[-1], fields)
        await answer.settled(PATIENCE)

    async def asks_for_a_peer_for(self, other: Person, place: str = "lobby") -> None:
        assert isinstance(other, DiscordPerson)
        answer = await self.user.uses_message_menu(MENU, other.said[-1])
        await answer.settled(PATIENCE)

    async def edits(self, text: str) -> None:
        await self.user.edits(self.said[-1], text)

    async def deletes(self) -> None:
        await self.user.deletes(self.said[-1])

    async def replies(self, to: str, text: str) -> None:
        original = self._newest_saying(to)
        self.said.append(await self.user.says(original.channel, text, reply_to=original))

    async def reacts(self, to: str, emoji: str) -> None:
        await self.user.reacts(self._newest_saying(to), emoji)

    async def reads_an_answer(self, to: str, text: str) -> None:
        await self.reads(text)
        answered = self._newest_saying(text).replied_to
        assert answered is self.said[-1]
        assert answered.content == to

    async def has_under_their_last(self, emoji: str, text: str | None = None) -> None:
        await self._server.wait_until(lambda: emoji in self.said[-1].reactions, timeout=PATIENCE)

    async def sees_it_go(self, text: str) -> None:
        await self._server.wait_until(lambda: not any(text in seen.text for seen in self.seen()), timeout=PATIENCE)

    async def something_changed(self) -> None:
        before = [seen.text for seen in self.seen()]
        await self._server.wait_until(lambda: [seen.text for seen in self.seen()] != before, timeout=PATIENCE)

    def _newest_saying(self, text: str) -> Message:
        return next(m for m in reversed(self._all()) if text in m.text.replace("\\", ""))

    def _newest_with(self, label: str) -> tuple[Message, str] | None:
        for message in reversed(self._all()):
            for exact in message.labels:
                if plain(exact) == plain(label):
                    return message, exact
        return None

    def _thread(self) -> Channel | None:
        """The private thread that the bot has opened for them."""
        threads = (c for c in self._server.world.channels.values() if c.is_private_thread and self.user.sees(c))
        return next((thread for thread in threads if not thread.name.startswith("Case ")), None)

    def _case_threads(self) -> list[Channel]:
        """The threads of cases that they are in."""
        channels = self._server.world.channels.values()
        return [c for c in channels if c.is_thread and c.name.startswith("Case ") and self.user.id in c.thread_members]

    def case_places(self) -> list[str]:
        return [thread.name for thread in self._case_threads()]

    async def finds_pinned(self, *parts: str, without: str = "\0") -> None:
        def pinned() -> Message | None:
            for thread in reversed(self._case_threads()):
                for message in thread.messages.values():
                    text = message.text.replace("\\", "")
                    if message.pinned and without not in text and all(part in text for part in parts):
                        return message
            return None

        await self._server.wait_until(lambda: pinned() is not None, timeout=PATIENCE)
        found = pinned()
        assert found is not None
        self._read.add(str(found.id))

    async def is_let_out(self) -> None:
        def out() -> bool:
            return all(thread.archived and thread.locked for thread in self._case_threads())

        await self._server.wait_until(out, timeout=PATIENCE)

    def _all(self) -> list[Message]:
        """Everything the bot said to them: in their private chat, in their rooms, and as answers only they see."""
        thread = self._thread()
        channels = [self.user.dm, *self.rooms.values(), *([thread] if thread else []), *self._case_threads()]
        messages = {m.id: m for channel in channels for m in self._server.messages(channel) if m.author.bot}
        messages |= {m.id: m for answer in self.user.answers for m in answer.messages}
        return [messages[id_] for id_ in sorted(messages) if not messages[id_].deleted and not messages[id_].loading]

    def seen(self) -> list[Seen]:
        places = {room.id: name for name, room in self.rooms.items()}
        if (thread := self._thread()) is not None:
            places[thread.id] = "thread"
        return [
            Seen(
                str(message.id),
                "dm" if message.ephemeral else places.get(message.channel.id, "dm"),
                on_screen(message.text.replace("\\", "")),
            )
            for message in self._all()
        ]

    async def files(self) -> list[str]:
        return [upload.decode() for message in self._all() for upload in message.uploads.values()]

    async def something_new(self) -> None:
        before = len(self.seen())
        await self._server.wait_until(lambda: len(self.seen()) != before, timeout=PATIENCE)


def on_screen(text: str) -> str:
    """What Discord's own clients show for timestamps, on a device in New York."""

    def shown(found: re.Match[str]) -> str:
        if found[2] == "R":
            return "from now"
        return datetime.fromtimestamp(int(found[1]), ZoneInfo("America/New_York")).strftime("%a %-d %b, %H:%M")

    return re.sub(r"<t:(-?\d+):([FR])>", shown, text)


def plain(label: str) -> str:
    """A label without its emoji."""
    return "".join(char for char in label.casefold() if char.isalnum() or char in " '’").replace("’", "'").strip()
