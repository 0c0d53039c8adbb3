"""The ear: what one message says about danger. Pure: no clock, no I/O, the same text gives the same answer."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain

from bot.core.crisis.clauses import Clauses
from bot.core.crisis.context import Context
from bot.core.crisis.folding import Change, reread
from bot.core.crisis.index import Match, Stretch
from bot.core.crisis.keyring import Keyring, renumbered
from bot.core.crisis.lexicon import Lexicon
from bot.core.crisis.normalise import Normal, normalise
from bot.core.crisis.repeats import LONG, Cut, cuts_of, places, without
from bot.core.crisis.rules import NEAR, NEAR_SIGNS, Lowering, Reason, Rule, Where
from bot.core.crisis.screen import Screen
from bot.core.crisis.signal import MAX_SPANS, Category, Severity, Signal, Span
from bot.core.crisis.table import Table
from bot.core.crisis.tokens import UNSPACED, Token, tokenise, tokens_of
from bot.core.crisis.weighing import heard_together

QUOTED_LINE = "detector/quoted-line"
"""The lowering of what stands in a block quote: somebody's earlier words, so it is a concern at most."""

NEIGHBOURS_ALARM = "detector/neighbours-alarm"
"""Named among the rules where others' alarm made a concern urgent."""


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


_REACH, _REACH_SIGNS = 25, 50
"""Words, and signs where words are not separated, between an alarm and what takes it back in the same sentence.

On a phone a sentence may go on without end: what was said far before is about something else.
"""

_BELONGS_TO_IT = frozenset({Reason.PAST, Reason.HYPERBOLE})
"""Reasons that may be meant of a danger to life in the clause beside them: when it was, and what people exaggerate."""

_BESIDE = 3
"""Characters between what was left out and the words beside it: what they say may be another thing without it."""

_NOTHING_HEARD = Explanation(signal=None, heard=(), lowered_by=(), steps=0)


@dataclass(frozen=True, slots=True)
class _Hit:
    """One match of a rule after lowering: `severity` None means that nothing is left of it."""

    rule: Rule
    span: Span
    severity: Severity | None
    lowered_by: frozenset[str]


