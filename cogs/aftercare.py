"""After a case: a member is asked again how they are, and a peer says whether the alert was right."""

from bot.core.commands import Parameter, command
from bot.core.content import Content, Reply
from bot.core.kinds import CASE_NUMBER, OneOf
from bot.core.roles import Action
from bot.core.words import _
from bot.services.call import Call
from bot.services.escalations.aftercare import FALSE_ALARM, RIGHT, Aftercare
from bot.services.escalations.followup import FollowUps, thanks

CASE = Parameter(name="case", ask=_("Which case? Its number."), kind=CASE_NUMBER)


class AftercareCog:
    """Commands and buttons of what comes after a case."""

    def __init__(self, follow_ups: FollowUps, aftercare: Aftercare) -> None:
        self._follow_ups = follow_ups
        self._aftercare = aftercare

    @command("followup start", _("Be asked again how you are after a talk"), CASE, hidden=True)
    async def start(self, call: Call, case: int) -> Reply:
        """Ask the member after a day, three days and a week."""
        if not await self._follow_ups.start(call.tx, call.member, case, now=call.now):
            return Reply(content=Content(text=_("That talk is too long ago for that.")))
        text = _("I'll ask you after one day, three days and a week. “followup stop” ends it at any time.")
        return Reply(content=Content(text=text))

    @command("followup stop", _("Not be asked again after a talk"))
    async def stop(self, call: Call) -> Reply:
        """Ask no more."""
        await self._follow_ups.stop(call.tx, call.member)
        return Reply(content=Content(text=_("All right, I won't ask again. You can write to me whenever you want.")))

    @command(
        "followup answer",
        _("Say how you are"),
        Parameter(
            name="how",
            ask=_("How are you now?"),
            kind=OneOf(("better", _("Better")), ("same", _("About the same"))),
        ),
        hidden=True,
    )
    async def answer(self, call: Call, how: str) -> Reply:
        """Thank them; nothing of it is kept."""
        return Reply(content=thanks(how))

    @command(
        "verdict",
        _("Say whether an alert was right"),
        CASE,
        Parameter(
            name="verdict",
            ask=_("Was the alert right?"),
            kind=OneOf((RIGHT, _("The alert was right")), (FALSE_ALARM, _("It was a false alarm"))),
        ),
        may=Action.TAKE_CASE,
        hidden=True,
    )
    async def verdict(self, call: Call, case: int, verdict: str) -> Reply:
        """Keep it for the report on the lexicon."""
        return _told(await self._aftercare.judge(call.tx, call.member, case, verdict, now=call.now))

    @command("debrief", _("Talk a case over with somebody"), CASE, may=Action.TAKE_CASE, hidden=True)
    async def debrief(self, call: Call, case: int) -> Reply:
        """Tell those who look after the peers."""
        return _told(await self._aftercare.debrief(call.tx, call.member, case, now=call.now))


def _told(content: Content | None) -> Reply:
    return Reply(content=content or Content(text=_("There is no such case.")))
