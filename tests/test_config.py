"""The configuration: its file, the environment above it, and the line that each mistake is told in."""

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from bot.config import BadFile, Config, load_config

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
SECRET = "do-not-show-me"
posix_only = pytest.mark.skipif(os.name != "posix", reason="file permissions are POSIX's")


@pytest.fixture(autouse=True)
def no_handrail_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("HANDRAIL_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    return path


def load(file: Path, text: str) -> Config:
    file.write_text(text, "utf-8")
    return load_config(file)


def problems(file: Path, text: str) -> list[str]:
    with pytest.raises(BadFile) as raised:
        load(file, text)
    return [str(problem) for problem in raised.value.problems]


def secret_file(folder: Path, text: str = SECRET, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text, "utf-8")
    return path


def test_the_example_gives_sqlite_and_the_console_and_nothing_else(file: Path) -> None:
    config = load(file, EXAMPLE.read_text("utf-8"))
    assert (config.console_enabled, config.discord_enabled, config.matrix_enabled) == (True, False, False)
    assert make_url(config.database.url.get_secret_value()).database == str(file.parent / "handrail.db")
    assert config.warnings == ()


def test_the_example_says_what_an_empty_file_gives(file: Path) -> None:
    assert load(file, EXAMPLE.read_text("utf-8")) == load(file, "")


def test_every_setting_that_the_example_has_commented_out_is_known(file: Path) -> None:
    secret_file(file.parent).rename(file.parent / "discord.token")
    secret_file(file.parent).rename(file.parent / "matrix.password")
    keys = (
        *("# url =", "# token_file =", "# requests_per_second =", "# shard_count =", "# shards ="),
        *("# homeserver =", "# user_id =", "# password_file ="),
    )
    lines = EXAMPLE.read_text("utf-8").splitlines()
    text = "\n".join(line.removeprefix("# ") if line.startswith(keys) else line for line in lines)
    config = load(file, text)
    assert (config.discord_enabled, config.matrix_enabled) == (True, True)


def test_relative_paths_begin_at_the_files_folder(file: Path) -> None:
    config = load(file, '[encryption]\nkey_file = "keys/my.key"\n[matrix]\nstore_path = "m"')
    assert config.encryption.key_file == file.parent / "keys/my.key"
    assert config.matrix.store_path == file.parent / "m"


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("sqlite:////srv/h.db", "sqlite+aiosqlite:////srv/h.db"),
        ("sqlite+aiosqlite:////srv/h.db", "sqlite+aiosqlite:////srv/h.db"),
        ("sqlite:///:memory:", "sqlite+aiosqlite:///:memory:"),
        ("postgresql://h:p%40ss@db.example.org/handrail", "postgresql+asyncpg://h:p%40ss@db.example.org/handrail"),
        ("postgresql+asyncpg://h@db.example.org/handrail", "postgresql+asyncpg://h@db.example.org/handrail"),
    ],
)
def test_a_databases_address_gets_an_asynchronous_driver(file: Path, given_url: str, url: str) -> None:
    found = load(file, f'[database]\nurl = "{given_url}"').database.url
    assert make_url(found.get_secret_value()) == make_url(url)


def test_a_relative_sqlite_address_begins_at_the_files_folder(file: Path) -> None:
    config = load(file, '[database]\nurl = "sqlite:///data/h.db"')
    assert make_url(config.database.url.get_secret_value()).database == str(file.parent / "data/h.db")


def test_the_environment_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_DISCORD__TOKEN", SECRET)
    monkeypatch.setenv("HANDRAIL_CLOCK__TICK_SECONDS", "0.5")
    monkeypatch.setenv("HANDRAIL_MATRIX__ALLOWED_SERVERS", "a.example, b.example")
    config = load(file, '[discord]\ntoken = "other"\nmessage_content = false\n[clock]\ntick_seconds = 9')
    assert config.discord.token.get_secret_value() == SECRET
    assert config.discord.message_content is False
    assert config.clock.tick_seconds == 0.5
    assert config.matrix.allowed_servers == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("shards", "ids"), [('"0-3"', (0, 1, 2, 3)), ('"2"', (2,)), ("2", (2,)), ('" 1-1 "', (1,)), ('""', ())]
)
def test_the_shards_of_a_process_are_a_range(file: Path, shards: str, ids: tuple[int, ...]) -> None:
    assert load(file, f"[discord]\nshard_count = 4\nshards = {shards}").discord.shard_ids == ids


