"""The relay: what one person of a case writes, changes, takes back or reacts to, as the others see it.

Each message is stored once, sealed, with where its author wrote it; its copies are deliveries that name it. So a later
change finds every copy, on whatever platform that is, and an answer or a reaction finds what it is about.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.core.content import Act, Content, Upon
from bot.core.people import Member
from bot.core.platform import Address, SendError, TryAgain
from bot.core.text import clean, clean_name, split
from bot.core.words import Text, _
from bot.delivery.outbox import Claimed, Message, Priority
from bot.services import members
from bot.services.escalations import relay_rows as rows
from bot.services.escalations import store, words
from bot.services.escalations.introducing import named
from bot.services.escalations.places import Places
from bot.services.escalations.relay_rows import PICTURE, REACTION, TEXT
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.tables import Delivery, RelayMessage

LIMIT = 60_000
"""Characters of one message that is carried: all that any platform takes; adapters split it."""

PIECE = 1_700
"""Characters of one copy: with a title it is one message on every platform, which can be changed and taken away."""

QUOTE = 80
"""Characters of the words that an answer or a reaction is about, where a platform cannot point at them."""

EMOJI_LIMIT = 64
"""Characters of a reaction: the longest emoji, or a name such as ":handrail:"."""

ARRIVED = "\N{INCOMING ENVELOPE}"
"""Put under a message that has reached the others. Not a tick: that would call "all right" what somebody suffers."""

OF_USE = timedelta(hours=1)
"""A reaction, or the sign of an arrival, that could not be shown for so long is not shown any more."""

GONE_OUT = frozenset({"sent", "sending"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where something was written: the platform's id of it, and of the message that it answers.

    `place`: the place apart in which it stands, where all who are in it have read it already.
    """

    platform: str
    message_id: str
    answers: str | None = None
    place: str | None = None


