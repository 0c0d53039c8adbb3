"""Running commands: who may, which values are missing, what is asked again."""

from dataclasses import replace

from bot.core.commands import BadValue, Command, Parameter, Registry
from bot.core.content import Content, Reply
from bot.core.roles import Action, may
from bot.services import questions, replies, typed
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.places import reads_there, reads_there_alone
from bot.services.typed_words import with_both_times
from bot.services.voice import Voice
from bot.storage.tables import Member as MemberRow


class Runner:
    """Runs a command for a person, however they called it."""

    def __init__(self, registry: Registry, escalations: Escalations, voice: Voice) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice

    async def invoke(self, call: Call, name: str, arguments: dict[str, str]) -> Reply:
        """Run what the platform has recognised: a slash command, a button, a form, a reaction."""
        if name == questions.ANSWER:
            number = arguments.get("question", "")
            wanted = int(number) if number.isdecimal() else 0
            question = await questions.pending(call.tx, call.member, now=call.now, id_=wanted)
            if question is None:
                newest = await questions.pending(call.tx, call.member, now=call.now)
                is_asked_anew = newest is not None and bool(newest.stays)
                return Reply(content=replies.asked_anew() if is_asked_anew else replies.question_is_gone())
            return await self.answer_question(call, question, arguments.get("value", ""))
        command = self._registry.get(name)
        if command is None:
            return Reply(content=replies.unknown_command())
        return await self.run(call, command, arguments)

    async def answer_question(self, call: Call, question: questions.Pending, text: str) -> Reply:
        """Take `text` for the value that was asked for, and go on."""
        await questions.answered(call.tx, call.member, question)
        command = self._registry.get(question.command)
        if command is None or questions.is_cancel(text):
            return Reply(content=replies.cancelled())
        return await self.run(call, command, {**question.arguments, question.parameter: text})

    async def run_typed(self, call: Call, found: typed.Typed) -> Reply:
        """Run what was typed, if every word of it was understood."""
        if found.left:
            return Reply(content=replies.too_much(found.command, found.left))
        return await self.run(call, found.command, dict(found.arguments))

    async def run(self, call: Call, command: Command, arguments: dict[str, str]) -> Reply:
        """Check the role, read the values, ask for what is missing or not understood, and run the handler.

        In the place of a case a peer's work is answered there; whatever else they ask is answered privately, and so is
        what is asked of them, where others would read it and think that they were asked.
        """
        reply = await self._run(call, command, arguments)
        at_work = call.inbound.apart is not None and command.may is Action.TAKE_CASE
        if not at_work or not await reads_there(call):
            return reply
        return replace(reply, private=reply.asks and not await reads_there_alone(call))

    async def _run(self, call: Call, command: Command, arguments: dict[str, str]) -> Reply:
        if not may(call.member.roles, command.may):
            return Reply(content=replies.not_for_you(command.may))
        reader = call.member.reads(call.now)
        arguments = with_both_times(command, arguments)
        values: dict[str, object] = {}
        if call.inbound.case is not None and command.may is Action.TAKE_CASE:
            arguments = {"case": str(call.inbound.case), **arguments}  # whatever is said there is about that case
        wanted: list[tuple[Parameter, BadValue | None]] = []
        for parameter in command.parameters:
            given = arguments.get(parameter.name, "").strip()
            if given:
                try:
                    values[parameter.name] = parameter.kind.parse(given, reader)
                except BadValue as bad:
                    wanted.append((parameter, bad))
            elif parameter.required:
                wanted.append((parameter, None))
        try:
            if wanted:
                found = {} if command.first is None else await command.first(call, **values)
                if isinstance(found, Reply):
                    return found
                return await self._ask(call, command, wanted[0][0], {**arguments, **found}, wanted[0][1])
            reply = await command.run(call, **values)
        except BadValue as bad:
            again = next((p for p in command.parameters if p.name == bad.parameter), None)
            if again is None:
                return Reply(content=Content(text=bad.message))
            return await self._ask(call, command, again, arguments, bad)
        if command.may is Action.USE:
            await self.welcome(call)
        return reply

    async def _ask(
        self, call: Call, command: Command, parameter: Parameter, arguments: dict[str, str], problem: BadValue | None
    ) -> Reply:
        """Ask for a value. "Cancel" is not offered where the words that come next are not for the bot.

        In a conversation whatever is no answer is for the other side, and what is written in a room, for the room.
        """
        in_a_room = call.inbound.answered_directly and not call.inbound.private
        closes = parameter.kind.name not in typed.FREE and bool(
            await self._escalations.conversations(call.tx, call.member)
        )
        asked = await questions.ask(
            call.tx,
            call.member,
            command,
            parameter,
            arguments,
            problem=problem,
            now=call.now,
            can_cancel=not (in_a_room or closes),
        )
        return replace(asked, asks=True)

    async def welcome(self, call: Call) -> bool:
        """At the first contact that is not a cry for help: say what is stored. Not around a case of theirs.

        False if that was done before, or is not the time.
        """
        row = await call.tx.session.get(MemberRow, call.member.id)
        if row is None or row.welcomed_at is not None:
            return False
        if await self._escalations.had_one(call.tx, call.member, now=call.now):
            return False
        row.welcomed_at = call.now
        words = self._voice.words(self._voice.language_for(call.tx, call.member))
        content = replies.welcome(call.member.community.name)
        content = await self._voice.true_for(call.tx, call.member, content, now=call.now)
        content = self._voice.offering(call.tx, call.member, content).rendered(words)
        key = f"welcome:{call.member.id}"
        await self._voice.answer(
            call.tx, call.inbound, content, private=True, key=key, member=call.member, now=call.now
        )
        return True
