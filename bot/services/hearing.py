"""The first transaction of the way in: the whole event is stored, and a signal in it opens its case."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.crisis import Signal
from bot.core.faults import Told, where
from bot.core.inbound import Inbound
from bot.core.people import Member
from bot.services import incoming, members, replies, strangers
from bot.services.ear import Ear
from bot.services.escalations import Escalations
from bot.services.incoming import InHand
from bot.services.voice import Voice
from bot.services.writing import Writing
from bot.storage.database import Database, Transaction

log = logging.getLogger(__name__)

PAUSES = (0.1, 0.5, 2.0)
"""Seconds before an event that could not be stored is tried again: a locked database is free again by then."""

STORING = "storing"
"""The trouble that is told once: nothing can be stored."""


@dataclass(slots=True)
class Heard:
    """What is to be handled: who did it (None: somebody of no community), and what the detector heard."""

    inbound: Inbound
    member: Member | None
    signal: Signal | None


class Hearing:
    """Stores what came in, and escalates."""

    def __init__(
        self,
        *,
        database: Database,
        ear: Ear,
        escalations: Escalations,
        voice: Voice,
        writing: Writing,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._ear = ear
        self._escalations = escalations
        self._voice = voice
        self._writing = writing
        self._now = now
        self._told = Told()
        self._is_only_process = not database.is_shared
        self._is_fresh = True

    async def hear_at_last(self, inbound: Inbound, signal: Signal | None) -> Heard | None:
        """Store it, in spite of a fault that passes; what is now to be handled, if it is.

        Raises what stays, so that the platform brings it again.
        """
        for attempt, pause in enumerate((*PAUSES, None)):
            try:
                heard = await self._hear(inbound, signal)
            except Exception as error:
                # The first time it may only be that two transactions met, and one of them has to go again.
                if attempt and self._told.is_news(STORING, self._now()):
                    log.error(
                        "what people write cannot be stored, and is tried again: is the database running, may it be"
                        " written, is there free space on its disk? %s",
                        where(error),
                    )
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                if self._told.is_over(STORING):
                    log.warning("what people write can be stored again")
                self._ear.stored(inbound)
                return heard
        raise AssertionError

    async def release_orphans(self, tx: Transaction, in_hand: InHand, *, now: datetime) -> None:
        """After a start, what the process before had in hand is due at once.

        Only where there is a single process: elsewhere another one may have it, and its lease is waited for.
        """
        if self._is_fresh and self._is_only_process:
            await incoming.release(tx, in_hand, now=now)
        self._is_fresh = False

    async def _hear(self, inbound: Inbound, signal: Signal | None) -> Heard | None:
        now = self._now()
        async with self._database.begin() as tx:
            if not await self._still_counts(tx, inbound, signal):
                return None
            author = await members.look_up(tx, inbound)
            # Nobody is made a member by what was handled before: they may have erased their data since.
            if not await incoming.keep(tx, inbound, signal, member_id=author.member_id, now=now):
                return await self._take_over(tx, inbound, now=now)
            member = await members.heard(tx, inbound, author, now=now)
            if member is not None and member.id != author.member_id:
                await incoming.belongs_to(tx, incoming.key_of(inbound), member.id)
            known, signal = signal, self._ear.signal_for(inbound, signal, member)
            if signal != known:
                await incoming.heard(tx, inbound, signal)
            if signal is not None and not await self._is_carried(tx, inbound, member):
                await self._escalate(tx, inbound, member, signal, now=now)
            return Heard(inbound, member, signal)

    async def _escalate(
        self, tx: Transaction, inbound: Inbound, member: Member | None, signal: Signal, *, now: datetime
    ) -> None:
        if member is not None:
            before = self._ear.words_before(inbound)
            await self._escalations.on_signal(tx, member, signal, inbound, before, now=now)
            return
        log.warning("a signal (%s) from nobody's community", signal.severity.value)
        if await strangers.is_answer(tx, inbound, now=now):
            await strangers.tell(tx, self._voice, inbound, now=now)
        key = strangers.key_for(inbound)
        await self._voice.to_stranger(tx, inbound, replies.stranger_in_danger(), key=key, now=now)

    async def _is_carried(self, tx: Transaction, inbound: Inbound, member: Member | None) -> bool:
        """Whether these may be a peer's words to a member, and about the member: then the peer is asked.

        A peer with an open case of their own is heard like anybody.
        """
        if member is None or not inbound.private or inbound.invocation is not None:
            return False
        conversations = await self._escalations.conversations(tx, member)
        own = any(row.member_id == member.id for row in conversations)
        return not own and any(member.id in {row.holder, *row.helpers} for row in conversations)

    async def _still_counts(self, tx: Transaction, inbound: Inbound, signal: Signal | None) -> bool:
        """Whether what is read back is to be stored: words to an open conversation, a "cancel", a name."""
        if not inbound.read_back or signal is not None or self._writing.calls_for_a_person(inbound):
            return True
        if self._writing.cries_for_help(inbound):
            return True
        if await incoming.find(tx, incoming.key_of(inbound)) is not None:
            return True
        member = await members.find(tx, inbound)
        if member is None:
            return await strangers.is_answer(tx, inbound, now=self._now())
        cancels = await self._writing.cancels(tx, member, inbound, now=self._now())
        return cancels or bool(await self._escalations.conversations(tx, member))

    async def _take_over(self, tx: Transaction, inbound: Inbound, *, now: datetime) -> Heard | None:
        """An event that the platform has brought again: to be handled now, for whoever had it in hand is gone.

        Only the owner of the platform's connection hears it, and what this process has in hand itself waits in
        `InHand`. Its signal opened its case when it came first. What has failed already is tried again when it is due.
        """
        stored = await incoming.find(tx, incoming.key_of(inbound))
        if stored is None or stored.state != incoming.SEEN or stored.attempts:
            return None
        member = await members.load(tx, stored.member_id) if stored.member_id is not None else None
        member = member or await members.resolve(tx, inbound, now=now)
        kept, signal = await incoming.take_over(tx, stored, inbound, member.id if member else None, now=now)
        return Heard(kept, member, self._ear.signal_again(kept, signal, member))
