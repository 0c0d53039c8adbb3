"""The way in: every message passes the crisis detector first, then is a command, an answer, or carried on.

Two transactions: in the first the whole event is stored and a signal opens its case; the second does the rest and
forgets the event. So a fault in a handler never costs anybody their answer: it is tried again from what was stored,
and so is what a process had in hand that is gone.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.core.crisis import Signal
from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.core.people import Member
from bot.core.roles import Role
from bot.delivery.outbox import Priority
from bot.services import incoming, members, replies, strangers, typed
from bot.services.at_once import AtOnce, SayAtOnce
from bot.services.call import Call
from bot.services.ear import Ear
from bot.services.escalations import Escalations, relay_rows
from bot.services.escalations.followup import FollowUps
from bot.services.hearing import Heard, Hearing
from bot.services.incoming import InHand, Stored
from bot.services.lexicons import Lexicons
from bot.services.offer import with_a_person
from bot.services.recently import Recently
from bot.services.runner import Runner
from bot.services.unnamed import Unnamed
from bot.services.voice import Voice
from bot.services.writing import Writing, taking
from bot.storage.database import Database, Transaction
from bot.storage.tables import Member as MemberRow

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=3)
"""How long somebody who may be in danger waits for a database that is stuck, before they are told so."""

TELL_AFTER = 2
"""Failed attempts, a few seconds after the first, at which somebody who asks for a person is told of the trouble."""


class Dispatcher:
    """Hears, escalates, and lets the rest be done."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        lexicons: Lexicons,
        recently: Recently,
        escalations: Escalations,
        voice: Voice,
        now: Callable[[], datetime],
        follow_ups: FollowUps,
        say_at_once: SayAtOnce,
    ) -> None:
        """`say_at_once` reaches somebody in danger while the database cannot be written."""
        self._database = database
        self._voice = voice
        self._escalations = escalations
        self._now = now
        self._runner = Runner(registry, escalations, voice)
        self._writing = Writing(registry, escalations, voice, self._runner, follow_ups)
        self._ear = Ear(lexicons, recently, self._writing.calls_for_a_person, self._writing.is_command)
        self._hearing = Hearing(
            database=database, ear=self._ear, escalations=escalations, voice=voice, writing=self._writing, now=now
        )
        self._unnamed = Unnamed(database=database, ear=self._ear, voice=voice, now=now)
        self._at_once = AtOnce(say_at_once, voice)
        self._in_hand = InHand()

    async def receive(self, inbound: Inbound) -> Reply | None:
        """Hear one thing a person did; the reply, rendered, only if the adapter answers by itself.

        Raises what keeps it from being stored, so that the platform brings it again.
        """
        if inbound.unnamed:
            await self._unnamed.hear(inbound)
            return None
        calls = self._writing.calls_for_a_person(inbound)
        # Discord takes an interaction's answer for three seconds.
        signal = await self._ear.signal_in(inbound, at_once=calls or inbound.answered_directly)
        if signal is None and not self._is_for_us(inbound) and not await self._is_work(inbound):
            return None
        urgent = calls or signal is not None
        heard = None
        if inbound.replaces is not None:
            await self._in_hand.over((inbound.platform, inbound.replaces))
        async with self._in_hand.alone(incoming.key_of(inbound)):
            try:
                heard = await (self._hear_soon if urgent else self._hearing.hear_at_last)(inbound, signal)
                return None if heard is None else await self._answer(heard)
            except Exception:
                if heard is not None:
                    urgent = calls and heard.signal is None  # who was heard has a case
                if urgent:
                    if inbound.answered_directly:
                        return self._at_once.reply(inbound)
                    await self._at_once.answer(inbound)
                raise

    async def taken_back(self, platform: str, message_id: str, account: str | None) -> None:
        """A message is gone that may have been carried to somebody; first it is handled, if it is in hand."""
        await self._in_hand.over((platform, message_id))
        async with self._database.read() as tx:  # most of what is removed was nobody's word to another
            if not await relay_rows.has_carried(tx, platform, message_id):
                return
        async with self._database.begin() as tx:
            await self._escalations.take_back(tx, platform, message_id, account, now=self._now())

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Handle the first stored event that waits for it; 0 if there is none.

        It waits because its handler has failed, or because the process that heard it is gone. They go in the order in
        which they came; but one that is tried again comes after those that meanwhile have succeeded.
        """
        await self._hearing.release_orphans(tx, self._in_hand, now=now)
        stored = await incoming.first_due(tx, now=now)
        if stored is None:
            return 0
        inbound = member = kept = None
        try:
            async with tx.session.begin_nested():
                try:
                    inbound, kept = incoming.read(tx, stored)
                finally:  # whose words cannot be read is told so
                    member = None if stored.member_id is None else await members.load(tx, stored.member_id)
                await self._handle(tx, Heard(inbound, member, self._ear.signal_again(inbound, kept, member)), now=now)
        except Exception as error:
            try:
                async with tx.session.begin_nested():
                    await self._again_or_park(tx, stored, inbound, member, error, now=now)
            except Exception as fault:
                # Nobody can be told, but those behind it are heard.
                log.error("event %s: parked without a word to its person: %s", stored.event_id, where(fault))
                await incoming.parked(tx, stored.key, where(fault), attempts=stored.attempts + 1)
        return 1

    def _is_for_us(self, inbound: Inbound) -> bool:
        """Whether a message without a signal concerns the bot; what people say to each other does not."""
        if inbound.reaction is not None:
            return inbound.private
        if self._writing.cries_for_help(inbound):
            return True
        if inbound.read_back:
            return inbound.private or self._writing.calls_for_a_person(inbound)
        if inbound.private or inbound.invocation is not None or typed.is_marked(inbound.text):
            return True
        return not inbound.edited and self._writing.asks_for_a_person(inbound.text)

    async def _is_work(self, inbound: Inbound) -> bool:
        """Whether a peer writes in their room that they are on it, or "escalate alice".

        A quick reader would believe that they have it, or that somebody is called.
        """
        if inbound.invocation is not None or inbound.reaction is not None or not self._writing.is_work(inbound):
            return False
        async with self._database.read() as tx:
            return await taking.may_take_there(tx, inbound)

    async def _hear_soon(self, inbound: Inbound, signal: Signal | None) -> Heard | None:
        """Store what somebody wrote who may be in danger: they do not wait long for a database that is stuck."""
        hearing = asyncio.create_task(self._hearing.hear_at_last(inbound, signal), name="hearing somebody in danger")
        try:
            done, _late = await asyncio.wait({hearing}, timeout=PATIENCE.total_seconds())
            if not done:
                await self._at_once.answer(inbound)
            return await hearing
        finally:
            if not hearing.done():
                hearing.cancel()
                await asyncio.wait({hearing})

    # What is to be done

    async def _answer(self, heard: Heard) -> Reply | None:
        """Handle it. Where somebody waits for the adapter's own answer, a fault is tried once more in place."""
        for is_last in (False, True) if heard.inbound.answered_directly else (True,):
            try:
                return await self._handle_stored(heard)
            except Exception as error:
                if is_last:
                    return await self._not_handled(heard, error)
                log.warning("event %s: its handler failed, at once again: %s", heard.inbound.event_id, where(error))
        raise AssertionError

    async def _handle_stored(self, heard: Heard) -> Reply | None:
        async with self._database.begin() as tx:
            stored = await self._still_to_do(tx, heard)
            return None if stored is None else await self._handle(tx, heard, now=self._now())

    async def _still_to_do(self, tx: Transaction, heard: Heard) -> Stored | None:
        """The event's row, unless somebody else has handled it meanwhile, or its person has erased their data."""
        stored = await incoming.find(tx, incoming.key_of(heard.inbound))
        if stored is None or stored.state != incoming.SEEN:
            return None
        if heard.member is not None and stored.member_id is not None and stored.member_id != heard.member.id:
            heard.member = await members.load(tx, stored.member_id)  # two members turned out to be one person
        return stored

    async def _handle(self, tx: Transaction, heard: Heard, *, now: datetime) -> Reply | None:
        """Do what is to be done and forget the event, in one transaction."""
        reply = await self._reply(tx, heard.inbound, heard.member, heard.signal, now=now)
        returned = None
        if reply is not None:
            returned = await self._give(tx, heard.inbound, heard.member, reply, now=now)
        await incoming.handled(tx, incoming.key_of(heard.inbound))
        return returned

    async def _reply(
        self, tx: Transaction, inbound: Inbound, member: Member | None, signal: Signal | None, *, now: datetime
    ) -> Reply | None:
        if member is None:
            heard = inbound.reaction is not None or signal is not None or self._writing.cries_for_help(inbound)
            return None if heard else await self._to_nobodys_member(tx, inbound, now=now)
        call = Call(tx=tx, member=member, now=now, inbound=inbound, in_danger=signal is not None)
        if inbound.reaction is not None or inbound.edited:
            return await self._writing.changed(call, signal)
        if inbound.read_back:
            reply = await self._writing.afterwards(call, signal)
            return await self._writing.file(call) if inbound.files and reply is None else reply
        if inbound.invocation is not None:
            return await self._runner.invoke(call, inbound.invocation.command, dict(inbound.invocation.arguments))
        reply = await self._writing.read(call, signal) if inbound.text or not inbound.files else None
        # A picture beside "I need a person" is for the person who comes.
        if inbound.files and (reply is None or await self._writing.is_in_a_talk(call)):
            told = await self._writing.file(call)
            reply = replies.both(reply, told) if reply and told else reply or told
        return reply

    async def _to_nobodys_member(self, tx: Transaction, inbound: Inbound, *, now: datetime) -> Reply | None:
        """To somebody whose community cannot be told; who asks for a person gets the numbers, and is asked for it."""
        if not self._writing.calls_for_a_person(inbound):
            named = await strangers.named(tx, self._voice, inbound, now=now)
            return Reply(content=named or replies.no_community())
        content = replies.stranger_in_danger()
        await self._voice.to_stranger(tx, inbound, content, key=strangers.key_for(inbound), now=now)
        # Where that stays on the screen of who pressed a button, they see it even if their private chat is closed.
        return Reply(content=content) if inbound.answered_directly else None

    async def _give(
        self, tx: Transaction, inbound: Inbound, member: Member | None, reply: Reply, *, now: datetime
    ) -> Reply | None:
        language = inbound.language if member is None else self._voice.language_for(tx, member)
        content = reply.content
        if member is not None and member.roles == {Role.MEMBER} and (reply.private or inbound.private):
            content = with_a_person(content)
        if member is not None and (reply.private or inbound.private):
            content = await self._voice.true_for(tx, member, content, now=now)
        content = content.rendered(self._voice.words(language))
        if inbound.answered_directly:
            return Reply(content=content, private=reply.private)
        key = f"reply:{inbound.platform}:{inbound.event_id}"
        # Somebody who has just erased their data is nobody's member any more.
        known = member is not None and await tx.session.get(MemberRow, member.id) is not None
        await self._voice.answer(
            tx, inbound, content, private=reply.private, key=key, member=member if known else None, now=now
        )
        return None

    # Faults

    async def _not_handled(self, heard: Heard, error: Exception) -> Reply | None:
        async with self._database.begin() as tx:
            stored = await self._still_to_do(tx, heard)
            if stored is None:
                return None
            return await self._again_or_park(tx, stored, heard.inbound, heard.member, error, now=self._now())

    async def _again_or_park(
        self,
        tx: Transaction,
        stored: Stored,
        inbound: Inbound | None,
        member: Member | None,
        error: Exception,
        *,
        now: datetime,
    ) -> Reply | None:
        """A handler has failed: it is tried again after each of `incoming.PAUSES`, then parked.

        At once where somebody waits for the adapter's own answer, or what was stored cannot be read (`inbound` None).
        """
        attempts = stored.attempts + 1
        calls = inbound is not None and self._writing.calls_for_a_person(inbound)
        waits = inbound is not None and inbound.answered_directly
        if inbound is None or (waits and not calls) or attempts > len(incoming.PAUSES):
            return await self._park(tx, stored, inbound, member, error, now=now)
        pause = incoming.PAUSES[attempts - 1]
        seconds = pause.total_seconds()
        log.warning("event %s: its handler failed, again in %d s: %s", stored.event_id, seconds, where(error))
        await incoming.again(tx, stored.key, attempts=attempts, at=now + pause)
        if waits:
            # Somebody has pressed for a person: they are told of the trouble, and it is tried again all the same.
            words = self._voice.words(inbound.language if member is None else member.language)
            return Reply(content=replies.trouble().rendered(words))
        if attempts == TELL_AFTER and calls:
            key = f"trouble:{inbound.platform}:{inbound.event_id}"
            await self._voice.to_stranger(tx, inbound, replies.trouble(), key=key, now=now)
        return None

    async def _park(
        self,
        tx: Transaction,
        stored: Stored,
        inbound: Inbound | None,
        member: Member | None,
        error: Exception,
        *,
        now: datetime,
    ) -> Reply | None:
        """It is given up: the log and the row have a number and the fault, the person a kind answer with the number."""
        incident = secrets.token_hex(4)
        fault = where(error)
        log.error("incident %s: a handler failed: %s", incident, fault)
        await incoming.parked(tx, stored.key, f"{incident} {fault}", attempts=stored.attempts + 1)
        reply = Reply(content=replies.fault(incident))
        if inbound is not None:
            return await self._give(tx, inbound, member, reply, now=now)
        if member is not None:
            key = f"reply:{stored.platform}:{stored.event_id}"
            await self._voice.to_member(tx, member, reply.content, key=key, priority=Priority.REPLY, now=now)
        return None
