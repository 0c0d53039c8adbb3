"""What the built-in lexicons hear and leave alone, by class and language, against the bounds of the contract.

Each file of `tests/core/functional` is one language: `cases`, each with a text, the severity that is right for it
and its class. A failure prints classes and counts; the sentences are in the file.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.app import load_detector
from bot.core.crisis import Severity

FOLDER = Path(__file__).parent / "functional"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.toml"))

ENGLISH_RECALL = 0.95
OTHER_RECALL = 0.85
EMERGENCIES = 0.97
FALSE_ALERTS = 0.03
RIGHT_SEVERITY = 0.90

NONE = "none"


@dataclass(frozen=True, slots=True)
class Case:
    """One message; `severity` is what is right for it, None for no alert."""

    kind: str
    text: str
    severity: Severity | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A case and what the detector made of it."""

    case: Case
    severity: Severity | None

    @property
    def missed(self) -> bool:
        return self.case.severity is not None and self.severity is None

    @property
    def false_alert(self) -> bool:
        return self.case.severity is None and self.severity is not None

    @property
    def wrong_way(self) -> bool:
        """Heard, but paged where it should wait in the queue, or the other way round."""
        if self.case.severity is None or self.severity is None:
            return False
        return self.case.severity.pages is not self.severity.pages


@cache
def cases(language: str) -> tuple[Case, ...]:
    written = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))["cases"]
    return tuple(
        Case(each["class"], each["text"], None if each["severity"] == NONE else Severity(each["severity"]))
        for each in written
    )


@cache
def heard(language: str) -> tuple[Heard, ...]:
    # By all lexicons together, as the bot has them: one language must not alarm at another.
    return tuple(
        Heard(case, None if (signal := load_detector().detect(case.text)) is None else signal.severity)
        for case in cases(language)
    )


def table(language: str) -> str:
    """Per class: cases, missed, false alerts, paged or queued wrongly; classes without a fault are left out."""
    size = Counter(each.case.kind for each in heard(language))
    faults = {
        name: Counter(each.case.kind for each in heard(language) if getattr(each, name))
        for name in ("missed", "false_alert", "wrong_way")
    }
    rows = [
        f"{kind:<32}{size[kind]:>6}" + "".join(f"{counts[kind]:>12}" for counts in faults.values())
        for kind in size
        if any(counts[kind] for counts in faults.values())
    ]
    head = f"{language:<32}{'cases':>6}" + "".join(f"{name.replace('_', ' '):>12}" for name in faults)
    return "\n".join(["", head, *rows])


@pytest.mark.parametrize("language", LANGUAGES)
def test_crisis_is_heard(language: str) -> None:
    crisis = [each for each in heard(language) if each.case.severity is not None]
    recall = sum(not each.missed for each in crisis) / len(crisis)
    assert recall >= (ENGLISH_RECALL if language == "en" else OTHER_RECALL), table(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_emergencies_page(language: str) -> None:
    emergencies = [each for each in heard(language) if each.case.severity is Severity.EMERGENCY]
    paged = [each for each in emergencies if each.severity is not None and each.severity.pages]
    assert len(paged) / len(emergencies) >= EMERGENCIES, table(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_rest_is_left_alone(language: str) -> None:
    rest = [each for each in heard(language) if each.case.severity is None]
    assert sum(each.false_alert for each in rest) / len(rest) <= FALSE_ALERTS, table(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_pages_and_what_queues_is_told_apart(language: str) -> None:
    told = [each for each in heard(language) if each.case.severity is not None and each.severity is not None]
    assert told, table(language)
    assert sum(not each.wrong_way for each in told) / len(told) >= RIGHT_SEVERITY, table(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_tried_from_both_sides(language: str) -> None:
    """A suite without things that must not be heard would praise an ear that hears everything."""
    none = sum(case.severity is None for case in cases(language))
    assert 0.3 <= none / len(cases(language)) <= 0.7
    assert len({case.text for case in cases(language)}) == len(cases(language))
