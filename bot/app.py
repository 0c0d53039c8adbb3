"""Builds everything, starts it, stops it in order."""

import asyncio
import logging
from collections.abc import Callable, Iterable
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
from bot.core.crisis import Detector, parse_lexicon
from bot.core.faults import where
from bot.core.platform import Hub, Platform
from bot.core.resources import parse_emergency_numbers, parse_helplines
from bot.core.words import ENGLISH, Words
from bot.delivery.sender import Sender
from bot.scheduling.ticker import Ticker
from bot.services.checkins import CheckIns
from bot.services.communities import Communities
from bot.services.dispatcher import Dispatcher
from bot.services.due import DueWork
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.hub import BotHub
from bot.services.meetings import Meetings
from bot.services.resources import Resources
from bot.services.voice import Voice
from bot.storage.database import Database
from cogs.checkins import CheckInCog
from cogs.escalation import EscalationCog
from cogs.help import HelpCog
from cogs.meetings import MeetingCog
from cogs.mydata import MyDataCog
from cogs.resources import ResourceCog
from cogs.settings import SettingsCog

log = logging.getLogger(__name__)

LEXICONS = ("en", "es", "de", "fr", "pt")

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
"""Between two attempts to connect to a platform that is down or refuses us."""

LAST_WORDS = timedelta(seconds=5)
"""How long a stopping bot goes on saying what it had decided to say."""

STEADY = timedelta(minutes=1)
"""A connection that held this long was a good one: the next pause is the first again."""


@dataclass(slots=True, kw_only=True)
class App:
    """The running bot: `hub` hears, `senders` say, `due` is what the ticker wakes."""

    database: Database
    hub: Hub
    registry: Registry
    communities: Communities
    due: DueWork
    platforms: dict[str, Platform]
    senders: dict[str, Sender]
    now: Callable[[], datetime]

    async def tick(self) -> None:
        """Do what is due, and wake the senders."""
        await self.due.do(self.now())
        self.wake()

    def wake(self) -> None:
        """There may be something to send."""
        for sender in self.senders.values():
            sender.wake()

    async def settle(self) -> None:
        """Do all that is due and send all that can be sent, until nothing is left; for a clock moved by hand."""
        await self.due.do(self.now())
        for sender in self.senders.values():
            await sender.drain()

    async def run(self, *, tick: timedelta, until: asyncio.Event) -> None:
        """Run until `until` is set: platforms hear, senders say, the ticker ticks; then all stop, in that order."""
        ticker = Ticker()
        ticker.every(tick, self.tick, "due work")
        ticker.start()
        tasks = [asyncio.create_task(s.run(), name=f"sender of {name}") for name, s in self.senders.items()]
        hearing = [asyncio.create_task(self._keep(p), name=f"hearing {p.name}") for p in self.platforms.values()]
        try:
            await until.wait()
        finally:
            await ticker.stop()
            await _cancel(hearing)
            for sender in self.senders.values():
                await sender.stop(patience=LAST_WORDS)
            await asyncio.gather(*tasks, return_exceptions=True)
            for platform in self.platforms.values():
                await platform.close()

    async def _keep(self, platform: Platform) -> None:
        """Keep one platform connected, whatever happens to it or to the others."""
        pause = FIRST_PAUSE
        while True:
            started = self.now()
            try:
                # What could not be sent while it was away is not to wait for its next attempt.
                await self.senders[platform.name].hurry()
                await platform.run()
            except Exception as error:
                log.error("%s: not connected: %s (%s)", platform.name, _public(error), where(error))
            else:
                if platform.name == "console":
                    return
                log.warning("%s: the connection has ended", platform.name)
            if self.now() - started >= STEADY:
                pause = FIRST_PAUSE
            log.info("%s: trying again in %d s", platform.name, pause.total_seconds())
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)


def build(database: Database, now: Callable[[], datetime], make_platforms: Callable[[Hub], Iterable[Platform]]) -> App:
    """Everything, put together."""
    senders: dict[str, Sender] = {}

    def wake() -> None:
        for sender in senders.values():
            sender.wake()

    voice = Voice(load_languages(), wake)
    resources = load_resources()
    escalations = Escalations(Effects(voice, resources))
    checkins, meetings = CheckIns(voice), Meetings(voice)
    registry = Registry.of(
        HelpCog(lambda: registry),
        EscalationCog(escalations),
        CheckInCog(checkins),
        MeetingCog(meetings),
        ResourceCog(resources),
        SettingsCog(checkins, escalations),
        MyDataCog(escalations),
    )
    dispatcher = Dispatcher(
        database=database,
        registry=registry,
        detector=load_detector(),
        escalations=escalations,
        voice=voice,
        now=now,
    )
    hub = BotHub(database=database, registry=registry, dispatcher=dispatcher, voice=voice, now=now)
    platforms = {platform.name: platform for platform in make_platforms(hub)}
    for platform in platforms.values():
        senders[platform.name] = Sender(database, platform, now, escalations.on_failure)
    return App(
        database=database,
        hub=hub,
        registry=registry,
        communities=Communities(meetings, escalations),
        due=DueWork(database=database, escalations=escalations, checkins=checkins, meetings=meetings),
        platforms=platforms,
        senders=senders,
        now=now,
    )


@cache
def load_detector() -> Detector:
    """The crisis detector with the lexicons that come with the bot."""
    folder = files("bot.core.crisis.lexicons")
    return Detector([parse_lexicon((folder / f"{name}.toml").read_text("utf-8"), name=name) for name in LEXICONS])


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


def _public(error: Exception) -> str:
    """What an adapter says of its own refusal; of any other error only its type is told."""
    return str(error) if type(error).__module__.startswith("bot.") else type(error).__name__


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
