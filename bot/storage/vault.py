"""Encryption at rest: whatever words of people must be stored are sealed before they reach the database.

Fernet (AES-128-CBC with HMAC-SHA256, from the `cryptography` package). Each sealed value is bound to its purpose,
so that a value copied into another column does not open.
"""

import base64
import hashlib
import hmac
import json
import os
import stat
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

KEY_VARIABLE = "HANDRAIL_KEY"
KEY_BYTES = 32


class KeyProblem(Exception):
    """The encryption key is missing or wrong: nothing was read or overwritten. `what` is wrong, and what to do."""

    def __init__(self, what: str, mend: str = "Put the right key back from your backup.") -> None:
        super().__init__(f"{what} {mend}")
        self.what = what
        self.mend = mend


class Vault:
    """Seals and opens texts with one key (32 bytes, url-safe base64)."""

    def __init__(self, key: bytes) -> None:
        try:
            raw = base64.urlsafe_b64decode(key)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise KeyProblem(
                "The encryption key is not a key: 44 characters of url-safe base64 are expected.",
                "Put the right key back from your backup; if the bot has never run yet, delete the file instead, and"
                " the first run makes a key.",
            )
        self._raw = raw
        self._fernets: dict[str, Fernet] = {}

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without telling anything about the key."""
        return hmac.new(self._raw, b"handrail key fingerprint", hashlib.sha256).hexdigest()[:32]

    def seal(self, text: str, purpose: str) -> bytes:
        """`text` as an encrypted token; `purpose` names the column it is for."""
        return self.seal_bytes(text.encode(), purpose)

    def open(self, token: bytes, purpose: str) -> str:
        """The text that was sealed for `purpose`; raises `KeyProblem` if it was not, or not with this key."""
        return self.open_bytes(token, purpose).decode()

    def seal_bytes(self, data: bytes, purpose: str) -> bytes:
        """`data`, such as a picture, as an encrypted token of a third more bytes."""
        return self._fernet(purpose).encrypt(data)

    def open_bytes(self, token: bytes, purpose: str) -> bytes:
        """What `seal_bytes` sealed for `purpose`; raises `KeyProblem` if it was not, or not with this key."""
        try:
            return self._fernet(purpose).decrypt(token)
        except InvalidToken:
            raise KeyProblem(f"A stored value ({purpose}) cannot be opened with this encryption key.") from None

    def seal_json(self, value: Any, purpose: str) -> bytes:
        """A JSON value, sealed."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), purpose)

    def open_json(self, token: bytes, purpose: str) -> Any:
        """What `seal_json` sealed."""
        return json.loads(self.open(token, purpose))

    def digest(self, text: str, purpose: str) -> str:
        """64 characters that are the same for the same text, and tell nothing of it without the key."""
        keyed = hmac.new(self._raw, b"handrail digest:" + purpose.encode(), hashlib.sha256).digest()
        return hmac.new(keyed, text.encode(), hashlib.sha256).hexdigest()

    def seed(self, purpose: str) -> bytes:
        """32 secret bytes that are the same for the same purpose, such as the seed of a key to sign with."""
        return hmac.new(self._raw, b"handrail seed:" + purpose.encode(), hashlib.sha256).digest()

    def _fernet(self, purpose: str) -> Fernet:
        if purpose not in self._fernets:
            derived = hmac.new(self._raw, b"handrail:" + purpose.encode(), hashlib.sha256).digest()
            self._fernets[purpose] = Fernet(base64.urlsafe_b64encode(derived))
        return self._fernets[purpose]


def load_key(file: Path) -> bytes | None:
    """The key from the environment, else from `file`; None if there is neither."""
    from_environment = os.environ.get(KEY_VARIABLE, "").strip()
    if from_environment:
        return from_environment.encode()
    if not file.exists():
        return None
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise KeyProblem(f"{file.name} can be read by others on this machine.", f"Run: chmod 600 {file}")
    return file.read_bytes().strip()


def make_key(file: Path) -> bytes:
    """A new key, written to `file`, readable by its owner only. An existing file is never overwritten."""
    key = Fernet.generate_key()
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(key + b"\n")
    return key
