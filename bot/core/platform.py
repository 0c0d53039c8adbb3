"""What the bot asks of a platform, and what a platform asks of the bot."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol, runtime_checkable

from bot.core.commands import Reader, Registry
from bot.core.content import Choice, Content, Reply
from bot.core.inbound import Inbound
from bot.core.pictures import Still
from bot.core.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a message goes: privately to an account ("direct"), or into a channel or room ("place").

    `fallback` is the place where a private thread may be opened for somebody whose private chat is closed; else their
    community's lobby.
    """

    platform: str
    kind: Literal["direct", "place"]
    id: str
    fallback: str | None = None


Unopened = Literal["nowhere", "unreadable", "forbidden", "trouble"]
"""Why there is no place apart: none is named under which it could be; the bot could not read there; it lacks a
permission; or it did not work at that moment."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform has taken the message: `message_id` is its id there.

    Of a content that was to be said `apart`: the `place` in which it was, with the id of what was `pinned` there; or
    why it was said privately instead (`unopened`). Of a content that was to `fetch` a picture: the `file` as it came,
    of which the sender makes the `picture`.
    """

    message_id: str
    place: str | None = None
    pinned: str | None = None
    unopened: Unopened | None = None
    file: bytes | None = field(default=None, repr=False)
    picture: Still | None = None


DOWNLOAD_SECONDS = 20.0
"""How long a file may take to come."""


