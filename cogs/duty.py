"""Duty: who is on, breaks, and what peers tell of how they help."""

from dataclasses import replace
from datetime import date, time

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.duty.rota import weekly_days
from bot.core.kinds import BEGIN_TIME, DATE, END_TIME, LANGUAGE, NAME, WEEKDAYS, Number, OneOf, Words, is_end_of_day
from bot.core.occurrences import local_date
from bot.core.recurrence import ALL_DAYS, describe, parse, weekly
from bot.core.roles import Action, Role, may
from bot.core.words import Say, Text, _
from bot.services import whom
from bot.services.call import Call
from bot.services.duty import Breaks, Duty, Rotas
from bot.services.duty import roster as rosters
from bot.services.duty.roster import LIST_LIMIT, Listed
from bot.services.duty.rotas import NO_ROTA
from bot.services.duty.words import NOBODY, names
from bot.services.escalations import pauses
from bot.services.whom import WhoIs
from cogs.parameters import UNTIL

PERSON = Parameter(name="person", ask=_("Which peer? Their name."), kind=NAME)


class DutyCog:
    """Commands around who is there for others."""

    def __init__(self, duty: Duty, breaks: Breaks, rotas: Rotas, who_is: WhoIs) -> None:
        self._duty = duty
        self._who_is = who_is
        self._breaks = breaks
        self._rotas = rotas

    @command("who", _("Who of the peers is on, now and next"), may=Action.TAKE_CASE)
    async def who(self, call: Call) -> Reply:
        """Who is on, who can be called, who comes next."""
        who = await self._duty.who(call.tx, call.member.community.id, call.now)
        fields: list[Field] = []
        if who.has_rotas:
            on: Say = await names(call.tx, who.on)
            if who.change_at is not None:
                on = _("{names}, until {time}", names=on, time=who.change_at.astimezone(call.member.zone))
            fields.append(Field(name=_("On now"), value=on))
            if who.change_at is not None:
                fields.append(Field(name=_("Next"), value=await names(call.tx, who.next_on)))
        fields.append(Field(name=_("Can be called now"), value=await names(call.tx, who.ready.available)))
        if who.off:
            fields.append(Field(name=_("Off just now"), value=await names(call.tx, who.off)))
        # In the place of a case the others in it read along.
        if may(call.member.roles, Action.PAUSE_MEMBER) and call.inbound.apart is None:
            fields += await self._paused(call)
        choices = (Choice(label=_("The coming week"), command="rota"),) if who.has_rotas else ()
        return Reply(content=Content(title=_("Who is on"), fields=tuple(fields), choices=choices))

    async def _paused(self, call: Call) -> list[Field]:
        """Whose asking by hand calls nobody, until when: to overseers alone."""
        lines: Text | None = None
        paused = await pauses.listed(call.tx, call.member.community.id, now=call.now)
        shown = await whom.labels(call.tx, [member for member, _until in paused], self._who_is)
        for name, (_member, until) in zip(shown, paused, strict=True):
            line = _("{name}, until {time}", name=name, time=until.astimezone(call.member.zone))
            lines = line if lines is None else _("{before}\n{line}", before=lines, line=line)
        if lines is None:
            return [Field(name=_("Paused"), value=NOBODY)]
        return [Field(name=_("Paused"), value=_("{before}\n“unpause” and a name ends it.", before=lines))]

    @command("break", _("Be off at once, without a reason"), may=Action.TAKE_CASE)
    async def begin_break(self, call: Call) -> Reply:
        """Off, at once; held cases are handed over."""
        _on_the_roster(call)
        content = await self._breaks.begin(call.tx, call.member, now=call.now)
        back = Choice(label=_("I'm back"), command="back")
        return Reply(content=Content(text=content.text, choices=(back,)))

    @command("back", _("Be back after a break"), may=Action.TAKE_CASE)
    async def end_break(self, call: Call) -> Reply:
        """Back on the rota."""
        return Reply(content=await self._breaks.end(call.tx, call.member, now=call.now))

    # The roster

    @command("roster", _("What is known of you as a peer; to organizers, of all peers"), may=Action.TAKE_CASE)
    async def roster(self, call: Call) -> Reply:
        """One's own entry, and to organizers everybody's."""
        listed = await rosters.listed(call.tx, call.member.community.id, now=call.now)
        if Role.ORGANIZER not in call.member.roles:
            _on_the_roster(call)
            listed = [each for each in listed if each.entry.member == call.member.id]
        fields = [Field(name=each.name, value=_entry(each)) for each in listed[:LIST_LIMIT]]
        if (more := len(listed) - LIST_LIMIT) > 0:
            told = _("and {n} more: “handrail community export” writes down all of them", n=more)
            fields.append(Field(name=_("And more"), value=told))
        if not fields:
            raise BadValue(_("There are no peers yet. They stand in the community's file, under people."))
        choices = (
            Choice(label=_("Languages"), command="roster languages"),
            Choice(label=_("Topics"), command="roster topics"),
            Choice(label=_("Hours"), command="roster hours"),
            Choice(label=_("Most cases at a time"), command="roster most"),
        )
        return Reply(content=Content(title=_("The roster"), fields=tuple(fields), choices=choices))

    @command(
        "roster languages",
        _("Set which languages you support people in"),
        Parameter(
            name="languages",
            ask=_("Which languages? With commas, such as English, Spanish."),
            kind=Words(200),
            rest=True,
            example="English, Spanish",
        ),
        may=Action.TAKE_CASE,
    )
    async def languages(self, call: Call, languages: str) -> Reply:
        """Set one's languages."""
        _on_the_roster(call)
        reader = call.member.reads(call.now)
        codes = [LANGUAGE.parse(part, reader) for part in _parts(languages)]
        await rosters.set_lists(call.tx, call.member.id, languages=codes)
        return await self.roster(call)

    @command(
        "roster topics",
        _("Set what you can talk about well"),
        Parameter(
            name="topics",
            ask=_("Which topics? With commas, such as alcohol, grief, being a parent."),
            kind=Words(500),
            rest=True,
            example="alcohol, grief",
        ),
        may=Action.TAKE_CASE,
    )
    async def topics(self, call: Call, topics: str) -> Reply:
        """Set one's topics, in one's own words."""
        _on_the_roster(call)
        await rosters.set_lists(call.tx, call.member.id, topics=[part[:40] for part in _parts(topics)])
        return await self.roster(call)

    @command(
        "roster hours",
        _("Set when you can be called besides your shifts"),
        Parameter(name="days", ask=_("On which days? For example daily, or mon-fri."), kind=WEEKDAYS),
        Parameter(name="begins", ask=_("From what time? For example 09:00."), kind=BEGIN_TIME),
        Parameter(
            name="ends", ask=_("Until what time? The same is all day."), kind=END_TIME, after=UNTIL, example="23:00"
        ),
        may=Action.TAKE_CASE,
    )
    async def hours(self, call: Call, days: str, begins: time, ends: time) -> Reply:
        """Set one's hours; every day from a time until the same means always."""
        _on_the_roster(call)
        on = weekly_days(days)
        always = on == ALL_DAYS and begins == ends
        await rosters.set_hours(call.tx, call.member.id, None if always else (sorted(on), begins, ends))
        reply = await self.roster(call)
        said = _("You can be called at any time, besides your shifts.")
        if not always:
            said = _hours_said(describe(parse(weekly(on)), local_date(call.now, call.member.zone)), begins, ends)
        return replace(reply, content=replace(reply.content, text=said))

    @command(
        "roster most",
        _("Set how many cases you take at a time"),
        Parameter(name="most", ask=_("At most how many, 1 to 10?"), kind=Number(1, 10)),
        may=Action.TAKE_CASE,
    )
    async def most(self, call: Call, most: int) -> Reply:
        """Set how many open cases one has at most."""
        _on_the_roster(call)
        await rosters.set_most(call.tx, call.member.id, most)
        return await self.roster(call)

    @command(
        "roster credential",
        _("Write down a peer's certificate or training, and until when it is valid"),
        PERSON,
        Parameter(
            name="until", ask=_("Until which day is it valid? For example 2027-06-30."), kind=DATE, example="2027-06-30"
        ),
        Parameter(name="name", ask=_("What is it called?"), kind=Words(80), rest=True, example="Peer specialist"),
        may=Action.MANAGE_COMMUNITY,
    )
    async def credential(self, call: Call, person: str, until: date, name: str) -> Reply:
        """Store a credential; the peer is off the rota once it has lapsed."""
        member = await self._rotas.peer_named(call.tx, call.member.community.id, person)
        await rosters.set_credential(call.tx, call.member.community.id, member, name, until, now=call.now)
        text = _("{person}: {name}, valid until {day}.", person=await names(call.tx, [member]), name=name, day=until)
        return Reply(content=Content(text=text))

    @command(
        "roster forget",
        _("Remove a peer's credential"),
        PERSON,
        Parameter(
            name="name",
            ask=_("Which one? As it is called in “roster”."),
            kind=Words(80),
            rest=True,
            example="Peer specialist",
        ),
        may=Action.MANAGE_COMMUNITY,
    )
    async def forget(self, call: Call, person: str, name: str) -> Reply:
        """Remove a credential."""
        member = await self._rotas.peer_named(call.tx, call.member.community.id, person)
        await rosters.forget_credential(call.tx, call.member.community.id, member, name, now=call.now)
        return Reply(content=Content(text=_("Removed.")))

    @command(
        "rota board",
        _("Turn the board in the peers' room on or off"),
        Parameter(name="switch", ask=_("On or off?"), kind=OneOf(("on", _("on")), ("off", _("off")))),
        may=Action.MANAGE_COMMUNITY,
    )
    async def board(self, call: Call, switch: str) -> Reply:
        """The live board of a community that has rotas."""
        if not await rosters.set_board(call.tx, call.member.community.id, on=switch == "on", now=call.now):
            raise BadValue(NO_ROTA)
        return Reply(content=Content(text=_("The board is on.") if switch == "on" else _("The board is off.")))


