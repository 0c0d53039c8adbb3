"""Renews the catalogues: `python -m bot.locale`, in a clone of the source.

It reads every `_("…")` and `_n("…", "…")` in `bot` and `cogs`, writes the template `handrail.pot`, brings each
`xx.po` (xx: an ISO 639-1 code) up to date with it, and says what is still to be translated. `python -m bot.locale xx`
also begins a new language. A changed sentence keeps its old translation marked "fuzzy": the bot speaks English there
until somebody has looked at it and taken the mark away. Nothing else changes from run to run: no dates, no line
numbers, no names of machines.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
TEMPLATE = FOLDER / "handrail.pot"

TEXTS = {"_": 1, "_n": 2}
"""How many arguments of a call are sentences."""

_HEADER = """\
# The words of Handrail: what it says to people, in English.
# Above each sentence are the files it stands in; {names} stay as they are.
# Renewed by: python -m bot.locale
#"""

_CHURN = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Project-Id-Version'
    rb"|Report-Msgid-Bugs-To): .*\n",
    re.MULTILINE,
)
"""Lines of a header that change with the day and the machine, or say nothing here."""


def template() -> Catalog:
    """Every sentence in the source, in the order of files and lines."""
    catalogue = Catalog(project="Handrail", header_comment=_HEADER, fuzzy=False)
    for path in sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        for line, message in _sentences(path.read_bytes()):
            catalogue.add(message, locations=[(name, line)])
    return catalogue


def _sentences(source: bytes) -> Iterator[tuple[int, str | tuple[str, ...]]]:
    """The line and the sentence, or its singular and plural, of every call in a Python file, in order.

    Babel's own reader passes over calls within f-strings, in some versions of Python and not in others.
    """
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        wanted = TEXTS.get(call.func.id, 0) if isinstance(call.func, ast.Name) else 0
        texts = tuple(str(argument.value) for argument in call.args[:wanted] if isinstance(argument, ast.Constant))
        if wanted and len(texts) == wanted:
            yield call.lineno, texts if wanted > 1 else texts[0]


def read(path: Path) -> Catalog:
    """A catalogue in its language; the template has none."""
    with path.open("rb") as opened:
        return read_po(opened, locale=None if path == TEMPLATE else path.stem, abort_invalid=True)


def written(catalogue: Catalog) -> bytes:
    """The catalogue as its file has it: the same bytes for the same words."""
    out = BytesIO()
    write_po(out, catalogue, include_lineno=False, ignore_obsolete=True)
    return _CHURN.sub(b"", out.getvalue())


def to_do(catalogue: Catalog) -> list[Message]:
    """The sentences of a language that have no translation yet, or one that nobody has looked at."""
    return [message for message in catalogue if message.id and (message.fuzzy or not all(_strings(message)))]


def _strings(message: Message) -> tuple[str, ...]:
    said: Any = message.string
    return said if isinstance(said, tuple) else (said,)


def main(new: Iterable[str] = ()) -> int:
    """Renew everything; how many sentences are to be translated."""
    words = template()
    TEMPLATE.write_bytes(written(words))
    total = len(words)
    left = 0
    for path in sorted({*FOLDER.glob("*.po"), *(FOLDER / f"{language}.po" for language in new)}):
        catalogue = read(path) if path.exists() else Catalog(locale=path.stem, header_comment=_HEADER)
        catalogue.fuzzy = False
        catalogue.update(words)
        path.write_bytes(written(catalogue))
        missing = to_do(catalogue)
        left += len(missing)
        sys.stdout.write(f"{path.name}: {total - len(missing)} of {total} translated\n")
        for message in missing:
            first = message.id if isinstance(message.id, str) else message.id[0]
            sys.stdout.write(f"  {'to look at' if message.fuzzy else 'missing'}: {first!r}\n")
    return left


if __name__ == "__main__":
    try:
        sys.exit(1 if main(sys.argv[1:]) else 0)
    except UnknownLocaleError as error:
        sys.exit(f"{error}. A language is named by its ISO 639-1 code, such as es.")
