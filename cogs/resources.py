"""Resources: helplines and the community's own list, looked up in people's own words."""

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Reply
from bot.core.countries import country_name
from bot.core.kinds import COUNTRY, OneOf, Words
from bot.core.occurrences import local_date
from bot.core.resources import ELSEWHERE, TOPICS, describe
from bot.core.words import Say, _
from bot.services.call import Call
from bot.services.offer import I_NEED_A_PERSON
from bot.services.resources import Resources

COUNTRY_PARAMETER = Parameter(name="country", ask=_("For which country?"), kind=COUNTRY, required=False)


class ResourceCog:
    """Looking up who can help."""

    def __init__(self, service: Resources) -> None:
        self._resources = service

    @command(
        "resources",
        _("Find a helpline or a service"),
        Parameter(
            name="words",
            ask=_("What do you need? For example: detox, alcohol in Canada, somebody to talk to."),
            kind=Words(200),
            rest=True,
        ),
        COUNTRY_PARAMETER,
    )
    async def find(self, call: Call, words: str, country: str | None = None) -> Reply:
        """Look up by words, in spite of typos; "… in Canada" names a country."""
        words, named, place = _where_in(words, call)
        return await self._found(call, words, country or named, place=place)

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

    async def _found(
        self, call: Call, words: str, country: str | None, *, topic: str | None = None, place: str | None = None
    ) -> Reply:
        where = country or call.member.country
        found = await self._resources.find(call.tx, call.member, words, country=where, topic=topic, place=place)
        there = country_name(where, call.member.language)
        other = Choice(label=_("Another country"), command="settings country")
        if not found:
            text = _("I found nothing for that in {country}.\n{elsewhere}", country=there, elsewhere=ELSEWHERE)
            return Reply(content=Content(text=text, choices=(other, I_NEED_A_PERSON)))
        today = local_date(call.now, call.member.zone)
        return Reply(
            content=Content(
                text=_("For {country}:", country=there),
                fields=tuple(describe(match.resource, today=today) for match in found),
                choices=(other, I_NEED_A_PERSON),
            )
        )


def _where_in(words: str, call: Call) -> tuple[str, str | None, str | None]:
    """The words without a country named at their end, that country, or else the place named there."""
    before, _in, last = words.rpartition(" in ")
    if not before:
        return words, None, None
    try:
        return before, str(COUNTRY.parse(last, call.member.reads(call.now))), None
    except BadValue:
        return words, None, last
