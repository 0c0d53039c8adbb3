"""Matrix: the login, the device, its keys, and `handrail check`."""

import json
import shutil
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import matrix_scene
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from matrix_scene import RunningBot, saying
from nio.api import Api
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson

from bot.platforms.matrix import ConnectionLost, LoginRefused

# pytest finds a fixture by its name in the module.
bot = matrix_scene.bot


async def test_a_wrong_password_says_what_to_do(homeserver: Homeserver, tmp_path: Path) -> None:
    right = await RunningBot.registered(homeserver, tmp_path / "keys")
    wrong = RunningBot(replace(right.account, password="not the password"))
    with pytest.raises(LoginRefused, match="password"):
        await wrong.start()
    await wrong.stop()


async def test_a_token_taken_back_ends_the_run_and_the_password_brings_the_same_device_back(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    first = await bot.send("direct", anna.user_id, "Same", "k1")
    device, token = bot.hub.memory["device_id"], bot.hub.memory["access_token"]
    await anna.client.send("POST", "/_matrix/client/v3/logout", "{}", {"Authorization": f"Bearer {token}"})
    assert isinstance(await bot.ends(), ConnectionLost)
    await bot.start()
    assert bot.hub.memory["device_id"] == device
    assert bot.hub.memory["access_token"] != token
    assert await bot.send("direct", anna.user_id, "Same", "k1") == first


async def test_check_finds_nothing_broken_while_running(bot: RunningBot) -> None:
    found = await bot.platform.check()
    assert [finding.level for finding in found if finding.level == "broken"] == []
    assert len(found) >= 5
    told = " ".join(finding.what + finding.mend for finding in found)
    assert str(bot.account.password) not in told
    assert bot.hub.memory["access_token"] not in told


async def test_check_says_how_to_mend_a_wrong_address_and_a_wrong_password(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    right = await RunningBot.registered(homeserver, tmp_path / "keys")
    for account in (
        replace(right.account, homeserver="http://127.0.0.1:9"),
        replace(right.account, password="not the password"),
    ):
        broken = [finding for finding in await RunningBot(account).platform.check() if finding.level == "broken"]
        assert broken
        assert all(finding.mend for finding in broken)


async def test_an_access_token_is_used_with_its_own_device(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, tmp_path: Path
) -> None:
    anna = await matrix_person("anna")
    first = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with first:
        token, device = first.hub.memory["access_token"], first.hub.memory["device_id"]
    second = RunningBot(replace(first.account, password=None, access_token=token))
    second.hub.memory["pickle_key"] = first.hub.memory["pickle_key"]
    async with second:
        assert second.hub.memory["device_id"] == device
        await second.send("direct", anna.user_id, "hello", "k1")


async def test_a_changed_device_is_said_aloud(
    homeserver: Homeserver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with bot:
        pass
    token = bot.hub.memory["access_token"]
    again = RunningBot(replace(bot.account, access_token=token))
    again.hub.memory |= bot.hub.memory | {"device_id": "LOSTDEVICE"}
    async with again:
        assert any(record.levelname == "CRITICAL" and "LOSTDEVICE" in record.message for record in caplog.records)


async def test_closing_twice_is_harmless(homeserver: Homeserver, tmp_path: Path) -> None:
    bot = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with bot:
        await bot.stop()
        await bot.platform.close()


async def test_a_device_that_has_lost_its_keys_is_replaced_aloud(
    homeserver: Homeserver,
    matrix_person: MatrixPersonFactory,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    anna = await matrix_person("anna")
    bot = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with bot:
        lost = bot.hub.memory["device_id"]
        await bot.send("direct", anna.user_id, "one", "k1")
        room = (await anna.wait_for_message(None, saying("one"))).room_id
    shutil.rmtree(bot.account.store_path)
    async with bot:
        assert any(record.levelname == "CRITICAL" and lost in record.message for record in caplog.records)
        assert bot.hub.memory["device_id"] != lost
        await bot.send("direct", anna.user_id, "two", "k2")
        assert (await anna.wait_for_message(room, saying("two"))).decrypted
        await anna.says(room, "three")
        await bot.hub.hears_text("three")


async def _keys_of(bot: RunningBot, asker: MatrixPerson) -> dict[str, Any]:
    """What the homeserver tells others of the bot's keys."""
    response = await asker.client.send(
        "POST",
        "/_matrix/client/v3/keys/query",
        json.dumps({"device_keys": {bot.user_id: []}}),
        {"Authorization": f"Bearer {asker.client.access_token}"},
    )
    keys: dict[str, Any] = await response.json()
    return keys


def _signer(keys: dict[str, Any], user_id: str) -> str:
    (name,) = keys["self_signing_keys"][user_id]["keys"]
    return str(name)


async def test_the_bot_signs_its_device_with_keys_that_outlive_restarts_and_the_device(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    first = await _keys_of(bot, anna)
    await bot.stop()
    shutil.rmtree(bot.account.store_path)
    await bot.start()
    again = await _keys_of(bot, anna)
    assert again["master_keys"] == first["master_keys"]
    signer = _signer(first, bot.user_id)
    assert signer == _signer(again, bot.user_id)
    for keys in (first, again):
        (device,) = keys["device_keys"][bot.user_id].values()
        public = Ed25519PublicKey.from_public_bytes(b64decode(f"{signer.removeprefix('ed25519:')}="))
        signature = device["signatures"][bot.user_id][signer]
        signed = {name: part for name, part in device.items() if name not in {"signatures", "unsigned"}}
        public.verify(b64decode(f"{signature}=="), Api.to_canonical_json(signed).encode())
    assert "signed by its account" in " ".join(finding.what for finding in await bot.platform.check())


async def test_cross_signing_keys_from_another_client_are_not_replaced_and_check_says_what_to_do(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, tmp_path: Path
) -> None:
    anna = await matrix_person("anna")
    other = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with other:
        theirs = await _keys_of(other, anna)
    bot = RunningBot(replace(other.account, store_path=tmp_path / "new"))
    async with bot:
        assert (await _keys_of(bot, anna))["master_keys"] == theirs["master_keys"]
        (told,) = (finding for finding in await bot.platform.check() if "cross-signing" in finding.what)
        assert bot.hub.memory["device_id"] in told.mend


async def test_a_key_file_of_another_database_is_not_touched(homeserver: Homeserver, tmp_path: Path) -> None:
    bot = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with bot:
        pass
    bot.hub.memory["pickle_key"] = "another"
    with pytest.raises(LoginRefused, match="database"):
        await bot.start()


async def test_closing_ends_the_run(bot: RunningBot) -> None:
    await bot.platform.close()
    assert await bot.ends() is None
