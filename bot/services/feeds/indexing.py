"""Writing posting lists while a feed is read, and taking out of them what is gone."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from bot.services.feeds.postings import BLOCK, bits_in, packed, places_in
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, ListedPosting

_COLUMNS = ("term", "block", "feed_id", "bits")
_Row = tuple[str, int, int, bytes]


class Index:
    """The terms of the meetings that one reading of a feed adds, gathered by blocks of ids.

    Nobody looks for these meetings before the reading counts: a block is written once it is complete.
    """

    def __init__(self, feed_id: int) -> None:
        self._feed_id = feed_id
        self._block: int | None = None
        self._places: dict[str, list[int]] = {}
        self._stored = False
        """Whether some of this block is in the table already, from an earlier reading."""
        self._complete: list[tuple[bool, list[_Row]]] = []

    async def add(self, tx: Transaction, id_: int, terms: Iterable[str]) -> None:
        """A meeting with its terms, each of them once; ids come in order."""
        block, place = divmod(id_, BLOCK)
        if block != self._block:
            self.complete()
            self._block = block
            if place:
                await self._know(tx, block)
        places = self._places
        for term in terms:
            if term in places:
                places[term].append(place)
            else:
                places[term] = [place]

    async def _know(self, tx: Transaction, block: int) -> None:
        query = select(ListedPosting.term, ListedPosting.bits).where(
            ListedPosting.feed_id == self._feed_id, ListedPosting.block == block
        )
        for term, stored in await tx.session.execute(query):
            self._places[term] = list(places_in(bits_in(stored)))
            self._stored = True

    def complete(self) -> None:
        """There will be no more meetings of the block that was begun."""
        if self._block is not None:
            rows = [(term, self._block, self._feed_id, packed(places)) for term, places in sorted(self._places.items())]
            self._complete.append((self._stored, rows))
        self._block, self._places, self._stored = None, {}, False

    def parts(self, most: int) -> Iterator[tuple[bool, list[_Row]]]:
        """What is to be written, about so many rows at a time; see `write`."""
        while self._complete:
            stored, rows = self._complete.pop(0)
            size = len(rows) if stored else most
            for first in range(0, len(rows), size):
                yield stored, rows[first : first + size]


async def write(tx: Transaction, part: tuple[bool, list[_Row]]) -> None:
    """Write one of the `parts`."""
    stored, rows = part
    if stored:
        _term, block, feed_id, _bits = rows[0]
        await tx.session.execute(
            delete(ListedPosting).where(ListedPosting.feed_id == feed_id, ListedPosting.block == block),
            execution_options={"synchronize_session": False},
        )
    await tx.insert_plain(ListedPosting, _COLUMNS, rows)


async def tidy(tx: Transaction, feed_id: int, block: int) -> None:
    """Take meetings that are no longer there out of the lists of a block."""
    first = block * BLOCK
    ids = select(ListedMeeting.id).where(ListedMeeting.id >= first, ListedMeeting.id < first + BLOCK)
    there = sum(1 << id_ - first for id_ in await tx.session.scalars(ids))
    of_block = ListedPosting.feed_id == feed_id, ListedPosting.block == block
    gone, fewer = [], []
    for term, stored in await tx.session.execute(select(ListedPosting.term, ListedPosting.bits).where(*of_block)):
        bits = bits_in(stored)
        if not bits & there:
            gone.append({"its_term": term, "its_block": block})
        elif bits & there != bits:
            left = packed(list(places_in(bits & there)))
            fewer.append({"its_term": term, "its_block": block, "left": left})
    table: Any = ListedPosting.__table__
    its = table.c.term == bindparam("its_term"), table.c.block == bindparam("its_block")
    if gone:
        await tx.session.execute(delete(table).where(*its), gone)
    if fewer:
        await tx.session.execute(update(table).where(*its).values(bits=bindparam("left")), fewer)
