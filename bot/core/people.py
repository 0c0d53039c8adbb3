"""Communities and members, as the rules see them."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.core.commands import Reader
from bot.core.policy import Policies
from bot.core.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """A peer-support group. `language` is the one it speaks unless a member chose another.

    `picture_limit`: bytes of a picture's file that may be carried in a talk; 0: none is carried.
    """

    id: int
    slug: str
    name: str
    country: str
    zone: ZoneInfo
    language: str
    checkin_time: time
    policies: Policies
    retention_days: int
    picture_limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in a community; None is what they have not told. `roles` always holds `Role.MEMBER`."""

    id: int
    community: Community
    roles: frozenset[Role]
    name: str | None = None
    own_zone: ZoneInfo | None = None
    own_country: str | None = None
    own_language: str | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    is_new: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone, else the community's."""
        return self.own_zone or self.community.zone

    @property
    def country(self) -> str:
        """Their country (ISO 3166 alpha-2), else the community's."""
        return self.own_country or self.community.country

    @property
    def language(self) -> str:
        """Their language (ISO 639-1), else the community's."""
        return self.own_language or self.community.language

    def reads(self, now: datetime) -> Reader:
        """For whom typed values are read."""
        return Reader(now=now, zone=self.zone, country=self.country)
