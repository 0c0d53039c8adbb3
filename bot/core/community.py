"""A community as one TOML file: its places, its people, its meetings, its escalation policy.

`parse_community` reads such a file whole or says everything that is to be mended; `dump_community` writes one that
reads the same. All keys are described where they are defined below; a key that is not known is a problem.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import time
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import tomlkit
from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot.core import tomlvalues as values
from bot.core.commands import BadValue
from bot.core.community_entries import (
    LIST_LIMIT,
    Entry,
    Escalation,
    EscalationStep,
    Guide,
    Meeting,
    Person,
    Place,
    PlaceKind,
    RotaEntry,
)
from bot.core.duty.rota import ROTAS_LIMIT
from bot.core.pictures import LEAST_MIB, MOST_MIB, USUAL_MIB
from bot.core.policy import CONCERN_POLICY, Policies, Policy, Whom
from bot.core.roles import OVERSEERS, Role
from bot.core.tomlfile import BadFile, Clashes, Problem, problems_of, read_toml
from bot.core.words import Text, _

__all__ = [
    "BadFile",
    "CommunityFile",
    "Escalation",
    "EscalationStep",
    "Guide",
    "Meeting",
    "Person",
    "Place",
    "PlaceKind",
    "Problem",
    "RotaEntry",
    "dump_community",
    "parse_community",
]

_Language = Annotated[str, values.LANGUAGE]


class CommunityFile(Entry):
    """A community as its file describes it. Every value in it has been checked.

    - `id`: the community's name in commands and in the database; it never changes.
    - `country`: whose helplines are shown, ISO 3166-1 alpha-2.
    - `zone`: the time zone of whoever has not chosen one.
    - `languages`: ISO 639-1; the first is spoken to whoever has not chosen one.
    - `checkin_time`: when members are asked how they are, by their own clock, unless they choose another time.
    - `resources`: a CSV file of resources, its path relative to this file's folder.
    - `lexicon`: a TOML file of rules of its own by which danger is heard (docs/ear.md), its path likewise.
    - `guides`: guides of its own, beside the built-in ones.
    - `retention_days`: how many days after its end an escalation's words, its people and its conversation are kept,
      1 to 365. Check-ins are their member's own and kept longer (`bot.storage.personal`).
    - `pictures`: whether pictures may be carried in a talk between a member and a peer, to whoever wants to see them;
      `picture_mib`: how large the file of one may be, in MiB (1,048,576 bytes), 1 to 8.
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
    pictures: Annotated[bool, values.YES_OR_NO] = False
    picture_mib: Annotated[int, values.number(LEAST_MIB, MOST_MIB)] = USUAL_MIB
    places: Annotated[tuple[Place, ...], values.at_most(LIST_LIMIT)] = ()
    people: Annotated[tuple[Person, ...], values.at_most(LIST_LIMIT)] = ()
    meetings: Annotated[tuple[Meeting, ...], values.at_most(LIST_LIMIT)] = ()
    rotas: Annotated[tuple[RotaEntry, ...], values.at_most(ROTAS_LIMIT)] = ()
    guides: Annotated[tuple[Guide, ...], values.at_most(50)] = ()
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

    @field_validator("guides")
    @classmethod
    def _one_id_once(cls, guides: tuple[Guide, ...]) -> tuple[Guide, ...]:
        _refuse_repeats((number, "id", "guide", guide.id) for number, guide in enumerate(guides, 1))
        return guides

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


_TO_OVERSEERS = {Whom.MODERATORS, Whom.ORGANIZERS}

_ROLES_OF: Final[dict[Whom, Set[Role]]] = {
    Whom.ON_CALL: {Role.PEER},
    Whom.PEERS: {Role.PEER},
    Whom.MODERATORS: OVERSEERS,
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
    kind = PlaceKind.MODERATORS if step.whom in _TO_OVERSEERS else PlaceKind.PEERS
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
