"""Imported services that may answer a need: found by full text, from the strictest query on, a bounded number."""

from dataclasses import replace

from bot.core.distance import Point, boxes
from bot.core.resources.index import Need, queries
from bot.core.resources.match import alike_among
from bot.core.resources.model import Resource
from bot.core.resources.serial import load_resource
from bot.storage import fulltext
from bot.storage.database import Transaction

OF_EACH = 15
"""Services taken of one query."""
ENOUGH = 30
"""Services after which no wider query is asked: the best are among them."""
ENOUGH_NEAR = 5
"""Services after which is not looked further away."""
REACH = (25.0, 160.0)
"""Kilometres within which is looked."""
AT_ONCE = 3
"""Queries in one statement."""

_SHORTEST_CORRECTED = 5
"""Letters: shorter words must be right ("food" is not "good")."""


async def candidates(
    tx: Transaction, community_id: int | None, need: Need, point: Point | None = None
) -> list[Resource]:
    """Services that this community (None: any) may see and that answer `need`, typing errors forgiven.

    Those near the `point`, if there is one, are among them.
    """
    found: dict[int, Resource] = {}
    corrected = await _corrected(tx, (*need.words, *need.place))
    need = replace(
        need,
        words=tuple(corrected.get(word, word) for word in need.words),
        place=tuple(corrected.get(word, word) for word in need.place),
    )
    if point is not None:
        found |= await _near(tx, community_id, need, point)
    rest = list(queries(need))
    while rest and len(found) < ENOUGH:
        for id_, record in await fulltext.find(tx, community_id, rest[:AT_ONCE], OF_EACH):
            if id_ not in found:
                found[id_] = load_resource(record)
        rest = rest[AT_ONCE:]
    return list(found.values())


async def _near(tx: Transaction, community_id: int | None, need: Need, point: Point) -> dict[int, Resource]:
    """The nearest services that answer the need, wherever their town is."""
    found: dict[int, Resource] = {}
    for km in REACH:
        for query in list(queries(replace(need, place=())))[:AT_ONCE]:
            for box in boxes(point, km):
                for id_, record in await fulltext.near(tx, community_id, query, point, box, OF_EACH):
                    found[id_] = load_resource(record)
            if len(found) >= OF_EACH:
                return found
        if len(found) >= ENOUGH_NEAR:
            break
    return found


async def _corrected(tx: Transaction, words: tuple[str, ...]) -> dict[str, str]:
    """Those of the words that no service has, as services write what was meant."""
    near = await fulltext.like(tx, [word for word in words if len(word) >= _SHORTEST_CORRECTED])
    meant = {word: min(alike_among(word, others), default=word) for word, others in near.items()}
    return {word: other for word, other in meant.items() if other != word}
