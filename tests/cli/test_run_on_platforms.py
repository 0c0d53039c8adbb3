"""The real `handrail run`, as a process of its own, on Discord and Matrix at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from loopback_discord import LoopbackDiscord
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver

from cli.handrail import PATIENCE, Place, clean_environment, command

COMMUNITY = """
id = "harbour"
name = "Harbour"
country = "US"
zone = "America/New_York"

[[places]]
platform = "discord"
kinds = ["server"]
address = "{guild}"

[[places]]
platform = "matrix"
kinds = ["peers"]
address = "{room}"

[[people]]
name = "Sam"
roles = ["peer"]
matrix = "{sam}"
"""


@contextlib.asynccontextmanager
async def running(place: Place) -> AsyncIterator[asyncio.subprocess.Process]:
    """`handrail run` until the end of the block, which it must leave with exit 0."""
    process = await asyncio.create_subprocess_exec(
        *command("run"), cwd=place.folder, env=clean_environment(), stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
        assert process.returncode is None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        _out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, errors.decode()


@pytest.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    server = LoopbackDiscord()
    await server.start()
    yield server
    await server.stop()


async def test_a_member_on_discord_gets_a_peer_on_matrix(
    empty: Place, discord: LoopbackDiscord, homeserver: Homeserver, matrix_person: MatrixPersonFactory
) -> None:
    password = uuid4().hex
    bot = await homeserver.register(f"handrail-{uuid4().hex[:8]}", password)
    guild = discord.add_guild("Harbour")
    lobby = guild.add_text_channel("lobby")
    alice = discord.add_user("alice", guild)
    sam = await matrix_person("sam")
    room = await sam.create_room("peers", encrypted=True, invite=[bot])
    empty.write(
        "config.toml",
        f"""
[console]
enabled = false
[discord]
token = "{discord.token}"
api_base = "{discord.api_base}"
gateway_url = "{discord.gateway_url}"
[matrix]
homeserver = "{homeserver.base_url}"
user_id = "{bot}"
password = "{password}"
""",
    )
    community = empty.write("harbour.toml", COMMUNITY.format(guild=guild.id, room=room, sam=sam.user_id))
    applied = await asyncio.to_thread(empty.program, "community", "apply", str(community), "--yes")
    assert applied.code == 0, applied.err

    async with running(empty):
        await sam.members_joined(room, [bot])
        await discord.wait_until(lambda: bool(discord.gateway.identifies), what="the bot on Discord")
        await alice.says(lobby, "i want to kill myself")
        answer = await discord.wait_for_message(alice.dm, "Thank you for saying it")
        assert "988" in answer.text
        page = await sam.wait_for_message(room, lambda message: "Urgent" in message.body)
        await sam.reacts(room, page.event_id, "1️⃣")
        await discord.wait_for_message(alice.dm, "Sam is here")


async def test_a_platform_that_is_down_does_not_stop_the_others(fresh: Place) -> None:
    config = (fresh.folder / "config.toml").read_text("utf-8")
    closed = 'token = "wrong"\napi_base = "http://127.0.0.1:9/api/v10"\n'
    fresh.write("config.toml", config.replace("[discord]\n", f"[discord]\n{closed}"))
    process = await asyncio.create_subprocess_exec(
        *command("run"),
        cwd=fresh.folder,
        env=clean_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        told = [await process.stderr.readline()]
        while told[-1] and b"discord: not connected" not in told[-1]:
            told.append(await process.stderr.readline())
        out, errors = await process.communicate(b"alice@dm: help\n")
    assert process.returncode == 0
    assert "What I can do" in out.decode()
    assert b"discord: not connected" in told[-1]
    assert b"wrong" not in b"".join([*told, errors])
