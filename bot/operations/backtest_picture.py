"""`handrail backtest --picture`: alerts a week as stacked columns. SVG is written here, PNG with matplotlib."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bot.core.crisis import Severity
from bot.core.words import _
from bot.operations.backtest import GRAVEST_FIRST, Tally, Week
from bot.operations.stopping import Stop

COLOURS: Final = {Severity.EMERGENCY: "#b2182b", Severity.URGENT: "#ef8a62", Severity.CONCERN: "#92c5de"}
"""They can be told apart without red and green, and by their lightness alone."""

_WIDTH, _HEIGHT = 960, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 12, 44, 30
_MOST_LABELS = 12
_LINES = 5
_LABEL_WIDTH = 110


def check_picture(path: Path) -> None:
    """Raise `Stop` if no picture can be written there: before the files are read, which may take long."""
    if path.suffix.lower() not in {".svg", ".png"}:
        raise Stop(_("A picture's name ends in .svg or .png."))
    if path.suffix.lower() == ".png" and find_spec("matplotlib") is None:
        raise Stop(_("A PNG needs matplotlib, which is not installed. An SVG needs nothing: --picture alerts.svg"))


def draw(tally: Tally, path: Path) -> None:
    """Write the picture; raises `Stop` if there is nothing to draw, or it cannot be written."""
    if not tally.dated:
        raise Stop(_("There is no picture: no message has a date."))
    weeks = _every_week(tally)
    try:
        if path.suffix.lower() == ".svg":
            path.write_text(svg(weeks), "utf-8")
        else:
            _draw_png(weeks, path)
    except OSError as error:
        raise Stop(_("{file}: cannot be written ({reason}).", file=str(path), reason=error.strerror or "")) from None


def _every_week(tally: Tally) -> list[tuple[date, Week]]:
    """The weeks with messages and the empty ones between them; a slip of the clock by decades is not drawn."""
    dated = dict(tally.dated)
    first, last = min(dated), max(dated)
    weeks = (last - first).days // 7 + 1
    if weeks > _WIDTH:
        return sorted(dated.items())
    return [(monday, dated.get(monday, Week())) for monday in (first + timedelta(weeks=n) for n in range(weeks))]


def _title() -> str:
    return str(_("Alerts a week"))


def svg(weeks: Sequence[tuple[date, Week]]) -> str:
    """The picture as SVG."""
    most = max(1, *(sum(week.alerts.values()) for _monday, week in weeks))
    scale = (_HEIGHT - _TOP - _BOTTOM) / most
    step = (_WIDTH - _LEFT - _RIGHT) / len(weeks)
    floor = _HEIGHT - _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        ' font-family="sans-serif" font-size="12">',
        f"<title>{escape(_title())}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="16">{escape(_title())}</text>',
    ]
    for place, severity in enumerate(GRAVEST_FIRST):
        label = _WIDTH - _RIGHT - _LABEL_WIDTH * (len(GRAVEST_FIRST) - place)
        parts.append(f'<rect x="{label}" y="12" width="12" height="12" fill="{COLOURS[severity]}"/>')
        parts.append(f'<text x="{label + 17}" y="22">{severity.value}</text>')
    for value in sorted({round(most * part / _LINES) for part in range(_LINES + 1)}):
        y = floor - value * scale
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    every = -(-len(weeks) // _MOST_LABELS)
    for at, (monday, week) in enumerate(weeks):
        x, y = _LEFT + at * step, float(floor)
        if at % every == 0:
            parts.append(f'<text x="{x:.1f}" y="{floor + 18}">{monday.isoformat()}</text>')
        for severity in reversed(GRAVEST_FIRST):
            height = week.alerts[severity] * scale
            if height:
                y -= height
                parts.append(
                    f'<rect x="{x + step * 0.1:.2f}" y="{y:.2f}" width="{step * 0.8:.2f}" height="{height:.2f}"'
                    f' fill="{COLOURS[severity]}"><title>{monday.isoformat()}: {week.alerts[severity]}'
                    f" {severity.value}</title></rect>"
                )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _draw_png(weeks: Sequence[tuple[date, Week]], path: Path) -> None:
    """The same with matplotlib."""
    figure = import_module("matplotlib.figure").Figure(figsize=(9.6, 3.6), layout="constrained")
    axes = figure.subplots()
    below = [0] * len(weeks)
    for severity in reversed(GRAVEST_FIRST):
        heights = [week.alerts[severity] for _monday, week in weeks]
        axes.bar(
            [monday for monday, _week in weeks],
            heights,
            width=5.6,
            bottom=below,
            color=COLOURS[severity],
            label=severity.value,
        )
        below = [low + height for low, height in zip(below, heights, strict=True)]
    axes.set_title(_title(), loc="left")
    axes.legend(ncols=3, frameon=False, loc="upper right", bbox_to_anchor=(1, 1.15))
    figure.savefig(path, dpi=150)
