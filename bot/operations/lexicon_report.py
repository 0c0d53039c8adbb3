"""`handrail lexicon report`: how often each rule was right in a community, worst first. Counts, never words."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot.core.words import _
from bot.operations import community_files
from bot.operations.community_commands import existing
from bot.services import precision
from bot.services.precision import Judged
from bot.storage.tables import Community


async def report(config_path: Path, slug: str, console: Console, *, as_json: bool) -> None:
    """Print it for the community of that id; raises `Stop` if there is none."""
    found = await _judged(config_path, slug)
    if as_json:
        rows = {
            rule: {"right": judged.right, "false_alarms": judged.false_alarms, "precision": round(judged.precision, 3)}
            for rule, judged in found.items()
        }
        console.file.write(json.dumps({"community": slug, "rules": rows}, ensure_ascii=False) + "\n")
    elif found:
        console.print(table_of(found))
        console.print(str(_("A rule that is mostly wrong here can be muted in your own lexicon: see docs/ear.md.")))
    else:
        console.print(str(_("No case that a rule opened has ended yet with somebody's word.")))


async def _judged(config_path: Path, slug: str) -> dict[str, Judged]:
    async with existing(config_path) as database:
        if database is None:
            raise community_files.unknown([])
        async with database.read() as tx:
            community_id = await tx.session.scalar(select(Community.id).where(Community.slug == slug))
            if community_id is not None:
                return await precision.by_rule(tx, community_id)
        raise community_files.unknown([id_ for id_, _name in await community_files.listed(database)])


def table_of(found: dict[str, Judged]) -> Table:
    """The rules, the least precise first."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(str(_("Rule")))
    for name in (_("right"), _("false alarm"), _("precision")):
        table.add_column(str(name), justify="right")
    for rule, judged in sorted(found.items(), key=lambda item: (item[1].precision, item[0])):
        table.add_row(rule, str(judged.right), str(judged.false_alarms), f"{judged.precision:.0%}")
    return table
