"""Settings: a member's zone, country, language, quiet hours and chosen name."""

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.countries import country_name
from bot.core.kinds import HOURS, NAME, OWN_COUNTRY, OWN_LANGUAGE, ZONE
from bot.core.matching import fold
from bot.core.words import Say, Text, _
from bot.services import members, spoken, typed, whom
from bot.services.call import Call
from bot.services.checkins import CheckIns
from bot.services.escalations import Escalations
from bot.services.escalations.member_words import numbers_for
from bot.services.offer import I_NEED_A_PERSON, PRESS
from bot.services.voice import Voice

CHOICES = (
    Choice(label=_("Time zone"), command="settings zone"),
    Choice(label=_("Country"), command="settings country"),
    Choice(label=_("Language"), command="settings language"),
    Choice(label=_("Quiet hours"), command="settings quiet"),
    Choice(label=_("Name"), command="settings name"),
)

NO_NAME = _(
    "no / nope / none / nobody / no one / nothing / no name / no thanks / I don't want to / I don't have one"
    " / I'm not telling you / not telling you / I won't tell you / I'd rather not"
)
"""What somebody answers who wants no name."""
CALLS_FOR_HELP = _("help me / please help me / help me please / somebody help me / I need help / please help")
"""What is no name, whoever says it."""
_NOT_A_NAME = _("I have heard you, and have not taken that for a name.")


