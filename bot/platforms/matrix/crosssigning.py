"""The bot signs its own device: many clients neither give keys to, nor show words of, a device that nobody has signed.

It is the same as what a person's client does at its first login (cross-signing): a master key, which signs a
self-signing key, which signs the device. Their secrets are remembered by the hub, sealed, so that they outlive restarts
and the loss of the device. Keys that the account has from elsewhere are never replaced: others may have verified them.
"""

import asyncio
import json
import logging
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nio.api import Api

from bot.core.faults import where
from bot.core.platform import Hub
from bot.platforms.matrix.client import Client
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.patience import Waits
from bot.platforms.matrix.session import PLATFORM, Session

log = logging.getLogger(__name__)

_REMEMBERED = "cross_signing"
_SECONDS = 5.0
"""How long the signing may keep the bot from listening; what takes longer is tried again between two syncs."""

_SIGNING = "signing"

Standing = Literal["signed", "unsigned", "foreign"]
"""How the device stands: signed; not signed (yet); or not signed, on an account with keys that are not the bot's."""


class _Unconfirmed(Exception):
    """The homeserver wants the account's owner to confirm the keys, and the bot cannot."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """The two keys that the bot has made for its account."""

    master: Ed25519PrivateKey
    self_signing: Ed25519PrivateKey

    @classmethod
    async def of(cls, hub: Hub) -> "_Keys | None":
        """Those that the hub remembers; None where none were made."""
        kept = await hub.remembered(PLATFORM, _REMEMBERED)
        if not kept:
            return None
        secrets = json.loads(kept)
        return cls(*(Ed25519PrivateKey.from_private_bytes(b64decode(secrets[name])) for name in ("master", "self")))

    @classmethod
    async def made(cls, hub: Hub) -> "_Keys":
        """New ones, remembered before anybody sees them."""
        keys = cls(Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate())
        secrets = {"master": keys.master, "self": keys.self_signing}
        kept = {name: b64encode(key.private_bytes_raw()).decode() for name, key in secrets.items()}
        await hub.remember(PLATFORM, _REMEMBERED, json.dumps(kept))
        return keys


class CrossSigning:
    """Sees to it that the device is signed, once in a run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client
        self._is_over = False
        self._is_told = False
        self._waits = Waits()

    @property
    def seconds(self) -> float | None:
        """Until it is tried again, at least 0; None if nothing is to be done."""
        return self._waits.seconds

    async def look_after(self) -> None:
        """Sign the device if it is not signed; raises nothing: what fails for the moment is tried again later."""
        if self._is_over or not self._waits.is_due(_SIGNING):
            return
        try:
            async with asyncio.timeout(_SECONDS):
                await self._sign()
        except Exception as trouble:
            is_final = isinstance(trouble, _Unconfirmed) or (isinstance(trouble, Refused) and not trouble.may_pass)
            if not is_final:
                if not self._is_told:
                    log.warning("The Matrix device is not signed yet, and that is tried again: %s", where(trouble))
                self._is_told = True
                self._waits.failed(_SIGNING)
                return
            log.critical(
                "The Matrix device could not be signed, so some people's clients will not show what the bot says:"
                " `handrail check` says what to do (%s)",
                where(trouble),
            )
        self._is_over = True
        self._waits.over(_SIGNING)

    async def _sign(self) -> None:
        me, device_id = self._session.user_id, str(self._client.device_id)
        known = await _known(self._client, me)
        keys = await _Keys.of(self._session.hub)
        standing = _standing(known, me, device_id, keys)
        if standing == "foreign":
            log.critical(
                "The Matrix account has cross-signing keys that are not the bot's, and they do not sign its device:"
                " some people's clients will not show what it says. `handrail check` says what to do"
            )
        if standing != "unsigned":
            return
        device = _mapping(_mapping(_mapping(known.get("device_keys")).get(me)).get(device_id))
        if not self._is_own(device):
            raise Refused(None, None)  # the homeserver has not taken the device's keys yet
        if keys is None:
            keys = await _Keys.made(self._session.hub)
        await self._upload(keys, me)
        signed = _signed(device, keys.self_signing, me)
        answer = await self._client.call("POST", "keys", "signatures", "upload", body={me: {device_id: signed}})
        if answer.get("failures"):
            raise _Unconfirmed
        log.info("The Matrix device %s is signed by its account", device_id)

    def _is_own(self, device: Mapping[str, Any]) -> bool:
        """Whether these are this device's own keys: no others are signed, whatever the homeserver says."""
        own = self._client.olm.account.identity_keys
        named = {f"{kind}:{self._client.device_id}": own[kind] for kind in ("ed25519", "curve25519")}
        return _mapping(device.get("keys")) == named

    async def _upload(self, keys: _Keys, me: str) -> None:
        """Give the account its keys; some homeservers want the password with that."""
        body: dict[str, Any] = {
            "master_key": _described(keys.master, "master", me),
            "self_signing_key": _signed(_described(keys.self_signing, "self_signing", me), keys.master, me),
        }
        address = ("keys", "device_signing", "upload")
        try:
            await self._client.call("POST", *address, body=body)
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED or refused.token_is_dead:
                raise
        else:
            return
        password = self._session.account.password
        # With the password keys could be replaced, too: only an account without any gets them so.
        if password is None or _master(await _known(self._client, me), me) is not None:
            raise _Unconfirmed
        user = {"type": "m.id.user", "user": me}
        body["auth"] = {"type": "m.login.password", "identifier": user, "password": password}
        try:
            await self._client.call("POST", *address, body=body)
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED or refused.token_is_dead:
                raise
            raise _Unconfirmed from refused