class Detector:
    """Hears what the lexicons say; two lexicons must not have the same name (raises `ValueError`)."""

    def __init__(self, lexicons: Iterable[Lexicon], *, screened: bool = True) -> None:
        """`screened=False` looks for every pattern everywhere: the same answers, for tests."""
        self._screened = screened
        lexicons = tuple(lexicons)
        if len({lexicon.name for lexicon in lexicons}) < len(lexicons):
            raise ValueError("two lexicons have the same name")
        muted = frozenset[str]().union(*(lexicon.mutes for lexicon in lexicons))
        self.rules = tuple(r for lexicon in lexicons for r in lexicon.rules if r.id not in muted)
        self.lowerings = tuple(w for lexicon in lexicons for w in lexicon.lowerings if w.id not in muted)
        self._language = {entry.id: lexicon.language for lexicon in lexicons for entry in _entries(lexicon)}
        self._signs = {each.signs_id: each.signs for each in lexicons if each.signs and each.signs_id not in muted}
        self._clauses: defaultdict[str, Clauses] = defaultdict(Clauses)
        for lexicon in lexicons:
            self._clauses[lexicon.language] |= lexicon.clauses
        self._raising = Table({at: rule.patterns for at, rule in enumerate(self.rules)})
        self._screen = Screen(
            self._raising.patterns,
            self._keyrings(lexicons),
            [lexicon.vocabulary() for lexicon in lexicons],
            [rule.beside for rule in self.rules for _ in rule.patterns],
            frozenset[str]().union(*(lexicon.fillers for lexicon in lexicons)),
            dict(chain.from_iterable(lexicon.shorthand.items() for lexicon in lexicons)),
            list(self._signs.values()),
        )
        self._near = Table({at: rule.near for at, rule in enumerate(self.rules)})
        self._also = Table({at: rule.also for at, rule in enumerate(self.rules)})
        self._lowering = Table({at: lowering.patterns for at, lowering in enumerate(self.lowerings)})
        self._unless = Table({at: lowering.unless for at, lowering in enumerate(self.lowerings)})

    def _keyrings(self, lexicons: Iterable[Lexicon]) -> Iterator[Keyring]:
        """Those of the lexicons, with the numbers that the patterns have here."""
        numbers = {id(pattern): number for number, pattern in enumerate(self._raising.patterns)}
        for lexicon in lexicons:
            patterns = [pattern for rule in lexicon.rules for pattern in rule.patterns]
            here = {pattern.number: numbers[id(pattern)] for pattern in patterns if id(pattern) in numbers}
            yield renumbered(lexicon.keyring(), here)

    def detect(self, text: str, context: Context | None = None) -> Signal | None:
        """What `text` says about danger, None for nothing. Never raises; time is linear in the text."""
        return self.explain(text, context).signal

    def explain(self, text: str, context: Context | None = None) -> Explanation:
        """The same with its reasons."""
        if context is None or not context.before:
            return self._explain(text, context)
        joined = self._explain(text, context)
        alone = self._explain(text, Context(around=context.around))
        return replace(self._either(joined, alone, context), steps=joined.steps + alone.steps)

    def _either(self, joined: Explanation, alone: Explanation, context: Context) -> Explanation:
        """Of what a message says together with earlier words and what it says `alone`, that which holds.

        Never less than it says alone: "no" before "I took all the pills" negates nothing. And who wrote "i want to die"
        was heard; "i don't know what to do now" behind it is no alarm, although both together would be one of the same
        severity.
        """
        if joined.signal is None or (alone.signal is not None and alone.signal.severity > joined.signal.severity):
            return joined if alone.signal is None else alone
        is_as_grave = alone.signal is not None and alone.signal.severity == joined.signal.severity
        if is_as_grave and not joined.signal.before and alone.signal and alone.signal.category is None:
            # A plain wish for a person is about nothing else, also behind words in which nothing is heard.
            return replace(joined, signal=replace(joined.signal, category=None))
        if is_as_grave or not joined.signal.before:
            return joined
        before = self._explain(context.before).signal
        return alone if before is not None and before.severity >= joined.signal.severity else joined

    def _explain(self, text: str, context: Context | None = None) -> Explanation:
        """What `text` says, behind the author's earlier words."""
        before = context.before if context else ""
        whole = before + text if before else text
        cuts = cuts_of(whole, len(before)) if len(whole) >= LONG else ()
        if cuts:
            whole = without(whole, cuts)
        screened = self._screen.hear(whole)
        if self._screened and not (screened.candidates or screened.weighs):
            return _NOTHING_HEARD
        only = screened.candidates if self._screened else None
        normal = normalise(whole)
        tokens = tokens_of(normal)
        hits, steps = self._hits(whole, tokens, only, len(before))
        for changes in self._screen.readings(normal.text, screened.changes):
            hits, more = self._reread(whole, normal, changes, hits, only, len(before))
            steps += more
        if screened.weighs and not any(hit.severity is not None and hit.severity.pages for hit in hits):
            plainly = tokens_of(reread(normal, screened.changes)) if screened.changes else tokens
            together, more = self._together(plainly, hits, len(before))
            hits = [*hits, *together]
            steps += more
        hits = list(_set_down(hits, cuts)) if cuts else hits
        if not hits:
            return Explanation(signal=None, heard=(), lowered_by=(), steps=steps)
        lowered_by = tuple(sorted(frozenset[str]().union(*(hit.lowered_by for hit in hits))))
        signal = _signal(hits, lowered_by, text, skipped=len(before))
        if signal and context and _adds_weight(hits, signal) and context.is_alarmed:
            signal = replace(signal, severity=Severity.URGENT, rules=(*signal.rules, NEIGHBOURS_ALARM))
        return Explanation(
            signal=signal,
            heard=tuple(dict.fromkeys(hit.rule.id for hit in hits)),
            lowered_by=lowered_by,
            steps=steps,
        )

    def touches(self, text: str) -> bool:
        """Whether any rule or lowering has words in `text`, whatever comes of it."""
        tokens = tokenise(text)
        return any(table.search(tokens)[0] for table in (self._raising, self._lowering, self._unless))

    def _hits(
        self, text: str, tokens: Sequence[Token], only: Set[int] | None, skipped: int
    ) -> tuple[list["_Hit"], int]:
        """What one reading of `text` says behind its first `skipped` characters, and the steps taken."""
        if only is not None and not only:
            return [], 0
        found, steps = self._raising.search(tokens, only)
        heard = [_Heard(self.rules[at], at, match, match) for at, match in found]
        for narrowed in (self._with_what_is_near, self._with_what_is_also_said):
            heard, more = narrowed(heard, tokens)
            steps += more
        heard = [each for each in heard if tokens[each.whole.last - 1].end > skipped]
        if not heard:
            return [], steps
        against, more = self._evidence(tokens)
        return [self._weigh(each, text, tokens, against) for each in heard], steps + more

    def _together(self, tokens: Sequence[Token], known: Sequence["_Hit"], skipped: int) -> tuple[list["_Hit"], int]:
        """What signs say together, some of them behind the first `skipped` characters, and the steps taken.

        They are not looked for in a quotation, which is somebody else's, nor in a sentence of which something was taken
        back. Where rules know of a concern, signs say only that peers are to be paged.
        """
        starts = [token.start for token in tokens]
        low = [place for hit in known if hit.lowered_by for place in (hit.span.start, hit.span.end - 1)]
        taken_back = {tokens[bisect_right(starts, place) - 1].sentence for place in low}
        said = [each for each in tokens if not (each.is_edge or each.quoted or each.sentence in taken_back)]
        beside = any(hit.severity is not None for hit in known)
        hits = [
            _Hit(rule, span, rule.severity, frozenset())
            for id_, signs in self._signs.items()
            for rule, span in heard_together(id_, signs, said, joined=skipped > 0, beside=beside)
        ]
        return hits if any(hit.span.end > skipped for hit in hits) else [], len(tokens)

    def _reread(
        self,
        text: str,
        normal: Normal,
        changes: Sequence[Change],
        known: Sequence["_Hit"],
        only: Set[int] | None,
        skipped: int,
    ) -> tuple[list["_Hit"], int]:
        """What is `known` with what the text says when these `changes` are made, and the steps taken.

        What it says of words that stand as they are is known. What one reading lowers is low: a word that says nothing
        may be why, or keep apart what is why.
        """
        changed = [
            normal.original(max(0, change.start - reach), min(len(normal.text), change.end + reach))
            for change in changes
            for reach in [0 if change.words else _BESIDE]
        ]
        heard, steps = self._hits(text, tokens_of(reread(normal, changes)), only, skipped)
        heard = [hit for hit in heard if any(hit.span.start < end and start < hit.span.end for start, end in changed)]
        if any(hit.lowered_by for hit in heard):
            # What is left out may be an exception: "I just overdosed".
            found, more = self._unless.search(tokens_of(normal))
            steps += more
            excepted = {self.lowerings[at].id for at, _ in found}
            heard = [hit for hit in heard if excepted.isdisjoint(hit.lowered_by)]
        lowered = [hit for hit in heard if hit.lowered_by]
        low = [hit.span for hit in known if hit.lowered_by]
        kept = [
            next((other for other in lowered if other.rule is hit.rule and _meet(other.span, hit.span)), hit)
            if hit.severity is not None and not hit.lowered_by
            else hit
            for hit in known
        ]
        return [*kept, *(hit for hit in heard if not any(_meet(hit.span, span) for span in low))], steps

    def _with_what_is_near(self, heard: Sequence["_Heard"], tokens: Sequence[Token]) -> tuple[list["_Heard"], int]:
        """Those of which all that must be near is."""
        around: defaultdict[int, list[Stretch]] = defaultdict(list)
        for each in heard:
            if each.rule.near:
                around[each.number].append(each.around(tokens))
        if not around:
            return list(heard), 0
        found, steps = self._near.matches(tokens, around)
        return [all_of_it for each in heard if (all_of_it := each.with_near(found, tokens))], steps

    def _with_what_is_also_said(self, heard: Sequence["_Heard"], tokens: Sequence[Token]) -> tuple[list["_Heard"], int]:
        """Those of which one of what must also be said is."""
        owners = {each.number for each in heard if each.rule.also}
        if not owners:
            return list(heard), 0
        met, steps = self._also.met(tokens, owners)
        return [each for each in heard if not each.rule.also or each.number in met], steps

    def _evidence(self, tokens: Sequence[Token]) -> tuple["_Evidence", int]:
        """Where something speaks against an alarm."""
        found, steps = self._lowering.search(tokens)
        excepted, more = self._unless.search(tokens)
        exceptions = {(at, tokens[match.first].sentence) for at, match in excepted}
        evidence = _Evidence(defaultdict(lambda: defaultdict(list)), defaultdict(set), defaultdict(set))
        for at, found_at in found:
            sentence = tokens[found_at.first].sentence
            negates = self.lowerings[at].reason is not Reason.NEGATION or not tokens[found_at.first].answers
            if (at, sentence) in exceptions or not negates:
                continue
            match self.lowerings[at].where:
                case Where.SENTENCE:
                    evidence.sentences[sentence][at].append(found_at)
                case Where.TOUCHING:
                    for token in range(found_at.first - 1, found_at.last + 1):
                        evidence.touching[token].add(at)
                case Where.BEFORE:
                    for token in range(found_at.first + 1, found_at.last + 1):
                        evidence.before[token].add(at)
        return evidence, steps + more

    def _weigh(self, heard: "_Heard", text: str, tokens: Sequence[Token], against: "_Evidence") -> _Hit:
        """One match of a rule with what speaks against it.

        Of what is said in a clause of its own, what stands elsewhere in the sentence leaves a concern at least, and
        mostly a page of a danger to life.
        """
        lowered_by: set[str] = set()
        rule, match, whole = heard.rule, heard.match, heard.whole
        severity: Severity | None = rule.severity
        for number in against.on(match, tokens):
            lowering = self.lowerings[number]
            # A word that is harmless in one language may be the danger in another.
            if self._language[lowering.id] == self._language[rule.id] and _lowers(lowering, rule):
                lowered_by.add(lowering.id)
                to = lowering.to
                if to is None and rule.severity.pages and self._is_aside(number, match, text, tokens, against):
                    grave = rule.severity is Severity.EMERGENCY and lowering.reason not in _BELONGS_TO_IT
                    to = Severity.URGENT if grave else Severity.CONCERN
                severity = None if severity is None or to is None else min(severity, to)
        if severity is not None and severity.pages and tokens[match.first].quoted:
            lowered_by.add(QUOTED_LINE)
            severity = Severity.CONCERN
        span = Span(start=tokens[whole.first].start, end=tokens[whole.last - 1].end, rule=rule.id)
        return _Hit(rule, span, severity, frozenset(lowered_by))

    def _is_aside(self, number: int, match: Match, text: str, tokens: Sequence[Token], against: "_Evidence") -> bool:
        """Whether a lowering for the sentence stands outside of the clause in which `match` is said."""
        lowering = self.lowerings[number]
        if lowering.where is not Where.SENTENCE:
            return False
        # "Ten years ago I tried": when it was belongs to what was, also where nothing parts the two.
        plainly = lowering.reason is Reason.PAST
        clauses = self._clauses[self._language[lowering.id]]
        clause = clauses.own(match, tokens, text, reach=_reach(match, tokens), plainly=plainly)
        found = against.sentences[tokens[match.first].sentence][number]
        return clause is not None and not _is_within(-1, Match(match.pattern, *clause), found)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A rule, its number, what it matched, and the `whole` of it with what is near."""

    rule: Rule
    number: int
    match: Match
    whole: Match

    def _reach(self, tokens: Sequence[Token]) -> int:
        """How many words away is near."""
        return NEAR_SIGNS if UNSPACED.fullmatch(tokens[self.match.first].forms[0]) else NEAR

    def around(self, tokens: Sequence[Token]) -> Stretch:
        """Where what must be near can be."""
        reach = self._reach(tokens)
        return self.match.first - reach, self.match.last + reach

    def with_near(self, found: Mapping[tuple[int, int], Sequence[Match]], tokens: Sequence[Token]) -> "_Heard | None":
        """The whole with what is `found` near, by owner and place in `near`; None where something is missing."""
        first, last = self.match.first, self.match.last
        reach = self._reach(tokens)
        for place, pattern in enumerate(self.rule.near):
            others = found.get((self.number, place), ())
            # They are in the order of their ends; of thousands only those around here are looked at.
            start = bisect_left(others, self.match.first - reach, key=lambda other: other.last)
            stop = bisect_right(others, self.match.last + reach + pattern.facts.longest, key=lambda other: other.last)
            nearest = min(
                (
                    (max(self.match.first - other.last, other.first - self.match.last), other.first, other.last)
                    for other in others[start:stop]
                    if abs(tokens[other.first].sentence - tokens[self.match.first].sentence) <= 1
                ),
                default=None,
            )
            if nearest is None or nearest[0] > reach:
                return None
            first, last = min(first, nearest[1]), max(last, nearest[2])
        return replace(self, whole=Match(self.match.pattern, first, last))


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The numbers of the lowerings: by sentence, by each word they touch, by each word they stand before."""

    sentences: Mapping[int, Mapping[int, list[Match]]]
    touching: dict[int, set[int]]
    before: dict[int, set[int]]

    def on(self, match: Match, tokens: Sequence[Token]) -> set[int]:
        """The lowerings that hold for `match`.

        The edges between sentences are tokens themselves, so what touches a match is in its sentence.
        """
        reach = _reach(match, tokens)
        numbers = {
            number
            for number, found in self.sentences.get(tokens[match.first].sentence, {}).items()
            if _is_within(reach, match, found)
        }
        numbers |= self.before.get(match.first, set())
        for at in range(match.first, match.last):
            numbers |= self.touching.get(at, set())
        return numbers


