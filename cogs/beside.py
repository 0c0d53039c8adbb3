"""Beside the talk: ready answers, checklists, and each other's account if both want that."""

from collections.abc import Mapping

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.kinds import CASE_NUMBER, NAME, Words
from bot.core.roles import Action
from bot.core.words import _
from bot.services import members, snippets
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.checklists import checklist, checklists
from bot.services.escalations.swapping import Swapping
from bot.services.resources import Resources
from bot.storage.tables import CaseRow

CASE = Parameter(name="case", ask=_("Which case? Its number."), kind=CASE_NUMBER, required=False)
WHICH = Parameter(name="name", ask=_("Which ready answer? Its name."), kind=NAME, example="breathe")

SHOWN = 20
"""Buttons under the list of ready answers: what all platforms can show."""


class BesideCog:
    """What a peer has at hand while they talk."""

    def __init__(self, escalations: Escalations, resources: Resources, swapping: Swapping) -> None:
        self._escalations = escalations
        self._resources = resources
        self._swapping = swapping

    # Ready answers

    @command("snippets", _("The ready answers of your community"), may=Action.TAKE_CASE)
    async def listed(self, call: Call) -> Reply:
        """Show them, each with a button that sends it."""
        rows = await snippets.all_of(call.tx, call.member.community.id)
        if not rows:
            return Reply(
                content=Content(text=_("There is none yet. Moderators write one with “snippets add NAME TEXT”."))
            )
        held = await self._held(call)
        choices = tuple(
            Choice(label=row.name, command="snippet", arguments={"name": row.name})
            for row in rows[:SHOWN]
            if held and len(row.name) <= 20  # noqa: PLR2004  what fits into a choice's token in any script
        )
        return Reply(
            content=Content(fields=tuple(Field(name=row.name, value=row.text) for row in rows), choices=choices)
        )

    async def _to_whom(self, call: Call, case: int | None = None, **_others: object) -> Mapping[str, str]:
        """The case that is meant, before they are asked what to send; raises `BadValue`."""
        return {"case": str((await self._the_case(call, case)).id)}

    @command(
        "snippet",
        _("Send a ready answer to the member you are with"),
        WHICH,
        CASE,
        may=Action.TAKE_CASE,
        first=_to_whom,
    )
    async def send(self, call: Call, name: str, case: int | None = None) -> Reply:
        """Carry it as the peer's own words."""
        row = await snippets.named(call.tx, call.member.community.id, name)
        if row is None:
            names = tuple(one.name for one in await snippets.all_of(call.tx, call.member.community.id))
            raise BadValue(_("There is no ready answer of that name."), names[:5], parameter="name")
        held = await self._the_case(call, case)
        event = f"{call.inbound.platform}:{call.inbound.event_id}"
        await self._escalations.relay(call.tx, call.member, held, row.text, event, now=call.now)
        return Reply(content=Content(text=_("I have passed it on.")))

    @command(
        "snippets add",
        _("Write a ready answer"),
        WHICH,
        Parameter(
            name="text",
            ask=_("What does it say?"),
            kind=Words(snippets.TEXT_LIMIT),
            rest=True,
            example="Breathe in for four, out for six.",
        ),
        may=Action.OVERSEE,
    )
    async def add(self, call: Call, name: str, text: str) -> Reply:
        """Store it, in place of one of the same name."""
        if not await snippets.put(call.tx, call.member.community.id, name, text):
            return Reply(content=Content(text=_("There are {most} already: remove one first.", most=snippets.MOST)))
        return Reply(content=Content(text=_("Peers can send it now with “snippet {name}”.", name=name)))

    @command("snippets remove", _("Remove a ready answer"), WHICH, may=Action.OVERSEE)
    async def remove(self, call: Call, name: str) -> Reply:
        """Forget it."""
        gone = await snippets.remove(call.tx, call.member.community.id, name)
        text = _("It is gone.") if gone else _("There is no ready answer of that name.")
        return Reply(content=Content(text=text))

    # Checklists

    @command("checklist", _("What to think of: overdose, suicide"), CASE, may=Action.TAKE_CASE)
    async def checklist(self, call: Call, case: int | None = None) -> Reply:
        """The list for what the case is about, with the number of the member's country; else both."""
        held = next((row for row in await self._held(call) if case in {None, row.id}), None)
        if held is None:
            number = self._resources.emergency_number(call.member.community.country)
            return Reply(content=Content(fields=checklists(number.number if number else None)))
        country = call.member.community.country
        if held.member_id is not None:
            country = (await members.load(call.tx, held.member_id)).country
        number = self._resources.emergency_number(country)
        known = number.number if number else None
        return Reply(content=Content(fields=checklist(held.category, known) or checklists(known)))

    # Accounts

    @command("exchange", _("Exchange accounts with the person you talk with, if they want that, too"), CASE)
    async def exchange(self, call: Call, case: int | None = None) -> Reply:
        """Agree; both learn the other's account once both have."""
        rows = [r for r in await self._escalations.conversations(call.tx, call.member) if case in {None, r.id}]
        talks = [row for row in rows if row.holder is not None]
        if len(talks) > 1:
            guesses = tuple(str(row.id) for row in talks[:5])
            raise BadValue(_("Which of your cases?"), guesses, parameter="case")
        if not talks:
            return Reply(content=Content(text=_("You are not in a talk just now.")))
        return Reply(content=await self._swapping.agree(call.tx, talks[0], call.member, now=call.now))

    async def _held(self, call: Call) -> list[CaseRow]:
        """The cases they have; in the place of one, that one alone."""
        rows = await self._escalations.conversations(call.tx, call.member)
        held = [row for row in rows if row.holder == call.member.id]
        here = [row for row in held if row.id == call.inbound.case]
        return here or held

    async def _the_case(self, call: Call, case: int | None) -> CaseRow:
        held = [row for row in await self._held(call) if case in {None, row.id}]
        if len(held) == 1:
            return held[0]
        if not held:
            raise BadValue(_("You have no case now, so there is nobody to send it to."))
        raise BadValue(_("Which of your cases?"), tuple(str(row.id) for row in held[:5]), parameter="case")
