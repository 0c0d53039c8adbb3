"""A person (or a pipe) at the console: who speaks, where, and the commands of the console itself."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from bot.app import App
from bot.core.words import Text, _
from bot.operations.terminal.people import ConsolePeople
from bot.operations.terminal.screen import Screen
from bot.platforms.console import BadLine
from bot.platforms.console.adapter import DIRECT, KEYCAPS
from bot.platforms.console.lines import LONGEST_LINE, Advance, Clicks, Line, Says, read_line

_NOTHING_SAID = re.compile(r"[\w.-]+@[\w.-]+(\s+re\s+[\w.-]+)?:")
"""Meant for another person or room; anything else that is no script line is what the current person says."""

Act = Callable[[Line], Awaitable[None]]
"""Does what a line says, and returns when the bot has answered. Raises `BadLine`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A command of the console itself: "/as NAME"."""

    usage: str
    what: Text
    do: Callable[[str], Awaitable[None]]


class Session:
    """Reads lines as what one of several people says, presses or looks at.

    `clock`: time can be moved, with `/advance`. Not in a running bot, which has the real time.
    """

    def __init__(self, app: App, act: Act, screen: Screen, *, who: str, place: str = DIRECT, clock: bool) -> None:
        self._app = app
        self._act = act
        self._screen = screen
        self._who = who
        self._place = place
        self._people = ConsolePeople(app.database)
        self._done = False
        self._own = {
            "/as": Own(usage="/as NAME", what=_("be somebody else"), do=self._be),
            "/at": Own(usage="/at PLACE", what=_("go to another room, or “dm”: privately to the bot"), do=self._go),
            "/who": Own(usage="/who", what=_("the people and rooms there are"), do=self._list),
            "/see": Own(usage="/see NAME", what=_("what that person has seen so far"), do=self._see),
            "/quit": Own(usage="/quit", what=_("leave"), do=self._quit),
            "/?": Own(usage="/?", what=_("these lines"), do=self._help),
        }
        if clock:
            advance = Own(usage="/advance 8h", what=_("let time pass: 90m, 8h, 1d 12h"), do=self._advance)
            self._own = {"/advance": advance, **self._own}

    async def run(self, lines: AsyncIterator[str], complain: Callable[[str], None]) -> None:
        """Take lines until they end or somebody quits. `complain` is told of lines that mean nothing."""
        number = 0
        self._screen.ask(self._prompt)
        async for line in lines:
            number += 1
            self._screen.answered()
            try:
                await self.take(line)
            except BadLine as bad:
                complain(str(bad) if self._screen.live else f"line {number}: {bad}")
            if self._done:
                return
            self._screen.ask(self._prompt)

    async def take(self, line: str) -> None:
        """One line. Raises `BadLine`."""
        text = line.strip()
        if not text or (text.startswith("#") and not self._screen.live):
            return
        word, _space, rest = text.partition(" ")
        own = self._own.get(word.casefold())
        if own is not None:
            await own.do(rest.strip())
            return
        await self._do(await self._read(text))

    @property
    def _prompt(self) -> str:
        return f"{self._who}@{self._place}> "

    async def _read(self, text: str) -> Line:
        """The line of another person, as a script has it, or else what the current one says or presses."""
        if len(text) > LONGEST_LINE:
            raise BadLine(str(_("a line has at most {limit} characters", limit=LONGEST_LINE)))
        if text.startswith("/advance "):
            raise no_moving_of_time()
        if not text.startswith("/"):
            try:
                return read_line(text)
            except BadLine:
                if _NOTHING_SAID.fullmatch(text):
                    raise
        if self._place != DIRECT and text.isascii() and text.isdecimal() and 1 <= int(text) <= KEYCAPS:
            choices = self._screen.choices_in(self._place)
            if int(text) <= len(choices):
                return Clicks(self._who, str(choices[int(text) - 1].label))
        return Says(self._who, self._place, text)

    async def _do(self, line: Line) -> None:
        if isinstance(line, Says):
            private = line.place == DIRECT
            if await self._is_place(line.place):
                self._screen.heard(self._app.now(), line.who, line.place, line.text, private=private)
        await self._act(line)

    async def _is_place(self, place: str) -> bool:
        return place == DIRECT or await self._app.hub.is_known_place("console", place)

    # The console's own commands

    async def _advance(self, rest: str) -> None:
        line = read_line(f"/advance {rest}")
        assert isinstance(line, Advance)  # noqa: S101  nothing else begins so
        await self._act(line)
        self._screen.tell(str(_("It is {time} now (UTC).", time=self._app.now())))

    async def _be(self, name: str) -> None:
        self._who = _one_word(name, "/as NAME")

    async def _go(self, place: str) -> None:
        wanted = _one_word(place, "/at PLACE")
        if not await self._is_place(wanted):
            raise BadLine(str(_("there is no such room; /who lists them, and “dm” is a private chat with the bot")))
        self._place = wanted

    async def _list(self, _rest: str) -> None:
        people, rooms = await self._people.roles(), await self._people.rooms()
        for name, roles in {self._who: frozenset(), **people}.items():
            self._screen.tell(f"{name}  {', '.join(sorted(roles)) or _('member')}")
        self._screen.tell(str(_("Rooms: {rooms}, and “dm” for a private chat.", rooms=", ".join(sorted(rooms)))))

    async def _see(self, name: str) -> None:
        wanted = _one_word(name, "/see NAME")
        has_role = bool((await self._people.roles()).get(wanted))
        rooms = await self._people.rooms()
        closed = () if has_role else [room for room, is_closed in rooms.items() if is_closed]
        self._screen.seen_by(wanted, closed=closed)

    async def _quit(self, _rest: str) -> None:
        self._done = True

    async def _help(self, _rest: str) -> None:
        self._screen.tell(str(_("What you type is said by {who} in {place}.", who=self._who, place=self._place)))
        self._screen.tell(str(_("A number presses that choice of the newest message.")))
        self._screen.tell(str(_("alice@lobby: hello           somebody else says something in a room")))
        self._screen.tell(str(_('sam clicks "I\'m on it"       somebody presses a button')))
        for own in self._own.values():
            self._screen.tell(f"{own.usage:<29}{own.what}")


def no_moving_of_time() -> BadLine:
    """`/advance` where the time is the real one."""
    return BadLine(str(_("the time of a running bot is the real time; “handrail demo” can move it")))


def _one_word(text: str, usage: str) -> str:
    """A name of a person or room; raises `BadLine`."""
    said = read_line(f"{text}@{text}: -") if " " not in text and "@" not in text and text else None
    if not isinstance(said, Says):
        raise BadLine(str(_("expected: {usage}", usage=usage)))
    return text
