"""Whom somebody means who asks for a peer for another person, or lets their asking call nobody."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from sqlalchemy import func, or_, select

from bot.core.commands import BadValue
from bot.core.community import PlaceKind
from bot.core.inbound import Inbound
from bot.core.matching import fold, nearest
from bot.core.people import Member
from bot.core.platform import Acquaintance
from bot.core.roles import MAY_BE_PAGED, Action, may
from bot.core.text import clean, clean_name
from bot.core.words import _
from bot.services import members
from bot.services.whereabouts import stands_in
from bot.storage import tables
from bot.storage.database import Transaction

BOT = "Handrail"
"""What nobody may call themselves."""

ACCOUNT_LIMIT = 255
"""Characters of a platform's account id; a Matrix user id has no more."""

_WORDS_OF_A_NAME = 3
"""So many of the first words are looked at, where more were typed than a name."""

_END = "!?.,;:"
"""Marks behind a name that end a sentence. An account that ends with one is found as it was typed."""

_BEGINNING = 2
"""Letters that a misspelt name is taken to begin with."""

_GUESSES = 3
"""Names that are offered instead of a misspelt one."""

_MOST = 500
"""Accounts among which the nearest are looked for."""

_OF_OVERSEERS = (PlaceKind.MODERATORS,)

_DISCORD_MENTION = re.compile(r"<@!?(\d{1,20})>")

WhoIs = Callable[[str, str, Sequence[str]], Awaitable[Sequence[Acquaintance]]]
"""Asks a platform for the people of an account or name in some of its places; () where it does not tell."""

NOBODY = _("I know nobody of that name here. Write it as it is shown here, or mention them.")


async def author(tx: Transaction, by: Member, inbound: Inbound) -> Member:
    """The author of the message that `by` has called a command on; raises `BadValue`.

    Somebody who never spoke to the bot becomes a member only by a message in one of the community's rooms.
    """
    assert inbound.about is not None  # noqa: S101  the caller has looked
    account = inbound.about.account
    known = await _with_account(tx, by.community.id, inbound.platform, account)
    if known is None and len(account) <= ACCOUNT_LIMIT and await stands_in(tx, by.community.id, inbound):
        known, _new = await members.ensure(tx, by.community.id, inbound.platform, account)
    if known is None:
        raise BadValue(NOBODY, parameter="person")
    return await members.load(tx, known)


async def wrote_it(tx: Transaction, member: Member, inbound: Inbound) -> bool:
    """Whether the member is the author of the message that the command was called on."""
    if inbound.about is None:
        return False
    return await _with_account(tx, member.community.id, inbound.platform, inbound.about.account) == member.id


async def named(tx: Transaction, by: Member, platform: str, typed: str) -> Member:
    """The member of `by`'s community with this account, mentioned so, or with this chosen name.

    Raises `BadValue`: a name that is nearly somebody's is asked about, never guessed, because a page to the wrong
    person would tell them of another's danger.
    """
    platform, account = _account(platform, typed)
    known = await _with_account(tx, by.community.id, platform, account)
    if known is None:
        names = await _names(tx, by.community.id)
        same = _named_so(names, account)
        known = same[0] if len(same) == 1 else None
        if known is None:
            raise _several() if same else _nobody(names.values(), account)
    return await members.load(tx, known)


async def is_anothers(tx: Transaction, by: Member, name: str) -> bool:
    """Whether a member who called themselves so would be taken for another who helps in their community, or the bot."""
    wanted = fold(name)
    if wanted == fold(BOT):
        return True
    names = await _names(tx, by.community.id)
    helping = set(await members.with_roles(tx, by.community.id, MAY_BE_PAGED)) - {by.id}
    return any(fold(taken) == wanted for person, taken in names.items() if person in helping)


async def taker(tx: Transaction, by: Member, platform: str, typed: str, who_is: WhoIs) -> Member:
    """To whom `by` hands a case: as `named`, else by the name that a platform shows of them. Raises `BadValue`."""
    try:
        return await named(tx, by, platform, typed)
    except BadValue:
        return await known_anywhere(tx, by, platform, typed, who_is)