async def standing_of(client: Client, hub: Hub, user_id: str, device_id: str) -> Standing:
    """How the device stands; raises `Refused`, or a connection's error."""
    return _standing(await _known(client, user_id), user_id, device_id, await _Keys.of(hub))


async def _known(client: Client, user_id: str) -> dict[str, Any]:
    return await client.call("POST", "keys", "query", body={"device_keys": {user_id: []}})


def _standing(known: Mapping[str, Any], me: str, device_id: str, keys: _Keys | None) -> Standing:
    device = _mapping(_mapping(_mapping(known.get("device_keys")).get(me)).get(device_id))
    signatures = _mapping(_mapping(device.get("signatures")).get(me))
    self_signing = _only_key(_mapping(known.get("self_signing_keys")).get(me))
    if self_signing is not None and f"ed25519:{self_signing}" in signatures:
        return "signed"
    master = _master(known, me)
    own = None if keys is None else _public(keys.master)
    return "unsigned" if master in {None, own} else "foreign"


def _master(known: Mapping[str, Any], me: str) -> str | None:
    return _only_key(_mapping(known.get("master_keys")).get(me))


def _only_key(described: object) -> str | None:
    """The public key in a description such as `_described` makes."""
    return next((key for key in _mapping(_mapping(described).get("keys")).values() if isinstance(key, str)), None)


def _described(key: Ed25519PrivateKey, usage: str, me: str) -> dict[str, Any]:
    public = _public(key)
    return {"user_id": me, "usage": [usage], "keys": {f"ed25519:{public}": public}}


def _signed(value: Mapping[str, Any], key: Ed25519PrivateKey, me: str) -> dict[str, Any]:
    plain = {name: part for name, part in value.items() if name not in {"signatures", "unsigned"}}
    signature = _unpadded(key.sign(Api.to_canonical_json(plain).encode()))
    return plain | {"signatures": {me: {f"ed25519:{_public(key)}": signature}}}


def _public(key: Ed25519PrivateKey) -> str:
    return _unpadded(key.public_key().public_bytes_raw())


def _unpadded(raw: bytes) -> str:
    return b64encode(raw).decode().rstrip("=")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