def _reach(match: Match, tokens: Sequence[Token]) -> int:
    """How many words away from `match` a lowering for the whole sentence may be."""
    return _REACH_SIGNS if UNSPACED.fullmatch(tokens[match.first].forms[0]) else _REACH


def _is_within(reach: int, match: Match, found: Sequence[Match]) -> bool:
    """Whether one of what was `found`, in the order of their ends, is at most `reach` words from `match`.

    With a reach of -1: whether it has a word of it.
    """
    at = bisect_left(found, match.first - reach, key=lambda other: other.last)
    return at < len(found) and found[at].first <= match.last + reach


def _set_down(hits: Iterable[_Hit], cuts: Sequence[Cut]) -> Iterator[_Hit]:
    """`hits` in all the places where the whole text says the same."""
    for hit in hits:
        for start, end in places(hit.span.start, hit.span.end, cuts, MAX_SPANS):
            yield _Hit(hit.rule, Span(start=start, end=end, rule=hit.rule.id), hit.severity, hit.lowered_by)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _adds_weight(hits: Iterable[_Hit], signal: Signal) -> bool:
    """Whether others' alarm would make `signal` more than it is.

    What was lowered stays low, and people ask each other how they are when somebody tells of a relapse.
    """
    return signal.severity is Severity.CONCERN and any(
        hit.severity is Severity.CONCERN and not hit.lowered_by and hit.rule.category is not Category.RELAPSE
        for hit in hits
    )


