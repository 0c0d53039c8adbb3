"""`handrail demo` for a person at the keyboard."""

from collections.abc import AsyncIterator

from rich.console import Console

from bot.core.words import _
from bot.operations.community_files import Wanted
from bot.operations.demo import START, Demo, open_demo
from bot.operations.terminal.people import ConsolePeople
from bot.operations.terminal.screen import Screen
from bot.operations.terminal.session import Session

FIRST = "alice"
"""Who you are at first: a member, for nobody gave her a role."""

TO_TRY = (
    ("checkin start 9:00", _("be asked every day how you are (then /advance 1h)")),
    ("meetings", _("what is on, and be reminded of it")),
    ("resources detox", _("look for a helpline or a service")),
    ("alice@lobby: I want to end my life", _("see how a peer comes")),
    ('sam clicks "I\'m on it"', _("be that peer; then alice and sam write privately")),
)


async def talk(lines: AsyncIterator[str], out: Console, community: Wanted | None = None) -> None:
    """Let a person be several people, until the lines end or they quit."""
    zone = START.tzinfo if community is None else community.file.zone
    screen = Screen(out, zone=zone, live=True)
    async with open_demo(screen.show, community) as demo:
        await _welcome(demo, screen)
        session = Session(demo.app, demo.do, screen, who=FIRST, clock=True)
        await session.run(lines, screen.tell)
        screen.end()


async def _welcome(demo: Demo, screen: Screen) -> None:
    people = await ConsolePeople(demo.app.database).roles()
    named = [f"{name} ({', '.join(sorted(roles))})" for name, roles in people.items() if name != FIRST]
    screen.tell(str(_("This is a community to play with. Its clock stands still, and nothing is kept afterwards.")))
    screen.tell(str(_("Here are {people}.", people=", ".join([f"{FIRST} ({_('member')})", *named]))))
    screen.tell(str(_("You are alice, alone with the bot. /as sam makes you Sam; /? lists all such commands; /quit.")))
    screen.tell(str(_("Five things to try:")))
    for typed, what in TO_TRY:
        screen.tell(f"  {typed:<38}{what}")
