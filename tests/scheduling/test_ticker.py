"""The ticker goes on ticking, whatever is done to the machine's clock."""

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo

import apscheduler.schedulers.base
import pytest

from bot.scheduling.clock import TOLERANCE, ClockWatch
from bot.scheduling.ticker import Ticker

OFTEN = timedelta(milliseconds=20)
PATIENCE = 20
SECOND = timedelta(seconds=1)


class SettableClock:
    """The machine's clock, as far as APScheduler and the ticker see it."""

    def __init__(self) -> None:
        self.set_by = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.set_by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    clock = SettableClock()

    class Shown(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Shown":
            shown = clock().astimezone(tz)
            return cls.combine(shown.date(), shown.timetz())

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Shown)
    return clock


async def ticks(count: int, clock: SettableClock, jumps: timedelta) -> None:
    """Tick twice, set the clock, and tick `count` times more."""
    ticked: asyncio.Queue[None] = asyncio.Queue()

    async def tick() -> None:
        ticked.put_nowait(None)

    ticker = Ticker(clock)
    ticker.every(OFTEN, tick, "tick")
    ticker.start()
    try:
        for _tick in range(2):
            await asyncio.wait_for(ticked.get(), PATIENCE)
        clock.set_by += jumps
        for _tick in range(count):
            await asyncio.wait_for(ticked.get(), PATIENCE)
    finally:
        await ticker.stop()


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=365 * 12)])
async def test_a_clock_that_is_set_back_does_not_stop_the_ticker(clock: SettableClock, back: timedelta) -> None:
    await ticks(3, clock, -back)


@pytest.mark.parametrize("forward", [timedelta(hours=1), timedelta(days=365 * 50)])
async def test_a_clock_that_is_set_forward_does_not_make_up_for_what_it_skipped(
    clock: SettableClock, forward: timedelta
) -> None:
    await ticks(3, clock, forward)


async def test_a_job_that_fails_is_called_again(caplog: pytest.LogCaptureFixture) -> None:
    called: asyncio.Queue[None] = asyncio.Queue()

    async def fail() -> None:
        called.put_nowait(None)
        raise ValueError("somebody's words")

    ticker = Ticker()
    ticker.every(OFTEN, fail, "failing")
    ticker.start()
    try:
        for _call in range(2):
            await asyncio.wait_for(called.get(), PATIENCE)
    finally:
        await ticker.stop()
    assert "failing failed and will be tried again: ValueError" in caplog.text
    assert "words" not in caplog.text


class Pair:
    """A clock that can be set and one that cannot."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 9, tzinfo=UTC)
        self.steady = 1000.0
        self.watch = ClockWatch(lambda: self.now, lambda: self.steady)

    def pass_(self, seconds: float, *, shown: timedelta | None = None) -> timedelta:
        """Let time pass, and the clock show that as much has passed as `shown`; the jump that is seen."""
        self.steady += seconds
        self.now += timedelta(seconds=seconds) if shown is None else shown
        return self.watch.jump()


def test_a_clock_that_runs_well_has_no_jumps() -> None:
    pair = Pair()
    assert [pair.pass_(seconds) for seconds in (0, 1, 3600, 1)] == [timedelta()] * 4


@pytest.mark.parametrize("jump", [timedelta(days=-4000), timedelta(seconds=-10), timedelta(days=20000), 10 * SECOND])
def test_a_jump_is_seen_once_and_to_the_second(jump: timedelta) -> None:
    pair = Pair()
    assert pair.pass_(2, shown=2 * SECOND + jump) == jump
    assert pair.pass_(2) == timedelta()


def test_a_clock_that_is_put_right_little_by_little_does_not_jump() -> None:
    pair = Pair()
    assert {pair.pass_(1, shown=0.5 * TOLERANCE) for _tick in range(100)} == {timedelta()}
