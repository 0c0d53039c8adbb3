"""Telling of a fault without telling of a person: of which type it is and where it was, and no words.

And without telling of it all the time: what lasts is told once, again every hour, and once when it is over.
"""

import traceback
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import PurePath

FRAMES = 6
"""Places told, innermost first."""

AGAIN = timedelta(hours=1)
"""Trouble that lasts is told again after this long."""

KEYS = 1000
"""Troubles remembered at a time. Beyond it the one that came up longest ago is forgotten: it would be told anew."""


def where(error: BaseException) -> str:
    """The error's type and the innermost places in the code; never its message, which may hold somebody's words."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    cause = error.__cause__ or error.__context__
    because = f" (from {type(cause).__name__})" if cause is not None else ""
    return f"{type(error).__name__}{because} at {places}"


class Told:
    """Which recurring troubles have been told: each once, again every `AGAIN` while it lasts, once when it is over.

        if told.is_news("matrix", now):
            log.error("the homeserver does not answer: ...what to do...")
        ...
        if told.is_over("matrix"):
            log.warning("the homeserver answers again")

    A key names one trouble, such as "checkin_schedules 17": ids and types, no words.
    """

    def __init__(self) -> None:
        self._at: OrderedDict[str, datetime] = OrderedDict()

    def is_news(self, key: str, now: datetime) -> bool:
        """Whether this trouble is to be told at the aware instant `now`; it then counts as told.

        It is as well if the clock has gone back behind the last telling: the clock is no reason to be silent.
        """
        last = self._at.get(key)
        news = last is None or not timedelta() <= now - last < AGAIN
        if news:
            self._at[key] = now
        self._at.move_to_end(key)
        if len(self._at) > KEYS:
            self._at.popitem(last=False)
        return news

    def is_over(self, key: str) -> bool:
        """Whether this trouble had been told; it is then forgotten, so that this is True once."""
        return self._at.pop(key, None) is not None
