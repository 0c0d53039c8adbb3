"""`handrail community`: a file applied, and written back."""

import json
import os
import shutil
from pathlib import Path

import pytest

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


def test_a_place_of_another_community_is_refused_in_one_line(handrail: Handrail, applied: tuple[Place, str]) -> None:
    place = applied[0]
    place.write("other.toml", RIVERSIDE.replace('id = "riverside"', 'id = "other"'))
    done = handrail(place, "community", "apply", "other.toml", "--yes")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "belongs to another community" in done.err
    assert json.loads(handrail(place, "community", "list", "--json").out) == [
        {"id": "riverside", "name": "Sample community"}
    ]


def test_every_problem_of_a_file_is_one_line_and_nothing_is_made(handrail: Handrail, fresh: Place) -> None:
    fresh.write("bad.toml", RIVERSIDE.replace('"America/New_York"', '"Narnia/Town"').replace('"US"', '"Narnia"'))
    done = handrail(fresh, "community", "apply", "bad.toml", "--yes")
    assert done.code == 1
    assert [line.split(":")[1].strip() for line in done.err.splitlines()] == ["country", "zone"]
    assert fresh.names() == {"config.toml", "bad.toml"}


def test_a_list_of_resources_that_is_not_there_is_said(handrail: Handrail, fresh: Place) -> None:
    fresh.write("riverside.toml", RIVERSIDE)
    done = handrail(fresh, "community", "apply", "riverside.toml", "--yes")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "resources.csv" in done.err
