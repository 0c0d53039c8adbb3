"""What is said while somebody has a case, but it is not known that they are there."""

from collections.abc import Sequence

from bot.core.content import Choice, Content, Field
from bot.core.crisis import Severity
from bot.core.resources import ELSEWHERE
from bot.core.words import Text, _
from bot.services.escalations.words import SEVERITIES, for_holder


def heard_while_held(
    name: str | Text, emergency_number: str | None, lines: tuple[Field, ...], *, away: bool
) -> Content:
    """The answer to something worse from a member whose case a peer has; `away`: others are called beside them."""
    call = (
        _("If you or somebody with you is in danger right now, please call {number}.", number=emergency_number)
        if emergency_number
        else _("If you or somebody with you is in danger right now, please call your local emergency number.")
    )
    told = (
        _("I have told {name}, and I'm calling others too, in case {name} cannot answer at once.", name=name)
        if away
        else _("I have told {name}. If {name} does not answer at once, I call others.", name=name)
    )
    text = _("{call}\n\n{text}", call=call, text=told)
    return Content(text=text if lines else _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE), fields=lines)


def page_beside(case_id: int, name: str | Text, severity: Severity, facts: tuple[Field, ...]) -> Content:
    """To others: there is an emergency in a case that somebody has who may not be there."""
    return Content(
        title=SEVERITIES[severity],
        text=_("{name} has this case, but has not written for a while. Who can be with them now?", name=name),
        fields=facts,
        choices=(Choice(label=_("I'm coming too"), command="join", arguments={"case": str(case_id)}, style="primary"),),
    )


def still_with_them(case_id: int, turn: int, *, last: bool) -> Content:
    """To the holder of a case in which nobody has written for long; `last`: they were asked already."""
    text = (
        _("I asked you already, and the case is still open. If I hear nothing, I call somebody else in 12 hours.")
        if last
        else _("Nobody has written for 12 hours, and the case is still open. How is it?")
    )
    arguments = {"case": str(case_id), "turn": str(turn)}
    return Content(
        title=_("Are you still with them? (case {number})", number=case_id),
        text=text,
        choices=(
            Choice(label=_("Still with them"), command="still", arguments=arguments),
            *for_holder(case_id, turn),
        ),
    )


def stays(*, waits: bool) -> Content:
    """To who is still with a member; `waits`: the member has written, and waits for an answer."""
    if waits:
        return Content(text=_("Thank you. They have written, and wait for a word from you."))
    return Content(text=_("Thank you. I ask you again if nobody has written for 12 hours."))


MOST_NAMES = 5
"""Names of who is there: more would be no help."""


def cannot_have(name: str | Text, others: Sequence[str | Text]) -> Content:
    """To who would give a case to somebody who is off or in danger, the same for both; `others` are there."""
    if not others:
        text = _("{name} cannot take it just now. Hand it over without a name, and I call others.", name=name)
        return Content(text=text)
    there: str | Text = others[0]
    for other in others[1:MOST_NAMES]:
        there = _("{names}, {name}", names=there, name=other)
    return Content(
        text=_(
            "{name} cannot take it just now. These are there: {names}. Name one of them, or hand it over without a"
            " name, and I call others.",
            name=name,
            names=there,
        )
    )
