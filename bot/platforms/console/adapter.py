"""The console as a platform: what people type becomes inbound, what the bot says is shown."""

import asyncio
import itertools
import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.content import Apart, Choice, Content
from bot.core.inbound import Inbound, Invocation, Reaction, Target
from bot.core.platform import Acquaintance, Address, Finding, Hub, NeverAgain, Receipt
from bot.core.words import _
from bot.platforms.console.lines import BadLine, Changes, Clicks, Says

NAME = "console"
DIRECT = "dm"
"""The place of everybody's private chat with the bot."""

BOT = "bot"
"""Who has said what the bot said, where a line names a message by its author."""

REMEMBERED_MESSAGES = 200

KEYCAPS = 9

_MAY_BE_APART = re.compile(r"[a-z]+-[0-9]+")
"""How conversations apart are called: what is said in other rooms need not wait until it is looked up."""

APART = "apart:"
"""Under this name and its own a conversation apart is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message of the bot: `to` an account privately, or everybody in `place`."""

    id: str = ""
    at: datetime
    to: str
    place: str
    private: bool
    text: str
    choices: tuple[Choice, ...]
    ways: tuple[str, ...] = ()
    """How each choice is pressed where it is shown: its number, or what is typed instead."""


@dataclass(frozen=True, slots=True)
class _Heard:
    id: str
    who: str
    place: str
    text: str


@dataclass(slots=True)
class _Conversation:
    """A conversation apart, and who is in it."""

    name: str
    key: str
    people: dict[str, None] = field(default_factory=dict)


