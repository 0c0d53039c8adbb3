"""Resources: helplines and the community's own list, looked up in people's own words."""

from dataclasses import replace
from functools import partial

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.countries import country_name, country_of_name
from bot.core.kinds import OWN_COUNTRY, Number, OneOf, Words
from bot.core.occurrences import local_date
from bot.core.resources import ELSEWHERE, TOPICS, Resource, describe, summarize
from bot.core.resources.where import where_in
from bot.core.roles import Action, may
from bot.core.text import clean_name
from bot.core.words import Say, _
from bot.services import resource_reviews
from bot.services.call import Call
from bot.services.feeds.nearby import whereis
from bot.services.feeds.vocabulary import Vocabulary
from bot.services.offer import I_NEED_A_PERSON
from bot.services.resource_reviews import ResourceReviews
from bot.services.resources import ANSWERS, PAGE, Resources, name_of
from cogs.parameters import NEAR, WHICH_TOWN

PAGES = ANSWERS // PAGE
"""Pages that can be asked for."""

REFERRAL = "treatment-referral"
"""The topic of those who find help for others."""

_SHOWN_WORDS = 40
_ON_OR_OFF = OneOf(("on", _("on")), ("off", _("off")), name="on or off")
OWN_COUNTRY_PARAMETER = Parameter(name="country", ask=_("For which country?"), kind=OWN_COUNTRY, required=False)


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
        OWN_COUNTRY_PARAMETER,
        NEAR,
    )
    async def find(self, call: Call, words: str, country: str | None = None, near: str | None = None) -> Reply:
        """Look up by words, in spite of typos; "… in Canada" names a country, "… near Oakland" a place."""
        if near:
            words = f"{where_in(words, country_of_name).words} near {near}"
        return await self._found(call, words, country)

    @command(
        "resources topic",
        _("Find helplines and services by topic"),
        Parameter(
            name="topic",
            ask=_("Which topic?"),
            kind=OneOf(*((id_, topic.label) for id_, topic in TOPICS.items()), name="topic"),
        ),
        OWN_COUNTRY_PARAMETER,
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
        OWN_COUNTRY_PARAMETER,
        Parameter(name="page", ask=_("Which page?"), kind=Number(1, PAGES), required=False),
        hidden=True,
    )
    async def more(
        self, call: Call, words: str = "", topic: str | None = None, country: str | None = None, page: int = 1
    ) -> Reply:
        """Show the next answers."""
        return await self._found(call, words, country, topic=topic, page=page)

    @command(
        "resources about",
        _("All that is known of a resource"),
        Parameter(name="resource", ask=_("Which one?"), kind=Words(32)),
        hidden=True,
    )
    async def about(self, call: Call, resource: str) -> Reply:
        """Show all of one answer."""
        found = await self._resources.named(call.tx, call.member, resource)
        if found is None:
            return Reply(content=Content(text=_("That is not on any list any more. Please look for it again.")))
        field = describe(found, today=local_date(call.now, call.member.zone))
        return Reply(content=Content(fields=(field,), choices=(I_NEED_A_PERSON,)))

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
        asked = where_in(said, country_of_name)
        if asked.here:
            raise BadValue(WHICH_TOWN, parameter="near")
        where, place = country or asked.country or call.member.country, asked.place
        spot = None
        if place is not None:
            spot = await whereis(call.tx, call.member.community.id, place, self._vocabulary, country=where)
        point = None if spot is None else spot.point
        find = partial(self._resources.find, call.tx, call.member, now=call.now, country=where)
        found = await find(asked.words, topic=topic, place=place, point=point, page=page)
        there = country_name(where, call.member.language)
        more = {"words": said, "topic": topic or "", "country": country or "", "page": str(page + 1)}
        if place is not None:
            text: Say = found.heading(clean_name(place), where, call.member.language)
            if not found.found and not page:
                # Who finds treatment for others may know the town that no list here does.
                others = await find("", topic=REFERRAL)
                text = _nothing_near(clean_name(place), there, is_anybody=bool(others.found))
                found = replace(others, known=found.known)
            if not found.known and not page and may(call.member.roles, Action.MANAGE_COMMUNITY):
                text = _(
                    "{said}\n(For you as an organizer: “handrail resources import FILE” brings in a list of services.)",
                    said=text,
                )
        elif not found.found:
            text = _("I found nothing for that in {country}.\n{elsewhere}", country=there, elsewhere=ELSEWHERE)
        elif page == 0 and asked.words and found.more:
            text = _(
                "For {country}. Nearer to you: name your town, for example “{words} in Springfield”.",
                country=there,
                words=shortened(asked.words, _SHOWN_WORDS),
            )
        else:
            text = _("For {country}:", country=there)
        today = local_date(call.now, call.member.zone)
        numbered = list(enumerate(found.found, 1))
        fields = tuple(summarize(each.resource, number=n, today=today, why=each.why) for n, each in numbered)
        choices = (
            *(_about(each.resource, n) for n, each in numbered),
            *((_more(more, found.more),) if found.more else ()),
            Choice(label=_("Another country"), command="settings country"),
            I_NEED_A_PERSON,
        )
        return Reply(content=Content(text=text, fields=fields, choices=choices))


def _nothing_near(place: str, country: str, *, is_anybody: bool) -> Say:
    """Nothing answers the words; `is_anybody`: somebody who finds help for others is named."""
    if not is_anybody:
        return _("I found nothing for that in or near “{place}”.\n{elsewhere}", place=place, elsewhere=ELSEWHERE)
    return _(
        "I found nothing for that in or near “{place}”. These can be reached from anywhere in {country}, and may know"
        " what is there:",
        place=place,
        country=country,
    )


def _about(resource: Resource, number: int) -> Choice:
    """The button for all that is known of one answer."""
    return Choice(
        label=_("More about {number}", number=number),
        command="resources about",
        arguments={"resource": name_of(resource)},
    )


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
