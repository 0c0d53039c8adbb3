"""Asking a person for one more value of a command, and understanding the answer."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update

from bot.core.commands import BadValue, Command, Parameter
from bot.core.content import Choice, Content, Reply
from bot.core.inbound import PUNCTUAL
from bot.core.people import Member
from bot.core.words import Say, _
from bot.storage.database import Transaction
from bot.storage.tables import Question

PURPOSE = "questions.arguments"

VALID = timedelta(minutes=10)
"""After this long a message is no longer taken for the answer."""

ANSWER = "answer"
"""The command behind a guess: pressing it answers the question."""

LATELY = timedelta(hours=1)
"""So long "cancel" is taken for the answer to a question that is over: it still stands there and says so."""

CANCEL = "cancel"
CANCEL_WORDS = frozenset({CANCEL, "stop", "never mind", "nevermind"})

_OVER = ""
"""The command of a question that is over."""


_WAITS = "?"
"""Where it stands among the arguments what an offer waits for; no parameter has that name."""

_HOLDS = "?holds"
"""Where it stands that words are held, and the question that stands meanwhile."""


class Waits(StrEnum):
    """Which words are taken for the answer."""

    ANSWER = "answer"
    """Any: what is none is asked again."""
    VALUE = "value"
    """Only a value of the parameter: it was offered by the way."""
    YES = "yes"
    """Only a yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question that waits: which parameter of which command, and what is known already.

    `holds`: it asks whether words are for somebody else, which go nowhere meanwhile; `before`: what was asked before
    them, and may still be answered.
    """

    id: int
    command: str
    parameter: str
    arguments: dict[str, str]
    asked_at: datetime
    waits: Waits = Waits.ANSWER
    holds: bool = False
    before: "Pending | None" = None


async def ask(
    tx: Transaction,
    member: Member,
    command: Command,
    parameter: Parameter,
    arguments: dict[str, str],
    *,
    problem: BadValue | None,
    now: datetime,
    can_cancel: bool = True,
    holds: bool = False,
    before: Pending | None = None,
) -> Reply:
    """Ask for `parameter`, after a `problem` with its nearest guesses; a new question replaces the one before.

    `can_cancel`: words that are written next are taken for the answer, so the question says how to give none.
    `holds`, `before`: as in `Pending`.
    """
    known: dict[str, Any] = {name: value for name, value in arguments.items() if name != parameter.name}
    if holds:
        known[_HOLDS] = None if before is None else _kept(before)
    row = await _put(tx, member, command.name, parameter.name, known, now=now)
    text: Say = parameter.ask if problem is None else problem.message
    guesses: list[tuple[str, Say]] = [] if problem is None else [(guess, guess) for guess in problem.guesses]
    if parameter.kind.name == "choice" and not guesses:
        guesses = parameter.kind.suggest("", member.reads(now))
    choices = tuple(
        Choice(label=label, command=ANSWER, arguments={"question": str(row.id), "value": guess})
        for guess, label in guesses
        if len(guess) <= 40  # noqa: PLR2004  what fits into a choice's token
    )
    if can_cancel:
        text = _("{question} (Or “cancel”.)", question=text)
    return Reply(content=Content(text=text, choices=choices))


async def offer(tx: Transaction, member: Member, command: str, parameter: str, *, waits: Waits, now: datetime) -> None:
    """Take words that come next for `parameter`, but only those that it `waits` for; others leave the offer."""
    await _put(tx, member, command, parameter, {_WAITS: waits.value}, now=now)


async def _put(
    tx: Transaction, member: Member, command: str, parameter: str, known: dict[str, Any], *, now: datetime
) -> Question:
    await tx.session.execute(delete(Question).where(Question.member_id == member.id))
    row = Question(
        # SQLite gives the number of a deleted row again: the old button of another question would answer this one.
        id=secrets.randbelow(2**31 - 1) + 1,
        member_id=member.id,
        command=command,
        parameter=parameter,
        arguments_sealed=tx.vault.seal_json(known, PURPOSE),
        asked_at=now,
    )
    tx.session.add(row)
    await tx.session.flush()
    return row


async def pending(
    tx: Transaction, member: Member, *, now: datetime, id_: int | None = None, valid: timedelta = VALID
) -> Pending | None:
    """The question that the member has not answered yet, if it is `valid`; the one with that id, if one is given.

    That may also be the one before it.
    """
    row = await _row(tx, member)
    if row is None or row.command == _OVER or (id_ is None and now - row.asked_at > valid):
        return None
    arguments = tx.vault.open_json(row.arguments_sealed, PURPOSE)
    waits = Waits(arguments.pop(_WAITS, Waits.ANSWER))
    holds, kept = _HOLDS in arguments, arguments.pop(_HOLDS, None)
    before = None if kept is None else Pending(**{**kept, "asked_at": datetime.fromisoformat(kept["asked_at"])})
    if before is not None and before.id == id_:
        return before
    question = Pending(
        id=row.id,
        command=row.command,
        parameter=row.parameter,
        arguments=arguments,
        asked_at=row.asked_at,
        waits=waits,
        holds=holds,
        before=before,
    )
    return question if id_ in {None, row.id} else None


def _kept(question: Pending) -> dict[str, Any]:
    return {
        "id": question.id,
        "command": question.command,
        "parameter": question.parameter,
        "arguments": question.arguments,
        "asked_at": question.asked_at.isoformat(),
    }


async def forget(tx: Transaction, member: Member) -> None:
    """The question is answered, or no longer of interest; only that and when something was asked is kept, for a day."""
    over = {"command": _OVER, "parameter": "", "arguments_sealed": tx.vault.seal_json({}, PURPOSE)}
    await tx.session.execute(update(Question).where(Question.member_id == member.id).values(over))


async def forget_about(tx: Transaction, command: str, member_ids: Collection[int]) -> None:
    """What these people were asked for this command is over: something has happened that they did not know of."""
    theirs = Question.member_id.in_(member_ids) & (Question.command == command)
    over = {"command": _OVER, "parameter": "", "arguments_sealed": tx.vault.seal_json({}, PURPOSE)}
    await tx.session.execute(update(Question).where(theirs).values(over))


async def was_asked(tx: Transaction, member: Member, *, now: datetime) -> bool:
    """Whether the member was asked something lately, though it may be over: a bare "cancel" is then about that.

    `now`: when they wrote it, perhaps by another clock.
    """
    row = await _row(tx, member)
    return row is not None and -PUNCTUAL <= now - row.asked_at <= LATELY


async def _row(tx: Transaction, member: Member) -> Question | None:
    return await tx.session.scalar(select(Question).where(Question.member_id == member.id))


def is_bare_cancel(text: str) -> bool:
    """Whether it is the one word that a question names for giving no answer, perhaps in the quotes it has there."""
    return text.strip().casefold().strip(".!\"'“”«»") == CANCEL


def is_cancel(text: str) -> bool:
    """Whether the answer is that there will be none."""
    return is_bare_cancel(text) or text.strip().casefold().strip(".!") in CANCEL_WORDS
