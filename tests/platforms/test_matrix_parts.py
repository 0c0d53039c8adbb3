"""The parts of the Matrix adapter that need no homeserver."""

import time
from datetime import timedelta

import pytest

from bot.core.content import Choice, Content, Field, Shown
from bot.core.platform import NeverAgain, TryAgain
from bot.platforms.matrix.addressed import to_the_bot
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.rendering import in_words, messages


def test_the_servers_wait_is_passed_on() -> None:
    error = Refused("M_LIMIT_EXCEEDED", 429, 1500).as_send_error()
    assert isinstance(error, TryAgain)
    assert error.after == timedelta(milliseconds=1500)


@pytest.mark.parametrize(("errcode", "status"), [(None, 502), ("M_UNKNOWN", 500), ("M_UNKNOWN_TOKEN", 401)])
def test_what_may_pass_is_tried_again(errcode: str | None, status: int) -> None:
    assert isinstance(Refused(errcode, status).as_send_error(), TryAgain)


@pytest.mark.parametrize(("errcode", "status"), [("M_FORBIDDEN", 403), ("M_NOT_FOUND", 404), ("M_TOO_LARGE", 413)])
def test_what_stays_refused_is_not_tried_again(errcode: str, status: int) -> None:
    assert isinstance(Refused(errcode, status).as_send_error(), NeverAgain)


def test_choices_beyond_nine_are_shown_as_commands() -> None:
    choices = tuple(Choice(label=f"Number {n}", command="pick", arguments={"n": str(n)}) for n in range(1, 11))
    (message,) = messages(Content(text="Pick", choices=choices))
    assert message["body"].splitlines()[-2:] == ["9️⃣ Number 9", "• Number 10 → !pick 10"]


def test_a_choice_that_a_typed_digit_does_not_press_is_shown_with_what_to_type() -> None:
    choices = (Choice(label="I'm safe", command="safe"), Choice(label="Help", command="help"))
    (message,) = messages(Content(text="I heard you.", choices=choices))
    assert message["body"] == "I heard you.\n\n1️⃣ I'm safe → !safe\n2️⃣ Help"


def test_a_reply_loses_its_quotation_and_nothing_else() -> None:
    quoted = "> <@a:b.c> earlier\n> more\n\n> my own words"
    source = {"content": {"msgtype": "m.text", "body": quoted, "m.relates_to": {"m.in_reply_to": {"event_id": "$1"}}}}
    assert Event(source).text == "> my own words"
    own = {
        "content": {"msgtype": "m.text", "body": "> I want to die", "m.relates_to": source["content"]["m.relates_to"]}
    }
    assert Event(own).text == "> I want to die"


def test_a_caption_is_heard_and_a_file_name_is_not() -> None:
    captioned = {"msgtype": "m.image", "body": "help", "filename": "a.png"}
    assert Event({"content": captioned}).text == "help"
    assert Event({"content": {"msgtype": "m.image", "body": "a.png"}}).text == ""


def test_what_is_said_instead_of_a_picture_stands_in_the_plain_words_and_in_the_html() -> None:
    picture = Shown(id=1, instead="(A picture: PNG. It cannot be shown here.)")
    content = Content(title="A member <1>", picture=picture, fields=(Field(name="Case", value="1"),))
    (said,) = messages(in_words(content))
    assert "It cannot be shown here" in said["body"]
    assert said["formatted_body"].startswith("<strong>A member &lt;1&gt;</strong><br><br>(A picture: PNG.")


PILL = '<a href="https://matrix.to/#/@handrail:example.org">Hand &amp; Rail</a>'


@pytest.mark.parametrize(
    ("body", "formatted"),
    [
        ("Hand & Rail: help", f"{PILL}: help"),
        ("help Hand & Rail", f"help {PILL}"),
        ("[Hand & Rail](https://matrix.to/#/@handrail:example.org) help", f"{PILL} help"),
        ("@handrail:example.org: help", ""),
        ("@handrail, help", ""),
        ("help", ""),
    ],
)
def test_who_mentions_the_bot_says_what_they_say_beside_that(body: str, formatted: str) -> None:
    assert to_the_bot(body, formatted, "@handrail:example.org") == "help"


@pytest.mark.parametrize("body", ["Hand & Rail helped me", "handrail help", "@handrailing help", "@handrail"])
def test_other_words_stay_as_they_are(body: str) -> None:
    assert to_the_bot(body, "", "@handrail:example.org") == body


def test_hostile_mentions_without_end_are_read_at_once() -> None:
    began = time.process_time()
    to_the_bot("a " * 30_000, PILL * 500 + '<a href="https://matrix.to/#/' * 2_000, "@handrail:example.org")
    to_the_bot(" " * 60_000 + "x", "", "@handrail:example.org")
    assert time.process_time() - began < 0.5
