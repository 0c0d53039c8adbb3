"""A plan as an iCalendar file (RFC 5545), for the calendar on a peer's phone."""

from collections.abc import Mapping
from datetime import UTC, datetime

from icalendar import Calendar, Event

from bot.core.duty.plan import Plan


def as_calendar(
    plan: Plan,
    between: tuple[datetime, datetime],
    *,
    title: str,
    domain: str,
    names: Mapping[int, str],
    nobody: str,
    only: int | None = None,
    stamp: datetime,
) -> str:
    """Who is on between two instants, each span an event in UTC, which every calendar shows in its own zone.

    `names` by member id; `only` the spans of that member; `domain` makes the events' ids those of this community;
    `stamp` is when the file was made. The same shift has the same id in every file, so that a calendar renews it.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Handrail//Rota//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    rotas = {rota.id: rota.name for rota in plan.rotas}
    for span in plan.spans(*between, whole=True):
        if only is not None and only not in span.people:
            continue
        begin, end = span.begin.astimezone(UTC), span.end.astimezone(UTC)
        people = ", ".join(names[member] for member in span.people) or nobody
        event = Event()
        event.add("uid", f"rota-{span.rota}-{begin:%Y%m%dT%H%M%SZ}@{domain}.handrail")
        event.add("dtstamp", stamp.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", begin.replace(microsecond=0))
        event.add("dtend", end.replace(microsecond=0))
        event.add("summary", f"{rotas[span.rota]}: {people}")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode("utf-8")
