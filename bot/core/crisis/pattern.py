"""The small language of the lexicons, compiled to an automaton over words.

| written | means |
| --- | --- |
| `word` | that word |
| `word*` | a word that begins so (four letters at least) |
| `#` | a number in digits |
| `(a|b c)` | one of these |
| `[a|b c]` | one of these, or nothing |
| `..` `..5` | up to 3 words, up to 5 (8 at most) |
| `{name}` | the piece of that name in the lexicon's `[words]` |
| `^` `$` | the edge of a sentence |

There is no unbounded repetition, and nothing but `^` and `$` reaches over the edge of a sentence. The automaton
is Glushkov's (one position per word of the pattern): all its states are followed side by side, so there is no
backtracking, and a word costs at most as many steps as the pattern has positions.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from bot.core.crisis.tokens import EDGE, Token, tokenise

MAX_POSITIONS = 800
MAX_LONGEST = 40
MAX_DEPTH = 12
MAX_SOURCE = 2_000
_SHORTEST_PREFIX = 4
_DEFAULT_GAP = 3
_MAX_GAP = 8
_COST_OF_COMMON = 100

_LEXEMES = re.compile(r"\s*(?:(\.\.[0-9]*)|\{([a-z_]+)\}|([()\[\]|#^$])|([^\s()\[\]|#^${}.*]+)(\*?)|(\S))")


class BadPattern(ValueError):
    """A pattern is not in the language, or matches too much; its message is the reason, on one line."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. Sets of positions are the bits of an int.

    `anchors`: every match holds one of these words (or beginnings, "overdos*"). `longest`: tokens of the longest
    match.
    """

    source: str
    anchors: frozenset[str]
    longest: int
    first: int
    last: int
    follow: tuple[int, ...]
    words: Mapping[str, int]
    prefixes: tuple[tuple[str, int], ...]
    numbers: int
    gaps: int

    def accepts(self, token: Token) -> int:
        """The positions at which `token` may stand."""
        if token.is_edge:
            return self.words.get(EDGE, 0)
        accepted = self.gaps
        for form in token.forms:
            accepted |= self.words.get(form, 0)
            for prefix, positions in self.prefixes:
                if form.startswith(prefix):
                    accepted |= positions
            if self.numbers and form[:1].isdigit() and form.replace(".", "").replace(",", "").isdigit():
                accepted |= self.numbers
        return accepted


def bits(positions: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    while positions:
        lowest = positions & -positions
        yield lowest.bit_length() - 1
        positions ^= lowest


def compile_pattern(source: str, words: Mapping[str, str] | None = None, common: Set[str] = frozenset()) -> Pattern:
    """The automaton of `source`, with the named pieces `words`; `common` words are anchors only at need.

    Raises `BadPattern` for what the language does not know, for a pattern that matches no word at all or only
    gaps and numbers, and for one over `MAX_SOURCE`, `MAX_POSITIONS`, `MAX_LONGEST` or `MAX_DEPTH`.
    """
    compiler = _Compiler(words or {}, common)
    whole = compiler.read(source, 0)
    if whole.nullable:
        raise BadPattern("it matches the empty text")
    if whole.anchors is None:
        raise BadPattern("it can match without any word of its own: nothing to look for")
    if whole.longest > MAX_LONGEST:
        raise BadPattern(f"it can match {whole.longest} words, more than {MAX_LONGEST}")
    return Pattern(
        source=source,
        anchors=whole.anchors,
        longest=whole.longest,
        first=whole.first,
        last=whole.last,
        follow=tuple(compiler.follow),
        words=compiler.words,
        prefixes=tuple(compiler.prefixes.items()),
        numbers=compiler.numbers,
        gaps=compiler.gaps,
    )


def check_piece(source: str, words: Mapping[str, str]) -> None:
    """Raise `BadPattern` if `source` cannot be a named piece beside `words`; unlike a pattern it may be empty."""
    _Compiler(words, frozenset()).read(source, 0)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a pattern: where it may begin and end, and the words one of which it must hold (if any)."""

    nullable: bool
    first: int
    last: int
    longest: int
    anchors: frozenset[str] | None


_NOTHING = _Piece(nullable=True, first=0, last=0, longest=0, anchors=None)


