"""A community as one TOML file: its places, its people, its meetings, its escalation policy.

`parse_community` reads such a file whole or says everything that is to be mended; `dump_community` writes one that
reads the same. All keys are described where they are defined below; a key that is not known is a problem.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

import tomlkit
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.core import tomlvalues as values
from bot.core.commands import BadValue
from bot.core.duty.rota import PEOPLE_LIMIT, ROTAS_LIMIT, Turns, weekly_days
from bot.core.policy import CONCERN_POLICY, DEFAULT_POLICY, How, Policies, Policy, Step, Whom
from bot.core.roles import Role
from bot.core.tomlfile import BadFile, Clashes, Problem, problems_of, read_toml
from bot.core.words import Text, _

__all__ = [
    "BadFile",
    "CommunityFile",
    "Escalation",
    "EscalationStep",
    "Meeting",
    "Person",
    "Place",
    "PlaceKind",
    "Problem",
    "RotaEntry",
    "dump_community",
    "parse_community",
]

PLATFORMS: Final = ("discord", "matrix", "console")

_LIST_LIMIT = 2000
"""Entries of one kind in a file."""

_MINUTE: Final = timedelta(minutes=1)
_DAY_IN_MINUTES = 24 * 60


class PlaceKind(StrEnum):
    """What a place is for."""

    SERVER = "server"
    """A whole Discord server or Matrix space: whoever writes anywhere in it belongs to the community."""
    LOBBY = "lobby"
    """An ordinary room that members write in."""
    PEERS = "peers"
    """Where peers are paged; members cannot read it."""
    MODERATORS = "moderators"
    """Where moderators and organizers are told what they must know; members cannot read it."""
    MEETINGS = "meetings"
    """Where meetings are announced."""


_OPEN = {PlaceKind.LOBBY, PlaceKind.MEETINGS}
_CLOSED = {PlaceKind.PEERS, PlaceKind.MODERATORS}

_ADDRESSES: Final = {
    "discord": values.DISCORD_ID,
    "matrix": values.MATRIX_ROOM,
    "console": values.CONSOLE_NAME,
}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_Kind = Annotated[PlaceKind, values.one_of(PlaceKind)]


class Place(_Entry):
    """A place of the community: `[[places]]`.

    `address` is a Discord id of a server or channel, a Matrix room's id, or the name of a console's room.
    """

    platform: Annotated[str, values.one_of(PLATFORMS)]
    kinds: Annotated[tuple[_Kind, ...], Field(min_length=1), values.at_most(10)]
    address: Annotated[str, values.matching(_("the id or name of a room or server"), r".+")]

    @field_validator("kinds")
    @classmethod
    def _fit_together(cls, kinds: tuple[PlaceKind, ...]) -> tuple[PlaceKind, ...]:
        if PlaceKind.SERVER in kinds and set(kinds) != {PlaceKind.SERVER}:
            raise BadValue(_('"server" alone: a server\'s rooms are places of their own'))
        if _OPEN & set(kinds) and _CLOSED & set(kinds):
            # A page in a room that members read would tell them who is in danger.
            raise BadValue(_("either a room for members (lobby, meetings) or for peers or moderators, not both"))
        return tuple(dict.fromkeys(kinds))

    @field_validator("address")
    @classmethod
    def _of_its_platform(cls, address: str, info: ValidationInfo) -> str:
        takes = _ADDRESSES.get(info.data.get("platform", ""))
        if takes is None or takes.parse is None:
            return address
        try:
            return str(takes.parse(address))
        except ValueError:
            raise BadValue(takes.expected) from None


_GivenRole = Annotated[Role, values.one_of(role for role in Role if role is not Role.MEMBER)]


class Person(_Entry):
    """Somebody whom the community gives roles: `[[people]]`. Members without any need not be listed.

    `name` is the one they chose to be shown to others. Their accounts, one at least, are Discord's id of the user,
    Matrix's @user:server, and the name of a console's user. `zone` and `language`, if None, are the community's.
    """

    name: Annotated[str, values.PERSON_NAME] = Field(repr=False)
    roles: Annotated[tuple[_GivenRole, ...], values.at_most(10)]
    discord: Annotated[str, values.DISCORD_ID] | None = Field(default=None, repr=False)
    matrix: Annotated[str, values.MATRIX_USER] | None = Field(default=None, repr=False)
    console: Annotated[str, values.CONSOLE_USER] | None = Field(default=None, repr=False)
    zone: Annotated[ZoneInfo, values.ZONE] | None = None
    language: Annotated[str, values.LANGUAGE] | None = None

    @model_validator(mode="after")
    def _has_an_account(self) -> Self:
        if not self.accounts:
            raise BadValue(_("at least one account: discord, matrix or console"))
        return self

    @property
    def accounts(self) -> tuple[tuple[str, str], ...]:
        """The person's accounts as (platform, account)."""
        ids = (self.discord, self.matrix, self.console)
        return tuple((platform, account) for platform, account in zip(PLATFORMS, ids, strict=True) if account)


