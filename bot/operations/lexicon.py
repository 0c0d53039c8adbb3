"""The lexicons of the crisis detector: those that come with the bot, a community's own file, and their examples."""

import tomllib
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bot.core.crisis import Detector, Lexicon, Lowering, Rule, failed_examples, parse_lexicon
from bot.core.crisis import own as own_lexicons
from bot.core.crisis.lexicon import MAX_FILE
from bot.core.crisis.own import OwnLexicon, mutes_nothing
from bot.core.crisis.weighing import Signs, parse_signs
from bot.core.text import clean
from bot.core.words import Say, _
from bot.operations.stopping import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the examples said.

    - `failed`: one line for each example that does not hold, by number.
    - `changed`: the same for built-in examples that hold only without the community's own file. It may be meant.
    - `entries`, `examples`: how many rules and lowerings were tested, and their examples.
    """

    problems: tuple[str, ...] = ()
    failed: tuple[str, ...]
    changed: tuple[str, ...] = ()
    entries: int
    examples: int


@cache
def built_in(*, examples: bool = False) -> tuple[Lexicon, ...]:
    """The lexicons that come with the bot; the rules have their `examples` only if they are asked for."""
    folder, signs = files("bot.core.crisis.lexicons"), files("bot.core.crisis.signs")
    names = sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    lexicons = (
        parse_lexicon(
            folder.joinpath(f"{name}.toml").read_text("utf-8"),
            name=name,
            kept=folder.joinpath(f"{name}.jsonl").read_bytes(),
            examples=examples,
        )
        for name in names
    )
    return tuple(
        replace(lexicon, signs=_signs(signs, lexicon.name))
        if signs.joinpath(f"{lexicon.name}.tsv").is_file()
        else lexicon
        for lexicon in lexicons
    )


def _signs(folder: Traversable, language: str) -> Signs:
    """What is weighed in a language."""
    table = tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8"))
    return parse_signs(table, folder.joinpath(f"{language}.tsv").read_text("utf-8"))


def read_own(path: Path) -> OwnLexicon:
    """The community's own lexicon in the file at `path`; raises `Stop` where it cannot be read."""
    try:
        with path.open("rb") as opened:
            data = opened.read(4 * MAX_FILE + 1)
    except OSError as error:
        raise Stop(_("{file}: cannot be read ({reason}).", file=str(path), reason=error.strerror or "")) from None
    if len(data) > 4 * MAX_FILE:
        raise Stop(_("{file}: too large; at most {limit} bytes are read.", file=str(path), limit=4 * MAX_FILE))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Stop(_("{file}: not a text in UTF-8.", file=str(path))) from None
    return parse_own(text, file=path.name)


def parse_own(text: str, *, file: str) -> OwnLexicon:
    """The same from its text. An id that is muted, but that no lexicon has, is a problem too."""
    own = own_lexicons.parse_own(text, file=file)
    if own.lexicon is None:
        return own
    muted = (f"{file}: {_unknown(id_)}" for id_ in mutes_nothing(own.lexicon, built_in()))
    return replace(own, problems=(*own.problems, *muted))


def detector_with(own: Lexicon | None) -> Detector:
    """The built-in lexicons, and a community's own beside them."""
    return Detector([*built_in(), *([] if own is None else [own])])


def run_examples(path: Path | None) -> Tested:
    """Run the examples of the built-in lexicons, or those of the file at `path` beside them."""
    if path is None:
        return _tested(_alone(), built_in(examples=True))
    own = read_own(path)
    if own.lexicon is None:
        return Tested(problems=own.problems, failed=(), entries=0, examples=0)
    together = detector_with(own.lexicon)
    tested = _tested(together, [own.lexicon])
    return Tested(
        problems=own.problems,
        failed=tested.failed,
        changed=tuple(_changed(together, own.lexicon)),
        entries=tested.entries,
        examples=tested.examples,
    )


def lines_of(tested: Tested) -> list[Say]:
    """What was found, a line each, for a person."""
    lines: list[Say] = [*tested.problems, *tested.failed]
    lines += [_("! with this file, a built-in rule changes: {what}", what=line) for line in tested.changed]
    broken = len(tested.problems) + len(tested.failed)
    if broken:
        lines.append(_("To mend: {broken}. Rules: {rules}, examples: {examples}.", broken=broken, **_counts(tested)))
    else:
        lines.append(_("All is well. Rules: {rules}, examples: {examples}.", **_counts(tested)))
    return lines


def _counts(tested: Tested) -> dict[str, int]:
    return {"rules": tested.entries, "examples": tested.examples}


def _tested(detector: Detector, lexicons: Iterable[Lexicon]) -> Tested:
    lexicons = tuple(lexicons)
    entries = [entry for lexicon in lexicons for entry in _entries(lexicon)]
    return Tested(
        failed=tuple(line for lexicon in lexicons for line in failed_examples(detector, lexicon)),
        entries=len(entries),
        examples=sum(len(entry.hears) + len(entry.ignores) for entry in entries),
    )


def _entries(lexicon: Lexicon) -> tuple[Rule | Lowering, ...]:
    return (*lexicon.rules, *lexicon.lowerings)


@cache
def _alone() -> Detector:
    return Detector(built_in(examples=True))


def _changed(together: Detector, own: Lexicon) -> Iterable[str]:
    """Built-in examples that hold with the built-in lexicons alone, and not `together` with a community's `own`.

    Only where it, or what it mutes, has words in an example can that change: in a hundredth of all.
    """
    muted = (_part(lexicon, own.mutes) for lexicon in built_in())
    concerned = Detector([own, *muted]).touches
    for lexicon in built_in(examples=True):
        failed = failed_examples(together, lexicon, concerned)
        before = set(failed_examples(_alone(), lexicon)) if failed else set()
        yield from (line for line in failed if line not in before)


def _part(lexicon: Lexicon, ids: Set[str]) -> Lexicon:
    """The rules and lowerings of `lexicon` that have these `ids`."""
    return replace(
        lexicon,
        name=f"{lexicon.name}-muted",
        rules=tuple(rule for rule in lexicon.rules if rule.id in ids),
        lowerings=tuple(lowering for lowering in lexicon.lowerings if lowering.id in ids),
    )


def _unknown(muted: str) -> Say:
    return _("it mutes “{rule}”, which no lexicon has", rule=clean(muted, 140))
