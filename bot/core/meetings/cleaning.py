"""A feed's texts, made fit to be shown: without markup, and without what lets anybody walk into a meeting."""

import html
import re
from typing import Any, Final
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick

from bot.core.text import clean

LINE, NOTES, LINK = 200, 2000, 500
"""Characters of a field on one line, of notes, and of an address."""

_TAGS: Final = re.compile(r"<br\s*/?>|</p>|</li>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[a-zA-Z/!][^<>]{0,500}>")
_BLANK_LINES: Final = re.compile(r"[ \t]*\n\s*")


def notes(value: Any, limit: int = NOTES) -> str:
    """Plain text of several lines; anything but a text or a number is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        text = str(value)
    else:
        return ""
    if "&" in text:
        text = html.unescape(text[: 2 * limit])
    if "<" in text:
        text = _TAG.sub("", _TAGS.sub("\n", text[: 2 * limit]))
    # Most texts have nothing that must be taken out, and looking at each character takes long.
    if not text.isprintable() and not text.replace("\n", "").isprintable():
        text = clean(text[: 2 * limit], limit)
    return text[:limit].strip()


def line(value: Any, limit: int = LINE) -> str:
    """The same on one line."""
    if value is None or value == "":
        return ""
    if type(value) is str and value.isprintable() and "&" not in value and "<" not in value:  # as nearly all are
        text = value[:limit].strip()
        return " ".join(text.split()) if "  " in text else text
    text = notes(value, limit)
    return " ".join(text.split()) if "\n" in text or "  " in text else text


_WEB: Final = re.compile(
    r"(https?://)?([\w-]+(?:\.[\w-]+)*\.[a-z0-9-]{2,63}\.?(?::\d{1,5})?(?:[/?#][^\s<>\"]*)?)", re.IGNORECASE
)


def link(value: Any) -> str:
    """A web address, or "" if it is none; one without its scheme gets one."""
    if value is None or value == "":
        return ""
    text = line(value, LINK + 1).replace(" ", "")
    found = _WEB.fullmatch(text) if len(text) <= LINK else None
    if found is None:
        return ""
    return text if found[1] else f"https://{text}"


_SECRET: Final = re.compile(r"[?&#](?:pwd|passcode|password|pass)=([^&#]{1,200})", re.IGNORECASE)


def passcode_in(url: str) -> str:
    """The passcode that stands inside a link, or ""."""
    found = _SECRET.search(url) if "=" in url else None
    return unquote(found[1]) if found else ""


_CODE: Final = re.compile(
    r"""\(?\b(?:(?:zoom|meeting|dial-?in|phone|numeric|access|the)[ \t-]+){0,2}
        (?:pass[ -]?(?:codes?|words?)|pwd?|pw|p/?w|access[ ]code|pin(?:[ ](?:code|number))?|code|contraseña|clave)
        \b[ \t]*(?:is\b|are\b|:|=|\#|-|–)?[ \t]*(?:\n+[ \t]*(?=[\w!@\#$%^&*]{4,20}[ \t]*(?:\n|$)))?
        (?P<code>["“']?[^\s,;/()"”']{1,40}["”']?)?\)?""",
    re.IGNORECASE | re.VERBOSE,
)
_ID: Final = re.compile(
    r"""\b(?:(?:zoom|meeting|conference|dial-?in|phone)[ \t-]+){0,2}(?:id|room|number|meeting|zoom|no\.?)\b[ \t]*
        (?:id\b|\#|number\b|no\.?)?[ \t]*(?:is\b|:|=|\#|-)?[ \t]*(?P<id>\d[\d \t-]{7,15}\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_URL: Final = re.compile(r"https?://[^\s<>\"')]+", re.IGNORECASE)
_ROOMS: Final = re.compile(
    r"zoom\.(?:us|com)|meet\.google|teams\.(?:microsoft|live)|gotomeet|whereby|meet\.jit\.si|webex|skype|discord\.gg",
    re.IGNORECASE,
)
_MAYBE: Final = re.compile(
    r"pass|pwd?\b|p/w|\bpin\b|code|https?:|zoom|meeting[ -]?id|dial|\bid\b|contraseña|clave"
    r"|\d{3}[ -]\d{3,4}[ -]\d{3,4}",
    re.IGNORECASE,
)


_NEAR_CODES: Final = AhoCorasick(["code", "pass", "http", "zoom", "pw", "pin", "id", "dial", "p/w", "clave"])
"""One of these, or figures in a row, stands in every text of ASCII in which `_MAYBE` finds something."""
_FIGURES: Final = re.compile(r"\d{3}[ -]\d")


def _may_have_codes(text: str) -> bool:
    """Whether it is worth while to look closer: most notes have nothing of the kind, and looking takes long."""
    if text.isascii() and not _NEAR_CODES.find_matches_as_indexes(text.lower()) and not _FIGURES.search(text):
        return False
    return _MAYBE.search(text) is not None


def without_codes(text: str) -> tuple[str, str, str]:
    """Notes without ids, passcodes and join links; then what was taken out, and the first passcode.

    What is taken out is shown privately. A word too much is taken rather than a passcode left.
    """
    if not text or not _may_have_codes(text):
        return text, "", ""
    taken: list[str] = []
    codes: list[str] = []

    def take(found: re.Match[str]) -> str:
        if found.lastgroup == "code" and found["code"]:
            if _harmless(found[0], found["code"]):
                return found[0]
            codes.append(found["code"].strip("\"“”'."))
        taken.append(" ".join(found[0].split()))
        return ""

    def take_url(found: re.Match[str]) -> str:
        if not (_ROOMS.search(found[0]) or passcode_in(found[0])):
            return found[0]
        taken.append(found[0])
        return ""

    left = _URL.sub(take_url, text)
    left = _ID.sub(take, left)
    left = _CODE.sub(take, left)
    left = _BLANK_LINES.sub("\n", left).strip(" \t\n,;:/-–|")
    return left, "\n".join(taken)[:NOTES], codes[0] if codes else ""


_NOT_A_CODE: Final = frozenset(
    [
        "required",
        "needed",
        "protected",
        "of",
        "for",
        "to",
        "and",
        "the",
        "in",
        "on",
        "at",
        "is",
        "are",
        "will",
        "enabled",
        "available",
        "below",
        "above",
        "from",
        "dress",
        "please",
        "if",
        "or",
        "when",
    ]
)
_ALWAYS: Final = re.compile(r"pass|pwd|p/?w\b|contraseña|clave", re.IGNORECASE)


def _harmless(whole: str, code: str) -> bool:
    """Whether it is no passcode: "dress code casual", "code of conduct", "password required"."""
    word = code.strip("\"“”'.:!").casefold()
    if word in _NOT_A_CODE:
        return True
    return not _ALWAYS.search(whole) and not any(char.isdigit() for char in code)


_ORDINAL: Final = r"(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last)"
_DAY: Final = r"(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*|w(?:ee)?ks?"
_IRREGULAR: Final = re.compile(
    rf"""\b(?:
        {_ORDINAL}(?:\s*(?:,|/|&|\band\b|\bor\b|\bthrough\b|-)+\s*(?:the\s+)?{_ORDINAL})*\s+(?:{_DAY})\b
        |every\s+(?:other|2nd|second|third|3rd|two|2)\s+(?:{_DAY})\b
        |alternat(?:e|ing)\s+(?:{_DAY})\b
        |(?:odd|even)\s+w(?:ee)?ks?\b
        |bi-?weekly\b|fortnightly\b|monthly\b|once\s+a\s+month\b|twice\s+a\s+month\b
        |(?:primer|segundo|tercer|cuarto|[úu]ltimo)\s+(?:domingo|lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado)\b
        |cada\s+(?:dos|2)\s+semanas\b|quincenal\b
    )[^.;\n|]{{0,60}}""",
    re.IGNORECASE | re.VERBOSE,
)
_NEAR_IRREGULAR: Final = AhoCorasick([
    "1st", "2nd", "3rd", "4th", "5th", "irst", "econd", "hird", "ourth", "ifth", "ast", "very", "lternat", "eeks",
    "eekly", "onth", "ortn", "rimer", "egundo", "ercer", "uarto", "timo", "ada", "incenal",
])  # fmt: skip
_NEAR_DAYS: Final = AhoCorasick([
    "sun", "mon", "tue", "wed", "thu", "fri", "sat", "wk", "week", "fortn", "domingo", "lunes", "martes", "rcoles",
    "jueves", "viernes", "bado", "semana", "quincenal",
])  # fmt: skip
"""One of each stands in every text of ASCII in which `_IRREGULAR` finds something."""


def _may_be_irregular(text: str) -> bool:
    return not text.isascii() or bool(_NEAR_DAYS.find_matches_as_indexes(text.lower()))


def irregular(*texts: str) -> str:
    """The first words that speak of particular weeks, such as "last Tuesday of the month"; "" if none do."""
    if not _NEAR_IRREGULAR.find_matches_as_indexes("\n".join(texts)):  # most have none, and the rule is slow
        return ""
    for text in texts:
        if text and _NEAR_IRREGULAR.find_matches_as_indexes(text) and _may_be_irregular(text):
            found = _IRREGULAR.search(text)
            if found:
                return " ".join(found[0].split()).strip(" ,-–(")
    return ""
