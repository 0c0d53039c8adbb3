"""Which of several conversations words are for, where that is not clear: they go to nobody before it is said."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.commands import BadValue, Registry
from bot.core.content import Reply
from bot.core.words import Text, _
from bot.services import questions, talks
from bot.services.call import Call
from bot.services.whereabouts import SAY

SEND_IT = _("Send it")
"""What sends held words to the only case: no number, for that may be meant for what the bot had asked before."""

MOST_CASES = 5
"""Cases that stand beside the question."""


async def ask(
    call: Call,
    registry: Registry,
    cases: Sequence[int],
    ask: Text,
    *,
    unsaid: str = "",
    text: str = "",
    holds: bool = False,
    before: questions.Pending | None = None,
) -> Reply:
    """Ask for which case the words are; those in the account's other communities stand there with their names.

    `unsaid`: what calls a person for their author, if they do not say it (`bot.services.unsaid`); then a digit is no
    answer. `text`: the words, if they are not those that were written just now. `holds`: they are perhaps for nobody
    but the bot, which had perhaps asked something `before`; then a digit is no answer, either.
    """
    community = call.member.community
    others = await talks.elsewhere(call.tx, call.inbound, community.id)
    known = [(case, community.name) for case in cases] + [(talk.case, talk.community_name) for talk in others]
    known = sorted(known)[:MOST_CASES]
    for case, name in known if others else ():
        ask = _("{before}\n{number}: {community}", before=ask, number=case, community=name)
    which = BadValue(ask, tuple(str(case) for case, _name in known))
    say = registry.by_name[SAY]
    parameter = next(p for p in say.parameters if p.name == "case")
    arguments = {"text": text or call.inbound.text, "unsaid": unsaid}
    asked = await questions.ask(
        call.tx,
        call.member,
        say,
        parameter,
        arguments,
        problem=which,
        now=call.now,
        holds=holds,
        before=before,
        stays=unsaid,
    )
    if not unsaid and not holds:
        return asked
    numbers = [str(choice.label) for choice in asked.content.choices]
    if unsaid:
        labels = [_("Case {number}", number=number) for number in numbers]
    else:
        labels = [SEND_IT] if len(numbers) == 1 else [_("To case {number}", number=number) for number in numbers]
    choices = tuple(replace(c, label=label) for c, label in zip(asked.content.choices, labels, strict=True))
    return replace(asked, content=replace(asked.content, choices=choices))


async def said_to(call: Call, cases: Sequence[int]) -> dict[str, str] | None:
    """The case and the words of "say 12 hello"; None where they are in one conversation at most, or not in that."""
    said = talks.said_to(call.inbound.text)
    if said is None or not cases or call.inbound.apart is not None:
        return None
    others = await talks.elsewhere(call.tx, call.inbound, call.member.community.id)
    known = {*cases, *(talk.case for talk in others)}
    return {"case": str(said[0]), "text": said[1]} if len(known) > 1 and said[0] in known else None
