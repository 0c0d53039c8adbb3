"""Words somebody hid, undone: a second reading of a text, beside what it says as it stands.

"k1ll mys3lf", "k i l l", "killmyself", "sucide", "k*ll", a Cyrillic letter in a Latin word, a gun as an emoji. A
reading is taken only where it gives words that the lexicons know, so ordinary talk has none.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from string import ascii_lowercase

from bot.core.crisis.emoji import EMOJI
from bot.core.crisis.keys import COUNTED
from bot.core.crisis.needs import FREQUENT
from bot.core.crisis.normalise import Normal
from bot.core.crisis.slips import REAL_WORDS, Slips, likely
from bot.core.crisis.vocabulary import Joints, Vocabulary

_EMOJI = re.compile(f"[{''.join(EMOJI)}]")

_SHORTEST_TYPO = 6
_SHORTEST_HIDDEN = 4
_SHORTEST_CLIPPED = 4
_SHORTEST_GLUED = 6
_SHORTEST_PAIR = 5
_WORDS_OF_A_LETTER = frozenset("aiu")
_LETTERS = frozenset(ascii_lowercase)
_LONGEST = 40
_LONGEST_PART = 12
_LATIN = re.compile(r"[a-z]+")
_LATIN_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")

_BEGINNING = re.compile(r"(?:^|[.!?\n])\s{0,3}([a-z]+)(?!['a-z0-9])")

_LEET = re.compile(r"[0-9@$!|+*\u20ac]")
_LEET_WORD = re.compile(r"(?<![a-z0-9@$!|+*\u20ac])[a-z0-9@$!|+*\u20ac]{1,40}(?![a-z0-9@$|+*\u20ac])")
_ONE = "1"
_LONGER_BESIDE_SHORT = 2
_LEET_TABLE = str.maketrans("0134578@$!|+\u20ac", "oieastbasiite")
_LEET_TABLE_L = str.maketrans("0134578@$!|+\u20ac", "oleastbasllte")
_HIDDEN = re.compile(r"[a-z]\*{1,3}[a-z]")

_SPACED = re.compile(r"(?<![^\W_])[a-z](?:[ .\-_*~\u00b7,/|]{1,3}[a-z](?![^\W_])){2,40}")
_SINGLES = 3

_OTHERS = "\u0370-\u03ff\u0400-\u052f\u1d00-\u1d22\u0262\u0274\u0280\u028f\u029c\u029f\ua730\ua731"
_HOMOGLYPHS = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u043a\u043c\u0442\u0432\u043d\u0457\u0451\u0261"
    "\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b3\u03b7\u03c9\u03bc"
    "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22",
    "aeopcyxijsdhqwkmtbhiegaeikvoptuxynwmabcdefghijklmnoprstuvwyz",
)
_FOREIGN = re.compile("[" + "".join(map(chr, _HOMOGLYPHS)) + "]")
_OTHER_LETTER = "[\u0430-\u044f\u0451\u0621-\u064a]"
_SPACED_OTHERS = re.compile(
    rf"(?<![^\W_]){_OTHER_LETTER}(?:[ .\-_*~\u00b7,/|]{{1,3}}{_OTHER_LETTER}(?![^\W_])){{2,40}}"
)
_CYRILLIC = "\u0430-\u044f\u0451"
_MIXED_CYRILLIC = re.compile(f"[{_CYRILLIC}][a-z0-9]|[a-z0-9][{_CYRILLIC}]")
_CYRILLIC_WORD = re.compile(f"[a-z0-9{_CYRILLIC}]{{3,40}}")
_LIKE_CYRILLIC = str.maketrans(
    "aceopxykmtbh3046",
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u043a\u043c\u0442\u0432\u043d\u0437\u043e\u0447\u0431",
)
HIDING = re.compile(f"[{''.join(EMOJI)}]|{_FOREIGN.pattern}|([^\\x00-\\x7f])\\1\\1|{_SPACED_OTHERS.pattern}")
"""What beyond ASCII may say more than it seems to: an emoji, a letter like another, a stretched one."""
_FOREIGN_WORD = re.compile(rf"[a-z{_OTHERS}\u0299\u026a\u0261]{{1,40}}")


@dataclass(frozen=True, slots=True)
class Change:
    """The characters `start` to `end` of a normalised text are read as `words`."""

    start: int
    end: int
    words: str


class Folding:
    """Readings by what the lexicons know: all their words, and the rare ones by which they are found."""

    def __init__(self, vocabularies: Sequence[Vocabulary], shorthand: Mapping[str, str] | None = None) -> None:
        """`shorthand`: words, and what they stand for; with "^" before it, a word that begins a sentence."""
        shorthand = shorthand or {}
        self._shorthand = {word: meant for word, meant in shorthand.items() if not word.startswith("^")}
        self.begins = {word[1:]: meant for word, meant in shorthand.items() if word.startswith("^")}
        self.vocabulary = frozenset(word for each in vocabularies for word in each.words if word.isalpha())
        self.beginnings = tuple(sorted({beginning for each in vocabularies for beginning in each.beginnings}))
        self._by_ends: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """The rare words by their first and last letters; "*" for any: all of them would take 6 ms for each word."""
        for word in self.vocabulary - FREQUENT:
            self._by_ends[word[0], word[-1]].append(word)
            self._by_ends["*", word[-1]].append(word)
        self._joints = Joints(joint for each in vocabularies for joint in each.joints)
        anchors = {anchor for each in vocabularies for anchor in each.anchors}
        self._slips = Slips(word for word in anchors if len(word) >= _SHORTEST_TYPO and _LATIN.fullmatch(word))

    def meaning(self, word: str) -> str | None:
        """What `word` says if it is misspelt or glued ("sucide", "killmyself"), None for what it is."""
        if word in self._shorthand:
            return self._shorthand[word]
        if word.endswith("in") and len(word) >= _SHORTEST_CLIPPED and f"{word}g" in self.vocabulary:
            return None if word in self.vocabulary or word in COUNTED else f"{word}g"
        if not _SHORTEST_HIDDEN <= len(word) <= _LONGEST or word in COUNTED or word in self.vocabulary:
            return None
        if not _LATIN.fullmatch(word):
            return None
        if len(word) >= _SHORTEST_GLUED and word not in REAL_WORDS and (anchor := self._slips.changed_about(word)):
            return anchor
        parts = self._parts(word, _WORDS_OF_A_LETTER) if len(word) >= _SHORTEST_GLUED else None
        return " ".join(parts) if parts else self._corrected(word)

    def _corrected(self, word: str) -> str | None:
        """The anchor that is meant by `word`, which is no word itself."""
        if word in self.vocabulary or word in REAL_WORDS or word in COUNTED:
            return None
        return self._slips.meant(word) or self._likely(word)

    def _likely(self, word: str) -> str | None:
        """The known word that is most likely meant by `word`; what is an ordinary word may be meant just as well."""
        meant = likely(word, lambda each: each in self.vocabulary or each in COUNTED)
        return meant if meant in self.vocabulary else None

    def begun(self, text: str, words: Set[str]) -> list[Change]:
        """Where a sentence of the normalised `text` begins with a word that stands for more there: "took them all"."""
        if words.isdisjoint(self.begins):
            return []
        return [
            Change(*match.span(1), self.begins[match[1]])
            for match in _BEGINNING.finditer(text)
            if match[1] in self.begins
        ]

    def changes(self, text: str, words: Sequence[str], meanings: Mapping[str, str], *, spaced: bool) -> list[Change]:
        """What else the normalised `text` says, in order.

        `words` are its words, `meanings` those of the misspelt or glued ones; `spaced`: there are single letters
        beside each other.
        """
        found: list[Change] = []
        if spaced and list(map(len, words)).count(1) >= _SINGLES:
            found += self._spaced(text)
        if _LEET.search(text):
            found += self._leet(text)
        if not text.isascii():
            found += [Change(*match.span(), EMOJI[match[0]]) for match in _EMOJI.finditer(text)]
            if _FOREIGN.search(text):
                found += self._homoglyphs(text)
            if _MIXED_CYRILLIC.search(text):
                found += self._in_cyrillic(text)
            found += self._spaced(text, _SPACED_OTHERS)
        if meanings:
            found += self._misspelt(text, meanings)
        found += self.begun(text, set(words))
        return apart(found)

    def _spaced(self, text: str, letters: re.Pattern[str] = _SPACED) -> Iterator[Change]:
        """Spaced out or dotted: "k i l l", "k.i.l.l"."""
        for match in letters.finditer(text):
            read = self._known("".join(char for char in match[0] if char.isalpha()))
            if read:
                yield Change(*match.span(), read)

    def _leet(self, text: str) -> Iterator[Change]:
        """Digits and signs for letters: "k1ll", "$uicide", "k*ll"; short words where longer ones are: "1 w4nt t0"."""
        known: dict[str, str | None] = {}
        short: list[Change] = []
        longer: set[str] = set()
        for match in _LEET_WORD.finditer(text):
            written = match[0].rstrip("!+|*")
            is_short = len(written) < _SINGLES
            if written not in known:
                known[written] = self._short_leet(written) if is_short else self._read_leet(written)
            if read := known[written]:
                change = Change(match.start(), match.start() + len(written), read)
                if is_short:
                    short.append(change)
                else:
                    longer.add(written)
                    yield change
        if len(longer) >= _LONGER_BESIDE_SHORT:
            yield from short

    def _short_leet(self, written: str) -> str | None:
        """What a word of one or two digits or letters says among words with digits for letters: "1", "b3", "m3"."""
        if not _LEET.search(written) or (written.isdigit() and written != _ONE):
            return None
        letters = written.translate(_LEET_TABLE)
        return letters if _LATIN.fullmatch(letters) and letters in self.vocabulary else None

    def _read_leet(self, written: str) -> str | None:
        """What one word with digits or signs says, None if that is nothing else."""
        if not _LEET.search(written) or written.isdigit() or not any(map(str.isalpha, written)):
            return None
        return self._unhidden(written) if _HIDDEN.search(written) else self._unleet(written)

    def _unleet(self, written: str) -> str | None:
        """What `written` says with its digits and signs as letters; a 1 may be an i or an l."""
        letters = written.translate(_LEET_TABLE)
        if not _LATIN.fullmatch(letters):
            return None
        if read := self._known(letters):
            return read
        return self._known(written.translate(_LEET_TABLE_L))

    def _unhidden(self, written: str) -> str | None:
        """The first rare word that `written` may be, with a star for each hidden letter or for a few of them."""
        hidden = re.compile("".join("[a-z]{1,2}" if char == "*" else re.escape(char) for char in written))
        fitting = [
            word
            for word in self._by_ends.get((written[0], written[-1]), ())
            if len(word) >= len(written) and hidden.fullmatch(word)
        ]
        return min(fitting, key=lambda word: (len(word), word), default=None) if len(written) > _SINGLES else None

    def _homoglyphs(self, text: str) -> Iterator[Change]:
        """Latin words with letters of another script; short ones are read where a longer one is."""
        short: list[Change] = []
        is_hiding = False
        for match in _FOREIGN_WORD.finditer(text):
            letters = match[0].translate(_HOMOGLYPHS)
            if letters == match[0] or not _LATIN.fullmatch(letters):
                continue
            if len(letters) < _SINGLES:
                short.append(Change(*match.span(), letters))
                continue
            mixed = _LATIN.search(match[0]) is not None
            read = self._known(letters) or (self._corrected(letters) if mixed else None)
            if read:
                is_hiding = True
                yield Change(*match.span(), read)
        if is_hiding:
            yield from (change for change in short if change.words in self.vocabulary)

    def _in_cyrillic(self, text: str) -> Iterator[Change]:
        """Cyrillic words with Latin letters or digits among theirs."""
        for match in _CYRILLIC_WORD.finditer(text):
            if _MIXED_CYRILLIC.search(match[0]):
                letters = match[0].translate(_LIKE_CYRILLIC)
                if letters in self.vocabulary or letters.startswith(self.beginnings):
                    yield Change(*match.span(), letters)

    def _misspelt(self, text: str, meant: Mapping[str, str]) -> Iterator[Change]:
        """Misspelt or glued: "sucide", "killmyself"."""
        for match in _LATIN_WORD.finditer(text):
            if (word := match[0].replace("'", "")) in meant:
                yield Change(*match.span(), meant[word])

    def _known(self, letters: str) -> str | None:
        """`letters` as a word, or as several glued ones."""
        if letters in self.vocabulary:
            return letters if len(letters) >= _SINGLES else None
        parts = self._parts(letters, _LETTERS) if len(letters) <= _LONGEST * 2 else None
        if parts:
            return " ".join(parts)
        return letters if letters.startswith(self.beginnings) else self._corrected(letters)

    def _parts(self, word: str, alone: Set[str]) -> Sequence[str] | None:
        """The known words that make up `word`: all that follow each other in a pattern before others, few before many.

        Two at least must. Of single letters only those `alone` count as words.
        """
        best: list[tuple[int, int, tuple[str, ...]] | None] = [(0, 0, ()), *([None] * len(word))]
        for start, before in enumerate(best):
            if before is None:
                continue
            strangers, count, parts = before
            for end in range(start + 1, min(start + _LONGEST_PART, len(word)) + 1):
                part = word[start:end]
                if part not in self.vocabulary or (len(part) == 1 and part not in alone):
                    continue
                glued = start > 0 and self._are_glued(parts[-1], part)
                way = (strangers + (not glued), count + 1, (*parts, part))
                known = best[end]
                if known is None or way < known:
                    best[end] = way
        whole = best[-1]
        # The first word stands behind none.
        return whole[2] if whole is not None and whole[0] < whole[1] else None

    def _are_glued(self, one: str, other: str) -> bool:
        """Whether two words follow each other in a pattern, and are no word when they are written as one."""
        glued = one + other
        if len(glued) < _SHORTEST_PAIR or glued in self.vocabulary or glued in FREQUENT:
            return False
        return self._joints.joins(one, other)


def reread(normal: Normal, changes: Sequence[Change]) -> Normal:
    """`normal` with `changes` made; the new words stand where the old ones stood."""
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for change in changes:
        starts += [*normal.starts[done : change.start]]
        ends += [*normal.ends[done : change.start]]
        first, last = normal.original(change.start, change.end)
        starts += [first] * (len(change.words) + 2)
        ends += [last] * (len(change.words) + 2)
        done = change.end
    return Normal(changed(normal.text, changes), [*starts, *normal.starts[done:]], [*ends, *normal.ends[done:]])


def changed(text: str, changes: Sequence[Change]) -> str:
    """The normalised `text` with `changes` made."""
    pieces: list[str] = []
    done = 0
    for change in changes:
        pieces += [text[done : change.start], " ", change.words, " "]
        done = change.end
    return "".join([*pieces, text[done:]])


def apart(changes: Iterable[Change]) -> list[Change]:
    """Those that do not overlap an earlier one, in order."""
    left: list[Change] = []
    for change in sorted(changes, key=lambda change: (change.start, -change.end)):
        if not left or change.start >= left[-1].end:
            left.append(change)
    return left
