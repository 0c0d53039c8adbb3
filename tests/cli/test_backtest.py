"""`handrail backtest`: counts of a community's own history, and never its words."""

import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.crisis import Detector, Severity
from bot.operations.backtest import Ear
from bot.operations.backtest_files import Notes, Said, read_history
from bot.operations.backtest_json import entries
from bot.operations.lexicon import detector_with
from bot.operations.scan_lines import BadJson
from cli.handrail import Handrail, Place

ALARM = "I want to kill myself"
SECRET = "marmalade"
START = datetime(2026, 11, 16, 9, tzinfo=UTC)


def discord(*texts: str, **author: Any) -> dict[str, Any]:
    """What DiscordChatExporter writes: an hour between the messages."""
    return {
        "guild": {"id": "1", "name": "Riverside"},
        "channel": {"id": "2", "type": "GuildTextChat", "name": "lobby"},
        "dateRange": {"after": None, "before": None},
        "messages": [
            {
                "id": str(number),
                "type": "Default",
                "timestamp": (START + timedelta(hours=number)).isoformat(),
                "timestampEdited": None,
                "isPinned": False,
                "content": text,
                "author": {"id": "7", "name": "alice", "isBot": False, **author},
                "attachments": [],
                "reactions": [],
            }
            for number, text in enumerate(texts)
        ],
        "messageCount": len(texts),
    }


def matrix(*events: dict[str, Any]) -> dict[str, Any]:
    """What Element writes."""
    return {
        "room_name": "Lobby",
        "room_creator": "@alice:example.org",
        "topic": "",
        "export_date": "22/11/2026",
        "exported_by": "@alice:example.org",
        "messages": list(events),
    }


def event(
    body: str, msgtype: str = "m.text", kind: str = "m.room.message", content: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "type": kind,
        "sender": "@alice:example.org",
        "room_id": "!lobby:example.org",
        "event_id": "$1",
        "origin_server_ts": int(START.timestamp() * 1000),
        "content": {"msgtype": msgtype, "body": body, **(content or {})},
    }


def write(place: Place, name: str, value: Any, indent: int | None = 2) -> Path:
    return place.write(name, json.dumps(value, indent=indent))


def history(path: Path) -> tuple[list[Said], Notes]:
    notes = Notes()
    return list(read_history(path, notes, lambda _read: None)), notes


# The files


@pytest.mark.parametrize("indent", [None, 2])
def test_an_export_of_discord_is_read(empty: Place, indent: int | None) -> None:
    said, notes = history(write(empty, "lobby.json", discord("hello", ALARM), indent))
    assert [one.text for one in said] == ["hello", ALARM]
    assert [one.at for one in said] == [START, START + timedelta(hours=1)]
    assert {one.author for one in said} == {"7"}
    assert notes == Notes()


def test_bots_and_notices_of_discord_are_left_out(empty: Place) -> None:
    export = discord("hello", ALARM, isBot=True)
    export["messages"] += discord("joined", "")["messages"]
    export["messages"][2]["type"] = "GuildMemberJoin"
    said, notes = history(write(empty, "lobby.json", export))
    assert (said, notes.counts) == ([], {"bots": 2, "without_words": 2, "refused": 0})


def test_an_export_of_element_is_read_as_the_bot_hears_it(empty: Place) -> None:
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    edit = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}, "m.new_content": {"msgtype": "m.text"}}
    edit["m.new_content"]["body"] = "edited"
    export = matrix(
        event("hello"),
        event(f"> <@bob:example.org> {ALARM}\n\nare you ok?", content=reply),
        event("* edited", content=edit),
        event("a bot", "m.notice"),
        event("joined", kind="m.room.member"),
    )
    said, notes = history(write(empty, "lobby.json", export))
    assert [one.text for one in said] == ["hello", "are you ok?", "edited"]
    assert said[0] == Said(text="hello", at=START, author="@alice:example.org", place="!lobby:example.org")
    assert notes.without_words == 2


def test_json_lines_are_read_whatever_their_times(empty: Place) -> None:
    seconds = int(START.timestamp())
    times = [START.isoformat(), "2026-11-16T09:00:00Z", "2026-11-16T09:00", seconds, seconds * 1000]
    wrong = ["soon", 1e300, True, [], None, "0001-01-01T00:00+14:00"]
    lines = [json.dumps({"text": "hello", "at": at, "author": "alice"}) for at in (*times, *wrong)]
    said, notes = history(empty.write("history.jsonl", "\n".join(lines)))
    assert [one.at for one in said] == [START] * len(times) + [None] * len(wrong)
    assert notes == Notes()


