"""Lists of suicide lines by country that were taken from an encyclopaedia's page: paragraphs with numbers in them.

They are old, and their numbers may be others' now: they are taken as what they are, to be confirmed, with the date
that whoever imports them gives. What repeats another record's numbers, and a country's emergency number, is refused.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from bot.core.countries import country_of_name
from bot.core.resources.fields import ENTRIES_LIMIT, NAME_LIMIT, Unusable, line, link_in, note, number_in
from bot.core.resources.model import Phone, Resource
from bot.core.resources.told import topics_told
from bot.core.words import _

_ALSO = {"england": "GB", "korea": "KR"}
_NAME_ENDS = re.compile(
    r"\s*[:\n(–]|\s(?:can|could|may) be\s|\s(?:is|are|was|provides?|offers?|by calling|hotline can|available)\s|,\s"
)
_EMERGENCY = re.compile(r"(?:national|general)?\s*emergency (?:\w+ )?numbers?", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s)\]]+")
_REFERENCE = re.compile(r"\[\d+\]")


def looks_like_an_old_list(value: object) -> bool:
    """Whether an entry of an object by country holds such paragraphs."""
    return isinstance(value, Mapping) and isinstance(value.get("parsed_batches"), list)


def paragraphs_of(country: str, value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The paragraphs of a country, each with its name."""
    for paragraph in value["parsed_batches"]:
        yield {"country": country, **paragraph} if isinstance(paragraph, Mapping) else {}


def read_paragraph(raw: Mapping[str, Any]) -> Resource:
    """One paragraph as a resource. Raises `Unusable`."""
    said = _REFERENCE.sub("", note(raw, "description"))
    country = country_of_name(line(raw, "country")) or _ALSO.get(line(raw, "country").casefold())
    if country is None:
        raise Unusable(_("The country is not known. Write it as two letters, such as GB."))
    if _EMERGENCY.search(said[:NAME_LIMIT]):
        raise Unusable(_("An emergency number is no helpline; the bot has its own list of them."))
    listed = raw.get("phones")
    phones = listed[:ENTRIES_LIMIT] if isinstance(listed, list) else []
    numbers = list(dict.fromkeys(filter(None, (number_in(p) for p in phones if isinstance(p, str)))))
    name = _NAME_ENDS.split(said.strip(), maxsplit=1)[0].strip().removeprefix("The ")[:NAME_LIMIT]
    if not numbers:
        raise Unusable(_("It says no number."))
    if not name:
        raise Unusable(_("The name is missing."))
    link = _LINK.search(said)
    return Resource(
        name=name,
        # Paragraphs repeat each other: what has the same numbers is the same.
        key=blake2b("\n".join([country, *sorted(numbers)]).encode(), digest_size=16).hexdigest(),
        country=country,
        phone=numbers[0],
        more_phones=tuple(Phone(number=number) for number in numbers[1:]),
        link=link_in(link.group().rstrip(".,")) if link else "",
        topics=tuple(dict.fromkeys(["suicide", *topics_told([name], said)])),
        note=said,
    )
