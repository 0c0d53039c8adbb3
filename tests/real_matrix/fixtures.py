"""Fixtures: one Synapse for the whole session, and as many people as a test wants."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Protocol
from uuid import uuid4

import pytest
import pytest_asyncio

from .homeserver import Homeserver
from .people import MatrixPerson


class MatrixPersonFactory(Protocol):
    """Brings people into being; the name is only a beginning, every person is new on the server."""

    async def __call__(self, name: str = "person", *, accepts_invitations: bool = True) -> MatrixPerson: ...


@pytest.fixture(scope="session")
def homeserver_process() -> Iterator[Homeserver]:
    """One Synapse for the session; a plain process, so that it outlives the event loops of the tests."""
    homeserver = Homeserver()
    try:
        homeserver.start_blocking()
        yield homeserver
    finally:
        homeserver.close()


@pytest.fixture
def homeserver(homeserver_process: Homeserver) -> Homeserver:
    """Answer the running Synapse; started again if the test before killed it."""
    homeserver_process.start_blocking()
    return homeserver_process


@pytest_asyncio.fixture
async def matrix_person(homeserver: Homeserver) -> AsyncIterator[MatrixPersonFactory]:
    """Answer a function that makes people, who are all closed after the test."""
    async with AsyncExitStack() as people:

        async def make(name: str = "person", *, accepts_invitations: bool = True) -> MatrixPerson:
            person = await MatrixPerson.join_server(
                homeserver, f"{name}-{uuid4().hex[:8]}", accepts_invitations=accepts_invitations
            )
            return await people.enter_async_context(person)

        yield make
