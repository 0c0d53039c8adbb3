"""The loopback Discord's ways of going wrong, seen by an unmodified discord.py and by a bare HTTP client."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from loopback_discord import Channel, Guild, LoopbackDiscord, Person


@pytest.fixture
async def server() -> AsyncIterator[LoopbackDiscord]:
    server = LoopbackDiscord()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def guild(server: LoopbackDiscord) -> Guild:
    return server.add_guild("Harbour")


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.add_text_channel("general")


@pytest.fixture
def ana(server: LoopbackDiscord, guild: Guild) -> Person:
    return server.add_user("ana", guild)


async def post(server: LoopbackDiscord, channel: Channel, text: str = "hello") -> tuple[int, str]:
    headers = {"Authorization": f"Bot {server.token}"}
    url = f"{server.api_base}/channels/{channel.id}/messages"
    async with aiohttp.ClientSession() as http, http.post(url, json={"content": text}, headers=headers) as answer:
        return answer.status, answer.content_type


async def test_a_page_in_html_comes_instead_of_an_answer(server: LoopbackDiscord, channel: Channel) -> None:
    server.fail_next("POST", "/messages", status=502, html=True, after_commit=True)
    assert await post(server, channel) == (502, "text/html")
    assert len(server.messages(channel)) == 1


async def test_an_answer_that_never_comes_ends_with_the_server(server: LoopbackDiscord, channel: Channel) -> None:
    server.fail_next("POST", "/messages", hang=True)
    asking = asyncio.create_task(post(server, channel))
    await server.wait_until(lambda: not server.faults.waiting)
    assert not asking.done()
    await server.stop()
    with pytest.raises(aiohttp.ClientError):
        await asking
    assert server.messages(channel) == []


async def test_a_storm_refuses_everything_for_a_while(server: LoopbackDiscord, channel: Channel) -> None:
    server.storm(60)
    assert [(await post(server, channel))[0] for _try in range(3)] == [429] * 3
    server.storm(0)
    assert (await post(server, channel))[0] == 200


async def test_a_partition_breaks_connections_until_it_is_healed(server: LoopbackDiscord, channel: Channel) -> None:
    server.partition()
    with pytest.raises(aiohttp.ClientError):
        await post(server, channel)
    server.heal()
    assert (await post(server, channel))[0] == 200


async def test_in_a_silent_partition_nothing_happens_until_it_is_healed(
    server: LoopbackDiscord, channel: Channel
) -> None:
    server.partition(hang=True)
    asking = asyncio.create_task(post(server, channel))
    done, _waiting = await asyncio.wait({asking}, timeout=0.1)
    assert not done
    server.heal()
    with pytest.raises(aiohttp.ClientError):
        await asking


async def test_everything_ever_written_is_on_record(server: LoopbackDiscord, channel: Channel, ana: Person) -> None:
    message = await ana.says(channel, "one")
    await ana.edits(message, "changed")
    await ana.deletes(message)
    await post(server, channel, "two")
    assert [(one.channel_id, one.author_id, one.content) for one in server.records] == [
        (channel.id, ana.id, "one"),
        (channel.id, server.world.bot.id, "two"),
    ]
