"""A Matrix device that passes from one process to another, with its keys."""

import json
from pathlib import Path
from uuid import uuid4

from cli.handrail import Place
from harness.fixtures import on_postgresql
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson

from processes.bots import running

CONFIG = """
[database]
url = {url}
[console]
enabled = false
[matrix]
homeserver = "{homeserver.base_url}"
user_id = "{user}"
password = "{password}"
"""


async def answers(person: MatrixPerson, room: str, count: int) -> None:
    """Wait until the bot has answered for that many times in all."""

    def counted() -> bool | None:
        return len(said(person, room)) >= count or None

    await person.until(counted, "an answer")


def said(person: MatrixPerson, room: str) -> list[str]:
    return [message.event_id for message in person.messages(room) if "which community you belong to" in message.body]


@on_postgresql
async def test_the_next_owner_reads_what_was_written_to_the_device_while_nobody_had_it(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, database_url: str, tmp_path: Path
) -> None:
    password = uuid4().hex
    user = await homeserver.register(f"handrail-{uuid4().hex[:8]}", password)
    sam = await matrix_person("sam")
    place = Place(tmp_path)
    place.write(
        "config.toml",
        CONFIG.format(url=json.dumps(database_url), homeserver=homeserver, user=user, password=password),
    )
    async with running(place) as owner:
        await owner.logs("matrix: this process has the connection")
        room = await sam.direct_room_with(user)
        await sam.members_joined(room, [user])
        await sam.says(room, "!help")
        await answers(sam, room, 1)
        async with running(place) as standby:
            await standby.logs("matrix: another process has the connection; standing by")
            await owner.dies()
            await sam.says(room, "!help")
            await answers(sam, room, 2)
            assert standby.times("LOST") == 0
    assert len(said(sam, room)) == 2
