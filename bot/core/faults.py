"""Telling of a fault without telling of a person: where it was, of which type, under which id, and no words."""

import secrets
import traceback
from pathlib import PurePath

FRAMES = 6


def new_incident() -> str:
    """An id that a person can read out, to find the fault in the log."""
    return secrets.token_hex(4)


def where(error: BaseException) -> str:
    """The error's type and the innermost places in the code; never its message, which may hold somebody's words."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    cause = error.__cause__ or error.__context__
    because = f" (from {type(cause).__name__})" if cause is not None else ""
    return f"{type(error).__name__}{because} at {places}"
