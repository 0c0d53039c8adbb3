"""Rotas: shown to everybody on the roster, made by organizers, swapped by peers."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Attachment, Choice, Content, Field, Reply
from bot.core.duty import Turns
from bot.core.duty.calendar import as_calendar
from bot.core.duty.rota import weekly_days
from bot.core.kinds import BEGIN_TIME, DATE, END_TIME, NAME, WEEKDAYS, ZONE, Number, OneOf, Words, is_end_of_day
from bot.core.occurrences import instant
from bot.core.roles import Action
from bot.core.words import Say, Text, _
from bot.services.call import Call
from bot.services.duty import Rotas, store
from bot.services.duty.rotas import NO_ROTA, WEEK
from bot.services.duty.words import A_PEER, NOBODY, names, period
from cogs.parameters import UNTIL

CALENDAR = timedelta(days=56)
"""How far ahead a calendar file goes."""

GAPS_SHOWN = 5

TURNS = OneOf(
    (Turns.SHIFT.value, _("the next person each shift")),
    (Turns.WEEK.value, _("one person for a week")),
    (Turns.TOGETHER.value, _("everybody together")),
    name="turns",
)
ROTA = Parameter(name="rota", ask=_("Which rota? Its name."), kind=NAME, required=False, example="Nights")
SWAP = Parameter(name="swap", ask=_("Which swap? Its number."), kind=Number(1, 2_000_000_000), required=False)


class RotaCog:
    """Commands and buttons around rotas."""

    def __init__(self, rotas: Rotas) -> None:
        self._rotas = rotas

    @command("rota", _("Who is on in the coming week, in your own time"), may=Action.TAKE_CASE)
    async def show(self, call: Call) -> Reply:
        """The coming week, shift by shift, and when nobody is on."""
        plan = await store.load_plan(call.tx, call.member.community.id, call.now)
        if not plan.rotas:
            raise BadValue(NO_ROTA)
        zone = call.member.zone
        fields: list[Field] = []
        for rota in plan.rotas:
            lines: Say | None = None
            for span in plan.spans(call.now, call.now + WEEK, whole=True):
                if span.rota == rota.id:
                    who = await names(call.tx, span.people)
                    line = _("{when}: {who}", when=period(span, zone), who=who)
                    lines = line if lines is None else _("{before}\n{line}", before=lines, line=line)
            fields.append(Field(name=rota.name, value=_("no shift this week") if lines is None else lines))
        gaps = plan.gaps(call.now, call.now + WEEK)
        if gaps:
            lines = None
            for gap in gaps[:GAPS_SHOWN]:
                line = period(gap, zone)
                lines = line if lines is None else _("{before}\n{line}", before=lines, line=line)
            if (more := len(gaps) - GAPS_SHOWN) > 0:
                lines = _("{before}\nand {n} more: “rota calendar” has them all", before=lines or "", n=more)
            fields.append(Field(name=_("Nobody is on"), value=lines or ""))
        return Reply(
            content=Content(
                title=_("The coming week"),
                text=_("Times are yours ({zone}).", zone=zone.key),
                fields=tuple(fields),
                choices=(
                    Choice(label=_("As a calendar file"), command="rota calendar"),
                    Choice(label=_("Swap a shift"), command="swap"),
                ),
            )
        )

    @command(
        "rota calendar",
        _("The rota as a file for your calendar"),
        Parameter(
            name="whose",
            ask=_("Your own shifts, or everybody's?"),
            kind=OneOf(("all", _("everybody's")), ("mine", _("my own"))),
            required=False,
        ),
        may=Action.TAKE_CASE,
    )
    async def calendar(self, call: Call, whose: str = "all") -> Reply:
        """An iCalendar file of the coming eight weeks."""
        community = call.member.community
        plan = await store.load_plan(call.tx, community.id, call.now)
        if not plan.rotas:
            raise BadValue(NO_ROTA)
        text = as_calendar(
            plan,
            (call.now, call.now + CALENDAR),
            title=community.name,
            domain=community.slug,
            names=await self._rotas.all_names(call.tx, plan),
            nobody=str(NOBODY),
            only=call.member.id if whose == "mine" else None,
            stamp=call.now,
        )
        return Reply(
            content=Content(
                text=_("The rota of the next eight weeks. Open the file with your calendar."),
                attachment=Attachment(filename="rota.ics", text=text),
            )
        )

    @command(
        "rota add",
        _("Make or change a rota"),
        Parameter(name="name", ask=_("What is the rota called? For example Nights."), kind=NAME, example="Nights"),
        Parameter(
            name="days", ask=_("On which days does a shift begin? For example daily, or mon-fri."), kind=WEEKDAYS
        ),
        Parameter(name="begins", ask=_("At what time does a shift begin? For example 20:00."), kind=BEGIN_TIME),
        Parameter(
            name="ends",
            ask=_("At what time does it end? For example 08:00, of the next day."),
            kind=END_TIME,
            after=UNTIL,
            example="08:00",
        ),
        Parameter(name="turns", ask=_("How do they take turns?"), kind=TURNS, required=False),
        Parameter(name="zone", ask=_("In which time zone?"), kind=ZONE, required=False),
        Parameter(
            name="people",
            ask=_("Who takes turns, in this order? Peers' names, with commas."),
            kind=Words(1000),
            rest=True,
            example="Sam, Robin",
        ),
        may=Action.MANAGE_COMMUNITY,
    )
    async def add(
        self,
        call: Call,
        name: str,
        days: str,
        begins: time,
        ends: time,
        people: str,
        turns: str = Turns.SHIFT.value,
        zone: ZoneInfo | None = None,
    ) -> Reply:
        """Store a rota; the first person's turn is today."""
        community = call.member.community
        members = await self._rotas.people_named(call.tx, community.id, people)
        async with self._rotas.told_if_on_now(call.tx, community.id, now=call.now):
            await self._rotas.put(
                call.tx,
                community,
                name=name,
                days=weekly_days(days),
                begins=begins,
                ends=ends,
                zone=zone or community.zone,
                people=members,
                turns=Turns(turns),
                now=call.now,
            )
        return await self.show(call)

    @command(
        "rota remove",
        _("Remove a rota"),
        Parameter(name="rota", ask=_("Which rota? Its name."), kind=NAME, example="Nights"),
        may=Action.MANAGE_COMMUNITY,
    )
    async def remove(self, call: Call, rota: str) -> Reply:
        """Remove a rota for good."""
        row = await self._rotas.named(call.tx, call.member.community.id, rota)
        name = row.name
        await self._rotas.remove(call.tx, call.member.community, row, now=call.now)
        return Reply(content=Content(text=_("The rota {name} is removed.", name=name)))

    @command(
        "rota put",
        _("Put somebody on for a while, whatever the rota says"),
        Parameter(name="person", ask=_("Whom? A peer's name, or “nobody”."), kind=NAME),
        Parameter(name="start", ask=_("From which day? For example today, or 2026-11-24."), kind=DATE),
        Parameter(name="begins", ask=_("From what time, on the rota's clock?"), kind=BEGIN_TIME),
        Parameter(name="ends", ask=_("Until what time?"), kind=END_TIME, after=UNTIL, example="23:00"),
        Parameter(name="until", ask=_("Until which day, if it is another one?"), kind=DATE, required=False),
        ROTA,
        may=Action.MANAGE_COMMUNITY,
    )
    async def put(
        self,
        call: Call,
        person: str,
        start: date,
        begins: time,
        ends: time,
        until: date | None = None,
        rota: str | None = None,
    ) -> Reply:
        """An override: this person is on, and nobody else."""
        row = await self._rotas.named(call.tx, call.member.community.id, rota)
        zone = ZoneInfo(row.zone)
        nobody = person.casefold() in {"nobody", str(NOBODY)}
        member = None if nobody else await self._rotas.peer_named(call.tx, call.member.community.id, person)
        last = until or start
        if is_end_of_day(ends) or (until is None and ends <= begins):
            last += timedelta(days=1)
        begin, end = instant(start, begins, zone), instant(last, ends, zone)
        await self._rotas.override(call.tx, row, member, begin, end, now=call.now)
        text = _(
            "{rota}: {who}, {start} to {end}.",
            rota=row.name,
            who=NOBODY if member is None else await names(call.tx, [member]),
            start=begin.astimezone(call.member.zone),
            end=end.astimezone(call.member.zone),
        )
        return Reply(content=Content(text=text))

    @command("rota undo", _("Take back who was put on: the rota counts again"), ROTA, may=Action.MANAGE_COMMUNITY)
    async def undo(self, call: Call, rota: str | None = None) -> Reply:
        """Take back all overrides of a rota that are not over."""
        row = await self._rotas.named(call.tx, call.member.community.id, rota)
        count = await self._rotas.undo_overrides(call.tx, row, now=call.now)
        text: Text = _("{rota} goes by its turns again.", rota=row.name) if count else _("Nobody was put on.")
        return Reply(content=Content(text=text))

    # Swaps

    @command(
        "swap",
        _("Ask another peer to take a shift of yours"),
        Parameter(name="person", ask=_("Whom do you ask? A peer's name."), kind=NAME),
        Parameter(name="shift", ask=_("Which shift? The day on which it begins, such as tomorrow."), kind=DATE),
        Parameter(
            name="take", ask=_("Which of theirs do you take in return, if any? Its day."), kind=DATE, required=False
        ),
        may=Action.TAKE_CASE,
    )
    async def swap(self, call: Call, person: str, shift: date, take: date | None = None) -> Reply:
        """Ask; the other agrees or declines with a button."""
        community = call.member.community.id
        taker = await self._rotas.peer_named(call.tx, community, person)
        given = await self._rotas.shift_at(call.tx, community, call.member.id, shift, call.now, parameter="shift")
        taken = None
        if take is not None:
            taken = await self._rotas.shift_at(call.tx, community, taker, take, call.now, parameter="take")
        row = await self._rotas.ask_swap(call.tx, call.member, given, taker, taken, now=call.now)
        name = await names(call.tx, [taker])
        text = _("I have asked {name}. Until they agree, the shift is yours.", name=name or A_PEER)
        withdraw = Choice(label=_("Take it back"), command="swap withdraw", arguments={"swap": str(row.id)})
        return Reply(content=Content(text=text, choices=(withdraw,)))

    @command("swap accept", _("Agree to a swap"), SWAP, may=Action.TAKE_CASE)
    async def accept(self, call: Call, swap: int | None = None) -> Reply:
        """Agree to a swap that was asked for."""
        return Reply(content=await self._rotas.answer_swap(call.tx, call.member, swap, agreed=True, now=call.now))

    @command("swap decline", _("Decline a swap"), SWAP, may=Action.TAKE_CASE)
    async def decline(self, call: Call, swap: int | None = None) -> Reply:
        """Decline a swap that was asked for."""
        return Reply(content=await self._rotas.answer_swap(call.tx, call.member, swap, agreed=False, now=call.now))

    @command("swap withdraw", _("Take back a swap you asked for"), SWAP, may=Action.TAKE_CASE)
    async def withdraw(self, call: Call, swap: int | None = None) -> Reply:
        """Take a swap back before it is answered."""
        await self._rotas.withdraw(call.tx, call.member, swap)
        return Reply(content=Content(text=_("Taken back. The shift is yours.")))
