"""What is said about the place of a case."""

from collections.abc import Sequence

from bot.core.content import Content, Field
from bot.core.crisis import Severity
from bot.core.crisis.why import reasons
from bot.core.platform import Unopened
from bot.core.words import Say, Text, _
from bot.services.escalations.words import SEVERITIES


def name(case_id: int) -> Text:
    """How the thread or the room of a case is called, and the facts in it."""
    return _("Case {number}", number=case_id)


def facts_of(
    known: tuple[Field, ...],
    *,
    category: str | None,
    severity: Severity,
    rules: Sequence[str],
    people: Say,
    number: str | None,
    lines: tuple[Field, ...],
) -> tuple[Field, ...]:
    """The facts of a case, what counts most first: how grave it is, what was seen and why, who is there, numbers."""
    fields = [Field(name=_("How grave"), value=SEVERITIES[severity])]
    if why := reasons(category, severity, rules):
        said: Text = why[0]
        for more in why[1:]:
            said = _("{before} {more}", before=said, more=more)
        value = _("{why} (Rules: {rules})", why=said, rules=", ".join(rules))
        fields.append(Field(name=_("What I heard, and why"), value=value))
    fields += known
    fields.append(Field(name=_("With them"), value=people))
    if number:
        fields.append(Field(name=_("Emergency number there"), value=number))
    return (*fields, *lines)


def unopened(platform: str, why: Unopened | None) -> Content | None:
    """To the organizers: why there are no places, and what mends it; None where there is nothing to mend."""
    match why:
        case "forbidden":
            mend = _(
                "In the peers' channel my role lacks a permission for it: View Channel, Create Private Threads, Send"
                " Messages in Threads, Read Message History, Pin Messages; and whoever takes cases must see that"
                " channel."
            )
        case "unreadable":
            mend = _(
                "I may not read there: switch on the Message Content Intent in the developer portal (Bot, Privileged"
                " Gateway Intents), and start me again."
            )
        case _:
            return None
    return Content(
        title=_("⚠️ A case has no place of its own on {platform}", platform=platform.title()),
        text=_(
            "The peer who has it talks with me in our private chat: that works, but several cases are side by side"
            " there, and I must ask which one is meant. {mend}",
            mend=mend,
        ),
    )


def lost(case_id: int) -> Content:
    """To a peer: the place of their case is gone."""
    return Content(
        text=_(
            "The place of case {number} is gone, or I may not write there any more. We go on here: write to me, and"
            " they read it.",
            number=case_id,
        )
    )


def ended_here(case_id: int) -> Content:
    """To who writes in a place whose case has ended, or which they are not in."""
    return Content(
        text=_(
            "I have passed nothing on: you are not in case {number} now, or it has ended. Write to me privately if you"
            " need me.",
            number=case_id,
        )
    )
