"""Places apart: a private thread of its own, such as one for each case, under a channel that its people see.

The facts stand in it once, whoever of those who are let in is first.

What the hub remembers: `apart:THREAD` is the key by which a thread was opened. Who may Manage Threads in the channel
can read it, too; nobody else but those who were let in. Without the message content intent the bot could not read what
they write there, so it opens none.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Literal

import discord

from bot.core.content import Apart
from bot.core.faults import where
from bot.core.platform import Hub, Unopened
from bot.platforms.discord.errors import MISSING_ACCESS, MISSING_PERMISSIONS, THREAD_GONE, TROUBLE, is_final
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime

log = logging.getLogger(__name__)

PREFIX = "apart:"

_QUIET_TIME: Literal[10080] = 10080
"""Minutes without a message after which Discord archives the thread: a week, the longest it offers."""

_OPENING = 6.0
"""Seconds until what is to be said is said privately: nobody waits for a thread."""

_ORPHANED = timedelta(hours=1)
"""So young is a thread that the bot had opened, and died before it wrote that down."""

_NAME_LIMIT = 100

_NAMES = 1000

_LOOK = 20
"""Messages of a thread that came to nothing: it has not many."""

_SAID = {discord.MessageType.default.value, discord.MessageType.reply.value}


class NotOpened(Exception):
    """There is no thread, and why."""

    def __init__(self, why: Unopened) -> None:
        super().__init__(why)
        self.why: Unopened = why


class ThreadsApart:
    """Opens them, lets people in and out, closes them, and knows by which key each was opened."""

    def __init__(self, hub: Hub, time: ServerTime) -> None:
        self._hub = hub
        self._time = time
        self._keys: dict[int, str] = {}
        self._opening = asyncio.Lock()

    # Knowing

    async def key_of(self, client: discord.Client, channel_id: int) -> str | None:
        """By which key the thread was opened; None for any other channel."""
        if channel_id in self._keys:
            return self._keys[channel_id]
        thread = client.get_channel(channel_id)
        me = client.user
        if not isinstance(thread, discord.Thread) or not thread.is_private() or me is None or thread.owner_id != me.id:
            return None
        try:
            key = await self._hub.remembered(PLATFORM, f"{PREFIX}{channel_id}")
        except Exception as error:
            log.error("whether thread %d is a place of the bot's own is not known: %s", channel_id, where(error))
            return None
        if key:
            self._keys[channel_id] = key
        return key or None

    async def _thread_of(self, key: str) -> int | None:
        """The thread that was opened by this key: here, or by a process before or beside this one."""
        if key not in self._keys.values():
            names = await self._hub.remembered_names(PLATFORM, PREFIX, "", _NAMES)
            known = await self._hub.remembered_all(PLATFORM, names)
            self._keys |= {int(name.removeprefix(PREFIX)): one for name, one in known.items() if one}
        return next((thread for thread, known_key in self._keys.items() if known_key == key), None)

    # Opening

    async def thread_for(self, client: discord.Client, apart: Apart, account: str) -> tuple[int, bool]:
        """The id of the thread, opened if need be, with the person in it, and whether it is new; raises `NotOpened`."""
        if apart.under is None or not apart.under.isdecimal():
            raise NotOpened("nowhere")
        if not client.intents.message_content:
            raise NotOpened("unreadable")
        try:
            async with asyncio.timeout(_OPENING), self._opening:
                thread_id = await self._thread_of(apart.key)
                if thread_id is not None and await self._let_in(client, thread_id, account):
                    return thread_id, False
                return await self._open(client, apart, account), True
        except discord.HTTPException as error:
            lacks = error.code in {MISSING_ACCESS, MISSING_PERMISSIONS}
            log.log(
                logging.ERROR if is_final(error) else logging.WARNING,
                "A thread for a case could not be opened, so its words go out privately: Discord answered %s (code %s)",
                error.status,
                error.code,
            )
            raise NotOpened("forbidden" if lacks else "trouble") from None
        except NotOpened:
            raise
        except TROUBLE as error:
            log.warning("A thread for a case could not be opened, so its words go out privately: %s", where(error))
            raise NotOpened("trouble") from None
        except Exception as error:
            log.error("A thread for a case could not be opened: %s", where(error))
            raise NotOpened("trouble") from None

    async def _let_in(self, client: discord.Client, thread_id: int, account: str) -> bool:
        """Add them; False if the thread is gone."""
        try:
            await client.http.add_user_to_thread(thread_id, int(account))
        except discord.HTTPException as error:
            if error.code in THREAD_GONE:
                self._keys.pop(thread_id, None)
                return False
            raise
        return True

    async def _open(self, client: discord.Client, apart: Apart, account: str) -> int:
        channel = client.get_channel(int(apart.under or 0)) or await client.fetch_channel(int(apart.under or 0))
        if not isinstance(channel, discord.TextChannel):
            raise NotOpened("nowhere")
        name = str(apart.name)[:_NAME_LIMIT]
        thread = self._orphan(client, channel, name)
        if thread is None:
            thread = await channel.create_thread(
                name=name,
                type=discord.ChannelType.private_thread,
                invitable=False,
                auto_archive_duration=_QUIET_TIME,
            )
        self._keys[thread.id] = apart.key
        try:
            # First of all it is remembered: a crash from here on must not make a second thread.
            await self._hub.remember(PLATFORM, f"{PREFIX}{thread.id}", apart.key)
            await thread.add_user(discord.Object(int(account)))
        except BaseException:
            await self.discard(client, thread.id, apart)
            raise
        return thread.id

    def _orphan(self, client: discord.Client, channel: discord.TextChannel, name: str) -> discord.Thread | None:
        """What a bot that died had opened for the same, and could not write down."""
        me = client.user.id if client.user is not None else 0
        for thread in channel.threads:
            is_free = thread.owner_id == me and thread.is_private() and thread.id not in self._keys
            young = self._time.now() - discord.utils.snowflake_time(thread.id) < _ORPHANED
            if is_free and young and thread.name == name and not thread.archived:
                return thread
        return None

    async def discard(self, client: discord.Client, thread_id: int, apart: Apart, *, but: str | None = None) -> None:
        """A thread that came to nothing is taken away again, where the bot may; else it archives itself, empty.

        One in which anything was said, `but` for the facts under that id, stays: somebody else was let in. So does one
        of which the bot cannot know that.
        """
        try:
            if not sees_history(client, int(apart.under or 0)) or await self._has_words(client, thread_id, but):
                return
            self._keys.pop(thread_id, None)
            await self._hub.remember(PLATFORM, f"{PREFIX}{thread_id}", "")
            await client.http.delete_channel(thread_id)
        except TROUBLE as error:
            log.info("thread %d stays: %s", thread_id, where(error))

    async def _has_words(self, client: discord.Client, thread_id: int, but: str | None) -> bool:
        """Whether people or the bot have said something there; who came or was let in is told by Discord itself."""
        found = await client.http.logs_from(thread_id, _LOOK)
        return any(one["type"] in _SAID and one["id"] != but for one in found)

    async def pin(self, client: discord.Client, thread_id: int, message_id: int) -> None:
        """Keep a message in sight; without the permission it stands where it is."""
        try:
            await client.http.pin_message(thread_id, message_id)
        except TROUBLE as error:
            code = error.code if isinstance(error, discord.HTTPException) else 0
            log.warning(
                "The facts in thread %d are not pinned (code %s). Give the bot's role Pin Messages there.",
                thread_id,
                code,
            )

    # The end

    async def let_out(self, client: discord.Client, thread_id: int, account: str) -> None:
        """They do not see it any more; raises what discord.py raises."""
        try:
            await client.http.remove_user_from_thread(thread_id, int(account))
        except discord.NotFound as error:
            if not is_final(error):
                raise  # else they are not in it, or it is gone: what was wanted

    async def close(self, client: discord.Client, thread_id: int, *, erase: bool) -> None:
        """Archive and lock it, or take it away with all that it holds; where the bot may not, it does what it may.

        Archiving its own threads needs no permission, locking and deleting need Manage Threads. Raises what discord.py
        raises for anything else.
        """
        try:
            if erase:
                await client.http.delete_channel(thread_id)
            else:
                await client.http.edit_channel(thread_id, archived=True, locked=True)
        except discord.Forbidden as error:
            if not is_final(error):
                raise
            log.warning("Thread %d is archived and no more. Give the bot's role Manage Threads there.", thread_id)
            await client.http.edit_channel(thread_id, archived=True)
        except discord.NotFound as error:
            if not is_final(error):
                raise
        self._keys.pop(thread_id, None)


def sees_history(client: discord.Client, channel_id: int) -> bool:
    """Whether the bot surely has the permission Read Message History in a channel."""
    channel = client.get_channel(channel_id)
    if not isinstance(channel, discord.abc.GuildChannel) or getattr(channel.guild, "me", None) is None:
        return False
    return channel.permissions_for(channel.guild.me).read_message_history
