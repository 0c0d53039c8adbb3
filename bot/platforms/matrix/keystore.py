"""The file with the device's encryption keys, and the secret that locks it."""

import logging
import secrets
from pathlib import Path

from bot.core.platform import Hub
from bot.core.words import _
from bot.platforms.matrix.account import MatrixAccount
from bot.platforms.matrix.client import Client
from bot.platforms.matrix.errors import LoginRefused

log = logging.getLogger(__name__)

_PICKLE_KEY_BYTES = 32


def key_file(account: MatrixAccount, device_id: str) -> Path:
    """Where nio keeps the keys of a device."""
    return account.store_path / f"{account.user_id}_{device_id}.db"


async def pickle_key(hub: Hub) -> str:
    """The secret that locks the key file; it lives in the bot's own encrypted database."""
    key = await hub.remembered("matrix", "pickle_key")
    if not key:
        key = secrets.token_urlsafe(_PICKLE_KEY_BYTES)
        await hub.remember("matrix", "pickle_key", key)
    return key


async def keys_are_lost(account: MatrixAccount, client: Client, device_id: str) -> bool:
    """Whether others know keys of this device that are not here: then it can neither read nor be read.

    Raises `Refused`, or a connection's error.
    """
    if key_file(account, device_id).is_file():
        return False
    question = {"device_keys": {account.user_id: [device_id]}}
    known = (await client.call("POST", "keys", "query", body=question)).get("device_keys", {})
    return bool(known.get(account.user_id, {}).get(device_id))


def open_key_file(client: Client, user_id: str, device_id: str, access_token: str) -> None:
    """Log the client in with its keys; raises `LoginRefused` if they are locked with another secret."""
    try:
        client.restore_login(user_id, device_id, access_token)
    except OSError:
        raise
    except Exception as locked:  # vodozemac's exceptions have no public names
        log.critical("The Matrix key file of device %s cannot be opened: %s", device_id, type(locked).__name__)
        raise LoginRefused(
            _(
                "The Matrix key file does not open with this database. Bring back the database it belongs to, or move "
                "the key directory away to begin as a new device."
            )
        ) from locked
