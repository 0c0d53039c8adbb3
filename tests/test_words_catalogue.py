"""The catalogues: the template has every sentence of the source, and every language has every sentence."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from test_house import CODE, is_bare, name_of, spoken

from bot.app import load_languages
from bot.core.commands import Registry
from bot.core.words import ENGLISH, Words, _, _n
from bot.locale import __main__ as catalogues
from bot.services.escalations.member_words import I_AM_SAFE, ended_for_member
from bot.services.offer import I_NEED_A_PERSON
from bot.services.typed import Phrases
from cogs.escalation import EscalationCog

LANGUAGES = sorted(catalogues.FOLDER.glob("*.po"))
RENEW = "to renew the catalogues: python -m bot.locale"

TYPED = re.compile(r"“([a-z!/][^”{]*)”|(!\w+)|(https?://\S+)|(--\w+)")
"""What people type as it stands, whatever their language: commands in quotation marks, addresses, options."""

translated = pytest.mark.parametrize("path", LANGUAGES, ids=[path.stem for path in LANGUAGES])


def sentences(catalogue: Catalog) -> list[Message]:
    """The messages without the header."""
    return [message for message in catalogue if message.id]


def ids(catalogue: Catalog) -> set[tuple[str, ...]]:
    return {forms(message.id) for message in sentences(catalogue)}


def forms(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """A sentence in one form, or in the singular and the plurals."""
    return (said or "",) if isinstance(said, str | None) else tuple(said)


def has_letters(said: ast.expr) -> bool:
    """Whether words stand in it, and not only an emoji, a number or the values of an f-string."""
    texts = [str(node.value) for node in ast.walk(said) if isinstance(node, ast.Constant)]
    return any(char.isalpha() for text in texts for char in text)


def placeholders(text: str) -> set[str]:
    """The {names} in a text; raises ValueError if a brace is left open."""
    return {name for _literal, name, _format, _conversion in Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def languages() -> dict[str, Words]:
    return load_languages()


def test_the_template_has_every_sentence_of_the_source() -> None:
    assert ids(catalogues.read(catalogues.TEMPLATE)) == ids(catalogues.template()), RENEW


@translated
def test_a_language_has_every_sentence_and_no_other(path: Path) -> None:
    assert ids(catalogues.read(path)) == ids(catalogues.template()), RENEW


@translated
def test_a_language_is_complete_and_somebody_has_looked_at_it(path: Path) -> None:
    assert [message.id for message in catalogues.to_do(catalogues.read(path))] == []


@translated
def test_a_translation_has_the_placeholders_of_its_sentence(path: Path) -> None:
    wrong = []
    for message in sentences(catalogues.read(path)):
        wanted = placeholders(forms(message.id)[-1])
        # One day need not be counted.
        may_lack = {"n"} if message.pluralizable else set()
        said = [placeholders(text) for text in forms(message.string)]
        if not all(wanted - may_lack <= found <= wanted for found in said):
            wrong.append(message.id)
    assert wrong == []


@translated
def test_a_translation_has_all_plural_forms_of_its_language(path: Path) -> None:
    catalogue = catalogues.read(path)
    counted = [message for message in sentences(catalogue) if message.pluralizable]
    assert counted
    assert [m.id for m in counted if len(forms(m.string)) != catalogue.num_plurals] == []


@translated
def test_a_translation_leaves_what_people_type_as_it_is(path: Path) -> None:
    changed = []
    for message in sentences(catalogues.read(path)):
        typed = {"".join(groups) for groups in TYPED.findall(forms(message.id)[-1])}
        changed += [word for word in typed for text in forms(message.string) if word not in text]
    assert changed == []


@translated
def test_a_translation_begins_and_ends_its_lines_where_its_sentence_does(path: Path) -> None:
    """A list, a drawing and a paragraph stay what they are."""
    messages = sentences(catalogues.read(path))
    said = [(forms(m.id)[-1], text) for m in messages for text in forms(m.string)]
    assert [text for english, text in said if text.count("\n") != english.count("\n")] == []
    assert [text for _english, text in said if text != text.strip()] == []


def test_spanish_is_rendered_with_texts_and_counts_within(languages: dict[str, Words]) -> None:
    days = _("{items} and {last}", items=_("Mondays"), last=_("Thursdays"))
    text = _("{count}: {moods}", count=_n("You checked in once", "You checked in {n} times", n=3), moods=days)
    assert languages["es"].render(text) == "Respondiste 3 veces: los lunes y los jueves"


def test_spanish_has_the_singular_of_a_count(languages: dict[str, Words]) -> None:
    assert languages["es"].render(_n("{n} month ago", "{n} months ago", n=1)) == "hace 1 mes"


def test_a_sentence_that_elsewhere_is_counted_is_translated_alone_too(languages: dict[str, Words]) -> None:
    assert languages["es"].render(_("Every day")) == "todos los días"


@translated
def test_a_whole_message_is_understood_in_every_language(path: Path, languages: dict[str, Words]) -> None:
    registry = Registry.of(object.__new__(EscalationCog))
    words = languages[path.stem]
    meant = {}
    for choice in (I_NEED_A_PERSON, I_AM_SAFE):
        said = f"¡{words.render(choice.label).upper()}!"
        command = Phrases(registry, languages.values()).command(said)
        meant[choice.command] = command and command.name
    assert meant == {"peer": "peer", "safe": "safe"}


def test_english_is_understood_whatever_else_is(languages: dict[str, Words]) -> None:
    registry = Registry.of(object.__new__(EscalationCog))
    for said in ("I’m safe.", "i'm safe", "im safe"):
        command = Phrases(registry, languages.values()).command(said)
        assert command is not None
        assert command.name == "safe"


def test_more_than_the_phrase_is_not_the_phrase(languages: dict[str, Words]) -> None:
    registry = Registry.of(object.__new__(EscalationCog))
    assert Phrases(registry, languages.values()).command("No sé si estoy a salvo") is None


@translated
def test_the_phrase_that_people_are_told_to_write_is_the_one_that_is_understood(
    path: Path, languages: dict[str, Words]
) -> None:
    words = languages[path.stem]
    assert f"“{words.render(I_NEED_A_PERSON.label)}”" in words.render(ended_for_member(None, None).text)


def test_words_for_people_stand_in_the_catalogue_in_the_other_rooms_too() -> None:
    """What `test_house` asks of cogs and services."""
    bare = [
        f"{name_of(path)}:{said.lineno}"
        for path in CODE
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        for said in spoken(call)
        if is_bare(said) and has_letters(said)
    ]
    assert bare == []


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for catalogues that is empty."""
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    monkeypatch.setattr(catalogues, "TEMPLATE", tmp_path / "handrail.pot")
    return tmp_path


