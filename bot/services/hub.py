"""The bot as the platforms see it: `bot.core.platform.Hub`."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from bot.core.commands import Reader, Registry
from bot.core.content import Choice, Content, Reply
from bot.core.inbound import Inbound
from bot.core.platform import Address
from bot.core.words import Words
from bot.delivery import outbox
from bot.services import members
from bot.services.dispatcher import Dispatcher
from bot.services.voice import Voice
from bot.storage.database import Database
from bot.storage.tables import Delivery, Remembered

REMEMBERED = "remembered.value"


class BotHub:
    """What adapters may ask; everything that they hear goes to the dispatcher."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        dispatcher: Dispatcher,
        voice: Voice,
        now: Callable[[], datetime],
    ) -> None:
        self.registry = registry
        self._database = database
        self._dispatcher = dispatcher
        self._voice = voice
        self._now = now

    async def receive(self, inbound: Inbound) -> Reply | None:
        """Hear one thing."""
        return await self._dispatcher.receive(inbound)

    async def reader(self, inbound: Inbound) -> tuple[Reader, Words]:
        """Who is typing; nobody is made a member by typing."""
        async with self._database.begin() as tx:
            member = await members.find(tx, inbound)
        if member is None:
            return Reader(now=self._now(), zone=ZoneInfo("UTC")), self._voice.words(inbound.language)
        return member.reads(self._now()), self._voice.words(member.language)

    async def choices(self, platform: str, message_id: str) -> tuple[Choice, ...]:
        """The choices under a message that was sent."""
        query = select(Delivery).where(Delivery.platform == platform, Delivery.message_id == message_id)
        return await self._choices(query.limit(1))

    async def latest_choices(self, address: Address) -> tuple[Choice, ...]:
        """The choices under the newest message at `address`; () if that one has none."""
        query = (
            select(Delivery)
            .where(
                Delivery.platform == address.platform,
                Delivery.kind == address.kind,
                Delivery.address == address.id,
                Delivery.state == "sent",
            )
            .order_by(Delivery.sent_at.desc(), Delivery.id.desc())
            .limit(1)
        )
        return await self._choices(query)

    async def _choices(self, query: Select[Delivery]) -> tuple[Choice, ...]:
        async with self._database.begin() as tx:
            row = await tx.session.scalar(query)
            if row is None or not row.has_choices:
                return ()
            return Content.from_json(tx.vault.open_json(row.content_sealed, outbox.PURPOSE)).choices

    async def remembered(self, platform: str, name: str) -> str | None:
        """A value that the platform stored."""
        async with self._database.begin() as tx:
            row = await tx.session.get(Remembered, (platform, name))
            return None if row is None else tx.vault.open(row.value_sealed, REMEMBERED)

    async def remember(self, platform: str, name: str, value: str) -> None:
        """Store a value."""
        async with self._database.begin() as tx:
            row = Remembered(platform=platform, name=name, value_sealed=tx.vault.seal(value, REMEMBERED))
            await tx.session.merge(row)

    async def is_known_place(self, platform: str, place: str) -> bool:
        """Whether some community has this place."""
        async with self._database.begin() as tx:
            return await members.known_place(tx, platform, place)
