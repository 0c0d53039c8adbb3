"""What a peer in a talk types that is about what the bot has just said to them: it is no word to the member.

"False alarm" under "How did it end?" would be read by somebody in danger as a word about themselves.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.commands import Registry
from bot.core.content import Choice
from bot.core.platform import Address
from bot.core.roles import Action
from bot.core.words import Words
from bot.services import offered, questions
from bot.services.call import Call
from bot.services.offered import Offered
from bot.services.writing import taking_up
from bot.services.writing.answering import JUST_NOW, command_in, is_whole

_STILL = "still"
"""The command behind the only choice that says yes without that word."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`presses` is done; where there is none, nothing is. `is_sure`: else they are asked for whom it is."""

    presses: Choice | None = None
    is_sure: bool = True


async def answer_in(call: Call, registry: Registry, languages: Collection[Words]) -> Answer | None:
    """What their words are to the newest message of the bot, if that belongs to a peer's work; None: they are others'.

    What a member has written since is newer: then a yes is for them, and the name of an earlier choice is doubtful.
    """
    bare = command_in(call, registry)
    messages = await _messages(call)
    if not messages or (bare is not None and is_whole(call, bare)):
        return None
    newest, text = messages[0], call.inbound.text
    if any(_is_of_peers(choice, registry) for choice in newest.choices):
        if (chosen := offered.named((newest,), text, now=call.now)) is not None:
            return Answer(chosen, is_sure=not _is_place_of_another(newest, text, chosen))
        age = call.now - newest.sent_at
        if newest.is_question and offered.number_of(text) is not None and age <= JUST_NOW:
            return Answer(is_sure=False)
        is_open = newest.is_question and age <= offered.STANDS
        says = taking_up.says_yes(text, languages) if is_open else None
        if says is not None:
            yes = _yes(newest, languages)
            # "Are you with them?" has no choice that says yes.
            return Answer(yes if says else None, is_sure=yes is not None)
    earlier = offered.named(messages[1:], text, now=call.now)
    is_work = earlier is not None and earlier.command != questions.ANSWER and _is_of_peers(earlier, registry)
    return Answer(is_sure=False) if is_work else None


def _is_place_of_another(message: Offered, text: str, chosen: Choice) -> bool:
    """Whether "2", the number of a case, is also the place of a choice that does something: Matrix shows it there."""
    number = offered.number_of(text)
    if number is None or not 1 <= number <= len(message.choices):
        return False
    there = message.choices[number - 1]
    return there is not chosen and there.command != questions.ANSWER


async def _messages(call: Call) -> Sequence[Offered]:
    """The newest first: in the place of a case also what was asked privately, because others read there."""
    inbound = call.inbound
    messages = await offered.lately(call.tx, offered.where_written(inbound))
    if inbound.apart is not None:
        direct = Address(platform=inbound.platform, kind="direct", id=inbound.account)
        messages += await offered.lately(call.tx, direct)
    return sorted(messages, key=lambda message: message.sent_at, reverse=True)


def _is_of_peers(choice: Choice, registry: Registry) -> bool:
    command = registry.get(choice.command)
    return choice.command == questions.ANSWER or (command is not None and command.may is Action.TAKE_CASE)


def _yes(message: Offered, languages: Collection[Words]) -> Choice | None:
    """The choice that a plain yes presses."""
    for choice in message.choices:
        if choice.command == _STILL or taking_up.says_yes(str(choice.label).split(",")[0], languages):
            return choice
    answers = [choice for choice in message.choices if choice.command == questions.ANSWER]
    # "Is it for them?" with one case is answered so; of several it must be said which.
    is_one = len(answers) == 1 and offered.number_of(str(answers[0].label)) is not None
    return answers[0] if is_one else None
