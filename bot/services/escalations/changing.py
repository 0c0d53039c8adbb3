"""The one way a case changes: the state machine says how, and what follows is said, in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from bot.core.content import Content
from bot.core.escalation import (
    Effect,
    Event,
    HandedOver,
    Heard,
    Joined,
    Left,
    Page,
    Skipped,
    Spoke,
    advance,
)
from bot.services import spoken
from bot.services.escalations import relay, store
from bot.services.escalations.effects import Effects
from bot.services.recently import Recently
from bot.storage import tables
from bot.storage.database import Transaction


class Changing:
    """What every use case of a case does at its end."""

    def __init__(self, effects: Effects, recently: Recently | None = None) -> None:
        """`recently`: what is heard together; a case that ends takes its member's words out of it."""
        self._recently = recently
        self._effects = effects
        self._relay = effects.relay
        self.pictures = effects.pictures

    async def _apply(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        event: Event,
        *,
        actor: int | None,
        now: datetime,
        excerpt: str | None = None,
        late: timedelta = store.PUNCTUAL,
        note: str = "",
    ) -> Content | None:
        """Advance the case, store it, log it, and say what follows; the answer to who acted, if there is one.

        `excerpt`: words of the member that nobody carries to the holder; `late`: how late they were seen; `note`: what
        the holder has written for who comes.
        """
        if row.open_for is not None:
            spoken.heard(tx, row.open_for, row.rules)
        before, were_in = store.case_of(row), set(relay.in_case(row))
        case, effects = advance(before, event, now)
        store.write_case(row, case, now=now)
        if before.is_open and not case.is_open and row.member_id is not None:
            await self._forget_words(tx, row.member_id)
        if note and case.turn != before.turn:
            row.note_sealed = tx.vault.seal(note, store.NOTE)
        if case.version != before.version:
            await store.note(tx, row.id, type(event).__name__, actor, now=now)
        answer = await self._perform(tx, row, effects, actor=actor, now=now, excerpt=excerpt, late=late)
        if isinstance(event, Spoke) and before.state is not case.state:
            await self._effects.drop_pages(tx, row)
        if case.version != before.version and isinstance(event, Heard | Joined | Left | HandedOver):
            await self._effects.facts_changed(tx, row, now=now)
        for newcomer in relay.in_case(row):
            if newcomer not in were_in and row.open_for is not None:
                await self.pictures.offer_earlier(tx, row, newcomer, now=now)
        return answer

    async def _perform(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        effects: Sequence[Effect],
        *,
        actor: int | None,
        now: datetime,
        excerpt: str | None = None,
        late: timedelta = store.PUNCTUAL,
    ) -> Content | None:
        """Say what follows; the answer to who acted, if there is one."""
        told = True
        answer = None
        for effect in effects:
            if isinstance(effect, Page):
                told = await self._effects.page(tx, row, effect, now=now) or await self._page_on(tx, row, now=now)
                continue
            said = await self._effects.perform(
                tx, row, effect, actor=actor, now=now, somebody_told=told, excerpt=excerpt, late=late
            )
            answer = said or answer
        return answer

    async def _forget_words(self, tx: Transaction, member_id: int) -> None:
        """What the member wrote before the end makes no new alarm with what they write after it."""
        recently = self._recently
        if recently is None:
            return
        identity = tables.Identity
        theirs = await tx.session.execute(
            select(identity.platform, identity.account).where(identity.member_id == member_id)
        )
        for platform, account in theirs.all():
            tx.after_commit(partial(recently.forget_words, platform, account))

    async def _page_on(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> bool:
        """A step with nobody to page does not wait: go on at once, through every step but once; then to everybody."""
        for _step in range(len(store.case_of(row).policy)):
            case, effects = advance(store.case_of(row), Skipped(), now)
            store.write_case(row, case, now=now)
            pages = [effect for effect in effects if isinstance(effect, Page)]
            if any([await self._effects.page(tx, row, page, now=now) for page in pages]):
                return True
        return await self._effects.last_resort(tx, row, now=now)
