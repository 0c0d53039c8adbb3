"""Words that come while a question of the bot's waits: its answer, or something else, and then the question is over."""

from collections.abc import Sequence

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.core.crisis import Signal
from bot.core.kinds.places import country_said
from bot.core.matching import fold
from bot.services import questions, talks
from bot.services.call import Call
from bot.services.escalations.member_words import OTHER_COUNTRY
from bot.services.questions import Pending, Waits
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.whereabouts import SAY
from bot.services.writing import taking_up
from bot.services.writing.answering import Answering
from bot.services.writing.peers_words import FEW, I_HAD_ASKED, PeersWords
from bot.services.writing.phrases import Phrases
from bot.storage.tables import CaseRow

GEORGIA = "GE"
"""In the United States it is a state."""

NO = "no"
"""Once somebody is there, or long after the question, it is a no to them, and not Norway: "NO!"."""


class ToAQuestion:
    """Takes an answer; other words it leaves to whom they are for."""

    def __init__(self, registry: Registry, voice: Voice, runner: Runner, phrases: Phrases, peers: PeersWords) -> None:
        self._registry = registry
        self._voice = voice
        self._runner = runner
        self._phrases = phrases
        self._peers = peers
        self._answering = Answering(registry)

    async def read(self, call: Call, conversations: Sequence[CaseRow], signal: Signal | None) -> Reply | None:
        """What comes of the answer; None: the words are for others, or for the bot, and no question waits any more."""
        question = await questions.pending(call.tx, call.member, now=call.now)
        if question is not None and await self._is_about_a_talk_that_is_over(call, question, conversations):
            await questions.forget(call.tx, call.member)
            question = None
        if question is None:
            return None if signal is not None else await self._where_they_are(call, conversations)
        if question.waits is not Waits.ANSWER or questions.is_bare_cancel(call.inbound.text):
            return await self._to_an_offer(call, question, signal, busy=bool(conversations))
        if call.inbound.apart is not None and not self._answering.is_of_peers(question):
            return None  # it was asked elsewhere, and waits there
        if signal is None:
            return await self._answer_or_not(call, question, conversations)
        # What somebody in danger writes next is for the person who comes, not the answer to an old question.
        await questions.forget(call.tx, call.member)
        return None

    @staticmethod
    async def _is_about_a_talk_that_is_over(call: Call, question: Pending, conversations: Sequence[CaseRow]) -> bool:
        """Whether it asks to whom words are to go, and nobody is there for them any more: nothing is an answer."""
        if question.command != SAY or conversations or call.inbound.apart is not None:
            return False
        return not await talks.elsewhere(call.tx, call.inbound, call.member.community.id)

    async def _where_they_are(self, call: Call, conversations: Sequence[CaseRow]) -> Reply | None:
        """What comes of a country that somebody names late who waits for a person, and was asked for it.

        Only while nobody has come: then it may as well be a word to them.
        """
        if not _waits(call, conversations) or call.inbound.apart is not None:
            return None
        if (told := await self.country_told(call)) is not None:
            return told
        late = await questions.pending(call.tx, call.member, now=call.now, valid=questions.LATELY)
        is_country = late is not None and late.command == OTHER_COUNTRY.command and fold(call.inbound.text) != NO
        if late is None or not is_country or not self._answering.answers(call, late, busy=True):
            return None
        return await self._runner.answer_question(call, late, call.inbound.text)

    async def country_told(self, call: Call) -> Reply | None:
        """The numbers of the country in which somebody says that they are, though they were not asked, or once more."""
        code = country_said(call.inbound.text)
        if code is None or (code == GEORGIA and call.member.country == "US"):
            return None
        command = self._registry.by_name[OTHER_COUNTRY.command]
        return await self._runner.run(call, command, {"country": code})

    async def _forget(self, call: Call, question: Pending, conversations: Sequence[CaseRow]) -> None:
        """Ask it no more; but who waits for a person may name their country with the next words, too."""
        if question.command != OTHER_COUNTRY.command or not _waits(call, conversations):
            await questions.forget(call.tx, call.member)

    async def _to_an_offer(self, call: Call, offer: Pending, signal: Signal | None, *, busy: bool) -> Reply | None:
        """What comes of words that take up an offer, or decline it; of a "cancel" to any question."""
        answer = await taking_up.answer_in(call, offer, self._registry, self._voice.languages, busy=busy)
        if answer is not None and (signal is None or offer.waits is Waits.ANSWER):
            return await self._runner.answer_question(call, offer, answer)
        await questions.forget(call.tx, call.member)
        return None

    async def _answer_or_not(self, call: Call, question: Pending, conversations: Sequence[CaseRow]) -> Reply | None:
        """What comes of words of nobody in danger to a question: its answer, a command instead, or neither."""
        if (found := self._answering.instead(call, question)) is not None:
            await questions.forget(call.tx, call.member)
            # Of one word alone it is not said here that it is not for the other side.
            is_one = not conversations or " " in found.command.name
            return await self._runner.run_typed(call, found) if is_one else None
        if fold(call.inbound.text) == NO and conversations and not _waits(call, conversations):
            return await self._no_answer(call, conversations)
        calls = self._phrases.asks_for_help(call.inbound.text)
        moves_on = calls or (not conversations and await self._answering.names_another(call, question))
        if not moves_on and self._answering.answers(call, question, busy=len(conversations) == 1):
            reply = await self._runner.answer_question(call, question, call.inbound.text)
            if not conversations or not await self._answering.asks_again(call, question):
                return reply
            # It was no answer. Words to the other side are never swallowed by one question after the other; but a name
            # once more, such as "bob", is none.
            if len(call.inbound.text.split()) <= FEW:
                return await self._no_answer(call, conversations)
            await self._forget(call, question, conversations)
            return None
        # Words to the other side that are no answer are not held up by asking again; but a peer's may be about the
        # member, and not for them.
        return await self._no_answer(call, conversations)

    async def _no_answer(self, call: Call, conversations: Sequence[CaseRow]) -> Reply | None:
        question = await questions.pending(call.tx, call.member, now=call.now)
        if question is None:
            return None
        await self._forget(call, question, conversations)
        if self._answering.is_of_peers(question) and question.command != SAY:
            return await self._peers.hold(call, conversations, I_HAD_ASKED, before=question)
        return None


def _waits(call: Call, conversations: Sequence[CaseRow]) -> bool:
    """Whether they wait for a person, and nobody has come yet."""
    return bool(conversations) and all(row.member_id == call.member.id and row.holder is None for row in conversations)
