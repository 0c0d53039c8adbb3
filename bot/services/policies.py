"""Escalation policies as JSON: how they are stored with a community and copied onto a case."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.core.escalation import Policy, Step, Whom


def write_policy(policy: Policy) -> list[Any]:
    """The policy as JSON values: whom, and seconds to wait."""
    return [[step.whom.value, step.wait.total_seconds()] for step in policy]


def read_policy(stored: Sequence[Any]) -> Policy:
    """What `write_policy` wrote."""
    return tuple(Step(whom=Whom(whom), wait=timedelta(seconds=seconds)) for whom, seconds in stored)
