"""Finding resources by need, in people's own words and in spite of typing errors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.distance import Point, about, kilometres, point_of
from bot.core.resources.hours import is_open
from bot.core.resources.index import LONG_NUMBER, Need
from bot.core.resources.match import WORDS_LIMIT, alike_among, all_words, numbers, spelled, telling_words
from bot.core.resources.model import Resource, first_with_pairs, reachable
from bot.core.resources.topics import TOPICS, topic_id, topics_and_rest
from bot.core.resources.where import has_a_place, place_words
from bot.core.resources.wishes import asks_for_free, costs_little
from bot.core.words import Text, _

# What a match is worth: topic over words over place and language. Nothing hangs on the exact figures.
_NUMBER = 100.0
_TOPIC = 40.0
_RELATED = 20.0
_WORD = 12.0
_WORDS_MOST = 36.0
_PLACE = 10.0
_NEAR = 40.0
"""At the very place; half of it 5 km away, a third 10 km away."""
_FREE = 8.0
_LANGUAGE = 6.0
_OPEN = 5.0
_LATELY = 3.0

_HALF_AWAY = 5.0
IN_REACH = 160.0
"""Kilometres: beyond, nothing is near."""

_NEAR_FIRST, _ANYWHERE, _ELSEWHERE = range(3)
"""Where somebody names a place: what is there and is what they ask for, what needs no way there, what is elsewhere."""

_YEAR = timedelta(days=365)
"""What was checked within it counts as checked lately."""


@dataclass(frozen=True, slots=True)
class Found:
    """One answer: `score` is higher the better it matches, `why` says what matched.

    `near`: it is in or near the place that was asked for; `further`: it is somewhere else.
    """

    resource: Resource
    score: float
    why: Text
    near: bool = False
    further: bool = False
    row: int = _ANYWHERE


@dataclass(frozen=True, slots=True)
class _Asked:
    topics: tuple[str, ...]
    words: tuple[str, ...]
    numbers: dict[str, str]
    place: tuple[str, ...]
    language: str
    free: bool
    rest: tuple[str, ...]
    """The words that name no topic."""
    at: datetime | None
    point: Point | None = None
    country: str | None = None

    @property
    def anything(self) -> bool:
        return bool(self.topics or self.words or self.numbers or self.place or self.point)


def search(
    resources: Sequence[Resource],
    words: str,
    *,
    country: str | None,
    place: str | None = None,
    topic: str | None = None,
    language: str | None = None,
    at: datetime | None = None,
    point: Point | None = None,
    limit: int = 3,
) -> tuple[Found, ...]:
    """The best `limit` of `resources` for what somebody asks, best first; empty if nothing fits.

    `country` is an ISO code, or None where it is not known: then nothing that is bound to a country by its phone
    number is found, and `needs_country` tells whether to ask. `topic` is a topic's id or one of its names;
    `language` an ISO code; `at` the reader's own time (aware), which tells what is open and checked lately; `point`
    where `place` is. Of a place that is named, what is there comes first and what is elsewhere last.
    Without words, topic and place everything in reach is listed. A full phone number that
    was replaced finds its successor, wherever that is. Equally good matches: the community's own first, then
    the confirmed, then those for everybody, then the most lately checked. Pairs stay
    together. Never raises for what people type.
    """
    asked = replace(_read(words, place, topic, language, at), point=point, country=country)
    in_reach = [r for r in resources if reachable(r, country)]
    ranked = sorted(_matches(resources, in_reach, asked), key=_rank)
    found = {id(match.resource): match for match in ranked}
    shown = first_with_pairs((match.resource for match in ranked), resources, limit)
    paired = _("Shown with the one above: they belong together.")
    return tuple(found.get(id(resource)) or Found(resource, 0.0, paired) for resource in shown)


def read_need(
    words: str, *, country: str | None, place: str | None = None, topic: str | None = None, language: str | None = None
) -> Need:
    """What somebody asks for, as the full text of imported services is asked for it."""
    asked = _read(words, place, topic, language, None)
    return Need(
        topics=asked.topics,
        words=asked.rest,
        numbers=tuple(asked.numbers),
        place=asked.place,
        free=asked.free,
        country=country,
        language=asked.language,
    )


def needs_country(resources: Sequence[Resource], words: str, *, country: str | None, topic: str | None = None) -> bool:
    """Whether to ask for the country first: phone lines would match, but each rings in one country only."""
    if country is not None:
        return False
    asked = _read(words, None, topic, None, None)
    bound = [r for r in resources if not reachable(r, None)]
    redirected = any(_number_match(r, asked, anywhere=True) for r in bound)
    return not redirected and next(iter(_matches((), bound, asked)), None) is not None


def _read(words: str, place: str | None, topic: str | None, language: str | None, at: datetime | None) -> _Asked:
    words = words[:WORDS_LIMIT]
    free, without = asks_for_free(words)
    # "No insurance" alone asks for health care; "detox, no insurance" for detox that costs little.
    told = without if free and telling_words(without) else words
    topics, rest = topics_and_rest(told)
    named = [topic_id(topic) or topic] if topic else []
    telling = telling_words(told)
    return _Asked(
        topics=tuple(dict.fromkeys([*named, *topics])),
        words=telling,
        numbers=dict(numbers(words)),
        place=all_words((place or "")[:WORDS_LIMIT]),
        language=(language or "").lower().partition("-")[0],
        free=free,
        rest=tuple(word for word in telling if word in rest),
        at=at,
    )


def _matches(everything: Sequence[Resource], in_reach: Sequence[Resource], asked: _Asked) -> Iterable[Found]:
    """Every resource that answers, once; numbers are looked up in `everything`, the rest `in_reach` only."""
    near = _near_words(asked, in_reach)
    if asked.numbers:
        reached = set(map(id, in_reach))
        for resource in everything:
            if id(resource) not in reached and (why := _number_match(resource, asked, anywhere=True)):
                yield Found(resource, _NUMBER, why, row=_NEAR_FIRST)
    for resource in in_reach:
        if match := _match(resource, asked, near):
            yield match


def _match(resource: Resource, asked: _Asked, near: dict[str, set[str]]) -> Found | None:
    if why := _number_match(resource, asked):
        return Found(resource, _NUMBER, why, row=_NEAR_FIRST)
    if not asked.anything:
        return Found(resource, 0.0, _("On the list."))
    score = 0.0
    reasons: list[Text] = []
    own = _words_of(resource)
    by_topic, topic = _topic_match(resource, asked.topics)
    if topic:
        score += by_topic
        label = TOPICS[topic].label if topic in TOPICS else topic
        reasons.append(_("For: {topic}.", topic=label))
    if said := [word if word in shared else min(shared) for word in asked.words if (shared := own & near[word])]:
        score += min(_WORD * len(said), _WORDS_MOST)
        reasons.append(_says(resource, said))
    there = place_words(resource) if asked.place else frozenset()
    local = bool(asked.place) and all(there & near[word] for word in asked.place)
    away = _away(resource, asked.point)
    if away is not None:
        local = away <= IN_REACH
        score += _NEAR / (1 + away / _HALF_AWAY) if local else 0.0
    elif local:
        score += _PLACE
    reasons += _how_far(resource, asked, away, local=local)
    further = bool(asked.place or asked.point) and not local and has_a_place(resource)
    if not score or (local and not topic and not said and (asked.topics or asked.words)):
        return None
    if asked.free and costs_little(resource):
        score += _FREE
        reasons.append(_("It can cost little or nothing."))
    if asked.language and asked.language in resource.languages:
        score += _LANGUAGE
        reasons.append(_("In your language."))
    if asked.at is not None and _is_open(resource, asked.at):
        score += _OPEN
        reasons.append(_("Open now."))
    fits = topic in asked.topics or bool(said) or not (asked.topics or asked.words)
    row = _ELSEWHERE if further else _NEAR_FIRST if local and fits else _ANYWHERE
    worth = score + _lately(resource, asked.at)
    return Found(resource, worth, _sentences(reasons), near=local, further=further, row=row)


def _how_far(resource: Resource, asked: _Asked, away: float | None, *, local: bool) -> list[Text]:
    """Where it is, seen from the place that was asked for: nothing of what is reached from anywhere."""
    if away is not None:
        return [_("It is {distance} away.", distance=about(away, asked.country))]
    if local and asked.point is None:
        return [_("In the place you named.")]
    if local:
        return [_("In the place you named; how far away is not known.")]
    return [_elsewhere(resource)] if asked.place and has_a_place(resource) else []


def _elsewhere(resource: Resource) -> Text:
    place = ", ".join(part for part in (resource.city, resource.state) if part)
    if not place:
        return _("Its list does not say how far away it is.")
    return _("It is in {place}; how far away is not known.", place=place)


def _away(resource: Resource, point: Point | None) -> float | None:
    """Kilometres from the point; None where one of them is not known."""
    where = point_of(resource.latitude, resource.longitude)
    return None if point is None or where is None else kilometres(point, where)


def _says(resource: Resource, said: Sequence[str]) -> Text:
    if resource.city and set(said) <= set(all_words(resource.city)):
        return _("In {place}.", place=resource.city)
    written = spelled(_texts_of(resource))
    return _("It says “{words}”.", words=", ".join(dict.fromkeys(written.get(word, word) for word in said)))


def _lately(resource: Resource, at: datetime | None) -> float:
    if at is None or resource.checked is None:
        return 0.0
    return _LATELY if at.date() - resource.checked <= _YEAR else 0.0


def _is_open(resource: Resource, at: datetime) -> bool:
    """Whether it is known to be open; by the reader's clock where its zone is not known."""
    if resource.zone:
        try:
            at = at.astimezone(ZoneInfo(resource.zone))
        except (ZoneInfoNotFoundError, ValueError):
            return False
    return bool(is_open(resource.hours, at))


