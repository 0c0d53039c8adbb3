"""Some cases with seeded people and faults; `python -m bench.duty` runs as many as there is time for."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench import duty
from bot.core.escalation import Case
from bot.core.roles import MAY_BE_PAGED
from bot.services import members
from bot.services.escalations import changing, paging, store
from simulation import Broken, simulate

SEEDS = (20261122, 20261123, 20261124, 20261125)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_people_do_and_whatever_fails_no_case_is_left_alone(seed: int) -> None:
    result = await simulate(seed, 500)
    assert result.cases >= 500
    assert result.invariants_broken == []
    assert set(result.ends) <= {"taken", "by its member", "every step tried and repeated"}
    assert {"process restarts", "database busy", "message fails", "rota edited"} <= set(result.faults)


def without_timer(advance: Callable[..., Any]) -> Callable[..., Any]:
    """A state machine that forgets every timer."""

    def forgetful(case: Case, *arguments: Any) -> Any:
        after, effects = advance(case, *arguments)
        return replace(after, next_at=None), effects

    return forgetful


def to_everybody(_called: Callable[..., Any]) -> Callable[..., Any]:
    """Pages that ask no rota who may be called."""

    async def called(_self: object, tx: Any, row: Any, *_rest: Any, **_named: Any) -> Any:
        return await members.with_roles(tx, row.community_id, MAY_BE_PAGED)

    return called


def nobody(_in_danger: Callable[..., Any]) -> Callable[..., Any]:
    """A bot that does not see which peers are in danger themselves."""

    async def in_danger(_tx: Any, _people: Any) -> set[int]:
        return set()

    return in_danger


@pytest.mark.parametrize(
    ("where", "name", "broken", "told"),
    [
        (changing, "advance", without_timer, "open, without a timer"),
        (paging.Paging, "_called", to_everybody, "somebody was paged who is off, full or resting"),
        (store, "in_danger", nobody, "somebody came to it who is in danger themselves"),
    ],
)
async def test_a_fault_in_the_code_is_found_and_told_with_its_seed(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, broken: Callable[..., Any], told: str
) -> None:
    monkeypatch.setattr(where, name, broken(getattr(where, name)))
    with pytest.raises(Broken, match=rf"seed 7, case \d+ at .*: {told}; again with: .* --cases 60 --seed 7"):
        await simulate(7, 60)


def test_the_benchmark_tells_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert duty.main(["--cases", "3", "--seed", "7", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cases"] >= 3
    assert told["invariants_broken"] == 0
    assert set(told) >= {"faults", "seconds_to_first_answer", "seconds_to_acknowledgement", "cases_per_second"}
