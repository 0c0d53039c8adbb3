"""What somebody writes privately for whom nobody is called: a cry for help in a word or two, or a question first.

A short word is too little to call somebody by. So they read numbers, and are asked whether a person shall be called;
and whoever asks first what that means, such as whether the police come, reads the truth and is asked the same.
"""

from collections.abc import Collection
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.content import Content
from bot.core.matching import fold
from bot.core.people import Community
from bot.core.words import Text, Words, _
from bot.services import offer, spoken, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.member_words import OTHER_COUNTRY
from bot.services.offer import I_NEED_A_PERSON
from bot.services.writing import while_paused, while_waiting
from bot.services.writing.while_waiting import Asked

_FEAR = _(
    "scared / im scared / i am scared / so scared / im so scared / afraid / im afraid / terrified / im not safe"
    " / panic / panicking / im panicking / panic attack / hopeless / desperate / relapse / relapsing / self harm"
)
"""What is a cry, too, where it is all of a message."""

_SIGN = "\U0001f198"
"""The sign SOS."""

_SLIP, _LETTERS = 1, 4
"""Letters that may be wrong or change places in a cry for help, and how many it has at the least."""

_HERE = _("I'm here, and I'm a bot.")
_NOBODY_YET = _("Nobody is called yet. If you want a person, I go on calling until somebody is here.")


async def answer(call: Call, escalations: Escalations, languages: Collection[Words]) -> Content | None:
    """What they read, and the question whether a person shall be called; None: their words are nothing of this."""
    usual = call.member.language
    by_use = sorted(languages, key=lambda words: words.language != usual)
    found = while_waiting.asked_in(call.inbound.text, by_use)
    asked, language = found if found is not None else (None, cries_in(call.inbound.text, by_use))
    if language is None:
        return None
    if language != usual:
        spoken.said(call.tx, call.member.id, language)
    said = _truth(asked, call.member.community)
    content, choices = Content(text=said), [I_NEED_A_PERSON]
    if asked is None or asked in while_waiting.AT_ONCE:
        content = await escalations.numbers_before(call.tx, call.member, said)
        choices.append(OTHER_COUNTRY)
    return replace(content, text=replace(offer.SHALL_I, values={"text": content.text}), choices=tuple(choices))


def _truth(asked: Asked | None, community: Community) -> Text:
    match asked:
        case Asked.HOW_LONG:
            return _NOBODY_YET
        case Asked.READERS:
            return _(
                "What you write to me here, nobody else reads; only if it sounds as if somebody were in danger, or if"
                " you call a person, those of {community} whom I call read it. I show it in no room where members"
                " talk.",
                community=community.name,
            )
        case Asked.SERVICES:
            return while_waiting.no_services(community)
        case Asked.WHO:
            return while_waiting.who_comes(community)
        case Asked.COST:
            return while_waiting.COSTS_NOTHING
        case _:
            return _HERE


def cries_in(text: str, languages: Collection[Words]) -> str | None:
    """The language in which it names danger, or is a cry for help, perhaps with a slip; None: it is nothing of this."""
    said = " ".join(word for word in fold(text[: typed.PHRASE_LIMIT]).split() if word not in typed.POLITE)
    for words in languages:
        cries = typed.ways(words, Asked.HELP.value.message)
        if said in typed.ways(words, _FEAR.message) or while_paused.names_danger(text, [words]):
            return words.language
        if len(said) >= _LETTERS and process.extractOne(said, cries, scorer=OSA.distance, score_cutoff=_SLIP):
            return words.language
    return next(iter(languages)).language if _SIGN in text else None
