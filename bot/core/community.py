"""A community as one TOML file: its places, its people, its meetings, its escalation policy.

`parse_community` reads such a file whole or says everything that is to be mended; `dump_community` writes one that
reads the same. All keys are described where they are defined below; a key that is not known is a problem.
"""

from collections.abc import Iterator
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
from bot.core.escalation import DEFAULT_POLICY, Policy, Step, Whom
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


class EscalationStep(_Entry):
    """Page `whom`, then wait `wait_minutes` (1 to 120) for somebody to take the case."""

    whom: Annotated[Whom, values.one_of(Whom)]
    wait_minutes: Annotated[int, values.number(1, 120)] = 5


_DEFAULT_STEPS: Final = tuple(
    EscalationStep(whom=step.whom, wait_minutes=step.wait // _MINUTE) for step in DEFAULT_POLICY
)


class Escalation(_Entry):
    """Who is paged, in which order: `[escalation]`. The last of the `steps` repeats until a person answers."""

    steps: Annotated[tuple[EscalationStep, ...], Field(min_length=1), values.at_most(20)] = _DEFAULT_STEPS


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
    - `escalation`: at least one of its steps reaches somebody. "room" is the peers' rooms; "peers", "moderators"
      and "organizers" are people, each privately; "moderators" are organizers too.
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

    @field_validator("escalation")
    @classmethod
    def _reaches_somebody(cls, escalation: Escalation, info: ValidationInfo) -> Escalation:
        places, people = info.data.get("places"), info.data.get("people")
        if places is None or people is None:  # they have problems of their own
            return escalation
        if not any(_reaches(step.whom, places, people) for step in escalation.steps):
            raise BadValue(_("at least one step that reaches somebody: a peers' place, or people with a role"))
        return escalation

    @property
    def policy(self) -> Policy:
        """The escalation policy as the state machine takes it."""
        return tuple(Step(whom=step.whom, wait=step.wait_minutes * _MINUTE) for step in self.escalation.steps)

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What works, but may leave somebody waiting."""
        return tuple(_warnings(self))

    def zone_of(self, of: Meeting | Person) -> ZoneInfo:
        """The zone a meeting or a person has, its own or else the community's."""
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


_ROLES_OF: Final = {
    Whom.PEERS: {Role.PEER},
    Whom.MODERATORS: {Role.MODERATOR, Role.ORGANIZER},
    Whom.ORGANIZERS: {Role.ORGANIZER},
}


def _reaches(whom: Whom, places: tuple[Place, ...], people: tuple[Person, ...]) -> bool:
    """Whether there is anybody whom a step would page."""
    if whom is Whom.ROOM:
        return any(PlaceKind.PEERS in place.kinds for place in places)
    return any(_ROLES_OF[whom] & set(person.roles) for person in people)


def _warnings(community: CommunityFile) -> Iterator[Text]:
    if not any(PlaceKind.PEERS in place.kinds for place in community.places):
        yield _("There is no place for peers. A room where they are paged together finds somebody soonest.")
    steps = community.escalation.steps
    for number, step in enumerate(steps, 1):
        if _reaches(step.whom, community.places, community.people):
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
