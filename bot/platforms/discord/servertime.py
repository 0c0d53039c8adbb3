"""What time it is at Discord, whatever this machine's clock says."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp

log = logging.getLogger(__name__)

_TOLERATED = timedelta(minutes=1)


def _own_time() -> datetime:
    return datetime.now(UTC)


class ServerTime:
    """Discord's time, from the `Date` of its answers; before the first one, this machine's.

    Messages are dated by Discord. Compared with a clock that is a day ahead, all of them would look too old to matter.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._warned = False

    def now(self) -> datetime:
        """The time at Discord, in UTC, to within a second or two."""
        return _own_time() + self._ahead

    def note(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer. A date that cannot be read is passed over."""
        try:
            named = parsedate_to_datetime(headers.get("Date", ""))
            ahead = named.astimezone(UTC) - _own_time()
        except (ValueError, OverflowError):
            return
        # Within a second it is the header's precision, and not the clock.
        self._ahead = ahead if abs(ahead) > _TOLERATED else timedelta()
        if self._ahead and not self._warned:
            log.warning(
                "This machine's clock is %s s off Discord's. Set it (best by NTP): reminders go by it.",
                round(-ahead.total_seconds()),
            )
        self._warned = bool(self._ahead)

    def listen(self, config: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        """Let a session's answers be noted."""

        async def end(
            session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
        ) -> None:
            self.note(params.response.headers)

        config.on_request_end.append(end)
        return config
