"""`handrail resources`: every file of the field's own data, imported with a report that a person agrees with."""

import csv
import json
import shutil
from collections import Counter
from typing import Any

import jsonschema
import pytest

from cli.handrail import REPOSITORY, Handrail, Outcome, Place

DATA = REPOSITORY / ".." / "shared" / "data" / "resources"
HSDS = DATA / "hsds"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the field's data, ../shared/data/resources, is not here")

EMERGENCY = "An emergency number is no helpline; the bot has its own list of them."
AGAIN = "It is the same as one before it."
NO_SERVICE = "It is no service: it has no name and no way to reach it that I know."
NOTHING = "There is no service in it that can be used."

GOLDEN: dict[str, tuple[int, int, dict[str, int], str | None]] = {
    "findtreatment_facilities_sample60.json": (60, 60, {}, None),
    "findtreatment_v2_params.json": (1, 0, {NO_SERVICE: 1}, NOTHING),
    "findtreatment_v2_sample_response.json": (2, 2, {}, None),
    "hotlines.csv": (132, 132, {}, None),
    "stale_2021_hotlines.json": (279, 137, {EMERGENCY: 73, AGAIN: 14, "It says no number.": 55}, None),
    "hsds/examples_json/location.json": (
        1, 0, {"It is a place, and does not say what is offered there.": 1}, NOTHING,
    ),
    "hsds/examples_json/organization_full.json": (1, 1, {}, None),
    "hsds/examples_json/service_at_location_full.json": (1, 1, {}, None),
    "hsds/examples_json/service_full.json": (1, 1, {}, None),
    "hsds/examples_json/service_list.json": (1, 1, {}, None),
    "hsds/examples_json/tabular.json": (1, 1, {}, None),
    "hsds/examples_json/taxonomy_term_list.json": (1, 0, {"It is a term of a vocabulary, no service.": 1}, NOTHING),
    "hsds/examples_csv": (1, 1, {}, None),
    "hsds/examples_csv/services.csv": (1, 1, {}, None),
    "hsds/examples_csv/phones.csv": (
        0, 0, {}, "This is one table of HSDS. Give the folder in which all of them are.",
    ),
    "hsds/examples_csv/datapackage.json": (
        0, 0, {}, "The first line must name the columns, and one of them must be “name”.",
    ),
    "hsds/datapackage/datapackage.json": (
        0, 0, {}, "This describes tables; the tables are not in it. Give the folder in which they are.",
    ),
    "hsds/schema/service.json": (0, 0, {}, "This describes how records look; it holds none."),
    "hsds/schema/openapi.json": (0, 0, {}, "This describes how records look; it holds none."),
}  # fmt: skip
"""Of each file: records, those added, how many were refused for which reason, and why nothing was imported."""


def report_of(done: Outcome) -> dict[str, Any]:
    (source,) = json.loads(done.out)["sources"]
    assert isinstance(source, dict)
    return source


def summary(report: dict[str, Any]) -> tuple[int, int, dict[str, int], str | None]:
    reasons = Counter(refused["reason"] for refused in report["refused"])
    return report["records"], report["added"], dict(reasons), report["error"]


@needs_data
@pytest.mark.parametrize("name", GOLDEN)
def test_a_file_is_imported_with_a_report_that_a_person_agrees_with(
    handrail: Handrail, fresh: Place, name: str
) -> None:
    done = handrail(fresh, "resources", "import", str((DATA / name).resolve()), "--dry-run", "--json")
    assert summary(report_of(done)) == GOLDEN[name], done.out
    assert done.code == (1 if GOLDEN[name][3] else 0)
    assert not fresh.database.exists()


@needs_data
def test_no_number_of_the_compiled_helplines_is_lost_or_changed(handrail: Handrail, used: Place) -> None:
    with (DATA / "hotlines.csv").open(encoding="utf-8", newline="") as opened:
        numbers = sorted(row["phone"] for row in csv.DictReader(opened))
    handrail(used, "resources", "import", str(DATA / "hotlines.csv"))
    exported = json.loads(handrail(used, "resources", "export", "--source", "hotlines.csv").out)
    said = [
        next((phone["number"] for phone in service.get("phones", ()) if phone["type"] == "voice"), "")
        for service in exported
    ]
    assert sorted(said) == numbers


