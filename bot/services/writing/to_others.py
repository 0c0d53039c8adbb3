"""Words and pictures for the other side of a case: for whom they are, and how they are brought there."""

from collections.abc import Sequence

from bot.core.commands import Registry
from bot.core.content import Reply
from bot.core.inbound import Inbound
from bot.core.pictures import KINDS
from bot.core.words import _
from bot.services import questions, replies, talks
from bot.services.call import Call
from bot.services.escalations import Escalations
from bot.services.escalations.pictures import refused
from bot.services.escalations.relay import Written
from bot.services.runner import Runner
from bot.services.voice import Voice
from bot.services.whereabouts import SAY
from bot.services.writing import for_which
from bot.services.writing.around_a_talk import is_too_late
from bot.services.writing.everyday import Everyday
from bot.storage.tables import CaseRow


class ToOthers:
    """Brings what somebody in a case writes to the others in it."""

    def __init__(
        self, registry: Registry, escalations: Escalations, voice: Voice, runner: Runner, everyday: Everyday
    ) -> None:
        self._registry = registry
        self._escalations = escalations
        self._voice = voice
        self._runner = runner
        self._everyday = everyday

    async def talks(self, call: Call) -> list[CaseRow]:
        """The open cases that their words may be for: in the place of one, that one alone."""
        rows = await self._escalations.conversations(call.tx, call.member)
        if call.inbound.apart is None:
            return rows
        return [row for row in rows if row.id == call.inbound.case]

    async def carry(self, call: Call, case_ids: list[int], *, answered: bool) -> Reply | None:
        """Bring the words to the other side of one of these cases, or ask of which.

        `answered`: they are heard as danger, and have their answer already.
        """
        about = await talks.answered(call.tx, call.inbound) if len(case_ids) > 1 else None
        case_ids = [id_ for id_ in case_ids if id_ == about] or case_ids
        # What somebody in danger writes is not held: it goes to the case in which it was heard.
        others = () if answered else await talks.elsewhere(call.tx, call.inbound, call.member.community.id)
        if len(case_ids) > 1 or others:
            return await for_which.ask(call, self._registry, case_ids, _("To which case shall I bring this?"))
        conversations = await self.talks(call)
        row = next(row for row in conversations if row.id == case_ids[0])
        event = f"{call.inbound.platform}:{call.inbound.event_id}"
        late = call.inbound.seen_late(call.now)
        carried = await self._escalations.relay(
            call.tx, call.member, row, call.inbound.text, event, written(call.inbound), now=call.now, late=late
        )
        offers = bool(call.inbound.pictures and call.member.community.picture_limit)  # and says that both are kept
        if carried or answered or offers:
            return None
        return Reply(content=await self._everyday.kept(call, row))

    async def to_one(self, call: Call) -> Reply | None:
        """What comes of "say 12 hello", where their words may be for more than one."""
        if talks.said_to(call.inbound.text) is None:
            return None
        said = await for_which.said_to(call, [row.id for row in await self.talks(call)])
        if said is None:
            return None
        await questions.forget(call.tx, call.member)
        return await self._runner.run(call, self._registry.by_name[SAY], said)

    async def file(self, call: Call) -> Reply | None:
        """A picture or a file, perhaps with words, which are carried.

        Pictures are offered to the others, if the community has that; who sends anything else is told that it is not
        passed on.
        """
        conversations = await self.talks(call)
        if not conversations:
            late = call.inbound.read_back or await is_too_late(call, self._voice)
            return None if late else Reply(content=replies.not_seen())
        limit, pictures = call.member.community.picture_limit, call.inbound.pictures
        if limit and pictures:
            return await self._pictures(call, conversations)
        row = next((row for row in conversations if row.member_id == call.member.id), conversations[0])
        words = self._voice.words(call.member.community.language)
        said = words.render(_("(They sent a picture or a file. I carry none.)"))
        event = f"{call.inbound.platform}:{call.inbound.event_id}:file"
        await self._escalations.relay(call.tx, call.member, row, said, event, now=call.now)
        return Reply(content=replies.only_pictures(KINDS.values()) if limit else replies.no_files())

    async def _pictures(self, call: Call, conversations: Sequence[CaseRow]) -> Reply | None:
        inbound = call.inbound
        problem = refused(inbound.pictures, call.member.community.picture_limit)
        if len(conversations) > 1 and inbound.about is not None:
            case = await self._escalations.pictures.talk_of(call.tx, inbound.platform, inbound.about.message_id)
            conversations = [row for row in conversations if row.id == case] or conversations
        others = await talks.elsewhere(call.tx, inbound, call.member.community.id)
        if problem is None and (len(conversations) > 1 or others):
            problem = replies.whose_picture()  # it goes to nobody rather than to the wrong one
        if problem is None:
            event = f"{inbound.platform}:{inbound.event_id}"
            problem = await self._escalations.send_pictures(
                call.tx, call.member, conversations[0], inbound.pictures, event, written(inbound), now=call.now
            )
        return None if problem is None else Reply(content=problem)


def written(inbound: Inbound) -> Written:
    """Where the words stand, and which message they answer."""
    answers = None if inbound.about is None else inbound.about.message_id
    place = None if inbound.apart is None else inbound.place
    return Written(platform=inbound.platform, message_id=inbound.event_id, answers=answers, place=place)
