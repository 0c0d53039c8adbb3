"""The bot's configuration: `config.toml`, and above it the environment.

Every key may also be given as an environment variable, `HANDRAIL_` and the section and key in capitals with two
underscores between them: `HANDRAIL_DISCORD__TOKEN`. The environment wins. Secrets are never shown.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from rapidfuzz import process
from sqlalchemy.engine import URL, make_url

from bot.core.tomlfile import FILE_LIMIT, BadFile, Problem, did_you_mean, key_of, problems_of, read_toml
from bot.core.words import Text, _
from bot.sections import SQLITE, Clock, Console, Database, Discord, Encryption, Feeds, Log, Matrix, secret_url

__all__ = [
    "BadFile",
    "Clock",
    "Config",
    "Console",
    "Database",
    "Discord",
    "Encryption",
    "Feeds",
    "Log",
    "Matrix",
    "Problem",
    "load_config",
]

PREFIX: Final = "HANDRAIL_"
DELIMITER: Final = "__"
KEY_VARIABLE: Final = "HANDRAIL_KEY"
"""The environment variable that holds the encryption key itself, instead of a file of it."""

_SECRET_FILE_LIMIT = 10_000
_OTHERS = 0o077
"""The permission bits of everybody but a file's owner."""

_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


class Config(BaseSettings):
    """The whole configuration. `load_config` makes it; its paths are absolute then, and its secrets read."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,
    )

    database: Database = Database()
    encryption: Encryption = Encryption()
    console: Console = Console()
    discord: Discord = Discord()
    matrix: Matrix = Matrix()
    log: Log = Log()
    feeds: Feeds = Feeds()
    clock: Clock = Clock()
    _warnings: tuple[Text, ...] = PrivateAttr(default=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file."""
        return env_settings, init_settings

    @property
    def discord_enabled(self) -> bool:
        """Whether the bot is on Discord."""
        return bool(self.discord.token.get_secret_value())

    @property
    def matrix_enabled(self) -> bool:
        """Whether the bot is on Matrix."""
        return bool(self.matrix.homeserver)

    @property
    def console_enabled(self) -> bool:
        """Whether the bot is in this terminal."""
        return self.console.enabled

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What works, but is not safe or probably not meant."""
        return self._warnings


def load_config(path: Path) -> Config:
    """The configuration in the file at `path`, and the environment; raises `BadFile`."""
    tables = read_toml(_read(path, path.name, "", 4 * FILE_LIMIT), path.name)
    problems = [*_wrong_tables(tables, path.name)]
    if variables := tuple(_wrong_variables()):  # pydantic-settings does not get past these
        raise BadFile((*problems, *variables))
    tables = {name: table for name, table in tables.items() if name in Config.model_fields and isinstance(table, dict)}
    key = os.environ.get(KEY_VARIABLE)
    given = {**tables, "encryption": {**tables.get("encryption", {}), "key": key}} if key else tables
    try:
        config = Config(**given)
    except ValidationError as error:
        problems += [_where_it_is(problem) for problem in problems_of(error, Config, path.name)]
    if problems:
        raise BadFile(tuple(problems))
    return _Completion(path, tables).of(config)


def _read(path: Path, file: str, key: str, limit: int) -> str:
    """The text of a file of at most `limit` bytes; raises `BadFile` about `key` of `file`."""
    try:
        with path.open("rb") as opened:
            data = opened.read(limit + 1)
        text = data.decode()
    except (OSError, ValueError):
        raise BadFile((Problem(file, key or _("file"), _("a text file (UTF-8) that can be read")),)) from None
    if len(data) > limit:
        raise BadFile((Problem(file, key or _("file"), _("a file of at most {limit} bytes", limit=limit)),))
    return text


def _wrong_tables(tables: dict[str, Any], file: str) -> Iterator[Problem]:
    """Top-level keys that must not reach pydantic-settings: it merges over them, or takes them for its options."""
    for key, value in tables.items():
        if key not in Config.model_fields:
            nearest = process.extractOne(key[:40], list(Config.model_fields), score_cutoff=60)
            yield Problem(file, key_of((key,)), did_you_mean(_("unknown key"), nearest[:1] if nearest else ()))
        elif not isinstance(value, dict):
            yield Problem(file, key, _("a table, with keys of its own"))


def _wrong_variables() -> Iterator[Problem]:
    """Environment variables that name a section only."""
    for section in Config.model_fields:
        name = _variable(section)
        if os.environ.get(name):
            yield Problem("environment", name, _("one variable for each key, such as {name}__…", name=name))


def _variable(key: str) -> str:
    """The environment variable of a key such as "discord.token"."""
    return PREFIX + key.partition("[")[0].replace(".", DELIMITER).upper()


def _where_it_is(problem: Problem) -> Problem:
    """The problem with the environment's name for the key, if the value is from there."""
    name = _variable(str(problem.key))
    return replace(problem, file="environment", key=name) if os.environ.get(name) else problem


