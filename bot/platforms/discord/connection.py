"""One connection of discord.py to Discord: what it asks for, where it connects, how it ends."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.core.faults import where
from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.errors import LoginRefused, ShardsRefused

log = logging.getLogger(__name__)

LONGEST_RATE_LIMIT = 30.0
"""Seconds the library may sleep for one rate limit; longer ones go back to the outbox. It takes no less."""

_GRACE = 5.0
"""Seconds that work in hand has to finish when the connection ends."""

_CANCEL_AGAIN = 0.2
"""Seconds after which a cancellation that was not heard is repeated."""

LOGIN_PATIENCE = 30.0
"""Seconds until a login without an answer has failed; the library would wait for 5 minutes."""

_CLOSE_CODE_TOKEN_REFUSED = 4004
_CLOSE_CODES_SHARDS_REFUSED = frozenset({4010, 4011})
_LIBRARY_GATEWAY = DiscordWebSocket.DEFAULT_GATEWAY


@dataclass(frozen=True, slots=True)
class Granted:
    """What Discord has granted the application: to read messages in channels, to hear who leaves a server."""

    content: bool = False
    members: bool = False


class Ears(Protocol):
    """Who is told what a connection hears."""

    async def logged_in(self, connection: "Connection") -> None:
        """The token was accepted; the gateway comes when this returns. Raises nothing."""

    def connected(self, connection: "Connection", shard: int, *, up: bool) -> None:
        """A shard's session is there, or it is gone for now. Without shards there is shard 0."""

    def session_begins(self, connection: "Connection", shard: int) -> None:
        """A new session of a shard: what was missed before it is not replayed. Nothing of it is heard yet."""

    def session_known(self, connection: "Connection", shard: int) -> None:
        """The servers of a shard's new session are known, with their channels."""

    def server_came(self, connection: "Connection", guild: discord.Guild) -> None:
        """A server is known that was out of reach, at a session's begin or later."""

    async def heard(self, message: discord.Message, *, edited: bool) -> None:
        """Somebody wrote or changed a message."""

    async def named(self, thread: discord.Thread, *, changed: bool) -> None:
        """Somebody opened a thread, or it has another name than before."""

    async def found(self, action: discord.AutoModAction) -> None:
        """A rule of AutoMod has found something in what somebody wrote."""

    async def removed(self, message_id: int) -> None:
        """A message was removed."""

    async def reacted(self, payload: discord.RawReactionActionEvent, *, taken_back: bool) -> None:
        """Somebody put an emoji under a message, or took theirs back."""

    async def left(self, guild_id: int, user_id: int) -> None:
        """Somebody is not in a server any more."""

    async def asked(self, interaction: discord.Interaction) -> None:
        """Somebody used a command, a button, a menu or a form."""


def _point_library(account: DiscordAccount) -> None:
    """Send discord.py to the account's addresses: they are class attributes, so one process has one Discord."""
    Route.BASE = account.api_base.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(account.gateway_url) if account.gateway_url else _LIBRARY_GATEWAY


def _quiet_library() -> None:
    """Keep people's words out of the logs: at DEBUG the library writes down every payload."""
    library = logging.getLogger("discord")
    if library.getEffectiveLevel() < logging.INFO:
        library.setLevel(logging.INFO)


