"""A member's own data: exported whole, erased whole, kept no longer than was said, never readable on disk."""

import json
import logging
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import World
from harness.fixtures import Story, met, on_both_databases
from sqlalchemy import func, select

from bot.core.commands import Parameter, command
from bot.core.content import Reply
from bot.core.kinds import Words
from bot.core.words import _
from bot.services import privacy
from bot.services.call import Call
from bot.services.hosting import attendance
from bot.services.own_data import KINDS
from bot.storage.database import Transaction
from bot.storage.duty_tables import CredentialRow, RosterRow, RotaOverride, RotaPerson, RotaRow, RotaSwap
from bot.storage.gathering_tables import MeetingTask
from bot.storage.hosting_tables import AttendanceRequest, HostedMeeting, MeetingHost, RaisedHand
from bot.storage.personal import PERSONAL
from bot.storage.relay_tables import CasePicture, PictureWish
from bot.storage.tables import (
    Base,
    CaseEvent,
    CaseRow,
    CheckInRow,
    Delivery,
    FollowUp,
    Identity,
    InboundEvent,
    MeetingRow,
    Question,
    RelayMessage,
    Remembered,
    RoleGiven,
    Swap,
)
from bot.storage.tables import Member as MemberRow

NAME, NOTE, EXCERPT, WORDS, LINK = "Zebrana", "zebra-note", "zebra-excerpt", "zebra-relay", "zebra-link"
EVENT = "zebra-event"
MARKERS = (NAME, NOTE, EXCERPT, WORDS, LINK, EVENT)


class BrokenCog:
    """A cog with a mistake in it: what is written to it stays stored, to be tried again."""

    @command("break", _("Break"), Parameter(name="words", ask=_("What?"), kind=Words(), rest=True))
    async def run(self, call: Call, words: str) -> Reply:
        """Fail."""
        raise RuntimeError


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


async def id_of(world: World, account: str) -> int:
    """The member with this account."""
    (found,) = await world.rows(select(Identity.member_id).where(Identity.account == account))
    return int(found)


async def be_on_a_rota(tx: Transaction, member: int, now: datetime) -> None:
    """The member is on the roster, in a rota, put on once, and has asked for a swap."""
    rota = RotaRow(community_id=1, name=f"Rota {member}", days=[1], begins=time(8), ends=time(9), zone="UTC")
    rota.starts_on, rota.turns = now.date(), "shift"
    tx.session.add_all([rota, RosterRow(member_id=member, languages=[], topics=[], hours_days=[])])
    await tx.session.flush()
    tx.session.add(CredentialRow(member_id=member, name="Certificate"))
    tx.session.add(RotaPerson(rota_id=rota.id, member_id=member, position=0))
    tx.session.add(RotaOverride(rota_id=rota.id, member_id=member, begins_at=now, ends_at=now))
    other = (await tx.session.scalars(select(Identity.member_id).where(Identity.account == "robin"))).one()
    swap = RotaSwap(rota_id=rota.id, day=now.date(), giver_id=member, taker_id=other, state="asked", ends_at=now)
    tx.session.add(swap)


async def host_a_meeting(tx: Transaction, member: int, now: datetime) -> None:
    """The member hosts it, has a hand up, and wants a note of having been there."""
    meeting = (await tx.session.scalars(select(MeetingRow.id))).one()
    hosted = HostedMeeting(community_id=1, meeting_id=meeting, host_id=member, platform="console", address="lobby")
    hosted.opened_at = now
    tx.session.add_all([MeetingHost(meeting_id=meeting, member_id=member), hosted])
    await tx.session.flush()
    tx.session.add(RaisedHand(hosted_id=hosted.id, member_id=member, place=1, named=True, at=now))
    name = tx.vault.seal(NAME, attendance.PURPOSE)
    tx.session.add(AttendanceRequest(hosted_id=hosted.id, member_id=member, name_sealed=name, asked_at=now))


async def send_a_picture(tx: Transaction, member: int, case: int, now: datetime) -> None:
    """The member has sent one in their talk, and wants to see all."""
    relay = RelayMessage(
        case_id=case, author=member, at=now, kind="picture", text_sealed=tx.vault.seal("", "relay_messages.text")
    )
    tx.session.add(relay)
    await tx.session.flush()
    picture = CasePicture(relay_id=relay.id, case_id=case, author=member, size=1, wanted_by=[])
    picture.source_sealed = picture.data_sealed = tx.vault.seal(WORDS, "case_pictures.source")
    tx.session.add_all([picture, PictureWish(case_id=case, member_id=member, wish="all")])


