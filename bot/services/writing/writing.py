"""What people write: typed commands, and in a private chat answers, phrases, and words to the other side."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.commands import Command, Registry
from bot.core.content import Choice, Reply
from bot.core.crisis import Signal
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.people import Member
from bot.core.pictures import KINDS
from bot.core.roles import Action, may
from bot.core.words import Text, _
from bot.services import help_topics, offered, questions, replies, talks, typed, unsaid
from bot.services.call import Call
from bot.services.escalations import Escalations, place_words
from bot.services.escalations.followup import FollowUps, thanks
from bot.services.escalations.pictures import refused
from bot.services.escalations.places import reads_there
from bot.services.escalations.relay import Written
from bot.services.offer import I_NEED_A_PERSON
from bot.services.questions import Waits
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.whereabouts import SAY
from bot.services.writing import about_whom, at_work, for_which, offering, own_need, peers_question, taking_up
from bot.services.writing.answering import Answering, command_in, is_whole
from bot.services.writing.around_a_talk import is_too_late, tell_of_the_mark
from bot.services.writing.at_work import Work
from bot.services.writing.everyday import Everyday
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow

PEER = "peer"
"""The command that gets a person."""

SAFE = "safe"
"""The command by which somebody says that they need none."""


class Writing:
    """Finds out what written words are: a command, an answer, or for somebody."""

    def __init__(
        self, registry: Registry, escalations: Escalations, voice: Voice, runner: Runner, follow_ups: FollowUps
    ) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner
        self._follow_ups = follow_ups
        self._phrases = typed.Phrases(registry, voice.languages)
        self._answering = Answering(registry)
        self._everyday = Everyday(registry, escalations, voice, runner)
        self.is_command = self._everyday.is_command

    def asks_for_a_person(self, text: str) -> bool:
        """Whether a whole message says "I need a person", in any language."""
        return self._phrases.mean(text, PEER)

    def calls_for_a_person(self, inbound: Inbound) -> bool:
        """Whether somebody asks for a person, in whatever way: a button, a phrase, or the command typed."""
        if inbound.invocation is not None:
            return inbound.invocation.command == PEER
        if inbound.edited:
            return False
        words = inbound.text.split(maxsplit=1)
        if words and typed.is_marked(inbound.text):
            return words[0][1:].casefold() == PEER or _is_peer(inbound.text)
        return (inbound.private and _is_peer(inbound.text)) or self.asks_for_a_person(inbound.text)

    async def _talks(self, call: Call) -> list[CaseRow]:
        """The open cases that their words may be for: in the place of one, that one alone."""
        rows = await self._escalations.conversations(call.tx, call.member)
        if call.inbound.apart is None:
            return rows
        return [row for row in rows if row.id == call.inbound.case]

    async def is_in_a_talk(self, call: Call) -> bool:
        """Whether what they write or send is for somebody else."""
        return bool(await self._talks(call))

    async def afterwards(self, call: Call, signal: Signal | None) -> Reply | None:
        """What was written while the bot was away: a call for a person, the end of a question, words to the other side.

        Nothing else is done so late; a signal has been answered already.
        """
        conversations = await self._talks(call)
        accompanied = any(row.member_id == call.member.id and row.holder is not None for row in conversations)
        is_word = call.inbound.private and not typed.is_marked(call.inbound.text)
        if signal is None and self.calls_for_a_person(call.inbound) and not (accompanied and is_word):
            return await self._runner.run(call, self._registry.by_name[PEER], {})
        if await self.cancels(call.tx, call.member, call.inbound, now=call.now):
            question = await questions.pending(call.tx, call.member, now=call.inbound.at)
            if question is not None:
                return await self._runner.answer_question(call, question, call.inbound.text)
            return Reply(content=replies.nothing_to_cancel() if conversations else replies.nothing_waits())
        if not is_word or not conversations:
            return None
        told = await self._of_peers(call, conversations, signal)
        return told or await self._in_conversation(call, conversations, signal)

    @staticmethod
    async def cancels(tx: Transaction, member: Member, inbound: Inbound, *, now: datetime) -> bool:
        """Whether it is the "cancel" that a question of the bot's has named: that is nobody else's word.

        Of what is read back it counts when that was written.
        """
        is_it = inbound.private and not inbound.edited and questions.is_bare_cancel(inbound.text)
        return is_it and await questions.was_asked(tx, member, now=inbound.at if inbound.read_back else now)

    async def changed(self, call: Call, signal: Signal | None) -> Reply | None:
        """A message whose words are others now, or that has a reaction: those who read it see that, too.

        What a peer changes so that it sounds like their own danger is not passed on before they have said so.
        """
        inbound = call.inbound
        event = f"{inbound.platform}:{inbound.event_id}"
        if inbound.reaction is not None and inbound.about is not None:
            there = replace(_written(inbound), message_id=inbound.reaction.id)
            await self._escalations.react(call.tx, call.member, there, inbound.reaction.emoji, event, now=call.now)
        elif inbound.private and inbound.replaces is not None:
            conversations = await self._talks(call)
            own = any(row.member_id == call.member.id for row in conversations)
            if signal is not None and conversations and not own:
                return await self._is_it_about_the_peer(call, conversations, signal)
            carried = await self._escalations.change(
                call.tx, call.member, inbound.platform, inbound.replaces, inbound.text, event, now=call.now
            )
            if signal is not None and not carried and own:
                # What was nobody's word to another has become one that their peer must read.
                mine = [row.id for row in conversations if row.member_id == call.member.id]
                return await self._carry(call, mine, answered=True)
        return None

    async def file(self, call: Call) -> Reply | None:
        """A picture or a file, perhaps with words, which are carried.

        Pictures are offered to the others, if the community has that; who sends anything else is told that it is not
        passed on.
        """
        conversations = await self._talks(call)
        if not conversations:
            late = call.inbound.read_back or await is_too_late(call, self._voice)
            return None if late else Reply(content=replies.not_understood())
        limit, pictures = call.member.community.picture_limit, call.inbound.pictures
        if limit and pictures:
            return await self._pictures(call, conversations)
        row = next((row for row in conversations if row.member_id == call.member.id), conversations[0])
        words = self._voice.words(call.member.community.language)
        said = words.render(_("(They sent a picture or a file. I carry none.)"))
        event = f"{call.inbound.platform}:{call.inbound.event_id}:file"
        await self._escalations.relay(call.tx, call.member, row, said, event, now=call.now)
        return Reply(content=replies.only_pictures(KINDS.values()) if limit else replies.no_files())

    async def _pictures(self, call: Call, conversations: Sequence[CaseRow]) -> Reply | None:
        inbound = call.inbound
        problem = refused(inbound.pictures, call.member.community.picture_limit)
        if len(conversations) > 1 and inbound.about is not None:
            case = await self._escalations.pictures.talk_of(call.tx, inbound.platform, inbound.about.message_id)
            conversations = [row for row in conversations if row.id == case] or conversations
        others = await talks.elsewhere(call.tx, inbound, call.member.community.id)
        if problem is None and (len(conversations) > 1 or others):
            problem = replies.whose_picture()  # it goes to nobody rather than to the wrong one
        if problem is None:
            event = f"{inbound.platform}:{inbound.event_id}"
            problem = await self._escalations.send_pictures(
                call.tx, call.member, conversations[0], inbound.pictures, event, _written(inbound), now=call.now
            )
        return None if problem is None else Reply(content=problem)

    async def read(self, call: Call, signal: Signal | None) -> Reply | None:
        """What was written just now."""
        if typed.is_marked(call.inbound.text):
            return await self.marked(call)
        if call.inbound.apart is not None and not await self._talks(call):
            work = self._work_here(call)
            if work is not None:
                return await self._runner.run_typed(call, work)
            return await self._of_their_work(call) or self._nobody_here(call)
        if not call.inbound.private:
            return await self.in_a_room(call, signal)
        one = None if signal is not None else await self._to_one(call)
        return one or await self.private(call, signal)

    async def in_a_room(self, call: Call, signal: Signal | None) -> Reply | None:
        """Words in a room: "I need a person" counts there, too; a signal has been answered already."""
        if signal is not None or not self.asks_for_a_person(call.inbound.text):
            return None
        return await self._everyday.run_phrase(call, self._registry.by_name[PEER])

    async def marked(self, call: Call) -> Reply | None:
        """A typed command; in a room an unknown one is another bot's business."""
        text = call.inbound.text
        found = command_in(call, self._registry, forgiving=True)
        if found is not None:
            if call.inbound.private and not found.left:
                await questions.forget(call.tx, call.member)  # they have moved on
            return await self._runner.run_typed(call, found)
        phrase = self._phrase(call, text.strip()[1:], ()) if call.inbound.private else None
        if phrase is not None or _is_peer(text):
            return await self._everyday.run_phrase(call, phrase or self._registry.by_name[PEER])
        family = self._family(call)
        if family:
            return Reply(content=replies.which_of(family))
        if not call.inbound.private:
            return None
        reply = await self._everyday.in_their_language(call) or self._perhaps(call, text.strip()[1:])
        return reply or Reply(content=replies.unknown_command())

    def _family(self, call: Call) -> list[Command]:
        """The commands that a single word may mean."""
        return [c for c in typed.family_of(call.inbound.text, self._registry) if may(call.member.roles, c.may)]

    def _perhaps(self, call: Call, text: str) -> Reply | None:
        """A question back, where the words are nearly those of a command."""
        mine = help_topics.usable(self._registry, call.member)
        names = help_topics.like(text, mine)
        return Reply(content=replies.did_you_mean(names, self._registry)) if names else None

    async def private(self, call: Call, signal: Signal | None) -> Reply | None:
        """Plain words in a private chat: an answer, a word to the other side, or a command without its mark."""
        text = call.inbound.text
        conversations = await self._talks(call)
        phrase = self._phrase(call, text, conversations)
        # "Stop" to a question ends that question alone.
        question = await questions.pending(call.tx, call.member, now=call.now)
        ends_a_question = questions.is_cancel(text) and question is not None and question.waits is not Waits.VALUE
        if phrase is not None and not ends_a_question:
            await questions.forget(call.tx, call.member)
            return await self._everyday.run_phrase(call, phrase)
        told = await self._of_peers(call, conversations, signal)
        return told or await self._answer_or_words(call, conversations, signal)

    async def _answer_or_words(
        self, call: Call, conversations: Sequence[CaseRow], signal: Signal | None
    ) -> Reply | None:
        """The answer to what they were asked, a word to the other side, or words to the bot."""
        text, held = call.inbound.text, None
        question = await questions.pending(call.tx, call.member, now=call.now)
        if question is not None and (question.waits is not Waits.ANSWER or questions.is_bare_cancel(text)):
            languages, busy = self._voice.languages, bool(conversations)
            answer = await taking_up.answer_in(call, question, self._registry, languages, busy=busy)
            if answer is not None and (signal is None or question.waits is Waits.ANSWER):
                return await self._runner.answer_question(call, question, answer)
            await questions.forget(call.tx, call.member)
            question = None
        if question is not None and call.inbound.apart is not None and not self._answering.is_of_peers(question):
            question = None  # it was asked elsewhere, and waits there
        if question is not None and signal is None and (found := self._answering.instead(call, question)) is not None:
            await questions.forget(call.tx, call.member)
            if not conversations or " " in found.command.name:
                return await self._runner.run_typed(call, found)
            question = None  # of one word alone it is not said here that it is not for the other side
        if (
            question is not None
            and signal is None
            and not conversations
            and await self._answering.names_another(call, question)
        ):
            await questions.forget(call.tx, call.member)
            question = None
        if (
            question is not None
            and signal is None
            and self._answering.answers(call, question, busy=len(conversations) == 1)
        ):
            reply = await self._runner.answer_question(call, question, text)
            if not conversations or not await self._answering.asks_again(call, question):
                return reply
            # It was no answer. Words to the other side are never swallowed by one question after the other.
            await questions.forget(call.tx, call.member)
        elif question is not None:
            # What somebody in danger writes next is for the person who comes, not the answer to an old question;
            # and words to the other side that are no answer are not held up by asking again: but a peer's may be
            # about the member, and not for them.
            await questions.forget(call.tx, call.member)
            if signal is None and self._answering.is_of_peers(question) and question.command != SAY:
                held = await self._hold(call, conversations, _("I had asked you something, so this went to nobody."))
        if conversations:
            return held or await self._in_conversation(call, conversations, signal)
        return None if signal is not None else await self._to_the_bot(call)

    async def _of_peers(self, call: Call, conversations: Sequence[CaseRow], signal: Signal | None) -> Reply | None:
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
            return await self._hold(call, conversations, _("I had asked you something, so this went to nobody."))
        if answer.presses is None or call.inbound.read_back:
            await questions.forget(call.tx, call.member)
            there = call.inbound.apart is not None and await reads_there(call)
            return Reply(content=replies.nothing_done(), private=not there)
        return await self._runner.invoke(call, answer.presses.command, dict(answer.presses.arguments))

    async def _to_the_bot(self, call: Call) -> Reply | None:
        """Words to the bot alone: a command without its mark, or something it does not understand."""
        bare = command_in(call, self._registry, forgiving=True)
        if bare is not None and not bare.left:
            return await self._runner.run_typed(call, bare)
        chosen = await self._everyday.in_their_language(call) or await self._chosen(call)
        if chosen is not None:
            return chosen
        if may(call.member.roles, Action.TAKE_CASE):
            told = await offering.answer(call, self._registry, self._voice.languages) or await own_need.answer(call)
            if told is not None:
                return Reply(content=told)
        if await self.cancels(call.tx, call.member, call.inbound, now=call.now):
            return Reply(content=replies.nothing_waits())
        meant = self._family(call) or self._perhaps(call, call.inbound.text)
        if not meant and await self._follow_ups.is_answer(call.tx, call.member, now=call.now):
            return Reply(content=thanks("words"))
        return await self._everyday.small_talk(call, self._not_understood)

    async def _not_understood(self, call: Call) -> Reply | None:
        if family := self._family(call):
            return Reply(content=replies.which_of(family))
        if perhaps := self._perhaps(call, call.inbound.text):
            return perhaps
        return None if await is_too_late(call, self._voice) else Reply(content=replies.not_understood())

    async def _chosen(self, call: Call) -> Reply | None:
        """What comes of the name, or the number, of a choice that stands under something the bot has said."""
        messages = await offered.lately(call.tx, offered.where_written(call.inbound))
        named = offered.named(messages, call.inbound.text, now=call.now)
        if named is not None:
            return await self._runner.invoke(call, named.command, dict(named.arguments))
        person = offered.a_person(messages, now=call.now)
        agrees = None if person is None else taking_up.agrees(call.inbound.text, self._voice.languages)
        if person is not None and agrees is not None:
            if not agrees:
                return Reply(content=replies.nobody_called())
            return await self._runner.invoke(call, person.command, dict(person.arguments))
        number = offered.number_of(call.inbound.text)
        meant = () if number is None else offered.numbered(messages, number, now=call.now)
        return Reply(content=replies.which_number(meant)) if meant else None

    async def _of_their_work(self, call: Call) -> Reply | None:
        """What comes of the name of a choice of a peer's work, such as "I'd like to talk it over"."""
        messages = await offered.lately(call.tx, offered.where_written(call.inbound))
        named = offered.named(messages, call.inbound.text, now=call.now)
        command = None if named is None else self._registry.get(named.command)
        if named is None or command is None or command.may is Action.USE:
            return None
        return await self._runner.invoke(call, named.command, dict(named.arguments))

    def _phrase(self, call: Call, text: str, conversations: Sequence[CaseRow]) -> Command | None:
        """The command that a whole message means, such as "I need a person".

        None where a person is there already: then the words are for them.
        """
        phrase = self._phrases.command(text)
        if phrase is None and _is_peer(text):
            phrase = self._registry.by_name[PEER]
        # What is not about oneself in danger may as well be said to somebody: "stop".
        urgent = phrase is not None and phrase.name in {PEER, SAFE}
        accompanied = any(
            row.holder is not None and (row.member_id == call.member.id or not urgent) for row in conversations
        )
        return None if accompanied else phrase

    async def _in_conversation(
        self, call: Call, conversations: Sequence[CaseRow], signal: Signal | None
    ) -> Reply | None:
        """Words to the other side, or a command of a peer's work that is a whole one."""
        holds = any(call.member.id in {row.holder, *row.helpers} for row in conversations)
        everywhere = await self._escalations.conversations(call.tx, call.member)
        mine = [row.id for row in everywhere if row.member_id == call.member.id]
        own = bool(mine)
        if holds and signal is not None and not own:
            return await self._is_it_about_the_peer(call, conversations, signal)
        if signal is None and await self.cancels(call.tx, call.member, call.inbound, now=call.now):
            return Reply(content=replies.nothing_to_cancel())
        alone = not any(row.holder is not None for row in conversations)
        # What somebody in danger writes is heard, whatever it begins with: "safe means nothing, I took all the pills".
        bare = command_in(call, self._registry) if signal is None and (holds or alone) else None
        if bare is not None and bare.command.name == SAFE and bare.arguments and own:
            bare = None  # "safe place to sleep tonight?" is for the person who comes
        # Once somebody is there, only a peer's own work is a command: the rest is for the other side.
        if bare is not None and is_whole(call, bare) and (alone or bare.command.may is Action.TAKE_CASE):
            if not call.inbound.read_back:
                return await self._runner.run_typed(call, bare)
            if holds:
                return None  # a command of their work, and no word to the member
        if holds and signal is None and not own:
            work = at_work.work_in(call, self._registry, self._voice.languages)
            if work is not None and (work.is_sure or not call.inbound.read_back):
                return await self._work(call, conversations, work)
        # In danger themselves, a peer writes to the person who is with them, whatever else they do.
        to = mine if signal is not None and mine else [row.id for row in conversations]
        told = await self._carry(call, to, answered=signal is not None)
        if told is None and signal is None and not call.inbound.read_back:
            accompanied = next((row for row in conversations if row.member_id == call.member.id), None)
            if accompanied is not None:
                await tell_of_the_mark(call, accompanied, self._registry, self._voice)
        return told

    async def _work(self, call: Call, conversations: Sequence[CaseRow], work: Work) -> Reply | None:
        """Words for the bot: they never go to the member by themselves."""
        if call.inbound.read_back:
            return None
        if work.runs is not None:
            return await self._runner.run_typed(call, work.runs)
        held = await self._hold(call, conversations, work.why)
        if held is None or work.offers is None or not held.private:
            return held  # where others read, too, each of them could press it for themselves
        offer = Choice(label=work.offers, command=work.offers)
        return replace(held, content=replace(held.content, choices=(*held.content.choices, offer)))

    async def _hold(self, call: Call, conversations: Sequence[CaseRow], why: Text) -> Reply | None:
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

    async def _to_one(self, call: Call) -> Reply | None:
        """What comes of "say 12 hello", where their words may be for more than one."""
        if talks.said_to(call.inbound.text) is None:
            return None
        said = await for_which.said_to(call, [row.id for row in await self._talks(call)])
        if said is None:
            return None
        await questions.forget(call.tx, call.member)
        return await self._runner.run(call, self._registry.by_name[SAY], said)

    def _work_here(self, call: Call) -> typed.Typed | None:
        """A whole command of a peer's work, in the place of a case that they are not in: an overseer may end it."""
        bare = command_in(call, self._registry)
        if call.inbound.case is None or bare is None or not is_whole(call, bare):
            return None
        is_work = bare.command.may is Action.TAKE_CASE and may(call.member.roles, bare.command.may)
        return bare if is_work else None

    def _nobody_here(self, call: Call) -> Reply | None:
        """Words in the place of a case that has ended, or in which they are not: they are passed on to nobody."""
        number = call.inbound.case
        return None if number is None else Reply(content=place_words.ended_here(number), private=False)

    async def _is_it_about_the_peer(self, call: Call, conversations: Sequence[CaseRow], signal: Signal) -> Reply:
        """A peer's words sound as if they were in danger: they are not passed on before the peer has said so."""
        waits = await unsaid.wait_for(call, signal)
        content = await self._escalations.ask_the_peer(call.tx, call.member, signal, waits=bool(waits))
        cases = [row.id for row in conversations]
        ask = _("To which case shall I bring this?")
        asked = await for_which.ask(call, self._registry, cases, ask, unsaid=waits or unsaid.NOBODY_CALLED)
        return Reply(content=replace(content, choices=(I_NEED_A_PERSON, *asked.content.choices)))

    async def _carry(self, call: Call, case_ids: list[int], *, answered: bool) -> Reply | None:
        about = await talks.answered(call.tx, call.inbound) if len(case_ids) > 1 else None
        case_ids = [id_ for id_ in case_ids if id_ == about] or case_ids
        # What somebody in danger writes is not held: it goes to the case in which it was heard.
        others = () if answered else await talks.elsewhere(call.tx, call.inbound, call.member.community.id)
        if len(case_ids) > 1 or others:
            return await for_which.ask(call, self._registry, case_ids, _("To which case shall I bring this?"))
        conversations = await self._talks(call)
        row = next(row for row in conversations if row.id == case_ids[0])
        event = f"{call.inbound.platform}:{call.inbound.event_id}"
        late = call.inbound.seen_late(call.now)
        carried = await self._escalations.relay(
            call.tx, call.member, row, call.inbound.text, event, _written(call.inbound), now=call.now, late=late
        )
        offers = bool(call.inbound.pictures and call.member.community.picture_limit)  # and says that both are kept
        if carried or answered or offers:
            return None
        return Reply(content=await self._everyday.kept(call, row))


def _is_peer(text: str) -> bool:
    """Whether it is the one word that every help names first, however it is written: "peer!", "Peer, please"."""
    return [word for word in fold(text).split() if word not in typed.POLITE | {"help"}] == [PEER]


def _written(inbound: Inbound) -> Written:
    answers = None if inbound.about is None else inbound.about.message_id
    place = None if inbound.apart is None else inbound.place
    return Written(platform=inbound.platform, message_id=inbound.event_id, answers=answers, place=place)
