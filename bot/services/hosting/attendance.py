"""A note that a member was at a meeting: asked for, confirmed by its host, given privately, and then forgotten."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import NoResultFound

from bot.core import attendance
from bot.core.commands import BadValue
from bot.core.content import Attachment, Choice, Content
from bot.core.kinds import Keyed
from bot.core.people import Community, Member
from bot.core.words import Say, Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.call import Call
from bot.services.hosting.sittings import AFTERWARDS, named
from bot.services.voice import Voice
from bot.storage.hosting_tables import AttendanceRequest, HostedMeeting
from bot.storage.tables import MeetingRow
from bot.storage.vault import Vault

PURPOSE = "attendance_requests.name"
MOST_WAITING = 200
"""Requests that wait for one host at a time."""


def seed_of(vault: Vault, community_slug: str) -> bytes:
    """The secret from which a community's key to sign notes comes: another community's notes are not its own."""
    return vault.seed(f"attendance:{community_slug}")


@dataclass(frozen=True, slots=True)
class _Asked:
    request: AttendanceRequest
    hosted: HostedMeeting
    meeting: MeetingRow
    member: Member


class Attendance:
    """Takes what is asked, lets the host answer, and gives the note."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def ask(self, call: Call, name: str, number: Keyed | None) -> MeetingRow:
        """Ask the host; raises `BadValue` where no meeting was held, or the host cannot be asked."""
        tx = call.tx
        hosted, meeting = await self.held(call, number)
        await self._keep(call, hosted, name)
        request = await tx.session.scalar(
            select(AttendanceRequest).where(
                AttendanceRequest.hosted_id == hosted.id, AttendanceRequest.member_id == call.member.id
            )
        )
        assert request is not None  # noqa: S101  it was kept above
        number_of = {"request": str(request.id)}
        text = _(
            "Somebody asks for a note that they were at {meeting} on {day}, with this name on it: {name}. Were they"
            " there? Nobody else learns of it.",
            meeting=meeting.name,
            day=_day(hosted, call.member.community),
            name=name,
        )
        choices = (
            Choice(label=_("Yes, they were there"), command="attendance confirm", arguments=number_of, style="primary"),
            Choice(label=_("I can't say that"), command="attendance refuse", arguments=number_of),
        )
        host = await members.load(tx, hosted.host_id)
        asked = await self._voice.to_member(
            tx,
            host,
            Content(text=text, choices=choices),
            key=f"attendance:{request.id}:{call.inbound.event_id}",
            priority=Priority.REPLY,
            now=call.now,
            about_id=call.member.id,
        )
        if not asked:
            raise BadValue(_("The host cannot be reached. An organizer may be able to help you."))
        return meeting

    async def held(self, call: Call, number: Keyed | None) -> tuple[HostedMeeting, MeetingRow]:
        """The meeting that the note is about; raises `BadValue` where none was held, or they host it themselves."""
        since = call.now - AFTERWARDS
        hosted, meeting = await named(call.tx, call.member, call.inbound, number, since=since, now=call.now)
        if hosted.host_id == call.member.id:
            raise BadValue(_("You host this meeting yourself: nobody else can confirm it."))
        return hosted, meeting

    async def _keep(self, call: Call, hosted: HostedMeeting, name: str) -> None:
        """One request of a member for a meeting: asked again, it is another, which the old name's buttons miss."""
        tx, sealed = call.tx, call.tx.vault.seal(name, PURPOSE)
        mine = AttendanceRequest.hosted_id == hosted.id, AttendanceRequest.member_id == call.member.id
        row = await tx.session.scalar(select(AttendanceRequest).where(*mine))
        if row is not None:
            await tx.session.delete(row)
            await tx.session.flush()
        waiting = select(func.count()).where(AttendanceRequest.hosted_id == hosted.id)
        if (await tx.session.scalar(waiting) or 0) >= MOST_WAITING:
            raise BadValue(_("The host has too many of these to answer just now. Please ask again tomorrow."))
        row = AttendanceRequest(hosted_id=hosted.id, member_id=call.member.id, name_sealed=sealed, asked_at=call.now)
        row.id = secrets.randbelow(2**31 - 1) + 1  # SQLite gives the number of a deleted row again
        tx.session.add(row)
        await tx.session.flush()

    async def confirm(self, call: Call, request_id: int) -> None:
        """Give the member their note; raises `LookupError` if there is nothing (more) to answer for this person."""
        asked = await self._for_host(call, request_id)
        name = call.tx.vault.open(asked.request.name_sealed, PURPOSE)
        words = self._voice.words(asked.member.language)
        body = words.render(_body(asked, name, now=call.now))
        seed = seed_of(call.tx.vault, asked.member.community.slug)
        note = attendance.sign(body, seed)
        text = _(
            "Here is your note for {meeting}, in the file. Nobody else has it, and after a day I keep nothing of it."
            " Whoever you give it to can have it checked by the community; it must not be changed.",
            meeting=asked.meeting.name,
        )
        content = Content(text=text, attachment=Attachment(filename="attendance.txt", text=note))
        await self._answer(call, asked, content)

    async def refuse(self, call: Call, request_id: int) -> None:
        """Tell the member kindly; raises `LookupError` as above."""
        asked = await self._for_host(call, request_id)
        text = _(
            "The host of {meeting} could not confirm that you were there. You can talk with them, or with an"
            " organizer.",
            meeting=asked.meeting.name,
        )
        await self._answer(call, asked, Content(text=text))

    async def _for_host(self, call: Call, request_id: int) -> _Asked:
        tx = call.tx
        query = (
            select(AttendanceRequest)
            .join(HostedMeeting, HostedMeeting.id == AttendanceRequest.hosted_id)
            .where(AttendanceRequest.id == request_id, HostedMeeting.host_id == call.member.id)
            .with_for_update(of=AttendanceRequest)
        )
        try:
            request = (await tx.session.scalars(query)).one()
        except NoResultFound:
            raise LookupError(request_id) from None
        hosted = await tx.session.get_one(HostedMeeting, request.hosted_id)
        meeting = await tx.session.get_one(MeetingRow, hosted.meeting_id)
        return _Asked(request, hosted, meeting, await members.load(tx, request.member_id))

    async def _answer(self, call: Call, asked: _Asked, content: Content) -> None:
        await self._voice.to_member(
            call.tx,
            asked.member,
            content,
            key=f"attendance:{asked.request.id}:answer",
            priority=Priority.REPLY,
            now=call.now,
        )
        await call.tx.session.delete(asked.request)


