"""What moderators do about others: get a peer for somebody, or let somebody's asking call nobody for a while."""

from datetime import timedelta

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.kinds import LENGTH, Words
from bot.core.people import Member
from bot.core.roles import Action
from bot.core.words import _
from bot.services import whom
from bot.services.call import Call
from bot.services.escalations import Escalations, pauses
from bot.services.escalations.words import how_long
from bot.services.whom import ACCOUNT_LIMIT, WhoIs

NAMED = Words(ACCOUNT_LIMIT)  # NAME would cut a long Matrix id

WHOM = Parameter(name="person", ask=_("Whom? Their account or name."), kind=NAMED, rest=True, example="alice")


class OverseeingCog:
    """Commands and an entry of a message's menu."""

    def __init__(self, service: Escalations, who_is: WhoIs) -> None:
        self._escalations = service
        self._who_is = who_is

    @command(
        "escalate",
        _("Get a peer for somebody"),
        Parameter(
            name="person",
            ask=_("For whom? Reply to their message with this command, or name their account."),
            kind=NAMED,
            required=False,
        ),
        may=Action.ESCALATE_FOR_OTHER,
        on_message=_("Get a peer for them"),
    )
    async def escalate(self, call: Call, person: str | None = None) -> Reply:
        """Open a case for the author of a message, or for a member who is named."""
        member = await self._meant(call, person)
        about = call.about
        if about is not None and person:
            wrote = await whom.wrote_it(call.tx, member, call.inbound)
            about = about if wrote else None  # another's words are no reason to worry about them
        late = call.inbound.seen_late(call.now)
        opened = await self._escalations.for_other(call.tx, member, call.member, about, now=call.now, late=late)
        text = _("The peers have been called, and I have written to them privately.")
        return Reply(content=Content(text=text if opened else _("Somebody has been called for them already.")))

    async def _meant(self, call: Call, person: str | None) -> Member:
        """Whom they name, else who wrote the message; words behind the command may also be a remark about that."""
        if person:
            try:
                return await whom.known_anywhere(call.tx, call.member, call.inbound.platform, person, self._who_is)
            except BadValue as bad:
                if call.about is None or bad.message != whom.NOBODY:
                    raise
        if call.about is not None:
            return await whom.author(call.tx, call.member, call.inbound)
        raise BadValue(
            _("For whom? Reply to their message with this command, or name their account."), parameter="person"
        )

    @command(
        "pause",
        _("Let somebody's “I need a person” call nobody for a while"),
        WHOM,
        Parameter(
            name="length",
            ask=_("For how long? For example 24 hours, or 2 days; else 24 hours. “off” ends it."),
            kind=LENGTH,
            required=False,
            at_an_end=True,
            example="24h",
        ),
        may=Action.PAUSE_MEMBER,
    )
    async def pause(self, call: Call, person: str, length: timedelta = pauses.USUAL) -> Reply:
        """Answer misuse: the member still has the numbers, and danger in their words calls as ever."""
        if not length:
            return await self.unpause(call, person)
        member = await whom.known_anywhere(call.tx, call.member, call.inbound.platform, person, self._who_is)
        length = min(length, pauses.LONGEST)
        until = call.now + length
        await pauses.pause(call.tx, member, until=until, by=call.member, now=call.now)
        text = _(
            "{name} is paused for {time}, until {until}: their asking by hand calls nobody, and they are given numbers"
            " to call. What I hear of danger in their words calls as ever. “unpause {name}” ends it sooner; “who” shows"
            " who is paused.",
            name=whom.shown(member, person),
            time=how_long(length),
            until=until.astimezone(call.member.zone),
        )
        end = Choice(label=_("End the pause"), command="unpause", arguments={"person": person})
        return Reply(content=Content(text=text, choices=(end,) if end.fits else ()), private=True)

    @command(
        "unpause",
        _("Let somebody's “I need a person” call peers again"),
        WHOM,
        may=Action.PAUSE_MEMBER,
    )
    async def unpause(self, call: Call, person: str) -> Reply:
        """End a pause before its time."""
        member = await whom.known_anywhere(call.tx, call.member, call.inbound.platform, person, self._who_is)
        await pauses.pause(call.tx, member, until=None, by=call.member, now=call.now)
        name = whom.shown(member, person)
        text = _("{name} is not paused: their asking calls peers as before.", name=name)
        return Reply(content=Content(text=text), private=True)
