"""What is said in a case: carried from one side to the other, and what happens if it does not arrive."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.content import Content
from bot.core.crisis import Signal
from bot.core.escalation import HandedOver, MemberSpoke, Spoke
from bot.core.inbound import Picture
from bot.core.people import Member
from bot.core.platform import Receipt, SendError, TryAgain
from bot.core.text import clean
from bot.delivery.outbox import Claimed
from bot.services.escalations import relay, store
from bot.services.escalations.changing import Changing
from bot.services.escalations.paging import is_beside, is_page
from bot.services.escalations.pictures import fetched_by, is_shown_by
from bot.services.escalations.relay import Written
from bot.storage import tables
from bot.storage.database import Transaction


class Conversations(Changing):
    """Carries what is said, and hears that it has arrived or failed."""

    async def conversations(self, tx: Transaction, person: Member) -> list[tables.CaseRow]:
        """The open cases this person is in, as the member or as the peer."""
        return await store.open_cases_with(tx, person.id)

    async def relay(
        self,
        tx: Transaction,
        person: Member,
        row: tables.CaseRow,
        text: str,
        event: str,
        written: Written | None = None,
        *,
        now: datetime,
        late: timedelta = store.PUNCTUAL,
    ) -> bool:
        """Carry a message, seen so `late`, to the others in the case; `written`: where it stands.

        False if nobody is there yet: it is kept for them.
        """
        text = clean(text, relay.LIMIT)
        if not text:
            return True
        carried = await self._relay.say(tx, row, person, text, event, written, now=now, late=late)
        if carried:
            await self._spoken(tx, row, person, now=now)
        return carried

    async def send_pictures(
        self,
        tx: Transaction,
        person: Member,
        row: tables.CaseRow,
        pictures: Sequence[Picture],
        event: str,
        written: Written,
        *,
        now: datetime,
    ) -> Content | None:
        """Ask the others in the case whether they want to see pictures; what their author is told, if anything."""
        told = await self.pictures.offer(tx, row, person, pictures, event, written, now=now)
        if row.holder is not None:
            await self._spoken(tx, row, person, now=now)
        return told

    async def change(
        self, tx: Transaction, person: Member, platform: str, message_id: str, text: str, event: str, *, now: datetime
    ) -> bool:
        """The person has changed what they wrote; those who read it see it as it is now. False if nobody read it."""
        row = await self._relay.change(tx, person, platform, message_id, text, event, now=now)
        if row is not None:
            await self._spoken(tx, row, person, now=now)
        return row is not None

    async def take_back(
        self, tx: Transaction, platform: str, message_id: str, account: str | None, *, now: datetime
    ) -> None:
        """A message or a reaction is no longer where it was; `account`: who took it back, if that is known."""
        await self._relay.take_back(tx, platform, message_id, account, now=now)

    async def react(
        self, tx: Transaction, person: Member, written: Written, emoji: str, event: str, *, now: datetime
    ) -> None:
        """An emoji under a message; it carries over, if the message is one of a conversation. No word, so no answer."""
        await self._relay.react(tx, person, written, emoji, event, now=now)

    async def on_arrival(self, tx: Transaction, arrived: Claimed, receipt: Receipt, *, now: datetime) -> None:
        """A message of a conversation has arrived, or what was to be done to the place of one is done."""
        if arrived.content.fetch is not None and receipt.picture is not None:
            await self.pictures.brought(tx, arrived.content.fetch, receipt.picture, now=now)
            return
        await self._relay.arrived(tx, arrived, now=now)
        await self._effects.places.arrived(tx, arrived, receipt, now=now)

    async def forget_places(self, tx: Transaction, *, now: datetime) -> int:
        """Take away the places of cases that ended as long ago as their community keeps what was said; how many."""
        return await self._effects.places.forget(tx, now=now)

    async def _spoken(self, tx: Transaction, row: tables.CaseRow, person: Member, *, now: datetime) -> None:
        spoke = MemberSpoke() if row.member_id == person.id else Spoke()
        await self._apply(tx, row, spoke, actor=None, now=now)

    async def ask_the_peer(self, tx: Transaction, peer: Member, signal: Signal, *, waits: bool) -> Content:
        """What a peer is told whose words to a member sound as if they were in danger themselves.

        `waits`: if they do not say soon that it was for the member, a person is called for them.
        """
        return await self._effects.answers.to_the_peer(tx, peer, signal.category and signal.category.value, waits=waits)

    async def on_failure(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """A message of a case has failed for good: those on duty are told, and a lost peer is replaced."""
        if failed.case_id is None or failed.key.startswith("unreached:") or _is_sign(failed):
            return
        if (picture_id := fetched_by(failed.key)) is not None:
            await self.pictures.not_brought(tx, picture_id, lasting=not isinstance(error, TryAgain), now=now)
            return
        row = await store.case_numbered(tx, failed.case_id)
        if row is None or row.open_for is None:
            return
        picture = store.OF_A_PICTURE if is_shown_by(failed.key) else ""
        what = f"{store.UNDELIVERED}{picture}{type(error).__name__}"
        await store.note(tx, row.id, what, failed.member_id, now=now)
        if picture:
            # A picture may be refused where every word arrives: of the person, or of the place, that says nothing.
            await self._relay.not_arrived(tx, failed, error, now=now)
            return
        if is_page(failed.key):
            # Whoever has the case was reached some other way; a room that is gone calls nobody.
            if failed.member_id is None and (row.holder is None or is_beside(failed.key)):
                await self._room_is_gone(tx, row, now=now)
            return
        if not isinstance(error, TryAgain) and await self._effects.places.lost(tx, row, failed, now=now):
            return
        await self._relay.not_arrived(tx, failed, error, now=now)
        if failed.member_id is not None and failed.member_id == row.member_id:
            await self._effects.cannot_reach_member(tx, row, now=now)
        elif failed.member_id is not None and failed.member_id == row.holder:
            await self._effects.cannot_reach_holder(tx, row, now=now)
            # A platform that is down for a while is not a peer who is gone: their silence has its own timer.
            if not isinstance(error, TryAgain):
                await self._apply(tx, row, HandedOver(), actor=None, now=now)

    async def _room_is_gone(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """A page to a room does not arrive: people are called at once, whatever the policy would wait for."""
        await self._effects.last_resort(tx, row, now=now)


def _is_sign(failed: Claimed) -> bool:
    """Whether only an emoji, or a removal, has failed: nobody is out of reach for that."""
    return failed.content.upon is not None and failed.content.upon.act not in {"answer", "replace"}
