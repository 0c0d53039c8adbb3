"""Changing rotas: made and removed by organizers, swapped by peers, overridden for a while."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, or_, select

from bot.core.commands import BadValue
from bot.core.content import Choice, Content
from bot.core.duty import Plan, Rota, Span, Turns, check_override, check_swap, shift_on
from bot.core.duty.rota import ROTAS_LIMIT
from bot.core.matching import fold, nearest
from bot.core.occurrences import instant, local_date
from bot.core.people import Community, Member
from bot.core.text import clean_name
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.duty import store
from bot.services.duty.handover import told_if_on_now
from bot.services.duty.words import A_PEER, period
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.duty_tables import DutyClock, RotaOverride, RotaPerson, RotaRow, RotaSwap

WEEK = timedelta(days=7)

NO_ROTA = _("There is no rota yet. An organizer makes one with “rota add”.")

WEEKLY = time(9)
"""On Mondays at this time, by the community's clock, organizers and moderators are told of the week."""

_GUESSES = 5

SHIFTS_AHEAD = timedelta(days=28)
"""How far ahead a shift can be swapped."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A swap that was asked for, and what its shifts are."""

    row: RotaSwap
    given: Span
    taken: Span | None


class Rotas:
    """Makes, shows and changes the rotas of a community."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def told_if_on_now(self, tx: Transaction, community_id: int, *, now: datetime) -> AbstractAsyncContextManager[None]:
        """Whoever is on at once by what is changed meanwhile is told."""
        return told_if_on_now(tx, self._voice, community_id, now=now)

    async def put(
        self,
        tx: Transaction,
        community: Community,
        *,
        name: str,
        days: frozenset[int],
        begins: time,
        ends: time,
        zone: ZoneInfo,
        people: Sequence[int],
        turns: Turns,
        start: date | None = None,
        from_file: bool = False,
        now: datetime,
    ) -> RotaRow:
        """Store a rota, or change the one of that name; raises `BadValue` if it cannot be one."""
        rows = await store.rota_rows(tx, community.id)
        row = next((each for each in rows if each.name == name), None)
        if row is None and len(rows) >= ROTAS_LIMIT:
            text = _(
                "There are {limit} rotas, and there can be no more. Change one of them by its name, or remove one:"
                " “rota remove”.",
                limit=ROTAS_LIMIT,
            )
            raise BadValue(text)
        first = start or (local_date(now, zone) if row is None else row.starts_on)
        Rota(  # says what is wrong with it, before anything is stored
            id=0,
            name=name,
            days=days,
            begins=begins,
            ends=ends,
            zone_name=zone.key,
            people=tuple(people),
            turns=turns,
            start=first,
        )
        if row is None:
            row = RotaRow(community_id=community.id, name=name)
            tx.session.add(row)
        row.days, row.begins, row.ends, row.zone = sorted(days), begins, ends, zone.key
        row.starts_on, row.turns, row.from_file = first, turns.value, from_file
        await tx.session.flush()
        await tx.session.execute(delete(RotaPerson).where(RotaPerson.rota_id == row.id))
        for position, member in enumerate(people):
            tx.session.add(RotaPerson(rota_id=row.id, member_id=member, position=position))
        await tx.session.flush()
        await start_clock(tx, community, now)
        return row

    async def remove(self, tx: Transaction, community: Community, row: RotaRow, *, now: datetime) -> None:
        """The rota is no more; with the last one goes the clock, and nothing is told of rotas any more."""
        await tx.session.delete(row)
        await tx.session.flush()
        if await store.rota_rows(tx, community.id):
            await store.replan(tx, community.id, now)
        else:
            await tx.session.execute(delete(DutyClock).where(DutyClock.community_id == community.id))

    async def named(self, tx: Transaction, community_id: int, typed: str | None) -> RotaRow:
        """The rota meant by its name or number; without one the only one. Raises `BadValue` with those there are."""
        rows = await store.rota_rows(tx, community_id)
        if not rows:
            raise BadValue(NO_ROTA)
        if typed is None and len(rows) == 1:
            return rows[0]
        for row in rows:
            if typed is not None and (fold(row.name) == fold(typed) or typed == str(row.id)):
                return row
        guesses = nearest(typed or "", [(row.name, row.name) for row in rows]) or [row.name for row in rows]
        text = _("Which rota? There are: {names}.", names=", ".join(row.name for row in rows))
        raise BadValue(text, tuple(guesses[:5]), parameter="rota")

    async def people_named(
        self, tx: Transaction, community_id: int, typed: str, *, parameter: str = "people"
    ) -> list[int]:
        """The peers whose names are listed in `typed`, with commas; raises `BadValue` for one that is none.

        The answer to that is taken for the `parameter`: of several names, for all of them.
        """
        names = await self.peer_names(tx, community_id)
        found: list[int] = []
        for each in (part.strip() for part in typed.replace(" and ", ",").replace(";", ",").split(",")):
            same = [member for member, name in names.items() if fold(name) == fold(each)] if each else []
            if each and len(same) != 1:
                raise _no_peer(each, typed, list(names.values()), parameter)
            found += same
        return found

    async def peer_named(self, tx: Transaction, community_id: int, typed: str) -> int:
        """The one peer of that name; raises `BadValue`."""
        found = await self.people_named(tx, community_id, typed, parameter="person")
        if len(found) != 1:
            raise BadValue(_("Which peer? One name."), parameter="person")
        return found[0]

    async def peer_names(self, tx: Transaction, community_id: int) -> dict[int, str]:
        """The chosen names of all peers who have one."""
        names: dict[int, str] = {}
        for member in await store.peers(tx, community_id):
            name = (await members.load(tx, member)).name
            if name:
                names[member] = name
        return names

    async def all_names(self, tx: Transaction, plan: Plan) -> dict[int, str]:
        """What everybody in a plan is called, "a peer" where they chose no name."""
        ids = {member for rota in plan.rotas for member in rota.people}
        ids |= {each.taker for each in plan.handed} | {
            each.member for each in plan.overrides if each.member is not None
        }
        return {member: (await members.load(tx, member)).name or str(A_PEER) for member in ids}

    # Overrides

    async def override(
        self, tx: Transaction, row: RotaRow, member: int | None, begin: datetime, end: datetime, *, now: datetime
    ) -> None:
        """From `begin` to `end` this person is on, and nobody else; raises `BadValue`."""
        plan = await store.load_plan(tx, row.community_id, now)
        check_override(plan.overrides, rota=row.id, begin=begin, end=end, member=member, now=now)
        async with self.told_if_on_now(tx, row.community_id, now=now):
            tx.session.add(RotaOverride(rota_id=row.id, begins_at=begin, ends_at=end, member_id=member))
            await tx.session.flush()
        await store.replan(tx, row.community_id, now)

    async def undo_overrides(self, tx: Transaction, row: RotaRow, *, now: datetime) -> int:
        """Take back all overrides of the rota that are not over; how many."""
        rows = list(
            await tx.session.scalars(
                select(RotaOverride).where(RotaOverride.rota_id == row.id, RotaOverride.ends_at > now)
            )
        )
        async with self.told_if_on_now(tx, row.community_id, now=now):
            for each in rows:
                await tx.session.delete(each)
            await tx.session.flush()
        await store.replan(tx, row.community_id, now)
        return len(rows)

    # Swaps

    async def coming_shifts(self, tx: Transaction, community_id: int, member: int, now: datetime) -> list[Span]:
        """The member's shifts that have not begun, in order."""
        plan = await store.load_plan(tx, community_id, now)
        return [
            span
            for span in plan.spans(now, now + SHIFTS_AHEAD, whole=True)
            if member in span.people and span.day is not None and span.begin > now
        ]

    async def shift_at(
        self, tx: Transaction, community_id: int, member: int, day: date, now: datetime, *, parameter: str
    ) -> Span:
        """The member's coming shift on a local date; raises `BadValue` with those they have."""
        mine = await self.coming_shifts(tx, community_id, member, now)
        found = [span for span in mine if span.day == day]
        if len(found) >= 1:
            return found[0]
        days = tuple(dict.fromkeys(span.day.isoformat() for span in mine if span.day is not None))
        if not days:
            raise BadValue(_("There is no shift in the next four weeks that could be swapped. See “rota”."))
        raise BadValue(_("Which shift? The day on which it begins."), days[:5], parameter=parameter)

    async def ask_swap(
        self, tx: Transaction, giver: Member, given: Span, taker: int, taken: Span | None, *, now: datetime
    ) -> RotaSwap:
        """Ask `taker` to take a shift, perhaps for one of theirs. They are asked privately; raises `BadValue`."""
        plan = await store.load_plan(tx, giver.community.id, now)
        wanted = {_key(given)} | ({_key(taken)} if taken is not None else set())
        check_swap(
            plan.rotas,
            plan.handed,
            giver=giver.id,
            given=_key(given),
            taker=taker,
            taken=None if taken is None else _key(taken),
            now=now,
        )
        for row in await self._open_swaps(tx, plan):
            if wanted & {(row.rota_id, row.day), (row.return_rota_id, row.return_day)}:
                raise BadValue(
                    _("That shift is in a swap already, which waits for an answer. Wait for it, or: “swap withdraw”.")
                )
        row = RotaSwap(
            rota_id=given.rota,
            day=given.day,
            giver_id=giver.id,
            taker_id=taker,
            return_rota_id=None if taken is None else taken.rota,
            return_day=None if taken is None else taken.day,
            state="asked",
            ends_at=max(given.end, given.end if taken is None else taken.end),
        )
        tx.session.add(row)
        await tx.session.flush()
        other = await members.load(tx, taker)
        name = giver.name or A_PEER
        text: Text = _("{name} asks whether you take this shift: {when}.", name=name, when=period(given, other.zone))
        if taken is not None:
            text = _("{before} In return they take yours: {when}.", before=text, when=period(taken, other.zone))
        arguments = {"swap": str(row.id)}
        await self._voice.to_member(
            tx,
            other,
            Content(
                title=_("A swap?"),
                text=text,
                choices=(
                    Choice(label=_("Yes, I swap"), command="swap accept", arguments=arguments, style="primary"),
                    Choice(label=_("No, I can't"), command="swap decline", arguments=arguments),
                ),
            ),
            key=f"swap:{row.id}:asked",
            priority=Priority.MEETING,
            now=now,
            about_id=giver.id,
        )
        return row

    async def answer_swap(
        self, tx: Transaction, taker: Member, number: int | None, *, agreed: bool, now: datetime
    ) -> Content:
        """The answer of who was asked; the rules are asked once more, for the rota may have changed meanwhile."""
        mine = RotaSwap.taker_id == taker.id
        row = await self._open_swap(tx, mine, number)
        plan = await store.load_plan(tx, taker.community.id, now)
        if agreed:
            check_swap(
                plan.rotas,
                plan.handed,
                giver=row.giver_id,
                given=(row.rota_id, row.day),
                taker=row.taker_id,
                taken=None
                if row.return_rota_id is None or row.return_day is None
                else (row.return_rota_id, row.return_day),
                now=now,
            )
            row.agreed_at = now
        async with self.told_if_on_now(tx, taker.community.id, now=now):
            row.state = store.AGREED if agreed else "declined"
            await tx.session.flush()
        giver = await members.load(tx, row.giver_id)
        name = taker.name or A_PEER
        shift = _span_of(plan, row)
        when = "" if shift is None else period(shift, giver.zone)
        told = (
            _("{name} takes your shift: {when}. Thank you both.", name=name, when=when)
            if agreed
            else _("{name} cannot take your shift: {when}. It is still yours.", name=name, when=when)
        )
        await self._voice.to_member(
            tx,
            giver,
            Content(text=told),
            key=f"swap:{row.id}:answered",
            priority=Priority.MEETING,
            now=now,
            about_id=taker.id,
        )
        if not agreed:
            return Content(text=_("I have told them. It stays as it was."))
        await store.replan(tx, taker.community.id, now)
        return Content(text=_("Agreed. I have told them, and the rota shows it."))

    async def withdraw(self, tx: Transaction, giver: Member, number: int | None) -> None:
        """Take back a swap that nobody has answered yet; raises `BadValue` if there is none."""
        row = await self._open_swap(tx, RotaSwap.giver_id == giver.id, number)
        row.state = "declined"

    async def _open_swap(self, tx: Transaction, mine: ColumnElement[bool], number: int | None) -> RotaSwap:
        query = select(RotaSwap).where(mine, RotaSwap.state == "asked").order_by(RotaSwap.id).with_for_update()
        rows = list(await tx.session.scalars(query.execution_options(populate_existing=True)))
        for row in rows:
            if row.id == number or (number is None and len(rows) == 1):
                return row
        if rows and number is None:
            raise BadValue(_("Which swap? Its number."), tuple(str(row.id) for row in rows[:5]), parameter="swap")
        text = _(
            "That swap is not open any more. “rota” shows whose shifts are whose, and “swap” asks for another one."
        )
        raise BadValue(text)

    @staticmethod
    async def _open_swaps(tx: Transaction, plan: Plan) -> list[RotaSwap]:
        ids = [rota.id for rota in plan.rotas]
        query = select(RotaSwap).where(
            or_(RotaSwap.rota_id.in_(ids), RotaSwap.return_rota_id.in_(ids)), RotaSwap.state == "asked"
        )
        return list(await tx.session.scalars(query))


