"""Words to the bot that are no command of its own: a command in another language, a greeting, thanks."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz, process

from bot.core.commands import Command, Reader, Registry
from bot.core.content import Content, Reply
from bot.core.crisis import Category, Severity
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.roles import may
from bot.core.text import clean
from bot.core.words import _
from bot.services import offered, replies, spoken, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.member_words import I_AM_SAFE, NUMBERS_ASKED_FOR
from bot.services.escalations.store import EXCERPT_LIMIT
from bot.services.offer import I_NEED_A_PERSON
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.writing import before_a_call, small_talk, taking_up, translated, while_waiting
from bot.services.writing.exactly import begins_like
from bot.services.writing.small_talk import Small
from bot.services.writing.while_waiting import Asked
from bot.storage.tables import CaseRow

LONG_NAME = 6
"""Letters of a command's name from which on it, and a slip in it, is told from everyday words."""

SLIP = 85
"""Likeness, in per cent, of a command's name and what was meant for it."""

COMMAND_LIMIT = 120
"""Characters of a command without its mark."""

SLIP_LIMIT = 24
"""Characters of what may be a command's name with a slip in it."""

HELPLINES = "resources crisis"
"""Whom to call is never the answer to something else."""

QUIET = "settings quiet"

_HOURS = re.compile(r"\d[\d:.]*\s?(?:[ap]\.?m\.?|h)?\s?(?:-|to\b|until\b|till\b|hasta\b|a\b)\s?\d")
"""What is meant for hours, whether there are such or not."""

_DONE_TO_ONESELF = frozenset({Category.SUICIDE, Category.SELF_HARM, Category.OVERDOSE})
"""What a case is about that is worse when it was done: "I've done it" says nothing of itself."""

_NAMED = {Asked.TAKEN: Category.OVERDOSE, Asked.HURT: Category.SELF_HARM}
"""What a case is about once they have said this, if it was about nothing of the above."""

WANTS_NOBODY = _(
    "nvm / never mind / nevermind / I changed my mind / changed my mind / cancel / cancel it / forget it / no need"
    " / I'm ok now / I'm okay now / I'm fine now / I'm better now / I feel better now / I'm ok / I'm okay / I'm fine"
    " / I'm good / I'm all right / I'm alright / I don't need anyone / I don't need anybody / I don't want anyone"
    " / I don't want anybody / don't call anyone / don't call anybody / stop calling / leave me alone"
    " / stop calling people / don't call people / don't call the moderators / don't call them"
    " / I didn't ask for this / I did not ask for this / I didn't call anyone / I don't want to talk"
    " / I don't want this / I don't need help / I don't need this / no thanks / no thank you / no / nope / don't"
    " / no don't / don't do that / go away / no don't call anyone / no don't call anybody / don't tell anyone"
    " / don't tell anybody / no don't tell anyone / don't tell them / I don't want help / I don't need anything"
    " / leave me be / stop it / not now"
)


