"""The use cases of a hosted meeting: opening, raising hands, whose turn it is, closing."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update

from bot.core.commands import BadValue
from bot.core.content import Choice, Content, Field, Upon
from bot.core.people import Member
from bot.core.platform import Address
from bot.core.turns import Hand, Turns, warned_before
from bot.core.words import Say, Text, _
from bot.delivery import outbox
from bot.delivery.outbox import Message, Priority
from bot.services import members
from bot.services.call import Call
from bot.services.hosting import scripts, sittings
from bot.services.hosting.sittings import is_host, named
from bot.services.offer import I_NEED_A_PERSON
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.hosting_tables import HostedMeeting, RaisedHand
from bot.storage.tables import Delivery, MeetingRow

SOMEBODY = _("somebody")

OF_USE = timedelta(minutes=5)
"""How long "it is your turn" is of use."""

WARNING_OF_USE = timedelta(seconds=45)
"""How late "your time is nearly up" may come."""

SHOWN = 15
"""Of those who wait, how many are shown; the others are counted."""


class Hosting:
    """Opens, keeps the queue of raised hands, closes."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def open(self, call: Call, meeting: MeetingRow, turn: timedelta) -> HostedMeeting:
        """Open the meeting in the room where this was said; raises `BadValue`."""
        tx, member = call.tx, call.member
        if not await scripts.may_host(tx, member, meeting):
            raise BadValue(
                _("Hosts of {meeting} open it. An organizer can name you with “host add”.", meeting=meeting.name)
            )
        if call.inbound.private:
            raise BadValue(_("Please say that in the room where the meeting is, so that I know which one."))
        hosted = await sittings.begin(tx, member, meeting, call.inbound, turn=turn, now=call.now)
        opening = Content(title=meeting.name, text=await scripts.script(tx, meeting, "opening"))
        await self._to_room(call, hosted, opening, key=f"hosting:{hosted.id}:opening")
        await self._write_queue(call, hosted, meeting, Turns())
        return hosted

    async def close(self, call: Call, number: int | None) -> MeetingRow:
        """Say the closing words, and forget who had a hand up; raises `BadValue`."""
        hosted, meeting = await self._led(call, number)
        hosted.open_in, hosted.ended_at = None, call.now
        await call.tx.session.execute(delete(RaisedHand).where(RaisedHand.hosted_id == hosted.id))
        await self._withdraw(call.tx, hosted, _turn_key(hosted))
        await self._write_queue(call, hosted, meeting, None)
        note = Choice(label=_("A note that I was here"), command="attendance", arguments={"number": str(hosted.id)})
        text = await scripts.script(call.tx, meeting, "closing")
        closing = Content(title=meeting.name, text=text, choices=(note, I_NEED_A_PERSON))
        await self._to_room(call, hosted, closing, key=f"hosting:{hosted.id}:closing")
        return meeting

    async def raise_hand(self, call: Call, number: int | None, *, hidden: bool) -> tuple[int, Say, MeetingRow]:
        """Put a hand up: its place (0: their turn already), how it is shown, where. Raises `BadValue`."""
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        before = await _turns(call.tx, hosted)
        hand = Hand(call.member.id, named=not hidden and call.member.name is not None)
        try:
            after = before.raised(hand)
        except OverflowError:
            raise BadValue(_("So many hands are up that I can't keep more. Please try again a little later.")) from None
        await self._change(call, hosted, meeting, before, after)
        return after.place_of(call.member.id) or 0, _shown(call.member, hand), meeting

    async def lower_hand(self, call: Call, number: int | None) -> bool:
        """Take it down; False if none was up. Raises `BadValue`."""
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        before = await _turns(call.tx, hosted)
        after = before.lowered(call.member.id)
        await self._change(call, hosted, meeting, before, after)
        return after != before

    async def pass_on(self, call: Call, number: int | None, *, skip: bool) -> Say | None:
        """The next one's turn; with `skip`, who had it waits at the end. Whose it is now; None: nobody's."""
        hosted, meeting = await self._led(call, number)
        before = await _turns(call.tx, hosted)
        after = before.skipped() if skip else before.next()
        await self._change(call, hosted, meeting, before, after)
        return None if after.speaking is None else await _name(call.tx, after.speaking)

    async def set_timer(self, call: Call, number: int | None, turn: timedelta) -> None:
        """How long a turn is, from the next one on; zero: as long as it takes."""
        hosted, meeting = await self._led(call, number)
        hosted.turn_seconds = int(turn.total_seconds())
        if not turn:
            await self._withdraw(call.tx, hosted, _turn_key(hosted))
        await self._write_queue(call, hosted, meeting, await _turns(call.tx, hosted))

    async def queue(self, call: Call, number: int | None) -> Content:
        """The queue as it is, with its buttons."""
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        return await _content(call.tx, hosted, meeting, await _turns(call.tx, hosted))

    # The parts

    async def _led(self, call: Call, number: int | None) -> tuple[HostedMeeting, MeetingRow]:
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        if not is_host(call.member, hosted):
            raise BadValue(_("This is for the host of the meeting."))
        return hosted, meeting

    async def _change(
        self, call: Call, hosted: HostedMeeting, meeting: MeetingRow, before: Turns, after: Turns
    ) -> None:
        """Store the queue, show it, and begin a turn, if it is another one's."""
        if after == before:
            return
        await _store(call.tx, hosted, after, now=call.now)
        was, is_now = (turns.speaking and turns.speaking.member for turns in (before, after))
        if was != is_now:
            await self._withdraw(call.tx, hosted, _turn_key(hosted))
            hosted.turn += 1
            if after.speaking is not None:
                await self._begin_turn(call, hosted, meeting, after.speaking)
        await self._write_queue(call, hosted, meeting, after)

    async def _begin_turn(self, call: Call, hosted: HostedMeeting, meeting: MeetingRow, hand: Hand) -> None:
        tx, now = call.tx, call.now
        speaker = await members.load(tx, hand.member)
        key = f"{_turn_key(hosted)}{hosted.turn}"
        text: Text = _("It is your turn in {meeting}. Take your time.", meeting=meeting.name)
        turn = timedelta(seconds=hosted.turn_seconds)
        if turn:
            text = _("It is your turn in {meeting}. You have {time}.", meeting=meeting.name, time=_length(turn))
            late = now + turn - warned_before(turn)
            warning = _("{name}, your time is nearly up. Please find your last words.", name=_shown(speaker, hand))
            content = Content(text=warning)
            await self._to_room(call, hosted, content, key=f"{key}:late", due_at=late, of_use=WARNING_OF_USE)
        await self._voice.to_member(
            tx, speaker, Content(text=text), key=key, priority=Priority.REPLY, now=now, expires_at=now + OF_USE
        )

    async def _write_queue(self, call: Call, hosted: HostedMeeting, meeting: MeetingRow, turns: Turns | None) -> None:
        """Say the queue once, then edit that message; None: the meeting is over. Edits nobody has seen are left out."""
        tx = call.tx
        prefix = f"{outbox.EDIT}hosting:{hosted.id}:"
        said = [Delivery.key.startswith(prefix), Delivery.platform == hosted.platform]
        said += [Delivery.kind == "place", Delivery.address == hosted.address]
        ended = select(Delivery).where(*said, Delivery.state.in_(["sent", "failed"])).order_by(Delivery.id.desc())
        last = await tx.session.scalar(ended.limit(1))
        upon = None if hosted.queue_delivery is None else Upon(act="refresh", delivery=hosted.queue_delivery)
        if last is not None:  # what failed is no longer there: it is said anew
            upon = Upon(act="refresh", message=last.message_id) if last.state == "sent" else None
        if upon is not None:
            await self._withdraw(tx, hosted, prefix, Delivery.id != hosted.queue_delivery)
        hosted.version += 1
        key = f"{prefix}{hosted.version}"
        content = replace(await _content(tx, hosted, meeting, turns), upon=upon)
        await self._to_room(call, hosted, content, key=key, of_use=timedelta(minutes=10) if upon else None)
        if upon is None:
            hosted.queue_delivery = await tx.session.scalar(select(Delivery.id).where(Delivery.key == key))

    async def _to_room(
        self,
        call: Call,
        hosted: HostedMeeting,
        content: Content,
        *,
        key: str,
        due_at: datetime | None = None,
        of_use: timedelta | None = None,
    ) -> None:
        due_at = due_at or call.now
        message = Message(
            key=key,
            to=Address(platform=hosted.platform, kind="place", id=hosted.address),
            content=content,
            priority=Priority.REPLY,
            due_at=due_at,
            expires_at=None if of_use is None else due_at + of_use,
        )
        await self._voice.put(call.tx, message, call.member.community.language, now=call.now)

    @staticmethod
    async def _withdraw(tx: Transaction, hosted: HostedMeeting, prefix: str, *also: ColumnElement[bool]) -> None:
        """Do not say in the room what was to be said under these keys."""
        here = (Delivery.platform == hosted.platform, Delivery.kind == "place", Delivery.address == hosted.address)
        await outbox.withdraw(tx, prefix, *here, *also, reason="the meeting has gone on")


