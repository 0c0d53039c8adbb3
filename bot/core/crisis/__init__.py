"""The crisis detector: hears that somebody is in danger, and says which words said so."""

from bot.core.crisis.context import MAX_EARLIER, MAX_EARLIER_CHARACTERS, Context
from bot.core.crisis.detector import Detector, Explanation
from bot.core.crisis.examples import failed_examples
from bot.core.crisis.lexicon import BadLexicon, Lexicon, compile_lexicon, parse_lexicon
from bot.core.crisis.rules import Lowering, Reason, Rule
from bot.core.crisis.signal import Category, Severity, Signal, Span

__all__ = [
    "MAX_EARLIER",
    "MAX_EARLIER_CHARACTERS",
    "BadLexicon",
    "Category",
    "Context",
    "Detector",
    "Explanation",
    "Lexicon",
    "Lowering",
    "Reason",
    "Rule",
    "Severity",
    "Signal",
    "Span",
    "compile_lexicon",
    "failed_examples",
    "parse_lexicon",
]
