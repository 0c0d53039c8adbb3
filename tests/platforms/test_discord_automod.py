"""Words in which Discord's AutoMod finds something: it posts none that it blocks."""

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord, permissions

discord, scene = discord_scene.discord, discord_scene.scene

DANGER = "i want to kill myself tonight"


def let_manage(scene: Scene) -> None:
    scene.guild.roles[scene.guild.id].permissions |= permissions.MANAGE_GUILD


async def test_what_automod_has_blocked_is_heard_once_though_each_action_is_told(scene: Scene) -> None:
    let_manage(scene)
    await scene.ana.meets_automod(scene.channel, DANGER, keyword="*kill myself*")
    await scene.ana.says(scene.channel, "behind it")
    await scene.hub.hears("behind it")
    heard = await scene.hub.hears(DANGER)
    assert (heard.account, heard.place, heard.space) == (str(scene.ana.id), str(scene.channel.id), str(scene.guild.id))
    assert [one.text for one in scene.hub.received] == [DANGER, "behind it"]


async def test_what_automod_has_found_and_not_blocked_is_heard_as_the_message_it_is(scene: Scene) -> None:
    let_manage(scene)
    await scene.ana.meets_automod(scene.channel, DANGER, keyword="*kill myself*", posted=True)
    await scene.ana.says(scene.channel, "behind it")
    await scene.hub.hears("behind it")
    assert [one.text for one in scene.hub.received] == [DANGER, "behind it"]


@pytest.mark.parametrize("posted", [True, False])
async def test_without_the_message_content_intent_the_keyword_is_heard(discord: LoopbackDiscord, posted: bool) -> None:
    scene = Scene(discord, message_content=False)
    let_manage(scene)
    async with scene.running():
        await scene.ana.meets_automod(scene.channel, DANGER, keyword="*i want to kill myself*", posted=posted)
        await scene.ana.says(scene.ana.dm, "behind it")
        await scene.hub.hears("behind it")
    assert [one.text for one in scene.hub.received] == ["i want to kill myself", "behind it"]
