"""How the signs' weights are learnt: logistic regression over the phrases of invented messages, by scikit-learn."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.core.crisis.signal import Category, Severity
from bot.core.crisis.tokens import tokenise
from bot.core.crisis.weighing import WINDOW, phrases, windows, word_of

MESSAGES = Path(__file__).parent / "messages"

_MET = 3
"""Messages in which a phrase is met: what is said once or twice teaches little."""
_STRENGTH, _STRENGTH_ALONE = 0.6, 0.1
"""The inverse of the regularisation. Found by hearing each part of the messages by what was learnt from the others."""
_LEAST = 0.15
"""What weighs less is left out."""
_DOUBT = 3
"""Messages of every category that each phrase is thought to have been met in besides: few prove little."""


@dataclass(frozen=True, slots=True)
class Message:
    """An invented message, or several of one author: `severity` None where nobody is in danger."""

    texts: tuple[str, ...]
    severity: Severity | None
    category: Category | None

    @property
    def words(self) -> list[str]:
        """All of them as they are compared."""
        return [word_of(token) for token in tokenise("\n".join(self.texts)) if not (token.is_edge or token.quoted)]


def read(language: str) -> dict[str, list[Message]]:
    """The messages of a language by their files: cases as JSON, a line each, and what is ordinary as plain text."""
    folder = MESSAGES / language
    parts = {file.stem: [_case(line) for line in _lines(file)] for file in sorted(folder.glob("*.jsonl"))}
    return parts | {
        file.stem: [Message((line,), None, None) for line in _lines(file)] for file in sorted(folder.glob("*.txt"))
    }


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").removesuffix("\n").split("\n")


def _case(line: str) -> Message:
    case = json.loads(line)
    texts = case["text"]
    return Message(
        (texts,) if isinstance(texts, str) else tuple(texts),
        None if case["severity"] == "none" else Severity(case["severity"]),
        Category(case["category"]) if case["category"] else None,
    )


def learn(messages: Iterable[Message], kinds: Mapping[str, str]) -> str:
    """The table of weights that these `messages` teach, as `parse_signs` reads it."""
    taught = [(words, message) for message in messages for words in _stretches(message)]
    met = [phrases(words, kinds) for words, _ in taught]
    grades = [message.severity.rank if message.severity else 0 for _, message in taught]
    fitted = [_fit(met, [grade >= least for grade in grades], _STRENGTH) for least in (1, 2, 3)]
    alone = _fit([set(words) for words, _ in taught], [grade >= 1 for grade in grades], _STRENGTH_ALONE)
    leaning = _leaning(zip(met, (message.category for _, message in taught), strict=True))
    lines = []
    for phrase in ["*", *sorted(fitted[0].keys() - {"*"})]:
        weights = [each[phrase] for each in fitted]
        first = alone.get(phrase, 0.0)
        if phrase == "*" or max(map(abs, [*weights, first])) >= _LEAST:
            category, lean = leaning.get(phrase, ("", ""))
            shown = [f"{first:.2f}" if phrase in alone else "", *(f"{weight:.2f}" for weight in weights)]
            lines.append("\t".join([phrase, *shown, category, lean]))
    return "\n".join([*lines, ""])


def _stretches(message: Message) -> Iterator[list[str]]:
    """The words of a message; what is long and ordinary is so in each of its parts."""
    words = message.words
    if message.severity is None:
        yield from (words[start:stop] for start, stop in windows(len(words)))
    else:
        yield words[: 4 * WINDOW]


def _fit(met: Sequence[set[str]], wanted: Sequence[bool], strength: float) -> dict[str, float]:
    """What each phrase adds to the odds that a message is as is `wanted`; "*": what every message has."""
    times = Counter(phrase for each in met for phrase in each)
    numbers = {phrase: at for at, phrase in enumerate(sorted(phrase for phrase in times if times[phrase] >= _MET))}
    model = LogisticRegression(C=strength, max_iter=500).fit(_matrix(met, numbers), np.array(wanted))
    return {"*": float(model.intercept_[0])} | {phrase: float(model.coef_[0][at]) for phrase, at in numbers.items()}


def _matrix(met: Iterable[Iterable[str]], numbers: Mapping[str, int]) -> csr_matrix:
    rows = [sorted(numbers[phrase] for phrase in each if phrase in numbers) for each in met]
    ends: NDArray[np.int64] = np.cumsum([0, *map(len, rows)])
    columns = np.array([column for row in rows for column in row], dtype=np.int64)
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), len(numbers)))


def _leaning(met: Iterable[tuple[set[str], Category | None]]) -> dict[str, tuple[str, str]]:
    """Of each phrase the category that messages with it are about more often than others, and by how much."""
    about: defaultdict[str, Counter[Category]] = defaultdict(Counter)
    usual: Counter[Category] = Counter()
    for each, category in met:
        if category is not None:
            usual[category] += 1
            for phrase in each:
                about[phrase][category] += 1
    share = {category: times / usual.total() for category, times in usual.items()}

    def odds(times: Counter[Category], category: Category) -> float:
        """How much more often messages are about `category` that were met so often, by its logarithm."""
        expected = share[category] * (times.total() + _DOUBT)
        return math.log((times[category] + _DOUBT * share[category]) / expected)

    leaning = {}
    for phrase, times in about.items():
        category = max(sorted(usual), key=partial(odds, times))
        if (lean := odds(times, category)) >= _LEAST and times.total() >= _MET:
            leaning[phrase] = category.value, f"{lean:.2f}"
    return leaning