def test_broken_lines_are_told_by_number_and_the_rest_is_read(empty: Place) -> None:
    path = empty.write("history.jsonl", f'{{"text": "one"}}\n{{"text": {SECRET}\n\n{{"tex": 1}}\n{{"text": "two"}}\n')
    said, notes = history(path)
    assert [one.text for one in said] == ["one", "two"]
    assert [problem.partition(":")[0:3:2] for problem in notes.problems] == [
        ("history.jsonl", f" line {number}: not a JSON object with a “text”") for number in (2, 4)
    ]


def test_of_many_broken_lines_some_are_told(empty: Place) -> None:
    _said, notes = history(empty.write("history.jsonl", '{"text": "one"}\n' + "{\n" * 100))
    assert (len(list(notes.told)), notes.counts["refused"]) == (21, 100)


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "{}x", '{"messages": [', "null", '{"a": 1 "b": 2}', "[" * 10_000, '{"a":' * 10_000]
)
def test_what_is_no_history_is_told_in_a_line(empty: Place, text: str) -> None:
    said, notes = history(empty.write("history.json", text))
    assert (said, len(notes.problems)) == ([], 1)


def test_a_file_cut_off_gives_what_is_before(empty: Place) -> None:
    whole = json.dumps(discord("hello", "there", SECRET))
    said, notes = history(empty.write("lobby.json", whole[: whole.index(SECRET) + 3]))
    assert [one.text for one in said] == ["hello", "there"]
    assert "after message 2" in notes.problems[0]
    assert SECRET[:3] not in notes.problems[0]


class Slow(io.StringIO):
    """A file that gives a few characters at a time."""

    def read(self, size: int | None = -1) -> str:
        return super().read(min(3, size or 3) if size != -1 else -1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50)
