"""The peers of a community are told of people whom no community knows, of each who asks, in no more messages than help.

Anybody may make accounts and name a community: three of them are told of alone, then one message names all who come,
and is renewed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from bot.core.content import Content, Field
from bot.core.inbound import Inbound
from bot.core.people import Community
from bot.core.roles import Role
from bot.core.words import _, _n
from bot.delivery import contents
from bot.delivery.outbox import EDIT, Priority
from bot.services import members
from bot.services.renewing import renew
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import Delivery

ALONE = 3
"""So many strangers are told of in a message of their own within `WINDOW`."""

WINDOW = timedelta(minutes=10)
"""The peers are told of the same person once in so long."""

PAUSE = timedelta(minutes=3)
"""The message that names many is said anew only after so long; till then it is renewed."""

_PROFILES = {"discord": "https://discord.com/users/{}", "matrix": "https://matrix.to/#/{}"}

_MANY = "many"
_ROOM_FOR = 900
"""Characters of links that every platform shows in one message."""


async def tell(tx: Transaction, voice: Voice, community: Community, inbound: Inbound, *, now: datetime) -> None:
    """Tell its peers who asks, unless they have been told lately."""
    who = _PROFILES.get(inbound.platform, "{}").format(inbound.account)
    person = tx.vault.digest(f"{inbound.platform} {inbound.account}", "strangers")
    known = await _told_lately(tx, community.id, now=now)
    if person in known:
        return
    if len(known) < ALONE:
        content = Content(
            title=_("⚠️ Somebody whom I do not know asks for a person"),
            text=_(
                "They wrote to me privately and say that they are in {community}. I cannot tell whether that is so, and"
                " there is no case. Please write to them yourself: {who}",
                community=community.name,
                who=who,
            ),
        )
        await _say(tx, voice, community, content, key=f"{_prefix(community.id)}{person}:{_second(now)}", now=now)
        return
    last = await _last_of_many(tx, community.id, now=now)
    before = await _named_in(tx, last)
    if who in before:
        return
    content = _many(community.name, [who, *before])
    first = None if last is None else await _first_of(tx, last)
    if first and first[0].created_at > now - PAUSE:
        await renew(tx, voice, first, content, community.language, by=str(last.id if last else 0), now=now)
    else:
        await _say(tx, voice, community, content, key=f"{_prefix(community.id)}{_MANY}:{_second(now)}", now=now)


def _prefix(community_id: int) -> str:
    return f"named:{community_id}:"


def _second(now: datetime) -> int:
    return int(now.timestamp())


async def _told_lately(tx: Transaction, community_id: int, *, now: datetime) -> set[str]:
    """Of whom they were told alone within `WINDOW`, by their digests."""
    told = select(Delivery.key).where(
        Delivery.key.startswith(_prefix(community_id)), Delivery.created_at > now - WINDOW
    )
    return {key.split(":")[2] for key in await tx.session.scalars(told)} - {_MANY}


async def _last_of_many(tx: Transaction, community_id: int, *, now: datetime) -> Delivery | None:
    """The newest message that names many, or its newest renewal."""
    named = f"{_prefix(community_id)}{_MANY}:"
    query = select(Delivery).where(
        or_(Delivery.key.startswith(named), Delivery.key.startswith(f"{EDIT}{named}")),
        Delivery.created_at > now - WINDOW,
    )
    return await tx.session.scalar(query.order_by(Delivery.id.desc()).limit(1))


async def _named_in(tx: Transaction, last: Delivery | None) -> list[str]:
    """The links that stand in it; none in one that cannot be read any more."""
    if last is None:
        return []
    try:
        content = await contents.unseal(tx, last.content_sealed, last.shared_id)
    except Exception:  # whatever a damaged value does to the parser: they are told of this one at least
        return []
    return str(content.fields[0].value).split("\n") if content.fields else []


async def _first_of(tx: Transaction, last: Delivery) -> Sequence[Delivery]:
    """The messages, one for each receiver, of which `last` is one or renews one."""
    base = ":".join(last.key.removeprefix(EDIT).split(":")[:4])
    said = select(Delivery).where(Delivery.key.startswith(f"{base}:")).order_by(Delivery.id)
    return (await tx.session.scalars(said)).all()


def _many(community: str, who: Sequence[str]) -> Content:
    """The one message; where not all have room, the newest."""
    named: list[str] = []
    for link in who:
        if named and sum(map(len, named)) + len(named) + len(link) > _ROOM_FOR:
            break
        named.append(link)
    return Content(
        title=_n(
            "⚠️ {n} more person whom I do not know asks for a person",
            "⚠️ At least {n} more people whom I do not know ask for a person",
            n=len(named),
        ),
        text=_(
            "So many have written to me privately within a few minutes and say that they are in {community}. It may be"
            " an attack, and somebody among them may be in danger. There is no case: please write to them yourself.",
            community=community,
        ),
        fields=(Field(name=_("Who"), value="\n".join(named)),),
    )


async def _say(
    tx: Transaction, voice: Voice, community: Community, content: Content, *, key: str, now: datetime
) -> None:
    crisis = Priority.CRISIS
    if await voice.to_places(tx, community, "peers", content, key=key, priority=crisis, now=now):
        return
    for peer_id in await members.with_roles(tx, community.id, {Role.PEER}):
        peer = await members.load(tx, peer_id)
        await voice.to_member(tx, peer, content, key=f"{key}:{peer_id}", priority=crisis, now=now)
