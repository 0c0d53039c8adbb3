"""Who may do what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.roles import ALLOWED, Action, Role, may

roles = st.sets(st.sampled_from(Role))


def test_every_action_stands_in_the_table() -> None:
    assert set(ALLOWED) == set(Action)


@pytest.mark.parametrize("action", Action)
def test_an_action_is_granted_to_somebody(action: Action) -> None:
    assert ALLOWED[action]


def test_everybody_may_use_the_bot_for_themselves() -> None:
    assert may(set(), Action.USE)


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.USE])
def test_a_member_without_a_role_may_do_nothing_else(action: Action) -> None:
    assert not may({Role.MEMBER}, action)


def test_whoever_can_be_paged_can_take_a_case() -> None:
    assert all(may({role}, Action.TAKE_CASE) for role in Role if role is not Role.MEMBER)


@pytest.mark.parametrize("action", Action)
def test_an_organizer_may_do_whatever_a_moderator_may(action: Action) -> None:
    assert may({Role.ORGANIZER}, action) >= may({Role.MODERATOR}, action)


@given(roles, roles, st.sampled_from(Action))
def test_another_role_never_takes_a_right_away(some: set[Role], more: set[Role], action: Action) -> None:
    assert may(some | more, action) >= may(some, action)
