"""How a listed meeting is shown: what is known, what is doubtful, and who says so."""

import re
from datetime import date, datetime, time
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.core import recurrence
from bot.core.content import Content, Field
from bot.core.distance import about
from bot.core.meetings import types
from bot.core.meetings.model import Attendance, Meeting, Status, ZoneFrom
from bot.core.words import Say, Text, _, moment
from bot.services.feeds.finding import Listed, is_stale

_REFERENCE: Final = re.compile(r"L(\d{1,9})-([0-9a-f]{12,20})", re.ASCII)
_SHORT: Final = 12
"""Digits of a handle in a button: enough to tell all meetings of a feed apart."""


def reference(listed: Listed) -> str:
    """A short name for a listed meeting, which stays the same however it changes."""
    return f"L{listed.feed_id}-{listed.handle[:_SHORT]}"


def read_reference(typed: str) -> tuple[int, str] | None:
    """The feed and the handle of a short name; None if it is none."""
    found = _REFERENCE.fullmatch(typed.strip())
    return (int(found[1]), found[2]) if found else None


_ATTENDANCE: Final = {
    Attendance.ONLINE: _("online"),
    Attendance.BOTH: _("in person and online"),
    Attendance.IN_PERSON: _("in person"),
}
_ZONE: Final = {
    ZoneFrom.FEED: _("Its list names no time zone; {zone} was set for it."),
    ZoneFrom.PLACE: _("Its list names no time zone; {zone} is that of its place."),
    ZoneFrom.COMMUNITY: _("Its list names no time zone; {zone} is your community's."),
}
_STATUS: Final = {
    Status.TEMPORARILY_CLOSED: _("It does not take place for now: its place is closed."),
    Status.INACTIVE: _("It does not take place, by its list."),
}
_DOUBTS: Final = {
    "open_and_closed": _("Its list says both open and closed: ask first."),
    "end_before_start": _("Its list has an end before the start, so how long it takes is not known."),
    "no_place": _("Its list says neither where it is nor how to join."),
}


def field_of(listed: Listed, zone: ZoneInfo, language: str) -> Field:
    """A meeting in a list, for a reader in `zone`; never how to join it."""
    return Field(name=_name(listed.meeting), value=_lines(_brief(listed, zone, language)))


def near_field_of(listed: Listed, zone: ZoneInfo, language: str, country: str) -> Field:
    """The same with how far it is, in the units of the reader's country."""
    lines = _brief(listed, zone, language)
    if listed.away is not None:
        lines.insert(1, _("{distance} away", distance=about(listed.away, country)))
    elif listed.meeting.attendance is not Attendance.ONLINE:
        lines.append(_("Its list has no point on the map for it, so how far away it is is not known."))
    return Field(name=_name(listed.meeting), value=_lines(lines))


def _name(meeting: Meeting) -> str:
    programme = f" ({meeting.programme.upper()})" if meeting.programme else ""
    return f"{meeting.name}{programme}"


def _brief(listed: Listed, zone: ZoneInfo, language: str) -> list[Say]:
    meeting = listed.meeting
    lines: list[Say] = [_when(listed, zone)]
    if (there := _at_the_door(listed, zone)) is not None:
        lines.append(_("There the clock shows {time} then.", time=there))
    where = _where(meeting)
    if where:
        lines.append(where)
    kinds = _kinds(meeting, language)
    if kinds:
        lines.append(kinds)
    if meeting.irregular:
        lines.append(_("Not every week the same, by its list: “{words}”.", words=meeting.irregular))
    if meeting.zone_from in {ZoneFrom.COMMUNITY, ZoneFrom.FEED} and meeting.zone:
        lines.append(_zone_said(meeting))
    if meeting.status in _STATUS:
        lines.append(_STATUS[meeting.status])
    return lines


def _zone_said(meeting: Meeting) -> Say:
    said = _ZONE[meeting.zone_from]
    return Text(said.message, {"zone": meeting.zone or ""})


