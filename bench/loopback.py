"""The loopback Discord as a process of its own, so that it does not take the bot's time; with a log of what arrived.

`python -m bench.loopback` reads one JSON object a line and answers each with one; it ends with its input.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any, NamedTuple

from loopback_discord import Channel, LoopbackDiscord, Person, User

from bench import REPOSITORY
from bench.people import FIRST_ACCOUNT

LIMIT = 50
"""Requests a second that Discord allows one bot on all routes together."""

_LONGEST_ANSWER = 1 << 26

CHAT = (
    "good morning everyone",
    "anybody coming to the meeting tonight? I could bring cake",
    "day 41, and the coffee here is still terrible",
    "thank you all for yesterday, I slept through for once",
    "does somebody know when the library opens on Sundays",
    "my sister calls every evening now, that helps more than I thought",
)
"""What people write to each other in a lobby."""


class Arrival(NamedTuple):
    """One request: when it came (on `time.monotonic`, which all processes of a machine share), and its answer."""

    at: float
    method: str
    path: str
    status: int

    @property
    def is_message(self) -> bool:
        """Whether a message was posted."""
        return self.method == "POST" and self.path.endswith("/messages")

    @property
    def counts(self) -> bool:
        """Whether it belongs to the sending: messages, and opening direct channels for them."""
        return self.is_message or self.path == "/users/@me/channels"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the server is, and what is on it."""

    token: str
    api_base: str
    gateway_url: str
    peers: str
    guild: str
    lobby: str


class Discord:
    """The server, seen from the process that measures."""

    def __init__(self, process: asyncio.subprocess.Process, scene: Scene) -> None:
        self._process = process
        self.scene = scene
        self.arrivals: list[Arrival] = []

    async def look(self) -> list[Arrival]:
        """Fetch what has arrived; all of it so far."""
        answer = await _ask(self._process, {"since": len(self.arrivals)})
        self.arrivals += [Arrival(*one) for one in answer]
        return self.arrivals

    async def say(self, text: str) -> float:
        """A member writes in the lobby, another one each time; when, on `time.monotonic`."""
        return float(await _ask(self._process, {"say": text}))

    async def chat(self, rate: float) -> None:
        """From now on other members write so many ordinary messages a second in the lobby; 0: no more."""
        await _ask(self._process, {"chat": rate})


@asynccontextmanager
async def running(people: int, *, limit: int | None = LIMIT) -> AsyncIterator[Discord]:
    """The server with the accounts of the first `people` members, and `limit` requests a second."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.loopback",
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_ANSWER,
    )
    try:
        yield Discord(process, Scene(**await _ask(process, {"people": people, "limit": limit})))
    finally:
        _pipes(process)[0].close()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, question: dict[str, Any]) -> Any:
    to, back = _pipes(process)
    to.write(json.dumps(question).encode() + b"\n")
    await to.drain()
    return json.loads(await back.readline())


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("the process was started with pipes")
    return process.stdin, process.stdout


class _Noting(LoopbackDiscord):
    """Notes when each request came."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.arrivals: list[Arrival] = []

    def note_request(self, method: str, path: str, status: int) -> None:
        """Write a request into the log."""
        super().note_request(method, path, status)
        self.arrivals.append(Arrival(time.monotonic(), method, path, status))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    wish = json.loads(await questions.readline())
    # Whether requests fit Discord's document is the tests' business: checking takes longer than answering.
    server = _Noting(global_limit=wish["limit"], check_schema=False)
    guild = server.add_guild("Harbour")
    for number in range(1, wish["people"] + 1):
        user = User(FIRST_ACCOUNT + number, f"member{number}")
        server.world.users[user.id] = user
        server.world.join(guild, user)
    peers, lobby = guild.add_text_channel("peers"), guild.add_text_channel("lobby")
    people = [Person(server, user) for user in server.world.users.values() if not user.bot]
    speakers = cycle(people)
    chatting: asyncio.Task[None] | None = None
    await server.start()
    try:
        _answer(
            {
                "token": server.token,
                "api_base": server.api_base,
                "gateway_url": server.gateway_url,
                "peers": str(peers.id),
                "guild": str(guild.id),
                "lobby": str(lobby.id),
            }
        )
        while line := await questions.readline():
            question = json.loads(line)
            if "say" in question:
                at = time.monotonic()
                await next(speakers).says(lobby, question["say"])
                _answer(at)
            elif "chat" in question:
                if chatting is not None:
                    chatting.cancel()
                chatting = asyncio.create_task(_chat(people, lobby, question["chat"]))
                _answer(question["chat"])
            else:
                _answer(server.arrivals[question["since"] :])
    finally:
        await server.stop()


async def _chat(people: list[Person], lobby: Channel, rate: float) -> None:
    """Write ordinary messages, in the order of a clock: what was missed while the machine was busy is made up for."""
    began, said = time.monotonic(), 0
    while rate:
        while said < (time.monotonic() - began) * rate:
            await people[said % len(people)].says(lobby, CHAT[said % len(CHAT)])
            said += 1
        await asyncio.sleep(0.002)


def _answer(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
