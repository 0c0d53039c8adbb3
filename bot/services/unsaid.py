"""A peer's words of danger of which they have not said whether they are about themselves.

They are asked, and nothing is passed on. If they do not say soon that it was for a member, a person is called for
them: whoever has taken all the pills may be unable to press a button.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from bot.core.crisis import Severity, Signal
from bot.core.inbound import Inbound, Invocation
from bot.core.people import Member
from bot.core.text import clean, excerpt
from bot.services import incoming, questions
from bot.services.call import Call
from bot.services.escalations.store import EXCERPT_LIMIT
from bot.storage.database import Transaction
from bot.storage.tables import InboundEvent

COMMAND = "unsaid"
"""The hidden command that calls a person for them."""

_NOBODY = "- "
"""How it begins by what words are known that call nobody."""

WAIT = timedelta(minutes=2)
"""So long they have for saying that it was for a member."""


@dataclass(frozen=True, slots=True)
class Danger:
    """What was heard in a peer's words; `words` are for who comes only if the peer says that it is about them."""

    severity: Severity
    category: str | None
    words: str


async def wait_for(call: Call, signal: Signal) -> str:
    """Call a person for the peer after `WAIT`; by what `said` knows it. "" for a concern, which calls nobody so.

    Each message is waited for by itself: what is said of one is said of no other.
    """
    if signal.severity is Severity.CONCERN:
        return ""
    inbound = call.inbound
    span = signal.spans[0]
    words = inbound.text if signal.before else excerpt(inbound.text, span.start, span.end, EXCERPT_LIMIT)
    arguments = {
        "severity": signal.severity.value,
        "category": signal.category.value if signal.category else "",
        "words": clean(words, EXCERPT_LIMIT),
    }
    later = Inbound(
        event_id=f"{inbound.event_id}:{COMMAND}",
        platform=inbound.platform,
        account=inbound.account,
        place=inbound.place,
        private=True,
        at=call.now,
        language=inbound.language,
        apart=inbound.apart,
        invocation=Invocation(command=COMMAND, arguments=arguments),
    )
    key = incoming.key_of(later)
    if await incoming.keep(call.tx, later, now=call.now):
        await incoming.belongs_to(call.tx, key, call.member.id)
        # As if it had been tried once: what waits for its first attempt is done at once after a start.
        await incoming.again(call.tx, key, attempts=1, at=call.now + WAIT)
    return " ".join(key)


def nobody_called(call: Call) -> str:
    """By what it is known that they were asked about words that call nobody for them: for `said` that is nothing."""
    return f"{_NOBODY}{call.inbound.event_id}"


async def waits(call: Call) -> str:
    """By what `said` knows the first of their messages of which they have not said it; "" if there is none."""
    first = next(iter(await _waiting(call)), None)
    return "" if first is None else " ".join(first)


async def is_about_them(call: Call) -> Danger | None:
    """They say that it is about themselves: the gravest of what waits, which waits no longer; None if nothing does."""
    found: list[Danger] = []
    for key in await _waiting(call):
        stored = await _still_waits(call, key)
        if stored is not None:
            found.append(_danger_in(call, stored))
            await incoming.handled(call.tx, key)
    return max(found, key=lambda danger: danger.severity.rank, default=None)


async def words_of_concern(call: Call) -> str:
    """The words about which they were asked lately, and which call nobody by themselves; asked about no more.

    "" if there are none.
    """
    asked = await _of_concern(call.tx, call.member, now=call.now)
    for question in asked:
        await questions.answered(call.tx, call.member, question)
    return clean("\n".join(question.arguments["text"] for question in reversed(asked)), EXCERPT_LIMIT)


async def _of_concern(tx: Transaction, member: Member, *, now: datetime) -> list[questions.Pending]:
    return [
        question
        for question in await questions.staying(tx, member)
        if question.stays.startswith(_NOBODY) and now - question.asked_at <= questions.VALID
    ]


async def all_said(call: Call) -> bool:
    """Nobody is called for them, whatever their words were about. False if nobody would have been."""
    keys = await _waiting(call)
    for key in keys:
        await said(call, " ".join(key))
    return bool(keys)


async def said(call: Call, known_by: str) -> None:
    """It was for a member, or for nobody: nobody is called for the peer."""
    platform, _space, event_id = known_by.partition(" ")
    stored = await _still_waits(call, (platform, event_id))
    if stored is not None:
        await incoming.handled(call.tx, stored.key)


async def is_asked(tx: Transaction, member: Member, *, now: datetime) -> bool:
    """Whether they were asked about their words: to say that these are about themselves calls a person, as ever."""
    return await tx.session.scalar(_of(member).limit(1)) is not None or bool(await _of_concern(tx, member, now=now))


def _of(member: Member) -> Select[str, str]:
    event = InboundEvent
    return select(event.platform, event.event_id).where(
        event.member_id == member.id, event.state == incoming.SEEN, event.event_id.endswith(f":{COMMAND}")
    )


async def _waiting(call: Call) -> list[incoming.Key]:
    """The messages of which they have not said it, the first one first."""
    rows = await call.tx.session.execute(_of(call.member).order_by(InboundEvent.next_at))
    return [(row.platform, row.event_id) for row in rows]


async def _still_waits(call: Call, key: incoming.Key) -> incoming.Stored | None:
    stored = await incoming.find(call.tx, key)
    is_theirs = stored is not None and stored.member_id == call.member.id and stored.state == incoming.SEEN
    return stored if is_theirs else None


def _danger_in(call: Call, stored: incoming.Stored) -> Danger:
    """What was heard; where that cannot be read any more, it is taken for the worst."""
    try:
        inbound, _signal = incoming.read(call.tx, stored)
    except incoming.Unreadable:
        return Danger(Severity.EMERGENCY, None, "")
    known = {} if inbound.invocation is None else dict(inbound.invocation.arguments)
    severity = Severity(known.get("severity") or Severity.EMERGENCY)
    return Danger(severity, known.get("category") or None, known.get("words", ""))
