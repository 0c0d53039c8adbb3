"""What discord.py raises, in the words of the outbox. No reason holds anything a person or Discord has written."""

import asyncio
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import discord

from bot.core.platform import NeverAgain, SendError, TryAgain
from bot.core.words import _

UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_USER = 10013
OPENING_CHATS_TOO_FAST = 40003
CANNOT_WRITE_TO_USER = 50007
INVALID_RECIPIENT = 50033
THREAD_ARCHIVED = 50083
ALREADY_ANSWERED = 40060
NO_SHARED_SERVER = 50278

TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
"""What may go wrong with any request: Discord refuses, or cannot be reached in time."""

CHAT_CLOSED = frozenset({CANNOT_WRITE_TO_USER, NO_SHARED_SERVER, INVALID_RECIPIENT, UNKNOWN_USER})
"""Discord's error codes for a person who cannot be written to privately."""

THREAD_GONE = frozenset({UNKNOWN_CHANNEL, THREAD_ARCHIVED})
"""Discord's error codes for a thread in which one cannot write any more."""


class LoginRefused(Exception):
    """Discord does not accept the token. The message says so, and what to do about it."""

    what = _("Discord does not accept the bot's token.")
    mend = _("Make a new one in the developer portal (Bot, Reset Token) and put it where the configuration reads it.")

    def __init__(self) -> None:
        super().__init__(f"{self.what} {self.mend}")


def send_error(error: Exception) -> SendError:
    """The reason why a message was not sent, and whether trying again may help.

    A refused token is the bot's trouble and not the message's: once it is mended, what waits is sent.
    """
    match error:
        case SendError():
            return error
        case discord.RateLimited():
            return TryAgain("Discord asks to wait", after=timedelta(seconds=error.retry_after))
        case discord.HTTPException():
            return _refusal(error)
        case ValueError() if not isinstance(error, UnicodeError):
            return NeverAgain("the message cannot be made into one for Discord")
        case asyncio.TimeoutError():
            return TryAgain("Discord did not answer in time")
        case _:
            return TryAgain(f"Discord cannot be reached ({type(error).__name__})")


def _refusal(error: discord.HTTPException) -> SendError:
    reason = f"Discord answered {error.status} (code {error.code})"
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return TryAgain(reason, after=_named_wait(error))
    lasting = error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    if lasting and error.code != OPENING_CHATS_TOO_FAST:
        return NeverAgain(reason)
    return TryAgain(reason)


def _named_wait(error: discord.HTTPException) -> timedelta | None:
    named = error.response.headers.get("Retry-After", "")
    return timedelta(seconds=int(named)) if named.isdecimal() else None
