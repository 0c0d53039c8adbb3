"""What is said to people, without any platform's format.

Text here is plain text: it holds no markup, and an adapter escapes whatever its platform would take for markup
or for a mention. What an adapter may style is the structure (a title, a field's name, a choice).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from bot.core.words import Say, Words

Style = Literal["plain", "primary", "danger"]

TOKEN_LIMIT = 100
"""Characters in a choice's token: Discord's limit for a component's `custom_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button: pressing it runs `command` with `arguments`, as if the person had typed it.

    Where the command has required parameters that `arguments` lacks, pressing opens a form for them.
    """

    label: Say
    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    style: Style = "plain"

    @property
    def token(self) -> str:
        """The choice as a short string that survives a restart of the bot."""
        token = f"{self.command}?{urlencode(dict(self.arguments))}"
        if len(token) > TOKEN_LIMIT:
            raise ValueError(f"the choice of command {self.command!r} makes a token over {TOKEN_LIMIT} characters")
        return token


def read_token(token: str) -> tuple[str, dict[str, str]]:
    """Command and arguments of a choice's `token`."""
    command, _, query = token.partition("?")
    return command, dict(parse_qsl(query, keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A named part of a content, such as one meeting in a list."""

    name: Say
    value: Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A text file that goes with a message, such as a member's exported data."""

    filename: str
    text: str


Act = Literal["answer", "replace", "refresh", "remove", "react", "unreact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upon:
    """What a content does to a message that is there already.

    - `act`: the content answers it, replaces its words, takes it away; or its text is an emoji, put under the message
      or taken from there. "refresh" replaces, too, and what is refreshed again and again stays known by the id of the
      first message.
    - `message`: the platform's id of it; of a reaction that is taken back, of the reaction. None: it is not known
      (yet); then it is what the delivery with the id `delivery` has become when this is sent.
    - `otherwise`: where that cannot be done, the title (of an answer, of new words) or the text of a message of its
      own; "": then nothing is said.
    """

    act: Act
    message: str | None = None
    delivery: int | None = None
    otherwise: Say = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message to people: text, fields, choices, perhaps a file; `upon` another message, or by itself."""

    text: Say = ""
    title: Say | None = None
    fields: tuple[Field, ...] = ()
    choices: tuple[Choice, ...] = ()
    attachment: Attachment | None = None
    upon: Upon | None = None

    @property
    def anew(self) -> "Content | None":
        """The same as a message of its own, for where nothing can be done to the other one; None: nothing is said."""
        if self.upon is None:
            return self
        if self.upon.act in {"answer", "replace", "refresh"}:
            return replace(self, title=self.upon.otherwise or self.title, upon=None)
        return Content(text=self.upon.otherwise) if self.upon.otherwise else None

    def rendered(self, words: Words) -> "Content":
        """The same with every text in one language: only plain strings are left."""
        return replace(
            self,
            text=words.render(self.text),
            title=None if self.title is None else words.render(self.title),
            fields=tuple(Field(name=words.render(f.name), value=words.render(f.value)) for f in self.fields),
            choices=tuple(replace(c, label=words.render(c.label)) for c in self.choices),
            upon=self.upon and replace(self.upon, otherwise=words.render(self.upon.otherwise)),
        )

    def as_json(self) -> dict[str, Any]:
        """A rendered content as plain JSON values."""
        upon = self.upon
        return {
            "text": str(self.text),
            "title": None if self.title is None else str(self.title),
            "fields": [[str(f.name), str(f.value)] for f in self.fields],
            "choices": [[str(c.label), c.command, dict(c.arguments), c.style] for c in self.choices],
            "attachment": self.attachment and [self.attachment.filename, self.attachment.text],
            **({} if upon is None else {"upon": [upon.act, upon.message, upon.delivery, str(upon.otherwise)]}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Content":
        """What `as_json` wrote."""
        return cls(
            text=data["text"],
            title=data["title"],
            fields=tuple(Field(name=name, value=value) for name, value in data["fields"]),
            choices=tuple(
                Choice(label=label, command=command, arguments=arguments, style=style)
                for label, command, arguments, style in data["choices"]
            ),
            attachment=data["attachment"] and Attachment(filename=data["attachment"][0], text=data["attachment"][1]),
            upon=_upon(data.get("upon")),
        )


def _upon(data: Any) -> Upon | None:
    if data is None:
        return None
    act, message, delivery, otherwise = data
    return Upon(act=act, message=message, delivery=delivery, otherwise=otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A handler's answer. `private`: only the asker may see it, wherever they asked."""

    content: Content
    private: bool = True
