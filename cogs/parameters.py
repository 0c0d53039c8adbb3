"""Values that commands of several cogs take."""

from bot.core.commands import Parameter
from bot.core.kinds import NAME
from bot.core.words import _

MEETING = Parameter(
    name="meeting",
    ask=_("Which meeting? Its name, or its number in “meetings”."),
    kind=NAME,
    example="Morning circle",
)
