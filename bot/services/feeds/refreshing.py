"""Feeds on the web are read again now and then, beside everything else and never all at once."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import or_, select

from bot.core.content import Content
from bot.core.faults import where
from bot.core.words import _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.feeds.fetching import Limits
from bot.services.feeds.importing import Wanted
from bot.services.feeds.report import Report
from bot.services.feeds.taking import take
from bot.services.meetings import Meetings
from bot.services.voice import Voice
from bot.storage.database import Database
from bot.storage.feed_tables import MeetingFeed
from bot.storage.tables import Community

log = logging.getLogger(__name__)

AGAIN: Final = timedelta(hours=2)
"""A feed that could not be read is tried again after this, and not sooner than half of it."""
_LOOK_EVERY: Final = timedelta(minutes=1)


class Refresher:
    """Reads one feed at a time; `every` is how often each is read, give or take a tenth."""

    def __init__(
        self,
        database: Database,
        meetings: Meetings,
        voice: Voice,
        now: Callable[[], datetime],
        *,
        limits: Limits,
        every: timedelta,
    ) -> None:
        self._database = database
        self._meetings = meetings
        self._voice = voice
        self._now = now
        self._limits = limits
        self._every = every
        self._reading: asyncio.Task[None] | None = None
        self._looked_at: datetime | None = None

    def look(self) -> None:
        """Begin to read the feed that is due, unless one is being read."""
        now = self._now()
        if self._reading is not None and not self._reading.done():
            return
        if self._looked_at is not None and abs(now - self._looked_at) < _LOOK_EVERY:
            return
        self._looked_at = now
        self._reading = asyncio.create_task(self._guarded(), name="feeds of meetings")

    async def settled(self) -> None:
        """Wait until what is being read has been read; for a clock moved by hand."""
        if self._reading is not None:
            await self._reading

    async def stop(self) -> None:
        """Stop reading; what was not read whole does not count."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _guarded(self) -> None:
        try:
            while await self.refresh_one():
                pass
        except Exception as error:
            log.error("feeds of meetings cannot be read, and are looked at again: %s", where(error))

    async def refresh_one(self) -> bool:
        """Read the feed that has been due for longest; False if none is."""
        now = self._now()
        async with self._database.begin() as tx:
            if not await tx.try_alone("feeds of meetings"):
                return False
            on_the_web = or_(MeetingFeed.source.startswith("http://"), MeetingFeed.source.startswith("https://"))
            # What is far ahead was planned by a clock that was wrong.
            too_far = MeetingFeed.next_at > now + 2 * max(self._every, AGAIN)
            is_due = or_(MeetingFeed.next_at.is_(None), MeetingFeed.next_at <= now, too_far)
            query = select(MeetingFeed).where(on_the_web, is_due).order_by(MeetingFeed.next_at).limit(1)
            feed = await tx.session.scalar(query)
            if feed is None:
                return False
            first = feed.next_at is None and feed.read_at is not None
            # Another process, and this one if it dies in the middle, waits for the next turn.
            feed.next_at = now + jittered(self._every if first else AGAIN)
            if first:  # it was read by hand just now
                return True
            community = None if feed.community_id is None else await tx.session.get(Community, feed.community_id)
            had_problem = feed.problem
            wanted = Wanted(
                source=feed.source,
                path=Path(),
                community_id=feed.community_id,
                programme=feed.programme,
                zone=feed.zone,
                community_zone=community.zone if community else None,
            )
            feed_id = feed.id
        report = await take(self._database, wanted, self._limits, now=now, meetings=self._meetings)
        if report.problem is None:
            async with self._database.begin() as tx:
                (await tx.session.get_one(MeetingFeed, feed_id)).next_at = now + jittered(self._every)
        elif report.problem != had_problem and wanted.community_id is not None:
            await self._tell(wanted.community_id, feed_id, report, now)
        return True

    async def _tell(self, community_id: int, feed_id: int, report: Report, now: datetime) -> None:
        """Tell the organizers, in the room where they are told things."""
        text = _(
            "The meetings of {source} could not be read again: {problem}. What was read before is kept.",
            source=report.source,
            problem=report.problem or "",
        )
        async with self._database.begin() as tx:
            community = members.community_of(await tx.session.get_one(Community, community_id))
            await self._voice.to_places(
                tx,
                community,
                "moderators",
                Content(text=text),
                key=f"feed:{feed_id}:{int(now.timestamp())}",
                priority=Priority.MEETING,
                now=now,
            )


def jittered(time: timedelta) -> timedelta:
    """About that long: from a tenth less to a tenth more, so that not everybody comes at the same minute."""
    return time * (0.9 + secrets.randbelow(2001) / 10_000)
