"""The sections of `config.toml`: what each key takes, and what it is if it is not given."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.core import tomlvalues as values
from bot.core.tomlfile import Clashes, Takes
from bot.core.words import _

SQLITE: Final = "sqlite+aiosqlite"

_DRIVERS: Final = {
    "sqlite": SQLITE,
    SQLITE: SQLITE,
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_LEVELS: Final = ("debug", "info", "warning", "error")

_EMPTY = SecretStr("")
_FILE = Takes(_("the path of a file"))
_SWITCH = Takes(_("true or false"))

Secret = Annotated[SecretStr, Takes(_("a text in quotation marks"), private=True)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _database_url(value: Any) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not text:
        return _EMPTY
    try:
        url = make_url(str(text))
    except ArgumentError:
        raise ValueError from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None or (driver.startswith("postgresql") and not url.database):
        raise ValueError
    return secret_url(url.set(drivername=driver))


def secret_url(url: URL) -> SecretStr:
    """A database's address with the password that is in it."""
    return SecretStr(url.render_as_string(hide_password=False))


_DATABASE_URL = Takes(
    _("sqlite:///handrail.db or postgresql://user:password@host/database"), _database_url, private=True
)


def _optional(takes: Takes) -> Takes:
    """The same, or nothing: an empty text."""
    parse = takes.parse
    assert parse is not None  # noqa: S101  each of ours has one
    return Takes(takes.expected, lambda value: "" if value == "" else parse(value), private=takes.private)


class Database(_Section):
    """`[database]`: an SQLite file, or the address of a database.

    After `load_config`, `url` is always set: with an asynchronous driver, and an SQLite file's absolute path.
    """

    file: Annotated[Path, _FILE] = Path("handrail.db")
    url: Annotated[SecretStr, _DATABASE_URL] = _EMPTY


class Encryption(_Section):
    """`[encryption]`: the key of what is encrypted at rest.

    `key` is the key itself, from the environment variable `HANDRAIL_KEY`; if empty, it is in `key_file`, which may
    not exist yet.
    """

    key_file: Annotated[Path, _FILE] = Path("handrail.key")
    key: Secret = _EMPTY


class Console(_Section):
    """`[console]`: the bot in this terminal; `account` is who types there."""

    enabled: Annotated[bool, _SWITCH] = True
    account: Annotated[str, values.CONSOLE_NAME] = "you"


def _shard_range(value: Any) -> str:
    """One shard, or the first and the last of several."""
    found = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", str(value).strip(), re.ASCII)
    if found is None or int(found[1]) > int(found[2] or found[1]):
        raise ValueError
    return found[0]


_SHARDS = _optional(Takes(_('a range of shards such as "0-3"'), _shard_range))


class Discord(_Section):
    """`[discord]`: off while `token` is empty.

    `message_content`: the developer portal's "message content intent" is on, so that channels can be heard.
    `answer_within`: seconds, 0.1 to 2.9; an answer that takes longer is promised first (Discord waits 3 s).
    `read_back_hours`: 0 to 168; how far back the bot looks after a gap for what was written meanwhile; 0 is not at all.
    `requests_per_second`: 1 to 1000; this process's part of what Discord allows the bot (50 unless it has granted
    more), which all processes with the same token share. None: 50, or with `shards` a usual part of it.
    `shard_count`: 1 to 10000; into how many shards Discord divides the bot's servers, the same for all its processes.
    None: it does not. `shards`: which of them this process hears, such as "0-3" or "4"; empty is all.
    """

    token: Secret = _EMPTY
    token_file: Annotated[Path, _FILE] | None = None
    api_base: Annotated[str, values.link(_("an address such as https://discord.com/api/v10"), "https", "http")] = (
        "https://discord.com/api/v10"
    )
    gateway_url: Annotated[
        str, _optional(values.link(_("an address such as wss://gateway.discord.gg"), "wss", "ws"))
    ] = ""
    """Empty: the one that Discord names."""
    message_content: Annotated[bool, _SWITCH] = True
    answer_within: Annotated[float, Field(ge=0.1, le=2.9), Takes(_("seconds, from 0.1 to 2.9"))] = 2.0
    read_back_hours: Annotated[float, Field(ge=0, le=168), Takes(_("hours, from 0 to 168"))] = 24.0
    requests_per_second: Annotated[int, Field(ge=1, le=1000), Takes(_("a whole number from 1 to 1000"))] | None = None
    shard_count: Annotated[int, Field(ge=1, le=10_000), Takes(_("a whole number from 1 to 10000"))] | None = None
    shards: Annotated[str, _SHARDS] = ""

    @model_validator(mode="after")
    def _shards_exist(self) -> Self:
        ids = self.shard_ids
        if ids and self.shard_count is None:
            raise Clashes([(".shard_count", _("missing: into how many shards the servers are divided"))])
        if ids and self.shard_count is not None and ids[-1] >= self.shard_count:
            expected = _("shards from 0 to {last}, as shard_count says", last=self.shard_count - 1)
            raise Clashes([(".shards", expected)])
        return self

    @property
    def shard_ids(self) -> tuple[int, ...]:
        """The shards this process hears; () is all."""
        if not self.shards:
            return ()
        first, _dash, last = self.shards.partition("-")
        return tuple(range(int(first), int(last or first) + 1))