class SettingsCog:
    """What a member may set for themselves."""

    def __init__(self, checkins: CheckIns, escalations: Escalations, voice: Voice) -> None:
        self._voice = voice
        self._checkins = checkins
        self._escalations = escalations

    @command("settings", _("Your time zone, country, language, quiet hours and name"))
    async def show(self, call: Call) -> Reply:
        """Show all settings; what was not set comes from the community."""
        member = call.member
        unset = _("not set")
        quiet: Say = unset
        if member.quiet_from is not None and member.quiet_until is not None:
            quiet = _("{start} to {end}", start=member.quiet_from, end=member.quiet_until)
        fields = (
            Field(name=_("Time zone"), value=_whose(member.zone.key, own=member.own_zone is not None)),
            Field(
                name=_("Country"),
                value=_whose(country_name(member.country, member.language), own=member.own_country is not None),
            ),
            Field(name=_("Language"), value=_whose(member.language, own=member.own_language is not None)),
            Field(name=_("Quiet hours"), value=quiet),
            Field(name=_("Name shown to others"), value=member.name or unset),
        )
        return Reply(content=Content(title=_("Your settings"), fields=fields, choices=CHOICES))

    @command(
        "settings zone",
        _("Set your time zone"),
        Parameter(name="zone", ask=_("Which time zone are you in? For example Europe/Berlin, or a city."), kind=ZONE),
    )
    async def zone(self, call: Call, zone: ZoneInfo) -> Reply:
        """Set the zone; check-ins follow it."""
        await members.set_place(call.tx, call.member.id, zone=zone)
        await self._checkins.move_zone(call.tx, call.member, zone, now=call.now)
        here = call.now.astimezone(zone)
        return Reply(content=Content(text=_("Your time zone is {zone}; it is {now} there.", zone=zone.key, now=here)))

    @command(
        "settings country",
        _("Set your country, for the right helplines"),
        Parameter(name="country", ask=_("Which country are you in?"), kind=OWN_COUNTRY),
        phrases=(_("I'm in another country"),),
    )
    async def country(self, call: Call, country: str) -> Reply:
        """Set the country."""
        await members.set_place(call.tx, call.member.id, country=country)
        await call.tx.session.flush()
        name = country_name(country, call.member.language)
        numbers = await self._escalations.numbers(call.tx, call.member, numbers_for(name))
        if numbers is not None:
            return Reply(content=numbers)
        text = _("Helplines are for {country} from now on. Ask me for “resources” at any time.", country=name)
        return Reply(content=Content(text=text, choices=(_FIND_A_HELPLINE,)))

    @command(
        "settings language",
        _("Set your language"),
        Parameter(name="language", ask=_("Which language do you read best?"), kind=OWN_LANGUAGE),
    )
    async def language(self, call: Call, language: str) -> Reply:
        """Set the language."""
        await members.set_place(call.tx, call.member.id, language=language)
        spoken.chose(call.tx, call.member.id, language)
        return Reply(content=Content(text=_("All right. Where I have no words in it yet, I speak English.")))

    @command(
        "settings quiet",
        _("Set quiet hours, in which no reminder comes"),
        Parameter(
            name="hours",
            ask=_("From when until when shall no reminder come? For example 22:00-07:00; “none” for no such hours."),
            kind=HOURS,
        ),
    )
    async def quiet(self, call: Call, hours: tuple[time, time]) -> Reply:
        """Set or end quiet hours; answers and people in a conversation still get through."""
        start, end = hours
        await members.set_quiet_hours(call.tx, call.member.id, None if start == end else (start, end))
        if start == end:
            return Reply(content=Content(text=_("You have no quiet hours now.")))
        if (end.hour - start.hour) % 24 == _HALF_DAY and start.minute == end.minute:
            return Reply(content=_half_a_day(start, end))
        text = _(
            "No reminders from {start} to {end} by your clock. People you talk with still get through. If you meant"
            " other hours, write them such as “settings quiet 13:00-15:00”.",
            start=start,
            end=end,
        )
        return Reply(content=Content(text=text, choices=(_OTHER_HOURS,)))

    @command(
        "settings name",
        _("Choose the name that others see"),
        Parameter(
            name="name",
            ask=_("Which name shall others see? It need not be yours."),
            kind=NAME,
            rest=True,
            example="Sky",
        ),
    )
    async def name(self, call: Call, name: str) -> Reply:
        """Set the chosen name; words of danger are none, and neither is a call for help, or a no."""
        if call.in_danger:
            return Reply(content=Content(text=_NOT_A_NAME))
        if self._is_one_of(name, CALLS_FOR_HELP):
            text = replace(PRESS, values={"text": _NOT_A_NAME})
            return Reply(content=Content(text=text, choices=(I_NEED_A_PERSON,)))
        if self._is_one_of(name, NO_NAME):
            text = _(
                "That is all right: you need not have a name here. If you want one, any word will do, such as Sky."
            )
            raise BadValue(text, parameter="name")
        if await whom.is_anothers(call.tx, call.member, name):
            text = _("Somebody here is called that already; another name keeps you apart.")
            raise BadValue(text, parameter="name")
        await members.set_name(call.tx, call.member.id, name)
        return Reply(content=Content(text=_("Others see you as {name}.", name=name)))

    def _is_one_of(self, said: str, phrases: Text) -> bool:
        return any(fold(said) in typed.ways(words, phrases.message) for words in self._voice.languages)


_HALF_DAY = 12
"""Hours: of a span of so many, such as "7-7", either half of the day may be meant, or all of it."""


def _half_a_day(start: time, end: time) -> Content:
    text = _(
        "No reminders from {start} to {end} by your clock: that is half of the day. If you meant the other half, or all"
        " day, press it here. People you talk with still get through.",
        start=start,
        end=end,
    )
    other = Choice(
        label=_("{start} to {end}", start=end, end=start),
        command="settings quiet",
        arguments={"hours": f"{end:%H:%M}-{start:%H:%M}"},
    )
    all_day = Choice(label=_("All day"), command="settings quiet", arguments={"hours": "0-24"})
    return Content(text=text, choices=(other, all_day, _OTHER_HOURS))


_OTHER_HOURS = Choice(label=_("Other hours"), command="settings quiet")

_FIND_A_HELPLINE = Choice(label=_("Find a helpline"), command="resources topic", arguments={"topic": "crisis"})


def _whose(value: str, *, own: bool) -> Text:
    return _("{value}", value=value) if own else _("{value} (your community's)", value=value)
