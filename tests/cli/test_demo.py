"""`handrail demo` with a script on standard input."""

from cli.handrail import SAMPLE, Handrail, Place

KEYS = {"at", "to", "place", "private", "text", "choices"}

SCRIPT = """\
# A member in danger; a day later she is asked how she is.
alice@dm: checkin start 9:00 America/New_York

alice@lobby: I want to end my life
sam clicks "I'm on it"
sam@dm: resolve 1 safe
/advance 24h
"""


def test_a_script_gives_nothing_but_json_lines(empty: Place) -> None:
    done = empty.program("demo", said=SCRIPT)
    assert (done.code, done.err) == (0, "")
    assert {frozenset(line) for line in done.json_lines} == {frozenset(KEYS)}
    assert "I'm on it" in [choice for line in done.json_lines for choice in line["choices"]]
    asked = [line for line in done.json_lines if line["text"].startswith("How are you today")]
    assert [(line["to"], line["private"], line["at"][11:16]) for line in asked] == [("alice", True, "14:00")]
    assert empty.names() == set()


def test_a_broken_line_is_an_error_with_its_number(handrail: Handrail, fresh: Place) -> None:
    done = handrail(fresh, "demo", said="alice@dm: help\n\nsam does something\nalice@dm: help\n")
    assert done.code == 1
    assert done.err.startswith("line 3: expected: name@place: text")
    assert len(done.err.splitlines()) == 1


def test_a_community_of_ones_own_can_be_played_with(handrail: Handrail, fresh: Place) -> None:
    text = SAMPLE.read_text("utf-8").replace('name = "Sample community"', 'name = "Riverside"')
    fresh.write("riverside.toml", text)
    done = handrail(fresh, "demo", "--community", "riverside.toml", said="alice@dm: checkin start 9:00\n")
    assert done.code == 0
    assert any("Riverside" in line["text"] for line in done.json_lines)
