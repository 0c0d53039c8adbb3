"""What `handrail backtest` prints for people: two tables and a sentence or two. No message is shown."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from bot.core.words import Say, _
from bot.operations.backtest import GRAVEST_FIRST, Tally, Week, by_alerts
from bot.operations.backtest_files import Notes


def show(tally: Tally, notes: Notes, console: Console) -> None:
    """Print alerts by week and by rule."""
    whole = tally.whole
    if not whole.messages:
        console.print(str(_("There are no messages in it.")))
    else:
        console.print(_by_week(tally, whole))
        if whole.rules:
            console.print(_by_rule(whole))
    for line in _sentences(tally, whole, notes):
        console.print(str(line), soft_wrap=True)


def _by_week(tally: Tally, whole: Week) -> Table:
    table = _table(str(_("Week from Monday")), str(_("messages")))
    for monday, week in tally.dated:
        table.add_row(monday.isoformat(), *_counts(week))
    if undated := tally.weeks.get(None):
        table.add_row(str(_("without a date")), *_counts(undated))
    table.add_section()
    table.add_row(str(_("together")), *_counts(whole))
    return table


def _by_rule(whole: Week) -> Table:
    table = _table(str(_("Rule")))
    for rule in by_alerts(whole):
        table.add_row(rule, *(_count(whole.rules[rule, severity]) for severity in GRAVEST_FIRST))
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(first)
    for name in (*numbers, *(severity.value for severity in GRAVEST_FIRST)):
        table.add_column(name, justify="right")
    return table


def _counts(week: Week) -> tuple[str, ...]:
    return (str(week.messages), *(_count(week.alerts[severity]) for severity in GRAVEST_FIRST))


def _count(number: int) -> str:
    return str(number) if number else "·"


def _sentences(tally: Tally, whole: Week, notes: Notes) -> Iterator[Say]:
    """What the tables mean for the people who carry the pager, and what was left out."""
    if tally.dated:
        first, last = tally.dated[0][0], tally.dated[-1][0]
        weeks = (last - first).days // 7 + 1
        pages = sum(week.pages for _monday, week in tally.dated)
        worst = max(week.pages for _monday, week in tally.dated)
        yield _(
            "Pages in a week (emergency and urgent): {average} on average, {most} at most. Concerns wait in the queue.",
            average=f"{pages / weeks:.1f}",
            most=worst,
        )
    if whole.messages:
        yield _("An alert while its author's case is open joins that case: it pages again only if it is graver.")
    if notes.bots or notes.without_words:
        yield _(
            "Left out: {bots} of bots, {others} without anybody's words.",
            bots=notes.bots,
            others=notes.without_words,
        )
