"""Cases by the thousand: the real service, on a clock that jumps to whatever comes next.

A seed decides who asks for a person and when, who presses, speaks, is silent or goes, and what fails. After every
transaction the stored cases, the audit log and the outbox are looked at. A broken invariant tells the seed, which
replays it.
"""

import heapq
import itertools
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.app import load_languages, load_resources
from bot.core.content import Content
from bot.core.crisis import Category, Severity, Signal, Span
from bot.core.escalation import QUIET, Outcome
from bot.core.inbound import Inbound
from bot.core.platform import Address, TryAgain, Unreachable
from bot.delivery.outbox import Claimed, Priority
from bot.services import members
from bot.services.communities import Communities
from bot.services.duty import Rotas
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.meetings import Meetings
from bot.services.voice import Voice
from bot.storage.database import Database, Transaction
from bot.storage.tables import Base
from bot.storage.vault import Vault
from simulation.direct import direct_engine
from simulation.town import PEERS, community_file
from simulation.watching import MINUTE, Result, Watch, Watched

TOWNS = 3
PLATFORMS = ("discord", "matrix")


class Killed(BaseException):
    """The process ends here, in the midst of whatever it does."""


Work = Callable[[Transaction], Awaitable[Any]]


class Simulation(Watch):
    """One run; `strict` raises `Broken` at the first invariant that does not hold."""

    def __init__(self, seed: int, cases: int, *, strict: bool = True) -> None:
        super().__init__(seed, cases, strict=strict)
        self.database = Database(direct_engine(self.raw), Vault(Fernet.generate_key()))
        self.due: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = []
        self.numbers = itertools.count(1)
        self.staff: dict[int, dict[str, int]] = {}
        self.down: dict[str, datetime] = {}
        self.held_back: list[int] = []
        self.statements_left = 0
        self.strike: BaseException | None = None
        self.policies = list(range(TOWNS))
        event.listen(self.database.engine.sync_engine, "before_cursor_execute", self._before_statement)
        self._start_process()

    def _start_process(self) -> None:
        voice = Voice(load_languages(), lambda: None)
        self.escalations = Escalations(Effects(voice, load_resources(), self.roster))
        self.communities = Communities(Meetings(voice), self.escalations, Rotas(voice))

    # Faults

    def _before_statement(self, *_arguments: Any) -> None:
        if self.strike is None:
            return
        self.statements_left -= 1
        if self.statements_left < 0:
            strike, self.strike = self.strike, None
            raise strike

    def _choose_fault(self) -> None:
        chance = self.random.random()
        self.strike, self.statements_left = None, self.random.randrange(25)
        if chance < 0.01:
            self.strike = Killed()
        elif chance < 0.02:
            self.strike = OperationalError("", None, sqlite3.OperationalError("database is locked"))

    async def do(self, work: Work, again: Callable[[], Awaitable[None]]) -> bool:
        """One transaction, which may be struck; then it is done again a little later, as the bot would."""
        self._choose_fault()
        chosen = self.strike
        try:
            async with self.database.begin() as tx:
                await work(tx)
        except Killed:
            self.result.faults["process restarts"] += 1
            self._start_process()
        except OperationalError:
            self.result.faults["database busy"] += 1
        else:
            put_up_with = chosen is not None and self.strike is None and not isinstance(chosen, Killed)
            self.result.faults["database busy"] += put_up_with
            self.strike = None
            self.result.transactions += 1
            self.look(put_up_with=put_up_with)
            await self.post()
            return True
        self.strike = None
        self.after(self.random.uniform(0.02, 1), again)
        return False

    # Time

    def after(self, minutes: float, do: Callable[[], Awaitable[None]]) -> None:
        """Something happens then."""
        heapq.heappush(self.due, (self.clock() + minutes * MINUTE, next(self.numbers), do))

    async def run(self) -> Result:
        """Until every case has ended."""
        logging.getLogger("bot").setLevel(logging.CRITICAL + 1)
        try:
            await self._settle_in()
            self.after(0, self.next_member)
            self.after(60, self.change_rota)
            self.after(500, self.lose_platform)
            self.after(700, self.edit_policy)
            while self.cases or self.result.cases < self.wanted:
                await self._next()
            self.conclude()
        finally:
            logging.getLogger("bot").setLevel(logging.NOTSET)
            await self.database.close()
        return self.result

    async def _next(self) -> None:
        """Whatever comes first: a timer of a case, or something that people or faults do."""
        timer = self.raw.execute("SELECT min(next_at) FROM cases WHERE open_for IS NOT NULL").fetchone()[0]
        at = None if timer is None else datetime.fromisoformat(timer).replace(tzinfo=UTC)
        if at is not None and (not self.due or at <= self.due[0][0]):
            self.clock.move_to(at + timedelta(seconds=self.random.uniform(0, 15)))
            await self.fire()
            return
        moment, _number, do = heapq.heappop(self.due)
        self.clock.move_to(moment)
        await do()

    async def fire(self) -> None:
        """The ticker wakes, if not at once, then soon."""

        async def work(tx: Transaction) -> None:
            await self.escalations.due(tx, now=self.clock())

        async def nothing() -> None:
            """It is still due."""

        await self.do(work, nothing)

    # The stage

    async def _settle_in(self) -> None:
        async with self.database.engine.begin() as opened:
            await opened.run_sync(Base.metadata.create_all)
        for number in range(TOWNS):
            async with self.database.begin() as tx:
                community = await self.communities.apply(tx, community_file(number, number), None, now=self.clock())
            self._learn_staff(community.id)
        assert list(self.staff) == [1, 2, 3]

    def _learn_staff(self, community: int) -> None:
        query = "SELECT m.id, r.role FROM members m JOIN roles r ON r.member_id = m.id WHERE community_id = ?"
        rows = self.raw.execute(f"{query} ORDER BY m.id", (community,)).fetchall()
        self.roster.peers[community] = [id_ for id_, role in rows if role == "peer"]
        self.staff[community] = {role: id_ for id_, role in rows if role != "peer"}
        self.roster.edit(community, self.random)

    async def change_rota(self) -> None:
        """The rota is edited, cases or not."""
        self.result.faults["rota edited"] += 1
        for community in self.staff:
            self.roster.edit(community, self.random)
        self.after(self.random.uniform(30, 180), self.change_rota)

    async def edit_policy(self) -> None:
        """An organizer applies another policy; sometimes somebody is no peer any more."""
        number = self.random.randrange(TOWNS)
        self.policies[number] += 1
        without = self.random.choice(PEERS[1:]) if self.random.random() < 0.5 else ""
        file = community_file(number, self.policies[number], without=without)

        async def work(tx: Transaction) -> None:
            await self.communities.apply(tx, file, None, now=self.clock())

        await self.do_edit(work, number + 1)
        self.after(self.random.uniform(1000, 3000), self.edit_policy)

    async def do_edit(self, work: Work, community: int) -> None:
        """Apply it, again and again if need be."""

        async def again() -> None:
            await self.do_edit(work, community)

        if await self.do(work, again):
            self.result.faults["policy edited"] += 1
            self._learn_staff(community)

    async def lose_platform(self) -> None:
        """A platform is away for hours: nothing arrives there."""
        platform = self.random.choice(PLATFORMS)
        self.result.faults["platform down"] += 1
        self.down[platform] = self.clock()

        async def back() -> None:
            del self.down[platform]
            held, self.held_back = self.held_back, []
            await self.deliver(held)

        self.after(self.random.uniform(30, 240), back)
        self.after(self.random.uniform(600, 2500), self.lose_platform)

    # Members

    async def next_member(self) -> None:
        """Somebody asks, or is heard; now and then so many at once that it is an attack."""
        if self.result.cases >= self.wanted:
            return
        crowd = 1
        if self.random.random() < 0.004:
            crowd = self.random.randrange(8, 20)
            self.result.faults["flood"] += 1
        community = self.random.randint(1, TOWNS)
        for _one in range(crowd):
            await self.ask(next(self.numbers), community)
            self.clock.move_to(self.clock() + timedelta(seconds=2))
        self.after(self.random.expovariate(1 / 12), self.next_member)

    async def ask(self, number: int, community: int) -> None:
        """Somebody new asks for a person, or is heard; now and then a peer."""
        severity = self.random.choices(list(Severity), (2, 5, 3))[0]
        by_hand = self.random.random() < 0.3
        twice = self.random.random() < 0.1
        peer = self.random.choice(self.roster.peers[community]) if self.random.random() < 0.05 else None
        if peer is not None:
            self.result.faults["peer in danger"] += 1

        async def say(tx: Transaction, severity: Severity) -> None:
            account = f"@m{number}:example.org"
            if peer is None:
                id_, _new = await members.ensure(tx, community, "matrix", account, seen_at=self.clock())
            else:
                id_ = peer
            member = await members.load(tx, id_)
            if by_hand:
                await self.escalations.by_member(tx, member, now=self.clock())
                return
            signal = Signal(
                category=Category.SUICIDE,
                severity=severity,
                spans=(Span(start=0, end=4, rule="en/x"),),
                rules=("en/x",),
            )
            inbound = Inbound(
                event_id=f"e{next(self.numbers)}", platform="matrix", account=account, place="!lobby", private=False,
                at=self.clock(), text="help me",
            )  # fmt: skip
            await self.escalations.on_signal(tx, member, signal, inbound, now=self.clock())

        async def once() -> None:
            await self.do(lambda tx: say(tx, severity), once)

        async def worse() -> None:
            await self.do(lambda tx: say(tx, Severity.EMERGENCY), worse)

        await once()
        if twice and not by_hand:
            self.after(self.random.uniform(0, 20), worse)

    # The post

    async def post(self) -> None:
        """Bring what is new in the outbox."""
        query = "SELECT id FROM deliveries WHERE id > ? ORDER BY id"
        ids = [row[0] for row in self.raw.execute(query, (self.last_delivery,)).fetchall()]
        if ids:
            self.last_delivery = ids[-1]
            await self.deliver(ids)

    async def deliver(self, ids: list[int]) -> None:
        """Bring these, if they are still wanted and their platforms are there; some fail for good."""
        columns = "id, key, platform, kind, address, member_id, case_id"
        chosen = f"id IN ({','.join(map(str, ids))})"
        query = f"SELECT {columns} FROM deliveries WHERE state = 'pending' AND {chosen} ORDER BY id"  # noqa: S608  numbers
        rows = self.raw.execute(query).fetchall()
        sent, failed = [], []
        for row in rows:
            if row[2] in self.down:
                self.held_back.append(row[0])
            elif self.random.random() < 0.02:
                failed.append(row)
            else:
                sent.append(row)
        at = self.clock().replace(tzinfo=None).isoformat(sep=" ")
        for state, some in (("sent", sent), ("failed", failed)):
            if some:
                chosen = ",".join(str(row[0]) for row in some)
                done = f"UPDATE deliveries SET state = ?, sent_at = ? WHERE id IN ({chosen})"  # noqa: S608  numbers
                self.raw.execute(done, (state, at))
        for row in sent:
            self._arrived(row)
        for row in failed:
            self.result.faults["message fails"] += 1
            await self.fail(row)

    async def fail(self, row: tuple[Any, ...]) -> None:
        """The bot learns that a message did not arrive."""
        id_, key, platform, kind, address, member, case_id = row
        error = self.random.choice([Unreachable("closed"), TryAgain("given up")])
        to = Address(platform=platform, kind=kind, id=address)
        failed = Claimed(
            id=id_, key=key, to=to, content=Content(), priority=Priority.CRISIS, attempts=3, case_id=case_id,
            member_id=member,
        )  # fmt: skip

        async def again() -> None:
            await self.do(lambda tx: self.escalations.on_failure(tx, failed, error, now=self.clock()), again)

        self.after(0.1, again)

    def _arrived(self, row: tuple[Any, ...]) -> None:
        _id, key, _platform, _kind, _address, member, case_id = row
        parts = key.split(":")
        if parts[0] == "case" and parts[-1] == "answer":
            case = self.cases.get(case_id)
            if case is not None:
                self.result.first_answer.append((self.clock() - case.opened_at).total_seconds())
                if self.random.random() < 0.08:
                    self.after(self.random.uniform(1, 30), lambda: self.safe(case_id, case))
        elif parts[1] == "flood":
            waiting = [id_ for id_, case in self.cases.items() if case.replay.holder is None and not case.shunned]
            if waiting:
                self._perhaps_take(self.random.choice(waiting), member)
        elif parts[0] == "page" and case_id in self.cases:
            self._perhaps_take(case_id, member)

    # People

    def _perhaps_take(self, case_id: int, person: int | None) -> None:
        case = self.cases[case_id]
        if case.shunned and not case.replay.repeated:
            return
        if self.random.random() > 0.6:
            return
        community = case.community
        peer = person or self.random.choice(self.roster.peers[community])
        minutes = self.random.uniform(0.2, 6)
        self.after(minutes, lambda: self.act(case_id, peer, "take"))
        if self.random.random() < 0.15:
            self.result.faults["two press at once"] += 1
            other = self.random.choice(self.roster.peers[community])
            self.after(minutes, lambda: self.act(case_id, other, "take"))

    def begins(self, case_id: int, case: Watched, holder: int) -> None:
        """Decide what somebody does who has it now."""
        if self.clock() - case.opened_at < QUIET:  # else somebody had forgotten it
            self.result.acknowledged.append((self.clock() - case.opened_at).total_seconds())
        case.plan = self.random.choices(
            ["talk", "silent", "give back", "hand to", "joined", "leaves them", "forgets"], (70, 7, 5, 5, 5, 5, 3)
        )[0]
        if case.plan == "silent":
            self.result.faults["peer never speaks"] += 1
            return
        at = self.random.uniform(0.5, 8)
        self.after(at, lambda: self.act(case_id, holder, "say"))
        at += self.random.uniform(1, 8)
        if case.plan == "forgets":
            self.result.faults["peer forgets the case"] += 1
            if self.random.random() < 0.5:
                self.after(13 * 60, lambda: self.act(case_id, holder, "still there"))
            return
        if case.plan != "talk" or self.random.random() < 0.3:
            self.after(at, lambda: self.act(case_id, case.member, "say"))
        community = case.community
        other = self.random.choice([*self.roster.peers[community], *self.staff[community].values()])
        if case.plan == "leaves them":
            self.result.faults["peer never answers"] += 1
            return
        if case.plan == "joined":
            self.after(at, lambda: self.act(case_id, other, "join"))
            self.after(at + 3, lambda: self.act(case_id, other, self.random.choice(["say", "leave"])))
        if case.plan == "give back":
            self.after(at + 2, lambda: self.act(case_id, holder, "hand over"))
            return
        if case.plan == "hand to":
            self.after(at + 2, lambda: self.act(case_id, holder, "hand over", other))
            return
        self.after(at + self.random.uniform(5, 40), lambda: self.act(case_id, holder, "resolve"))
        if self.random.random() < 0.1:
            self.after(at + 60, lambda: self.act(case_id, holder, "resolve"))

    async def safe(self, case_id: int, case: Watched) -> None:
        """The member says that they are safe."""
        if case_id not in self.cases:
            return

        async def work(tx: Transaction) -> None:
            await self.escalations.say_safe(tx, await members.load(tx, case.member), now=self.clock())

        await self.do(work, lambda: self.safe(case_id, case))

    async def act(self, case_id: int, person: int, what: str, other: int | None = None) -> None:
        """Somebody does something with a case, whatever has become of it meanwhile."""
        service, now = self.escalations, self.clock()

        async def work(tx: Transaction) -> None:
            by = await members.load(tx, person)
            match what:
                case "take":
                    await service.take(tx, by, case_id, now=now)
                case "join":
                    await service.join(tx, by, case_id, now=now)
                case "leave":
                    await service.leave(tx, by, case_id, now=now)
                case "still there":
                    await service.still_there(tx, by, case_id, now=now)
                case "hand over":
                    to = None if other is None else await members.load(tx, other)
                    await service.hand_over(tx, by, case_id, now=now, to=to, note="they like tea")
                case "resolve":
                    await service.resolve(tx, by, case_id, Outcome.SAFE, now=now)
                case "say":
                    for row in await service.conversations(tx, by):
                        if row.id == case_id:
                            await service.relay(tx, by, row, "hello", f"e{next(self.numbers)}", now=now)

        await self.do(work, lambda: self.act(case_id, person, what, other))


async def simulate(seed: int, cases: int, *, strict: bool = True) -> Result:
    """A run of so many cases; raises `Broken` if `strict` and an invariant does not hold."""
    return await Simulation(seed, cases, strict=strict).run()
