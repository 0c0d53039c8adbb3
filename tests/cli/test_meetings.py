"""`handrail meetings`: real feeds, each with the report that a person agreed with.

The feeds are not part of the project; where they are not beside it, the golden reports are skipped.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.attendance import sign
from bot.services.hosting.attendance import seed_of
from bot.storage.vault import Vault, load_key
from cli.handrail import REPOSITORY, SAMPLE, Handrail, Place

DATA = REPOSITORY.parent / "shared/data/meetings"
GOLDEN = Path(__file__).parent / "golden_meetings.json"
"""By file: what importing it reports. Counts and reasons only."""
NUMBERS = ("kind", "programme", "records", "added", "merged", "inactive", "refusals", "irregular")
TOLD = ("statuses", "zones", "doubts", "problem")

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real feeds are not beside this repository")


PEERS = """
[[places]]
platform = "console"
kinds = ["peers"]
address = "their-peers"
"""


def condensed(report: dict[str, Any]) -> dict[str, Any]:
    """A report without its source: what is nought or empty is left out."""
    told = {name: report[name] for name in (*NUMBERS, *TOLD) if report[name]}
    return told | ({"refused": reasons} if (reasons := [[r["record"], r["reason"]] for r in report["refused"]]) else {})


def files() -> list[Path]:
    return sorted(path for path in DATA.rglob("*") if path.is_file())


@needs_data
def test_every_real_feed_has_the_report_that_was_agreed_on(handrail: Handrail, fresh: Place) -> None:
    paths = files()
    done = handrail(fresh, "meetings", "import", *map(str, paths), "--dry-run", "--json")
    reports = json.loads(done.out)
    found = {path.relative_to(DATA).as_posix(): condensed(report) for path, report in zip(paths, reports, strict=True)}
    assert found == json.loads(GOLDEN.read_text("utf-8"))
    assert all(each["records"] == each["added"] + each["merged"] + each["refusals"]
               for each in reports if each["added"])  # fmt: skip


@needs_data
def test_real_feeds_are_taken_in_listed_without_secrets_and_nothing_changes_the_second_time(
    handrail: Handrail, fresh: Place
) -> None:
    names = ("tsml_sussex_contacts.json", "tsml_times.json", "tsml_invalid_json.txt")
    sources = [str(DATA / name) for name in names]
    done = handrail(fresh, "meetings", "import", *sources, "--zone", "America/New_York", "--json")
    assert done.code == 1
    first = json.loads(done.out)
    again = json.loads(handrail(fresh, "meetings", "import", *sources[:2], "--zone", "America/New_York", "--json").out)
    assert [each["unchanged"] for each in again] == [each["added"] for each in first[:2]]
    listed = handrail(fresh, "meetings", "list", "--json")
    assert len(json.loads(listed.out)) == sum(each["added"] for each in first)
    record = json.loads(Path(sources[0]).read_text("utf-8"))[0]
    for secret in (record["conference_url"], record["conference_phone"], record["contact_1_email"]):
        assert secret not in listed.out
    feeds = json.loads(handrail(fresh, "meetings", "feeds", "--json").out)
    assert [feed["meetings"] for feed in feeds] == [each["added"] for each in first[:2]]


def test_a_table_a_calendar_and_a_sheet_are_told_by_their_content(handrail: Handrail, fresh: Place) -> None:
    fresh.write(
        "a.txt",
        "Meeting Name;Day;Start Time;End Time;Zoom Link\n"
        "Dawn;Mondays & Fridays;7 AM;8 AM;zoom.us/j/123456789\n;;;;\n;Monday;7 AM;;\n",
    )
    fresh.write(
        "b.txt",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Noon\nDTSTART:20260105T120000\n"
        "RRULE:FREQ=WEEKLY\nEND:VEVENT\nEND:VCALENDAR\n",
    )
    rows = [["Name", "Weekday", "Time", "Time Zone"], ["Dusk", "tue", "7:30 pm", "Europe/Berlin"], ["Bad", "x", "7 pm"]]
    fresh.write("c.txt", json.dumps({"range": "A1:D9", "values": rows}))
    air = [
        {"id": "rec1", "fields": {"Meeting Name": "Night", "Day": "Sunday", "Time": "11:30 PM", "End Time": "12:30 AM"}}
    ]
    fresh.write("d.txt", json.dumps({"records": air}))
    done = handrail(fresh, "meetings", "import", "a.txt", "b.txt", "c.txt", "d.txt", "--json")
    reports = json.loads(done.out)
    assert [(r["kind"], r["added"]) for r in reports] == [
        ("csv", 1), ("icalendar", 1), ("meeting-guide", 1), ("meeting-guide", 1)
    ]  # fmt: skip
    assert reports[0]["refused"] == [{"record": 2, "reason": "it has no name"}]
    assert reports[2]["refused"] == [{"record": 2, "reason": "the weekday is not understood"}]
    listed = {each["name"]: each for each in json.loads(handrail(fresh, "meetings", "list", "--json").out)}
    assert (listed["Dawn"]["days"], listed["Dawn"]["time"]) == (["monday", "friday"], "07:00")
    assert (listed["Dusk"]["zone"], listed["Dusk"]["time"]) == ("Europe/Berlin", "19:30")
    assert (listed["Night"]["minutes"], listed["Night"]["doubts"]) == (60, ["overnight", "no_place"])
    assert "123456789" not in json.dumps(listed)


def test_what_a_person_sees_says_what_to_do(handrail: Handrail, fresh: Place) -> None:
    fresh.write("feed.json", json.dumps([{"name": "A", "day": 1, "time": "7 pm"}, {"day": 1}]))
    done = handrail(fresh, "meetings", "import", "feed.json", "nothing.json", "http://127.0.0.1/a")
    assert done.code == 1
    assert "feed.json: 2 records, 1 added, 1 refused\n" in done.out
    assert "  Record 2: it has no name" in done.out
    assert "  1 have no time zone; give one with --zone." in done.out
    assert "nothing.json: 0 records, 0 added\n  Not taken: there is no such file, or it cannot be read." in done.out
    assert "Is its path right?" in done.out
    assert "allow_private = true in [feeds]" in done.out
    assert "There is no time zone" in handrail(fresh, "meetings", "import", "feed.json", "--zone", "Mars/Base").err
    assert "feed.json" in handrail(fresh, "meetings", "feeds").out


def test_a_file_without_meetings_says_why_and_what_to_do(handrail: Handrail, fresh: Place) -> None:
    fresh.write("bodies.json", json.dumps([{"id": "1", "parent_id": "0", "name": "A", "helpline": ""}]))
    fresh.write("formats.json", json.dumps([{"key_string": "O", "name_string": "Open", "world_id": "OPEN"}]))
    fresh.write("other.json", json.dumps([{"colour": "red"}]))
    fresh.write("headings.csv", "name,day,time\n")
    done = handrail(fresh, "meetings", "import", "bodies.json", "formats.json", "other.json", "headings.csv")
    told = dict(part.split(": ", 1) for part in done.out.replace("\n  ", " ").splitlines())
    assert "GetSearchResults" in told["bodies.json"]
    assert "Name both in one command" in told["formats.json"]
    assert "its records are no meetings" in told["other.json"]
    assert "a table (CSV)" in told["other.json"]
    assert "There is no meeting in it" in told["headings.csv"]


def test_a_long_list_says_how_many_there_are_and_how_to_see_them(handrail: Handrail, fresh: Place) -> None:
    many = [{"name": f"Circle {n}", "slug": str(n), "day": 1, "time": "19:00"} for n in range(31)]
    fresh.write("feed.json", json.dumps(many))
    assert "31 records, 31 added" in handrail(fresh, "meetings", "import", "feed.json", "--zone", "UTC").out
    done = handrail(fresh, "meetings", "list")
    assert (len(done.out.splitlines()), "20 of 31. All of them: --limit 31" in done.err) == (20, True)
    done = handrail(fresh, "meetings", "list", "--limit", "31")
    assert (len(done.out.splitlines()), done.err) == (31, "")
    assert len(json.loads(handrail(fresh, "meetings", "list", "--json").out)) == 31
    assert "No such meeting" in handrail(fresh, "meetings", "list", "--text", "zebra").out


def test_a_note_of_attendance_is_checked_here_and_elsewhere(handrail: Handrail, fresh: Place, empty: Place) -> None:
    fresh.write("sample.toml", SAMPLE.read_text("utf-8"))
    assert handrail(fresh, "community", "apply", "sample.toml", "--yes").code == 0
    keys = json.loads(handrail(fresh, "meetings", "key", "--json").out)
    assert f"sample  {keys['sample']}" in handrail(fresh, "meetings", "key").out
    sealing = load_key(next(fresh.folder.rglob("*.key")))
    assert sealing is not None
    note = sign("Name: Ana", seed_of(Vault(sealing), "sample"))
    fresh.write("note.txt", note)
    fresh.write("changed.txt", note.replace("Ana", "Eva"))
    fresh.write("other.txt", sign("Name: Ana", bytes(32)))
    fresh.write("none.txt", "Name: Ana")
    done = handrail(fresh, "meetings", "verify", "note.txt")
    assert (done.code, done.out.startswith("Valid.")) == (0, True)
    assert json.loads(handrail(fresh, "meetings", "verify", "note.txt", "--json").out)["community"] == "sample"
    for name, problem in (("changed", "was changed"), ("other", "another key"), ("none", "no note")):
        done = handrail(fresh, "meetings", "verify", f"{name}.txt")
        assert (done.code, problem in done.out, done.err) == (1, True, ""), name
    elsewhere = Place(empty.folder / "elsewhere")
    elsewhere.folder.mkdir()
    elsewhere.write("note.txt", note)
    assert handrail(elsewhere, "meetings", "verify", "note.txt", "--key", keys["sample"]).code == 0
    assert handrail(elsewhere, "meetings", "verify", "note.txt", "--key", "A" * 43).code == 1


def test_whose_clock_was_taken_is_said_and_a_feed_whose_others_are_elsewhere_is_warned_of(
    handrail: Handrail, used: Place
) -> None:
    circle = {"slug": "a", "name": "Circle", "day": 1, "time": "19:00"}
    there = {"latitude": 37.77, "longitude": -122.42, "country": "US", "formatted_address": "1 Elm St, San Francisco"}
    used.write("plain.json", json.dumps([circle]))
    used.write("mixed.json", json.dumps([circle, {**circle, **there, "slug": "b"}, {**circle, **there, "slug": "c"}]))
    done = handrail(used, "meetings", "import", "plain.json")
    assert "1 meeting says no time zone: I took the community's, America/New_York. If that is wrong" in done.out
    assert "WARNING" not in done.out
    warned = handrail(used, "meetings", "import", "mixed.json")
    assert "WARNING: 1 meeting says no time zone: I took the community's, America/New_York." in warned.out
    assert "But 2 meetings of the same feed are in America/Los_Angeles." in warned.out
    assert "--zone America/Los_Angeles" in warned.out
    again = handrail(used, "meetings", "import", "mixed.json", "--zone", "America/Los_Angeles")
    assert "WARNING" not in again.out


def test_a_wrong_feed_is_taken_out_again_and_what_was_never_read_is_none(handrail: Handrail, used: Place) -> None:
    feed = [{"name": f"Circle {n}", "slug": str(n), "day": 1, "time": "19:00"} for n in range(31)]
    used.write("feed.json", json.dumps(feed))
    used.write("cut.json", json.dumps(feed)[:-20])
    assert handrail(used, "meetings", "import", "feed.json").code == 0
    for never in ("cut.json", "nofile.json"):
        assert handrail(used, "meetings", "import", never).code == 1
    listed = json.loads(handrail(used, "meetings", "feeds", "--json").out)
    assert [Path(each["source"]).name for each in listed] == ["feed.json"]
    assert "There is no feed of that name" in handrail(used, "meetings", "forget", "cut.json").err
    assert handrail(used, "meetings", "forget", "feed.json").out == "31 meetings were taken out.\n"
    assert json.loads(handrail(used, "meetings", "feeds", "--json").out) == []
    assert json.loads(handrail(used, "meetings", "list", "--json").out) == []
    assert "31 added" in handrail(used, "meetings", "import", "feed.json").out


def test_a_feed_of_two_communities_is_forgotten_for_the_one_that_is_named(handrail: Handrail, used: Place) -> None:
    record = {
        "name": "Hope",
        "day": 1,
        "time": "19:00",
        "timezone": "America/New_York",
        "conference_url": "https://x.org",
    }
    used.write("feed.json", json.dumps([record]))
    used.write("other.toml", 'id = "other"\nname = "Other"\ncountry = "US"\nzone = "America/New_York"\n' + PEERS)
    assert handrail(used, "community", "apply", "other.toml", "--yes").code == 0
    for community in ("sample", "other"):
        assert handrail(used, "meetings", "import", "feed.json", "--community", community).code == 0
    refused = handrail(used, "meetings", "forget", "feed.json")
    assert (refused.code, "--community sample" in refused.err) == (1, True)
    done = handrail(used, "meetings", "forget", "feed.json", "--community", "sample")
    assert (done.code, done.out) == (0, "1 meeting was taken out.\n")
    assert handrail(used, "meetings", "forget", "feed.json").code == 0  # of the only one that has it still


@pytest.mark.parametrize("names", [("formats.json", "search.json"), ("search.json", "formats.json")])
def test_the_formats_of_a_bmlt_server_beside_its_meetings_are_used_in_either_order(
    handrail: Handrail, used: Place, names: tuple[str, str]
) -> None:
    formats = [{"key_string": "QX", "lang": "en", "name_string": "Quiet Room", "format_type_enum": "FC3"}]
    one = {"id_bigint": "2", "weekday_tinyint": "7", "start_time": "14:00:00", "formats": "QX", "meeting_name": "Hope"}
    place = {"location_street": "1 Elm St", "location_municipality": "New York", "location_province": "NY"}
    used.write("formats.json", json.dumps(formats))
    used.write("search.json", json.dumps([{**one, **place, "service_body_bigint": "1", "lang_enum": "en"}]))
    done = handrail(used, "meetings", "import", *names)
    assert done.code == 0
    assert "It says what the formats of the meetings mean that were read with it" in done.out
    assert "in one command" not in done.out
    assert "Quiet Room" in handrail(used, "meetings", "list", "--json").out
    assert "1 unchanged" in handrail(used, "meetings", "import", *reversed(names)).out