class Meeting(_Entry):
    """A recurring meeting: `[[meetings]]`.

    - `days`: on which days, in words, such as "tue, thu" or "first monday"; `rule` is what they mean.
    - `time`: when it starts, to the minute, as clocks in `zone` show it (None: in the community's zone).
    - `minutes`: how long it is, 1 to 1440.
    - `where`, `link`: where it is, in words, and on the web; at least one of them.
    - `remind_minutes`: how long before its start the meetings' room is reminded, 0 to 1440; 0 is never.
    """

    name: Annotated[str, values.line(_("a name of 1 to 80 characters on one line"), 80)]
    days: Annotated[str, values.WEEKDAYS]
    time: Annotated[time, values.CLOCK]
    zone: Annotated[ZoneInfo, values.ZONE] | None = None
    minutes: Annotated[int, values.number(1, _DAY_IN_MINUTES)] = 60
    where: Annotated[str, values.line(_("a place in 1 to 200 characters on one line"), 200)] | None = None
    link: Annotated[str, values.WEB_LINK] | None = Field(default=None, validate_default=True)
    remind_minutes: Annotated[int, values.number(0, _DAY_IN_MINUTES)] = 15

    @field_validator("link")
    @classmethod
    def _is_somewhere(cls, link: str | None, info: ValidationInfo) -> str | None:
        if link is None and info.data.get("where", "unread") is None:
            raise BadValue(_("a link, or in words where it is (key: where)"))
        return link

    @property
    def rule(self) -> str:
        """The days as an RFC 5545 rule, such as "FREQ=WEEKLY;BYDAY=TU,TH"."""
        return values.rule_of(self.days)


class RotaEntry(_Entry):
    """Who takes turns in being on: `[[rotas]]`.

    - `days`: on which weekdays a shift begins, in words, such as "daily" or "mon-fri".
    - `begins`, `ends`: its wall times in `zone` (None: the community's); an end at or before the beginning is on the
      next day.
    - `people`: the names of peers of this file, in the order of their turns.
    - `turns`: "shift" (the next person each shift), "week" (one person for a week) or "together".
    """

    name: Annotated[str, values.PERSON_NAME]
    days: Annotated[str, values.WEEKDAYS]
    begins: Annotated[time, values.CLOCK]
    ends: Annotated[time, values.CLOCK]
    people: Annotated[tuple[Annotated[str, values.PERSON_NAME], ...], Field(min_length=1), values.at_most(PEOPLE_LIMIT)]
    turns: Annotated[Turns, values.one_of(Turns)] = Turns.SHIFT
    zone: Annotated[ZoneInfo, values.ZONE] | None = None

    @field_validator("days")
    @classmethod
    def _every_week(cls, days: str) -> str:
        weekly_days(values.rule_of(days))
        return days

    @field_validator("people")
    @classmethod
    def _each_once(cls, people: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(people)) != len(people):
            raise BadValue(_("each person once"))
        return people

    @property
    def weekdays(self) -> frozenset[int]:
        """The ISO weekdays on which a shift begins."""
        return weekly_days(values.rule_of(self.days))


