"""`handrail community`: a file applied, and written back."""

import json
import os
import shutil
from pathlib import Path

import pytest
from harness.lexicons import RIVER_RULE, unreadable

from cli.handrail import SAMPLE, Handrail, Place

RIVERSIDE = (
    SAMPLE.read_text("utf-8")
    .replace('id = "sample"', 'id = "riverside"')
    .replace('# resources = "resources.csv"', 'resources = "resources.csv"')
    .replace('address = "', 'address = "river-')
)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str]:
    """A folder with a community applied, and what applying said."""
    place = Place.fresh(tmp_path_factory.mktemp("applied"))
    place.write("riverside.toml", RIVERSIDE)
    place.write("resources.csv", "name,phone\nThe night line,116 123\n,555\n")
    done = place.program("community", "apply", "riverside.toml", "--yes")
    assert done.code == 0, done.err
    return place, done.out


def test_what_changes_is_shown_with_the_rows_that_are_refused(applied: tuple[Place, str]) -> None:
    out = applied[1]
    assert "+ community Sample community" in out
    assert "+ person Sam" in out
    assert "+ its list of resources: 1 entry" in out
    assert "resources.csv, row 3: left out." in out


def test_applying_again_changes_nothing(handrail: Handrail, applied: tuple[Place, str]) -> None:
    place = applied[0]
    before = place.database.read_bytes()
    done = handrail(place, "community", "apply", "riverside.toml", "--yes")
    assert done.code == 0
    assert "Nothing to change" in done.out
    assert place.database.read_bytes() == before


def test_an_exported_community_reads_the_same(handrail: Handrail, applied: tuple[Place, str]) -> None:
    place = applied[0]
    exported = handrail(place, "community", "export", "riverside", "out/riverside.toml")
    assert exported.code == 0, exported.err
    done = handrail(place, "community", "apply", "out/riverside.toml", "--json")
    assert json.loads(done.out)["changes"] == []


def test_an_export_overwrites_nothing(handrail: Handrail, applied: tuple[Place, str]) -> None:
    place = applied[0]
    done = handrail(place, "community", "export", "riverside", "riverside.toml")
    assert done.code == 1
    assert (place.folder / "riverside.toml").read_text("utf-8") == RIVERSIDE


def test_an_unknown_id_lists_those_that_there_are(handrail: Handrail, applied: tuple[Place, str]) -> None:
    done = handrail(applied[0], "community", "export", "seaside")
    assert (done.code, done.out) == (1, "")
    assert "riverside" in done.err


def test_without_anybody_to_ask_a_change_needs_yes(handrail: Handrail, applied: tuple[Place, str]) -> None:
    place = applied[0]
    place.write("changed.toml", RIVERSIDE.replace('checkin_time = "09:00"', 'checkin_time = "10:00"'))
    before = place.database.read_bytes()
    done = handrail(place, "community", "apply", "changed.toml")
    assert done.code == 1
    assert "~ checkin_time: 09:00:00 → 10:00:00" in done.out
    assert "--yes" in done.err
    assert place.database.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's")
@pytest.mark.parametrize(("answer", "told"), [("y", "Done."), ("n", "Nothing was changed.")])
def test_at_a_terminal_a_change_is_asked_about(
    handrail: Handrail, applied: tuple[Place, str], tmp_path: Path, answer: str, told: str
) -> None:
    shutil.copytree(applied[0].folder, tmp_path / "copy")
    place = Place(tmp_path / "copy")
    place.write("changed.toml", RIVERSIDE.replace('checkin_time = "09:00"', 'checkin_time = "10:00"'))
    done = handrail(place, "community", "apply", "changed.toml", typed=f"{answer}\n")
    assert (done.code, done.err) == (0, "")
    assert told in done.out


def test_a_plan_for_a_program_changes_nothing(handrail: Handrail, applied: tuple[Place, str]) -> None:
    place = applied[0]
    place.write("changed.toml", RIVERSIDE.replace('checkin_time = "09:00"', 'checkin_time = "10:00"'))
    before = place.database.read_bytes()
    done = handrail(place, "community", "apply", "changed.toml", "--json")
    plan = json.loads(done.out)
    assert (done.code, plan["applied"], len(plan["changes"])) == (0, False, 1)
    assert place.database.read_bytes() == before