async def live(world: World) -> None:
    """Alice and bob use everything that stores something about them."""
    await met(world)
    for person in (world.alice, world.bob):
        await person.says(f"settings name {NAME}")
        await person.says("checkin start 20:00 Europe/Berlin")
        await person.says("checkin now")
        await person.clicks("Hard")
        await person.says(f"checkin note {NOTE}")
        await person.says("meetings follow Evening group")
        await person.says("meetings coming Evening group")
        await person.says(f"I want to kill myself, {EXCERPT}")
        await world.advance(seconds=1)
    await world.sam.says("take 1")
    await world.robin.says("take 2")
    for person in (world.alice, world.bob):
        await world.mo.says(f"pause 0 {person.name}")
        await person.says(WORDS)
        await person.says("!settings zone Berln")
        await world.app.hub.remember("console", f"thread:{person.name}", f"t-{person.name}")
        await world.app.hub.remember("console", f"person:t-{person.name}", person.name)
    async with world.database.begin() as tx:
        for account in ("alice", "bob"):
            member = (await tx.session.scalars(select(Identity.member_id).where(Identity.account == account))).one()
            tx.session.add(RoleGiven(member_id=member, role="peer"))
            await be_on_a_rota(tx, member, world.now)
            await host_a_meeting(tx, member, world.now)
            meeting = (await tx.session.scalars(select(MeetingRow.id))).one()
            task = MeetingTask(meeting_id=meeting, day=world.now.date(), task=account, taker=member, turn=1)
            task.starts_at = task.ends_at = world.now
            tx.session.add(task)
            for case in await tx.session.scalars(select(CaseRow).where(CaseRow.member_id == member)):
                case.link_sealed = tx.vault.seal(LINK, "cases.link")
                await send_a_picture(tx, member, case.id, world.now)
                assert case.holder is not None
                tx.session.add(Swap(case_id=case.id, member_id=member, other=case.holder, at=world.now))
                tx.session.add(
                    FollowUp(member_id=member, case_id=case.id, peer=case.holder, began_at=world.now, asked=0)
                )
    world.add_commands(BrokenCog())
    for person in (world.alice, world.bob):
        await person.says(f"!break {EVENT}")
    forget(world)


@pytest.fixture
def story() -> Story:
    return live


async def rows_of(world: World, member_id: int) -> dict[str, int]:
    """How many rows each personal table has about the member."""
    counts = {}
    async with world.database.begin() as tx:
        for name, personal in PERSONAL.items():
            table = Base.metadata.tables[name]
            query = select(func.count()).where(table.c[personal.member] == member_id)
            counts[name] = int(await tx.session.scalar(query) or 0)
    return counts


@on_both_databases
async def test_an_export_holds_all_of_a_members_rows_in_readable_words(world: World) -> None:
    await world.alice.says("!mydata export")
    shown = world.alice.sees("This is everything I have stored about you")
    document = json.loads(shown.text[shown.text.index("{") :])
    in_short = shown.text[: shown.text.index("{")]
    counts = await rows_of(world, await id_of(world, "alice"))
    for table, kind in KINDS.items():
        assert f"{kind.label}: " in in_short, table
    assert (
        f"{KINDS['checkins'].label}: {counts['checkins']}, of {document['checkins'][0]['answered_at'][:10]}" in in_short
    )
    assert not [words for words in MARKERS if words in in_short]
    assert all(counts.values()), "the test fills every personal table"
    # The export itself is a delivery, asked for by an event, and ends a question.
    for table in set(PERSONAL) - {"deliveries", "inbound_events", "questions"}:
        assert len(document[table]) == counts[table], table
    assert document["members"][0]["name"] == NAME
    assert document["checkins"][0]["note"] == NOTE
    assert EXCERPT in document["cases"][0]["excerpt"]
    assert document["cases"][0]["link"] == LINK
    assert WORDS in [row["text"] for row in document["relay_messages"]]
    assert document["deliveries"]
    assert len(document["inbound_events"]) == counts["inbound_events"] + 1
    forget(world)


async def test_an_export_holds_nothing_of_anybody_else(world: World) -> None:
    bob = await id_of(world, "bob")
    await world.alice.says("!mydata export")
    shown = world.alice.sees("This is everything I have stored about you")
    document = json.loads(shown.text[shown.text.index("{") :])
    for table, personal in PERSONAL.items():
        assert not [row for row in document[table] if row[personal.member] == bob], table
    forget(world)


