"""The ear: what one message says about danger. Pure: no clock, no I/O, the same text gives the same answer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.crisis.index import Index, Match
from bot.core.crisis.lexicon import Lexicon
from bot.core.crisis.pattern import Pattern
from bot.core.crisis.rules import Lowering, Rule, Where
from bot.core.crisis.signal import MAX_SPANS, Severity, Signal, Span
from bot.core.crisis.tokens import Token, tokenise

QUOTED_LINE = "detector/quoted-line"
"""The lowering of what stands in a block quote: somebody's earlier words, so it is a concern at most."""

MAX_EARLIER = 5
"""Earlier messages that are heard together with the new one."""

MAX_EARLIER_CHARACTERS = 500
"""Characters of an earlier message that are heard again, from its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stood around the message. Whoever fills it keeps to a short window, a minute or two.

    - `earlier`: what the same author wrote just before in the same place, oldest first: people write one sentence
      in several messages. The last `MAX_EARLIER` are heard.
    - `around`: what others wrote there just before. Their alarm is to add weight; this version does not weigh it.
    """

    earlier: tuple[str, ...] = ()
    around: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How an answer came about.

    `signal` is the answer. `heard` are all rules that matched, `lowered_by` all lowerings that lowered one, also
    when nothing is left to signal. `steps` counts the work done: it grows with the text no faster than linearly.
    """

    signal: Signal | None
    heard: tuple[str, ...]
    lowered_by: tuple[str, ...]
    steps: int


@dataclass(frozen=True, slots=True)
class _Hit:
    """One match of a rule after lowering: `severity` None means that nothing is left of it."""

    rule: Rule
    span: Span
    severity: Severity | None
    lowered_by: frozenset[str]


class Detector:
    """Hears what the lexicons say; two lexicons must not have the same name (raises `ValueError`)."""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        lexicons = tuple(lexicons)
        if len({lexicon.name for lexicon in lexicons}) < len(lexicons):
            raise ValueError("two lexicons have the same name")
        muted = frozenset[str]().union(*(lexicon.mutes for lexicon in lexicons))
        self.rules = tuple(r for lexicon in lexicons for r in lexicon.rules if r.id not in muted)
        self.lowerings = tuple(w for lexicon in lexicons for w in lexicon.lowerings if w.id not in muted)
        self._raising = _Table({at: rule.patterns for at, rule in enumerate(self.rules)})
        self._also = _Table({at: rule.also for at, rule in enumerate(self.rules)})
        self._lowering = _Table({at: lowering.patterns for at, lowering in enumerate(self.lowerings)})
        self._unless = _Table({at: lowering.unless for at, lowering in enumerate(self.lowerings)})

    def detect(self, text: str, context: Context | None = None) -> Signal | None:
        """What `text` says about danger, None for nothing. Never raises; time is linear in the text."""
        return self.explain(text, context).signal

    def explain(self, text: str, context: Context | None = None) -> Explanation:
        """The same with its reasons."""
        before = _before(context)
        tokens = tokenise(before + text)
        found, steps = self._raising.search(tokens)
        found = [(at, match) for at, match in found if tokens[match.last - 1].end > len(before)]
        if not found:
            return Explanation(signal=None, heard=(), lowered_by=(), steps=steps)
        also, more = self._also.search(tokens)
        met = {at for at, _ in also}
        found = [(at, match) for at, match in found if not self.rules[at].also or at in met]
        against, most = self._evidence(tokens)
        hits = [self._weigh(self.rules[at], match, tokens, against) for at, match in found]
        lowered_by = tuple(sorted(frozenset[str]().union(*(hit.lowered_by for hit in hits))))
        return Explanation(
            signal=_signal(hits, lowered_by, skipped=len(before)),
            heard=tuple(dict.fromkeys(hit.rule.id for hit in hits)),
            lowered_by=lowered_by,
            steps=steps + more + most,
        )

    def _evidence(self, tokens: Sequence[Token]) -> tuple["_Evidence", int]:
        """Where something speaks against an alarm."""
        found, steps = self._lowering.search(tokens)
        excepted, more = self._unless.search(tokens)
        exceptions = {(at, tokens[match.first].sentence) for at, match in excepted}
        evidence = _Evidence(defaultdict(set), defaultdict(set), defaultdict(set))
        for at, found_at in found:
            sentence = tokens[found_at.first].sentence
            if (at, sentence) in exceptions:
                continue
            match self.lowerings[at].where:
                case Where.SENTENCE:
                    evidence.sentences[sentence].add(at)
                case Where.TOUCHING:
                    for token in range(found_at.first - 1, found_at.last + 1):
                        evidence.touching[token].add(at)
                case Where.BEFORE:
                    for token in range(found_at.first + 1, found_at.last + 1):
                        evidence.before[token].add(at)
        return evidence, steps + more

    def _weigh(self, rule: Rule, match: Match, tokens: Sequence[Token], against: "_Evidence") -> _Hit:
        """One match of `rule` with what speaks against it."""
        lowered_by: set[str] = set()
        severity: Severity | None = rule.severity
        for number in against.on(match, tokens):
            lowering = self.lowerings[number]
            if _lowers(lowering, rule):
                lowered_by.add(lowering.id)
                severity = None if severity is None or lowering.to is None else min(severity, lowering.to)
        if severity is not None and severity.pages and tokens[match.first].quoted:
            lowered_by.add(QUOTED_LINE)
            severity = Severity.CONCERN
        span = Span(start=tokens[match.first].start, end=tokens[match.last - 1].end, rule=rule.id)
        return _Hit(rule, span, severity, frozenset(lowered_by))


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The numbers of the lowerings: by sentence, by each word they touch, by each word they stand before."""

    sentences: dict[int, set[int]]
    touching: dict[int, set[int]]
    before: dict[int, set[int]]

    def on(self, match: Match, tokens: Sequence[Token]) -> set[int]:
        """The lowerings that hold for `match`.

        The edges between sentences are tokens themselves, so what touches a match is in its sentence.
        """
        numbers = set(self.sentences.get(tokens[match.first].sentence, ()))
        numbers |= self.before.get(match.first, set())
        for at in range(match.first, match.last):
            numbers |= self.touching.get(at, set())
        return numbers