class Relay:
    """Carries what is said in a case to the others who are in it."""

    def __init__(self, voice: Voice, places: Places) -> None:
        self._voice = voice
        self._places = places

    # Saying

    async def say(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        text: str,
        event: str,
        written: Written | None,
        *,
        now: datetime,
        late: timedelta = store.PUNCTUAL,
    ) -> bool:
        """Keep a message, seen so `late`, and carry it to the others; False if there is nobody yet."""
        answered = await self.at(tx, row.id, written.platform, written.answers) if written and written.answers else None
        kept = await self.keep(tx, row, person, text, written, about=answered, now=now)
        for reader, to in await self.readers(tx, row, kept):
            key = f"{event}:{reader.id}"
            await self._copy(tx, row, person, kept, reader, to, text, key, answered, now=now, late=late)
        return len(in_case(row)) > (person.id in in_case(row))

    async def readers(
        self, tx: Transaction, row: tables.CaseRow, kept: RelayMessage, there: Collection[tuple[str, str]] = ()
    ) -> list[tuple[Member, Address]]:
        """Who else is to read a message, and where: once for all in a place, and not where it was written.

        `there`: places in which it stands already.
        """
        told = {*there, (kept.platform, kept.place)}
        readers: list[tuple[Member, Address]] = []
        for reader_id in in_case(row):
            if reader_id == kept.author:
                continue
            reader = await members.load(tx, reader_id)
            to = await self._places.address(tx, row.id, reader)
            if to is None or (to.kind == "place" and (to.platform, to.id) in told):
                continue
            told.add((to.platform, to.id))
            readers.append((reader, to))
        return readers

    @staticmethod
    async def keep(
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        text: str,
        written: Written | None,
        *,
        about: RelayMessage | None,
        kind: str = TEXT,
        now: datetime,
    ) -> RelayMessage:
        """Store a message as it was written."""
        kept = RelayMessage(
            case_id=row.id,
            author=person.id,
            at=now,
            text_sealed=tx.vault.seal(text, store.RELAY),
            kind=kind,
            about=None if about is None else about.id,
            platform=None if written is None else written.platform,
            message_id=None if written is None else written.message_id,
            place=None if written is None else written.place,
        )
        tx.session.add(kept)
        await tx.session.flush()
        return kept

    async def _copy(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        kept: RelayMessage,
        reader: Member,
        address: Address,
        text: str,
        key: str,
        answered: RelayMessage | None = None,
        *,
        now: datetime,
        late: timedelta = store.PUNCTUAL,
        changed: bool = False,
    ) -> None:
        """Put one reader's copy into the outbox, in as many pieces as its length needs."""
        name = title_of(row, person, reader.id)
        title = words.written_ago(name, late) if late else name
        if changed:
            title = _("{title}, changed", title=title)
        upon = None
        if answered is not None and (found := await self._upon(tx, "answer", answered, reader)):
            quote = _quote(tx, answered)
            otherwise = _("{title}, to “{words}”", title=title, words=quote) if quote else title
            to, upon = found[0]
            known = upon.message if to.platform == address.platform else None
            upon = Upon(act="answer", message=known, delivery=upon.delivery, otherwise=otherwise)
        first, *more = split(text, PIECE)
        contents = [Content(title=title, text=first, upon=upon), *(Content(text=piece) for piece in more)]
        for number, content in enumerate(contents):
            suffix = f":{number}" if number else ""
            await self.send(tx, row, kept, reader, address, content, f"{key}{suffix}", now=now)

    # Changing

    async def change(
        self, tx: Transaction, person: Member, platform: str, message_id: str, text: str, event: str, *, now: datetime
    ) -> tables.CaseRow | None:
        """New words for a message: every copy follows, or it is said anew. The case; None if there is nothing to do."""
        kept = await rows.original(tx, platform, message_id)
        text = clean(text, LIMIT)
        if kept is None or kept.author != person.id or kept.kind != TEXT or kept.removed_at or not text:
            return None
        if store.opened(tx, kept.text_sealed, store.RELAY) == text:
            return None
        row = await store.case_numbered(tx, kept.case_id)
        kept.text_sealed = tx.vault.seal(text, store.RELAY)
        if row is None or row.open_for is None:
            return None
        copies = [copy for copy in await rows.copies(tx, kept.id) if copy.state in {*GONE_OUT, "pending"}]
        by_reader: dict[int, list[Delivery]] = {}
        open_places, there = await self._places.addresses(tx, row), set()
        for copy in copies:
            at = (copy.platform, copy.address)
            in_place = copy.kind == "place" and at in open_places
            if copy.member_id is not None and (in_place or copy.member_id in in_case(row)):
                by_reader.setdefault(copy.member_id, []).append(copy)
                there |= {at} if in_place else set()
        for reader_id, mine in by_reader.items():
            reader = await members.load(tx, reader_id)
            await self._change_for(tx, row, person, kept, reader, mine, text, f"{event}:{reader_id}", now=now)
        for reader, to in await self.readers(tx, row, kept, there):
            if reader.id not in by_reader:
                key = f"{event}:{reader.id}:anew"
                await self._copy(tx, row, person, kept, reader, to, text, key, now=now, changed=True)
        return row

    async def _change_for(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        kept: RelayMessage,
        reader: Member,
        copies: Sequence[Delivery],
        text: str,
        key: str,
        *,
        now: datetime,
    ) -> None:
        waits = any(copy.state == "pending" for copy in copies)
        if len(copies) == 1 and not waits and len(text) <= PIECE:
            title = title_of(row, person, reader.id)
            upon = rows.upon_copy("replace", copies[0], _("{title}, changed", title=title))
            content = Content(title=title, text=text, upon=upon)
            await self.send(tx, row, kept, reader, rows.address_of(copies[0]), content, f"{rows.CHANGED}{key}", now=now)
            return
        await self._remove(tx, row, person, copies, key, silently=True, now=now)
        to = rows.address_of(copies[0])
        await self._copy(tx, row, person, kept, reader, to, text, f"{key}:anew", now=now, changed=not waits)

    # Taking back

    async def take_back(
        self, tx: Transaction, platform: str, message_id: str, account: str | None, *, now: datetime
    ) -> None:
        """A message or a reaction is gone: so are its words here, and all copies, also after the case has ended."""
        for kept in await rows.originals(tx, platform, message_id):
            if kept.removed_at is None and (account is None or await rows.is_of(tx, kept.author, platform, account)):
                await self._take_back(tx, kept, f"{platform}:{message_id}:gone", now=now)

    async def _take_back(self, tx: Transaction, kept: RelayMessage, key: str, *, now: datetime) -> None:
        row = await store.case_numbered(tx, kept.case_id)
        if row is None:
            return
        kept.removed_at, kept.text_sealed = now, tx.vault.seal("", store.RELAY)
        person = await members.load(tx, kept.author)
        copies = await rows.copies(tx, kept.id)
        if kept.kind == PICTURE:
            await rows.forget_pictures(tx, kept.id)
        if kept.kind == REACTION:
            await self._unreact(tx, row, kept, copies, key, now=now)
        else:
            await self._remove(tx, row, person, copies, key, silently=False, now=now)

    async def _remove(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        copies: Sequence[Delivery],
        key: str,
        *,
        silently: bool,
        now: datetime,
    ) -> None:
        """Take copies away. What has not left yet never leaves; where a platform cannot, the reader is told once."""
        told: set[int] = set()
        for copy in [*copies, *await rows.changes(tx, copies)]:
            if copy.state in {"pending", "sending"}:
                await rows.drop(tx, copy, now=now)
            if copy.state not in GONE_OUT or copy.member_id is None:
                continue
            say = not silently and copy.member_id not in told
            told.add(copy.member_id)
            otherwise = _("{name} has taken a message back.", name=title_of(row, person, copy.member_id)) if say else ""
            reader = await members.load(tx, copy.member_id)
            content = Content(upon=rows.upon_copy("remove", copy, otherwise))
            await self.send(tx, row, None, reader, rows.address_of(copy), content, f"{key}:{copy.id}", now=now)

    # Reacting

    async def react(
        self, tx: Transaction, person: Member, written: Written, emoji: str, event: str, *, now: datetime
    ) -> None:
        """An emoji under a message that the relay has carried, or that its own reader wrote."""
        emoji = clean_name(emoji)[:EMOJI_LIMIT]
        about = await self.at(tx, None, written.platform, written.answers or "")
        row = None if about is None else await store.case_numbered(tx, about.case_id)
        if not emoji or about is None or row is None or row.open_for is None or person.id not in in_case(row):
            return
        kept = await self.keep(tx, row, person, emoji, written, about=about, kind=REACTION, now=now)
        quote = _quote(tx, about)
        shown = {(written.platform, written.place)}
        for reader_id in in_case(row):
            if reader_id == person.id:
                continue
            name = title_of(row, person, reader_id)
            said = _("{name}: {emoji}", name=name, emoji=emoji)
            if quote:
                said = _("{name}: {emoji} to “{words}”", name=name, emoji=emoji, words=quote)
            reader = await members.load(tx, reader_id)
            for to, upon in (await self._upon(tx, "react", about, reader))[-1:]:
                if to.kind == "place" and (to.platform, to.id) in shown:
                    continue  # they see it there
                shown.add((to.platform, to.id))
                found = Upon(act="react", message=upon.message, delivery=upon.delivery, otherwise=said)
                key = f"{event}:{reader_id}"
                await self.send(tx, row, kept, reader, to, Content(text=emoji, upon=found), key, now=now)

    async def _unreact(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        kept: RelayMessage,
        copies: Sequence[Delivery],
        key: str,
        *,
        now: datetime,
    ) -> None:
        for copy in copies:
            if copy.state in {"pending", "sending"}:
                await rows.drop(tx, copy, now=now)
            if copy.state in GONE_OUT and copy.member_id is not None:
                reader = await members.load(tx, copy.member_id)
                content = Content(upon=rows.upon_copy("unreact", copy, ""))
                await self.send(tx, row, None, reader, rows.address_of(copy), content, f"{key}:{copy.id}", now=now)

    # Arriving

    async def arrived(self, tx: Transaction, delivery: Claimed, *, now: datetime) -> None:
        """A copy has arrived: once all have, its author sees that under their message."""
        relay_id = await tx.session.scalar(select(Delivery.relay_id).where(Delivery.id == delivery.id))
        kept = None if relay_id is None else await tx.session.get(RelayMessage, relay_id)
        upon = delivery.content.upon
        if kept is None or kept.message_id is None or (upon is not None and upon.act != "answer"):
            return
        if kept.kind == REACTION or (kept.kind == PICTURE and delivery.content.picture is None):
            return
        if any(copy.state in {"pending", "sending"} for copy in await rows.copies(tx, kept.id)):
            return
        row = await store.case_numbered(tx, kept.case_id)
        author = await members.load(tx, kept.author)
        if row is None:
            return
        for to, upon in await self._upon(tx, "react", kept, author):
            content = Content(text=ARRIVED, upon=upon)
            await self.send(tx, row, None, author, to, content, f"arrived:{kept.id}", now=now, calmly=True)

    async def not_arrived(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """A copy does not arrive: its author is told, once an hour for each who is not reached."""
        relay_id = await tx.session.scalar(select(Delivery.relay_id).where(Delivery.id == failed.id))
        kept = None if relay_id is None else await tx.session.get(RelayMessage, relay_id)
        row = None if kept is None else await store.case_numbered(tx, kept.case_id)
        if kept is None or row is None or kept.kind == REACTION or kept.author == failed.member_id:
            return
        author = await members.load(tx, kept.author)
        address = await self._places.address(tx, row.id, author)
        if address is None:
            return
        text = (
            _("Your message has not reached them yet. I go on trying.")
            if isinstance(error, TryAgain)
            else _("Your message did not reach them. I keep it for whoever comes next.")
        )
        upon = next((upon for to, upon in await self._upon(tx, "answer", kept, author) if to == address), None)
        if upon is not None and (quote := _quote(tx, kept)):
            title = _("“{words}”", words=quote)
            upon = Upon(act="answer", message=upon.message, otherwise=title)
        key = f"unarrived:{kept.author}:{failed.member_id}:{int(now.timestamp()) // 3600}"
        await self.send(tx, row, None, author, address, Content(text=text, upon=upon), key, now=now)

    # Finding

    async def at(self, tx: Transaction, case_id: int | None, platform: str, message_id: str) -> RelayMessage | None:
        """The message of a relay that stands there, as its author wrote it or as the bot has brought it."""
        kept = await rows.original(tx, platform, message_id)
        if kept is None:
            copy = select(Delivery.relay_id).where(Delivery.platform == platform, Delivery.message_id == message_id)
            relay_id = await tx.session.scalar(copy.where(Delivery.relay_id.is_not(None)).limit(1))
            kept = None if relay_id is None else await tx.session.get(RelayMessage, relay_id)
        if kept is None or kept.kind == REACTION or kept.removed_at or case_id not in {None, kept.case_id}:
            return None
        return kept

    async def _upon(self, tx: Transaction, act: Act, kept: RelayMessage, reader: Member) -> list[tuple[Address, Upon]]:
        """Where `reader` sees a message: as they wrote it themselves, or as their copies."""
        if kept.author != reader.id:
            at = await self._places.address(tx, kept.case_id, reader)
            if at is not None and at.kind == "place" and (kept.platform, kept.place) == (at.platform, at.id):
                return [(at, Upon(act=act, message=kept.message_id))]
            copies = [
                copy
                for copy in await rows.copies(tx, kept.id)
                if copy.state in GONE_OUT and (copy.member_id == reader.id or rows.address_of(copy) == at)
            ]
            return [(rows.address_of(copy), rows.upon_copy(act, copy, "")) for copy in copies]
        if kept.platform is None or kept.message_id is None:
            return []
        if kept.place is not None:
            there = Address(platform=kept.platform, kind="place", id=kept.place)
            return [(there, Upon(act=act, message=kept.message_id))]
        address = await self._voice.private_address(tx, reader, platform=kept.platform)
        return [] if address is None else [(address, Upon(act=act, message=kept.message_id))]

    async def send(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        kept: RelayMessage | None,
        reader: Member,
        to: Address,
        content: Content,
        key: str,
        *,
        now: datetime,
        calmly: bool = False,
    ) -> None:
        """Put one delivery of a relay into the outbox; `kept`: the message that it brings."""
        is_sign = content.upon is not None and content.upon.act in {"react", "unreact"}
        message = Message(
            key=f"case:{row.id}:{'' if calmly else 'relay:'}{key}",
            to=to,
            content=content,
            priority=Priority.REPLY if is_sign else Priority.CRISIS,
            due_at=now,
            expires_at=now + OF_USE if is_sign else None,
            member_id=reader.id,
            about_id=row.member_id if kept is None else kept.author,
            case_id=row.id,
            relay_id=None if kept is None else kept.id,
        )
        await self._voice.put(tx, message, self._voice.language_for(tx, reader), now=now)


def in_case(row: tables.CaseRow) -> list[int]:
    """Who is in the case just now: its member, who has it, and who has joined them."""
    people = dict.fromkeys((row.member_id, row.holder, *row.helpers))
    return [person for person in people if person is not None]


def title_of(row: tables.CaseRow, person: Member, reader: int) -> Text:
    """The chosen name of who speaks, and what they are; to peers with the case's number, as they may have several."""
    if row.member_id == person.id:
        return _("{name} (case {number})", name=person.name or words.A_MEMBER, number=row.id)
    name = named(person)
    return name if reader == row.member_id else _("{name} (case {number})", name=name, number=row.id)


def _quote(tx: Transaction, kept: RelayMessage) -> str:
    """The beginning of a message, on one line."""
    said = " ".join((store.opened(tx, kept.text_sealed, store.RELAY) or "").split())
    return said if len(said) <= QUOTE else f"{said[: QUOTE - 1].rstrip()}…"