def _turn_key(hosted: HostedMeeting) -> str:
    return f"hosting:{hosted.id}:turn:"


async def _turns(tx: Transaction, hosted: HostedMeeting) -> Turns:
    rows = await tx.session.scalars(
        select(RaisedHand).where(RaisedHand.hosted_id == hosted.id).order_by(RaisedHand.place)
    )
    speaking: Hand | None = None
    waiting: list[Hand] = []
    for row in rows:
        hand = Hand(row.member_id, row.named)
        if row.place == 0:
            speaking = hand
        else:
            waiting.append(hand)
    return Turns(speaking, tuple(waiting))


async def _store(tx: Transaction, hosted: HostedMeeting, turns: Turns, *, now: datetime) -> None:
    mine = RaisedHand.hosted_id == hosted.id
    there = set(await tx.session.scalars(select(RaisedHand.member_id).where(mine)))
    hands = [(0, turns.speaking), *enumerate(turns.waiting, start=1)]
    kept = {hand.member for _place, hand in hands if hand is not None}
    if there - kept:
        await tx.session.execute(delete(RaisedHand).where(mine, RaisedHand.member_id.in_(there - kept)))
    for place, hand in hands:
        if hand is None:
            continue
        if hand.member in there:
            one = update(RaisedHand).where(mine, RaisedHand.member_id == hand.member)
            await tx.session.execute(one.values(place=place, named=hand.named))
        else:
            await tx.insert_new(
                RaisedHand, hosted_id=hosted.id, member_id=hand.member, place=place, named=hand.named, at=now
            )


