"""What the bot has asked somebody, and the words that have come since: the answer, a command, or for somebody else."""

from datetime import datetime, timedelta

from bot.core.commands import BadValue, Parameter, Registry
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.people import Member
from bot.core.roles import Action, knows_of, may
from bot.services import offered, questions, typed
from bot.services.call import Call
from bot.services.whereabouts import SAY
from bot.services.writing.everyday import HELPLINES
from bot.storage.database import Transaction

JUST_NOW = timedelta(minutes=2)
"""So long any words in a conversation are still taken for the note or name that was asked for."""


def command_in(call: Call, registry: Registry, *, forgiving: bool = False) -> typed.Typed | None:
    """The command that their words begin with; one of peers' work is no command for a member."""
    found = typed.read(call.inbound.text, registry, call.member.reads(call.now), forgiving=forgiving)
    return found if found is not None and knows_of(call.member.roles, found.command.may) else None


def is_whole(call: Call, bare: typed.Typed) -> bool:
    """Whether they wrote nothing but that command."""
    return typed.is_whole(bare, call.member.reads(call.now))


async def cancels(tx: Transaction, member: Member, inbound: Inbound, *, now: datetime) -> bool:
    """Whether it is the "cancel" that a question of the bot's has named: that is nobody else's word.

    Of what is read back it counts when that was written.
    """
    is_it = inbound.private and not inbound.edited and questions.is_bare_cancel(inbound.text)
    return is_it and await questions.was_asked(tx, member, now=inbound.at if inbound.read_back else now)


PERSON = "person"
"""The parameter of a command that is about somebody else."""


class Answering:
    """Tells what words are that come while a question waits."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def names_another(self, call: Call, question: questions.Pending) -> bool:
        """Whether words that are not the answer to a question are the name of a choice under something else.

        Where any words would do as an answer, they are that name only if it was offered later than the bot has asked.
        """
        asked = self._asked(question)
        if asked is None or (asked.kind.name not in typed.FREE and self._is_value(call, asked)):
            return False
        after = question.asked_at if asked.kind.name in typed.FREE else None
        messages = await offered.lately(call.tx, offered.where_written(call.inbound))
        return offered.named(messages, call.inbound.text, now=call.now, after=after) is not None

    def _asked(self, question: questions.Pending) -> Parameter | None:
        command = self._registry.get(question.command)
        return next((p for p in command.parameters if p.name == question.parameter), None) if command else None

    def instead(self, call: Call, question: questions.Pending) -> typed.Typed | None:
        """A whole command that was typed where an answer was expected: the person has moved on.

        What is one of the values that were asked for is the answer, whatever else it could be, such as "safe" for how
        a case has ended. Where any words would do as an answer, a command of one word is one only if nothing but that
        word, or what is no free text, was typed: "guide to the harbour" may be an answer. To "whom?" no command is one
        that has a person itself: nobody is called "unpause alice".
        """
        bare = command_in(call, self._registry)
        asked = self._asked(question)
        if bare is None or asked is None or not is_whole(call, bare):
            return None
        if bare.command.name == question.command or fold(call.inbound.text) == HELPLINES:
            return bare
        if asked.kind.name not in typed.FREE:
            return None if self._is_value(call, asked) else bare
        if " " in bare.command.name or (asked.name == PERSON and PERSON in bare.arguments):
            return bare
        is_free = any(p.kind.name in typed.FREE for p in bare.command.parameters if p.name in bare.arguments)
        return None if is_free or not may(call.member.roles, bare.command.may) else bare

    def answers(self, call: Call, question: questions.Pending, *, busy: bool) -> bool:
        """Whether the words answer the question. In a conversation (`busy`) they must be a value that was asked for.

        Any words would do as a note or a name: then they answer only a question that was asked just now.
        """
        asked = self._asked(question)
        if not busy or asked is None or questions.is_cancel(call.inbound.text):
            return True
        if asked.kind.name in typed.FREE:
            return call.now - question.asked_at <= JUST_NOW
        return self._is_value(call, asked)

    def takes(self, call: Call, question: questions.Pending) -> bool:
        """Whether the words are one of the values that were asked for, where not any would do."""
        asked = self._asked(question)
        return asked is not None and asked.kind.name not in typed.FREE and self._is_value(call, asked)

    def takes_any(self, question: questions.Pending) -> bool:
        """Whether any words may be the answer, such as a note or a name."""
        asked = self._asked(question)
        return asked is not None and asked.kind.name in typed.FREE

    @staticmethod
    def _is_value(call: Call, asked: Parameter) -> bool:
        try:
            asked.kind.parse(call.inbound.text, call.member.reads(call.now))
        except BadValue:
            return False
        return True

    @staticmethod
    async def asks_again(call: Call, question: questions.Pending) -> bool:
        """Whether the same is asked once more, because the words did not fit."""
        now = await questions.pending(call.tx, call.member, now=call.now)
        return now is not None and (now.command, now.parameter) == (question.command, question.parameter)

    def is_of_peers(self, question: questions.Pending) -> bool:
        """Whether it belongs to a peer's work."""
        command = self._registry.get(question.command)
        return command is not None and (command.may is Action.TAKE_CASE or command.name == SAY)
