"""The public face of the loopback server."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from aiohttp import web

from . import permissions, rest, routes_app, routes_calendar, routes_channels, routes_interactions
from .commands import Commands
from .entities import JSON, Channel, Guild
from .events import GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT
from .gateway import Gateway, without_content
from .interactions import Interactions
from .limits import Fault, Faults, RateLimits
from .messages import Message
from .notifier import PATIENCE
from .outages import Outages
from .people import Person
from .schema import Schema
from .state import World

#: Importing them registers their routes.
_ROUTE_MODULES = (routes_app, routes_calendar, routes_channels, routes_interactions)
TOKEN = "loopback-token"
_PRIVILEGED = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
#: The application flags by which a bot in fewer than 100 guilds sees what it was granted.
_FLAGS = {GUILD_PRESENCES: 1 << 13, GUILD_MEMBERS: 1 << 15, MESSAGE_CONTENT: 1 << 19}


class Request(NamedTuple):
    """One line of the request log."""

    method: str
    path: str
    status: int


class Record(NamedTuple):
    """One message that was ever written, also if it has been changed or deleted since."""

    id: int
    channel_id: int
    author_id: int
    nonce: str | int | None
    content: str
    """As it was written."""
    created: float
    """Seconds since 1970."""


class BotMessage(NamedTuple):
    """Something the bot sent, and where."""

    channel: Channel
    message: Message


class LoopbackDiscord:
    """A small Discord on 127.0.0.1; its state outlives ``stop()`` and ``start()``."""

    def __init__(
        self,
        token: str = TOKEN,
        clock: Callable[[], float] = time.monotonic,
        *,
        privileged_intents: bool = True,
        message_content: bool = True,
        nonce_window: float = 300.0,
        rate_limit: tuple[int, float] = (1000, 1.0),
        global_limit: int | None = None,
        interaction_timeout: float = 10.0,
        heartbeat_interval: float = 41.25,
        shards: int = 1,
        check_schema: bool = True,
    ) -> None:
        self.token = token
        self.shards = shards
        self.allowed_intents = _PRIVILEGED if privileged_intents else 0
        if not message_content:
            self.allowed_intents &= ~MESSAGE_CONTENT
        self.application_flags = sum(flag for bit, flag in _FLAGS.items() if self.allowed_intents & bit)
        self.world = World(clock, nonce_window)
        self.commands = Commands(self.world)
        self.interactions = Interactions(self.world, interaction_timeout)
        self.limits = RateLimits(rate_limit, global_limit)
        self.faults = Faults()
        self.outages = Outages()
        self.schema = Schema(enabled=check_schema)
        self.gateway = Gateway(
            self.world,
            token,
            allowed_intents=self.allowed_intents,
            application_flags=self.application_flags,
            heartbeat_interval=heartbeat_interval,
            url=lambda: self.gateway_url,
            swallows=self.outages.swallows,
        )
        #: Each REST request, without bodies.
        self.requests: list[Request] = []
        #: The paths of the attachments that were downloaded.
        self.downloads: list[str] = []
        #: What was asked for and is not known here.
        self.unknown_requests: list[tuple[str, str]] = []
        #: Request bodies that do not fit Discord's published document.
        self.violations: list[str] = []
        #: The time by which scheduled events begin and end; None lets them wait.
        self.calendar_now: Callable[[], datetime | None] = lambda: None
        self._rest = rest.Rest(self)
        self._port = 0
        self._runner: web.AppRunner | None = None

    # Running

    async def start(self) -> None:
        """Listen; after a ``stop()`` on the same port as before."""
        assert self._runner is None, "the server runs already"
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/", self.gateway.handle)
        app.router.add_get("/attachments/{path:.*}", self._attachment)
        app.router.add_route("*", rest.API + "/{path:.*}", self._rest.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.world.cdn = f"http://127.0.0.1:{self._port}"

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        """What Discord's CDN does: give a file to whoever has its address, while its message is there."""
        path = request.match_info["path"]
        self.downloads.append(path)
        message, content = self.world.files.get(path, (None, b""))
        if message is None or message.deleted:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=content)

    async def stop(self) -> None:
        """Close every connection and stop listening; guilds, messages and sessions stay."""
        runner, self._runner = self._runner, None
        if runner is not None:
            self.outages.let_go()
            await self.gateway.drop(1001, resumable=True)
            await runner.cleanup()

    @property
    def api_base(self) -> str:
        """What ``discord.http.Route.BASE`` is to be."""
        return f"http://127.0.0.1:{self._port}{rest.API}"

    @property
    def gateway_url(self) -> str:
        """What ``DiscordWebSocket.DEFAULT_GATEWAY`` is to be (as a ``yarl.URL``)."""
        return f"ws://127.0.0.1:{self._port}/"

    # Setting the scene

    def add_guild(self, name: str, *, bot_permissions: int = permissions.BOT) -> Guild:
        """Create a guild with the bot in it."""
        return self.world.add_guild(name, bot_permissions)

    def add_user(self, name: str, guild: Guild | None = None, *, dm_closed: bool = False) -> Person:
        """Create a person, in a guild or in none."""
        user = self.world.add_user(name)
        user.dm_closed = dm_closed
        if guild is not None:
            self.world.join(guild, user)
        return Person(self, user)

    def remove_bot(self, guild: Guild) -> None:
        """Kick the bot out of a guild."""
        self.world.remove_bot(guild)

    # Making things go wrong

    def fail_next(
        self,
        method: str,
        path_regex: str,
        *,
        status: int = 500,
        times: int = 1,
        after_commit: bool = False,
        drop: bool = False,
        html: bool = False,
        hang: bool = False,
        retry_after: float = 0.1,
        code: int = 0,
    ) -> None:
        """Let the next matching requests fail, before or (``after_commit``) after they took effect.

        They are answered ``status``, in Discord's JSON with ``code`` or (``html``) as a proxy before it does; or the
        connection is dropped, or it hangs until the server stops.
        """
        fault = Fault(method, re.compile(path_regex), status, times, after_commit, drop, retry_after, html, hang, code)
        self.faults.add(fault)

    def storm(self, seconds: float, *, retry_after: float = 0.1) -> None:
        """Answer every request 429 (global) for a while."""
        self.limits.storm(seconds, retry_after)

    def partition(self, *, hang: bool = False) -> None:
        """Cut the way to the server, REST and gateway, until ``heal``: connections break, or hang without a word.

        People go on writing; sessions of the gateway live on, so that the bot may resume them.
        """
        self.outages.begin(hang=hang)
        if hang:
            self.gateway.fall_silent()
        else:
            self.gateway.cut()

    def heal(self) -> None:
        """End a partition; what hung breaks now."""
        self.outages.end()
        self.gateway.cut()

    def forget_sessions(self) -> None:
        """Make the bot begin a new session instead of resuming one, as after a long gap."""
        self.gateway.sessions.clear()

    def limit(self, method: str, path_regex: str, limit: int, window: float) -> None:
        """Give matching routes a rate limit of their own."""
        self.limits.limit(method, path_regex, limit, window)

    def drop_gateway(self, code: int = 1001, *, resumable: bool = True) -> Awaitable[object]:
        """Close the live gateway connections; awaiting the result is optional."""
        return self.gateway.drop(code, resumable=resumable)

    # Observing

    def messages(self, channel: Channel) -> list[Message]:
        """Return what is in a channel now, in order; ephemeral answers are not in it."""
        return list(channel.messages.values())

    @property
    def bot_messages(self) -> list[BotMessage]:
        """Everything the bot ever sent, in order, ephemeral and deleted messages included."""
        return [BotMessage(message.channel, message) for message in self.world.bot_messages]

    @property
    def records(self) -> list[Record]:
        """Everything anybody ever wrote, in order, for counting what was lost or said twice."""
        return [Record(*record) for record in self.world.written]

    @property
    def rate_limited(self) -> int:
        """How many requests were answered 429 by a limit."""
        return self.limits.refused

    @property
    def members_allowed(self) -> bool:
        """Whether the bot may list members."""
        return bool(self.allowed_intents & GUILD_MEMBERS)

    async def wait_for_message(
        self,
        channel: Channel | Person | None,
        predicate: Callable[[Message], bool] | str | None = None,
        timeout: float = PATIENCE,  # noqa: ASYNC109  a wait tells what for
        *,
        after: Message | None = None,
    ) -> Message:
        """Return the bot's first message that matches (a text it contains, or a test), past or future.

        ``after`` leaves out what came up to that message; an edit may make a message match later on.
        """
        wanted = channel.dm if isinstance(channel, Person) else channel

        def matches(message: Message) -> bool:
            elsewhere = wanted is not None and message.channel is not wanted
            if message.loading or message.deleted or elsewhere or (after and message.id <= after.id):
                return False
            if predicate is None:
                return True
            return predicate in message.text if isinstance(predicate, str) else predicate(message)

        def look() -> Message | None:
            return next((one for one in self.world.bot_messages if matches(one)), None)

        return await self.world.changed.until(look, timeout=timeout, what="a message by the bot")

    async def wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float = PATIENCE,  # noqa: ASYNC109  a wait tells what for
        what: str = "the condition",
    ) -> None:
        """Wait until something about the server's state is true."""
        await self.world.changed.until(lambda: condition() or None, timeout=timeout, what=what)

    def commands_of(self, guild: Guild | None = None) -> Sequence[JSON]:
        """Return the registered commands, global ones unless a guild is named."""
        return self.commands.registered(None if guild is None else guild.id)

    # For the routes

    def note_request(self, method: str, path: str, status: int) -> None:
        """Write a request into the log."""
        self.requests.append(Request(method, path, status))
        self.world.changed.notify()

    def shown_to_bot(self, message: Message, *, content: bool) -> JSON:
        """Render a message for the bot, emptied if it may not read contents."""
        data = message.json(reader_id=self.world.bot.id)
        return data if content else without_content(data, message, self.world.bot.id)

    def now(self) -> float:
        """Tell the wall clock's time."""
        return time.time()
