"""Why a case was heard, in plain words: what a rule's category and severity mean, and what its id tells besides."""

from collections.abc import Iterable

from bot.core.crisis.signal import Category, Severity
from bot.core.words import Text, _

HINTS_SHOWN = 3
"""A peer reads this at 3 a.m.: more would hide what counts."""

OWN_LEXICON = "community/"
"""How the ids of a community's own rules begin."""

_C, _U, _E = Severity.CONCERN, Severity.URGENT, Severity.EMERGENCY

_MEANINGS: dict[tuple[str, Severity], Text] = {
    (Category.SUICIDE, _C): _(
        "Their words sound as if they did not want to live, or as if somebody they know did not."
    ),
    (Category.SUICIDE, _U): _("Their words sound as if they, or somebody they know, wanted to end their life."),
    (Category.SUICIDE, _E): _("Their words sound as if somebody were ending their life now, or had begun to."),
    (Category.SELF_HARM, _C): _("Their words sound like an urge to hurt themselves, or like worry about somebody's."),
    (Category.SELF_HARM, _U): _("Their words sound as if somebody hurt themselves, or were about to."),
    (Category.SELF_HARM, _E): _("Their words sound as if somebody had hurt themselves badly just now."),
    (Category.OVERDOSE, _C): _("Their words sound like worry about a dose, or about mixing things."),
    (Category.OVERDOSE, _U): _("Their words sound as if somebody had taken more than is safe."),
    (Category.OVERDOSE, _E): _("Their words sound like an overdose that is happening now."),
    (Category.WITHDRAWAL, _C): _("Their words sound like withdrawal that is hard to bear."),
    (Category.WITHDRAWAL, _U): _("Their words sound like withdrawal that can become dangerous."),
    (Category.WITHDRAWAL, _E): _("Their words sound like withdrawal that endangers a life now, such as a seizure."),
    (Category.ABUSE, _C): _("Their words sound as if somebody treated them, or another, badly."),
    (Category.ABUSE, _U): _("Their words sound as if somebody hurt or threatened them, or another."),
    (Category.ABUSE, _E): _("Their words sound as if somebody were hurting them, or another, now."),
    (Category.VIOLENCE, _C): _("Their words sound like anger that frightens them."),
    (Category.VIOLENCE, _U): _("Their words sound as if somebody meant to hurt another."),
    (Category.VIOLENCE, _E): _("Their words sound as if somebody were about to hurt another now."),
    (Category.RELAPSE, _C): _("Their words sound as if they had used again, or were close to it."),
    (Category.RELAPSE, _U): _("Their words sound as if they were about to use, and alone with it."),
    ("", _C): _("They ask for somebody to talk to, and have not said why."),
    (Category.RELAPSE, _E): _("Their words sound as if they had used, and were in danger from it now."),
}

_HINTS: tuple[tuple[frozenset[str], Text], ...] = (
    (frozenset({"goodbye", "goodbyes", "farewell", "note"}), _("They say goodbye.")),
    (frozenset({"plan", "date", "tonight", "decided", "planned"}), _("They speak of a plan or a time.")),
    (
        frozenset({"means", "pills", "rope", "blade", "blades", "poison", "bridge", "edge", "jump", "train"}),
        _("They speak of a means or a place."),
    ),
    (frozenset({"gun", "knife", "weapon", "armed"}), _("They speak of a weapon.")),
    (frozenset({"now", "dying", "swallowed"}), _("It may be happening at this moment.")),
    (
        frozenset({"somebody", "other", "others", "they", "them", "friend", "their", "person"}),
        _("It may be about somebody else than the writer."),
    ),
    (frozenset({"child", "kid", "kids", "children"}), _("A child may be in danger.")),
    (frozenset({"mixing", "mixed"}), _("They speak of mixing drugs.")),
    (frozenset({"seizure", "seizures", "shaking", "voices"}), _("They speak of signs in the body or of voices.")),
    (frozenset({"alone", "nobody"}), _("They may be alone.")),
)
"""What words in a rule's id tell, whatever its language: the ids are English in every lexicon. Gravest first."""

_OWN = _("A rule of your community's own heard it.")
_REPEATED = _("Several people have sounded alarmed about the same.")
_TOGETHER = _("No single phrase says so, but many of their words do together.")


def reasons(category: str | None, severity: Severity, rules: Iterable[str]) -> tuple[Text, ...]:
    """What was heard, as sentences: what that category means at that severity, then at most three hints."""
    rules = tuple(rules)
    if not rules:
        return ()
    meaning = _MEANINGS.get((category or "", severity))
    said = {word for rule in rules for word in rule.rpartition("/")[2].split("-")}
    hints = [hint for words, hint in _HINTS if words & said]
    if any(rule.startswith(OWN_LEXICON) for rule in rules):
        hints.insert(0, _OWN)
    if all(rule.endswith("/signs") and not rule.startswith(OWN_LEXICON) for rule in rules):
        hints.insert(0, _TOGETHER)
    if any(rule.endswith("/neighbours-alarm") for rule in rules):
        hints.append(_REPEATED)
    return (*(() if meaning is None else (meaning,)), *hints[:HINTS_SHOWN])
