"""The roster and the rotas, as peers and organizers use them."""

from datetime import UTC, datetime, time, timedelta

import icalendar
import pytest
from harness import World
from harness.communities import HARBOUR, NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import select, update

from bot.core.community import RotaEntry, dump_community, parse_community
from bot.core.platform import NeverAgain
from bot.services import members
from bot.services.communities import changes, stored_file
from bot.services.duty import Duty
from bot.services.duty.problems import duty_problems
from bot.storage.duty_tables import BoardRow, DutyClock, RotaSwap
from bot.storage.tables import CaseRow, Delivery

DANGER = "I want to kill myself"
EMERGENCY = "I took all the pills"


@pytest.fixture(name="world")
async def known(world: World) -> World:
    """The bot has met everybody already."""
    for name in ("olive", "sam", "robin", "mo"):
        await world.person(name).joins()
    return world


async def nights(world: World, line: str = "!rota add Nights daily 20:00 08:00 Sam, Robin") -> None:
    """Sam and Robin take turns at night, Sam today (it is Monday, 08:00). The peers' room has its board."""
    await world.olive.says(line)
    world.olive.sees("The coming week", "Nights")
    world.room("peers").sees("The board", "On now: nobody, until Mon 23 Nov, 20:00")


def monday_told(world: World) -> None:
    """The organizer was told of the cover gaps on Monday at 09:00."""
    world.olive.sees("The week of the peers", "Nobody is on")


async def ids(world: World, method: str) -> list[str]:
    """The names of those who are on call or available."""
    async with world.database.read() as tx:
        found = await getattr(Duty(), method)(tx, 1, world.now)
        return [str((await members.load(tx, each)).name) for each in found]


def board_left_alone(world: World) -> None:
    """The board was edited; nobody looks at it now."""
    room = world.room("peers")
    room.unseen = [shown for shown in room.unseen if not shown.text.startswith("The board")]


@on_both_databases
async def test_who_is_on_changes_at_the_hand_over_and_everybody_concerned_is_told(world: World) -> None:
    await nights(world)
    assert await ids(world, "on_call") == []
    assert sorted(await ids(world, "available")) == ["Robin", "Sam"]
    await world.until("2026-11-23 20:00")
    monday_told(world)
    world.room("peers").sees("Hand-over", "On now: Sam.", "Until Tue 24 Nov, 08:00", "No case is open")
    world.sam.sees("You are on now, until Tue 24 Nov, 08:00", "I need a break")
    board_left_alone(world)
    assert await ids(world, "on_call") == ["Sam"]
    await world.robin.says("!who")
    world.robin.sees("On now: Sam", "Next: nobody", "Can be called now: Sam, Robin")
    await world.until("2026-11-24 08:00")
    world.room("peers").sees("Hand-over", "Nobody is on now", "Thank you, Sam.")
    board_left_alone(world)


async def test_the_rota_is_shown_in_the_readers_own_zone_with_its_gaps(world: World) -> None:
    await nights(world)
    await world.robin.says("!settings zone Europe/Berlin")
    world.robin.sees("Europe/Berlin")
    await world.robin.says("!rota")
    world.robin.sees("Times are yours (Europe/Berlin)", "Tue 24 Nov, 02:00 to 14:00: Sam", "Nobody is on")


async def test_members_are_not_told_of_rotas(world: World) -> None:
    await nights(world)
    for command in ("!rota", "!who", "!roster", "!rota add X daily 8:00 9:00 Sam"):
        await world.alice.says(command)
        assert "Sam" not in world.alice.sees("").text


@on_both_databases
async def test_a_swap_is_asked_and_accepted_with_buttons_and_the_rota_shows_it(world: World) -> None:
    await nights(world)
    await world.sam.says("!swap Robin today tomorrow")
    world.sam.sees("I have asked Robin")
    world.robin.sees("A swap?", "Sam asks whether you take this shift: Mon 23 Nov, 20:00", "In return they take yours")
    await world.robin.clicks("Yes, I swap")
    world.robin.sees("Agreed")
    world.sam.sees("Robin takes your shift: Mon 23 Nov, 20:00 to Tue 24 Nov, 08:00")
    await world.sam.says("!rota")
    world.sam.sees("Mon 23 Nov, 20:00 to Tue 24 Nov, 08:00: Robin", "Tue 24 Nov, 20:00 to Wed 25 Nov, 08:00: Sam")
    await world.robin.clicks("No, I can't")
    world.robin.sees("not open any more")
    assert [row.state for row in await world.rows(select(RotaSwap))] == ["agreed"]


