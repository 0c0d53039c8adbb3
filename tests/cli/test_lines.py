"""Standard input as lines."""

import os
from pathlib import Path

from bot.operations.terminal.lines import LONGEST_BYTES, lines_of, read_lines
from cli.handrail import pipe_with


def test_lines_end_with_the_input_and_lose_their_ends() -> None:
    with pipe_with(b"one\r\n\ntwo") as reading:
        assert list(lines_of(reading)) == ["one", "", "two"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    with pipe_with(b"a\xffb\n") as reading:
        assert list(lines_of(reading)) == ["a\ufffdb"]


def test_no_input_at_all_is_the_end() -> None:
    assert list(lines_of(None)) == []


async def test_lines_come_in_their_order_from_the_thread() -> None:
    with pipe_with(b"".join(b"%d\n" % number for number in range(300))) as reading:
        assert [line async for line in read_lines(reading)] == [str(number) for number in range(300)]


def test_an_endless_line_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"x" * (3 * LONGEST_BYTES) + b"\nnext\n")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        lines = list(lines_of(descriptor))
    finally:
        os.close(descriptor)
    assert [len(lines[0]), lines[1]] == [LONGEST_BYTES, "next"]
