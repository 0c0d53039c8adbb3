"""Which meeting somebody means: one of the community's own, or one that a feed lists."""

from bot.core.commands import BadValue
from bot.core.words import _
from bot.services.call import Call
from bot.services.feeds import finding, following, showing
from bot.services.feeds.finding import Listed, Sought
from bot.services.feeds.vocabulary import Vocabulary
from bot.services.meetings import Meetings
from bot.storage.tables import MeetingRow


class MeetingFinder:
    """Finds the meeting that a button or a typed name means."""

    def __init__(self, service: Meetings, vocabulary: Vocabulary) -> None:
        self._meetings = service
        self._vocabulary = vocabulary

    async def listed(self, call: Call, typed: str) -> Listed | None:
        """The listed meeting that is meant; None if it is one of the community's own, or none at all."""
        community = call.member.community.id
        named = showing.read_reference(typed)
        if named is not None:
            found = await finding.by_handle(call.tx, community, *named)
            if found is None:
                raise BadValue(_("That meeting is not listed any more. Look for another with “meetings find”."))
            return found
        if typed.isdecimal() or await self._meetings.has_like(call.tx, community, typed):
            return None
        likely = await finding.matching(call.tx, community, Sought(text=typed), self._vocabulary, limit=1)
        return likely[0] if likely else None

    async def row(self, call: Call, typed: str) -> MeetingRow:
        """The community's own row of the meeting that is meant; one of a feed gets one now."""
        found = await self.listed(call, typed)
        if found is None:
            return await self._meetings.named(call.tx, call.member.community.id, typed)
        return await following.adopt(call.tx, self._meetings, call.member.community, found, now=call.now)
