"""The gateway: HELLO, IDENTIFY, READY, events, heartbeats, RESUME with replay, and Discord's close codes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from .entities import JSON, Guild
from .events import GUILD_MEMBERS, GUILD_PRESENCES, GUILDS, MESSAGE_CONTENT
from .messages import Message
from .outages import abort
from .state import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
_CHUNK = 1000


class Connection:
    """One websocket; a writer task keeps its messages in order while everything else stays synchronous."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self._queue: asyncio.Queue[JSON] = asyncio.Queue()
        self._deflate = zlib.compressobj() if compressed else None
        self._writer = asyncio.create_task(self._write())
        self.mute = False
        self._heard = asyncio.Event()
        self._heard.set()

    def send(self, op: int, data: object = None, *, event: str | None = None, seq: int | None = None) -> None:
        self._queue.put_nowait({"op": op, "d": data, "s": seq, "t": event})

    async def _write(self) -> None:
        # A client that has gone reads nothing more; its session keeps what it missed.
        with contextlib.suppress(ConnectionError):
            while True:
                text = json.dumps(await self._queue.get(), ensure_ascii=False)
                await self._heard.wait()
                if self._deflate is None:
                    await self.socket.send_str(text)
                else:
                    packed = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)

    def fall_silent(self) -> None:
        """Say and hear nothing more, without telling anybody."""
        self.mute = True
        self._heard.clear()

    async def close(self, code: int = 1000, message: str = "") -> None:
        self._writer.cancel()
        await self.socket.close(code=code, message=message.encode())


