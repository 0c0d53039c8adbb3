"""Values that commands of several cogs take."""

from bot.core.commands import Parameter
from bot.core.kinds import NAME, Words
from bot.core.words import _

MEETING = Parameter(
    name="meeting",
    ask=_("Which meeting? Its name, or its number in “meetings”."),
    kind=NAME,
    example="Morning circle",
)

UNTIL = ("to", "till", "until", "-")
"""What people put before the time until which something lasts."""

WHICH_TOWN = _("Which town are you in, or near? A town, a postcode or coordinates: I do not know where you are.")
NEAR = Parameter(name="near", ask=_("Near which town or postcode?"), kind=Words(60), required=False)