_SECRETS: Final = (("discord", "token"), ("matrix", "password"), ("matrix", "access_token"))


class _Completion:
    """Makes paths absolute and reads the files of secrets."""

    def __init__(self, path: Path, tables: dict[str, Any]) -> None:
        self.path = path
        self.folder = path.absolute().parent
        self.tables = tables
        self.warnings: list[Text] = []

    def of(self, config: Config) -> Config:
        """The complete configuration; raises `BadFile`."""
        problems: list[Problem] = []
        updates: dict[str, dict[str, Any]] = {"discord": {}, "matrix": {}}
        for section, key in _SECRETS:
            try:
                updates[section][key] = self._secret(getattr(config, section), section, key)
            except BadFile as bad:
                problems.extend(bad.problems)
        if problems:
            raise BadFile(tuple(problems))
        updates["matrix"]["store_path"] = self._absolute(config.matrix.store_path)
        updates["encryption"] = {"key_file": self._absolute(config.encryption.key_file)}
        updates["database"] = {
            "file": self._absolute(config.database.file),
            "url": self._database_url(config.database),
        }
        self._warn(config)
        complete = config.model_copy(
            update={section: getattr(config, section).model_copy(update=new) for section, new in updates.items()}
        )
        complete._warnings = tuple(self.warnings)
        return complete

    def _absolute(self, path: Path) -> Path:
        return self.folder / path

    def _secret(self, section: Discord | Matrix, name: str, key: str) -> SecretStr:
        """A secret given as such, or else in a file."""
        given: SecretStr = getattr(section, key)
        file: Path | None = getattr(section, f"{key}_file")
        if given.get_secret_value() or file is None:
            return SecretStr(given.get_secret_value().strip())
        file = self._absolute(file)
        problem_file = _where_it_is(Problem(self.path.name, f"{name}.{key}_file", _("a file")))
        text = _read(file, problem_file.file, str(problem_file.key), _SECRET_FILE_LIMIT).strip()
        if not text:
            raise BadFile((replace(problem_file, expected=_("a file that is not empty")),))
        self._warn_if_others_can_read(file)
        return SecretStr(text)

    def _database_url(self, database: Database) -> SecretStr:
        given = database.url.get_secret_value()
        if not given:
            return secret_url(URL.create(SQLITE, database=str(self._absolute(database.file))))
        url = make_url(given)
        in_a_file = url.drivername == SQLITE and url.database not in {None, "", ":memory:"}
        if in_a_file and not str(url.database).startswith("file:"):
            url = url.set(database=str(self._absolute(Path(str(url.database)))))
        return secret_url(url)

    def _warn(self, config: Config) -> None:
        keys = (*_SECRETS, ("database", "url"), ("encryption", "key"))
        written = any(self.tables.get(section, {}).get(key) for section, key in keys)
        if written:
            self._warn_if_others_can_read(self.path)
        self._warn_if_others_can_read(self._absolute(config.encryption.key_file))
        for address in (config.discord.api_base, config.discord.gateway_url, config.matrix.homeserver):
            parts = urlsplit(address)
            if parts.scheme in {"http", "ws"} and parts.hostname not in _LOOPBACK:
                self.warnings.append(_("{address}: not encrypted on its way; use https or wss.", address=address))
        self._warn_of_near_variables()

    def _warn_if_others_can_read(self, file: Path) -> None:
        try:
            mode = file.stat().st_mode
        except (OSError, ValueError):  # there is none yet, or never can be
            return
        if os.name == "posix" and mode & _OTHERS:
            self.warnings.append(
                _("{file} holds a secret, and others on this computer can read it: chmod 600 it.", file=file.name)
            )

    def _warn_of_near_variables(self) -> None:
        """Say so where a variable is nearly one of ours: HANDRAIL_DISCORD_TOKEN lacks an underscore."""
        known = [_variable(f"{section}.{key}") for section, key in _all_keys()]
        for name in sorted(os.environ):
            if not name.upper().startswith(PREFIX) or name.upper() in {*known, KEY_VARIABLE}:
                continue
            nearest = process.extractOne(name.upper()[:80], known, score_cutoff=90)
            if nearest is not None:
                self.warnings.append(_("{name} means nothing; did you mean {near}?", name=name, near=nearest[0]))


def _all_keys() -> Iterator[tuple[str, str]]:
    for section, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ((section, key) for key in field.annotation.model_fields)
