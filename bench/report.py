"""What was measured, as a table for people or as JSON, and whether the promises hold."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `bound` is what was promised, such as "≥ 50"; None: the figure is only told."""

    what: str
    value: float
    unit: str
    bound: str | None = None
    holds: bool | None = None


def at_least(what: str, value: float, unit: str, bound: float) -> Row:
    """A figure that must reach `bound`."""
    return Row(what=what, value=value, unit=unit, bound=f"≥ {bound:,.15g}", holds=value >= bound)


def at_most(what: str, value: float, unit: str, bound: float) -> Row:
    """A figure that must not exceed `bound`."""
    return Row(what=what, value=value, unit=unit, bound=f"≤ {bound:,.15g}", holds=value <= bound)


def told(what: str, value: float, unit: str) -> Row:
    """A figure without a promise, which helps to understand the others."""
    return Row(what=what, value=value, unit=unit)


def conclude(rows: Iterable[Row], *, as_json: bool) -> int:
    """Print the rows; the exit code: 1 where a bound does not hold."""
    rows = list(rows)
    if as_json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}, ensure_ascii=False))
    else:
        Console().print(_table(rows))
    return int(any(row.holds is False for row in rows))


def progress(line: str) -> None:
    """Say on standard error what is being done: some measurements take minutes."""
    sys.stderr.write(f"… {line}\n")
    sys.stderr.flush()


def _table(rows: Iterable[Row]) -> Table:
    table = Table("what", box=None, pad_edge=False)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("must reach", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in rows:
        verdict = "" if row.holds is None else "[green]holds[/]" if row.holds else "[red]FALLS SHORT[/]"
        table.add_row(row.what, readable(row.value), row.unit, row.bound or "", verdict)
    return table


def readable(value: float) -> str:
    """A figure with three digits that mean something."""
    if abs(value) >= 100:  # noqa: PLR2004  no digit behind the point means anything then
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"  # noqa: PLR2004  three digits that count
