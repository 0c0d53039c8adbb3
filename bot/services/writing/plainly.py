"""What those who look after others write in their room as a command about somebody, without its mark: "escalate alice".

There they talk with each other, too: only a message that is nothing else counts, and nothing is asked of them, for the
words that come next may be for a member they are with.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue, Reader, Registry
from bot.core.content import Choice, Content, Reply
from bot.core.roles import Action, may
from bot.services import typed
from bot.services.call import Call

LONGEST = 120
"""Characters of a message that may be such a command."""

NAME_WORDS = 3
"""Words of a name. More are a sentence: "escalate this to the admins", which names nobody."""

_BEGINS = re.compile(
    r"\s*(?:please,?\s|pls,?\s)?\s*(?:escalate\b|(?:un[ _-]?)?pause\b|(?:end|stop|lift|remove|cancel)\b.*\bpaus)",
    re.IGNORECASE,
)
"""What is worth a closer look: every message of every room is asked."""

_NOBODYS = Reader(now=datetime(2000, 1, 1, tzinfo=UTC), zone=ZoneInfo("UTC"))
"""A name and a length mean the same to everybody."""


def said_in(text: str, registry: Registry) -> typed.Typed | None:
    """The command about somebody that is all of `text`, with their name or without any."""
    if len(text) > LONGEST or _BEGINS.match(text) is None or typed.is_marked(text):
        return None
    found = typed.read(text, registry, _NOBODYS, forgiving=typed.ends_a_pause(text))
    if found is None or found.command.may not in typed.ABOUT_OTHERS or not typed.is_whole(found, _NOBODYS):
        return None
    is_of_one = not _is_a_sentence(found) or found.command.may is Action.ESCALATE_FOR_OTHER
    return found if is_of_one and (found.arguments.get("person") or _is_no_small_word(found)) else None


async def answer(call: Call, registry: Registry) -> Reply | None:
    """It is done, if they may; where nobody has that name, they read so, and who has nearly that one.

    None: they say something else. To what may be a word among themselves, "pause everything", nothing is said.
    """
    found = said_in(call.inbound.text, registry)
    if found is None or not may(call.member.roles, found.command.may):
        return None
    reader = call.member.reads(call.now)
    given = [each for each in found.command.parameters if each.name in found.arguments]
    values = {each.name: each.kind.parse(found.arguments[each.name], reader) for each in given}
    # Whom they answer is not whom they mean: that is mostly the bot, or another of them.
    alone = replace(call, inbound=replace(call.inbound, about=None))
    try:
        return await found.command.run(alone, **values)
    except BadValue as bad:
        if not bad.guesses and (_is_a_sentence(found) or not _is_no_small_word(found)):
            return None
        meant = [
            Choice(label=guess, command=found.command.name, arguments={**found.arguments, "person": guess})
            for guess in bad.guesses
        ]
        return Reply(content=Content(text=bad.message, choices=tuple(choice for choice in meant if choice.fits)))


def _is_a_sentence(found: typed.Typed) -> bool:
    """Whether it is more than a name: what begins with one says why, "alice she looks bad", or nobody is meant."""
    return len(found.arguments.get("person", "").split()) > NAME_WORDS


def _is_no_small_word(found: typed.Typed) -> bool:
    """Whether who writes it waits for something: "escalate", or how long a pause shall be; not "pause"."""
    return found.command.may is Action.ESCALATE_FOR_OTHER or "length" in found.arguments
