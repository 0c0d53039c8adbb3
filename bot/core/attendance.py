"""A note that somebody was at a meeting: what it says, and how anybody can check that it is genuine.

It is plain text in the person's language between two marks, closed by an Ed25519 signature (RFC 8032) over that text,
with the public key. Blanks at the ends of lines, empty lines around the text, the kind of line ends and whatever stands
before and after the note do not count, so that it survives being copied into a mail.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.core.text import normalize

NOTE_LIMIT: Final = 20_000
"""Characters of a text that is looked through for a note."""
SEED_BYTES: Final = 32

_NOTE = "-----BEGIN HANDRAIL NOTE-----"
_BEGIN, _END = "-----BEGIN HANDRAIL SIGNATURE-----", "-----END HANDRAIL SIGNATURE-----"
_SIGNED: Final = re.compile(
    rf"{_NOTE}\n(?P<body>.*?)\n{_BEGIN}\n"
    rf"\s*key ed25519 (?P<key>[\w-]{{43}})\s*\n\s*(?P<signature>[\w-]{{86}})\s*\n{_END}",
    re.DOTALL | re.ASCII,
)


class NoNote(ValueError):
    """The text is no note with a signature."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A note: what it says, and the public key with which it says it was signed (url-safe base64)."""

    body: str
    key: str


def public_key(seed: bytes) -> str:
    """The public key that belongs to a secret seed of 32 bytes: 43 characters of url-safe base64."""
    return _encoded(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def sign(body: str, seed: bytes) -> str:
    """The note with its signature below. Raises `ValueError` for an empty body, or one that is a note already."""
    plain = _canonical(body)
    if not plain or _NOTE in plain or _BEGIN in plain:
        raise ValueError("no body, or one that holds a signature already")
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(plain.encode())
    return f"{_NOTE}\n{plain}\n{_BEGIN}\nkey ed25519 {public_key(seed)}\n{_encoded(signature)}\n{_END}\n"


def value(text: str) -> str:
    """A name as it can stand in a note: on one line, and with no marks of a note in it."""
    return " ".join(text.replace("-----", "–").split())


def read(text: str) -> Signed:
    """The note in `text`, if its signature fits its words and the key in it.

    Whose key that is must be compared. Raises `NoNote` if there is none, `InvalidSignature` if something was changed.
    """
    found = _SIGNED.search(_canonical(text[:NOTE_LIMIT]))
    if found is None:
        raise NoNote
    body = found["body"].strip("\n")
    try:
        key = Ed25519PublicKey.from_public_bytes(_decoded(found["key"]))
        signature = _decoded(found["signature"])
    except (ValueError, binascii.Error):
        raise InvalidSignature from None
    key.verify(signature, body.encode())
    return Signed(body, found["key"])


def _canonical(text: str) -> str:
    lines = normalize("NFC", text.replace("\ufeff", "")).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