class _Table:
    """The patterns of numbered owners in one index."""

    def __init__(self, patterns: Mapping[int, tuple[Pattern, ...]]) -> None:
        self._owners = [owner for owner, owned in patterns.items() for _ in owned]
        self._index = Index([pattern for owned in patterns.values() for pattern in owned])

    def search(self, tokens: Sequence[Token]) -> tuple[list[tuple[int, Match]], int]:
        """Owners and their matches, and the steps taken."""
        matches, steps = self._index.search(tokens)
        return [(self._owners[match.pattern], match) for match in matches], steps


def _lowers(lowering: Lowering, rule: Rule) -> bool:
    """Whether `lowering` makes a match of `rule` any less."""
    concerned = not lowering.categories or rule.category in lowering.categories
    return concerned and (lowering.to is None or lowering.to < rule.severity)


def _before(context: Context | None) -> str:
    """The author's own last messages, to be heard in front of the new one."""
    if context is None:
        return ""
    return "".join(f"{earlier[-MAX_EARLIER_CHARACTERS:]}\n" for earlier in context.earlier[-MAX_EARLIER:])


def _signal(hits: Iterable[_Hit], lowered_by: tuple[str, ...], *, skipped: int) -> Signal | None:
    """What is left of `hits`, whose spans count from `skipped` characters before the message."""
    left = sorted(
        ((hit.severity, hit) for hit in hits if hit.severity is not None),
        key=lambda pair: (-pair[0].rank, pair[1].span.start, pair[1].span.end, pair[1].rule.id),
    )
    if not left:
        return None
    severity, gravest = left[0]
    spans = dict.fromkeys(_within(hit.span, skipped) for _, hit in left[:MAX_SPANS])
    return Signal(
        category=gravest.rule.category,
        severity=severity,
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end, span.rule))),
        rules=tuple(dict.fromkeys(hit.rule.id for _, hit in left)),
        lowered_by=lowered_by,
    )


def _within(span: Span, skipped: int) -> Span:
    """The part of `span` that stands in the message itself."""
    return Span(start=max(0, span.start - skipped), end=span.end - skipped, rule=span.rule)