def test_a_place_of_another_community_is_refused_in_one_line_that_says_what_to_do(
    handrail: Handrail, applied: tuple[Place, str]
) -> None:
    place = applied[0]
    place.write("other.toml", RIVERSIDE.replace('id = "riverside"', 'id = "other"'))
    done = handrail(place, "community", "apply", "other.toml", "--yes")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "belongs to the community “riverside” already" in done.err
    assert 'put id = "riverside" into it' in done.err
    assert "handrail community export riverside" in done.err
    assert json.loads(handrail(place, "community", "list", "--json").out) == [
        {"id": "riverside", "name": "Sample community"}
    ]


def test_every_problem_of_a_file_is_one_line_and_nothing_is_made(handrail: Handrail, fresh: Place) -> None:
    fresh.write("bad.toml", RIVERSIDE.replace('"America/New_York"', '"Narnia/Town"').replace('"US"', '"Narnia"'))
    done = handrail(fresh, "community", "apply", "bad.toml", "--yes")
    assert done.code == 1
    assert [line.split(":")[1].strip() for line in done.err.splitlines()] == ["country", "zone"]
    assert fresh.names() == {"config.toml", "bad.toml"}


# Its own lexicon

WITH_LEXICON = RIVERSIDE.replace('resources = "resources.csv"', 'lexicon = "rules.toml"')
RULES = f'language = "en"\nmute = ["en/no-such-rule"]\n{RIVER_RULE}{unreadable("bad")}'


@pytest.fixture(scope="module")
def with_lexicon(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str]:
    """A folder with a community with its own lexicon applied, and what applying said."""
    place = Place.fresh(tmp_path_factory.mktemp("lexicon"))
    place.write("riverside.toml", WITH_LEXICON)
    place.write("rules.toml", RULES)
    done = place.program("community", "apply", "riverside.toml", "--yes")
    assert done.code == 0, done.err
    return place, done.out


def test_rules_that_are_refused_are_said_with_line_and_reason_and_the_others_are_applied(
    with_lexicon: tuple[Place, str],
) -> None:
    lines = with_lexicon[1].splitlines()
    assert "+ its own lexicon: 1 rule" in lines
    assert "rules.toml:13: rule 'bad': pattern 1: '(' is not closed: left out." in lines
    assert "rules.toml: it mutes “en/no-such-rule”, which no lexicon has: left out." in lines


def test_the_check_says_which_of_a_communitys_own_rules_are_not_heard(
    handrail: Handrail, with_lexicon: tuple[Place, str]
) -> None:
    done = handrail(with_lexicon[0], "check")
    assert "Community riverside: rules.toml:13: rule 'bad': pattern 1: '(' is not closed" in done.out
    assert "handrail lexicon test FILE" in done.out


def test_an_export_writes_the_lexicon_as_it_was_applied(handrail: Handrail, with_lexicon: tuple[Place, str]) -> None:
    place = with_lexicon[0]
    exported = handrail(place, "community", "export", "riverside", "out/riverside.toml")
    assert exported.code == 0, exported.err
    assert (place.folder / "out" / "rules.toml").read_text("utf-8") == RULES
    done = handrail(place, "community", "apply", "out/riverside.toml", "--json")
    plan = json.loads(done.out)
    assert plan["changes"] == []
    assert len(plan["refused_rules"]) == 2


def test_an_export_does_not_write_two_files_under_one_name(handrail: Handrail, with_lexicon: tuple[Place, str]) -> None:
    place = with_lexicon[0]
    done = handrail(place, "community", "export", "riverside", "other/rules.toml")
    assert done.code == 1
    assert not (place.folder / "other").exists()


def test_a_lexicon_of_which_nothing_can_be_used_changes_nothing(
    handrail: Handrail, with_lexicon: tuple[Place, str]
) -> None:
    place = with_lexicon[0]
    before = place.database.read_bytes()
    place.write("broken.toml", "language = ")
    place.write("changed.toml", WITH_LEXICON.replace("rules.toml", "broken.toml"))
    done = handrail(place, "community", "apply", "changed.toml", "--yes")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert done.err.startswith("broken.toml: it is not TOML")
    assert "nothing was changed" in done.err
    assert place.database.read_bytes() == before


