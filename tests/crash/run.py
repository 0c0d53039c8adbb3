"""One run: the bot is killed and started again while it works; when all has settled, everything is counted."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from real_matrix.homeserver import Homeserver

from crash import scene as scenes
from crash import stories
from crash.ledger import Count
from crash.scene import Scene, Size

CYCLE_SECONDS = 3.0
"""About how long the bot lives between two kills: work is planned for so long."""

UP_SECONDS = 2.0
"""The latest kill after the bot was connected."""

STARTING_SECONDS = 2.0
"""The latest kill of those that meet it while it starts."""

WHILE_STARTING = 0.3
"""Share of the kills that meet it while it starts."""

CONNECT_SECONDS = 180.0
STILL_SECONDS = 90.0
"""After so long without a message that is sent, what is missing does not come any more."""

HOMESERVER_EVERY = 8
"""Kills between two restarts of the homeserver."""

LOOK_SECONDS = 0.5
SOON = timedelta(minutes=15)

USUAL = {
    r"^(discord|matrix): not connected": "the homeserver was restarted",
    r"^Nobody was told that event": "the homeserver was restarted before somebody could be told that a key is missing",
    r"^interaction \d+ has no answer": "it was pressed just before the bot was killed, or the machine was slow",
}
"""What the bot may log at ERROR or CRITICAL in such a run, and why."""


@dataclass(kw_only=True)
class Outcome:
    """What a run came to."""

    seconds: float
    """While there was trouble."""
    settled_after: float
    """Seconds from its end until everything had arrived."""
    count: Count
    unfinished: list[str]
    """Stories whose people still wait for something."""
    logged: Counter[str]
    """Errors that are not usual, and how often."""
    troubles: Counter[str]
    """How often the log tells of each trouble."""
    words_in_the_log: int
    unreadable: int
    """Messages of the bot that their reader has no key for."""
    inbound: dict[str, int]
    outbox: dict[str, int]
    seed: int = 0
    kills: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, nothing was said twice, and nobody waits."""
        wrong = self.count.lost + self.count.duplicates + self.words_in_the_log
        return not (wrong or self.count.astray or self.unfinished or self.logged)

    def report(self) -> str:
        """Everything, for people. It names markers, ids and counts, and no words."""
        lines = [
            f"seed {self.seed}, {self.kills} kills in {self.seconds:.0f} s, settled {self.settled_after:.0f} s later",
            self.count.table(),
            *(f"unfinished: {what}" for what in self.unfinished),
            *(f"logged {number} times, not usual: {line}" for line, number in sorted(self.logged.items())),
            f"log: {self.troubles.total()} warnings and errors, {self.words_in_the_log} lines with words of people",
            *(f"told {number} times: {trouble}" for trouble, number in self.troubles.most_common(5)),
            f"messages that their reader has no key for: {self.unreadable}",
            f"inbound events: {self.inbound}",
            f"deliveries: {self.outbox}",
        ]
        return "\n".join(lines)


async def run(
    homeserver: Homeserver, *, kills: int, seed: int, size: Size, tell: Callable[[str], None] = lambda _line: None
) -> Outcome:
    """Kill the bot so often; count when it is all over."""
    random = Random(seed)

    async def kill(scene: Scene) -> None:
        for number in range(kills):
            await _one_life(scene, random, restart=number % HOMESERVER_EVERY == HOMESERVER_EVERY - 1)
            tell(f"{number + 1} of {kills} kills")
        await scene.bot.start()

    async with scenes.opened(homeserver, size) as scene:
        outcome = await observed(scene, kill, seconds=kills * CYCLE_SECONDS, random=random, usual=USUAL)
    outcome.seed, outcome.kills = seed, kills
    return outcome