def _entries(lexicon: Lexicon) -> tuple[Rule | Lowering, ...]:
    return (*lexicon.rules, *lexicon.lowerings)


def _lowers(lowering: Lowering, rule: Rule) -> bool:
    """Whether `lowering` makes a match of `rule` any less."""
    concerned = not lowering.categories or rule.category in lowering.categories
    return concerned and (lowering.to is None or lowering.to < rule.severity)


def _signal(hits: Iterable[_Hit], lowered_by: tuple[str, ...], text: str, *, skipped: int) -> Signal | None:
    """What is left of `hits` in `text`, whose spans count from `skipped` characters before the message."""
    left = sorted(
        ((hit.severity, hit) for hit in hits if hit.severity is not None),
        key=lambda pair: (-pair[0].rank, pair[1].span.start, pair[1].span.end, pair[1].rule.id),
    )
    if not left:
        return None
    severity = left[0][0]
    shown = [hit.span for _, hit in left[:MAX_SPANS]]
    spans = dict.fromkeys(_within(span, skipped) for span in shown if span.end > skipped)
    return Signal(
        category=_category([hit for _, hit in left], text, skipped),
        severity=severity,
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end, span.rule))),
        rules=tuple(dict.fromkeys(hit.rule.id for _, hit in left)),
        lowered_by=lowered_by,
        before=max(0, skipped - min(span.start for span in shown)),
    )


def _category(left: Sequence[_Hit], said: str, skipped: int) -> Category | None:
    """What the hits that are `left` of what was `said`, the gravest first, are about.

    None where all of it are the words by which somebody asks for a person.
    """
    asks = sorted((max(0, hit.span.start - skipped), hit.span.end - skipped) for hit in left if not hit.rule.says_why)
    is_all = bool(asks) and left[0].severity is Severity.CONCERN
    at = 0
    for start, end in (*asks, (len(said), len(said))):
        is_all = is_all and not any(letter.isalnum() for letter in said[at:start])
        at = max(at, end)
    return None if is_all else left[0].rule.category


def _within(span: Span, skipped: int) -> Span:
    """The part of `span` that stands in the message itself."""
    return Span(start=max(0, span.start - skipped), end=span.end - skipped, rule=span.rule)
