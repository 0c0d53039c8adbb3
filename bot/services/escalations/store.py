"""Cases in the database: read as the state machine's values, written back with the audit log."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, func, or_, select

from bot.core.crisis import Severity
from bot.core.escalation import Case, Outcome, State
from bot.services import spoken
from bot.services.policies import read_case_policies, write_policies
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.vault import KeyProblem

log = logging.getLogger(__name__)

EXCERPT = "cases.excerpt"
LINK = "cases.link"
RELAY = "relay_messages.text"
NOTE = "cases.note"

NOTE_LIMIT = 1000
"""Characters that one holder leaves for the next."""

PUNCTUAL = timedelta()

_LATE, _MINUTES = "seen ", " min late"
"""The line of the audit log that says how late the words of the case were seen."""

UNDELIVERED = "not delivered: "
"""How the line of the audit log begins that says to whom something could not be brought."""

OF_A_PICTURE = "picture, "
"""What follows in it where that was only a picture."""

BESIDE = "beside: "
"""How the line of the audit log begins that says whom of others was called beside the holder."""

HAS_HELPERS = cast(tables.CaseRow.helpers, String) != "[]"
"""No database finds one number in a list of JSON the way another does: the few such cases are looked through."""

GRAVER = "graver in the talk"
"""The line of the audit log that says that the case became graver by words which only those in it read."""

ENTERED = ("Taken", "Joined", "was given it")
"""The lines of the audit log by which somebody has come into a case."""

EXCERPT_LIMIT = 300
"""Characters of a message that a peer is shown: enough to understand, no more than is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What a case is opened with.

    `how`: "signal", "member" or "other"; `carried`: in words that a relay carries, or keeps for who comes; `late`: how
    late it was seen.
    """

    how: str
    severity: Severity
    category: str | None = None
    rules: tuple[str, ...] = ()
    excerpt: str | None = None
    link: str | None = None
    carried: bool = False
    late: timedelta = PUNCTUAL


def case_of(row: tables.CaseRow) -> Case:
    """The state machine's value of a stored case."""
    return Case(
        policies=read_case_policies(row.policy, Severity(row.severity)),
        severity=Severity(row.severity),
        opened_at=row.opened_at,
        state=State(row.state),
        step=row.step,
        pages=row.pages,
        next_at=row.next_at,
        holder=row.holder,
        helpers=tuple(row.helpers),
        turn=row.turn,
        late_at=row.late_at,
        heard_at=row.heard_at,
        nudged=row.nudged,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        version=row.version,
    )


def write_case(row: tables.CaseRow, case: Case, *, now: datetime) -> None:
    """Store the state machine's value; an ended case frees its member for a new one."""
    row.severity = case.severity.value
    row.state = case.state.value
    row.step, row.pages, row.next_at = case.step, case.pages, case.next_at
    row.holder, row.late_at, row.nudged, row.version = case.holder, case.late_at, case.nudged, case.version
    row.turn, row.heard_at = case.turn, case.heard_at
    if tuple(row.helpers) != case.helpers:
        row.helpers = list(case.helpers)
    row.outcome = None if case.outcome is None else case.outcome.value
    if not case.is_open:
        row.open_for = None
        row.ended_at = row.ended_at or now


async def insert_case(
    tx: Transaction, community_id: int, member_id: int, new: NewCase, case: Case
) -> tables.CaseRow | None:
    """Store a new case; None if the member has an open one already."""
    row = await tx.insert_new_row(
        tables.CaseRow,
        community_id=community_id,
        member_id=member_id,
        open_for=member_id,
        opened_by=new.how,
        category=new.category,
        severity=new.severity.value,
        rules=list(new.rules),
        excerpt_sealed=tx.vault.seal(new.excerpt[:EXCERPT_LIMIT], EXCERPT) if new.excerpt else None,
        link_sealed=tx.vault.seal(new.link, LINK) if new.link else None,
        policy=write_policies(case.policies),
        state=case.state.value,
        step=case.step,
        pages=case.pages,
        next_at=case.next_at,
        holder=case.holder,
        helpers=list(case.helpers),
        turn=case.turn,
        note_sealed=None,
        late_at=case.late_at,
        nudged=case.nudged,
        heard_at=case.heard_at,
        outcome=None,
        verdict=None,
        version=case.version,
        opened_at=case.opened_at,
        ended_at=None,
    )
    if row is not None:
        # Of what has just begun the audit log need not be read.
        tx.known("lateness")[row.id] = None
        tx.known("unreached")[row.id] = False
    return row


async def open_case_of(tx: Transaction, member_id: int) -> tables.CaseRow | None:
    """The member's open case, if there is one."""
    return next(iter(await _rows(tx, _OPEN_CASE_OF, {"member": member_id})), None)


