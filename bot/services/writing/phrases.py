"""What a whole message means that names no command: "I need a person", "I'm safe", or the one word "peer"."""

import re
from collections.abc import Sequence

from bot.core.commands import Command, Registry
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.services import typed
from bot.services.call import Call
from bot.services.voice import Voice
from bot.services.writing import small_talk
from bot.storage.tables import CaseRow

PEER = "peer"
"""The command that gets a person."""

SAFE = "safe"
"""The command by which somebody says that they need none."""

STOP = "settings stop"
"""The command that ends all that the bot sends by itself."""

_PHONE_IS_READ = re.compile(
    r"(?: (?:because|cause|cuz|bc|since|as|porque|que))?"
    r" (?:he|she|they|someone|somebody|my \w+|mi \w+|el|ella|alguien)"
    r" (?:can |may |might |puede )?"
    r"(?:reads?|checks?|sees?|looks at|goes through|has|controls?|lee|leer|mira|revisa|ve|ver)"
    r" (?:my|mi|mis) (?:phone|messages|texts|chats|telefono|movil|celular|mensajes|chats)(?: too| also)?"
)
"""Why somebody is not to be written to, behind the words that say so, folded."""


class Phrases:
    """Knows the phrases, in every language of the bot."""

    def __init__(self, registry: Registry, voice: Voice) -> None:
        self._registry = registry
        self._voice = voice
        self._known = typed.Phrases(registry, voice.languages)

    def meant(self, text: str) -> Command | None:
        """The command that a whole message means, whoever says it."""
        return self._known.command(text)

    def stops_because_phone_is_read(self, text: str) -> bool:
        """Whether a whole message says that they are not to be written to, and that somebody else reads it."""
        said = fold(text[: 2 * typed.PHRASE_LIMIT])
        before = next(
            (said[: found.start()] for found in _PHONE_IS_READ.finditer(said) if found.end() == len(said)), ""
        )
        return self._known.mean(before, STOP)

    def asks_for_a_person(self, text: str) -> bool:
        """Whether a whole message says "I need a person", in any language."""
        return self._known.mean(text, PEER)

    def asks_for_help(self, text: str) -> bool:
        """Whether a whole message is such a call, in whatever words: what was asked is of no interest then."""
        return self.asks_for_a_person(text) or is_peer(text) or small_talk.asks_for_help(text, self._voice.languages)

    def calls_for_a_person(self, inbound: Inbound) -> bool:
        """Whether somebody asks for a person, in whatever way: a button, a phrase, or the command typed."""
        if inbound.invocation is not None:
            return inbound.invocation.command == PEER
        if inbound.edited:
            return False
        words = inbound.text.split(maxsplit=1)
        if words and typed.is_marked(inbound.text):
            return words[0][1:].casefold() == PEER or is_peer(inbound.text)
        return (inbound.private and is_peer(inbound.text)) or self.asks_for_a_person(inbound.text)

    def command_of(self, call: Call, text: str, conversations: Sequence[CaseRow]) -> Command | None:
        """The command that a whole message means, such as "I need a person".

        None where a person is there already: then the words are for them.
        """
        phrase = self.meant(text)
        if phrase is None and is_peer(text):
            phrase = self._registry.by_name[PEER]
        # What is not about oneself in danger may as well be said to somebody: "stop".
        urgent = phrase is not None and phrase.name in {PEER, SAFE}
        accompanied = any(
            row.holder is not None and (row.member_id == call.member.id or not urgent) for row in conversations
        )
        return None if accompanied else phrase


def is_peer(text: str) -> bool:
    """Whether it is the one word that every help names first, however it is written: "peer!", "Peer, please"."""
    return [word for word in fold(text).split() if word not in typed.POLITE | {"help"}] == [PEER]