async def test_a_swap_that_makes_no_sense_is_refused_with_what_to_do(world: World) -> None:
    await nights(world)
    await world.sam.says("!swap Sam today")
    world.sam.sees("A swap needs somebody else")
    await world.sam.says("!swap Robin tomorrow")
    world.sam.sees("Which shift?", "2026-11-23")
    await world.sam.says("!swap Mo today")
    world.sam.sees("“Mo” is no peer here")
    await world.sam.says("!swap Robin today")
    world.sam.sees("I have asked Robin")
    world.robin.sees("A swap?")
    await world.sam.says("!swap Robin today")
    world.sam.sees("in a swap already")
    await world.sam.clicks("Take it back")
    world.sam.sees("The shift is yours")
    await world.robin.clicks("Yes, I swap")
    world.robin.sees("not open any more")


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ("18:00 24:00 2026-11-28", "to Sun 29 Nov, 00:00"),
        ("18:00 00:00 2026-11-28", "to Sat 28 Nov, 00:00"),
        ("00:00 24:00 2026-11-26", "to Fri 27 Nov, 00:00"),
        ("18:00 24:00", "to Fri 27 Nov, 00:00"),
    ],
)
async def test_24_o_clock_is_the_end_of_the_day_until_which_somebody_is_put_on(
    world: World, hours: str, told: str
) -> None:
    await nights(world)
    await world.olive.says(f"!rota put Robin 2026-11-26 {hours}")
    world.olive.sees(told)


async def test_an_organizer_puts_somebody_on_and_takes_it_back(world: World) -> None:
    await nights(world)
    await world.olive.says("!rota put Robin today 9:00 12:00")
    world.olive.sees("Nights: Robin, Mon 23 Nov, 09:00 to Mon 23 Nov, 12:00")
    await world.until("2026-11-23 09:00")
    monday_told(world)
    world.room("peers").sees("Hand-over", "On now: Robin")
    world.robin.sees("You are on now")
    assert await ids(world, "on_call") == ["Robin"]
    await world.olive.says("!rota put Sam today 11:00 13:00")
    world.olive.sees("put on for a part of that time already", "rota undo")
    await world.olive.says("!rota undo")
    world.olive.sees("goes by its turns again")
    board_left_alone(world)
    assert await ids(world, "on_call") == []


@pytest.mark.parametrize(
    "line", ["!rota put Robin today 21:00 08:00", "!rota add Nights daily 20:00 08:00 Robin"], ids=["put", "edited"]
)
async def test_whoever_is_on_at_once_by_a_change_in_a_shift_is_told(world: World, line: str) -> None:
    await nights(world, "!rota add Nights daily 20:00 08:00 Sam")
    await world.until("2026-11-23 22:00")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.olive.says(line)
    world.olive.sees("Robin")
    world.robin.sees("You are on now", "I need a break")
    world.room("peers").sees("Hand-over", "On now: Robin", "Thank you, Sam.")
    board_left_alone(world)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("!rota add Nights daily 20:00 08:00 Mo", "no peer here"),
        ("!rota add Nights daily 20:00 08:00 Sam, Sam", "twice"),
        ('!rota add Nights "first monday" 20:00 08:00 Sam', "days of the week"),
        ("!rota put Sam today 9:00 12:00", "There is no rota yet"),
    ],
)
async def test_a_rota_that_cannot_be_one_is_refused_with_a_reason(world: World, line: str, refusal: str) -> None:
    await world.olive.says(line)
    world.olive.sees(refusal)