def _key(span: Span) -> tuple[int, date]:
    assert span.day is not None  # noqa: S101  only shifts are swapped
    return span.rota, span.day


def _span_of(plan: Plan, row: RotaSwap) -> Span | None:
    rota = next((each for each in plan.rotas if each.id == row.rota_id), None)
    shift = None if rota is None else shift_on(rota, row.day)
    if shift is None:
        return None
    return Span(rota=shift.rota, day=shift.day, begin=shift.begin, end=shift.end, people=shift.people)


async def start_clock(tx: Transaction, community: Community, now: datetime) -> None:
    """From now on the community is told of its rotas; it may be so already."""
    if await tx.session.get(DutyClock, community.id) is None:
        tx.session.add(
            DutyClock(
                community_id=community.id, next_change_at=now, weekly_at=next_weekly(community.zone, now), board_at=now
            )
        )
        await tx.session.flush()
    await store.replan(tx, community.id, now)


def next_weekly(zone: ZoneInfo, now: datetime) -> datetime:
    """The next Monday's report, strictly after `now`."""
    today = local_date(now, zone)
    monday = today - timedelta(days=today.isoweekday() - 1)
    at = instant(monday, WEEKLY, zone)
    return at if at > now else instant(monday + WEEK, WEEKLY, zone)


def _no_peer(name: str, typed: str, peers: Sequence[str], parameter: str) -> BadValue:
    """Nobody of the peers has this `name`, which stands in what was `typed`: the nearest are offered, else the first.

    In a list of names the guess is the list with the right one in it.
    """
    guesses = nearest(name, [(fold(peer), peer) for peer in peers]) or list(peers)
    if not guesses:
        text = _("No peer here has a name yet. Peers stand in the community's file, under people.")
        return BadValue(text, parameter=parameter)
    text = _(
        "“{name}” is no peer here. Did you mean {names}? Peers stand in the community's file, under people.",
        name=clean_name(name),
        names=" / ".join(guesses[:_GUESSES]),
    )
    return BadValue(text, tuple(typed.replace(name, guess) for guess in guesses[:_GUESSES]), parameter=parameter)
