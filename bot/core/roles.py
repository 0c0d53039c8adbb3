"""Who may do what: the one table."""

from collections.abc import Set as AbstractSet
from enum import StrEnum


class Role(StrEnum):
    """What a person is to a community. Everybody in it is a member; the others are given by the organizer."""

    MEMBER = "member"
    PEER = "peer"
    MODERATOR = "moderator"
    ORGANIZER = "organizer"


OVERSEERS = frozenset({Role.MODERATOR, Role.ORGANIZER})
"""Who looks after how peers work: organizers are moderators, too."""

MAY_BE_PAGED = OVERSEERS | {Role.PEER}
"""Whom a policy can call. Overseers are the last steps of every one."""


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
    Action.TAKE_CASE: MAY_BE_PAGED,  # whoever can be paged can press the button
    Action.ESCALATE_FOR_OTHER: MAY_BE_PAGED,
    Action.PAUSE_MEMBER: OVERSEERS,
    Action.OVERSEE: OVERSEERS,
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
