"""What a helper types who has read a page elsewhere, such as in the peers' room: "I'm on it" takes the case."""

from collections.abc import Collection

from bot.core.content import Reply
from bot.core.matching import fold
from bot.core.words import Words, _
from bot.services import replies, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.runner import Runner

ON_IT = _("I'm on it / I am on it / on it / I'm on this / I take it / I'll take it / I will take it")
"""The words of the button under a page, and how people say the same."""


async def answer(call: Call, escalations: Escalations, runner: Runner, languages: Collection[Words]) -> Reply | None:
    """The only case that nobody has is theirs now; of several they are asked which. None: they say something else."""
    said = fold(call.inbound.text[: typed.PHRASE_LIMIT])
    if not any(said in typed.ways(words, ON_IT.message) for words in languages):
        return None
    rows = await escalations.open_cases(call.tx, call.member.community.id)
    waiting = [row.id for row in rows if row.holder is None and row.member_id != call.member.id]
    if len(waiting) == 1:
        return await runner.invoke(call, "take", {"case": str(waiting[0])})
    return Reply(content=replies.which_case(waiting) if waiting else replies.nobody_waits())
