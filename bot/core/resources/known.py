"""What is known of numbers, whoever lists them: which were replaced by another, and which belong together.

It stands in `bot/data/helplines.csv` with its sources (`former`, `pair`), and is applied to every record that is
imported: a list that still has 1-800-273-8255 shows 988, and Belgium's 1813 is not shown without 0800 32 123.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.core.resources.match import numbers
from bot.core.resources.model import Resource

_LONG_NUMBER = 7
"""Digits: a number this long says by itself in which country it is; a short code does not."""

Number = tuple[str, str]
"""Country, "" for any, and the number's key."""


@dataclass(frozen=True, slots=True)
class KnownNumbers:
    """Numbers of the lines that ship with the bot."""

    replaced: dict[Number, Resource]
    own: dict[Number, Resource]

    @classmethod
    def of(cls, lines: Iterable[Resource]) -> "KnownNumbers":
        """What `lines` know."""
        replaced: dict[Number, Resource] = {}
        own: dict[Number, Resource] = {}
        for known in lines:
            for table, said in ((replaced, known.former), (own, (known.phone,))):
                for key in filter(None, map(_key, said)):
                    table.setdefault((known.country, key), known)
                    if len(key) >= _LONG_NUMBER:
                        table.setdefault(("", key), known)
        return cls(replaced, own)

    def apply(self, resource: Resource) -> Resource:
        """`resource` with the newest of its number, and paired with what it belongs to."""
        successor = _of(self.replaced, resource.country, resource.phone)
        if successor is not None and successor.phone:
            resource = replace(
                resource,
                phone=successor.phone,
                former=tuple(dict.fromkeys((*resource.former, resource.phone))),
                more_phones=tuple(p for p in resource.more_phones if p.number != successor.phone),
                country=resource.country or successor.country,
            )
        resource = replace(
            resource,
            more_phones=tuple(
                p for p in resource.more_phones if _of(self.replaced, resource.country, p.number) is None
            ),
        )
        same = _of(self.own, resource.country, resource.phone)
        return replace(resource, pair=resource.pair or same.pair) if same is not None else resource

    def line_of(self, resource: Resource) -> Resource | None:
        """The line that ships with the bot and has the same number."""
        return _of(self.own, resource.country, resource.phone)


def _of(table: dict[Number, Resource], country: str, written: str) -> Resource | None:
    return table.get((country, _key(written)))


def _key(written: str) -> str:
    """The key of what is one number and nothing else ("988 then press 1" is another line than 988); else ""."""
    found = numbers(written)
    return found[0][0] if len(found) == 1 and found[0][1].strip() == written.strip().lstrip("+(") else ""
