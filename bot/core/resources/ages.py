"""How old what is known of a resource is, and when somebody should look again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b

from bot.core.resources.model import Resource

TOO_OLD = timedelta(days=365)
"""After this long an organizer is asked to look again: a year, as directories review theirs (Inform USA's standards
ask for every listing to be verified at least once a year)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What an organizer said of a resource on `day`."""

    right: bool
    day: date


def identity_of(resource: Resource) -> str:
    """What makes it the same resource tomorrow: its name, country and numbers. What they said of it is kept by this."""
    said = (resource.name, resource.country, resource.phone, resource.text_to, resource.link, resource.address)
    return blake2b("\n".join(said).encode(), digest_size=16).hexdigest()


def is_old(resource: Resource, today: date) -> bool:
    """Whether nobody is known to have checked it for over a year."""
    return resource.checked is None or today - resource.checked > TOO_OLD


def with_checks(resources: Sequence[Resource], said: Mapping[str, Checked]) -> list[Resource]:
    """`resources` as the organizers found them: what they called wrong is left out, the rest bears their date."""
    if not said:
        return list(resources)
    found: list[Resource] = []
    for resource in resources:
        check = said.get(identity_of(resource))
        if check is None:
            found.append(resource)
        elif check.right:
            newer = resource.checked is None or check.day > resource.checked
            found.append(
                replace(resource, checked=check.day, checked_precision="day", confirmed=True) if newer else resource
            )
        elif resource.checked is not None and resource.checked > check.day:
            found.append(resource)  # its source has looked again since
    return found