@needs_data
def test_what_is_exported_is_valid_hsds_3_and_comes_back_unchanged(handrail: Handrail, used: Place) -> None:
    files = [
        DATA / "findtreatment_facilities_sample60.json",
        HSDS / "examples_json/service_full.json",
        DATA / "stale_2021_hotlines.json",
    ]
    assert handrail(used, "resources", "import", *map(str, files), "--checked", "2021").code == 0
    assert handrail(used, "resources", "export", "all.json").code == 0
    services = json.loads((used.folder / "all.json").read_text("utf-8"))
    assert len(services) == 132 + 60 + 1 + 137
    schema = json.loads((HSDS / "schema/compiled_service_with_definitions.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for service in services for error in validator.iter_errors(service)] == []
    assert len({service["id"] for service in services}) == len(services)
    again = report_of(handrail(used, "resources", "import", "all.json", "--json"))
    assert (again["added"], again["refused_count"]) == (len(services), 0)
    shutil.move(used.folder / "all.json", used.folder / "before.json")
    handrail(used, "resources", "export", "all.json", "--source", "all.json")
    assert report_of(handrail(used, "resources", "import", "all.json", "--json"))["unchanged"] == len(services)


@needs_data
def test_an_old_list_shows_its_age_and_the_numbers_that_are_called_now(handrail: Handrail, used: Place) -> None:
    stale = str(DATA / "stale_2021_hotlines.json")
    assert handrail(used, "resources", "import", stale, "--checked", "2021").code == 0
    exported = json.loads(handrail(used, "resources", "export", "--source", "stale_2021_hotlines.json").out)
    first = {phone["number"] for service in exported for phone in service["phones"]}
    assert not first & {"1-800-273-8255", "199284284", "199 284 284"}
    assert all(service["assured_date"] == "2021-01-01" for service in exported)
    shown = handrail(used, "resources", "search", "1-800-273-8255", "--country", "US").out
    assert "Call: 988" in shown
    assert "is an old number. Now: 988" in shown
    for words in ("1813", "Zelfmoordlijn", "suicide", "Centre de Prévention du Suicide"):
        found = json.loads(handrail(used, "resources", "search", words, "--country", "BE", "--json").out)["results"]
        numbers = {result["phone"] for result in found}
        assert {"1813", "0800 32 123"} <= numbers or not {"1813", "0800 32 123"} & numbers


def test_a_search_finds_by_need_and_says_why_without_a_database(handrail: Handrail, fresh: Place) -> None:
    found = json.loads(handrail(fresh, "resources", "search", "suiside", "--country", "US", "--json").out)
    assert found["results"][0]["phone"] == "988"
    assert found["results"][0]["why"].startswith("For: Suicidal thoughts.")
    assert len(found["results"]) == 3
    assert found["more"] is True
    assert not fresh.database.exists()


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        (
            "cut.json",
            '[{"id": "1", "name": "A", "status": "active", "phones": [{"number": "211"}]}, {"id": "2"',
            "breaks off",
        ),
        ("page.json", "<!DOCTYPE html><title>Sign in</title>", "web page"),
        ("empty.csv", "", "empty"),
        ("odd.csv", "fone,town\n1,2\n", "must name the columns"),
        ("open.csv", 'name,phone\nA,1\n"B,2\n' + "C,3\n" * 60_000, "quotation mark"),
        ("long.json", '[{"id": "1", "name": "' + "x" * 5_000_000 + '"}]', "over 4 MB"),
        ("deep.json", "[" * 100_000, "breaks off"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_changes_nothing_and_says_why(
    handrail: Handrail, fresh: Place, name: str, content: str, error: str
) -> None:
    fresh.write(name, content)
    report = report_of(handrail(fresh, "resources", "import", name, "--dry-run", "--json"))
    assert error in report["error"]
    assert report["added"] == 0


def test_excel_s_encoding_and_separators_are_understood(handrail: Handrail, fresh: Place) -> None:
    (fresh.folder / "list.csv").write_bytes("Name;Telephone;City\nCafé Espérance;988;Zürich\n".encode("cp1252"))
    assert handrail(fresh, "resources", "import", "list.csv", "--country", "CH").code == 0
    found = json.loads(handrail(fresh, "resources", "search", "cafe", "--country", "CH", "--json").out)["results"]
    assert [(result["name"], result["phone"]) for result in found] == [("Café Espérance", "988")]


def test_a_source_is_listed_with_its_report_and_can_be_taken_out_again(handrail: Handrail, used: Place) -> None:
    used.write("list.csv", "name,phone,state,country\nCedar House,555-0100,CA,US\n,555,,\n")
    assert handrail(used, "resources", "import", "list.csv").code == 0
    listed = handrail(used, "resources", "sources", "--json")
    assert listed.code == 0, listed.err
    (source,) = json.loads(listed.out)["sources"]
    assert (source["source"], source["services"], source["report"]["refused_count"]) == ("list.csv", 1, 1)
    found = json.loads(
        handrail(used, "resources", "search", "cedar", "--near", "California", "--country", "US", "--json").out
    )
    assert [result["why"] for result in found["results"]] == ["It says “cedar”. In the place you named."]
    assert "1 service was taken out" in handrail(used, "resources", "forget", "list.csv").out
    assert json.loads(handrail(used, "resources", "sources", "--json").out)["sources"] == []
    assert handrail(used, "resources", "forget", "list.csv").code == 1


@needs_data
def test_a_place_in_the_words_of_a_search_is_a_place(handrail: Handrail, used: Place) -> None:
    handrail(used, "resources", "import", str(DATA / "findtreatment_facilities_sample60.json"))
    near = handrail(used, "resources", "search", "detox", "near", "San", "Rafael").out
    assert near.startswith("Near “San Rafael”")
    assert "about 1 mile away" in near
    unknown = handrail(used, "resources", "search", "narcan", "near", "Oakland").out
    assert "no list of what there is in or near “Oakland”" in unknown
    assert unknown.index("Never Use Alone") < unknown.index("It is in Los Angeles, CA; how far away is not known.")
    assert handrail(used, "resources", "search", "food", "near", "me").err.startswith("Near which town?")


def test_a_file_that_cannot_be_read_becomes_no_source_and_spoils_none(handrail: Handrail, used: Place) -> None:
    assert handrail(used, "resources", "import", "list.csv").code == 1
    assert json.loads(handrail(used, "resources", "sources", "--json").out)["sources"] == []
    used.write("list.csv", "name,phone,country\nCedar House,555-0100,US\n")
    assert handrail(used, "resources", "import", "list.csv").code == 0
    (used.folder / "list.csv").unlink()
    assert handrail(used, "resources", "import", "list.csv").code == 1
    (source,) = json.loads(handrail(used, "resources", "sources", "--json").out)["sources"]
    assert (source["source"], source["services"]) == ("list.csv", 1)
