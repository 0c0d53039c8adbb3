"""What is said to people, without any platform's format.

Text here is plain text: it holds no markup, and an adapter escapes whatever its platform would take for markup
or for a mention. What an adapter may style is the structure (a title, a field's name, a choice).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from bot.core.pictures import Still
from bot.core.words import Say, Words

Style = Literal["plain", "primary", "danger"]

TOKEN_LIMIT = 100
"""Characters in a choice's token: Discord's limit for a component's `custom_id`."""

UNNUMBERED = frozenset({"safe"})
"""Commands that no typed number presses: a helpline's "then press 1" must not end a case."""


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
    def has_number(self) -> bool:
        """Whether its number presses it where that is typed."""
        return self.command not in UNNUMBERED

    @property
    def typed(self) -> str:
        """What does the same where it is typed, also in a talk."""
        return " ".join([f"!{self.command}", *self.arguments.values()])

    @property
    def fits(self) -> bool:
        """Whether its values are short enough for a token."""
        return len(self._token) <= TOKEN_LIMIT

    @property
    def token(self) -> str:
        """The choice as a short string that survives a restart of the bot."""
        if not self.fits:
            raise ValueError(f"the choice of command {self.command!r} makes a token over {TOKEN_LIMIT} characters")
        return self._token

    @property
    def _token(self) -> str:
        return f"{self.command}?{urlencode(dict(self.arguments))}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Not a message: a picture that the adapter brings and answers with (`bot.core.platform.Receipt.file`).

    `source`: where it is (`bot.core.inbound.Picture`), a file of at most `limit` bytes; `id`: the stored picture's.
    """

    id: int
    source: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture that goes with a message, by the id under which it is stored; `still` is there once it is sent.

    `instead` is said where a platform shows no pictures.
    """

    id: int
    instead: Say
    still: Still | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One date in a calendar that a platform keeps itself, such as a Discord server's scheduled events.

    - `start`, `end`: aware instants of the coming date;
    - `rule`: the RFC 5545 rule it comes again by, in the local time of the IANA zone `zone`, as far as
      `bot.core.recurrence` takes it; None: this date alone;
    - `where`, `about`: what everybody may read; never a way to join.
    """

    name: str
    start: datetime
    end: datetime
    zone: str
    where: Say
    about: Say
    rule: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """A rendered entry as plain JSON values."""
        return {
            "name": self.name,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "zone": self.zone,
            "where": str(self.where),
            "about": str(self.about),
            "rule": self.rule,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Entry":
        """What `as_json` wrote."""
        instants = {name: datetime.fromisoformat(data[name]) for name in ("start", "end")}
        return cls(**{**data, **instants})


Act = Literal["answer", "replace", "refresh", "remove", "react", "unreact", "dismiss", "close", "erase"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upon:
    """What a content does to a message that is there already.

    - `act`: the content answers it, replaces its words, takes it away; or its text is an emoji, put under the message
      or taken from there. "refresh" replaces, too, and what is refreshed again and again stays known by the id of the
      first message. "dismiss", "close" and "erase" are done to the place apart where it goes: the account that is its
      text is taken out, nobody writes there any more, or it goes with all that it holds, where the platform can.
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
class Apart:
    """A place of its own where a content is said to somebody, opened if there is none yet, and they are let in.

    - `key`: the same for all that is said there, such as "case:12"; `name`: how people see it.
    - `under`: the channel under which it is opened, where the platform needs one.
    - `facts`: said before the content, in a message of their own that is kept in sight; `pin`: they are not there yet.
    """

    key: str
    name: Say
    under: str | None = None
    facts: tuple[Field, ...] = ()
    pin: bool = True

    def rendered(self, words: Words) -> "Apart":
        """The same in one language."""
        facts = tuple(Field(name=words.render(f.name), value=words.render(f.value)) for f in self.facts)
        return replace(self, name=words.render(self.name), facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message to people: text, fields, choices, perhaps a file; `upon` another message, `apart`, or by itself.

    With an `entry` it is one date in the calendar of the place it goes to: where the platform keeps a calendar of its
    own, only the entry counts; elsewhere the rest is shown, and what is done `upon` it is done to that message.

    `moments` are those in its rendered texts: words, and the instant (seconds since 1970) that stands for them where a
    platform shows it to each reader by their own clock; None: there the words are left out.

    With a `fetch` it says nothing: a picture is brought, which another content then shows as its `picture`.
    """

    text: Say = ""
    title: Say | None = None
    fields: tuple[Field, ...] = ()
    choices: tuple[Choice, ...] = ()
    attachment: Attachment | None = None
    upon: Upon | None = None
    entry: Entry | None = None
    apart: Apart | None = None
    moments: tuple[tuple[str, int | None], ...] = ()
    fetch: Fetch | None = None
    picture: Shown | None = None

    @property
    def together(self) -> "Content":
        """The same where it is not said apart: one message with the facts in it, which come before its other fields."""
        return self if self.apart is None else replace(self, fields=(*self.apart.facts, *self.fields), apart=None)

    @property
    def pinned(self) -> "Content | None":
        """What is said before it in a place apart, and kept in sight; None if it is there already."""
        if self.apart is None or not self.apart.pin or not self.apart.facts:
            return None
        return Content(title=self.apart.name, fields=self.apart.facts)

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
            apart=self.apart and self.apart.rendered(words),
            entry=self.entry
            and replace(self.entry, where=words.render(self.entry.where), about=words.render(self.entry.about)),
            moments=self.moments or self._moments(words),
            picture=self.picture and replace(self.picture, instead=words.render(self.picture.instead)),
        )

    def _moments(self, words: Words) -> tuple[tuple[str, int | None], ...]:
        says = (self.text, *(field.value for field in self.fields))
        return tuple(dict.fromkeys(found for say in says for found in words.moments(say)))

    def as_json(self) -> dict[str, Any]:
        """A rendered content as plain JSON values."""
        upon, apart = self.upon, self.apart
        return {
            "text": str(self.text),
            "title": None if self.title is None else str(self.title),
            "fields": [[str(f.name), str(f.value)] for f in self.fields],
            "choices": [[str(c.label), c.command, dict(c.arguments), c.style] for c in self.choices],
            "attachment": self.attachment and [self.attachment.filename, self.attachment.text],
            **({} if upon is None else {"upon": [upon.act, upon.message, upon.delivery, str(upon.otherwise)]}),
            **({} if apart is None else {"apart": _apart_as_json(apart)}),
            **({} if self.entry is None else {"entry": self.entry.as_json()}),
            **({"moments": [list(found) for found in self.moments]} if self.moments else {}),
            **({"fetch": [self.fetch.id, self.fetch.source, self.fetch.limit]} if self.fetch else {}),
            **({"picture": [self.picture.id, str(self.picture.instead)]} if self.picture else {}),
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
            apart=_apart(data.get("apart")),
            entry=Entry.from_json(data["entry"]) if "entry" in data else None,
            moments=tuple((said, at) for said, at in data.get("moments", ())),
            fetch=_fetch(data.get("fetch")),
            picture=Shown(id=data["picture"][0], instead=data["picture"][1]) if "picture" in data else None,
        )


def _fetch(data: Any) -> Fetch | None:
    if data is None:
        return None
    id_, source, limit = data
    return Fetch(id=id_, source=source, limit=limit)


def _upon(data: Any) -> Upon | None:
    if data is None:
        return None
    act, message, delivery, otherwise = data
    return Upon(act=act, message=message, delivery=delivery, otherwise=otherwise)


def _apart_as_json(apart: Apart) -> list[Any]:
    facts = [[str(f.name), str(f.value)] for f in apart.facts]
    return [apart.key, str(apart.name), apart.under, facts, apart.pin]


def _apart(data: Any) -> Apart | None:
    if data is None:
        return None
    key, name, under, facts, pin = data
    fields = tuple(Field(name=name, value=value) for name, value in facts)
    return Apart(key=key, name=name, under=under, facts=fields, pin=pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A handler's answer. `private`: only the asker may see it, wherever they asked.

    `asks`: it is a question to the asker, so nobody else is shown it, not even those who may read the answer.
    """

    content: Content
    private: bool = True
    asks: bool = False
