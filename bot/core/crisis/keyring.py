"""By what the patterns of a lexicon's rules are found: each key once, with the patterns it is for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from bot.core.crisis.keys import Key, any_of
from bot.core.crisis.pattern import Pattern, Words
from bot.core.crisis.rules import Rule
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


def keyring_of(rules: Iterable[Rule]) -> Keyring:
    """By what the patterns of `rules` are found: of what must stand side by side, by the rarest."""
    words: defaultdict[str, list[int]] = defaultdict(list)
    pairs: defaultdict[tuple[Words, Words], list[int]] = defaultdict(list)
    unfindable: list[int] = []
    for rule in rules:
        beside = [any_of([_key(pattern) for pattern in either]) for either in rule.beside]
        is_findable = all(_is_findable(pattern) for either in rule.beside for pattern in either)
        for pattern in rule.patterns:
            key = min([_key(pattern), *beside], key=lambda key: key.chance)
            for word in key.words:
                words[word].append(pattern.number)
            for left, right in key.pairs:
                pairs[tuple(sorted(left)), tuple(sorted(right))].append(pattern.number)
            if not (is_findable and _is_findable(pattern)):
                unfindable.append(pattern.number)
    return Keyring(
        {word: tuple(words[word]) for word in sorted(words)},
        tuple((*pair, tuple(dict.fromkeys(pairs[pair]))) for pair in sorted(pairs)),
        tuple(unfindable),
    )


def _key(pattern: Pattern) -> Key:
    """By what `pattern` alone is found; every pattern has a key, see `pattern`."""
    return pattern.part.key or Key()


def _is_findable(pattern: Pattern) -> bool:
    """Whether `pattern` needs no word so long that it is cut before it is compared."""
    key = _key(pattern)
    needed = chain(key.words, *chain.from_iterable(key.pairs), *(need for way in pattern.glance().ways for need in way))
    return all(len(word) < WORD_LIMIT for word in needed)


def renumbered(keyring: Keyring, numbers: Mapping[int, int]) -> Keyring:
    """The same with other `numbers`; patterns that have none are left out, as they are switched off."""

    def new(of_it: Numbers) -> Numbers:
        return tuple([numbers[number] for number in of_it if number in numbers])

    return Keyring(
        {word: those for word, of_it in keyring.words.items() if (those := new(of_it))},
        tuple((left, right, those) for left, right, of_it in keyring.pairs if (those := new(of_it))),
        new(keyring.unfindable),
    )
