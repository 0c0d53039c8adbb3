"""Escalation: a member asks for a person, a peer takes the case, both talk, somebody says it has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.crisis import Severity
from bot.core.escalation import Outcome
from bot.core.kinds import CASE_NUMBER, OneOf, Words
from bot.core.matching import fold
from bot.core.people import Member
from bot.core.roles import Action
from bot.core.words import Text, _
from bot.services import members, replies, talks, typed, whom
from bot.services import unsaid as unsaid_words
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.member_words import I_AM_SAFE
from bot.services.escalations.store import NOTE_LIMIT
from bot.services.escalations.words import CATEGORIES, OUTCOMES, SEVERITIES, no_such_case
from bot.services.whom import ACCOUNT_LIMIT, WhoIs

TURN = Parameter(name="turn", ask=_("Which turn of it?"), kind=CASE_NUMBER, required=False)
"""Part of a holder's buttons only: tells an old one."""
NAMED_CASE = Parameter(name="case", ask=_("Which case? Its number."), kind=CASE_NUMBER)
NAMED = Words(ACCOUNT_LIMIT)  # NAME would cut a long Matrix id
CASE = Parameter(name="case", ask=_("Which case? Its number."), kind=CASE_NUMBER, required=False)
OUTCOME = Parameter(
    name="outcome",
    ask=_("How did it end?"),
    kind=OneOf(*((outcome.value, label) for outcome, label in OUTCOMES.items()), by_label=True),
)

NOTE = Parameter(
    name="note",
    ask=_("What should they know?"),
    kind=Words(NOTE_LIMIT),
    required=False,
    rest=True,
    example="They would rather write than talk.",
)

_BOTH = ("both", "all")
"""What is said of all one's communities."""

_LONGEST_NAME = 100

_NAMED = 5
"""Cases that stand beside the question which one is meant."""


