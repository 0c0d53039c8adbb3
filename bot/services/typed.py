"""Commands that people type: `!checkin start 8:30 pm Europe/Berlin`, or without the mark in a private chat."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from bot.core.commands import BadValue, Command, Parameter, Reader, Registry
from bot.core.kinds.hours import span_in
from bot.core.matching import fold
from bot.core.roles import Action
from bot.core.words import Text, Words
from bot.services.typed_words import Token, tokens_of, two_times

MARKS = ("!", "/")
"""What may stand before a typed command. "/" is Discord's habit, and some Matrix clients keep it for themselves."""

MARK_ON = {"discord": "/"}
"""The mark that people know on a platform, where it is not the first of them."""

MOST_WORDS = 6
"""Words that one value may have, such as "tue, thu and first sun"."""

NAME_WORDS = 12
"""Words of a free value behind which a slip in the next one is looked for."""

TIMES = frozenset({"time", "date", "minutes"})
"""Kinds of which a slip is told from other words."""

FREE = frozenset({"text", "name"})
"""Kinds that take any words: they get one word (or a quoted phrase), unless they are the last."""


_NOUNS = {
    noun.removesuffix("s"): noun
    for noun in ("cases", "checkin", "guides", "meetings", "mydata", "resources", "roster", "settings", "snippets")
}
"""First words of commands that are things, and may be written in the singular or the plural, apart or with a hyphen.

What a word does, such as "leave" or "peer", is done only where it is that very word.
"""

_UNPAUSE = re.compile(
    r"(?:un[ _-]pause|(?:end|stop|lift|remove|cancel)(?: the)? paus(?:e|ing)|resume)(?: (?:of|for|on))?\b",
    re.IGNORECASE,
)
"""How people end a pause."""

_WHO_IS_PAUSED = re.compile(
    r"(?:who(?:(?:'s| is|s)(?: still)?)? paused|paused(?: members)?|(?:list|show) (?:the )?paus(?:es|ed))\W*",
    re.IGNORECASE,
)
"""How people ask what “who” tells to overseers."""

WHO = "who"

_OTHER_FORM = re.compile(rf"(?:check[ _-]?in|my[ _-]?data|{'|'.join(_NOUNS)})s?\b", re.IGNORECASE)
_BETWEEN = re.compile("[ _-]")

PHRASE_LIMIT = 80
"""Characters of a message that may be a phrase as a whole."""

OR = " / "
"""Between the ways to say the same in a phrase: each language has its own."""

POLITE = frozenset({"please", "pls", "plz", "now"})
"""Words that change nothing about a phrase."""

ABOUT_OTHERS = frozenset({Action.ESCALATE_FOR_OTHER, Action.PAUSE_MEMBER})
"""Of commands that name somebody and nothing else that is free: "please" is no part of the name."""