class Connection(discord.Client):
    """A client that serves one `run`: a closed one cannot be used again."""

    def __init__(
        self, account: DiscordAccount, ears: Ears, trace: aiohttp.TraceConfig, *, granted: Granted, **options: Any
    ) -> None:
        _point_library(account)
        _quiet_library()
        intents = discord.Intents.none()
        intents.guilds = True
        intents.guild_messages = True
        intents.dm_messages = True
        intents.dm_reactions = True
        intents.guild_reactions = True  # of these only what is done in places apart counts
        intents.auto_moderation_execution = True
        intents.message_content = granted.content
        intents.members = granted.members  # of these only who leaves counts
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=account.guild_ready_timeout,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            http_trace=trace,
            **options,
        )
        self._account = account
        self._ears = ears
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._ending = False

    async def serve(self) -> None:
        """Connect and hear until cancelled; raises `LoginRefused`, `ShardsRefused` and what discord.py raises."""
        started = asyncio.create_task(self.start(self._account.token))
        try:
            await asyncio.shield(started)
        except asyncio.CancelledError:
            # Until Python 3.12 `asyncio.wait_for`, which the library uses, can swallow a cancellation.
            while not started.done():
                started.cancel()
                await asyncio.wait({started}, timeout=_CANCEL_AGAIN)
            raise
        except discord.LoginFailure:
            raise LoginRefused from None
        except discord.ConnectionClosed as error:
            if error.code == _CLOSE_CODE_TOKEN_REFUSED:
                raise LoginRefused from None
            if error.code in _CLOSE_CODES_SHARDS_REFUSED:
                raise ShardsRefused from None
            raise

    async def end(self) -> None:
        """Let the work in hand finish, then let go of everything."""
        self._ending = True
        try:
            await asyncio.sleep(0)  # tasks that the library has made but not begun report themselves now
            if self._in_hand:
                _, late = await asyncio.wait(self._in_hand, timeout=_GRACE)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
        finally:
            # The library still waits for the list of servers to be complete, and would say so after its end.
            for waiting in self._waiting_for_servers():
                waiting.cancel()
            await _close(self)

    def _waiting_for_servers(self) -> list[asyncio.Task[None]]:
        waiting = getattr(self._connection, "_ready_task", None)
        return [] if waiting is None else [waiting]

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Called by the library for each event. When the end has begun, nobody hears it any more."""
        if self._ending:
            return
        # At once, and not in a task: the next event may be a message.
        self._notice(event, args)
        super().dispatch(event, *args, **kwargs)

    def _notice(self, event: str, args: Sequence[Any]) -> None:
        match event:
            case "connect":
                self._ears.session_begins(self, 0)
            case "ready":
                self._ears.session_known(self, 0)
            case "guild_available":
                self._ears.server_came(self, args[0])

    async def login(self, token: str) -> None:
        """Called by the library at the start; raises `TimeoutError` after 30 s."""
        async with asyncio.timeout(LOGIN_PATIENCE):
            await super().login(token)

    async def setup_hook(self) -> None:
        """Called by the library between login and gateway."""
        self.http._global_over = _AlwaysOpen()
        await self._ears.logged_in(self)

    async def on_ready(self) -> None:
        """Called for a new session of the gateway."""
        self._ears.connected(self, 0, up=True)

    async def on_resumed(self) -> None:
        """Called when a session goes on after a gap."""
        self._ears.connected(self, 0, up=True)

    async def on_disconnect(self) -> None:
        """Called when the gateway is lost; the library connects again by itself."""
        self._ears.connected(self, 0, up=False)

    async def on_message(self, message: discord.Message) -> None:
        """Called for each new message."""
        await self._work(self._ears.heard(message, edited=False))

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Called for each change of a message, known to the library or not."""
        await self._work(self._ears.heard(payload.message, edited=True))

    async def on_thread_create(self, thread: discord.Thread) -> None:
        """Called for each thread that is opened, and each post in a forum."""
        await self._work(self._ears.named(thread, changed=False))

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        """Called for each change of a thread that is not archived."""
        if before.name != after.name:
            await self._work(self._ears.named(after, changed=True))

    async def on_automod_action(self, execution: discord.AutoModAction) -> None:
        """Called for each action of each rule, where the bot may manage the server."""
        await self._work(self._ears.found(execution))

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Called for each message that is removed."""
        await self._work(self._ears.removed(payload.message_id))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Called where a moderator removes many messages at once."""
        for message_id in payload.message_ids:
            await self._work(self._ears.removed(message_id))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Called for each emoji under a message, in a private chat or in a server."""
        await self._work(self._ears.reacted(payload, taken_back=False))

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Called for each of these that is taken back."""
        await self._work(self._ears.reacted(payload, taken_back=True))

    async def on_raw_member_remove(self, payload: discord.RawMemberRemoveEvent) -> None:
        """Called for each who leaves a server, where the application was granted the Server Members Intent."""
        await self._work(self._ears.left(payload.guild_id, payload.user.id))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Called for each command, button, menu and form."""
        await self._work(self._ears.asked(interaction))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Called for what no handler caught. The library would log the event, and with it what was said."""
        error = sys.exception()
        place = "" if error is None else where(error)
        log.error("an event of Discord could not be handled: %s: %s", event_method, place)

    async def _work(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.current_task()
        if self._ending or task is None:
            work.close()
            return
        self._in_hand.add(task)
        try:
            await work
        finally:
            self._in_hand.discard(task)


class _AlwaysOpen(asyncio.Event):
    """In place of what the library holds everything back with at a global limit: that is left to the pace.

    The library's own stays shut for good where the request that was to open it again is cancelled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set()

    def clear(self) -> None:
        """Stay open."""


@asynccontextmanager
async def without_gateway(account: DiscordAccount, trace: aiohttp.TraceConfig) -> AsyncIterator[discord.Client]:
    """A client that is logged in and not connected, to ask a few questions.

    Raises `LoginRefused`; after 30 s, `TimeoutError`.
    """
    _point_library(account)
    _quiet_library()
    client = discord.Client(
        intents=discord.Intents(guilds=True),
        max_ratelimit_timeout=LONGEST_RATE_LIMIT,
        http_trace=trace,
    )
    try:
        async with asyncio.timeout(LOGIN_PATIENCE):
            await client.login(account.token)
        yield client
    except discord.LoginFailure:
        raise LoginRefused from None
    finally:
        await _close(client)


async def _close(client: discord.Client) -> None:
    """Close `client` to the end, even where the one who waits for it is cancelled: half closed, it leaks sockets."""
    closing = asyncio.create_task(client.close())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await closing
        raise


def granted_to(client: discord.Client) -> Granted:
    """The privileged intents that may be asked for: asking for others closes the gateway."""
    if client.application is None:
        return Granted()
    flags = client.application.flags
    return Granted(may_read_content(client), flags.gateway_guild_members or flags.gateway_guild_members_limited)


def may_read_content(client: discord.Client) -> bool:
    """Whether Discord has granted the application the message content intent."""
    if client.application is None:
        return False
    flags = client.application.flags
    return flags.gateway_message_content or flags.gateway_message_content_limited
