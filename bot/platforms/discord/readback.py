"""Reading back what was written while the bot was away.

Discord replays events to a connection that was lost for a short time (RESUME). After a longer gap, or a restart, a
new session begins and nothing is replayed: then the history of each place the bot can hear is read from where the
bot left off.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import chain, repeat

import discord

from bot.core.faults import where
from bot.core.platform import Hub
from bot.platforms.discord import departed
from bot.platforms.discord.errors import is_final
from bot.platforms.discord.gaps import Gap, Gaps, Parent, channels_of, in_turn
from bot.platforms.discord.progress import Progress
from bot.platforms.discord.receiving import Receiving
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.titles import Titles, opened_at

log = logging.getLogger(__name__)

_MESSAGES = 2000
"""Messages that are read of one channel. Where there are more, the newest count."""

_AT_ONCE = 4
"""Channels that are read at the same time."""

_PATIENCE = 120.0
"""Seconds that reading one channel may take."""

_CLOCKS = timedelta(minutes=2)
"""How far the time may be off which the bot takes for Discord's."""

_PAUSES = (2.0, 10.0, 60.0, 300.0)
"""Seconds before a channel that could not be read is tried again; the last one over and over."""

_ARCHIVES = 0
"""The channel, which is none, that is held until it is known which threads were archived meanwhile.

They have no place of their own: up to where all was heard must not move on before.
"""


def turns() -> asyncio.Semaphore:
    """What the read-backs of several shards share, so that together they read no more channels at the same time."""
    return asyncio.Semaphore(_AT_ONCE)


