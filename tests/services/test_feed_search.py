"""What the quick search over many meetings finds is what looking at each of them would."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from harness import World
from harness.fixtures import on_both_databases

from bot.core.matching import fold
from bot.core.meetings.model import Attendance, Meeting
from bot.core.occurrences import Rule, occurrences, weekly
from bot.services.feeds import finding, postings, times
from bot.services.feeds.finding import Listed, Sought
from bot.services.feeds.importing import Wanted, import_source
from bot.services.feeds.vocabulary import Vocabulary

WEEK = timedelta(days=7)
ZONES = ("America/New_York", "America/Denver", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo")
CHANGES = (
    datetime(2026, 3, 8, 6, 59, tzinfo=UTC),  # New York and Denver go forward
    datetime(2026, 4, 4, 14, 50, tzinfo=UTC),  # Lord Howe goes back, by half an hour
    datetime(2026, 10, 25, 0, 20, 30, tzinfo=UTC),  # London goes back
    datetime(2026, 10, 29, 20, 30, tzinfo=UTC),  # Cairo goes back at midnight
    datetime(2026, 11, 23, 13, 0, tzinfo=UTC),
)
SEARCHES = (
    Sought(),
    Sought(text="early"),
    Sought(text="early hour", near="denver"),
    Sought(near="cairo", online=True),
    Sought(types=("W",), programme="aa"),
    Sought(types=("W",), in_person=True),
    Sought(programme="na"),
)


def feed(number: int, seed: int) -> list[dict[str, object]]:
    chosen = random.Random(seed)
    records: list[dict[str, object]] = []
    for n in range(number):
        zone = chosen.choice(ZONES)
        record: dict[str, object] = {
            "slug": f"m{n}",
            "name": f"{chosen.choice(('Early', 'Happy', 'Noon'))} {chosen.choice(('Hour', 'Group', 'Owls'))}",
            "day": chosen.randrange(7),
            "time": f"{chosen.choice((0, 1, 2, 3, 12, 19, 23)):02}:{chosen.choice((0, 15, 30)):02}",
            "timezone": zone,
            "types": chosen.sample(["O", "W", "X", "ST", "TC"], 2),
            "city": zone.partition("/")[2].replace("_", " "),
            "address": f"{n} Main St",
        }
        if chosen.random() < 0.3:
            record["conference_url"] = f"https://zoom.us/j/{n + 100000000}"
        records.append(record)
    return records


def fits(meeting: Meeting, sought: Sought) -> bool:
    said = fold(f"{meeting.name} {meeting.place.city}").split()
    online = meeting.attendance in {Attendance.ONLINE, Attendance.BOTH}
    in_person = meeting.attendance in {Attendance.IN_PERSON, Attendance.BOTH}
    return (
        all(word in said for word in f"{sought.text} {sought.near}".split())
        and (not sought.online or online)
        and (not sought.in_person or in_person)
        and set(sought.types) <= set(meeting.types)
        and sought.programme in {None, meeting.programme}
    )


def slowly(listed: list[Listed], begin: datetime) -> list[tuple[datetime, Listed]]:
    """The first start of each meeting within a week, in order: every one of them is looked at."""
    found = []
    for each in listed:
        meeting = each.meeting
        if meeting.wall is None or meeting.zone is None or each.status.value in postings.NOT_NOW:
            continue
        rule = Rule(rule=weekly(meeting.weekdays), wall=meeting.wall, zone_name=meeting.zone, start=date(2020, 1, 1))
        start = next(iter(occurrences(rule, (begin, begin + WEEK))), None)
        if start is not None:
            found.append((start.at, each))
    return sorted(found, key=lambda one: (one[0], one[1].id))


@on_both_databases
async def test_the_first_to_come_are_the_same_as_by_looking_at_each(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(feed(150, seed=1)), "utf-8")
    wanted = Wanted(source=str(path), path=path, community_id=None, community_zone="UTC")
    report = await import_source(world.database, wanted, now=world.now)
    assert (report.added, report.problem) == (150, None)
    async with world.database.read() as tx:
        everything = await finding.matching(tx, None, Sought(), Vocabulary(), limit=1000)
        few, many = Vocabulary(), Vocabulary()
        for begin in CHANGES:
            all_week = slowly(everything, begin)
            for number, sought in enumerate(SEARCHES):
                end = begin + (WEEK, timedelta(hours=30), timedelta(hours=2))[number % 3]
                right = [(start, each.id) for start, each in all_week if start < end and fits(each.meeting, sought)]
                # As with ever so many meetings, too: hardly any words are rare, and a look is at a few starts only.
                for known, rare, together in ((few, 1000, 4), (many, 3, 1)):
                    monkeypatch.setattr(finding, "FEW", rare)
                    monkeypatch.setattr(times, "_TOGETHER", together)
                    quickly = await finding.coming(tx, None, sought, known, begin=begin, end=end, limit=20)
                    assert [(each.start, each.id) for each in quickly] == right[:20], (begin, sought, rare)


def test_windows_have_each_minute_of_the_zone_once() -> None:
    for begin in CHANGES:
        for name in ZONES:
            zone = ZoneInfo(name)
            end = begin + timedelta(hours=30)
            windows = list(times._windows(zone, begin, end))
            assert all(since <= until for _zone, _day, since, until, _base in windows)
            spans = sorted((day, since, until) for _zone, day, since, until, _base in windows)
            assert all(one[2] < other[1] for one, other in pairwise(spans) if one[0] == other[0])
