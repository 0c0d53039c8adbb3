"""Lines of any input, one at a time, none longer than a bound: for `handrail scan` and `handrail backtest`."""

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

LONGEST_LINE = 1_000_000
"""Bytes of a line: the longest event of Matrix takes 65,536, the longest message of Discord 16,000."""


class BadJson(ValueError):
    """It is not the JSON that was expected; the message says what is, in words for people."""


def standard_input() -> BinaryIO | None:
    """Standard input as bytes; None if there is none."""
    return None if sys.stdin is None else sys.stdin.buffer


def lines_of(source: BinaryIO) -> Iterator[tuple[int, str | None]]:
    """The lines with their numbers from 1, without their ends; None is a line that is too long.

    A line comes as soon as it is there. What is no UTF-8 is replaced.
    """
    number = 0
    while line := source.readline(LONGEST_LINE + 2):
        number += 1
        if len(line) <= LONGEST_LINE or line.endswith(b"\n"):
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").rstrip("\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(LONGEST_LINE)
        yield number, None


def json_object(line: str) -> dict[str, Any] | None:
    """The JSON object in `line`; None if there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
