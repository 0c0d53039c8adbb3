"""Words of a paused member that name danger, though what hears danger has not heard it in them.

They have no button that calls a person, and were told to write it in their own words: then these must call one. Who
comes reads what they wrote.
"""

from collections.abc import Collection

from bot.core.matching import fold
from bot.core.text import clean
from bot.core.words import Words, _
from bot.services import typed
from bot.services.call import Call
from bot.services.escalations import Escalations, pauses
from bot.services.escalations.store import EXCERPT_LIMIT

NAMES_DANGER = _(
    "danger / in danger / dying / die / dead / death / kill / suicide / suicidal / emergency / ambulance / bleeding"
    " / bleed / breathe / overdose / overdosed / pills / took something / hurt / unsafe / my life / life or death"
    " / not going to make it / 911 / 112 / 999 / 988 / crisis / sos / kms / unalive / od / oding / overdosing"
)
"""Words, of which one anywhere in theirs is enough: nobody else is there who could ask them what they mean."""

_LONGEST = 4000
"""Characters that are looked through."""


async def calls(call: Call, escalations: Escalations, languages: Collection[Words]) -> bool:
    """Call a person, if they are paused and their words name danger; whether that is so."""
    text = call.inbound.text
    if not names_danger(text, languages) or not await pauses.is_paused(call.tx, call.member, now=call.now):
        return False
    late = call.inbound.seen_late(call.now)
    await escalations.by_member(call.tx, call.member, words=clean(text, EXCERPT_LIMIT), now=call.now, late=late)
    return True


def names_danger(text: str, languages: Collection[Words]) -> bool:
    """Whether one of these words is anywhere in it."""
    said = f" {fold(text[:_LONGEST])} "
    return any(f" {named} " in said for words in languages for named in typed.ways(words, NAMES_DANGER.message))