async def test_who_needs_a_break_is_off_at_once_and_their_case_is_handed_over_kindly(world: World) -> None:
    await nights(world)
    await world.until("2026-11-23 20:00")
    monday_told(world)
    world.room("peers").sees("Hand-over")
    world.sam.sees("You are on now")
    await world.alice.says(DANGER)
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees("You are with them now")
    world.alice.sees("Sam is here")
    world.room("peers").sees("Sam is on it")
    await world.sam.says("break")
    world.sam.sees("You are off from now on, and nobody will ask why", "Somebody else is called", "back")
    world.sam.sees("Case 1 is not with you any more")
    world.alice.sees("Sam")
    world.room("peers").sees("Sam is off now.", "Nobody is on by the rota")
    world.room("peers").sees("I'm on it")
    board_left_alone(world)
    assert await ids(world, "on_call") == []
    assert await ids(world, "available") == ["Robin"]
    await world.sam.says("back")
    world.sam.sees("Welcome back")
    board_left_alone(world)
    assert await ids(world, "on_call") == ["Sam"]


async def test_after_an_emergency_a_peer_rests_unless_nobody_else_is_there(world: World) -> None:
    await world.alice.says(EMERGENCY)
    world.alice.sees("getting a person")
    world.room("peers").sees("I'm on it")
    await world.sam.clicks("I'm on it")
    await world.sam.says("!resolve safe")
    for box in world.mailboxes:
        box.unseen.clear()
    assert await ids(world, "available") == ["Robin"]
    await world.robin.says("break")
    world.robin.sees("off")
    assert await ids(world, "available") == ["Sam"]
    await world.robin.says("back")
    world.robin.sees("Welcome back")
    await world.advance(minutes=31)
    assert sorted(await ids(world, "available")) == ["Robin", "Sam"]


async def test_who_has_as_many_cases_as_they_can_is_not_called(world: World) -> None:
    await world.sam.says("!roster most 1")
    world.sam.sees("Cases now: 0 of at most 1")
    await world.alice.says(DANGER)
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    assert await ids(world, "available") == ["Robin"]


async def test_a_lapsed_credential_takes_its_peer_off_and_organizers_see_it_coming(world: World) -> None:
    await nights(world, "!rota add Nights daily 20:00 08:00 Sam")
    await world.olive.says("!roster credential Sam 2026-11-25 Peer certificate")
    world.olive.sees("Sam: Peer certificate, valid until Wednesday 25 November")
    await world.until("2026-11-26 00:00")
    for box in world.mailboxes:
        box.unseen.clear()
    assert await ids(world, "on_call") == []
    await world.olive.says("!roster")
    world.olive.sees("Peer certificate: lapsed on Wednesday 25 November", "Robin")
    await world.until("2026-11-30 09:00")
    world.olive.sees("The week of the peers", "Nobody is on: Mon 30 Nov, 09:00", "Sam: until Wednesday 25 November")
    world.mo.sees_nothing()


async def test_the_supervisors_are_told_the_week_load_answers_and_hard_cases(world: World) -> None:
    await nights(world)
    await world.until("2026-11-24 10:00")
    for member in ("alice", "bob", "carol"):
        await world.person(member).says(EMERGENCY)
        await world.advance(minutes=4)
        await world.sam.clicks("I'm on it")
        if member != "carol":
            await world.sam.says("!resolve services")
    await world.sam.says("!hand over 3 to Robin")  # it was hard for both
    await world.robin.says("!resolve 3 services")
    await world.dave.says(DANGER)
    await world.robin.clicks("I'm on it")
    await world.robin.says("!resolve false-alarm")
    await world.until("2026-11-30 08:59")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.advance(minutes=1)
    told = world.mo.sees("The week of the peers", "4 cases, false alarms: 1", "median 4 min, longest 4 min")
    assert all(part in told.text for part in ("Sam: 3", "Robin: 2", "Sam. Please ask them how they are."))
    assert "Nobody is on" not in told.text
    world.olive.sees("Nobody is on", "4 cases")


