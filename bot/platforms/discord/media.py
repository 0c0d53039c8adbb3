"""Pictures that people attach to messages: told of when they come, brought when somebody wants to see them."""

from collections.abc import Sequence
from http import HTTPStatus

import aiohttp
import discord
import yarl

from bot.core.content import Fetch
from bot.core.inbound import Picture
from bot.core.pictures import KINDS
from bot.core.platform import DOWNLOAD_SECONDS, NeverAgain, TryAgain, read_at_most

_CDN = frozenset({yarl.URL("https://cdn.discordapp.com"), yarl.URL("https://media.discordapp.net")})
"""Where Discord keeps what is attached."""

_PARTS = 3


def pictures_of(message: discord.Message) -> tuple[Picture, ...]:
    """The pictures of a message; () if there is something else, too (a file, a sticker): then none is passed on."""
    found = tuple(
        Picture(source=f"{message.channel.id}/{message.id}/{one.id}", kind=_kind(one), size=one.size)
        for one in message.attachments
    )
    has_others = any((message.stickers, message.message_snapshots, message.poll))
    return found if not has_others and all(one.kind in KINDS for one in found) else ()


def _kind(attachment: discord.Attachment) -> str:
    return (attachment.content_type or "").partition(";")[0].strip().lower()


async def bring(client: discord.Client, fetch: Fetch, api_base: str) -> bytes:
    """The file of a picture, if its message is still there; raises `SendError` and what discord.py raises.

    The message is asked for anew: the addresses that Discord gives are good for a day, and what its author has deleted
    is not brought.
    """
    channel_id, message_id, attachment_id = _ids(fetch.source)
    message = await client.get_partial_messageable(channel_id).fetch_message(message_id)
    url = next((one.url for one in message.attachments if one.id == attachment_id), None)
    if url is None or not _is_discords(url, api_base):
        raise NeverAgain("the picture is not where Discord keeps them")
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DOWNLOAD_SECONDS)) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        if answer.status != HTTPStatus.OK:
            # An address is signed and new: what is refused now may be there in a moment.
            raise TryAgain(f"Discord's store of files answered {answer.status}")
        return await read_at_most(answer.content.iter_any(), fetch.limit)


def _ids(source: str) -> Sequence[int]:
    parts = source.split("/")
    if len(parts) != _PARTS or not all(part.isdecimal() for part in parts):
        raise NeverAgain("the picture is not one of Discord's")
    return [int(part) for part in parts]


def _is_discords(url: str, api_base: str) -> bool:
    """Whether it is in Discord's own store, or on the server that is configured instead of Discord."""
    try:
        return yarl.URL(url).origin() in _CDN | {yarl.URL(api_base).origin()}
    except ValueError:
        return False
