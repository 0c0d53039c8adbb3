"""Running: each platform is heard and written to by the process that owns its connection, for a term."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.faults import where
from bot.core.platform import Platform
from bot.delivery.sender import Sender
from bot.memory import settle_memory
from bot.scheduling.ticker import Ticker
from bot.storage import checkpoints
from bot.storage.ownership import Ownership

if TYPE_CHECKING:
    from bot.app import App

log = logging.getLogger(__name__)

Result = TypeVar("Result")

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=2)
"""Between two attempts to connect to a platform that is down or refuses us."""

LAST_WORDS = timedelta(seconds=5)
"""How long a stopping bot goes on saying what it had decided to say."""

LETTING_GO = timedelta(seconds=10)
"""How long a connection or a sender may take to end, last words included; one that hangs, on a database that is gone,
is left behind."""

UNREACHED = timedelta(minutes=1)
"""How long an owner may be without its connection before another process may try."""

OTHERS_TURN = timedelta(seconds=5)
"""For how long it then leaves the connection to them: a standby looks every two."""

STEADY = timedelta(minutes=1)
"""A connection that held this long was a good one: the next pause is the first again."""


class Serving:
    """One run of an app. A term lasts until it stops, or has lost its hold on the database, or cannot connect."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._late: set[asyncio.Task[None]] = set()
        """What should have ended and has not yet."""

    async def run(self, *, tick: timedelta, until: asyncio.Event) -> None:
        """Run until `until` is set: platforms hear, senders say, the ticker ticks; then all stop, in that order."""
        settle_memory()
        self._app.lexicons.look()
        ticker = Ticker()
        ticker.every(tick, self._app.tick, "due work")
        ticker.start()
        ownership = Ownership(self._app.database, self._app.now, self._app.wake)
        owning = asyncio.create_task(ownership.run(), name="ownership")
        carrying = asyncio.create_task(checkpoints.carry_over(self._app.database), name="checkpoints")
        stopping = asyncio.Event()
        serving = [
            asyncio.create_task(self._serve(platform, ownership, stopping), name=f"serving {platform.name}")
            for platform in self._app.platforms.values()
        ]
        try:
            await until.wait()
        finally:
            await _for_a_while(ticker.stop(), "the ticker")
            stopping.set()
            await asyncio.gather(*serving)
            for platform in self._app.platforms.values():
                await _for_a_while(platform.close(), platform.name)
            await _for_a_while(self._app.hub.finish(), "what was heard")
            await _for_a_while(self._app.feeds.stop(), "feeds of meetings")
            await _for_a_while(self._app.lexicons.settled(), "communities' own rules")
            # Last: from now on another process may connect.
            await _cancel([owning, carrying, *self._late])

    async def _serve(self, platform: Platform, ownership: Ownership, stopping: asyncio.Event) -> None:
        """Hear and write to one platform whenever this process owns its connection, until `stopping`."""
        while (lost := await _unless(stopping, _gain(platform, ownership))) is not None:
            sender = self._app.senders.get(platform.name)
            hearing = asyncio.create_task(self._keep(platform), name=f"hearing {platform.name}")
            saying: list[asyncio.Task[None]] = []
            if sender is not None:
                saying.append(asyncio.create_task(sender.run(), name=f"sender of {platform.name}"))
            await _unless(stopping, _until_given_up(platform, lost, shared=ownership.is_shared))
            if stopping.is_set():
                # While the platform is still connected: without it there are no last words.
                await self._let_go(platform, saying, sender, last_words=LAST_WORDS)
                hearing.cancel()
                await self._let_go(platform, (hearing,))
            else:
                hearing.cancel()
                reason = "has lost its hold on the connection" if lost.is_set() else "cannot connect"
                log.warning("%s: this process %s, and lets go of it", platform.name, reason)
                await self._let_go(platform, (hearing, *saying), sender)
                if sender is not None:
                    self._app.senders[platform.name] = self._app.make_sender(platform)
                if not lost.is_set() and platform.account_key is not None:
                    ownership.rest(platform.name, platform.account_key, pause=OTHERS_TURN)

    async def _let_go(
        self,
        platform: Platform,
        tasks: Iterable[asyncio.Task[None]],
        sender: Sender | None = None,
        *,
        last_words: timedelta = timedelta(),
    ) -> None:
        """Stop the sender, and wait for its end and that of `tasks`; what hangs goes on alone, and does no harm.

        A sender that hangs takes nothing more, and what it has taken goes out again under the same key.
        """
        ending = set(tasks)
        if sender is not None:
            stop = sender.stop(patience=last_words)
            ending.add(asyncio.create_task(stop, name=f"stopping the sender of {platform.name}"))
        if not ending:
            return
        _done, late = await asyncio.wait(ending, timeout=LETTING_GO.total_seconds())
        if late:
            log.error("%s: hangs and is left behind: %s", platform.name, ", ".join(task.get_name() for task in late))
        for task in late:
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _keep(self, platform: Platform) -> None:
        """Keep one platform connected, whatever happens to it or to the others."""
        pause = FIRST_PAUSE
        while True:
            started = self._app.now()
            if (sender := self._app.senders.get(platform.name)) is not None:
                # What could not be sent while it was away is not to wait for its next attempt.
                sender.hurry()
            try:
                await platform.run()
            except Exception as error:
                log.error("%s: not connected: %s (%s)", platform.name, _public(error), where(error))
            else:
                if platform.name == "console":
                    return
                log.warning("%s: the connection has ended", platform.name)
            if self._app.now() - started >= STEADY:
                pause = FIRST_PAUSE
            log.info("%s: trying again in %d s", platform.name, pause.total_seconds())
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)


def _public(error: Exception) -> str:
    """What an adapter says of its own refusal; of any other error only its type is told."""
    return str(error) if type(error).__module__.startswith("bot.") else type(error).__name__


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _gain(platform: Platform, ownership: Ownership) -> asyncio.Event:
    """Wait until the platform is this process's own; the event tells when it is no longer."""
    if platform.account_key is None:
        return asyncio.Event()
    return await ownership.gain(platform.name, platform.account_key)


async def _until_given_up(platform: Platform, lost: asyncio.Event, *, shared: bool) -> None:
    """Until the connection is lost to another process; or left to one, because it did not come about for long."""
    clock = asyncio.get_running_loop().time
    reached = clock()
    while not lost.is_set():
        if platform.is_connected or not shared:
            reached = clock()
        elif clock() - reached >= UNREACHED.total_seconds():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await lost.wait()


async def _for_a_while(work: Coroutine[Any, Any, None], name: str) -> None:
    """Do it, but for no longer than `LETTING_GO`: a database or a platform that hangs must not hold up the end."""
    doing = asyncio.create_task(work)
    _done, late = await asyncio.wait({doing}, timeout=LETTING_GO.total_seconds())
    if late:
        log.error("the end of %s hangs, and is not waited for", name)
        doing.cancel()
    elif (error := doing.exception()) is not None:
        log.error("the end of %s failed: %s", name, where(error))


async def _unless(stopping: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result | None:
    """What `work` gives; None, and the work is cancelled, if `stopping` is set first."""
    working = asyncio.create_task(work)
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return None if stopping.is_set() else working.result()
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
