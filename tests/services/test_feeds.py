"""Feeds taken in: all at once or not at all, the same again for nothing, and followers told what is gone."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import func, select, update

from bot.app import load_languages
from bot.services.feeds import finding, nearby, pacing
from bot.services.feeds.fetching import Limits
from bot.services.feeds.finding import Sought
from bot.services.feeds.pacing import Pace
from bot.services.feeds.report import Report
from bot.services.feeds.taking import Asked, take_all
from bot.services.feeds.vocabulary import Vocabulary
from bot.services.meetings import Meetings
from bot.services.voice import Voice
from bot.storage.feed_tables import ListedMeeting, ListedPosting, MeetingFeed, is_visible
from bot.storage.tables import Community, MeetingRow


def record(number: int, **other: Any) -> dict[str, Any]:
    return {
        "slug": f"m{number}",
        "name": f"Meeting number {number}",
        "day": number % 7,
        "time": "19:00",
        "formatted_address": f"{number} Main St, Anytown, NY 12345, USA",
        **other,
    }


TEN = [record(number) for number in range(10)]


@dataclass
class Feeds:
    """A folder of feeds, and what importing them says."""

    world: World
    folder: Path

    async def take(self, records: Any, name: str = "feed.json", **asked: Any) -> Report:
        path = self.folder / name
        path.write_text(records if isinstance(records, str) else json.dumps(records), "utf-8")
        community = (await self.world.rows(select(Community.id)))[0]
        meetings = Meetings(Voice(load_languages(), lambda: None))
        wanted = Asked(community_id=community, **asked)
        reports = await take_all(
            self.world.database, [str(path)], wanted, Limits(), now=self.world.now, meetings=meetings
        )
        return reports[0]

    async def listed(self, **sought: Any) -> set[str]:
        async with self.world.database.read() as tx:
            community = await tx.session.scalar(select(Community.id))
            found = await finding.matching(tx, community, Sought(**sought), Vocabulary(), limit=100)
        return {each.meeting.name for each in found}


@pytest.fixture
def feeds(world: World, tmp_path: Path) -> Feeds:
    (tmp_path / "feeds").mkdir()
    return Feeds(world, tmp_path / "feeds")


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.gone, report.refusals


@on_both_databases
async def test_a_feed_is_compared_with_what_it_was(feeds: Feeds) -> None:
    assert counts(await feeds.take([*TEN, {"name": ""}])) == (10, 0, 0, 0, 1)
    assert counts(await feeds.take(TEN)) == (0, 0, 10, 0, 0)
    other = [record(0, time="20:00"), *TEN[2:], record(11)]
    assert counts(await feeds.take(other)) == (1, 1, 8, 1, 0)
    assert await feeds.listed() == {f"Meeting number {n}" for n in (0, *range(2, 10), 11)}
    assert (await feeds.world.rows(select(func.count(ListedMeeting.id))))[0] == 10
    dry = await feeds.take(TEN[:9], dry_run=True)
    assert counts(dry) == (1, 1, 7, 2, 0)
    assert "Meeting number 11" in await feeds.listed()


@on_both_databases
async def test_meetings_are_found_by_words_with_a_typo_and_by_time(feeds: Feeds) -> None:
    await feeds.take([*TEN, record(20, name="Serenity Circle", day=1, time="08:30", types=["W", "O"], city="Utica")])
    assert await feeds.listed(text="serenty cirle") == {"Serenity Circle"}
    assert await feeds.listed(near="utika", types=("W",)) == {"Serenity Circle"}
    assert await feeds.listed(text="zzzz") == set()
    async with feeds.world.database.read() as tx:
        community, now = await tx.session.scalar(select(Community.id)), feeds.world.now
        coming = await finding.coming(
            tx, community, Sought(), Vocabulary(), begin=now, end=now + timedelta(hours=2), limit=6
        )
        all_week = await finding.coming(
            tx, community, Sought(), Vocabulary(), begin=now, end=now + timedelta(days=7), limit=50
        )
    assert [each.meeting.name for each in coming] == ["Serenity Circle"]
    assert [each.start for each in all_week] == sorted(each.start for each in all_week if each.start)
    assert len(all_week) == 11


async def test_what_breaks_off_or_shrinks_keeps_what_was_there(feeds: Feeds) -> None:
    await feeds.take(TEN)
    text = json.dumps(TEN)
    for bad in (text[:-20], text + " invalid", "<html><title>Just a moment...</title>", "", "{}"):
        report = await feeds.take(bad)
        assert report.problem
        assert report.kept
        assert len(await feeds.listed()) == 10
    shrunk = await feeds.take(TEN[:4])
    assert shrunk.problem == "it has only 4 meetings, and had 10: more than half are gone"
    assert len(await feeds.listed()) == 10
    assert (await feeds.world.rows(select(MeetingFeed.problem)))[0] == shrunk.problem
    assert counts(await feeds.take(TEN[:4], accept_fewer=True)) == (0, 0, 4, 6, 0)


@on_both_databases
async def test_what_is_as_it_was_is_not_written_again_and_nothing_leads_to_what_is_gone(feeds: Feeds) -> None:
    await feeds.take([*TEN, record(20, name="Serenity Circle")])
    rows = select(ListedMeeting.id, ListedMeeting.born, ListedMeeting.last).order_by(ListedMeeting.id)
    async with feeds.world.database.read() as tx:
        before = (await tx.session.execute(rows)).all()
        terms = set(await tx.session.scalars(select(ListedPosting.term)))
    await feeds.take(TEN)
    async with feeds.world.database.read() as tx:
        assert (await tx.session.execute(rows)).all() == before[:-1]
        assert terms - set(await tx.session.scalars(select(ListedPosting.term))) == {"serenity", "circle"}


async def test_a_reading_that_broke_down_half_way_is_put_right_by_the_next(feeds: Feeds) -> None:
    await feeds.take(TEN)
    async with feeds.world.database.begin() as tx:
        first, second = list(await tx.session.scalars(select(ListedMeeting).order_by(ListedMeeting.id).limit(2)))
        (await tx.session.scalars(select(MeetingFeed))).one().attempts = 2
        first.last = 1  # it would have been gone
        second.born = 2  # it would have been new
    assert len(await feeds.listed()) == 9
    assert counts(await feeds.take(TEN)) == (1, 0, 9, 1, 0)
    assert len(await feeds.listed()) == 10
    assert (await feeds.world.rows(select(func.count(ListedMeeting.id))))[0] == 10


async def test_the_same_record_twice_is_one_and_one_id_on_two_days_is_two(feeds: Feeds) -> None:
    report = await feeds.take([*TEN, TEN[0], record(1, day=5)])
    assert (report.added, report.merged) == (11, 1)
    again = await feeds.take([*TEN, TEN[0], record(1, day=5)])
    assert (again.unchanged, again.merged) == (11, 1)


async def test_a_meeting_of_two_feeds_is_listed_once(feeds: Feeds) -> None:
    await feeds.take(TEN)
    copy = [{**each, "slug": f"other-{n}", "name": each["name"].upper()} for n, each in enumerate(TEN)]
    report = await feeds.take([*copy[:5], record(30)], "second.json")
    assert (report.added, report.merged) == (6, 5)
    assert len(await feeds.listed()) == 11
    await feeds.take([TEN[0], *TEN[5:]])
    assert len(await feeds.listed()) == 11


async def test_who_follows_is_told_what_is_gone_and_goes_along_with_changes(feeds: Feeds) -> None:
    world = feeds.world
    await feeds.take(
        [
            *TEN,
            record(
                40,
                name="Harvest Circle",
                day=1,
                time="10:00",
                notes="last Monday of the month",
                conference_url="https://zoom.us/j/987654321?pwd=sEcReT12",
            ),
        ]
    )
    await world.alice.says("meetings find harvest monday")
    listed = world.alice.sees("Harvest Circle", "Not every week the same", "More: Harvest Circle")
    assert "sEcReT12" not in listed.text
    await world.alice.clicks("More: Harvest Circle")
    world.alice.sees("zoom.us/j/987654321?pwd=sEcReT12", "Passcode: sEcReT12", "Something is wrong here")
    await world.alice.clicks("Remind me")
    world.alice.sees("I'll remind you privately 15 min before Harvest Circle")
    await world.until("2026-11-23 09:45")
    world.alice.sees("Harvest Circle starts soon")
    assert (await world.rows(select(MeetingRow.wall).where(MeetingRow.feed_id.is_not(None))))[0].hour == 10
    await feeds.take([*TEN, record(40, name="Harvest Circle", day=1, time="11:00")])
    assert (await world.rows(select(MeetingRow.wall).where(MeetingRow.feed_id.is_not(None))))[0].hour == 11
    await feeds.take(TEN)
    await world.app.settle()
    world.alice.sees("Harvest Circle will not take place any more")


async def test_a_closed_meeting_is_not_offered_and_one_of_another_community_not_known(feeds: Feeds) -> None:
    world = feeds.world
    await feeds.take([*TEN, record(50, name="Closed Circle", types=["TC"])])
    await world.alice.says("meetings wrong Closed Circle")
    world.alice.sees("is listed by feed.json")
    async with world.database.begin() as tx:
        feed = (await tx.session.scalars(select(MeetingFeed))).one()
        other = Community(
            slug="other", name="Other", country="US", zone="UTC", languages=["en"], checkin_time=world.now.time(),
            policy=[], retention_days=30, resources_file=None, lexicon_file=None,
        )  # fmt: skip
        tx.session.add(other)
        await tx.session.flush()
        feed.community_id = other.id
    await world.alice.says("meetings find meeting number")
    world.alice.sees("I know of no such meeting")


async def test_what_is_hostile_is_refused_or_read_and_nothing_breaks(feeds: Feeds) -> None:
    deep = "[" * 50_000 + "]" * 50_000
    for text in (
        deep,
        f'[{{"name": {deep}, "day": {deep}, "time": {deep}, "url": {deep}, "weekday_tinyint": {deep}}}]',
        '[{"name": "A", "day": 1e400, "time": "19:00"}]',
        '[{"name": "\\u0000\\u202e", "day": 1}]',
        "Name,Day,Time\n" + "x" * 400_000 + ",Monday,7 PM\n",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:A\nDTSTART:99999999T999999\nRRULE:FREQ=DAILY;COUNT=999999999\nEND:VEVENT\n",
        '{"a": {"b": "c"}}',
        "[1, 2, null, [], {}]",
    ):
        report = await feeds.take(text, "hostile.txt")
        assert report.problem or report.refusals, text[:40]
        assert await feeds.listed() == set()
    long = '[{"name": "' + "x" * 5_000_000 + '"}]'
    assert (await feeds.take(long, "long.txt")).problem == "one of its records is too long"


async def test_an_older_sheet_of_google_is_read(feeds: Feeds) -> None:
    cells = {"gsx$meetingname": {"$t": "Dawn"}, "gsx$day": {"$t": "Friday"}, "gsx$starttime": {"$t": "6:30 AM"}}
    report = await feeds.take({"version": "1.0", "feed": {"id": {"$t": "x"}, "entry": [cells]}})
    assert report.added == 1
    assert await feeds.listed(text="dawn") == {"Dawn"}


async def test_a_listed_meeting_goes_into_the_calendar_but_none_that_is_not_every_week_the_same(feeds: Feeds) -> None:
    world = feeds.world
    odd = record(1, name="Candle night", notes="Last Monday of the month only.")
    await feeds.take([odd, record(2, name="Sunrise walkers"), *TEN[3:]])
    await world.olive.says('meetings mirror "Candle night"')
    world.olive.sees("not every week the same", "meetings add")
    await world.olive.says('meetings mirror "Sunrise walkers"')
    world.olive.sees("Sunrise walkers goes into the calendar")
    world.room("lobby").sees("Sunrise walkers", "Next: Tue 24 Nov, 19:00", "2 Main St", "BEGIN:VCALENDAR")
    assert await world.rows(select(MeetingRow.name).where(MeetingRow.feed_id.is_not(None))) == ["Sunrise walkers"]
    world.olive.unseen.clear()


def placed(number: int, city: str, **other: Any) -> dict[str, Any]:
    address = f"{number} Elm St, {city}, MA 02139, USA"
    return {**record(number, day=2, time="19:00", city=city, formatted_address=address), **other}


async def test_meetings_near_a_town_a_postcode_or_a_point_are_the_nearest_first_with_how_far(feeds: Feeds) -> None:
    await feeds.take(
        [
            *(placed(n, "Boston", latitude=42.36 + n / 500, longitude=-71.06) for n in range(3)),
            placed(3, "Quincy", latitude=42.25, longitude=-71.0),
            placed(4, "Springfield", latitude=42.1, longitude=-72.59),
            placed(5, "Boston", name="Nobody knows where"),
            placed(6, "Boston", name="From anywhere", attendance_option="online", conference_url="https://zoom.us/j/1"),
            placed(7, "Quincy", name="In May", day=3, latitude=42.25, longitude=-71.0),
        ],
        zone="America/New_York",
    )
    world = feeds.world
    await world.alice.says("meetings find tuesday near bosten")
    text = world.alice.sees("Meetings, the nearest first").text
    names = ["Meeting number 1", "Meeting number 0", "Meeting number 2", "Meeting number 3", "Nobody knows where"]
    assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)
    assert "less than a mile away" in text
    assert "about 8 miles away" in text
    assert "no point on the map" in text
    assert "From anywhere" not in text
    for place in ("42.25, -71.0", "quincy"):
        await world.alice.says(f"meetings find near {place}")
        assert "Meeting number 3" in world.alice.sees("Meetings, the nearest first").text.split("away")[0]
    await world.alice.says("meetings find near 02139 saturday")
    world.alice.sees("None then, but these are near there", "Meeting number 0")
    await world.alice.says("settings country DE")
    world.alice.sees("Germany")
    await world.alice.says("meetings find women near 41.0, -73.0")
    world.alice.sees("I know of no such meeting")


async def test_a_rare_meeting_is_found_behind_many_that_are_nearer(
    feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearby, "REACH", ((160.0, 2),))
    near = [placed(n, "Boston", latitude=42.36 + n / 500, longitude=-71.06) for n in range(4)]
    await feeds.take([*near, placed(5, "Quincy", name="Lighthouse", latitude=42.25, longitude=-71.0)])
    await feeds.world.alice.says("meetings find lighthouse near 42.36, -71.06")
    feeds.world.alice.sees("the nearest first", "Lighthouse")


async def test_a_large_feed_leaves_room_for_the_communitys_own_meetings(feeds: Feeds) -> None:
    await feeds.take([record(n, name=f"Sooner {n}", day=n % 7, time="12:30") for n in range(30)])
    await feeds.world.alice.says("meetings")
    feeds.world.alice.sees("The next meetings", "Evening group", "Sooner", "the next 6, and 28 more: “meetings find")
    await feeds.world.alice.says("meetings find sooner")
    feeds.world.alice.sees("These are the first 6, and 24 more: more words find fewer")


async def test_places_across_the_antimeridian_are_near_each_other(feeds: Feeds) -> None:
    await feeds.take(
        [placed(1, "Taveuni", latitude=-16.8, longitude=-179.98), placed(2, "Rabi", latitude=-16.8, longitude=179.9)]
    )
    await feeds.world.alice.says("meetings find near -16.8, 179.99")
    text = feeds.world.alice.sees("the nearest first").text
    assert text.index("number 1") < text.index("number 2")


@on_both_databases
async def test_whoever_writes_while_a_feed_is_imported_comes_between_two_steps(
    feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a slow machine: each step is as short as it may be. What counts is the old or the new, at any moment."""
    monkeypatch.setattr(pacing, "FIRST", pacing.FEWEST)
    monkeypatch.setattr(pacing, "LONGEST", 0.0001)
    await feeds.take([record(number) for number in range(200)])
    database = feeds.world.database
    importing = asyncio.create_task(feeds.take([record(number, notes="new") for number in range(300)]))
    written, most = 0, 0
    while not importing.done():
        async with database.begin() as tx:
            await tx.session.execute(update(Community).values(name=f"Written {written}"))
            rows = await tx.session.scalar(select(func.count(ListedMeeting.id))) or 0
            counts_now = await tx.session.scalar(
                select(func.count(ListedMeeting.id)).join(MeetingFeed).where(is_visible())
            )
        assert counts_now in {200, 300}
        written, most = written + 1, max(most, rows)
    assert counts(await importing) == (100, 200, 0, 0, 0)
    assert most > 200, "the import was looked at while it was going on"
    assert written >= 300 / pacing.FEWEST, "nobody waits for more than one step"


def test_a_step_is_as_large_as_the_machine_is_fast() -> None:
    """Bounded, and at most twice as large as the last: one quick step says little."""
    pace = Pace()
    for took, size in ((0.001, 200), (0.001, 400), (0.001, 800), (0.001, 1000), (0.03, 1000), (0.3, 100), (9.0, 25)):
        pace.took(took)
        assert pace.size == size
