"""What bots such as PluralKit and Tupperbox say for a member.

They post what somebody wrote through a webhook, under another name, and remove the member's own message. While the bot
is there it has heard that one; after it was away only the webhook's is left, and nobody tells whose it is.
"""

import time
from collections import OrderedDict, deque

import discord

_SECONDS = 60.0
"""How long after a message it may be said anew."""

_PLACES = 1000
_MESSAGES = 20


class Proxies:
    """Tells which of a webhook's messages were heard already: in memory, by the last messages of each channel."""

    def __init__(self) -> None:
        self._lately: OrderedDict[int, deque[tuple[float, str]]] = OrderedDict()

    def note(self, channel_id: int, text: str) -> None:
        """A person wrote this."""
        self._lately.setdefault(channel_id, deque(maxlen=_MESSAGES)).append((time.monotonic(), text))
        self._lately.move_to_end(channel_id)
        if len(self._lately) > _PLACES:
            self._lately.popitem(last=False)

    def has_heard(self, channel_id: int, text: str) -> bool:
        """Whether a person wrote this there just now, perhaps with the marks that call the proxy around it."""
        since = time.monotonic() - _SECONDS
        lately = self._lately.get(channel_id, ())
        while lately and lately[0][0] < since:
            lately.popleft()
        return any(text in said for _at, said in lately)


def speaks_for_somebody(message: discord.Message) -> bool:
    """Whether a webhook may have posted it for a person: it is no answer of a bot, and not another server's news."""
    by_webhook = message.webhook_id is not None and message.application_id != message.webhook_id
    return by_webhook and not message.flags.is_crossposted and not message.is_system()
