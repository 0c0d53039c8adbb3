"""Being logged in: the same device for ever, its keys, and what the hub remembers of it."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.platform import Hub
from bot.core.words import _
from bot.platforms.matrix.account import MatrixAccount
from bot.platforms.matrix.client import Client
from bot.platforms.matrix.errors import LoginRefused, Refused
from bot.platforms.matrix.keystore import keys_are_lost, open_key_file, pickle_key
from bot.platforms.matrix.patience import patiently

log = logging.getLogger(__name__)

PLATFORM = "matrix"
_DEVICE_ID_BYTES = 5


@dataclass(frozen=True, slots=True)
class Login:
    """What the homeserver knows the bot by."""

    user_id: str
    device_id: str
    access_token: str


class Session:
    """A logged-in client, and the memory it shares with the hub."""

    def __init__(self, account: MatrixAccount, hub: Hub, client: Client) -> None:
        self.account = account
        self.hub = hub
        self.client = client

    @property
    def user_id(self) -> str:
        """The bot's own user id."""
        return str(self.client.user_id)

    async def remembered(self, name: str) -> str | None:
        """What was stored under `name`; None for nothing and for an emptied value."""
        return await self.hub.remembered(PLATFORM, name) or None

    async def remember(self, name: str, value: str) -> None:
        """Store `value` under `name`."""
        await self.hub.remember(PLATFORM, name, value)

    async def remember_all(self, values: Mapping[str, str]) -> None:
        """Store several values by their names, all or none of them."""
        await self.hub.remember_all(PLATFORM, values)


async def open_session(account: MatrixAccount, hub: Hub) -> Session:
    """Log in and open the key file.

    Raises `LoginRefused` where an operator must act, `ConnectionLost` and `Refused`, and an `OSError` where the
    key directory cannot be used.
    """
    account.store_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    client = Client(
        account.homeserver,
        account.user_id,
        store_path=str(account.store_path),
        pickle_key=await pickle_key(hub),
    )
    try:
        login = await patiently(lambda: _readable_login(account, hub, client))
        open_key_file(client, login.user_id, login.device_id, login.access_token)
    except BaseException:
        await client.close()
        raise
    return Session(account, hub, client)


async def _readable_login(account: MatrixAccount, hub: Hub, client: Client) -> Login:
    """Log in as a device whose keys are here: the one it always was, or else a new one."""
    login = await log_in(account, hub, client)
    client.access_token = login.access_token
    try:
        if not await keys_are_lost(account, client, login.device_id):
            return login
        log.critical("The encryption keys of Matrix device %s are LOST: it cannot be used again", login.device_id)
        if account.access_token is not None or account.password is None:
            raise LoginRefused(
                _(
                    "The encryption keys of the Matrix device are gone. Bring the key directory back, or set the "
                    "password or the token of a new login."
                )
            )
        # Nobody shall go on writing to a device that cannot read.
        await client.call("POST", "logout", body={})
    finally:
        client.access_token = ""
    await hub.remember(PLATFORM, "access_token", "")
    await hub.remember(PLATFORM, "device_id", "")
    return await log_in(account, hub, client)


async def log_in(account: MatrixAccount, hub: Hub, client: Client) -> Login:
    """Be let in with the configured token, the remembered one, or the password, in this order.

    `client` must not be logged in; it is left so that the caller decides whether to open the key store.
    """
    try:
        if account.access_token is not None:
            login = await _with_token(account, client, account.access_token)
            if login is None:
                raise LoginRefused(
                    _("The homeserver does not accept the Matrix access token. Set a new one, or the password.")
                )
        else:
            token = await hub.remembered(PLATFORM, "access_token")
            login = await _with_token(account, client, token) if token else None
            if login is None:
                login = await _with_password(account, hub, client)
    finally:
        client.access_token = ""
    await _keep_device(hub, login.device_id)
    if account.access_token is None:
        await hub.remember(PLATFORM, "access_token", login.access_token)
    return login


async def _with_token(account: MatrixAccount, client: Client, token: str) -> Login | None:
    """Ask whom the token belongs to; None if it is dead."""
    client.access_token = token
    try:
        answer = await client.call("GET", "account", "whoami")
    except Refused as refused:
        if refused.token_is_dead:
            return None
        raise
    if answer.get("user_id") != account.user_id:
        if account.access_token is None:
            return None  # the operator has set another account since
        raise LoginRefused(_("The Matrix access token belongs to another account than the configured user id."))
    device_id = answer.get("device_id")
    if not isinstance(device_id, str) or not device_id:
        raise LoginRefused(_("The Matrix access token has no device. Use the token of an ordinary login."))
    return Login(account.user_id, device_id, token)


async def _with_password(account: MatrixAccount, hub: Hub, client: Client) -> Login:
    if account.password is None:
        raise LoginRefused(_("The bot is logged out of Matrix. Set its password or a new access token."))
    device_id = await hub.remembered(PLATFORM, "device_id")
    if not device_id:
        # Remembered before it is used: a crash in between must not leave a second device behind.
        device_id = secrets.token_hex(_DEVICE_ID_BYTES).upper()
        await hub.remember(PLATFORM, "device_id", device_id)
    client.access_token = ""
    wish = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": account.user_id},
        "password": account.password,
        "device_id": device_id,
        "initial_device_display_name": account.device_name,
    }
    try:
        answer = await client.call("POST", "login", body=wish)
    except Refused as refused:
        if refused.may_pass:
            raise
        raise LoginRefused(
            _(
                "The homeserver refused the Matrix login: {reason}. Check the user id and the password.",
                reason=str(refused),
            )
        ) from refused
    token, device = answer.get("access_token"), answer.get("device_id")
    if not isinstance(token, str) or not isinstance(device, str) or answer.get("user_id") != account.user_id:
        raise LoginRefused(_("The homeserver's answer to the Matrix login makes no sense. Check its address."))
    return Login(account.user_id, device, token)


async def _keep_device(hub: Hub, device_id: str) -> None:
    kept = await hub.remembered(PLATFORM, "device_id")
    if kept and kept != device_id:
        log.critical(
            "The Matrix device id has changed from %s to %s: encrypted messages from before CANNOT BE READ, and "
            "messages may go out twice. Log in as the old device if it still exists.",
            kept,
            device_id,
        )
    if kept != device_id:
        await hub.remember(PLATFORM, "device_id", device_id)