class Everyday:
    """Answers in the language in which somebody has written, and offers to go on in it."""

    def __init__(self, registry: Registry, escalations: Escalations, voice: Voice, runner: Runner) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner

    def is_command(self, inbound: Inbound) -> bool:
        """Whether words in a private chat are a command without its mark, in any language, or one but for a slip.

        Not a short word such as "take": that may as well be a part of a sentence.
        """
        if not inbound.private or inbound.invocation is not None or len(inbound.text) > COMMAND_LIMIT:
            return False
        reader = Reader(now=inbound.at, zone=ZoneInfo("UTC"))
        found = typed.read(inbound.text, self._registry, reader, forgiving=True)
        if found is None and (told := translated.in_english(inbound.text, self._voice.languages)) is not None:
            found = typed.read(told[0], self._registry, reader)
        if found is not None and typed.is_whole(found, reader):
            return len(found.command.name) >= LONG_NAME
        if len(inbound.text) > SLIP_LIMIT:
            return False
        said = fold(inbound.text)
        names = [command.name for command in self._registry if len(command.name) >= LONG_NAME]
        return process.extractOne(said, names, scorer=fuzz.ratio, score_cutoff=SLIP) is not None

    async def in_their_language(self, call: Call) -> Reply | None:
        """A command by the words of another language, or the wish to speak it; None if it is neither."""
        found = translated.in_english(call.inbound.text, self._voice.languages)
        reader = call.member.reads(call.now)
        bare = None if found is None else typed.read(found[0], self._registry, reader)
        if found is None or bare is None or not (typed.is_whole(bare, reader) or _is_refused(bare)):
            content = small_talk.language_asked_for(call, self._voice)
            return None if content is None else Reply(content=content)
        spoken.said(call.tx, call.member.id, found[1])
        return self._offering(call, await self._runner.run_typed(call, bare))

    async def run_phrase(self, call: Call, phrase: Command) -> Reply:
        """Do what a whole message means, and answer in the language in which it means that."""
        text = call.inbound.text.lstrip("".join(typed.MARKS))
        language = typed.language_of_phrase(text, phrase, self._voice.languages, call.member.language)
        if language is not None:
            spoken.said(call.tx, call.member.id, language)
        return await self._runner.run(call, phrase, {})

    async def kept(self, call: Call, row: CaseRow) -> Content:
        """What a member reads who writes while nobody has come yet: what they ask for that needs no person is here."""
        calling, text = row.severity != Severity.CONCERN, call.inbound.text
        asked = translated.in_english(text, self._voice.languages)
        if asked is not None and asked[0] == HELPLINES:
            numbers = await self._escalations.numbers(call.tx, call.member, NUMBERS_ASKED_FOR)
            if numbers is not None:
                return numbers
        if (told := await self._answer_to_who_waits(call, row)) is not None:
            return told
        said = " ".join(word for word in fold(text[: typed.PHRASE_LIMIT]).split() if word not in typed.POLITE)
        wants_nobody = any(said in typed.ways(words, WANTS_NOBODY.message) for words in self._voice.languages)
        says_yes = not calling and taking_up.says_yes(text, self._voice.languages) is True
        if wants_nobody or (says_yes and await self.was_told_how_to_end(call)):
            return replies.how_to_end(calling=calling)
        content = await self._kept_for_the_person(call, row)
        found = typed.read(text, self._registry, call.member.reads(call.now))
        if found is None or not begins_like(found) or not may(call.member.roles, found.command.may):
            return content
        return replies.with_the_mark(content, found.command.name, _mark_of(call))

    @staticmethod
    async def was_told_how_to_end(call: Call) -> bool:
        """Whether the last they have read is how they end a concern, or get a person at once."""
        messages = await offered.lately(call.tx, offered.where_written(call.inbound), at_once=True)
        return offered.says_how_to_end(messages)

    async def _kept_for_the_person(self, call: Call, row: CaseRow) -> Content:
        """That their words are kept; in an emergency with the one number that is better not waited with."""
        content = replies.kept_for_the_person(calling=row.severity != Severity.CONCERN)
        if row.severity != Severity.EMERGENCY:
            return content
        numbered = await self._escalations.numbers(call.tx, call.member, replies.KEPT)
        return content if numbered is None else replace(content, text=numbered.text)

    async def _answer_to_who_waits(self, call: Call, row: CaseRow) -> Content | None:
        """What they read who ask for help once more, or what comes; None where they ask nothing of this."""
        found = while_waiting.asked_in(call.inbound.text, self._voice.languages)
        if found is None and row.severity == Severity.CONCERN:
            # Whoever was heard with less names a danger now, in words too few to call by.
            cry = before_a_call.cries_in(call.inbound.text, self._voice.languages)
            found = None if cry is None else (Asked.HELP, cry)
        if found is None:
            return None
        asked, language = found
        severity = Severity(row.severity)
        answer = while_waiting.answer_to(asked, call.member.community, severity=severity, mark=_mark_of(call))
        content: Content | None = Content(text=answer.text, choices=(I_AM_SAFE,))
        is_raised = await self._gets_worse(call, row, asked)
        if not is_raised and answer.with_numbers:
            content = await self._escalations.numbers(call.tx, call.member, answer.text)
        if content is not None and severity is Severity.CONCERN and not is_raised:
            content = replace(content, choices=(I_NEED_A_PERSON, *content.choices))
        if language != call.member.language:
            spoken.said(call.tx, call.member.id, language)  # last: their case is of the language in which it was heard
        return content

    async def _gets_worse(self, call: Call, row: CaseRow, asked: Asked) -> bool:
        """Call with more weight for who waits and says that it is done; whether that is so, and they are answered anew.

        What is not named, "I've done it", counts only where the case is about what is done to oneself. "I took pills"
        makes it so, whatever it was about before: then the next of such words is about that.
        """
        severity, named = Severity(row.severity), _NAMED.get(asked)
        if asked not in while_waiting.DEEDS or severity is Severity.EMERGENCY:
            return False
        is_known = row.category in _DONE_TO_ONESELF
        if not is_known and named is None:
            return False
        if not is_known:
            row.category = named
        worse = Severity.EMERGENCY if is_known else Severity.URGENT
        worse = Severity.URGENT if severity is Severity.CONCERN else worse
        words = clean(call.inbound.text, EXCERPT_LIMIT)
        await self._escalations.gets_worse(call.tx, call.member, row, words=words, severity=worse, now=call.now)
        return worse is not severity

    async def small_talk(self, call: Call, otherwise: Callable[[Call], Awaitable[Reply | None]]) -> Reply | None:
        """The answer to small words, after the welcome at a first contact: that answers a greeting, too."""
        small = small_talk.heard(call, self._voice)
        if await self._runner.welcome(call) and small is Small.GREETING:
            return None
        if small is None:
            return await otherwise(call)
        return self._offering(call, Reply(content=small_talk.answer_to(small)))

    def _offering(self, call: Call, reply: Reply) -> Reply:
        return replace(reply, content=self._voice.offering(call.tx, call.member, reply.content))


def _is_refused(bare: typed.Typed) -> bool:
    """Whether hours were meant that no day has, "quiet hours 25-3": they read so, with an example."""
    return bare.command.name == QUIET and _HOURS.match(bare.arguments.get("hours", "")) is not None


def _mark_of(call: Call) -> str:
    """What stands before a command where they write."""
    return typed.MARK_ON.get(call.inbound.platform, typed.MARKS[0])
