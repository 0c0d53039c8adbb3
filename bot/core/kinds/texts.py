"""Words of people's own: a name, a note, a link, a language."""

import re
from functools import cache
from urllib.parse import urlsplit

from babel import Locale

from bot.core.commands import BadValue, Reader
from bot.core.kinds.reading import SUGGESTION_LIMIT, TYPED_LIMIT, not_understood, perhaps, plain, read
from bot.core.matching import fold, nearest
from bot.core.text import NOTE_LIMIT, clean, clean_name
from bot.core.words import Say, _


class Words:
    """Free text of up to `limit` characters, cleaned; it is never cut, for the end may be what matters."""

    name = "text"

    def __init__(self, limit: int = NOTE_LIMIT) -> None:
        self.limit = limit

    def parse(self, text: str, reader: Reader) -> str:
        """The text without what is invisible or confusing."""
        # Line ends and white space that cleaning removes must not be what makes a text too long.
        cleaned = clean(text[: 4 * self.limit], 4 * self.limit)
        if len(text) > 4 * self.limit or len(cleaned) > self.limit:
            raise BadValue(_("That is a little too long: up to {limit} characters fit here.", limit=self.limit))
        if not clean_name(cleaned):
            raise BadValue(_("Please write a few words."))
        return cleaned

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Nothing: they are the person's own words."""
        return []


class Name:
    """A name on one line, cleaned and cut to 40 characters."""

    name = "name"
    expected = _("Please write a name, such as Sam.")

    def parse(self, text: str, reader: Reader) -> str:
        """The name; its letters stay as they are."""
        read(text, self.expected)
        name = clean_name(text)
        if not name:
            raise BadValue(self.expected)
        return name

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Nothing: a name is a person's own."""
        return []


_LINK_CHARACTERS = re.compile(r"[^\s<>\"\\^`{|}\x00-\x20\x7f]+")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[\w-]{1,63}\.?")


class Link:
    """A web address, http or https, without a user name or password in it → `str`."""

    name = "link"
    expected = _("Please give a web address, such as https://example.org/meeting.")

    def parse(self, text: str, reader: Reader) -> str:
        """The address as written."""
        read(text, self.expected)
        link = text.strip()
        if _is_link(link):
            return link
        with_scheme = f"https://{link}"
        raise not_understood(text, self.expected, [with_scheme] if _is_link(with_scheme) else [])

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Nothing: nobody types an address by heart."""
        return []


def _is_link(link: str) -> bool:
    if len(link) > TYPED_LIMIT or not _LINK_CHARACTERS.fullmatch(link) or clean(link) != link:
        return False
    try:
        parts = urlsplit(link)
        _port = parts.port  # raises if it is no port
    except ValueError:
        return False
    host = parts.hostname or ""
    # "@" anywhere in the authority is a user name, or is there to look like one.
    return parts.scheme in {"http", "https"} and "@" not in parts.netloc and bool(_HOST.fullmatch(host))


_OWN_NAMES = {
    "ar": "العربية",
    "bg": "български",
    "cs": "čeština",
    "da": "dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "es": "español",
    "et": "eesti",
    "fa": "فارسی",
    "fi": "suomi",
    "fr": "français",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "hrvatski",
    "hu": "magyar",
    "id": "bahasa indonesia",
    "it": "italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "lietuvių",
    "lv": "latviešu",
    "nl": "Nederlands",
    "nb": "norsk",
    "pl": "polski",
    "pt": "português",
    "ro": "română",
    "ru": "русский",
    "sk": "slovenčina",
    "sl": "slovenščina",
    "sr": "српски",
    "sv": "svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "українська",
    "vi": "Tiếng Việt",
    "zh": "中文",
}
"""What languages call themselves."""


_ALSO = {"farsi": "fa", "mandarin": "zh", "castellano": "es", "flemish": "nl", "brazilian": "pt", "gaelic": "ga"}
"""Other names in use."""


_WORDS = (
    "am an as av ay be ee ha he hi ho id ie io is it ja la li lo lu mi my na no om or os se si so su te ti to ty yo"
)
"""Codes of languages that are words to many people, such as "no", "hi" and the Spanish "si"."""


class Language:
    """A language: its code, English name or own name → its ISO 639-1 code.

    `of_person`: it is somebody's answer, in which "no" may mean no: what may be another word is asked about.
    """

    name = "language"
    expected = _("Please write a language, such as Spanish, or its two-letter code, such as es.")

    def __init__(self, *, of_person: bool = False) -> None:
        self._of_person = of_person

    def parse(self, text: str, reader: Reader) -> str:
        """The code of the language meant."""
        typed = read(text, self.expected)
        if typed in _english():
            if self._is_word(typed):
                language = _english()[typed]
                raise BadValue(perhaps(typed, language, self.expected), (language,))
            return typed
        code = dict(_names()).get(fold(typed))
        if code is None:
            raise not_understood(text, self.expected, [_english()[guess] for guess in nearest(typed, _names())])
        return code

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Languages like what is typed; before anything is typed those with a name of their own here."""
        wanted = plain(typed)
        exact = [wanted] if wanted in _english() else []
        codes = [*exact, *nearest(wanted, _names(), SUGGESTION_LIMIT)] if wanted else ["en", *_OWN_NAMES]
        names = [(code, _english()[code]) for code in dict.fromkeys(codes)]
        found: list[tuple[str, Say]] = [(name if self._is_word(code) else code, name) for code, name in names]
        return found[:SUGGESTION_LIMIT]

    def _is_word(self, code: str) -> bool:
        return self._of_person and code in _WORDS.split()


@cache
def _english() -> dict[str, str]:
    """English names by code. "mo", "sh" and "tl" are no longer in ISO 639-1 but still in use."""
    return {code: str(name) for code, name in Locale("en").languages.items() if re.fullmatch("[a-z]{2}", code)}


def english_name(code: str) -> str:
    """The English name of a language, which stands for it wherever one is asked for; an unknown code itself."""
    return _english().get(code, code)


@cache
def _names() -> tuple[tuple[str, str], ...]:
    own = [(fold(name), code) for code, name in _OWN_NAMES.items()]
    return (*own, *_ALSO.items(), *((fold(name), code) for code, name in _english().items()))
