"""Which process has what only one may have at a time, such as a platform's connection.

On PostgreSQL the owner is who holds an advisory lock, in a session of its own: PostgreSQL frees the lock when the
session ends, however it ends. The same session hears of what other processes put into the outbox. It must be a direct
one: behind a pooler that shares sessions between transactions, neither works, and nothing is ever owned for long.

On SQLite there is one process, and it owns everything.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.faults import Told, where
from bot.storage.database import CONNECT_SECONDS, OUTBOX_CHANNEL, Database, lock_key

log = logging.getLogger(__name__)

TROUBLE = "ownership"
"""The key under which a lost session is told."""

_HELD = """
SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid = pg_backend_pid()
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The session's own locks of one 64-bit number, put together as the documentation of pg_locks says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a change of owner is noticed. The defaults make a standby the owner within 12 s of a sudden end.

    - `beat`: between two looks at the locks that are held or wished for.
    - `patience`: how long one look may take; then the session counts as lost, and what it owned is given up.
    - `silence`: after so long without a look PostgreSQL ends the session, whether its process hangs or its machine
      is gone. Longer than `beat` and `patience` together: an owner has let go before another one begins.
    """

    beat: timedelta = timedelta(seconds=2)
    patience: timedelta = timedelta(seconds=3)
    silence: timedelta = timedelta(seconds=8)


@dataclass(slots=True)
class _Wish:
    """Something this process wants to own; `term` is there while it does."""

    name: str
    key: int
    term: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stands_by: bool = False
    rests_until: float = 0.0
    """On the event loop's clock: until then others may have it."""

    def begin(self) -> None:
        self.term, self.stands_by = asyncio.Event(), False
        self.begun.set()

    def end(self) -> None:
        if self.term is not None:
            self.term.set()
        self.term, self.stands_by = None, False
        self.begun.clear()


class Ownership:
    """What this process owns. `wake` is called when another process has put something into the outbox."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], wake: Callable[[], None], *, pace: Pace | None = None
    ) -> None:
        self._database = database
        self._now = now
        self._wake = wake
        self._pace = pace or Pace()
        self._wishes: dict[int, _Wish] = {}
        self._news = asyncio.Event()
        """There is something to do before the next beat: a new wish, or the end of the session."""
        self._told = Told()

    @property
    def is_shared(self) -> bool:
        """Whether other processes compete."""
        return self._database.is_shared

    async def gain(self, name: str, account: str) -> asyncio.Event:
        """Wait until this process owns the connection of `account` on the platform `name`.

        The event that is returned is set once it owns it no longer; whoever has it must then let go at once.
        """
        if not self.is_shared:
            return asyncio.Event()
        key = lock_key(self._database.vault, f"{name}:{account}")
        wish = self._wishes.setdefault(key, _Wish(name, key))
        self._news.set()
        while (term := wish.term) is None:
            await wish.begun.wait()
        return term

    def rest(self, name: str, account: str, *, pause: timedelta) -> None:
        """Leave the connection to others for as long as `pause`, then compete again; whoever had it has let go."""
        wish = self._wishes.get(lock_key(self._database.vault, f"{name}:{account}"))
        if wish is not None:
            wish.end()
            wish.rests_until = asyncio.get_running_loop().time() + pause.total_seconds()
            self._news.set()

    async def run(self) -> None:
        """Compete until cancelled; then all that was owned is free for others. On SQLite it returns at once."""
        while self.is_shared:
            try:
                await self._hold_session()
            except Exception as error:
                if self._told.is_news(TROUBLE, self._now()):
                    log.error(
                        "the database session that shares the work between processes is lost: %s. Nothing is heard or"
                        " sent until it is back: look whether PostgreSQL runs, and lets the bot in directly",
                        where(error),
                    )
            await asyncio.sleep(self._pace.beat.total_seconds())

    async def _hold_session(self) -> None:
        session = await self._connect()
        try:
            session.add_termination_listener(self._ended)
            async with asyncio.timeout(self._pace.patience.total_seconds()):
                await session.add_listener(OUTBOX_CHANNEL, self._heard)
            self._wake()  # of what was put in before, nobody has told us
            while True:
                async with asyncio.timeout(self._pace.patience.total_seconds()):
                    await self._look(session)
                if self._told.is_over(TROUBLE):
                    log.warning("the database session that shares the work between processes is back")
                with contextlib.suppress(TimeoutError):
                    # Not asyncio.wait_for: until Python 3.12 it can swallow a cancellation.
                    async with asyncio.timeout(self._pace.beat.total_seconds()):
                        await self._news.wait()
                self._news.clear()
        finally:
            for wish in self._wishes.values():
                wish.end()
            session.terminate()

    async def _connect(self) -> Any:
        import asyncpg  # noqa: PLC0415  a machine with SQLite spares its 3 MB

        engine = self._database.engine
        _none, options = engine.dialect.create_connect_args(engine.url)
        options = {name: value for name, value in options.items() if not name.startswith("prepared_statement_")}
        silence = self._pace.silence
        settings = {
            "application_name": "handrail ownership",
            "idle_session_timeout": f"{int(silence.total_seconds() * 1000)}ms",
            # For a machine that vanishes while an answer to it is under way.
            "tcp_user_timeout": f"{int(silence.total_seconds() * 1000)}ms",
            "tcp_keepalives_idle": f"{max(1, int(silence.total_seconds() / 4))}s",
            "tcp_keepalives_interval": f"{max(1, int(silence.total_seconds() / 4))}s",
            "tcp_keepalives_count": "3",
        }
        return await asyncpg.connect(**options, timeout=CONNECT_SECONDS, server_settings=settings)

    async def _look(self, session: Any) -> None:
        """Try for what is wished for, and see that what is owned is."""
        held = {record["key"] for record in await session.fetch(_HELD)}
        for wish in list(self._wishes.values()):
            if asyncio.get_running_loop().time() < wish.rests_until:
                if wish.key in held:
                    await session.fetchval("SELECT pg_advisory_unlock($1)", wish.key)
            elif wish.term is not None:
                if wish.key not in held:
                    raise ConnectionResetError("a lock is gone, although its session is there")
            elif wish.key in held or await session.fetchval("SELECT pg_try_advisory_lock($1)", wish.key):
                wish.begin()
                log.info("%s: this process has the connection", wish.name)
            elif not wish.stands_by:
                wish.stands_by = True
                log.info("%s: another process has the connection; standing by", wish.name)

    def _heard(self, _session: object, _pid: int, _channel: str, origin: object) -> None:
        if origin != self._database.origin:  # whoever has put it in has woken its own senders already
            self._wake()

    def _ended(self, _session: object) -> None:
        self._news.set()
