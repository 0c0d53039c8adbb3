"""Renews what is kept beside each built-in lexicon: `make lexicons`, in a clone of the source."""

import sys
from pathlib import Path

from bot.core.crisis import BadLexicon, compile_lexicon

FOLDER = Path(__file__).parents[1] / "core/crisis/lexicons"


def renewed(lexicon: Path) -> str:
    """What is to be kept beside `lexicon`; raises `BadLexicon`."""
    return compile_lexicon(lexicon.read_text("utf-8"), name=lexicon.stem)


def main() -> int:
    """Renew all, and say what was changed."""
    for lexicon in sorted(FOLDER.glob("*.toml")):
        beside = lexicon.with_suffix(".jsonl")
        try:
            kept = renewed(lexicon)
        except BadLexicon as bad:
            sys.stderr.write(f"{bad}\n")
            return 1
        if not beside.exists() or beside.read_text("utf-8") != kept:
            beside.write_text(kept, "utf-8")
            sys.stdout.write(f"{beside.name} was renewed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