class EscalationCog:
    """Commands and buttons of escalation."""

    def __init__(self, service: Escalations, who_is: WhoIs) -> None:
        self._escalations = service
        self._who_is = who_is

    # Members

    @command(
        "peer",
        _("I need a person"),
        phrases=(
            _("I need a person"),
            _("I need a peer"),
            _("I need somebody"),
            _("I need someone"),
            _("I need to talk to someone"),
            _("I need to talk to somebody"),
            _(
                "Get me a person / Get me someone / Get me somebody / Call a person / Call someone / Call somebody"
                " / Can someone call me / Can somebody help me / Somebody help / Somebody help me / Someone help me"
                " / I want a person / I want to talk to a person / I want to talk to a human / I need a human"
                " / I want to talk to a real person / I want to speak to a real person / Can a human talk to me"
                " / Can I talk to a person / Can I talk to a human / Can I talk to a real person / A human please"
                " / A real person please / Need a person / Need a peer / Need someone / Need someone now"
                " / Yes I need a person / I need a person now / I need someone now / I need somebody now"
            ),
        ),
    )
    async def peer(self, call: Call) -> Reply:
        """Get a person: the answer itself comes with the case."""
        opened: bool | Content
        if (heard := await unsaid_words.is_about_them(call)) is not None:
            opened = await self._escalations.for_peer(
                call.tx, call.member, heard.severity, heard.category, kept=heard.words, now=call.now
            )
        else:
            kept, late = await unsaid_words.words_of_concern(call), call.inbound.seen_late(call.now)
            opened = await self._escalations.by_member(call.tx, call.member, kept=kept, now=call.now, late=late)
        with_them = any(
            row.member_id == call.member.id and row.holder is not None
            for row in await self._escalations.conversations(call.tx, call.member)
        )
        if isinstance(opened, Content):
            return Reply(content=opened, private=True)
        if opened:
            return Reply(content=replies.person_called())
        if with_them:
            return Reply(content=replies.somebody_is_with_you())
        text = _("Yes. A person has been called already, and I go on calling until somebody is here.")
        return Reply(content=Content(text=text, choices=(I_AM_SAFE,)))

    @command(
        unsaid_words.COMMAND,
        _("Get a person for a peer"),
        Parameter(name="severity", ask=_("How grave?"), kind=OneOf(*((s.value, t) for s, t in SEVERITIES.items()))),
        Parameter(
            name="category",
            ask=_("About what?"),
            kind=OneOf(*((c, t) for c, t in CATEGORIES.items())),
            required=False,
        ),
        hidden=True,
    )
    async def unsaid(self, call: Call, severity: str, category: str | None = None) -> Reply:
        """Call a person for a peer who has not said whom their words were about."""
        opened = await self._escalations.for_peer(call.tx, call.member, Severity(severity), category, now=call.now)
        text = _("A person has been called for you already.")
        if opened:
            text = _(
                "You have not said whom your words were about, so I'm getting a person for you. They were passed on to"
                " nobody. If you need nobody, press “I'm safe”."
            )
        return Reply(content=Content(text=text, choices=(I_AM_SAFE,)), private=True)

    @command(
        "safe",
        _("Say that you are safe, and need nobody now"),
        Parameter(
            name="where",
            ask=_("In which of your communities?"),
            kind=Words(_LONGEST_NAME),
            required=False,
        ),
        phrases=(_("I'm safe"), _("I am safe")),
    )
    async def safe(self, call: Call, where: str | None = None) -> Reply:
        """End one's own case; who has asked in several communities is asked which is meant."""
        ended, people = False, await self._who_are_safe(call, where)
        if not people:
            return Reply(content=replies.not_understood())
        for me in people:
            ended = await self._escalations.say_safe(call.tx, me, now=call.now) or ended
        text = _("I'm glad. I have told the peers.") if ended else _("I'm glad.")
        if await unsaid_words.all_said(call):
            text = _("{glad} I call nobody for you.", glad=text)
        return Reply(content=Content(text=text))

    @staticmethod
    async def _who_are_safe(call: Call, where: str | None) -> list[Member]:
        """As whom they say it; raises `BadValue` where they have open cases in several communities, and name none.

        Also where they name none of theirs: "safe place to sleep tonight?" must end nothing.
        """
        known = await talks.of_account(call.tx, call.inbound.platform, call.inbound.account)
        own = [talk for talk in known if talk.own] if call.inbound.private else []
        if not own:
            return [call.member] if where is None or fold(where) in _BOTH else []
        if where is None:
            meant = own if len(own) == 1 else []
        else:
            meant = own if fold(where) in _BOTH else [t for t in own if fold(where) == fold(t.community_name)]
        if where is not None and len(own) == 1 and not meant:
            return []
        if not meant:
            text = _("I have called somebody for you in more than one community. Where do you need nobody now?")
            raise BadValue(text, (_BOTH[0], *(talk.community_name for talk in own)), parameter="where")
        return [await members.load(call.tx, talk.member) for talk in meant]

    # Peers

    @command(
        "take",
        _("Be with the member of a case"),
        CASE,
        may=Action.TAKE_CASE,
    )
    async def take(self, call: Call, case: int | None = None) -> Reply:
        """Take a case: "I'm on it"; without its number the only one that waits."""
        case = case or await self._waiting_case(call)
        return _told(await self._escalations.take(call.tx, call.member, case, now=call.now))

    async def _to_end(
        self, call: Call, case: int | None = None, turn: int | None = None, **_others: object
    ) -> Reply | Mapping[str, str]:
        """The case that is meant, before anything else is asked about it; why not, where they cannot end it."""
        case = case or await self._own_case(call)
        hindrance = await self._escalations.hindrance(call.tx, call.member, case, turn=turn)
        return {"case": str(case)} if hindrance is None else Reply(content=hindrance)

    @command("resolve", _("End a case, with its outcome"), CASE, OUTCOME, may=Action.TAKE_CASE, first=_to_end)
    async def resolve(self, call: Call, outcome: str, case: int | None = None) -> Reply:
        """End the case on a person's word."""
        case = case or await self._own_case(call)
        return _told(await self._escalations.resolve(call.tx, call.member, case, Outcome(outcome), now=call.now))

    @command("ending", _("Choose how a case ended"), CASE, TURN, may=Action.TAKE_CASE, hidden=True)
    async def ending(self, call: Call, case: int | None = None, turn: int | None = None) -> Reply:
        """Offer the outcomes as buttons."""
        found = await self._to_end(call, case, turn)
        if isinstance(found, Reply):
            return found
        arguments = _of_turn(found, turn)
        choices = tuple(
            Choice(label=label, command="ended", arguments={**arguments, "outcome": outcome.value})
            for outcome, label in OUTCOMES.items()
        )
        return Reply(content=Content(text=_("How did it end?"), choices=choices), asks=True)

    @command("ended", _("End a case, with its outcome"), CASE, OUTCOME, TURN, may=Action.TAKE_CASE, hidden=True)
    async def ended(self, call: Call, outcome: str, case: int | None = None, turn: int | None = None) -> Reply:
        """End the case by a button, unless it is an old one."""
        case = case or await self._own_case(call)
        told = await self._escalations.resolve(call.tx, call.member, case, Outcome(outcome), now=call.now, turn=turn)
        return _told(told)

    @command(
        "hand over",
        _("Give a case to somebody, or back, so that others are called"),
        CASE,
        Parameter(
            name="person",
            ask=_("To whom? Their name; empty: others are called."),
            kind=NAMED,
            required=False,
            after=("to",),
        ),
        NOTE,
        may=Action.TAKE_CASE,
    )
    async def hand_over(self, call: Call, case: int | None = None, person: str | None = None, note: str = "") -> Reply:
        """Give the case to a named peer with a note, or back; "please" is neither."""
        case = case or await self._own_case(call)
        note = "" if typed.POLITE.issuperset(fold(note).split()) else note
        peer = None
        if person is not None:
            peer = await whom.taker(call.tx, call.member, call.inbound.platform, person, self._who_is)
        told = await self._escalations.hand_over(call.tx, call.member, case, now=call.now, to=peer, note=note)
        return _told(told)

    @command(
        "handing", _("Give a case back, so that somebody else is called"), CASE, TURN, may=Action.TAKE_CASE, hidden=True
    )
    async def handing(self, call: Call, case: int | None = None, turn: int | None = None) -> Reply:
        """Ask before the case is given back by a button, unless it is an old one."""
        found = await self._to_end(call, case, turn)
        if isinstance(found, Reply):
            return found
        text = _(
            "Hand over case {number}? They are told that you cannot go on just now, and I call somebody else. To give"
            " it to somebody whom you know, say “hand over {number} NAME”.",
            number=found["case"],
        )
        arguments = _of_turn(found, turn)
        choices = (
            Choice(label=_("Yes, hand over"), command="handed", arguments=arguments, style="primary"),
            Choice(label=_("Yes, with a note"), command="handed noted", arguments=arguments),
        )
        return Reply(content=Content(text=text, choices=choices), asks=True)

    @command(
        "handed", _("Give a case back, so that somebody else is called"), CASE, TURN, may=Action.TAKE_CASE, hidden=True
    )
    async def handed(self, call: Call, case: int | None = None, turn: int | None = None, note: str = "") -> Reply:
        """Give the case back by a button, unless it is an old one."""
        case = case or await self._own_case(call)
        return _told(await self._escalations.hand_over(call.tx, call.member, case, now=call.now, turn=turn, note=note))

    @command(
        "handed noted",
        _("Give a case back, with a note for who comes"),
        CASE,
        TURN,
        replace(NOTE, required=True),
        may=Action.TAKE_CASE,
        hidden=True,
        first=_to_end,
    )
    async def handed_noted(self, call: Call, note: str, case: int | None = None, turn: int | None = None) -> Reply:
        """Give the case back by a button, with what the next should know."""
        return await self.handed(call, case, turn, note)

    async def _to_join(self, call: Call, **_known: object) -> Mapping[str, str]:
        """Raises `BadValue`: with the cases that somebody has whom they could help, or because there is none."""
        rows = await self._escalations.open_cases(call.tx, call.member.community.id)
        me, offered = call.member.id, await self._escalations.offered_to(call.tx, call.member, rows)
        others = [
            row.id
            for row in rows
            if row.id in offered and row.holder is not None and me not in {row.holder, *row.helpers}
        ]
        if not others:
            raise BadValue(_("There is no case that you could join now."))
        raise _which(NAMED_CASE.ask, others)

    async def _to_leave(self, call: Call, **_known: object) -> Reply:
        """How to give their case away; raises `BadValue`: which they have joined, or that there is none to leave."""
        rows = await self._escalations.conversations(call.tx, call.member)
        joined = [row.id for row in rows if call.member.id in row.helpers]
        held = [row.id for row in rows if row.holder == call.member.id]
        if held and not joined:
            return Reply(content=_give_away(held[:_NAMED]), asks=True)
        if not joined:
            raise BadValue(_("You have joined no case, so there is none to leave."))
        raise _which(NAMED_CASE.ask, joined)

    @command(
        "still",
        _("Say that you are still with the member of a case"),
        NAMED_CASE,
        TURN,
        may=Action.TAKE_CASE,
        hidden=True,
    )
    async def still(self, call: Call, case: int, turn: int | None = None) -> Reply:
        """Keep a case in which nobody has written for long."""
        return _told(await self._escalations.still_there(call.tx, call.member, case, now=call.now, turn=turn))

    @command("join", _("Help somebody with a case"), NAMED_CASE, may=Action.TAKE_CASE, first=_to_join)
    async def join(self, call: Call, case: int) -> Reply:
        """Come into a case that somebody has."""
        return _told(await self._escalations.join(call.tx, call.member, case, now=call.now))

    @command("leave", _("Leave a case that you have joined"), NAMED_CASE, may=Action.TAKE_CASE, first=_to_leave)
    async def leave(self, call: Call, case: int) -> Reply:
        """Go from a case that somebody else has."""
        return _told(await self._escalations.leave(call.tx, call.member, case, now=call.now))

    @command("cases", _("The open cases of your community"), may=Action.TAKE_CASE)
    async def cases(self, call: Call) -> Reply:
        """List open cases: number, severity, age, who has it."""
        rows = await self._escalations.open_cases(call.tx, call.member.community.id)
        if not rows:
            return Reply(content=Content(text=_("There is no open case.")))
        fields = []
        choices = []
        offered = await self._escalations.offered_to(call.tx, call.member, rows)
        for row in rows:
            minutes = int((call.now - row.opened_at).total_seconds() // 60)
            value = _(
                "{severity}\nNobody is with them, for {minutes} min.", minutes=minutes, severity=_severity(row.severity)
            )
            if row.holder is not None:
                holder = (await members.load(call.tx, row.holder)).name or _("a peer")
                value = _("{severity}\nWith {name}.", severity=_severity(row.severity), name=holder)
                if row.id in offered and call.member.id not in {row.holder, *row.helpers}:
                    label = _("Join case {number}", number=row.id)
                    choices.append(Choice(label=label, command="join", arguments={"case": str(row.id)}))
            elif row.id in offered:
                label = _("I'm on case {number}", number=row.id)
                choices.append(Choice(label=label, command="take", arguments={"case": str(row.id)}))
            fields.append(Field(name=_("Case {number}", number=row.id), value=value))
        return Reply(content=Content(fields=tuple(fields), choices=tuple(choices)))

    @command(
        "say",
        _("Say something in one of your conversations"),
        Parameter(name="case", ask=_("To which case?"), kind=CASE_NUMBER),
        Parameter(name="text", ask=_("What shall I say?"), kind=Words(2000), rest=True),
        Parameter(name="unsaid", ask=_("Of what?"), kind=Words(400), required=False),
        hidden=True,
    )
    async def say(self, call: Call, case: int, text: str, unsaid: str = "") -> Reply:
        """Carry a message to the conversation that was chosen; `unsaid`: what calls a person for its author else."""
        event = f"{call.inbound.platform}:{call.inbound.event_id}"
        me = await self._me_in(call, case)
        for row in await self._escalations.conversations(call.tx, me):
            if row.id == case:
                if unsaid:
                    await unsaid_words.said(call, unsaid)
                carried = await self._escalations.relay(call.tx, me, row, text, event, now=call.now)
                told = _("I have passed it on.") if carried else _("I keep this for the person who comes.")
                return Reply(content=Content(text=told))
        return _told(None)

    @staticmethod
    async def _me_in(call: Call, case: int) -> Member:
        """Who they are in the community of an open case: in a private chat, of whichever of theirs."""
        known = await talks.of_account(call.tx, call.inbound.platform, call.inbound.account)
        found = next((t.member for t in known if t.case == case and call.inbound.private), call.member.id)
        return call.member if found == call.member.id else await members.load(call.tx, found)

    async def _waiting_case(self, call: Call) -> int:
        """The only case that nobody has; raises `BadValue` if there is none or more than one.

        To somebody who can come to none of them it is any of them: there they read why.
        """
        rows = await self._escalations.open_cases(call.tx, call.member.community.id)
        rows = [row for row in rows if row.holder is None]
        others = [row.id for row in rows if row.member_id != call.member.id]
        waiting = others or [row.id for row in rows]
        if len(waiting) == 1 or (waiting and not await self._escalations.offered_to(call.tx, call.member, rows)):
            return waiting[0]
        if not waiting:
            raise BadValue(_("No case is waiting. Thank you."))
        raise _which(_("Which case?"), waiting)

    async def _own_case(self, call: Call) -> int:
        """The only case this peer has; raises `BadValue` if there is none or more than one."""
        held = [
            row.id
            for row in await self._escalations.conversations(call.tx, call.member)
            if row.holder == call.member.id
        ]
        here = call.inbound.case
        if len(held) == 1 or here in held:
            return here if here in held else held[0]
        if not held:
            others = await self._escalations.may_end(call.tx, call.member)
            if not others:
                raise BadValue(_("You have no case now. “cases” shows those that are open."))
            raise _which(_("You have no case now. Which one do you mean? Its number."), [row.id for row in others])
        raise _which(_("Which of your cases?"), held)


def _which(ask: Text, case_ids: Sequence[int]) -> BadValue:
    """The question which case is meant, with some of them, and how many more there are."""
    if (more := len(case_ids) - _NAMED) > 0:
        ask = _("{ask} There are these, and {n} more: “cases” shows all of them.", ask=ask, n=more)
    return BadValue(ask, tuple(str(id_) for id_ in case_ids[:_NAMED]), parameter="case")


def _give_away(case_ids: Sequence[int]) -> Content:
    """To a holder who would leave: that is done by handing over."""
    if len(case_ids) == 1:
        text = _("You have case {number}. To give it away: hand over.", number=case_ids[0])
        labels = [_("Hand over")]
    else:
        text = _("You have {n} cases. To give one away: hand over.", n=len(case_ids))
        labels = [_("Hand over case {number}", number=id_) for id_ in case_ids]
    choices = (
        Choice(label=label, command="handing", arguments={"case": str(id_)})
        for label, id_ in zip(labels, case_ids, strict=True)
    )
    return Content(text=text, choices=tuple(choices))


def _of_turn(found: Mapping[str, str], turn: int | None) -> dict[str, str]:
    """A holder's button's arguments: of the case that was found, and good for that turn only."""
    return dict(found) if turn is None else {**found, "turn": str(turn)}


def _severity(stored: str) -> Text:
    return SEVERITIES[Severity(stored)]


def _told(content: Content | None) -> Reply:
    """The service's answer; a case of another community is not known to exist."""
    return Reply(content=content or no_such_case())
