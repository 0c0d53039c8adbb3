"""Chosen meetings shown in the calendars of their community's places, and kept current there.

One entry for each platform: it stands where meetings are announced, and shows the coming date. A platform with a
calendar of its own (Discord's scheduled events) keeps it there, elsewhere it is one message that is changed in place.

An entry has one delivery under way at a time, and the next one builds on what became of it. So nothing is shown twice,
whatever fails between; what it says is worked out anew each time, so nothing that changed meanwhile is missed.
"""

import hashlib
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from bot.core.content import Attachment, Choice, Content, Upon
from bot.core.content import Entry as CalendarEntry
from bot.core.faults import where
from bot.core.occurrences import describe
from bot.core.people import Community
from bot.core.platform import Address, CalendarForbidden, CalendarFull, SendError
from bot.core.words import Say, Text, _
from bot.delivery.outbox import EDIT, Claimed, Message, Priority
from bot.delivery.waiting import IS_PENDING
from bot.services import members
from bot.services.feeds import calendars
from bot.services.meeting_times import Coming, first_from, rule_of
from bot.services.rooms import of_kind
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.gathering_tables import Mirror
from bot.storage.tables import Community as CommunityRow
from bot.storage.tables import Delivery, MeetingChange, MeetingRow, RoleGiven
from bot.storage.tables import Member as MemberRow

MOST = 100
"""Meetings that a community may show: a Discord server has no more events to come at the same time."""

log = logging.getLogger(__name__)

SOON = timedelta(minutes=1)
AGAIN = timedelta(minutes=10)
"""After this long an entry that could not be worked on is tried again."""
"""When is looked for what became of a delivery."""

LATER = timedelta(minutes=10)
"""When is looked again at a delivery that waits for a platform out of reach."""

AFTER_END = timedelta(minutes=2)
"""How long after a date's end the next one is shown: by then Discord has ended the event itself."""

TOO_CLOSE = timedelta(minutes=1)
"""A date that begins sooner is not put into a calendar any more: Discord takes none that has begun."""

AT_ONCE = 50


