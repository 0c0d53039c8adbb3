"""Builds everything: from the database and the platforms to the commands of the cogs."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from bot.core.commands import Registry
from bot.core.content import Content
from bot.core.crisis import Detector
from bot.core.platform import Acquaintance, Address, Hub, KnowsPeople, Platform, SendError
from bot.core.resources import parse_emergency_numbers, parse_helplines
from bot.core.words import ENGLISH, Words
from bot.delivery.outbox import Claimed
from bot.delivery.sender import Sender
from bot.operations.lexicon import built_in
from bot.scheduling.clock import ClockWatch, system_now
from bot.services.checkins import CheckIns
from bot.services.communities import Communities
from bot.services.departures import Departures
from bot.services.dispatcher import Dispatcher
from bot.services.due import DueWork
from bot.services.duty import Breaks, Duty, DutyRounds, Rotas
from bot.services.escalations import Escalations
from bot.services.escalations.aftercare import Aftercare
from bot.services.escalations.effects import Effects
from bot.services.escalations.followup import FollowUps
from bot.services.escalations.swapping import Swapping
from bot.services.feeds.fetching import Limits
from bot.services.feeds.naming import MeetingFinder
from bot.services.feeds.refreshing import Refresher
from bot.services.feeds.vocabulary import Vocabulary
from bot.services.gatherings.mirrors import Mirrors
from bot.services.gatherings.tasks import Tasks
from bot.services.hosting.attendance import Attendance
from bot.services.hosting.hosting import Hosting
from bot.services.hub import BotHub
from bot.services.lexicons import Lexicons
from bot.services.meetings import Meetings
from bot.services.paused import truthful
from bot.services.recently import Recently
from bot.services.resource_reviews import ResourceReviews
from bot.services.resources import Resources
from bot.services.voice import Voice
from bot.services.writing import crying
from bot.serving import Serving
from bot.storage.database import Database, Transaction
from cogs.aftercare import AftercareCog
from cogs.beside import BesideCog
from cogs.checkins import CheckInCog
from cogs.duty import DutyCog
from cogs.escalation import EscalationCog
from cogs.gatherings import GatheringCog
from cogs.guides import GuideCog
from cogs.help import HelpCog
from cogs.hosting import HostingCog
from cogs.meetings import MeetingCog
from cogs.mydata import MyDataCog
from cogs.overseeing import OverseeingCog
from cogs.pictures import PictureCog
from cogs.resources import ResourceCog
from cogs.rotas import RotaCog
from cogs.settings import SettingsCog
from cogs.stopping import StopCog

WHO_IS_SECONDS = 2.0
"""So long a platform may take to tell who somebody is: meanwhile nobody else's words can be stored on SQLite."""

LEXICONS = ("en", "en-frames", "es", "de", "fr", "pt", "ru", "ar", "hi", "zh", "ja")


@dataclass(slots=True, kw_only=True)
class App:
    """The running bot: `hub` hears, `senders` say, `due` is what the ticker wakes.

    Several may run on one PostgreSQL. All do what is due; each platform is heard and written to by the one that owns
    its connection, for a term: until it stops, or has lost its hold on the database. Where several have a part of a
    platform's connection each, one of them sends (`Platform.sends`); only that one has a sender for it.
    """

    database: Database
    hub: BotHub
    registry: Registry
    communities: Communities
    lexicons: Lexicons
    due: DueWork
    feeds: Refresher
    platforms: dict[str, Platform]
    senders: dict[str, Sender]
    make_sender: Callable[[Platform], Sender]
    """A sender that was stopped is not started again: each term has its own."""
    now: Callable[[], datetime]

    async def tick(self) -> None:
        """Do what is due, and wake the senders."""
        self.hub.forget_old()
        self.lexicons.look()
        self.feeds.look()
        await self.due.do(self.now())
        self.wake()

    def wake(self) -> None:
        """There may be something to send."""
        for sender in self.senders.values():
            sender.wake()

    async def settle(self) -> None:
        """Do all that is due and send all that can be sent, until nothing is left; for a clock moved by hand."""
        await self.due.do(self.now())
        self.lexicons.look()
        await self.lexicons.settled()
        for sender in self.senders.values():
            await sender.drain()

    async def run(self, *, tick: timedelta, until: asyncio.Event) -> None:
        """Run until `until` is set: platforms hear, senders say, the ticker ticks; then all stop, in that order."""
        await Serving(self).run(tick=tick, until=until)


