"""What a peer in a talk types that is about what the bot has just said to them: it is no word to the member.

"False alarm" under "How did it end?" would be read by somebody in danger as a word about themselves.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.commands import Registry
from bot.core.content import Choice
from bot.core.matching import fold
from bot.core.platform import Address
from bot.core.roles import Action
from bot.core.words import Words
from bot.services import offered, questions, typed
from bot.services.call import Call
from bot.services.offered import Offered
from bot.services.writing import taking_up
from bot.services.writing.answering import JUST_NOW, command_in, is_whole
from bot.services.writing.for_which import SEND_IT

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
    if (about_themselves := _about_themselves(call, messages, languages)) is not None:
        return about_themselves
    if any(_is_of_peers(choice, registry) for choice in newest.choices):
        if (chosen := offered.named((newest,), text, now=call.now)) is not None:
            return Answer(chosen)
        age = call.now - newest.sent_at
        if newest.is_question and offered.number_of(text) is not None and age <= JUST_NOW:
            return Answer(is_sure=False)
        is_open = newest.is_question and age <= offered.STANDS
        says = taking_up.says_yes(text, languages) if is_open else None
        if says is not None:
            yes = await _yes(call, newest, languages)
            # "Are you with them?" has no choice that says yes.
            return Answer(yes if says else None, is_sure=yes is not None)
    earlier = offered.named(messages[1:], text, now=call.now)
    is_work = earlier is not None and earlier.command != questions.ANSWER and _is_of_peers(earlier, registry)
    return Answer(is_sure=False) if is_work else None


def _about_themselves(call: Call, messages: Sequence[Offered], languages: Collection[Words]) -> Answer | None:
    """What they answer to whether a person shall be called for themselves: no yes to the member."""
    agrees = None if call.inbound.apart is not None else taking_up.agrees(call.inbound.text, languages)
    if agrees is None:
        return None
    if (person := offered.a_person(messages, now=call.now)) is not None:
        return Answer(person if agrees else None)
    return Answer(is_sure=False) if offered.a_person_before(messages, now=call.now) else None


async def choice_in(call: Call, registry: Registry) -> Choice | None:
    """The choice that words name which come after others were held: by its name, or alone by the first words of it.

    It stands under what the bot has asked with a button, before it held them.
    """
    for message in await _messages(call):
        is_held = any(choice.command == questions.ANSWER for choice in message.choices)
        if is_held or not any(_is_of_peers(choice, registry) for choice in message.choices):
            continue
        if not message.is_question or call.now - message.sent_at > questions.VALID:
            return None
        said = fold(call.inbound.text[: offered.LONGEST_NAME])
        begun = [choice for choice in message.choices if said and _is_meant(choice, said)]
        return offered.named((message,), call.inbound.text, now=call.now) or (begun[0] if len(begun) == 1 else None)
    return None


def _is_meant(choice: Choice, said: str) -> bool:
    """Whether folded words are the first of its name, or its value, such as "safe"."""
    values = {value for value in choice.arguments.values() if not value.isdecimal()}
    return said in values or f"{fold(str(choice.label))} ".startswith(f"{said} ")


async def was_offered_to_send(call: Call, languages: Collection[Words]) -> bool:
    """Whether the bot has lately held words of theirs, and offered to send them to the only case."""
    names = _names_of_sending(languages)
    messages = [message for message in await _messages(call) if call.now - message.sent_at <= offered.STANDS]
    return any(fold(str(choice.label)) in names for message in messages for choice in message.choices)


def says_send(text: str, languages: Collection[Words]) -> bool:
    """Whether all of it is the name of what sends held words, perhaps with a "please" or a "yes"."""
    yes = {fold(words.render(taking_up.YES)) for words in languages}
    said = " ".join(word for word in fold(text[: offered.LONGEST_NAME]).split() if word not in typed.POLITE | yes)
    return said in _names_of_sending(languages)


def _names_of_sending(languages: Collection[Words]) -> frozenset[str]:
    return frozenset(fold(words.render(SEND_IT)) for words in languages)


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


async def _yes(call: Call, message: Offered, languages: Collection[Words]) -> Choice | None:
    """The choice that a plain yes presses."""
    for choice in message.choices:
        if choice.command == _STILL or taking_up.says_yes(str(choice.label).split(",")[0], languages):
            return choice
    answers = [choice for choice in message.choices if choice.command == questions.ANSWER]
    # "Is it for them?" with one case is answered so; of several it must be said which.
    if len(answers) != 1:
        return None
    id_ = int(answers[0].arguments["question"])
    question = await questions.pending(call.tx, call.member, now=call.now, id_=id_)
    return answers[0] if question is not None and question.holds else None
