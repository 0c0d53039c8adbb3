"""What is heard in what comes in: by whose rules, and together with which words before it."""

import asyncio
from collections.abc import Callable

from bot.core.crisis import Context, Detector, Signal
from bot.core.inbound import Inbound
from bot.core.people import Member
from bot.services.lexicons import Lexicons
from bot.services.recently import Recently

LONG = 2_000
"""Characters from which on a message is heard beside the event loop: of nothing but danger in ever new words it takes
0.2 ms each and more, and Matrix carries 65,536 of them. Nobody else's page may wait for that."""


class Ear:
    """The crisis detectors, as the way in asks them."""

    def __init__(
        self,
        lexicons: Lexicons,
        recently: Recently,
        calls_for_a_person: Callable[[Inbound], bool],
        is_command: Callable[[Inbound], bool],
    ) -> None:
        """Who `calls_for_a_person` is given one; that they need somebody is no concern beside that.

        What `is_command` without its mark is heard alone, like one with it.
        """
        self._is_command = is_command
        self._lexicons = lexicons
        self._recently = recently
        self._calls_for_a_person = calls_for_a_person
        self._one_at_a_time = asyncio.Lock()

    async def signal_in(self, inbound: Inbound, *, at_once: bool = False) -> Signal | None:
        """What is heard in what has just come in, without the database.

        In a private chat it may turn out to be none by the rules of its community: `signal_for` tells. Where nothing
        is heard it waits for rules that are being made ready, unless it is wanted `at_once`.
        """
        if not inbound.text:
            return None
        signal = await self._likely(inbound)
        if signal is None and not at_once and not self._lexicons.are_ready:
            await self._lexicons.ready()
            signal = await self._likely(inbound)
        return signal

    def signal_for(self, inbound: Inbound, signal: Signal | None, member: Member | None) -> Signal | None:
        """The same once it is known who wrote it; `signal` is what was heard before that. None: nobody's member."""
        if not inbound.text or not self._lexicons.are_any:
            return signal
        context = self._before(inbound)
        return self._held(inbound, context, self._of(member).detect(inbound.text, context))

    def signal_again(self, inbound: Inbound, kept: Signal | None, member: Member | None) -> Signal | None:
        """What was heard in an event that was stored: what was `kept` with it, else what it says alone."""
        if kept is not None or not inbound.text:
            return kept
        return self._beside(inbound, self._of(member).detect(inbound.text))

    def words_before(self, inbound: Inbound) -> str:
        """The author's earlier words with which an alarm was heard (`Context.before`), until it is `stored`."""
        return self._recently.held(inbound).before

    def stored(self, inbound: Inbound) -> None:
        """What was heard in it is stored, or needs not be."""
        self._recently.release(inbound)

    async def _likely(self, inbound: Inbound) -> Signal | None:
        context = self._before(inbound)
        for detector in self._lexicons.likely(inbound):
            if len(inbound.text) < LONG:
                heard = detector.detect(inbound.text, context)
            else:
                async with self._one_at_a_time:
                    heard = await asyncio.to_thread(detector.detect, inbound.text, context)
            if (signal := self._held(inbound, context, heard)) is not None:
                return signal
        return None

    def _before(self, inbound: Inbound) -> Context:
        """What was said before it; for a command nothing, and it is not kept."""
        return Context() if self._is_command(inbound) else self._recently.hear(inbound)

    def _held(self, inbound: Inbound, context: Context, heard: Signal | None) -> Signal | None:
        """What counts of what was `heard`; the words before it, if it needs them, are held until it is stored."""
        signal = self._beside(inbound, heard)
        if signal is not None and signal.before:
            self._recently.hold(inbound, context)
        return signal

    def _beside(self, inbound: Inbound, signal: Signal | None) -> Signal | None:
        """What of `signal` counts beside what is asked for."""
        if signal is None or signal.severity.pages or not self._calls_for_a_person(inbound):
            return signal
        return None

    def _of(self, member: Member | None) -> Detector:
        return self._lexicons.of(None if member is None else member.community.id)