async def observed(
    scene: Scene, trouble: Callable[[Scene], Awaitable[None]], *, seconds: float, random: Random, usual: dict[str, str]
) -> Outcome:
    """Let work become due and people write over so many seconds, make `trouble`, and count once all has settled.

    `trouble` starts the bot, and leaves it running. `usual`: what it may log as an error, as patterns, and why.
    """
    await scene.plan(seconds=seconds, random=random)
    began = time.monotonic()
    told = stories.told(scene, seconds=seconds, random=random)
    try:
        await trouble(scene)
        over = time.monotonic()
        unfinished = await _settle(scene, told)
    finally:
        for task in told:
            task.cancel()
        await asyncio.gather(*told, return_exceptions=True)
    settled = time.monotonic()
    await scene.bot.stop()
    stored = await scene.stored()
    return Outcome(
        seconds=over - began,
        settled_after=settled - over,
        count=scene.ledger.count(stored),
        unfinished=unfinished,
        logged=scene.bot.unexpected(usual),
        troubles=scene.bot.troubles(),
        words_in_the_log=scene.bot.log.read_text("utf-8", "replace").count("Marker0"),
        unreadable=sum(texts.count("") for texts in stored.values()),
        inbound=_states(scene, "inbound_events"),
        outbox=_states(scene, "deliveries"),
    )


async def _one_life(scene: Scene, random: Random, *, restart: bool) -> None:
    """Start the bot, perhaps while the homeserver starts, too, and kill it at a random moment."""
    identified = scene.discord.gateway.identifies
    starting = scene.bot.start()
    if restart:
        await asyncio.gather(starting, scene.homeserver.restart() if random.random() < 0.5 else _power_cut(scene))
        for one in scene.on_matrix:
            await one.accepts_all()
    else:
        await starting
    if random.random() < WHILE_STARTING:
        await asyncio.sleep(random.uniform(0, STARTING_SECONDS))
    else:
        await scene.discord.wait_until(
            lambda: scene.discord.gateway.identifies > identified, timeout=CONNECT_SECONDS, what="the bot on Discord"
        )
        await asyncio.sleep(random.uniform(0, UP_SECONDS))
    await scene.bot.kill()


async def _power_cut(scene: Scene) -> None:
    await scene.homeserver.kill()
    await scene.homeserver.start()


async def _settle(scene: Scene, told: list[asyncio.Task[None]]) -> list[str]:
    """Wait until every story is told and nothing is left to send, or nothing moves any more; the unfinished stories."""
    for one in scene.on_matrix:
        await one.accepts_all()
    before, still_since = (-1, -1), time.monotonic()
    while time.monotonic() - still_since < STILL_SECONDS:
        late = [task for task in told if not task.done()]
        if not late and not _left(scene) and not scene.ledger.missing(await scene.stored()):
            break
        if (now_done := (len(told) - len(late), _states(scene, "deliveries").get("sent", 0))) != before:
            before, still_since = now_done, time.monotonic()
        await asyncio.sleep(LOOK_SECONDS)
    for task in told:
        if task.done():
            task.result()
    return [f"{task.get_name()}, at {_stands(task)}" for task in told if not task.done()]


def _stands(task: asyncio.Task[None]) -> str:
    """Where a story waits: its own lines and those of its people, the innermost last."""
    lines = []
    waits: Any = task.get_coro()
    while waits is not None:
        frame = getattr(waits, "cr_frame", None)
        if frame is not None and "crash" in Path(frame.f_code.co_filename).parts:
            lines.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
        waits = getattr(waits, "cr_await", None)
    return " > ".join(lines)


def _left(scene: Scene) -> int:
    """Deliveries that the bot still means to send soon; the place of a case is closed an hour after its end."""
    soon = (datetime.now(UTC) + SOON).strftime("%Y-%m-%d %H:%M:%S")
    query = "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending') AND due_at < ?"
    database = sqlite3.connect(f"file:{scene.folder}/handrail.db?mode=ro", uri=True, timeout=30)
    try:
        return int(database.execute(query, (soon,)).fetchone()[0])
    finally:
        database.close()


def _states(scene: Scene, table: str) -> dict[str, int]:
    """How many rows of a table of the bot's are in which state."""
    assert table in {"deliveries", "inbound_events"}
    database = sqlite3.connect(f"file:{scene.folder}/handrail.db?mode=ro", uri=True, timeout=30)
    try:
        return dict(database.execute(f"SELECT state, count(*) FROM {table} GROUP BY state"))  # noqa: S608  one of two names
    finally:
        database.close()
