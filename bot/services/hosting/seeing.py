"""To whom a hosted meeting is shown: who may not see its room learns neither who speaks in it nor that it is open."""

import hashlib
import hmac

from sqlalchemy import select

from bot.core.community import PlaceKind
from bot.core.inbound import Inbound
from bot.core.kinds import Keyed
from bot.core.people import Member
from bot.core.roles import Action, may
from bot.services.hosting import scripts
from bot.storage.database import Transaction
from bot.storage.hosting_tables import HostedMeeting, RaisedHand
from bot.storage.tables import MeetingRow, Place

_DIGITS = 12
"""Hexadecimal digits of a key: nobody guesses it within the days that a meeting has a number."""

FOR_ALL = frozenset({PlaceKind.LOBBY, PlaceKind.MEETINGS})
"""Rooms that every member of the community can read."""


def keyed(tx: Transaction, hosted: HostedMeeting) -> str:
    """The meeting's number as its buttons carry it: with a key, as only who sees its room has seen the button."""
    return f"{hosted.id}-{_key(tx, hosted)}"


def _key(tx: Transaction, hosted: HostedMeeting) -> str:
    seed = tx.vault.seed("hosted meetings")
    return hmac.new(seed, str(hosted.id).encode(), hashlib.sha256).hexdigest()[:_DIGITS]


async def is_host(tx: Transaction, member: Member, hosted: HostedMeeting) -> bool:
    """Whether they lead this meeting: who has opened it, as long as they may host it, and organizers."""
    if may(member.roles, Action.MANAGE_MEETINGS):
        return True
    meeting = await tx.session.get_one(MeetingRow, hosted.meeting_id)
    return hosted.host_id == member.id and await scripts.may_host(tx, member, meeting)


async def is_shown(
    tx: Transaction, member: Member, inbound: Inbound, hosted: HostedMeeting, number: Keyed | None
) -> bool:
    """Whether they may learn of it where they ask.

    In a room it is that room's meeting alone, unless one of its buttons was pressed. Privately also one that they lead
    or wait in, and one whose room is for all members: of another room nobody can tell here who reads it.
    """
    if number is not None and hmac.compare_digest(number.key.encode(), _key(tx, hosted).encode()):
        return True
    if not inbound.private:
        return (inbound.platform, inbound.place) == (hosted.platform, hosted.address)
    place = Place.platform == hosted.platform, Place.address == hosted.address
    kinds = await tx.session.scalar(select(Place.kinds).where(*place)) or []
    if FOR_ALL & set(kinds) or await tx.session.get(RaisedHand, (hosted.id, member.id)) is not None:
        return True
    return await is_host(tx, member, hosted)