async def erase(world: World) -> None:
    """Alice erases her data, with the confirmation."""
    await world.alice.says("!mydata erase")
    world.alice.sees("This deletes your settings", "Yes, erase everything")
    await world.alice.clicks("Yes, erase everything")
    world.alice.sees("Everything is deleted")


@on_both_databases
async def test_an_erasure_leaves_nothing_of_the_member_and_touches_nobody_else(world: World) -> None:
    alice, bob = await id_of(world, "alice"), await id_of(world, "bob")
    others = await rows_of(world, bob)
    async with world.database.begin() as tx:
        rest = [tuple(row) for row in await tx.session.execute(select(CheckInRow.__table__))]
    await erase(world)
    assert set((await rows_of(world, alice)).values()) == {0}
    assert await rows_of(world, bob) == others
    async with world.database.begin() as tx:
        left = [tuple(row) for row in await tx.session.execute(select(CheckInRow.__table__))]
    assert left == [row for row in rest if row[1] == bob]
    cases = await world.rows(select(CaseRow).where(CaseRow.member_id.is_(None)))
    assert [(case.excerpt_sealed, case.link_sealed, case.outcome) for case in cases] == [(None, None, "erased")]
    names = await world.rows(select(Remembered.name).order_by(Remembered.name))
    assert names == ["apart:case-2", "person:t-bob", "thread:bob"]
    forget(world)


@pytest.mark.parametrize(
    ("table", "days"),
    [(CheckInRow, 400), (Question, 1), (CaseRow, 365), (RelayMessage, 30)],
)
async def test_rows_are_deleted_when_they_have_been_kept_long_enough(world: World, table: Any, days: int) -> None:
    for number in (1, 2):
        await world.mo.says(f"resolve {number} safe")
    assert await world.rows(select(table.id))
    await keep_no_longer(world, timedelta(days=days, minutes=-10))
    assert await world.rows(select(table.id))
    await keep_no_longer(world, timedelta(days=days, minutes=10))
    assert not await world.rows(select(table.id))
    forget(world)


async def keep_no_longer(world: World, later: timedelta) -> None:
    """Housekeeping, so much later."""
    async with world.database.begin() as tx:
        await privacy.keep_no_longer(tx, now=world.now + later)


async def test_an_open_case_is_kept_however_old_it_is(world: World) -> None:
    await keep_no_longer(world, timedelta(days=4000))
    assert len(await world.rows(select(CaseRow.id))) == 2


async def test_sent_deliveries_and_old_events_are_deleted(world: World) -> None:
    await world.advance(minutes=5)  # until nothing waits to be handled any more
    await keep_no_longer(world, timedelta(days=8))
    assert await world.rows(select(InboundEvent.event_id)) == []
    assert await world.rows(select(Delivery.id))
    await keep_no_longer(world, timedelta(days=31))
    assert await world.rows(select(Delivery.id)) == []
    forget(world)


async def test_an_event_that_waits_to_be_handled_is_kept_whole_however_old_it_is(world: World) -> None:
    waiting = select(InboundEvent.event_id, InboundEvent.body_sealed).where(InboundEvent.state == "seen")
    before = await _all(world, waiting)
    await keep_no_longer(world, timedelta(days=8))
    assert await _all(world, waiting) == before
    assert len(before) == 2


async def _all(world: World, query: Any) -> list[Any]:
    async with world.database.read() as tx:
        return list((await tx.session.execute(query.order_by(InboundEvent.event_id))).all())


async def test_old_lines_of_the_audit_log_are_deleted(world: World) -> None:
    await keep_no_longer(world, timedelta(days=366))
    assert await world.rows(select(CaseEvent.id)) == []


async def test_members_are_kept_as_long_as_they_are_members(world: World) -> None:
    before = await world.rows(select(MemberRow.id))
    await keep_no_longer(world, timedelta(days=4000))
    assert await world.rows(select(MemberRow.id)) == before


async def test_nothing_that_people_write_is_readable_on_disk_or_in_the_log(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for ours in ("bot", "cogs"):
        caplog.set_level(logging.DEBUG, logger=ours)
    await world.app.hub.remember("console", "token", "zebra-token")
    await world.alice.says("!nonsense zebra-nonsense")
    await world.mo.says("!escalate zebra-account")
    forget(world)
    files = {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())}  # noqa: ASYNC240  nothing else runs
    assert {"handrail.db", "handrail.db-wal"} <= set(files)
    for marker in (*MARKERS, "zebra-token", "zebra-nonsense"):
        assert not [name for name, content in files.items() if marker.encode() in content], marker
        assert marker not in caplog.text, marker
    assert "zebra-account" not in caplog.text
