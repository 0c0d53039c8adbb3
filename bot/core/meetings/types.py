"""What kind of meeting it is: codes, read from whatever a feed writes, and their names.

A code belongs to a programme: "A" is secular in AA and 18+ in ACA. So both are always given.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from bot.core.matching import fold
from bot.core.meetings.type_names import LANGUAGES, MEETING_GUIDE, OF_PROGRAMME

_BETWEEN: Final = re.compile(r"[,;|/\n]+|\band\b")
_STRIP: Final = " \t\r\n[]{}()\"'"
_LONGEST = 40
_MOST = 60
"""Types of one meeting; the codes of a whole programme are not many more."""

ONLINE: Final = "ONL"
"""Not in the specification, but what its plugin exports for a meeting that can be joined from afar."""
CLOSED_FOR_NOW: Final = "TC"

_ALSO: Final = {
    "online": ONLINE, "online meeting": ONLINE, "zoom": ONLINE, "virtual": ONLINE, "espanol": "S",
    "spanish speaking": "S", "english speaking": "EN", "open meeting": "O", "closed meeting": "C", "mens": "M",
    "womens": "W",
    "step": "ST", "step meeting": "ST", "speaker meeting": "SP", "wheelchair": "X", "wheelchair accessible": "X",
    "beginners": "BE", "beginner": "BE", "newcomers": "BE", "tradition": "TR", "traditions": "TR",
    "temporarily closed": CLOSED_FOR_NOW,
    "young peoples": "Y", "candlelight": "CAN", "lgbt": "LGBTQ", "lgbtq+": "LGBTQ", "portuguese": "POR",
}  # fmt: skip


@lru_cache(maxsize=32)
def _codes(programme: str | None) -> dict[str, tuple[str, str]]:
    return {ONLINE: ("Online", "En línea"), **MEETING_GUIDE, **OF_PROGRAMME.get(programme or "", {})}


def name_of(programme: str | None, code: str, language: str = "en") -> str | None:
    """What a code of that programme is called, in Spanish for "es", else in English; None if nobody knows."""
    names = _codes(programme).get(code)
    return names and names[language == "es"]


@lru_cache(maxsize=8192)
def code_of(programme: str | None, word: str) -> str | None:
    """The code that a word means in that programme: a code in any case, or its name; None if it is none."""
    codes = _codes(programme)
    if word in codes:
        return word
    upper = word.upper()
    for code in codes:
        if code.upper() == upper:
            return code
    return _by_name(programme).get(fold(word))


@lru_cache(maxsize=32)
def _by_name(programme: str | None) -> dict[str, str]:
    named = {fold(name): code for code, names in _codes(programme).items() for name in reversed(names)}
    return {**named, **_ALSO}


def read(programme: str | None, value: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes, and what has none, of a feed's `types`: a list, "[open]", "Open,English", or nothing."""
    if not value:
        return (), ()
    items = value if isinstance(value, list) else [value]
    if len(items) <= _MOST and all(type(item) is str and len(item) <= _LONGEST for item in items):
        return _read_usual(programme, tuple(items))
    return _read_any(programme, items)


@lru_cache(maxsize=4096)
def _read_usual(programme: str | None, items: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `_read_any` says: the types of a feed's meetings are a few, again and again."""
    return _read_any(programme, items)


def _read_any(programme: str | None, items: Sequence[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for item in items[:_MOST]:
        if not isinstance(item, (str, int)) or isinstance(item, bool):
            continue
        code = code_of(programme, item) if isinstance(item, str) and len(item) <= _LONGEST else None
        if code:
            known[code] = None
            continue
        for part in _BETWEEN.split(str(item)[: _LONGEST * _MOST]):
            word = " ".join(part.strip(_STRIP).split())[:_LONGEST]
            if word:
                code = code_of(programme, word)
                if code:
                    known[code] = None
                elif word.isprintable():
                    unknown[word] = None
    return tuple(known)[:_MOST], tuple(unknown)[:_MOST]


def contradict(codes: tuple[str, ...]) -> bool:
    """Whether a meeting is said to be both open and closed."""
    return {"O", "C"} <= set(codes)


def neither(codes: tuple[str, ...]) -> tuple[str, ...]:
    """The codes without either: whoever is not sure to be welcome asks first."""
    return tuple(code for code in codes if code not in {"O", "C"})


def languages_of(codes: tuple[str, ...]) -> tuple[str, ...]:
    """The languages among the codes, as ISO 639 has them."""
    return tuple(LANGUAGES[code] for code in codes if code in LANGUAGES)


_PROGRAMMES: Final = {
    "aa": "aa", "alcoholics anonymous": "aa", "na": "na", "narcotics anonymous": "na", "al-anon": "al-anon",
    "alanon": "al-anon", "al anon": "al-anon", "alateen": "al-anon", "aca": "aca", "acoa": "aca",
    "adult children of alcoholics": "aca", "ca": "ca", "cocaine anonymous": "ca", "cma": "cma",
    "crystal meth anonymous": "cma", "coda": "coda", "co-dependents anonymous": "coda", "da": "da", "ga": "ga",
    "gamblers anonymous": "ga", "gam-anon": "gam-anon", "ma": "ma", "marijuana anonymous": "ma", "nar-anon": "nar-anon",
    "oa": "oa", "overeaters anonymous": "oa", "ra": "ra", "refuge recovery": "refuge", "recovery dharma": "dharma",
    "saa": "saa", "slaa": "slaa", "sa": "sa", "smart": "smart", "smart recovery": "smart", "lifering": "lifering",
    "women for sobriety": "wfs", "celebrate recovery": "celebrate",
}  # fmt: skip
_HINTS: Final = (
    ("al-anon", re.compile(r"al-?anon|alateen", re.IGNORECASE)),
    ("aca", re.compile(r"adultchildren|acawso|\baca\b|acoa", re.IGNORECASE)),
    ("nar-anon", re.compile(r"nar-?anon", re.IGNORECASE)),
    ("cma", re.compile(r"crystalmeth|\bcma\b", re.IGNORECASE)),
    ("coda", re.compile(r"\bcoda\b|codependents", re.IGNORECASE)),
    ("ma", re.compile(r"marijuana-?anonymous", re.IGNORECASE)),
    ("oa", re.compile(r"overeaters|\boa\b", re.IGNORECASE)),
    ("smart", re.compile(r"smartrecovery", re.IGNORECASE)),
    ("dharma", re.compile(r"recoverydharma", re.IGNORECASE)),
)


def programme_of(text: str) -> str:
    """The short name of a programme that somebody typed: "Al-Anon" is "al-anon"; an unknown one stays as it is."""
    wanted = " ".join(text.casefold().split())
    return _PROGRAMMES.get(wanted, wanted)


_WORDS_TOO: Final = frozenset({"da", "sa", "ra"})
"""Short names that are also words of other languages, and are not taken for a programme in a sentence."""


def known_programme(word: str) -> str | None:
    """The programme that one word names; None if it is no programme's name."""
    return None if word in _WORDS_TOO else _PROGRAMMES.get(word)


def code_by_name(programme: str | None, word: str) -> str | None:
    """The code of a type that is called so ("women", "newcomers"); None if none is."""
    return _by_name(programme).get(fold(word)) if len(word) > 2 else None  # noqa: PLR2004  no type has a shorter name


def hinted(*texts: str) -> str | None:
    """The programme that addresses of a feed name, if they do."""
    for programme, pattern in _HINTS:
        if any(pattern.search(text) for text in texts):
            return programme
    return None
