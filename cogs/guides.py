"""Guides in plain words: the bot's, and the community's own."""

from bot.core.commands import BadValue, Parameter, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.countries import country_name
from bot.core.guides import GUIDES, Guide, find_guide
from bot.core.kinds import Words
from bot.core.words import Say, Text, _
from bot.services import guides
from bot.services.call import Call
from bot.services.offer import I_NEED_A_PERSON
from bot.services.resources import Resources

_LISTED = 20
"""Guides that have a button in the list: what Discord shows under one message."""
_NEAREST = 5
"""Guides that are named to who asks for one that there is not; more come with the bot."""


class GuideCog:
    """Reading up on something, at three in the morning."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @command("guides", _("Guides in plain words: overdose, withdrawal, helping a friend, …"))
    async def listed(self, call: Call) -> Reply:
        """List the guides."""
        own = await guides.of_community(call.tx, call.member.community.id)
        listed = (*own, *GUIDES)
        choices = tuple(
            Choice(label=guide.title, command="guide", arguments={"name": guide.id}) for guide in listed[:_LISTED]
        )
        text = _("Which one?")
        if len(listed) > _LISTED:
            text = _(
                "Which one? There are {n} more: “guide” and what it is about finds them, such as “guide {name}”.",
                n=len(listed) - _LISTED,
                name=listed[_LISTED].id,
            )
        return Reply(content=Content(title=_("Guides"), text=text, choices=choices))

    @command(
        "guide",
        _("Read a guide, such as “guide overdose”"),
        Parameter(
            name="name",
            ask=_("About what? For example: overdose, withdrawal, friend."),
            kind=Words(80),
            rest=True,
            example="overdose",
        ),
    )
    async def read(self, call: Call, name: str) -> Reply:
        """Show one guide."""
        own = await guides.of_community(call.tx, call.member.community.id)
        guide = find_guide(name, own)
        if guide is None:
            names = tuple(guide.id for guide in (*own, *GUIDES))
            text = _("I have no guide of that name. There are these:")
            if (more := len(names) - _NEAREST) > 0:
                text = _("I have no guide of that name. There are these, and {n} more: “guides”", n=more)
            raise BadValue(text, names[:_NEAREST], parameter="name")
        return Reply(content=self._shown(guide, call))

    def _shown(self, guide: Guide, call: Call) -> Content:
        lines: list[Say] = [*self._first(guide, call), *guide.paragraphs]
        text = Text(
            "\n\n".join(f"{{line{n}}}" for n in range(len(lines))), dict(zip(_names(lines), lines, strict=True))
        )
        sources = Text("\n".join(f"{{line{n}}}" for n in range(len(guide.sources))), _numbered(guide.sources))
        fields = [Field(name=_("Sources"), value=sources)] if guide.sources else []
        dated = _("As of {day}. General information, no medical advice.", day=guide.written.isoformat())
        if guide.from_community:
            dated = _("Written by your community. As of {day}.", day=guide.written.isoformat())
        fields.append(Field(name=_("About this guide"), value=dated))
        return Content(title=guide.title, text=text, fields=tuple(fields), choices=(I_NEED_A_PERSON,))

    def _first(self, guide: Guide, call: Call) -> list[Say]:
        """The number to call, where it may be needed."""
        number = self._resources.emergency_number(call.member.country) if guide.urgent else None
        if number is None:
            return []
        there = country_name(call.member.country, call.member.language)
        return [_("Emergency number in {country}: {number}", country=there, number=number.number)]


def _names(lines: list[Say]) -> list[str]:
    return [f"line{n}" for n in range(len(lines))]


def _numbered(lines: tuple[str, ...]) -> dict[str, str | int]:
    return {f"line{n}": line for n, line in enumerate(lines)}