@dataclass(eq=False)
class Session:
    """What RESUME continues: which shard, which intents, and every event with its number."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None
    events: list[tuple[str, JSON]] = field(default_factory=list)

    def concerns(self, guild: Guild | None) -> bool:
        """Tell whether this shard is the guild's; everything else is shard 0's."""
        number, count = self.shard
        return number == (0 if guild is None else (guild.id >> 22) % count)

    def dispatch(self, event: str, data: JSON) -> None:
        self.events.append((event, data))
        if self.connection is not None:
            self.connection.send(DISPATCH, data, event=event, seq=len(self.events))

    def replay(self, seq: int) -> None:
        assert self.connection is not None
        for number, (event, data) in enumerate(self.events[seq:], seq + 1):
            self.connection.send(DISPATCH, data, event=event, seq=number)


class Gateway:
    """All sessions, and the websocket endpoint."""

    def __init__(
        self,
        world: World,
        token: str,
        *,
        allowed_intents: int,
        application_flags: int,
        heartbeat_interval: float,
        url: Callable[[], str],
        swallows: Callable[[web.Request], Awaitable[bool]],
    ) -> None:
        self.world = world
        self.token = token
        self.allowed_intents = allowed_intents
        self.application_flags = application_flags
        self.heartbeat_interval = heartbeat_interval
        self.url = url
        self.swallows = swallows
        self._requests: dict[Connection, web.Request] = {}
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        #: From so many guilds on a session is refused: they must be divided into more shards.
        self.guilds_per_shard = 2500
        self.identifies = 0
        self.resumes = 0
        self._closing: set[asyncio.Future[list[None]]] = set()
        world.emit = self.emit

    def emit(
        self,
        event: str,
        data: JSON,
        *,
        guild: Guild | None = None,
        intent: int = 0,
        message: Message | None = None,
    ) -> None:
        """Send an event to the sessions of the right shard which asked for that kind."""
        if guild is not None and self.world.bot.id not in guild.members:
            return
        for session in self.sessions.values():
            if session.concerns(guild) and (not intent or session.intents & intent):
                shown = data
                if message is not None and not session.intents & MESSAGE_CONTENT:
                    shown = without_content(data, message, self.world.bot.id)
                if event == "AUTO_MODERATION_ACTION_EXECUTION" and not session.intents & MESSAGE_CONTENT:
                    shown = {**data, "content": "", "matched_content": ""}
                session.dispatch(event, shown)

    def drop(self, code: int, *, resumable: bool) -> asyncio.Future[list[None]]:
        """Close every connection; sessions live on unless they are to be forgotten."""
        if not resumable:
            self.sessions.clear()
        connections = list(self.connections)
        for session in self.sessions.values():
            session.connection = None
        closing = asyncio.gather(*(connection.close(code, "dropped by the test") for connection in connections))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return closing

    def cut(self) -> None:
        """Break every connection without a word; the sessions can be resumed."""
        for session in self.sessions.values():
            session.connection = None
        for request in self._requests.values():
            abort(request)

    def fall_silent(self) -> None:
        """Let every connection hang."""
        for connection in self.connections:
            connection.fall_silent()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket from HELLO to its close."""
        if await self.swallows(request):
            return web.Response(status=499)
        socket = web.WebSocketResponse(timeout=1.0, max_msg_size=1 << 20)
        await socket.prepare(request)
        compressed = request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, compressed=compressed)
        self.connections.add(connection)
        self._requests[connection] = request
        connection.send(HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000)})
        session: Session | None = None
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT or connection.mute:
                    continue
                session, refusal = self._hear(connection, session, frame.json())
                if refusal is not None:
                    await connection.close(*refusal)
        finally:
            self.connections.discard(connection)
            del self._requests[connection]
            await connection.close()
            if session is not None and session.connection is connection:
                session.connection = None
                # Discord forgets a session whose client says goodbye properly.
                if socket.close_code in (1000, 1001):
                    self.sessions.pop(session.id, None)
        return socket

    def _hear(
        self, connection: Connection, session: Session | None, message: JSON
    ) -> tuple[Session | None, tuple[int, str] | None]:
        """Take one message of the client; a refusal closes the connection."""
        if message["op"] == IDENTIFY:
            return self._identify(connection, session, message["d"])
        if message["op"] == RESUME:
            return self._resume(connection, message["d"])
        if message["op"] == HEARTBEAT:
            connection.send(HEARTBEAT_ACK)
        elif session is None:
            return None, (4003, "Not authenticated.")
        elif message["op"] == REQUEST_MEMBERS:
            self._send_members(session, message["d"])
        elif message["op"] not in (PRESENCE, VOICE_STATE):
            return session, (4001, "Unknown opcode.")
        return session, None

    def _identify(
        self, connection: Connection, old: Session | None, data: JSON
    ) -> tuple[Session | None, tuple[int, str] | None]:
        if old is not None:
            return old, (4005, "Already authenticated.")
        number, count = data.get("shard", (0, 1))
        session = Session(secrets.token_hex(16), (number, count), data.get("intents", -1), connection)
        if (refusal := self._refusal(session, data)) is not None:
            return None, refusal
        guilds = self._guilds_of(session)
        self.identifies += 1
        self.sessions[session.id] = session
        bot = self.world.bot
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": bot.json() | {"verified": True, "mfa_enabled": False, "email": None, "flags": 0},
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url(),
                "shard": [number, count],
                "application": {"id": str(bot.id), "flags": self.application_flags},
                "private_channels": [],
            },
        )
        for guild in guilds:
            # Without presences Discord sends only the bot itself; the rest is asked for in chunks.
            everybody = session.intents & GUILD_PRESENCES and session.intents & GUILD_MEMBERS
            members = list(guild.members.values()) if everybody else [guild.members[bot.id]]
            if session.intents & GUILDS:
                session.dispatch("GUILD_CREATE", guild.json(members=members))
        self.world.changed.notify()
        return session, None

    def _guilds_of(self, session: Session) -> list[Guild]:
        return [guild for guild in self.world.guilds.values() if session.concerns(guild)]

    def _refusal(self, session: Session, data: JSON) -> tuple[int, str] | None:
        """Tell why a session may not begin."""
        number, count = session.shard
        privileged = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
        if data.get("token") != self.token:
            return 4004, "Authentication failed."
        if not isinstance(session.intents, int) or session.intents < 0:
            return 4013, "Invalid intents."
        if session.intents & privileged & ~self.allowed_intents:
            return 4014, "Disallowed intents."
        if not 0 <= number < count:
            return 4010, "Invalid shard."
        if len(self._guilds_of(session)) >= self.guilds_per_shard:
            return 4011, "Sharding required."
        return None

    def _resume(self, connection: Connection, data: JSON) -> tuple[Session | None, tuple[int, str] | None]:
        if data.get("token") != self.token:
            return None, (4004, "Authentication failed.")
        session = self.sessions.get(str(data.get("session_id")))
        if session is None:
            connection.send(INVALID_SESSION, False)
            return None, None
        seq = data.get("seq")
        if not isinstance(seq, int) or not 0 <= seq <= len(session.events):
            return None, (4007, "Invalid seq.")
        self.resumes += 1
        session.connection = connection
        session.replay(seq)
        session.dispatch("RESUMED", {})
        self.world.changed.notify()
        return session, None

    def _send_members(self, session: Session, data: JSON) -> None:
        guild = self.world.guilds.get(int(data["guild_id"]))
        if guild is None or session.connection is None:
            return
        wanted = {int(user_id) for user_id in data.get("user_ids") or []}
        prefix = str(data.get("query") or "").lower()
        limit = int(data.get("limit") or 0)
        if not wanted and not prefix and not session.intents & GUILD_MEMBERS:
            return
        found = [
            member
            for member in guild.members.values()
            if (member.user.id in wanted if wanted else member.user.name.lower().startswith(prefix))
        ]
        found = found[:limit] if limit else found
        chunks = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            answer: JSON = {
                "guild_id": str(guild.id),
                "members": [member.json() for member in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [str(user_id) for user_id in wanted - {member.user.id for member in found}],
            }
            session.dispatch("GUILD_MEMBERS_CHUNK", answer | {"nonce": data.get("nonce")})


def without_content(data: JSON, message: Message, bot_id: int) -> JSON:
    """Empty what the message content intent protects, with the exceptions Discord makes."""
    mentioned = any(user.id == bot_id for user in message.mentions)
    if message.channel.guild is None or message.author.id == bot_id or mentioned:
        return data
    emptied = {**data, "content": "", "embeds": [], "components": [], "attachments": []}
    return {key: value for key, value in emptied.items() if key not in {"poll", "message_snapshots"}}
