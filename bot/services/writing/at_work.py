"""Words of somebody who is with a member that are work for the bot, and must not reach the member.

A command that they may not use, one that is none here, or one with a slip in it: the member who is in danger would read
it as a word to themselves.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from bot.core.commands import Registry
from bot.core.content import Choice
from bot.core.matching import fold
from bot.core.roles import Action, may
from bot.core.words import Text, Words, _
from bot.services import replies, typed
from bot.services.call import Call
from bot.services.offered import HELP
from bot.services.writing import overwhelmed, taking, wishes
from bot.services.writing.exactly import begins_like

LONG_NAME = 6
"""Letters of a command's name from which on a slip in it is told from everyday words."""

SLIP = 85
"""Likeness, in per cent, of a command's name and what was meant for it."""

BREAK = "break"
"""The command by which they are off."""

HANDING = "handing"
"""The command that asks before a case is given back."""

FEW, MANY = 4, 8
"""Words, at most, of a command whose one word people use otherwise, too: "pause 3 alice", but "pause for a while"; and
of one that is hardly anything else: "pause alice for 2 days"."""

_OF_TEAMS = frozenset({"rota", "roster", "snippet", "snippets", "debrief"})
"""First words that somebody in danger is not told anything with."""

_OF_TALKS = frozenset({"pause"})
"""Commands whose one word is said to somebody in danger, too: "pause and breathe", "pause now"."""

_BREAK_FOR = re.compile(r"break (?:for |of |until |till )?(?:an? [a-z]+|\d{1,3}(?: ?\d\d)?(?: ?[a-z]{1,7})?)")
"""A break of some length, folded: one is taken until they are back, and so it has none."""

_GIVES = re.compile(
    r"(?:give|pass|hand|transfer|assign|reassign) (?:this|it|them|her|him|(?:the |this )?case(?: \d{1,6})?)"
    r"(?: over| on)? to (?!(?:me|us|him|her|them|it|god|jesus|someone|somebody|anyone|you)$)(\w+)"
)
"""To whom their case shall go, in words that are no command; folded."""

_ELSEWHERE = frozenset({"audit", "log", "logs", "stats", "status", "report", "admin", "config", "community"})
"""First words of what people know from the command line or from other bots."""


@dataclass(frozen=True, slots=True)
class Work:
    """Words for the bot. `runs` is done at once; else they are kept back, and `why` is said.

    `offers`: what does it once they press it; `is_sure`: it cannot be a word to somebody else; `asks`: `why` asks by
    itself whether it shall go to them.
    """

    why: Text
    runs: typed.Typed | None = None
    offers: Choice | None = None
    is_sure: bool = True
    asks: bool = False


def work_in(
    call: Call, registry: Registry, languages: Collection[Words], *, waits: bool = False, joined: Sequence[int] = ()
) -> Work | None:
    """What of their words is for the bot; None where they are for the member they are with.

    `waits`: some other case has nobody, so "I'm on it" may be about that; `joined`: the cases in which they help, where
    they have none.
    """
    text = call.inbound.text
    if (wish := wishes.find(text, languages, of_themselves=True)) is not None:
        # "Hand over" asks once more, as its button does: others would be called by one press.
        command = HANDING if wish == wishes.HAND_OVER else wish
        return Work(_looks_like(wish), offers=Choice(label=wish, command=command))
    words = text.casefold().removeprefix("please ").split()
    if not words:
        return None
    if overwhelmed.is_own(text):
        # "Handover to robin, it is too much for me" is a slip, and says why.
        return _slip(call, registry, words) or _too_much(joined)
    said = taking.said_in(text, languages)
    if said is not None and (waits or said.case is not None):
        return Work(_looks_like("take"), offers=_doing(call, registry, f"take {said.case or ''}"), is_sure=False)
    if typed.asks_who_is_paused(text) and may(call.member.roles, Action.PAUSE_MEMBER):
        return Work(_looks_like(typed.WHO), offers=_doing(call, registry, typed.WHO), is_sure=False)
    return _politely(call, registry) or _command(call, registry, len(words)) or _of_others(call, registry, words)


def asked_first(work: Work, command: typed.Typed) -> Work:
    """What is asked where a `command` came too late to be done at once."""
    choice = Choice(label=_("Do it"), command=command.command.name, arguments=command.arguments)
    return replace(work, runs=None, offers=choice if choice.fits else None)


def _too_much(joined: Sequence[int]) -> Work:
    """Words of a peer about themselves: they may go, and need say no more."""
    if not joined:
        why = _(
            "This sounds as if it is about yourself, so it went to nobody. If it is too much, somebody else can take"
            " over (“hand over”): no reason needed. Or shall it go to them?"
        )
        return Work(why, offers=Choice(label=_("Hand over"), command=HANDING), asks=True)
    why = _(
        "This sounds as if it is about yourself, so it went to nobody. If it is too much, you can leave the talk"
        " (“leave {number}”): no reason needed. Or shall it go to them?",
        number=joined[0],
    )
    leave = Choice(label=_("Leave the talk"), command="leave", arguments={"case": str(joined[0])})
    return Work(why, offers=leave, asks=True)


