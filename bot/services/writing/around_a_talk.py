"""What a member is told around a talk: which of their words went to their peer, and which to nobody any more."""

from datetime import timedelta

from sqlalchemy import select

from bot.core.commands import Registry
from bot.core.roles import may
from bot.delivery.outbox import key_of
from bot.services import members, replies, spoken, typed
from bot.services.call import Call
from bot.services.escalations import words
from bot.services.voice import Voice
from bot.services.writing.exactly import TAKES_KNOWN, is_exactly
from bot.services.writing.phrases import PEER, SAFE, Phrases
from bot.storage.tables import CaseRow, Delivery

AFTERWARDS = timedelta(hours=24)
"""So long after a talk has ended words that nothing else understands are taken for words to who was there."""


async def tell_of_the_mark(call: Call, row: CaseRow, registry: Registry, phrases: Phrases, voice: Voice) -> None:
    """Their words are a command's, and went to the peer: how to get the bot's own, once in each talk with somebody."""
    command, name = _named(call, registry, phrases) or ("", "")
    if not command or row.holder is None:
        return
    mark = typed.MARK_ON.get(call.inbound.platform, typed.MARKS[0])
    peer = (await members.load(call.tx, row.holder)).name or words.A_PEER
    told = replies.safe_went_to(peer) if command == SAFE else replies.it_went_to(peer, name, mark)
    content = told.rendered(voice.words(voice.language_for(call.tx, call.member)))
    # The key tells whether it was said before. It is stored as it is: none of their words may stand in it.
    key = f"mark:{row.id}:{row.holder}:{command}"
    await voice.answer(call.tx, call.inbound, content, private=True, key=key, member=call.member, now=call.now)


async def is_too_late(call: Call, voice: Voice) -> bool:
    """Whether they write although their talk has ended lately; then they are told that nobody reads it."""
    query = select(CaseRow.id, CaseRow.holder).where(
        CaseRow.member_id == call.member.id,
        CaseRow.holder.is_not(None),
        CaseRow.ended_at > call.now - AFTERWARDS,
    )
    ended = (await call.tx.session.execute(query.order_by(CaseRow.ended_at.desc()).limit(1))).one_or_none()
    if ended is None:
        return False
    await note_language(call)
    key = f"gone:{ended.id}"
    if await call.tx.session.scalar(select(Delivery.id).where(Delivery.key == key_of(key))) is None:
        peer = (await members.load(call.tx, ended.holder)).name or words.A_PEER
        content = replies.has_gone(peer)
    else:
        content = replies.reached_nobody()
        key += f":{call.inbound.platform}:{call.inbound.event_id}"
    content = await voice.true_for(call.tx, call.member, content, now=call.now)
    content = content.rendered(voice.words(voice.language_for(call.tx, call.member)))
    await voice.answer(call.tx, call.inbound, content, private=True, key=key, member=call.member, now=call.now)
    return True


async def note_language(call: Call) -> None:
    """Who has chosen no language is answered in that of their case for so long after it, too."""
    if spoken.chosen_by(call.tx, call.member) or spoken.heard_in(call.tx, call.member.id):
        return
    lately = (CaseRow.member_id == call.member.id, CaseRow.ended_at > call.now - AFTERWARDS)
    rules = await call.tx.session.scalar(
        select(CaseRow.rules).where(*lately).order_by(CaseRow.ended_at.desc()).limit(1)
    )
    spoken.heard(call.tx, call.member.id, rules or ())


def _named(call: Call, registry: Registry, phrases: Phrases) -> tuple[str, str] | None:
    """What all of the words are: a command, its phrase, or the first word of several; else they are rather a talk.

    The command, and how it is written with what it is to find.
    """
    text, reader = call.inbound.text, call.member.reads(call.now)
    phrase = phrases.meant(text)
    if phrase is not None:
        return None if phrase.name == PEER else (phrase.name, phrase.name)  # who asks for a person has one
    found = typed.read(text, registry, reader)
    if found is None:
        family = [command for command in typed.family_of(text, registry) if may(call.member.roles, command.may)]
        word = family[0].name.split()[0] if family else ""
        return (word, word) if family else None
    if not may(call.member.roles, found.command.may) or not is_exactly(found, reader):
        return None
    known = [value.casefold() for value in found.arguments.values()] if found.command.name in TAKES_KNOWN else []
    return found.command.name, " ".join([found.command.name, *known])
