"""A long list inside a JSON file, entry by entry: an export of years is never in memory as a whole."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from bot.operations.scan_lines import BadJson

LONGEST_VALUE = 8_000_000
"""Characters of one entry. Discord's longest message is 4,000; the people who reacted to it are listed with it."""

_CHUNK = 65_536
_BLANK = " \t\r\n"
_OF_NUMBERS = "0123456789.eE+-"


def entries(source: TextIO, key: str) -> Iterator[Any]:
    """The entries of the list under `key` of the object in `source`; raises `BadJson`, also half way through.

    Nothing else of the object is kept.
    """
    stream = _Stream(source)
    for _place in stream.places("{", "}"):
        if stream.peek() != '"':
            raise BadJson
        name = stream.value()
        stream.take(":")
        if name == key and stream.peek() == "[":
            for _entry in stream.places("[", "]"):
                yield stream.value()
        else:
            stream.value()
    stream.take("")


class _Stream:
    """JSON values, one after the other; only what is not yet read is in memory."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder(strict=False)

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, wanted: str) -> None:
        """Go past `wanted`, which must come next; "" is the end."""
        if self.peek() != wanted:
            raise BadJson
        self._at += len(wanted)

    def places(self, first: str, last: str) -> Iterator[None]:
        """Stop wherever a member of the list or object comes next; whoever asks takes it."""
        self.take(first)
        if self.peek() != last:
            yield
            while self.peek() == ",":
                self.take(",")
                yield
        self.take(last)

    def value(self) -> Any:
        """The next value."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise BadJson from None
            except ValueError:
                # It may only be that its end is not read yet.
                if not self._more():
                    raise BadJson from None
                continue
            if self._text[end:].strip(_OF_NUMBERS) or not isinstance(value, int | float) or not self._more():
                self._at = end
                return value
            # It was a number, and may go on.

    def _more(self) -> bool:
        """Read on, twice as much at a time while a value has no end, so that the time is linear in the file."""
        rest = self._text[self._at :]
        if len(rest) > LONGEST_VALUE:
            raise BadJson
        read = self._source.read(max(_CHUNK, len(rest)))
        self._text, self._at = rest + read, 0
        return bool(read)
