"""Where somebody looks: the place in their words, whether a resource is there, and what is said before the answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.core.resources.match import WORDS_LIMIT, alike_among, all_words
from bot.core.resources.model import Resource
from bot.core.resources.states import state_name
from bot.core.words import Say, Text, _

_PLACE_WORDS = 4
"""Words of a place's name; "in trouble with the law again" is none."""
_NEAR = ("near", "around", "cerca de")
_IN = ("in", "en")
_HERE = frozenset({"me", "here", "my area", "us", "mi", "mí", "aquí"})


@dataclass(frozen=True, slots=True)
class Where:
    """A search's `words` without what they say of where; `country` (ISO) or `place`, if one is named.

    `here`: "near me", wherever that is.
    """

    words: str
    country: str | None = None
    place: str | None = None
    here: bool = False


def where_in(words: str, country_of: Callable[[str], str | None]) -> Where:
    """Where somebody looks ("… in Canada", "… near Oakland", "… near me"); `country_of` knows countries' names."""
    country = None
    before, last = _parted(words, _IN)
    if last and (country := country_of(last)) is not None:
        words = before
    before, last = _parted(words, _NEAR)
    if last.casefold() in _HERE:
        return Where(before, country=country, here=True)
    if not last and country is None:
        before, last = _parted(words, _IN)
        if not before or last.casefold() in _HERE:
            return Where(words)
    if last and country is None and (country := country_of(last)) is not None:
        return Where(before, country=country)
    if last and len(last.split()) <= _PLACE_WORDS:
        return Where(before, country=country, place=last)
    return Where(words, country=country)


def _parted(words: str, between: Iterable[str]) -> tuple[str, str]:
    """What stands before and behind the last of these words; all and "" where none of them is there."""
    for word in between:
        before, found, last = f" {words}".rpartition(f" {word} ")
        if found:
            return before.strip(), last.strip().rstrip(" .!?")
    return words, ""


def place_words(resource: Resource) -> frozenset[str]:
    """The words by which people name where it is."""
    # A street is named after another town often enough: it tells the place where nothing else does.
    street = "" if resource.city else resource.address
    state = state_name(resource.country, resource.state)
    return frozenset(
        all_words(" ".join((resource.region, street, resource.city, resource.state, state, resource.postcode)))
    )


def is_in(resource: Resource, place: str) -> bool:
    """Whether it says itself that it is in a place that somebody has named."""
    own = sorted(place_words(resource))
    wanted = all_words(place[:WORDS_LIMIT])
    return bool(wanted) and all(alike_among(word, own) for word in wanted)


def has_a_place(resource: Resource) -> bool:
    """Whether it is somewhere, and not reached from anywhere."""
    return bool(resource.city or resource.address or resource.postcode or resource.latitude is not None)


def heading(place: str, country: Say, *, near: bool, others: bool, known: bool, further: bool) -> Text:
    """What is said before answers for a place that somebody named.

    `near`: some are there, and `others` are not; `known`: it is known where that is; `further`: some are elsewhere.
    """
    if near and others:
        return _(
            "Near “{place}”, and then what is further away or can be reached from anywhere in {country}:",
            place=place,
            country=country,
        )
    if near:
        return _("Near “{place}”:", place=place)
    if known and further:
        return _(
            "I know of nothing for that near “{place}”. These are further away, or can be reached from anywhere in"
            " {country}:",
            place=place,
            country=country,
        )
    if known:
        return _(
            "I know of nothing for that near “{place}”. These can be reached from anywhere in {country}:",
            place=place,
            country=country,
        )
    if further:
        return _(
            "I have no list of what there is in or near “{place}”. These can be reached from anywhere in {country}, or"
            " are somewhere else:",
            place=place,
            country=country,
        )
    return _(
        "I have no list of what there is in or near “{place}”. These can be reached from anywhere in {country}:",
        place=place,
        country=country,
    )
