"""What those who look after others read when their words are for nobody: perhaps they need somebody themselves."""

import re

from bot.core.content import Content
from bot.core.matching import fold
from bot.core.roles import Role
from bot.services import replies
from bot.services.call import Call
from bot.services.duty import Duty
from bot.services.escalations.paging import waiting_for
from bot.services.offer import I_NEED_A_PERSON
from bot.services.writing.wishes import BREAK_NOW

_STRAIN = re.compile(
    r"\b(?:can(?:t|not| not) (?:do|take|handle|bear|cope|go on|keep|stand|anymore|any more|manage|deal)"
    r"|too much|so tired|tired of|exhausted|burn(?:t|ed|ing)? ?out|overwhelm\w*|falling apart"
    r"|breaking down|at my limit|had enough|done with this|im not (?:ok|okay|alright|well|doing)|struggling|relaps\w*"
    r"|help me|i need help|im (?:so )?(?:scared|afraid|alone|lost|sad|broken)|hopeless|keep crying"
    r"|what (?:do|should|can) i do|what am i to do|dont know what to do|i feel (?:awful|terrible|so|like)"
    r"|no puedo(?: mas| con| seguir)?|demasiado para mi|me supera|me desborda|agotad[oa]|cansad[oa]|no doy mas"
    r"|estoy mal|ayudame|necesito ayuda|que hago|no se que hacer|tengo miedo|he recaido)\b"
)
"""Words of their own need, as they are folded, in the languages of the bot."""

_CALLS = re.compile(
    r"(?:hello|hi|hey|hola)(?: (?:there|bot|again))?"
    r"|(?:hello )?(?:is )?(?:any|some)(?:one|body)(?: (?:there|here|around|awake))?|(?:hola )?hay alguien(?: ahi)?"
)
"""What somebody writes who looks for anybody at all."""


async def answer(call: Call) -> Content | None:
    """What comes of a helper's words to the bot alone; None where they are nothing of this.

    They are reminded of somebody who waits only if they have been called for them privately, and are not off: nobody
    who is tired, or on a break, is told to work.
    """
    said = fold(call.inbound.text)
    who = await Duty().who(call.tx, call.member.community.id, call.now)
    is_peer = Role.PEER in call.member.roles
    offers = (BREAK_NOW,) if is_peer and call.member.id not in who.off else ()
    if _STRAIN.search(said):
        return replies.for_yourself((I_NEED_A_PERSON, *offers))
    if not is_peer or call.member.id in who.ready.available:
        waiting = await waiting_for(call.tx, call.member)
        if waiting:
            return replies.take_it_first(waiting)
    return replies.for_yourself((I_NEED_A_PERSON, *offers)) if _CALLS.fullmatch(said) else None
