"""Sending: one message once, to a person or a place."""

import base64
import hashlib
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import discord

from bot.core.content import Apart, Content, Upon
from bot.core.platform import Address, Hub, NeverAgain, Receipt, Unreachable
from bot.platforms.discord.apart import NotOpened, ThreadsApart, sees_history
from bot.platforms.discord.calendar import Calendar
from bot.platforms.discord.changing import change
from bot.platforms.discord.directs import DirectChats
from bot.platforms.discord.elsewhere import Elsewhere
from bot.platforms.discord.errors import (
    CHAT_CLOSED,
    MISSING_PERMISSIONS,
    OPENING_CHATS_TOO_FAST,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    is_final,
)
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.rendering import Piece, pieces
from bot.platforms.discord.servertime import ServerTime

log = logging.getLogger(__name__)

_LOOK_BACK = 100
"""Messages of the destination that are looked through before something is sent again: one request."""

_SAME_WORDS_WITHIN = timedelta(hours=1)
"""How old the bot's own message may be to count as the one that is sent again, where only its words tell."""

_SENT_LIMIT = 5000

_NONCE_WINDOW = 120.0
"""Seconds for which Discord surely knows a nonce: its documentation says "the past few minutes"."""


def nonce_of(key: str, channel_id: int) -> str:
    """22 characters (Discord takes 25) that name one message at one destination.

    Discord compares nonces per author, not per channel, so the channel is in it.
    """
    digest = hashlib.blake2b(f"{key}|{channel_id}".encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is known of the delivery besides its words. In private the bot always sees what it has written."""

    key: str
    retried: bool
    urgent: bool
    in_private: bool


class Sending:
    """Posts content, and does not post it twice."""

    def __init__(
        self, hub: Hub, elsewhere: Elsewhere, apart: ThreadsApart, chats: DirectChats, time: ServerTime
    ) -> None:
        self._hub = hub
        self._threads_apart = apart
        self._elsewhere = elsewhere
        self._chats = chats
        self._time = time
        self._calendar = Calendar(hub)
        self._sent: OrderedDict[int, str] = OrderedDict()
        self._known_until: OrderedDict[str, float] = OrderedDict()

    def note_first(self, key: str) -> None:
        """What has this key is sent for the first time: nothing of it can have arrived yet."""
        self._known_until[key] = math.inf
        if len(self._known_until) > _SENT_LIMIT:
            self._known_until.popitem(last=False)

    async def send(
        self, client: discord.Client, to: Address, content: Content, key: str, *, retried: bool, urgent: bool
    ) -> Receipt:
        """Say `content` at `to`; raises `SendError` and what discord.py raises.

        Where nothing tells whether an earlier attempt has arrived, it is sent again if it is `urgent`; else it fails.
        """
        if not to.id.isdecimal():
            raise NeverAgain("the address is not an id of Discord")
        attempt = _Attempt(key, retried, urgent, in_private=to.kind == "direct")
        if (receipt := await self._no_message(client, to, content, attempt)) is not None:
            return receipt
        if content.upon is not None and content.upon.act != "answer":
            done = await self._change(client, to, content, content.upon, urgent=urgent)
            if done is not None:
                return Receipt(done)
            if (anew := content.anew) is None:
                return Receipt("")
            content = anew
        if to.kind == "place":
            return await self._post(client, int(to.id), content, attempt)
        return await self._say_privately(client, to, content, attempt)

    async def _no_message(
        self, client: discord.Client, to: Address, content: Content, attempt: _Attempt
    ) -> Receipt | None:
        """What is more than a message: an event of the server's, a thread of its own; None if it is a message."""
        if content.entry is not None and to.kind == "place":
            return await self._calendar.put(client, int(to.id), content, content.entry)
        if content.apart is not None:
            return await self._apart(client, to, content, content.apart, attempt)
        if content.upon is not None and content.upon.act in {"dismiss", "close", "erase"}:
            return await self._change_thread(client, int(to.id), content, content.upon)
        return None

    async def _say_privately(self, client: discord.Client, to: Address, content: Content, attempt: _Attempt) -> Receipt:
        """Say it in their direct messages, or where those are closed in a private thread.

        What is urgent does not wait until Discord lets the bot open chats again.
        """
        try:
            return await self._post_directly(client, to.id, content, attempt)
        except discord.HTTPException as error:
            if error.code not in CHAT_CLOSED | ({OPENING_CHATS_TOO_FAST} if attempt.urgent else set()):
                raise
            refused = error
        try:
            return await self._elsewhere.say(client, to, lambda place: self._post(client, place, content, attempt))
        except Unreachable:
            if refused.code not in CHAT_CLOSED:
                raise refused from None
            raise

    async def _apart(
        self, client: discord.Client, to: Address, content: Content, apart: Apart, attempt: _Attempt
    ) -> Receipt:
        """Say it in a thread of its own, the facts pinned before it; where there can be none, all of it privately."""
        try:
            thread_id, is_new = await self._threads_apart.thread_for(client, apart, to.id)
        except NotOpened as error:
            said = await self._say_privately(client, to, content.together, attempt)
            return replace(said, unopened=error.why)
        attempt, pinned = replace(attempt, in_private=True), None
        try:
            if content.pinned is not None:
                # Said for the thread, not for the one who is let in: whoever comes second finds them there.
                facts = replace(attempt, key=f"{apart.key}:facts", retried=attempt.retried or not is_new)
                pinned = (await self._post(client, thread_id, content.pinned, facts)).message_id
                await self._threads_apart.pin(client, thread_id, int(pinned))
            said = await self._post(client, thread_id, replace(content, apart=None), attempt)
        except discord.HTTPException as error:
            if not is_final(error):
                raise
            if content.pinned is not None:
                await self._threads_apart.discard(client, thread_id, apart, but=pinned)
            said = await self._say_privately(client, to, content.together, attempt)
            return replace(said, unopened="forbidden")
        return replace(said, place=str(thread_id), pinned=pinned)

    async def _change_thread(self, client: discord.Client, thread_id: int, content: Content, upon: Upon) -> Receipt:
        if upon.act == "dismiss":
            await self._threads_apart.let_out(client, thread_id, str(content.text))
        else:
            await self._threads_apart.close(client, thread_id, erase=upon.act == "erase")
        return Receipt("")

    async def _change(
        self, client: discord.Client, to: Address, content: Content, upon: Upon, *, urgent: bool
    ) -> str | None:
        """Do something to a message, in the chat or in the private thread where it stands; None: it must be said."""
        for channel_id in [int(to.id)] if to.kind == "place" else await self._chats_of(client, to, urgent=urgent):
            try:
                return await change(client, channel_id, content, upon)
            except discord.HTTPException as error:
                if error.code not in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                    raise
        return "" if upon.act in {"remove", "unreact"} else None

    async def _chats_of(self, client: discord.Client, to: Address, *, urgent: bool) -> list[int]:
        chat = await self._chats.known(to.id)
        if chat is None:
            try:
                chat = await self._chats.open(client, to.id, urgent=urgent)
            except discord.HTTPException as error:
                if error.code not in CHAT_CLOSED:
                    raise
        threads = await self._elsewhere.known(client, to)
        return threads if chat is None else [chat, *threads]

    async def _post_directly(
        self, client: discord.Client, account: str, content: Content, attempt: _Attempt
    ) -> Receipt:
        """Post into a person's direct messages; their channel is asked for where it is not known, or gone."""
        known = await self._chats.known(account)
        if known is not None:
            try:
                return await self._post(client, known, content, attempt)
            except discord.NotFound as error:
                if error.code != UNKNOWN_CHANNEL:
                    raise
        chat = await self._chats.open(client, account, urgent=attempt.urgent)
        return await self._post(client, chat, content, attempt)

    async def _post(self, client: discord.Client, channel_id: int, content: Content, attempt: _Attempt) -> Receipt:
        """Post all pieces; the receipt is that of the last one, which has the choices under it."""
        channel = client.get_partial_messageable(channel_id)
        reference = _reference(content, channel_id)
        if content.upon is not None and reference is None:
            content = content.anew or content
        parts = pieces(content)
        key = attempt.key
        has_left = attempt.retried and self._known_until.get(key) != math.inf
        earlier = await self._earlier(client, channel, attempt) if has_left else []
        if key in self._known_until:
            # Before it leaves: whatever happens then, it may have arrived.
            self._known_until[key] = min(self._known_until[key], time.monotonic() + _NONCE_WINDOW)
        message_id = ""
        for number, piece in enumerate(parts):
            nonce = nonce_of(key if len(parts) == 1 else f"{key}:{number}", channel_id)
            found = await self._among(earlier, nonce, piece)
            if found is None:
                message_id = await self._post_piece(channel, piece, nonce, None if number else reference)
            else:
                earlier.remove(found)
                message_id = str(found.id)
        return Receipt(message_id)

    async def _post_piece(
        self,
        channel: discord.PartialMessageable,
        piece: Piece,
        nonce: str,
        reference: discord.MessageReference | None,
    ) -> str:
        parts = piece.parts if reference is None else piece.parts | {"reference": reference}
        try:
            message = await channel.send(piece.text, nonce=nonce, suppress_embeds=True, **parts)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                # It was sent, and somebody has deleted it since. The nonce stands for the id that nobody knows.
                return nonce
            raise
        except discord.Forbidden as error:
            if piece.picture is None or error.code != MISSING_PERMISSIONS:
                raise
            # The bot may write there, but not attach files.
            return await self._post_piece(channel, piece.in_words, nonce, reference)
        self._sent[message.id] = nonce
        if len(self._sent) > _SENT_LIMIT:
            self._sent.popitem(last=False)
        return str(message.id)

    async def _earlier(
        self, client: discord.Client, channel: discord.PartialMessageable, attempt: _Attempt
    ) -> list[discord.Message]:
        """The bot's messages among the last hundred of a channel, newest first."""
        me = None if client.user is None else client.user.id
        try:
            found = [message async for message in channel.history(limit=_LOOK_BACK)]
        except discord.Forbidden as error:
            if not is_final(error):
                raise
            found = []
        if not found and not (attempt.in_private or attempt.urgent or sees_history(client, channel.id)):
            # Then Discord shows an empty channel. What is left is its own de-duplication.
            if time.monotonic() > self._known_until.get(attempt.key, -math.inf):
                raise NeverAgain("it may have arrived, and the channel's history cannot be read")
            log.warning("the history of channel %s cannot be read", channel.id)
        return [message for message in found if message.author.id == me]

    async def _among(self, earlier: Sequence[discord.Message], nonce: str, piece: Piece) -> discord.Message | None:
        """The message of `earlier` that was sent with `nonce`.

        Discord gives a message's nonce to the one who sends it, and not reliably in the history later. Where it
        is missing, the same words with the same buttons count, if they are at most an hour old and are not known
        to belong to another delivery: the same page may go out twice, and both must arrive.
        """
        for message in earlier:
            known = message.nonce or self._sent.get(message.id)
            if known is not None:
                if str(known) == nonce:
                    return message
                continue
            fresh = self._time.now() - message.created_at < _SAME_WORDS_WITHIN
            if (
                fresh
                and message.content == piece.text
                and _tokens(message) == [choice.token for choice in piece.choices]
                and not await self._hub.has_sent(PLATFORM, str(message.id))
            ):
                return message
        return None


def _reference(content: Content, channel_id: int) -> discord.MessageReference | None:
    """What the content answers; a message that is gone meanwhile is no fault, it is then no answer."""
    upon = content.upon
    if upon is None or upon.message is None or not upon.message.isdecimal():
        return None
    return discord.MessageReference(message_id=int(upon.message), channel_id=channel_id, fail_if_not_exists=False)


def _tokens(message: discord.Message) -> list[str]:
    """The tokens under a message of the bot."""
    found: list[str] = []
    for row in message.components:
        for part in row.children if isinstance(row, discord.ActionRow) else ():
            if isinstance(part, discord.SelectMenu):
                found.extend(option.value for option in part.options)
            elif isinstance(part, discord.Button):
                found.append(part.custom_id or "")
    return found