async def in_danger(tx: Transaction, people: Collection[int]) -> set[int]:
    """Those of these people about whom a case is open that is no mere concern."""
    case = tables.CaseRow
    query = select(case.open_for).where(case.open_for.in_(people), case.severity != Severity.CONCERN.value)
    return {person for person in await tx.session.scalars(query) if person is not None}


async def decide_alone(tx: Transaction, person_id: int) -> None:
    """Whether this person comes to others, or others come to them, is decided by nobody else meanwhile.

    One order for everybody: first the cases that it is about, in the order of their numbers, then this. Whoever writes
    to somebody has their case locked from the beginning (`open_cases_with`), so nobody asks for it the other way round.
    """
    await tx.wait_alone(f"cases of member {person_id}")


async def cases_held_by(tx: Transaction, member_id: int) -> list[tables.CaseRow]:
    """The open cases that this peer has, oldest first."""
    return await _locked(tx, tables.CaseRow.holder == member_id, tables.CaseRow.open_for.is_not(None))


async def open_cases_with(tx: Transaction, member_id: int) -> list[tables.CaseRow]:
    """The open cases that the member is in: their own, then those that they have as a peer, oldest first.

    Asked for at once, for two who are each other's peers would wait for each other if their own came first.
    """
    rows = await _rows(tx, _OPEN_CASES_WITH, {"member": member_id})
    theirs = [row for row in rows if member_id in {row.open_for, row.holder, *row.helpers}]
    return sorted(theirs, key=lambda row: row.open_for != member_id)


async def case_numbered(tx: Transaction, case_id: int) -> tables.CaseRow | None:
    """The case of that number, open or not."""
    return next(iter(await _rows(tx, _CASE, {"case": case_id})), None)


async def find_case(tx: Transaction, community_id: int, case_id: int) -> tables.CaseRow | None:
    """The case of that number in this community; one of another community is not to be found."""
    return next(iter(await _rows(tx, _CASE_IN, {"case": case_id, "community": community_id})), None)


def _locking(*conditions: ColumnElement[bool]) -> Select[tables.CaseRow]:
    """These cases as they are now, in the order of their numbers; nobody else changes them meanwhile.

    A case is written back as a whole, so it is never read without its lock by whoever may change it.
    """
    query = select(tables.CaseRow).where(*conditions).order_by(tables.CaseRow.id).with_for_update()
    return query.execution_options(populate_existing=True)


async def _locked(tx: Transaction, *conditions: ColumnElement[bool]) -> list[tables.CaseRow]:
    return _noted(tx, await tx.session.scalars(_locking(*conditions)))


async def _rows(tx: Transaction, query: Select[tables.CaseRow], values: dict[str, int]) -> list[tables.CaseRow]:
    return _noted(tx, await tx.session.scalars(query, values))


def _noted(tx: Transaction, found: Iterable[tables.CaseRow]) -> list[tables.CaseRow]:
    """The cases; in which language the members of open ones were heard is known from now on."""
    rows = list(found)
    for row in rows:
        if row.open_for is not None:
            spoken.heard(tx, row.open_for, row.rules)
    return rows


# Every private message asks these: built once, for that takes longer than the answer.
_OPEN_CASE_OF = _locking(tables.CaseRow.open_for == bindparam("member"))
_CASE = _locking(tables.CaseRow.id == bindparam("case"))
_CASE_IN = _locking(tables.CaseRow.id == bindparam("case"), tables.CaseRow.community_id == bindparam("community"))
_OPEN_CASES_WITH = _locking(
    or_(tables.CaseRow.open_for == bindparam("member"), tables.CaseRow.holder == bindparam("member"), HAS_HELPERS),
    tables.CaseRow.open_for.is_not(None),
)


def excerpt_of(tx: Transaction, row: tables.CaseRow) -> str | None:
    """The words that opened the case."""
    return opened(tx, row.excerpt_sealed, EXCERPT)


def link_of(tx: Transaction, row: tables.CaseRow) -> str | None:
    """Where those words stand."""
    return opened(tx, row.link_sealed, LINK)


def note_of(tx: Transaction, row: tables.CaseRow) -> str | None:
    """What the last holder wrote for the next one."""
    return opened(tx, row.note_sealed, NOTE)


def opened(tx: Transaction, sealed: bytes | None, purpose: str) -> str | None:
    """What was sealed, or None: a page without its words is better than no page, and so is a conversation."""
    try:
        return None if sealed is None else tx.vault.open(sealed, purpose)
    except KeyProblem:
        log.error("a stored %s cannot be opened", purpose)
        return None