def _when(listed: Listed, zone: ZoneInfo) -> Say:
    meeting = listed.meeting
    if listed.start is not None:
        start = moment(listed.start.astimezone(zone))
        return (
            _("{start}, {minutes} min", start=start, minutes=meeting.minutes)
            if meeting.minutes
            else _("{start}", start=start)
        )
    if meeting.wall is None or meeting.by_appointment:
        return _("by appointment")
    rule = recurrence.parse(meeting.rule or recurrence.weekly(meeting.weekdays))
    days = recurrence.describe(rule, meeting.starts_on or date(1970, 1, 5))
    if meeting.rule is None and meeting.starts_on is not None:
        days = _("once, on {day}", day=meeting.starts_on)
    return _("{days}, {time} ({zone})", days=days, time=meeting.wall, zone=meeting.zone or "")


def _at_the_door(listed: Listed, zone: ZoneInfo) -> time | None:
    """What the clock shows where people go, if that is not what the reader's shows."""
    meeting = listed.meeting
    if listed.start is None or meeting.zone is None or meeting.attendance is Attendance.ONLINE:
        return None
    there = listed.start.astimezone(ZoneInfo(meeting.zone))
    return None if there.utcoffset() == listed.start.astimezone(zone).utcoffset() else there.time()


def _where(meeting: Meeting) -> Say:
    place = ", ".join(dict.fromkeys(part for part in (meeting.place.name, meeting.place.address) if part))
    how = _ATTENDANCE.get(meeting.attendance)
    if how is None:
        return place
    if not place or meeting.attendance is Attendance.ONLINE:
        return how
    return _("{how}: {place}", how=how, place=place)


def _kinds(meeting: Meeting, language: str) -> str:
    known = [types.name_of(meeting.programme, code, language) or code for code in meeting.types if code != types.ONLINE]
    return ", ".join([*known, *meeting.other_types][:10])


def _lines(lines: list[Say]) -> Say:
    said = lines[0]
    for line in lines[1:]:
        said = _("{before}\n{line}", before=said, line=line)
    return said


def all_of(listed: Listed, zone: ZoneInfo, language: str, *, now: datetime) -> Content:
    """Everything about a meeting, with how to join it: for a private chat only."""
    meeting = listed.meeting
    lines = _brief(listed, zone, language)
    if meeting.zone_from is ZoneFrom.PLACE and meeting.zone:
        lines.append(_zone_said(meeting))
    lines += [_DOUBTS[doubt] for doubt in meeting.doubts if doubt in _DOUBTS]
    fields: list[Field] = []
    join = meeting.join
    if join:
        ways: list[Say] = [way for way in (join.url, join.phone) if way]
        if join.passcode:
            ways.append(_("Passcode: {code}", code=join.passcode))
        if join.notes:
            ways.append(join.notes[:500])
        fields.append(Field(name=_("How to join"), value=_lines(ways)))
    notes = "\n".join(part for part in (meeting.notes[:700], meeting.place.notes[:200]) if part)
    if notes:
        fields.append(Field(name=_("Notes"), value=notes))
    if meeting.link:
        fields.append(Field(name=_("On the web"), value=meeting.link))
    read = listed.read_at.astimezone(zone) if listed.read_at else now.astimezone(zone)
    source: Say = _("From {source}, read on {day}.", source=_publisher(listed), day=read.date())
    if is_stale(listed, now):
        source = _("{source} It could not be read since: it may have changed.", source=source)
    return Content(title=_name(meeting), text=_lines([*lines, source]), fields=tuple(fields))


def _publisher(listed: Listed) -> str:
    """Whose list it is: the host of its address, or a file's name."""
    if "://" in listed.source:
        return urlsplit(listed.source).hostname or listed.source
    return listed.source.rpartition("/")[2].rpartition("\\")[2]


def where_to_report(listed: Listed) -> Content:
    """Where the publisher of a list hears of mistakes."""
    contact = listed.meeting.contact or listed.contact or listed.meeting.link
    if contact:
        text = _(
            "{meeting} is listed by {source}. Tell them: {contact}",
            meeting=listed.meeting.name,
            source=_publisher(listed),
            contact=contact,
        )
    else:
        text = _(
            "{meeting} is listed by {source}, which names no address for this. An organizer can tell them.",
            meeting=listed.meeting.name,
            source=_publisher(listed),
        )
    return Content(text=text)