async def test_the_board_is_one_message_edited_in_place_and_a_flood_is_one_edit(world: World) -> None:
    await nights(world)
    posted = await world.rows(select(BoardRow.message_id))
    for number in range(13):
        await world.person(f"m{number}").says(DANGER)
    await world.advance(minutes=1)
    for box in world.mailboxes:
        if box.name != "#peers":
            box.unseen.clear()
    boards = [shown for shown in world.room("peers").unseen if shown.text.startswith("The board")]
    assert len(boards) <= 4
    assert "Case 12: just now, nobody yet." in boards[-1].text
    assert "and 1 more open cases" in boards[-1].text
    keys = await world.rows(select(Delivery.message_id).where(Delivery.key.startswith("edit:board:")))
    assert len(set(keys)) == 1
    assert posted == [None] or posted == [keys[0]]
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_damaged_case_of_one_community_leaves_the_hand_over_of_another_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.apply(NORTH)
    await nights(world)
    await world.nora.says("!rota add Nights daily 20:00 08:00 Nora", "north")
    await world.zoe.says(DANGER, "north")
    async with world.database.begin() as tx:
        await tx.session.execute(update(CaseRow).values(severity="damaged", next_at=None))
    for box in world.mailboxes:
        box.unseen.clear()
    await world.until("2026-11-23 20:01")
    world.sam.sees("You are on now")
    assert "board of community 2: not written" in caplog.text
    assert DANGER not in caplog.text
    for box in world.mailboxes:
        box.unseen.clear()


async def test_the_board_can_be_turned_off(world: World) -> None:
    await nights(world)
    await world.olive.says("!rota board off")
    world.olive.sees("The board is off")
    await world.alice.says(DANGER)
    world.alice.sees("a person")
    world.room("peers").sees("I'm on it")
    await world.advance(minutes=2)
    world.room("peers").sees_nothing()


async def test_the_rota_is_a_calendar_file_that_calendars_read(world: World) -> None:
    await nights(world)
    await world.sam.says("!rota calendar mine")
    text = world.sam.sees("BEGIN:VCALENDAR").text
    file = text[text.index("BEGIN:VCALENDAR") :]
    assert all(line.endswith("\r") for line in file.rstrip().split("\n")[:-1])
    events = icalendar.Calendar.from_ical(file).walk("VEVENT")
    assert len(events) == 28
    assert len({str(event["UID"]) for event in events}) == 28
    first = events[0]
    assert first.decoded("DTSTART") == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert first.decoded("DTEND") - first.decoded("DTSTART") == timedelta(hours=12)
    assert str(first["SUMMARY"]) == "Nights: Sam"
    await world.robin.says("!rota calendar")
    again = world.robin.sees("BEGIN:VCALENDAR").text
    assert str(first["UID"]) in again


async def test_a_peer_tells_languages_topics_and_hours(world: World) -> None:
    await world.sam.says("!roster languages English, español")
    world.sam.sees("Languages: en, es")
    await world.sam.says("!roster topics alcohol, grief")
    world.sam.sees("Topics: alcohol, grief")
    await world.sam.says("!roster hours mon-fri 18:00 22:00")
    assert "Robin" not in world.sam.sees("Hours: Monday to Friday, 18:00 to 22:00 (America/New_York)").text
    assert await ids(world, "available") == ["Robin"]


async def test_somebody_who_is_no_peer_any_more_is_off_the_rota_and_it_is_told(world: World) -> None:
    await nights(world, "!rota add Nights daily 20:00 08:00 Robin")
    left = tuple(person for person in HARBOUR.people if person.name != "Robin")
    await world.apply(HARBOUR.model_copy(update={"people": left}))
    await world.until("2026-11-23 20:01")
    monday_told(world)
    assert await ids(world, "on_call") == []
    await world.olive.says("!rota")
    world.olive.sees("Mon 23 Nov, 20:00 to Tue 24 Nov, 08:00: nobody")
    board_left_alone(world)


async def test_with_the_last_rota_goes_what_is_told_of_rotas(world: World) -> None:
    await nights(world)
    await world.olive.says("!rota remove Nights")
    world.olive.sees("is removed")
    await world.advance(days=8)
    assert await world.rows(select(DutyClock)) == []
    assert await world.rows(select(CaseRow)) == []


