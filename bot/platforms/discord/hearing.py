"""Messages on Discord as the bot hears them."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import discord

from bot.core.faults import where
from bot.core.inbound import Inbound, Target
from bot.core.platform import Hub
from bot.platforms.discord.apart import ThreadsApart
from bot.platforms.discord.errors import NOT_A_MEMBER, TROUBLE, is_final
from bot.platforms.discord.media import pictures_of
from bot.platforms.discord.pacing import urgency
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.proxies import Proxies, speaks_for_somebody
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.threads import PrivateThreads
from bot.platforms.discord.wording import has_files, to_the_bot, words_of

log = logging.getLogger(__name__)

_SPACES_FEW = 20
"""Servers that are all asked about a person; of more, those of communities, until one has them."""

_SPACES_REQUESTS = 40
"""Servers that are asked about one person at most: what is urgent waits behind each of these requests."""

_SPACES_KNOWN = 1000
_SPACES_AT_ONCE = 5
_SPACES_TIME = 5.0
_SPACES_PAUSES = (0.0, 1.0)
_SPACES_FRESH = 3600.0
_SPACES_NONE_FRESH = 60.0
_SPACES_CACHE = 10_000

_EDIT_FRESH = timedelta(hours=1)
"""Discord sends a changed message again when it is pinned or a link preview is added, with the old edit's time."""


_THREADS = 1000
"""People of whom it is known in which thread of a channel they were last."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What Discord told of a person: the servers, until when that is good, and where to go on if there was none."""

    until: float
    spaces: tuple[str, ...]
    go_on: int


class SharedSpaces:
    """The servers a person and the bot are both in.

    The list of members is a privileged thing that the bot does not ask for, so each server is asked about one
    person: five at once, for at most 5 s, and at most 40. The answer is good for an hour, that there is none for a
    minute. Nobody is asked about a person whom the bot has heard before. Where no server is found and some were not
    told of, these are asked once more. Without one nobody can be called to somebody in danger, so it goes before what
    is not urgent. `hears_all` is whether the bot's servers are all on this connection; those on others are asked
    about, too.
    """

    def __init__(self, hub: Hub, *, hears_all: bool) -> None:
        self._hub = hub
        self._hears_all = hears_all
        self._known: dict[int, _Told] = {}

    def cached(self, user_id: int) -> tuple[str, ...]:
        """What is known without asking; () also if nothing is."""
        return self._fresh(user_id) or ()

    def _fresh(self, user_id: int) -> tuple[str, ...] | None:
        """What was told lately; None if that is not known (any more)."""
        told = self._known.get(user_id)
        return told.spaces if told is not None and time.monotonic() < told.until else None

    async def of(self, client: discord.Client, user_id: int, heard_in: str) -> tuple[str, ...]:
        """Their ids. What Discord does not tell in time is left out, and asked again next time.

        `heard_in` names in the log what the person did: logs name no account.
        """
        if (fresh := self._fresh(user_id)) is not None:
            return fresh
        try:
            if await self._hub.has_seen(PLATFORM, str(user_id)):
                return ()
            likely = await self._likely(client)
        except Exception as error:
            # What they wrote is heard all the same: without the database they can still be answered.
            log.error("Discord: in which server the author of %s is cannot be looked up (%s)", heard_in, where(error))
            return ()
        before = self._known.get(user_id)
        first = before.go_on % len(likely) if before is not None and likely else 0
        answers = await _ask(client, [*likely[first:], *likely[:first]], user_id)
        shared = tuple(str(guild) for guild, answer in answers.items() if answer)
        if shared or None not in answers.values():
            self._keep(user_id, shared, go_on=0 if shared else first + len(answers))
        if not shared and (None in answers.values() or len(answers) < len(likely)):
            log.error(
                "Discord does not tell in which server the author of %s is (%s of %s servers asked): if they are in "
                "danger, no peer can be called. They are looked for again when they write again.",
                heard_in,
                len(answers),
                len(likely),
            )
        return shared

    def _keep(self, user_id: int, spaces: tuple[str, ...], *, go_on: int) -> None:
        if len(self._known) >= _SPACES_CACHE:
            self._known.clear()
        fresh = _SPACES_FRESH if spaces else _SPACES_NONE_FRESH
        self._known[user_id] = _Told(time.monotonic() + fresh, spaces, go_on)

    async def _likely(self, client: discord.Client) -> list[int]:
        """The servers to ask: all if they are few, else those of communities, the oldest first."""
        here = {guild.id for guild in client.guilds}
        if self._hears_all and len(here) <= _SPACES_FEW:
            return list(here)
        known = [int(one) for one in await self._hub.known_servers(PLATFORM, _SPACES_KNOWN) if one.isdecimal()]
        return [guild for guild in known if guild in here] if self._hears_all else known


async def _ask(client: discord.Client, guilds: Sequence[int], user_id: int) -> dict[int, bool | None]:
    """Whether the person is in each server that could be asked; None where Discord did not say in time.

    What it did not say is asked once more, unless some server has the person.
    """
    answers: dict[int, bool | None] = {}
    left, requests = list(guilds), _SPACES_REQUESTS
    for pause in _SPACES_PAUSES:
        await asyncio.sleep(pause)
        asked = await _ask_once(client, left[:requests], user_id, all_of_them=len(guilds) <= _SPACES_FEW)
        answers |= asked
        left, requests = [guild for guild in guilds if answers.get(guild) is None], requests - len(asked)
        if any(answers.values()) or not left or not requests:
            break
    return answers


