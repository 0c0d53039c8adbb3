"""A community's own lexicon: read rule by rule, so that a mistake in one costs only that one."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit

from bot.core.crisis.lexicon import BadLexicon, Lexicon, parse_lexicon
from bot.core.text import clean

OWN = "community"
"""The name of a community's own lexicon: its rules are "community/…"."""

LONGEST_REASON = 300
"""Characters of a problem with a rule that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLexicon:
    """A community's own file as it was read.

    `lexicon` has the rules that can be used; None: the file as a whole cannot. `problems` has one line for each
    rule that is refused, with the file's line and the reason.
    """

    lexicon: Lexicon | None
    problems: tuple[str, ...]


def parse_own(text: str, *, file: str) -> OwnLexicon:
    """The lexicon written in `text`; `file` begins its problems. A bad rule is refused, the others stay on.

    Where the mistake is not a rule's (the TOML itself, a named piece, an unknown key above the rules), nothing of
    the file is used: what the rules mean is not known then.
    """
    # tomllib takes Windows' line ends as they are, but the line of a rule is counted in "\n".
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    told: dict[str, None] = {}
    rest = text
    while True:
        try:
            lexicon = parse_lexicon(rest, name=OWN)
        except BadLexicon as bad:
            told |= dict.fromkeys(_located(problem, text, file) for problem in bad.problems)
            shorter = _without(rest, bad.problems)
            if shorter is None:
                return OwnLexicon(lexicon=None, problems=tuple(told))
            rest = shorter
        else:
            return OwnLexicon(lexicon=lexicon, problems=tuple(told))


def mutes_nothing(own: Lexicon, built_in: Iterable[Lexicon]) -> list[str]:
    """Ids that are muted, but that no lexicon has: a slip, or a rule that is gone since."""
    known: set[str] = set()
    for each in (*built_in, own):
        known |= {rule.id for rule in each.rules} | {lowering.id for lowering in each.lowerings}
        known |= {each.signs_id} if each.signs else set()
    return sorted(own.mutes - known)


def _located(problem: str, text: str, file: str) -> str:
    """The problem with the file's name and the line in it, as far as that is known, on one line."""
    reason = re.sub(rf"\A{OWN}(:\d+)?: ", "", problem)
    written = re.match(r"rule (['\"])(.*?)\1: ", reason)
    line = written and re.search(rf"""^[ \t]*id\s*=\s*["']{re.escape(written[2])}["']""", text, re.MULTILINE)
    place = f":{text.count(chr(10), 0, line.start()) + 1}" if line else ""
    return f"{file}{place}: {' '.join(clean(reason, LONGEST_REASON).split())}"


def _without(text: str, problems: Iterable[str]) -> str | None:
    """The file without the rules that have a problem; None if one of the problems is not a rule's."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    bad: set[str] = set()
    for problem in problems:
        mark = re.match(rf"{OWN}(?::\d+)?: (rule (?:'.*?'|\".*?\")): ", problem, re.DOTALL)
        if mark is None:
            return None
        bad.add(mark[1])
    kept = {
        key: [entry for entry in table[key] if _mark(entry) not in bad] for key in ("rule", "lower") if key in table
    }
    if sum(map(len, kept.values())) == sum(len(table[key]) for key in kept):
        return None  # none was found: there is nothing to be gained by another try
    return tomlkit.dumps(table | kept)


def _mark(entry: Mapping[str, Any]) -> str:
    """How `parse_lexicon` names a rule in its problems."""
    return f"rule {str(entry.get('id', 'without id'))[:64]!r}"