class EscalationStep(_Entry):
    """Page `whom`, then wait `wait_minutes` (1 to 120) for somebody to take the case.

    `how` is "private" (to each of them, on every platform where they are), "room" (in the peers' rooms, the
    moderators' for moderators and organizers) or "both"; if None, moderators both, others privately. `peer` is the
    name of the person whom "peer" means: one of `[[people]]`, with a role.
    """

    whom: Annotated[Whom, values.one_of(Whom)]
    wait_minutes: Annotated[int, values.number(1, 120)] = 5
    how: Annotated[How, values.one_of(How)] | None = None
    peer: Annotated[str, values.PERSON_NAME] | None = Field(default=None, repr=False, validate_default=True)

    @field_validator("how")
    @classmethod
    def _is_a_way(cls, how: How | None, info: ValidationInfo) -> How | None:
        if info.data.get("whom") is Whom.ROOM and how not in {None, How.ROOM}:
            raise BadValue(_('no "how" with whom = "room"; to write to peers, whom = "peers"'))
        return how

    @field_validator("peer")
    @classmethod
    def _is_meant(cls, peer: str | None, info: ValidationInfo) -> str | None:
        whom = info.data.get("whom")
        if whom is not None and (whom is Whom.PEER) is (peer is None):
            raise BadValue(_('the name of one of the people, with whom = "peer" and only there'))
        return peer

    def step(self, member_ids: Mapping[str, int]) -> Step:
        """The step as the state machine takes it; whom it names must be in `member_ids`."""
        member = None if self.peer is None else member_ids[self.peer]
        return Step(whom=self.whom, wait=self.wait_minutes * _MINUTE, how=self.how, member=member)


class ConcernStep(EscalationStep):
    """A step for what can wait: `wait_minutes` may be up to a day."""

    wait_minutes: Annotated[int, values.number(1, _DAY_IN_MINUTES)] = 60


