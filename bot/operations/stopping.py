"""How a command ends early: with lines that tell a person what to do, never with a traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.core.words import Say, _

FAILED = 1
"""The exit code of every command that could not do what it was asked."""


class Stop(Exception):
    """The command cannot go on: `lines` say why, and what to do about it."""

    def __init__(self, *lines: Say) -> None:
        super().__init__("\n".join(map(str, lines)))
        self.lines = tuple(map(str, lines))


@contextmanager
def told(*, debug: bool) -> Iterator[None]:
    """Whatever goes wrong inside is told on standard error, and the exit code is 1.

    With `debug`, errors that are not a person's to mend come with their traceback.
    """
    try:
        yield
    except Stop as stop:
        if debug and stop.__cause__ is not None:
            raise
        _leave(*stop.lines)
    except KeyboardInterrupt:
        _leave(code=130)  # as shells have it: 128 and the signal's number
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more may be written to it, not even at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave()
    except Exception as error:
        lines = _lines_of(error)
        if lines:
            _leave(*lines)
        if debug:
            raise
        from bot.core.faults import where

        _leave(str(_("Something went wrong in Handrail: {where}", where=where(error))), str(_("More with: --debug")))


def _lines_of(error: Exception) -> tuple[str, ...]:
    """What the errors that are meant for people say; () of any other."""
    from bot.core.tomlfile import BadFile
    from bot.services.communities import Refused
    from bot.storage.vault import KeyProblem

    match error:
        case BadFile():
            return tuple(map(str, error.problems))
        case KeyProblem() | Refused():
            return (str(error),)
        case _:
            return ()


def _leave(*lines: str, code: int = FAILED) -> None:
    for line in lines:
        sys.stderr.write(line + "\n")
    raise SystemExit(code)
