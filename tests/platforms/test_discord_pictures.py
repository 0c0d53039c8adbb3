"""The Discord adapter: pictures that people attach, brought from Discord's own store alone."""

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import File, LoopbackDiscord, Message, permissions

from bot.core.content import Content, Fetch, Shown
from bot.core.inbound import Picture
from bot.core.pictures import Still
from bot.core.platform import Address, NeverAgain, TryAgain

discord, scene = discord_scene.discord, discord_scene.scene

FILE = File("door.jpg", b"\xff\xd8\xff a photograph")
STILL = Still(kind="image/png", width=1, height=1, data=b"\x89PNG pixels")
SHOWN = Content(title="Sam, peer", picture=Shown(id=1, instead="(A picture: PNG, 1 kB.)", still=STILL))


async def attached(scene: Scene, *files: File) -> tuple[Message, tuple[Picture, ...]]:
    """Ana attaches files in her chat with the bot; as it hears them."""
    message = await scene.ana.attaches(scene.ana.dm, "look", *(files or (FILE,)))
    heard = await scene.hub.hears("look")
    assert heard.files
    return message, heard.pictures


async def brought(scene: Scene, picture: Picture, *, limit: int = 1000) -> bytes | None:
    to = Address(platform="discord", kind="place", id="1")
    receipt = await scene.send(to, Content(fetch=Fetch(id=1, source=picture.source, limit=limit)))
    return receipt.file


async def test_a_picture_is_heard_of_and_brought_only_when_it_is_asked_for(
    scene: Scene, discord: LoopbackDiscord
) -> None:
    _message, (picture,) = await attached(scene)
    assert (picture.kind, picture.size) == ("image/jpeg", len(FILE.content))
    assert discord.downloads == []
    assert await brought(scene, picture) == FILE.content
    assert len(discord.downloads) == 1


async def test_with_another_file_beside_it_no_picture_is_passed_on(scene: Scene) -> None:
    assert (await attached(scene, FILE, File("tool.exe", b"MZ")))[1] == ()


async def test_a_picture_whose_message_is_gone_is_not_brought(scene: Scene, discord: LoopbackDiscord) -> None:
    message, (picture,) = await attached(scene)
    await scene.ana.deletes(message)
    with pytest.raises(NeverAgain):
        await brought(scene, picture)
    assert discord.downloads == []


async def test_no_more_is_read_than_is_allowed_whatever_was_said_before(scene: Scene) -> None:
    _message, (picture,) = await attached(scene, File("big.png", bytes(200_000)))
    with pytest.raises(NeverAgain, match="too large"):
        await brought(scene, picture, limit=100_000)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://cdn.discordapp.com/attachments/1/2/a.png",
        "https://cdn.discordapp.com.evil.example/attachments/1/2/a.png",
        "https://cdn.discordapp.com:8443/attachments/1/2/a.png",
        "file:///etc/passwd",
        "/attachments/1/2/a.png",
    ],
)
async def test_nothing_is_asked_of_other_servers(scene: Scene, url: str) -> None:
    message, (picture,) = await attached(scene)
    message.attachments[0]["url"] = url
    with pytest.raises(NeverAgain, match="not where Discord keeps them"):
        await brought(scene, picture)


async def test_a_store_that_is_down_is_asked_again_later(scene: Scene, discord: LoopbackDiscord) -> None:
    _message, (picture,) = await attached(scene)
    kept = dict(discord.world.files)
    discord.world.files.clear()
    with pytest.raises(TryAgain):
        await brought(scene, picture)
    discord.world.files |= kept
    assert await brought(scene, picture) == FILE.content


async def test_a_picture_is_shown_as_a_file_or_in_words_where_the_bot_may_attach_none(
    scene: Scene, discord: LoopbackDiscord
) -> None:
    await scene.send(scene.place, SHOWN, "one")
    (message,) = discord.messages(scene.channel)
    assert message.uploads == {"picture.png": STILL.data}
    for role in scene.guild.roles.values():
        role.permissions &= ~permissions.ATTACH_FILES
    await scene.send(scene.place, SHOWN, "two")
    message = discord.messages(scene.channel)[-1]
    assert "Sam, peer" in message.text
    assert "A picture: PNG, 1 kB." in message.text
