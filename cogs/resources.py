"""Resources: helplines and the community's own list, looked up in people's own words."""

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.countries import country_name
from bot.core.kinds import COUNTRY, Number, OneOf, Words
from bot.core.occurrences import local_date
from bot.core.resources import ELSEWHERE, TOPICS, describe
from bot.core.resources.search import is_in
from bot.core.roles import Action, may
from bot.core.text import clean_name
from bot.core.words import Say, _
from bot.services import resource_reviews
from bot.services.call import Call
from bot.services.feeds.nearby import whereis
from bot.services.feeds.vocabulary import Vocabulary
from bot.services.offer import I_NEED_A_PERSON
from bot.services.resource_reviews import ResourceReviews
from bot.services.resources import ANSWERS, PAGE, Page, Resources

PAGES = ANSWERS // PAGE
"""Pages that can be asked for."""

REFERRAL = "treatment-referral"
"""The topic of those who find help for others."""

_SHOWN_WORDS = 40
_PLACE_WORDS = 4
"""Words of a place's name; "in trouble with the law again" is none."""
_HERE = frozenset({"me", "here", "my area", "us", "mi", "aquí"})

_NEAR_ME = tuple(f" {near} {here}" for near in ("near", "around", "cerca de") for here in sorted(_HERE))

_ON_OR_OFF = OneOf(("on", _("on")), ("off", _("off")), name="on or off")
COUNTRY_PARAMETER = Parameter(name="country", ask=_("For which country?"), kind=COUNTRY, required=False)


