"""Help: what the bot can do for the one who asks."""

from collections.abc import Callable

from bot.core.commands import Registry, command
from bot.core.content import Choice, Content, Field, Reply
from bot.core.roles import may
from bot.core.words import _
from bot.services.call import Call
from bot.services.offer import I_NEED_A_PERSON


class HelpCog:
    """Shows the commands that the asker may use. `registry` is asked late, because help is a command itself."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry

    @command("help", _("What I can do"))
    async def help(self, call: Call) -> Reply:
        """List the commands for the asker's roles."""
        fields = tuple(
            Field(name=found.name, value=found.summary)
            for found in self._registry()
            if not found.hidden and may(call.member.roles, found.may)
        )
        return Reply(
            content=Content(
                title=_("What I can do"),
                text=_("Write a command to me privately, or with “!” in a room (on Discord with “/”)."),
                fields=fields,
                choices=(
                    I_NEED_A_PERSON,
                    Choice(label=_("Start check-ins"), command="checkin start"),
                    Choice(label=_("Meetings"), command="meetings"),
                ),
            )
        )
