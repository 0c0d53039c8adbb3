"""What somebody who looks after others is offered when their plain words name what a command does."""

from collections.abc import Collection

from bot.core.commands import Registry
from bot.core.content import Content
from bot.core.roles import may
from bot.core.words import Words
from bot.services import replies
from bot.services.call import Call
from bot.services.escalations.aftercare import last_case
from bot.services.writing import wishes


async def answer(call: Call, registry: Registry, languages: Collection[Words]) -> Content | None:
    """The command that would do what they wish, to be pressed; None if it is no such wish, or not for them."""
    wish = wishes.find(call.inbound.text, languages)
    command = None if wish is None else registry.get(wish)
    if wish is None or command is None or not may(call.member.roles, command.may):
        return None
    if wish != wishes.DEBRIEF:
        return replies.did_you_mean([wish], registry)
    return replies.talk_it_over(await last_case(call.tx, call.member))
