"""One person at the keyboard who is several people: the interactive demo."""

import os
import re

import pytest

from cli.handrail import Handrail, Place

pytestmark = pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's")


@pytest.fixture
def demo(handrail: Handrail, empty: Place) -> "Demo":
    return Demo(handrail, empty)


class Demo:
    def __init__(self, handrail: Handrail, place: Place) -> None:
        self._handrail = handrail
        self._place = place

    def after(self, *lines: str) -> str:
        """What the terminal shows after these lines were typed, without the welcome and without colours."""
        typed = "".join(f"{line}\n" for line in [*lines, "/quit"])
        done = self._handrail(self._place, "demo", typed=typed)
        assert (done.code, done.err) == (0, "")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.out)
        self.welcome, _prompt, after = plain.partition("alice@dm> ")
        return after


def test_the_welcome_says_who_is_there_and_five_things_to_try(demo: Demo) -> None:
    demo.after()
    assert "alice (member), sam (peer), robin (peer), mo (moderator), olive (organizer)" in demo.welcome
    assert len(demo.welcome.partition("things to try:\n")[2].splitlines()) == 5


def test_what_is_typed_is_said_by_the_current_person_at_the_current_place(demo: Demo) -> None:
    shown = demo.after("/as bob", "/at lobby", "I want to end my life")
    assert "bob@lobby> " in shown
    assert "to bob, privately" in shown
    assert "in the room peers" in shown


def test_a_number_presses_a_choice_in_private_and_in_a_room(demo: Demo) -> None:
    shown = demo.after("alice@lobby: I want to end my life", "/as sam", "/at peers", "1")
    assert "Sam is on it" in shown


def test_a_choice_that_no_number_presses_is_shown_without_one_and_with_what_to_type(demo: Demo) -> None:
    typed = ("I want to end my life", "1", "!safe", "/as sam", "/at peers", "1")
    before, done = demo.after(*typed[:2]), demo.after(*typed[:3])
    assert "  •  I'm safe → !safe\n   2  I'm in another country" in before
    assert "I have told the peers. Thank you." not in before
    assert "I have told the peers. Thank you." in done


def test_in_a_talk_where_a_number_is_a_word_no_choice_has_one(demo: Demo) -> None:
    shown = demo.after("I want to end my life", "/as sam", "/at peers", "1", "/as alice", "/at dm", "!safe")
    talk = shown.partition("Sam is here")[2]
    assert "  •  I'm safe → !safe" in talk
    assert "has ended" in talk


def test_a_word_with_a_slash_that_is_not_ours_is_a_command_of_the_bot(demo: Demo) -> None:
    assert "I'll ask you every day at 09:00" in demo.after("/checkin start 9:00")


def test_time_passes_at_once(demo: Demo) -> None:
    shown = demo.after("/checkin start 9:00", "/advance 1h")
    assert "Mon 09:00  to alice, privately\nHow are you today?" in shown


def test_a_member_sees_their_own_chat_and_the_open_rooms_only(demo: Demo) -> None:
    shown = demo.after("alice@lobby: I want to end my life", "/as bob", "/see bob")
    seen = shown.rpartition("bob@dm> ")[0].rpartition("bob@dm> ")[2]
    assert "alice says in the room lobby" in seen
    assert "peers" not in seen
    assert "to alice, privately" not in seen


def test_who_has_only_spoken_in_a_room_is_found_by_name(demo: Demo) -> None:
    shown = demo.after("bob@lobby: good morning", "/see mo", "mo@dm: pause 24 bob")
    assert "bob is paused for 24 hours" in shown


def test_a_peer_sees_the_peers_room(demo: Demo) -> None:
    shown = demo.after("alice@lobby: I want to end my life", "/as bob", "/see sam")
    seen = shown.rpartition("bob@dm> ")[0].rpartition("bob@dm> ")[2]
    assert "in the room peers" in seen
    assert "to alice, privately" not in seen


def test_a_line_that_means_nothing_is_told_and_the_demo_goes_on(demo: Demo) -> None:
    told = {
        "/at nowhere": "there is no such room",
        "/as two words": "expected: /as NAME",
        "/advance soon": "expected a duration",
        'sam clicks "nothing"': "sees no button",
        "alice@lobby:": "nothing said",
    }
    answers = demo.after(*told).split("alice@dm> ")
    assert [expected in answer for expected, answer in zip(told.values(), answers, strict=False)] == [True] * 5


def test_a_terminal_is_never_sent_what_somebody_typed_as_a_control_character(demo: Demo) -> None:
    demo_out = demo.after("alice@lobby: I want to end my life \x1b]0;owned\x07", "/see sam")
    assert "\x1b" not in demo_out
    assert "\x07" not in demo_out


def test_help_and_who_list_what_there_is(demo: Demo) -> None:
    shown = demo.after("/?", "/who")
    assert "/advance 8h" in shown
    assert "Rooms: lobby, moderators, peers" in shown
