"""Resource lookup: the shipped data, a community's own list, search, crisis lines and how they are shown."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.resources import (
    TOPICS,
    Found,
    Resource,
    crisis_lines,
    describe,
    needs_country,
    parse_community_resources,
    parse_emergency_numbers,
    parse_helplines,
    search,
    topic_id,
    topics_in,
)
from bot.core.resources.parse import FIELD_LIMIT, ROWS_LIMIT
from bot.core.words import ENGLISH

TODAY = date(2026, 4, 15)
COMPILED = Path(__file__).parents[2] / ".." / "shared" / "data" / "resources" / "hotlines.csv"
EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905  easier to read

HELPLINES_CSV = (files("bot.data") / "helplines.csv").read_text(encoding="utf-8")
HELPLINES = parse_helplines(HELPLINES_CSV)
EMERGENCY = parse_emergency_numbers((files("bot.data") / "emergency_numbers.csv").read_text(encoding="utf-8"))


def names(found: Iterable[Found]) -> list[str]:
    return [match.resource.name for match in found]


def community(*rows: str, header: str = "name,phone,link,topics,place,country,checked") -> tuple[Resource, ...]:
    parsed = parse_community_resources("\n".join([header, *rows]), source="Riverside")
    assert parsed.refused == ()
    return parsed.resources


def reasons(text: str) -> list[tuple[int, str]]:
    return [(r.row, str(r.reason)) for r in parse_community_resources(text, source="x").refused]


def shown(resource: Resource) -> str:
    return ENGLISH.render(describe(resource, today=TODAY).value)


# The shipped data


def test_the_shipped_helplines_are_132_in_59_countries() -> None:
    assert len(HELPLINES) == 132
    assert len({line.country for line in HELPLINES}) == 59


def test_every_compiled_helpline_is_shipped_with_its_number_unchanged() -> None:
    if not COMPILED.exists():
        pytest.skip("the compiled list ../shared/data/resources/hotlines.csv is not here")
    with COMPILED.open(encoding="utf-8", newline="") as file:
        compiled = [(r["country"], r["name"], r["phone"], r["text/SMS"], r["hours"]) for r in csv.DictReader(file)]
    assert [(r.country, r.name, r.phone, r.text_to, r.hours) for r in HELPLINES] == compiled


@pytest.mark.parametrize("line", HELPLINES, ids=lambda line: f"{line.country} {line.name}")
def test_every_helpline_shows_its_source_and_its_date_or_that_it_is_to_be_confirmed(line: Resource) -> None:
    text = shown(line)
    assert "Source: " in text
    assert "Checked " in text or "No date of a check is known." in text
    assert ("To be confirmed" in text) is not line.confirmed
    assert line.checked or not line.confirmed


def test_a_helpline_has_a_way_to_reach_it_and_known_topics_and_languages() -> None:
    for line in HELPLINES:
        assert line.dialled
        assert set(line.topics) <= set(TOPICS)
        assert all(code.isalpha() and 2 <= len(code) <= 3 for code in line.languages)


def test_a_malformed_shipped_row_is_an_error_with_its_number() -> None:
    header, first, *_rest = HELPLINES_CSV.splitlines()
    with pytest.raises(ValueError, match="row 2"):
        parse_helplines("\n".join([header, first.replace("US,", "Narnia,", 1)]))
    with pytest.raises(ValueError, match="row 2"):
        parse_emergency_numbers("country,number,note,source,confirmed\nUS,,,x,yes\n")


def test_every_helpline_country_and_every_eu_country_has_an_emergency_number() -> None:
    wanted = {line.country for line in HELPLINES} | set(EU) | set("IS LI NO US CA AU NZ GB".split())  # noqa: SIM905  easier to read
    assert wanted <= set(EMERGENCY)
    assert {EMERGENCY[country].number for country in EU} == {"112"}
    assert (EMERGENCY["US"].number, EMERGENCY["GB"].number, EMERGENCY["AU"].number) == ("911", "999", "000")


def test_every_emergency_number_names_its_source() -> None:
    assert all(number.source and number.number.isdigit() for number in EMERGENCY.values())


# Search


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("detxo", "detox"),
        ("suiside", "suicide"),
        ("somewhere to sleep tonight", "housing"),
        ("narcan near me", "naloxone"),
        ("detox no insurance", "detox"),
        ("my husband hits me", "domestic-violence"),
        ("Metadone", "medication"),
        ("I lost my job", "jobs"),
    ],
)
def test_people_are_understood_in_their_own_words(words: str, topic: str) -> None:
    assert topic in topics_in(words)


def test_short_words_are_not_taken_for_each_other() -> None:
    assert topics_in("good") == ()


def test_a_topic_is_known_by_id_label_or_synonym() -> None:
    assert [topic_id(text) for text in ("harm-reduction", "Housing and Shelter", "Narcan", "basket weaving")] == [
        "harm-reduction",
        "housing",
        "naloxone",
        None,
    ]


def test_every_related_topic_exists() -> None:
    assert all(set(topic.related) <= set(TOPICS) for topic in TOPICS.values())


def test_a_typo_still_finds_the_crisis_line() -> None:
    assert names(search(HELPLINES, "suiside", country="US"))[0] == "988 Suicide & Crisis Lifeline"


def test_narcan_finds_overdose_prevention_where_nothing_nearer_is_known() -> None:
    found = search(HELPLINES, "narcan near me", country="US")
    assert "Never Use Alone (overdose-prevention line)" in names(found)
    assert str(found[0].why) == "For: Overdose prevention."


def test_only_lines_of_the_asked_country_are_found() -> None:
    assert {match.resource.country for match in search(HELPLINES, "suicide", country="DE", limit=99)} == {"DE"}


def test_without_a_country_no_phone_line_is_found_and_the_country_is_asked_for() -> None:
    assert search(HELPLINES, "suicide", country=None) == ()
    assert needs_country(HELPLINES, "suicide", country=None)
    assert not needs_country(HELPLINES, "suicide", country="NL")
    assert not needs_country(HELPLINES, "zxqwv", country=None)


@pytest.mark.parametrize("words", ["1-800-273-8255", "call 18002738255 now", "+1 (800) 273-8255", "1-800-273-TALK"])
def test_a_replaced_number_leads_to_the_new_one(words: str) -> None:
    match = search(HELPLINES, words, country=None)[0]
    assert match.resource.phone == "988"
    assert str(match.why).endswith("Now: 988")
    assert not needs_country(HELPLINES, words, country=None)


def test_a_short_code_is_looked_up_in_the_asked_country_only() -> None:
    assert [match.resource.country for match in search(HELPLINES, "988", country="CA")] == ["CA"]
    assert search(HELPLINES, "988", country=None) == ()


@pytest.mark.parametrize("words", ["1813", "suicide", "zelfmoordlijn"])
def test_paired_lines_are_found_together(words: str) -> None:
    pair = {"Zelfmoordlijn 1813", "Centre de Prévention du Suicide"}
    for limit in (1, 2, 3):
        found = set(names(search(HELPLINES, words, country="BE", limit=limit)))
        assert pair <= found or not pair & found


def test_at_most_the_limit_is_found_where_no_pair_is() -> None:
    assert len(search(HELPLINES, "crisis", country="US")) == 3


def test_the_communitys_own_come_first_when_equally_good() -> None:
    own = community("Night shelter,0123,,housing,,GB,", "Other,0124,,food,,GB,")
    shared = replace(own[0], name="A shelter", from_community=False, confirmed=True, checked=TODAY)
    found = search((shared, *own), "somewhere to sleep", country="GB")
    assert [match.resource.from_community for match in found] == [True, False]


def test_the_more_lately_checked_comes_first_when_equally_good() -> None:
    own = community("Old,1,,food,,GB,2021", "New,2,,food,,GB,2025-03-01")
    assert names(search(own, "food bank", country="GB")) == ["New", "Old"]


@pytest.mark.parametrize("place", ["94601", "94801", "San Jose"])
def test_a_postcode_or_half_a_name_like_that_of_a_place_is_no_place_that_was_named(place: str) -> None:
    (own,) = community("A,1,,detox,94901 San Rafael,,")
    (found,) = search([own], "detox", country=None, place=place)
    assert not found.near
    assert "In the place you named" not in str(found.why)


def test_the_named_place_and_language_come_first() -> None:
    rows = ("Far,1,food,Leeds,,", "Near,2,food,York,,", "Both,3,food,York,,fr")
    own = community(*rows, header="name,phone,topics,place,country,languages")
    assert names(search(own, "food", country=None, place="york", language="fr")) == ["Both", "Near", "Far"]


def test_resources_without_a_country_are_found_anywhere() -> None:
    own = community("Online meeting list,,https://example.org,secular,,,")
    for country in (None, "JP"):
        assert names(search(own, "smart recovery", country=country)) == ["Online meeting list"]


def test_nothing_that_fits_is_an_empty_answer() -> None:
    assert search(HELPLINES, "zxqwv", country="US") == ()


def test_no_telling_words_list_what_is_there() -> None:
    assert len(search(HELPLINES, "", country="GB")) == 3


@settings(max_examples=150)
@given(words=st.text(max_size=300), country=st.sampled_from([None, "US", "BE", "??", ""]), place=st.text(max_size=30))
def test_search_never_fails_on_what_people_type(words: str, country: str | None, place: str) -> None:
    for match in search(HELPLINES, words, country=country, place=place, topic=words, language=place):
        assert str(match.why)
    needs_country(HELPLINES, words, country=country)


# Lines for somebody in danger


@pytest.mark.parametrize("country", sorted({line.country for line in HELPLINES}))
def test_every_country_with_helplines_has_a_line_to_call(country: str) -> None:
    lines = crisis_lines(HELPLINES, country, "suicide")
    assert lines
    assert {line.country for line in lines} == {country}
    assert {"suicide", "crisis", "mental-health", "emotional-support"} & set(lines[0].topics)


def test_a_line_for_everybody_at_any_hour_comes_first() -> None:
    assert [line.name for line in crisis_lines(HELPLINES, "GB", None)] == ["Samaritans", "Shout", "CALM"]


def test_an_overdose_adds_an_overdose_prevention_line() -> None:
    lines = crisis_lines(HELPLINES, "US", "overdose")
    assert lines[0].name == "988 Suicide & Crisis Lifeline"
    assert any("overdose-prevention" in line.topics for line in lines)
    assert crisis_lines(HELPLINES, "US", "overdose", limit=1) == lines[:1]


def test_paired_lines_are_both_shown_to_somebody_in_danger() -> None:
    for limit in (1, 2, 3):
        phones = [line.phone for line in crisis_lines(HELPLINES, "BE", "suicide", limit)]
        assert {"1813", "0800 32 123"} <= set(phones)


def test_no_line_is_guessed_for_an_unknown_country() -> None:
    assert crisis_lines(HELPLINES, None, "suicide") == ()
    assert crisis_lines(HELPLINES, "AQ", "suicide") == ()


# What is shown


def test_a_resource_is_shown_in_short_lines() -> None:
    assert shown(HELPLINES[0]).splitlines() == [
        "Call: 988",
        "Text: 988",
        "Online: https://chat.988lifeline.org",
        "Open: any time, day and night",
        "Languages: English, español",
        "Interpreters for other languages. The old number 1-800-273-8255 leads here too.",
        "Source: Find A Helpline listing (January 2024); Wikipedia list (2021); 988lifeline.org",
        "Checked 2 years ago (January 2024).",
    ]


@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        ("2026-04-15", "Checked less than a month ago (April 2026)."),
        ("2026-01-15", "Checked 3 months ago (January 2026)."),
        ("2026-03-15", "Checked 1 month ago (March 2026)."),
        ("2021", "Checked in 2021."),
        ("", "No date of a check is known."),
    ],
)
def test_the_age_of_a_check_is_said(checked: str, sentence: str) -> None:
    (resource,) = community(f"A,1,,,,GB,{checked}")
    assert sentence in shown(resource).splitlines()


def test_the_communitys_unchecked_entry_is_to_be_confirmed() -> None:
    unchecked, verified = community("A,1,,,,GB,", "B,2,,,,GB,2026-01")
    assert "To be confirmed" in shown(unchecked)
    assert "To be confirmed" not in shown(verified)


# A community's own list


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_list_is_read_with_any_usual_separator_and_a_byte_order_mark(mark: str) -> None:
    text = "\ufeff" + mark.join(["Name", "Phone", "Topics"]) + "\r\n" + mark.join(["Pantry", "555", "food bank|jobs"])
    parsed = parse_community_resources(text, source="x")
    assert parsed.refused == ()
    assert (parsed.resources[0].name, parsed.resources[0].topics) == ("Pantry", ("food", "jobs"))


@pytest.mark.parametrize("phone", ["988", "*4141", "116 123", "988 then press 1", "13 11 14"])
def test_no_short_code_is_refused(phone: str) -> None:
    (resource,) = community(f"Line,{phone},,,,,")
    assert resource.phone == phone


def test_countries_and_languages_may_be_written_out() -> None:
    (resource,) = community("A,1,United Kingdom,Welsh|en", header="name,phone,country,languages")
    assert (resource.country, resource.languages) == ("GB", ("cy", "en"))


def test_an_unknown_column_is_refused_with_the_nearest_name_and_the_rest_is_kept() -> None:
    parsed = parse_community_resources("name,fone,website\nA,1,2\nB,3,4,5", source="x")
    said = [(r.row, str(r.reason)) for r in parsed.refused]
    assert said[0] == (1, "The column “fone” is not known and was left out. Did you mean “phone”?")
    assert said[1] == (1, "The column “website” is not known and was left out. Did you mean “link”?")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1,,,,,", "The name is missing."),
        ("A,,,,,,", "It says no phone, text, link, place or note."),
        ("A,call us,,,,,", "The phone has no digits."),
        ("A,1,javascript:alert(1),,,,", "The link must begin with https:// or http://."),
        ("A,1,https://good.example@evil.example,,,,", "The link must begin with https:// or http://."),
        ("A,1,,,,Narnia,", "The country is not known. Write it as two letters, such as GB."),
        ("A,1,,,,GB,last week", "The date of checking must look like 2026-03-31, 2026-03 or 2026."),
        ("A,1,,,,GB,2026-02-30", "The date of checking must look like 2026-03-31, 2026-03 or 2026."),
        ("A,1,,,,GB,,surplus", "This row has more fields than there are columns."),
        (f"{'A' * (FIELD_LIMIT + 1)},1,,,,,", f"A field has over {FIELD_LIMIT} characters."),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_with_its_number_and_a_reason(row: str, reason: str) -> None:
    header = "name,phone,link,topics,place,country,checked"
    parsed = parse_community_resources(f"{header}\nGood,1,,,,,\n{row}\n", source="x")
    assert [resource.name for resource in parsed.resources] == ["Good"]
    assert [(r.row, str(r.reason)) for r in parsed.refused] == [(3, reason)]


def test_rows_over_the_limit_are_refused_once() -> None:
    parsed = parse_community_resources("name,phone\n" + "A,1\n" * (ROWS_LIMIT + 5), source="x")
    assert len(parsed.resources) == ROWS_LIMIT
    assert [r.row for r in parsed.refused] == [ROWS_LIMIT + 2]


@pytest.mark.parametrize("text", ["", "phone,place\n1,2", "\n"])
def test_a_list_without_a_name_column_is_refused(text: str) -> None:
    assert [row for row, _reason in reasons(text)] == [1]


def test_an_open_quotation_mark_is_refused() -> None:
    assert [row for row, _reason in reasons('name,phone\n"A,1\n' + "B,2\n" * 50_000)] == [2]


def test_hostile_characters_are_taken_out() -> None:
    (resource,) = community("Pan\u202etry\u0007,1,,,,,")
    assert resource.name == "Pantry"


@settings(max_examples=200)
@given(body=st.text(max_size=400))
def test_any_file_is_read_or_refused_and_what_is_read_can_be_shown(body: str) -> None:
    for text in (body, f"name,phone,link,topics,country,checked,note\n{body}"):
        for resource in parse_community_resources(text, source="x").resources:
            assert shown(resource)
            search([resource], resource.name, country=None)
