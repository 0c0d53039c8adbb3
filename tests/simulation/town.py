"""The communities of a simulation, their policies, and who of their people is there."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from bot.core.community import CommunityFile, parse_community
from bot.services.escalations import store
from bot.services.escalations.duty import Duty
from bot.storage.database import Transaction

_TOP = """id = "{id}"
name = "{id}"
country = "US"
zone = "America/New_York"
"""
_ROOM = '[[places]]\nplatform = "{platform}"\nkinds = ["{kind}"]\naddress = "{address}"\n'
_PERSON = '[[people]]\nname = "{name}"\nroles = ["{role}"]\n'

POLICIES: Final = (
    "",
    """[escalation]
steps = [{whom = "on-call", wait_minutes = 3}, {whom = "peers", wait_minutes = 5}, {whom = "moderators"}]
emergency = [{whom = "peers", how = "both", wait_minutes = 2}, {whom = "moderators", wait_minutes = 3}]
concern = [{whom = "room", wait_minutes = 60}, {whom = "peers", wait_minutes = 120}]
""",
    """[escalation]
steps = [{whom = "peer", peer = "Ada", wait_minutes = 4}, {whom = "peers", how = "room", wait_minutes = 4},
    {whom = "organizers", wait_minutes = 8}]
""",
)
"""By the number of the community, and what it is changed to in the midst of cases: the next one."""

PEERS: Final = ("Ada", "Ben", "Cyd")
ROOMS: Final = (
    (("discord", "111111111111111110"), ("matrix", "!peers0")),
    (("matrix", "!peers1"),),
    (),
)
OTHERS: Final = (("Mo", "moderator"), ("Olive", "organizer"))


def community_file(number: int, policy: int, *, without: str = "") -> CommunityFile:
    """One of the communities with one of the policies, or without one of its peers.

    The third has no room, and Ada is on two platforms.
    """
    rooms = ROOMS[number]
    text = _TOP.format(id=f"town-{number}")
    for platform, address in rooms:
        text += _ROOM.format(platform=platform, kind="peers", address=address)
    for n, (name, role) in enumerate([*((peer, "peer") for peer in PEERS), *OTHERS]):
        if name == without:
            continue
        text += _PERSON.format(name=name, role=role)
        if n % 2 == 0:
            text += f'discord = "{10**17 + 100 * number + n}"\n'
        if n % 2 or name == "Ada":
            text += f'matrix = "@{name.lower()}-{number}:example.org"\n'
    return parse_community(text + POLICIES[policy % len(POLICIES)], name="town.toml")


@dataclass(slots=True)
class Roster(Duty):
    """Who is on call and who may be called, as the simulation decides. By community: its peers, who is off, on call."""

    peers: dict[int, list[int]] = field(default_factory=dict)
    off: dict[int, set[int]] = field(default_factory=dict)
    shift: dict[int, int] = field(default_factory=dict)

    async def on_call(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """The one whose shift it is."""
        return (self.shift[community_id],) if community_id in self.shift else ()

    async def available(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """The peers who are not off, and not in danger themselves."""
        there = [id_ for id_ in self.peers[community_id] if id_ not in self.off[community_id]]
        in_danger = await store.in_danger(tx, there)
        return tuple(id_ for id_ in there if id_ not in in_danger)

    def edit(self, community_id: int, random: Random) -> None:
        """Somebody goes off, is full or rests, somebody comes back, and the shift changes."""
        peers = self.peers[community_id]
        self.off[community_id] = {id_ for id_ in peers if random.random() < 0.35}
        self.shift.pop(community_id, None)
        if random.random() < 0.8:
            self.shift[community_id] = random.choice(peers)
