"""What a helper types who has read a page elsewhere, such as in the peers' room: "I'm on it" takes the case."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.core.content import Reply
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.platform import Address
from bot.core.roles import Action, may
from bot.core.words import Words, _
from bot.services import members, replies, rooms, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.runner import Runner
from bot.storage.database import Transaction

ON_IT = _("I'm on it / I am on it / on it / I'm on this / I take it / I'll take it / I will take it")
"""The words of the button under a page, and how people say the same."""


ROOMS_OF_PAGES = ("peers", "moderators")
"""Kinds of rooms in which pages stand."""

_SAID = re.compile(r"(.*?)(?: (?:case )?(\d{1,6}))?")
"""What is said, folded, and perhaps the number of a case behind it."""


@dataclass(frozen=True, slots=True)
class OnIt:
    """Somebody says that they are on it; `case`: the number that they name."""

    case: int | None = None


def said_in(text: str, languages: Collection[Words]) -> OnIt | None:
    """What all of `text` says, if it is this and nothing else."""
    if len(text) > typed.PHRASE_LIMIT or (found := _SAID.fullmatch(fold(text))) is None:
        return None
    if not any(found[1] in typed.ways(words, ON_IT.message) for words in languages):
        return None
    return OnIt(None if found[2] is None else int(found[2]))


async def may_take_there(tx: Transaction, inbound: Inbound) -> bool:
    """Whether it was written where pages stand, by somebody who may take cases in that community."""
    community = await rooms.community_with(tx, inbound.platform, [inbound.place])
    if inbound.private or community is None:
        return False
    here = [room for kind in ROOMS_OF_PAGES for room in await rooms.of_kind(tx, community, kind)]
    if Address(platform=inbound.platform, kind="place", id=inbound.place) not in here:
        return False
    member = await members.find(tx, inbound)
    return member is not None and member.community.id == community and may(member.roles, Action.TAKE_CASE)


async def waiting(call: Call, escalations: Escalations) -> list[int]:
    """The cases of others that nobody has."""
    rows = await escalations.open_cases(call.tx, call.member.community.id)
    return [row.id for row in rows if row.holder is None and row.member_id != call.member.id]


async def _comes_first(call: Call, escalations: Escalations) -> bool:
    """Whether of those who wait nobody is theirs to come to: others come, and to themselves, too."""
    rows = await escalations.open_cases(call.tx, call.member.community.id)
    return not await escalations.offered_to(call.tx, call.member, [row for row in rows if row.holder is None])


async def answer(call: Call, escalations: Escalations, runner: Runner, languages: Collection[Words]) -> Reply | None:
    """The only case that nobody has is theirs now; of several they are asked which. None: they say something else.

    In a room nothing is said where nobody waits: there they talk with each other.
    """
    said = said_in(call.inbound.text, languages)
    if said is None:
        return None
    cases = await waiting(call, escalations)
    if said.case is not None and (said.case in cases or call.inbound.private):
        return await runner.invoke(call, "take", {"case": str(said.case)})
    if cases and said.case is None and (len(cases) == 1 or await _comes_first(call, escalations)):
        return await runner.invoke(call, "take", {"case": str(cases[0])})
    if call.inbound.private:
        return Reply(content=replies.which_case(cases) if cases else replies.nobody_waits())
    return Reply(content=replies.which_case(cases, typed="!")) if cases else None
