"""`handrail check`: what is right and wrong with this installation. Nothing is made, changed or heard."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.app import build
from bot.config import BadFile, Config
from bot.core.community import CommunityFile
from bot.core.faults import where
from bot.core.platform import Finding, Platform
from bot.core.words import Say, _
from bot.operations.accounts import make_platforms
from bot.operations.lexicon import parse_own
from bot.operations.opening import database_is_there, no_config, open_config
from bot.scheduling.clock import system_now
from bot.services.communities import steps_to_nobody, stored_file
from bot.services.duty.problems import duty_problems
from bot.services.lexicons import stored_lexicon
from bot.storage import tables
from bot.storage.database import Database, make_engine
from bot.storage.opening import open_database, open_vault, pending_migrations
from bot.storage.vault import KeyProblem, Vault, load_key

PATIENCE = 60.0
"""Seconds that one platform's check may take."""


async def check(path: Path, *, chosen: bool) -> list[Finding]:
    """Everything that is found. `chosen`: a person named the file at `path`, so it must be there."""
    try:
        config = _config(path, chosen=chosen)
    except BadFile as bad:
        return [_broken(problem.text, _("Correct this in {file}.", file=problem.file)) for problem in bad.problems]
    if isinstance(config, Finding):
        return [config]
    findings = list(_of_config(path, config))
    async with AsyncExitStack() as stack:
        try:
            key = _key(config, findings)
        except _Unusable:
            return findings
        database = await stack.enter_async_context(_database(config, findings, key=key))
        if database is not None:
            findings += await _communities(config, database)
        else:
            database = await stack.enter_async_context(_scratch())
        app = build(
            database,
            system_now,
            lambda hub: make_platforms(config, hub, show=lambda _shown: None, now=system_now),
        )
        for platform in app.platforms.values():
            findings += await _platform(platform)
    return findings


def _config(path: Path, *, chosen: bool) -> Config | Finding:
    if path.exists():
        return open_config(path)
    # A fresh machine is not broken; a wrong path is.
    return Finding(
        level="broken" if chosen else "warning", what=str(_("There is no configuration yet.")), mend=no_config(path)
    )


def _of_config(path: Path, config: Config) -> Iterator[Finding]:
    yield _ok(_("{file}: every key is understood.", file=path.name))
    for warning in config.warnings:
        yield _warning(warning, _("Do as it says, and check again."))
    if not (config.console_enabled or config.discord_enabled or config.matrix_enabled):
        yield _broken(
            _("Nothing is turned on."), _("Set a Discord token, a Matrix account, or enabled = true in [console].")
        )


# The key and the database


class _Unusable(Exception):
    """There is a key, and it is none: nothing can be opened with it."""


def _key(config: Config, findings: list[Finding]) -> bool:
    """Whether a key is there; raises `_Unusable`."""
    try:
        key = load_key(config.encryption.key_file)
        if key is not None:
            Vault(key)
    except KeyProblem as problem:
        findings.append(_of_key(problem))
        raise _Unusable from None
    except OSError as error:
        what = _("The encryption key cannot be read ({error}).", error=type(error).__name__)
        findings.append(_broken(what, _("Let the bot's user read the file, and nobody else.")))
        raise _Unusable from None
    if key is None:
        return False
    findings.append(_ok(_("The encryption key is there.")))
    return True


def _of_key(problem: KeyProblem) -> Finding:
    """What is wrong with the key, and how it is put right."""
    return _broken(problem.what, _("{mend} Until then the bot does not start.", mend=problem.mend))


@asynccontextmanager
async def _database(config: Config, findings: list[Finding], *, key: bool) -> AsyncIterator[Database | None]:
    """The database if it can be used as it is, else None; never a new one."""
    if not database_is_there(config):
        findings.append(_ok(_("There is no database yet. It and its encryption key are made at the first run.")))
        yield None
        return
    engine = make_engine(config.database.url.get_secret_value())
    try:
        vault = await _vault(engine, config, findings, key=key)
        yield None if vault is None else Database(engine, vault)
    finally:
        await engine.dispose()