async def known_anywhere(tx: Transaction, by: Member, platform: str, typed: str, who_is: WhoIs) -> Member:
    """As `named`; also somebody who never wrote to the bot, if a platform knows them in one of the community's places.

    By their account, or by their whole name there; they become a member by it. Who is a member is found by the short
    form of their account, too: they may be in no place that the platform is asked about. Raises `BadValue`.
    """
    community = by.community.id
    own, account = _account(platform, typed)
    known = await _with_account(tx, community, own, account)
    if known is not None:
        return await members.load(tx, known)
    account = account.rstrip(_END) or account
    names = await _names(tx, community)
    meant: set[int | tuple[str, str]] = {*_named_so(names, account), *await _called_so(tx, community, account)}
    for each, places in (await _places(tx, community)).items():
        for person in await who_is(each, account, places):
            alike = any(_compared(name) == _compared(account.removeprefix("@")) for name in person.names)
            if len(person.account) <= ACCOUNT_LIMIT and (person.account == account or alike):
                known = await _with_account(tx, community, each, person.account, nowhere_else=True)
                meant.add((each, person.account) if known is None else known)
    if len(meant) > 1:
        raise _several()
    if not meant:
        raise await _nobody_but(tx, by, platform, account, names, who_is)
    (one,) = meant
    member_id = one if isinstance(one, int) else (await members.ensure(tx, community, *one))[0]
    return await members.load(tx, member_id)


async def labels(tx: Transaction, some: Sequence[Member], who_is: WhoIs) -> list[str]:
    """How an overseer reads of members, and may type of whom they mean: chosen name, name on the platform, account.

    Platforms are asked for all at once, and once: others wait for the database meanwhile.
    """
    identity, newest = tables.Identity, dict[int, tables.Identity]()
    unnamed = [member.id for member in some if not member.name]
    query = select(identity).where(identity.member_id.in_(unnamed)).order_by(identity.last_seen_at, identity.id)
    for row in await tx.session.scalars(query):
        newest[row.member_id] = row
    places = await _places(tx, some[0].community.id) if newest else {}
    # Discord's accounts are numbers, which nobody knows anybody by.
    asked = [row for row in newest.values() if row.account.isdecimal()]
    told = await asyncio.gather(*(who_is(row.platform, row.account, places.get(row.platform, ())) for row in asked))
    shown = {row.member_id: clean(row.account, ACCOUNT_LIMIT) for row in newest.values()}
    for row, people in zip(asked, told, strict=True):
        names = [clean_name(name) for person in people if person.account == row.account for name in person.names]
        shown[row.member_id] = next(filter(None, names), shown[row.member_id])
    return [member.name or shown.get(member.id, str(member.id)) for member in some]


def shown(member: Member, typed: str) -> str:
    """How somebody whom a moderator has `typed` is named to them: by their chosen name, else as they were typed."""
    return member.name or clean_name(_account("", typed)[1].removeprefix("@"))


def _account(platform: str, typed: str) -> tuple[str, str]:
    """The platform and the account or name that were typed, perhaps as a mention."""
    typed = typed.strip()
    mention = _DISCORD_MENTION.fullmatch(typed)
    return ("discord", mention[1]) if mention else (platform, typed)


async def _places(tx: Transaction, community_id: int, *, but: Sequence[str] = ()) -> dict[str, list[str]]:
    """The addresses of the community's places, by platform, without those which are of the kinds `but` alone."""
    place, found = tables.Place, dict[str, list[str]]()
    query = select(place.platform, place.address, place.kinds).where(place.community_id == community_id)
    for platform, address, kinds in await tx.session.execute(query.order_by(place.id)):
        if not but or not set(but).issuperset(kinds):
            found.setdefault(platform, []).append(address)
    return found


async def _with_account(
    tx: Transaction, community_id: int, platform: str, account: str, *, nowhere_else: bool = False
) -> int | None:
    """The member with this account, on `platform` rather than on another one, or `nowhere_else`."""
    identity = tables.Identity
    query = (
        select(identity.member_id)
        .where(identity.community_id == community_id, identity.account == account)
        .order_by((identity.platform == platform).desc(), identity.id)
    )
    if nowhere_else:
        query = query.where(identity.platform == platform)
    return await tx.session.scalar(query.limit(1))


