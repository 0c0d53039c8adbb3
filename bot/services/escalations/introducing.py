"""How somebody who comes is named to the member, with what they are: whoever reads along is said as who they are."""

from collections.abc import Set as AbstractSet

from bot.core.people import Member
from bot.core.roles import Role
from bot.core.words import Text, _
from bot.services.escalations import words

_NAMELESS = {Role.ORGANIZER: _("an organizer"), Role.MODERATOR: _("a moderator")}


def called(person: Member) -> str | Text:
    """The chosen name of somebody; what they are, if they have chosen none."""
    return person.name or _NAMELESS.get(_foremost(person.roles), words.A_PEER)


def named(person: Member) -> Text:
    """The chosen name and the role of somebody who speaks in a case."""
    name = called(person)
    match _foremost(person.roles):
        case Role.ORGANIZER:
            return _("{name}, organizer", name=name)
        case Role.MODERATOR:
            return _("{name}, moderator", name=name)
        case _:
            return _("{name}, peer", name=name)


def introduced(person: Member) -> Text:
    """Who somebody is who comes."""
    match _foremost(person.roles):
        case Role.ORGANIZER:
            return _("An organizer of your community.")
        case Role.MODERATOR:
            return _("A moderator of your community.")
        case _:
            return _("A peer from your community.")


def _foremost(roles: AbstractSet[Role]) -> Role:
    """Of several roles the one that decides most: a peer who moderates, too, is said to be a moderator."""
    return next((role for role in (Role.ORGANIZER, Role.MODERATOR) if role in roles), Role.PEER)
