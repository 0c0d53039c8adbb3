"""Escalation: a member asks for a person, a peer takes the case, both talk, somebody says it has ended."""

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.crisis import Severity
from bot.core.escalation import Outcome
from bot.core.kinds import Number, OneOf, Words
from bot.core.roles import Action
from bot.core.words import Text, _
from bot.services import members, whom
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.words import I_AM_SAFE, OUTCOMES, SEVERITIES
from bot.services.whom import ACCOUNT_LIMIT

CASE_NUMBER = Number(1, 999_999)
CASE = Parameter(name="case", ask=_("Which case? Its number."), kind=CASE_NUMBER, required=False)
OUTCOME = Parameter(
    name="outcome",
    ask=_("How did it end?"),
    kind=OneOf(*((outcome.value, label) for outcome, label in OUTCOMES.items())),
)


class EscalationCog:
    """Commands and buttons of escalation."""

    def __init__(self, service: Escalations) -> None:
        self._escalations = service

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
        ),
    )
    async def peer(self, call: Call) -> Reply:
        """Get a person: the answer itself comes with the case."""
        opened = await self._escalations.by_member(
            call.tx, call.member, now=call.now, late=call.inbound.seen_late(call.now)
        )
        with_them = any(
            row.member_id == call.member.id and row.holder is not None
            for row in await self._escalations.conversations(call.tx, call.member)
        )
        if opened:
            text = _("I'm getting a person for you. I have written to you privately.")
        elif with_them:
            text = _("Somebody is with you already. What you write to me privately, they read.")
        else:
            text = _("Yes. A person has been called already, and I go on calling until somebody is here.")
        return Reply(content=Content(text=text, choices=(I_AM_SAFE,)))

    @command("safe", _("Say that you are safe, and need nobody now"), phrases=(_("I'm safe"), _("I am safe")))
    async def safe(self, call: Call) -> Reply:
        """End one's own case."""
        ended = await self._escalations.say_safe(call.tx, call.member, now=call.now)
        text = _("I'm glad. I have told the peers.") if ended else _("I'm glad.")
        return Reply(content=Content(text=text))

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

    @command("resolve", _("End a case, with its outcome"), CASE, OUTCOME, may=Action.TAKE_CASE)
    async def resolve(self, call: Call, outcome: str, case: int | None = None) -> Reply:
        """End the case on a person's word."""
        case = case or await self._own_case(call)
        return _told(await self._escalations.resolve(call.tx, call.member, case, Outcome(outcome), now=call.now))

    @command("ending", _("Choose how a case ended"), CASE, may=Action.TAKE_CASE, hidden=True)
    async def ending(self, call: Call, case: int | None = None) -> Reply:
        """Offer the outcomes as buttons."""
        number = str(case or await self._own_case(call))
        choices = tuple(
            Choice(label=label, command="resolve", arguments={"case": number, "outcome": outcome.value})
            for outcome, label in OUTCOMES.items()
        )
        return Reply(content=Content(text=_("How did it end?"), choices=choices))

    @command("hand over", _("Give a case back, so that somebody else is called"), CASE, may=Action.TAKE_CASE)
    async def hand_over(self, call: Call, case: int | None = None) -> Reply:
        """Give the case back."""
        case = case or await self._own_case(call)
        told = await self._escalations.hand_over(call.tx, call.member, case, now=call.now)
        return _told(told)

    @command("cases", _("The open cases of your community"), may=Action.TAKE_CASE)
    async def cases(self, call: Call) -> Reply:
        """List open cases: number, severity, age, who has it."""
        rows = await self._escalations.open_cases(call.tx, call.member.community.id)
        if not rows:
            return Reply(content=Content(text=_("There is no open case.")))
        fields = []
        choices = []
        for row in rows:
            minutes = int((call.now - row.opened_at).total_seconds() // 60)
            value = _(
                "{severity}\nNobody is with them, for {minutes} min.", minutes=minutes, severity=_severity(row.severity)
            )
            if row.holder is not None:
                holder = (await members.load(call.tx, row.holder)).name or _("a peer")
                value = _("{severity}\nWith {name}.", severity=_severity(row.severity), name=holder)
            else:
                label = _("I'm on case {number}", number=row.id)
                choices.append(Choice(label=label, command="take", arguments={"case": str(row.id)}))
            fields.append(Field(name=_("Case {number}", number=row.id), value=value))
        return Reply(content=Content(fields=tuple(fields), choices=tuple(choices)))

    @command(
        "say",
        _("Say something in one of your conversations"),
        Parameter(name="case", ask=_("To which case?"), kind=CASE_NUMBER),
        Parameter(name="text", ask=_("What shall I say?"), kind=Words(2000), rest=True),
        hidden=True,
    )
    async def say(self, call: Call, case: int, text: str) -> Reply:
        """Carry a message to the conversation that was chosen."""
        event = f"{call.inbound.platform}:{call.inbound.event_id}"
        for row in await self._escalations.conversations(call.tx, call.member):
            if row.id == case:
                carried = await self._escalations.relay(call.tx, call.member, row, text, event, now=call.now)
                told = _("I have passed it on.") if carried else _("I keep this for the person who comes.")
                return Reply(content=Content(text=told))
        return _told(None)

    # On somebody else's message

    @command(
        "escalate",
        _("Get a peer for somebody"),
        Parameter(
            name="person",
            ask=_("For whom? Reply to their message with this command, or name their account."),
            kind=Words(ACCOUNT_LIMIT),  # NAME would cut a long Matrix id
            required=False,
        ),
        may=Action.ESCALATE_FOR_OTHER,
        on_message=_("Get a peer for them"),
    )
    async def escalate(self, call: Call, person: str | None = None) -> Reply:
        """Open a case for the author of a message, or for a member who is named."""
        if call.about is not None:
            member = await whom.author(call.tx, call.member, call.inbound)
        elif person:
            member = await whom.named(call.tx, call.member, call.inbound.platform, person)
        else:
            raise BadValue(
                _("For whom? Reply to their message with this command, or name their account."), parameter="person"
            )
        late = call.inbound.seen_late(call.now)
        opened = await self._escalations.for_other(call.tx, member, call.member, call.about, now=call.now, late=late)
        text = _("The peers have been called, and I have written to them privately.")
        return Reply(content=Content(text=text if opened else _("Somebody has been called for them already.")))

    async def _waiting_case(self, call: Call) -> int:
        """The only case that nobody has; raises `BadValue` if there is none or more than one."""
        rows = await self._escalations.open_cases(call.tx, call.member.community.id)
        waiting = [row.id for row in rows if row.holder is None]
        if len(waiting) == 1:
            return waiting[0]
        if not waiting:
            raise BadValue(_("No case is waiting. Thank you."))
        raise BadValue(_("Which case?"), tuple(str(id_) for id_ in waiting[:5]), parameter="case")

    async def _own_case(self, call: Call) -> int:
        """The only case this peer has; raises `BadValue` if there is none or more than one."""
        held = [
            row.id
            for row in await self._escalations.conversations(call.tx, call.member)
            if row.holder == call.member.id
        ]
        if len(held) == 1:
            return held[0]
        if not held:
            raise BadValue(_("You have no case now. Which one do you mean? Its number."), parameter="case")
        raise BadValue(_("Which of your cases?"), tuple(str(id_) for id_ in held[:5]), parameter="case")


def _severity(stored: str) -> Text:
    return SEVERITIES[Severity(stored)]


def _told(content: Content | None) -> Reply:
    """The service's answer; a case of another community is not known to exist."""
    return Reply(content=content or Content(text=_("There is no such case.")))
