"""A peer's words about their own being overwhelmed: who is in danger would read them as being left alone.

Plain frames only, in the languages of the bot, each a whole part of what they write: "i cant do this, im shaking".
What is said of then ("i was shaking"), to share it ("im scared too"), or with more to it ("i cant do this for you") is
a word to the member.
"""

import re

from bot.core.matching import fold

LONGEST = 300
"""Characters of what may be such words; more are a story that they tell."""

_PARTS = re.compile(r"[.,;:!?\n\u2026\u2013\u2014()]+|\s-+\s")
_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|\"[^\"]*\"")

_TO_THEM = r"(?:(?:hi|hey|hello|hola|sorry|perdon) \w+ )?"
"""Once, at the beginning: before each of several parts it would take for ever to find that it does not fit."""

_BEFORE = (
    r"(?:hi|hey|hello|hola|sorry|perdon|im sorry|oh|god|omg|ok|okay|well|look|honestly|and|but|because|cause|so"
    r"|i think|i guess|i know|no|y|pero|porque|es que|creo que|lo siento|dios)"
)
_MORE = (
    r"(?:right|just|now|anymore|any more|tonight|today|here|again|at all|alone|on my own|by myself|badly|so bad|so much"
    r"|tbh|honestly|sorry|please|really|all over|inside|ahora|mismo|ya|hoy|sol[oa]|otra vez"
    r"|perdon|mucho|por dentro)"
)
_HOW = r"(?:(?:so|really|just|too|completely|totally|still|getting|starting to|kind of|honestly|simply|all|way) )*"

_ENGLISH = (
    rf"i {_HOW}(?:cant|cannot|can not) {_HOW}(?:(?:do|handle|take|bear|stand|manage|cope with|deal with)"
    r" (?:this|that|it|any of this|all this|all of this|this talk|this case|this one)"
    r"|cope|think(?: straight)?|keep (?:going|doing this)|stop (?:shaking|crying))",
    rf"(?:im|i am) {_HOW}(?:shaking|trembling|panicking|crying|sobbing|overwhelmed|freaking out|falling apart"
    r"|breaking down|losing it|burnt out|burned out|exhausted|in over my head|out of my depth|at my limit|triggered"
    r"|a mess|spirall?ing|dissociating|scared|afraid|terrified|having a panic attack"
    r"|not (?:ok|okay|alright|all right|well|coping|able to do this))",
    r"(?:im|i am) (?:about to|going to|gonna) (?:cry|lose it|break down|throw up|be sick|panic|faint)",
    rf"(?:(?:this|it) is|its|thats) {_HOW}too (?:much|hard|heavy) for me",
    rf"this is {_HOW}too much",
    r"this (?:is triggering(?: me)?|triggers me|is getting to me)",
    r"i (?:need|have) to (?:stop(?: this)?|step away|step out|get out(?: of this)?|get away)",
    r"i (?:dont|do not) know (?:what to do|what to tell (?:them|her|him)"
    r"|how to (?:help|handle|deal with|answer) (?:them|her|him|this|that))",
    rf"i feel {_HOW}(?:overwhelmed|sick|panicky|helpless|out of my depth|triggered|shaky)",
    rf"my (?:hands|heart|voice|whole body|body)(?: are| is)? {_HOW}(?:shaking|trembling|racing|pounding)",
    r"i need help with (?:this|that|her|him|them)",
)
_SPANISH = (
    r"(?:yo )?(?:ya )?no puedo (?:mas|con esto|con todo esto|hacer esto|hacerlo|seguir(?: asi| con esto)?|soportarlo"
    r"|manejar esto|(?:parar|dejar) de (?:temblar|llorar))",
    r"estoy (?:(?:muy|tan|tod[oa]|totalmente) )*(?:temblando|llorando|desbordad[oa]|agobiad[oa]|agotad[oa]|abrumad[oa]"
    r"|asustad[oa]|superad[oa]|fatal|al limite|entrando en panico|perdiendo el control)",
    r"(?:esto |todo esto )?me (?:supera|desborda|sobrepasa|esta superando|tiemblan las manos|estoy derrumbando)",
    r"(?:esto )?es demasiado para mi",
    r"esto es demasiado",
    r"no se (?:que hacer|que decirle|como (?:ayudarl[aeo]|manejarlo|manejar esto))",
    r"tengo (?:(?:mucho|tanto) )?(?:miedo|panico|un ataque de (?:panico|ansiedad))",
    r"necesito (?:parar|salir(?: de aqui)?|ayuda con esto)",
    r"voy a (?:llorar|vomitar|desmayarme|perder el control)",
)
_FRAME = f"(?:{'|'.join((*_ENGLISH, *_SPANISH))})"
# "Sorry" between two of them may belong to either: never to be tried both ways, which takes for ever.
_SAYS = rf"(?:{_BEFORE} )*{_FRAME}(?: {_MORE})*+"
_OWN = re.compile(rf"{_TO_THEM}{_SAYS}(?: {_SAYS})*")


def is_own(text: str) -> bool:
    """Whether a part of what they write says, and says nothing else, that it is too much for themselves."""
    if len(text) > LONGEST:
        return False
    return any(_OWN.fullmatch(fold(part)) for part in _PARTS.split(_QUOTED.sub(" ", text)))
