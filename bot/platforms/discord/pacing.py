"""Keeping to Discord's global limit: 50 requests a second and bot, whatever they are for.

Discord documents the limit under "Rate Limits, Global Rate Limit". Answers to interactions and webhooks are not
counted; a bigger bot may be given more. The limits of single routes are kept by discord.py.

When Discord says that the whole bot has to wait, all of it does: who goes on asking is banned for longer ("Invalid
Request Limit": 10,000 refused requests in 10 minutes).
"""

import asyncio
import heapq
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp
import discord
import yarl

log = logging.getLogger(__name__)

SECOND = 1.005
"""Discord's second in ours, with a margin for two clocks that run differently."""

_LOST = 2.0
"""Seconds after which a request without an answer is no longer expected to be counted."""

_CATCH_UP = 5
"""Ordinary requests that may follow each other at once after the event loop was late."""

_PERIOD = 30.0
"""Seconds: the quickest answer of this period and of the one before is how long the way to Discord takes."""

_WAITED_OUT = 5.0
"""Seconds: the longest wait of the whole bot that a request sits out; for a longer one it is refused at once."""

_PROBES = 5.0
"""Seconds between two urgent requests that leave nevertheless, to see whether the wait is over."""

_USUAL_BAN = 10.0
"""Seconds to wait where the whole bot is refused and nobody says for how long."""

_LONGEST_BAN = 86_400.0

_NOT_COUNTED = ("/interactions/", "/webhooks/")

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


@contextmanager
def urgency(urgent: bool) -> Iterator[None]:
    """What is asked of Discord inside goes before all that is not urgent."""
    token = _urgent.set(urgent)
    try:
        yield
    finally:
        _urgent.reset(token)


@dataclass(slots=True, eq=False)
class Slot:
    """One request: when it left, and the latest instant at which Discord can have counted it, once that is known."""

    left: float
    counted: float | None = None


