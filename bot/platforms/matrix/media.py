"""Pictures in rooms: told of when they come, brought and decrypted when somebody wants to see them."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from nio.crypto.attachments import decrypt_attachment
from nio.exceptions import EncryptionError

from bot.core.content import Fetch
from bot.core.inbound import Picture
from bot.core.pictures import KINDS
from bot.core.platform import DOWNLOAD_SECONDS, NeverAgain
from bot.platforms.matrix.client import Client

_MXC = re.compile(r"mxc://([A-Za-z0-9.\-:\[\]]{1,255})/([A-Za-z0-9_\-]{1,255})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{1,100}={0,2}")
_LARGEST_SIZE = 2**31 - 1


def pictures_of(content: Mapping[str, Any]) -> tuple[Picture, ...]:
    """The picture of an `m.image` event that can be brought; () for anything else."""
    info = content.get("info")
    info = info if isinstance(info, dict) else {}
    kind, size = info.get("mimetype"), info.get("size")
    source = _source(content)
    if content.get("msgtype") != "m.image" or source is None or kind not in KINDS:
        return ()
    size = size if isinstance(size, int) and not isinstance(size, bool) else 0
    return (Picture(source=json.dumps(source), kind=kind, size=min(max(size, 0), _LARGEST_SIZE)),)


def _source(content: Mapping[str, Any]) -> dict[str, str] | None:
    """Its address, and if it is encrypted its key, counter and hash."""
    file = content.get("file")
    if file is None:
        return _matching({"url": content.get("url")})
    if not isinstance(file, dict):
        return None
    key, hashes = file.get("key"), file.get("hashes")
    given = {
        "url": file.get("url"),
        "key": key.get("k") if isinstance(key, dict) else None,
        "sha256": hashes.get("sha256") if isinstance(hashes, dict) else None,
        "iv": file.get("iv"),
    }
    return _matching(given)


def _matching(given: Mapping[str, object]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, str) or not (_MXC if name == "url" else _BASE64).fullmatch(value):
            return None
        found[name] = value
    return found


async def bring(client: Client, fetch: Fetch) -> bytes:
    """The file of a picture, from the bot's own homeserver; raises `SendError`, `Refused`, a connection's error."""
    source = json.loads(fetch.source)
    if (found := _MXC.fullmatch(source["url"])) is None:
        raise NeverAgain("the picture is not one of Matrix")
    server, media = (quote(part, safe="") for part in found.groups())
    address = f"/_matrix/client/v1/media/download/{server}/{media}"
    data = await client.download_at_most(address, fetch.limit, DOWNLOAD_SECONDS)
    if "key" not in source:
        return data
    try:
        decrypted: bytes = decrypt_attachment(data, source["key"], source["sha256"], source["iv"])
    except (EncryptionError, ValueError, OverflowError):
        raise NeverAgain("the picture cannot be decrypted, or is not the one that was sent") from None
    return decrypted
