"""A server's scheduled events: Discord's own calendar, in which a meeting stands.

Discord knows some repetitions only: every day; on the sets of weekdays below; one weekday every week or every second
one; one weekday of one week of a month. It counts in UTC and knows of no clock changes and no exceptions. What repeats
otherwise stands there with its coming date alone, and the next one is put there when that is over.

(https://docs.discord.com/developers/resources/guild-scheduled-event, "Guild Scheduled Event Recurrence Rule")
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import discord
from discord.http import Route

from bot.core import recurrence
from bot.core.content import Content, Entry
from bot.core.platform import CalendarForbidden, CalendarFull, Hub, NeverAgain, Receipt, TryAgain
from bot.core.recurrence import Parts
from bot.platforms.discord.errors import MISSING_PERMISSIONS
from bot.platforms.discord.progress import PLATFORM

_GUILD_ONLY: Final = 2
_EXTERNAL: Final = 3
_SCHEDULED, _ACTIVE = 1, 2

_MONTHLY, _WEEKLY, _DAILY = 1, 2, 3

_WEEKDAY_SETS: Final = frozenset(
    frozenset(days)
    for days in (
        (0, 1, 2, 3, 4),
        (1, 2, 3, 4, 5),
        (6, 0, 1, 2, 3),
        (4, 5),
        (5, 6),
        (6, 0),
    )
)
"""The sets of weekdays (0 is Monday) on which a daily event may come."""

_LAST_WEEK: Final = 5
_ALL_DAYS: Final = 7

_UNKNOWN_EVENT: Final = 10070
_TOO_MANY: Final = 30038
_FINISHED: Final = 180000
"""Discord's error codes for an event that is gone, one too many (100 to come in a server), one that is over."""

_NAME, _WHERE, _ABOUT = 100, 100, 1000
"""Characters of a name, a location, a description."""

_STILL_ON: Final = timedelta(minutes=5)
"""When a repeating event whose date is on is looked at again."""


