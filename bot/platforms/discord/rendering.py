"""Content as Discord messages: plain text made harmless, cut to length, with buttons below."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import discord

from bot.core.content import Attachment, Choice, Content, Field, Shown, Style
from bot.core.text import split

MESSAGE_LIMIT = 2000
"""Characters in one message."""

_NAME_LIMIT = 256
_LABEL_LIMIT = 80
_OPTION_LABEL_LIMIT = 100
_BUTTONS_PER_ROW = 5
_BUTTONS_PER_MESSAGE = 25
_OPTIONS_PER_MENU = 25
_MENUS_PER_MESSAGE = 5
_NOTHING = "\N{ZERO WIDTH SPACE}"

_STYLES: dict[Style, discord.ButtonStyle] = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "danger": discord.ButtonStyle.danger,
}

_MOMENT, _MOMENT_ENDS = "\ufdd0", "\ufdd1"
"""Around an instant until it is written as Discord's timestamp: two of Unicode's noncharacters, which nobody types."""

# The pattern of a link is the one Discord's own clients use, so that nothing is left unescaped which they would
# read as markup. The marks of a heading, a quote or a list count at the start of a line only.
_MARKUP = re.compile(
    r"""
    (?P<link> <https?://[^\s<>]+> | https?://[^\s<]+[^<.,:;"'\]\s] )
    | (?P<line> ^[ \t]* (?: \#{1,3} | -\# | >>> | [>*+-] ) (?=\s) )
    | (?P<number> ^[ \t]* \d+ (?=\.\s) )
    | (?P<mark> [\\*_~|`\[] | <(?=[@\#/:A-Za-z]) )
    | (?P<loud> @(?=everyone|here) )
    | (?P<moment> \ufdd0 -?\d+ \ufdd1 )
    """,
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One message: its text in Discord's markup, the choices under it, and perhaps a file or a picture."""

    text: str
    choices: tuple[Choice, ...] = ()
    attachment: Attachment | None = None
    picture: Shown | None = None

    @property
    def in_words(self) -> "Piece":
        """The same for where the bot may not attach files."""
        instead = "" if self.picture is None else escape(str(self.picture.instead))
        return replace(self, text=f"{self.text}\n\n{instead}", picture=None)

    @property
    def parts(self) -> dict[str, Any]:
        """What discord.py calls the buttons and the file, where there are any."""
        found: dict[str, Any] = {}
        if (view := buttons(self.choices)) is not None:
            found["view"] = view
        if self.attachment is not None:
            data = BytesIO(self.attachment.text.encode())
            found["file"] = discord.File(data, filename=self.attachment.filename)
        if self.picture is not None and (still := self.picture.still) is not None:
            found["file"] = discord.File(BytesIO(still.data), filename=still.filename)
        return found


def escape(text: str) -> str:
    """Plain `text` so that Discord shows it as it is: no markup, no mention, no link in disguise. Links stay."""
    return _MARKUP.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    part = found.group()
    match found.lastgroup:
        case "link":
            return part
        case "line":
            mark = part.lstrip(" \t")
            return f"{part[: len(part) - len(mark)]}\\{mark}"
        case "number":
            return f"{part}\\"
        case "loud":
            return f"@{_NOTHING}"
        case "moment":
            at = part.strip(_MOMENT + _MOMENT_ENDS)
            return f"<t:{at}:F> (<t:{at}:R>)"
        case _:
            return f"\\{part}"


def pieces(content: Content) -> list[Piece]:
    """`content` as one message, or as many as its length needs; choices and file stand under the last one.

    A choice given twice is shown once: Discord refuses a message with two buttons that do the same.
    """
    texts = [""]
    for section in _sections(_with_moments(content)):
        first, *more = section
        joined = f"{texts[-1]}\n\n{first}" if texts[-1] else first
        if len(joined) <= MESSAGE_LIMIT:
            texts[-1] = joined
        else:
            texts.append(first)
        texts.extend(more)
    choices = tuple({choice.token: choice for choice in content.choices}.values())
    *before, last = (text.strip() or _NOTHING for text in texts)
    end = Piece(text=last, choices=choices, attachment=content.attachment, picture=content.picture)
    return [*(Piece(text=text) for text in before), end]


def _with_moments(content: Content) -> Content:
    """`content` with its moments as instants, which Discord shows to each reader by the clock of their device."""
    if not content.moments:
        return content
    # Longest first: one may be the beginning of another. In the hour that a clock shows twice, the words stay.
    told: dict[str, set[int | None]] = {}
    for said, at in content.moments:
        told.setdefault(said, set()).add(at)
    sure = sorted(((said, ats.pop()) for said, ats in told.items() if len(ats) == 1 and said), key=lambda e: -len(e[0]))

    def marked(text: object) -> str:
        plain = str(text).replace(_MOMENT, "")
        for said, at in sure:
            plain = plain.replace(said, "" if at is None else f"{_MOMENT}{at}{_MOMENT_ENDS}")
        return plain

    fields = tuple(Field(name=field.name, value=marked(field.value)) for field in content.fields)
    return replace(content, text=marked(content.text), fields=fields)


def _sections(content: Content) -> Iterator[list[str]]:
    """The parts of `content` in markup; one that is longer than a message goes on in further ones."""
    if content.title is not None and (title := _one_line(str(content.title))):
        yield [f"**{title}**"]
    if text := _fitting(str(content.text), MESSAGE_LIMIT):
        yield text
    for field in content.fields:
        name = _one_line(str(field.name))
        heading = f"**{name}**\n" if name else ""
        first, *more = _fitting(str(field.value), MESSAGE_LIMIT - len(heading)) or [""]
        yield [f"{heading}{first}", *more]


def _one_line(text: str) -> str:
    return escape(cut(" ".join(text.split()), _NAME_LIMIT))


def _fitting(text: str, limit: int) -> list[str]:
    """`text` escaped, in pieces of at most `limit` characters: it is cut before it is escaped."""
    text = text.strip()
    if not text:
        return []
    length = limit
    while True:
        escaped = [escape(piece) for piece in split(text, length)]
        longest = max(map(len, escaped))
        if longest <= limit:
            return escaped
        length = max(1, length * limit // longest)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with an ellipsis where something is left out."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def buttons(choices: Sequence[Choice]) -> discord.ui.View | None:
    """`choices` as buttons, five in a row; None if there are none.

    More than 25 do not fit: then they stand in select menus of 25 each, and after 125 the rest is left out.
    The view is stopped, so that the library does not keep it: a press is told by its token, also after a restart.
    """
    if not choices:
        return None
    view = discord.ui.View(timeout=None)
    view.stop()
    if len(choices) <= _BUTTONS_PER_MESSAGE:
        for index, choice in enumerate(choices):
            view.add_item(_button(choice, index // _BUTTONS_PER_ROW))
        return view
    for row in range(_MENUS_PER_MESSAGE):
        shown = choices[row * _OPTIONS_PER_MENU : (row + 1) * _OPTIONS_PER_MENU]
        if shown:
            view.add_item(_menu(shown, row))
    return view


def _button(choice: Choice, row: int) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(
        label=cut(str(choice.label), _LABEL_LIMIT) or _NOTHING,
        custom_id=choice.token,
        style=_STYLES[choice.style],
        row=row,
    )


def _menu(choices: Sequence[Choice], row: int) -> discord.ui.Select[discord.ui.View]:
    options = [
        discord.SelectOption(label=cut(str(choice.label), _OPTION_LABEL_LIMIT) or _NOTHING, value=choice.token)
        for choice in choices
    ]
    return discord.ui.Select(custom_id=f"choices:{row}", options=options, row=row)
