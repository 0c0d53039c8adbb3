"""Choices as reactions: the keycap digits under the bot's messages, and the sign for help."""

from bot.core.content import Choice

MOST_KEYCAPS = 9
"""Choices that get a digit; there is no keycap for 10 that every client draws as one sign."""

_VARIATION_SELECTORS = "\ufe0e\ufe0f"
_ENCLOSING_KEYCAP = "\u20e3"
_SOS = "\U0001f198"


def keycap(number: int) -> str:
    """The emoji of a digit, such as 1️⃣, as clients send it."""
    if not 1 <= number <= MOST_KEYCAPS:
        raise ValueError("keycaps go from 1 to 9")
    return f"{number}\ufe0f{_ENCLOSING_KEYCAP}"


def number_in(text: str) -> int | None:
    """The digit that is all of `text`, typed or as a keycap; clients differ in the invisible parts."""
    bare = text.strip().translate({ord(selector): None for selector in _VARIATION_SELECTORS})
    digit = bare.removesuffix(_ENCLOSING_KEYCAP)
    return int(digit) if len(digit) == 1 and digit in "123456789" else None


def asks_for_help(key: str) -> bool:
    """Whether a reaction is the SOS sign."""
    return key.strip().translate({ord(selector): None for selector in _VARIATION_SELECTORS}) == _SOS


def chosen(choices: tuple[Choice, ...], text: str) -> Choice | None:
    """The choice that a typed digit or a reaction means."""
    number = number_in(text)
    return choices[number - 1] if number is not None and number <= len(choices) else None
