"""Full text: the words under which an imported service is found, and what to look for, from the strictest on.

A service is indexed by plain words and by tokens that say one thing of it, such as its topic. Each query is a row of
groups: of every group a service has at least one. The database answers each with a bounded number of services, and
`bot.core.resources.search` ranks them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.core.matching import fold
from bot.core.resources.match import all_words, numbers, telling_words
from bot.core.resources.model import Resource
from bot.core.resources.states import state_name
from bot.core.resources.topics import TOPICS
from bot.core.resources.wishes import costs_little

INDEXED_WORDS = 250
"""Words of one service that are indexed."""
WORD_LIMIT = 40
"""Characters of an indexed word."""
LONG_NUMBER = 7
"""Digits: a number this long says by itself in which country it is; a short code does not."""

_WORDS_ASKED = 6
_MARK = "zq"
"""Begins every token: no word in any language does."""
_ANYWHERE = f"{_MARK}canywhere"
_FREE = f"{_MARK}free"

Group = tuple[str, ...]
Query = tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What somebody asks for, read: topics' ids, other words, numbers' keys, a place, and what it may cost."""

    topics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    free: bool = False
    country: str | None = None
    language: str = ""


def index_of(resource: Resource) -> str:
    """The words and tokens of `resource`, separated by spaces."""
    said = (resource.name, resource.organization, resource.city, resource.region, resource.state, resource.address)
    words = dict.fromkeys(all_words(" ".join(said)))
    words |= dict.fromkeys(telling_words(f"{resource.note} {resource.eligibility}"))
    kept = [word for word in words if len(word) <= WORD_LIMIT and not word.isdecimal()][:INDEXED_WORDS]
    return " ".join([*kept, *dict.fromkeys(_tokens(resource))])


def _tokens(resource: Resource) -> Iterator[str]:
    yield f"{_MARK}c{resource.country.lower()}" if resource.country else _ANYWHERE
    yield from map(_topic, resource.topics)
    yield from map(_language, resource.languages)
    state = state_name(resource.country, resource.state)
    for place in (resource.city, resource.state, state, resource.region, resource.postcode):
        if place:
            yield _place(all_words(place))
    if costs_little(resource):
        yield _FREE
    every = [resource.phone, resource.text_to, *(phone.number for phone in resource.more_phones), *resource.former]
    yield from (_number(key) for key, _written in numbers(" ; ".join(every)))


def is_word(indexed: str) -> bool:
    """Whether this is a word that people write, and no token of ours."""
    return not indexed.startswith(_MARK)


def queries(need: Need) -> Iterator[Query]:
    """What to look for, the strictest first; each finds what the ones before it found, and more."""
    country = (f"{_MARK}c{need.country.lower()}", _ANYWHERE) if need.country else (_ANYWHERE,)
    for key in need.numbers:
        yield ((_number(key),),) if len(key) >= LONG_NUMBER else ((_number(key),), country)
    seen: set[Query] = set()
    for groups in _groups(need):
        query = tuple(dict.fromkeys([*groups, country]))
        if groups and query not in seen:
            seen.add(query)
            yield query


def _groups(need: Need) -> Iterator[Query]:
    all_topics = tuple((_topic(topic),) for topic in need.topics)
    any_topic = (tuple(map(_topic, need.topics)),) if need.topics else ()
    words = tuple((word,) for word in need.words[:_WORDS_ASKED])
    any_word = (need.words[:_WORDS_ASKED],) if need.words else ()
    place = ((_place(need.place),),) if need.place else ()
    near = tuple((word,) for word in need.place)
    free = ((_FREE,),) if need.free else ()
    language = ((_language(need.language),),) if need.language else ()
    if need.topics:
        for where in (place, near) if place else ():
            yield all_topics + where + free + words
            yield all_topics + where + free
            yield all_topics + where
            yield any_topic + where
        for what in (words, any_word) if words else ():
            yield all_topics + free + what
            yield all_topics + what
        if len(all_topics) == 1:  # of several, few services have all: no need to ask for their language as well
            yield all_topics + free + language
        yield all_topics + free
        if len(all_topics) == 1:
            yield all_topics + language
        yield all_topics
        yield any_topic
        related = [other for topic in need.topics for other in (TOPICS[topic].related if topic in TOPICS else ())]
        if related:
            yield (tuple(dict.fromkeys(map(_topic, related))), *place)
    if words:
        yield words + place + free
        yield words + near + free
        yield words + free
        yield words
        yield any_word + place
        yield any_word
    elif not need.topics:
        yield place + free
        yield near + free
        yield free


def _topic(topic: str) -> str:
    return f"{_MARK}t{_joined([topic])}"


def _language(code: str) -> str:
    return f"{_MARK}l{_joined([code])}"


def _number(key: str) -> str:
    return f"{_MARK}n{key.lower()}"


def _place(words: Iterable[str]) -> str:
    return f"{_MARK}p{_joined(words)}"[:WORD_LIMIT]


def _joined(words: Iterable[str]) -> str:
    return re.sub(r"\s", "", fold(" ".join(words)))
