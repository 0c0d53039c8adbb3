"""What people ask of a service besides what it is for: that it costs nothing they do not have."""

import re

from bot.core.matching import fold
from bot.core.resources.match import WORDS_LIMIT
from bot.core.resources.model import Resource

_ASKED = re.compile(
    r"\b(no (health )?insurance|without (health )?insurance|uninsured|not insured|dont have insurance|no money"
    r"|for free|free of charge|free|cant afford|cannot afford|cheap|low cost|sliding scale|medicaid|broke"
    r"|sin seguro|sin dinero|gratis|gratuit[oa]s?)\b"
)
_OFFERED = re.compile(
    r"\b(free|no (cost|charge|fee)s?|without charge|sliding|no payment accepted|payment assistance|pay what you"
    r"|donation|gratis|income|medicaid|nhs)\b"
)
_DENIED = re.compile(r"\b(not free|smoke free|drug free|toll free|no free)\b")


def asks_for_free(words: str) -> tuple[bool, str]:
    """Whether `words` ask for what costs little or nothing, and the words without that."""
    folded = fold(words[:WORDS_LIMIT])
    rest = " ".join(_ASKED.sub(" ", folded).split())
    return rest != folded, rest


def costs_little(resource: Resource) -> bool:
    """Whether its source says that it is free, goes by income, or takes Medicaid."""
    cost = fold(resource.cost)
    return bool(cost) and bool(_OFFERED.search(_DENIED.sub(" ", cost)))
