"""Routes about a server's scheduled events, with the limits Discord documents for them."""

from __future__ import annotations

from datetime import datetime

from . import errors, permissions
from .entities import JSON, Guild
from .rest import Call, route

_SCHEDULED, _ACTIVE, _COMPLETED = 1, 2, 3
_EXTERNAL = 3
_MOST = 100
_YEARLY, _MONTHLY, _WEEKLY, _DAILY = range(4)
_DAILY_SETS = ([0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [0, 1, 2, 3, 6], [4, 5], [5, 6], [0, 6])
#: "repeats weekly" and so on: which of the keys a frequency may have besides start and interval.
_KEYS = {_DAILY: "by_weekday", _WEEKLY: "by_weekday", _MONTHLY: "by_n_weekday"}


def _guild(call: Call, need: int = 0) -> Guild:
    found = call.server.world.guilds.get(int(call.params["guild_id"]))
    if found is None:
        raise errors.unknown("Guild")
    if need and not found.permissions_of(call.server.world.bot.id) & (need | permissions.MANAGE_EVENTS):
        raise errors.missing_permissions()
    return found


def _event(call: Call, guild: Guild) -> JSON:
    """Find the event of the path, its status as the clock has it."""
    found = guild.scheduled_events.get(int(call.params["guild_scheduled_event_id"]))
    if found is None:
        raise errors.ApiError(404, 10070, "Unknown Guild Scheduled Event")
    _roll(call, found)
    return found


def _roll(call: Call, event: JSON) -> None:
    now = call.server.calendar_now()
    if now is None:
        return
    if now >= datetime.fromisoformat(event["scheduled_end_time"]) and event["recurrence_rule"] is None:
        event["status"] = _COMPLETED
    elif now >= datetime.fromisoformat(event["scheduled_start_time"]) and event["recurrence_rule"] is None:
        event["status"] = _ACTIVE


def _check(call: Call, event: JSON, *, new_start: bool) -> None:
    start, end = event["scheduled_start_time"], event.get("scheduled_end_time")
    if event["entity_type"] != _EXTERNAL or end is None or event["privacy_level"] != 2:
        raise errors.invalid_form("scheduled_end_time", "BASE_TYPE_REQUIRED", "This field is required")
    if datetime.fromisoformat(end) <= datetime.fromisoformat(start):
        raise errors.invalid_form("scheduled_end_time", "INVALID", "Cannot end before it starts.")
    now = call.server.calendar_now()
    if new_start and now is not None and datetime.fromisoformat(start) <= now:
        raise errors.invalid_form("scheduled_start_time", "INVALID", "Cannot schedule event in the past.")
    rule = event.get("recurrence_rule")
    if rule is not None and not _is_possible(rule, start):
        raise errors.invalid_form("recurrence_rule", "INVALID", "Recurrence rule is not supported.")


def _is_possible(rule: JSON, start: str) -> bool:
    """Tell whether Discord can repeat an event so, by the limits listed under its Recurrence Rule."""
    frequency, interval = rule["frequency"], rule.get("interval", 1)
    named = {key for key, value in rule.items() if value and key not in {"start", "frequency", "interval"}}
    if frequency not in _KEYS or named - {_KEYS[frequency]} or rule["start"] != start:
        return False
    weekday = datetime.fromisoformat(start).weekday()
    days = rule.get("by_weekday") or []
    if interval != 1 and not (frequency == _WEEKLY and interval == 2):
        return False
    if days and weekday not in days:
        return False
    if frequency == _WEEKLY:
        return len(days) == 1
    if frequency == _DAILY:
        return not days or sorted(days) in _DAILY_SETS
    nth = rule.get("by_n_weekday") or []
    return len(nth) == 1 and nth[0]["day"] == weekday


@route("GET", "/guilds/{guild_id}/scheduled-events")
def scheduled_events(call: Call) -> list[JSON]:
    found = _guild(call).scheduled_events
    for event in found.values():
        _roll(call, event)
    return [event for event in found.values() if event["status"] in {_SCHEDULED, _ACTIVE}]


@route("POST", "/guilds/{guild_id}/scheduled-events")
def make_scheduled_event(call: Call) -> JSON:
    guild = _guild(call, permissions.CREATE_EVENTS)
    if len(scheduled_events(call)) >= _MOST:
        raise errors.ApiError(400, 30038, "Maximum number of uncompleted guild scheduled events reached (100)")
    world = call.server.world
    event: JSON = {
        "id": str(world.snowflake()),
        "guild_id": str(guild.id),
        "channel_id": None,
        "creator_id": str(world.bot.id),
        "description": None,
        "image": None,
        "status": _SCHEDULED,
        "entity_id": None,
        "recurrence_rule": None,
        "guild_scheduled_event_exceptions": [],
        **call.body,
    }
    _check(call, event, new_start=True)
    guild.scheduled_events[int(event["id"])] = event
    world.changed.notify()
    return event


@route("GET", "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}")
def scheduled_event(call: Call) -> JSON:
    return _event(call, _guild(call))


@route("PATCH", "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}")
def change_scheduled_event(call: Call) -> JSON:
    event = _event(call, _guild(call, permissions.CREATE_EVENTS))
    if event["status"] == _COMPLETED:
        raise errors.ApiError(400, 180000, "Cannot update a finished event")
    changed = event | call.body
    _check(call, changed, new_start=changed["scheduled_start_time"] != event["scheduled_start_time"])
    event.update(changed)
    call.server.world.changed.notify()
    return event


@route("DELETE", "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}")
def remove_scheduled_event(call: Call) -> None:
    guild = _guild(call, permissions.CREATE_EVENTS)
    del guild.scheduled_events[int(_event(call, guild)["id"])]
    call.server.world.changed.notify()
