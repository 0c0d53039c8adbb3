"""Keeping to Discord's global limit, with a window moved by hand and against the loopback server."""

import asyncio
import contextlib
import random
from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from functools import partial

import discord as library
import discord_scene
import pytest
from discord_scene import Scene
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_discord import Channel, LoopbackDiscord
from loopback_discord.notifier import PATIENCE

from bot.core.content import Content
from bot.core.platform import TryAgain
from bot.platforms.discord import DiscordPlatform
from bot.platforms.discord.pacing import Pace, Slot, Window

LIMIT = 50

discord = discord_scene.discord


class Wire:
    """A way to Discord: requests are counted on the way, and answered, each after a delay of its own."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.now = 0.0
        self.counted: list[float] = []
        self.left: list[float] = []
        self._answers: list[tuple[float, Slot]] = []

    def go_to(self, now: float) -> None:
        for due, slot in sorted(self._answers, key=lambda answer: answer[0]):
            if due <= now:
                self.window.answered(slot, due)
                self._answers.remove((due, slot))
        self.now = now

    def send(self, *, there: float, back: float, urgent: bool = False) -> float:
        """Send as soon as the window lets it; the seconds waited."""
        before = self.now
        while (wait := self.window.wait(self.now, urgent=urgent)) > 0:
            self.go_to(self.now + wait + 1e-6)
        slot = self.window.leave(self.now, urgent=urgent)
        self.left.append(self.now)
        self.counted.append(self.now + there)
        self._answers.append((self.now + there + back, slot))
        return self.now - before

    def most_in_a_second(self) -> int:
        times = sorted(self.counted)
        return max(bisect_left(times, start + 1.0) - index for index, start in enumerate(times))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    quickest=st.floats(0.0, 0.1),
    slower=st.floats(0.0, 0.5),
    idle=st.floats(0.0, 0.05),
    urgent=st.floats(0.0, 1.0),
)
def test_no_second_at_discord_holds_more_than_the_limit_however_slow_the_way_is(
    seed: int, quickest: float, slower: float, idle: float, urgent: float
) -> None:
    dice = random.Random(seed)
    wire = Wire(Window(LIMIT))
    # No way is shorter than the first.
    wire.send(there=quickest, back=0.0)
    for _request in range(200):
        wire.go_to(wire.now + dice.uniform(0.0, idle))
        there, back = (dice.uniform(0.0, slower) * dice.randrange(2) for _way in range(2))
        wire.send(there=quickest + there, back=back, urgent=dice.random() < urgent)
    assert wire.most_in_a_second() <= LIMIT


@pytest.mark.parametrize("way", [0.0, 0.1, 0.5])
def test_a_long_way_does_not_make_it_slower(way: float) -> None:
    wire = Wire(Window(LIMIT))
    for _request in range(500):
        wire.send(there=way / 2, back=way / 2)
    assert 499 / (wire.left[-1] - wire.left[0]) >= 0.95 * LIMIT
    assert wire.most_in_a_second() <= LIMIT


def test_a_stall_is_not_made_up_for_beyond_the_limit() -> None:
    wire = Wire(Window(LIMIT))
    for request in range(300):
        if request % 40 == 39:
            wire.go_to(wire.now + 0.7)
        wire.send(there=0.005, back=0.005)
    assert wire.most_in_a_second() <= LIMIT


def test_what_is_urgent_leaves_at_once_while_the_limit_is_used_to_the_full() -> None:
    wire = Wire(Window(LIMIT))
    waited = []
    for request in range(400):
        if request % 30 == 29:
            waited.append(wire.send(there=0.005, back=0.005, urgent=True))
        wire.send(there=0.005, back=0.005)
    assert max(waited) <= 0.001
    assert wire.most_in_a_second() <= LIMIT


def test_a_server_that_never_answers_holds_nothing_up_for_long() -> None:
    window = Window(LIMIT)
    for _request in range(LIMIT):
        window.leave(0.0, urgent=True)
    assert window.wait(0.5, urgent=True) > 0
    assert window.wait(3.1, urgent=True) == 0


@pytest.mark.parametrize("limit", [1, 2])
def test_the_smallest_limits_work(limit: int) -> None:
    wire = Wire(Window(limit))
    for request in range(10):
        wire.send(there=0.0, back=0.0, urgent=request % 2 == 0)
    assert wire.most_in_a_second() <= limit


# The turns


async def test_urgent_requests_go_before_all_that_wait() -> None:
    now = 0.0
    pace = Pace(2, clock=lambda: now)
    order: list[str] = []

    async def ask(name: str, *, urgent: bool) -> None:
        await pace.turn(urgent=urgent)
        order.append(name)

    await ask("first", urgent=False)
    await ask("reserve", urgent=True)
    asking = [asyncio.create_task(ask(f"ordinary {n}", urgent=False)) for n in range(3)]
    asking += [asyncio.create_task(ask(f"urgent {n}", urgent=True)) for n in range(2)]
    for _turn in range(6):
        await asyncio.sleep(0)
        now += 4.0
        pace._let_go()
    await asyncio.gather(*asking)
    assert order == ["first", "reserve", "urgent 0", "urgent 1", "ordinary 0", "ordinary 1", "ordinary 2"]


async def test_a_request_that_is_given_up_takes_nobodys_turn() -> None:
    now = 0.0
    pace = Pace(1, clock=lambda: now)
    await pace.turn(urgent=False)
    given_up, next_one = (asyncio.create_task(pace.turn(urgent=False)) for _ in range(2))
    await asyncio.sleep(0)
    now = 5.0
    pace._let_go()
    given_up.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await given_up
    assert (await next_one).left == 5.0


# When the whole bot has to wait


class Shut:
    """A pace that was told at second 0 to wait for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.now = 0.0
        self.pace = Pace(LIMIT, clock=lambda: self.now)
        self.pace.shut(seconds)

    async def left(self, *, urgent: bool = False) -> Slot | None:
        """A request that asks now: when it has left, None if it was refused."""
        try:
            return await self.pace.turn(urgent=urgent)
        except library.RateLimited:
            return None


