"""One word that ends all that the bot sends by itself."""

from bot.core.commands import command
from bot.core.content import Choice, Content, Reply
from bot.core.words import Text, _
from bot.services.call import Call
from bot.services.checkins import CheckIns
from bot.services.escalations import Escalations
from bot.services.escalations.followup import FollowUps
from bot.services.escalations.member_words import I_AM_SAFE
from bot.services.stopping import Sent, stop_all

STOPPED: dict[Sent, Text] = {
    Sent.CHECK_INS: _("check-ins"),
    Sent.REMINDERS: _("reminders of meetings"),
    Sent.FOLLOW_UPS: _("questions after a talk"),
}

ERASE = Choice(label=_("Delete my data"), command="mydata erase")


class StopCog:
    """The way out of everything."""

    def __init__(self, checkins: CheckIns, follow_ups: FollowUps, escalations: Escalations) -> None:
        self._checkins = checkins
        self._follow_ups = follow_ups
        self._escalations = escalations

    @command(
        "settings stop",
        _("Stop all that I send by myself"),
        phrases=(
            _("stop / stop it / stop all / stop everything / turn off / turn it off / turn everything off"),
            _("unsubscribe / opt out / stop messaging me / stop messages / stop writing to me / stop texting me"),
            _("stop asking / stop asking me / don't ask me / don't ask again / don't ask me again / do not ask me"),
            _("no more reminders / no more messages / no more questions / stop reminding me / stop reminders"),
            _("don't remind me / don't remind me any more / turn off reminders / stop the reminders / no reminders"),
            _("don't write to me / don't write me / don't message me / don't text me / stop contacting me"),
        ),
    )
    async def stop(self, call: Call) -> Reply:
        """End check-ins, reminders and questions after a talk, and say what it was and how it begins again."""
        stopped = await stop_all(call.tx, call.member, self._checkins, self._follow_ups)
        waits = any(
            row.member_id == call.member.id for row in await self._escalations.conversations(call.tx, call.member)
        )
        text: Text = _("I send you nothing by myself, so there is nothing to stop.")
        if stopped:
            what: Text = STOPPED[stopped[0]]
            for each in stopped[1:]:
                what = _("{things} and {thing}", things=what, thing=STOPPED[each])
            text = _(
                "All right, I have stopped {what}. “checkin start” and “meetings follow” start them again, and you can"
                " write to me whenever you want.",
                what=what,
            )
        if waits and stopped:
            text = _("{text}\n\nA person is still called for you. If you need nobody: “I'm safe”.", text=text)
        elif waits:
            text = _(
                "A person is still called for you, and I write only about that, seldom. If you need nobody: “I'm safe”."
            )
        return Reply(content=Content(text=text, choices=(I_AM_SAFE, ERASE) if waits else (ERASE,)))
