"""`handrail community`: a community's file and what is stored, compared, applied and written back."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from bot.app import load_languages, load_resources
from bot.core.community import CommunityFile, dump_community, parse_community
from bot.core.resources import parse_community_resources
from bot.core.resources.parse import Refused as RefusedRow
from bot.core.tomlfile import FILE_LIMIT
from bot.core.words import Say, _, _n
from bot.operations.lexicon import parse_own
from bot.operations.stopping import Stop
from bot.scheduling.clock import system_now
from bot.services import communities
from bot.services.communities import Change, Communities
from bot.services.duty import Rotas
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.hosting.hosting import Hosting
from bot.services.lexicons import stored_lexicon
from bot.services.meetings import Meetings
from bot.services.removing import Removal
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Database, Transaction

RESOURCES_LIMIT = 2_000_000
"""Bytes of a community's resources file."""

LEXICON_LIMIT = 1_000_000
"""Bytes of a community's own lexicon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A community's file as it was read, with its list of resources and its own lexicon (None: it names none).

    `refused` are rows of the list, `refused_rules` a line for each rule of the lexicon, that cannot be used.
    """

    file: CommunityFile
    resources_csv: str | None
    lexicon_toml: str | None = None
    refused: tuple[RefusedRow, ...] = ()
    refused_rules: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works, but may leave somebody waiting."""
        return tuple(map(str, self.file.warnings))


def read_community(path: Path) -> Wanted:
    """The community that the file at `path` describes; raises `BadFile`, and `Stop` where a file cannot be read."""
    file = parse_community(_read(path, 4 * FILE_LIMIT), name=path.name)
    wanted = Wanted(file=file, resources_csv=None)
    if file.resources is not None:
        wanted = _with_resources(wanted, path.parent, str(file.resources))
    if file.lexicon is not None:
        wanted = _with_lexicon(wanted, path.parent, str(file.lexicon))
    return wanted


def _with_resources(wanted: Wanted, folder: Path, name: str) -> Wanted:
    text = _read(folder / name, RESOURCES_LIMIT)
    parsed = parse_community_resources(text, source=name)
    if parsed.refused and not parsed.resources:
        reason = f"{name}, row {parsed.refused[0].row}: {parsed.refused[0].reason}"
        raise Stop(_("{reason} Nothing in the list can be used, so nothing was changed.", reason=reason))
    return replace(wanted, resources_csv=text, refused=parsed.refused)


def _with_lexicon(wanted: Wanted, folder: Path, name: str) -> Wanted:
    text = _read(folder / name, LEXICON_LIMIT)
    own = parse_own(text, file=name)
    if own.lexicon is None:
        reason = own.problems[0]
        raise Stop(_("{reason}. None of your own rules can be used, so nothing was changed.", reason=reason))
    return replace(wanted, lexicon_toml=text, refused_rules=own.problems)


def _read(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as error:
        raise Stop(_("{file}: cannot be read ({reason}).", file=str(path), reason=error.strerror or "")) from None
    if len(data) > limit:
        raise Stop(_("{file}: too large; at most {limit} bytes are read.", file=str(path), limit=limit))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Stop(_("{file}: not a text in UTF-8.", file=str(path))) from None


async def plan(database: Database, wanted: Wanted) -> list[Change]:
    """What applying the file would change."""
    async with database.begin() as tx:
        before = await communities.stored_file(tx, wanted.file.id)
        stored = await _resources_csv(tx, wanted.file.id)
        lexicon = await stored_lexicon(tx, wanted.file.id)
        announced = await communities.announced(tx, wanted.file.id)
    changes = communities.changes(before, wanted.file, left_alone=announced)
    if wanted.resources_csv is not None and stored != wanted.resources_csv:
        lines = parse_community_resources(wanted.resources_csv, source="").resources
        changes.append(
            Change(
                "+" if stored is None else "~",
                _n("its list of resources: {n} entry", "its list of resources: {n} entries", n=len(lines)),
            )
        )
    if wanted.lexicon_toml is not None and lexicon != wanted.lexicon_toml:
        own = parse_own(wanted.lexicon_toml, file="").lexicon
        n = 0 if own is None else len(own.rules) + len(own.lowerings)
        changes.append(
            Change("+" if lexicon is None else "~", _n("its own lexicon: {n} rule", "its own lexicon: {n} rules", n=n))
        )
    return changes


async def apply(database: Database, wanted: Wanted) -> None:
    """Store the community, in one transaction; raises `Refused`, and then nothing is stored."""
    voice = Voice(load_languages(), lambda: None)
    service = Communities(Meetings(voice), Escalations(Effects(voice, load_resources())), Rotas(voice))
    async with database.begin() as tx:
        await service.apply(tx, wanted.file, wanted.resources_csv, wanted.lexicon_toml, now=system_now())


async def remove(database: Database, community_id: int) -> None:
    """Remove the community with all that is stored for it."""
    voice = Voice(load_languages(), lambda: None)
    removal = Removal(Meetings(voice), Escalations(Effects(voice, load_resources())), Hosting(voice))
    await removal.remove(database, community_id, now=system_now())


async def listed(database: Database) -> list[tuple[str, str]]:
    """The communities there are: id and name."""
    async with database.begin() as tx:
        rows = await tx.session.scalars(select(tables.Community).order_by(tables.Community.id))
        return [(row.slug, row.name) for row in rows]


async def export(database: Database, slug: str) -> Wanted:
    """The community of that id as its files would be read; raises `Stop` if there is none."""
    async with database.begin() as tx:
        file = await communities.stored_file(tx, slug)
        resources_csv = await _resources_csv(tx, slug)
        lexicon_toml = await stored_lexicon(tx, slug)
    if file is None:
        raise unknown([id_ for id_, _name in await listed(database)])
    return Wanted(file=file, resources_csv=resources_csv, lexicon_toml=lexicon_toml)


def unknown(known: list[str]) -> Stop:
    """There is no community of that id."""
    if not known:
        return Stop(_("There is no community yet. Describe yours in a file: handrail community apply FILE"))
    return Stop(_("There is no community of that id. There are: {ids}", ids=", ".join(known)))


def write_export(path: Path, community: Wanted) -> list[Path]:
    """Write the community, its list and its lexicon beside it; readable by the owner only: it holds people's names.

    Nothing is overwritten: raises `Stop` if a file is there already. Returns what was written.
    """
    file = community.file
    texts = {path: dump_community(file)}
    beside = [(file.resources, community.resources_csv), (file.lexicon, community.lexicon_toml)]
    more = {path.parent / name: text for name, text in beside if name is not None and text is not None}
    there = [target for target in [*texts, *more] if target.exists() or (target in texts and target in more)]
    texts |= more
    if there:
        raise Stop(_("{file} is there already. Choose another name; nothing was written.", file=str(there[0])))
    for target, text in texts.items():
        _write(target, text)
    return list(texts)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(text.encode())
    except OSError as error:
        raise Stop(_("{file}: cannot be written ({reason}).", file=str(path), reason=error.strerror or "")) from None


async def _resources_csv(tx: Transaction, slug: str) -> str | None:
    table = tables.CommunityResource
    query = (
        select(table.csv)
        .join(tables.Community, tables.Community.id == table.community_id)
        .where(tables.Community.slug == slug)
    )
    stored = await tx.session.scalar(query)
    return None if stored is None else stored.decode()


def as_lines(changes: list[Change], wanted: Wanted) -> list[str]:
    """What would change, and what of the list was refused, for a person."""
    lines: list[Say] = [f"{change.sign} {change.what}" for change in changes]
    lines += [
        _("{file}, row {row}: left out. {reason}", file=str(wanted.file.resources), row=row.row, reason=row.reason)
        for row in wanted.refused
    ]
    lines += [_("{problem}: left out.", problem=problem) for problem in wanted.refused_rules]
    return [str(line) for line in lines]
