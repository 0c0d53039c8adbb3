"""An outbox with both its ends, for tests: what is put in, and what arrives."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta

from harness import Console
from sqlalchemy import select, update

from bot.core.content import Content
from bot.core.crisis import Severity
from bot.core.escalation import Case
from bot.core.platform import Address, Receipt, SendError
from bot.core.policy import Policies
from bot.delivery import outbox
from bot.delivery.outbox import Claimed, Message, Priority, Room
from bot.delivery.sender import Sender
from bot.scheduling.clock import VirtualClock
from bot.services.escalations.store import NewCase, insert_case
from bot.storage.database import Database, Transaction
from bot.storage.tables import CaseRow, Community, Delivery, Member

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Letterbox(Console):
    """A console that notes what it is asked to send, and fails as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bool]] = []
        self.arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.begun: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.problems: list[Exception] = []
        self.shut: dict[str, SendError] = {}
        """What is raised whenever it is sent to these addresses."""
        self.slow: dict[str, asyncio.Event] = {}
        """Sending to these addresses takes until the event is set."""

    async def send(self, to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        """Note it."""
        self.begun[key].set()
        if to.id in self.slow:
            await self.slow[to.id].wait()
        if to.id in self.shut:
            raise self.shut[to.id]
        if self.problems:
            raise self.problems.pop(0)
        self.sent.append((to.id, key, retried))
        self.arrived[key].set()
        return Receipt(f"message-{len(self.sent)}")

    @property
    def keys(self) -> list[str]:
        """The keys that were sent, in order."""
        return [key for _to, key, _retried in self.sent]


class Post:
    """An outbox with its sender, a letterbox at its end, and a clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.letterbox = Letterbox()
        self.clock = VirtualClock(NOON)
        self.failed: list[tuple[Claimed, SendError]] = []
        self._community_id: int | None = None
        self.sender = Sender(database, self.letterbox, self.clock, self.on_failure)

    async def on_failure(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        self.failed.append((failed, error))

    async def put(
        self,
        key: str,
        to: str = "alice",
        *,
        priority: Priority = Priority.REPLY,
        due_in: timedelta = timedelta(),
        useless_in: timedelta | None = None,
        case_id: int | None = None,
        member_id: int | None = None,
        claimed: bool = False,
    ) -> bool:
        """`claimed`: the sender may take it in the same transaction, as it does what is said in a crisis."""
        message = self.message(
            key, to, priority=priority, due_in=due_in, useless_in=useless_in, case_id=case_id, member_id=member_id
        )
        async with self.database.begin() as tx:
            if claimed:
                tx.before_commit(self.sender.claim_with)
            return await outbox.enqueue(tx, message, now=self.clock())

    def message(
        self,
        key: str,
        to: str = "alice",
        *,
        priority: Priority = Priority.REPLY,
        due_in: timedelta = timedelta(),
        useless_in: timedelta | None = None,
        case_id: int | None = None,
        member_id: int | None = None,
    ) -> Message:
        now = self.clock()
        return Message(
            key=key,
            to=Address(platform="console", kind="direct", id=to),
            content=Content(text="hello"),
            priority=priority,
            due_at=now + due_in,
            expires_at=None if useless_in is None else now + useless_in,
            case_id=case_id,
            member_id=member_id,
        )

    async def drain(self, after: timedelta = timedelta()) -> list[str]:
        """Move the clock and send what is due; the keys sent."""
        self.clock.move_to(self.clock() + after)
        before = len(self.letterbox.keys)
        await self.sender.drain()
        return self.letterbox.keys[before:]

    async def expire(self) -> int:
        async with self.database.begin() as tx:
            return await outbox.expire(tx, now=self.clock())

    async def row(self, key: str) -> Delivery:
        async with self.database.begin() as tx:
            return (await tx.session.scalars(select(Delivery).where(Delivery.key == key))).one()

    async def claim(self, platform: str = "console", *, busy: set[str] | None = None) -> Claimed | None:
        """What another sender of the console would take now."""
        async with self.database.begin() as tx:
            look = await outbox.claim(tx, platform, Room(busy=busy or set()), now=self.clock())
        return look.claimed[0] if look.claimed else None

    async def damage(self, key: str, sealed: bytes = b"zebra") -> None:
        """Put something in the place of a row's content."""
        async with self.database.begin() as tx:
            await tx.session.execute(update(Delivery).where(Delivery.key == key).values(content_sealed=sealed))

    async def member(self) -> int:
        """Somebody; their number."""
        async with self.database.begin() as tx:
            return (await self._add_member(tx)).id

    async def open_case(self) -> int:
        """A member's case that nobody has; its number."""
        async with self.database.begin() as tx:
            member = await self._add_member(tx)
            new = NewCase(how="member", severity=Severity.URGENT)
            case = await insert_case(
                tx,
                member.community_id,
                member.id,
                new,
                Case(policies=Policies(), severity=new.severity, opened_at=self.clock()),
            )
            assert case is not None
            return case.id

    async def _add_member(self, tx: Transaction) -> Member:
        if self._community_id is None:
            community = Community(
                slug="harbour", name="Harbour", country="US", zone="UTC", languages=["en"],
                checkin_time=time(9), policy=[], retention_days=30,
            )  # fmt: skip
            tx.session.add(community)
            await tx.session.flush()
            self._community_id = community.id
        member = Member(community_id=self._community_id)
        tx.session.add(member)
        await tx.session.flush()
        return member

    async def take_case(self, case_id: int) -> None:
        """Somebody has the case now."""
        async with self.database.begin() as tx:
            peer = Member(community_id=self._community_id)
            tx.session.add(peer)
            await tx.session.flush()
            await tx.session.execute(update(CaseRow).where(CaseRow.id == case_id).values(holder=peer.id))

    async def end_case(self, case_id: int) -> None:
        """The case is over, and nobody had it."""
        async with self.database.begin() as tx:
            await tx.session.execute(update(CaseRow).where(CaseRow.id == case_id).values(open_for=None))
