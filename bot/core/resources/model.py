"""What can be looked up: a helpline, service, programme or document, and a country's emergency number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Precision = Literal["day", "month", "year"]
"""How exactly the date of a check is known."""


_FOR_SOME = frozenset({"youth", "veterans", "lgbtq", "indigenous"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One more way to reach a resource. `kind` as HSDS has it: voice, text, fax, tty, …; "" is not known."""

    number: str
    """As it is dialled and read: never validated as a phone number."""
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing to turn to. An empty text means "not known" or "has none"."""

    name: str
    organization: str = ""
    key: str = ""
    """What its source calls it, the same at every import; "" of what ships with the bot."""
    country: str = ""
    """ISO 3166-1 alpha-2 in capitals; "" is not bound to a country."""
    region: str = ""
    """The part of the country, the place or the people it serves, in its source's words."""
    phone: str = ""
    """As it is dialled and read, "988 then press 1" included: never validated as a phone number."""
    more_phones: tuple[Phone, ...] = ()
    email: str = ""
    address: str = ""
    """Street and number, on one line."""
    city: str = ""
    state: str = ""
    """The state or province, as its source writes it: "MD"."""
    postcode: str = ""
    latitude: float | None = None
    longitude: float | None = None
    """Degrees north and east (WGS 84)."""
    eligibility: str = ""
    """Whom it is for, in its source's words."""
    cost: str = ""
    """What it costs and what pays for it, in its source's words."""
    alert: str = ""
    """What must be known first, such as that it is closed for a while."""
    text_to: str = ""
    """What to text where, such as "HOME to 741741"."""
    chat_url: str = ""
    link: str = ""
    hours: str = ""
    """"24/7", "17:00-00:00 daily", "Mon-Fri 10:00-20:00" in the country's own wall time, or free words.
    Several are separated by "; "."""
    zone: str = ""
    """The IANA zone of `hours`; "" is that of its place."""
    languages: tuple[str, ...] = ()
    """ISO 639 codes."""
    topics: tuple[str, ...] = ()
    """Ids from `bot.core.resources.topics`, or a community's own words."""
    source: str = ""
    """Who says so, in parts separated by "; "."""
    checked: date | None = None
    """The day of the last check; the first of the month or year where `checked_precision` says so."""
    checked_precision: Precision = "day"
    confirmed: bool = False
    """The service itself is among the sources, with a date; otherwise it is shown as "to be confirmed"."""
    note: str = ""
    from_community: bool = False
    pair: str = ""
    """Resources with the same pair are shown together or not at all."""
    former: tuple[str, ...] = ()
    """Numbers that this one replaced: whoever looks for one of them is shown this resource."""

    @property
    def dialled(self) -> bool:
        """Whether it is reached by a phone number or text message, which work in one country only."""
        return bool(self.phone or self.text_to)

    @property
    def for_some(self) -> bool:
        """Whether it is for some people only: good, but not what everybody is shown first."""
        return not _FOR_SOME.isdisjoint(self.topics)

    @property
    def round_the_clock(self) -> bool:
        """Whether it answers at any hour of any day."""
        return self.hours.startswith("24/7")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyNumber:
    """The number to call in `country` when a life is in danger now: the general one, or the ambulance's."""

    country: str
    number: str
    note: str = ""
    source: str = ""
    confirmed: bool = False
    """Read on a page of the country's (or the European Union's) own authorities."""


def reachable(resource: Resource, country: str | None) -> bool:
    """Whether somebody in `country` (None: not known) can use `resource`.

    A number of an unknown country is never shown: it may ring somewhere else, or nowhere.
    """
    if not resource.country:
        return True
    if country is None:
        return not resource.dialled
    return resource.country == country.upper()


def first_with_pairs(ranked: Iterable[Resource], everything: Sequence[Resource], limit: int) -> tuple[Resource, ...]:
    """The first of `ranked`, at most `limit`, each with its pair from `everything` right behind it.

    A pair that no longer fits is left out as a whole; a pair that comes first is shown whole, over the limit
    if need be.
    """
    shown: list[Resource] = []
    there: set[int] = set()
    paired: set[str] = set()
    for resource in ranked:
        if len(shown) >= limit:
            break
        if resource.pair in paired or id(resource) in there:
            continue
        others = [r for r in everything if r.pair == resource.pair and r != resource] if resource.pair else []
        if not shown or len(shown) + 1 + len(others) <= limit:
            shown += [resource, *others]
            there.add(id(resource))
            paired |= {resource.pair} - {""}
    return tuple(shown)
