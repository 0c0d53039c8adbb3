"""Meetings as a Discord server's scheduled events: its repetitions, its limits, its refusals."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Literal

import discord_scene
import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday
from discord_scene import Scene
from hypothesis import given
from hypothesis import strategies as st
from loopback_discord import LoopbackDiscord, permissions

from bot.core.content import Content, Entry, Upon
from bot.core.occurrences import Rule, occurrences, weekly
from bot.core.platform import CalendarForbidden, CalendarFull, TryAgain
from bot.platforms.discord.calendar import recurrence_rule

discord, scene = discord_scene.discord, discord_scene.scene

START = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
ENTRY = Entry(
    name="Evening group",
    start=START,
    end=START + timedelta(hours=1),
    zone="Europe/London",
    where="The library",
    about="Tuesdays",
    rule="FREQ=WEEKLY;BYDAY=TU",
)


def upon(entry: Entry, message: str | None, act: str = "refresh") -> Content:
    return Content(entry=entry, upon=Upon(act=act, message=message))  # type: ignore[arg-type]  # one of its acts


async def test_an_event_is_made_changed_and_taken_away(scene: Scene) -> None:
    made = await scene.send(scene.place, Content(entry=ENTRY), "one")
    (event,) = scene.guild.scheduled_events.values()
    assert made.message_id == event["id"]
    assert (event["privacy_level"], event["entity_type"]) == (2, 3)
    assert event["recurrence_rule"] == {
        "start": START.isoformat(),
        "interval": 1,
        "frequency": 2,
        "by_weekday": [1],
    }
    later = replace(ENTRY, rule=None, start=START + timedelta(days=1), end=START + timedelta(days=1, hours=1))
    assert (await scene.send(scene.place, upon(later, made.message_id), "two")).message_id == event["id"]
    assert event["scheduled_start_time"] == later.start.isoformat()
    assert event["recurrence_rule"] is None
    for _twice in range(2):  # the second time it is gone already
        assert (await scene.send(scene.place, upon(later, made.message_id, "remove"), "three")).message_id == ""
    assert not scene.guild.scheduled_events


async def test_an_event_that_was_made_without_an_answer_is_found_again(scene: Scene) -> None:
    scene.discord.fail_next("POST", "scheduled-events", status=503, after_commit=True)
    with pytest.raises(TryAgain):
        await scene.send(scene.place, Content(entry=ENTRY))
    made = await scene.send(scene.place, Content(entry=ENTRY), retried=True)
    assert [made.message_id] == [event["id"] for event in scene.guild.scheduled_events.values()]


async def test_an_event_that_is_over_or_was_deleted_is_made_anew(scene: Scene) -> None:
    alone = replace(ENTRY, rule=None)
    first = (await scene.send(scene.place, Content(entry=alone), "one")).message_id
    now = START + timedelta(hours=2)
    scene.discord.calendar_now = lambda: now
    coming = replace(alone, start=START + timedelta(days=7), end=START + timedelta(days=7, hours=1))
    second = (await scene.send(scene.place, upon(coming, first), "two")).message_id
    assert second != first
    scene.guild.scheduled_events.clear()
    third = (await scene.send(scene.place, upon(coming, second), "three")).message_id
    assert third not in {first, second}


async def test_a_full_calendar_and_a_missing_permission_are_told_apart(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        for number in range(100):
            scene.guild.scheduled_events[number] = {
                "id": str(number),
                "status": 1,
                "name": "other",
                "scheduled_start_time": START.isoformat(),
                "scheduled_end_time": ENTRY.end.isoformat(),
                "recurrence_rule": None,
                "creator_id": "1",
            }
        with pytest.raises(CalendarFull):
            await scene.send(scene.place, Content(entry=ENTRY))
        scene.guild.scheduled_events.clear()
        for role in scene.guild.roles.values():
            role.permissions &= ~permissions.CREATE_EVENTS
        with pytest.raises(CalendarForbidden):
            await scene.send(scene.place, Content(entry=ENTRY))


def dates_of(rule: dict[str, Any], start: datetime) -> list[datetime]:
    """The first dates of an event, counted as Discord does: in UTC."""
    by_weekday = [weekday(day) for day in rule.get("by_weekday", ())]
    for nth in rule.get("by_n_weekday", ()):
        by_weekday.append(weekday(nth["day"], -1 if nth["n"] == 5 else nth["n"]))
    frequencies: dict[int, Literal[1, 2, 3]] = {1: MONTHLY, 2: WEEKLY, 3: DAILY}
    found = rrule(
        frequencies[rule["frequency"]], dtstart=start, interval=rule["interval"], byweekday=by_weekday or None
    )
    return list(islice(found, 8))


RULES = st.one_of(
    st.frozensets(st.integers(1, 7), min_size=1).map(weekly),
    st.sampled_from(["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU", "FREQ=DAILY;INTERVAL=2"]),
    st.builds(
        "FREQ=MONTHLY;BYDAY={}{}".format,
        st.sampled_from([1, 2, 3, 4, 5, -1]),
        st.sampled_from(["MO", "WE", "SU"]),
    ),
    st.sampled_from(["FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1TU", "FREQ=DAILY;UNTIL=20271231"]),
)


@given(
    rule=RULES, wall=st.times(), zone=st.sampled_from(["Asia/Tokyo", "America/Phoenix", "Pacific/Kiritimati", "UTC"])
)
def test_what_discord_repeats_falls_on_the_meetings_own_dates(rule: str, wall: time, zone: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    all_dates = occurrences(
        Rule(rule=rule, wall=wall, zone_name=zone, start=date(2026, 11, 20)), (begin, begin + timedelta(days=400))
    )
    dates = [occurrence.at for occurrence in islice(all_dates, 8)]
    entry = replace(ENTRY, start=dates[0], end=dates[0] + timedelta(hours=1), zone=zone, rule=rule)
    repeated = recurrence_rule(entry)
    if repeated is not None:
        assert dates_of(repeated, dates[0]) == dates


def test_every_tuesday_is_repeated_and_a_fifth_one_is_not() -> None:
    assert recurrence_rule(ENTRY) is not None
    assert recurrence_rule(replace(ENTRY, rule="FREQ=MONTHLY;BYDAY=5TU")) is None
    assert recurrence_rule(replace(ENTRY, rule="FREQ=WEEKLY;BYDAY=MO,TH")) is None
    assert recurrence_rule(replace(ENTRY, rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")) is not None
