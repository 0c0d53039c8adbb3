"""The hand-over: what the peers' room is told when others are on than before, and each who comes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.core.content import Choice, Content
from bot.core.duty import Plan
from bot.core.people import Community
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.duty import store
from bot.services.duty.words import names
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow
from bot.storage.tables import Community as CommunityRow

OF_USE = timedelta(hours=1)
"""A hand-over is worthless after this time."""


async def hand_over(
    tx: Transaction, voice: Voice, community: Community, plan: Plan, before: Sequence[int], *, key: str, now: datetime
) -> None:
    """Tell the room, and each who comes, where others are on now than `before`; `key` is of this change only."""
    on = plan.on_at(now)
    if set(before) == set(on):
        return
    coming = [member for member in on if member not in before]
    going = [member for member in before if member not in on]
    until = plan.next_change(now)
    cases = await _open_cases(tx, community.id)
    await voice.to_places(
        tx,
        community,
        "peers",
        Content(title=_("Hand-over"), text=await _change(tx, community, on, going, until, cases)),
        key=f"handover:{community.id}:{key}",
        priority=Priority.MEETING,
        now=now,
        expires_at=now + OF_USE,
    )
    for member_id in coming:
        member = await members.load(tx, member_id)
        text: Text = _("You are on now.")
        if until is not None:
            text = _("You are on now, until {time}.", time=until.astimezone(member.zone))
        await voice.to_member(
            tx,
            member,
            Content(
                text=_("{before} {cases}", before=text, cases=cases),
                choices=(
                    Choice(label=_("Who is on"), command="who"),
                    Choice(label=_("I need a break"), command="break"),
                ),
            ),
            key=f"handover:{community.id}:{key}:{member_id}",
            priority=Priority.MEETING,
            now=now,
            expires_at=now + OF_USE,
        )


@asynccontextmanager
async def told_if_on_now(tx: Transaction, voice: Voice, community_id: int, *, now: datetime) -> AsyncIterator[None]:
    """Whoever is on at once by what is changed meanwhile is told, as at a change of shift."""
    before = (await store.load_plan(tx, community_id, now)).on_at(now)
    yield
    plan = await store.load_plan(tx, community_id, now)
    coming = set(plan.on_at(now)) - set(before)
    if coming:
        community = members.community_of(await tx.session.get_one(CommunityRow, community_id), tx)
        key = f"{int(now.timestamp())}:changed:{'-'.join(str(member) for member in sorted(coming))}"
        await hand_over(tx, voice, community, plan, before, key=key, now=now)


async def _change(
    tx: Transaction,
    community: Community,
    on: Sequence[int],
    going: Sequence[int],
    until: datetime | None,
    cases: Text,
) -> Text:
    text: Text
    if on:
        text = _("On now: {names}.", names=await names(tx, on))
    else:
        text = _("Nobody is on now. Whoever can stand in: an organizer says “rota put”.")
    if until is not None:
        text = _("{before} Until {time}.", before=text, time=until.astimezone(community.zone))
    if going:
        text = _("{before} Thank you, {names}.", before=text, names=await names(tx, going))
    return _("{before}\n{cases}", before=text, cases=cases)


async def _open_cases(tx: Transaction, community_id: int) -> Text:
    """How many cases are open, and how many of them nobody has."""
    query = select(func.count(), func.count(CaseRow.holder)).where(
        CaseRow.community_id == community_id, CaseRow.open_for.is_not(None)
    )
    cases, held = (await tx.session.execute(query)).one()
    if not cases:
        return _("No case is open.")
    if cases == held:
        return _("Open cases: {n}, each with a peer.", n=cases)
    return _("Open cases: {n}. Without a peer: {waiting}.", n=cases, waiting=cases - held)