def test_a_new_language_begins_with_everything_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total = len(sentences(catalogues.template()))
    assert catalogues.main(["fr"]) == total
    assert f"fr.po: 0 of {total} translated" in capsys.readouterr().out
    assert catalogues.read(folder / "fr.po").num_plurals == 2


def test_renewing_changes_nothing_that_is_up_to_date(folder: Path) -> None:
    for path in LANGUAGES:
        (folder / path.name).write_bytes(path.read_bytes())
    catalogues.main()
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    catalogues.main()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_a_changed_sentence_keeps_its_translation_to_be_looked_at(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = Catalog(locale="es", fuzzy=False)
    old.add("How are you todays?", "¿Cómo estás hoy?")
    (folder / "es.po").write_bytes(catalogues.written(old))
    catalogues.main()
    assert "to look at: 'How are you today?'" in capsys.readouterr().out
    kept = catalogues.read(folder / "es.po").get("How are you today?")
    assert kept is not None
    assert (kept.string, kept.fuzzy) == ("¿Cómo estás hoy?", True)


def test_a_catalogue_says_nothing_of_the_day_or_the_machine() -> None:
    written = catalogues.written(catalogues.template()).decode()
    assert "Date" not in written.partition("#:")[0]
    assert not re.search(r"^#: .*:\d+", written, re.MULTILINE)


def test_a_call_within_an_f_string_is_found() -> None:
    assert ("member",) in ids(catalogues.template())
    assert ENGLISH.render(_("member")) == "member"