class Window:
    """Which requests Discord may have counted within the last second: a sliding window, without a clock.

    Discord counts a request some time between its leaving and its answer. How long the way is does not matter, only
    how much longer than usual it was: so a slow answer moves the request later, and however the network or the
    event loop stalls, no second of Discord's holds more than `limit`. One place of the limit is kept for what is
    urgent; ordinary requests leave evenly, so that a further place is never far away.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ordinary = max(1, limit - 1)
        self._interval = 1 / self._ordinary
        self._next = float("-inf")
        self._quickest = (math.inf, math.inf)
        self._period_ends = float("-inf")
        self._slots: deque[Slot] = deque()

    def wait(self, now: float, *, urgent: bool) -> float:
        """Seconds until a request may leave, 0 for now. It may have to be asked again then."""
        ends = sorted(end for slot in self._slots if (end := self._end(slot, now)) > now)
        room = self._limit if urgent else self._ordinary
        wait = 0.0 if urgent else max(0.0, self._next - now)
        return wait if len(ends) < room else max(wait, ends[len(ends) - room] - now)

    def leave(self, now: float, *, urgent: bool) -> Slot:
        """A request leaves now."""
        while self._slots and self._end(self._slots[0], now) <= now:
            self._slots.popleft()
        if not urgent:
            self._next = max(self._next, now - _CATCH_UP * self._interval) + self._interval
        slot = Slot(now)
        self._slots.append(slot)
        return slot

    def answered(self, slot: Slot, now: float) -> None:
        """Discord has answered, or the request has failed."""
        before, current = self._quickest
        if now >= self._period_ends:
            self._period_ends = now + _PERIOD
            before, current = current, math.inf
        self._quickest = before, min(current, now - slot.left)
        slot.counted = self._latest(slot, now)

    def withdraw(self, slot: Slot) -> None:
        """The request has not left after all."""
        self._slots.remove(slot)

    def _end(self, slot: Slot, now: float) -> float:
        """When a request leaves the window, as far as is known now: without an answer, not earlier than this."""
        return SECOND + (self._latest(slot, now) if slot.counted is None else slot.counted)

    def _latest(self, slot: Slot, now: float) -> float:
        """The latest instant at which a request was counted whose answer comes now."""
        quickest = min(self._quickest)
        late = now - slot.left - (quickest if quickest < math.inf else 0.0)
        return slot.left + min(max(0.0, late), _LOST)


class Pace:
    """Lets requests leave one after the other: what is urgent first, then in the order they came."""

    def __init__(self, per_second: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = Window(per_second)
        self._clock = clock
        self._waiting: list[tuple[bool, int, asyncio.Future[Slot]]] = []
        self._arrived = 0
        self._timer: asyncio.TimerHandle | None = None
        self._shut_at = float("-inf")
        self._opens_at = float("-inf")
        self._next_probe = float("-inf")

    async def turn(self, *, urgent: bool) -> Slot:
        """Wait until a request may leave; it is counted as leaving then.

        Raises `discord.RateLimited` while the whole bot has to wait for longer than a few seconds. Of what is
        urgent, one request in 5 s leaves even then.
        """
        if (wait := self.refusal(urgent=urgent)) is not None:
            raise discord.RateLimited(wait)
        if self._is_long(self._opens_at - self._clock()):
            self._next_probe = self._clock() + _PROBES
            return self._window.leave(self._clock(), urgent=True)
        future: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._arrived += 1
        heapq.heappush(self._waiting, (not urgent, self._arrived, future))
        self._let_go()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._window.withdraw(future.result())
            self._let_go()
            raise

    def answered(self, slot: Slot) -> None:
        """A request's answer has come, or it has failed."""
        self._window.answered(slot, self._clock())

    def refusal(self, *, urgent: bool) -> float | None:
        """Seconds for which a request would be refused now; None if it may leave, or has to wait a little only."""
        now = self._clock()
        left = self._opens_at - now
        if not self._is_long(left):
            return None
        if urgent:
            left = min(left, self._next_probe - now)
        return left if left > 0 else None

    def shut(self, seconds: float) -> None:
        """Discord, or who guards it, wants the whole bot to wait."""
        now = self._clock()
        if self._opens_at <= now:
            self._shut_at = now
            self._next_probe = now + _PROBES
            if self._is_long(seconds):
                log.error("Discord refuses all that the bot asks for %s s. Until then little is sent.", round(seconds))
        self._opens_at = max(self._opens_at, now + seconds)
        left = self._opens_at - now
        if self._is_long(left):
            for ordinary, _number, future in self._waiting:
                if not future.done():
                    future.set_exception(discord.RateLimited(left if ordinary else min(left, _PROBES)))
        self._let_go()

    def open(self, slot: Slot) -> None:
        """Discord has answered a request as usual: if it left during the wait, the wait is over."""
        if slot.left > self._shut_at and self._opens_at > self._clock():
            self._opens_at = self._clock()
            self._let_go()

    @staticmethod
    def _is_long(seconds: float) -> bool:
        return seconds > _WAITED_OUT

    def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            ordinary, _number, future = self._waiting[0]
            if not future.done():
                now = self._clock()
                wait = max(self._opens_at - now, self._window.wait(now, urgent=not ordinary))
                if wait > 0:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._let_go)
                    return
                future.set_result(self._window.leave(now, urgent=not ordinary))
            heapq.heappop(self._waiting)

    def trace(self, api_base: str) -> aiohttp.TraceConfig:
        """What makes an HTTP session keep the pace: it is asked before each request, the library's retries included.

        Only requests below `api_base` are counted, not those to the gateway.
        """
        base = yarl.URL(api_base)

        async def start(
            session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
        ) -> None:
            context.slot = await self.turn(urgent=_urgent.get()) if _is_counted(params.url, base) else None

        async def end(
            session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
        ) -> None:
            if context.slot is None:
                return
            self.answered(context.slot)
            if (wait := _wait_of_all(params.response)) is not None:
                self.shut(wait)
            elif _is_usual(params.response):
                self.open(context.slot)

        async def fail(
            session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
        ) -> None:
            # Without a slot, it was the pace that let it not leave.
            if getattr(context, "slot", None) is not None:
                self.answered(context.slot)

        config = aiohttp.TraceConfig()
        config.on_request_start.append(start)
        config.on_request_end.append(end)
        config.on_request_exception.append(fail)
        return config


def _wait_of_all(response: aiohttp.ClientResponse) -> float | None:
    """Seconds the whole bot has to wait, by this answer; None if it says nothing of that kind.

    Discord's own answers come with `Via`; without it, it is Cloudflare, which refuses an address as a whole.
    """
    headers = response.headers
    if response.status != HTTPStatus.TOO_MANY_REQUESTS or ("Via" in headers and "X-RateLimit-Global" not in headers):
        return None
    try:
        wait = float(headers.get("Retry-After", ""))
    except ValueError:
        return _USUAL_BAN
    return min(wait, _LONGEST_BAN) if wait >= 0 else _USUAL_BAN


def _is_usual(response: aiohttp.ClientResponse) -> bool:
    return response.status != HTTPStatus.TOO_MANY_REQUESTS and response.content_type == "application/json"


def _is_counted(url: yarl.URL, base: yarl.URL) -> bool:
    if url.origin() != base.origin() or not url.path.startswith(f"{base.path}/"):
        return False
    return not url.path.removeprefix(base.path).startswith(_NOT_COUNTED)