async def test_while_the_whole_bot_has_to_wait_nothing_leaves_until_the_named_instant() -> None:
    shut = Shut(600)
    for now in (0.0, 100.0, 594.0):
        shut.now = now
        assert shut.pace.refusal(urgent=False) == 600 - now
        assert await shut.left() is None
    shut.now = 600.0
    assert shut.pace.refusal(urgent=False) is None
    assert await shut.left() is not None


async def test_of_what_is_urgent_one_request_in_five_seconds_sees_whether_the_wait_is_over() -> None:
    shut = Shut(600)
    left = []
    for second in range(60):
        shut.now = float(second)
        left += [slot.left for _try in range(10) if (slot := await shut.left(urgent=True)) is not None]
    assert left == [5.0 * probe for probe in range(1, 12)]


async def test_an_answer_as_usual_to_an_urgent_request_ends_the_wait() -> None:
    shut = Shut(600)
    shut.now = 5.0
    probe = await shut.left(urgent=True)
    assert probe is not None
    shut.pace.open(Slot(left=-1.0))  # that one left before
    assert await shut.left() is None
    shut.pace.open(probe)
    assert await shut.left() is not None


async def test_a_short_wait_is_sat_out() -> None:
    shut = Shut(0.02)
    waiting = asyncio.create_task(shut.left(urgent=True))
    await asyncio.sleep(0)
    assert not waiting.done()
    shut.now = 0.02
    slot = await waiting
    assert slot is not None
    assert slot.left == 0.02


