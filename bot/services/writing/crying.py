"""A mere "help" in a room where members talk: who writes it is asked privately whether they want a person.

The room reads nothing of it. They are asked once, and only after hours once more, unless they have answered. Where the
question does not reach them, the peers learn that there is somebody.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from rapidfuzz.distance import OSA
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
    " / i need help so bad / send help / someone help / someone help me / somebody help / somebody help me"
    " / can someone help me / can somebody help me / can anyone help me / anyone help / anyone help me"
    " / emergency / an emergency / its an emergency / it is an emergency / this is an emergency / sos"
    " / is anyone there / is anybody there / is anyone out there / is anybody out there"
)
"""All of what they write, but for a "please" and signs; a letter counts once, however long it is drawn: "HEEELPPP"."""

_WITH_PLEASE = _(
    "anyone / anybody / someone / somebody / anyone there / anybody there / anyone here / anybody here"
    " / is anyone here / is anybody here / is anyone around / is anyone awake / is anybody awake / is anyone online"
    " / is someone there / is somebody there"
)
"""What is a cry only with a "please": without it, people say so to one another all day."""

_PLEASE = _("please / pls / plz")

_WITH_A_CRY = _(
    "scared / im scared / i am scared / so scared / im so scared / afraid / im afraid / im so afraid / terrified"
    " / im terrified / im not safe / im panicking / im in danger / im in trouble / its an emergency / im alone"
    " / im all alone / im not ok / im not okay / im desperate / i cant breathe / i dont know what to do"
    " / i cant do this / someone / somebody / anyone / anybody / quick / quickly / hurry / hurry up / fast / hello / hi"
)
"""What may stand before or behind a cry, and makes none by itself."""

_SLIPPED = _("help")
"""The word in which one letter may be wrong, missing or out of place: "hlep"."""

_NO_SLIP = _("hel / helo / held / helm / helps / hela / hep / heap / hemp / kelp / yelp / welp / whelp")
"""Words a letter away from it that are others, each letter counted once."""

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
    written = _once(fold(text))
    return next((words.language for words in languages if _cries(written, words)), None)


def _cries(written: str, words: Words) -> bool:
    """Whether it is one cry or more, and nothing but what may stand beside them."""
    help_, others = _slipped(words)
    said = [word for word in written.split() if word not in typed.POLITE]
    if "".join(said) == help_:
        return True  # "h e l p"
    for please in _ways(words, _PLEASE.message):
        beside = {written.removesuffix(f" {please}"), written.removeprefix(f"{please} ")} - {written}
        if beside & _ways(words, _WITH_PLEASE.message):
            return True
    said = [help_ if word not in others and OSA.distance(word, help_, score_cutoff=1) <= 1 else word for word in said]
    parts = _parts(words)
    reached = {0: False}  # behind so many words, whether one of them was a cry
    for at, word in enumerate(said):
        if at in reached:
            for part, is_cry in parts.get(word, ()):
                if tuple(said[at : at + len(part)]) == part:
                    end = at + len(part)
                    reached[end] = reached.get(end, False) or reached[at] or is_cry
    return reached.get(len(said), False)


@lru_cache(maxsize=64)
def _parts(words: Words) -> Mapping[str, Sequence[tuple[tuple[str, ...], bool]]]:
    """By the first word of each: what is a cry, and what may stand beside one."""
    found: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
    for phrase, is_cry in ((CRIES, True), (_WITH_A_CRY, False)):
        for way in _ways(words, phrase.message):
            part = tuple(way.split())
            found.setdefault(part[0], []).append((part, is_cry))
    return found


@lru_cache(maxsize=64)
def _slipped(words: Words) -> tuple[str, frozenset[str]]:
    return _once(fold(words.render(_SLIPPED))), _ways(words, _NO_SLIP.message)


@lru_cache(maxsize=256)
def _ways(words: Words, phrase: str) -> frozenset[str]:
    return frozenset(_once(way) for way in typed.ways(words, phrase))


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
