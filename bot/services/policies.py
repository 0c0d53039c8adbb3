"""Escalation policies as JSON: how they are stored with a community and copied onto a case.

A list is the one policy of databases from before there was one for each severity.
"""

from datetime import timedelta
from typing import Any

from bot.core.crisis import Severity
from bot.core.policy import CONCERN_POLICY, DEFAULT_POLICY, How, Policies, Policy, Step, Whom

_STEPS, _EMERGENCY, _CONCERN = "steps", "emergency", "concern"


def write_policies(policies: Policies) -> dict[str, Any]:
    """The policies as JSON values; a step is whom, seconds to wait, and how and which member if it says so."""
    stored = {_STEPS: _write(policies.urgent), _CONCERN: _write(policies.concern)}
    if policies.emergency is not None:
        stored[_EMERGENCY] = _write(policies.emergency)
    return stored


def read_policies(stored: Any) -> Policies:
    """What `write_policies` wrote, or a list of steps; raises `TypeError`, `ValueError` or `LookupError`."""
    if isinstance(stored, list):
        return Policies(urgent=_read(stored) or DEFAULT_POLICY)
    emergency = stored.get(_EMERGENCY)
    return Policies(
        urgent=_read(stored[_STEPS]),
        emergency=None if emergency is None else _read(emergency),
        concern=_read(stored[_CONCERN]),
    )


def read_case_policies(stored: Any, severity: Severity) -> Policies:
    """The policies that a case was opened with, which is as severe as that now."""
    if isinstance(stored, list) and severity is Severity.CONCERN:
        return Policies(concern=_read(stored) or CONCERN_POLICY)
    return read_policies(stored)


def _write(policy: Policy) -> list[Any]:
    return [
        [step.whom.value, step.wait.total_seconds()]
        if step.how is None and step.member is None
        else [step.whom.value, step.wait.total_seconds(), step.how and step.how.value, step.member]
        for step in policy
    ]


def _read(stored: Any) -> Policy:
    return tuple(_step(*values) for values in stored)


def _step(whom: str, seconds: float, how: str | None = None, member: int | None = None) -> Step:
    return Step(whom=Whom(whom), wait=timedelta(seconds=seconds), how=None if how is None else How(how), member=member)
