"""The lines to show when somebody is in danger."""

from collections.abc import Sequence

from bot.core.resources.model import Resource, first_with_pairs, reachable
from bot.core.words import _

ELSEWHERE = _("Helplines in other countries: https://findahelpline.com")
"""What to say where `crisis_lines` finds nothing, or the country is not known."""

_IN_DANGER = frozenset({"suicide", "crisis"})
_TALK = frozenset({"emotional-support", "mental-health"})
_ALSO: dict[str, tuple[str, ...]] = {
    "overdose": ("overdose-prevention", "substance-use"),
    "withdrawal": ("substance-use",),
    "relapse": ("substance-use",),
    "abuse": ("domestic-violence", "victim-support"),
    "violence": ("domestic-violence", "victim-support"),
    "self_harm": ("self-harm",),
}
"""A signal's category and the topics of one more line to show for it, the best first."""


def crisis_lines(
    resources: Sequence[Resource], country: str | None, category: str | None, limit: int = 3
) -> tuple[Resource, ...]:
    """At most `limit` lines for somebody in `country` (ISO code; None: not known) who may be in danger.

    Suicide and crisis lines come first, those for everybody and open at any hour before the others; where the
    signal's `category` has lines of its own, the last place is theirs, and all that crisis lines leave free.
    Paired lines stay together, even over `limit` where they come first. Empty where no line is known: say
    `ELSEWHERE` then.
    """
    here = [r for r in resources if r.dialled or r.chat_url or r.link if reachable(r, country)]
    general = sorted((r for r in here if _IN_DANGER & set(r.topics)), key=_urgency)
    general += sorted((r for r in here if _TALK & set(r.topics) and r not in general), key=_urgency)
    wanted = _ALSO.get(category or "", ())
    special = next((sorted(found, key=_urgency) for topic in wanted if (found := _with(topic, here))), [])
    first = general[: max(1, limit - 1)] if special else general
    return first_with_pairs([*first, *special, *general], here, limit)


def _with(topic: str, resources: Sequence[Resource]) -> list[Resource]:
    return [resource for resource in resources if topic in resource.topics]


def _urgency(resource: Resource) -> tuple[bool, ...]:
    """What to show first sorts first; what is equal keeps its file's order."""
    return (
        resource.for_some,
        not resource.round_the_clock,
        "suicide" not in resource.topics,
        not resource.from_community,
        bool(resource.region) and not resource.pair,
        not resource.confirmed,
    )