def _topic_match(resource: Resource, topics: tuple[str, ...]) -> tuple[float, str]:
    """What the topics asked for are worth here, and the one that counts most; 0 and "" if none fits."""
    total, best, best_worth = 0.0, "", 0.0
    for asked in topics:
        worth, shown = 0.0, ""
        if asked in resource.topics:
            worth, shown = _TOPIC, asked
        else:
            related = TOPICS[asked].related if asked in TOPICS else ()
            for distance, other in enumerate(related):
                if other in resource.topics:
                    worth, shown = _RELATED - 3 * distance, other
                    break
        total += worth
        if worth > best_worth:
            best, best_worth = shown, worth
    return total, best


def _number_match(resource: Resource, asked: _Asked, *, anywhere: bool = False) -> Text | None:
    """Why `resource` answers a number that was asked for; `anywhere`: only to full numbers, not to short codes."""
    if not asked.numbers:
        return None
    for key, written in asked.numbers.items():
        if anywhere and len(key) < LONG_NUMBER:
            continue
        if any(key == old for old, _written in numbers(" ; ".join(resource.former))):
            return _("{old} is an old number. Now: {new}", old=written, new=resource.phone or resource.text_to)
        if any(key == own for own, _written in numbers(f"{resource.phone} ; {resource.text_to}")):
            return _("This is its number.")
    return None


