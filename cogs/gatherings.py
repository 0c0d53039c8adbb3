"""What people do with meetings: show them in calendars, say that they come, greet or chair."""

from bot.core.commands import Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.kinds import Number, OneOf
from bot.core.roles import Action
from bot.core.words import Text, _
from bot.services.call import Call
from bot.services.feeds import finding, following
from bot.services.feeds.naming import MeetingFinder
from bot.services.gatherings import attending
from bot.services.gatherings.mirrors import MOST, Mirrors
from bot.services.gatherings.tasks import Tasks
from cogs.parameters import MEETING

TASK = Parameter(
    name="task",
    ask=_("What is somebody needed for? greet (newcomers) or chair."),
    kind=OneOf(("greet", _("greet newcomers")), ("chair", _("chair")), name="task"),
)
WHOM = Parameter(
    name="whom",
    ask=_("Whom shall I ask? room (everybody there), or followers (privately)."),
    kind=OneOf(("room", _("in the room")), ("followers", _("followers, privately")), name="whom"),
    required=False,
)
NUMBER = Parameter(name="number", ask=_("Its number?"), kind=Number(1, 2**31))


class GatheringCog:
    """Commands and buttons around the dates of meetings."""

    def __init__(self, finder: MeetingFinder, mirrors: Mirrors, tasks: Tasks) -> None:
        self._finder = finder
        self._mirrors = mirrors
        self._tasks = tasks

    # Calendars

    @command(
        "meetings mirror",
        _("Show a meeting in the calendar: Discord's events, a post on Matrix"),
        MEETING,
        may=Action.MANAGE_MEETINGS,
    )
    async def mirror(self, call: Call, meeting: str) -> Reply:
        """Show a meeting in the calendars of the community's places, from now on."""
        row = await self._finder.row(call, meeting)
        listed = None
        if row.feed_id is not None and row.handle is not None:
            listed = await finding.by_handle(call.tx, call.member.community.id, row.feed_id, row.handle)
        if listed is not None and listed.meeting.irregular:
            text = _(
                "{meeting} is not every week the same, by its list: “{words}”. A calendar would show it every week,"
                " so it is not put there. Its right dates can be announced with “meetings add”.",
                meeting=row.name,
                words=listed.meeting.irregular,
            )
            await following.leave(call.tx, row)
            return Reply(content=Content(text=text))
        done = await self._mirrors.show(call.tx, call.member.community, row, now=call.now)
        if done == "nowhere":
            await following.leave(call.tx, row)
            text = _("There is no place for it: name a room of the kind “meetings” in the community's file first.")
            return Reply(content=Content(text=text))
        if done == "full":
            await following.leave(call.tx, row)
            text = _(
                "{limit} meetings are shown already, as many as a Discord server has room for."
                " Show another one no more first, with “meetings unmirror”.",
                limit=MOST,
            )
            return Reply(content=Content(text=text))
        text = _(
            "{meeting} goes into the calendar, and is kept there as it is here. If that does not work, I say so where"
            " moderators are told. The way to join is not in it: people ask me for that privately.",
            meeting=row.name,
        )
        stop = Choice(label=_("Show it no more"), command="meetings unmirror", arguments={"meeting": str(row.id)})
        return Reply(content=Content(text=text, choices=(stop,)))

    @command("meetings unmirror", _("Show a meeting in the calendar no more"), MEETING, may=Action.MANAGE_MEETINGS)
    async def unmirror(self, call: Call, meeting: str) -> Reply:
        """Take a meeting's entries out of the calendars."""
        row = await self._finder.row(call, meeting)
        name = row.name
        was = await self._mirrors.hide(call.tx, row, now=call.now)
        await following.leave(call.tx, row)
        text = _("{meeting} is taken out of the calendar.", meeting=name)
        return Reply(content=Content(text=text if was else _("{meeting} was not in the calendar.", meeting=name)))

    # Who comes

    @command("meetings coming", _("Say that you come to the next date of a meeting"), MEETING)
    async def coming(self, call: Call, meeting: str) -> Reply:
        """Count somebody in."""
        row = await self._finder.row(call, meeting)
        date_ = await attending.answer(call.tx, call.member, row, coming=True, now=call.now)
        n, _not = await attending.count(call.tx, row.id, date_.day)
        start = date_.start.astimezone(call.member.zone)
        text = _(
            "You come to {meeting}, {start}. Others see only how many come: {n}.", meeting=row.name, start=start, n=n
        )
        remind = Choice(label=_("Remind me"), command="meetings follow", arguments={"meeting": str(row.id)})
        return Reply(
            content=Content(
                text=text,
                choices=(
                    _button(_("Not this time"), "skip", row.id),
                    _button(_("Take it back"), "undecided", row.id),
                    remind,
                ),
            )
        )

    @command("meetings skip", _("Say that you do not come to the next date of a meeting"), MEETING)
    async def skip(self, call: Call, meeting: str) -> Reply:
        """Count somebody out, and do not remind them of this date."""
        row = await self._finder.row(call, meeting)
        date_ = await attending.answer(call.tx, call.member, row, coming=False, now=call.now)
        start = date_.start.astimezone(call.member.zone)
        text = _("Not this time, then: {meeting}, {start}. I won't remind you of it.", meeting=row.name, start=start)
        return Reply(
            content=Content(
                text=text,
                choices=(_button(_("I'm coming"), "coming", row.id), _button(_("Take it back"), "undecided", row.id)),
            )
        )

    @command("meetings undecided", _("Take back what you said about coming to a meeting"), MEETING)
    async def undecided(self, call: Call, meeting: str) -> Reply:
        """Forget somebody's answer."""
        row = await self._finder.row(call, meeting)
        name = row.name
        was = await attending.take_back(call.tx, call.member, row)
        await following.leave(call.tx, row)
        text = _("Your answer about {meeting} is taken back.", meeting=name)
        return Reply(content=Content(text=text if was else _("You have said nothing about {meeting}.", meeting=name)))

    # Who greets, who chairs

    @command(
        "meetings ask",
        _("Ask who can greet newcomers, or chair, at the next date of a meeting"),
        MEETING,
        TASK,
        WHOM,
        may=Action.MANAGE_MEETINGS,
    )
    async def ask(self, call: Call, meeting: str, task: str, whom: str = "room") -> Reply:
        """Ask for somebody; whoever asks is told when somebody has taken it."""
        row = await self._finder.row(call, meeting)
        asked = await self._tasks.ask(call.tx, call.member, row, task, followers=whom == "followers", now=call.now)
        if not asked:
            return Reply(content=Content(text=_("Somebody has taken that already for the next date.")))
        return Reply(content=Content(text=_("I have asked, and tell you when somebody has taken it.")))

    @command("meetings take", _("Take what somebody is needed for"), NUMBER, hidden=True)
    async def take(self, call: Call, number: int) -> Reply:
        """Take it, if nobody has."""
        return Reply(content=await self._tasks.take(call.tx, call.member, number, now=call.now))

    @command("meetings named", _("Tell who asked that it is you"), NUMBER, hidden=True)
    async def named(self, call: Call, number: int) -> Reply:
        """Tell one's name to whoever asked."""
        return Reply(content=await self._tasks.tell_name(call.tx, call.member, number, now=call.now))

    @command("meetings giveback", _("Give back what you have taken"), NUMBER, hidden=True)
    async def give_back(self, call: Call, number: int) -> Reply:
        """Give it back."""
        return Reply(content=await self._tasks.give_back(call.tx, call.member, number, now=call.now))


def _button(label: Text, word: str, meeting_id: int) -> Choice:
    return Choice(label=label, command=f"meetings {word}", arguments={"meeting": str(meeting_id)})
