"""Help: what the bot can do for the one who asks, shortly, and more about what they name."""

from collections.abc import Callable, Sequence

from bot.core.commands import BadValue, Command, Parameter, Registry, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.usage import examples, usage
from bot.core.words import Say, Text, _
from bot.services import help_topics
from bot.services.call import Call
from bot.services.help_topics import GROUPS, PERSON, HelpTopic
from bot.services.offer import I_NEED_A_PERSON, IN_DANGER


class HelpCog:
    """Shows the commands that the asker may use. `registry` is asked late, because help is a command itself."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry

    @command(
        "help",
        _("What I can do"),
        Parameter(
            name="about",
            ask=_("About what? For example: meetings, or checkin start."),
            kind=HelpTopic(),
            required=False,
            sure=True,
            example="meetings",
        ),
    )
    async def help(self, call: Call, about: str | None = None) -> Reply:
        """Everything in a few lines; or a group of commands, a family of them, or one."""
        registry = self._registry()
        if about is None:
            return Reply(content=self._overview(call))
        group = help_topics.group_called(about)
        if group is not None and (found := help_topics.in_group(group, registry, call.member)):
            return Reply(content=_listed(group.title, found))
        mine = help_topics.usable(registry, call.member)
        found = help_topics.family(about, mine)
        if len(found) > 1:
            return Reply(content=_listed(_("Commands with “{word}”", word=about), found))
        one = next((each for each in mine if each.name == about), found[0] if found else None)
        if one is None:
            raise BadValue(_("I know nothing about that. “help” shows what I can do for you."))
        return Reply(content=_explained(one))

    def _overview(self, call: Call) -> Content:
        registry = self._registry()
        shown = [group for group in GROUPS if group is not PERSON]
        return Content(
            title=_("What I can do"),
            text=_(
                "{danger}\nMore: “help” and a word below, such as “help meetings”. Write to me privately, or with “!”"
                " in a room; on Discord also as slash commands: type “/”.",
                danger=IN_DANGER,
            ),
            fields=tuple(
                Field(name=group.word, value=group.about)
                for group in shown
                if help_topics.in_group(group, registry, call.member)
            ),
            choices=(
                I_NEED_A_PERSON,
                Choice(label=_("Start check-ins"), command="checkin start"),
                Choice(label=_("Meetings"), command="meetings"),
            ),
        )


def _listed(title: Say, commands: Sequence[Command]) -> Content:
    text: Text = _(
        "To see how one of them is typed, write “help” before it: “help {command}”.", command=commands[-1].name
    )
    return Content(title=title, text=text, fields=tuple(Field(name=each.name, value=each.summary) for each in commands))


def _explained(one: Command) -> Content:
    lines = examples(one)
    shown: Say = lines[0] if len(lines) == 1 else _("{one}\n{other}", one=lines[0], other=lines[1])
    fields = [Field(name=_("For example"), value=shown)]
    if one.parameters:
        fields.insert(0, Field(name=_("It goes like this"), value=usage(one)))
    return Content(title=one.name, text=one.summary, fields=tuple(fields))
