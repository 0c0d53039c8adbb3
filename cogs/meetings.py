"""Meetings: organizers announce them, members follow them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Attachment, Choice, Content, Field, Reply
from bot.core.kinds import DATE, LINK, MINUTES, NAME, TIME, WEEKDAYS, ZONE, Words
from bot.core.kinds.reading import mended
from bot.core.matching import fold, likeness
from bot.core.meetings import asking
from bot.core.occurrences import describe, instant
from bot.core.roles import Action, may
from bot.core.words import Text, _, _n, moment, times_are_in
from bot.services.call import Call
from bot.services.feeds import calendars, finding, following, nearby, showing
from bot.services.feeds.finding import Listed, Sought
from bot.services.feeds.naming import MeetingFinder
from bot.services.feeds.vocabulary import Vocabulary
from bot.services.gatherings import attending, tasks
from bot.services.meeting_times import Coming, first_from, rule_of
from bot.services.meetings import Meetings
from bot.storage.tables import MeetingRow
from cogs.parameters import MEETING

SHOWN = 6
COUNTED = 50
"""So many listed meetings are counted behind those that are shown; a large feed has thousands."""
LEAD = 15
"""Minutes before the start at which followers are reminded, if they do not say otherwise."""

OWN = 200
"""Coming dates of the community's own meetings that are looked through."""
SAME = 80
"""`likeness` from which a word is the one that was typed."""

LENGTH = 60
ROOM_LEAD = 15

DAY = Parameter(name="day", ask=_("On which day? For example tomorrow, or 2026-11-24."), kind=DATE)


