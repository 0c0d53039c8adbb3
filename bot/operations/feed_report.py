"""What `handrail meetings import` prints of each source: numbers, and what a person should know or do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bot.core.meetings.recognise import Kind
from bot.core.words import Text, _, _n
from bot.services.feeds.report import Report
from bot.services.feeds.sources import NO_SUCH_FILE

_TOLD = 10
"""Refusals of one source that are shown to a person; all are in the JSON."""


def show(reports: Sequence[Report], out: Console) -> None:
    """Print what became of each source, in lines that fit a terminal of any width."""
    for each in reports:
        out.print(f"{short(each.source)}: {counted(each)}", soft_wrap=True, markup=False)
        for line in lines_of(each):
            out.print(f"  {line}", soft_wrap=True, markup=False)


_NUMBERS: Final = (
    ("added", _("{n} added")),
    ("changed", _("{n} changed")),
    ("unchanged", _("{n} unchanged")),
    ("gone", _("{n} gone")),
    ("merged", _("{n} merged")),
    ("inactive", _("{n} not meeting now")),
    ("refusals", _("{n} refused")),
)


def counted(report: Report) -> Text:
    """A report's numbers on one line; what is none is left out, but for what was added."""
    said: Text = _n("{n} record", "{n} records", n=report.records)
    for name, text in _NUMBERS:
        number = getattr(report, name)
        if number or name == "added":
            said = _("{before}, {number}", before=said, number=Text(text.message, {"n": number}))
    return said


def _assumed(report: Report, n: int, zone: str) -> Text:
    """Whose clock was taken for meetings that tell none, and what to do if it is another's."""
    others = [(name, count) for name, count in report.clocks.most_common() if name != zone]
    if others and others[0][1] >= report.clocks[zone]:
        other, count = others[0]
        return _n(
            "WARNING: {n} meeting says no time zone: I took the community's, {zone}. But {others} meetings of the same"
            " feed are in {other}. If it is there, too, import it again with: --zone {other}",
            "WARNING: {n} meetings say no time zone: I took the community's, {zone}. But {others} meetings of the same"
            " feed are in {other}. If they are there, too, import it again with: --zone {other}",
            n=n,
            zone=zone,
            others=count,
            other=other,
        )
    example = others[0][0] if others else "America/Los_Angeles" if zone != "America/Los_Angeles" else "Europe/London"
    return _n(
        "{n} meeting says no time zone: I took the community's, {zone}. If that is wrong, import it again with the"
        " right one, such as: --zone {example}",
        "{n} meetings say no time zone: I took the community's, {zone}. If that is wrong, import it again with the"
        " right one, such as: --zone {example}",
        n=n,
        zone=zone,
        example=example,
    )


def short(source: str) -> str:
    """A source as a person knows it: a file's name, or the address."""
    return source if "://" in source else Path(source).name


def why_none(report: Report) -> Text | None:
    """Why no meeting was taken from a source, and what to do; None where the rest says so, or some were."""
    if report.explains:
        return _("It says what the formats of the meetings mean that were read with it: they have these names now.")
    if report.kind in _NO_MEETINGS:
        return _NO_MEETINGS[Kind(report.kind)]
    if report.problem == NO_SUCH_FILE:
        return _("Is its path right? If it has spaces, put it in quotation marks.")
    if report.problem and report.kind == Kind.UNKNOWN and "://" not in report.source:
        return _READABLE
    if not report.problem and not report.records and not report.not_modified:
        return _("There is no meeting in it. {readable}", readable=_READABLE)
    return None


_READABLE: Final = _(
    "Meetings are read from Meeting Guide or BMLT JSON, iCalendar, or a table (CSV) whose first line names the columns,"
    " among them name, day and time."
)

_NO_MEETINGS: Final = {
    Kind.BMLT_FORMATS: _(
        "It says what a BMLT server's formats mean (GetFormats), and lists no meetings. Name both in one command:"
        " handrail meetings import GetSearchResults.json GetFormats.json"
    ),
    Kind.BMLT_SERVICE_BODIES: _(
        "It lists the service bodies of a BMLT server, and no meetings: those are in GetSearchResults of the same"
        " server."
    ),
    Kind.TYPES: _("It says what types of meetings are called, and lists no meetings: it is not needed here."),
}


def lines_of(report: Report) -> list[Text]:
    """What a person should know of an import beside its numbers."""
    lines: list[Text] = []
    if report.problem:
        lines.append(_("Not taken: {problem}.", problem=report.problem))
    if why := why_none(report):
        lines.append(why)
    if report.kept:
        lines.append(_("What was read from it before is kept."))
    if report.not_modified:
        lines.append(_("It has not changed."))
    if report.dry_run:
        lines.append(_("Nothing was stored: this was a dry run."))
    if report.irregular:
        lines.append(
            _("{count} are not every week, by their own words; their listing says so.", count=report.irregular)
        )
    for where, text in (
        ("place", _("{count} have no time zone; it is that of their place.", count=report.zones["place"])),
        ("feed", _("{count} have no time zone; it is the one you gave.", count=report.zones["feed"])),
        ("unknown", _("{count} have no time zone; give one with --zone.", count=report.zones["unknown"])),
    ):
        if report.zones[where]:
            lines.append(text)
    if report.zones["community"]:
        lines.append(_assumed(report, report.zones["community"], report.assumed or ""))
    for doubt, text in (
        ("end_before_start", _("{count} end before they start.", count=report.doubts["end_before_start"])),
        ("open_and_closed", _("{count} are both open and closed.", count=report.doubts["open_and_closed"])),
        ("no_time", _("{count} have a day but no time.", count=report.doubts["no_time"])),
        ("no_place", _("{count} say neither where they are nor how to join.", count=report.doubts["no_place"])),
    ):
        if report.doubts[doubt]:
            lines.append(text)
    lines += [
        _("Record {record}: {reason}", record=refusal.record, reason=refusal.reason)
        for refusal in report.refused[:_TOLD]
    ]
    if report.refusals > _TOLD:
        lines.append(_("… and {count} more; all of them with --json.", count=report.refusals - _TOLD))
    return lines
