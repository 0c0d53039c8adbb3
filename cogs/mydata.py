"""My data: all of it shown, all of it erased."""

from bot.core.commands import Parameter, command
from bot.core.content import Attachment, Choice, Content, Reply
from bot.core.kinds import OneOf
from bot.core.words import _
from bot.services import own_data, privacy, questions
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.hosting.hosting import Hosting
from bot.services.questions import Waits
from bot.services.recently import Recently


class MyDataCog:
    """A member's rights to their own data."""

    def __init__(self, escalations: Escalations, hosting: Hosting, recently: Recently) -> None:
        self._escalations = escalations
        self._hosting = hosting
        self._recently = recently

    @command("mydata export", _("Get everything that is stored about you"))
    async def export(self, call: Call) -> Reply:
        """What is kept in a few lines, and everything as a file."""
        fields = await own_data.summary(call.tx, call.member)
        document = await privacy.export(call.tx, call.member)
        return Reply(
            content=Content(
                title=_("Your data"),
                text=_("This is everything I have stored about you, in short. Word for word it is in the file (JSON)."),
                fields=fields,
                attachment=Attachment(filename="mydata.json", text=document),
            )
        )

    @command(
        "mydata erase",
        _("Delete everything that is stored about you"),
        Parameter(
            name="confirm",
            ask=_("Are you sure? To erase everything, answer “yes”."),
            kind=OneOf(("yes", _("Yes, erase everything"))),
            required=False,
        ),
        phrases=(
            _(
                "delete my data / erase my data / delete my account / delete everything about me / delete all my data"
                " / erase all my data / erase everything / delete everything / delete everything you know about me"
                " / erase everything about me / delete me / erase me / remove me / remove my data / remove my account"
            ),
        ),
    )
    async def erase(self, call: Call, confirm: str | None = None) -> Reply:
        """Erase, after one confirmation."""
        if confirm is None:
            text = _(
                "This deletes your settings, check-ins, reminders and conversations with peers, at once and for good. A"
                " case that is open for you ends. To do it, press the button, or write “yes” to me privately."
            )
            yes = Choice(
                label=_("Yes, erase everything"), command="mydata erase", arguments={"confirm": "yes"}, style="danger"
            )
            await questions.offer(call.tx, call.member, "mydata erase", "confirm", waits=Waits.YES, now=call.now)
            return Reply(content=Content(text=text, choices=(yes,)))
        await privacy.erase(call.tx, call.member, self._escalations, self._hosting, self._recently, now=call.now)
        return Reply(content=Content(text=_("Everything is deleted. You are welcome back at any time.")))