class MeetingCog:
    """Commands and buttons around meetings."""

    def __init__(self, service: Meetings, vocabulary: Vocabulary) -> None:
        self._meetings = service
        self._vocabulary = vocabulary
        self._finder = MeetingFinder(service, vocabulary)

    @command("meetings", _("The next meetings, in your own time"))
    async def next(self, call: Call) -> Reply:
        """List what comes, in the reader's zone: the community's own, and what its feeds list."""
        dates = await self._meetings.coming(call.tx, call.member.community.id, now=call.now, limit=OWN)
        coming = dates[:SHOWN]
        listed = await finding.coming(
            call.tx,
            call.member.community.id,
            Sought(),
            self._vocabulary,
            begin=call.now,
            end=call.now + asking.LONGEST,
            limit=COUNTED,
        )
        hidden = {each.meeting.id for each in dates} - {each.meeting.id for each in coming}
        more = len(hidden) + max(0, len(coming) + len(listed) - SHOWN)
        if not coming and not listed:
            return Reply(content=Content(text=_("There are no meetings in the next two weeks.")))
        zone = call.member.zone
        text = times_are_in(zone.key)
        if more:
            text = _(
                "These are the next {shown}, {more}: “meetings find online tonight”, or “meetings find” and a day, a"
                " town or a kind.\n{zone}",
                zone=text,
                shown=SHOWN,
                more=_and_more(more, uncounted=len(listed) == COUNTED),
            )
        shown: list[tuple[datetime, Field, Choice]] = []
        for each in coming:
            label = _("Remind me: {meeting}", meeting=each.meeting.name[:50])
            remind = Choice(label=label, command="meetings follow", arguments={"meeting": str(each.meeting.id)})
            comes = await attending.said(call.tx, each.meeting.id, each.day)
            shown.append((each.start, _with(_shown(each, zone, call.now), comes), remind))
        for found in listed:
            start = found.start or call.now
            comes = await attending.said_of_listed(call.tx, call.member.community.id, found)
            shown.append((start, _with(showing.field_of(found, zone, call.member.language), comes), _details(found)))
        # Their own first: a large feed would leave no room for them.
        own, others = shown[: len(coming)], sorted(shown[len(coming) :], key=lambda each: each[0])
        shown = sorted([*own, *others][:SHOWN], key=lambda each: each[0])
        return Reply(
            content=Content(
                title=_("The next meetings"),
                text=text,
                fields=tuple(field for _start, field, _choice in shown),
                choices=_once(choice for _start, _field, choice in shown),
            )
        )

    @command(
        "meetings find",
        _("Find a meeting: when, where, which kind"),
        Parameter(
            name="words",
            ask=_("What do you look for? For example: online tonight, women tuesday near Boston, next 2 hours."),
            kind=Words(200),
            rest=True,
            example="online tonight",
        ),
    )
    async def find(self, call: Call, words: str) -> Reply:
        """Find listed meetings by one's own words, in spite of typos."""
        zone = call.member.zone
        asked = asking.read(words, None, now=call.now, zone=zone)
        sought = Sought(
            text=asked.text,
            near=asked.near,
            programme=asked.programme,
            types=asked.types,
            language=asked.language,
            online=asked.online,
            in_person=asked.in_person,
        )
        community = call.member.community.id
        if asked.near and (near := await self._near(call, sought, asked)) is not None:
            return near
        own = await self._own(call, asked)
        listed = await finding.coming(
            call.tx, community, sought, self._vocabulary, begin=asked.begin, end=asked.end, limit=COUNTED
        )
        title, text = _("Meetings"), times_are_in(zone.key)
        if (more := len(own) + len(listed) - SHOWN) > 0:
            text = _(
                "These are the first {shown}, {more}: more words find fewer.\n{zone}",
                zone=text,
                shown=SHOWN,
                more=_and_more(more, uncounted=len(listed) == COUNTED),
            )
        if not listed and not own:
            listed = await finding.matching(call.tx, community, sought, self._vocabulary, limit=SHOWN)
            title = _("None then, but these are like it")
        if not listed and not own:
            none = _("I know of no such meeting. Fewer words may find one, such as “online” or the name of a town.")
            better = mended(words.casefold(), asking.TIME_WORDS)
            if better is not None and asking.read(better, None, now=call.now, zone=zone) != asked:
                raise BadValue(none, (better,), "words")
            return Reply(content=Content(text=none))
        return Reply(
            content=Content(
                title=title,
                text=text,
                fields=(
                    *(_shown(each, zone, call.now) for each in own),
                    *(showing.field_of(each, zone, call.member.language) for each in listed),
                )[:SHOWN],
                choices=_once([*(_details_of_own(each) for each in own), *(_details(each) for each in listed)][:SHOWN]),
            )
        )

    async def _own(self, call: Call, asked: asking.Asked) -> list[Coming]:
        """The community's own meetings that fit; of their programme, types and language nothing is known."""
        if asked.near or asked.programme or asked.types or asked.language:
            return []
        community = call.member.community.id
        coming = await self._meetings.coming(call.tx, community, now=call.now, limit=OWN)
        wanted = fold(asked.text).split()

        def fits(each: Coming) -> bool:
            words = fold(f"{each.meeting.name} {each.meeting.where}").split()
            known = all(any(likeness(word, other) >= SAME for other in words) for word in wanted)
            reached = (not asked.online or each.meeting.link) and (not asked.in_person or each.meeting.where)
            return asked.begin <= each.start < asked.end and known and bool(reached)

        return [each for each in coming if fits(each)]

    async def _near(self, call: Call, sought: Sought, asked: asking.Asked) -> Reply | None:
        """The meetings near the place that was named, with how far they are; None if nobody knows where it is."""
        member, near = call.member, sought.near
        spot = await nearby.whereis(call.tx, member.community.id, near, self._vocabulary, country=member.country)
        if spot is None:
            return None
        place = (call.tx, member.community.id, sought, self._vocabulary, spot)
        listed = await nearby.coming(*place, begin=asked.begin, end=asked.end, limit=SHOWN)
        title = _("Meetings, the nearest first")
        if not listed:
            listed = await nearby.nearest(*place, limit=SHOWN)
            title = _("None then, but these are near there")
        if not listed:
            return None
        fields = (showing.near_field_of(each, member.zone, member.language, member.country) for each in listed)
        return Reply(
            content=Content(
                title=title,
                text=times_are_in(member.zone.key),
                fields=tuple(fields),
                choices=_once(_details(each) for each in listed),
            )
        )

    @command("meetings show", _("All about a meeting, and how to join it"), MEETING)
    async def show(self, call: Call, meeting: str) -> Reply:
        """Show a listed meeting to the one who asks, with the link and the passcode."""
        found = await self._finder.listed(call, meeting)
        if found is None:
            row = await self._meetings.named(call.tx, call.member.community.id, meeting)
            when = describe(rule_of(row))
            where = "\n".join(part for part in (row.where, row.link) if part)
            text = _("{when}\n{place}", when=when, place=where) if where else when
            lines, choices = await self._around(call, row)
            for line in lines:
                text = _("{before}\n{line}", before=text, line=line)
            return Reply(content=Content(title=row.name, text=text, choices=choices))
        name = showing.reference(found)
        choices = (
            Choice(label=_("Remind me"), command="meetings follow", arguments={"meeting": name}),
            Choice(label=_("I'm coming"), command="meetings coming", arguments={"meeting": name}),
            Choice(label=_("Something is wrong here"), command="meetings wrong", arguments={"meeting": name}),
        )
        content = showing.all_of(found, call.member.zone, call.member.language, now=call.now)
        by_appointment = found.meeting.by_appointment
        comes = await attending.said_of_listed(call.tx, call.member.community.id, found)
        return Reply(
            content=Content(
                title=content.title,
                text=_("{before}\n{line}", before=content.text, line=comes) if comes else content.text,
                fields=content.fields,
                choices=choices[2:] if by_appointment else choices,
            )
        )

    async def _around(self, call: Call, row: MeetingRow) -> tuple[list[Text], tuple[Choice, ...]]:
        """What people do with the next date of a meeting, and what the reader can do."""
        coming = await first_from(call.tx, row, call.now)
        if coming is None:
            return [], ()
        lines: list[Text] = []
        if comes := await attending.said(call.tx, row.id, coming.day):
            lines.append(comes)
        _comes, not_coming = await attending.count(call.tx, row.id, coming.day)
        if not_coming and may(call.member.roles, Action.MANAGE_MEETINGS):
            lines.append(_n("{n} person does not come this time", "{n} people do not come this time", n=not_coming))
        own = await attending.own_answer(call.tx, call.member, row.id, coming.day)
        number = {"meeting": str(row.id)}
        choices = [Choice(label=_("Remind me"), command="meetings follow", arguments=number)]
        if own is not True:
            choices.append(Choice(label=_("I'm coming"), command="meetings coming", arguments=number))
        if own is not False:
            choices.append(Choice(label=_("Not this time"), command="meetings skip", arguments=number))
        for task in await tasks.own(call.tx, call.member, row.id, now=call.now):
            lines.append(tasks.yours(task, row, call.member.zone))
            given = {"number": str(task.id)}
            choices.append(Choice(label=_("Give it back"), command="meetings giveback", arguments=given))
        return lines, tuple(choices)

    @command("meetings wrong", _("Say that something about a listed meeting is wrong"), MEETING)
    async def wrong(self, call: Call, meeting: str) -> Reply:
        """Say where its publisher hears of mistakes: the bot tells nobody who found one."""
        found = await self._finder.listed(call, meeting)
        if found is None:
            row = await self._meetings.named(call.tx, call.member.community.id, meeting)
            text = _("{meeting} is your community's own: tell an organizer or a moderator.", meeting=row.name)
            return Reply(content=Content(text=text))
        return Reply(content=showing.where_to_report(found))

    @command(
        "meetings follow",
        _("Be reminded privately of a meeting"),
        MEETING,
        Parameter(name="minutes", ask=_("How many minutes before?"), kind=MINUTES, required=False),
    )
    async def follow(self, call: Call, meeting: str, minutes: int = LEAD) -> Reply:
        """Follow a meeting with a lead time of one's choice."""
        found = await self._finder.row(call, meeting)
        await self._meetings.follow(call.tx, call.member, found, minutes, now=call.now)
        text = _("I'll remind you privately {minutes} min before {meeting}.", minutes=minutes, meeting=found.name)
        unfollow = Choice(label=_("No reminder"), command="meetings unfollow", arguments={"meeting": str(found.id)})
        return Reply(content=Content(text=text, choices=(unfollow,)))

    @command("meetings unfollow", _("Be reminded of a meeting no more"), MEETING)
    async def unfollow(self, call: Call, meeting: str) -> Reply:
        """Stop following."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        text = _("No more reminders of {meeting}.", meeting=found.name)
        followed = await self._meetings.unfollow(call.tx, call.member, found)
        await following.leave(call.tx, found)
        return Reply(content=Content(text=text if followed else _("You were not following it.")))

    @command("meetings calendar", _("The meetings you follow, as a file for your own calendar"))
    async def calendar(self, call: Call) -> Reply:
        """Give the member an iCalendar file of what they follow, privately."""
        text = await calendars.of_member(call.tx, call.member.id, call.member.community.id, now=call.now)
        if "BEGIN:VEVENT" not in text:
            return Reply(content=Content(text=_("You follow no meeting yet: press “Remind me” on one.")))
        file = Attachment(filename="meetings.ics", text=text)
        said = _("Open this file with your calendar. It holds the links to join, so keep it to yourself.")
        return Reply(content=Content(text=said, attachment=file))

    @command(
        "meetings add",
        _("Announce a meeting"),
        Parameter(name="name", ask=_("What is the meeting called?"), kind=NAME, example="Morning circle"),
        Parameter(name="days", ask=_("On which days? For example: tue, thu."), kind=WEEKDAYS),
        Parameter(name="time", ask=_("At what time does it start? For example 19:30."), kind=TIME),
        Parameter(name="zone", ask=_("In which time zone?"), kind=ZONE, required=False),
        Parameter(name="minutes", ask=_("How long is it, in minutes?"), kind=MINUTES, required=False),
        Parameter(
            name="where",
            ask=_("Where is it? A place, or a link."),
            kind=Words(500),
            rest=True,
            example="The library, room 2",
        ),
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
        start = moment(coming.start.astimezone(call.member.zone))
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
        start = moment(moved_to.astimezone(call.member.zone))
        text = _("{meeting} is now at {start}. I have told its followers.", meeting=found.name, start=start)
        return Reply(content=Content(text=text))

    @command("meetings remove", _("Remove a meeting for good"), MEETING, may=Action.MANAGE_MEETINGS)
    async def remove(self, call: Call, meeting: str) -> Reply:
        """Remove a meeting; its followers are told."""
        found = await self._meetings.named(call.tx, call.member.community.id, meeting)
        name = found.name
        await self._meetings.remove(call.tx, found, now=call.now)
        return Reply(content=Content(text=_("{meeting} is removed. I have told its followers.", meeting=name)))


def _with(field: Field, comes: Text | None) -> Field:
    return field if comes is None else replace(field, value=_("{before}\n{line}", before=field.value, line=comes))


def _details(found: Listed) -> Choice:
    label = _("More: {meeting}", meeting=found.meeting.name[:50])
    return Choice(label=label, command="meetings show", arguments={"meeting": showing.reference(found)})


def _details_of_own(coming: Coming) -> Choice:
    label = _("More: {meeting}", meeting=coming.meeting.name[:50])
    return Choice(label=label, command="meetings show", arguments={"meeting": str(coming.meeting.id)})


def _once(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The first choices that do different things, as many as a message has room for."""
    different = {choice.token: choice for choice in choices}
    return tuple(different.values())[:5]


def _as_link(where: str, call: Call) -> str | None:
    try:
        return str(LINK.parse(where, call.member.reads(call.now)))
    except BadValue:
        return None


def _shown(coming: Coming, zone: ZoneInfo, now: datetime) -> Field:
    meeting = coming.meeting
    when: Text = _("{start}, {minutes} min", start=moment(coming.start.astimezone(zone)), minutes=meeting.minutes)
    if coming.start <= now:
        when = _("on now, since {start}", start=moment(coming.start.astimezone(zone)))
    if coming.moved:
        when = _("{when} (moved)", when=when)
    place = meeting.where or meeting.link or ""
    return Field(
        name=_("{number}. {meeting}", number=meeting.id, meeting=meeting.name),
        value=_("{when}\n{place}", when=when, place=place) if place else when,
    )


def _and_more(more: int, *, uncounted: bool) -> Text:
    """How many a list leaves out; `uncounted`: at least so many."""
    if uncounted:
        return _("and over {n} more", n=more - 1)
    return _("and {n} more", n=more)