async def _content(tx: Transaction, hosted: HostedMeeting, meeting: MeetingRow, turns: Turns | None) -> Content:
    """The queue's message."""
    if turns is None:
        return Content(title=meeting.name, text=_("This meeting is closed."))
    now: Say = _("nobody") if turns.speaking is None else await _name(tx, turns.speaking)
    coming: Say = _("nobody yet")
    for place, hand in enumerate(turns.waiting[:SHOWN], start=1):
        line = _("{place}. {name}", place=place, name=await _name(tx, hand))
        coming = line if place == 1 else _("{before}\n{line}", before=coming, line=line)
    if len(turns.waiting) > SHOWN:
        coming = _("{before}\nand {n} more", before=coming, n=len(turns.waiting) - SHOWN)
    text: Text = _("To speak, raise your hand.")
    if hosted.turn_seconds:
        each = _length(timedelta(seconds=hosted.turn_seconds))
        text = _("To speak, raise your hand. A turn has {time}.", time=each)
    number = {"number": str(hosted.id)}
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


async def _name(tx: Transaction, hand: Hand) -> Say:
    return _shown(await members.load(tx, hand.member), hand) if hand.named else SOMEBODY


def _shown(member: Member, hand: Hand) -> Say:
    return member.name if hand.named and member.name else SOMEBODY


def _length(turn: timedelta) -> Text:
    minutes = int(turn.total_seconds()) // 60
    return _("{minutes} min", minutes=minutes)
