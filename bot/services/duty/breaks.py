"""Breaks: a peer is off at once and without reason, and comes back when they like."""

from datetime import datetime

from bot.core.content import Content
from bot.core.people import Member
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services.duty import store
from bot.services.duty.words import A_PEER
from bot.services.escalations import Escalations
from bot.services.escalations import store as cases
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.duty_tables import RosterRow


class Breaks:
    """Lets peers off, and back. Their cases are handed over kindly by `escalations`."""

    def __init__(self, voice: Voice, escalations: Escalations) -> None:
        self._voice = voice
        self._escalations = escalations

    async def begin(self, tx: Transaction, peer: Member, *, now: datetime) -> Content:
        """The peer is off from now on. Others are called for the cases they have, and their members are told."""
        row = await roster_row(tx, peer.id)
        if row.break_since is not None:
            # They have come back for somebody, and cannot go on.
            text: Text = _("You are on a break. Whenever you are ready: “back”.")
            return Content(text=await self._let_go(tx, peer, text, now=now))
        was_on = (await store.load_plan(tx, peer.community.id, now)).on_at(now)
        row.break_since = now
        await tx.session.flush()
        text = await self._let_go(tx, peer, _("Of course. You are off from now on, and nobody will ask why."), now=now)
        await store.replan(tx, peer.community.id, now)
        if peer.id in was_on:
            left = (await store.load_plan(tx, peer.community.id, now)).on_at(now)
            await self._tell_room(tx, peer, alone=not left, now=now)
        return Content(text=_("{before} Take care of yourself. Whenever you are ready: “back”.", before=text))

    async def _let_go(self, tx: Transaction, peer: Member, text: Text, *, now: datetime) -> Text:
        """They are in no case any more, and read so after `text`."""
        held = await cases.cases_held_by(tx, peer.id)
        await self._escalations.on_break(tx, peer, now=now)
        return _("{before} Somebody else is called for whom you were with.", before=text) if held else text

    async def end(self, tx: Transaction, peer: Member, *, now: datetime) -> Content:
        """The peer is back."""
        row = await roster_row(tx, peer.id)
        if row.break_since is None:
            return Content(text=_("You were not on a break."))
        row.break_since = None
        await tx.session.flush()
        await store.replan(tx, peer.community.id, now)
        return Content(text=_("Welcome back. It is good to have you."))

    async def _tell_room(self, tx: Transaction, peer: Member, *, alone: bool, now: datetime) -> None:
        """The peers' room knows at once who is not there, without a word of why. `alone`: nobody is on now."""
        name = peer.name or A_PEER
        text: Text = _("{name} is off now.", name=name)
        if alone:
            text = _("{before} Nobody is on by the rota. Who can stand in? An organizer says “rota put”.", before=text)
        await self._voice.to_places(
            tx,
            peer.community,
            "peers",
            Content(text=text),
            key=f"break:{peer.id}:{int(now.timestamp())}",
            priority=Priority.REPLY,
            now=now,
            about_id=peer.id,
        )


async def roster_row(tx: Transaction, member_id: int) -> RosterRow:
    """The member's row on the roster, made if need be."""
    await tx.insert_new(RosterRow, member_id=member_id, languages=[], topics=[], hours_days=[])
    return await tx.session.get_one(RosterRow, member_id, populate_existing=True)
