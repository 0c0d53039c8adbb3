"""A real Synapse, started as a process of its own and thrown away afterwards."""

import asyncio
import base64
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_HOST = "127.0.0.1"
_LOG_LINES_SHOWN = 40

# Synapse must not outlive a test run that was killed: when the pipe to the parent ends, so does it.
# os.read, not sys.stdin: a daemon thread inside a buffered read aborts the interpreter's own shutdown.
_LAUNCHER = """
import os, runpy, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
runpy.run_module("synapse.app.homeserver", run_name="__main__", alter_sys=True)
"""


class HomeserverError(Exception):
    """Synapse did not start, or refused something."""


def scratch_directory(prefix: str) -> Path:
    """Make a new temporary directory, in memory where the machine offers that: SQLite waits for the disk."""
    shared_memory = Path("/dev/shm")  # noqa: S108  # mkdtemp makes an unguessable private directory in it
    usable = shared_memory.is_dir() and os.access(shared_memory, os.W_OK | os.X_OK)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=shared_memory if usable else None))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _no_rate_limits() -> dict[str, Any]:
    unlimited = {"per_second": 1_000_000, "burst_count": 1_000_000}
    plain = (
        "message registration registration_token_validity admin_redaction joins_per_room key_requests "
        "3pid_validation third_party_invite media_create delayed_event_mgmt room_creation reports "
        "user_directory profile"
    )
    limits: dict[str, Any] = {f"rc_{name}": unlimited for name in plain.split()}
    limits["rc_login"] = {"address": unlimited, "account": unlimited, "failed_attempts": unlimited}
    limits["rc_joins"] = {"local": unlimited, "remote": unlimited}
    limits["rc_invites"] = {"per_room": unlimited, "per_user": unlimited, "per_issuer": unlimited}
    limits["rc_presence"] = {"per_user": unlimited}
    return limits


class Homeserver:
    """One Synapse on a free loopback port, with SQLite, no federation and no rate limits.

    It is bound to no event loop: the methods named ``*_blocking`` serve fixtures that outlive a loop,
    the coroutines of the same name serve tests.
    """

    server_name = "localhost"

    def __init__(self) -> None:
        self.directory = scratch_directory("handrail-synapse-")
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._write_configuration()

    @property
    def base_url(self) -> str:
        """Where clients reach the server; it stays the same across restarts."""
        return f"http://{_HOST}:{self.port}"

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start Synapse and wait until it answers."""
        await asyncio.to_thread(self.start_blocking)

    async def stop(self) -> None:
        """Ask Synapse to end, as an administrator does; its data stay."""
        await asyncio.to_thread(self.stop_blocking)

    async def kill(self) -> None:
        """End Synapse at once with SIGKILL, as a power cut does; its data stay."""
        await asyncio.to_thread(self.kill_blocking)

    async def restart(self) -> None:
        """Stop if running and start again: same port, same data."""
        await self.stop()
        await self.start()

    async def register(self, username: str, password: str) -> str:
        """Make an account, without logging in; answers the user id."""
        return await asyncio.to_thread(self.register_blocking, username, password)

    def start_blocking(self, *, deadline: float = 90.0) -> None:
        """Start Synapse and wait until it answers; tells the end of its log if it dies."""
        if self.is_running():
            return
        with (self.directory / "output.log").open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter, no outside words
                [sys.executable, "-c", _LAUNCHER, "-c", str(self.directory / "homeserver.yaml")],
                cwd=self.directory,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + deadline
        while not self._healthy():
            if not self.is_running() or time.monotonic() > give_up:
                why = "took too long" if self.is_running() else "died"
                self.kill_blocking()
                raise HomeserverError(f"Synapse {why} while starting. Its log ends with:\n{self._log_tail()}")
            time.sleep(0.05)

    def stop_blocking(self) -> None:
        """Send SIGTERM and wait; after half a minute SIGKILL."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._forget_process()

    def kill_blocking(self) -> None:
        """Send SIGKILL and wait until the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._forget_process()

    def close(self) -> None:
        """End the server and delete everything it stored."""
        self.kill_blocking()
        shutil.rmtree(self.directory, ignore_errors=True)

    def register_blocking(self, username: str, password: str) -> str:
        """Make an account through open registration; no device is made."""
        wish = {
            "auth": {"type": "m.login.dummy"},
            "username": username,
            "password": password,
            "inhibit_login": True,
        }
        status, answer = self._request("POST", "/_matrix/client/v3/register", wish)
        if status != http.HTTPStatus.OK:
            raise HomeserverError(f"registering {username!r}: {status} {answer.get('errcode')}")
        return str(answer["user_id"])

    def _forget_process(self) -> None:
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def _healthy(self) -> bool:
        try:
            return self._request("GET", "/health")[0] == http.HTTPStatus.OK
        except OSError:
            return False

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        # http.client and not urllib: it never looks for a proxy in the environment.
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            text = response.read()
            is_json = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(text) if is_json else {}
        finally:
            connection.close()

    def _log_tail(self) -> str:
        text = ""
        for name in ("homeserver.log", "output.log"):
            log = self.directory / name
            if log.exists():
                text += log.read_text(errors="replace")
        return "\n".join(text.splitlines()[-_LOG_LINES_SHOWN:])

    def _write_configuration(self) -> None:
        seed = base64.b64encode(os.urandom(32)).decode().rstrip("=")
        (self.directory / "signing.key").write_text(f"ed25519 a_{secrets.token_hex(2)} {seed}\n")
        logging = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {
                "file": {
                    "class": "logging.FileHandler",
                    "filename": str(self.directory / "homeserver.log"),
                    "formatter": "plain",
                }
            },
            "root": {"level": "WARNING", "handlers": ["file"]},
        }
        configuration = {
            "server_name": self.server_name,
            "pid_file": str(self.directory / "homeserver.pid"),
            "public_baseurl": f"{self.base_url}/",
            "listeners": [
                # Only "client": without the federation resource no other server can speak to it.
                {
                    "port": self.port,
                    "bind_addresses": [_HOST],
                    "type": "http",
                    "resources": [{"names": ["client"]}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(self.directory / "homeserver.db")}},
            "log_config": str(self.directory / "log.yaml"),
            "media_store_path": str(self.directory / "media"),
            "signing_key_path": str(self.directory / "signing.key"),
            "macaroon_secret_key": secrets.token_hex(32),
            "form_secret": secrets.token_hex(32),
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "report_stats": False,
            "enable_registration": True,
            "enable_registration_without_verification": True,
            # The default is made to be slow; passwords of people who live for a test need not be.
            "bcrypt_rounds": 4,
            # Nobody looks at these, and they are a sixth of its work.
            "presence": {"enabled": False},
            "stats": {"enabled": False},
            "user_directory": {"enabled": False},
            "push": {"enabled": False},
            "send_federation": False,
            "url_preview_enabled": False,
            **_no_rate_limits(),
        }
        # YAML is a superset of JSON, so no YAML library is needed to write it.
        (self.directory / "log.yaml").write_text(json.dumps(logging))
        (self.directory / "homeserver.yaml").write_text(json.dumps(configuration, indent=1))
