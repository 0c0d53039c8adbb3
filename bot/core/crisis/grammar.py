"""Reads the small language of the lexicons (see `pattern`) by recursive descent, into parts."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import chain

from bot.core.crisis.part import (
    EDGE_OF_SENTENCE,
    NUMBER,
    BadPattern,
    Part,
    Weights,
    choice,
    gap,
    one_of,
    optional,
    sequence,
    words_and_phrases,
)
from bot.core.crisis.tokens import STRETCHED, WORD_LIMIT, tokenise

MAX_DEPTH = 12
MAX_SOURCE = 4_000
_SHORTEST_PREFIX = 4
_DEFAULT_GAP = 3
_MAX_GAP = 8

_FLAT = r"[^()\[\]{}#^$.*]+"
_LEXEMES = re.compile(
    rf"\s*(?:\(({_FLAT})\)|\[({_FLAT})\]"  # a choice of words and nothing else, as most are, is read at one go
    r"|(\.\.[0-9]*)|\{([a-z_]+)\}|([()\[\]|#^$])|([^\s()\[\]|#^${}.*]+)(\*?)|(\S))"
)
_MARK = 4

Lexeme = tuple[str, ...]


@lru_cache(maxsize=16_384)
def _forms(written: str) -> tuple[str, ...]:
    """The words that `written` is read as; lexicons use the same ones over and over."""
    if written.isascii() and written.isalnum() and len(written) < WORD_LIMIT and not STRETCHED.search(written):
        return (written.lower(),)
    return tuple(token.forms[0] for token in tokenise(written) if not token.is_edge)


class Grammar:
    """Reads the patterns of one lexicon: `pieces` are its named ones, `common` words are anchors only at need."""

    def __init__(self, pieces: Mapping[str, str], common: Iterable[str]) -> None:
        self._pieces = pieces
        self._common = frozenset(common)
        self._named: dict[str, Part] = {}
        self._groups: dict[str, Part] = {}
        self._words: dict[str, Part] = {}

    @cached_property
    def _weights(self) -> Weights:
        """What its words weigh: made with the first pattern that is read, which in most languages is none."""
        return Weights(self._common)

    def read(self, source: str, depth: int = 0) -> Part:
        """The whole of `source`, which stands in brackets `depth` deep."""
        if len(source) > MAX_SOURCE:
            raise BadPattern(f"it is longer than {MAX_SOURCE} characters")
        lexemes = _LEXEMES.findall(source.strip())
        if not lexemes:
            raise BadPattern("it is empty")
        part, rest = self._choice(lexemes, 0, depth)
        if rest != len(lexemes):
            raise BadPattern(f"unexpected {''.join(lexemes[rest])!r}")
        return part

    def _choice(self, lexemes: list[Lexeme], at: int, depth: int) -> tuple[Part, int]:
        """Sequences separated by `|`, up to a closing bracket."""
        _check_depth(depth)
        part, at = self._sequence(lexemes, at, depth)
        if at == len(lexemes) or lexemes[at][_MARK] != "|":
            return part, at
        parts = [part]
        while at < len(lexemes) and lexemes[at][_MARK] == "|":
            part, at = self._sequence(lexemes, at + 1, depth)
            parts.append(part)
        return choice(parts, self._weights), at

    def _sequence(self, lexemes: list[Lexeme], at: int, depth: int) -> tuple[Part, int]:
        """Items one after the other."""
        items: list[Part] = []
        while at < len(lexemes) and lexemes[at][_MARK] not in {"|", ")", "]"}:
            item, at = self._item(lexemes, at, depth)
            items.append(item)
        if not items:
            raise BadPattern("an alternative is empty")
        return sequence(items, self._weights), at

    def _item(self, lexemes: list[Lexeme], at: int, depth: int) -> tuple[Part, int]:
        """One word, gap, bracket or named piece."""
        group, option, dots, name, mark, word, star, unknown = lexemes[at]
        if unknown:
            raise BadPattern(f"unexpected {unknown!r}")
        if mark in {"(", "["}:
            return self._bracket(lexemes, at, depth + 1)
        if word:
            part = self._word(word, prefix=bool(star))
        elif group or option:
            part = self._group(group or option, depth + 1)
            part = part if group else optional(part, 1)
        elif name:
            part = self._piece(name, depth + 1)
        elif dots:
            part = _gap(int(dots[2:] or _DEFAULT_GAP))
        else:
            part = NUMBER if mark == "#" else EDGE_OF_SENTENCE
        return part, at + 1

    def _bracket(self, lexemes: list[Lexeme], at: int, depth: int) -> tuple[Part, int]:
        """What stands between two brackets."""
        mark = lexemes[at][_MARK]
        inside, at = self._choice(lexemes, at + 1, depth)
        if at == len(lexemes) or lexemes[at][_MARK] != (")" if mark == "(" else "]"):
            raise BadPattern(f"{mark!r} is not closed")
        return (inside if mark == "(" else optional(inside, inside.height + 1)), at + 1

    def _group(self, written: str, depth: int) -> Part:
        """A choice of words, or of words that follow each other."""
        _check_depth(depth)
        known = self._groups.get(written)
        if known is None:
            alternatives = [tuple(chain.from_iterable(map(_read, each.split()))) for each in written.split("|")]
            if not all(alternatives):
                raise BadPattern("an alternative is empty")
            known = self._groups[written] = words_and_phrases(alternatives, self._weights)
        return known

    def _piece(self, name: str, depth: int) -> Part:
        """The piece of that name: read once, however many patterns it is in."""
        part = self._named.get(name)
        if part is None:
            if name not in self._pieces:
                raise BadPattern(f"no piece is named {{{name}}}")
            _check_depth(depth)
            part = self.read(self._pieces[name], depth)
            self._named[name] = part
        _check_depth(depth + part.height)
        return part

    def _word(self, written: str, *, prefix: bool) -> Part:
        """A word as a message's would be read: "self-harm" is two."""
        forms = _read(written)
        if not prefix:
            return sequence([self._single(form) for form in forms], self._weights)
        if len(forms[-1]) < _SHORTEST_PREFIX:
            raise BadPattern(f"'{forms[-1]}*' is too short a beginning: {_SHORTEST_PREFIX} letters at least")
        last = one_of(frozenset(), frozenset({forms[-1]}), self._weights, 1)
        return sequence([*map(self._single, forms[:-1]), last], self._weights)

    def _single(self, form: str) -> Part:
        """One word."""
        part = self._words.get(form)
        if part is None:
            part = self._words[form] = one_of(frozenset({form}), frozenset(), self._weights, 1)
        return part


def _read(written: str) -> tuple[str, ...]:
    """The words that `written` is read as, one at least."""
    forms = _forms(written)
    if not forms:
        raise BadPattern(f"{written!r} is no word")
    return forms


def _gap(longest: int) -> Part:
    """Up to `longest` words of any kind."""
    if not 1 <= longest <= _MAX_GAP:
        raise BadPattern(f"a gap is 1 to {_MAX_GAP} words")
    return gap(longest)


def _check_depth(depth: int) -> None:
    """Brackets are not nested without end."""
    if depth > MAX_DEPTH:
        raise BadPattern(f"its brackets are nested more than {MAX_DEPTH} deep")
