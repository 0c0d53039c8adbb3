"""What to think of beside the talk, in the order in which it matters: short, for somebody at three in the morning.

The steps are those of public first aid for overdose (WHO, SAMHSA) and of safe messaging on suicide (Samaritans,
#chatsafe): nothing here names a method, and none of it takes the place of training.
"""

from collections.abc import Callable

from bot.core.content import Field
from bot.core.crisis import Category
from bot.core.words import Text, _

OVERDOSE, SUICIDE = Category.OVERDOSE, Category.SUICIDE


def _overdose(number: str | Text) -> tuple[Text, ...]:
    return (
        _("1. Call: they, or whoever is with them, call {number} now and stay on the line.", number=number),
        _(
            "2. Naloxone: if it may have been an opioid and there is some, give it now. It does no harm if it was"
            " something else. Once more after 2 to 3 minutes if they do not wake."
        ),
        _(
            "3. Position: if they breathe, on their side with the head tilted back. If they do not, the people at"
            " {number} say what to do.",
            number=number,
        ),
        _("4. Stay: nobody is left alone until help is there. It can come back when naloxone wears off."),
    )


def _suicide(number: str | Text) -> tuple[Text, ...]:
    return (
        _("1. Ask directly: “Are you thinking about suicide?” To ask puts it into nobody's head. Then listen."),
        _(
            "2. Means: is there something near them that makes it dangerous? Do not ask how. Can somebody keep it, or"
            " can they go where it is not?"
        ),
        _("3. Stay: be with them in the talk, and say when you will write next. Promise no secrecy."),
        _("4. Who else: who could be with them now? If they are in danger this moment, {number}.", number=number),
    )


_LISTS: dict[str, tuple[Text, Callable[[str | Text], tuple[Text, ...]]]] = {
    OVERDOSE.value: (_("Overdose, step by step"), _overdose),
    SUICIDE.value: (_("Suicide, step by step"), _suicide),
    Category.SELF_HARM.value: (_("Suicide, step by step"), _suicide),
}


def checklist(category: str | None, number: str | None) -> tuple[Field, ...]:
    """The list for what a case is about, with the emergency `number` where the member is; () if there is none."""
    if category not in _LISTS:
        return ()
    name, steps = _LISTS[category]
    text, *others = steps(number or _("the emergency number"))
    for step in others:
        text = _("{before}\n{step}", before=text, step=step)
    return (Field(name=name, value=text),)


def checklists(number: str | None) -> tuple[Field, ...]:
    """Both lists."""
    return (*checklist(OVERDOSE.value, number), *checklist(SUICIDE.value, number))
