"""A policy as data: who is meant by a step, and how it is read from a community's file."""

from datetime import timedelta

import pytest

from bot.core.community import BadFile, CommunityFile, dump_community, parse_community
from bot.core.crisis import Severity
from bot.core.policy import CONCERN_POLICY, DEFAULT_POLICY, How, Policies, Step, Whom

FILE = """id = "riverside"
name = "Riverside"
country = "US"
zone = "America/New_York"

[[places]]
platform = "console"
kinds = ["peers"]
address = "peers"

[[people]]
name = "Sam"
roles = ["peer"]
console = "sam"

[[people]]
name = "Alice"
roles = []
console = "alice"

[escalation]
"""


def read(steps: str) -> CommunityFile:
    return parse_community(FILE + steps, name="c.toml")


def problem(steps: str) -> str:
    with pytest.raises(BadFile) as raised:
        read(steps)
    (one,) = raised.value.problems
    return str(one)


def test_each_severity_has_steps_of_its_own() -> None:
    policies = read(
        """
steps = [{ whom = "on-call" }, { whom = "peer", peer = "Sam", how = "both" }]
emergency = [{ whom = "peers", wait_minutes = 2 }]
concern = [{ whom = "room", wait_minutes = 600 }]
"""
    ).policies({"Sam": 7})
    assert policies.of(Severity.URGENT) == (
        Step(whom=Whom.ON_CALL, wait=timedelta(minutes=5)),
        Step(whom=Whom.PEER, wait=timedelta(minutes=5), how=How.BOTH, member=7),
    )
    assert policies.of(Severity.EMERGENCY) == (Step(whom=Whom.PEERS, wait=timedelta(minutes=2)),)
    assert policies.of(Severity.CONCERN) == (Step(whom=Whom.ROOM, wait=timedelta(hours=10)),)


def test_without_steps_of_its_own_an_emergency_is_as_urgent_and_a_concern_queues() -> None:
    assert Policies().of(Severity.EMERGENCY) == DEFAULT_POLICY
    assert Policies().of(Severity.CONCERN) == CONCERN_POLICY


def test_a_policy_without_steps_is_none() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        Policies(emergency=())


@pytest.mark.parametrize(
    ("whom", "how", "privately", "in_rooms"),
    [
        (Whom.ROOM, None, False, True),
        (Whom.PEERS, None, True, False),
        (Whom.PEERS, How.ROOM, False, True),
        (Whom.ON_CALL, How.BOTH, True, True),
        (Whom.MODERATORS, None, True, True),
        (Whom.MODERATORS, How.PRIVATE, True, False),
    ],
)
def test_moderators_are_told_both_ways_and_others_privately_unless_a_step_says_how(
    whom: Whom, how: How | None, privately: bool, in_rooms: bool
) -> None:
    step = Step(whom=whom, wait=timedelta(minutes=1), how=how)
    assert (step.privately, step.in_rooms) == (privately, in_rooms)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ('steps = [{ whom = "peer" }]', "escalation.steps[1].peer: the name of one of the people"),
        ('steps = [{ whom = "peers", peer = "Sam" }]', "escalation.steps[1].peer: the name of one of the people"),
        ('steps = [{ whom = "peer", peer = "Robin" }]', "escalation.steps[1].peer: the name of one of the people who"),
        ('steps = [{ whom = "peer", peer = "Alice" }]', "escalation.steps[1].peer: the name of one of the people who"),
        ('steps = [{ whom = "room", how = "private" }]', 'escalation.steps[1].how: no "how" with whom = "room"'),
        ('steps = [{ whom = "room", how = "pigeon" }]', "escalation.steps[1].how: one of private, room, both"),
        ("emergency = []", "escalation.emergency: a list that is not empty"),
        ('emergency = [{ whom = "moderators" }]', "escalation: at least one step that reaches somebody"),
        (
            'concern = [{ whom = "room", wait_minutes = 1441 }]',
            "concern[1].wait_minutes: a whole number from 1 to 1440",
        ),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused_with_its_place(steps: str, told: str) -> None:
    assert told in problem(steps)


def test_a_policy_is_written_as_it_was_read() -> None:
    community = read('emergency = [{ whom = "peer", peer = "Sam", how = "both", wait_minutes = 1 }]')
    assert parse_community(dump_community(community), name="again.toml") == community
