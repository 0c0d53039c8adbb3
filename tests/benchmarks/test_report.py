"""What a benchmark prints, and with which code it ends."""

import json

import pytest

from bench.report import at_least, at_most, conclude, told


def test_json_has_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    code = conclude([at_least("rate", 12.5, "/s", 10), told("size", 3, "MB")], as_json=True)
    assert code == 0
    assert json.loads(capsys.readouterr().out) == {
        "rows": [
            {"what": "rate", "value": 12.5, "unit": "/s", "bound": "≥ 10", "holds": True},
            {"what": "size", "value": 3, "unit": "MB", "bound": None, "holds": None},
        ]
    }


def test_a_bound_that_does_not_hold_is_said_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert conclude([at_most("stall", 51, "ms", 50), told("size", 3, "MB")], as_json=False) == 1
    assert "FALLS SHORT" in capsys.readouterr().out


def test_a_bound_is_reached_when_it_is_met_exactly() -> None:
    assert at_least("rate", 10, "/s", 10).holds
    assert at_most("stall", 50, "ms", 50).holds
