"""Languages as people and spreadsheets write them, and as their speakers call them."""

from functools import cache

from babel import Locale, UnknownLocaleError

_NAME_LIMIT = 100
"""Characters; no language's name is longer."""


_SIGNED = {"ase": "American Sign Language", "bfi": "British Sign Language"}
"""Names that CLDR lacks."""


def language_code(text: str) -> str | None:
    """The ISO 639 code for a code or an English name in `text`; None if it is neither."""
    return _codes().get(" ".join(text[:_NAME_LIMIT].casefold().split()))


@cache
def language_name(code: str) -> str:
    """A language's own name for itself, which its speakers read in any catalogue; the code if it has none."""
    if code in _SIGNED:
        return _SIGNED[code]
    try:
        return Locale.parse(code).get_display_name(code) or code
    except (UnknownLocaleError, ValueError):
        return code


@cache
def _codes() -> dict[str, str]:
    """Code and English name, in small letters, to code."""
    names = {code: str(name) for code, name in Locale("en").languages.items() if code.isalpha()}
    return {name.casefold(): code for code, name in names.items()} | {code: code for code in names}
