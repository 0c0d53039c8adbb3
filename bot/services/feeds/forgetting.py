"""Taking a feed out with all that it lists; and deleting rows of one in small steps, as others write meanwhile."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, true

from bot.services.feeds import indexing, postings
from bot.services.feeds.pacing import Pace
from bot.services.meetings import Meetings
from bot.storage.database import Database, among
from bot.storage.feed_tables import ListedMeeting, MeetingFeed
from bot.storage.tables import MeetingRow

_BULK = {"synchronize_session": False}


async def forget(database: Database, feed_id: int, meetings: Meetings, *, now: datetime) -> int:
    """Take a feed out; how many meetings it listed. Who follows one of them is told that it is gone."""
    async with database.begin() as tx:
        feed = await tx.session.get_one(MeetingFeed, feed_id)
        feed.attempts = max(feed.attempts, feed.generation) + 1  # who reads it just now stops
        listed, feed.meetings = feed.meetings, 0
        for row in list(await tx.session.scalars(select(MeetingRow).where(MeetingRow.feed_id == feed_id))):
            await meetings.remove(tx, row, now=now)
    await sweep(database, feed_id, true(), Pace(), Pace())
    async with database.begin() as tx:
        await tx.session.execute(delete(MeetingFeed).where(MeetingFeed.id == feed_id))
    return listed


async def sweep(database: Database, feed_id: int, which: ColumnElement[bool], pace: Pace, writing: Pace) -> None:
    """Delete these rows of a feed, and take them out of the index."""
    some = select(ListedMeeting.id).where(ListedMeeting.feed_id == feed_id, which)
    blocks: set[int] = set()
    ids = [0]
    while ids:
        async with pace.step(database) as tx:
            ids = list(await tx.session.scalars(some.limit(pace.size)))
            if ids:
                gone = delete(ListedMeeting).where(among(ListedMeeting.id, tx.is_shared, ids=tx.ids(ids)))
                await tx.session.execute(gone, execution_options=_BULK)
        blocks.update(id_ // postings.BLOCK for id_ in ids)
        await pace.rest()
    for block in sorted(blocks):
        async with writing.step(database) as tx:
            await indexing.tidy(tx, feed_id, block)
        await writing.rest()
