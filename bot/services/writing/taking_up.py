"""Words by which somebody takes up what the bot has just offered: a "yes", or a value such as another time.

Any other words leave the offer: nothing is asked again, and they are for whom they would have been for.
"""

import re
from collections.abc import Collection

from sqlalchemy import select

from bot.core.commands import BadValue, Parameter, Registry
from bot.core.kinds import OneOf
from bot.core.matching import fold
from bot.core.words import Words, _
from bot.delivery import contents
from bot.services import questions, typed
from bot.services.call import Call
from bot.services.questions import Pending, Waits
from bot.storage.tables import Delivery

YES = _("yes")
NO = _("no")
SURE = _(
    "yes / y / yeah / yep / yup / ok / okay / sure / I do / do it / please do / go ahead / call somebody / call someone"
    " / call one / call a person / please call someone / I want one / call / call them / I think so / I guess"
    " / I guess so / I'd like that / I would like that / I'd like one / I would like one / I want that / yes I do"
    " / that would be nice"
)
AFTER_ALL = _(
    "yes / yes actually / actually yes / yes after all / yes I do / on second thought yes / I do want one / call"
    " / call one / call them / call somebody / call someone / yeah / yeah I think so / yes I think so"
    " / I changed my mind / changed my mind"
)
"""What takes back a "no" to that."""
RATHER_NOT = _("no / nope / nah / no thanks / no thank you / not now / I'm ok / I'm fine")
"""What answers whether a person shall be called."""
ABOUT_ME = _(
    "it's me / it is me / me / myself / about me / about myself / it's about me / it is about me / it's about myself"
    " / this is me / this is about me / it was me / it was about me / that's me / that's about me / it's mine / I do"
    " / I am / I mean me / I meant me / help / help me / I need help"
)
"""What answers whether words of danger are about who wrote them."""

_DIGIT = re.compile("[0-9]\ufe0f?\u20e3?")
"""A digit, typed or as a keycap."""

_NEWER = 20
"""Messages that are looked at, whether one of them may be what a yes was meant for."""


async def answer_in(
    call: Call, offer: Pending, registry: Registry, languages: Collection[Words], *, busy: bool
) -> str | None:
    """The answer that their words are to what was offered, perhaps that there is none; None if they are for others.

    `busy`: in a conversation a value, such as a time of day, is a word to the other side.
    """
    if offer.waits is Waits.ANSWER:
        return call.inbound.text
    if call.inbound.apart is not None:
        return None
    if offer.waits is Waits.YES and _declines(call.inbound.text, languages):
        return questions.CANCEL
    command = registry.get(offer.command)
    asked = next((p for p in command.parameters if p.name == offer.parameter), None) if command else None
    if asked is None:
        return None
    if offer.waits is Waits.YES:
        value = _confirmed(call.inbound.text, asked, languages)
        return None if value is None or await _is_for_another(call, offer, languages) else value
    return None if busy else _value(call, asked)


def _value(call: Call, asked: Parameter) -> str | None:
    text = call.inbound.text
    if _DIGIT.fullmatch(text.strip()):
        return None  # a choice under a message is pressed so
    try:
        asked.kind.parse(text, call.member.reads(call.now))
    except BadValue:
        return None
    return text


def _declines(text: str, languages: Collection[Words]) -> bool:
    return questions.is_cancel(text) or _plain(text) in {fold(words.render(NO)) for words in languages}


def _confirmed(text: str, asked: Parameter, languages: Collection[Words]) -> str | None:
    if not isinstance(asked.kind, OneOf):
        return None
    said = _plain(text)
    for value, label in asked.kind.choices:
        if said in {fold(words.render(say)) for words in languages for say in (YES, label)}:
            return value
    return None


async def _is_for_another(call: Call, offer: Pending, languages: Collection[Words]) -> bool:
    """Whether something else was asked since to which one says yes, or somebody has written to them."""
    query = (
        select(Delivery)
        .where(Delivery.member_id == call.member.id, Delivery.created_at > offer.asked_at, Delivery.state != "expired")
        .order_by(Delivery.id.desc())
        .limit(_NEWER)
    )
    yes = {fold(words.render(YES)) for words in languages}
    for row in await call.tx.session.scalars(query):
        if row.relay_id is not None:
            return True
        content = await contents.unseal(call.tx, row.content_sealed, row.shared_id) if row.has_choices else None
        labels = [fold(str(choice.label)) for choice in (() if content is None else content.choices)]
        if any(label.split(" ")[0] in yes for label in labels):
            return True
    return False


def agrees(text: str, languages: Collection[Words]) -> bool | None:
    """Whether somebody was asked a plain question and says yes, or no; None for any other words."""
    said = _plain(text)
    if not said and text.strip():
        return True  # "please"
    for words in languages:
        sure = typed.ways(words, SURE.message)
        first, _space, rest = said.partition(" ")
        if said in sure or (first in sure and rest in sure):  # "yes call someone"
            return True
    return False if any(said in typed.ways(words, RATHER_NOT.message) for words in languages) else None


def changes_mind(text: str, languages: Collection[Words]) -> bool:
    """Whether somebody who has said no now says yes after all."""
    return any(_plain(text) in typed.ways(words, AFTER_ALL.message) for words in languages)


def says_me(text: str, languages: Collection[Words]) -> bool:
    """Whether somebody says that what the bot asked about is about themselves."""
    said = _plain(text)
    first, _space, rest = said.partition(" ")
    for words in languages:
        about_me = typed.ways(words, ABOUT_ME.message)
        leads = {*typed.ways(words, SURE.message), fold(words.render(YES))}
        if said in about_me or (first in leads and rest in about_me):  # "yes it's about me"
            return True
    return says_yes(text, languages) is True


def says_yes(text: str, languages: Collection[Words]) -> bool | None:
    """Whether somebody says nothing but yes, or no; None for any other words, such as "ok"."""
    said = _plain(text)
    if said in {fold(words.render(YES)) for words in languages}:
        return True
    return False if said in {fold(words.render(NO)) for words in languages} else None


def _plain(text: str) -> str:
    return " ".join(word for word in fold(text[:100]).split() if word not in typed.POLITE)