class ReadBack:
    """Hands in what was missed in the servers of one shard, oldest first in each channel.

    A channel whose last message was heard costs no request. The first start ever reads nothing. The shards of one
    connection take the same `turns` at reading.
    """

    def __init__(
        self,
        hub: Hub,
        receiving: Receiving,
        titles: Titles,
        progress: Progress,
        time: ServerTime,
        window: timedelta,
        *,
        shard: int,
        turns: asyncio.Semaphore,
    ) -> None:
        self._hub = hub
        self._gaps = Gaps(hub, progress)
        self._receiving = receiving
        self._titles = titles
        self._progress = progress
        self._time = time
        self._window = window
        self._shard = shard
        self._turns = turns
        self._late: deque[discord.Guild] = deque()
        self._is_late = asyncio.Event()
        self._unread: list[Gap] = []
        self._unlisted: list[Parent] = []
        self._task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self.done = asyncio.Event()
        """Set while nothing is left to be read, but for channels that could not be read in several tries."""
        self.looked = asyncio.Event()
        """Set while it is known, as far as Discord says it, which peers left meanwhile."""

    def begin(self) -> None:
        """A new session has begun: until a channel has been looked at, its place must not move on."""
        if not self._window:
            return
        self.done.clear()
        self.looked.clear()
        self._progress.hold()
        self._late.clear()
        self._is_late.clear()
        self._unread.clear()
        self._unlisted.clear()
        for task in (self._task, self._looking):
            if task is not None:
                task.cancel()

    def start(self, client: discord.Client) -> None:
        """The session's servers are known: read what was missed in them, beside everything else."""
        if self._window:
            self._task = asyncio.create_task(self._run(client, self._task))
        else:
            self.done.set()
            self.looked.set()

    def add(self, guild: discord.Guild) -> None:
        """A server has become known after the others."""
        if self._window:
            self._progress.keep(channel.id for channel in channels_of([guild]))
            self._late.append(guild)
            self._is_late.set()

    async def stop(self) -> None:
        """Read no further."""
        running = [task for task in (self._task, self._looking) if task is not None]
        self._task = self._looking = None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, client: discord.Client, before: asyncio.Task[None] | None) -> None:
        """Read what was missed, then servers that come late and what could not be read, until cancelled."""
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        oldest = discord.utils.time_snowflake(self._time.now() - self._window)
        alive: int | None = None
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                await self._write()
                alive = await self._gaps.alive()
                await self._read_everywhere(client, alive, oldest)
                # At once: a bot that dies soon and often has to know where it left off.
                await self._write()
                self._look(client, self._guilds(client))
                break
            except Exception as error:
                log.error("what was written while the bot was away could not be read yet: %s", where(error))
            await asyncio.sleep(pause)
        while True:
            self.done.set()
            if not await self._comes_late():
                await self._read_again(client)
                await self._list_again(client, alive, oldest)
                continue
            self.done.clear()
            self._is_late.clear()
            for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
                try:
                    late = list(self._late)
                    await self._read_late(client, alive, oldest)
                    self._look(client, late)
                    break
                except Exception as error:
                    log.error("a server that came late could not be read yet: %s", where(error))
                await asyncio.sleep(pause)

    def _look(self, client: discord.Client, guilds: Sequence[discord.Guild]) -> None:
        """Look up who has left, beside everything else: no words that were missed wait for hundreds of requests."""
        self.looked.clear()
        self._looking = asyncio.create_task(self._look_up(client, guilds, self._looking))

    async def _look_up(
        self, client: discord.Client, guilds: Sequence[discord.Guild], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        await departed.look(self._hub, client, guilds)
        if self._looking is asyncio.current_task():
            self.looked.set()

    async def _comes_late(self) -> bool:
        """Wait for a server that comes late; False when it is time to try again what could not be read."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PAUSES[-1] if self._unread or self._unlisted else None):
                await self._is_late.wait()
        return self._is_late.is_set()

    async def _read_everywhere(self, client: discord.Client, alive: int | None, oldest: int) -> None:
        guilds = self._guilds(client)
        now = discord.utils.time_snowflake(self._time.now() - _CLOCKS)
        newest = max((channel.last_message_id or 0 for channel in channels_of(guilds)), default=0) or now
        if alive is not None:
            self._progress.keep([_ARCHIVES])
        gaps = await self._gaps.in_servers(guilds, alive, oldest)
        # Direct messages come on shard 0, as Discord documents ("Gateway, Sharding").
        chats = await self._gaps.in_chats(client, alive, oldest) if self._shard == 0 else []
        await self._read_all(client, in_turn(gaps, chats), newest)
        await self._read_threads(client, guilds, alive, oldest, newest)

    def _guilds(self, client: discord.Client) -> list[discord.Guild]:
        return [guild for guild in client.guilds if guild.shard_id == self._shard]

    async def _read_late(self, client: discord.Client, alive: int | None, oldest: int) -> None:
        while self._late:
            gaps = await self._gaps.in_servers([self._late[0]], alive, oldest)
            await self._read_all(client, gaps, 0)
            await self._read_threads(client, [self._late[0]], alive, oldest, 0)
            self._late.popleft()

    async def _read_threads(
        self, client: discord.Client, guilds: Sequence[discord.Guild], alive: int | None, oldest: int, newest: int
    ) -> None:
        """Read the threads that were archived meanwhile, and hand in the names of all that were opened meanwhile."""
        if alive is None:
            return
        self._progress.keep([_ARCHIVES])
        left = self._gaps.parents(guilds)
        for pause in (*_PAUSES, None):
            left = await self._read_archived(client, left, alive, oldest, newest)
            if not left or pause is None:
                break
            await asyncio.sleep(pause)
        self._unlisted += left
        if not self._unlisted:
            self._progress.release(_ARCHIVES)
        for thread in chain.from_iterable(guild.threads for guild in guilds):
            await self._name(client, thread, alive, oldest)

    async def _read_archived(
        self, client: discord.Client, parents: Sequence[Parent], alive: int, oldest: int, newest: int
    ) -> list[Parent]:
        """Read what was archived under these channels meanwhile; those of which Discord did not tell it."""
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._archived(parent, alive, oldest)) for parent in parents]
        archived = list(chain.from_iterable(one.result()[0] for one in asked))
        left = [parent for parent, one in zip(parents, asked, strict=True) if one.result()[1]]
        await self._read_all(client, await self._gaps.in_threads(archived, alive, oldest), newest)
        for thread in archived:
            await self._name(client, thread, alive, oldest)
        return left

    async def _archived(self, parent: Parent, alive: int, oldest: int) -> tuple[list[discord.Thread], bool]:
        async with self._turns:
            return await self._gaps.archived(parent, alive, oldest)

    async def _list_again(self, client: discord.Client, alive: int | None, oldest: int) -> None:
        if alive is None or not self._unlisted:
            return
        try:
            self._unlisted = await self._read_archived(client, self._unlisted, alive, oldest, 0)
        except Exception as error:
            log.error("what was written in archived threads could not be read yet: %s", where(error))
            return
        if not self._unlisted:
            self._progress.release(_ARCHIVES)

    async def _name(self, client: discord.Client, thread: discord.Thread, alive: int, oldest: int) -> None:
        """Hand in the name of a thread that was opened meanwhile."""
        if discord.utils.time_snowflake(opened_at(thread)) > max(alive, oldest):
            await self._titles.given(client, thread, read_back=True)

    async def _write(self) -> None:
        try:
            await self._progress.write()
        except Exception as error:
            # What is stored is older, then: more is read than need be, and recognised as known.
            log.warning("how far the channels are heard could not be stored: %s", where(error))

    async def _read_all(self, client: discord.Client, gaps: Iterable[Gap], newest: int) -> None:
        """Read several channels at once, then settle with `newest`.

        Where Discord is in trouble, they are tried again after the others, a few times. What is left then holds up
        nothing else: it stays where it is, and is tried for as long as the session lasts.
        """
        left = list(gaps)
        channels, messages = len(left), 0
        for pause in (*_PAUSES, None):
            read, left = await self._read_once(client, left)
            messages += read
            if not left or pause is None:
                break
            await asyncio.sleep(pause)
        if messages:
            log.info("%s messages in %s channels were written while the bot was away", messages, channels)
        if left:
            log.error(
                "The history of %s channels could not be read after %s tries; it is tried again every %s s",
                len(left),
                len(_PAUSES) + 1,
                _PAUSES[-1],
            )
        self._unread += left
        self._progress.settle({gap.channel_id: gap.start for gap in left}, newest)

    async def _read_again(self, client: discord.Client) -> None:
        before = len(self._unread)
        try:
            messages, self._unread = await self._read_once(client, self._unread)
        except Exception as error:
            log.error("what was written while the bot was away could not be read yet: %s", where(error))
            return
        if len(self._unread) < before:
            log.warning(
                "%s more messages were written while the bot was away; the history of %s channels is still to be read",
                messages,
                len(self._unread),
            )

    async def _read_once(self, client: discord.Client, gaps: Iterable[Gap]) -> tuple[int, list[Gap]]:
        """Try each channel once; how many messages there were, and what could not be read."""
        todo, failed = deque(gaps), list[Gap]()
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(self._work_off(client, todo, failed)) for _worker in range(_AT_ONCE)]
        return sum(worker.result() for worker in workers), failed

    async def _work_off(self, client: discord.Client, todo: deque[Gap], failed: list[Gap]) -> int:
        """Read channels until there are no more; how many messages there were."""
        read = 0
        while todo:
            async with self._turns:
                read += await self._work_on(client, todo.popleft(), failed) if todo else 0
        return read

    async def _work_on(self, client: discord.Client, gap: Gap, failed: list[Gap]) -> int:
        """Read one channel, or add it to those that failed; how many messages there were."""
        try:
            async with asyncio.timeout(_PATIENCE):
                missed = await self._missed(gap)
        except (discord.Forbidden, discord.NotFound) as error:
            if not is_final(error):  # a proxy's word, or a passing state
                failed.append(gap)
                return 0
            if isinstance(error, discord.Forbidden):
                self._gaps.tell(gap.channel_id)
            self._progress.release(gap.channel_id)
        except Exception as error:
            log.warning("the history of channel %s could not be read yet: %s", gap.channel_id, where(error))
            failed.append(gap)
        else:
            await self._hand_in(client, gap, missed)
            return len(missed)
        return 0

    async def _missed(self, gap: Gap) -> list[discord.Message]:
        """What was written behind the gap's start and has not come in since, oldest first."""
        behind = discord.Object(gap.start)
        found = [one async for one in gap.channel.history(limit=_MESSAGES + 1, after=behind, oldest_first=False)]
        if len(found) > _MESSAGES:
            log.error(
                "More than %s messages were written in channel %s while the bot was away: older ones, behind "
                "message %s, are not read. Have a person look at them.",
                _MESSAGES,
                gap.channel_id,
                gap.start,
            )
            found = found[:_MESSAGES]
        return [one for one in reversed(found) if self._receiving.is_new(one.id)]

    async def _hand_in(self, client: discord.Client, gap: Gap, missed: Sequence[discord.Message]) -> None:
        left = deque(missed)
        for message in missed:
            self._progress.begin(gap.channel_id, message.id)
        is_gone = gap.last not in {message.id for message in missed} and self._receiving.is_new(gap.last)
        if gap.last > gap.start and is_gone:
            # Deleted since: it shall not look like news at the next start.
            self._progress.done(gap.channel_id, gap.last)
        # From now on what has begun holds the channel.
        self._progress.release(gap.channel_id)
        try:
            while left:
                await self._receiving.hear(client, left[0], read_back=True)
                left.popleft()
        finally:
            if left:
                self._progress.keep([gap.channel_id])
                self._progress.forget(gap.channel_id, [message.id for message in left])
