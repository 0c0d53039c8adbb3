"""When somebody is asked again how they are, after a case."""

from datetime import datetime, timedelta

AFTER = (timedelta(hours=24), timedelta(hours=72), timedelta(days=7))
"""How long after the end of the case, each time."""

STILL_ANSWERS = timedelta(hours=24)
"""For so long after a question what somebody writes is taken for its answer."""


def next_question(began_at: datetime, asked: int, *, now: datetime) -> tuple[int, datetime] | None:
    """The next question, its number from 1 and its instant, of those still to come; None after the last.

    After a downtime the questions that were missed are not asked one after the other.
    """
    for number, after in enumerate(AFTER, start=1):
        if number > asked and began_at + after > now:
            return number, began_at + after
    return None


def still_answers(began_at: datetime, asked: int, *, now: datetime) -> bool:
    """Whether the last question was put so lately that words may be its answer."""
    return asked > 0 and timedelta() <= now - (began_at + AFTER[asked - 1]) <= STILL_ANSWERS
