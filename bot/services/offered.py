"""The choices that stand under what the bot has said to somebody, and which of them a typed number or name means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import dropwhile

from sqlalchemy import select

from bot.core.content import Choice
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.platform import Address
from bot.delivery import contents, outbox
from bot.services.offer import I_NEED_A_PERSON
from bot.storage.database import Transaction
from bot.storage.tables import Delivery

STANDS = timedelta(days=1)
"""So long a choice may be named. A number means one under the newest message however old that is."""

AT_HAND = timedelta(hours=1)
"""So long an earlier message may be what a number was meant for that would do something which cannot be undone."""

MESSAGES = 10
"""The newest messages that are looked at."""

LONGEST_NAME = 80
"""Characters of what may be a choice's name."""

LASTING = frozenset({"checkin share", "exchange", "mydata erase", "swap accept", "attendance confirm"})
"""Commands behind choices by which others see something, or something is gone for good."""

HELP = "help"
"""The command that says what the bot can do."""

OTHER_COUNTRY = "settings country"
"""The command that says which country's numbers are shown."""

SAFE = "safe"
"""The command with which a member says that they need nobody any more."""

_BESIDE_A_PERSON = frozenset({HELP, I_NEED_A_PERSON.command, OTHER_COUNTRY})
"""Commands of the choices under a question whether a person shall be called."""

_NUMBER = re.compile("([1-9])\ufe0f?\u20e3?")
"""A digit, typed or as a keycap."""

_REPLY = "reply:"
"""How the key of an answer to what somebody did begins."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One message of the bot, and the choices under it.

    `asks`: its words end with a question; `is_question`: there is one anywhere in it, such as in its title.
    """

    key: str
    sent_at: datetime
    of_case: bool
    choices: tuple[Choice, ...]
    asks: bool
    is_question: bool = False


async def lately(tx: Transaction, address: Address, *, at_once: bool = False) -> list[Offered]:
    """The newest messages at `address`, the newest first; `at_once`: no more of them than a number needs."""
    query = (
        select(Delivery)
        .where(
            Delivery.platform == address.platform,
            Delivery.kind == address.kind,
            Delivery.address == address.id,
            Delivery.state == "sent",
            ~Delivery.key.startswith(outbox.EDIT),
        )
        .order_by(Delivery.sent_at.desc(), Delivery.id.desc())
        .limit(MESSAGES)
    )
    found: list[Offered] = []
    for row in await tx.session.scalars(query):
        content = await contents.unseal(tx, row.content_sealed, row.shared_id) if row.has_choices else None
        if row.sent_at is not None:
            of_case = row.case_id is not None
            choices = () if content is None else content.choices
            asks = content is not None and str(content.text).rstrip().endswith("?")
            is_question = content is not None and "?" in f"{content.title or ''}{content.text}"
            found.append(Offered(row.key, row.sent_at, of_case, choices, asks, is_question))
        if at_once and found and (found[0].of_case or not found[0].choices):
            break  # it is answered at once, or it is not the bot that was written to
    return found


def numbered(messages: Sequence[Offered], number: int, *, now: datetime) -> tuple[Choice, ...]:
    """The choices that may be meant by `number`, from 1, that of the newest message first.

    It is that one alone, unless the bot has said several things in a row: then it may be that of any of them. And
    something that lasts is chosen by a number only where no earlier message of late has such a number. What the bot
    says in a case is answered at once.
    """
    messages = [message for message in messages if message.choices]
    if not messages:
        return ()
    newest, chosen = messages[0], _of(messages[0], number)
    if newest.of_case:
        return () if chosen is None else (chosen,)
    if chosen is not None and chosen.command in LASTING:
        open_ = [message for message in messages if now - message.sent_at <= AT_HAND]
    else:
        replies = (at for at, message in enumerate(messages) if message.key.startswith(_REPLY))
        last = next(replies, len(messages) - 1)
        open_ = [message for message in messages[: last + 1] if now - message.sent_at <= STANDS]
    meant = [] if chosen is None else [chosen]
    meant += [choice for message in open_ if (choice := _of(message, number)) is not None]
    # The same that was asked again and again is one thing: its newest counts.
    by_name: dict[str, Choice] = {}
    for choice in meant:
        by_name.setdefault(fold(str(choice.label)), choice)
    return tuple(by_name.values())


def number_of(text: str) -> int | None:
    """The digit that is all of `text`."""
    found = _NUMBER.fullmatch(text.strip())
    return None if found is None else int(found[1])


def pressed(messages: Sequence[Offered], number: int, *, now: datetime) -> Choice | None:
    """The choice that `number` presses: the newest message's, where nothing else may be meant."""
    meant = numbered(messages, number, now=now)
    is_sure = len(meant) == 1 and meant[0] == _of(messages[0], number)
    return meant[0] if is_sure else None


def named(messages: Sequence[Offered], text: str, *, now: datetime, after: datetime | None = None) -> Choice | None:
    """The choice whose whole name, but for its emoji, is `text`: of the newest message that has it, said `after`."""
    wanted = fold(text[: LONGEST_NAME + 1])
    if not wanted or len(text) > LONGEST_NAME:
        return None
    for message in messages:
        if now - message.sent_at > STANDS or (after is not None and message.sent_at <= after):
            return None
        for choice in message.choices:
            if fold(str(choice.label)) == wanted:
                return choice
    return None


def a_person(messages: Sequence[Offered], *, now: datetime) -> Choice | None:
    """The choice that calls a person, where the bot has just asked whether it shall, and nothing else."""
    if not messages or not messages[0].asks or now - messages[0].sent_at > AT_HAND:
        return None
    choices = {choice.command: choice for choice in messages[0].choices}
    return choices.get(I_NEED_A_PERSON.command) if choices.keys() <= _BESIDE_A_PERSON else None


def a_person_before(messages: Sequence[Offered], *, now: datetime) -> bool:
    """Whether it has asked that, and has since said nothing but what came of their own words."""
    earlier = list(dropwhile(lambda message: message.key.startswith(_REPLY) and not message.asks, messages))
    return a_person(earlier, now=now) is not None


def a_person_declined(messages: Sequence[Offered], *, now: datetime) -> Choice | None:
    """The same, where the bot has asked that and then answered something, such as that it calls nobody."""
    if not messages or messages[0].asks or [one.command for one in messages[0].choices] != [I_NEED_A_PERSON.command]:
        return None
    return a_person(messages[1:], now=now)


def says_how_to_end(messages: Sequence[Offered]) -> bool:
    """Whether it has just said to who waits with a concern how they end it, and how they get a person instead."""
    return bool(messages) and [one.command for one in messages[0].choices] == [SAFE, I_NEED_A_PERSON.command]


def where_written(inbound: Inbound) -> Address:
    """The private chat, or the place apart, where something was written."""
    if inbound.apart is not None:
        return Address(platform=inbound.platform, kind="place", id=inbound.place)
    return Address(platform=inbound.platform, kind="direct", id=inbound.account)


def _of(message: Offered, number: int) -> Choice | None:
    chosen = message.choices[number - 1] if 1 <= number <= len(message.choices) else None
    return None if chosen is None or not chosen.has_number else chosen
