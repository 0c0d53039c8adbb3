"""What takes long on Matrix, an invitation or the database, is waited for, and nobody else waits with it."""

import asyncio
import logging
import time
from pathlib import Path
from uuid import uuid4

import nio
import pytest
import test_matrix_weather
from matrix_hub import RecordingHub
from matrix_scene import RunningBot, direct_room_with, room_with
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.proxy import FaultProxy

from bot.core.inbound import Inbound
from bot.platforms.matrix import MatrixAccount
from bot.platforms.matrix.client import Client
from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.invitations import Invitations
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session
from bot.platforms.matrix.upgrades import Upgrades

# pytest finds a fixture by its name in the module.
bot, proxy, short_errands = test_matrix_weather.bot, test_matrix_weather.proxy, test_matrix_weather.short_errands

_FOR_EVER = 10_000

# Invitations


@pytest.mark.usefixtures("short_errands")
async def test_an_invitation_from_somebody_trusted_is_followed_however_often_joining_has_failed(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    proxy.fail_next("POST", "/join/", times=8)
    room = await anna.create_room(invite=[bot.user_id])
    await anna.members_joined(room, [bot.user_id])
    assert proxy.failed == 8


@pytest.mark.usefixtures("short_errands")
async def test_an_invitation_that_waits_for_long_holds_no_position_back_and_is_followed_after_a_restart(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.invitations._HELD_SECONDS", 0.0, raising=False)
    anna = await matrix_person("anna")
    common = await room_with(bot, anna)
    proxy.fail_next("POST", "/join/", times=_FOR_EVER)
    room = await anna.create_room(invite=[bot.user_id], direct=True)
    await bot.hub.until(lambda: bot.hub.memory.get("invitations"), "the invitation to be remembered")
    said = await anna.says(common, "hello")
    await bot.hub.hears_text("hello")
    await bot.hub.is_past(said)
    await bot.stop()
    proxy.heal_requests()
    await bot.start()
    await anna.members_joined(room, [bot.user_id])
    await bot.hub.until(lambda: bot.hub.memory["invitations"] == "", "the invitation to be forgotten")
    await anna.says(room, "I need somebody")
    assert (await bot.hub.hears_text("I need somebody")).private


@pytest.mark.usefixtures("short_errands")
async def test_an_invitation_that_waits_for_a_moment_is_followed_after_a_restart(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.invitations._HELD_SECONDS", 3600.0)
    anna = await matrix_person("anna")
    common = await room_with(bot, anna)
    proxy.fail_next("POST", "/join/", times=_FOR_EVER)
    room = await anna.create_room(invite=[bot.user_id])
    await anna.says(common, "hello")
    await bot.hub.hears_text("hello")
    assert "invitations" not in bot.hub.memory
    await bot.stop()
    proxy.heal_requests()
    await bot.start()
    await anna.members_joined(room, [bot.user_id])


@pytest.mark.usefixtures("short_errands")
async def test_the_operator_is_told_once_of_an_invitation_that_was_given_up(
    bot: RunningBot,
    proxy: FaultProxy,
    matrix_person: MatrixPersonFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    anna = await matrix_person("anna")
    common = await room_with(bot, anna)
    monkeypatch.setattr("bot.platforms.matrix.invitations._GIVE_UP_SECONDS", 0.0)
    proxy.fail_next("POST", "/join/", times=_FOR_EVER)
    room = await anna.create_room(invite=[bot.user_id])
    for number in range(3):
        said = await anna.says(common, f"number {number}")
        await bot.hub.hears_text(f"number {number}")
    await bot.hub.is_past(said)
    (told,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert room in told
    assert "have the bot invited again" in told
    assert anna.user_id not in caplog.text
    assert proxy.failed == 1


@pytest.mark.usefixtures("short_errands")
async def test_an_invitation_whose_refusal_is_final_is_given_up_at_once(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    common = await room_with(bot, anna)
    proxy.fail_next("POST", "/join/", status=403, times=_FOR_EVER)
    await anna.create_room(invite=[bot.user_id])
    said = await anna.says(common, "hello")
    await bot.hub.hears_text("hello")
    await bot.hub.is_past(said)
    assert proxy.failed == 1


class Homeserver(Client):
    """Takes as long to answer as the test wants, by the loop's clock."""

    def __init__(self, folder: Path) -> None:
        super().__init__("http://localhost:1", "@bot:localhost", store_path=str(folder))
        self.user_id = "@bot:localhost"
        self.asked: list[str] = []
        self.seconds = self.passed = 0.0
        self.answers = True
        asyncio.get_running_loop().time = lambda: time.monotonic() + self.passed  # type: ignore[method-assign]  # so that no test waits

    async def call(
        self, method: str, *path: str, body: object = None, query: dict[str, str] | None = None
    ) -> dict[str, object]:
        self.asked.append(path[1])
        self.passed += self.seconds
        if not self.answers:
            raise TimeoutError
        self.answers = False
        return {}


def invited_by(inviter: str) -> list[nio.InviteMemberEvent]:
    content = {"membership": "invite"}
    source = {"type": "m.room.member", "sender": inviter, "state_key": "@bot:localhost", "content": content}
    return [nio.InviteMemberEvent.from_dict(source)]


async def test_an_invitation_for_which_others_left_no_time_has_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.invitations._ATTEMPTS", 1)
    monkeypatch.setattr("bot.platforms.matrix.patience.FIRST_WAIT_SECONDS", 0.0)
    server = Homeserver(tmp_path)
    account = MatrixAccount(
        homeserver="http://localhost:1", user_id="@bot:localhost", password=uuid4().hex, store_path=tmp_path
    )
    session = Session(account, RecordingHub(), server)
    rooms = Rooms(session)
    directs = DirectRooms(session, rooms)
    invitations = Invitations(session, rooms, directs, Upgrades(session, rooms, directs))
    loop = asyncio.get_running_loop()
    for room_id in ("!slow:localhost", "!next:localhost"):
        invitations.take_in(room_id, invited_by("@mallory:elsewhere.example"))
    server.seconds = 9.0
    await invitations.answer(loop.time() + 10)
    server.seconds, server.answers = 0.0, True
    await invitations.answer(loop.time() + 10)
    assert server.asked == ["!slow:localhost", "!next:localhost", "!next:localhost"]


# The database


async def test_somebody_in_danger_reaches_the_hub_although_all_that_are_heard_hang(
    bot: RunningBot, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(inbound: Inbound) -> None:
        if inbound.text.startswith("!help"):
            await asyncio.Event().wait()

    monkeypatch.setattr("bot.platforms.matrix.unheard._MOST_AT_ONCE", 2)
    monkeypatch.setattr("bot.platforms.matrix.unheard._IN_TURN_SECONDS", 0.1)
    monkeypatch.setattr("bot.platforms.matrix.unheard._FULL_SECONDS", 0.1, raising=False)
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna, encrypted=False)
    bot.hub.on_receive = hang
    hanging = [await anna.says(room, f"!help {number}") for number in range(2)]
    await anna.says(room, "I want to die")
    await bot.hub.hears_text("I want to die")
    await bot.stop()
    bot.hub.on_receive = None
    await bot.start()
    await bot.hub.hears_text("!help 1")
    assert [bot.hub.times_heard(event_id) for event_id in hanging] == [1, 1]


async def test_of_too_many_that_hang_the_last_are_heard_later(
    bot: RunningBot, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = asyncio.Event()

    async def hang(inbound: Inbound) -> None:
        if inbound.text.startswith("!help"):
            await over.wait()

    monkeypatch.setattr("bot.platforms.matrix.unheard._MOST_IN_HAND", 1, raising=False)
    monkeypatch.setattr("bot.platforms.matrix.unheard._IN_TURN_SECONDS", 0.1)
    monkeypatch.setattr("bot.platforms.matrix.patience.LONGEST_WAIT_SECONDS", 0.1)
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = hang
    for number in range(2):
        await anna.says(room, f"!help {number}")
    over.set()
    await bot.hub.hears_text("!help 1")
    assert [one.text for one in bot.hub.heard] == ["!help 0", "!help 1"]
