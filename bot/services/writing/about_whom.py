"""A peer was asked whether their words of danger are about themselves: what they type then is for nobody else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.core.commands import Registry
from bot.core.content import Choice, Reply
from bot.core.roles import Action
from bot.core.words import Words, _
from bot.services import offered, questions, replies, unsaid
from bot.services.call import Call
from bot.services.offer import I_NEED_A_PERSON
from bot.services.runner import Runner
from bot.services.whereabouts import SAY
from bot.services.writing import for_which, taking_up
from bot.services.writing.answering import command_in, is_whole

LONGEST = 2000
"""Characters that "say" takes; where it would be more, only what was kept back first goes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What waits for their word: `words` that were kept back ("": only newer ones are), and what calls a person."""

    words: str
    known_by: str


async def asked(call: Call) -> Asked | None:
    """What they have not said yet; None if there is nothing."""
    question = await questions.pending(call.tx, call.member, now=call.now)
    if question is not None and question.command == SAY and question.arguments.get("unsaid"):
        return Asked(question.arguments["text"], question.arguments["unsaid"])
    known_by = await unsaid.waits(call)
    return Asked("", known_by) if known_by else None


def is_about_them(call: Call, languages: Collection[Words]) -> bool:
    """Whether they say that it is about themselves."""
    return taking_up.says_me(call.inbound.text, languages)


async def answer(
    call: Call, runner: Runner, registry: Registry, cases: Sequence[int], what: Asked, languages: Collection[Words]
) -> Reply | None:
    """What comes of their words; None: they are a command."""
    if is_about_them(call, languages):
        await questions.forget(call.tx, call.member)
        return await runner.invoke(call, I_NEED_A_PERSON.command, {})
    if questions.is_bare_cancel(call.inbound.text):
        await unsaid.all_said(call)  # the same person at the same moment: no other message calls anybody either
        await questions.forget(call.tx, call.member)
        return Reply(content=replies.nobody_called_for_you())
    if (choice := await _chosen(call)) is not None:
        return await runner.invoke(call, choice.command, dict(choice.arguments))
    return None if _is_command(call, registry) else await _again(call, registry, cases, what, languages)


async def _chosen(call: Call) -> Choice | None:
    """The choice under that question whose name they type."""
    messages = await offered.lately(call.tx, offered.where_written(call.inbound))
    found = offered.named(messages[:1], call.inbound.text, now=call.now)
    is_one = found is not None and found.command in {questions.ANSWER, I_NEED_A_PERSON.command}
    return found if is_one and offered.number_of(call.inbound.text) is None else None


def _is_command(call: Call, registry: Registry) -> bool:
    """Whether it is a command of a peer's work, which is not for the member."""
    bare = command_in(call, registry)
    return bare is not None and bare.command.may is Action.TAKE_CASE and is_whole(call, bare)


async def _again(
    call: Call, registry: Registry, cases: Sequence[int], what: Asked, languages: Collection[Words]
) -> Reply:
    """Ask it once more: newer words are kept back, too, and go with those before them."""
    text = call.inbound.text
    if offered.number_of(text) is not None or taking_up.says_yes(text, languages) is not None:
        text = ""  # an answer, though not a clear one
    words = "\n".join(part for part in (what.words, text) if part)
    if len(words) > LONGEST:
        words = what.words or text
    ask = _(
        "You have not said yet whom your words were about, so this went to nobody. If it is about you, press “I need a"
        " person”. If it is for them, choose the case, and I send all of it."
    )
    again = await for_which.ask(call, registry, cases, ask, unsaid=what.known_by, text=words)
    return replace(again, content=replace(again.content, choices=(I_NEED_A_PERSON, *again.content.choices)))
