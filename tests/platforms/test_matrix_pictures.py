"""The Matrix adapter: pictures in rooms, brought from the bot's own homeserver, decrypted if they are whole."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import matrix_scene
import nio
import pytest
from matrix_scene import RunningBot, direct_room_with
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.people import MatrixPerson

from bot.core.content import Content, Fetch
from bot.core.inbound import Picture
from bot.core.platform import NeverAgain
from bot.platforms.matrix.media import pictures_of

bot = matrix_scene.bot

FILE = b"\xff\xd8\xff a photograph"
KEYS = {"url": "mxc://example.org/abc", "key": {"k": "AAAA"}, "iv": "AAAA", "hashes": {"sha256": "AAAA"}}


def event(**changes: object) -> dict[str, Any]:
    info = {"mimetype": "image/png", "size": 10}
    return {"msgtype": "m.image", "body": "a.png", "info": info, "file": KEYS} | changes


def test_a_picture_is_known_with_where_it_is() -> None:
    (picture,) = pictures_of(event())
    assert (picture.kind, picture.size, json.loads(picture.source)["url"]) == ("image/png", 10, "mxc://example.org/abc")
    assert pictures_of(event(file=None, url="mxc://example.org/abc"))


@pytest.mark.parametrize(
    "hostile",
    [
        event(msgtype="m.video"),
        event(info={"mimetype": "image/svg+xml", "size": 10}),
        event(info=[]),
        event(file="mxc://example.org/abc"),
        event(file=KEYS | {"url": "mxc://example.org/../../_synapse/admin"}),
        event(file=KEYS | {"url": "https://example.org/a.png"}),
        event(file=KEYS | {"key": "AAAA"}),
        event(file=KEYS | {"hashes": {}}),
        event(file=KEYS | {"iv": 7}),
        event(file=KEYS | {"key": {"k": "A" * 10_000}}),
        event(file=None),
    ],
)
def test_what_is_no_picture_that_can_be_brought_is_none(hostile: Mapping[str, Any]) -> None:
    assert pictures_of(hostile) == ()


@pytest.mark.parametrize("size", [-1, 10**30, True, "7", None])
def test_a_size_that_is_none_does_no_harm(size: object) -> None:
    (picture,) = pictures_of(event(info={"mimetype": "image/png", "size": size}))
    assert 0 <= picture.size < 2**31


async def uploaded(anna: MatrixPerson, *, encrypt: bool) -> dict[str, Any]:
    answer, keys = await anna.client.upload(
        lambda *_again: BytesIO(FILE), "application/octet-stream", encrypt=encrypt, filesize=len(FILE)
    )
    assert isinstance(answer, nio.UploadResponse)
    return {"url": answer.content_uri} if keys is None else keys | {"url": answer.content_uri}


async def test_a_picture_is_brought_whole_or_not_at_all(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    file = await uploaded(anna, encrypt=True)
    await anna.sends(room, "m.room.message", event(body="look", filename="a.png", file=file))
    heard = await bot.hub.hears(lambda inbound: inbound.text == "look")
    assert heard.files

    async def brought(picture: Picture, limit: int = 1000) -> bytes | None:
        content = Content(fetch=Fetch(id=1, source=picture.source, limit=limit))
        return (await bot.send("place", "$event", content, "key")).file

    (picture,) = heard.pictures
    assert await brought(picture) == FILE
    with pytest.raises(NeverAgain, match="too large"):
        await brought(picture, limit=len(FILE) - 1)
    (other,) = pictures_of(event(file=file | {"hashes": KEYS["hashes"]}))
    with pytest.raises(NeverAgain, match="not the one that was sent"):
        await brought(other)
    (gone,) = pictures_of(event(file=file | {"url": f"mxc://{bot.user_id.partition(':')[2]}/nothing"}))
    with pytest.raises(NeverAgain, match="M_NOT_FOUND"):
        await brought(gone)
    (plain,) = pictures_of(event(file=None, **await uploaded(anna, encrypt=False)))
    assert await brought(plain) == FILE
