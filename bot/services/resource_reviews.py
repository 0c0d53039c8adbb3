"""Asking organizers to look again at what nobody has checked for a year: one message, once a week at most.

Asked is for what the community's members are shown: its own list, the sources imported for it, and its country's
helplines; the oldest first. What organizers answer is shown with its date from then on; what they call wrong is shown
no more. Crisis lines in an alert depend on none of this.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.core.content import Choice, Content
from bot.core.occurrences import local_date
from bot.core.people import Member
from bot.core.resources import Resource, describe
from bot.core.resources.ages import TOO_OLD, identity_of, is_old
from bot.core.roles import Role
from bot.core.words import _, _n
from bot.delivery.outbox import Priority
from bot.services import directory, members, resource_checks
from bot.services.resources import Resources
from bot.services.voice import Voice
from bot.storage import resource_tables, tables
from bot.storage.database import Transaction

EVERY = timedelta(days=7)
ASKED_AT_ONCE = 3
"""Resources in one message: what can be called up in a quarter of an hour."""
_COMMUNITIES_AT_ONCE = 20
USEFUL_FOR = timedelta(days=2)
"""Afterwards the message is of no use: there is another one next week."""


class ResourceReviews:
    """Finds what is old, and asks."""

    def __init__(self, voice: Voice, resources: Resources) -> None:
        self._voice = voice
        self._resources = resources

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Ask the organizers of a few communities whose turn it is; of how many."""
        asked = resource_tables.ResourceReview
        turn = asked.asked_at.is_(None) | ((asked.asked_at <= now - EVERY) & asked.off.is_(False))
        waiting = (
            select(tables.Community, asked.asked_at)
            .outerjoin(asked, asked.community_id == tables.Community.id)
            .where(turn)
            .order_by(tables.Community.id)
            .limit(_COMMUNITIES_AT_ONCE)
        )
        rows = (await tx.session.execute(waiting)).all() if await tx.try_alone("resource reviews") else []
        for row, before in rows:
            # Also where there is nothing to ask: looked at once a week. And a new community has a week to settle in.
            await switch(tx, row.id, on=True, now=now)
            if before is not None:
                await self._ask(tx, row, now=now)
        return len(rows)

    async def _ask(self, tx: Transaction, row: tables.Community, *, now: datetime) -> None:
        organizers = list(
            await tx.session.scalars(
                select(tables.Member.id)
                .join(tables.RoleGiven, tables.RoleGiven.member_id == tables.Member.id)
                .where(tables.Member.community_id == row.id, tables.RoleGiven.role == Role.ORGANIZER.value)
                .order_by(tables.Member.id)
            )
        )
        community = members.community_of(row)
        today = local_date(now, community.zone)
        found = await self.old(tx, row.id, row.country, today=today) if organizers else []
        if not found:
            return
        content = _question(found, today)
        for id_ in organizers:
            await self._voice.to_member(
                tx,
                await members.load(tx, id_),
                content,
                key=f"review:{row.id}:{id_}:{today.isoformat()}",
                priority=Priority.CHECK_IN,
                now=now,
                expires_at=now + USEFUL_FOR,
            )

    async def old(self, tx: Transaction, community_id: int, country: str, *, today: date) -> list[Resource]:
        """All that this community shows and nobody has checked for a year, the oldest first."""
        shown = [r for r in await self._resources.all_for(tx, community_id) if r.country in {"", country}]
        shown += await directory.oldest_checked(tx, community_id, country, today - TOO_OLD, 10 * ASKED_AT_ONCE)
        checked = await resource_checks.applied(tx, community_id, shown)
        return sorted((r for r in checked if is_old(r, today)), key=_age)

    async def answer(self, tx: Transaction, member: Member, resource: str, *, right: bool, now: datetime) -> Resource:
        """Store what an organizer found of the resource of that identity; raises `LookupError` if it is gone."""
        today = local_date(now, member.zone)
        for old in await self.old(tx, member.community.id, member.community.country, today=today):
            if identity_of(old) == resource:
                await resource_checks.say(tx, member.community.id, old, right=right, day=today)
                return old
        raise LookupError


async def switch(tx: Transaction, community_id: int, *, on: bool, now: datetime) -> None:
    """Ask this community's organizers, for the first time in a week; or no more."""
    row: dict[str, Any] = {"community_id": community_id, "asked_at": now, "off": not on}
    await tx.insert_or_write(resource_tables.ResourceReview, [row], key=("community_id",))


def _age(resource: Resource) -> tuple[bool, date, str]:
    return (not resource.from_community, resource.checked or date.min, resource.name)


def _question(found: Sequence[Resource], today: date) -> Content:
    shown = found[:ASKED_AT_ONCE]
    choices: list[Choice] = []
    for resource in shown:
        asked = {"resource": identity_of(resource)}
        name = resource.name[:30]
        choices += [
            Choice(label=_("Right: {name}", name=name), command="resources right", arguments=asked),
            Choice(label=_("Wrong: {name}", name=name), command="resources wrong", arguments=asked),
        ]
    return Content(
        title=_("Are these still right?"),
        text=_n(
            "{n} helpline or service that your members are shown has not been checked for over a year. Please call"
            " or look it up, and say what you found. I ask once a week at most.",
            "{n} helplines and services that your members are shown have not been checked for over a year. Please call"
            " or look up these, and say what you found. I ask once a week at most.",
            n=len(found),
        )
        if len(found) == len(shown)
        else _(
            "{n} helplines and services that your members are shown have not been checked for over a year. Please call"
            " or look up these {shown}, and say what you found: then I ask about the other {others}, once a week at"
            " most.",
            n=len(found),
            shown=len(shown),
            others=len(found) - len(shown),
        ),
        fields=tuple(describe(resource, today=today) for resource in shown),
        choices=(*choices, Choice(label=_("Ask me no more"), command="resources reviews", arguments={"ask": "off"})),
    )
