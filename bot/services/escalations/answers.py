"""What the member of a case is answered at once, and later while nobody has come: always with numbers to call."""

import logging
from dataclasses import replace

from bot.core.content import Content, Field
from bot.core.crisis import Severity
from bot.core.faults import where
from bot.core.people import Member
from bot.core.words import Text
from bot.services import members, spoken
from bot.services.escalations import held_words, member_words, store, words
from bot.services.escalations.introducing import called
from bot.services.resources import Resources
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)


class Answers:
    """The answers, with what stands in them."""

    def __init__(self, voice: Voice, resources: Resources) -> None:
        self._voice = voice
        self._resources = resources

    async def numbers(self, tx: Transaction, row: tables.CaseRow, said: Text) -> Content:
        """The numbers for a member who is in another country than was thought, or has asked, after what is `said`.

        By itself it says nothing about who was told.
        """
        member = await self.member(tx, row)
        lines = await self.lines(tx, member, row.category)
        return member_words.numbers(self.emergency_number(member), lines, said)

    async def paused(self, tx: Transaction, member: Member) -> Content:
        """What a member reads who asks by hand while that calls nobody."""
        return member_words.answer_paused(self.emergency_number(member), await self.lines(tx, member, None))

    async def to_the_peer(self, tx: Transaction, peer: Member, category: str | None, *, waits: bool) -> Content:
        """What a peer is told whose words to a member sound as if they were in danger themselves."""
        return words.about_the_peer(await self.lines(tx, peer, category), waits=waits)

    async def at_once(
        self, tx: Transaction, row: tables.CaseRow, *, somebody_told: bool, away: bool = False
    ) -> Content:
        """The answer at once; in another language than the community's it offers to go on in that."""
        content = await self._in_itself(tx, row, somebody_told=somebody_told, away=away)
        if row.member_id is None:
            return content
        return self._voice.offering(tx, await members.load(tx, row.member_id), content)

    async def _in_itself(self, tx: Transaction, row: tables.CaseRow, *, somebody_told: bool, away: bool) -> Content:
        member = await self.member(tx, row)
        number, lines = self.emergency_number(member), await self.lines(tx, member, row.category)
        if row.holder is not None:
            return held_words.heard_while_held(called(await members.load(tx, row.holder)), number, lines, away=away)
        seen = await store.lateness(tx, row.id) if row.opened_by != "other" else None
        late = seen[0] if seen is not None else store.PUNCTUAL
        if not somebody_told:
            return member_words.answer_without_peers(number, lines, late)
        if row.opened_by == "other":
            return member_words.answer_worried(member.community.name, number, lines)
        return member_words.answer_to_member(store.case_of(row).severity, member.community.name, number, lines, late)

    async def late(self, tx: Transaction, row: tables.CaseRow, *, again: bool) -> Content:
        """Said honestly while nobody has come; `again`: not for the first time."""
        member = await self.member(tx, row)
        lines = await self.lines(tx, member, row.category)
        number = self.emergency_number(member)
        if store.case_of(row).severity is Severity.CONCERN:
            return member_words.late_for_a_concern(number, lines)
        return member_words.late(number, lines, again=again, had_somebody=row.turn > 0)

    async def heard_again(self, tx: Transaction, row: tables.CaseRow) -> Content:
        """Said to who waits and is heard once more, with nothing worse than before."""
        number = self.emergency_number(await self.member(tx, row))
        return member_words.heard_again(store.case_of(row).severity, number)

    def emergency_number(self, member: Member) -> str | None:
        """That of their country, if it is known."""
        number = self._resources.emergency_number(member.country)
        return None if number is None else number.number

    async def lines(self, tx: Transaction, member: Member, category: str | None) -> tuple[Field, ...]:
        """The helplines to show; none, if anything is wrong with a list: the answer itself must go out."""
        try:
            return await self._resources.crisis_fields(tx, member, category)
        except Exception as error:
            log.error("no helplines for a case: %s", where(error))
            return ()

    @staticmethod
    async def member(tx: Transaction, row: tables.CaseRow) -> Member:
        """Whose case it is, with the language they are spoken to in; raises `LookupError` where they are gone."""
        if row.member_id is None:
            raise LookupError(f"case {row.id} has no member any more")
        member = await members.load(tx, row.member_id)
        return replace(member, own_language=spoken.spoken_by(tx, member))  # so are the helplines
