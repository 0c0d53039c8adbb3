"""Pictures in the talk of a case: shown to nobody who has not asked to see them.

Who receives one is told that it is there, and how large; the file stays where it is. Only when somebody presses "Show
it" does a delivery to the author's platform bring it here, drawn anew (`bot.core.pictures`), and another one shows it.
Whoever wants that may be shown all that come in this talk, or none, and changes their mind with one press.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import exists, func, select

from bot.core.content import Choice, Content, Fetch, Shown
from bot.core.inbound import Picture
from bot.core.people import Member
from bot.core.pictures import AT_ONCE, KINDS, MIB, Still, size_of
from bot.core.platform import Address
from bot.core.words import Text, _, _n
from bot.delivery.contents import PICTURE
from bot.delivery.outbox import Message, Priority
from bot.services import members
from bot.services.escalations import relay_rows as rows
from bot.services.escalations import store
from bot.services.escalations.places import Places
from bot.services.escalations.relay import Relay, Written, in_case, title_of
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePicture, PictureWish
from bot.storage.tables import Delivery, RelayMessage

SOURCE = "case_pictures.source"

EARLIER = 3
"""Messages with pictures that somebody who comes into a case is asked about: the newest."""

MOST = 100
"""Pictures of one talk that are kept at the same time."""

Wish = Literal["ask", "all", "none"]

ASK_ME = Choice(label=_("Ask me each time"), command="pictures ask")
NONE = Choice(label=_("No pictures in this talk"), command="pictures none")


class Pictures:
    """Offers, brings and shows pictures."""

    def __init__(self, voice: Voice, places: Places, relay: Relay) -> None:
        self._voice = voice
        self._places = places
        self._relay = relay

    # Sending

    async def offer(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        pictures: Sequence[Picture],
        event: str,
        written: Written,
        *,
        now: datetime,
    ) -> Content | None:
        """Ask the others in the case whether they want to see pictures; what their author is told, if anything."""
        if await _number_in(tx, row.id) + len(pictures) > MOST:
            return Content(text=_("That is as many pictures as one talk can hold. Can you go on in words?"))
        kept = await self._relay.keep(tx, row, person, "", written, about=None, kind=rows.PICTURE, now=now)
        for picture in pictures:
            stored = CasePicture(
                relay_id=kept.id,
                case_id=row.id,
                author=person.id,
                source_sealed=tx.vault.seal(picture.source, SOURCE),
                size=picture.size,
                wanted_by=[],
            )
            tx.session.add(stored)
        await tx.session.flush()
        readers = [reader for reader in in_case(row) if reader != person.id]
        if not readers:
            return Content(text=_("I keep this for the person who comes, and ask them whether they want to see it."))
        told = [await self._offer_to(tx, row, kept, reader, event, now=now) for reader in readers]
        if "ask" in told:
            return Content(text=_("I've asked whether they want to see it. You'll see a sign under it once they have."))
        return None if "all" in told else Content(text=_NOT_WANTED)

    async def offer_earlier(self, tx: Transaction, row: tables.CaseRow, newcomer: int, *, now: datetime) -> None:
        """Ask somebody who has come into a case about the last pictures that were sent in it."""
        message = RelayMessage
        query = select(message).where(message.case_id == row.id, message.kind == rows.PICTURE)
        query = query.where(message.removed_at.is_(None), message.author != newcomer, _HAS_PICTURES)
        found = list(await tx.session.scalars(query.order_by(message.id.desc()).limit(EARLIER)))
        for kept in reversed(found):
            await self._offer_to(tx, row, kept, newcomer, f"earlier:{kept.id}:{row.turn}", now=now)

    async def _offer_to(
        self, tx: Transaction, row: tables.CaseRow, kept: RelayMessage, reader_id: int, event: str, *, now: datetime
    ) -> Wish | Literal["there"]:
        """Do what a reader wishes; "there": the picture was put where they see it themselves."""
        reader = await members.load(tx, reader_id)
        to = await self._places.address(tx, row.id, reader)
        if to is None or (to.kind == "place" and (kept.platform, kept.place) == (to.platform, to.id)):
            return "there"
        wish = await self._wish(tx, row.id, reader_id)
        if wish == "all":
            for picture in await _pictures(tx, kept.id):
                await self._want(tx, row, kept, picture, reader, now=now)
        elif wish == "ask":
            author = await members.load(tx, kept.author)
            title = title_of(row, author, reader_id)
            content = _offered(title, kept.id, await _pictures(tx, kept.id))
            # Once for all who are in a place: whoever asks to see it there is shown it privately.
            key = f"{event}:pictures:{to.id if to.kind == 'place' else reader_id}"
            await self._relay.send(tx, row, kept, reader, to, content, key, now=now)
        return wish

    async def talk_of(self, tx: Transaction, platform: str, message_id: str) -> int | None:
        """The number of the case in which a message was said, as written or as brought; None for any other."""
        kept = await self._relay.at(tx, None, platform, message_id)
        return None if kept is None else kept.case_id

    # Wishing

    async def show(self, tx: Transaction, person: Member, of: int | None, *, now: datetime) -> Content:
        """Somebody wants to see the pictures of a message, or of the newest one; what they are told."""
        found = await self._offered_to(tx, person, of)
        if found is None:
            return Content(text=_("There is no picture for you to see any more."))
        row, kept = found
        for picture in await _pictures(tx, kept.id):
            await self._want(tx, row, kept, picture, person, now=now)
        return Content(text=_("I'm getting it for you. It comes to you privately."))

    async def wish(self, tx: Transaction, person: Member, wish: Wish, of: int | None, *, now: datetime) -> Content:
        """What somebody wants of all pictures in the talk in which that message is, or in all of theirs."""
        found = None if of is None else await self._offered_to(tx, person, of)
        talks = await store.open_cases_with(tx, person.id) if found is None else [found[0]]
        if not talks:
            return Content(text=_("You are not in a talk just now."))
        for row in talks:
            await tx.insert_new(PictureWish, case_id=row.id, member_id=person.id, wish=wish)
            stored = await tx.session.get_one(PictureWish, (row.id, person.id), populate_existing=True)
            stored.wish = wish
        if wish == "all":
            shown = await self.show(tx, person, of, now=now)
            return Content(text=shown.text, choices=(ASK_ME,))
        if wish == "none":
            text = _("All right, no pictures in this talk. Whoever sends one is asked to say it in words.")
            return Content(text=text, choices=(ASK_ME,))
        return Content(text=_("All right, I ask you about each picture first."), choices=(NONE,))

    async def _wish(self, tx: Transaction, case_id: int, person_id: int) -> Wish:
        stored = await tx.session.get(PictureWish, (case_id, person_id))
        match "ask" if stored is None else stored.wish:
            case "all":
                return "all"
            case "none":
                return "none"
        return "ask"

    async def _offered_to(
        self, tx: Transaction, person: Member, of: int | None
    ) -> tuple[tables.CaseRow, RelayMessage] | None:
        """The message with pictures, of another, in an open case in which the person is: that one, or the newest."""
        talks = {row.id: row for row in await store.open_cases_with(tx, person.id)}
        message = RelayMessage
        query = select(message).where(message.case_id.in_(talks), message.kind == rows.PICTURE)
        query = query.where(message.removed_at.is_(None), message.author != person.id, _HAS_PICTURES)
        query = query if of is None else query.where(message.id == of)
        kept = await tx.session.scalar(query.order_by(message.id.desc()).limit(1))
        return None if kept is None else (talks[kept.case_id], kept)

    # Bringing

    async def _want(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        kept: RelayMessage,
        picture: CasePicture,
        reader: Member,
        *,
        now: datetime,
    ) -> None:
        """Show it to them if it is here; else let it be brought, unless it is on its way."""
        if reader.id not in picture.wanted_by:
            picture.wanted_by = [*picture.wanted_by, reader.id]
        if picture.data_sealed is not None:
            await self._show(tx, row, kept, picture, reader, now=now)
            return
        key = f"case:{row.id}:relay:fetch:{picture.id}:"
        under_way = select(Delivery.id).where(Delivery.relay_id == kept.id, Delivery.key.startswith(key))
        if (
            kept.platform is None
            or kept.message_id is None
            or await tx.session.scalar(under_way.where(Delivery.state.in_(["pending", "sending"])).limit(1))
        ):
            return
        source, author = tx.vault.open(picture.source_sealed, SOURCE), await members.load(tx, kept.author)
        limit = author.community.picture_limit
        message = Message(
            key=f"{key}{int(now.timestamp())}",
            # An address of its own: what is said to people does not wait until it is brought.
            to=Address(platform=kept.platform, kind="place", id=kept.message_id),
            content=Content(fetch=Fetch(id=picture.id, source=source, limit=limit)),
            priority=Priority.REPLY,
            due_at=now,
            about_id=kept.author,
            case_id=row.id,
            relay_id=kept.id,
        )
        await self._voice.put(tx, message, author.language, now=now)

    async def brought(self, tx: Transaction, fetch: Fetch, still: Still, *, now: datetime) -> None:
        """A picture is here: those who have asked for it, and are still in the case, see it."""
        if (found := await _in_open_case(tx, fetch.id)) is None:
            return
        row, kept, picture = found
        picture.kind, picture.width, picture.height = still.kind, still.width, still.height
        picture.data_sealed = tx.vault.seal_bytes(still.data, PICTURE)
        picture.size = len(still.data)
        await tx.session.flush()
        for reader_id in [one for one in picture.wanted_by if one in in_case(row)]:
            await self._show(tx, row, kept, picture, await members.load(tx, reader_id), now=now)

    async def not_brought(self, tx: Transaction, picture_id: int, *, lasting: bool, now: datetime) -> None:
        """A picture could not be brought, and if that is `lasting` never will: both sides are told."""
        if (found := await _in_open_case(tx, picture_id)) is None:
            return
        row, kept, picture = found
        people, author = in_case(row), await members.load(tx, kept.author)
        wanted = [one for one in picture.wanted_by if one in people]
        again = Choice(label=_("Try again"), command="pictures show", arguments={"of": str(kept.id)})
        content = Content(text=_("The picture could not be brought to you."), choices=() if lasting else (again,))
        for reader_id in wanted:
            await self._tell(tx, row, kept, await members.load(tx, reader_id), content, f"{picture_id}:lost", now=now)
        if lasting:
            await tx.session.delete(picture)
        if author.id in people and wanted:
            text = _(
                "Your picture could not be shown to them: I can't open it. Can you send it once more, as a JPEG or"
                " PNG, or tell them in words what it shows?"
            )
            await self._tell(tx, row, kept, author, Content(text=text), f"{picture_id}:unshown", now=now)

    # Showing

    async def _show(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        kept: RelayMessage,
        picture: CasePicture,
        reader: Member,
        *,
        now: datetime,
    ) -> None:
        # Never in the place of the case, though nobody else is there now: who comes later would see it unasked.
        to = await self._voice.private_address(tx, reader)
        if to is None or picture.kind is None:
            return
        author = await members.load(tx, kept.author)
        asked = await self._wish(tx, row.id, reader.id) != "all"
        instead = _(
            "(A picture: {kind}, {size}. It cannot be shown here.)",
            kind=KINDS[picture.kind],
            size=size_of(picture.size),
        )
        content = Content(
            title=title_of(row, author, reader.id),
            picture=Shown(id=picture.id, instead=instead),
            choices=() if asked else (ASK_ME,),
        )
        key = f"picture:{picture.id}:{reader.id}:{int(now.timestamp())}"
        await self._relay.send(tx, row, kept, reader, to, content, key, now=now)

    async def _tell(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        kept: RelayMessage,
        person: Member,
        content: Content,
        key: str,
        *,
        now: datetime,
    ) -> None:
        to = await self._places.address(tx, row.id, person)
        if to is not None:
            key = f"picture:{key}:{person.id}:{int(now.timestamp())}"
            await self._relay.send(tx, row, None, person, to, content, key, now=now, calmly=True)


_FETCHES = re.compile(r"case:\d+:relay:fetch:(\d+):")
_SHOWS = re.compile(r"case:\d+:relay:picture:\d+:")


def fetched_by(key: str) -> int | None:
    """The number of the picture that a delivery is to bring, by its key, which is there if its content is damaged."""
    found = _FETCHES.match(key)
    return None if found is None else int(found[1])


def is_shown_by(key: str) -> bool:
    """Whether a delivery shows a picture, by its key."""
    return _SHOWS.match(key) is not None


def refused(pictures: Sequence[Picture], limit: int) -> Content | None:
    """Why pictures are not carried, whatever their readers want; None if they can be, as far as is stated."""
    if len(pictures) > AT_ONCE:
        return Content(text=_("I can pass on {n} pictures at once. Please send the others after these.", n=AT_ONCE))
    if any(picture.size > limit for picture in pictures):
        most = limit // MIB
        text = _(
            "That picture is too large for me, so they have not seen it: {n} MB is the most. Can you send it smaller,"
            " or tell them in words what it shows?",
            n=most,
        )
        return Content(text=text)
    return None


_NOT_WANTED = _(
    "They would rather see no pictures in this talk, so I have not passed it on. Can you tell them in words what it"
    " shows?"
)


def _offered(title: Text, relay_id: int, pictures: Sequence[CasePicture]) -> Content:
    size = size_of(sum(picture.size for picture in pictures))
    text = _n(
        "There is a picture from them ({size}). I show it only if you want to see it.",
        "There are {n} pictures from them ({size}). I show them only if you want to see them.",
        n=len(pictures),
        size=size,
    )
    of = {"of": str(relay_id)}
    choices = (
        Choice(label=_("Show it"), command="pictures show", arguments=of, style="primary"),
        Choice(label=_("Show all in this talk"), command="pictures all", arguments=of),
        Choice(label=NONE.label, command=NONE.command, arguments=of),
    )
    return Content(title=title, text=text, choices=choices)


async def _number_in(tx: Transaction, case_id: int) -> int:
    query = select(func.count(CasePicture.id)).where(CasePicture.case_id == case_id)
    return await tx.session.scalar(query) or 0


async def _in_open_case(tx: Transaction, picture_id: int) -> tuple[tables.CaseRow, RelayMessage, CasePicture] | None:
    """A picture that was not taken back, and where it is talked about; None if that is over.

    Read once the case is locked: somebody may ask to see it at this moment, or take it back.
    """
    case_id = await tx.session.scalar(select(CasePicture.case_id).where(CasePicture.id == picture_id))
    row = None if case_id is None else await store.case_numbered(tx, case_id)
    picture = await tx.session.get(CasePicture, picture_id, populate_existing=True)
    kept = None if picture is None else await tx.session.get(RelayMessage, picture.relay_id, populate_existing=True)
    if row is None or row.open_for is None or picture is None or kept is None or kept.removed_at is not None:
        return None
    return row, kept, picture


_HAS_PICTURES = exists().where(CasePicture.relay_id == RelayMessage.id)
"""Of a message, whether any of its pictures can still be brought."""


async def _pictures(tx: Transaction, relay_id: int) -> Sequence[CasePicture]:
    query = select(CasePicture).where(CasePicture.relay_id == relay_id).order_by(CasePicture.id)
    return list(await tx.session.scalars(query))
