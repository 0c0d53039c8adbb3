"""What a long text says over and over is heard a few times, and counted as often as it stands there.

Pasting the same line a thousand times is the cheapest way to keep an ear busy. What stands in the midst of such a
stretch is said by its neighbours in the same way, so it is taken out before the text is heard, and what was heard
beside it is set down again in each place it was taken from. (Only a line of single letters without end may be parted
into words at other places than it was.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from bot.core.crisis.tokens import UNSPACED

LONG = 4_000
"""Characters of a text in which it is worth looking."""

_PROBE = 48
_LONGEST = 8_192
_STRIDE = 1_024
_MARGIN = 600
"""Characters by which a repeat is recognised, of the longest that is, between two places where it is looked for, and
that are left on both sides of what is taken out: more than the longest pattern with what is near it and what lowers it,
of some 110 words."""
_OF_A_SIGN = 3
"""How much of the margin a sign fills that is a word: 200 of them are enough."""


@dataclass(frozen=True, slots=True)
class Cut:
    """`removed` characters are taken out at `at`, where the text repeats itself every `period` of them.

    `start` and `end` are where that begins and ends. All but `removed` are places in the text as it is heard.
    """

    start: int
    at: int
    end: int
    period: int
    removed: int


def cuts_of(text: str, start: int = 0) -> tuple[Cut, ...]:
    """What can be taken out of `text` behind its first `start` characters, in order."""
    if len(text) - start < LONG:
        return ()
    cuts: list[Cut] = []
    removed = 0
    for first, last, period in _stretches(text, start):
        signs = len(UNSPACED.findall(text, first, first + period))
        margin = period * ceil(_MARGIN / (period + (_OF_A_SIGN - 1) * signs))
        at = first + margin + period
        spare = (last - margin - at) // period * period
        if spare > 0:
            cuts.append(Cut(first - removed, at - removed, last - removed - spare, period, spare))
            removed += spare
    return tuple(cuts)


def without(text: str, cuts: Sequence[Cut]) -> str:
    """`text` as it is heard."""
    for cut in cuts:
        text = text[: cut.at] + text[cut.at + cut.removed :]
    return text


def places(start: int, end: int, cuts: Sequence[Cut], most: int) -> list[tuple[int, int]]:
    """Where what was heard from `start` to `end` stands in the whole text, `most` places of one cut at most."""
    shift = 0
    for cut in cuts:
        if start >= cut.at:
            shift += cut.removed
            continue
        if start < cut.start + cut.period and end > cut.end - cut.period:
            end += cut.removed  # all of it is one word
        elif start >= cut.at - cut.period:
            copies = min(cut.removed // cut.period, most)
            return [(start + shift + copy * cut.period, end + shift + copy * cut.period) for copy in range(copies + 1)]
        break
    return [(start + shift, end + shift)]


def _stretches(text: str, start: int) -> Iterator[tuple[int, int, int]]:
    """Where `text` repeats itself, from where to where and after how many characters."""
    while start + LONG < len(text):
        again = text.find(text[start : start + _PROBE], start + 1, start + _LONGEST + _PROBE)
        if again < 0:
            start += _STRIDE
            continue
        end = _end(text, start, again - start)
        if end - start >= LONG:
            yield start, end, again - start
        start = max(end, start + _STRIDE)


def _end(text: str, start: int, period: int) -> int:
    """Up to where each character of `text` from `start` on is the one that stands `period` further on."""
    good, bad = 0, len(text) - period - start + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if text[start + good : start + middle] == text[start + period + good : start + period + middle]:
            good = middle
        else:
            bad = middle
    return start + good + period