async def test_what_waits_already_is_refused_when_the_whole_bot_has_to_wait() -> None:
    shut = Shut(1.0)
    waiting = [asyncio.create_task(shut.left(urgent=urgent)) for urgent in (True, False)]
    await asyncio.sleep(0)
    shut.pace.shut(600)
    assert await asyncio.gather(*waiting) == [None, None]


@pytest.mark.parametrize("html", [True, False], ids=["Cloudflare", "global limit"])
async def test_after_one_refusal_of_the_whole_bot_nothing_more_is_asked(discord: LoopbackDiscord, html: bool) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.reads_back()
        if html:
            discord.fail_next("POST", "/messages", status=429, html=True, retry_after=599)
        else:
            discord.storm(60.0, retry_after=599)
        with pytest.raises(TryAgain) as first:
            await scene.send(scene.place, "first", "first")
        asked = len(discord.requests)
        for number in range(50):
            with pytest.raises(TryAgain) as refused:
                await scene.send(scene.place, "next", f"next {number}")
            assert refused.value.after is not None
            assert timedelta(seconds=590) < refused.value.after <= timedelta(seconds=600)
        assert len(discord.requests) == asked
        assert first.value.after is not None
        discord.storm(0)
        scene.platform._pace._next_probe = 0.0  # five seconds later
        await scene.platform.send(scene.place, Content(text="page"), "page", retried=False, urgent=True)
        await scene.send(scene.place, "first", "first", retried=True)
    assert [message.content for message in discord.messages(scene.channel)] == ["page", "first"]


async def test_an_urgent_message_that_is_refused_with_the_whole_bot_comes_back_for_the_next_probe(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.reads_back()
        discord.fail_next("POST", "/messages", status=429, html=True, retry_after=599)
        for _try in range(2):
            with pytest.raises(TryAgain) as refused:
                await scene.platform.send(scene.place, Content(text="page"), "page", retried=False, urgent=True)
            assert refused.value.after is not None
            assert refused.value.after <= timedelta(seconds=5)


async def test_a_request_that_is_given_up_at_a_global_limit_holds_up_no_other(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.reads_back()
        discord.storm(60.0, retry_after=0.4)
        given_up = asyncio.create_task(scene.send(scene.place, "given up", "given up"))
        await discord.wait_until(lambda: discord.rate_limited > 0)
        await asyncio.sleep(0.1)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        discord.storm(0)
        async with asyncio.timeout(PATIENCE):
            await scene.send(scene.place, "next", "next")


# Against a Discord that counts


async def test_several_senders_keep_to_the_limit_and_an_urgent_message_overtakes_them() -> None:
    discord = LoopbackDiscord(global_limit=LIMIT)
    await discord.start()
    scene = Scene(discord)
    scene.platform = DiscordPlatform(replace(scene.account, requests_per_second=LIMIT), scene.hub)
    channels = [scene.guild.add_text_channel(f"c{number}") for number in range(12)]

    async def send(number: int, channel: Channel) -> None:
        place = replace(scene.place, id=str(channel.id))
        for turn in range(9):
            key = f"{number}:{turn}"
            await scene.platform.send(place, Content(text="hello"), key, retried=False, urgent=False)

    def has_written(messages: int) -> bool:
        return len(discord.records) >= messages

    async with scene.running():
        senders = [asyncio.create_task(send(number, channel)) for number, channel in enumerate(channels)]
        overtaken = []
        for page in range(3):
            await discord.wait_until(partial(has_written, 30 * (page + 1)))
            before = len(discord.records)
            await scene.platform.send(scene.place, Content(text="page"), f"page {page}", retried=False, urgent=True)
            overtaken.append([one.content for one in discord.records[before:]].index("page"))
        await asyncio.gather(*senders)
    await discord.stop()
    assert discord.rate_limited == 0
    assert discord.limits.most_in_a_second() <= LIMIT
    # Only what had left already comes before it, and not the senders that wait. How close to the limit they all come
    # is measured in bench/, on a machine that does nothing else.
    assert max(overtaken) < len(channels)
