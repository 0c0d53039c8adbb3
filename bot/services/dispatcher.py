"""The way in: every message passes the crisis detector first, then is a command, an answer, or carried on.

Two transactions: in the first the event is noted and a signal opens its case; the second does the rest. So a fault
in a handler never costs anybody their answer.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import update

from bot.core.commands import Registry
from bot.core.content import Content, Reply
from bot.core.crisis import Detector, Signal
from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.core.people import Member
from bot.services import members, replies, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.writing import PEER, Writing
from bot.storage.database import Database, Transaction
from bot.storage.tables import InboundEvent
from bot.storage.tables import Member as MemberRow

log = logging.getLogger(__name__)

PAUSES = (0.1, 0.5, 2.0)
"""Seconds before an event that could not be noted is tried again: a locked database is free again by then."""


class Dispatcher:
    """Hears, escalates, and lets the rest be done."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        detector: Detector,
        escalations: Escalations,
        voice: Voice,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._registry = registry
        self._detector = detector
        self._escalations = escalations
        self._voice = voice
        self._now = now
        self._runner = Runner(registry, escalations, voice)
        self._writing = Writing(registry, escalations, voice, self._runner)

    async def receive(self, inbound: Inbound) -> Reply | None:
        """Hear one thing a person did; the reply, rendered, only if the adapter answers by itself."""
        signal = self._detector.detect(inbound.text) if inbound.text else None
        if signal is None and not self._is_for_us(inbound):
            return None
        member = await self._hear_at_last(inbound, signal)
        if member is _SEEN_BEFORE:
            return None
        assert not isinstance(member, str)  # noqa: S101  the only string is the one above
        try:
            return await self._answer(inbound, member, signal)
        except Exception as error:
            return await self._park(inbound, member, error)

    def _is_for_us(self, inbound: Inbound) -> bool:
        """Whether a message without a signal concerns the bot; what people say to each other does not."""
        if inbound.private or inbound.invocation is not None or typed.is_marked(inbound.text):
            return True
        return not inbound.edited and self._writing.asks_for_a_person(inbound.text)

    # First: the event and the signal

    async def _hear_at_last(self, inbound: Inbound, signal: Signal | None) -> Member | str | None:
        """Hear it, in spite of a fault that passes; raises what stays, so that the platform brings it again."""
        for pause in (*PAUSES, None):
            try:
                return await self._hear(inbound, signal)
            except Exception as error:
                log.error("an event could not be noted: %s", where(error))
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError

    async def _hear(self, inbound: Inbound, signal: Signal | None) -> Member | str | None:
        now = self._now()
        async with self._database.begin() as tx:
            first = await tx.insert_new(
                InboundEvent,
                platform=inbound.platform,
                event_id=inbound.event_id,
                seen_at=now,
                state="seen",
            )
            if not first:
                row = await tx.session.get_one(InboundEvent, (inbound.platform, inbound.event_id))
                if row.state != "seen":
                    return _SEEN_BEFORE
            member = await members.resolve(tx, inbound, now=now)
            if signal is not None and first and not await self._is_carried(tx, inbound, member):
                if member is None:
                    log.warning("a signal (%s) from nobody's community", signal.severity.value)
                    key = f"stranger:{inbound.platform}:{inbound.event_id}"
                    await self._voice.to_stranger(tx, inbound, replies.stranger_in_danger(), key=key, now=now)
                else:
                    await self._escalations.on_signal(tx, member, signal, inbound, now=now)
            return member

    async def _is_carried(self, tx: Transaction, inbound: Inbound, member: Member | None) -> bool:
        """Whether these may be a peer's words to a member, and about the member: then the peer is asked.

        A peer with an open case of their own is heard like anybody.
        """
        if member is None or not inbound.private or inbound.invocation is not None:
            return False
        conversations = await self._escalations.conversations(tx, member)
        own = any(row.member_id == member.id for row in conversations)
        return not own and any(row.holder == member.id for row in conversations)

    # Then: what is to be done

    async def _answer(self, inbound: Inbound, member: Member | None, signal: Signal | None) -> Reply | None:
        now = self._now()
        async with self._database.begin() as tx:
            reply = await self._handle(tx, inbound, member, signal, now=now)
            returned = None
            if reply is not None:
                returned = await self._give(tx, inbound, member, reply, now=now)
            await self._mark(tx, inbound, "handled", None)
        return returned

    async def _handle(
        self, tx: Transaction, inbound: Inbound, member: Member | None, signal: Signal | None, *, now: datetime
    ) -> Reply | None:
        if member is None:
            return None if signal is not None else Reply(content=self._to_nobodys_member(inbound))
        call = Call(tx=tx, member=member, now=now, inbound=inbound)
        if inbound.invocation is not None:
            return await self._runner.invoke(call, inbound.invocation.command, dict(inbound.invocation.arguments))
        if inbound.edited:
            return None
        if typed.is_marked(inbound.text):
            return await self._writing.marked(call)
        if inbound.private:
            return await self._writing.private(call, signal)
        return await self._writing.in_a_room(call, signal)

    def _to_nobodys_member(self, inbound: Inbound) -> Content:
        """The answer to somebody whose community cannot be told; who asks for a person gets the numbers."""
        asked = inbound.invocation.command if inbound.invocation is not None else inbound.text.strip().strip("!/")
        if asked == PEER or self._writing.asks_for_a_person(inbound.text):
            return replies.stranger_in_danger()
        return replies.no_community()

    # Answers

    async def _give(
        self, tx: Transaction, inbound: Inbound, member: Member | None, reply: Reply, *, now: datetime
    ) -> Reply | None:
        language = inbound.language if member is None else member.language
        content = reply.content.rendered(self._voice.words(language))
        if inbound.answered_directly:
            return Reply(content=content, private=reply.private)
        key = f"reply:{inbound.platform}:{inbound.event_id}"
        # Somebody who has just erased their data is nobody's member any more.
        known = member is not None and await tx.session.get(MemberRow, member.id) is not None
        await self._voice.answer(
            tx, inbound, content, private=reply.private, key=key, member=member if known else None, now=now
        )
        return None

    async def _park(self, inbound: Inbound, member: Member | None, error: Exception) -> Reply | None:
        """A handler has failed: the log has the id, the person a kind answer with the same id."""
        incident = secrets.token_hex(4)
        log.error("incident %s: a handler failed: %s", incident, where(error))
        async with self._database.begin() as tx:
            await self._mark(tx, inbound, "parked", incident)
            reply = Reply(content=replies.fault(incident))
            return await self._give(tx, inbound, member, reply, now=self._now())

    @staticmethod
    async def _mark(tx: Transaction, inbound: Inbound, state: str, error: str | None) -> None:
        await tx.session.execute(
            update(InboundEvent)
            .where(InboundEvent.platform == inbound.platform, InboundEvent.event_id == inbound.event_id)
            .values(state=state, error=error)
        )


_SEEN_BEFORE = "seen before"
