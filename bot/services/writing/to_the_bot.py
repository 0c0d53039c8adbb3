"""Words for the bot alone: a command, a choice by its name, or nothing that it understands."""

from bot.core.commands import Command, Registry
from bot.core.content import Reply
from bot.core.roles import Action, may
from bot.services import help_topics, offered, questions, replies, typed
from bot.services.call import Call
from bot.services.duty import Duty
from bot.services.escalations import Escalations, place_words
from bot.services.escalations.followup import KEY as FOLLOW_UP
from bot.services.escalations.followup import FollowUps, thanks
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.writing import before_a_call, offering, own_need, taking, taking_up, while_paused
from bot.services.writing.answering import cancels, command_in, is_whole
from bot.services.writing.around_a_talk import is_too_late, note_language
from bot.services.writing.everyday import Everyday
from bot.services.writing.phrases import PEER, Phrases, is_peer


class ToTheBot:
    """Does what people ask of the bot, or says what it has not understood."""

    def __init__(
        self,
        registry: Registry,
        escalations: Escalations,
        voice: Voice,
        runner: Runner,
        follow_ups: FollowUps,
        everyday: Everyday,
        phrases: Phrases,
    ) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner
        self._follow_ups = follow_ups
        self._everyday = everyday
        self._phrases = phrases

    async def marked(self, call: Call) -> Reply | None:
        """A typed command; in a room an unknown one is another bot's business."""
        text = call.inbound.text
        found = command_in(call, self._registry, forgiving=True)
        if found is not None:
            if call.inbound.private and not found.left:
                await questions.forget(call.tx, call.member)  # they have moved on
            return await self._runner.run_typed(call, found)
        phrase = self._phrases.command_of(call, text.strip()[1:], ()) if call.inbound.private else None
        if phrase is not None or is_peer(text):
            return await self._everyday.run_phrase(call, phrase or self._registry.by_name[PEER])
        family = self._family(call)
        if family:
            return Reply(content=replies.which_of(family))
        if not call.inbound.private:
            return None
        reply = await self._everyday.in_their_language(call) or self._perhaps(call, text.strip()[1:])
        return reply or Reply(content=replies.unknown_command())

    async def unmarked(self, call: Call) -> Reply | None:
        """Words to the bot alone: a command without its mark, or something it does not understand."""
        await note_language(call)
        bare = command_in(call, self._registry, forgiving=True)
        if bare is not None and not bare.left:
            return await self._runner.run_typed(call, bare)
        chosen = await self._everyday.in_their_language(call) or await self._chosen(call)
        if chosen is not None:
            return chosen
        if (told := await self._of_helpers(call)) is not None:
            return told
        if await cancels(call.tx, call.member, call.inbound, now=call.now):
            return Reply(content=replies.nothing_waits())
        return await self._everyday.small_talk(call, self._not_understood)

    async def _of_helpers(self, call: Call) -> Reply | None:
        """What comes of the plain words of somebody who looks after others; None: nothing."""
        if not may(call.member.roles, Action.TAKE_CASE):
            return None
        taken = await taking.answer(call, self._escalations, self._runner, self._voice.languages)
        if taken is not None:
            return taken
        told = await offering.answer(call, self._registry, self._voice.languages) or await own_need.answer(call)
        return None if told is None else Reply(content=told)

    async def in_a_place(self, call: Call) -> Reply | None:
        """What is written in the place of a case that they are not in: it is passed on to nobody."""
        work = self._work_here(call)
        if work is not None:
            return await self._runner.run_typed(call, work)
        return await self._of_their_work(call) or self._nobody_here(call)

    def _work_here(self, call: Call) -> typed.Typed | None:
        """A whole command of a peer's work, in the place of a case that they are not in: an overseer may end it."""
        bare = command_in(call, self._registry)
        if call.inbound.case is None or bare is None or not is_whole(call, bare):
            return None
        is_work = bare.command.may is Action.TAKE_CASE and may(call.member.roles, bare.command.may)
        return bare if is_work else None

    async def _of_their_work(self, call: Call) -> Reply | None:
        """What comes of the name of a choice of a peer's work, such as "I'd like to talk it over"."""
        messages = await offered.lately(call.tx, offered.where_written(call.inbound))
        named = offered.named(messages, call.inbound.text, now=call.now)
        command = None if named is None else self._registry.get(named.command)
        if named is None or command is None or command.may is Action.USE:
            return None
        return await self._runner.invoke(call, named.command, dict(named.arguments))

    def _nobody_here(self, call: Call) -> Reply | None:
        """Words in the place of a case that has ended, or in which they are not: they are passed on to nobody."""
        number = call.inbound.case
        return None if number is None else Reply(content=place_words.ended_here(number), private=False)

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
        declined = offered.a_person_declined(messages, now=call.now)
        if declined is not None and taking_up.changes_mind(call.inbound.text, self._voice.languages):
            return await self._runner.invoke(call, declined.command, dict(declined.arguments))
        number = offered.number_of(call.inbound.text)
        meant = () if number is None else offered.numbered(messages, number, now=call.now)
        return Reply(content=replies.which_number(meant)) if meant else None

    async def _not_understood(self, call: Call) -> Reply | None:
        if family := self._family(call):
            return Reply(content=replies.which_of(family))
        if (told := await self._of_need(call) or await self._somebody_waits(call)) is not None:
            return told
        if perhaps := self._perhaps(call, call.inbound.text):
            return perhaps
        if await self._answers_how_they_are(call):
            return Reply(content=thanks("words"))
        return None if await is_too_late(call, self._voice) else Reply(content=replies.not_understood())

    async def _of_need(self, call: Call) -> Reply | None:
        """What comes of words that name danger, or ask what a call brings; helpers are asked elsewhere."""
        languages = self._voice.languages
        if await while_paused.calls(call, self._escalations, languages):
            return Reply(content=replies.person_called())
        if may(call.member.roles, Action.TAKE_CASE):
            return None
        asked = await before_a_call.answer(call, self._escalations, languages)
        return None if asked is None else Reply(content=asked)

    async def _answers_how_they_are(self, call: Call) -> bool:
        """Whether the last that was said to them asks how they are, after a case: once answered it is over."""
        if not await self._follow_ups.is_answer(call.tx, call.member, now=call.now):
            return False
        messages = await offered.lately(call.tx, offered.where_written(call.inbound), at_once=True)
        return bool(messages) and messages[0].key.startswith(FOLLOW_UP)

    async def _somebody_waits(self, call: Call) -> Reply | None:
        """What a helper reads who is with nobody while others wait: "hi alice, I'm here" reaches nobody so.

        Who is on a break, or comes first themselves, is not told to work.
        """
        if not may(call.member.roles, Action.TAKE_CASE):
            return None
        who = await Duty().who(call.tx, call.member.community.id, call.now)
        cases = [] if call.member.id in who.off else await taking.waiting(call, self._escalations)
        return Reply(content=replies.take_it(cases)) if cases else None

    def _family(self, call: Call) -> list[Command]:
        """The commands that a single word may mean."""
        return [c for c in typed.family_of(call.inbound.text, self._registry) if may(call.member.roles, c.may)]

    def _perhaps(self, call: Call, text: str) -> Reply | None:
        """A question back, where the words are nearly those of a command."""
        mine = help_topics.usable(self._registry, call.member)
        names = help_topics.like(text, mine)
        return Reply(content=replies.did_you_mean(names, self._registry)) if names else None