def test_an_empty_variable_is_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_LOG__LEVEL", "")
    assert load(file, '[log]\nlevel = "debug"').log.level == "debug"


def test_the_encryption_key_may_be_in_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_KEY", SECRET)
    assert load(file, "").encryption.key.get_secret_value() == SECRET


def test_a_token_may_be_in_a_file(file: Path) -> None:
    secret_file(file.parent, f"{SECRET}\n")
    config = load(file, '[discord]\ntoken_file = "secret"')
    assert config.discord.token.get_secret_value() == SECRET
    assert config.discord_enabled
    assert config.warnings == ()


@posix_only
def test_a_secret_file_that_others_can_read_is_warned_of(file: Path) -> None:
    secret_file(file.parent, mode=0o644)
    config = load(file, '[discord]\ntoken_file = "secret"')
    assert [str(warning) for warning in config.warnings] == [
        "secret holds a secret, and others on this computer can read it: chmod 600 it."
    ]


@posix_only
def test_a_configuration_with_a_secret_that_others_can_read_is_warned_of(file: Path) -> None:
    file.chmod(0o644)
    assert load(file, "").warnings == ()
    assert len(load(file, '[discord]\ntoken = "x"').warnings) == 1


def test_a_plain_http_address_of_another_computer_is_warned_of(file: Path) -> None:
    assert load(file, '[discord]\napi_base = "http://127.0.0.1:8000/api/v10"').warnings == ()
    assert [str(w) for w in load(file, '[discord]\napi_base = "http://proxy.example.org"').warnings] == [
        "http://proxy.example.org: not encrypted on its way; use https or wss."
    ]


def test_a_variable_that_is_nearly_ours_is_warned_of(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_DISCORD_TOKEN", SECRET)
    assert [str(warning) for warning in load(file, "").warnings] == [
        "HANDRAIL_DISCORD_TOKEN means nothing; did you mean HANDRAIL_DISCORD__TOKEN?"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[discrod]\n", "config.toml: discrod: unknown key; did you mean discord?"),
        ("_env_file = 1", "config.toml: _env_file: unknown key"),
        ("discord = 4", "config.toml: discord: a table, with keys of its own"),
        ('[discord]\ntokn = "x"', "config.toml: discord.tokn: unknown key; did you mean token?"),
        ("[discord]\ntoken = 4", "config.toml: discord.token: a text in quotation marks"),
        (
            '[discord]\napi_base = "discord.com"',
            'config.toml: discord.api_base: an address such as https://discord.com/api/v10 (got "discord.com")',
        ),
        (
            '[discord]\ngateway_url = "https://discord.com"',
            'config.toml: discord.gateway_url: an address such as wss://gateway.discord.gg (got "https://discord.com")',
        ),
        ("[discord]\nread_back_hours = 169", "config.toml: discord.read_back_hours: hours, from 0 to 168 (got 169)"),
        (
            "[discord]\nrequests_per_second = 0",
            "config.toml: discord.requests_per_second: a whole number from 1 to 1000 (got 0)",
        ),
        (
            "[discord]\nshard_count = 0",
            "config.toml: discord.shard_count: a whole number from 1 to 10000 (got 0)",
        ),
        (
            '[discord]\nshard_count = 4\nshards = "3-1"',
            'config.toml: discord.shards: a range of shards such as "0-3" (got "3-1")',
        ),
        (
            '[discord]\nshard_count = 4\nshards = "all"',
            'config.toml: discord.shards: a range of shards such as "0-3" (got "all")',
        ),
        (
            '[discord]\nshard_count = 4\nshards = "2-4"',
            "config.toml: discord.shards: shards from 0 to 3, as shard_count says",
        ),
        (
            '[discord]\nshards = "0-3"',
            "config.toml: discord.shard_count: missing: into how many shards the servers are divided",
        ),
        ("[discord]\nanswer_within = 3", "config.toml: discord.answer_within: seconds, from 0.1 to 2.9 (got 3)"),
        (
            '[discord]\nmessage_content = "maybe"',
            'config.toml: discord.message_content: true or false (got "maybe")',
        ),
        (
            '[discord]\ntoken_file = "nowhere"',
            "config.toml: discord.token_file: a text file (UTF-8) that can be read",
        ),
        (
            '[matrix]\nuser_id = "@h:example.org"\npassword = "x"',
            "config.toml: matrix.homeserver: missing: the address of the bot's homeserver",
        ),
        (
            '[matrix]\nhomeserver = "https://example.org"\naccess_token = "x"',
            "config.toml: matrix.user_id: missing: the bot's account, such as @handrail:example.org",
        ),
        (
            '[matrix]\nhomeserver = "https://example.org"\nuser_id = "@h:example.org"',
            "config.toml: matrix.password: missing: a password, password_file or access_token",
        ),
        (
            '[matrix]\nuser_id = "handrail"',
            "config.toml: matrix.user_id: a Matrix account such as @name:example.org",
        ),
        (
            '[matrix]\nallowed_servers = ["a b"]',
            'config.toml: matrix.allowed_servers[1]: a server\'s name such as example.org (got "a b")',
        ),
        (
            '[database]\nurl = "mysql://u:do-not-show-me@h/d"',
            "config.toml: database.url: sqlite:///handrail.db or postgresql://user:password@host/database",
        ),
        ("[database]\nfile = 3", "config.toml: database.file: the path of a file (got 3)"),
        (
            '[log]\nlevel = "infos"',
            'config.toml: log.level: one of debug, info, warning, error; did you mean info? (got "infos")',
        ),
        ("[clock]\ntick_seconds = 0", "config.toml: clock.tick_seconds: seconds, from 0.05 to 60 (got 0)"),
        (
            "[clock]\ntick_seconds",
            'config.toml: line 2: TOML: a line such as key = "value", every quotation mark and bracket closed',
        ),
    ],
)
def test_a_bad_setting_is_told_in_one_line(file: Path, text: str, told: str) -> None:
    assert problems(file, text) == [told]


