"""What was said just now, so that what somebody writes in several messages is heard as one.

Words of ordinary messages are never stored. They are kept here, in memory only, for two minutes, and no longer than
their message is there and their author wants to be known.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.crisis import MAX_EARLIER, MAX_EARLIER_CHARACTERS, Context
from bot.core.inbound import Inbound
from bot.services import incoming, typed
from bot.services.incoming import Key

TOGETHER = timedelta(minutes=2)
"""Messages in one place that were written within this time are heard together; so long words are kept."""

MESSAGES = 5_000
"""Messages kept at once, in all places: 40 a second. Of each the last `MAX_EARLIER_CHARACTERS` characters."""

MESSAGES_IN_PLACE = 200
MESSAGES_OF_AUTHOR = MAX_EARLIER + 1
"""Of one author in one place: the new one, and what is heard with it. So nobody drives out what others said."""

HELD_FOR = timedelta(hours=1)
MOST_HELD = 1_000
"""Alarms that could not be stored yet, and for how long the words before them are kept until they can be."""


@dataclass(slots=True)
class _Said:
    """One message: `at` by its platform's clock, `heard_at` by ours."""

    key: Key
    place: tuple[str, str]
    account: str
    at: datetime
    heard_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class _Held:
    """What stood around an alarm."""

    account: str
    heard_at: datetime
    context: Context


class Recently:
    """The last messages, by place and author; the oldest are forgotten first, all of them at a restart.

    Commands and what is typed into a form are for the bot alone: they are neither kept nor heard with anything else.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._said: OrderedDict[Key, _Said] = OrderedDict()
        self._places: dict[tuple[str, str], dict[Key, _Said]] = {}
        self._held: OrderedDict[Key, _Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._said) + len(self._held)

    def hear(self, inbound: Inbound) -> Context:
        """Keep the message in mind; what was said before it.

        The same event gets the same answer as often as it comes. An edit takes the place of what it replaces; if that
        is forgotten, it stands alone.
        """
        self.forget_old()
        held = self._held.get(incoming.key_of(inbound))
        if held is not None:
            return held.context
        if not inbound.text.strip() or inbound.invocation is not None or typed.is_marked(inbound.text):
            return Context()
        key = (inbound.platform, inbound.replaces) if inbound.replaces else incoming.key_of(inbound)
        said = self._said.get(key)
        if inbound.edited:
            if said is None or said.account != inbound.account:
                return Context()
            said.text = _kept(inbound.text)
        elif said is None:
            said = self._keep(key, inbound)
        return self._before(said)

    def hold(self, inbound: Inbound, context: Context) -> None:
        """Keep what was heard with an alarm until `release`: it may take longer to store it than words are kept."""
        self._held[incoming.key_of(inbound)] = _Held(inbound.account, self._now(), context)
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)

    def held(self, inbound: Inbound) -> Context:
        """What was heard with an alarm."""
        held = self._held.get(incoming.key_of(inbound))
        return Context() if held is None else held.context

    def release(self, inbound: Inbound) -> None:
        """The alarm is stored, or was none."""
        self._held.pop(incoming.key_of(inbound), None)

    def forget_message(self, platform: str, message_id: str) -> None:
        """Its author, or a moderator, has removed a message."""
        self._drop((platform, message_id))
        self._held.pop((platform, message_id), None)

    def forget_words(self, platform: str, account: str) -> None:
        """What somebody wrote is over; an alarm in it that is yet to be stored is not."""
        for key, said in list(self._said.items()):
            if (key[0], said.account) == (platform, account):
                self._drop(key)

    def forget_account(self, platform: str, account: str) -> None:
        """Somebody has erased their data."""
        self.forget_words(platform, account)
        for key, held in list(self._held.items()):
            if (key[0], held.account) == (platform, account):
                del self._held[key]

    def forget_old(self) -> None:
        """Forget what was heard longer ago than it is kept, or, where our clock was set back, has yet to be heard."""
        now = self._now()
        while self._said and not timedelta() <= now - (oldest := next(iter(self._said.values()))).heard_at <= TOGETHER:
            self._drop(oldest.key)
        while self._held and not timedelta() <= now - next(iter(self._held.values())).heard_at <= HELD_FOR:
            self._held.popitem(last=False)

    def _keep(self, key: Key, inbound: Inbound) -> _Said:
        where = (inbound.platform, inbound.place)
        said = _Said(key, where, inbound.account, inbound.at, self._now(), _kept(inbound.text))
        here = self._places.setdefault(where, {})
        theirs = [other.key for other in here.values() if other.account == said.account]
        if len(theirs) >= MESSAGES_OF_AUTHOR:
            self._drop(theirs[0])
        elif len(here) >= MESSAGES_IN_PLACE:
            self._drop(next(iter(here)))
        if len(self._said) >= MESSAGES:
            self._drop(next(iter(self._said)))
        self._places.setdefault(where, here)[key] = said  # it is gone if its last message was just dropped
        self._said[key] = said
        return said

    def _drop(self, key: Key) -> None:
        said = self._said.pop(key, None)
        if said is None:
            return
        here = self._places[said.place]
        del here[key]
        if not here:
            del self._places[said.place]

    def _before(self, said: _Said) -> Context:
        """What was written in its place before it, oldest first; of what has the same instant, what came before."""
        before: list[_Said] = []
        is_before = True
        for other in self._places[said.place].values():
            if other is said:
                is_before = False
            elif (other.at < said.at or (other.at == said.at and is_before)) and said.at - other.at <= TOGETHER:
                before.append(other)
        if not before:
            return Context()
        before.sort(key=lambda other: other.at)
        return Context(
            earlier=tuple(other.text for other in before if other.account == said.account)[-MAX_EARLIER:],
            around=tuple(other.text for other in before if other.account != said.account)[-MAX_EARLIER:],
        )


def _kept(text: str) -> str:
    """As much of a message as is heard again."""
    return text[-MAX_EARLIER_CHARACTERS:]
