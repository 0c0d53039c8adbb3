"""Words that begin or end with a mention of the bot: "Handrail: help" says "help"."""

import re
from html import unescape
from itertools import islice
from urllib.parse import unquote

_PILL = re.compile(r'<a href="https://matrix\.to/#/([^"?]{1,400})[^"]{0,400}">([^<]{1,255})</a>')
"""How clients write a mention into the HTML of a message; beside it stands the same name as plain text."""

_MOST_PILLS = 20


def to_the_bot(text: str, formatted: str, me: str) -> str:
    """`text` without a mention of the account `me` before or behind it; `formatted`: its HTML, "" if it has none."""
    pills = islice(_PILL.finditer(formatted), _MOST_PILLS)
    names = {unescape(pill[2]) for pill in pills if unquote(pill[1]) == me}
    names |= {me, me.partition(":")[0], *(f"@{name}" for name in names)}
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    mention = rf"(?:\[(?:{known})\]\(https://matrix\.to/[^)\s]{{1,400}}\)|(?:{known}))"
    before = re.compile(rf"\A\s*{mention}(?:[\s,:]+|\Z)", re.IGNORECASE)
    behind = re.compile(rf"(?:\A|\s){mention}[\s.!?]*\Z", re.IGNORECASE)
    return behind.sub("", before.sub("", text, count=1), count=1) or text