async def _called_so(tx: Transaction, community_id: int, typed: str) -> list[int]:
    """The members with this account as people write it: in whatever case, of a Matrix id perhaps its first part."""
    account = tables.Identity.account
    wanted = typed.removeprefix("@").casefold()
    if not wanted:
        return []
    alike = or_(
        func.lower(account).in_((wanted, f"@{wanted}")), func.lower(account).startswith(f"@{wanted}:", autoescape=True)
    )
    query = select(tables.Identity.member_id).where(tables.Identity.community_id == community_id, alike)
    return list(await tx.session.scalars(query.distinct()))


async def _names(tx: Transaction, community_id: int) -> dict[int, str]:
    """The chosen names of members."""
    rows = await tx.session.execute(
        select(tables.Member.id, tables.Member.name_sealed)
        .where(tables.Member.community_id == community_id, tables.Member.name_sealed.is_not(None))
        .order_by(tables.Member.id)
    )
    return {id_: tx.vault.open(sealed, members.NAME_PURPOSE) for id_, sealed in rows if sealed is not None}


def _named_so(names: Mapping[int, str], typed: str) -> list[int]:
    wanted = _compared(typed)
    return [id_ for id_, name in names.items() if _compared(name) == wanted]


def _several() -> BadValue:
    text = _("Several people here have that name. Reply to a message of theirs, or name their account.")
    return BadValue(text, parameter="person")


def _nobody(names: Iterable[str], typed: str) -> BadValue:
    guesses = nearest(typed.removeprefix("@"), [(_compared(name), name) for name in names], _GUESSES)
    if not guesses:
        return BadValue(NOBODY, parameter="person")
    text = _(
        "I know nobody called “{typed}” here, and have done nothing. Did you mean {names}?",
        typed=clean_name(typed),
        names=" / ".join(clean_name(guess) for guess in guesses),
    )
    return BadValue(text, tuple(guesses), parameter="person")


async def _nobody_but(
    tx: Transaction, by: Member, platform: str, typed: str, names: Mapping[int, str], who_is: WhoIs
) -> BadValue:
    """Of words that are nobody's name: whose name they begin with is asked about, as in "alice she looks bad".

    Never taken: it may be the half of another's name. Else nearly the same names are offered.
    """
    words = typed.split()
    for some in (" ".join(words[:count]).rstrip(_END) for count in range(min(len(words) - 1, _WORDS_OF_A_NAME), 0, -1)):
        known = await _with_account(tx, by.community.id, platform, some)
        if known is not None or _named_so(names, some) or await _called_so(tx, by.community.id, some):
            return BadValue(_("Whom do you mean?"), (some,), parameter="person")
    return _nobody([*names.values(), *await _seen_by(tx, by, platform, typed, who_is)], typed)


async def _seen_by(tx: Transaction, by: Member, platform: str, typed: str, who_is: WhoIs) -> list[str]:
    """Names like `typed` begins, and accounts, that `by` may see where they write: of those in the same places.

    An overseer's guesses have also the accounts of members who are in none of them.
    """
    oversees = may(by.roles, Action.PAUSE_MEMBER)
    places = (await _places(tx, by.community.id, but=() if oversees else _OF_OVERSEERS)).get(platform, [])
    beginning = typed.removeprefix("@")[:_BEGINNING]
    found = [name for person in await who_is(platform, beginning, places) for name in person.names] if beginning else []
    if oversees:
        identity = tables.Identity
        mine = select(identity.account).where(
            identity.community_id == by.community.id,
            identity.platform == platform,
            func.lower(identity.account).startswith(beginning.casefold(), autoescape=True)
            | func.lower(identity.account).startswith(f"@{beginning.casefold()}", autoescape=True),
        )
        accounts = await tx.session.scalars(mine.order_by(identity.id).limit(_MOST))
        found += [_first_part(account) for account in accounts if not account.isdecimal()]
    return list(dict.fromkeys(found))


def _first_part(name: str) -> str:
    """Of a Matrix id what people call it by, else the name itself."""
    return name[1:].partition(":")[0] if name.startswith("@") and ":" in name else name


def _compared(name: str) -> str:
    """A name as it is compared; of one without any letter, such as an emoji, it is the name itself."""
    return fold(name) or name.casefold()
