"""What people do during the run, whether the bot is there or not."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from crash.ledger import Expected, Place
from crash.people import THE_THIRD, OnMatrix, Someone
from crash.scene import Scene

ASK_AGAIN = 6.0
"""Seconds after which somebody on Discord types an unanswered command again."""

_CASE = re.compile(r"[Cc]ase (\d+)")


@dataclass(frozen=True, kw_only=True)
class Cry:
    """One member who writes that they are in danger, `after` so many seconds.

    `taker` is the peer who takes the case, if one does: then both write to each other, and the peer ends it.
    """

    marker: str
    after: float
    member: Someone
    privately: bool
    taker: Someone | None


def told(scene: Scene, *, seconds: float, random: Random) -> list[asyncio.Task[None]]:
    """The stories, begun: each is a task that ends once its people have seen all that they wait for."""
    # Plain words do not say which case they are for, so each peer has one at a time.
    one_case: dict[Someone, asyncio.Lock] = {scene.sam: asyncio.Lock(), scene.robin: asyncio.Lock()}
    cries = list(_cries(scene, seconds, random))
    in_danger = {cry.member for cry in cries}
    calm = [one for one in scene.members if isinstance(one, OnMatrix) and one not in in_danger]
    return [
        *(asyncio.create_task(_cry(scene, cry, one_case), name=cry.marker) for cry in cries),
        *(asyncio.create_task(_answers_the_check_in(scene, one), name=f"member {one.member_id}") for one in calm),
    ]


def _cries(scene: Scene, seconds: float, random: Random) -> Iterator[Cry]:
    """Each by another member, by turns on the two platforms while there are members left; some on Matrix stay calm."""
    discord = [one for one in scene.members if one.platform == "discord"]
    matrix = [one for one in scene.members if one.platform == "matrix"]
    random.shuffle(discord)
    random.shuffle(matrix)
    del matrix[: 1 + len(matrix) // 4]
    for number in range(scene.size.cases):
        member = matrix.pop() if matrix and (number % 2 or not discord) else discord.pop()
        may_write = not isinstance(member, OnMatrix) or member.room is not None
        yield Cry(
            marker=f"Marker{number:05}",
            after=random.uniform(0, seconds),
            member=member,
            privately=may_write and random.random() < 0.5,
            taker=random.choice([scene.sam, scene.robin, None]),
        )


async def _cry(scene: Scene, cry: Cry, one_case: dict[Someone, asyncio.Lock]) -> None:
    await asyncio.sleep(cry.after)
    ledger, member = scene.ledger, cry.member
    place = None if cry.privately else scene.lobbies[member.platform]
    words = f"i want to kill myself {cry.marker}"
    where = "privately" if cry.privately else "in a room"
    key = f"{cry.marker}, written {where} on {member.platform}"
    pages = {
        platform: ledger.expect("page to a room", key, room, cry.marker, "Who can be with them?")
        for platform, room in scene.peer_rooms.items()
    }
    for room in scene.peer_rooms.values():
        # A page that is said once more because of what failed around it asks in other words; that is no loss.
        ledger.allow(room, cry.marker, "heard by the bot")
    ledger.expect("answer to the member", key, member.private, "I'm getting a person")
    await member.writes(words, place)
    if cry.taker is not None:
        async with one_case[cry.taker]:
            case = await _taken(scene, cry, cry.taker, key, pages)
            await _talk(scene, cry, cry.taker, key)
            await _end(scene, cry, cry.taker, key, case)


async def _taken(scene: Scene, cry: Cry, peer: Someone, key: str, pages: dict[str, Expected]) -> str:
    """The peer takes the case from its page; the case's number."""
    ledger, room = scene.ledger, scene.peer_rooms[peer.platform]
    reading = asyncio.create_task(peer.reads(peer.private, cry.marker, "What I heard, and why"))
    try:
        await _page_is_read(peer, room, cry.marker)
        for platform, page in pages.items():
            if platform != peer.platform:
                page.least -= 1  # the page to the other room is dropped if it has not gone out yet
        ledger.expect("facts to the peer", key, peer.private, cry.marker, "What I heard, and why")
        ledger.expect("case to the peer", key, peer.private, "You are with them now")
        ledger.expect("a peer is here", key, cry.member.private, "What you write to me now, they read")
        if isinstance(peer, OnMatrix):
            ledger.expect("answer to the peer", "after taking", peer.private, "You have it. I have written")
        else:
            # A press shows the answer itself; of one that the bot was killed over, it comes as a message.
            ledger.expect("answer to the peer", key, peer.private, "You have it. I have written", least=0)
        await peer.takes(room, cry.marker, "Who can be with them?", until=reading.done)
        match = _CASE.search(await reading)
    finally:
        reading.cancel()
    assert match is not None, "the case has no number"
    for other in scene.peer_rooms.values():
        ledger.expect("somebody has it", key, other, f"is on it (case {match[1]})")
    return match[1]


async def _page_is_read(peer: Someone, room: Place, marker: str) -> None:
    await peer.reads(room, marker, "Who can be with them?")


async def _talk(scene: Scene, cry: Cry, peer: Someone, key: str) -> None:
    """One line each way."""
    ledger, member = scene.ledger, cry.member
    await member.reads(member.private, "What you write to me now, they read")
    ledger.expect("relay to the peer", key, peer.private, f"hello {cry.marker} from the member")
    await member.writes(f"hello {cry.marker} from the member")
    ledger.expect("relay to the member", key, member.private, f"hello {cry.marker} from the peer")
    await peer.writes(f"hello {cry.marker} from the peer")
    await peer.reads(peer.private, f"hello {cry.marker} from the member")
    await member.reads(member.private, f"hello {cry.marker} from the peer")


async def _end(scene: Scene, cry: Cry, peer: Someone, key: str, case: str) -> None:
    """The peer ends the case. On Discord a command from a gap is not done: the peer sees that, and writes again."""
    ledger = scene.ledger
    ledger.expect("end to the member", key, cry.member.private, "has ended here")
    for room in scene.peer_rooms.values():
        ledger.expect("end to a room", key, room, f"Case {case} has ended.")
    if isinstance(peer, OnMatrix):
        ledger.expect("answer to the peer", "after ending", peer.private, f"Case {case} has ended: ")
    else:
        ledger.allow(peer.private, f"Case {case} has ended: ")
        ledger.allow(peer.private, "This case has ended already")
    reading = asyncio.create_task(peer.reads(scene.peer_rooms[peer.platform], f"Case {case} has ended."))
    try:
        while not reading.done():
            await peer.writes(f"!resolve {case} safe")
            await asyncio.wait({reading}, timeout=None if isinstance(peer, OnMatrix) else ASK_AGAIN)
    finally:
        reading.cancel()


async def _answers_the_check_in(scene: Scene, member: OnMatrix) -> None:
    """React to the daily question. A reaction stays, so it counts also where the bot was not there to see it."""
    question = await member.reads(member.private, "How are you today?")
    assert question
    scene.ledger.expect(
        "answer to a check-in", f"of member {member.member_id}", member.private, "Thank you for checking in"
    )
    await member.reacts(THE_THIRD, member.private, "How are you today?")
