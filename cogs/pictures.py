"""Pictures in a talk: who is sent one sees it only if they want to."""

from bot.core.commands import Parameter, command
from bot.core.content import Content, Reply
from bot.core.kinds import Number
from bot.core.words import _
from bot.services.call import Call
from bot.services.escalations.pictures import Pictures

OF = Parameter(
    name="of", ask=_("Which picture? The number that its button has."), kind=Number(1, 2**31 - 1), required=False
)


class PictureCog:
    """The buttons under "There is a picture from them"."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    @command("pictures show", _("See the picture that was sent to you in a talk"), OF, hidden=True)
    async def show(self, call: Call, of: int | None = None) -> Reply:
        """Let it be brought; it comes by itself."""
        return _reply(call, await self._pictures.show(call.tx, call.member, of, now=call.now))

    @command("pictures all", _("See all pictures that are sent to you in a talk"), OF, hidden=True)
    async def everything(self, call: Call, of: int | None = None) -> Reply:
        """Show this one and all that come."""
        return _reply(call, await self._pictures.wish(call.tx, call.member, "all", of, now=call.now))

    @command("pictures none", _("See no pictures in a talk"), OF, hidden=True)
    async def nothing(self, call: Call, of: int | None = None) -> Reply:
        """Offer none any more."""
        return _reply(call, await self._pictures.wish(call.tx, call.member, "none", of, now=call.now))

    @command("pictures ask", _("Be asked about each picture in a talk"), OF, hidden=True)
    async def ask(self, call: Call, of: int | None = None) -> Reply:
        """Offer each, as at the beginning."""
        return _reply(call, await self._pictures.wish(call.tx, call.member, "ask", of, now=call.now))


def _reply(call: Call, content: Content) -> Reply:
    # In the place of a case it is answered there: it tells nothing that its people may not know.
    return Reply(content=content, private=call.inbound.apart is None)
