"""`handrail scan`: a line in, a line out."""

import io
import json
import subprocess

import pytest
from harness.lexicons import RIVER, RIVER_RULE
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.lexicon import detector_with
from bot.operations.scan import BadLine, read_messages
from bot.operations.scan_lines import LONGEST_LINE
from cli.handrail import Handrail, Place, clean_environment, command

KEYS = {"id", "severity", "category", "matches", "lowered_by"}


def test_text_gives_json_lines_and_nothing_is_made(empty: Place) -> None:
    done = empty.program("scan", said="good morning\n\nI want to kill myself\n")
    assert (done.code, done.err) == (0, "")
    assert [set(line) for line in done.json_lines] == [KEYS, KEYS]
    quiet, loud = done.json_lines
    assert quiet == {"id": 1, "severity": "none", "category": None, "matches": [], "lowered_by": []}
    assert (loud["id"], loud["severity"], loud["category"]) == (3, "urgent", "suicide")
    assert all(m["text"] == "I want to kill myself"[m["start"] : m["end"]] for m in loud["matches"])
    assert empty.names() == set()


def test_json_lines_keep_their_ids(handrail: Handrail, empty: Place) -> None:
    lines = [{"id": "a", "text": "I want to kill myself", "lang": "en"}, {"id": 7, "text": "hello"}, {"text": "hello"}]
    done = handrail(empty, "scan", said="".join(json.dumps(line) + "\n" for line in lines))
    assert [(line["id"], line["severity"]) for line in done.json_lines] == [("a", "urgent"), (7, "none"), (3, "none")]


def test_what_is_taken_back_says_by_which_rule(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "scan", said="I'm not going to kill myself\n")
    assert done.json_lines[0]["severity"] == "none"
    assert done.json_lines[0]["lowered_by"]


@pytest.mark.parametrize(
    "broken", ["{", "[1]", '{"id": 1}', '{"text": 5}', '{"id": [], "text": "x"}', '{"text": "\\', "[" * 100_000]
)
def test_a_broken_line_is_told_with_its_number_and_the_rest_goes_on(broken: str) -> None:
    source = io.BytesIO(f'{{"text": "one"}}\n{broken}\n{{"text": "three"}}\n'.encode())
    first, bad, last = read_messages(source)
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert not isinstance(first, BadLine)
    assert not isinstance(last, BadLine)


def test_a_broken_line_makes_the_exit_code_1(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "scan", said='{"text": "one"}\n{"text": secret}\n{"text": "three"}\n')
    assert (done.code, done.err) == (1, "line 2: not a JSON object\n")
    assert [line["id"] for line in done.json_lines] == [1, 3]


def test_a_line_without_end_is_bounded() -> None:
    source = io.BytesIO(b"x" * (3 * LONGEST_LINE) + b"\nnext\n" + b"y" * LONGEST_LINE)
    bad, after, longest = read_messages(source)
    assert isinstance(bad, BadLine)
    assert not isinstance(after, BadLine)
    assert (after.id, after.text) == (2, "next")
    assert not isinstance(longest, BadLine)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    assert len(list(read_messages(io.BytesIO(data)))) <= data.count(b"\n") + 1


def test_half_characters_come_out_as_they_went_in(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "scan", said='{"id": "\\ud83d", "text": "\\ud83d I want to kill myself \\udc00"}\n')
    assert (done.code, done.json_lines[0]["id"], done.json_lines[0]["severity"]) == (0, "\ud83d", "urgent")


def test_an_answer_comes_before_the_next_line(empty: Place) -> None:
    with subprocess.Popen(  # noqa: S603  our own program
        command("scan"),
        cwd=empty.folder,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for text in ("hello", "I want to kill myself"):
            program.stdin.write(text + "\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["severity"] == ("none" if text == "hello" else "urgent")
        program.stdin.close()
        assert program.wait(60) == 0


def test_explained_to_a_person_the_words_are_marked(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "scan", "--explain", said="today I want to kill myself\nI'm not going to kill myself\n")
    assert done.code == 0
    assert "● urgent · suicide" in done.out
    assert "kill myself«" in done.out
    assert "raised by: en/" in done.out
    assert "heard, and taken back: en/" in done.out
    assert "lowered by: en/" in done.out


def test_explained_a_message_cannot_write_to_the_terminal(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "scan", "--explain", said="\x1b[2J[red]hello[/red] \u202eolleh\n")
    assert "[red]hello[/red]" in done.out
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


def test_own_rules_raise_and_mute(handrail: Handrail, empty: Place) -> None:
    heard = detector_with(None).detect("I want to kill myself")
    assert heard is not None
    empty.write("own.toml", f"mute = {json.dumps(heard.rules)}\n{RIVER}")
    said = "I'm going down to the river\nI want to kill myself\n"
    done = handrail(empty, "scan", "--lexicon", "own.toml", said=said)
    assert (done.code, done.err) == (0, "")
    own, muted = done.json_lines
    assert [match["rule"] for match in own["matches"]] == ["community/river"]
    assert not set(heard.rules) & {match["rule"] for match in muted["matches"]}


def test_a_bad_rule_of_ones_own_is_told_and_the_others_are_heard(handrail: Handrail, empty: Place) -> None:
    empty.write("own.toml", RIVER + RIVER_RULE.replace('"river"', '"sea"').replace('"urgent"', '"red"'))
    done = handrail(empty, "scan", "--lexicon", "own.toml", said="I'm going down to the river\n")
    assert done.code == 1
    assert done.err.startswith("own.toml:12: rule 'sea': `severity` must be one of")
    assert [match["rule"] for match in done.json_lines[0]["matches"]] == ["community/river"]
