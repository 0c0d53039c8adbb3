"""What peers read when so many cases come at once that a page for each would hide them."""

from collections.abc import Sequence

from bot.core.content import Choice, Content
from bot.core.words import Text, _, _n

NAMED_IN_A_FLOOD = 60
"""Cases that one page names by their numbers: it must fit into one message of any platform."""


def flood(cases: int, emergencies: int, minutes: int) -> Content:
    """The one page for many cases at once."""
    return Content(
        title=_n("{n} person is waiting", "{n} people are waiting", n=cases),
        text=_(
            "So many have asked for a person or were heard within {minutes} minutes; {emergencies} of them are"
            " emergencies. It may be an attack on your community, and somebody among them may be in danger. Each has"
            " had an answer with numbers to call. The list shows all of them.",
            minutes=minutes,
            emergencies=emergencies,
        ),
        choices=(Choice(label=_("Show the cases"), command="cases", style="primary"),),
    )


def flood_of_emergencies(cases: Sequence[int], minutes: int) -> Content:
    """The one page for many emergencies at once: it names each, as far as a message holds them, the newest first."""
    named: Text | str = ", ".join(str(case) for case in cases[::-1][:NAMED_IN_A_FLOOD])
    if len(cases) > NAMED_IN_A_FLOOD:
        named = _("{cases}, and {n} before them", cases=named, n=len(cases) - NAMED_IN_A_FLOOD)
    return Content(
        title=_n(
            "🔴 {n} emergency: lives may be in danger now",
            "🔴 {n} emergencies: lives may be in danger now",
            n=len(cases),
        ),
        text=_(
            "So many emergencies within {minutes} minutes wait for a person: cases {cases}. It may be an attack on your"
            " community, and somebody among them may be in danger. Each has had an answer with numbers to call.",
            minutes=minutes,
            cases=named,
        ),
        choices=(Choice(label=_("Show the cases"), command="cases", style="primary"),),
    )