@given(st.lists(JSON, max_size=5), st.dictionaries(st.text(max_size=5), JSON, max_size=2), st.booleans())
def test_entries_are_those_of_the_list_wherever_a_reading_ends(items: Sequence[Any], more: Any, pretty: bool) -> None:
    text = json.dumps({**more, "messages": items, "end": 12}, indent=2 if pretty else None)
    assert list(entries(Slow(text), "messages")) == items
    for end in range(0, len(text), 1 + len(text) // 10):
        with pytest.raises(BadJson):
            list(entries(Slow(text[:end]), "messages"))


def test_an_entry_without_end_is_given_up_in_linear_time() -> None:
    class Endless(io.StringIO):
        given = 0

        def read(self, size: int | None = -1) -> str:
            self.given += size or 0
            return "x" * (size or 0) if self.given > size else '{"messages": ["'  # type: ignore[operator]

    with pytest.raises(BadJson):
        list(entries(Endless(), "messages"))


# The ear


def said(text: str, *, after: float = 0, author: str = "alice", place: str = "lobby") -> Said:
    return Said(text=text, at=START + timedelta(seconds=after), author=author, place=place)


@cache
def detector() -> Detector:
    return detector_with(None)


def heard(*messages: Said) -> list[Severity | None]:
    ear = Ear(detector())
    return [signal.severity if signal else None for signal in map(ear.hear, messages)]


def test_a_sentence_in_two_messages_is_heard() -> None:
    assert heard(said("I want to"), said("kill myself", after=30))[-1] is Severity.URGENT


@pytest.mark.parametrize(
    "second",
    [
        said("kill myself", after=121),
        said("kill myself", after=-10),
        said("kill myself", after=30, author="bob"),
        said("kill myself", after=30, place="elsewhere"),
    ],
)
def test_what_does_not_belong_together_is_not(second: Said) -> None:
    alone = heard(second)
    assert heard(said("I want to"), second)[1:] == alone
    assert alone != [Severity.URGENT]


def test_many_authors_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operations.backtest._MOST_AUTHORS", 10)
    ear = Ear(detector())
    for number in range(100):
        ear.hear(said("hello", after=number, author=str(number)))
        assert len(ear._recent) <= 11


# The command


def test_alerts_are_counted_by_week_and_rule_and_no_word_is_printed(handrail: Handrail, empty: Place) -> None:
    write(empty, "lobby.json", discord("hello", f"{ALARM} {SECRET}"))
    later = (START + timedelta(days=7)).isoformat()
    empty.write("more.jsonl", json.dumps({"text": ALARM, "at": later}) + "\n" + json.dumps({"text": SECRET}) + "\n")
    done = handrail(empty, "backtest", "lobby.json", "more.jsonl", "--json")
    assert (done.code, done.err) == (0, "")
    counted = json.loads(done.out)
    assert (counted["messages"], counted["alerts"]) == (4, {"emergency": 0, "urgent": 2, "concern": 0})
    assert [(week["week"], week["messages"], week["alerts"]["urgent"]) for week in counted["weeks"]] == [
        ("2026-11-16", 2, 1),
        ("2026-11-23", 1, 1),
        (None, 1, 0),
    ]
    assert all(rule.startswith("en/") and counts["urgent"] for rule, counts in counted["weeks"][0]["rules"].items())
    assert SECRET not in done.out
    assert empty.names() == {"lobby.json", "more.jsonl"}


def test_for_people_there_are_tables(handrail: Handrail, empty: Place) -> None:
    write(empty, "lobby.json", discord("hello", f"{ALARM} {SECRET}"))
    done = handrail(empty, "backtest", "lobby.json")
    assert (done.code, done.err) == (0, "")
    assert "2026-11-16" in done.out
    assert "1.0 on average, 1 at most" in done.out
    assert "en/" in done.out
    assert SECRET not in done.out


def test_a_history_without_messages_is_said(handrail: Handrail, empty: Place) -> None:
    write(empty, "lobby.json", discord())
    done = handrail(empty, "backtest", "lobby.json")
    assert (done.code, done.out) == (0, "There are no messages in it.\n")


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_counted(handrail: Handrail, empty: Place) -> None:
    write(empty, "lobby.json", discord("hello"))
    done = handrail(empty, "backtest", "nothing.json", "lobby.json", "--json")
    assert (done.code, done.err) == (1, "nothing.json: cannot be read (No such file or directory).\n")
    assert json.loads(done.out)["messages"] == 1


def rectangles(path: Path) -> Iterator[str]:
    for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}title"):  # noqa: S314  our own file
        yield element.text or ""


def test_a_picture_has_a_column_for_each_week(handrail: Handrail, empty: Place) -> None:
    lines = [{"text": ALARM, "at": (START + timedelta(weeks=n)).isoformat()} for n in (0, 0, 2)]
    empty.write("h.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    done = handrail(empty, "backtest", "h.jsonl", "--picture", "alerts.svg")
    assert (done.code, done.err) == (0, "Written: alerts.svg\n")
    assert list(rectangles(empty.folder / "alerts.svg")) == [
        "Alerts a week",
        "2026-11-16: 2 urgent",
        "2026-11-30: 1 urgent",
    ]


def test_a_picture_may_be_a_png(handrail: Handrail, empty: Place) -> None:
    pytest.importorskip("matplotlib")
    empty.write("h.jsonl", json.dumps({"text": ALARM, "at": START.isoformat()}))
    done = handrail(empty, "backtest", "h.jsonl", "--picture", "alerts.PNG")
    assert done.code == 0
    assert (empty.folder / "alerts.PNG").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_png_is_refused_before_anything_is_read(
    handrail: Handrail, empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operations.backtest_picture.find_spec", lambda _name: None)
    done = handrail(empty, "backtest", "nothing.json", "--picture", "alerts.png")
    assert done.code == 1
    assert done.err.startswith("A PNG needs matplotlib, which is not installed.")
    assert len(done.err.splitlines()) == 1


def test_a_picture_of_another_kind_or_of_nothing_is_refused(handrail: Handrail, empty: Place) -> None:
    empty.write("h.jsonl", json.dumps({"text": ALARM}))
    assert (
        handrail(empty, "backtest", "h.jsonl", "--picture", "h.jsonl").err == "A picture's name ends in .svg or .png.\n"
    )
    assert handrail(empty, "backtest", "h.jsonl", "--picture", "h.svg").err == (
        "There is no picture: no message has a date.\n"
    )
    assert empty.names() == {"h.jsonl"}
