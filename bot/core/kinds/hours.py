"""Hours of the day from one time until another."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.core.commands import BadValue, Reader
from bot.core.kinds.reading import not_understood, plain, read
from bot.core.kinds.times import Time, half_of
from bot.core.words import Say, _

_UNTIL = re.compile(r"\s*-\s*|\s+(?:to|till?|until|and|a|hasta|y)\s+", re.ASCII)
_FROM = re.compile(r"^(?:from|between|de|desde|entre)\s+(?:las\s+)?", re.ASCII)
_NAMED = re.compile(r"^(?:(?:settings )?quiet )?(?:(?:hours|time):? )?(?!$)")
_NONE = frozenset({"none", "off", "no", "never", "ninguna", "nunca"})
_NO_LONGER = re.compile(
    r"(?=.*(?:quiet (?:hours|time)|horas de silencio))(?!.*\d)"
    r".*\b(?:no|don'?t|off|none|without|stop|end|remove|delete|cancel|sin|quitar?|desactivar?|terminar)\b.*"
)
"""That there shall be none, in a sentence that names them."""

_MOST_WORDS = 6

_BARE = re.compile(r"0?([1-9]|1[0-2])(?:\s?o'?clock)?", re.ASCII)
"""An hour of which nothing says whether it is before noon or after it."""

_EVENING = range(6, 12)
"""Hours that are of the evening, where hours to be left alone in begin with them: "10-7"."""

_DAYTIME = range(6, 18)
"""Hours at which something is taken to begin by day."""

_SIDE = r"\d{1,2}[\d:.]*(?:\s?[ap]\.?m\.?|h)?"
_SPAN = re.compile(rf"({_SIDE})(?:\s?-\s?|\s(?:to|till?|until)\s)({_SIDE})", re.ASCII)
"""Two times in one value, as in "9-5" or "10 am to 7 pm"."""

_HALF_DAY, _ALL_DAY = timedelta(hours=12), (time(), time(23, 59))

Span = tuple[time, time]


class Hours:
    """Hours of the day to be left alone in: "22:00-07:00", "10pm to 7am", "from 22 until 7", "10-7" → both times.

    Of bare hours up to 12 those of a night are meant, or of an evening; beside an hour with am or pm, those nearest to
    it. "none", or the same time twice, is both times alike; 24:00 is midnight, and "0-24" the day but its last minute.
    """

    name = "hours"
    expected = _("Please write from when until when, such as 22:00-07:00 or 10 pm to 7 am; all day is 0-24.")

    def __init__(self) -> None:
        self._time = Time(is_end=True)

    def parse(self, text: str, reader: Reader) -> Span:
        """The first and the last moment meant."""
        typed = read(text, self.expected)
        if _NO_LONGER.fullmatch(typed) or (typed := _NAMED.sub("", typed)) in _NONE:
            return time(), time()
        for start, end in _halves(_FROM.sub("", typed)):
            try:
                return self._span(start, end, reader)
            except BadValue:
                continue
        raise not_understood(text, self.expected)

    def _span(self, start: str, end: str, reader: Reader) -> Span:
        begins, ends = self._time.parse(start, reader), self._time.parse(end, reader)
        bare = [_BARE.fullmatch(side) is not None for side in (start, end)]
        if start.startswith("0"):
            bare[0] = False  # "07-10" is of a clock with 24 hours
        if all(bare):
            begins = _after_noon(begins) if begins.hour in _EVENING else time(begins.hour % 12)
            ends = _within_half_a_day(begins, ends)
        elif bare[1] and half_of(start):
            ends = _within_half_a_day(begins, ends)
        elif bare[0] and half_of(end):
            later = _after_noon(begins)
            begins = begins if _within_half_a_day(begins, ends) == ends else later
        is_whole_day = begins == ends == time() and end.startswith("24") and not start.startswith("24")
        return _ALL_DAY if is_whole_day else (begins, ends)

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """What is typed, if it can be read, and hours at which many people sleep."""
        usual = ["22:00-07:00", "21:00-07:00", "22:00-08:00", "23:00-07:00", "00:00-08:00", "none"]
        wanted = plain(typed)
        return [(hours, hours) for hours in usual if hours.startswith(wanted)]


class Begin(Time):
    """A time at which something begins; where its end is written with it, as in "18:00-24:00", the first of both.

    Of bare hours, such as "9-5", it is asked whether they are of the day or of the night.
    """

    def parse(self, text: str, reader: Reader) -> time:
        """The time meant; the guesses are both times in full."""
        span = span_in(text)
        if span is None:
            return super().parse(text, reader)
        if is_clear(span):
            return super().parse(full(span)[0], reader)
        meant = _readings(span, reader)
        if not meant:
            raise not_understood(text, self.expected)
        raise BadValue(
            _(
                "“{words}” may be by day or by night. Which do you mean? Or write both times in full, such as"
                " 09:00-17:00.",
                words=plain(text),
            ),
            tuple(f"{begins:%H:%M}-{ends:%H:%M}" for begins, ends in meant),
        )


def span_in(text: str) -> tuple[str, str] | None:
    """The two times that are all of `text`, as they were written; None if it is something else."""
    match = _SPAN.fullmatch(plain(text))
    return None if match is None else (match[1], match[2])


def is_clear(span: Sequence[str]) -> bool:
    """Whether nobody can mean another half of the day by one of two times: "18-24", "9-17", but not "9-5"."""
    bare = [_BARE.fullmatch(side) is not None and not side.startswith("0") for side in span]
    halves = any(side.rstrip(".").endswith("m") for side in span)
    return not all(bare) and not (any(bare) and halves)


def full(span: Sequence[str]) -> list[str]:
    """Both as times that nothing else can be taken for: "18 24" alone is 18:24."""
    return [f"{side}:00" if side.isdecimal() else side for side in span]


def _readings(span: tuple[str, str], reader: Reader) -> list[Span]:
    """What two times may mean of which a half of the day is open, by day first."""
    try:
        meant = Hours().parse(" - ".join(span), reader)
    except BadValue:
        return []
    if not all(_BARE.fullmatch(side) for side in span):
        return [meant]
    begins = sorted((meant[0], _after_noon(meant[0])), key=lambda at: at.hour not in _DAYTIME)
    return [(at, _within_half_a_day(at, meant[1])) for at in begins]


def _after_noon(hour: time) -> time:
    """The same hour of the clock's other half."""
    return hour.replace(hour=(hour.hour + 12) % 24)


def _within_half_a_day(begins: time, ends: time) -> time:
    """Of the two times that `ends` may mean on a clock with twelve hours, the one that comes first after `begins`."""
    day = datetime(2000, 1, 1)  # noqa: DTZ001  any day: only the clock's hands count
    wait = (datetime.combine(day, ends) - datetime.combine(day, begins)) % _HALF_DAY
    return (datetime.combine(day, begins) + (wait or _HALF_DAY)).time()


def _halves(typed: str) -> list[tuple[str, str]]:
    """Where it may be cut in two: at a word or a dash between two times, else between any of its words."""
    marks = [(typed[: match.start()], typed[match.end() :]) for match in _UNTIL.finditer(typed)]
    words = typed.split()
    if marks or not 1 < len(words) <= _MOST_WORDS:
        return [(start, end.removeprefix("las ")) for start, end in marks]
    return [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
