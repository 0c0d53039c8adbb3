"""Discord's time, from its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.platforms.discord import servertime
from bot.platforms.discord.servertime import ServerTime

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> ServerTime:
    monkeypatch.setattr(servertime, "_own_time", lambda: NOW)
    return ServerTime()


def test_before_any_answer_it_is_this_machines_time(time: ServerTime) -> None:
    assert time.now() == NOW


@pytest.mark.parametrize("ahead", [timedelta(days=3), timedelta(days=-3), timedelta(minutes=2)])
def test_a_clock_that_is_off_is_put_right(time: ServerTime, ahead: timedelta) -> None:
    time.note({"Date": format_datetime(NOW + ahead, usegmt=True)})
    assert time.now() == NOW + ahead


def test_a_clock_that_was_set_right_is_believed_again(time: ServerTime) -> None:
    time.note({"Date": format_datetime(NOW + timedelta(days=3), usegmt=True)})
    time.note({"Date": format_datetime(NOW, usegmt=True)})
    assert time.now() == NOW


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 99 Foo 2026 12:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "x" * 9999]
)
def test_a_date_that_cannot_be_read_is_passed_over(time: ServerTime, date: str) -> None:
    time.note({"Date": date})
    assert time.now() == NOW


def test_an_answer_without_a_date_is_passed_over(time: ServerTime) -> None:
    time.note({})
    assert time.now() == NOW
