"""Asking a person for one more value of a command, and understanding the answer."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.core.commands import BadValue, Command, Parameter
from bot.core.content import Choice, Content, Reply
from bot.core.people import Member
from bot.core.words import Say, _
from bot.storage.database import Transaction
from bot.storage.tables import Question

PURPOSE = "questions.arguments"

VALID = timedelta(minutes=10)
"""After this long a message is no longer taken for the answer."""

ANSWER = "answer"
"""The command behind a guess: pressing it answers the question."""

CANCEL_WORDS = frozenset({"cancel", "stop", "never mind", "nevermind"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question that waits: which parameter of which command, and what is known already."""

    id: int
    command: str
    parameter: str
    arguments: dict[str, str]
    asked_at: datetime


async def ask(
    tx: Transaction,
    member: Member,
    command: Command,
    parameter: Parameter,
    arguments: dict[str, str],
    *,
    problem: BadValue | None,
    now: datetime,
) -> Reply:
    """Ask for `parameter`, after a `problem` with its nearest guesses; a new question replaces the one before."""
    known = {name: value for name, value in arguments.items() if name != parameter.name}
    await forget(tx, member)
    row = Question(
        # SQLite gives the number of a deleted row again: the old button of another question would answer this one.
        id=secrets.randbelow(2**31 - 1) + 1,
        member_id=member.id,
        command=command.name,
        parameter=parameter.name,
        arguments_sealed=tx.vault.seal_json(known, PURPOSE),
        asked_at=now,
    )
    tx.session.add(row)
    await tx.session.flush()
    text: Say = parameter.ask if problem is None else problem.message
    guesses: list[tuple[str, Say]] = [] if problem is None else [(guess, guess) for guess in problem.guesses]
    if parameter.kind.name == "choice" and not guesses:
        guesses = parameter.kind.suggest("", member.reads(now))
    choices = tuple(
        Choice(label=label, command=ANSWER, arguments={"question": str(row.id), "value": guess})
        for guess, label in guesses
        if len(guess) <= 40  # noqa: PLR2004  what fits into a choice's token
    )
    return Reply(content=Content(text=_("{question} (Or “cancel”.)", question=text), choices=choices))


async def pending(tx: Transaction, member: Member, *, now: datetime, id_: int | None = None) -> Pending | None:
    """The question that the member has not answered yet; the one with that id, if one is given."""
    row = await tx.session.scalar(select(Question).where(Question.member_id == member.id))
    if row is None or (id_ is None and now - row.asked_at > VALID) or (id_ is not None and row.id != id_):
        return None
    return Pending(
        id=row.id,
        command=row.command,
        parameter=row.parameter,
        arguments=tx.vault.open_json(row.arguments_sealed, PURPOSE),
        asked_at=row.asked_at,
    )


async def forget(tx: Transaction, member: Member) -> None:
    """The question is answered, or no longer of interest."""
    await tx.session.execute(delete(Question).where(Question.member_id == member.id))


def is_cancel(text: str) -> bool:
    """Whether the answer is that there will be none."""
    return text.strip().casefold().strip(".!") in CANCEL_WORDS
