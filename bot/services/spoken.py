"""In which language somebody is spoken to who has not chosen one: during a case, in that in which they were heard.

It is noted in the transaction, from the case that is read there anyway: nobody asks the database for it, and what is
stored of the member stays as it is until they say so.
"""

from collections import Counter
from collections.abc import Iterable

from bot.core.people import Member
from bot.storage.database import Transaction

_HEARD, _CHOSEN = "heard in a language", "chose a language"

_CODE = 2
"""Letters with which the ids of a language's rules begin, "es/want-to-die" or "en-frames/ending-it"; a community's own
begin otherwise."""


def heard(tx: Transaction, member_id: int, rules: Iterable[str]) -> None:
    """The member was heard by these rules: in the language of most of them, if it is one."""
    lexicons = (rule.partition("/")[0] for rule in rules)
    languages = Counter(code for lexicon in lexicons if len(code := lexicon.partition("-")[0]) == _CODE)
    if languages:
        (most, count), *_ = languages.most_common(1)
        # A rule of a language that is like it may have words of the same spelling.
        tx.known(_HEARD)[member_id] = most if count * 2 > languages.total() else None


def said(tx: Transaction, member_id: int, language: str) -> None:
    """The member has just written something that is words of this language."""
    tx.known(_HEARD)[member_id] = language


def heard_in(tx: Transaction, member_id: int) -> str | None:
    """The language (ISO 639-1) in which the member was heard, if it is known here and one."""
    language: str | None = tx.known(_HEARD).get(member_id)
    return language


def chose(tx: Transaction, member_id: int, language: str) -> None:
    """The member has chosen a language just now: the answer is in it already."""
    tx.known(_CHOSEN)[member_id] = language


def spoken_by(tx: Transaction, member: Member) -> str:
    """What the member speaks, as far as can be told: what they chose, else in what they were heard, else the usual."""
    return chosen_by(tx, member) or heard_in(tx, member.id) or member.community.language


def chosen_by(tx: Transaction, member: Member) -> str | None:
    """What the member has chosen to read, if they have."""
    return tx.known(_CHOSEN).get(member.id) or member.own_language