async def test_the_check_names_gaps_lapsed_credentials_and_people_who_are_no_peers(world: World) -> None:
    await nights(world)
    await world.olive.says("!roster credential Sam 2026-11-24 Peer certificate")
    world.olive.sees("Sam: Peer certificate")
    left = tuple(person for person in HARBOUR.people if person.name != "Robin")
    await world.apply(HARBOUR.model_copy(update={"people": left}))
    async with world.database.read() as tx:
        found = await duty_problems(tx, "harbour", now=world.now + timedelta(days=2))
    told = "\n".join(f"{each.what} {each.mend}" for each in found)
    assert "nobody is on for 168 hours in all" in told
    assert "The credential of 1 peer has lapsed. They are off the rota until" in told
    assert "1 person in a rota is no peer any more" in told
    assert "Robin" not in told
    board_left_alone(world)


ROTA = RotaEntry(name="Nights", days="daily", begins=time(20), ends=time(8), people=("Sam", "Robin"))


async def test_a_rota_stands_in_the_communitys_file_and_applying_it_twice_changes_nothing(world: World) -> None:
    file = HARBOUR.model_copy(update={"rotas": (ROTA,)})
    await world.apply(file)
    async with world.database.read() as tx:
        stored = await stored_file(tx, "harbour")
    assert stored is not None
    assert changes(stored, file) == []
    assert parse_community(dump_community(stored), name="again.toml") == stored
    await world.sam.says("!rota")
    world.sam.sees("Mon 23 Nov, 20:00 to Tue 24 Nov, 08:00: Sam")
    await world.apply(HARBOUR)
    await world.sam.says("!rota")
    world.sam.sees("There is no rota yet")
    board_left_alone(world)


async def test_a_board_whose_message_is_gone_is_said_anew(world: World) -> None:
    await nights(world)
    await world.advance(seconds=20)
    world.console.failures["peers"] = NeverAgain("the message is gone")
    await world.olive.says("!rota put Robin today 12:00 13:00")
    world.olive.sees("Nights: Robin")
    await world.advance(seconds=20)
    world.console.failures.clear()
    await world.advance(minutes=12)
    board = world.room("peers").sees("The board")
    assert "until Mon 23 Nov, 12:00" in board.text
    edits = await world.rows(select(Delivery.state).where(Delivery.key.startswith("edit:")).order_by(Delivery.id))
    assert edits[0] == edits[-1] == "sent"
    assert "failed" in edits


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("rota undo Nigths", "Which rota? There are: Nights."),
        ("rota put Robni today 20:00 23:00", "“Robni” is no peer here. Did you mean Robin?"),
        ("rota add Days mon-fri 09:00 17:00 Sam, Robni", "“Robni” is no peer here. Did you mean Robin?"),
        ("roster credential Sma 2027-06-30 Training", "“Sma” is no peer here. Did you mean Sam / Robin?"),
        ("roster forget Sam Training", "They have no credential here"),
        ("roster most 4", "An organizer gives that role in the community's file, under people"),
        ("swap accept 9", "“swap” asks for another one"),
    ],
)
async def test_an_organizer_reads_what_to_do_next_where_something_is_wrong(world: World, typed: str, told: str) -> None:
    await nights(world, "!rota add Nights daily 20:00 08:00 Sam, Robin")
    await world.olive.says(typed)
    world.olive.sees(told)


async def test_the_name_that_is_offered_for_a_slip_in_a_list_keeps_the_others(world: World) -> None:
    await world.olive.says("rota add Days mon-fri 09:00 17:00 Sam, Robni")
    world.olive.sees("Did you mean Robin?")
    await world.olive.clicks("Sam, Robin")
    world.olive.sees("Days", "09:00 to 17:00: Sam", "09:00 to 17:00: Robin")
    world.room("peers").unseen.clear()


async def test_without_a_rota_its_calendar_is_no_empty_file(world: World) -> None:
    await world.sam.says("rota calendar")
    world.sam.sees("There is no rota yet. An organizer makes one with “rota add”.")
