"""What is said to people, before and after it is in somebody's language."""

from datetime import UTC, date, datetime, time
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.core.words import ENGLISH, Text, Words, _, _n


class Shouting(NullTranslations):
    """A catalogue in which every sentence is in capitals."""

    def gettext(self, message: str) -> str:
        return message.replace("Hello", "HELLO").replace("friend", "FRIEND")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return (msgid1 if n < 2 else msgid2).upper()


SHOUTED = Words("en", Shouting())


def test_a_text_is_rendered_with_its_values() -> None:
    assert ENGLISH.render(_("Hello {name}", name="Sam")) == "Hello Sam"


def test_a_text_is_readable_in_english_without_a_catalogue() -> None:
    assert str(_("Hello {name}", name="Sam")) == "Hello Sam"


def test_somebodys_own_words_stay_as_they_are() -> None:
    assert SHOUTED.render("Hello {name}") == "Hello {name}"


def test_a_text_is_translated_with_the_readers_catalogue() -> None:
    assert SHOUTED.render(_("Hello {name}", name="Sam")) == "HELLO Sam"


def test_a_text_within_a_text_is_translated_too() -> None:
    assert SHOUTED.render(_("Hello {who}", who=_("friend"))) == "HELLO FRIEND"


def test_the_count_chooses_the_plural_of_english() -> None:
    one, many = (_n("{n} day", "{n} days", n=n) for n in (1, 2))
    assert (str(one), str(many)) == ("1 day", "2 days")


def test_the_count_chooses_the_plural_of_the_catalogue() -> None:
    assert SHOUTED.render(_n("a day", "some days", n=2)) == "SOME DAYS"


def test_an_instant_is_shown_in_its_own_zone() -> None:
    at = datetime(2026, 11, 24, 0, 30, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    assert str(_("{at}", at=at)) == "Mon 23 Nov, 19:30"


def test_a_date_and_a_time_are_shown_in_the_readers_language() -> None:
    text = _("{day} {at}", day=date(2026, 11, 24), at=time(8, 5))
    assert ENGLISH.render(text) == "Tuesday 24 November 08:05"
    assert Words("de", NullTranslations()).render(text) == "Dienstag, 24. November 2026 08:05"


@given(st.text())
def test_braces_in_somebodys_words_are_never_read_as_a_pattern(words: str) -> None:
    assert str(_("“{words}”", words=words)) == f"“{words}”"


@given(st.text())
def test_a_message_without_values_is_said_as_it_is(message: str) -> None:
    assert str(Text(message)) == message
