"""What people can be told more about: groups of commands by what one wants, families of commands, single ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.commands import Command, Reader, Registry
from bot.core.kinds.reading import GUESS_LIMIT, SUGGESTION_LIMIT, not_understood, plain, read
from bot.core.matching import fold, likeness, nearest
from bot.core.people import Member
from bot.core.roles import may
from bot.core.words import Say, Text, _

_LETTERS, _WORDS = 4, 3
"""Letters that words have at least, and words at most, which may be a command with a typo: "me" is no "meetings"."""

_OFFERED_ANYWAY = {"peer", "safe"}
"""What gets a person, and says that none is needed."""

_ALIKE, _GUESSES = 80.0, 3
"""How much a name is like them (out of 100), and how many are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Commands that serve one wish, in the order in which they are shown: `word` asks for it, as do `also`."""

    word: str
    title: Text
    about: Text
    names: tuple[str, ...]
    also: tuple[str, ...] = ()


PERSON = Group(
    word="person",
    title=_("A person to talk with"),
    about=_("Get a person, and say that you are safe"),
    names=("peer", "safe", "exchange", "followup stop"),
    also=("danger", "crisis", "human"),
)

GROUPS: tuple[Group, ...] = (
    PERSON,
    Group(
        word="checkin",
        title=_("Check-ins"),
        about=_("Be asked once a day how you are"),
        names=("checkin start", "checkin stop", "checkin now", "checkin note", "checkin share", "checkin month"),
        also=("checkins",),
    ),
    Group(
        word="meetings",
        title=_("Meetings"),
        about=_("Find one, be reminded, say that you come"),
        names=(
            "meetings",
            "meetings find",
            "meetings show",
            "meetings follow",
            "meetings unfollow",
            "meetings calendar",
            "meetings coming",
            "meetings skip",
            "meetings undecided",
            "meetings wrong",
        ),
        also=("meeting",),
    ),
    Group(
        word="hosting",
        title=_("Meetings in a room here"),
        about=_("Raise your hand, host one, get a note that you were there"),
        names=(
            "raise hand",
            "lower hand",
            "turn queue",
            "attendance",
            "host open",
            "host close",
            "turn next",
            "turn skip",
            "turn timer",
        ),
        also=("hands",),
    ),
    Group(
        word="resources",
        title=_("Helplines, services, guides"),
        about=_("Helplines and services in your own words; guides to read"),
        names=("resources", "resources topic", "resources topics", "guides", "guide"),
        also=("resource", "helpline", "helplines"),
    ),
    Group(
        word="settings",
        title=_("Your settings"),
        about=_("Language, time zone, country, quiet hours, name; stop all I send"),
        names=(
            "settings",
            "settings zone",
            "settings country",
            "settings language",
            "settings quiet",
            "settings name",
            "settings stop",
        ),
        also=("stop",),
    ),
    Group(
        word="mydata",
        title=_("Your data"),
        about=_("See all that is kept about you, or delete it"),
        names=("mydata export", "mydata erase"),
        also=("privacy",),
    ),
    Group(
        word="cases",
        title=_("Being with somebody"),
        about=_("Take, hand over and end cases; ready answers"),
        names=(
            "cases",
            "take",
            "resolve",
            "hand over",
            "join",
            "leave",
            "checklist",
            "snippets",
            "snippet",
            "escalate",
        ),
        also=("case",),
    ),
    Group(
        word="duty",
        title=_("Who is on"),
        about=_("Who is on, the rota, swaps, breaks, what you can be called for"),
        names=(
            "who",
            "break",
            "back",
            "rota",
            "rota calendar",
            "swap",
            "swap accept",
            "swap decline",
            "swap withdraw",
            "roster",
            "roster languages",
            "roster topics",
            "roster hours",
            "roster most",
        ),
    ),
    Group(
        word="planning",
        title=_("Planning meetings"),
        about=_("Add, move and cancel meetings; name hosts"),
        names=(
            "meetings add",
            "meetings cancel",
            "meetings move",
            "meetings remove",
            "meetings mirror",
            "meetings unmirror",
            "meetings ask",
            "host add",
            "host remove",
            "host opening",
            "host closing",
        ),
    ),
    Group(
        word="team",
        title=_("Looking after the team"),
        about=_("Rotas, credentials, ready answers, misuse"),
        names=(
            "rota add",
            "rota remove",
            "rota put",
            "rota undo",
            "rota board",
            "roster credential",
            "roster forget",
            "snippets add",
            "snippets remove",
            "pause",
            "unpause",
            "resources reviews",
        ),
    ),
)
"""In the order in which they are shown. Every command that can be typed, but for help itself, stands in one of them."""


def usable(registry: Registry, member: Member) -> list[Command]:
    """The commands that the member may type."""
    return [command for command in registry if not command.hidden and may(member.roles, command.may)]


def in_group(group: Group, registry: Registry, member: Member) -> list[Command]:
    """The commands of a group that the member may type, in its order."""
    return sorted(
        (command for command in usable(registry, member) if command.name in group.names),
        key=lambda command: group.names.index(command.name),
    )


def group_called(word: str) -> Group | None:
    """The group that a word asks for."""
    return next((group for group in GROUPS if word in {group.word, *group.also}), None)


def family(word: str, commands: Iterable[Command]) -> list[Command]:
    """Those of the commands that begin with a word."""
    return [command for command in commands if command.name.split()[0] == word]


def like(text: str, commands: Sequence[Command]) -> list[str]:
    """Names of commands, and first words of several, that somebody may have meant who wrote `text`; best first.

    Nothing for sentences and very short words. What gets a person is not among them: that is offered anyway.
    """
    wanted = fold(text)
    if len(wanted) < _LETTERS or len(text.split()) > _WORDS:
        return []
    names = [command.name for command in commands if command.name not in _OFFERED_ANYWAY]
    known = dict.fromkeys([*names, *(name.split()[0] for name in names)])
    alike = {name: likeness(wanted, fold(name)) for name in known}
    return sorted((name for name in known if alike[name] >= _ALIKE), key=lambda name: -alike[name])[:_GUESSES]


class HelpTopic:
    """Something to be told more about: a group, a command, or the first word of several → the word for it."""

    name = "topic"
    expected = _("About what? For example: meetings, or checkin start.")
    _words: Final = {
        fold(word): word
        for group in GROUPS
        for name in (group.word, *group.also, *group.names)
        for word in (name.split()[0], name)
    }

    def parse(self, text: str, reader: Reader) -> str:
        """The word, as groups and commands have it."""
        typed = read(text, self.expected).lstrip("!/")
        joined = fold(typed).replace(" ", "")
        if (
            found := next((word for name, word in self._words.items() if name.replace(" ", "") == joined), None)
        ) is None:
            raise not_understood(text, self.expected, nearest(typed, self._words.items(), GUESS_LIMIT))
        return found

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Groups, and what is like the words typed."""
        wanted = plain(typed)
        near = nearest(wanted, self._words.items(), SUGGESTION_LIMIT)
        return [(word, word) for word in (near if wanted else [group.word for group in GROUPS])]
