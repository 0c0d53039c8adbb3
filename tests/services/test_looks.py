"""Who has seen a member's words: an excerpt of a case is shown nowhere but where the audit log gets a line."""

from collections import Counter
from collections.abc import Awaitable

from harness import World
from sqlalchemy import select

from bot.storage.tables import CaseEvent
from services.test_duty import nights
from services.test_privacy_export import export, id_of

WORDS = "I want to kill myself"

COMES = {"paged", "Taken", "Joined", "was given it"}
"""What is logged of the one who is shown the excerpt."""

HEARD = "Heard"
"""Words of a case that is open: all who are in it are shown them."""


async def looks(world: World, act: Awaitable[None], *, in_it: set[str] | None = None) -> Counter[str]:
    """Who is shown the excerpt by an act, each once; that there is a line for each of them is looked at, too.

    `in_it`: those who are in the case.
    """
    before = {box.name: len(box.shown) for box in world.mailboxes}
    lines = len(await world.rows(select(CaseEvent.id)))
    await act
    readers = Counter(
        box.name for box in world.mailboxes for shown in box.shown[before.get(box.name, 0) :] if WORDS in shown.text
    )
    new = (await world.rows(select(CaseEvent).order_by(CaseEvent.id)))[lines:]
    logged: Counter[object] = Counter({"#": sum(line.what.startswith("page ") for line in new)})
    logged.update(line.actor for line in new if line.what in COMES)
    if any(line.what == HEARD for line in new):
        logged.update([await id_of(world, name) for name in in_it or ()])
    shown: Counter[object] = Counter()
    for name, times in readers.items():
        shown["#" if name.startswith("#") else await id_of(world, name)] += times
    assert shown <= logged, "somebody has seen it, and there is no line of it"
    return readers


async def test_an_excerpt_is_shown_nowhere_but_where_the_audit_log_gets_a_line(world: World) -> None:
    await nights(world)
    assert await looks(world, world.alice.says(WORDS, "lobby")) == {"#peers": 1}
    assert await looks(world, world.robin.says("cases")) == {}
    paged = {"sam": 1, "robin": 1, "mo": 1, "olive": 1, "#peers": 1, "#moderators": 1}
    assert await looks(world, world.advance(minutes=15)) == paged
    assert await looks(world, world.sam.says("take 1")) == {"sam": 1}
    assert await looks(world, world.robin.says("take 1")) == {}
    assert await looks(world, world.mo.says("join 1")) == {"mo": 1}
    assert await looks(world, world.alice.says(WORDS, "lobby"), in_it={"sam", "mo"}) == {"sam": 1, "mo": 1}
    assert await looks(world, world.sam.says("hand over 1 Robin")) == {"robin": 1}
    for looking in ("cases", "!checklist", "!roster", "!rota", "!who", "!mydata export"):
        for name in ("robin", "olive", "bob"):
            assert await looks(world, world.person(name).says(looking)) == {}
    assert await looks(world, world.robin.says("!resolve 1 safe")) == {}
    assert await looks(world, world.until("2026-11-23 09:00")) == {}
    assert world.olive.sees("The week of the peers")
    assert any(shown.text.startswith("The board") for shown in world.room("peers").shown)
    for name in ("robin", "sam", "mo", "olive"):
        assert WORDS not in await export(world, name)
    assert WORDS in await export(world, "alice"), "it is her own"
    for box in world.mailboxes:
        box.unseen.clear()
