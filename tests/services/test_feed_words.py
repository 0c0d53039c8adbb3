"""How a listed meeting is shown to people."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.core.meetings.model import Attendance, Meeting
from bot.core.words import ENGLISH
from bot.services.feeds.finding import Listed
from bot.services.feeds.showing import field_of

IN_LOS_ANGELES = Meeting(key="a", name="Harbour Lights", zone="America/Los_Angeles", attendance=Attendance.IN_PERSON)
AT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)


def shown(meeting: Meeting, zone: str) -> str:
    listed = Listed(id=1, handle="a", feed_id=1, meeting=meeting, source="list", contact="", read_at=None, start=AT)
    return ENGLISH.render(field_of(listed, ZoneInfo(zone), "en").value)


def test_who_looks_from_another_zone_reads_what_the_clock_shows_at_the_door() -> None:
    assert "There the clock shows 19:30 then." in shown(IN_LOS_ANGELES, "America/New_York")


def test_who_is_in_the_meetings_zone_or_comes_online_reads_one_time() -> None:
    assert "There the clock" not in shown(IN_LOS_ANGELES, "America/Los_Angeles")
    assert "There the clock" not in shown(replace(IN_LOS_ANGELES, attendance=Attendance.ONLINE), "America/New_York")