def test_a_missing_file_is_told_in_one_line(file: Path) -> None:
    with pytest.raises(BadFile) as raised:
        load_config(file.with_name("other.toml"))
    assert str(raised.value) == "other.toml: file: a text file (UTF-8) that can be read"


def test_a_file_that_is_no_text_is_told_in_one_line(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile) as raised:
        load_config(file)
    assert str(raised.value) == "config.toml: file: a text file (UTF-8) that can be read"


def test_an_empty_secret_file_is_told_in_one_line(file: Path) -> None:
    secret_file(file.parent, " \n")
    told = problems(file, '[discord]\ntoken_file = "secret"')
    assert told == ["config.toml: discord.token_file: a file that is not empty"]


def test_a_problem_names_the_variable_its_value_is_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_CLOCK__TICK_SECONDS", "often")
    told = ['environment: HANDRAIL_CLOCK__TICK_SECONDS: seconds, from 0.05 to 60 (got "often")']
    assert problems(file, "[clock]\ntick_seconds = 5") == told


def test_a_variable_for_a_whole_section_is_told_in_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_DISCORD", SECRET)
    assert problems(file, "") == [
        "environment: HANDRAIL_DISCORD: one variable for each key, such as HANDRAIL_DISCORD__…"
    ]


def test_secrets_are_in_no_repr(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_KEY", SECRET)
    config = load(
        file,
        f"""[database]
url = "postgresql://h:{SECRET}@localhost/h"
[discord]
token = "{SECRET}"
[matrix]
homeserver = "https://example.org"
user_id = "@h:example.org"
password = "{SECRET}"
access_token = "{SECRET}"
""",
    )
    assert SECRET not in repr(config) + str(config) + "".join(map(str, config.warnings))


def test_secrets_are_in_no_problem(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_DATABASE__URL", f"mysql://{SECRET}")
    told = problems(
        file,
        f"""[discord]
token = ["{SECRET}"]
tokn = "{SECRET}"
[matrix]
password = "{SECRET}"
access_token = {{ a = "{SECRET}" }}
[encryption]
key = ["{SECRET}"]
""",
    )
    assert len(told) >= 5
    assert SECRET not in "\n".join(told)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.text(alphabet='[discord]matrixtoken_le="\n\\{}.#'))
def test_no_text_raises_anything_but_a_bad_file(file: Path, text: str) -> None:
    file.write_text(text, "utf-8", errors="replace")
    with contextlib.suppress(BadFile):
        load_config(file)