async def note(tx: Transaction, case_id: int, what: str, actor: int | None, *, now: datetime) -> None:
    """Write a line into the audit log."""
    await tx.insert(tables.CaseEvent, case_id=case_id, at=now, what=what, actor=actor)


async def note_lateness(tx: Transaction, case_id: int, late: timedelta, *, now: datetime) -> None:
    """Write down how late the words were seen that the case is about."""
    tx.known("lateness").pop(case_id, None)
    await note(tx, case_id, f"{_LATE}{late // timedelta(minutes=1)}{_MINUTES}", None, now=now)


async def lateness(tx: Transaction, case_id: int) -> tuple[timedelta, datetime] | None:
    """How late the words were seen that the case is about, and when; None if they were seen in time."""
    known = tx.known("lateness")
    if case_id not in known:
        last = (await tx.session.execute(_last_lateness(), {"case": case_id})).one_or_none()
        minutes = 0 if last is None else int(last.what.removeprefix(_LATE).removesuffix(_MINUTES))
        known[case_id] = None if last is None or not minutes else (timedelta(minutes=minutes), last.at)
    late: tuple[timedelta, datetime] | None = known[case_id]
    return late


@cache
def _last_lateness() -> Select[str, datetime]:
    event = tables.CaseEvent
    lines = select(event.what, event.at).where(event.case_id == bindparam("case"), event.what.endswith(_MINUTES))
    return lines.order_by(event.id.desc()).limit(1)


async def was_in(tx: Transaction, case_id: int, person_id: int) -> bool:
    """Whether this person has had the case, or was in it."""
    event = tables.CaseEvent
    found = select(event.id).where(event.case_id == case_id, event.actor == person_id, event.what.in_(ENTERED))
    return await tx.session.scalar(found.limit(1)) is not None


async def spoke_since(tx: Transaction, row: tables.CaseRow, since: datetime) -> set[int]:
    """Which of those who are with the member have said something to them since then; a reaction is no word."""
    said = tables.RelayMessage
    people = [person for person in (row.holder, *row.helpers) if person is not None]
    query = select(said.author).where(said.case_id == row.id, said.author.in_(people), said.at > since)
    return set(await tx.session.scalars(query.where(said.kind != "reaction")))


async def called_beside(tx: Transaction, row: tables.CaseRow, since: datetime) -> bool:
    """Whether others were called beside the holder since then."""
    event = tables.CaseEvent
    query = select(event.id).where(event.case_id == row.id, event.at > since, event.what.startswith(BESIDE))
    return await tx.session.scalar(query.limit(1)) is not None


async def is_graver(tx: Transaction, row: tables.CaseRow) -> bool:
    """Whether the case became graver by what was said in its talk; before somebody has come there is none."""
    event = tables.CaseEvent
    query = select(event.id).where(event.case_id == row.id, event.what == GRAVER).limit(1)
    return row.turn > 0 and await tx.session.scalar(query) is not None


async def paged(tx: Transaction, case_id: int) -> list[int]:
    """Who was paged about a case, first those who were first."""
    event = tables.CaseEvent
    told = event.what.in_(("paged", "counted in a page"))
    query = select(event.actor).where(event.case_id == case_id, event.actor.is_not(None), told).order_by(event.id)
    return list(dict.fromkeys(person for person in await tx.session.scalars(query) if person is not None))


async def is_unreached(tx: Transaction, row: tables.CaseRow) -> bool:
    """Whether the member has not got what was written to them, and nothing privately since."""
    if tx.known("unreached").get(row.id) is False:
        return False
    event, delivery = tables.CaseEvent, tables.Delivery
    failed = select(func.max(event.at)).where(
        event.case_id == row.id,
        event.actor == row.member_id,
        event.what.startswith(UNDELIVERED),
        ~event.what.startswith(f"{UNDELIVERED}{OF_A_PICTURE}"),
    )
    if (at := await tx.session.scalar(failed)) is None:
        return False
    theirs = (delivery.kind == "direct", delivery.member_id == row.member_id, delivery.state == "sent")
    return await tx.session.scalar(select(delivery.id).where(*theirs, delivery.sent_at > at).limit(1)) is None


async def words_since_opening(tx: Transaction, row: tables.CaseRow) -> tuple[str, ...]:
    """What the member has written to the bot since the case opened, for the peer who takes it."""
    query = (
        select(tables.RelayMessage.text_sealed)
        .where(tables.RelayMessage.case_id == row.id, tables.RelayMessage.author == row.member_id)
        .where(tables.RelayMessage.kind == "text", tables.RelayMessage.removed_at.is_(None))
        .order_by(tables.RelayMessage.id)
    )
    texts = (opened(tx, sealed, RELAY) for sealed in await tx.session.scalars(query))
    return tuple(text for text in texts if text is not None)
