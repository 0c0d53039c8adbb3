"""How duty is said: names, periods, who is on, a peer's entry."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.duty import Gap, Span
from bot.core.words import Say, Text, _
from bot.services import members
from bot.storage.database import Transaction

A_PEER = _("a peer")
NOBODY = _("nobody")


async def names(tx: Transaction, ids: Sequence[int]) -> Say:
    """The chosen names of these members, in one line; "nobody" for none."""
    found: Say | None = None
    for member in ids:
        name = (await members.load(tx, member)).name or A_PEER
        found = name if found is None else _("{items}, {item}", items=found, item=name)
    return NOBODY if found is None else found


def period(of: Span | Gap, zone: ZoneInfo) -> Text:
    """From when to when, on the clocks of `zone`."""
    begin, end = of.begin.astimezone(zone), of.end.astimezone(zone)
    if begin.date() == end.date():
        return _("{start} to {end}", start=begin, end=end.time())
    return _("{start} to {end}", start=begin, end=end)


def age(since: datetime, now: datetime) -> Text:
    """How long ago, coarsely: a message that is edited in place need not change every minute."""
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 5:  # noqa: PLR2004  the board's step
        return _("just now")
    if minutes < 60:  # noqa: PLR2004  an hour
        return _("{minutes} min", minutes=minutes // 5 * 5)
    return _("{hours} h", hours=minutes // 60)
