"""The help of the command line, and every example there is of it."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from bot.cli import app
from bot.operations.cli_examples import DAY_ONE, EXAMPLES
from cli.handrail import REPOSITORY, Handrail, Place

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
_WHOLE = typer.main.get_command(app)


def commands(group: object, before: str = "") -> Iterator[str]:
    if not isinstance(group, TyperGroup):
        yield before.strip()
        return
    for name, command in group.commands.items():
        yield from commands(command, f"{before} {name}")


def documented() -> Iterator[str]:
    """Each line of a block of commands in the documentation that runs `handrail`."""
    for document in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", document.read_text("utf-8"), re.DOTALL):
            for line in block.splitlines():
                if re.match(r"\s*(?:\.venv/bin/)?handrail\s", line):
                    yield line.partition(" #")[0].strip()


def parse(line: str) -> None:
    """Read a line as the shell and the command do, without running it; raises what typer does."""
    words = shlex.split(re.sub(r"[<>] *\S+", "", line))[1:]
    at = typer.Context(_WHOLE, info_name="handrail")
    while isinstance(at.command, TyperGroup):
        if words[0].startswith("--"):
            assert words[0] in {option for parameter in at.command.params for option in parameter.opts}
            words = words[2:]
            continue
        found = at.command.get_command(at, words[0])
        assert found is not None, f"there is no command {words[0]}"
        at = typer.Context(found, info_name=words[0], parent=at)
        words = words[1:]
    at.command.make_context(at.info_name, words, parent=at.parent).close()


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    assert set(commands(_WHOLE)) == set(EXAMPLES)


@pytest.mark.parametrize("line", [*DAY_ONE, *(line for lines in EXAMPLES.values() for line in lines)])
def test_an_example_of_the_help_can_be_typed(line: str) -> None:
    parse(line)


@pytest.mark.parametrize("line", sorted(set(documented())))
def test_an_example_of_the_documentation_can_be_typed(line: str) -> None:
    parse(line)


def test_a_mistyped_example_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse("handrail community apply x.toml --yess")


def test_the_help_of_the_whole_ends_with_the_first_day(handrail: Handrail, fresh: Place) -> None:
    for words in (("--help",), ("help",)):
        done = handrail(fresh, *words)
        assert done.code == 0
        assert all(line in done.out for line in DAY_ONE)


def test_the_help_of_a_command_has_its_example(handrail: Handrail, fresh: Place) -> None:
    for words in (("community", "apply", "--help"), ("help", "community", "apply")):
        assert "handrail community apply my-community.toml" in handrail(fresh, *words).out
    done = handrail(fresh, "help", "fly")
    assert (done.code, "There is no command “fly”" in done.err) == (1, True)
