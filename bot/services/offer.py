"""The button that calls a person, under whatever the bot says to a member privately."""

from dataclasses import replace

from bot.core.content import Choice, Content
from bot.core.kinds import english_name
from bot.core.words import _

I_NEED_A_PERSON = Choice(label=_("I need a person"), command="peer", style="danger")

IN_DANGER = _(
    "In danger, or in need of somebody? Write “peer”, or press “I need a person”. Helplines: “resources crisis”."
)
COMPANY = _("{mood}. Thank you for saying so. If you'd like company, a person can come.")
SHALL_I = _("{text} Shall I call a person for you?")
PRESS = _("{text} If you want a person, press the button.")
"""What is said with that button."""

GO_ON = _("Shall we go on in English?")
"""Said in the language that is meant."""

_IN_TOUCH = {"peer", "safe"}
"""Who has one of these buttons calls a person already, or has called one."""

ROOM_FOR = 20
"""Buttons of a message that leave room for one more on every platform: Discord shows 25."""


def with_a_person(content: Content) -> Content:
    """The same with the button that calls a person last, unless one like it is there."""
    if len(content.choices) >= ROOM_FOR or any(choice.command in _IN_TOUCH for choice in content.choices):
        return content
    return replace(content, choices=(*content.choices, I_NEED_A_PERSON))


def with_its_language(content: Content, language: str) -> Content:
    """The same with a button that makes the `language` in which it is said the member's own."""
    go_on = Choice(label=GO_ON, command="settings language", arguments={"language": english_name(language)})
    return replace(content, choices=(*content.choices, go_on))
