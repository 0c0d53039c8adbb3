"""Words to the bot that are no command of its own: a command in another language, a greeting, thanks."""

from dataclasses import replace

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.services import small_talk, spoken, translated, typed
from bot.services.call import Call
from bot.services.runner import Runner
from bot.services.small_talk import Small
from bot.services.voice import Voice


class Everyday:
    """Answers in the language in which somebody has written, and offers to go on in it."""

    def __init__(self, registry: Registry, voice: Voice, runner: Runner) -> None:
        self._registry = registry
        self._voice = voice
        self._runner = runner

    async def in_their_language(self, call: Call) -> Reply | None:
        """A command by the words of another language, or the wish to speak it; None if it is neither."""
        found = translated.in_english(call.inbound.text, self._voice.languages)
        reader = call.member.reads(call.now)
        bare = None if found is None else typed.read(found[0], self._registry, reader)
        if found is None or bare is None or not typed.is_whole(bare, reader):
            content = small_talk.language_asked_for(call, self._voice)
            return None if content is None else Reply(content=content)
        spoken.said(call.tx, call.member.id, found[1])
        return self._offering(call, await self._runner.run_typed(call, bare))

    async def small_talk(self, call: Call, otherwise: Reply) -> Reply | None:
        """The answer to small words, after the welcome at a first contact: that answers a greeting, too."""
        small = small_talk.heard(call, self._voice)
        if await self._runner.welcome(call) and small is Small.GREETING:
            return None
        return otherwise if small is None else self._offering(call, Reply(content=small_talk.answer_to(small)))

    def _offering(self, call: Call, reply: Reply) -> Reply:
        return replace(reply, content=self._voice.offering(call.tx, call.member, reply.content))