_PLEASE = POLITE - {"now"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A command and its arguments as they were typed; `left` is what fitted no parameter."""

    command: Command
    arguments: Mapping[str, str]
    left: str = ""


def is_marked(text: str) -> bool:
    """Whether the text says of itself that it is a command."""
    return text.lstrip().startswith(MARKS) and len(text.strip()) > 1


def read(text: str, registry: Registry, reader: Reader, *, forgiving: bool = False) -> Typed | None:
    """The command that `text` (with or without a mark) begins with; None if there is none.

    `forgiving`: also where its first word is written in another form, such as "check-in" or "meeting".
    """
    body = text.strip()
    body = body[1:] if body.startswith(MARKS) else body
    tokens = tokens_of(body)
    found = _beginning(tokens, body, registry, reader)
    if found is None and len(tokens) > 1 and _is_please(tokens[0]):
        polite = _beginning(tokens[1:], body, registry, reader)
        found = polite if polite is not None and polite.command.may in ABOUT_OTHERS else None
    if forgiving and (found is None or found.left):
        usual = read(_usual(body), registry, reader)
        return found if usual is None or (found is not None and usual.left) else usual
    return found


def _beginning(tokens: list[Token], body: str, registry: Registry, reader: Reader) -> Typed | None:
    for words in (2, 1):
        name = " ".join(token.text.casefold() for token in tokens[:words])
        command = registry.get(name)
        if len(tokens) >= words and command is not None and not command.hidden:
            values = tokens[words:]
            if command.may in ABOUT_OTHERS:
                values, body = _without_please(values, body)
            return _arguments(command, values, body, reader)
    return None


def _without_please(tokens: list[Token], body: str) -> tuple[list[Token], str]:
    """The values without what is only polite behind them, as in "alice, please!"; never without any."""
    while len(tokens) > 1 and _is_please(tokens[-1]):
        body = body[: tokens[-1].start].rstrip(" ,")
        *tokens, last = tokens[:-1]
        tokens.append(last if last.quoted else replace(last, text=last.text.rstrip(",") or last.text))
    return tokens, body


def _is_please(token: Token) -> bool:
    return not token.quoted and fold(token.text) in _PLEASE


def ends_a_pause(text: str) -> bool:
    """Whether it begins as people end a pause, in words that are hardly said about anything else."""
    found = _UNPAUSE.match(text.strip())
    return found is not None and "paus" in found[0].casefold()


def asks_who_is_paused(text: str) -> bool:
    """Whether all of it asks what “who” tells to overseers."""
    return _WHO_IS_PAUSED.fullmatch(text.strip()) is not None


def _usual(body: str) -> str:
    """`body` as commands have it: "checkin" for "Check-in", "meetings find" for "meeting-find", or "meetings list".

    And "unpause alice" for "stop pausing alice", and "who" for "who is paused?".
    """
    if (ending := _UNPAUSE.match(body)) is not None:
        return "unpause" + body[ending.end() :]
    if asks_who_is_paused(body):
        return WHO
    found = _OTHER_FORM.match(body)
    if found is None:
        first, space, others = body.partition(" ")
        return first.replace("-", " ") + space + others
    word = _BETWEEN.sub("", found[0].casefold()).removesuffix("s")
    after = "" if body[found.end() :].casefold() == " list" else body[found.end() :]
    return _NOUNS[word] + (f" {after[1:]}" if after.startswith("-") else after)


def is_whole(found: Typed, reader: Reader) -> bool:
    """Whether every word of it was understood: "take care" is no command."""
    try:
        for parameter in found.command.parameters:
            if parameter.name in found.arguments:
                parameter.kind.parse(found.arguments[parameter.name], reader)
    except BadValue:
        return False
    return not found.left


def family_of(text: str, registry: Registry) -> list[Command]:
    """The commands that begin with the word which is all of `text`, such as those of "checkin" or "check-in"."""
    word = _usual(text.strip().lstrip("".join(MARKS))).casefold()
    return [command for command in registry if not command.hidden and command.name.split()[0] == word]


class Phrases:
    """What a whole message means that names no command, such as "I need a person", in any of `languages`."""

    def __init__(self, registry: Registry, languages: Collection[Words]) -> None:
        self._registry = registry
        self._languages = languages

    def command(self, text: str) -> Command | None:
        """The command that `text` means, if it is a phrase."""
        return None if len(text) > PHRASE_LIMIT else self._commands.get(_plainly(text))

    def mean(self, text: str, name: str) -> bool:
        """Whether `text` means the command of that name."""
        command = self.command(text)
        return command is not None and command.name == name

    @cached_property
    def _commands(self) -> Mapping[str, Command]:
        """By each way to say it: every message of every room is looked up here."""
        found: dict[str, Command] = {}
        for command in self._registry:
            for words in self._languages:
                for phrase in command.phrases:
                    for said in ways(words, phrase.message):
                        found.setdefault(said, command)
        return found


def language_of_phrase(text: str, phrase: Command, languages: Collection[Words], usual: str) -> str | None:
    """The language in which `text` is one of a command's phrases; None if it is one in the `usual` language, too."""
    said = _plainly(text)
    found = [w.language for w in languages if any(said in ways(w, each.message) for each in phrase.phrases)]
    return None if usual in found or not found else found[0]


def _plainly(text: str) -> str:
    """It folded, without what is only polite."""
    return " ".join(word for word in fold(text).split() if word not in POLITE)


@lru_cache(maxsize=4096)
def ways(words: Words, phrase: str) -> frozenset[str]:
    """The ways to say a phrase, which holds no values, in one language, folded."""
    return frozenset(fold(said) for said in words.render(Text(phrase)).split(OR))


def _arguments(command: Command, tokens: list[Token], body: str, reader: Reader) -> Typed:
    arguments: dict[str, str] = {}
    waiting = list(command.parameters)
    if any(one.kind.name == two.kind.name == "time" for one, two in pairwise(waiting)):
        tokens = two_times(tokens, has_dates=any(one.kind.name == "date" for one in waiting))
    for parameter in [each for each in waiting if each.at_an_end]:
        found = _take_at_an_end(parameter, tokens, body, reader)
        if found is not None:
            arguments[parameter.name], tokens, body = found
            waiting.remove(parameter)
    while tokens and waiting:
        parameter, *others = waiting
        if len(tokens) > 1 and not tokens[0].quoted and tokens[0].text.casefold() in parameter.after:
            tokens = tokens[1:]
        taken = _take(parameter, tokens, others, body, reader)
        if taken is None:
            if parameter.required or not (parameter.sure or any(_take(p, tokens, [], body, reader) for p in others)):
                # Wrong words are better asked about than passed over; of "settings quiet from dusk" all of them.
                is_all = parameter.required and not others and " " in command.name
                arguments[parameter.name] = body[tokens[0].start :] if is_all else tokens[0].text
                tokens = [] if is_all else tokens[1:]
                if parameter.kind.name == "time" and span_in(arguments[parameter.name]) is not None and others:
                    others = others[1:]  # which half of the day both are of is asked
            waiting = others
            continue
        value, used = taken
        is_more = used < len(tokens) and not any(_take(p, tokens[used:], [], body, reader) for p in others)
        if is_more and _is_nearly(parameter, tokens[: used + 1], reader):
            used += 1  # it is asked about: "8 oclok"
            value = " ".join(token.text for token in tokens[:used])
        arguments[parameter.name] = value
        tokens, waiting = tokens[used:], others
    left = body[tokens[0].start :] if tokens else ""
    return Typed(command, arguments, left)


def _take_at_an_end(
    parameter: Parameter, tokens: list[Token], body: str, reader: Reader
) -> tuple[str, list[Token], str] | None:
    """The value at the head of `tokens`, else at their end, with what is left of them and of `body`; None: neither."""
    first = _take(parameter, tokens, [], body, reader) if tokens else None
    if first is not None:
        return first[0], tokens[first[1] :], body
    for at in range(max(len(tokens) - MOST_WORDS, 1), len(tokens)):
        last = _take(parameter, tokens[at:], [], body, reader)
        if last is not None and at + last[1] == len(tokens):
            return last[0], tokens[:at], body[: tokens[at].start].rstrip()
    return None


def _take(
    parameter: Parameter, tokens: Sequence[Token], others: Sequence[Parameter], body: str, reader: Reader
) -> tuple[str, int] | None:
    """The value at the head of `tokens`, and how many of them it took; None if nothing there is one."""
    first = tokens[0]
    if parameter.rest or (parameter.kind.name in FREE and not others and not first.quoted):
        return body[first.start :].strip('"“”'), len(tokens)
    if first.quoted:
        return first.text, 1
    if parameter.kind.name in FREE:
        count = _until_next(tokens, others, body, reader)
        return " ".join(token.text for token in tokens[:count]), count
    for count in range(min(MOST_WORDS, len(tokens)), 0, -1):
        words = " ".join(token.text for token in tokens[:count])
        try:
            parameter.kind.parse(words, reader)
        except BadValue:
            continue
        return words, count
    return None


def _until_next(tokens: Sequence[Token], others: Sequence[Parameter], body: str, reader: Reader) -> int:
    """How many words a free value has: up to the first that the next parameter takes, if there is one."""
    following = next((p for p in others if p.kind.name not in FREE), None)
    if following is None:
        return 1
    for count in range(1, len(tokens)):
        if _take(following, tokens[count:], [], body, reader) is not None:
            return count
    if not following.required:
        return len(tokens)
    for count in range(1, min(len(tokens), NAME_WORDS + 1)):
        ends = range(count + 1, min(count + MOST_WORDS, len(tokens)) + 1)
        if any(_is_nearly(following, tokens[count:end], reader) for end in ends):
            return count
    return 1


def _is_nearly(parameter: Parameter, tokens: Sequence[Token], reader: Reader) -> bool:
    """Whether the words are a day or a time but for a slip: then that is asked about, and they are nothing else."""
    if parameter.kind.name not in TIMES:
        return False
    try:
        parameter.kind.parse(" ".join(token.text for token in tokens), reader)
    except BadValue as unread:
        return bool(unread.guesses)
    return False
