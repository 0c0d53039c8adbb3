"""What is kept about a member, for people to read: how much of each kind, and of when. The words are in the export."""

from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import func, select

from bot.core.content import Field
from bot.core.people import Member
from bot.core.words import Say, Text, _
from bot.storage.database import Transaction
from bot.storage.personal import PERSONAL
from bot.storage.tables import Base


class _Kind(NamedTuple):
    """What rows of a table are to their member, and which of its columns says of when they are."""

    label: Text
    when: str | None = None


KINDS: Final = {
    "members": _Kind(_("Your settings, and that you are here")),
    "identities": _Kind(_("Your accounts"), "last_seen_at"),
    "roles": _Kind(_("Your roles")),
    "checkin_schedules": _Kind(_("When you are asked how you are")),
    "checkins": _Kind(_("Your check-ins"), "answered_at"),
    "reminders": _Kind(_("Meetings you follow")),
    "cases": _Kind(_("When a person was called for you"), "opened_at"),
    "case_events": _Kind(_("What you did in cases"), "at"),
    "member_pauses": _Kind(_("When your asking for a person was paused or resumed, or your name was looked up"), "at"),
    "relay_messages": _Kind(_("What you wrote in a talk"), "at"),
    "case_pictures": _Kind(_("Pictures you sent in a talk")),
    "picture_wishes": _Kind(_("Whether you are shown pictures in a talk")),
    "swaps": _Kind(_("Accounts you exchanged")),
    "follow_ups": _Kind(_("Questions after a talk"), "began_at"),
    "inbound_events": _Kind(_("Messages I am still working on"), "seen_at"),
    "roster": _Kind(_("What is known of you as a peer")),
    "credentials": _Kind(_("Your certificates")),
    "rota_people": _Kind(_("Rotas you are in")),
    "rota_overrides": _Kind(_("When you were put on or off"), "begins_at"),
    "rota_swaps": _Kind(_("Shifts you asked to swap"), "day"),
    "attendances": _Kind(_("Meetings you come to, or do not"), "day"),
    "meeting_tasks": _Kind(_("Tasks you have taken"), "day"),
    "meeting_hosts": _Kind(_("Meetings you may host")),
    "hosted_meetings": _Kind(_("Meetings you hosted"), "opened_at"),
    "raised_hands": _Kind(_("Your raised hand"), "at"),
    "attendance_requests": _Kind(_("Notes you asked for"), "asked_at"),
    "questions": _Kind(_("A question of mine that waits for you"), "asked_at"),
    "deliveries": _Kind(_("What I have sent you"), "created_at"),
}
"""Every table that holds something about people."""


async def summary(tx: Transaction, member: Member) -> tuple[Field, ...]:
    """How much is kept of each kind, from when to when by the member's own clock; what is not kept is left out."""
    fields: list[Field] = []
    for name, personal in PERSONAL.items():
        table, kind = Base.metadata.tables[name], KINDS[name]
        columns = [] if kind.when is None else [func.min(table.c[kind.when]), func.max(table.c[kind.when])]
        query = select(func.count(), *columns).select_from(table).where(table.c[personal.member] == member.id)
        number, *times = (await tx.session.execute(query)).one()
        if number:
            days = [_day(at, member) for at in times if at is not None]
            fields.append(Field(name=kind.label, value=_said(number, days)))
    return tuple(fields)


def _day(at: date | datetime, member: Member) -> date:
    return at.astimezone(member.zone).date() if isinstance(at, datetime) else at


def _said(number: int, days: list[date]) -> Say:
    if not days:
        return str(number)
    first, last = min(days), max(days)
    # With the year, which dates in sentences do not show: check-ins are kept longer than one.
    if first == last:
        return _("{n}, of {day}", n=number, day=first.isoformat())
    return _("{n}, from {first} to {last}", n=number, first=first.isoformat(), last=last.isoformat())
