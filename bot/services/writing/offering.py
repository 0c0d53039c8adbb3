"""What somebody who looks after others is offered when their plain words name what a command does."""

import re
from collections.abc import Collection

from bot.core.commands import Registry
from bot.core.content import Content
from bot.core.matching import fold, likeness
from bot.core.roles import Action, may
from bot.core.words import Words
from bot.services import replies
from bot.services.call import Call
from bot.services.escalations.aftercare import last_case
from bot.services.writing import wishes

ESCALATE = "escalate"
"""The command that gets a peer for somebody."""

_LONGEST, _LETTERS, _ALIKE = 200, 5, 80
"""Characters of what may be such words; letters of what may be that name, and how like it is, in per cent."""


_CALLS_FOR_ANOTHER = re.compile(
    r"(?:get|find|call|send|page|alert)(?: a| the)? (?:peers?|person|somebody|someone|help) (?:for|to) (?!me\b)\w"
    r"|\b(?!i\b)\w+ (?:is|are|seems|sounds|looks|might be|may be) (?:in danger|suicidal|not safe|in crisis|at risk)\b"
    r"|\b(?:he|she|they|somebody|someone|member) needs? (?:help|somebody|someone|a person|a peer)\b"
    r"|(?:llama|busca|avisa)(?: a)? (?:una persona|alguien) para (?!mi\b)\w"
    r"|\b(?!yo\b)\w+ (?:esta|parece) (?:en peligro|en crisis)\b|\b(?:el|ella|alguien) necesita (?:ayuda|a alguien)\b"
)
"""What somebody who looks after others writes of another, as it is folded."""


def _for_another(call: Call) -> bool:
    """Whether they want a peer for somebody else; of the command itself a slip in its name is enough."""
    said = fold(call.inbound.text[:_LONGEST])
    first = said.split(" ", 1)[0]
    slipped = len(first) > _LETTERS and likeness(first, ESCALATE) > _ALIKE
    is_meant = slipped or _CALLS_FOR_ANOTHER.search(said) is not None
    return is_meant and may(call.member.roles, Action.ESCALATE_FOR_OTHER)


async def answer(call: Call, registry: Registry, languages: Collection[Words]) -> Content | None:
    """The command that would do what they wish, to be pressed; None if it is no such wish, or not for them."""
    if _for_another(call):
        return replies.for_somebody_else()
    wish = wishes.find(call.inbound.text, languages)
    command = None if wish is None else registry.get(wish)
    if wish is None or command is None or not may(call.member.roles, command.may):
        return None
    if wish != wishes.DEBRIEF:
        return replies.did_you_mean([wish], registry)
    return replies.talk_it_over(await last_case(call.tx, call.member))
