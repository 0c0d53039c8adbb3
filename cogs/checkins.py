"""Check-ins: a member's own short answer to "how are you today", by their own clock."""

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from bot.core.checkins import MOODS, Mood, draw_month, summarise
from bot.core.commands import Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.kinds import TIME, ZONE, Number, Words
from bot.core.words import _
from bot.services import questions
from bot.services.asking import prompt
from bot.services.call import Call
from bot.services.checkins import CheckIns
from bot.services.offer import COMPANY, I_NEED_A_PERSON
from bot.services.questions import Waits

CHANGE_ZONE = Choice(label=_("Another time zone"), command="settings zone")

ADD_A_NOTE = Choice(label=_("Add a note"), command="checkin note")
SHARE = Choice(label=_("Share it"), command="checkin share")


class CheckInCog:
    """Commands and buttons of the daily check-in."""

    def __init__(self, service: CheckIns) -> None:
        self._checkins = service

    @command(
        "checkin start",
        _("Be asked once a day, privately, how you are"),
        Parameter(name="time", ask=_("At what time of your day? For example 08:00."), kind=TIME, required=False),
        Parameter(name="zone", ask=_("In which time zone? For example Europe/Berlin."), kind=ZONE, required=False),
    )
    async def start(self, call: Call, time: time | None = None, zone: ZoneInfo | None = None) -> Reply:
        """Opt in, or change when to be asked."""
        row = await self._checkins.start(call.tx, call.member, wall=time, zone=zone, now=call.now)
        text = _(
            "I'll ask you every day at {time} ({zone}), privately. Nobody else sees it. “checkin stop” ends it.",
            time=row.wall,
            zone=row.zone,
        )
        if time is None:
            text = _("{text} For another time, write it to me, such as “8am”.", text=text)
        await questions.offer(call.tx, call.member, "checkin start", "time", waits=Waits.VALUE, now=call.now)
        return Reply(content=Content(text=text, choices=(CHANGE_ZONE,)))

    @command("checkin stop", _("Be asked no more"))
    async def stop(self, call: Call) -> Reply:
        """Opt out."""
        stopped = await self._checkins.stop(call.tx, call.member)
        done = _("All right, I won't ask any more. Your answers stay yours.")
        text = done if stopped else _("You had no daily question switched on.")
        return Reply(content=Content(text=text))

    @command("checkin now", _("Check in now"))
    async def now(self, call: Call) -> Reply:
        """Ask at once."""
        return Reply(content=prompt())

    @command(
        "checkin answer",
        _("Answer the check-in"),
        Parameter(name="mood", ask=_("How are you, from 1 (hard) to 5 (great)?"), kind=Number(0, 5)),
        hidden=True,
    )
    async def answer(self, call: Call, mood: int) -> Reply:
        """A mood was pressed; 0 is "not today"."""
        chosen = Mood(mood) if mood else None
        await self._checkins.answer(call.tx, call.member, chosen, now=call.now)
        if chosen is None:
            return Reply(content=Content(text=_("That's fine. Until tomorrow.")))
        if chosen is Mood.HARD:
            text = replace(COMPANY, values={"mood": MOODS[chosen]})
            return Reply(content=Content(text=text, choices=(ADD_A_NOTE, SHARE, I_NEED_A_PERSON)))
        text = _("{mood}. Thank you for checking in.", mood=MOODS[chosen])
        return Reply(content=Content(text=text, choices=(ADD_A_NOTE, SHARE)))

    @command(
        "checkin note",
        _("Add a note to today's check-in, for you alone"),
        Parameter(
            name="note",
            ask=_("What would you like to note for yourself?"),
            kind=Words(1000),
            rest=True,
            example="slept badly, but I am here",
        ),
    )
    async def note(self, call: Call, note: str) -> Reply:
        """Keep some words with today's answer."""
        if not await self._checkins.add_note(call.tx, call.member, note, now=call.now):
            text = _("Today has no check-in yet. How are you?")
            return Reply(content=Content(text=text, choices=prompt().choices))
        return Reply(content=Content(text=_("Noted, for you alone.")))

    @command("checkin share", _("Show today's check-in to your community"))
    async def share(self, call: Call) -> Reply:
        """Show mood and note in the lobby: only ever the member's own act."""
        shared = await self._checkins.share(call.tx, call.member, now=call.now)
        text = _("Shared in your community's room.") if shared else _("There is nothing to share today yet.")
        return Reply(content=Content(text=text))

    @command("checkin month", _("See your own month"))
    async def month(self, call: Call) -> Reply:
        """The member's month, drawn as a row of bars."""
        today = await self._checkins.today(call.tx, call.member, now=call.now)
        answers = await self._checkins.month(call.tx, call.member, today)
        text = _("{summary}\n{bars}", summary=summarise(answers), bars=draw_month(answers, until=today))
        return Reply(content=Content(text=text))
