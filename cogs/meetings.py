"""Meetings: organizers announce them, members follow them."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.kinds import DATE, LINK, MINUTES, NAME, TIME, WEEKDAYS, ZONE, Words
from bot.core.occurrences import describe, instant
from bot.core.roles import Action
from bot.core.words import Text, _
from bot.services.call import Call
from bot.services.meeting_times import Coming, rule_of
from bot.services.meetings import Meetings

SHOWN = 6
LEAD = 15
"""Minutes before the start at which followers are reminded, if they do not say otherwise."""

LENGTH = 60
ROOM_LEAD = 15

MEETING = Parameter(name="meeting", ask=_("Which meeting? Its name, or its number in “meetings”."), kind=NAME)
DAY = Parameter(name="day", ask=_("On which day? For example tomorrow, or 2026-11-24."), kind=DATE)


class MeetingCog:
    """Commands and buttons around meetings."""

    def __init__(self, service: Meetings) -> None:
        self._meetings = service

    @command("meetings", _("The next meetings, in your own time"))
    async def next(self, call: Call) -> Reply:
        """List what comes, in the reader's zone."""
        coming = await self._meetings.coming(call.tx, call.member.community.id, now=call.now, limit=SHOWN)
        if not coming:
            return Reply(content=Content(text=_("There are no meetings in the next two weeks.")))
        zone = call.member.zone
        choices: dict[int, Choice] = {}
        for each in coming:
            label = _("Remind me: {meeting}", meeting=each.meeting.name[:50])
            arguments = {"meeting": str(each.meeting.id)}
            choices[each.meeting.id] = Choice(label=label, command="meetings follow", arguments=arguments)
        return Reply(
            content=Content(
                title=_("The next meetings"),
                text=_("Times are yours ({zone}).", zone=zone.key),
                fields=tuple(_shown(each, zone, call.now) for each in coming),
                choices=tuple(choices.values())[:5],
            )
        )

    @command(
        "meetings follow",
        _("Be reminded privately of a meeting"),
        MEETING,
        Parameter(name="minutes", ask=_("How many minutes before?"), kind=MINUTES, required=False),
    )
    async def follow(self, call: Call, meeting: str, minutes: int = LEAD) -> Reply:
        """Follow a meeting with a lead time of one's choice."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        await self._meetings.follow(call.tx, call.member, found, minutes, now=call.now)
        text = _("I'll remind you privately {minutes} min before {meeting}.", minutes=minutes, meeting=found.name)
        unfollow = Choice(label=_("No reminder"), command="meetings unfollow", arguments={"meeting": str(found.id)})
        return Reply(content=Content(text=text, choices=(unfollow,)))

    @command("meetings unfollow", _("Be reminded of a meeting no more"), MEETING)
    async def unfollow(self, call: Call, meeting: str) -> Reply:
        """Stop following."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        followed = await self._meetings.unfollow(call.tx, call.member, found)
        text = _("No more reminders of {meeting}.", meeting=found.name)
        return Reply(content=Content(text=text if followed else _("You were not following it.")))

    @command(
        "meetings add",
        _("Announce a meeting"),
        Parameter(name="name", ask=_("What is the meeting called?"), kind=NAME),
        Parameter(name="days", ask=_("On which days? For example: tue, thu."), kind=WEEKDAYS),
        Parameter(name="time", ask=_("At what time does it start? For example 19:30."), kind=TIME),
        Parameter(name="zone", ask=_("In which time zone?"), kind=ZONE, required=False),
        Parameter(name="minutes", ask=_("How long is it, in minutes?"), kind=MINUTES, required=False),
        Parameter(name="where", ask=_("Where is it? A place, or a link."), kind=Words(500), rest=True),
        may=Action.MANAGE_MEETINGS,
    )
    async def add(
        self,
        call: Call,
        name: str,
        days: str,
        time: time,
        where: str,
        zone: ZoneInfo | None = None,
        minutes: int = LENGTH,
    ) -> Reply:
        """Store a meeting; its room is reminded a quarter of an hour before."""
        link = _as_link(where, call)
        row = await self._meetings.put(
            call.tx,
            call.member.community,
            name=name,
            rule=days,
            wall=time,
            zone=zone or call.member.community.zone,
            minutes=minutes,
            where=None if link else where,
            link=link,
            room_lead=ROOM_LEAD,
            now=call.now,
        )
        when = describe(rule_of(row))
        text = _("{meeting} is announced: {when}, {minutes} min.", meeting=name, when=when, minutes=minutes)
        return Reply(content=Content(text=text))

    @command("meetings cancel", _("Cancel one date of a meeting"), MEETING, DAY, may=Action.MANAGE_MEETINGS)
    async def cancel(self, call: Call, meeting: str, day: date) -> Reply:
        """Cancel one occurrence; its followers are told."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        coming = await self._meetings.cancel(call.tx, found, day, now=call.now)
        start = coming.start.astimezone(call.member.zone)
        text = _("{meeting} of {start} is cancelled. I have told its followers.", meeting=found.name, start=start)
        return Reply(content=Content(text=text))

    @command(
        "meetings move",
        _("Move one date of a meeting"),
        MEETING,
        DAY,
        Parameter(name="time", ask=_("To what time, on the meeting's own clock? For example 20:00."), kind=TIME),
        Parameter(name="to", ask=_("To which day, if it is another one?"), kind=DATE, required=False),
        may=Action.MANAGE_MEETINGS,
    )
    async def move(self, call: Call, meeting: str, day: date, time: time, to: date | None = None) -> Reply:
        """Move one occurrence; its followers are told."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        moved_to = instant(to or day, time, ZoneInfo(found.zone))
        await self._meetings.move(call.tx, found, day, moved_to, now=call.now)
        start = moved_to.astimezone(call.member.zone)
        text = _("{meeting} is now at {start}. I have told its followers.", meeting=found.name, start=start)
        return Reply(content=Content(text=text))

    @command("meetings remove", _("Remove a meeting for good"), MEETING, may=Action.MANAGE_MEETINGS)
    async def remove(self, call: Call, meeting: str) -> Reply:
        """Remove a meeting; its followers are told."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        name = found.name
        await self._meetings.remove(call.tx, found, now=call.now)
        return Reply(content=Content(text=_("{meeting} is removed. I have told its followers.", meeting=name)))


def _as_link(where: str, call: Call) -> str | None:
    try:
        return str(LINK.parse(where, call.member.reads(call.now)))
    except BadValue:
        return None


def _shown(coming: Coming, zone: ZoneInfo, now: datetime) -> Field:
    meeting = coming.meeting
    when: Text = _("{start}, {minutes} min", start=coming.start.astimezone(zone), minutes=meeting.minutes)
    if coming.start <= now:
        when = _("on now, since {start}", start=coming.start.astimezone(zone))
    if coming.moved:
        when = _("{when} (moved)", when=when)
    place = meeting.where or meeting.link or ""
    return Field(
        name=_("{number}. {meeting}", number=meeting.id, meeting=meeting.name),
        value=_("{when}\n{place}", when=when, place=place) if place else when,
    )