class Calendar:
    """Puts entries into the calendar of the server that a channel belongs to."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def put(self, client: discord.Client, channel_id: int, content: Content, entry: Entry) -> Receipt:
        """Make, change or remove an event; the receipt is its id, "" once it is gone.

        Raises `SendError` and what discord.py raises.
        """
        guild_id = await _guild_of(client, channel_id)
        known = content.upon.message if content.upon is not None else None
        try:
            if content.upon is not None and content.upon.act == "remove":
                await self._remove(client, guild_id, known)
                return Receipt("")
            if known is not None and await self._change(client, guild_id, known, entry):
                return Receipt(known)
            return Receipt(await self._make(client, guild_id, entry))
        except discord.HTTPException as error:
            if error.code == _TOO_MANY:
                raise CalendarFull("the server has as many events as Discord allows") from None
            if error.code == MISSING_PERMISSIONS:
                raise CalendarForbidden("the bot may not make events in the server") from None
            raise

    async def _make(self, client: discord.Client, guild_id: int, entry: Entry) -> str:
        """A new event; one that an earlier attempt has made is found again, for Discord does not de-duplicate them."""
        me = None if client.user is None else str(client.user.id)
        for event in await client.http.get_scheduled_events(guild_id, with_user_count=False):
            is_it = (
                str(event.get("creator_id")) == me
                and event["name"] == entry.name[:_NAME]
                and datetime.fromisoformat(event["scheduled_start_time"]) == entry.start
                and event["status"] == _SCHEDULED
            )
            if is_it and not await self._hub.has_sent(PLATFORM, str(event["id"])):
                return str(event["id"])
        route = Route("POST", "/guilds/{guild_id}/scheduled-events", guild_id=guild_id)
        # The library's own method leaves out the repetition.
        made: dict[str, Any] = await client.http.request(route, json=_payload(entry))
        return str(made["id"])

    async def _change(self, client: discord.Client, guild_id: int, event_id: str, entry: Entry) -> bool:
        """Change the event; False if it is gone or over, and a new one is needed."""
        route = Route(
            "GET", "/guilds/{guild_id}/scheduled-events/{event_id}", guild_id=guild_id, event_id=int(event_id)
        )
        try:
            event: dict[str, Any] = await client.http.request(route)
            if event["status"] == _ACTIVE and event.get("recurrence_rule") is not None:
                raise TryAgain("the event is on now", after=_STILL_ON)
            if event["status"] != _SCHEDULED:
                return False
            route = Route(
                "PATCH", "/guilds/{guild_id}/scheduled-events/{event_id}", guild_id=guild_id, event_id=int(event_id)
            )
            await client.http.request(route, json=_payload(entry))
        except discord.HTTPException as error:
            if error.code not in {_UNKNOWN_EVENT, _FINISHED}:
                raise
            return False
        return True

    @staticmethod
    async def _remove(client: discord.Client, guild_id: int, event_id: str | None) -> None:
        if event_id is None:
            return
        try:
            await client.http.delete_scheduled_event(guild_id, int(event_id))
        except discord.HTTPException as error:
            if error.code != _UNKNOWN_EVENT:
                raise


async def _guild_of(client: discord.Client, channel_id: int) -> int:
    channel = client.get_channel(channel_id)
    if isinstance(channel, discord.abc.GuildChannel):
        return channel.guild.id
    found: dict[str, Any] = dict(await client.http.get_channel(channel_id))
    if "guild_id" not in found:
        raise NeverAgain("the channel belongs to no server")
    return int(found["guild_id"])


def _payload(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name[:_NAME],
        "description": str(entry.about)[:_ABOUT],
        "scheduled_start_time": entry.start.astimezone(UTC).isoformat(),
        "scheduled_end_time": entry.end.astimezone(UTC).isoformat(),
        "privacy_level": _GUILD_ONLY,
        "entity_type": _EXTERNAL,
        "entity_metadata": {"location": str(entry.where)[:_WHERE]},
        "recurrence_rule": None if entry.rule is None else recurrence_rule(entry),
    }


def recurrence_rule(entry: Entry) -> dict[str, Any] | None:
    """The repetition as Discord has it, from the entry's date on; None where Discord cannot repeat it so."""
    parts = recurrence.parse(entry.rule or "")
    start = entry.start.astimezone(UTC)
    shift = (start.date() - _local_date(entry)).days
    found = None if parts.until is not None else _frequency(parts, shift)
    return found and {"start": start.isoformat(), "interval": 1, **found}


def _local_date(entry: Entry) -> date:
    return entry.start.astimezone(ZoneInfo(entry.zone)).date()


def _frequency(parts: Parts, shift: int) -> dict[str, Any] | None:
    """How often, on which days; `shift`: by how many days the date in UTC is ahead of the local one."""
    if parts.frequency == "MONTHLY":
        return _each_month(parts) if shift == 0 else None
    days = frozenset((day - 1 + shift) % _ALL_DAYS for _ordinal, day in parts.by_day)
    if parts.frequency == "WEEKLY" and len(days) == 1 and parts.interval in {1, 2}:
        return {"frequency": _WEEKLY, "interval": parts.interval, "by_weekday": sorted(days)}
    if parts.interval != 1 or (parts.frequency == "WEEKLY" and not days):
        return None
    if len(days) in {0, _ALL_DAYS}:
        return {"frequency": _DAILY}
    return {"frequency": _DAILY, "by_weekday": sorted(days)} if days in _WEEKDAY_SETS else None


def _each_month(parts: Parts) -> dict[str, Any] | None:
    if parts.interval != 1 or len(parts.by_day) != 1:
        return None
    ((ordinal, day),) = parts.by_day
    if ordinal in {0, _LAST_WEEK}:  # every one in the month; a fifth one, which not every month has
        return None
    return {
        "frequency": _MONTHLY,
        "by_n_weekday": [{"n": _LAST_WEEK if ordinal < 0 else ordinal, "day": day - 1}],
    }
