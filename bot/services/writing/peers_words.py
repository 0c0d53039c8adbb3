"""What somebody who is with a member writes that is not for the member, or perhaps not."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.core.crisis import Signal
from bot.core.roles import Action
from bot.core.words import Text, _
from bot.services import offered, questions, replies, talks, unsaid
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.places import reads_there
from bot.services.offer import I_NEED_A_PERSON
from bot.services.questions import Pending, Waits
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.writing import about_whom, at_work, for_which, peers_question
from bot.services.writing.answering import JUST_NOW, Answering, command_in, is_whole
from bot.storage.tables import CaseRow

FEW = 3
"""Words, at most, that are held once more as no answer to an open question: a sentence is the talk that goes on."""

I_HAD_ASKED = _("I had asked you something, so this went to nobody.")


class PeersWords:
    """Keeps back what somebody in danger would read as a word to themselves."""

    def __init__(self, registry: Registry, escalations: Escalations, voice: Voice, runner: Runner) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner
        self._answering = Answering(registry)

    async def answer_to_the_bot(
        self, call: Call, conversations: Sequence[CaseRow], signal: Signal | None
    ) -> Reply | None:
        """What comes of a peer's words that are about what the bot has just said to them, and for nobody else."""
        theirs = [row.id for row in conversations if call.member.id in {row.holder, *row.helpers}]
        if not theirs:
            return None
        everywhere = await self._escalations.conversations(call.tx, call.member)
        asked = None if any(row.member_id == call.member.id for row in everywhere) else await about_whom.asked(call)
        # "I need help" may be heard as danger itself.
        if asked is not None and (signal is None or about_whom.is_about_them(call, self._voice.languages)):
            return await about_whom.answer(call, self._runner, self._registry, theirs, asked, self._voice.languages)
        answer = None
        if signal is None:
            if peers_question.says_send(call.inbound.text, self._voice.languages):
                return await self._send(call, conversations, theirs)
            if (told := await self._while_held(call, conversations)) is not None:
                return told
            answer = await peers_question.answer_in(call, self._registry, self._voice.languages)
        return None if answer is None else await self._answered(call, conversations, answer)

    async def _send(self, call: Call, conversations: Sequence[CaseRow], theirs: Sequence[int]) -> Reply | None:
        """What comes of "send it", which is no word to the member: what is held still goes to the only case."""
        held = await questions.pending(call.tx, call.member, now=call.now, valid=offered.STANDS)
        if held is not None and held.holds and not call.inbound.read_back:
            if len(theirs) == 1 and not await talks.elsewhere(call.tx, call.inbound, call.member.community.id):
                return await self._runner.answer_question(call, held, str(theirs[0]))
            return await self.hold(call, conversations, I_HAD_ASKED, text=held.arguments["text"], before=held.before)
        if call.inbound.read_back or await peers_question.was_offered_to_send(call, self._voice.languages):
            there = call.inbound.apart is not None and await reads_there(call)
            return Reply(content=replies.nothing_held(), private=not there)
        return await self.hold(call, conversations, _("I hold nothing that waits, so this went to nobody."))

    async def _while_held(self, call: Call, conversations: Sequence[CaseRow]) -> Reply | None:
        """What comes of words that follow others which are held: the bot's question before them is still open.

        Its answer is taken; a number is none to whether they are sent, and what is no answer is held, too.
        """
        held = await questions.pending(call.tx, call.member, now=call.now)
        if held is None or not held.holds or call.inbound.read_back:
            return None
        text, before = call.inbound.text, held.before
        answers = before is not None and self._answering.takes(call, before)
        if (text.strip().lstrip("#").isdecimal() or offered.number_of(text) is not None) and not answers:
            return await self.hold(call, conversations, I_HAD_ASKED, text=held.arguments["text"], before=before)
        if (chosen := await peers_question.choice_in(call, self._registry)) is not None:
            return await self._runner.invoke(call, chosen.command, dict(chosen.arguments))
        newest = await peers_question.answer_in(call, self._registry, self._voice.languages)
        is_other = questions.is_bare_cancel(text) or (newest is not None and newest.is_sure)
        if before is None or is_other or (not answers and self._is_work(call)):
            return None
        return await self._to_the_one_before(call, conversations, before, is_fresh=call.now - held.asked_at <= JUST_NOW)

    async def _to_the_one_before(
        self, call: Call, conversations: Sequence[CaseRow], before: Pending, *, is_fresh: bool
    ) -> Reply | None:
        """What comes of words to the question that had been asked before others were held, if they may answer it."""
        if self._answering.takes(call, before) or (is_fresh and self._answering.takes_any(before)):
            reply = await self._runner.answer_question(call, before, call.inbound.text)
            if not await self._answering.asks_again(call, before):
                return reply
        if is_fresh and len(call.inbound.text.split()) <= FEW:
            return await self.hold(call, conversations, I_HAD_ASKED, before=replace(before, asked_at=call.now))
        await questions.forget(call.tx, call.member)
        return None

    def _is_work(self, call: Call) -> bool:
        bare = command_in(call, self._registry)
        return bare is not None and is_whole(call, bare) and bare.command.may is Action.TAKE_CASE

    async def _answered(
        self, call: Call, conversations: Sequence[CaseRow], answer: peers_question.Answer
    ) -> Reply | None:
        """Do what a peer has answered, or ask them for whom it was."""
        if not answer.is_sure:
            before = await questions.pending(call.tx, call.member, now=call.now)
            return await self.hold(call, conversations, I_HAD_ASKED, before=before)
        if answer.presses is None or call.inbound.read_back:
            await questions.forget(call.tx, call.member)
            there = call.inbound.apart is not None and await reads_there(call)
            return Reply(content=replies.nothing_done(), private=not there)
        return await self._runner.invoke(call, answer.presses.command, dict(answer.presses.arguments))

    async def do_work(self, call: Call, conversations: Sequence[CaseRow], work: at_work.Work) -> Reply | None:
        """Words for the bot: they never go to the member by themselves, and so late nothing is done by itself."""
        if work.runs is not None:
            if not call.inbound.read_back:
                return await self._runner.run_typed(call, work.runs)
            work = at_work.asked_first(work, work.runs)
        held = await self.hold(call, conversations, work.why, asks=work.asks, is_sure=True)
        if held is None or work.offers is None or not held.private:
            return held  # where others read, too, each of them could press it for themselves
        return replace(held, content=replace(held.content, choices=(*held.content.choices, work.offers)))

    async def hold(
        self,
        call: Call,
        conversations: Sequence[CaseRow],
        why: Text,
        *,
        before: Pending | None = None,
        text: str = "",
        asks: bool = False,
        is_sure: bool = False,
    ) -> Reply | None:
        """Words of a peer that are perhaps for the bot: they go to a member only once the peer has said so.

        `asks`: `why` asks that by itself; `before`: what the bot had asked, which stays open if it is of their work;
        `text`: the words, if they were held before. None if the words are not a peer's, or were read back and it is
        not `is_sure` that they are no word to a member.
        """
        theirs = [row.id for row in conversations if call.member.id in {row.holder, *row.helpers}]
        if not theirs or (call.inbound.read_back and not is_sure):
            return None
        ask = why if asks else _("{why} Is it for them? Then choose that below, and I send it.", why=why)
        if before is not None and before.holds:
            before = before.before
        if before is not None and (before.waits is not Waits.ANSWER or not self._answering.is_of_peers(before)):
            before = None
        held = await for_which.ask(call, self._registry, theirs, ask, text=text, holds=True, before=before)
        # Said where they wrote it: in another chat it would look as if it had been done.
        return replace(held, private=call.inbound.apart is None or not await reads_there(call))

    async def ask_whom_it_is_about(self, call: Call, conversations: Sequence[CaseRow], signal: Signal) -> Reply:
        """A peer's words sound as if they were in danger: they are not passed on before the peer has said so."""
        waits = await unsaid.wait_for(call, signal)
        content = await self._escalations.ask_the_peer(call.tx, call.member, signal, waits=bool(waits))
        cases = [row.id for row in conversations]
        ask = _("To which case shall I bring this?")
        asked = await for_which.ask(call, self._registry, cases, ask, unsaid=waits or unsaid.nobody_called(call))
        return Reply(content=replace(content, choices=(I_NEED_A_PERSON, *asked.content.choices)))
