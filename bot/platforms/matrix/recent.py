"""The last messages seen, in memory only: what reactions and replies are about."""

from collections import OrderedDict
from dataclasses import dataclass

from bot.core.content import Choice

_MOST_MESSAGES = 512
_TEXT_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Said:
    """Who said what."""

    account: str
    text: str


class Recent:
    """A bounded memory of messages by event id; the oldest are forgotten first, all of them at a restart."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, Said] = OrderedDict()
        self._offered: OrderedDict[str, tuple[Choice, ...]] = OrderedDict()

    def keep(self, event_id: str, account: str, text: str) -> Said:
        """Remember a message, its text cut to 4,000 characters."""
        said = Said(account, text[:_TEXT_CHARACTERS])
        self._said[event_id] = said
        self._said.move_to_end(event_id)
        if len(self._said) > _MOST_MESSAGES:
            self._said.popitem(last=False)
        return said

    def replace_text(self, event_id: str, account: str, text: str) -> None:
        """Follow an edit; nobody edits what somebody else has said."""
        said = self._said.get(event_id)
        if said is not None and said.account == account:
            self.keep(event_id, account, text)

    def get(self, event_id: str) -> Said | None:
        """The message, if it is still remembered."""
        return self._said.get(event_id)

    def offer(self, event_id: str, choices: tuple[Choice, ...]) -> None:
        """Remember the choices under a message of the bot: one may be pressed before the hub knows the message."""
        self._offered[event_id] = choices
        if len(self._offered) > _MOST_MESSAGES:
            self._offered.popitem(last=False)

    def offered(self, event_id: str) -> tuple[Choice, ...]:
        """The choices under a message, if it is still remembered."""
        return self._offered.get(event_id, ())

    def drop(self, event_id: str) -> None:
        """Forget a message: it was removed."""
        self._said.pop(event_id, None)
