"""Content as Discord's messages, and commands as its application commands."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import Command, Registry
from bot.core.content import Choice, Content, Field, Reply
from bot.core.roles import Action
from bot.core.words import ENGLISH, _, moment, moment_with_zone, times_are_in
from bot.platforms.console.adapter import as_text
from bot.platforms.discord.commands import menu_of
from bot.platforms.discord.rendering import MESSAGE_LIMIT, buttons, escape, pieces
from bot.platforms.matrix.rendering import messages


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ("*bold* _it_ ~~gone~~ ||hidden|| `code`", r"\*bold\* \_it\_ \~\~gone\~\~ \|\|hidden\|\| \`code\`"),
        ("# heading\n-# small\n### three", "\\# heading\n\\-# small\n\\### three"),
        ("> quote\n>>> block", "\\> quote\n\\>>> block"),
        ("- one\n* two\n+ three\n  - four\n12. five", "\\- one\n\\* two\n\\+ three\n  \\- four\n12\\. five"),
        ("[safe](https://evil.example)", r"\[safe](https://evil.example)"),
        (
            "<@1> <@&2> <#3> </help:4> <t:5> <:x:6> <id:home>",
            r"\<@1> \<@&2> \<#3> \</help:4> \<t:5> \<:x:6> \<id:home>",
        ),
        ("see https://example.org/a_b_c and <https://example.org/x_y>",) * 2,
        ("#channel, 3 > 2, a - b, 1.5 <3 me@example.org",) * 2,
        ("back\\slash", "back\\\\slash"),
        ("@everyone @here", "@\u200beveryone @\u200bhere"),
    ],
)
def test_plain_text_is_shown_as_it_is(plain: str, escaped: str) -> None:
    assert escape(plain) == escaped


HOSTILE = st.text(st.sampled_from("a \n#>-*_~|`[]()<>@\\.1:/hereveryont"), max_size=6000)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_message_is_too_long_or_empty(title: str, text: str, value: str) -> None:
    made = pieces(Content(title=title, text=text, fields=(Field(name=title, value=value),)))
    assert all(0 < len(piece.text) <= MESSAGE_LIMIT for piece in made)


@given(HOSTILE)
def test_nothing_is_lost_by_escaping_and_cutting(text: str) -> None:
    shown = "".join(re.sub(r"\\([^0-9A-Za-z\s])", r"\1", piece.text) for piece in pieces(Content(text=text)))
    assert "".join(shown.replace("\u200b", "").split()) == "".join(text.split())


def test_a_text_that_goes_on_in_another_message_gets_no_paragraph_in_between() -> None:
    made = pieces(Content(text="**** word " * 300))
    assert len(made) > 1
    assert all("\n" not in piece.text for piece in made)


BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 24, 19, 30, tzinfo=BERLIN)


def test_times_are_the_readers_own_on_discord_and_named_with_their_zone_elsewhere() -> None:
    later = EVENING + timedelta(hours=1)
    content = Content(
        text=times_are_in("Europe/Berlin"),
        fields=(
            Field(name="Tue 24 Nov, 19:30", value=_("{start}, {minutes} min", start=moment(EVENING), minutes=60)),
            Field(name="*Two*", value=_("*to* {start}.", start=moment_with_zone(later, "Europe/Berlin"))),
        ),
    ).rendered(ENGLISH)
    read_back = Content.from_json(content.as_json())
    assert read_back == content
    stamp, other = int(EVENING.timestamp()), int(later.timestamp())
    assert pieces(read_back)[0].text == (
        f"**Tue 24 Nov, 19:30**\n<t:{stamp}:F> (<t:{stamp}:R>), 60 min\n\n"
        f"**\\*Two\\***\n\\*to\\* <t:{other}:F> (<t:{other}:R>)."
    )
    for said in (as_text(content), messages(content)[0]["body"]):
        assert "Times are yours (Europe/Berlin)." in said
        assert "Tue 24 Nov, 19:30, 60 min" in said
        assert "Tue 24 Nov, 20:30 (Europe/Berlin)." in said


def test_an_hour_that_a_clock_shows_twice_is_left_in_words() -> None:
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    text = _("{one} and {two}", one=moment(twice), two=moment(twice.replace(fold=1)))
    content = Content(text=text).rendered(ENGLISH)
    assert pieces(content)[0].text == "Sun 25 Oct, 02:30 and Sun 25 Oct, 02:30"


@given(HOSTILE, st.integers(0, 10**10))
def test_a_moment_among_hostile_words_is_never_cut(text: str, seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, BERLIN)
    made = pieces(Content(text=_("{before}{at}", before=text, at=moment(at))).rendered(ENGLISH))
    assert all(0 < len(piece.text) <= MESSAGE_LIMIT for piece in made)
    assert any(f"<t:{seconds}:F>" in piece.text for piece in made)


def test_the_same_choice_twice_is_one_button() -> None:
    choice = Choice(label="Yes", command="help")
    assert pieces(Content(text="?", choices=(choice, choice)))[0].choices == (choice,)


async def test_a_label_is_cut_to_what_a_button_holds() -> None:
    view = buttons((Choice(label="long " * 40, command="help"),))
    assert view is not None
    label = view.to_components()[0]["components"][0]["label"]
    assert len(label) <= 80
    assert label.endswith("…")


def registry(*names: str, hidden: tuple[str, ...] = ()) -> Registry:
    async def run() -> Reply:
        raise NotImplementedError

    return Registry(
        {
            name: Command(name=name, summary=_("Do it"), may=Action.USE, run=run, hidden=name in hidden)
            for name in (*names, *hidden)
        }
    )


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (("checkin", "checkin start"), [("checkin", "list"), ("checkin", "start")]),
        (("meetings", "meetings list"), [("meetings", "list"), ("meetings", "show")]),
        (("meetings", "meet now"), [("meet", "now"), ("meetings",)]),
        (("help",), [("help",)]),
    ],
)
def test_a_commands_path_follows_its_words(names: tuple[str, ...], paths: list[tuple[str, ...]]) -> None:
    assert sorted(menu_of(registry(*names)).by_path) == paths


def test_a_hidden_subcommand_does_not_make_a_group() -> None:
    assert list(menu_of(registry("checkin", hidden=("checkin answer",))).by_path) == [("checkin",)]


@pytest.mark.parametrize("name", ["Help", "one two three", "a" * 33, "what?", "case TAKE"])
def test_a_name_that_discord_refuses_is_refused_before(name: str) -> None:
    with pytest.raises(ValueError, match=r"name|words"):
        menu_of(registry(name))


def test_another_menu_has_another_digest() -> None:
    assert menu_of(registry("help")).digest != menu_of(registry("help", "stop")).digest
    assert menu_of(registry("help")).digest == menu_of(registry("help")).digest
