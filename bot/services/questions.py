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
from bot.core.kinds import OneOf
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

_STAYS, _EARLIER = "?stays", "?earlier"
"""Where it stands what waits in a question, and the earlier questions in which something else does."""

_MOST_EARLIER, _KEPT = 4, timedelta(days=1)
"""So many of them, and so long, as long as a question itself: new ones do not keep their words any longer."""


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
    them, and may still be answered. `stays`: what waits in it, "" for nothing; its buttons do what they say although
    something else was asked since, unless that was the same anew.
    """

    id: int
    command: str
    parameter: str
    arguments: dict[str, str]
    asked_at: datetime
    waits: Waits = Waits.ANSWER
    holds: bool = False
    before: "Pending | None" = None
    stays: str = ""


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
    stays: str = "",
) -> Reply:
    """Ask for `parameter`, after a `problem` with its nearest guesses; a new question replaces the one before.

    `can_cancel`: words that are written next are taken for the answer, so the question says how to give none.
    `holds`, `before`, `stays`: as in `Pending`.
    """
    known: dict[str, Any] = {name: value for name, value in arguments.items() if name != parameter.name}
    if stays:
        known[_STAYS] = stays
    if holds:
        known[_HOLDS] = None if before is None else _kept(before)
    row = await _put(tx, member, command.name, parameter.name, known, now=now)
    text: Say = parameter.ask if problem is None else problem.message
    labels = dict(parameter.kind.choices) if isinstance(parameter.kind, OneOf) else {}
    guesses: list[tuple[str, Say]] = (
        [] if problem is None else [(guess, labels.get(guess, guess)) for guess in problem.guesses]
    )
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
    staying = [each for each in await _staying(tx, member) if each["stays"] != known.get(_STAYS)]
    earlier = [each for each in staying if now - datetime.fromisoformat(each["asked_at"]) < _KEPT]
    if earlier:
        known = {**known, _EARLIER: earlier}
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

    That may also be the one before it, or an earlier one that stays.
    """
    row = await _row(tx, member)
    if row is None or (id_ is None and (row.command == _OVER or now - row.asked_at > valid)):
        return None
    question, earlier = _read(tx, row)
    known = [question, None if question is None else question.before, *map(_restored, earlier)]
    return question if id_ is None else next((one for one in known if one is not None and one.id == id_), None)


def _read(tx: Transaction, row: Question) -> tuple[Pending | None, list[dict[str, Any]]]:
    """The question, if it is not over, and the earlier ones that stay."""
    arguments = tx.vault.open_json(row.arguments_sealed, PURPOSE)
    earlier = arguments.pop(_EARLIER, [])
    if row.command == _OVER:
        return None, earlier
    waits = Waits(arguments.pop(_WAITS, Waits.ANSWER))
    holds, kept = _HOLDS in arguments, arguments.pop(_HOLDS, None)
    question = Pending(
        id=row.id,
        command=row.command,
        parameter=row.parameter,
        stays=arguments.pop(_STAYS, ""),
        arguments=arguments,
        asked_at=row.asked_at,
        waits=waits,
        holds=holds,
        before=None if kept is None else _restored(kept),
    )
    return question, earlier


async def _staying(tx: Transaction, member: Member, *, but: int | None = None) -> list[dict[str, Any]]:
    """The member's questions that stay, the newest first, without the one with the id `but`."""
    row = await _row(tx, member)
    question, earlier = (None, []) if row is None else _read(tx, row)
    stay = [_kept(question), *earlier] if question is not None and question.stays else earlier
    return [each for each in stay if each["id"] != but][:_MOST_EARLIER]


async def staying(tx: Transaction, member: Member) -> list[Pending]:
    """The member's questions in which something waits, the newest first."""
    return [_restored(each) for each in await _staying(tx, member)]


def _restored(kept: dict[str, Any]) -> Pending:
    return Pending(**{**kept, "asked_at": datetime.fromisoformat(kept["asked_at"])})


def _kept(question: Pending) -> dict[str, Any]:
    return {
        "id": question.id,
        "command": question.command,
        "parameter": question.parameter,
        "arguments": question.arguments,
        "asked_at": question.asked_at.isoformat(),
        "stays": question.stays,
    }


async def forget(tx: Transaction, member: Member) -> None:
    """No more words are taken for the answer; that and when something was asked is kept for a day, and what stays."""
    await _end(tx, member, await _staying(tx, member))


async def answered(tx: Transaction, member: Member, question: Pending) -> None:
    """This question is answered: it is over, and so is the newest, unless this is an earlier one that stayed."""
    row = await _row(tx, member)
    newest = None if row is None else _read(tx, row)[0]
    left = await _staying(tx, member, but=question.id)
    if row is None or newest is None or newest.id == question.id or not question.stays:
        await _end(tx, member, left)
        return
    known = {
        **tx.vault.open_json(row.arguments_sealed, PURPOSE),
        _EARLIER: [one for one in left if one["id"] != row.id],
    }
    row.arguments_sealed = tx.vault.seal_json(known, PURPOSE)
    await tx.session.flush()


async def _end(tx: Transaction, member: Member, staying: list[dict[str, Any]]) -> None:
    known = {_EARLIER: staying} if staying else {}
    over = {"command": _OVER, "parameter": "", "arguments_sealed": tx.vault.seal_json(known, PURPOSE)}
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