class Matrix(_Section):
    """`[matrix]`: off while `homeserver`, `user_id` and the secrets are empty.

    One of `password` and `access_token` is needed. `allowed_servers`: the bot accepts invitations from accounts on
    these servers; none listed is its own server only. `store_path`: the folder of the end-to-end encryption's keys.
    """

    homeserver: Annotated[
        str, _optional(values.link(_("an address such as https://matrix.example.org"), "https", "http"))
    ] = ""
    user_id: Annotated[str, _optional(values.MATRIX_USER)] = ""
    password: Secret = _EMPTY
    password_file: Annotated[Path, _FILE] | None = None
    access_token: Secret = _EMPTY
    access_token_file: Annotated[Path, _FILE] | None = None
    device_name: Annotated[str, values.line(_("a name of 1 to 80 characters"), 80)] = "Handrail"
    allowed_servers: Annotated[tuple[Annotated[str, values.SERVER_NAME], ...], NoDecode] = Field(
        default=(), max_length=1000
    )
    store_path: Annotated[Path, Takes(_("the path of a folder"))] = Path("data/matrix")

    @field_validator("allowed_servers", mode="before")
    @classmethod
    def _split(cls, given: Any) -> Any:
        """An environment variable holds a list as one text, with commas."""
        return [part for part in given.replace(",", " ").split() if part] if isinstance(given, str) else given

    @model_validator(mode="after")
    def _whole_or_empty(self) -> Self:
        secrets = (self.password.get_secret_value(), self.access_token.get_secret_value())
        has_secret = any((*secrets, self.password_file, self.access_token_file))
        missing = [
            (key, expected)
            for key, given, expected in (
                (".homeserver", self.homeserver, _("missing: the address of the bot's homeserver")),
                (".user_id", self.user_id, _("missing: the bot's account, such as @handrail:example.org")),
                (".password", has_secret, _("missing: a password, password_file or access_token")),
            )
            if not given
        ]
        if 0 < len(missing) < 3:  # noqa: PLR2004  all three missing: Matrix is off
            raise Clashes(missing)
        return self


class Log(_Section):
    """`[log]`: the least important `level` that is written: debug, info, warning or error."""

    level: Annotated[str, values.one_of(_LEVELS)] = "info"


class Feeds(_Section):
    """`[feeds]`: how meetings that others publish are fetched.

    - `allow_private`: also from private networks and from this machine.
    - `megabytes`: how long a feed may be, 1 to 2000; `seconds`: how long fetching it may take, 5 to 3600.
    - `refresh_hours`: how often feeds on the web are read again, 1 to 720.
    """

    allow_private: Annotated[bool, _SWITCH] = False
    megabytes: Annotated[int, values.number(1, 2000)] = 600
    seconds: Annotated[int, values.number(5, 3600)] = 900
    refresh_hours: Annotated[int, values.number(1, 720)] = 24


class Clock(_Section):
    """`[clock]`: `tick_seconds`, 0.05 to 60, is how often the bot looks for work that is due."""

    tick_seconds: Annotated[float, Field(ge=0.05, le=60), Takes(_("seconds, from 0.05 to 60"))] = 5.0