async def _vault(engine: AsyncEngine, config: Config, findings: list[Finding], *, key: bool) -> Vault | None:
    """The vault of a database that can be used as it is; else None, with the finding that says why not."""
    file = config.encryption.key_file
    try:
        with tempfile.TemporaryDirectory(prefix="handrail-check-") as folder:
            # Without a key a vault is only asked whether one is missing: a new key would go into this folder.
            vault = await open_vault(engine, file if key else Path(folder) / file.name)
        if not await pending_migrations(engine):
            findings.append(_ok(_("The database is reachable, and of the newest version.")))
            return vault
        finding = _warning(_("The database lacks a migration."), _("The next run makes it, or: handrail db upgrade"))
    except KeyProblem as problem:
        where_it_belongs = problem.mend.replace(file.name, str(file), 1)  # it was looked for in a folder of our own
        finding = _of_key(KeyProblem(problem.what, problem.mend if key else where_it_belongs))
    except Exception as error:  # a driver's own errors come as they are
        finding = _broken(
            _("The database cannot be opened ({error}).", error=type(error).__name__),
            _("Look at [database] in the configuration, and whether the bot may read and write there."),
        )
    findings.append(finding)
    return None


@asynccontextmanager
async def _scratch() -> AsyncIterator[Database]:
    """An empty database for platforms to be checked with before there is a real one."""
    with tempfile.TemporaryDirectory(prefix="handrail-check-") as folder:
        database = await open_database(f"sqlite+aiosqlite:///{folder}/check.db", Path(folder) / "check.key")
        try:
            yield database
        finally:
            await database.close()


# Communities and platforms


async def _communities(config: Config, database: Database) -> list[Finding]:
    findings: list[Finding] = []
    async with database.begin() as tx:
        slugs = list(await tx.session.scalars(select(tables.Community.slug).order_by(tables.Community.id)))
        for slug in slugs:
            try:
                community = await stored_file(tx, slug)
            except ValueError as error:
                what = _("The community {id} cannot be read ({where}).", id=slug, where=where(error))
                findings.append(_broken(what, _("Apply its file again: handrail community apply FILE")))
                continue
            assert community is not None  # noqa: S101  it was listed in this transaction
            gone = _gone(slug, await steps_to_nobody(tx, slug))
            found = [*gone, *_community(config, community), *_lexicon(community, await stored_lexicon(tx, slug))]
            found += [
                _warning(_("Community {id}: {warning}", id=slug, warning=each.what), each.mend)
                for each in await duty_problems(tx, slug, now=system_now())
            ]
            findings += found or [_ok(_("Community {id}: somebody is reached by every step.", id=slug))]
    if not slugs and not config.console_enabled:
        findings.append(_warning(_("There is no community yet."), _("Describe yours: handrail community apply FILE")))
    return findings


def _gone(slug: str, steps: list[int]) -> Iterator[Finding]:
    """The steps of the policy that name somebody who has left: they are passed over."""
    for number in dict.fromkeys(steps):
        yield _warning(
            _("Community {id}: step {number} of an escalation names somebody who has left.", id=slug, number=number),
            _("Name somebody else in its file, or take the step out, and then: handrail community apply FILE"),
        )


def _community(config: Config, community: CommunityFile) -> Iterator[Finding]:
    mend = _("Change its file, and then: handrail community apply FILE")
    for warning in community.warnings:
        yield _warning(_("Community {id}: {warning}", id=community.id, warning=warning), mend)
    on = {"console": config.console_enabled, "discord": config.discord_enabled, "matrix": config.matrix_enabled}
    for platform in dict.fromkeys(place.platform for place in community.places):
        if not on[platform]:
            what = _("Community {id} has places on {platform}, which is off.", id=community.id, platform=platform)
            yield _warning(what, _("Turn it on in the configuration, under [{platform}].", platform=platform))


def _lexicon(community: CommunityFile, toml: str | None) -> Iterator[Finding]:
    """What of the community's own rules is not heard."""
    if toml is None:
        return
    own = parse_own(toml, file=str(community.lexicon))
    mend = _("Mend it there, try it with “handrail lexicon test FILE”, and apply the community's file again.")
    for problem in own.problems:
        yield _warning(_("Community {id}: {warning}", id=community.id, warning=problem), mend)
    if own.lexicon is None:
        yield _broken(
            _("Community {id}: none of its own rules is heard, only the built-in ones.", id=community.id), mend
        )


async def _platform(platform: Platform) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await platform.check()
    except TimeoutError:
        what = _("{platform} does not answer.", platform=platform.name)
    except Exception as error:
        what = _("{platform} could not be checked: {where}", platform=platform.name, where=where(error))
    finally:
        await platform.close()
    return [_broken(what, _("Look at its section of the configuration, and at the network."))]


def _ok(what: Say) -> Finding:
    return Finding(level="ok", what=str(what))


def _warning(what: Say, mend: Say) -> Finding:
    return Finding(level="warning", what=str(what), mend=str(mend))


def _broken(what: Say, mend: Say) -> Finding:
    return Finding(level="broken", what=str(what), mend=str(mend))