async def _ask_once(
    client: discord.Client, guilds: Sequence[int], user_id: int, *, all_of_them: bool
) -> dict[int, bool | None]:
    """Ask five servers at once, until the time is over or, unless it is `all_of_them`, until one has the person."""
    answers: dict[int, bool | None] = {}
    queue = iter(guilds)

    async def work_off() -> None:
        for guild in queue:
            answers[guild] = None
            answers[guild] = await is_member(client, guild, user_id)
            if any(answers.values()) and not all_of_them:
                break

    with urgency(True):
        workers = [asyncio.create_task(work_off()) for _worker in range(min(_SPACES_AT_ONCE, len(guilds)))]
    try:
        if workers:
            await asyncio.wait(workers, timeout=_SPACES_TIME)
    finally:
        for worker in workers:
            worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return answers


async def is_member(client: discord.Client, guild_id: int, user_id: int, *, strictly: bool = False) -> bool | None:
    """Whether the person is in the server; None if Discord did not say.

    A server that the bot is not in has nobody; `strictly`, it says nothing of anybody.
    """
    guild = client.get_guild(guild_id)
    if guild is not None and guild.get_member(user_id) is not None:
        return True
    try:
        await client.http.get_member(guild_id, user_id)
    except discord.HTTPException as error:
        # Discord's own word: the person, or the bot, is not there.
        return False if is_final(error) and (not strictly or error.code in NOT_A_MEMBER) else None
    except TROUBLE:
        return None
    return True


class Hearing:
    """Turns messages into what the hub receives."""

    def __init__(self, spaces: SharedSpaces, threads: PrivateThreads, apart: ThreadsApart, time: ServerTime) -> None:
        self._apart = apart
        self._spaces = spaces
        self._threads = threads
        self._time = time
        self._proxies = Proxies()
        self._last_threads: OrderedDict[tuple[str, str], int] = OrderedDict()

    async def inbound(self, client: discord.Client, message: discord.Message, *, edited: bool) -> Inbound | None:
        """The message as the hub receives it; None if it is nobody's words.

        That is: from a bot, by Discord itself, or in a channel and without text. Without the message
        content intent a message in a channel has no text, unless it mentions the bot. In private whatever else it
        holds counts as a file, so that it is answered.
        """
        author = message.author
        if message.webhook_id is not None:
            return self._by_proxy(message) if not edited else None
        if author.bot or message.is_system():
            return None
        text = words_of(message)
        if not text and edited:
            return None
        at = message.created_at
        event_id = str(message.id)
        if edited:
            if message.edited_at is None or self._time.now() - message.edited_at > _EDIT_FRESH:
                return None
            at = message.edited_at
            event_id = f"{message.id}:{at.isoformat()}"
        place, space, private, apart = await self.whereabouts(client, message.channel, message.guild, author.id)
        if not text and not private:
            return None
        if message.guild is not None:
            self._proxies.note(message.channel.id, text)
        files = private and not edited and (has_files(message) or not text)
        spaces: tuple[str, ...] = ()
        if private:
            heard_in = f"message {message.id}"
            spaces = (str(message.guild.id),) if message.guild else await self._spaces.of(client, author.id, heard_in)
        return Inbound(
            event_id=event_id,
            platform=PLATFORM,
            account=str(author.id),
            place=place,
            private=private,
            at=at,
            space=space,
            apart=apart,
            shared_spaces=spaces,
            text=to_the_bot(text, client.user),
            files=files,
            pictures=pictures_of(message) if files else (),
            edited=edited,
            replaces=str(message.id) if edited else None,
            about=_replied_to(message),
            link=message.jump_url,
        )

    def _by_proxy(self, message: discord.Message) -> Inbound | None:
        """A webhook's message, if somebody may have said it whom the bot has not heard."""
        text = words_of(message)
        if message.guild is None or not text or not speaks_for_somebody(message):
            return None
        if self._proxies.has_heard(message.channel.id, text):
            return None
        return Inbound(
            event_id=str(message.id),
            platform=PLATFORM,
            account=f"webhook:{message.webhook_id}",
            place=str(message.channel.id),
            private=False,
            at=message.created_at,
            space=str(message.guild.id),
            text=text,
            link=message.jump_url,
            unnamed=True,
        )

    async def whereabouts(
        self, client: discord.Client, channel: object, guild: discord.Guild | None, user_id: int
    ) -> tuple[str, str | None, bool, str | None]:
        """Place, space, whether it is private, and the key of a place apart.

        A thread counts as its channel. A private thread that the bot opened for this person, or for a case, is as
        private as a direct message: it is a place of its own.
        """
        channel_id = str(getattr(channel, "id", ""))
        if guild is None:
            return channel_id, None, True, None
        if not isinstance(channel, discord.Thread):
            return channel_id, str(guild.id), False, None
        if (key := await self._apart.key_of(client, channel.id)) is not None:
            return channel_id, None, True, key
        if await self._threads.account_of(channel) == str(user_id):
            return channel_id, None, True, None
        place = str(channel.parent_id)
        self._last_threads[str(user_id), place] = channel.id
        if len(self._last_threads) > _THREADS:
            self._last_threads.popitem(last=False)
        return place, str(guild.id), False, None

    def thread_of(self, account: str, place: str) -> int | None:
        """The thread under a channel in which somebody wrote last, as far as this run knows."""
        return self._last_threads.get((account, place))


def _replied_to(message: discord.Message) -> Target | None:
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    original = reference.resolved
    if not isinstance(original, discord.Message):
        return None
    return Target(
        message_id=str(original.id),
        account=str(original.author.id),
        text=words_of(original),
        link=original.jump_url,
    )
