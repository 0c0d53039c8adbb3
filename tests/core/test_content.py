"""What is said, without any platform's format."""

import json
from gettext import NullTranslations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.content import TOKEN_LIMIT, Attachment, Choice, Content, Field, read_token
from bot.core.words import ENGLISH, Words, _

names = st.text("abcdefghijklmnopqrstuvwxyz ", min_size=1, max_size=20)
short = st.text(max_size=6)
choices = st.builds(
    Choice,
    label=st.text(max_size=20),
    command=names,
    arguments=st.dictionaries(st.text("abc", min_size=1, max_size=3), short, max_size=1),
    style=st.sampled_from(["plain", "primary", "danger"]),
)
contents = st.builds(
    Content,
    text=st.text(max_size=50),
    title=st.none() | st.text(max_size=20),
    fields=st.lists(st.builds(Field, name=st.text(max_size=9), value=st.text(max_size=9)), max_size=3).map(tuple),
    choices=st.lists(choices, max_size=3).map(tuple),
    attachment=st.none() | st.builds(Attachment, filename=st.just("mydata.json"), text=st.text(max_size=50)),
)


@given(contents)
def test_a_rendered_content_is_stored_and_read_back_unchanged(content: Content) -> None:
    assert Content.from_json(json.loads(json.dumps(content.as_json()))) == content


@given(contents)
def test_rendering_what_is_rendered_already_changes_nothing(content: Content) -> None:
    assert content.rendered(ENGLISH) == content


@given(names, st.dictionaries(st.text("abc", min_size=1, max_size=3), short, max_size=2))
def test_a_choice_survives_in_its_token(command: str, arguments: dict[str, str]) -> None:
    choice = Choice(label="x", command=command.strip() or "x", arguments=arguments)
    try:
        token = choice.token
    except ValueError:
        return  # too long, and said so
    assert len(token) <= TOKEN_LIMIT
    assert read_token(token) == (choice.command, arguments)


def test_a_token_over_the_platforms_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="over 100 characters"):
        _token = Choice(label="x", command="say", arguments={"text": "a" * TOKEN_LIMIT}).token


@given(st.text())
def test_any_token_is_read_without_an_error(token: str) -> None:
    command, arguments = read_token(token)
    assert isinstance(command, str)
    assert all(isinstance(value, str) for value in arguments.values())


def test_every_part_of_a_content_is_rendered() -> None:
    class Marked(NullTranslations):
        def gettext(self, message: str) -> str:
            return f"<{message}>"

    content = Content(
        text=_("a"),
        title=_("b"),
        fields=(Field(name=_("c"), value=_("d")),),
        choices=(Choice(label=_("e"), command="x"),),
    ).rendered(Words("en", Marked()))
    shown = (content.text, content.title, content.fields[0].name, content.fields[0].value, content.choices[0].label)
    assert shown == ("<a>", "<b>", "<c>", "<d>", "<e>")
