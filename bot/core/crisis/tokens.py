"""A text as words and sentence edges: what patterns are matched against."""

import re
from dataclasses import dataclass
from itertools import product

from bot.core.crisis.normalise import Normal, normalise

EDGE = "$"
"""The one form of the token that stands before, between and after sentences."""

WORD_LIMIT = 40
"""Characters of a word that are compared; no word of a lexicon is longer."""

_CJK = r"\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_MARKS = r"\u064b-\u065f\u0900-\u0963\u3099\u309a"
_LETTER = rf"(?:[^\W_{_CJK}]|[{_MARKS}])"
_WORD = rf"{_LETTER}+(?:'{_LETTER}+)*"
_GLUED = rf"(?<=(?:[^\W\d_]|[{_MARKS}])\.)(?:[^\W\d_]|[{_MARKS}])"
"""Between letters a dot ends no sentence: "wish.i.was.dead" is one."""
_ENDS = r"[.!?\u3002\u061f\u0964]"
_EDGE = rf"[.!?\u3002\u061f\u0964\n](?:(?<=\n)[ \t]*\n|(?<!\n)(?!{_GLUED}){_ENDS}*)"
"""It begins with the signs that it may begin with: by these a place is found many times as quickly."""
_PIECES = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)+)"
    rf"|(?P<word>{_WORD}|[{_CJK}][\u3099\u309a]?)"  # written without spaces: one by one
    rf"|(?P<edge>{_EDGE})",
)
WORD = re.compile(_WORD)
"""A word of the scripts that are written with spaces."""

SENTENCE_ENDS = re.compile(_EDGE)
"""What stands between sentences, apart from dots in which one trails off."""

WORD_CHARACTER = re.compile(rf"{_LETTER}|[{_CJK}]")
"""What a word is made of, apart from an apostrophe within."""

UNSPACED = re.compile(rf"[{_CJK}][\u3099\u309a]?")
"""A word of the scripts that are written without spaces."""

_TRAILING_OFF = re.compile(r"\.{2,}")
"""Dots people write inside a sentence; it goes on after them."""

_ANSWERS = frozenset(("no", "nao", "non", "nein"))
"""What is an answer with a comma behind it, "no, me quiero morir", and else a negation."""

QUOTED = re.compile(r"^(?:>>> (?s:.*)|> [^\n]*)", re.MULTILINE)
"""Block quotes of Discord and Matrix: a line, or with three marks everything that follows."""

ELISION = re.compile(
    r"(?<![^\W_])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu)'(?=[aeiouyh])"
    r"|(?<![^\W_])od'(?=d(?!['\w]))"
)
"""French "l'", "d'", "qu'" before a word, which is known without it, too; and "od'd", which is no "odd"."""

_BEHIND_ELISION = re.compile("'[aeiouyhd]")

OVERDOSED = "odded"
"""The spelling by which rules tell "od'd", an overdose, from "odd", where it stands alone."""

STRETCHED = re.compile(r"(.)\1{2,}")
_STRETCHES = 3
_MOST_FORMS = 8


@dataclass(slots=True, eq=False)
class Token:
    """One word, or the edge of a sentence; nobody changes it (a frozen one takes three times as long to make).

    `forms` are the spellings it is compared by, one at least and eight at most; `start` and `end` are offsets in
    the original text (equal for an edge); `sentence` counts from 0; `quoted`: it stands in a block quote; `answers`:
    it is a "no," that stands for itself, and negates nothing of what follows.
    """

    forms: tuple[str, ...]
    start: int
    end: int
    sentence: int
    quoted: bool = False
    answers: bool = False

    @property
    def is_edge(self) -> bool:
        """Whether it is the edge of a sentence and no word."""
        return self.forms[0] == EDGE


def tokenise(text: str) -> list[Token]:
    """The words of `text` with an edge before, between and after its sentences; at least one edge."""
    return tokens_of(normalise(text))


def tokens_of(normal: Normal) -> list[Token]:
    """The same for a text that is normalised."""
    quotes = [match.span() for match in QUOTED.finditer(normal.text)]
    tokens = [Token((EDGE,), 0, 0, 0)]
    sentence = quote = 0
    for match in _PIECES.finditer(normal.text):
        start, end = normal.original(*match.span())
        while quote < len(quotes) and quotes[quote][1] <= match.start():
            quote += 1
        quoted = quote < len(quotes) and quotes[quote][0] <= match.start()
        last = tokens[-1]
        ends_here = match.lastgroup == "edge" and not _TRAILING_OFF.fullmatch(match[0])
        if (ends_here or last.quoted != quoted) and not last.is_edge:
            tokens.append(Token((EDGE,), last.end, last.end, sentence, quoted))
            sentence += 1
        if match.lastgroup != "edge":
            answers = match[0] in _ANSWERS and normal.text.startswith(",", match.end())
            tokens.append(Token(forms_of(match[0]), start, end, sentence, quoted, answers))
    if len(tokens) == 1 or not tokens[-1].is_edge:
        tokens.append(Token((EDGE,), tokens[-1].end, tokens[-1].end, sentence))
    return tokens


def elides(text: str) -> bool:
    """Whether a word of a normalised text is known without what is elided before it; quick where none may be."""
    return "'" in text and _BEHIND_ELISION.search(text) is not None and ELISION.search(text) is not None


def forms_of(word: str) -> tuple[str, ...]:
    """The spellings of a normalised word: without apostrophes, its stretched letters once and twice, elided or not.

    "don't" is "dont"; "diiie" is "die" or "diie", "killlll" is "kil" or "kill". Of more than three stretches
    the later ones are cut to one letter. "l'eau" is "leau" or "eau", and "od'd" is "odd" or "odded".
    """
    if "'" in word:
        elided = ELISION.match(word)
        word = word.replace("'", "")
        if elided and word == "odd":
            return (word, OVERDOSED)
        if elided:
            return (*_stretches(word)[: _MOST_FORMS - 1], word[elided.end() - 1 : WORD_LIMIT])
    return _stretches(word)


def _stretches(word: str) -> tuple[str, ...]:
    """`word` with its stretched letters once and twice."""
    if word.isdigit() or not STRETCHED.search(word):
        return (word[:WORD_LIMIT],)
    parts = STRETCHED.split(word)  # plain, letter, plain, letter, …, plain
    choices = [
        (part,) if at % 2 == 0 else (part, part * 2) if at < 2 * _STRETCHES else (part,)
        for at, part in enumerate(parts)
    ]
    return tuple("".join(spelling)[:WORD_LIMIT] for spelling in product(*choices))
