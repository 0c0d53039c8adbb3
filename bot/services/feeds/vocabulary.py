"""What is known of all listed meetings at once: their words, and the times at which any of them starts."""

from collections.abc import Hashable
from typing import Any, Final

from rapidfuzz import fuzz, process
from sqlalchemy import Select, func, select

from bot.core.matching import fold
from bot.services.feeds import statements
from bot.services.feeds.postings import start_in
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedPosting

_LIKE_ENOUGH: Final = 78
"""rapidfuzz's likeness (0 to 100) from which a word of a meeting may be the one that was typed."""
_WORDS_MEANT: Final = 12
_KEPT: Final = 500
"""Words without a meeting of their own of which is remembered what they may mean."""


class Vocabulary:
    """The words and starts of all listed meetings, kept until a feed changes. `renew` it before each search.

    `places`: where places are, as it was found.
    """

    def __init__(self) -> None:
        self.places: dict[Hashable, Any] = {}
        self.starts: dict[str, dict[int, list[int]]] = {}
        """By zone and ISO weekday, the minutes of the day at which any meeting starts there, in order."""
        self._of: object = None
        self._communities: dict[int, int | None] = {}
        self._words: list[str] = []
        self._known: frozenset[str] = frozenset()
        self._alike: dict[str, list[str]] = {}

    def feeds_of(self, community_id: int | None) -> frozenset[int]:
        """The ids of the feeds that the community has; None: those that every community has."""
        return frozenset(id_ for id_, its in self._communities.items() if its is None or its == community_id)

    def meant(self, typed: str) -> list[list[str]]:
        """For each word that was typed the words that it may mean; [] for one that means none."""
        meant: list[list[str]] = []
        for word in fold(typed[:200]).split()[:8]:
            if len(word) < 2:  # noqa: PLR2004  a letter alone means nothing
                continue
            if word in self._known:
                meant.append([word])
            elif any(char.isdecimal() for char in word):
                meant.append([])  # another number is no typing error: it is another postcode
            else:
                meant.append(self._like(word))
        return meant

    def _like(self, word: str) -> list[str]:
        if word not in self._alike:
            found = process.extract(word, self._words, scorer=fuzz.ratio, score_cutoff=_LIKE_ENOUGH, limit=_WORDS_MEANT)
            if len(self._alike) >= _KEPT:
                self._alike.clear()
            self._alike[word] = [each for each, _score, _index in found]
        return self._alike[word]

    async def renew(self, tx: Transaction) -> None:
        """Learn what there is, if a feed has changed; before anything else is asked."""
        rows = (await tx.session.execute(statements.FEEDS)).all()
        if rows == self._of:
            return
        self._communities = {row.id: row.community_id for row in rows}
        words: list[str] = []
        starts: dict[str, dict[int, list[int]]] = {}
        for term in await tx.session.scalars(_distinct(ListedPosting.term)):
            if term[:1].isalnum():
                words.append(term)
            elif (start := start_in(term)) is not None:
                zone, weekday, minute = start
                starts.setdefault(zone, {}).setdefault(weekday, []).append(minute)
        for days in starts.values():
            for minutes in days.values():
                minutes.sort()
        self._words, self._known, self.starts = words, frozenset(words), starts
        self._alike.clear()
        self.places.clear()
        self._of = rows


def _distinct(column: Any) -> Select[str]:
    """The values of a column, each found by one step in its index: many rows have few of them."""
    first = select(func.min(column).label("value")).cte("found", recursive=True)
    after = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    found = first.union_all(select(after).where(first.c.value.is_not(None)))
    return select(found.c.value).where(found.c.value.is_not(None))
