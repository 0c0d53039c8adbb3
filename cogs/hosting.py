"""Meetings in chat: a host opens and closes one, members raise a hand, and get a note that they were there."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.kinds import Keyed, KeyedNumber, Number, OneOf, Words
from bot.core.people import Member
from bot.core.roles import Action
from bot.core.words import Say, Text, _
from bot.services import whom
from bot.services.call import Call
from bot.services.hosting import scripts, seeing, sittings
from bot.services.hosting.attendance import Attendance
from bot.services.hosting.hosting import Hosting
from bot.services.meetings import Meetings
from bot.storage.tables import MeetingRow
from cogs.parameters import MEETING

PERSON = Parameter(name="person", ask=_("Who? Their name or their account."), kind=Words(255))
NUMBER = Parameter(
    name="number", ask=_("Which of the open meetings? Its number."), kind=KeyedNumber(2**31 - 1), required=False
)
TIMER = Parameter(
    name="timer", ask=_("How many minutes has a turn? 0 is as long as it takes."), kind=Number(0, 30), required=False
)
REQUEST = Parameter(name="request", ask=_("Which request? Its number."), kind=Number(1, 2**31 - 1))
SCRIPT = Parameter(
    name="text",
    ask=_("What shall be said? “default” goes back to the words that come with the bot."),
    kind=Words(1500),
    rest=True,
    example="Welcome. Be kind to each other.",
)
EVERY = frozenset({"all", "every", "todas", "todos"})
DEFAULT = "default"


class HostingCog:
    """Commands and buttons of meetings that are held in a room."""

    def __init__(self, meetings: Meetings, hosting: Hosting, attendance: Attendance) -> None:
        self._meetings = meetings
        self._hosting = hosting
        self._attendance = attendance

    # The host

    @command("host open", _("Open a meeting in this room"), MEETING, TIMER)
    async def open(self, call: Call, meeting: str, timer: int = 0) -> Reply:
        """Say the opening words and show the queue of raised hands."""
        row = await self._meeting(call, meeting)
        hosted = await self._hosting.open(call, row, timedelta(minutes=timer))
        number = {"number": seeing.keyed(call.tx, hosted)}
        return Reply(
            content=Content(
                text=_("{meeting} is open. These buttons are yours alone.", meeting=row.name),
                choices=(
                    Choice(label=_("Next"), command="turn next", arguments=number, style="primary"),
                    Choice(label=_("Skip: they are not there"), command="turn skip", arguments=number),
                    Choice(label=_("Close the meeting"), command="host close", arguments=number),
                ),
            )
        )

    @command("host close", _("Close the meeting that you host"), NUMBER)
    async def close(self, call: Call, number: Keyed | None = None) -> Reply:
        """Say the closing words; the queue is forgotten."""
        row = await self._hosting.close(call, number)
        text = _("{meeting} is closed. Who had a hand up is forgotten. Thank you for hosting.", meeting=row.name)
        return Reply(content=Content(text=text))

    @command("turn next", _("Let the next person speak, as the host"), NUMBER)
    async def next(self, call: Call, number: Keyed | None = None) -> Reply:
        """End a turn, begin the next one."""
        return _turn(await self._hosting.pass_on(call, number, skip=False))

    @command("turn skip", _("Let the next person speak first: whose turn it is waits"), NUMBER)
    async def skip(self, call: Call, number: Keyed | None = None) -> Reply:
        """Put who has the turn at the end of the queue."""
        return _turn(await self._hosting.pass_on(call, number, skip=True))

    @command(
        "turn timer",
        _("How long a turn is, as the host"),
        Parameter(name="timer", ask=_("How many minutes has a turn? 0 is as long as it takes."), kind=Number(0, 30)),
        NUMBER,
    )
    async def timer(self, call: Call, timer: int, number: Keyed | None = None) -> Reply:
        """Set or end the timer; it tells people shortly before, and cuts nobody off."""
        await self._hosting.set_timer(call, number, timedelta(minutes=timer))
        if not timer:
            return Reply(content=Content(text=_("There is no timer: a turn takes as long as it takes.")))
        text = _("From the next turn on, I say kindly when {minutes} minutes are nearly over.", minutes=timer)
        return Reply(content=Content(text=text))

    # Members

    @command(
        "raise hand",
        _("Raise your hand in a meeting"),
        Parameter(
            name="shown",
            ask=_("How shall you be shown?"),
            kind=OneOf(("name", _("by my chosen name")), ("somebody", _("without my name, as somebody"))),
            required=False,
        ),
        NUMBER,
    )
    async def raise_hand(self, call: Call, shown: str = "name", number: Keyed | None = None) -> Reply:
        """Wait for one's turn."""
        place, name, row, its_number = await self._hosting.raise_hand(call, number, hidden=shown == "somebody")
        if place == 0:
            return Reply(content=Content(text=_("It is your turn in {meeting}.", meeting=row.name)))
        text: Text = _("Your hand is up, as {name}. You are number {place}.", name=name, place=place)
        if call.member.name is None and shown != "somebody":
            text = _("{said} To be shown by a name, choose one: settings name", said=text)
        lower = Choice(label=_("Lower my hand"), command="lower hand", arguments={"number": its_number})
        return Reply(content=Content(text=text, choices=(lower,)))

    @command("lower hand", _("Take your raised hand down"), NUMBER)
    async def lower_hand(self, call: Call, number: Keyed | None = None) -> Reply:
        """Wait no more."""
        was_up = await self._hosting.lower_hand(call, number)
        return Reply(content=Content(text=_("Your hand is down.") if was_up else _("Your hand was not up.")))

    @command("turn queue", _("Who speaks in the meeting, and who is next"), NUMBER)
    async def queue(self, call: Call, number: Keyed | None = None) -> Reply:
        """Show the queue to one person, where its message is far up."""
        return Reply(content=await self._hosting.queue(call, number))

    async def _to_attend(self, call: Call, number: Keyed | None = None, **_others: object) -> Mapping[str, str]:
        """Nobody is asked for a name where there is no meeting, or none whose host could confirm it."""
        await self._attendance.held(call, number)
        return {}

    @command(
        "attendance",
        _("Get a signed note that you were at a meeting here"),
        Parameter(
            name="name",
            ask=_("Which name shall stand on the note? The host sees it, and nobody else."),
            kind=Words(80),
            example="Alex Carver",
        ),
        NUMBER,
        first=_to_attend,
    )
    async def attendance(self, call: Call, name: str, number: Keyed | None = None) -> Reply:
        """Ask the host to confirm it."""
        row = await self._attendance.ask(call, " ".join(name.split()), number)
        text = _("I have asked the host of {meeting}. You get the note here, privately.", meeting=row.name)
        return Reply(content=Content(text=text))

    @command("attendance confirm", _("Confirm that somebody was at your meeting"), REQUEST, hidden=True)
    async def confirm(self, call: Call, request: int) -> Reply:
        """The member gets their note."""
        try:
            await self._attendance.confirm(call, request)
        except LookupError:
            return _answered_already()
        return Reply(content=Content(text=_("Thank you. They have their note. After a day I keep nothing of it.")))

    @command("attendance refuse", _("Say that you can't confirm it"), REQUEST, hidden=True)
    async def refuse(self, call: Call, request: int) -> Reply:
        """The member is told."""
        try:
            await self._attendance.refuse(call, request)
        except LookupError:
            return _answered_already()
        return Reply(content=Content(text=_("All right. I have told them that you could not confirm it.")))

    # The organizer

    @command("host add", _("Name somebody as a host of a meeting"), PERSON, MEETING, may=Action.MANAGE_MEETINGS)
    async def add(self, call: Call, person: str, meeting: str) -> Reply:
        """From now on they can open it."""
        row, host = await self._meeting(call, meeting), await _member(call, person)
        await scripts.name_host(call.tx, host, row)
        text = _("{name} can open {meeting} now, with “host open”.", name=host.name or person, meeting=row.name)
        return Reply(content=Content(text=text))

    @command("host remove", _("Somebody hosts a meeting no more"), PERSON, MEETING, may=Action.MANAGE_MEETINGS)
    async def remove(self, call: Call, person: str, meeting: str) -> Reply:
        """They can open it no more."""
        row, host = await self._meeting(call, meeting), await _member(call, person)
        name = host.name or person
        if not await scripts.unname_host(call.tx, host, row):
            return Reply(content=Content(text=_("{name} was no host of {meeting}.", name=name, meeting=row.name)))
        text: Text = _("{name} hosts {meeting} no more.", name=name, meeting=row.name)
        if await sittings.hand_over(call.tx, host, call.member, row):
            text = _(
                "{said} They had it open: it is yours from now on. “turn next” and “host close” are for you.", said=text
            )
        return Reply(content=Content(text=text))

    @command(
        "host opening",
        _("What is said when a meeting is opened; “all” for every meeting"),
        MEETING,
        SCRIPT,
        may=Action.MANAGE_MEETINGS,
    )
    async def opening(self, call: Call, meeting: str, text: str) -> Reply:
        """Set the opening words."""
        return await self._script(call, meeting, "opening", text)

    @command(
        "host closing",
        _("What is said when a meeting is closed; “all” for every meeting"),
        MEETING,
        SCRIPT,
        may=Action.MANAGE_MEETINGS,
    )
    async def closing(self, call: Call, meeting: str, text: str) -> Reply:
        """Set the closing words."""
        return await self._script(call, meeting, "closing", text)

    async def _script(self, call: Call, meeting: str, kind: scripts.Kind, text: str) -> Reply:
        row = None if meeting.casefold() in EVERY else await self._meeting(call, meeting)
        own = None if text.strip().casefold() == DEFAULT else text
        await scripts.write(call.tx, call.member.community.id, None if row is None else row.id, kind, own)
        said: Say = scripts.built_in(kind, row.name if row else "…") if own is None else own
        title = row.name if row else _("Every meeting")
        return Reply(content=Content(title=title, text=_("From now on: {text}", text=said)))

    async def _meeting(self, call: Call, typed: str) -> MeetingRow:
        return await self._meetings.named(call.tx, call.member.community.id, typed)


async def _member(call: Call, typed: str) -> Member:
    try:
        return await whom.named(call.tx, call.member, call.inbound.platform, typed)
    except BadValue as bad:
        raise BadValue(bad.message, bad.guesses, parameter="person") from None


def _turn(name: Say | None) -> Reply:
    if name is None:
        return Reply(content=Content(text=_("Nobody else has a hand up.")))
    return Reply(content=Content(text=_("It is the turn of {name}.", name=name)))


def _answered_already() -> Reply:
    return Reply(content=Content(text=_("That was answered already.")))
