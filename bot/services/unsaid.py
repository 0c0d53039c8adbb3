"""A peer's words of danger of which they have not said whether they are about themselves.

They are asked, and nothing is passed on. If they do not say soon that it was for a member, a person is called for
them: whoever has taken all the pills may be unable to press a button.
"""

from datetime import timedelta

from sqlalchemy import select

from bot.core.crisis import Severity, Signal
from bot.core.inbound import Inbound, Invocation
from bot.services import incoming
from bot.services.call import Call
from bot.storage.tables import InboundEvent

COMMAND = "unsaid"
"""The hidden command that calls a person for them."""

NOBODY_CALLED = "-"
"""By what is known what they were asked about words that call nobody for them."""

WAIT = timedelta(minutes=2)
"""So long they have for saying that it was for a member."""


async def wait_for(call: Call, signal: Signal) -> str:
    """Call a person for the peer after `WAIT`; by what `said` knows it. "" for a concern, which calls nobody so.

    Each message is waited for by itself: what is said of one is said of no other.
    """
    if signal.severity is Severity.CONCERN:
        return ""
    inbound = call.inbound
    arguments = {"severity": signal.severity.value, "category": signal.category.value if signal.category else ""}
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


async def waits(call: Call) -> str:
    """By what `said` knows the first of their messages of which they have not said it; "" if there is none."""
    event = InboundEvent
    waiting = select(event.platform, event.event_id).where(
        event.member_id == call.member.id, event.state == incoming.SEEN, event.event_id.endswith(f":{COMMAND}")
    )
    first = (await call.tx.session.execute(waiting.order_by(event.next_at).limit(1))).one_or_none()
    return "" if first is None else f"{first.platform} {first.event_id}"


async def all_said(call: Call) -> bool:
    """They are safe, whatever their words were about: nobody is called for them. False if nobody would have been."""
    found = False
    while known_by := await waits(call):
        await said(call, known_by)
        found = True
    return found


async def said(call: Call, known_by: str) -> None:
    """It was for a member, or for nobody: nobody is called for the peer."""
    platform, _space, event_id = known_by.partition(" ")
    stored = await incoming.find(call.tx, (platform, event_id))
    if stored is not None and stored.member_id == call.member.id and stored.state == incoming.SEEN:
        await incoming.handled(call.tx, stored.key)
