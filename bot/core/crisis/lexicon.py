"""Lexicon files: TOML, written by people, some of them strangers, so every value is checked and bounded.

```toml
language = "en"                         # ISO 639-1
common = "i to the"                     # words too frequent to start a search from
fillers = "just really lol"             # words that say nothing: a text is heard with and without them
mute = ["en/want-to-die"]               # ids of any lexicon that are switched off

[shorthand]                             # what stands for other words
2 = "to"
"^took" = "i took"                      # with "^": where a sentence begins

[clauses]                               # what is said by itself, and not taken back by what stands beside it
begin = "i im he"                       # words with which people speak of themselves, or of who is with them
join = "and but"                        # words between two clauses
tie = "if said"                         # with these, or behind them, nothing begins that stands by itself

[words]                                 # named pieces; one may use those above it
want = "(want to|wanna)"

[[rule]]
id = "want-to-die"
category = "suicide"
severity = "urgent"
pattern = ["i [just] {want} die"]
near = ["my (wife|husband)"]            # optional: each of these must be near it, in the same sentence or the next
also = ["tonight"]                      # optional: one of these must be somewhere in the message
hears = ["I want to die tonight"]       # run as tests
ignores = ["I want to dye my hair tonight"]

[[lower]]
id = "of-laughter"
reason = "hyperbole"
to = "nothing"                          # or a severity
where = "touching"                      # or "sentence"
categories = ["suicide"]                # optional: all
pattern = ["(of|from) (laughter|laughing)"]
unless = ["but"]                        # optional: in the same sentence
hears = ["I want to die of laughter"]
ignores = ["I want to die"]
```
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from bot.core.crisis import compiled
from bot.core.crisis.clauses import Clauses
from bot.core.crisis.compiled import Compiled
from bot.core.crisis.keyring import Keyring, keyring_of
from bot.core.crisis.normalise import normalise
from bot.core.crisis.pattern import BadPattern, Pattern, Patterns
from bot.core.crisis.rules import Lowering, Reason, Rule, Where
from bot.core.crisis.signal import Category, Severity
from bot.core.crisis.tokens import forms_of
from bot.core.crisis.uncollected import uncollected
from bot.core.crisis.vocabulary import Vocabulary, vocabulary_of
from bot.core.crisis.weighing import Signs

MAX_FILE = 1_000_000
"""Characters of a lexicon file."""
MAX_ENTRIES = 2_000
"""Rules and lowerings of a lexicon, and named pieces."""
MAX_ITEMS = 200
"""Patterns, or examples, of one rule."""
MAX_EXAMPLE = 500
"""Characters of one example."""
MAX_SPOKEN = 20
"""Characters of what shorthand stands for."""
MAX_PROBLEMS = 50
"""Problems that are told at once."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PIECE_NAME = re.compile(r"[a-z_]{1,40}")
_NOTHING = "nothing"
_SHORTHAND = re.compile(r"\^?[a-z0-9]{1,20}")
_SPOKEN = re.compile(rf"[a-z ]{{1,{MAX_SPOKEN}}}")
_TOP_KEYS = {"language", "common", "fillers", "mute", "shorthand", "clauses", "words", "rule", "lower"}
_CLAUSE_KEYS = {"begin", "join", "tie"}
_RULE_KEYS = {"id", "category", "severity", "says_why", "pattern", "near", "also", "hears", "ignores"}
_LOWER_KEYS = {"id", "reason", "to", "where", "categories", "pattern", "unless", "hears", "ignores"}

