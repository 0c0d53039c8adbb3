"""A community as its file describes it: compared with what is stored, applied, and written back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import delete, select

from bot.core import recurrence
from bot.core.community import CommunityFile, Meeting, Place
from bot.core.people import Community
from bot.core.policy import CONCERN_POLICY, Policies, Policy
from bot.core.roles import MAY_BE_PAGED
from bot.core.words import Say, Text, _
from bot.services import guides, members
from bot.services.community_people import apply_people, people_ids, person_of
from bot.services.duty import Rotas
from bot.services.duty.from_file import apply_rotas, rotas_by_name, rotas_of_file
from bot.services.escalations import Escalations
from bot.services.gatherings import mirrors
from bot.services.lexicons import replace_community_lexicon
from bot.services.meetings import Meetings
from bot.services.policies import read_policies, write_policies
from bot.services.resources import OWN, replace_community_resources
from bot.services.rooms import ROOMS
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.duty_tables import RotaRow


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
    people = {id_: await person_of(tx, id_) for id_ in await people_ids(tx, row.id)}
    values: dict[str, Any] = {
        "id": row.slug,
        "name": row.name,
        "country": row.country,
        "zone": row.zone,
        "languages": row.languages,
        "checkin_time": row.checkin_time.isoformat("minutes"),
        "retention_days": row.retention_days,
        "pictures": row.pictures,
        "picture_mib": row.picture_mib,
        "places": [
            {"platform": place.platform, "kinds": place.kinds, "address": place.address}
            for place in await _rows(tx, tables.Place, row.id)
        ],
        "people": [people[id_] for id_ in people],
        "meetings": [_meeting(meeting) for meeting in await _rows(tx, tables.MeetingRow, row.id)],
        "rotas": await rotas_of_file(tx, row.id),
        "escalation": _escalation(
            read_policies(row.policy), {id_: str(person["name"]) for id_, person in people.items()}
        ),
    }
    values["guides"] = await guides.stored(tx, row.slug)
    if row.resources_file:
        values["resources"] = row.resources_file
    if row.lexicon_file:
        values["lexicon"] = row.lexicon_file
    return CommunityFile.model_validate(values)


async def announced(tx: Transaction, slug: str) -> frozenset[str]:
    """The names of the meetings and rotas that organizers made by command: files leave them alone."""
    names: set[str] = set()
    for table in (tables.MeetingRow, RotaRow):
        query = (
            select(table.name)
            .join(tables.Community, tables.Community.id == table.community_id)
            .where(tables.Community.slug == slug, table.from_file.is_(False))
        )
        names |= set(await tx.session.scalars(query))
    return frozenset(names)


def changes(
    before: CommunityFile | None, after: CommunityFile, *, left_alone: frozenset[str] = frozenset()
) -> list[Change]:
    """What applying `after` would change; the meetings `left_alone` are not removed with it."""
    if before is None:
        return [Change("+", _("community {name}", name=after.name)), *_entries(None, after, left_alone)]
    found = [
        Change("~", f"{key}: {_shown(old)} → {_shown(new)}")
        for key in _SETTINGS
        if (old := getattr(before, key)) != (new := getattr(after, key))
    ]
    if before.escalation != after.escalation:
        found.append(Change("~", _("the steps of escalation")))
    return found + list(_entries(before, after, left_alone))


_SETTINGS = (
    "name",
    "country",
    "zone",
    "languages",
    "checkin_time",
    "retention_days",
    "pictures",
    "picture_mib",
    "resources",
    "lexicon",
)


class Communities:
    """Applies files; `meetings`, `rotas` and `escalations` tell people what that changes for them."""

    def __init__(self, meetings: Meetings, escalations: Escalations, rotas: Rotas) -> None:
        self._meetings = meetings
        self._rotas = rotas
        self._escalations = escalations

    async def apply(
        self,
        tx: Transaction,
        file: CommunityFile,
        resources_csv: str | None,
        lexicon_toml: str | None = None,
        *,
        now: datetime,
    ) -> Community:
        """Store the community as the file describes it, with its list of resources and its own lexicon if it has any.

        Raises `Refused`, and then nothing is stored.
        """
        row = await tx.session.scalar(select(tables.Community).where(tables.Community.slug == file.id))
        if row is None:
            row = tables.Community(slug=file.id)
            tx.session.add(row)
        row.name, row.country, row.zone = file.name, file.country, file.zone.key
        row.languages, row.checkin_time = list(file.languages), file.checkin_time
        row.retention_days = file.retention_days
        row.pictures, row.picture_mib = file.pictures, file.picture_mib
        row.policy = row.policy or []  # a new one has its own below, when those whom it names are known
        row.resources_file = None if file.resources is None else str(file.resources)
        row.lexicon_file = None if file.lexicon is None else str(file.lexicon)
        await tx.session.flush()
        await _apply_places(tx, row.id, file.places)
        ids = await apply_people(tx, row.id, file.people, self._escalations, now=now)
        row.policy = write_policies(file.policies(ids))
        community = members.community_of(row)
        await _apply_meetings(tx, community, file, self._meetings, now=now)
        await mirrors.touch_all(tx, community.id, now=now)
        await apply_rotas(tx, community, file, self._rotas, now=now)
        if resources_csv is None:
            tx.changes(OWN)
            await tx.session.execute(
                delete(tables.CommunityResource).where(tables.CommunityResource.community_id == row.id)
            )
        else:
            await replace_community_resources(tx, row.id, resources_csv, source=str(file.resources))
        await replace_community_lexicon(tx, row.id, lexicon_toml)
        await guides.replace_guides(tx, row.id, file.guides)
        return community


# Escalation


def _escalation(policies: Policies, names: Mapping[int, str]) -> dict[str, Any]:
    """Policies as the file has them; a step for somebody who is not in `names` any more is left out."""
    found: dict[str, Any] = {"steps": _steps(policies.urgent, names)}
    if policies.emergency is not None:
        found["emergency"] = _steps(policies.emergency, names)
    if policies.concern != CONCERN_POLICY:
        found["concern"] = _steps(policies.concern, names)
    return {key: steps for key, steps in found.items() if steps}


def _steps(policy: Policy, names: Mapping[int, str]) -> list[dict[str, Any]]:
    steps = []
    for step in policy:
        values: dict[str, Any] = {"whom": step.whom.value, "wait_minutes": int(step.wait.total_seconds() // 60)}
        if step.how is not None:
            values["how"] = step.how.value
        if step.member is not None:
            values["peer"] = names.get(step.member)
        if step.member is None or step.member in names:
            steps.append(values)
    return steps


async def steps_to_nobody(tx: Transaction, slug: str) -> list[int]:
    """The steps, counted from 1 in each list, that name somebody who has left or has no role any more."""
    row = (await tx.session.scalars(select(tables.Community).where(tables.Community.slug == slug))).one()
    there = await members.with_roles(tx, row.id, MAY_BE_PAGED)
    policies = read_policies(row.policy)
    return [
        number
        for policy in (policies.urgent, policies.emergency or (), policies.concern)
        for number, step in enumerate(policy, 1)
        if step.member is not None and step.member not in there
    ]


# Places


async def _apply_places(tx: Transaction, community_id: int, wanted: tuple[Place, ...]) -> None:
    tx.changes(ROOMS)
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
            other = (await tx.session.get_one(tables.Community, row.community_id)).slug
            raise Refused(
                _(
                    "The place {address} belongs to the community “{other}” already. If this file is about that"
                    ' community, put id = "{other}" into it (an id is never changed) and apply it again. If it is'
                    " about another one, first take the place out of the other's file (“handrail community export"
                    " {other}” writes it) and apply that.",
                    address=place.address,
                    other=other,
                )
            )
        row.kinds = [kind.value for kind in place.kinds]


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


def _entries(before: CommunityFile | None, after: CommunityFile, left_alone: frozenset[str]) -> Iterator[Change]:
    yield from _differences(_("place {name}"), _places(before), _places(after))
    yield from _differences(_("person {name}"), _people(before), _people(after, before))
    yield from _differences(_("guide {name}"), _guides(before), _guides(after))
    meetings = _meetings_of(after)
    stored = {name: m for name, m in _meetings_of(before).items() if name in meetings or name not in left_alone}
    yield from _differences(_("meeting {name}"), stored, meetings)
    rotas = rotas_by_name(after)
    known = {name: r for name, r in rotas_by_name(before).items() if name in rotas or name not in left_alone}
    yield from _differences(_("rota {name}"), known, rotas)


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


def _guides(file: CommunityFile | None) -> dict[str, Any]:
    return {} if file is None else {guide.id: guide for guide in file.guides}


def _people(file: CommunityFile | None, before: CommunityFile | None = None) -> dict[str, Any]:
    """People by name, of whom there may be several. What the file leaves open stays as it was `before`."""
    chosen = {account: p for p in (() if before is None else before.people) for account in p.accounts}
    found: dict[str, set[Any]] = {}
    for p in () if file is None else file.people:
        known = next((chosen[account] for account in p.accounts if account in chosen), p)
        described = (frozenset(p.roles), frozenset(p.accounts), p.zone or known.zone, p.language or known.language)
        found.setdefault(p.name, set()).add(described)
    return found


def _meetings_of(file: CommunityFile | None) -> dict[str, Any]:
    return {} if file is None else {m.name: _wanted(m, file) for m in file.meetings}


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "–" if value is None else str(value)


async def _rows(tx: Transaction, table: Any, community_id: int) -> list[Any]:
    query = select(table).where(table.community_id == community_id).order_by(table.id)
    return list(await tx.session.scalars(query))