class ResourceCog:
    """Looking up who can help."""

    def __init__(self, service: Resources, reviews: ResourceReviews, vocabulary: Vocabulary) -> None:
        self._resources = service
        self._reviews = reviews
        self._vocabulary = vocabulary

    @command(
        "resources",
        _("Find a helpline or a service"),
        Parameter(
            name="words",
            ask=_("What do you need? For example: detox, alcohol in Canada, somebody to talk to."),
            kind=Words(200),
            rest=True,
            example="detox",
        ),
        COUNTRY_PARAMETER,
    )
    async def find(self, call: Call, words: str, country: str | None = None) -> Reply:
        """Look up by words, in spite of typos; "… in Canada" names a country."""
        return await self._found(call, words, country)

    @command(
        "resources topic",
        _("Find helplines and services by topic"),
        Parameter(
            name="topic",
            ask=_("Which topic?"),
            kind=OneOf(*((id_, topic.label) for id_, topic in TOPICS.items()), name="topic"),
        ),
        COUNTRY_PARAMETER,
    )
    async def by_topic(self, call: Call, topic: str, country: str | None = None) -> Reply:
        """Look up by one of the known topics."""
        return await self._found(call, "", country, topic=topic)

    @command("resources topics", _("The topics to look up"))
    async def topics(self, call: Call) -> Reply:
        """Say which topics there are."""
        listed: Say = ""
        for topic in TOPICS.values():
            listed = _("{topics}, {topic}", topics=listed, topic=topic.label) if listed else topic.label
        return Reply(content=Content(title=_("Topics"), text=listed))

    @command(
        "resources more",
        _("More of what was found"),
        Parameter(name="words", ask=_("What do you need?"), kind=Words(200), required=False),
        Parameter(name="topic", ask=_("Which topic?"), kind=Words(40), required=False),
        COUNTRY_PARAMETER,
        Parameter(name="page", ask=_("Which page?"), kind=Number(1, PAGES), required=False),
        hidden=True,
    )
    async def more(
        self, call: Call, words: str = "", topic: str | None = None, country: str | None = None, page: int = 1
    ) -> Reply:
        """Show the next answers."""
        return await self._found(call, words, country, topic=topic, page=page)

    @command(
        "resources right",
        _("A resource was checked, and is right"),
        Parameter(name="resource", ask=_("Which one?"), kind=Words(32)),
        may=Action.MANAGE_COMMUNITY,
        hidden=True,
    )
    async def right(self, call: Call, resource: str) -> Reply:
        """Store that an organizer has checked it."""
        return await self._checked(call, resource, right=True)

    @command(
        "resources wrong",
        _("A resource was checked, and is wrong"),
        Parameter(name="resource", ask=_("Which one?"), kind=Words(32)),
        may=Action.MANAGE_COMMUNITY,
        hidden=True,
    )
    async def wrong(self, call: Call, resource: str) -> Reply:
        """Store that it is not to be shown any more."""
        return await self._checked(call, resource, right=False)

    @command(
        "resources reviews",
        _("Whether organizers are asked to check what is over a year old"),
        Parameter(
            name="ask", ask=_("Ask once a week?"), kind=OneOf(("on", _("on")), ("off", _("off")), name="on or off")
        ),
        may=Action.MANAGE_COMMUNITY,
    )
    async def reviews(self, call: Call, ask: str) -> Reply:
        """Switch the weekly question on or off."""
        await resource_reviews.switch(call.tx, call.member.community.id, on=ask == "on", now=call.now)
        if ask == "on":
            return Reply(content=Content(text=_("Once a week at most I ask you about what is over a year old.")))
        return Reply(content=Content(text=_("I ask no more. To turn it on again: resources reviews on")))

    async def _checked(self, call: Call, resource: str, *, right: bool) -> Reply:
        try:
            found = await self._reviews.answer(call.tx, call.member, resource, right=right, now=call.now)
        except LookupError:
            return Reply(content=Content(text=_("That was answered already, or is not on the list any more.")))
        if right:
            return Reply(content=Content(text=_("Thank you. {name} is shown as checked today.", name=found.name)))
        return Reply(
            content=Content(
                text=_(
                    "Thank you. When your members search, {name} is not shown any more. Crisis alerts keep their own"
                    " list. Please tell whoever published it: {source}",
                    name=found.name,
                    source=found.source or "–",
                )
            )
        )

    async def _found(
        self, call: Call, said: str, country: str | None, *, topic: str | None = None, page: int = 0
    ) -> Reply:
        words, named, place = where_in(said, call)
        where = country or named or call.member.country
        spot = None
        if place is not None:
            spot = await whereis(call.tx, call.member.community.id, place, self._vocabulary, country=where)
        point = None if spot is None else spot.point
        found = await self._resources.find(
            call.tx, call.member, words, now=call.now, country=where, topic=topic, place=place, point=point, page=page
        )
        there = country_name(where, call.member.language)
        other = Choice(label=_("Another country"), command="settings country")
        asked = {"words": said, "topic": topic or "", "country": country or "", "page": str(page + 1)}
        following = (_more(asked, found.more),) if found.more else ()
        if place is not None and page == 0:
            known = spot is not None or any(is_in(each.resource, place) for each in found.found)
            if not found.found or not known:
                return await self._elsewhere(call, found, where, place, (*following, other, I_NEED_A_PERSON))
        if not found.found:
            text = _("I found nothing for that in {country}.\n{elsewhere}", country=there, elsewhere=ELSEWHERE)
            return Reply(content=Content(text=text, choices=(other, I_NEED_A_PERSON)))
        today = local_date(call.now, call.member.zone)
        text = _("For {country}:", country=there)
        if place is None and page == 0 and words and (found.more or said.casefold().strip(" .!?").endswith(_NEAR_ME)):
            text = _(
                "For {country}. Nearer to you: name your town, for example “{words} in Springfield”.",
                country=there,
                words=shortened(words, _SHOWN_WORDS),
            )
        return Reply(
            content=Content(
                text=text,
                fields=tuple(describe(match.resource, today=today, why=match.why) for match in found.found),
                choices=(*following, other, I_NEED_A_PERSON),
            )
        )

    async def _elsewhere(self, call: Call, found: Page, where: str, place: str, choices: tuple[Choice, ...]) -> Reply:
        """A place that no list here knows, or nothing in it: who can be reached from anywhere, and what to do."""
        there, named = country_name(where, call.member.language), clean_name(place)
        text = _(
            "I have no list of what there is in or near “{place}”. These can be reached from anywhere in {country}:",
            place=named,
            country=there,
        )
        if not found.found:
            text = _(
                "I found nothing for that in or near “{place}”. These can be reached from anywhere in {country}, and"
                " may know what is there:",
                place=named,
                country=there,
            )
            # Who finds treatment for others may know the town that no list here does.
            found = await self._resources.find(call.tx, call.member, "", now=call.now, country=where, topic=REFERRAL)
        if not found.found:
            text = _("I found nothing for that in or near “{place}”.\n{elsewhere}", place=named, elsewhere=ELSEWHERE)
        if may(call.member.roles, Action.MANAGE_COMMUNITY):
            text = _(
                "{said}\n(For you as an organizer: “handrail resources import FILE” brings in a list of services.)",
                said=text,
            )
        today = local_date(call.now, call.member.zone)
        fields = tuple(describe(match.resource, today=today, why=match.why) for match in found.found)
        return Reply(content=Content(text=text, fields=fields, choices=choices))


def _more(asked: dict[str, str], number: int) -> Choice:
    """The button for the next answers. What is asked for goes with it, cut down to what a button can carry."""
    for letters in range(len(asked["words"]), -1, -5):
        kept = {**asked, "words": shortened(asked["words"], letters)}
        choice = Choice(
            label=_("{n} more", n=number),
            command="resources more",
            arguments={key: value for key, value in kept.items() if value},
        )
        try:
            choice.token  # noqa: B018  raises where it is too long
        except ValueError:
            continue
        return choice
    raise AssertionError("a button without words is short enough")


def shortened(words: str, letters: int) -> str:
    """The first whole words that fit into so many letters."""
    return words if len(words) <= letters else words[: letters + 1].rpartition(" ")[0]


def where_in(words: str, call: Call) -> tuple[str, str | None, str | None]:
    """The words without a country or place named at their end ("… in Canada", "… near Oakland"); both, if named.

    "Near me" names no place.
    """
    for between in (" in ", " near ", " around ", " cerca de ", " en "):
        before, _between, last = words.rpartition(between)
        if not before or last.casefold().strip(" .!?") in _HERE:
            continue
        try:
            return before, str(COUNTRY.parse(last, call.member.reads(call.now))), None
        except BadValue:
            return (before, None, last) if len(last.split()) <= _PLACE_WORDS else (words, None, None)
    return words, None, None
