"""Finding resources by need, in people's own words and in spite of typing errors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.core.resources.match import WORDS_LIMIT, alike_among, all_words, numbers, telling_words
from bot.core.resources.model import Resource, first_with_pairs, reachable
from bot.core.resources.topics import TOPICS, topic_id, topics_in
from bot.core.words import Text, _

# What a match is worth: topic over words over place and language. Nothing hangs on the exact figures.
_NUMBER = 100.0
_TOPIC = 40.0
_RELATED = 20.0
_WORD = 12.0
_WORDS_MOST = 36.0
_PLACE = 10.0
_LANGUAGE = 6.0

_LONG_NUMBER = 7
"""Digits: a number this long says by itself in which country it is; a short code does not."""


@dataclass(frozen=True, slots=True)
class Found:
    """One answer: `score` is higher the better it matches, `why` says what matched."""

    resource: Resource
    score: float
    why: Text


@dataclass(frozen=True, slots=True)
class _Asked:
    topics: tuple[str, ...]
    words: tuple[str, ...]
    numbers: dict[str, str]
    place: tuple[str, ...]
    language: str

    @property
    def anything(self) -> bool:
        return bool(self.topics or self.words or self.numbers or self.place)


def search(
    resources: Sequence[Resource],
    words: str,
    *,
    country: str | None,
    place: str | None = None,
    topic: str | None = None,
    language: str | None = None,
    limit: int = 3,
) -> tuple[Found, ...]:
    """The best `limit` of `resources` for what somebody asks, best first; empty if nothing fits.

    `country` is an ISO code, or None where it is not known: then nothing that is bound to a country by its phone
    number is found, and `needs_country` tells whether to ask. `topic` is a topic's id or one of its names;
    `language` an ISO code. Without words, topic and place everything in reach is listed. A full phone number that
    was replaced finds its successor, wherever that is. Equally good matches: the community's own first, then
    the confirmed, then those for everybody, then the most lately checked. Pairs stay
    together. Never raises for what people type.
    """
    asked = _read(words, place, topic, language)
    in_reach = [r for r in resources if reachable(r, country)]
    found = {match.resource: match for match in _matches(resources, in_reach, asked)}
    ranked = sorted(found.values(), key=_rank)
    shown = first_with_pairs((match.resource for match in ranked), resources, limit)
    paired = _("Shown with the one above: they belong together.")
    return tuple(found.get(resource) or Found(resource, 0.0, paired) for resource in shown)


def needs_country(resources: Sequence[Resource], words: str, *, country: str | None, topic: str | None = None) -> bool:
    """Whether to ask for the country first: phone lines would match, but each rings in one country only."""
    if country is not None:
        return False
    asked = _read(words, None, topic, None)
    bound = [r for r in resources if not reachable(r, None)]
    redirected = any(_number_match(r, asked, anywhere=True) for r in bound)
    return not redirected and next(iter(_matches((), bound, asked)), None) is not None


def _read(words: str, place: str | None, topic: str | None, language: str | None) -> _Asked:
    words = words[:WORDS_LIMIT]
    named = [topic_id(topic) or topic] if topic else []
    return _Asked(
        topics=tuple(dict.fromkeys([*named, *topics_in(words)])),
        words=telling_words(words),
        numbers=dict(numbers(words)),
        place=all_words((place or "")[:WORDS_LIMIT]),
        language=(language or "").lower().partition("-")[0],
    )


def _matches(everything: Sequence[Resource], in_reach: Sequence[Resource], asked: _Asked) -> Iterable[Found]:
    """Every resource that answers, once; numbers are looked up in `everything`, the rest `in_reach` only."""
    near = _near_words(asked, in_reach)
    reached = set(in_reach)
    for resource in everything:
        if resource not in reached and (why := _number_match(resource, asked, anywhere=True)):
            yield Found(resource, _NUMBER, why)
    for resource in in_reach:
        if match := _match(resource, asked, near):
            yield match


def _match(resource: Resource, asked: _Asked, near: dict[str, set[str]]) -> Found | None:
    if why := _number_match(resource, asked):
        return Found(resource, _NUMBER, why)
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
    said = [word if word in shared else min(shared) for word in asked.words if (shared := own & near[word])]
    if said:
        score += min(_WORD * len(said), _WORDS_MOST)
        reasons.append(_("It says “{words}”.", words=", ".join(dict.fromkeys(said))))
    local = asked.place and any(own & near[word] for word in asked.place)
    if local:
        score += _PLACE
        reasons.append(_("In the place you named."))
    if not score or (local and not topic and not said and (asked.topics or asked.words)):
        return None
    if asked.language and asked.language in resource.languages:
        score += _LANGUAGE
        reasons.append(_("In your language."))
    return Found(resource, score, _sentences(reasons))


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
    for key, written in asked.numbers.items():
        if anywhere and len(key) < _LONG_NUMBER:
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


@lru_cache(maxsize=20_000)
def _words_of(resource: Resource) -> frozenset[str]:
    own_topics = " ".join(topic for topic in resource.topics if topic not in TOPICS)
    said = (resource.name, resource.organization, resource.region, resource.note, own_topics)
    return frozenset(telling_words(" ".join(said)))


def _rank(match: Found) -> tuple[float, bool, bool, bool, int, str]:
    checked = match.resource.checked
    return (
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
