"""`handrail lexicon`: examples run, bad rules refused one by one, and how often each rule was right."""

import io
import json
import re

from harness.lexicons import HEAD, RIVER, RIVER_RULE, unreadable
from rich.console import Console

from bot.app import LEXICONS
from bot.core.crisis import failed_examples
from bot.operations.lexicon import built_in, detector_with, parse_own
from bot.operations.lexicon_report import table_of
from bot.services.precision import Judged
from cli.handrail import REPOSITORY, SAMPLE, Handrail, Place

WRONG_EXAMPLES = RIVER_RULE.replace("river is high", "others are going down to the river").replace('"river"', '"wrong"')


def test_the_built_in_lexicons_are_those_of_the_bot() -> None:
    assert {lexicon.name for lexicon in built_in()} == set(LEXICONS)


def test_the_built_in_examples_hold(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "lexicon", "test")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("All is well. Rules: ")
    assert empty.names() == set()


def test_own_examples_are_run_beside_the_built_in_rules(handrail: Handrail, empty: Place) -> None:
    empty.write("own.toml", RIVER)
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert (done.code, done.out) == (0, "All is well. Rules: 1, examples: 2.\n")


def test_an_example_that_fails_is_named_by_number_and_not_by_its_words(handrail: Handrail, empty: Place) -> None:
    empty.write("own.toml", HEAD + WRONG_EXAMPLES)
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert done.code == 1
    assert done.out.splitlines() == [
        "community/wrong: example 1 of ignores does not hold",
        "To mend: 1. Rules: 1, examples: 2.",
    ]


def test_a_bad_rule_is_refused_with_its_line_and_the_others_are_tested(handrail: Handrail, empty: Place) -> None:
    empty.write("own.toml", HEAD + unreadable("first") + RIVER_RULE + unreadable("last"))
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert done.code == 1
    assert done.out.splitlines() == [
        "own.toml:4: rule 'first': pattern 1: '(' is not closed",
        "own.toml:20: rule 'last': pattern 1: '(' is not closed",
        "To mend: 2. Rules: 1, examples: 2.",
    ]


def test_lines_are_those_of_the_file_however_many_rules_are_bad() -> None:
    own = parse_own(HEAD + "".join(unreadable(f"n{number}") for number in range(120)) + RIVER_RULE, file="own.toml")
    assert own.lexicon is not None
    assert [rule.id for rule in own.lexicon.rules] == ["community/river"]
    assert len(own.problems) == 120
    assert own.problems[-1].startswith(f"own.toml:{4 + 8 * 119}: rule 'n119': ")


def test_a_rule_without_an_id_is_refused_alone() -> None:
    own = parse_own(RIVER.replace('id = "river"\n', "") + RIVER_RULE, file="own.toml")
    assert own.lexicon is not None
    assert len(own.lexicon.rules) == 1
    assert len(own.problems) == 1


def test_a_file_that_is_no_lexicon_is_refused_as_a_whole() -> None:
    for text in ("language = ", "lexicon = 5\n" + HEAD, HEAD + "[words]\nWant = 5\n" + RIVER_RULE, "rule = 5\n" + HEAD):
        own = parse_own(text, file="own.toml")
        assert own.lexicon is None
        assert own.problems
        assert all(problem.startswith("own.toml: ") for problem in own.problems)


def test_the_line_ends_of_windows_do_no_harm(handrail: Handrail, empty: Place) -> None:
    (empty.folder / "own.toml").write_bytes(b"\xef\xbb\xbf" + (RIVER + unreadable("x")).replace("\n", "\r\n").encode())
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert done.out.splitlines()[0].startswith("own.toml:12: rule 'x': ")


def test_what_is_muted_must_exist(handrail: Handrail, empty: Place) -> None:
    there = built_in()[0].rules[0].id
    empty.write("own.toml", f'mute = ["{there}", "en/no-such-rule"]\n' + RIVER)
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert done.code == 1
    assert "own.toml: it mutes “en/no-such-rule”, which no lexicon has" in done.out.splitlines()
    assert f"{there}”" not in done.out


def test_a_built_in_rule_that_changes_is_named_and_may_be_meant(handrail: Handrail, empty: Place) -> None:
    lowering = """
[[lower]]
id = "our-saying"
reason = "hyperbole"
to = "nothing"
where = "sentence"
pattern = ["myself"]
hears = ["I want to kill myself"]
ignores = ["I want to die"]
"""
    empty.write("own.toml", HEAD + lowering)
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert done.code == 0
    assert "! with this file, a built-in rule changes: en/" in done.out


def test_the_example_in_the_documentation_is_a_lexicon() -> None:
    text = (REPOSITORY / "docs/ear.md").read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    own = parse_own(text, file="ear.md")
    assert own.problems == ("ear.md: it mutes “en/some-rule”, which no lexicon has",)
    assert own.lexicon is not None
    assert failed_examples(detector_with(own.lexicon), own.lexicon) == ()


def test_a_file_that_is_not_there_is_told_in_a_line(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "lexicon", "test", "own.toml")
    assert (done.code, done.err) == (1, "own.toml: cannot be read (No such file or directory).\n")


def test_the_report_of_a_community_says_so_when_nothing_was_judged_yet(handrail: Handrail, empty: Place) -> None:
    place = Place.fresh(empty.folder)
    place.write("riverside.toml", SAMPLE.read_text("utf-8").replace('id = "sample"', 'id = "riverside"'))
    assert handrail(place, "community", "apply", "riverside.toml", "--yes").code == 0
    done = handrail(place, "lexicon", "report", "riverside")
    assert (done.code, done.out) == (0, "No case that a rule opened has ended yet with somebody's word.\n")
    done = handrail(place, "lexicon", "report", "riverside", "--json")
    assert json.loads(done.out) == {"community": "riverside", "rules": {}}
    done = handrail(place, "lexicon", "report", "elsewhere")
    assert (done.code, done.out) == (1, "")
    assert "There is no community of that id. There are: " in done.err


def test_the_report_shows_the_worst_rule_first() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(table_of({"en/good": Judged(9, 1), "en/bad": Judged(1, 3)}))
    assert isinstance(console.file, io.StringIO)
    rows = [re.findall(r"[\w/%]+", line) for line in console.file.getvalue().splitlines()]
    assert rows[0] == ["Rule", "right", "false", "alarm", "precision"]
    assert rows[2:] == [["en/bad", "1", "3", "25%"], ["en/good", "9", "1", "90%"]]
