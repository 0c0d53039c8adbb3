"""What somebody who is with a member writes that is not for the member, or perhaps not."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.core.crisis import Signal
from bot.core.words import Text, _
from bot.services import questions, replies, unsaid
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.places import reads_there
from bot.services.offer import I_NEED_A_PERSON
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.writing import about_whom, at_work, for_which, peers_question
from bot.storage.tables import CaseRow

I_HAD_ASKED = _("I had asked you something, so this went to nobody.")


class PeersWords:
    """Keeps back what somebody in danger would read as a word to themselves."""

    def __init__(self, registry: Registry, escalations: Escalations, voice: Voice, runner: Runner) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner

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
            answer = await peers_question.answer_in(call, self._registry, self._voice.languages)
        return None if answer is None else await self._answered(call, conversations, answer)

    async def _answered(
        self, call: Call, conversations: Sequence[CaseRow], answer: peers_question.Answer
    ) -> Reply | None:
        """Do what a peer has answered, or ask them for whom it was."""
        if not answer.is_sure:
            return await self.hold(call, conversations, I_HAD_ASKED)
        if answer.presses is None or call.inbound.read_back:
            await questions.forget(call.tx, call.member)
            there = call.inbound.apart is not None and await reads_there(call)
            return Reply(content=replies.nothing_done(), private=not there)
        return await self._runner.invoke(call, answer.presses.command, dict(answer.presses.arguments))

    async def do_work(self, call: Call, conversations: Sequence[CaseRow], work: at_work.Work) -> Reply | None:
        """Words for the bot: they never go to the member by themselves."""
        if call.inbound.read_back:
            return None
        if work.runs is not None:
            return await self._runner.run_typed(call, work.runs)
        held = await self.hold(call, conversations, work.why)
        if held is None or work.offers is None or not held.private:
            return held  # where others read, too, each of them could press it for themselves
        return replace(held, content=replace(held.content, choices=(*held.content.choices, work.offers)))

    async def hold(self, call: Call, conversations: Sequence[CaseRow], why: Text) -> Reply | None:
        """Words of a peer that are perhaps for the bot: they go to a member only once the peer has said so.

        None if the words are not a peer's, or were read back.
        """
        theirs = [row.id for row in conversations if call.member.id in {row.holder, *row.helpers}]
        if not theirs or call.inbound.read_back:
            return None
        ask = _("{why} Is it for them? Then choose the case, and I send it.", why=why)
        held = await for_which.ask(call, self._registry, theirs, ask)
        # Said where they wrote it: in another chat it would look as if it had been done.
        return replace(held, private=call.inbound.apart is None or not await reads_there(call))

    async def ask_whom_it_is_about(self, call: Call, conversations: Sequence[CaseRow], signal: Signal) -> Reply:
        """A peer's words sound as if they were in danger: they are not passed on before the peer has said so."""
        waits = await unsaid.wait_for(call, signal)
        content = await self._escalations.ask_the_peer(call.tx, call.member, signal, waits=bool(waits))
        cases = [row.id for row in conversations]
        ask = _("To which case shall I bring this?")
        asked = await for_which.ask(call, self._registry, cases, ask, unsaid=waits or unsaid.NOBODY_CALLED)
        return Reply(content=replace(content, choices=(I_NEED_A_PERSON, *asked.content.choices)))