def _on_the_roster(call: Call) -> None:
    if Role.PEER not in call.member.roles:
        text = _(
            "You are not on the roster: only peers are. An organizer gives that role in the community's file, under"
            " people, and then “handrail community apply”."
        )
        raise BadValue(text)


def _hours_said(days: Say, begins: time, ends: time) -> Text:
    """How hours were understood: where they end on the day after, that is said, for it may be a slip."""
    if begins == ends:
        return _("You can be called on these days at all hours: {days}.", days=days)
    if ends > begins or is_end_of_day(ends):
        return _("You can be called from {start} to {end}: {days}.", start=begins, end=ends, days=days)
    return _(
        "You can be called from {start} to {end} of the next day: {days}. If you meant other hours, write them such as"
        " “roster hours weekdays 09:00-17:00”.",
        start=begins,
        end=ends,
        days=days,
    )


def _parts(typed: str) -> list[str]:
    return [part.strip() for part in typed.replace(";", ",").split(",") if part.strip()][:LIST_LIMIT]


def _entry(listed: Listed) -> Text:
    """A peer's entry in a few lines."""
    entry = listed.entry
    text: Text = _("Cases now: {held} of at most {most}.", held=entry.held, most=entry.most)
    if entry.break_since is not None or entry.in_danger:  # the same words: which it is, is theirs alone
        text = _("{before} Off just now.", before=text)
    if entry.languages:
        text = _("{before}\nLanguages: {languages}", before=text, languages=", ".join(entry.languages))
    if entry.topics:
        text = _("{before}\nTopics: {topics}", before=text, topics=", ".join(entry.topics))
    if entry.hours is not None:
        days = describe(parse(weekly(entry.hours.days)), listed.today)
        text = _(
            "{before}\nHours: {days}, {start} to {end} ({zone})",
            before=text,
            days=days,
            start=entry.hours.begins,
            end=entry.hours.ends,
            zone=entry.zone.key,
        )
    for credential in entry.credentials:
        if credential.until is None:
            text = _("{before}\n{name}", before=text, name=credential.name)
        elif credential.until < listed.today:
            text = _(
                "{before}\n{name}: lapsed on {day}. Off the rota until it is renewed.",
                before=text,
                name=credential.name,
                day=credential.until,
            )
        else:
            text = _("{before}\n{name}: until {day}", before=text, name=credential.name, day=credential.until)
    return text
