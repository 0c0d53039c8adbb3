"""Rate limits with Discord's headers and 429 answers, and faults a test asks for."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass

from .entities import JSON

#: Without a Via header discord.py takes a 429 for a Cloudflare ban and gives up.
VIA = {"Via": "1.1 google"}


@dataclass
class _Window:
    limit: int
    length: float
    ends: float = 0.0
    used: int = 0

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.ends, self.used = now + self.length, 0
        self.used += 1
        return self.used <= self.limit


@dataclass(frozen=True)
class Verdict:
    """The headers for the answer, and the 429 body if the request was one too many."""

    headers: dict[str, str]
    refused: JSON | None = None


class RateLimits:
    """Fixed windows per route and major parameter, and one for everything."""

    def __init__(self, default: tuple[int, float], global_limit: int | None) -> None:
        self.default = default
        self.global_limit = global_limit
        self.refused = 0
        #: When each request came that counts globally, by the monotonic clock.
        self.counted: list[float] = []
        self._storm_ends = 0.0
        self._storm_after = 0.0
        self._rules: list[tuple[str, re.Pattern[str], int, float]] = []
        self._windows: dict[tuple[str, str, str], _Window] = {}
        self._global: _Window | None = None

    def limit(self, method: str, path_regex: str, limit: int, window: float) -> None:
        """Give some routes a limit of their own."""
        self._rules.insert(0, (method, re.compile(path_regex), limit, window))
        self._windows.clear()

    def storm(self, seconds: float, retry_after: float) -> None:
        """Refuse everything for a while."""
        self._storm_ends, self._storm_after = time.monotonic() + seconds, retry_after

    def most_in_a_second(self) -> int:
        """Tell how many globally counted requests came within one second at most."""
        most = first = 0
        for last, at in enumerate(self.counted):
            while at - self.counted[first] >= 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    def check(self, method: str, template: str, path: str, major: str, *, counts_globally: bool) -> Verdict:
        """Count a request and tell what Discord would say about it."""
        now = time.monotonic()
        everywhere = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
        if now < self._storm_ends:
            return self._refuse(everywhere, self._storm_after, True)
        if counts_globally:
            self.counted.append(now)
        if counts_globally and self.global_limit is not None:
            if self._global is None or self._global.limit != self.global_limit:
                self._global = _Window(self.global_limit, 1.0)
            if not self._global.take(now):
                after = round(self._global.ends - now + 0.001, 3)
                return self._refuse(everywhere, after, True)
        key = (method, template, major)
        if key not in self._windows:
            self._windows[key] = _Window(*self._rule(method, path))
        window = self._windows[key]
        accepted = window.take(now)
        after = round(window.ends - now + 0.001, 3)
        bucket = hashlib.sha256(f"{method} {template}".encode()).hexdigest()[:32]
        headers = {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(max(0, window.limit - window.used)),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": bucket,
        }
        if accepted:
            return Verdict(headers)
        return self._refuse(headers | {"X-RateLimit-Scope": "user"}, after, False)

    def _rule(self, method: str, path: str) -> tuple[int, float]:
        for wanted, pattern, limit, window in self._rules:
            if wanted == method and pattern.search(path):
                return limit, window
        return self.default

    def _refuse(self, headers: dict[str, str], after: float, everywhere: bool) -> Verdict:
        self.refused += 1
        return Verdict(headers | too_many_headers(after), too_many(after, everywhere=everywhere))


def too_many(after: float, *, everywhere: bool = False) -> JSON:
    """Write the body of a 429."""
    return {"message": "You are being rate limited.", "retry_after": after, "global": everywhere}


def too_many_headers(after: float) -> dict[str, str]:
    """Write the headers of a 429 that comes from Discord itself."""
    return {**VIA, "Retry-After": str(int(after) + 1)}


@dataclass
class Fault:
    """What goes wrong with the next matching requests."""

    method: str
    path: re.Pattern[str]
    status: int
    times: int
    after_commit: bool
    drop: bool
    retry_after: float
    html: bool = False
    hang: bool = False
    code: int = 0


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    @property
    def waiting(self) -> bool:
        """Whether any is left."""
        return bool(self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """Use up one fault, if one is meant for this request."""
        for fault in self._waiting:
            if fault.method == method and fault.path.search(path):
                fault.times -= 1
                if not fault.times:
                    self._waiting.remove(fault)
                return fault
        return None
