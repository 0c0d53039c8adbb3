"""A mere "help" in a room where members talk: who writes it is asked privately whether they want a person.

The room reads nothing of it. They are asked once, and only after hours once more, unless they have answered. Where the
question does not reach them, the peers learn that there is somebody.
"""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import select

from bot.core.content import Content
from bot.core.crisis import Severity
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.words import Words, _
from bot.delivery.outbox import Claimed
from bot.services import members, replies, rooms, spoken, typed
from bot.services.call import Call
from bot.services.escalations import Escalations, pauses, store
from bot.services.voice import Voice
from bot.services.writing import while_waiting
from bot.services.writing.taking import ROOMS_OF_PAGES
from bot.services.writing.while_waiting import Asked
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, Delivery

CRIES = _(
    "help / help help / help help help / help me / help me help me / i need help / need help / i really need help"
    " / i need help so bad / send help"
)
"""All of what they write, but for a "please" and signs; a letter counts once, however long it is drawn: "HEEELPPP"."""

_DRAWN = re.compile(r"(.)\1+")

_KEY = "cry:"

AGAIN = timedelta(hours=6)
"""So long who has not answered is not asked again."""


def is_cry(inbound: Inbound, languages: Collection[Words]) -> bool:
    """Whether it is nothing but a cry for help, in a room."""
    is_said = inbound.invocation is None and inbound.reaction is None and not inbound.edited
    if inbound.private or inbound.apart is not None or not is_said or typed.is_marked(inbound.text):
        return False
    return _language_of(inbound.text, languages) is not None


async def answer(call: Call, escalations: Escalations, voice: Voice) -> None:
    """Ask them privately, unless it is seen too late; who has a case reads that somebody is called, or there."""
    if call.inbound.seen_late(call.now) > AGAIN or await _is_among_helpers(call) or await _was_asked(call):
        return
    usual = call.member.language
    by_use = sorted(voice.languages, key=lambda words: words.language != usual)
    language = _language_of(call.inbound.text, by_use)
    if language is not None and language != usual:
        spoken.said(call.tx, call.member.id, language)
    content = await voice.true_for(call.tx, call.member, await _content(call, escalations), now=call.now)
    content = content.rendered(voice.words(voice.language_for(call.tx, call.member)))
    key = f"{_key(call)}{call.inbound.platform}:{call.inbound.event_id}"
    await voice.answer(call.tx, call.inbound, content, private=True, key=key, member=call.member, now=call.now)


def _language_of(text: str, languages: Collection[Words]) -> str | None:
    """The language in which all of it is a cry."""
    if len(text) > typed.PHRASE_LIMIT:
        return None
    said = _once(" ".join(word for word in fold(text).split() if word not in typed.POLITE))
    return next((words.language for words in languages if said in _cries(words)), None)


@lru_cache(maxsize=64)
def _cries(words: Words) -> frozenset[str]:
    return frozenset(_once(way) for way in typed.ways(words, CRIES.message))


def _once(said: str) -> str:
    return _DRAWN.sub(r"\1", said)


async def _is_among_helpers(call: Call) -> bool:
    """Whether it was written where pages stand: people read it there whose work that is."""
    here = [room for kind in ROOMS_OF_PAGES for room in await rooms.of_kind(call.tx, call.member.community.id, kind)]
    return any((room.platform, room.id) == (call.inbound.platform, call.inbound.place) for room in here)


async def _content(call: Call, escalations: Escalations) -> Content:
    own = [row for row in await escalations.conversations(call.tx, call.member) if row.member_id == call.member.id]
    if not own:
        return replies.do_you_want_a_person()
    if own[0].holder is not None:
        return replies.somebody_is_with_you()
    mark = typed.MARK_ON.get(call.inbound.platform, typed.MARKS[0])
    severity = Severity(own[0].severity)
    told = while_waiting.answer_to(Asked.HELP, call.member.community, severity=severity, mark=mark)
    return await escalations.numbers(call.tx, call.member, told.text) or replies.do_you_want_a_person()


async def _was_asked(call: Call) -> bool:
    """Whether they were asked lately, and have neither written to the bot since nor got a person."""
    query = select(Delivery.id, Delivery.created_at).where(
        Delivery.member_id == call.member.id,
        Delivery.key.startswith(_key(call)),
        Delivery.created_at > call.now - AGAIN,
        Delivery.state.not_in(("failed", "expired")),
    )
    asked = (await call.tx.session.execute(query.order_by(Delivery.id.desc()).limit(1))).one_or_none()
    if asked is None:
        return False
    replied = select(Delivery.id).where(
        Delivery.member_id == call.member.id,
        Delivery.id > asked.id,
        Delivery.kind == "direct",
        Delivery.key.startswith("reply:"),
    )
    if await call.tx.session.scalar(replied.limit(1)) is not None:
        return False
    opened = select(CaseRow.id).where(CaseRow.member_id == call.member.id, CaseRow.opened_at >= asked.created_at)
    return await call.tx.session.scalar(opened.limit(1)) is None


async def on_failure(tx: Transaction, failed: Claimed, escalations: Escalations, *, now: datetime) -> None:
    """Whom the question does not reach must not be left alone with it: the peers learn that there is somebody."""
    if not failed.key.startswith(_KEY) or failed.member_id is None:
        return
    member = await members.load(tx, failed.member_id)
    if not await store.open_case_of(tx, member.id) and not await pauses.is_paused(tx, member, now=now):
        await escalations.for_who_cannot_be_asked(tx, member, now=now)


def _key(call: Call) -> str:
    """How the keys of what they are asked begin."""
    return f"{_KEY}{call.member.id}:"
