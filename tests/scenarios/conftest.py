"""Fixtures: the world on one platform, and on every pair of platforms."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from scenarios.world import CAST, World, open_world

PLATFORMS = ("console", "discord", "matrix")


@pytest_asyncio.fixture(params=PLATFORMS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Everybody is on the same platform."""
    where = dict.fromkeys(CAST, request.param)
    homeserver = request.getfixturevalue("homeserver") if request.param == "matrix" else None
    async with open_world(tmp_path, where, homeserver) as opened:
        yield opened


@pytest_asyncio.fixture(params=["discord", "matrix"])
async def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Everybody is on a platform that outlives a restart of the bot, which a terminal does not."""
    where = dict.fromkeys(CAST, request.param)
    homeserver = request.getfixturevalue("homeserver") if request.param == "matrix" else None
    async with open_world(tmp_path, where, homeserver) as opened:
        yield opened


@pytest_asyncio.fixture(
    params=[(member, peer) for member in PLATFORMS for peer in PLATFORMS if member != peer],
    ids=lambda pair: f"{pair[0]}-{pair[1]}",
)
async def apart(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Members are on one platform, those with a role on another."""
    member, peer = request.param
    where = {name: peer if roles else member for name, roles in CAST.items()}
    homeserver = request.getfixturevalue("homeserver") if "matrix" in request.param else None
    async with open_world(tmp_path, where, homeserver) as opened:
        yield opened
