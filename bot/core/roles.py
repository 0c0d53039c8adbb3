"""Who may do what: the one table."""

from collections.abc import Set as AbstractSet
from enum import StrEnum


class Role(StrEnum):
    """What a person is to a community. Everybody in it is a member; the others are given by the organizer."""

    MEMBER = "member"
    PEER = "peer"
    MODERATOR = "moderator"
    ORGANIZER = "organizer"


class Action(StrEnum):
    """Something a person may want to do, as the table below grants it."""

    USE = "use the bot for oneself"
    TAKE_CASE = "take, carry and close an escalation"
    ESCALATE_FOR_OTHER = "ask for a peer on somebody's message"
    PAUSE_MEMBER = "let somebody's asking by hand call nobody"
    OVERSEE = "look after how peers work"
    MANAGE_MEETINGS = "add, change and cancel meetings"
    MANAGE_COMMUNITY = "set the community up"


ALLOWED: dict[Action, frozenset[Role]] = {
    Action.USE: frozenset(Role),
    # Moderators and organizers are the last steps of every policy: whoever can be paged can press the button.
    Action.TAKE_CASE: frozenset({Role.PEER, Role.MODERATOR, Role.ORGANIZER}),
    Action.ESCALATE_FOR_OTHER: frozenset({Role.PEER, Role.MODERATOR}),
    Action.PAUSE_MEMBER: frozenset({Role.MODERATOR}),
    Action.OVERSEE: frozenset({Role.MODERATOR, Role.ORGANIZER}),
    Action.MANAGE_MEETINGS: frozenset({Role.ORGANIZER}),
    Action.MANAGE_COMMUNITY: frozenset({Role.ORGANIZER}),
}


OF_PEERS = frozenset({Action.TAKE_CASE, Action.ESCALATE_FOR_OTHER, Action.PAUSE_MEMBER, Action.OVERSEE})
"""The work of those who look after others: what there is of it, they alone learn."""


def may(roles: AbstractSet[Role], action: Action) -> bool:
    """Whether somebody with these roles (`MEMBER` is everybody's) may do `action`."""
    return not ALLOWED[action].isdisjoint(roles | {Role.MEMBER})


def knows_of(roles: AbstractSet[Role], action: Action) -> bool:
    """Whether somebody with these roles may be told that there is `action`, though it is perhaps not for them."""
    return action not in OF_PEERS or bool(roles - {Role.MEMBER})