Word = TypeVar("Word", bound=StrEnum)
Got = TypeVar("Got")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """One file's rules and lowerings; `mutes` are the ids, of any lexicon, that it switches off.

    `fillers` are words without which a text says the same, `shorthand` what stands for other words; by `clauses` is
    known what somebody says by itself. `signs` are weighed where no rule is met.
    `vocabulary` gives the words of the rules, `keyring` by what they are found: detectors ask once, and keep their own.
    """

    name: str
    language: str
    rules: tuple[Rule, ...]
    lowerings: tuple[Lowering, ...]
    mutes: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()
    shorthand: Mapping[str, str] = field(default_factory=dict)
    clauses: Clauses = field(default_factory=Clauses)
    vocabulary: Callable[[], Vocabulary]
    keyring: Callable[[], Keyring]
    signs: Signs | None = None

    @property
    def signs_id(self) -> str:
        """The id under which the signs are heard, and can be muted."""
        return f"{self.name}/signs"

    @property
    def patterns(self) -> Iterator[Pattern]:
        """All patterns in the order in which they are read."""
        for rule in self.rules:
            yield from (*rule.patterns, *rule.near, *rule.also)
        for lowering in self.lowerings:
            yield from (*lowering.patterns, *lowering.unless)


class BadLexicon(ValueError):
    """A lexicon file is refused. `problems` has one line each: file, line where known, rule and reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def parse_lexicon(text: str, *, name: str, kept: bytes | None = None, examples: bool = True) -> Lexicon:
    """The lexicon written in `text`; `name` ("en", "community") begins the ids of its rules.

    With `kept`, what `compiled` has kept of this very text, it is ready many times sooner: its patterns are read when
    they are first looked for, and the text itself only for the `examples`.

    Raises `BadLexicon` with every problem found, at most `MAX_PROBLEMS`: a file is taken as a whole or not at all.
    """
    with uncollected():
        return _Reader(text, name, None if kept is None else compiled.read(kept, text), examples=examples).lexicon()


def compile_lexicon(text: str, *, name: str) -> str:
    """What is kept of a lexicon beside it, see `compiled`; raises `BadLexicon`."""
    lexicon = parse_lexicon(text, name=name)
    return compiled.written(text, tomllib.loads(text), lexicon.patterns, lexicon.vocabulary(), lexicon.keyring())


class _Problem(ValueError):
    """One thing wrong with one value; its message is the reason."""


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, text: str, name: str, kept: Compiled | None, *, examples: bool) -> None:
        self.text = text
        self.name = name
        self.kept = kept
        self.examples = examples or kept is None
        self.problems: list[str] = []
        self.patterns = Patterns()

    def lexicon(self) -> Lexicon:
        """The whole file."""
        table = self._table()
        self._unknown(table, _TOP_KEYS, None)
        language = self._value(None, lambda: _text(table, "language", longest=8))
        common = self._words(table, "common")
        fillers = self._words(table, "fillers")
        shorthand = self._shorthand(table.get("shorthand", {}))
        clauses = self._clauses(table.get("clauses", {}))
        kept_facts = self.kept.facts if self.kept else None
        self.patterns = Patterns(common, kept_facts)
        mutes = self._value(None, lambda: _texts(table, "mute", required=False)) or ()
        self._read_pieces(table.get("words", {}))
        rules = [rule for entry in self._entries(table, "rule") if (rule := self._rule(entry))]
        lowerings = [low for entry in self._entries(table, "lower") if (low := self._lowering(entry))]
        self._unique([*(rule.id for rule in rules), *(low.id for low in lowerings)])
        if self.problems:
            raise BadLexicon(tuple(self.problems[:MAX_PROBLEMS]))
        known = self.kept.facts if self.kept else None
        near = tuple(pattern for rule in rules for pattern in (*rule.patterns, *rule.near))
        others = (
            *(pattern for rule in rules for pattern in rule.also),
            *(pattern for lowering in lowerings for pattern in (*lowering.patterns, *lowering.unless)),
        )
        return Lexicon(
            name=self.name,
            language=language or "",
            rules=tuple(rules),
            lowerings=tuple(lowerings),
            mutes=frozenset(mutes),
            fillers=frozenset(fillers),
            shorthand=shorthand,
            clauses=clauses,
            vocabulary=known.vocabulary if known else partial(vocabulary_of, near, others),
            keyring=known.keyring if known else partial(keyring_of, rules),
        )

    def _table(self) -> dict[str, Any]:
        """The file as TOML."""
        if not _NAME.fullmatch(self.name):
            raise BadLexicon((f"a lexicon is named in small letters, digits and dashes, not {self.name[:64]!r}",))
        if len(self.text) > MAX_FILE:
            raise BadLexicon((f"{self.name}: it is longer than {MAX_FILE} characters",))
        if self.kept is not None and not self.examples:
            return dict(self.kept.table)
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise BadLexicon((f"{self.name}: it is not TOML: {reason}",)) from None

    def _words(self, table: Mapping[str, Any], key: str) -> list[str]:
        """The words under `key`, if it is there."""
        written = self._value(None, lambda: _text(table, key, longest=5_000) if key in table else "")
        return [forms_of(word)[0] for word in normalise(written or "").text.split()]

    def _shorthand(self, table: object) -> dict[str, str]:
        """What stands for other words."""
        if not isinstance(table, dict) or len(table) > MAX_ITEMS:
            self._note(None, f"[shorthand] is a table of at most {MAX_ITEMS} words and what they stand for")
            return {}
        known: dict[str, str] = {}
        for word, meant in table.items():
            if not _SHORTHAND.fullmatch(word) or not isinstance(meant, str) or not _SPOKEN.fullmatch(meant):
                reason = f"a word stands for others of at most {MAX_SPOKEN} small letters"
                self._note(None, f"[shorthand] {word[:64]!r}: {reason}")
            else:
                known[word] = meant
        return known

    def _clauses(self, table: object) -> Clauses:
        """By what clauses are known."""
        if not isinstance(table, dict):
            self._note(None, "[clauses] is a table of words")
            return Clauses()
        for key in sorted(set(table) - _CLAUSE_KEYS):
            self._note(None, f"[clauses]: unknown key {key[:64]!r}")
        return Clauses(**{key: frozenset(self._words(table, key)) for key in _CLAUSE_KEYS})

    def _entries(self, table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """The tables under `[[key]]`."""
        entries = table.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._note(None, f"`{key}` is written as [[{key}]]")
            return []
        if len(entries) > MAX_ENTRIES:
            self._note(None, f"there are more than {MAX_ENTRIES} [[{key}]]")
            return []
        return entries

    def _read_pieces(self, words: object) -> None:
        """The named pieces; each may use those before it, so there is no circle."""
        if not isinstance(words, dict) or len(words) > MAX_ENTRIES:
            self._note(None, f"`words` is a table of at most {MAX_ENTRIES} named pieces")
            return
        for key, source in words.items():
            if not _PIECE_NAME.fullmatch(key) or not isinstance(source, str):
                self._note(None, f"[words] {key[:64]!r}: a piece is a name in small letters and a pattern")
                continue
            try:
                self.patterns.name(key, source)
            except BadPattern as error:
                self._note(None, f"[words] {key}: {error}")

    def _rule(self, entry: Mapping[str, Any]) -> Rule | None:
        """One `[[rule]]`."""
        self._unknown(entry, _RULE_KEYS, entry)
        return self._value(
            entry,
            lambda: Rule(
                id=self._id(entry),
                category=_one_of(Category, _text(entry, "category"), "category"),
                severity=_one_of(Severity, _text(entry, "severity"), "severity"),
                says_why=_says_why(entry),
                patterns=self._patterns(entry, "pattern"),
                near=self._patterns(entry, "near", required=False),
                also=self._patterns(entry, "also", required=False),
                hears=_texts(entry, "hears", required=self.examples),
                ignores=_texts(entry, "ignores", required=self.examples),
            ),
        )

    def _lowering(self, entry: Mapping[str, Any]) -> Lowering | None:
        """One `[[lower]]`."""
        self._unknown(entry, _LOWER_KEYS, entry)
        return self._value(
            entry,
            lambda: Lowering(
                id=self._id(entry),
                reason=_one_of(Reason, _text(entry, "reason"), "reason"),
                to=None if _text(entry, "to") == _NOTHING else _one_of(Severity, entry["to"], "to", _NOTHING),
                where=_one_of(Where, _text(entry, "where"), "where"),
                categories=frozenset(
                    _one_of(Category, category, "categories")
                    for category in _texts(entry, "categories", required=False)
                ),
                patterns=self._patterns(entry, "pattern"),
                unless=self._patterns(entry, "unless", required=False),
                hears=_texts(entry, "hears", required=self.examples),
                ignores=_texts(entry, "ignores", required=self.examples),
            ),
        )

    def _id(self, entry: Mapping[str, Any]) -> str:
        """The entry's id with the lexicon's name."""
        written = _text(entry, "id")
        if not _NAME.fullmatch(written):
            raise _Problem("an id is written in small letters, digits and dashes")
        return f"{self.name}/{written}"

    def _patterns(self, entry: Mapping[str, Any], key: str, *, required: bool = True) -> tuple[Pattern, ...]:
        """The patterns under `key`."""
        patterns = []
        for number, source in enumerate(_texts(entry, key, required=required, longest=None), start=1):
            try:
                patterns.append(self.patterns.compile(source))
            except BadPattern as error:
                raise _Problem(f"{key} {number}: {error}") from None
        return tuple(patterns)

    def _unique(self, ids: Iterable[str]) -> None:
        """No id twice."""
        seen: set[str] = set()
        for each in ids:
            if each in seen:
                self._note({"id": each.partition("/")[2]}, "its id is used twice")
            seen.add(each)

    def _unknown(self, table: Mapping[str, Any], known: set[str], entry: Mapping[str, Any] | None) -> None:
        """A misspelt key would otherwise be left out in silence."""
        for key in sorted(set(table) - known):
            self._note(entry, f"unknown key {key[:64]!r}")

    def _value(self, entry: Mapping[str, Any] | None, read: Callable[[], Got]) -> Got | None:
        """What `read` gives, or None with the problem noted."""
        try:
            return read()
        except _Problem as problem:
            self._note(entry, str(problem))
            return None

    def _note(self, entry: Mapping[str, Any] | None, reason: str) -> None:
        """Write down one problem, with the line of its rule where it has one."""
        if entry is None:
            self.problems.append(f"{self.name}: {reason}")
            return
        written = str(entry.get("id", "without id"))[:64]
        line = re.search(rf"""^\s*id\s*=\s*["']{re.escape(written)}["']""", self.text, re.MULTILINE)
        place = f":{self.text.count(chr(10), 0, line.end()) + 1}" if line else ""
        self.problems.append(f"{self.name}{place}: rule {written!r}: {reason}")


def _text(table: Mapping[str, Any], key: str, longest: int = 64) -> str:
    """The text under `key`."""
    value = table.get(key)
    if not isinstance(value, str) or not value or len(value) > longest:
        raise _Problem(f"`{key}` must be a text of 1 to {longest} characters")
    return value


def _says_why(entry: Mapping[str, Any]) -> bool:
    says = entry.get("says_why", True)
    if not isinstance(says, bool) or (not says and entry.get("severity") != Severity.CONCERN.value):
        raise _Problem("says_why is true or false, and false only for a concern")
    return says


def _texts(
    table: Mapping[str, Any], key: str, *, required: bool = True, longest: int | None = MAX_EXAMPLE
) -> tuple[str, ...]:
    """The list of texts under `key`; lengths are checked by whoever reads them when `longest` is None."""
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _Problem(f"`{key}` must be a list of texts")
    if not (1 if required else 0) <= len(values) <= MAX_ITEMS:
        raise _Problem(f"`{key}` must hold {1 if required else 0} to {MAX_ITEMS} texts")
    if longest is not None and any(len(value) > longest for value in values):
        raise _Problem(f"`{key}` has a text longer than {longest} characters")
    return tuple(values)


def _one_of(kind: type[Word], written: str, key: str, *more: str) -> Word:
    """The member of `kind` that is written so."""
    try:
        return kind(written)
    except ValueError:
        raise _Problem(f"`{key}` must be one of: {', '.join([*kind, *more])}") from None
