"""In which servers somebody who writes to the bot privately is: asked little, and of those first that matter."""

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord

from bot.platforms.discord import hearing

discord = discord_scene.discord

_MANY = 60


@pytest.fixture
async def scene(discord: LoopbackDiscord) -> AsyncIterator[Scene]:
    """The bot in many servers: in most of them there is neither a community nor ana."""
    scene = Scene(discord)
    for number in range(_MANY):
        discord.add_guild(f"Other {number}")
    async with scene.running():
        yield scene


def others(scene: Scene) -> list[str]:
    """The servers without ana."""
    return [str(one) for one in scene.discord.world.guilds if one != scene.guild.id]


def asked(scene: Scene) -> list[str]:
    """The servers that were asked about a person, in order."""
    return [one.path.split("/")[2] for one in scene.discord.requests if "/members/" in one.path]


async def spaces_of_ana(scene: Scene, text: str) -> tuple[str, ...]:
    await scene.ana.says(scene.ana.dm, text)
    return (await scene.hub.hears(text)).shared_spaces


def a_minute_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock that tells how old an answer is."""
    monkeypatch.setattr(hearing, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 61))


async def test_of_many_servers_those_of_communities_are_asked_until_one_has_the_person(scene: Scene) -> None:
    communities = others(scene)[_MANY - 30 :][::-1]
    scene.hub.servers = [*communities[:25], str(scene.guild.id), "12345", *communities[25:]]
    assert await spaces_of_ana(scene, "I want to die") == (str(scene.guild.id),)
    assert set(asked(scene)) > {*communities[:25], str(scene.guild.id)}
    assert set(asked(scene)) <= {*communities, str(scene.guild.id)}
    assert len(asked(scene)) <= 25 + 5


async def test_the_database_is_asked_once_which_servers_are_those_of_communities(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.hub.servers = [str(scene.guild.id)]
    monkeypatch.setattr(scene.hub, "is_known_place", scene.hub.refuse)
    assert await spaces_of_ana(scene, "I want to die") == (str(scene.guild.id),)
    assert asked(scene) == [str(scene.guild.id)]


async def test_who_shares_no_server_is_looked_for_once_a_minute(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.hub.servers = others(scene)[:3]
    for text in ("one", "two"):
        assert await spaces_of_ana(scene, text) == ()
    assert sorted(asked(scene)) == sorted(scene.hub.servers)
    a_minute_passes(monkeypatch)
    assert await spaces_of_ana(scene, "three") == ()
    assert len(asked(scene)) == 2 * len(scene.hub.servers)


async def test_forty_servers_are_asked_at_most_and_the_others_the_next_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene.hub.servers = [*others(scene)[:45], str(scene.guild.id)]
    message = await scene.ana.says(scene.ana.dm, "I want to die")
    assert (await scene.hub.hears("I want to die")).shared_spaces == ()
    assert len(asked(scene)) == 40
    assert f"in which server the author of message {message.id} is (40 of 46 servers asked)" in caplog.text
    assert str(scene.ana.id) not in caplog.text
    a_minute_passes(monkeypatch)
    assert await spaces_of_ana(scene, "please") == (str(scene.guild.id),)
    assert len(asked(scene)) <= 40 + 6 + 4