class Mirrors:
    """Choosing meetings to be shown, and showing them."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def show(self, tx: Transaction, community: Community, meeting: MeetingRow, *, now: datetime) -> str:
        """Show a meeting from now on; "done", or why not: "full" (there are `MOST`), "nowhere"."""
        found = list(await tx.session.scalars(select(Mirror).where(Mirror.meeting_id == meeting.id)))
        where = await _calendars(tx, community.id)
        if not where:
            return "nowhere"
        query = select(func.count(Mirror.meeting_id.distinct())).where(Mirror.wanted, Mirror.meeting_id != meeting.id)
        others = await tx.session.scalar(query.where(Mirror.community_id == community.id)) or 0
        if others >= MOST:
            return "full"
        known = {(row.platform, row.address): row for row in found}
        for address in where:
            row = known.get((address.platform, address.id))
            if row is None:
                row = Mirror(
                    community_id=community.id, meeting_id=meeting.id, platform=address.platform, address=address.id
                )
                row.serial = 0
                tx.session.add(row)
            row.wanted, row.name, row.next_at = True, meeting.name, now
            if row.problem is not None:
                row.problem = row.said = None
        await tx.session.flush()
        return "done"

    async def hide(self, tx: Transaction, meeting: MeetingRow, *, now: datetime) -> bool:
        """Show a meeting no more, and take its entries away; False if it was not shown."""
        rows = list(await tx.session.scalars(select(Mirror).where(Mirror.meeting_id == meeting.id, Mirror.wanted)))
        for row in rows:
            row.wanted, row.next_at = False, now
        await tx.session.flush()
        return bool(rows)

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Bring some of the entries that are to be looked at up to date; how many."""
        query = select(Mirror).where(Mirror.next_at <= now).order_by(Mirror.next_at, Mirror.id).limit(AT_ONCE)
        rows = list(await tx.session.scalars(query.with_for_update(skip_locked=True)))
        for id_ in [row.id for row in rows]:
            try:
                async with tx.session.begin_nested():
                    await self._bring_up_to_date(tx, await tx.session.get_one(Mirror, id_), now=now)
            except Exception as error:
                # Nobody else's calendar waits for it; not log.exception, whose message may hold somebody's words.
                log.error("calendar entry %d: not brought up to date, tried again later: %s", id_, where(error))
                await tx.write(Mirror, {"id": id_}, next_at=now + AGAIN)
        return len(rows)

    async def on_failure(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """An entry could not be made, changed or taken away for good: the organizers are told why, once."""
        if not failed.key.removeprefix(EDIT).startswith("mirror:"):
            return
        row = await tx.session.scalar(select(Mirror).where(Mirror.delivery_id == failed.id))
        if row is None:
            return
        problem = _PROBLEMS.get(type(error), "refused")
        if row.problem == problem:
            return
        row.problem = problem
        community = members.community_of(await tx.session.get_one(CommunityRow, row.community_id))
        said = _LEFT_OVER if row.said == _GONE else _TOLD[problem]
        content = Content(text=Text(said.message, {"meeting": row.name}))
        key = f"unshown:{row.id}:{row.serial}"
        await _to_organizers(tx, self._voice, community, content, key=key, now=now)

    async def _bring_up_to_date(self, tx: Transaction, row: Mirror, *, now: datetime) -> None:
        became = await _settle(tx, row)
        if became == "busy":
            row.next_at = now + SOON
            return
        meeting = None if row.meeting_id is None else await tx.session.get(MeetingRow, row.meeting_id)
        calendar = await _calendar(tx, row)
        if meeting is None or not row.wanted or calendar != row.address:
            if row.message_id is not None or row.delivery_id is not None:
                await self._take_away(tx, row, now=now)
                return
            if meeting is None or not row.wanted:
                await tx.session.delete(row)
                return
            if calendar is None:
                row.next_at = None
                return
            if await _is_there(tx, row, calendar):
                await tx.session.delete(row)
                return
            row.address = calendar  # the community announces its meetings elsewhere now
        await self._show_date(tx, row, meeting, now=now, failed=became == "failed")

    async def _show_date(
        self, tx: Transaction, row: Mirror, meeting: MeetingRow, *, now: datetime, failed: bool
    ) -> None:
        """Let the entry show the date that comes next; `failed`: the last attempt has been given up just now."""
        if failed and row.ends_at is not None and row.ends_at > now:
            row.next_at = row.ends_at + AFTER_END  # it is tried again for the next date
            return
        is_on = row.starts_at is not None and row.ends_at is not None and row.starts_at <= now < row.ends_at + AFTER_END
        if is_on and row.said is not None and row.ends_at is not None:
            row.next_at = row.ends_at + AFTER_END  # a date that has begun is let be
            return
        coming = await first_from(tx, meeting, now + TOO_CLOSE)
        if coming is None:
            await self._take_away(tx, row, now=now)
            return
        await self._say(tx, row, coming, now=now)

    async def _say(self, tx: Transaction, row: Mirror, coming: Coming, *, now: datetime) -> None:
        meeting = coming.meeting
        community = members.community_of(await tx.session.get_one(CommunityRow, row.community_id))
        end = coming.start + timedelta(minutes=meeting.minutes)
        content = await _content(tx, coming, end, community, now=now)
        content = content.rendered(self._voice.words(community.language))
        said = _digest(content.as_json())
        if said == row.said:
            row.next_at = end + AFTER_END if row.delivery_id is None else now + LATER
            return
        if not await _drop(tx, row):
            row.next_at = now + SOON
            return
        row.name, row.starts_at, row.ends_at = meeting.name, coming.start, end
        file = await calendars.of_meeting(tx, meeting, now=now)
        filed = _digest([line for line in file.splitlines() if not line.startswith("DTSTAMP")])
        if filed != row.filed or row.message_id is None:
            content = replace(content, attachment=Attachment(filename="meeting.ics", text=file))
        if row.message_id is not None:
            content = replace(content, upon=Upon(act="refresh", message=row.message_id))
        row.said, row.filed = said, filed
        # Once it has begun there is a next date to be shown.
        await self._deliver(tx, row, content, community.language, expires_at=coming.start, now=now)

    async def _take_away(self, tx: Transaction, row: Mirror, *, now: datetime) -> None:
        if row.said == _GONE and row.delivery_id is not None:
            row.next_at = now + LATER
            return
        if not await _drop(tx, row):
            row.next_at = now + SOON
            return
        row.next_at = row.starts_at = row.ends_at = row.said = row.filed = None
        if row.message_id is None:
            # Nothing was there; a meeting without a further date may get one.
            row.next_at = None if row.wanted and row.meeting_id is not None else now
            return
        row.said = _GONE
        entry = CalendarEntry(name=row.name, start=now, end=now, zone="UTC", where="", about="")
        content = Content(upon=Upon(act="remove", message=row.message_id), entry=entry)
        await self._deliver(tx, row, content, "en", expires_at=None, now=now)

    async def _deliver(
        self,
        tx: Transaction,
        row: Mirror,
        content: Content,
        language: str,
        *,
        expires_at: datetime | None,
        now: datetime,
    ) -> None:
        row.serial += 1
        edit = EDIT if content.upon is not None else ""
        key = f"{edit}mirror:{row.id}:{row.serial}"
        message = Message(
            key=key,
            to=Address(platform=row.platform, kind="place", id=row.address),
            content=content,
            priority=Priority.MEETING,
            due_at=now,
            expires_at=expires_at,
        )
        await self._voice.put(tx, message, language, now=now)
        row.delivery_id = await tx.session.scalar(select(Delivery.id).where(Delivery.key == key))
        row.next_at = now + SOON


_FULL = _(
    "{meeting} could not be put into the calendar: it is full. A Discord server has room for 100 events to come."
    " Show another meeting no more (“meetings unmirror”), or delete an event, then write “meetings mirror” again."
)
_FORBIDDEN = _(
    "{meeting} could not be put into the calendar: the bot may not. On Discord, give the bot's role Create Events"
    " (Server Settings, Roles), then write “meetings mirror” again."
)
_REFUSED = _(
    "{meeting} could not be put into the calendar: it was refused, or could not be reached for long. It is tried again"
    " for its next date, and when you write “meetings mirror” again."
)
_LEFT_OVER = _("{meeting} could not be taken out of the calendar. Please delete it there by hand.")
_TOLD = {"full": _FULL, "forbidden": _FORBIDDEN, "refused": _REFUSED}
_PROBLEMS: dict[type[SendError], str] = {CalendarFull: "full", CalendarForbidden: "forbidden"}


async def touch(tx: Transaction, meeting_id: int, *, now: datetime) -> None:
    """A meeting has changed, or is about to go: its entries are looked at next."""
    await tx.session.execute(update(Mirror).where(Mirror.meeting_id == meeting_id).values(next_at=now))


async def next_due(tx: Transaction) -> datetime | None:
    """When the next entry is looked at."""
    return await tx.session.scalar(select(func.min(Mirror.next_at)))


async def touch_all(tx: Transaction, community_id: int, *, now: datetime) -> None:
    """The community's places may be others now: all its entries are looked at next."""
    await tx.session.execute(update(Mirror).where(Mirror.community_id == community_id).values(next_at=now))


async def _calendars(tx: Transaction, community_id: int) -> list[Address]:
    """Where a community's calendars are: on each platform the first place where meetings are announced."""
    found: dict[str, Address] = {}
    for place in await of_kind(tx, community_id, "meetings"):
        found.setdefault(place.platform, place)
    return list(found.values())


async def _is_there(tx: Transaction, row: Mirror, address: str) -> bool:
    """Whether the meeting has an entry of its own at that address already."""
    other = select(Mirror.id).where(
        Mirror.meeting_id == row.meeting_id, Mirror.platform == row.platform, Mirror.address == address
    )
    return await tx.session.scalar(other.where(Mirror.id != row.id)) is not None


async def _calendar(tx: Transaction, row: Mirror) -> str | None:
    """Where the community's calendar on the platform of an entry is by now."""
    there = await _calendars(tx, row.community_id)
    return next((place.id for place in there if place.platform == row.platform), None)


_GONE = "taken away"
"""What an entry says that is being taken away."""


async def _settle(tx: Transaction, row: Mirror) -> str:
    """Write down what became of the last delivery.

    "busy": it is under way; "waiting": nothing of it has left yet; "failed": just now; "idle": all else.
    """
    if row.delivery_id is None:
        return "idle"
    last = await tx.session.get(Delivery, row.delivery_id, populate_existing=True)
    state = "expired" if last is None else last.state
    if last is not None and state == "pending" and last.attempts == 0:
        return "waiting"
    if state in {"pending", "sending"}:
        return "busy"
    if row.said == _GONE:
        row.message_id = None
    elif last is not None and state == "sent":
        row.message_id, row.problem = last.message_id or None, None
    row.delivery_id = None
    if state != "sent":
        row.said = row.filed = None
    return "failed" if state == "failed" else "idle"


async def _drop(tx: Transaction, row: Mirror) -> bool:
    """Let what is said now take the place of a delivery of which nothing has left; False: something just has."""
    if row.delivery_id is None:
        return True
    waiting = update(Delivery).where(Delivery.id == row.delivery_id, IS_PENDING, Delivery.attempts == 0)
    result: Any = await tx.session.execute(waiting.values(state="expired", reason="something newer is said"))
    if result.rowcount == 0:
        return False
    row.delivery_id = row.said = row.filed = None
    return True


async def _content(tx: Transaction, coming: Coming, end: datetime, community: Community, *, now: datetime) -> Content:
    meeting = coming.meeting
    rule = rule_of(meeting)
    where, about = _where(meeting), describe(rule)
    # A calendar's own repetition knows of no exceptions: while one is ahead, the coming date stands there alone.
    ahead = select(MeetingChange.id).where(
        MeetingChange.meeting_id == meeting.id,
        MeetingChange.day >= now.astimezone(rule.zone).date() - timedelta(days=1),
    )
    is_plain = not coming.moved and await tx.session.scalar(ahead.limit(1)) is None
    start: Text = _(
        "Next: {start} ({zone}), {minutes} min",
        start=coming.start.astimezone(community.zone),
        zone=community.zone.key,
        minutes=meeting.minutes,
    )
    name = str(meeting.id)
    return Content(
        title=meeting.name,
        text=_("{before}\n{line}", before=_("{before}\n{line}", before=start, line=about), line=where),
        choices=(
            Choice(label=_("I'm coming"), command="meetings coming", arguments={"meeting": name}),
            Choice(label=_("Remind me"), command="meetings follow", arguments={"meeting": name}),
        ),
        entry=CalendarEntry(
            name=meeting.name,
            start=coming.start,
            end=end,
            zone=meeting.zone,
            where=where,
            about=_("{when}\nTo be reminded, or to say that you come: meetings show {number}", when=about, number=name),
            rule=_rule(meeting, coming) if is_plain else None,
        ),
    )


def _rule(meeting: MeetingRow, coming: Coming) -> str:
    """The rule as it goes on from `coming`: without days of its own, it has those of the meeting's first date."""
    return meeting.rule if "BYDAY" in meeting.rule or "BYMONTHDAY" in meeting.rule else _with_day(meeting, coming)


def _with_day(meeting: MeetingRow, coming: Coming) -> str:
    if "FREQ=WEEKLY" in meeting.rule:
        return f"{meeting.rule};BYDAY={('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')[coming.day.weekday()]}"
    return meeting.rule


def _where(meeting: MeetingRow) -> Say:
    """Where it is, for everybody to read: the way to join is told privately."""
    place = calendars.place_for_all(meeting)
    if meeting.link or place != (meeting.where or "").strip():
        ask = _("Online. For the way in, ask me privately: meetings show {number}", number=meeting.id)
        return _("{place}; {ask}", place=place, ask=ask) if place else ask
    return place or _("Ask me privately: meetings show {number}", number=meeting.id)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


async def _to_organizers(
    tx: Transaction, voice: Voice, community: Community, content: Content, *, key: str, now: datetime
) -> None:
    """Tell the organizers, in the room where they are told things; privately where there is none."""
    priority = Priority.MEETING
    if await voice.to_places(tx, community, "moderators", content, key=key, priority=priority, now=now):
        return
    query = (
        select(MemberRow.id)
        .join(RoleGiven, RoleGiven.member_id == MemberRow.id)
        .where(MemberRow.community_id == community.id, RoleGiven.role == "organizer")
    )
    for member_id in await tx.session.scalars(query.order_by(MemberRow.id)):
        member = await members.load(tx, member_id)
        await voice.to_member(tx, member, content, key=f"{key}:{member_id}", priority=priority, now=now)
