"""Real bots, one of which dies: what it leaves behind is done by another, once."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from harness.fixtures import POSTGRESQL, on_both_databases, on_postgresql
from sqlalchemy import update

from bot.core.inbound import Inbound
from bot.scheduling.clock import system_now
from bot.storage.tables import CaseRow
from processes.bots import PAGE, Scene
from processes.competing import end_sessions

TAKEN_OVER_WITHIN = 15.0
"""Seconds, from the death of the owner to the first message of the next one, on a machine that has time for it."""

STARTS_WITHIN = 5.0
"""Seconds from the start of a bot to its connection, on such a machine."""


def allowed(started_within: float) -> float:
    """Seconds for a change of owner where a bot took so long to start: more where the machine is slow just now."""
    return TAKEN_OVER_WITHIN * max(1.0, started_within / STARTS_WITHIN)


@on_both_databases
async def test_what_became_due_while_its_owner_was_dead_goes_out_once_within_15_seconds(
    scene: Scene, database_kind: str
) -> None:
    """On PostgreSQL another process stands by; on SQLite it is started again, as a supervisor does."""
    async with AsyncExitStack() as bots:
        begun = time.monotonic()
        owner = await bots.enter_async_context(scene.bot())
        await scene.is_connected()
        started_within = time.monotonic() - begun
        if database_kind == POSTGRESQL:
            standby = await bots.enter_async_context(scene.bot())
            await standby.logs("another process has the connection; standing by")
        await scene.alice.says(scene.lobby, "i want to kill myself")
        first = await scene.discord.wait_for_message(scene.peers, PAGE)
        await scene.all_is_sent()
        assert scene.connections == 1

        await owner.dies()
        died = time.monotonic()
        async with scene.database.begin() as tx:
            await tx.session.execute(update(CaseRow).values(next_at=system_now()))
        if database_kind != POSTGRESQL:
            await bots.enter_async_context(scene.bot())
        await scene.discord.wait_for_message(scene.peers, PAGE, after=first)
        took = time.monotonic() - died
        print(f"taken over on {database_kind} within {took:.1f} s")  # noqa: T201  with -s one sees how long it takes
        assert took < allowed(started_within)
        await scene.is_connected(times=2)
        await scene.alice.says(scene.alice.dm, "menu")
        await scene.discord.wait_for_message(scene.alice, "What I can do")
        assert scene.connections == 1
    assert scene.said(PAGE) == 2
    assert await scene.deliveries("pending", "sending", "failed", "expired") == 0


@on_postgresql
async def test_what_another_process_says_is_sent_by_the_one_that_is_connected_at_once(scene: Scene) -> None:
    """Neither its next look nor its next tick would come in time."""
    async with scene.bot(tick=60, looks_by_itself=False):
        await scene.is_connected()
        await scene.alice.says(scene.alice.dm, "help")
        last = await scene.discord.wait_for_message(scene.alice, "What I can do")
        for number in range(4):
            await scene.all_is_sent()
            heard = Inbound(
                event_id=f"event {number}",
                platform="discord",
                account=str(scene.alice.id),
                place=str(scene.alice.dm.id),
                private=True,
                shared_spaces=(str(scene.guild.id),),
                at=system_now(),
                text="help",
            )
            await scene.app.hub.receive(heard)
            last = await scene.discord.wait_for_message(scene.alice, "What I can do", after=last)


@on_postgresql
async def test_a_bot_outlives_a_restart_of_the_database(scene: Scene, postgresql_server: Any) -> None:
    name = scene.database.engine.url.database
    async with scene.bot() as bot:
        await scene.is_connected()
        await asyncio.to_thread(postgresql_server.psql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await end_sessions(scene.database)
        await bot.logs("discord: this process has lost its hold on the connection, and lets go of it")
        await scene.database.engine.dispose()
        await asyncio.to_thread(postgresql_server.psql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await scene.is_connected(times=2)
        await scene.alice.says(scene.alice.dm, "help")
        await scene.discord.wait_for_message(scene.alice, "What I can do")
        assert bot.times("look whether PostgreSQL runs") == 1
        assert bot.times("shares the work between processes is back") == 1
