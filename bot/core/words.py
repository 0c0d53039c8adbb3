"""Every string a person reads: written once in English, translated when the reader is known.

`_("Hello {name}", name=…)` makes a `Text`: the English sentence (the gettext message id) and its values.
It is rendered with the reader's catalogue just before it leaves. Babel extracts the calls into
`bot/locale/handrail.pot`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from gettext import NullTranslations

from babel.dates import format_date, format_skeleton, format_time


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence for people that is not yet in anybody's language.

    `message` is the English sentence with `{names}`; `plural`, when given, is its form for `n` other than 1,
    and then `values` must hold `n`. A `datetime` among the values is shown in its own zone, so it is
    converted to the reader's zone by whoever makes the text.
    """

    message: str
    values: Mapping[str, "Value"] = field(default_factory=dict)
    plural: str | None = None

    def __str__(self) -> str:
        return ENGLISH.render(self)


@dataclass(frozen=True, slots=True)
class Moment:
    """Words that say when something is, and the instant itself.

    A platform that shows an instant to each reader by the clock of their own device (Discord) shows `at` instead of
    the words; None: there the words are left out, such as which zone all times are in.
    """

    said: Text
    at: datetime | None


Value = str | int | date | time | datetime | Text | Moment
Say = Text | str
"""What may be said: a translatable text, or words that are somebody's own (a name, a note)."""


def _(message: str, /, **values: Value) -> Text:
    """Mark `message` as a sentence for people."""
    return Text(message, values)


def _n(message: str, plural: str, /, *, n: int, **values: Value) -> Text:
    """Mark a sentence that depends on the count `n`."""
    return Text(message, {"n": n, **values}, plural)


def moment(at: datetime) -> Moment:
    """An instant, elsewhere shown in the zone that `at` is in."""
    return Moment(Text("{at}", {"at": at}), at)


def moment_with_zone(at: datetime, zone: str) -> Moment:
    """The same, with the name of the zone that `at` is in."""
    return Moment(_("{time} ({zone})", time=at, zone=zone), at)


def times_are_in(zone: str) -> Text:
    """In which zone all times of a list are, where the platform does not show each reader their own."""
    return Text("{note}", {"note": Moment(_("Times are yours ({zone}).", zone=zone), None)})


@dataclass(frozen=True, slots=True)
class Words:
    """One language's catalogue. `language` is an ISO 639-1 code, such as "en"."""

    language: str
    catalogue: NullTranslations

    def render(self, say: Say) -> str:
        """`say` in this language, its values in this language's formats."""
        if isinstance(say, str):
            return say
        if not say.message:  # to gettext the empty message is the catalogue's header
            return ""
        if say.plural is not None:
            count = say.values["n"]
            assert isinstance(count, int)  # noqa: S101  a count is what makes a plural
            template = self.catalogue.ngettext(say.message, say.plural, count)
        else:
            template = self.catalogue.gettext(say.message)
        if not say.values:
            return template
        return template.format_map({name: self._value(value) for name, value in say.values.items()})

    def moments(self, say: Say) -> Iterator[tuple[str, int | None]]:
        """The moments in `say`: their words in this language, and the seconds since 1970 of their instant."""
        for value in () if isinstance(say, str) else say.values.values():
            if isinstance(value, Text):
                yield from self.moments(value)
            elif isinstance(value, Moment):
                yield self.render(value.said), None if value.at is None else int(value.at.timestamp())

    def _value(self, value: Value) -> str:
        match value:
            case Text():
                return self.render(value)
            case Moment():
                return self.render(value.said)
            case datetime():
                clock = format_time(value.time(), "HH:mm", locale=self.language)
                return f"{self._short_day(value)}, {clock}"
            case date():
                english = self.language == "en"
                return format_date(value, "EEEE d MMMM" if english else "full", locale=self.language)
            case time():
                return format_time(value, "HH:mm", locale=self.language)
            case _:
                return str(value)

    def _short_day(self, value: date) -> str:
        """A date in the language's own order; English has two orders, so ours is the one nobody misreads."""
        if self.language == "en":
            return format_date(value, "EEE d MMM", locale="en")
        return format_skeleton("MMMEd", value, locale=self.language)


ENGLISH = Words("en", NullTranslations())
