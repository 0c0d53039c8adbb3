"""A text's words without their places, found quickly: the same ones that `tokens` finds, or more."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise, product

from bot.core.crisis.normalise import normalise
from bot.core.crisis.tokens import EDGE, ELISION, SENTENCE_ENDS, UNSPACED, WORD_CHARACTER, forms_of

_REMEMBERED = 20_000
"""Characters whose folding is remembered: more than are in use anywhere, fewer than a hostile text can show."""

_FEW = 4
"""Letters beyond ASCII, as most texts in Latin letters have: so few are replaced more quickly one by one."""

_SIGN = re.compile(r"[0-9@$!|+*]")
_ODD = re.compile(r"[0-9@$!|+*][^\W\d_]|[^\W\d_][0-9@$|+*]")
_NUMBER_BEFORE_WORD = re.compile(r"([.,][0-9]+)(?![0-9])(?=[^\W_])")
_DECIMAL = re.compile("[0-9][.,][0-9]")
_TRAILING_OFF = re.compile(r"(?<![.!?\u3002\u061f\u0964])\.{2,}(?![.!?\u3002\u061f\u0964])")
_ENDS = " \t\n.!?"
"""What begins no other sentence where a text begins or ends with it."""
_LONE_VOICING = re.compile("(?:^|[ \u3099\u309a])[\u3099\u309a]")
"""A mark that was torn from its kana, when each letter was looked at alone."""


class _Plain(dict[int, str]):
    """Each character as `normalise` folds it."""

    def __missing__(self, code: int) -> str:
        folded = self.of(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded

    def of(self, char: str) -> str:
        """The folding of `char`."""
        return normalise(char).text


class _Letters(_Plain):
    """The same, with a blank for what no words are made of; what is written without spaces stands by itself."""

    def of(self, char: str) -> str:
        """The letters of `char`."""
        return _apart(_PLAIN[ord(char)])


def _apart(folded: str) -> str:
    """The letters of a folded text."""
    letters = "".join(char if char == "'" or WORD_CHARACTER.fullmatch(char) else " " for char in folded)
    return UNSPACED.sub(r" \g<0> ", letters)


_PLAIN = _Plain()
_LETTERS = _Letters()

_FOLDED = "".join(_LETTERS[code] for code in range(128)).encode() + b" " * 128
_KINDS = re.sub(rb"[0-9@$|+*]", b"1", re.sub(rb"[A-Za-z]", b"a", bytes(range(128)))) + b" " * 128
"""Letters as "a", what may stand for one as "1", the rest as it is."""
_NO_SIGNS = re.sub(rb"[0-9@$!|+*]", b"", bytes(range(128)))
"""All that stands for no letter."""


def plain(text: str) -> str:
    """`text` as `normalise` has it, without the places."""
    lower = text.lower()
    if "@" in text or "<" in text or "://" in text or "www." in lower:  # what links and mentions have
        return normalise(text).text
    if text.isascii():
        return lower
    beyond = {char for char in set(text) if char > "\x7f"}
    if len(beyond) > _FEW:
        return text.translate(_PLAIN)
    for char in beyond:
        text = text.replace(char, _PLAIN[ord(char)])
    return text.lower()


def glance(text: str) -> tuple[list[str], bool]:
    """What `words_of` and `is_odd` say of a text."""
    if not text.isascii():
        return words_of(text), is_odd(text)
    written = text.encode()
    letters = written.translate(_FOLDED).decode()
    if "'" in letters:
        letters = letters.replace("''", " ").replace("'", "")
    return letters.split(), _is_odd(written)


def words_of(text: str) -> list[str]:
    """The words of a text without regard to links and mentions."""
    if text.isascii():
        letters = text.encode().translate(_FOLDED).decode()
    else:
        letters = text.translate(_LETTERS)
        if _LONE_VOICING.search(letters):
            letters = _apart(text.translate(_PLAIN))
    if "'" in letters:
        letters = letters.replace("''", " ").replace("'", "")
    return letters.split()


def elided_of(text: str, is_filler: Callable[[str], bool]) -> list[tuple[str, str]]:
    """The words of a folded text that are known without what is elided before them, each beside its neighbours.

    That is also beside those it has in a text without fillers.
    """
    words = _apart(text).split()
    elided = {word for word in words if ELISION.match(word)}
    thinned = [word for word in words if not is_filler(word)]
    beside = {
        pair
        for reading in (words, thinned)
        for pair in pairwise(["", *reading, ""])
        if pair[0] in elided or pair[1] in elided
    }
    return [each for left, right in beside for each in product(forms_of(left), forms_of(right))]


def sentences_of(text: str, words: Sequence[str]) -> list[str] | None:
    """The `words` of a plain text with the edges of its sentences; None where that takes more: numbers, quotes."""
    if ">" in text or _DECIMAL.search(text):
        return None
    text = text.strip(_ENDS)
    if ".." in text:
        text = _TRAILING_OFF.sub(",", text)  # no blank: a line of dots is no empty line
    sentences = SENTENCE_ENDS.split(text)
    edged = [EDGE]
    for inside in [words] if len(sentences) == 1 else map(words_of, sentences):
        if inside:
            edged += inside
            edged.append(EDGE)
    return edged


def parted(text: str) -> str:
    """A plain text with a blank between a number and the word behind it: "2.5mg" is two words."""
    return _NUMBER_BEFORE_WORD.sub(r"\1 ", text.replace("''", " ").replace("'", ""))


def is_odd(text: str) -> bool:
    """Whether a sign or a digit stands beside a letter in `text`, and so may stand for one."""
    if not text.isascii():
        return _SIGN.search(text) is not None and _ODD.search(text) is not None
    return _is_odd(text.encode())


def _is_odd(written: bytes) -> bool:
    """Whether a text of ASCII is."""
    if not written.translate(None, _NO_SIGNS):
        return False
    kinds = written.translate(_KINDS)
    return b"a1" in kinds or b"1a" in kinds or b"!a" in kinds
