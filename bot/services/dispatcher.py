"""The way in: every message passes the crisis detector first, then is a command, an answer, or carried on.

Two transactions: in the first the event is noted and a signal opens its case; the second does the rest. So a fault
in a handler never costs anybody their answer.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import update

from bot.core.commands import BadValue, Command, Registry
from bot.core.content import Content, Reply
from bot.core.crisis import Detector, Signal
from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.core.people import Member
from bot.core.roles import Action, may
from bot.core.words import _
from bot.services import members, questions, replies, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.voice import Voice
from bot.storage.database import Database, Transaction
from bot.storage.tables import CaseRow, InboundEvent
from bot.storage.tables import Member as MemberRow

log = logging.getLogger(__name__)

SAY = "say"
"""The command that carries a message to one of several conversations."""


class Dispatcher:
    """Hears, escalates, runs commands and answers."""

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

    async def receive(self, inbound: Inbound) -> Reply | None:
        """Hear one thing a person did; the reply, rendered, only if the adapter answers by itself."""
        signal = self._detector.detect(inbound.text) if inbound.text else None
        meant_for_us = inbound.private or inbound.invocation is not None or typed.is_marked(inbound.text)
        if signal is None and not meant_for_us:
            return None
        member = await self._hear(inbound, signal)
        if member is _SEEN_BEFORE:
            return None
        assert not isinstance(member, str)  # noqa: S101  the only string is the one above
        try:
            return await self._answer(inbound, member, signal)
        except Exception as error:
            return await self._park(inbound, member, error)

    # First: the event and the signal

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
        """Whether these are a peer's words to a member: asking about suicide directly is good practice, no signal."""
        if member is None or not inbound.private or inbound.invocation is not None:
            return False
        conversations = await self._escalations.conversations(tx, member)
        return any(row.holder == member.id for row in conversations)

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
            return None if signal is not None else Reply(content=replies.no_community())
        call = Call(tx=tx, member=member, now=now, inbound=inbound)
        if inbound.invocation is not None:
            return await self._invoke(call, inbound.invocation.command, dict(inbound.invocation.arguments))
        if inbound.edited:
            return None
        if typed.is_marked(inbound.text):
            return await self._marked_words(call)
        return await self._private_words(call, signal) if inbound.private else None

    async def _marked_words(self, call: Call) -> Reply | None:
        """A typed command; in a room an unknown one is another bot's business."""
        found = typed.read(call.inbound.text, self._registry, call.member.reads(call.now))
        if found is not None:
            return await self._typed(call, found)
        return Reply(content=replies.unknown_command()) if call.inbound.private else None

    async def _private_words(self, call: Call, signal: Signal | None) -> Reply | None:
        """Plain words in a private chat: an answer, a word to the other side, or a command without its mark."""
        text = call.inbound.text
        question = await questions.pending(call.tx, call.member, now=call.now)
        conversations = await self._escalations.conversations(call.tx, call.member)
        if question is not None and signal is None and (len(conversations) != 1 or self._answers(call, question)):
            return await self._answer_question(call, question, text)
        if question is not None:
            # What somebody in danger writes next is for the person who comes, not the answer to an old question;
            # and words to the other side that are no answer are not held up by asking again.
            await questions.forget(call.tx, call.member)
        command = self._meant(call, text, conversations)
        if command is not None:
            return await self._typed(call, command)
        if conversations:
            return await self._carry(call, [row.id for row in conversations], answered=signal is not None)
        if signal is not None:
            return None
        await self._welcome(call)
        return Reply(content=replies.not_understood())

    def _answers(self, call: Call, question: questions.Pending) -> bool:
        """Whether the words are a value that was asked for."""
        command = self._registry.get(question.command)
        asked = next((p for p in command.parameters if p.name == question.parameter), None) if command else None
        if asked is None or questions.is_cancel(call.inbound.text):
            return True
        try:
            asked.kind.parse(call.inbound.text, call.member.reads(call.now))
        except BadValue:
            return False
        return True

    def _meant(self, call: Call, text: str, conversations: Sequence[CaseRow]) -> typed.Typed | None:
        """The command that plain words mean: none where they may be meant for the person on the other side."""
        phrase = typed.read_phrase(text, self._registry, self._voice.languages)
        if phrase is not None and not any(row.holder for row in conversations):
            return typed.Typed(phrase, {})
        bare = typed.read(text, self._registry, call.member.reads(call.now))
        if bare is None or bare.left:
            return None
        holds = any(row.holder == call.member.id for row in conversations)
        return bare if not conversations or (holds and bare.command.may is Action.TAKE_CASE) else None

    async def _carry(self, call: Call, case_ids: list[int], *, answered: bool) -> Reply | None:
        say = self._registry.by_name[SAY]
        if len(case_ids) > 1:
            which = BadValue(_("To which case shall I bring this?"), tuple(str(id_) for id_ in case_ids[:5]))
            arguments = {"text": call.inbound.text}
            parameter = next(p for p in say.parameters if p.name == "case")
            return await questions.ask(call.tx, call.member, say, parameter, arguments, problem=which, now=call.now)
        row = (await self._escalations.conversations(call.tx, call.member))[0]
        event = f"{call.inbound.platform}:{call.inbound.event_id}"
        carried = await self._escalations.relay(call.tx, call.member, row, call.inbound.text, event, now=call.now)
        return None if carried or answered else Reply(content=replies.kept_for_the_person())

    # Commands

    async def _invoke(self, call: Call, name: str, arguments: dict[str, str]) -> Reply:
        if name == questions.ANSWER:
            number = arguments.get("question", "")
            wanted = int(number) if number.isdecimal() else 0
            question = await questions.pending(call.tx, call.member, now=call.now, id_=wanted)
            if question is None:
                return Reply(content=replies.question_is_gone())
            return await self._answer_question(call, question, arguments.get("value", ""))
        command = self._registry.get(name)
        if command is None:
            return Reply(content=replies.unknown_command())
        return await self._run(call, command, arguments)

    async def _answer_question(self, call: Call, question: questions.Pending, text: str) -> Reply:
        await questions.forget(call.tx, call.member)
        command = self._registry.get(question.command)
        if command is None or questions.is_cancel(text):
            return Reply(content=replies.cancelled())
        return await self._run(call, command, {**question.arguments, question.parameter: text})

    async def _typed(self, call: Call, found: typed.Typed) -> Reply:
        if found.left:
            return Reply(content=replies.too_much(found.command, found.left))
        return await self._run(call, found.command, dict(found.arguments))

    async def _run(self, call: Call, command: Command, arguments: dict[str, str]) -> Reply:
        if not may(call.member.roles, command.may):
            return Reply(content=replies.not_for_you(command.may))
        reader = call.member.reads(call.now)
        values: dict[str, object] = {}
        for parameter in command.parameters:
            given = arguments.get(parameter.name, "").strip()
            problem = None
            if given:
                try:
                    values[parameter.name] = parameter.kind.parse(given, reader)
                    continue
                except BadValue as bad:
                    problem = bad
            if given or parameter.required:
                return await questions.ask(
                    call.tx, call.member, command, parameter, arguments, problem=problem, now=call.now
                )
        try:
            reply = await command.run(call, **values)
        except BadValue as bad:
            again = next((p for p in command.parameters if p.name == bad.parameter), None)
            if again is None:
                return Reply(content=Content(text=bad.message))
            return await questions.ask(call.tx, call.member, command, again, arguments, problem=bad, now=call.now)
        if command.may is Action.USE:
            await self._welcome(call)
        return reply

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

    async def _welcome(self, call: Call) -> None:
        """At the first contact that is not a cry for help: say what is stored. Not around a case of theirs."""
        row = await call.tx.session.get(MemberRow, call.member.id)
        if row is None or row.welcomed_at is not None:
            return
        if await self._escalations.had_one(call.tx, call.member, now=call.now):
            return
        row.welcomed_at = call.now
        content = replies.welcome(call.member.community.name).rendered(self._voice.words(call.member.language))
        key = f"welcome:{call.member.id}"
        await self._voice.answer(
            call.tx, call.inbound, content, private=True, key=key, member=call.member, now=call.now
        )

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
