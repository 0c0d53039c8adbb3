"""Sending: one message once, to a person or a place."""

import base64
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import discord

from bot.core.content import Content
from bot.core.faults import where
from bot.core.platform import Address, Hub, NeverAgain, Receipt, Unreachable
from bot.platforms.discord.errors import CHAT_CLOSED, UNKNOWN_MESSAGE
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.rendering import Piece, pieces
from bot.platforms.discord.threads import PrivateThreads

log = logging.getLogger(__name__)

_LOOK_BACK = 100
"""Messages of the destination that are looked through before something is sent again: one request."""

_SAME_WORDS_WITHIN = timedelta(hours=1)
"""How old the bot's own message may be to count as the one that is sent again, where only its words tell."""

_SENT_LIMIT = 5000


def nonce_of(key: str, channel_id: int) -> str:
    """22 characters (Discord takes 25) that name one message at one destination.

    Discord compares nonces per author, not per channel, so the channel is in it.
    """
    digest = hashlib.blake2b(f"{key}|{channel_id}".encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Sending:
    """Posts content, and does not post it twice."""

    def __init__(self, hub: Hub, threads: PrivateThreads) -> None:
        self._hub = hub
        self._threads = threads
        self._sent: OrderedDict[int, str] = OrderedDict()

    async def send(self, client: discord.Client, to: Address, content: Content, key: str, *, retried: bool) -> Receipt:
        """Say `content` at `to`; raises `SendError` and what discord.py raises."""
        if not to.id.isdecimal():
            raise NeverAgain("the address is not an id of Discord")
        if to.kind == "place":
            return await self._post(client, int(to.id), content, key, retried=retried)
        try:
            chat = await client.create_dm(discord.Object(int(to.id)))
            return await self._post(client, chat.id, content, key, retried=retried)
        except discord.HTTPException as error:
            if error.code not in CHAT_CLOSED:
                raise
            code = error.code
        if to.fallback is None or not to.fallback.isdecimal():
            raise Unreachable(f"their chat is closed (code {code}), and there is no place for a private thread")
        thread_id = await self._threads.thread_for(client, to.id, to.fallback)
        try:
            return await self._post(client, thread_id, content, key, retried=retried)
        except discord.Forbidden as error:
            raise Unreachable(f"their chat is closed, and so is the private thread (code {error.code})") from None

    async def _post(
        self, client: discord.Client, channel_id: int, content: Content, key: str, *, retried: bool
    ) -> Receipt:
        """Post all pieces; the receipt is that of the last one, which has the choices under it."""
        channel = client.get_partial_messageable(channel_id)
        parts = pieces(content)
        earlier = await self._own_messages(client, channel) if retried else []
        message_id = ""
        for number, piece in enumerate(parts):
            nonce = nonce_of(key if len(parts) == 1 else f"{key}:{number}", channel_id)
            found = await self._among(earlier, nonce, piece)
            if found is None:
                message_id = await self._post_piece(channel, piece, nonce)
            else:
                earlier.remove(found)
                message_id = str(found.id)
        return Receipt(message_id)

    async def _post_piece(self, channel: discord.PartialMessageable, piece: Piece, nonce: str) -> str:
        try:
            message = await channel.send(piece.text, nonce=nonce, suppress_embeds=True, **piece.parts)
        except discord.NotFound as error:
            if error.code == UNKNOWN_MESSAGE:
                # It was sent, and somebody has deleted it since. The nonce stands for the id that nobody knows.
                return nonce
            raise
        self._sent[message.id] = nonce
        if len(self._sent) > _SENT_LIMIT:
            self._sent.popitem(last=False)
        return str(message.id)

    async def _own_messages(self, client: discord.Client, channel: discord.PartialMessageable) -> list[discord.Message]:
        """The bot's messages among the last hundred of a channel, newest first."""
        me = None if client.user is None else client.user.id
        try:
            return [message async for message in channel.history(limit=_LOOK_BACK) if message.author.id == me]
        except discord.Forbidden as error:
            # Without Read Message History only Discord's own de-duplication is left, for a few minutes.
            log.warning("the history of channel %s cannot be read: %s", channel.id, where(error))
            return []

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
            fresh = datetime.now(UTC) - message.created_at < _SAME_WORDS_WITHIN
            if (
                fresh
                and message.content == piece.text
                and _tokens(message) == [choice.token for choice in piece.choices]
                and not await self._hub.choices(PLATFORM, str(message.id))
            ):
                return message
        return None


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