_DEFAULT_STEPS: Final = tuple(
    EscalationStep(whom=step.whom, wait_minutes=step.wait // _MINUTE) for step in DEFAULT_POLICY
)
_Steps = Annotated[tuple[EscalationStep, ...], Field(min_length=1), values.at_most(20)]
_ConcernSteps = Annotated[tuple[ConcernStep, ...], Field(min_length=1), values.at_most(20)]


class Escalation(_Entry):
    """Who is paged, in which order: `[escalation]`. The last of the steps repeats until a person answers.

    `steps` are for what is urgent; `emergency`, if None, is the same; `concern` is for what can wait, and if None it
    is said in the peers' rooms, again after an hour, and then every four hours (`CONCERN_POLICY`).
    """

    steps: _Steps = _DEFAULT_STEPS
    emergency: _Steps | None = None
    concern: _ConcernSteps | None = None

    @property
    def lists(self) -> Iterator[tuple[str, Sequence[EscalationStep]]]:
        """Each list of steps with its key."""
        yield "steps", self.steps
        if self.emergency is not None:
            yield "emergency", self.emergency
        if self.concern is not None:
            yield "concern", self.concern


_Language = Annotated[str, values.LANGUAGE]


class CommunityFile(_Entry):
    """A community as its file describes it. Every value in it has been checked.

    - `id`: the community's name in commands and in the database; it never changes.
    - `country`: whose helplines are shown, ISO 3166-1 alpha-2.
    - `zone`: the time zone of whoever has not chosen one.
    - `languages`: ISO 639-1; the first is spoken to whoever has not chosen one.
    - `checkin_time`: when members are asked how they are, by their own clock, unless they choose another time.
    - `resources`: a CSV file of resources, its path relative to this file's folder.
    - `lexicon`: a TOML file of rules of its own by which danger is heard (docs/ear.md), its path likewise.
    - `retention_days`: how many days after its end an escalation's words, its people and its conversation are kept,
      1 to 365. Check-ins are their member's own and kept longer (`bot.storage.personal`).
    - `escalation`: of each of its lists at least one step reaches somebody. "room" is the peers' rooms, "on-call" the
      peers whose shift it is, "peer" one who is named, "peers" all; "moderators" are organizers too.
    """

    id: Annotated[str, values.SLUG]
    name: Annotated[str, values.line(_("a name of 1 to 80 characters on one line"), 80)]
    country: Annotated[str, values.COUNTRY]
    zone: Annotated[ZoneInfo, values.ZONE]
    languages: Annotated[tuple[_Language, ...], Field(min_length=1), values.at_most(20)] = ("en",)
    checkin_time: Annotated[time, values.CLOCK] = time(9)
    resources: Annotated[PurePosixPath, values.CSV_PATH] | None = None
    lexicon: Annotated[PurePosixPath, values.TOML_PATH] | None = None
    retention_days: Annotated[int, values.number(1, 365)] = 30
    places: Annotated[tuple[Place, ...], values.at_most(_LIST_LIMIT)] = ()
    people: Annotated[tuple[Person, ...], values.at_most(_LIST_LIMIT)] = ()
    meetings: Annotated[tuple[Meeting, ...], values.at_most(_LIST_LIMIT)] = ()
    rotas: Annotated[tuple[RotaEntry, ...], values.at_most(ROTAS_LIMIT)] = ()
    # After places and people: its validator needs them.
    escalation: Escalation = Field(default=Escalation(), validate_default=True)

    @field_validator("places")
    @classmethod
    def _one_address_once(cls, places: tuple[Place, ...]) -> tuple[Place, ...]:
        _refuse_repeats((number, "address", place.platform, place.address) for number, place in enumerate(places, 1))
        return places

    @field_validator("people")
    @classmethod
    def _one_account_once(cls, people: tuple[Person, ...]) -> tuple[Person, ...]:
        _refuse_repeats(
            (n, platform, platform, account)
            for n, person in enumerate(people, 1)
            for platform, account in person.accounts
        )
        return people

    @field_validator("rotas")
    @classmethod
    def _of_peers(cls, rotas: tuple[RotaEntry, ...], info: ValidationInfo) -> tuple[RotaEntry, ...]:
        peers = [person.name for person in info.data.get("people", ()) if Role.PEER in person.roles]
        found: list[tuple[str, Text]] = []
        for number, rota in enumerate(rotas, 1):
            if [other.name for other in rotas].index(rota.name) < number - 1:
                found.append((f"[{number}].name", _("another name: there is a rota of that name already")))
            if "people" in info.data and any(peers.count(name) != 1 for name in rota.people):
                expected = _('names of people of this file with the role "peer", each of one person')
                found.append((f"[{number}].people", expected))
        if found:
            raise Clashes(found)
        return rotas

    @field_validator("escalation")
    @classmethod
    def _reaches_somebody(cls, escalation: Escalation, info: ValidationInfo) -> Escalation:
        places, people = info.data.get("places"), info.data.get("people")
        if places is None or people is None:  # they have problems of their own
            return escalation
        unknown = list(_unknown_people(escalation, people))
        if unknown:
            raise Clashes(unknown)
        for _key, steps in escalation.lists:
            if not any(_reaches(step, places, people) for step in steps):
                raise BadValue(_("at least one step that reaches somebody: a peers' place, or people with a role"))
        return escalation

    def policies(self, member_ids: Mapping[str, int]) -> Policies:
        """The policies as the state machine takes them; `member_ids` has whom they name, by name."""

        def policy(steps: Sequence[EscalationStep]) -> Policy:
            return tuple(step.step(member_ids) for step in steps)

        given = self.escalation
        return Policies(
            urgent=policy(given.steps),
            emergency=None if given.emergency is None else policy(given.emergency),
            concern=CONCERN_POLICY if given.concern is None else policy(given.concern),
        )

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What works, but may leave somebody waiting."""
        return tuple(_warnings(self))

    def zone_of(self, of: Meeting | Person | RotaEntry) -> ZoneInfo:
        """The zone a meeting, a person or a rota has, its own or else the community's."""
        return of.zone or self.zone


def _refuse_repeats(entries: Iterator[tuple[int, str, str, str]]) -> None:
    """Raise `Clashes` where a (platform, id) comes again; an entry is (its number, key, platform, id)."""
    first: dict[tuple[str, str], int] = {}
    found: list[tuple[str, Text]] = []
    for number, key, *which in entries:
        earlier = first.setdefault((which[0], which[1]), number)
        if earlier != number:
            found.append((f"[{number}].{key}", _("another one: this is already number {number}'s", number=earlier)))
    if found:
        raise Clashes(found)


_OVERSEERS = {Whom.MODERATORS, Whom.ORGANIZERS}

_ROLES_OF: Final = {
    Whom.ON_CALL: {Role.PEER},
    Whom.PEERS: {Role.PEER},
    Whom.MODERATORS: {Role.MODERATOR, Role.ORGANIZER},
    Whom.ORGANIZERS: {Role.ORGANIZER},
}


def _unknown_people(escalation: Escalation, people: tuple[Person, ...]) -> Iterator[tuple[str, Text]]:
    """The steps that name nobody who could come, or more than one."""
    for key, steps in escalation.lists:
        for number, step in enumerate(steps, 1):
            named = [person for person in people if person.name == step.peer]
            if step.peer is not None and (len(named) != 1 or not named[0].roles):
                expected = _("the name of one of the people who has a role (peer, moderator or organizer)")
                if len(named) > 1:
                    expected = _("a name that only one of the people has")
                yield f".{key}[{number}].peer", expected


def _reaches(step: EscalationStep, places: tuple[Place, ...], people: tuple[Person, ...]) -> bool:
    """Whether there is anybody whom a step would page: privately, or in a room."""
    meant = step.step(dict.fromkeys((person.name for person in people), 0))
    kind = PlaceKind.MODERATORS if step.whom in _OVERSEERS else PlaceKind.PEERS
    if meant.in_rooms and any(kind in place.kinds for place in places):
        return True
    return meant.privately and (
        step.whom is Whom.PEER or any(_ROLES_OF[step.whom] & set(person.roles) for person in people)
    )


def _warnings(community: CommunityFile) -> Iterator[Text]:
    if not any(PlaceKind.PEERS in place.kinds for place in community.places):
        yield _("There is no place for peers. A room where they are paged together finds somebody soonest.")
    for _key, steps in community.escalation.lists:
        for number, step in enumerate(steps, 1):
            if _reaches(step, community.places, community.people):
                continue
            if number == len(steps):
                yield _("The last step of an escalation repeats, but reaches nobody: {whom}.", whom=step.whom)
            else:
                yield _("Step {number} of an escalation reaches nobody: {whom}.", number=number, whom=step.whom)
    announced = any(PlaceKind.MEETINGS in place.kinds for place in community.places)
    if not announced and any(meeting.remind_minutes for meeting in community.meetings):
        yield _("There are meetings, but no place for their reminders.")


def parse_community(text: str, *, name: str) -> CommunityFile:
    """The community that the TOML `text` of the file called `name` describes; raises `BadFile`."""
    tables = read_toml(text, name)
    try:
        return CommunityFile.model_validate(tables)
    except ValidationError as error:
        raise BadFile(problems_of(error, CommunityFile, name)) from None


def dump_community(community: CommunityFile) -> str:
    """A TOML file from which `parse_community` reads an equal community."""
    return tomlkit.dumps(_plain(community))


def _plain(value: Any) -> Any:
    """A value of ours as TOML has it; what is None or empty is left out."""
    match value:
        case BaseModel():
            fields = ((key, getattr(value, key)) for key in type(value).model_fields)
            return {
                key: _plain(inner) for key, inner in fields if inner is not None and (inner != () or key == "roles")
            }
        case tuple():
            return [_plain(inner) for inner in value]
        case ZoneInfo():
            return value.key
        case time():
            return value.isoformat("minutes")
        case StrEnum() | PurePosixPath():
            return str(value)
        case _:
            return value
