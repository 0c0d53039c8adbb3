"""What stands in a community's file beside its name: places, people, meetings, rotas, steps of a policy, guides."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.core import tomlvalues as values
from bot.core.commands import BadValue
from bot.core.duty.rota import PEOPLE_LIMIT, Turns, weekly_days
from bot.core.policy import DEFAULT_POLICY, How, Step, Whom
from bot.core.roles import Role
from bot.core.words import _

PLATFORMS: Final = ("discord", "matrix", "console")

LIST_LIMIT = 2000
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


class Entry(BaseModel):
    """What all of them are like: nothing unknown in it, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_Kind = Annotated[PlaceKind, values.one_of(PlaceKind)]


class Place(Entry):
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


class Person(Entry):
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


class Meeting(Entry):
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


class RotaEntry(Entry):
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
    ends: Annotated[time, values.END_CLOCK]
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


class EscalationStep(Entry):
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


class Escalation(Entry):
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


_Source = Annotated[str, values.line(_("a source in 1 to 300 characters on one line"), 300)]


class Guide(Entry):
    """A guide of the community's own: `[[guides]]`. It stands beside the built-in ones, and before one of the same id.

    - `id`: its name in the command `guide`; `written`: the day by which it is right, such as "2026-11-22".
    - `text`: paragraphs, with an empty line between them; `sources`: who says so.
    """

    id: Annotated[str, values.SLUG]
    title: Annotated[str, values.line(_("a title of 1 to 80 characters on one line"), 80)]
    text: Annotated[str, values.text(_("a text of 1 to 3000 characters"), 3000)]
    written: Annotated[str, values.DAY]
    sources: Annotated[tuple[_Source, ...], values.at_most(10)] = ()
