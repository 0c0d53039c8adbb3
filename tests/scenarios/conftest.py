"""Fixtures: the world on one platform, and on every pair of platforms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from scenarios.world import CAST, World, open_world

PLATFORMS = ("console", "discord", "matrix")


def cast(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Who plays: those whom the test's mark "cast" names, else everybody. On Matrix each is a client to set up."""
    mark = request.node.get_closest_marker("cast")
    return tuple(CAST) if mark is None else mark.args


@pytest_asyncio.fixture(params=PLATFORMS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Everybody is on the same platform."""
    where = dict.fromkeys(cast(request), request.param)
    homeserver = request.getfixturevalue("homeserver") if request.param == "matrix" else None
    async with open_world(tmp_path, where, homeserver) as opened:
        yield opened


@pytest_asyncio.fixture(params=["discord", "matrix"])
async def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Everybody is on a platform that outlives a restart of the bot, which a terminal does not."""
    where = dict.fromkeys(cast(request), request.param)
    homeserver = request.getfixturevalue("homeserver") if request.param == "matrix" else None
    async with open_world(tmp_path, where, homeserver) as opened:
        yield opened


@pytest_asyncio.fixture(params=[("discord", "matrix"), ("matrix", "discord")], ids="-".join)
async def abroad(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Members are on Discord and those with a role on Matrix, or the other way round."""
    async with open_apart(request, tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(
    params=[(member, peer) for member in PLATFORMS for peer in PLATFORMS if member != peer],
    ids=lambda pair: f"{pair[0]}-{pair[1]}",
)
async def apart(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Members are on one platform, those with a role on another."""
    async with open_apart(request, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def open_apart(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The world with members on the first platform of the fixture's parameter, and roles on the second."""
    member, peer = request.param
    where = {name: peer if roles else member for name, roles in CAST.items() if name in cast(request)}
    homeserver = request.getfixturevalue("homeserver") if "matrix" in request.param else None
    async with open_world(tmp_path, where, homeserver) as opened:
        yield opened
