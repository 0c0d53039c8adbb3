"""What is said in the room of a hosted meeting: above all the queue of raised hands, one message that is edited."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from bot.core.content import Choice, Content, Field, Upon
from bot.core.people import Member
from bot.core.platform import Address
from bot.core.turns import Hand, Turns
from bot.core.words import Say, Text, _
from bot.delivery import contents, outbox
from bot.delivery.outbox import Message, Priority
from bot.services import members
from bot.services.hosting.seeing import keyed
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.hosting_tables import HostedMeeting
from bot.storage.tables import Delivery, MeetingRow

SOMEBODY = _("somebody")

SHOWN = 15
"""Of those who wait, how many are shown; the others are counted."""

EDIT_OF_USE = timedelta(minutes=10)
"""How long an edit of the queue is of use."""


def turn_key(hosted: HostedMeeting) -> str:
    """How the keys of what is said about turns begin."""
    return f"hosting:{hosted.id}:turn:"


@dataclass(frozen=True, slots=True)
class QueueRoom:
    """Speaks in the rooms of hosted meetings, in the community's `language`, in one transaction."""

    voice: Voice
    tx: Transaction
    language: str
    now: datetime

    async def write_queue(
        self, hosted: HostedMeeting, meeting: MeetingRow, turns: Turns | None, of_use: timedelta = EDIT_OF_USE
    ) -> None:
        """Say the queue once, then edit that message; None: the meeting is over. Edits nobody has seen are left out."""
        tx = self.tx
        prefix = f"{outbox.EDIT}hosting:{hosted.id}:"
        said = [Delivery.key.startswith(prefix), *_here(hosted)]
        ended = select(Delivery).where(*said, Delivery.state.in_(["sent", "failed"])).order_by(Delivery.id.desc())
        last = await tx.session.scalar(ended.limit(1))
        upon = None if hosted.queue_delivery is None else Upon(act="refresh", delivery=hosted.queue_delivery)
        if last is not None:  # what failed is no longer there: it is said anew
            upon = Upon(act="refresh", message=last.message_id) if last.state == "sent" else None
        if upon is not None:
            await self.withdraw(hosted, prefix, Delivery.id != hosted.queue_delivery)
        hosted.version += 1
        key = f"{prefix}{hosted.version}"
        said_now = replace(await content(tx, hosted, meeting, turns), upon=upon)
        await self.say(hosted, said_now, key=key, of_use=of_use if upon else None)
        if upon is None:
            hosted.queue_delivery = await tx.session.scalar(select(Delivery.id).where(Delivery.key == key))

    async def say(
        self,
        hosted: HostedMeeting,
        said: Content,
        *,
        key: str,
        due_at: datetime | None = None,
        of_use: timedelta | None = None,
    ) -> None:
        """Say it in the meeting's room; it is worthless `of_use` after it was due."""
        due_at = due_at or self.now
        message = Message(
            key=key,
            to=Address(platform=hosted.platform, kind="place", id=hosted.address),
            content=said,
            priority=Priority.REPLY,
            due_at=due_at,
            expires_at=None if of_use is None else due_at + of_use,
        )
        await self.voice.put(self.tx, message, self.language, now=self.now)

    async def withdraw(self, hosted: HostedMeeting, prefix: str, *also: ColumnElement[bool]) -> None:
        """Do not say in the room what was to be said under these keys."""
        await outbox.withdraw(self.tx, prefix, *_here(hosted), *also, reason="the meeting has gone on")

    async def forget_said(self, hosted: HostedMeeting) -> None:
        """Keep only the buttons of what was said in the room about who speaks."""
        prefixes = turn_key(hosted), f"{outbox.EDIT}hosting:{hosted.id}:"
        for prefix in prefixes:
            over = Delivery.key.startswith(prefix), Delivery.state.not_in(["pending", "sending"])
            query = select(Delivery.id, Delivery.content_sealed).where(*_here(hosted), *over)
            for row in (await self.tx.session.execute(query)).all():
                kept = contents.only_choices(self.tx, row.id, row.content_sealed)
                await self.tx.session.execute(
                    update(Delivery).where(Delivery.id == row.id).values(content_sealed=kept, blanked_at=self.now)
                )


def _here(hosted: HostedMeeting) -> tuple[ColumnElement[bool], ...]:
    return Delivery.platform == hosted.platform, Delivery.kind == "place", Delivery.address == hosted.address


async def content(tx: Transaction, hosted: HostedMeeting, meeting: MeetingRow, turns: Turns | None) -> Content:
    """The queue's message."""
    if turns is None:
        return Content(title=meeting.name, text=_("This meeting is closed."))
    now: Say = _("nobody") if turns.speaking is None else await name_of(tx, turns.speaking)
    coming: Say = _("nobody yet")
    for place, hand in enumerate(turns.waiting[:SHOWN], start=1):
        line = _("{place}. {name}", place=place, name=await name_of(tx, hand))
        coming = line if place == 1 else _("{before}\n{line}", before=coming, line=line)
    if len(turns.waiting) > SHOWN:
        coming = _("{before}\nand {n} more", before=coming, n=len(turns.waiting) - SHOWN)
    text: Text = _("To speak, raise your hand.")
    if hosted.turn_seconds:
        each = length(timedelta(seconds=hosted.turn_seconds))
        text = _("To speak, raise your hand. A turn has {time}.", time=each)
    number = {"number": keyed(tx, hosted)}
    hidden = {"shown": "somebody", **number}
    return Content(
        title=meeting.name,
        text=text,
        fields=(Field(name=_("Now"), value=now), Field(name=_("Next"), value=coming)),
        choices=(
            Choice(label=_("Raise my hand"), command="raise hand", arguments=number, style="primary"),
            Choice(label=_("Raise it without my name"), command="raise hand", arguments=hidden),
            Choice(label=_("Lower my hand"), command="lower hand", arguments=number),
            Choice(label=_("Next, please (for the host)"), command="turn next", arguments=number),
        ),
    )


async def name_of(tx: Transaction, hand: Hand) -> Say:
    """How a hand is shown."""
    return shown(await members.load(tx, hand.member), hand) if hand.named else SOMEBODY


def shown(member: Member, hand: Hand) -> Say:
    """How the hand of this member is shown."""
    return member.name if hand.named and member.name else SOMEBODY


def length(turn: timedelta) -> Text:
    """How long a turn is."""
    minutes = int(turn.total_seconds()) // 60
    return _("{minutes} min", minutes=minutes)