def _near_words(asked: _Asked, resources: Sequence[Resource]) -> dict[str, set[str]]:
    """For each word asked for, the words of the `resources` that it may be, typing errors forgiven."""
    vocabulary: set[str] = set().union(*(_words_of(resource) for resource in resources))
    everything = list(vocabulary)
    return {word: alike_among(word, everything) for word in {*asked.words, *asked.place}}


@lru_cache(maxsize=2_000)
def _texts_of(resource: Resource) -> str:
    own_topics = [topic for topic in resource.topics if topic not in TOPICS]
    return " ".join((resource.name, resource.organization, resource.note, resource.eligibility, *own_topics))


def _words_of(resource: Resource) -> frozenset[str]:
    said = (*telling_words(_texts_of(resource)), *all_words(resource.address))
    return frozenset(said) | place_words(resource)


def _rank(match: Found) -> tuple[int, float, bool, bool, bool, int, str]:
    checked = match.resource.checked
    return (
        match.row,
        -match.score,
        not match.resource.from_community,
        not match.resource.confirmed,
        match.resource.for_some,
        -checked.toordinal() if checked else 0,
        match.resource.name,
    )


def _sentences(parts: Sequence[Text]) -> Text:
    joined = parts[0]
    for part in parts[1:]:
        joined = Text("{first} {then}", {"first": joined, "then": part})
    return joined
