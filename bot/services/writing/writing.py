"""What people write: typed commands, and in a private chat answers, phrases, and words to the other side."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.core.crisis import Severity, Signal
from bot.core.inbound import Inbound
from bot.core.roles import Action, may
from bot.services import questions, replies, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.followup import FollowUps
from bot.services.offered import HELP
from bot.services.questions import Waits
from bot.services.runner import Runner
from bot.services.typed import Typed
from bot.services.voice import Voice
from bot.services.writing import at_work, crying, plainly, taking, taking_up, translated, while_waiting
from bot.services.writing.answering import cancels, command_in, is_whole
from bot.services.writing.around_a_talk import tell_of_the_mark
from bot.services.writing.everyday import Everyday
from bot.services.writing.exactly import begins_like
from bot.services.writing.peers_words import PeersWords
from bot.services.writing.phrases import PEER, STOP, Phrases
from bot.services.writing.to_a_question import ToAQuestion
from bot.services.writing.to_others import ToOthers, written
from bot.services.writing.to_the_bot import ToTheBot
from bot.storage.tables import CaseRow


class Writing:
    """Finds out what written words are: a command, an answer, or for somebody."""

    def __init__(
        self, registry: Registry, escalations: Escalations, voice: Voice, runner: Runner, follow_ups: FollowUps
    ) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner
        self._phrases = Phrases(registry, voice)
        self._everyday = Everyday(registry, escalations, voice, runner)
        self._to_others = ToOthers(registry, escalations, voice, runner, self._everyday)
        self._peers = PeersWords(registry, escalations, voice, runner)
        self._to_a_question = ToAQuestion(registry, voice, runner, self._phrases, self._peers)
        self._to_the_bot = ToTheBot(registry, escalations, voice, runner, follow_ups, self._everyday, self._phrases)
        self.is_command = self._everyday.is_command
        self.cancels = cancels
        self.asks_for_a_person = self._phrases.asks_for_a_person
        self.calls_for_a_person = self._phrases.calls_for_a_person
        self.file = self._to_others.file

    def is_work(self, inbound: Inbound) -> bool:
        """Whether somebody writes in a room, and nothing else, that they take a case, or a command of their work."""
        if inbound.private or inbound.edited or inbound.read_back:
            return False
        if taking.said_in(inbound.text, self._voice.languages) is not None:
            return True
        return plainly.is_work(inbound.text, self._registry)

    def cries_for_help(self, inbound: Inbound) -> bool:
        """Whether somebody writes a mere "help" in a room."""
        return crying.is_cry(inbound, self._voice.languages)

    async def is_in_a_talk(self, call: Call) -> bool:
        """Whether what they write or send is for somebody else."""
        return bool(await self._to_others.talks(call))

    async def afterwards(self, call: Call, signal: Signal | None) -> Reply | None:
        """What was written while the bot was away: a call for a person, the end of a question, words to the other side.

        Nothing else is done so late; a signal has been answered already.
        """
        if signal is None and self.cries_for_help(call.inbound) and not self.calls_for_a_person(call.inbound):
            await crying.answer(call, self._escalations, self._voice)
            return None
        conversations = await self._to_others.talks(call)
        accompanied = any(row.member_id == call.member.id and row.holder is not None for row in conversations)
        is_word = call.inbound.private and not typed.is_marked(call.inbound.text)
        if signal is None and self.calls_for_a_person(call.inbound) and not (accompanied and is_word):
            return await self._runner.run(call, self._registry.by_name[PEER], {})
        if await cancels(call.tx, call.member, call.inbound, now=call.now):
            question = await questions.pending(call.tx, call.member, now=call.inbound.at)
            if question is not None:
                return await self._runner.answer_question(call, question, call.inbound.text)
            return Reply(content=replies.nothing_to_cancel() if conversations else replies.nothing_waits())
        if not is_word or not conversations:
            return None
        told = await self._peers.answer_to_the_bot(call, conversations, signal)
        return told or await self._in_conversation(call, conversations, signal)

    async def changed(self, call: Call, signal: Signal | None) -> Reply | None:
        """A message whose words are others now, or that has a reaction: those who read it see that, too.

        What a peer changes so that it sounds like their own danger is not passed on before they have said so.
        """
        inbound = call.inbound
        event = f"{inbound.platform}:{inbound.event_id}"
        if inbound.reaction is not None and inbound.about is not None:
            there = replace(written(inbound), message_id=inbound.reaction.id)
            await self._escalations.react(call.tx, call.member, there, inbound.reaction.emoji, event, now=call.now)
        elif inbound.private and inbound.replaces is not None:
            conversations = await self._to_others.talks(call)
            own = any(row.member_id == call.member.id for row in conversations)
            if signal is not None and conversations and not own:
                return await self._peers.ask_whom_it_is_about(call, conversations, signal)
            carried = await self._escalations.change(
                call.tx, call.member, inbound.platform, inbound.replaces, inbound.text, event, now=call.now
            )
            if signal is not None and not carried and own:
                # What was nobody's word to another has become one that their peer must read.
                mine = [row.id for row in conversations if row.member_id == call.member.id]
                return await self._to_others.carry(call, mine, answered=True)
        return None

    async def read(self, call: Call, signal: Signal | None) -> Reply | None:
        """What was written just now."""
        if typed.is_marked(call.inbound.text):
            return await self._to_the_bot.marked(call)
        if call.inbound.apart is not None and not await self._to_others.talks(call):
            return await self._to_the_bot.in_a_place(call)
        if not call.inbound.private:
            return await self._in_a_room(call, signal)
        one = None if signal is not None else await self._to_others.to_one(call)
        return one or await self._private(call, signal)

    async def _in_a_room(self, call: Call, signal: Signal | None) -> Reply | None:
        """Words in a room: "I need a person" counts there, too, and in peers' rooms "I'm on it" or "escalate alice".

        A signal has been answered already.
        """
        if signal is not None:
            return None
        if self.is_work(call.inbound) and await taking.may_take_there(call.tx, call.inbound):
            taken = await taking.answer(call, self._escalations, self._runner, self._voice.languages)
            return taken or await plainly.answer(call, self._registry) or await self._work_of_peers(call)
        if self.cries_for_help(call.inbound) and not self.asks_for_a_person(call.inbound.text):
            await crying.answer(call, self._escalations, self._voice)
            return None
        if not self.asks_for_a_person(call.inbound.text):
            return None
        return await self._everyday.run_phrase(call, self._registry.by_name[PEER])

    async def _work_of_peers(self, call: Call) -> Reply | None:
        """A list, or what is done with a case that is open: other numbers may be about anything.

        So may "hand over to Mo" of somebody who has none.
        """
        work = plainly.work_in(call.inbound.text, self._registry)
        if work is None or not may(call.member.roles, work.command.may):
            return None
        rows = await self._escalations.open_cases(call.tx, call.member.community.id)
        number = work.arguments.get("case")
        meant = [row for row in rows if (row.holder == call.member.id if number is None else str(row.id) == number)]
        is_about_one = number is not None or work.command.name == plainly.HAND_OVER
        return await self._runner.run_typed(call, work) if meant or not is_about_one else None

    async def _private(self, call: Call, signal: Signal | None) -> Reply | None:
        """Plain words in a private chat: an answer, a word to the other side, or a command without its mark."""
        text = call.inbound.text
        conversations = await self._to_others.talks(call)
        phrase = self._phrases.command_of(call, text, conversations)
        if self._phrases.stops_because_phone_is_read(text) and all(row.holder is None for row in conversations):
            await self._runner.run(call, self._registry.by_name[STOP], {})  # its answer says more than they want read
            return Reply(content=replies.nothing_by_myself())
        # "Stop" to a question ends that question alone.
        question = await questions.pending(call.tx, call.member, now=call.now)
        if signal is None and question is None and await self._takes_up_a_person(call, conversations):
            phrase = self._registry.by_name[PEER]
        ends_a_question = questions.is_cancel(text) and question is not None and question.waits is not Waits.VALUE
        if phrase is not None and not ends_a_question:
            await questions.forget(call.tx, call.member)
            return await self._everyday.run_phrase(call, phrase)
        told = await self._peers.answer_to_the_bot(call, conversations, signal)
        told = told or await self._to_a_question.read(call, conversations, signal)
        if told is not None:
            return told
        if conversations:
            return await self._in_conversation(call, conversations, signal)
        return None if signal is not None else await self._to_the_bot.unmarked(call)

    async def _in_conversation(
        self, call: Call, conversations: Sequence[CaseRow], signal: Signal | None
    ) -> Reply | None:
        """Words to the other side, or a command of a peer's work that is a whole one."""
        holds = any(call.member.id in {row.holder, *row.helpers} for row in conversations)
        everywhere = await self._escalations.conversations(call.tx, call.member)
        mine = [row.id for row in everywhere if row.member_id == call.member.id]
        own = bool(mine)
        if holds and signal is not None and not own:
            return await self._peers.ask_whom_it_is_about(call, conversations, signal)
        if signal is None and await cancels(call.tx, call.member, call.inbound, now=call.now):
            return Reply(content=replies.nothing_to_cancel())
        alone = not any(row.holder is not None for row in conversations)
        # What somebody in danger writes is heard, whatever it begins with: "safe means nothing, I took all the pills".
        bare = command_in(call, self._registry) if signal is None and (holds or alone) else None
        if own and alone and signal is None:
            bare = self._of_who_waits(call, bare)
        if bare is not None and own and bare.command.may is not Action.TAKE_CASE and begins_like(bare):
            bare = None  # "safe place to sleep tonight?" is for the person who comes
        # Once somebody is there, only a peer's own work is a command: the rest is for the other side.
        if bare is not None and is_whole(call, bare) and (alone or bare.command.may is Action.TAKE_CASE):
            if not call.inbound.read_back:
                return await self._runner.run_typed(call, bare)
            if holds:
                return None  # a command of their work, and no word to the member
        if holds and signal is None and not own:
            says_on_it = taking.said_in(call.inbound.text, self._voice.languages) is not None
            waits = says_on_it and bool(await taking.waiting(call, self._escalations))
            has_one = any(row.holder == call.member.id for row in conversations)
            joined = () if has_one else [row.id for row in conversations]
            work = at_work.work_in(call, self._registry, self._voice.languages, waits=waits, joined=joined)
            if work is not None and (work.is_sure or not call.inbound.read_back):
                return await self._peers.do_work(call, conversations, work)
        # In danger themselves, a peer writes to the person who is with them, whatever else they do.
        to = mine if signal is not None and mine else [row.id for row in conversations]
        told = await self._to_others.carry(call, to, answered=signal is not None)
        goes_on = told is None and signal is None and not call.inbound.read_back
        return await self._beside_the_talk(call, conversations) if goes_on else told

    async def _beside_the_talk(self, call: Call, conversations: Sequence[CaseRow]) -> Reply | None:
        """What a member reads whose words have gone to the person who is with them, and are about the bot, too."""
        accompanied = next((row for row in conversations if row.member_id == call.member.id), None)
        if accompanied is None:
            return None
        if (numbers := await self._to_a_question.country_told(call)) is not None:
            return numbers
        await tell_of_the_mark(call, accompanied, self._registry, self._phrases, self._voice)
        return None

    async def _takes_up_a_person(self, call: Call, conversations: Sequence[CaseRow]) -> bool:
        """Whether "yes" or "it's me" is the answer of who waits with a concern to the offer to call somebody now.

        A mere "yes" to how they end it is none: it may as well be that they need nobody.
        """
        waits = [row for row in conversations if row.member_id == call.member.id and row.holder is None]
        if not waits or waits != list(conversations) or any(row.severity != Severity.CONCERN for row in waits):
            return False
        languages, text = self._voice.languages, call.inbound.text
        if not taking_up.says_me(text, languages) or while_waiting.is_help(text, languages):
            return False
        return not (taking_up.says_yes(text, languages) and await self._everyday.was_told_how_to_end(call))

    def _of_who_waits(self, call: Call, bare: Typed | None) -> Typed | None:
        """The command that words of somebody are who waits: "menu" is one, and a mere "help" is a cry for it."""
        if while_waiting.is_help(call.inbound.text, self._voice.languages):
            return None
        is_menu = bare is None and translated.is_menu(call.inbound.text, self._voice.languages)
        return Typed(self._registry.by_name[HELP], {}) if is_menu else bare
