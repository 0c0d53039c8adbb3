"""How the findings of `handrail check` are shown to a person."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text as Line

from bot.core.platform import Finding
from bot.core.text import clean
from bot.core.words import _

_LOOK = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "broken": ("✗", "bold red")}


def show_findings(findings: Iterable[Finding]) -> None:
    """One line for each finding: its sign, what was found, and what to do about it."""
    out = Console(highlight=False)
    for finding in findings:
        sign, style = _LOOK[finding.level]
        line = Line(f"{sign} {finding.level:<8}", style=style)
        line.append(" ".join(clean(finding.what).split()), style="default")
        if finding.mend:
            mend = " ".join(clean(finding.mend).split())
            line.append(f" → {_('To mend it:')} {mend}", style="not bold default")
        out.print(line, soft_wrap=True)
