"""A community as its file describes it: compared with what is stored, applied, and written back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import delete, select

from bot.core import recurrence
from bot.core.community import CommunityFile, Meeting, Person, Place
from bot.core.people import Community
from bot.core.words import Say, Text, _
from bot.services import members
from bot.services.meetings import Meetings
from bot.services.policies import read_policy, write_policy
from bot.services.resources import replace_community_resources
from bot.storage import tables
from bot.storage.database import Transaction


class Refused(Exception):
    """The file cannot be applied; nothing was changed. The message says why."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that applying a file would add (+), remove (-) or change (~)."""

    sign: Literal["+", "-", "~"]
    what: Say


async def stored_file(tx: Transaction, slug: str) -> CommunityFile | None:
    """The community of that id as a file would describe it; None if there is none."""
    row = await tx.session.scalar(select(tables.Community).where(tables.Community.slug == slug))
    if row is None:
        return None
    values: dict[str, Any] = {
        "id": row.slug,
        "name": row.name,
        "country": row.country,
        "zone": row.zone,
        "languages": row.languages,
        "checkin_time": row.checkin_time.isoformat("minutes"),
        "retention_days": row.retention_days,
        "places": [
            {"platform": place.platform, "kinds": place.kinds, "address": place.address}
            for place in await _rows(tx, tables.Place, row.id)
        ],
        "people": [await _person(tx, id_) for id_ in await _people_ids(tx, row.id)],
        "meetings": [_meeting(meeting) for meeting in await _rows(tx, tables.MeetingRow, row.id)],
        "escalation": {
            "steps": [
                {"whom": step.whom.value, "wait_minutes": int(step.wait.total_seconds() // 60)}
                for step in read_policy(row.policy)
            ]
        },
    }
    if row.resources_file:
        values["resources"] = row.resources_file
    return CommunityFile.model_validate(values)


def changes(before: CommunityFile | None, after: CommunityFile) -> list[Change]:
    """What applying `after` would change."""
    if before is None:
        return [Change("+", _("community {name}", name=after.name)), *_entries(None, after)]
    found = [
        Change("~", f"{key}: {_shown(old)} → {_shown(new)}")
        for key in ("name", "country", "zone", "languages", "checkin_time", "retention_days", "resources")
        if (old := getattr(before, key)) != (new := getattr(after, key))
    ]
    if before.escalation != after.escalation:
        found.append(Change("~", _("the steps of escalation")))
    return found + list(_entries(before, after))


async def apply(
    tx: Transaction, file: CommunityFile, resources_csv: str | None, meetings: Meetings, *, now: datetime
) -> Community:
    """Store the community as the file describes it; raises `Refused`, and then nothing is stored."""
    row = await tx.session.scalar(select(tables.Community).where(tables.Community.slug == file.id))
    if row is None:
        row = tables.Community(slug=file.id)
        tx.session.add(row)
    row.name, row.country, row.zone = file.name, file.country, file.zone.key
    row.languages, row.checkin_time = list(file.languages), file.checkin_time
    row.policy, row.retention_days = write_policy(file.policy), file.retention_days
    row.resources_file = None if file.resources is None else str(file.resources)
    await tx.session.flush()
    await _apply_places(tx, row.id, file.places)
    await _apply_people(tx, row.id, file.people, now=now)
    community = members.community_of(row)
    await _apply_meetings(tx, community, file, meetings, now=now)
    if resources_csv is None:
        await tx.session.execute(
            delete(tables.CommunityResource).where(tables.CommunityResource.community_id == row.id)
        )
    else:
        await replace_community_resources(tx, row.id, resources_csv, source=str(file.resources))
    return community


# Places


async def _apply_places(tx: Transaction, community_id: int, wanted: tuple[Place, ...]) -> None:
    by_address = {(place.platform, place.address): place for place in wanted}
    for row in await _rows(tx, tables.Place, community_id):
        if (row.platform, row.address) not in by_address:
            await tx.session.delete(row)
    await tx.session.flush()
    for place in wanted:
        row = await tx.session.scalar(
            select(tables.Place).where(tables.Place.platform == place.platform, tables.Place.address == place.address)
        )
        if row is None:
            row = tables.Place(community_id=community_id, platform=place.platform, address=place.address)
            tx.session.add(row)
        if row.community_id != community_id:
            raise Refused(_("The place {address} belongs to another community already.", address=place.address))
        row.kinds = [kind.value for kind in place.kinds]


# People


async def _apply_people(tx: Transaction, community_id: int, wanted: tuple[Person, ...], *, now: datetime) -> None:
    kept: set[int] = set()
    for person in wanted:
        member_id = await _one_member(tx, community_id, person, now=now)
        kept.add(member_id)
        row = await tx.session.get_one(tables.Member, member_id)
        row.from_file = True
        row.zone = row.zone if person.zone is None else person.zone.key
        row.language = person.language or row.language
        await members.set_name(tx, member_id, person.name)
        await tx.session.execute(delete(tables.RoleGiven).where(tables.RoleGiven.member_id == member_id))
        for role in dict.fromkeys(person.roles):
            tx.session.add(tables.RoleGiven(member_id=member_id, role=role.value))
    for member_id in set(await _people_ids(tx, community_id)) - kept:
        await tx.session.execute(delete(tables.RoleGiven).where(tables.RoleGiven.member_id == member_id))
        (await tx.session.get_one(tables.Member, member_id)).from_file = False


async def _one_member(tx: Transaction, community_id: int, person: Person, *, now: datetime) -> int:
    """One member for all of a person's accounts; what was two members becomes one."""
    ids = []
    for platform, account in person.accounts:
        member_id, _new = await members.ensure(tx, community_id, platform, account, now=now)
        ids.append(member_id)
    first, *others = dict.fromkeys(ids)
    for other in others:
        await members.merge(tx, other, into=first)
    listed = {(platform, account) for platform, account in person.accounts}
    for identity in await tx.session.scalars(select(tables.Identity).where(tables.Identity.member_id == first)):
        if (identity.platform, identity.account) not in listed:
            await tx.session.delete(identity)
    return first


async def _people_ids(tx: Transaction, community_id: int) -> list[int]:
    query = select(tables.Member.id).where(
        tables.Member.community_id == community_id, tables.Member.from_file.is_(True)
    )
    return list(await tx.session.scalars(query.order_by(tables.Member.id)))


async def _person(tx: Transaction, member_id: int) -> dict[str, Any]:
    member = await members.load(tx, member_id)
    identities = await tx.session.scalars(select(tables.Identity).where(tables.Identity.member_id == member_id))
    person: dict[str, Any] = {"name": member.name, "roles": sorted(r.value for r in member.roles if r != "member")}
    person |= {identity.platform: identity.account for identity in identities}
    if member.own_zone is not None:
        person["zone"] = member.own_zone.key
    if member.own_language is not None:
        person["language"] = member.own_language
    return person


# Meetings


async def _apply_meetings(
    tx: Transaction, community: Community, file: CommunityFile, meetings: Meetings, *, now: datetime
) -> None:
    """Meetings are known by their names; those that organizers announced by command are left alone."""
    wanted = {meeting.name: meeting for meeting in file.meetings}
    stored = {row.name: row for row in await meetings.all_of(tx, community.id)}
    for name, row in stored.items():
        if name not in wanted and row.from_file:
            await meetings.remove(tx, row, now=now)
    for name, meeting in wanted.items():
        known = stored.get(name)
        if known is not None and _meeting(known) == _wanted(meeting, file):
            known.from_file = True
            continue
        await meetings.put(
            tx,
            community,
            known,
            name=name,
            rule=meeting.rule,
            wall=meeting.time,
            zone=file.zone_of(meeting),
            minutes=meeting.minutes,
            where=meeting.where,
            link=meeting.link,
            room_lead=meeting.remind_minutes,
            now=now,
            from_file=True,
        )


def _meeting(row: tables.MeetingRow) -> dict[str, Any]:
    """A stored meeting as the file would have it."""
    described = recurrence.describe(recurrence.parse(row.rule), row.starts_on)
    values = {
        "name": row.name,
        "days": str(described),
        "time": row.wall.isoformat("minutes"),
        "zone": row.zone,
        "minutes": row.minutes,
        "where": row.where,
        "link": row.link,
        "remind_minutes": row.room_lead,
    }
    return {key: value for key, value in values.items() if value is not None}


def _wanted(meeting: Meeting, file: CommunityFile) -> dict[str, Any]:
    """A meeting of the file in the same form, so that "tue" and "Tuesdays" are no difference."""
    described = recurrence.describe(recurrence.parse(meeting.rule), date.min)
    values = {
        "name": meeting.name,
        "days": str(described),
        "time": meeting.time.isoformat("minutes"),
        "zone": file.zone_of(meeting).key,
        "minutes": meeting.minutes,
        "where": meeting.where,
        "link": meeting.link,
        "remind_minutes": meeting.remind_minutes,
    }
    return {key: value for key, value in values.items() if value is not None}


# Comparing


def _entries(before: CommunityFile | None, after: CommunityFile) -> Iterator[Change]:
    yield from _differences(_("place {name}"), _places(before), _places(after))
    yield from _differences(_("person {name}"), _people(before), _people(after))
    yield from _differences(_("meeting {name}"), _meetings_of(before), _meetings_of(after))


def _differences(label: Text, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        what = Text(label.message, {"name": key})
        if key not in after:
            yield Change("-", what)
        elif key not in before:
            yield Change("+", what)
        elif before[key] != after[key]:
            yield Change("~", what)


def _places(file: CommunityFile | None) -> dict[str, Any]:
    return {} if file is None else {f"{p.platform} {p.address}": frozenset(p.kinds) for p in file.places}


def _people(file: CommunityFile | None) -> dict[str, Any]:
    if file is None:
        return {}
    return {p.name: (frozenset(p.roles), frozenset(p.accounts), p.zone, p.language) for p in file.people}


def _meetings_of(file: CommunityFile | None) -> dict[str, Any]:
    return {} if file is None else {m.name: _wanted(m, file) for m in file.meetings}


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "–" if value is None else str(value)


async def _rows(tx: Transaction, table: Any, community_id: int) -> list[Any]:
    query = select(table).where(table.community_id == community_id).order_by(table.id)
    return list(await tx.session.scalars(query))
