"""What is done to a message that stands there already: changed, taken away, marked with an emoji."""

import discord

from bot.core.content import Content, Upon
from bot.platforms.discord.rendering import buttons, pieces

_UNKNOWN_EMOJI = 10014
_NO_MORE_EMOJI = 30010
_BLOCKED = 90001
_NO_EMOJI = frozenset({_UNKNOWN_EMOJI, _NO_MORE_EMOJI, _BLOCKED})
"""Discord's error codes for an emoji that cannot be put under a message, or is not there."""


async def change(client: discord.Client, channel_id: int, content: Content, upon: Upon) -> str | None:
    """Do it; what the delivery is known by afterwards, or None where it cannot be done and must be said instead.

    A reaction is known by its message and its emoji, by which it is taken back. Raises what discord.py raises, for a
    message that is not in this channel, too.
    """
    message_id, _slash, emoji = (upon.message or "").partition("/")
    if not message_id.isdecimal():
        return None
    message = client.get_partial_messageable(channel_id).get_partial_message(int(message_id))
    try:
        match upon.act:
            case "replace" | "refresh":
                first, *more = pieces(content)
                if more:
                    return None
                if upon.act == "refresh":  # with the buttons that are under it now
                    await message.edit(content=first.text, view=buttons(content.choices))
                else:
                    await message.edit(content=first.text)
            case "remove":
                await message.delete()
            case "react":
                if str(content.text).startswith(":"):  # another server's own emoji
                    return None
                await message.add_reaction(str(content.text))
                return f"{message_id}/{content.text}"
            case "unreact":
                await client.http.remove_own_reaction(channel_id, message.id, emoji)
    except discord.HTTPException as error:
        if error.code not in _NO_EMOJI:
            raise
        return "" if upon.act == "unreact" else None
    return message_id