class ConsolePlatform:
    """Several people at one terminal. `show` is called with each message of the bot.

    `session` makes the ids of events unique over several starts on one database.
    """

    name = NAME
    account_key = None
    is_connected = True
    sends = True
    at_once = 4
    recognises = timedelta(days=36500)  # nothing stays under way in a terminal

    def __init__(self, hub: Hub, show: Callable[[Shown], None], now: Callable[[], datetime], session: str) -> None:
        self._hub = hub
        self._show = show
        self._now = now
        self._ids = (f"{session}-{number}" for number in itertools.count(1))
        self._shown: deque[Shown] = deque(maxlen=REMEMBERED_MESSAGES)
        self._heard: deque[_Heard] = deque(maxlen=REMEMBERED_MESSAGES)
        self._apart: dict[str, _Conversation] = {}
        self._in_order = asyncio.Lock()

    # The platform

    async def run(self) -> None:
        """Nothing to connect to: what is typed comes by `say` and `click`."""

    async def send(self, to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        """Show a message. A terminal changes nothing that it has shown: then it is said anew, or nothing is.

        Of a picture it says that there is one.
        """
        if content.fetch is not None:
            raise NeverAgain("nobody sends pictures in a terminal")
        if content.apart is not None:
            return await self._say_apart(to.id, content, content.apart)
        if to.kind == "place" and (conversation := await self._conversation(to.id)) is not None:
            return Receipt(await self._say_in_conversation(conversation, content))
        anew, id_ = content.anew, next(self._ids)
        if anew is None:
            return Receipt(id_)
        if content.upon is not None and content.upon.act == "refresh":
            id_ = content.upon.message or id_
        private = to.kind == "direct"
        await self._say_at(to.id, DIRECT if private else to.id, anew, id_, private=private)
        return Receipt(id_)

    async def _say_at(self, to: str, place: str, content: Content, id_: str, *, private: bool) -> None:
        async with self._in_order:  # a look at the database must not put what is said later first
            numbers = not content.choices or await self._hub.takes_numbers(self._address(to, place))
        shown = Shown(
            id=id_,
            at=self._now(),
            to=to,
            place=place,
            private=private,
            text=as_text(content),
            choices=content.choices,
            ways=tuple(self._way(n, choice, numbers=numbers) for n, choice in enumerate(content.choices, start=1)),
        )
        self._shown.append(shown)
        self._show(shown)

    def _way(self, number: int, choice: Choice, *, numbers: bool) -> str:
        if numbers and choice.has_number and number <= KEYCAPS:
            return str(number)
        command = self._hub.registry.get(choice.command)
        return str(choice.label) if command is None or command.hidden else choice.typed

    async def _conversation(self, name: str) -> "_Conversation | None":
        """The conversation apart of that name, also of an earlier start; None if it is a room."""
        if (
            name not in self._apart
            and _MAY_BE_APART.fullmatch(name)
            and (stored := await self._hub.remembered(NAME, f"{APART}{name}"))
        ):
            key, *people = json.loads(stored)
            self._apart[name] = _Conversation(name, key, dict.fromkeys(people))
        return self._apart.get(name)

    async def _keep(self, conversation: "_Conversation") -> None:
        value = json.dumps([conversation.key, *conversation.people])
        await self._hub.remember(NAME, f"{APART}{conversation.name}", value)

    async def _say_apart(self, account: str, content: Content, apart: Apart) -> Receipt:
        """Say it in a conversation with a name, such as "case-1", where its facts stand with it."""
        name = apart.key.replace(":", "-")
        conversation = await self._conversation(name) or _Conversation(name, apart.key)
        self._apart[name] = conversation
        conversation.people[account] = None
        await self._keep(conversation)
        id_ = next(self._ids)
        await self._say_at(account, name, content.together, id_, private=True)
        return Receipt(id_, place=name, pinned=id_)

    async def _say_in_conversation(self, conversation: "_Conversation", content: Content) -> str:
        """Say it to all who are in it. What is kept in sight elsewhere is not said again: what is new was told."""
        id_ = next(self._ids)
        act = None if content.upon is None else content.upon.act
        if act == "dismiss":
            conversation.people.pop(str(content.text), None)
            await self._keep(conversation)
        elif act in {"close", "erase"}:
            self._apart.pop(conversation.name, None)
            await self._hub.remember(NAME, f"{APART}{conversation.name}", "")
        elif act != "refresh" and (anew := content.anew) is not None:
            for account in list(conversation.people):  # somebody may come or go meanwhile
                await self._say_at(account, conversation.name, anew, id_, private=True)
        return id_

    async def people(self, words: str, places: Sequence[str]) -> Sequence[Acquaintance]:
        """Those who have said something in these rooms since the start: which of them is meant, the bot finds out."""
        accounts = dict.fromkeys(heard.who for heard in self._heard if heard.place in places)
        return [Acquaintance(account=account, names=(account,)) for account in accounts]

    async def check(self) -> list[Finding]:
        """A terminal cannot be misconfigured."""
        return [Finding(level="ok", what="console: on")]

    async def close(self) -> None:
        """Nothing is held open."""

    # What people do

    async def say(self, line: Says) -> None:
        """Somebody says something; a number in a private chat presses that choice. Raises `BadLine`."""
        await self._conversation(line.place)
        private = self._is_private(line.who, line.place)
        if not private and not await self._hub.is_known_place(NAME, line.place):
            raise BadLine(
                str(
                    _("there is no place “{place}”; a private chat with the bot is “{dm}”", place=line.place, dm=DIRECT)
                )
            )
        about = self._target(line)
        heard = _Heard(next(self._ids), line.who, line.place, line.text)
        self._heard.append(heard)
        choice = await self._numbered(line) if private else None
        invocation = None if choice is None else Invocation(command=choice.command, arguments=choice.arguments)
        await self._hub.receive(
            Inbound(
                event_id=heard.id,
                platform=NAME,
                account=line.who,
                place=line.who if line.place == DIRECT else line.place,
                private=private,
                at=self._now(),
                apart=self._key_of(line.place),
                text="" if invocation else line.text,
                invocation=invocation,
                about=about,
            )
        )

    async def click(self, line: Clicks) -> None:
        """Somebody presses a choice under the newest message that has it. Raises `BadLine`."""
        for shown in reversed(self._shown):
            if shown.private and shown.to != line.who:
                continue
            for choice in shown.choices:
                if _same(str(choice.label), line.label):
                    await self._press(line.who, shown, choice)
                    return
        raise BadLine(str(_("{name} sees no button of that name", name=line.who)))

    async def change(self, line: Changes) -> None:
        """Somebody changes or removes their last message there, or reacts to the bot's. Raises `BadLine`."""
        private = self._is_private(line.who, line.place)
        target = self._target(Says(line.who, line.place, "", BOT if line.how.endswith("reacts") else line.who))
        assert target is not None  # noqa: S101  who or what it is about is given
        reaction = f"{target.message_id}:{line.who}:{line.text}"
        if line.how in {"deletes", "unreacts"}:
            gone = target.message_id if line.how == "deletes" else reaction
            self._hub.removed(NAME, gone)
            await self._hub.taken_back(NAME, gone, line.who)
            return
        await self._hub.receive(
            Inbound(
                event_id=next(self._ids),
                platform=NAME,
                account=line.who,
                place=line.who if line.place == DIRECT else line.place,
                private=private,
                at=self._now(),
                apart=self._key_of(line.place),
                text=line.text if line.how == "edits" else "",
                edited=line.how == "edits",
                replaces=target.message_id if line.how == "edits" else None,
                about=target if line.how == "reacts" else None,
                reaction=Reaction(emoji=line.text, id=reaction) if line.how == "reacts" else None,
            )
        )

    async def _press(self, who: str, shown: Shown, choice: Choice) -> None:
        await self._hub.receive(
            Inbound(
                event_id=next(self._ids),
                platform=NAME,
                account=who,
                place=who if shown.place == DIRECT else shown.place,
                private=shown.private,
                at=self._now(),
                apart=self._key_of(shown.place),
                invocation=Invocation(command=choice.command, arguments=choice.arguments),
            )
        )

    async def _numbered(self, line: Says) -> Choice | None:
        text = line.text.strip()
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= KEYCAPS):
            return None
        return await self._hub.numbered(self._address(line.who, line.place), int(text))

    def _address(self, who: str, place: str) -> Address:
        """Where a number is typed that somebody types there."""
        if place == DIRECT:
            return Address(platform=NAME, kind="direct", id=who)
        return Address(platform=NAME, kind="place", id=place)

    def _is_private(self, who: str, place: str) -> bool:
        """Whether what they say there is for the bot alone, or for those in a conversation apart."""
        return place == DIRECT or (place in self._apart and who in self._apart[place].people)

    def _key_of(self, place: str) -> str | None:
        return self._apart[place].key if place in self._apart else None

    def _target(self, line: Says) -> Target | None:
        if line.about is None:
            return None
        if line.about == BOT:
            private = self._is_private(line.who, line.place)
            to = line.who if private else line.place
            for shown in reversed(self._shown):
                if shown.to == to and shown.private == private:
                    return Target(message_id=shown.id, account=BOT, text=shown.text)
        for heard in reversed(self._heard):
            if heard.who == line.about and heard.place == line.place:
                return Target(message_id=heard.id, account=heard.who, text=heard.text)
        raise BadLine(str(_("{name} has said nothing in {place}", name=line.about, place=line.place)))


def as_text(content: Content) -> str:
    """A rendered content as plain text, without its choices."""
    parts = [str(content.title)] if content.title else []
    parts += [str(content.text)] if content.text else []
    fields = [_field(str(field.name), str(field.value)) for field in content.fields]
    between = "\n\n" if any("\n" in field for field in fields) else "\n"
    parts += [between.join(fields)] if fields else []
    if content.attachment is not None:
        parts.append(content.attachment.text)
    if content.picture is not None:
        parts.append(str(content.picture.instead))
    return "\n\n".join(parts)


def _field(name: str, value: str) -> str:
    return f"{name}\n{value}" if "\n" in value else f"{name}: {value}"


def _same(label: str, typed: str) -> bool:
    """Whether a label is meant: as a whole, or without its emoji."""
    plain = label.replace("’", "'").casefold()
    wanted = typed.replace("’", "'").casefold().strip()
    return plain == wanted or "".join(c for c in plain if c.isalnum() or c in " '").strip() == wanted