class _Compiler:
    """Reads a pattern by recursive descent and lays out its positions."""

    def __init__(self, pieces: Mapping[str, str], common: Set[str]) -> None:
        self.pieces = pieces
        self.common = common
        self.follow: list[int] = []
        self.words: dict[str, int] = {}
        self.prefixes: dict[str, int] = {}
        self.numbers = 0
        self.gaps = 0

    def read(self, source: str, depth: int) -> _Piece:
        """The whole of `source` as one piece."""
        if len(source) > MAX_SOURCE:
            raise BadPattern(f"it is longer than {MAX_SOURCE} characters")
        lexemes = [match for match in _LEXEMES.finditer(source.strip()) if match[0].strip()]
        if not lexemes:
            raise BadPattern("it is empty")
        piece, rest = self._choice(lexemes, 0, depth)
        if rest != len(lexemes):
            raise BadPattern(f"unexpected {lexemes[rest][0].strip()!r}")
        return piece

    def _choice(self, lexemes: list[re.Match[str]], at: int, depth: int) -> tuple[_Piece, int]:
        """Sequences separated by `|`, up to a closing bracket."""
        if depth > MAX_DEPTH:
            raise BadPattern(f"its brackets are nested more than {MAX_DEPTH} deep")
        choice, at = self._sequence(lexemes, at, depth)
        while at < len(lexemes) and lexemes[at][3] == "|":
            other, at = self._sequence(lexemes, at + 1, depth)
            anchors = None
            if choice.anchors is not None and other.anchors is not None:
                anchors = choice.anchors | other.anchors
            choice = _Piece(
                nullable=choice.nullable or other.nullable,
                first=choice.first | other.first,
                last=choice.last | other.last,
                longest=max(choice.longest, other.longest),
                anchors=anchors,
            )
        return choice, at

    def _sequence(self, lexemes: list[re.Match[str]], at: int, depth: int) -> tuple[_Piece, int]:
        """Items one after the other."""
        sequence, begin = _NOTHING, at
        while at < len(lexemes) and lexemes[at][3] not in {"|", ")", "]"}:
            item, at = self._item(lexemes, at, depth)
            sequence = self._then(sequence, item)
        if at == begin:
            raise BadPattern("an alternative is empty")
        return sequence, at

    def _item(self, lexemes: list[re.Match[str]], at: int, depth: int) -> tuple[_Piece, int]:
        """One word, gap, bracket or named piece."""
        gap, name, mark, word, star, unknown = lexemes[at].groups()
        if unknown is not None:
            raise BadPattern(f"unexpected {unknown!r}")
        if gap is not None:
            return self._gap(int(gap[2:] or _DEFAULT_GAP)), at + 1
        if name is not None:
            if name not in self.pieces:
                raise BadPattern(f"no piece is named {{{name}}}")
            return self.read(self.pieces[name], depth + 1), at + 1
        if word is not None:
            return self._word(word, prefix=bool(star)), at + 1
        if mark in {"(", "["}:
            inside, at = self._choice(lexemes, at + 1, depth + 1)
            if at == len(lexemes) or lexemes[at][3] != (")" if mark == "(" else "]"):
                raise BadPattern(f"{mark!r} is not closed")
            if mark == "[":
                inside = _Piece(True, inside.first, inside.last, inside.longest, None)
            return inside, at + 1
        position = self._position()
        if mark == "#":
            self.numbers |= position
        else:
            self.words[EDGE] = self.words.get(EDGE, 0) | position
        return _Piece(nullable=False, first=position, last=position, longest=1, anchors=None), at + 1

    def _word(self, written: str, *, prefix: bool) -> _Piece:
        """A word as a message's would be read: "self-harm" is two."""
        tokens = [token for token in tokenise(written) if not token.is_edge]
        if not tokens:
            raise BadPattern(f"{written!r} is no word")
        piece = _NOTHING
        for at, token in enumerate(tokens):
            form = token.forms[0]
            begins = prefix and at == len(tokens) - 1
            if begins and len(form) < _SHORTEST_PREFIX:
                raise BadPattern(f"'{form}*' is too short a beginning: {_SHORTEST_PREFIX} letters at least")
            position = self._position()
            table = self.prefixes if begins else self.words
            table[form] = table.get(form, 0) | position
            anchor = frozenset({f"{form}*" if begins else form})
            piece = self._then(piece, _Piece(False, position, position, 1, anchor))
        return piece

    def _gap(self, longest: int) -> _Piece:
        """Up to `longest` words of any kind."""
        if not 1 <= longest <= _MAX_GAP:
            raise BadPattern(f"a gap is 1 to {_MAX_GAP} words")
        gap = _NOTHING
        for _ in range(longest):
            position = self._position()
            self.gaps |= position
            gap = self._then(gap, _Piece(True, position, position, 1, None))
        return gap

    def _then(self, left: _Piece, right: _Piece) -> _Piece:
        """`left`, and then `right`."""
        for position in bits(left.last):
            self.follow[position] |= right.first
        return _Piece(
            nullable=left.nullable and right.nullable,
            first=left.first | (right.first if left.nullable else 0),
            last=right.last | (left.last if right.nullable else 0),
            longest=left.longest + right.longest,
            anchors=min((left.anchors, right.anchors), key=self._cost),
        )

    def _cost(self, anchors: frozenset[str] | None) -> float:
        """How often these words will be met for nothing."""
        if anchors is None:
            return float("inf")
        return sum(_COST_OF_COMMON if anchor in self.common else 1 for anchor in anchors)

    def _position(self) -> int:
        """A new position, as a bit."""
        if len(self.follow) == MAX_POSITIONS:
            raise BadPattern(f"it has more than {MAX_POSITIONS} words")
        self.follow.append(0)
        return 1 << (len(self.follow) - 1)
