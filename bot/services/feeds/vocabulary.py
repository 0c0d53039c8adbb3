"""What is known of all listed meetings at once: their words and zones, and which are the few that have something."""

from collections.abc import Hashable
from typing import Any, Final

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, Select, exists, func, select

from bot.core.matching import fold
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, ListedTime, ListedWord, MeetingFeed

FEW: Final = 1000
"""Meetings that are looked at one by one; more are so many that some of them are found soon by their time."""
_LIKE_ENOUGH: Final = 78
"""rapidfuzz's likeness (0 to 100) from which a word of a meeting may be the one that was typed."""
_WORDS_MEANT: Final = 12
_KEPT_KINDS: Final = 200


class Vocabulary:
    """The words and zones of all listed meetings, kept until a feed changes. `renew` it before each search.

    `places`: where places are, as it was found.
    """

    def __init__(self) -> None:
        self.places: dict[Hashable, Any] = {}
        self._of: object = None
        self._words: list[str] = []
        self._known: frozenset[str] = frozenset()
        self._zones: list[str] = []
        self._few: dict[Hashable, list[int] | None] = {}

    @property
    def zones(self) -> list[str]:
        """The zones in which there are meetings."""
        return self._zones

    def meant(self, typed: str) -> list[list[str]]:
        """For each word that was typed the words that it may mean; [] for one that means none."""
        meant: list[list[str]] = []
        for word in fold(typed[:200]).split()[:8]:
            if len(word) < 2:  # noqa: PLR2004  a letter alone means nothing
                continue
            if word in self._known:
                meant.append([word])
                continue
            if any(char.isdecimal() for char in word):
                meant.append([])  # another number is no typing error: it is another postcode
                continue
            found = process.extract(word, self._words, scorer=fuzz.ratio, score_cutoff=_LIKE_ENOUGH, limit=_WORDS_MEANT)
            meant.append([each for each, _score, _index in found])
        return meant

    async def having(self, tx: Transaction, meant: list[list[str]]) -> list[int] | None:
        """The meetings that have each of the words that were typed, in one of its meanings; None if all are common."""
        if not meant:
            return None
        groups = [tuple(words) for words in meant]
        for words in groups:
            ids = select(ListedWord.listed_id).where(ListedWord.word.in_(words))
            few = await self.few(tx, words, ids)
            if few is not None:
                others = [list(other) for other in groups if other != words]
                if not others or not few:
                    return few
                query = select(ListedMeeting.id).where(ListedMeeting.id.in_(few), *has_words(others))
                return list(await tx.session.scalars(query))
        return None

    async def few(self, tx: Transaction, kind: Hashable, ids: Select[int]) -> list[int] | None:
        """The `ids` of the meetings of one kind, if they are few. That all were looked at for them is remembered."""
        if kind not in self._few:
            found = list(await tx.session.scalars(ids.limit(FEW + 1)))
            if len(self._few) >= _KEPT_KINDS:
                del self._few[next(iter(self._few))]
            self._few[kind] = sorted(found) if len(found) <= FEW else None
        return self._few[kind]

    async def renew(self, tx: Transaction) -> None:
        """Learn what there is, if a feed has changed; before anything else is asked."""
        key = (await tx.session.execute(select(func.sum(MeetingFeed.generation), func.count(MeetingFeed.id)))).one()
        if tuple(key) != self._of:
            self._words = list(await tx.session.scalars(_distinct(ListedWord.word)))
            self._known = frozenset(self._words)
            self._zones = list(await tx.session.scalars(_distinct(ListedTime.zone)))
            self._few = {}
            self.places.clear()
            self._of = tuple(key)


def has_words(meant: list[list[str]], id_: Any = ListedMeeting.id) -> list[ColumnElement[bool]]:
    """Each of the words that were typed, in one of its meanings."""
    return [exists().where(ListedWord.word.in_(words), ListedWord.listed_id == id_) for words in meant]


def _distinct(column: Any) -> Select[str]:
    """The values of a column, each found by one step in its index: many rows have few of them."""
    first = select(func.min(column).label("value")).cte("found", recursive=True)
    after = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    found = first.union_all(select(after).where(first.c.value.is_not(None)))
    return select(found.c.value).where(found.c.value.is_not(None))
