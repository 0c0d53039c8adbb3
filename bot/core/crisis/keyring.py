"""By what the patterns of a lexicon's rules are found: each key once, with the patterns it is for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.crisis.pattern import Facts, Pattern, Words
from bot.core.crisis.tokens import WORD_LIMIT

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The patterns are told by their numbers in the lexicon.

    `words`: by a word, or the beginning of one ("overdos*"). `pairs`: by one of the first words right before one of the
    second. `unfindable`: those with a word so long that it is cut before it is compared.
    """

    words: Mapping[str, Numbers]
    pairs: tuple[tuple[Words, Words, Numbers], ...]
    unfindable: Numbers = ()


def keyring_of(patterns: Iterable[Pattern]) -> Keyring:
    """By what `patterns` are found."""
    words: defaultdict[str, list[int]] = defaultdict(list)
    pairs: defaultdict[tuple[Words, Words], list[int]] = defaultdict(list)
    unfindable: list[int] = []
    for pattern in patterns:
        facts = pattern.glance()
        for word in facts.words:
            words[word].append(pattern.number)
        for pair in facts.pairs:
            pairs[pair].append(pattern.number)
        if not _is_findable(facts):
            unfindable.append(pattern.number)
    return Keyring(
        {word: tuple(numbers) for word, numbers in words.items()},
        tuple((left, right, tuple(dict.fromkeys(numbers))) for (left, right), numbers in pairs.items()),
        tuple(unfindable),
    )


def _is_findable(facts: Facts) -> bool:
    """Whether a pattern needs no word so long that it is cut before it is compared."""
    return all(len(name) < WORD_LIMIT for way in facts.ways for need in way for name in need) and all(
        len(word) < WORD_LIMIT for joint in facts.pairs for words in joint for word in words
    )


def renumbered(keyring: Keyring, numbers: Mapping[int, int]) -> Keyring:
    """The same with other `numbers`; patterns that have none are left out, as they are switched off."""

    def new(of_it: Numbers) -> Numbers:
        return tuple([numbers[number] for number in of_it if number in numbers])

    return Keyring(
        {word: those for word, of_it in keyring.words.items() if (those := new(of_it))},
        tuple((left, right, those) for left, right, of_it in keyring.pairs if (those := new(of_it))),
        new(keyring.unfindable),
    )