def test_a_lexicon_that_is_too_large_is_refused(handrail: Handrail, fresh: Place) -> None:
    fresh.write("riverside.toml", WITH_LEXICON)
    fresh.write("rules.toml", RULES + "#" * 1_000_000)
    done = handrail(fresh, "community", "apply", "riverside.toml", "--yes")
    assert done.code == 1
    assert "rules.toml: too large; at most 1000000 bytes are read." in done.err


@pytest.mark.parametrize("name", ["../rules.toml", "/etc/rules.toml", "rules.csv", "rules"])
def test_a_lexicon_is_a_toml_file_beside_the_communitys(handrail: Handrail, fresh: Place, name: str) -> None:
    fresh.write("riverside.toml", WITH_LEXICON.replace("rules.toml", name))
    done = handrail(fresh, "community", "apply", "riverside.toml", "--yes")
    assert done.code == 1
    assert "lexicon: the name of a .toml file beside this one" in done.err


def test_a_list_of_resources_that_is_not_there_is_said(handrail: Handrail, fresh: Place) -> None:
    fresh.write("riverside.toml", RIVERSIDE)
    done = handrail(fresh, "community", "apply", "riverside.toml", "--yes")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "resources.csv" in done.err


def test_the_audit_log_of_a_community_without_cases_is_a_table_of_no_lines(
    handrail: Handrail, applied: tuple[Place, str]
) -> None:
    place = applied[0]
    printed = handrail(place, "audit", "export", "riverside")
    assert (printed.code, printed.out) == (0, "at,case,what,actor,member\n")
    written = handrail(place, "audit", "export", "riverside", "audit.csv")
    assert (written.code, "audit.csv" in written.err) == (0, True)
    again = handrail(place, "audit", "export", "riverside", "audit.csv")
    assert "audit.csv is there already, and nothing was written" in again.err
    assert "There is no community of that id. There are: riverside" in handrail(place, "audit", "export", "other").err
    assert handrail(place, "audit", "export").out == printed.out, "the only one there is needs no id"


def test_who_a_number_of_the_audit_log_is_can_be_asked_on_the_machine(handrail: Handrail, used: Place) -> None:
    handrail(used, "run", said="alice@lobby: i want to kill myself\n")
    _at, _case, _what, number, _member = handrail(used, "audit", "export", "sample").out.splitlines()[1].split(",")
    assert "  console: alice" in handrail(used, "audit", "who", "sample", number).out
    assert f"name looked up,,{number}" in handrail(used, "audit", "export", "sample").out
    unknown = handrail(used, "audit", "who", "sample", "987654321")
    assert (unknown.code, unknown.out) == (1, "")
    assert "No member here has the number 987654321" in unknown.err


OWN = SAMPLE.read_text("utf-8").replace('id = "sample"', 'id = "riverside"').replace("Sample community", "Riverside")


def test_the_readme_leads_from_the_sample_to_a_community_of_ones_own(handrail: Handrail, used: Place) -> None:
    used.write("my-community.toml", OWN)
    assert handrail(used, "community", "apply", "my-community.toml", "--yes").code == 1
    removed = handrail(used, "community", "remove", "sample", "--yes")
    assert "Sample community (sample) would be removed with " in removed.out
    assert "Removed: sample." in removed.out
    assert handrail(used, "community", "apply", "my-community.toml", "--yes").code == 0
    assert "sample community was added" not in handrail(used, "run").err
    assert json.loads(handrail(used, "community", "list", "--json").out) == [{"id": "riverside", "name": "Riverside"}]


def test_a_community_is_removed_only_by_whoever_types_its_id(handrail: Handrail, used: Place) -> None:
    assert "Nothing was removed" in handrail(used, "community", "remove", "sample", typed="yes\n").out
    assert "there is nobody to ask" in handrail(used, "community", "remove", "sample").err
    assert "There are: sample" in handrail(used, "community", "remove", "simple", "--yes").err
    assert "Removed: sample." in handrail(used, "community", "remove", "sample", typed="sample\n").out


def test_a_community_in_which_somebody_waits_for_help_is_removed_only_on_purpose(
    handrail: Handrail, used: Place
) -> None:
    handrail(used, "run", said="alice@lobby: i want to kill myself\n")
    refused = handrail(used, "community", "remove", "sample", "--yes")
    assert refused.code == 1
    assert "1 person in this community is waiting for help" in refused.err
    assert handrail(used, "community", "remove", "sample", "--yes", "--even-with-open-cases").code == 0
