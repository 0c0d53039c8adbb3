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

WAIT = timedelta(minutes=2)
"""So long they have for saying that it was for a member."""


async def wait_for(call: Call, signal: Signal) -> str:
    """Call a person for the peer after `WAIT`; by what `said` knows it. "" for a concern, which calls nobody so.

    Of several messages the first is waited for, and what is said of the last is said of all.
    """
    if signal.severity is Severity.CONCERN:
        return ""
    event = InboundEvent
    waiting = select(event.platform, event.event_id).where(
        event.member_id == call.member.id, event.state == incoming.SEEN, event.event_id.endswith(f":{COMMAND}")
    )
    if (earlier := (await call.tx.session.execute(waiting.limit(1))).one_or_none()) is not None:
        return f"{earlier.platform} {earlier.event_id}"
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


async def said(call: Call, known_by: str) -> None:
    """It was for a member: nobody is called for the peer."""
    platform, _space, event_id = known_by.partition(" ")
    stored = await incoming.find(call.tx, (platform, event_id))
    if stored is not None and stored.member_id == call.member.id and stored.state == incoming.SEEN:
        await incoming.handled(call.tx, stored.key)
