"""Telling of a fault without telling of a person: of which type it is and where it was, and no words."""

import traceback
from pathlib import PurePath

FRAMES = 6
"""Places told, innermost first."""


def where(error: BaseException) -> str:
    """The error's type and the innermost places in the code; never its message, which may hold somebody's words."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    cause = error.__cause__ or error.__context__
    because = f" (from {type(cause).__name__})" if cause is not None else ""
    return f"{type(error).__name__}{because} at {places}"