def _day(hosted: HostedMeeting, community: Community) -> Say:
    return Text("{at}", {"at": hosted.opened_at.astimezone(community.zone)})


def _body(asked: _Asked, name: str, *, now: datetime) -> Text:
    """What the note says; its name was typed by the person and is checked by nobody."""
    community = asked.member.community
    opened, confirmed = (at.astimezone(community.zone) for at in (asked.hosted.opened_at, now))
    return _(
        "NOTE OF ATTENDANCE\n\nMeeting: {meeting}\nCommunity: {community}\nDate: {day}, begun at {time} ({zone})\nName,"
        " as the person has given it: {name}\n\nThe host of the meeting has confirmed on {confirmed} ({zone}) that this"
        " person was there.\nNo document was asked for. What was said in the meeting is not known to whoever wrote"
        " this note.\n\nTo check that the note is genuine, ask the community, or run: handrail meetings verify",
        meeting=attendance.value(asked.meeting.name),
        community=attendance.value(community.name),
        day=opened.date().isoformat(),
        time=opened.time(),
        zone=community.zone.key,
        name=attendance.value(name),
        confirmed=confirmed.strftime("%Y-%m-%d %H:%M"),
    )


def keys(vault: Vault, slugs: list[str]) -> dict[str, str]:
    """The public key of each community's notes, by its id."""
    return {slug: attendance.public_key(seed_of(vault, slug)) for slug in slugs}
