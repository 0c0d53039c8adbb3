"""Plain words of those who look after others that a command would do: it is offered to them, and nothing is done."""

from collections.abc import Collection
from functools import lru_cache

from bot.core.content import Choice
from bot.core.matching import fold
from bot.core.words import Text, Words, _

BREAK, SWAP, DEBRIEF, CHECKLIST, RESOLVE = "break", "swap", "debrief", "checklist", "resolve"
HAND_OVER = "hand over"

BREAK_NOW = Choice(label=_("I need a break"), command=BREAK)

_OF_THEMSELVES: dict[str, tuple[Text, ...]] = {
    BREAK: (
        _("I need a break"),
        _("I want a break"),
        _("I'd like a break"),
        _("I would like a break"),
        _("I need to take a break"),
        _("Can I take a break"),
        _("Can I have a break"),
    ),
    SWAP: (
        _("Can someone swap with me"),
        _("Can somebody swap with me"),
        _("Can anyone swap with me"),
        _("I need to swap my shift"),
        _("I need a swap"),
    ),
    DEBRIEF: (_("I need a debrief"), _("I'd like a debrief"), _("Can I have a debrief")),
    CHECKLIST: (
        _("Is there a checklist"),
        _("Show me the checklist"),
        _("Where is the checklist"),
    ),
    RESOLVE: (_("How do I end this"), _("How do I end this case"), _("How do I close this case")),
}
"""What nobody says to somebody in danger whom they are with."""

_IN_A_TALK: dict[str, tuple[Text, ...]] = {
    CHECKLIST: (
        _("What do I say"),
        _("What should I say"),
        _("What do I do"),
        _("What should I do"),
    ),
    HAND_OVER: (
        _("Someone take over"),
        _("Somebody take over"),
        _("Can someone take over"),
        _("Can somebody take over"),
        _("Can someone else take over"),
        _("Can somebody else take this"),
        _("I need someone to take over"),
        _("I need to hand over"),
        _("I can't do this"),
        _("I can't handle this"),
    ),
}
"""The same of who is with a member; with nobody there these are words of their own need."""

_PERHAPS: dict[str, tuple[Text, ...]] = {
    BREAK: (_("Take a break"), _("Have a break")),
    SWAP: (_("Swap a shift"), _("Swap my shift"), _("Swap with me")),
    DEBRIEF: (
        _("Debrief"),
        _("I'd like to talk it over"),
        _("I want to talk it over"),
        _("I need to talk it over"),
        _("Can we talk it over"),
    ),
}
"""What may be a word to somebody else, too."""

_WHEN = frozenset(
    fold("please pls now soon tonight today tomorrow this morning afternoon evening week for a bit").split()
)
_WHEN |= frozenset(fold("por favor ahora pronto hoy mañana esta tarde noche semana un rato").split())
"""Words behind a wish that change nothing about what it is."""

LONGEST = 80
"""Characters of what may be a wish."""


def find(text: str, languages: Collection[Words], *, of_themselves: bool = False) -> str | None:
    """The command that would do what somebody wishes whose whole message this is, said in any of `languages`.

    `of_themselves`: only where it cannot well be a word to somebody else.
    """
    if len(text) > LONGEST:
        return None
    said = fold(text)
    for words in languages:
        for phrase, command in _phrases(words, of_themselves):
            beyond = said.removeprefix(phrase) if said.startswith(phrase) else None
            if beyond is not None and (not beyond or beyond[0] == " ") and _WHEN.issuperset(beyond.split()):
                return command
    return None


@lru_cache(maxsize=32)
def _phrases(words: Words, of_themselves: bool) -> tuple[tuple[str, str], ...]:
    known = (_OF_THEMSELVES, _IN_A_TALK) if of_themselves else (_OF_THEMSELVES, _PERHAPS)
    return tuple(
        (fold(words.render(phrase)), command)
        for wishes in known
        for command, phrases in wishes.items()
        for phrase in phrases
    )
