"""What is wrong with a community's rotas and roster, and what to do about it: for `handrail check`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.core.words import Text, _, _n
from bot.services import members
from bot.services.duty import store
from bot.services.duty.telling import without_people
from bot.storage.database import Transaction
from bot.storage.tables import Community, Identity

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, without anybody's name, and how to mend it."""

    what: Text
    mend: Text


async def duty_problems(tx: Transaction, slug: str, *, now: datetime) -> list[Problem]:
    """Cover gaps of the coming week, lapsed credentials, rotas without people, people who are no peers or gone."""
    row = await tx.session.scalar(select(Community).where(Community.slug == slug))
    if row is None:
        return []
    roster = await store.load_roster(tx, row.id, now)
    plan = await store.load_plan(tx, row.id, now, roster)
    problems: list[Problem] = []
    gaps = plan.gaps(now, now + WEEK) if plan.rotas else []
    if gaps:
        hours = round(sum((gap.end - gap.begin for gap in gaps), timedelta()) / timedelta(hours=1))
        zone = members.zone_named(row.zone)
        what = _n(
            "In the coming week nobody is on for {hours} hours in all, the first time from {start}.",
            "In the coming week nobody is on at {n} times, {hours} hours in all, the first time from {start}.",
            n=len(gaps),
            hours=hours,
            start=gaps[0].begin.astimezone(zone),
        )
        problems.append(Problem(what, _("See “rota” in the chat; an organizer fills it: “rota add” or “rota put”.")))
    lapsed = sum(entry.lapses_at is not None and entry.lapses_at <= now for entry in roster)
    if lapsed:
        what = _n("The credential of {n} peer has lapsed.", "The credentials of {n} peers have lapsed.", n=lapsed)
        problems.append(Problem(what, _("They are off the rota until an organizer renews it: “roster credential”.")))
    for name in await without_people(tx, row.id):
        what = _("The rota {name} has no people.", name=name)
        problems.append(Problem(what, _("Give it some with “rota add”, or remove it with “rota remove”.")))
    peers = {entry.member for entry in roster}
    in_rotas = {member for rota in plan.rotas for member in rota.people}
    known = set(await tx.session.scalars(select(Identity.member_id).where(Identity.member_id.in_(in_rotas))))
    if gone := in_rotas - (peers & known):
        what = _n(
            "{n} person in a rota is no peer any more, or has no account.",
            "{n} people in rotas are no peers any more, or have no account.",
            n=len(gone),
        )
        problems.append(Problem(what, _("Their shifts count as nobody's. Name the rota's people anew: “rota add”.")))
    return problems