async def read_at_most(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """What comes, of `limit` bytes at most; raises `NeverAgain` as soon as it is more, whatever its headers said."""
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > limit:
            raise NeverAgain("the file is too large")
    return bytes(data)


class SendError(Exception):
    """A message was not sent. The message of the exception is a reason without anybody's words or names."""


class TryAgain(SendError):
    """It may work later; `after` is the server's own wait, when it named one."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class NotConnected(TryAgain):
    """The bot has no connection to the platform: nothing has left, so this was no attempt."""


class NeverAgain(SendError):
    """It will never work: the place is gone, the message is refused."""


class CalendarFull(NeverAgain):
    """The place's calendar takes no further entry: others must go first."""


class CalendarForbidden(NeverAgain):
    """The bot may not write into the place's calendar: it lacks a permission there."""


class Unreachable(NeverAgain):
    """The person cannot be written to privately: those on duty must be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `handrail check`. `mend` says what to do about it; an `ok` finding has none."""

    level: Literal["ok", "warning", "broken"]
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquaintance:
    """Somebody whom a platform knows in a server or a room: their `account`, and all `names` they have there."""

    account: str
    names: tuple[str, ...] = field(repr=False)


@runtime_checkable
class KnowsPeople(Protocol):
    """A platform that tells who is in its places, though they never wrote to the bot."""

    async def people(self, words: str, places: Sequence[str]) -> Sequence[Acquaintance]:
        """Those in these `places`, and in no others, whose account is `words` or whose name may be.

        Which of the names is meant, the caller compares. Raises `SendError` where that cannot be told.
        """


class Platform(Protocol):
    """One platform account of the bot."""

    name: str
    """"discord", "matrix" or "console"."""

    at_once: int
    """How many messages it can be given at the same time."""

    recognises: timedelta
    """How long after an attempt it is still known whether that message has arrived."""

    sends: bool
    """Whether it also sends for its account. If not, it hears a part of it, and the process of another part sends."""

    @property
    def is_connected(self) -> bool:
        """Whether it hears people at this moment."""

    @property
    def account_key(self) -> str | None:
        """Tells this account, or the part of it that is heard, from others: only one process connects with it.

        It is compared and never shown or stored. None: nothing is shared, every process connects for itself.
        """

    async def run(self) -> None:
        """Connect and hear until cancelled.

        Returns or raises when the connection ends; the app then runs it again after a pause.
        """

    async def send(self, to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        """Say the rendered `content` at `to`, exactly once per `key` as far as the platform allows.

        `retried`: an earlier attempt with this key may have got through. `urgent`: somebody is in danger; where the
        platform limits the rate, it goes before all that is not. Where the content is `upon` another message and that
        cannot be done, it says `content.anew`, if that is anything. What is to be said `apart`, it says in a place of
        its own, and where there can be none at once, all of it privately (`content.together`). What is to be fetched
        (`content.fetch`), it brings. Raises `SendError`.
        """

    async def check(self) -> list[Finding]:
        """What is right and wrong with this platform's settings, token, permissions."""

    async def close(self) -> None:
        """Let go of everything."""


class Hub(Protocol):
    """The bot, as a platform sees it."""

    registry: Registry

    async def receive(self, inbound: Inbound) -> Reply | None:
        """Hear one thing. The reply is rendered, and given only if `inbound.answered_directly`."""

    async def answer_later(self, inbound: Inbound, content: Content, key: str) -> None:
        """Say the rendered `content` privately to whom it answers as soon as the platform takes it.

        For a reply that could not be given directly: a message with this `key` may have arrived.
        """

    def removed(self, platform: str, message_id: str) -> None:
        """A message that people wrote is no longer there: what is kept of it in memory is forgotten."""

    async def taken_back(self, platform: str, message_id: str, account: str | None) -> None:
        """Somebody has taken back a message, or a reaction, that may have been for another: they no longer see it.

        `account`: who has, where the platform tells; nobody takes back what is another's.
        """

    async def left(self, platform: str, account: str, place: str, *, found_out: bool = False) -> None:
        """Somebody is in a server or room no longer, by their own will or another's.

        `found_out`: it may have been told before, and long ago.
        """

    async def who_is_called(self, platform: str) -> list[tuple[str, tuple[str, ...]]]:
        """The accounts of those who may be called to somebody, each with all servers of their community."""

    async def unread(self, inbound: Inbound) -> None:
        """Somebody wrote what the bot has no key for; `inbound` tells who and where, and has no words."""

    async def reader(self, inbound: Inbound) -> tuple[Reader, Words]:
        """Who is typing, for suggestions and the titles of forms."""

    async def choices(self, platform: str, message_id: str) -> tuple[Choice, ...]:
        """The choices under a message the bot has sent, in their order; () if it has none."""

    async def has_sent(self, platform: str, message_id: str) -> bool:
        """Whether a message is known to be one that the bot has sent: its delivery is over."""

    async def numbered(self, address: Address, number: int) -> Choice | None:
        """The choice that a number (from 1) presses which was typed at `address`, under the bot's newest message there.

        None where that has none of that number, another message's may be meant, or people talk there: then it is words.
        """

    async def takes_numbers(self, address: Address) -> bool:
        """Whether a number that is typed at `address` may press a choice: in a talk it is a word."""

    async def remembered(self, platform: str, name: str) -> str | None:
        """A value the platform stored (a sync token, a device id, the last message of a channel)."""

    async def remembered_all(self, platform: str, names: Sequence[str]) -> dict[str, str]:
        """Those of these values that are stored, by their names, at one look."""

    async def remember(self, platform: str, name: str, value: str) -> None:
        """Store a value; it is encrypted at rest."""

    async def remember_all(self, platform: str, values: Mapping[str, str]) -> None:
        """Store several values by their names, all or none of them."""

    async def remembered_names(self, platform: str, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        """The names, in order, that begin with `prefix` and come behind `after`: at most `limit`, 1 to 1000."""

    async def has_seen(self, platform: str, account: str) -> bool:
        """Whether the bot has heard this account before: then it is known which community they mean."""

    async def is_known_place(self, platform: str, place: str) -> bool:
        """Whether some community has this place (server, channel or room)."""

    async def known_servers(self, platform: str, limit: int) -> list[str]:
        """Servers that communities have on a platform, the oldest first: at most `limit`."""

    async def lobbies(self, platform: str, places: Sequence[str]) -> list[str]:
        """The lobbies on this platform of the community that has one of these places, the first one first."""
