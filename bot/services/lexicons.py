"""Communities' own rules by which danger is heard: stored, and made ready beside the built-in ones."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.core.crisis import Detector, Lexicon
from bot.core.crisis.own import parse_own
from bot.core.faults import Told, where
from bot.core.inbound import Inbound
from bot.storage.database import Database, Transaction
from bot.storage.tables import Community, CommunityLexicon, Place

log = logging.getLogger(__name__)

MOST_OWN = 50
"""Different lexicons that are made ready: each takes some 25 MB. Whoever comes later is heard by the built-in rules."""

READY_WITHIN = timedelta(seconds=20)
"""How long a message in which the built-in rules hear nothing waits for rules that are being made ready."""

_LOOKING = "looking"


class Lexicons:
    """Which detector hears whom.

    A community with rules of its own has a detector of its own, made in a thread: that takes seconds. Until it is
    ready, and where it cannot be made, the built-in rules are heard. What is applied is looked for at every tick.
    """

    def __init__(self, built_in: Sequence[Lexicon], detector: Detector, database: Database) -> None:
        """`detector` hears the `built_in` lexicons."""
        self._built_in = built_in
        self._detector = detector
        self._database = database
        self._own: dict[str, Detector | None] = {}
        """Detectors by the digest of their lexicon; None: it cannot be used."""
        self._digests: Mapping[int, str] = {}
        self._places: Mapping[tuple[str, str], tuple[int, int]] = {}
        """Of the places of these communities the row and the community: that of the older row counts."""
        self._looking: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._ready.set()
        self._has_looked = False
        self._told = Told()

    @property
    def are_any(self) -> bool:
        """Whether any community has rules of its own."""
        return bool(self._digests)

    @property
    def are_ready(self) -> bool:
        """Whether nothing is being made ready."""
        return self._ready.is_set()

    async def ready(self) -> None:
        """Wait until all is ready, at most `READY_WITHIN`."""
        try:
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                await self._ready.wait()
        except TimeoutError:
            log.warning("communities' own rules are not ready yet: the built-in ones are heard")

    def of(self, community_id: int | None) -> Detector:
        """The detector of a community; None: of nobody's."""
        digest = None if community_id is None else self._digests.get(community_id)
        return self._detector if digest is None else self._own.get(digest) or self._detector

    def likely(self, inbound: Inbound) -> list[Detector]:
        """The detectors by which it may have to be heard, as far as that is known without the database.

        In a room it is the one of its community. In a private chat, whose community only the database tells, it may be
        any.
        """
        if inbound.private:
            return list(dict.fromkeys([self._detector, *map(self.of, self._digests)]))
        addresses = [inbound.place, *([inbound.space] if inbound.space else [])]
        found = [self._places[key] for a in addresses if (key := (inbound.platform, a)) in self._places]
        return [self.of(min(found)[1])] if found else [self._detector]

    # What is applied

    def look(self) -> None:
        """Begin to look for what was applied, unless that is being done."""
        if self._looking is None or self._looking.done():
            if not self._has_looked:
                self._ready.clear()
            self._looking = asyncio.create_task(self._look(), name="communities' own rules")

    async def settled(self) -> None:
        """Wait until what was begun is done."""
        if self._looking is not None:
            await asyncio.wait({self._looking})

    async def _look(self) -> None:
        try:
            await self._refresh()
        except Exception as error:
            if self._told.is_news(_LOOKING, datetime.now(UTC)):
                log.error("communities' own rules cannot be read, and are looked for again: %s", where(error))
        else:
            self._has_looked = True
            if self._told.is_over(_LOOKING):
                log.warning("communities' own rules can be read again")
        finally:
            self._ready.set()

    async def _refresh(self) -> None:
        """Read what is stored, make ready what is new, then go by it; raises what the database raises."""
        async with self._database.read() as tx:
            query = select(CommunityLexicon.community_id, CommunityLexicon.digest).order_by(CommunityLexicon.id)
            digests = {row.community_id: row.digest for row in await tx.session.execute(query)}
            wanted = list(dict.fromkeys(digests.values()))[:MOST_OWN]
            texts = await _texts(tx, [digest for digest in wanted if digest not in self._own])
            places = await _places(tx, digests) if digests else {}
        if texts:
            self._ready.clear()
        for digest, toml in texts.items():
            self._own[digest] = await asyncio.to_thread(self._made, toml, digest)
        self._digests, self._places = digests, places
        self._own = {digest: detector for digest, detector in self._own.items() if digest in wanted}
        left_out = sum(digest not in self._own for digest in digests.values())
        if left_out and self._told.is_news("too many", datetime.now(UTC)):
            log.error("%d communities have more rules of their own than fit: they are heard by the built-in", left_out)

    def _made(self, toml: bytes, digest: str) -> Detector | None:
        """The detector of a stored lexicon; None if it cannot be used. For a thread."""
        own = parse_own(toml.decode(errors="replace"), file="lexicon").lexicon
        if own is None:
            log.error("lexicon %s: cannot be used, the built-in rules stay on: see 'handrail check'", digest[:8])
            return None
        return Detector([*self._built_in, own])


async def _texts(tx: Transaction, digests: Iterable[str]) -> dict[str, bytes]:
    query = select(CommunityLexicon.digest, CommunityLexicon.toml).where(CommunityLexicon.digest.in_(list(digests)))
    return {row.digest: row.toml for row in await tx.session.execute(query)} if digests else {}


async def _places(tx: Transaction, community_ids: Iterable[int]) -> dict[tuple[str, str], tuple[int, int]]:
    query = select(Place.platform, Place.address, Place.id, Place.community_id)
    rows = await tx.session.execute(query.where(Place.community_id.in_(list(community_ids))))
    return {(row.platform, row.address): (row.id, row.community_id) for row in rows}


async def replace_community_lexicon(tx: Transaction, community_id: int, toml: str | None) -> None:
    """Store the community's own lexicon in place of the one before; None: it has none."""
    row = await tx.session.scalar(select(CommunityLexicon).where(CommunityLexicon.community_id == community_id))
    if toml is None:
        if row is not None:
            await tx.session.delete(row)
        return
    data = toml.encode()
    if row is None:
        row = CommunityLexicon(community_id=community_id)
        tx.session.add(row)
    row.toml, row.digest = data, hashlib.sha256(data).hexdigest()


async def stored_lexicon(tx: Transaction, slug: str) -> str | None:
    """The own lexicon of the community of that id; None if it has none."""
    query = select(CommunityLexicon.toml).join(Community, Community.id == CommunityLexicon.community_id)
    stored = await tx.session.scalar(query.where(Community.slug == slug))
    return None if stored is None else stored.decode(errors="replace")