def _of_others(call: Call, registry: Registry, words: list[str]) -> Work | None:
    """A command that is for others, or none here, or one with a slip in it."""
    text = call.inbound.text
    if words[0] in _OF_TEAMS:
        return Work(_looks_like(words[0]), offers=_doing(call, registry, text))
    if words[0] in _ELSEWHERE and len(words) <= 2:  # noqa: PLR2004  such as "audit export"
        return Work(_("I know no command “{command}” here, so it went to nobody.", command=words[0]))
    return _slip(call, registry, words)


def _politely(call: Call, registry: Registry) -> Work | None:
    """The one word "help", or a peer's command, as all of what they write but for a "please"."""
    text = " ".join(word for word in fold(call.inbound.text[: typed.PHRASE_LIMIT]).split() if word not in typed.POLITE)
    text = BREAK if _BREAK_FOR.fullmatch(text) else text
    if (given := _GIVES.fullmatch(text)) is not None:
        return Work(_looks_like("hand over"), offers=_doing(call, registry, f"hand over to {given[1]}"), is_sure=False)
    command = registry.get(text)
    if command is None or command.hidden or not (text == HELP or command.may is Action.TAKE_CASE):
        return None
    return Work(_looks_like(text), offers=_doing(call, registry, text), is_sure=False)


def _command(call: Call, registry: Registry, count: int) -> Work | None:
    """A command of `count` words that is not one of a peer's own."""
    reader = call.member.reads(call.now)
    ends_a_pause = typed.ends_a_pause(call.inbound.text) and may(call.member.roles, Action.PAUSE_MEMBER)
    found = typed.read(call.inbound.text, registry, reader, forgiving=ends_a_pause)
    if found is None or found.command.may is Action.TAKE_CASE:
        return None
    command, is_whole, is_plain = found.command, typed.is_whole(found, reader), " " not in found.command.name
    if command.may is Action.USE:
        # "help" or "meetings" may be a word to the member; "checkin note slept badly" is none.
        return Work(_looks_like(command.name), offers=_offer(call, found)) if is_whole and not is_plain else None
    # "pause alice" and nothing else may be either; more words than a name are a word to the member.
    is_doubtful, most = command.name in _OF_TALKS and begins_like(found) and len(found.arguments) == 1, FEW
    if is_doubtful:
        most = 2
    elif ends_a_pause or _says_how_long(found):
        is_doubtful, most = ends_a_pause or count > FEW, MANY
    if is_plain and count > most:
        return None
    if not may(call.member.roles, command.may):
        roles = replies.roles_for(command.may)
        why = _(
            "“{command}” is for {roles} of your community, so it went to nobody.", command=command.name, roles=roles
        )
        return Work(why) if is_whole or not is_plain else None
    if is_whole and not is_doubtful:
        return Work(_looks_like(command.name), runs=found)
    offers = None if is_plain and not is_doubtful else _offer(call, found)
    return None if offers is None and is_plain else Work(_looks_like(command.name), offers=offers)


def _says_how_long(found: typed.Typed) -> bool:
    """Whether it is "pause" with a length and its unit, such as "for 2 days"; "stop" or a number may be a word."""
    length = found.arguments.get("length", "") if found.command.name in _OF_TALKS else ""
    return " " in length or not (length.isalpha() or length.isdecimal() or not length)


def _slip(call: Call, registry: Registry, words: list[str]) -> Work | None:
    """A command of a peer's work, but for a slip in its name."""
    nearly = _nearly(words, registry)
    if nearly is None:
        return None
    name, others = nearly
    return Work(_looks_like(name), offers=_doing(call, registry, f"{name} {others}"), is_sure=False)


def _doing(call: Call, registry: Registry, text: str) -> Choice | None:
    """The choice that does what `text` says as a command, if they may, and its values are short enough for a choice.

    Without them it would be another thing: "hand over" without a name gives the case to nobody.
    """
    found = typed.read(text, registry, call.member.reads(call.now))
    return None if found is None else _offer(call, found)


def _offer(call: Call, found: typed.Typed) -> Choice | None:
    if not may(call.member.roles, found.command.may):
        return None
    choice = Choice(label=_("Do it"), command=found.command.name, arguments=found.arguments)
    return choice if choice.fits else None


def _nearly(words: list[str], registry: Registry) -> tuple[str, str] | None:
    """The command of a peer's work that words begin with, but for a slip, and the words behind it.

    Short names are everyday words.
    """
    own = {Action.TAKE_CASE, Action.ESCALATE_FOR_OTHER}
    names = [c.name for c in registry if c.may in own and len(c.name) >= LONG_NAME]
    for count in (2, 1):
        found = process.extractOne(" ".join(words[:count]), names, scorer=fuzz.ratio, score_cutoff=SLIP)
        if found is not None and not (found[0] == "escalate" and len(words) > FEW):
            return str(found[0]), " ".join(words[count:])
    return None


def _looks_like(command: str) -> Text:
    return _("This looks like “{command}”, so it went to nobody.", command=command)
