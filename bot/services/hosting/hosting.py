"""The use cases of a hosted meeting: opening, raising hands, whose turn it is, closing."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from bot.core.commands import BadValue
from bot.core.content import Choice, Content
from bot.core.kinds import Keyed
from bot.core.people import Member
from bot.core.turns import Hand, Turns, warned_before
from bot.core.words import Say, Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.call import Call
from bot.services.hosting import scripts, sittings
from bot.services.hosting.queue_room import QueueRoom, content, length, name_of, shown, turn_key
from bot.services.hosting.seeing import is_host, keyed
from bot.services.hosting.sittings import named
from bot.services.offer import I_NEED_A_PERSON
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.hosting_tables import HostedMeeting, RaisedHand
from bot.storage.tables import MeetingRow

OF_USE = timedelta(minutes=5)
"""How long "it is your turn" is of use."""

WARNING_OF_USE = timedelta(seconds=45)
"""How late "your time is nearly up" may come."""

ERASED = timedelta(days=1)
"""How long it is tried to take somebody's name out of a queue that a platform shows, while it is away."""


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
        room = self._room(call)
        await room.say(hosted, opening, key=f"hosting:{hosted.id}:opening")
        await room.write_queue(hosted, meeting, Turns())
        return hosted

    async def close(self, call: Call, number: Keyed | None) -> MeetingRow:
        """Say the closing words, and forget who had a hand up; raises `BadValue`."""
        hosted, meeting = await self._led(call, number)
        hosted.open_in, hosted.ended_at = None, call.now
        await call.tx.session.execute(delete(RaisedHand).where(RaisedHand.hosted_id == hosted.id))
        room = self._room(call)
        await room.withdraw(hosted, turn_key(hosted))
        await room.write_queue(hosted, meeting, None)
        note = Choice(
            label=_("A note that I was here"), command="attendance", arguments={"number": keyed(call.tx, hosted)}
        )
        text = await scripts.script(call.tx, meeting, "closing")
        closing = Content(title=meeting.name, text=text, choices=(note, I_NEED_A_PERSON))
        await room.say(hosted, closing, key=f"hosting:{hosted.id}:closing")
        return meeting

    async def raise_hand(self, call: Call, number: Keyed | None, *, hidden: bool) -> tuple[int, Say, MeetingRow, str]:
        """Put a hand up: its place (0: their turn already), how it is shown, where, and the number for its buttons.

        Raises `BadValue`.
        """
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        before = await _turns(call.tx, hosted)
        hand = Hand(call.member.id, named=not hidden and call.member.name is not None)
        try:
            after = before.raised(hand)
        except OverflowError:
            raise BadValue(_("So many hands are up that I can't keep more. Please try again a little later.")) from None
        await self._change(call, hosted, meeting, before, after)
        return after.place_of(call.member.id) or 0, shown(call.member, hand), meeting, keyed(call.tx, hosted)

    async def lower_hand(self, call: Call, number: Keyed | None) -> bool:
        """Take it down; False if none was up. Raises `BadValue`."""
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        before = await _turns(call.tx, hosted)
        after = before.lowered(call.member.id)
        await self._change(call, hosted, meeting, before, after)
        return after != before

    async def pass_on(self, call: Call, number: Keyed | None, *, skip: bool) -> Say | None:
        """The next one's turn; with `skip`, who had it waits at the end. Whose it is now; None: nobody's."""
        hosted, meeting = await self._led(call, number)
        before = await _turns(call.tx, hosted)
        after = before.skipped() if skip else before.next()
        await self._change(call, hosted, meeting, before, after)
        return None if after.speaking is None else await name_of(call.tx, after.speaking)

    async def set_timer(self, call: Call, number: Keyed | None, turn: timedelta) -> None:
        """How long a turn is, from the next one on; zero: as long as it takes."""
        hosted, meeting = await self._led(call, number)
        hosted.turn_seconds = int(turn.total_seconds())
        room = self._room(call)
        if not turn:
            await room.withdraw(hosted, turn_key(hosted))
        await room.write_queue(hosted, meeting, await _turns(call.tx, hosted))

    async def queue(self, call: Call, number: Keyed | None) -> Content:
        """The queue as it is, with its buttons."""
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        return await content(call.tx, hosted, meeting, await _turns(call.tx, hosted))

    async def on_erasure(self, tx: Transaction, member: Member, *, now: datetime) -> None:
        """Somebody is forgotten: their hands go down, what they led is over, and no queue shows their name any more."""
        room = QueueRoom(self._voice, tx, member.community.language, now)
        is_open = select(HostedMeeting).where(HostedMeeting.open_in.is_not(None)).with_for_update(of=HostedMeeting)
        of_theirs = select(RaisedHand.hosted_id).where(RaisedHand.member_id == member.id)
        theirs = is_open.where((HostedMeeting.host_id == member.id) | HostedMeeting.id.in_(of_theirs))
        for hosted in (await tx.session.scalars(theirs)).all():
            meeting = await tx.session.get_one(MeetingRow, hosted.meeting_id)
            before = await _turns(tx, hosted)
            after = before.lowered(member.id)
            if hosted.host_id == member.id or before.place_of(member.id) == 0:
                await room.withdraw(hosted, turn_key(hosted))
            if hosted.host_id != member.id:
                await _store(tx, hosted, after, now=now)
            await room.forget_said(hosted)
            await room.write_queue(hosted, meeting, None if hosted.host_id == member.id else after, of_use=ERASED)

    # The parts

    async def _led(self, call: Call, number: Keyed | None) -> tuple[HostedMeeting, MeetingRow]:
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=None, now=call.now)
        if not await is_host(call.tx, call.member, hosted):
            raise BadValue(_("This is for the host of the meeting."))
        return hosted, meeting

    async def _change(
        self, call: Call, hosted: HostedMeeting, meeting: MeetingRow, before: Turns, after: Turns
    ) -> None:
        """Store the queue, show it, and begin a turn, if it is another one's."""
        if after == before:
            return
        await _store(call.tx, hosted, after, now=call.now)
        room = self._room(call)
        was, is_now = (turns.speaking and turns.speaking.member for turns in (before, after))
        if was != is_now:
            await room.withdraw(hosted, turn_key(hosted))
            hosted.turn += 1
            if after.speaking is not None:
                await self._begin_turn(room, hosted, meeting, after.speaking)
        await room.write_queue(hosted, meeting, after)

    async def _begin_turn(self, room: QueueRoom, hosted: HostedMeeting, meeting: MeetingRow, hand: Hand) -> None:
        tx, now = room.tx, room.now
        speaker = await members.load(tx, hand.member)
        key = f"{turn_key(hosted)}{hosted.turn}"
        text: Text = _("It is your turn in {meeting}. Take your time.", meeting=meeting.name)
        turn = timedelta(seconds=hosted.turn_seconds)
        if turn:
            text = _("It is your turn in {meeting}. You have {time}.", meeting=meeting.name, time=length(turn))
            late = now + turn - warned_before(turn)
            warning = _("{name}, your time is nearly up. Please find your last words.", name=shown(speaker, hand))
            said = Content(text=warning)
            await room.say(hosted, said, key=f"{key}:late", due_at=late, of_use=WARNING_OF_USE)
        await self._voice.to_member(
            tx, speaker, Content(text=text), key=key, priority=Priority.REPLY, now=now, expires_at=now + OF_USE
        )

    def _room(self, call: Call) -> QueueRoom:
        return QueueRoom(self._voice, call.tx, call.member.community.language, call.now)


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
