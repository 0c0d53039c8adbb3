"""What a member is shown whose asking by hand calls nobody for a while (`bot.services.escalations.pauses`).

No button that does nothing, and no promise of a person; instead how they are heard in danger, which calls as ever.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from bot.core.content import Content
from bot.core.people import Member
from bot.core.words import Say, Text, Value, _
from bot.services import offer, replies, unsaid
from bot.services.escalations import followup, member_words
from bot.services.offer import I_NEED_A_PERSON
from bot.services.writing import small_talk
from bot.services.writing.small_talk import Small
from bot.storage import tables
from bot.storage.database import Transaction

IN_OWN_WORDS = _(
    "If you are in danger, write it to me in your own words: then I call somebody at once. “numbers” shows who answers"
    " besides."
)
"""What works for them."""

_AS_IT_IS = Text("{text}")


def _message(content: Content) -> str:
    assert isinstance(content.text, Text)  # noqa: S101  contents of our own, not rendered yet
    return content.text.message


_INSTEAD: Mapping[str, Text] = {
    _message(replies.not_understood()): _("I'm only a bot, and cannot answer that."),
    _message(replies.not_seen()): _(
        "I'm only a bot: I hear no voice messages and see no pictures, and nobody else got this."
    ),
    _message(replies.do_you_want_a_person()): _(
        "In a room you asked for help; what we write here, nobody there sees. I'm a bot; helplines: “resources crisis”."
    ),
    _message(replies.nobody_called()): _("All right, I call nobody."),
    _message(replies.has_gone("")): _("{name} has gone, so this has reached nobody."),
    _message(replies.reached_nobody()): _("This has reached nobody."),
    _message(replies.fault("")): _("I'm sorry, something went wrong on my side (number {incident}). Please try again."),
    _message(small_talk.answer_to(Small.GREETING)): _("Hello! I'm a bot. I can show you what there is here."),
    _message(small_talk.answer_to(Small.THANKS)): _("You're welcome. I'm here whenever you need something."),
    _message(small_talk.answer_to(Small.FINE)): _("All right. I'm here whenever you need something."),
    _message(small_talk.answer_to(Small.HELP)): _("Yes. I'm a bot; helplines: “resources crisis”."),
    _message(followup.thanks("words")): _("Thank you for telling me. Nobody reads along here."),
    _message(member_words.ended_for_member(None, None)): _AS_IT_IS,
    offer.IN_DANGER.message: _("Helplines: “resources crisis”."),
    offer.COMPANY.message: _("{mood}. Thank you for saying so."),
    offer.PRESS.message: _AS_IT_IS,
    offer.SHALL_I.message: _AS_IT_IS,
}
"""What is said instead of a promise of a person, which has the same values."""


async def calls_nobody(tx: Transaction, member: Member, *, now: datetime) -> bool:
    """Whether their asking by hand calls nobody now.

    With an open case somebody is called, or with them; and what a peer is asked about their words of danger calls.
    """
    row = await tx.session.get(tables.Member, member.id)
    if row is None or row.paused_until is None or row.paused_until <= now:
        return False
    if await unsaid.is_asked(tx, member, now=now):
        return False
    open_case = select(tables.CaseRow.id).where(tables.CaseRow.open_for == member.id)
    return await tx.session.scalar(open_case.limit(1)) is None


async def truthful(tx: Transaction, member: Member, content: Content, *, now: datetime) -> Content:
    """`content`, to be said to them privately, as it is true for them; before it is rendered."""
    if not any(choice.command == I_NEED_A_PERSON.command for choice in content.choices):
        return content
    if not await calls_nobody(tx, member, now=now):
        return content
    choices = tuple(choice for choice in content.choices if choice.command != I_NEED_A_PERSON.command)
    text = _instead(content.text)
    if not _says_so(text):
        text = _("{text}\n\n{more}", text=text, more=IN_OWN_WORDS) if text else IN_OWN_WORDS
    return replace(content, text=text, choices=choices)


def _instead(said: Say) -> Say:
    """The words without a promise of a person in them."""
    if not isinstance(said, Text):
        return said
    values: dict[str, Value] = {
        name: _instead(value) if isinstance(value, Text) else value for name, value in said.values.items()
    }
    known = _INSTEAD.get(said.message)
    return replace(said, values=values) if known is None else replace(known, values=values)


def _says_so(said: Value) -> bool:
    """Whether they are told already that their asking calls nobody, and what does."""
    if not isinstance(said, Text):
        return False
    return said.message == member_words.PAUSED.message or any(_says_so(value) for value in said.values.values())
