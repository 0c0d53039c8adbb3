"""What discord.py raises, in the words of the outbox. No reason holds anything a person or Discord has written."""

import asyncio
import json
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import discord

from bot.core.platform import NeverAgain, SendError, TryAgain
from bot.core.words import _

UNKNOWN_CHANNEL = 10003
UNKNOWN_MEMBER = 10007
UNKNOWN_MESSAGE = 10008
UNKNOWN_USER = 10013
OPENING_CHATS_TOO_FAST = 40003
SENDING_DISABLED = 40004
FEATURE_DISABLED = 40006
RESOURCE_LIMITED = 40062
INTERNAL_NETWORK = 40333
MISSING_ACCESS = 50001
MISSING_PERMISSIONS = 50013
OVERLOADED = 130000
CANNOT_WRITE_TO_USER = 50007
INVALID_RECIPIENT = 50033
THREAD_ARCHIVED = 50083
THREAD_LOCKED = 160005
ALREADY_ANSWERED = 40060
NO_SHARED_SERVER = 50278

_PASSING = frozenset(
    {OPENING_CHATS_TOO_FAST, SENDING_DISABLED, FEATURE_DISABLED, RESOURCE_LIMITED, INTERNAL_NETWORK, OVERLOADED}
)
"""Discord's error codes for what is refused now and not later, whatever the HTTP status."""

_ADVICE = {
    MISSING_ACCESS: "The bot does not see it. Give the bot's role View Channel there.",
    MISSING_PERMISSIONS: "The bot may not write there. Give the bot's role Send Messages (in Threads, too) there.",
    40002: "The application's account has to be verified: see its page in Discord's developer portal.",
}
"""What the operator does about Discord's error codes that a permission mends."""

_LONGEST_WAIT = 86_400.0
"""Seconds: no server's wait is believed beyond a day."""

TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
"""What may go wrong with any request: Discord refuses, or cannot be reached in time."""

CHAT_CLOSED = frozenset({CANNOT_WRITE_TO_USER, NO_SHARED_SERVER, INVALID_RECIPIENT, UNKNOWN_USER})
"""Discord's error codes for a person who cannot be written to privately."""

NOT_A_MEMBER = frozenset({UNKNOWN_MEMBER, UNKNOWN_USER})
"""Discord's error codes for a person who is not in the server; all others speak of the bot, or of the server."""

THREAD_GONE = frozenset({UNKNOWN_CHANNEL, THREAD_ARCHIVED, THREAD_LOCKED})
"""Discord's error codes for a thread in which one cannot write any more."""


class LoginRefused(Exception):
    """Discord does not accept the token. The message says so, and what to do about it."""

    what = _("Discord does not accept the bot's token.")
    mend = _("Make a new one in the developer portal (Bot, Reset Token) and put it where the configuration reads it.")

    def __init__(self) -> None:
        super().__init__(f"{self.what} {self.mend}")


class GatewayLost(Exception):
    """Discord's gateway was out of reach for long; running again connects at once where the library would wait."""

    def __init__(self) -> None:
        super().__init__("the gateway was out of reach for long")


class ShardsRefused(Exception):
    """Discord wants the bot's servers divided otherwise. The message says so, and what to do about it."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Discord does not take this many servers on one connection. Set shard_count for Discord so that no "
                "shard has 2,500 servers or more, to the same number for all processes of the bot."
            )
        )


def send_error(error: Exception) -> SendError:
    """The reason why a message was not sent, and whether trying again may help.

    Only what `is_final` is never tried again. All else passes: Discord's trouble (5xx), its limits (429), a proxy's
    page instead of an answer, silence, a lost connection. A refused token is the bot's trouble and not the message's:
    once it is mended, what waits is sent.
    """
    match error:
        case SendError():
            return error
        case discord.RateLimited():
            return TryAgain("Discord asks to wait", after=_bounded(error.retry_after))
        case discord.HTTPException():
            return _refusal(error)
        case ValueError() if not isinstance(error, UnicodeError | json.JSONDecodeError):
            return NeverAgain("the message cannot be made into one for Discord")
        case asyncio.TimeoutError():
            return TryAgain("Discord did not answer in time")
        case _:
            # Else it is not Discord's: such as the database, which is asked for a person's thread.
            on_the_way = isinstance(error, aiohttp.ClientError | OSError | discord.DiscordException)
            name = type(error).__name__
            return TryAgain(f"Discord cannot be reached ({name})" if on_the_way else name)


def _refusal(error: discord.HTTPException) -> SendError:
    reason = f"Discord answered {error.status} (code {error.code})"
    if not is_discords_own(error):
        return TryAgain(f"something before Discord answered {error.status}", after=_named_wait(error))
    return NeverAgain(reason) if is_final(error) else TryAgain(reason, after=_named_wait(error))


def is_final(error: discord.HTTPException) -> bool:
    """Whether Discord itself refuses, and will do so again.

    That is 400, 403 and 404 with one of the error codes that its documentation lists under "Opcodes and Status
    Codes", but for those that name a passing state. Without a code it may be anybody's word.
    """
    lasting = error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    return lasting and error.code != 0 and error.code not in _PASSING and is_discords_own(error)


def is_discords_own(error: discord.HTTPException) -> bool:
    """Whether Discord itself has answered; a proxy before it says nothing about the message, in HTML."""
    return error.response.headers.get("Content-Type", "").startswith("application/json")


def _named_wait(error: discord.HTTPException) -> timedelta | None:
    """The server's own wait in seconds; one given as a date, as HTTP also allows, Discord does not use."""
    named = error.response.headers.get("Retry-After", "")
    try:
        return _bounded(float(named))
    except ValueError:
        return None


def _bounded(seconds: float) -> timedelta | None:
    return timedelta(seconds=min(seconds, _LONGEST_WAIT)) if seconds >= 0 else None


def advice(error: Exception) -> str | None:
    """What only the operator can mend, and how; None where there is nothing of that kind."""
    if not isinstance(error, discord.HTTPException) or not is_discords_own(error):
        return None
    if error.status == HTTPStatus.UNAUTHORIZED:
        return f"{LoginRefused.what} {LoginRefused.mend} Until then nothing is sent."
    return _ADVICE.get(error.code)