def build(
    database: Database,
    now: Callable[[], datetime],
    make_platforms: Callable[[Hub], Iterable[Platform]],
    *,
    feed_limits: Limits = Limits(),  # noqa: B008  it is frozen
    refresh: timedelta = timedelta(days=1),
) -> App:
    """Everything, put together. Feeds on the web are read every `refresh`."""
    senders: dict[str, Sender] = {}

    def wake() -> None:
        for sender in senders.values():
            sender.wake()

    async def claim(tx: Transaction) -> None:
        for sender in senders.values():
            await sender.claim_with(tx)

    async def say_at_once(to: Address, content: Content, key: str) -> None:
        await platforms[to.platform].send(to, content, key, retried=False, urgent=True)

    async def who_is(platform: str, words: str, places: Sequence[str]) -> Sequence[Acquaintance]:
        asked: object = platforms.get(platform)
        if not isinstance(asked, KnowsPeople):
            return ()
        try:
            async with asyncio.timeout(WHO_IS_SECONDS):
                return await asked.people(words, places)
        except (SendError, TimeoutError):
            return ()  # then they are nobody whom the bot knows, and an account or a reply to their message does it

    voice = Voice(load_languages(), wake, claim, truthful)
    resources = load_resources()
    duty, rotas = Duty(), Rotas(voice)
    recently = Recently(now)
    escalations = Escalations(Effects(voice, resources, duty), recently)
    follow_ups, breaks = FollowUps(voice), Breaks(voice, escalations)
    checkins, meetings, reviews = CheckIns(voice), Meetings(voice), ResourceReviews(voice, resources)
    mirrors, tasks, hosting = Mirrors(voice), Tasks(voice), Hosting(voice)
    vocabulary = Vocabulary()
    lexicons = Lexicons(built_in(), load_detector(), database)
    registry = Registry.of(
        HelpCog(lambda: registry),
        EscalationCog(escalations, who_is),
        OverseeingCog(escalations, who_is),
        AftercareCog(follow_ups, Aftercare(voice)),
        BesideCog(escalations, resources, Swapping(voice)),
        PictureCog(escalations.pictures),
        CheckInCog(checkins),
        DutyCog(duty, breaks, rotas, who_is),
        RotaCog(rotas),
        MeetingCog(meetings, vocabulary),
        GatheringCog(MeetingFinder(meetings, vocabulary), mirrors, tasks),
        HostingCog(meetings, hosting, Attendance(voice)),
        ResourceCog(resources, reviews, vocabulary),
        GuideCog(resources),
        SettingsCog(checkins, escalations, voice),
        StopCog(checkins, follow_ups, escalations),
        MyDataCog(escalations, hosting, recently),
    )
    dispatcher = Dispatcher(
        database=database,
        registry=registry,
        lexicons=lexicons,
        recently=recently,
        escalations=escalations,
        voice=voice,
        now=now,
        follow_ups=follow_ups,
        say_at_once=say_at_once,
    )
    hub = BotHub(
        database=database,
        registry=registry,
        dispatcher=dispatcher,
        recently=recently,
        voice=voice,
        departures=Departures(database, voice, escalations, breaks, now),
        now=now,
    )
    platforms = {platform.name: platform for platform in make_platforms(hub)}

    async def on_failure(tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        await escalations.on_failure(tx, failed, error, now=now)
        await mirrors.on_failure(tx, failed, error, now=now)
        await crying.on_failure(tx, failed, escalations, now=now)

    def make_sender(platform: Platform) -> Sender:
        return Sender(database, platform, now, on_failure, on_arrival=escalations.on_arrival)

    senders |= {platform.name: make_sender(platform) for platform in platforms.values() if platform.sends}
    return App(
        database=database,
        hub=hub,
        registry=registry,
        communities=Communities(meetings, escalations, rotas),
        lexicons=lexicons,
        due=DueWork(
            database=database,
            escalations=escalations,
            checkins=checkins,
            meetings=meetings,
            mirrors=mirrors,
            tasks=tasks,
            duty=DutyRounds(voice),
            events=dispatcher,
            follow_ups=follow_ups,
            reviews=reviews,
            watch=ClockWatch() if now is system_now else None,
        ),
        feeds=Refresher(database, meetings, voice, now, limits=feed_limits, every=refresh),
        platforms=platforms,
        senders=senders,
        make_sender=make_sender,
        now=now,
    )


@cache
def load_detector() -> Detector:
    """The crisis detector with the lexicons that come with the bot."""
    return Detector(built_in())


@cache
def load_resources() -> Resources:
    """The helplines and emergency numbers that come with the bot."""
    data = files("bot.data")
    return Resources(
        helplines=parse_helplines((data / "helplines.csv").read_text("utf-8")),
        emergency_numbers=parse_emergency_numbers((data / "emergency_numbers.csv").read_text("utf-8")),
    )


@cache
def load_languages() -> dict[str, Words]:
    """The catalogues in `bot/locale`, by language."""
    languages = {"en": ENGLISH}
    for path in Path(str(files("bot.locale"))).glob("*.po"):
        with path.open("rb") as opened:
            catalogue = read_po(opened, locale=path.stem)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        languages[path.stem] = Words(path.stem, Translations(compiled))
    return languages
