"""What the dispatcher itself says: welcome, misunderstandings, faults."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.commands import Command, Registry
from bot.core.content import Choice, Content, Field, Reply
from bot.core.resources import ELSEWHERE
from bot.core.roles import ALLOWED, Action, Role
from bot.core.text import clean_name
from bot.core.usage import usage
from bot.core.words import Text, _
from bot.services.escalations.aftercare import talk_it_over as talk_over
from bot.services.escalations.member_words import I_AM_SAFE, answer_to_stranger
from bot.services.offer import I_NEED_A_PERSON

_WAITING = 5
"""Cases that are offered to a peer who writes before they have taken one."""

_OFFERED = 8
"""Buttons for the commands of a family: what every platform can show, with one for a person."""

HELP = Choice(label=_("What can you do?"), command="help")

ROLE_NAMES: dict[Role, Text] = {
    Role.MEMBER: _("members"),
    Role.PEER: _("peers"),
    Role.MODERATOR: _("moderators"),
    Role.ORGANIZER: _("organizers"),
}


def welcome(community: str) -> Content:
    """The first contact: in two sentences what is stored."""
    return Content(
        text=_(
            "Hello, I'm the bot of {community}. I store only what you tell me to keep (your settings, your check-ins,"
            " the meetings you follow), encrypted and for you alone, and if you are in danger what a peer needs to help"
            " you, for a limited time. “mydata export” shows you all of it, and “mydata erase” deletes it.",
            community=community,
        ),
        choices=(HELP, I_NEED_A_PERSON),
    )


def not_understood() -> Content:
    """Words in a private chat that are no command."""
    return Content(
        text=_(
            "I'm only a bot, and cannot answer that. If it is hard just now, a person can listen: shall I call one?"
        ),
        choices=(HELP, I_NEED_A_PERSON),
    )


def both(words: Reply, file: Reply) -> Reply:
    """What is said to their words, and then what has become of the file that came with them."""
    text = _("{text}\n\n{more}", text=words.content.text, more=file.content.text)
    return replace(words, content=replace(words.content, text=text))


def not_seen() -> Content:
    """A picture, a file or a voice message to the bot alone, without words."""
    return Content(
        text=_(
            "I'm only a bot: I hear no voice messages and see no pictures, and nobody else got this. If you are in"
            " danger, please write it in a few words. Or shall I call a person?"
        ),
        choices=(HELP, I_NEED_A_PERSON),
    )


def nobody_called_for_you() -> Content:
    """To a peer who takes back words that sounded as if they were in danger themselves."""
    return Content(
        text=_("All right. What you wrote went to nobody, and I call nobody for you. Whenever you want a person:"),
        choices=(I_NEED_A_PERSON,),
    )


def do_you_want_a_person() -> Content:
    """Privately, to somebody who has written a mere "help" in a room."""
    return Content(
        text=_(
            "In a room you asked for help; what we write here, nobody there sees. I'm a bot. If you want a person,"
            " press the button or write “peer”, and I call one of the peers, who writes to you here. Helplines:"
            " “resources crisis”. Shall I call a person?"
        ),
        choices=(I_NEED_A_PERSON,),
    )


def somebody_is_with_you() -> Content:
    """To who asks for a person again while one is there."""
    text = _("Somebody is with you already. What you write to me privately, they read.")
    return Content(text=text, choices=(I_AM_SAFE,))


def nobody_called() -> Content:
    """Somebody who was asked whether a person shall be called has said no."""
    return Content(
        text=_("All right, I call nobody. Whenever you want a person, write “I need a person”."),
        choices=(I_NEED_A_PERSON,),
    )


def unknown_command() -> Content:
    """A command or button that does not exist (any more)."""
    return Content(text=_("I don't know that command. “help” shows what I can do."), choices=(HELP,))


def which_of(family: Sequence[Command]) -> Content:
    """The first word of several commands, and nothing that tells which."""
    fields = tuple(Field(name=command.name, value=command.summary) for command in family)
    choices = tuple(Choice(label=command.name, command=command.name) for command in family[:_OFFERED])
    return Content(text=_("Which of these?"), fields=fields, choices=choices)


def which_number(meant: Sequence[Choice]) -> Content:
    """A number, where it is not sure under which message of the bot it was read."""
    return Content(text=_("Which of my messages is that number for? Press what you mean."), choices=_person_last(meant))


def _person_last(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Where the button that calls a person always stands."""
    return tuple(sorted(choices, key=lambda choice: choice.command == I_NEED_A_PERSON.command))


def did_you_mean(names: Sequence[str], registry: Registry) -> Content:
    """Words that are nearly a command's name, or the first word of several."""
    choices = tuple(
        Choice(label=name, command=name)
        if registry.get(name) is not None
        else Choice(label=name, command="help", arguments={"about": name})
        for name in names
    )
    return Content(
        text=_("I'm a bot, and I did not understand that. Did you mean one of these?"),
        choices=(*choices, HELP, I_NEED_A_PERSON),
    )


def for_somebody_else() -> Content:
    """To who looks after others, and writes as if one of them needed somebody: nobody is called by that alone."""
    text = _(
        "I have called nobody yet. Do you want a peer for somebody else? Press the button, or write “escalate” and"
        " their name: then I call at once."
    )
    return Content(text=text, choices=(_GET_A_PEER, I_NEED_A_PERSON))


_GET_A_PEER = Choice(label=_("Get a peer for somebody"), command="escalate")


def not_for_you(action: Action) -> Content:
    """Somebody without the role."""
    return Content(
        text=_("This is for {roles} of your community: please ask one of them.", roles=roles_for(action)),
        choices=(I_NEED_A_PERSON,),
    )


def roles_for(action: Action) -> Text:
    """Who may do it."""
    roles = [ROLE_NAMES[role] for role in Role if role in ALLOWED[action]]
    names = roles[0]
    for role in roles[1:-1]:
        names = _("{items}, {item}", items=names, item=role)
    return names if len(roles) == 1 else _("{roles} and {role}", roles=names, role=roles[-1])


def too_much(command: Command, left: str) -> Content:
    """Words after a command that fit nothing."""
    how = usage(command)
    return Content(
        text=_("I did not understand “{words}”. It goes like this: {usage}", words=clean_name(left), usage=how)
    )


KEPT = _("I keep this for the person who comes. I'm still calling.")


def kept_for_the_person(*, calling: bool) -> Content:
    """To a member who writes while nobody has come yet; not `calling`: peers see it, and nobody is called at once."""
    if calling:
        return Content(text=KEPT, choices=(I_AM_SAFE,))
    text = _("I keep this for the person who comes. If it cannot wait, press the button: then I call them now.")
    return Content(text=text, choices=(I_NEED_A_PERSON, I_AM_SAFE))


def with_the_mark(content: Content, command: str, mark: str) -> Content:
    """The same to a member whose words begin like a command: how to get that."""
    text = _(
        "{said} For my own “{command}”, write “{marked}”.", said=content.text, command=command, marked=mark + command
    )
    return replace(content, text=text)


def how_to_end(*, calling: bool) -> Content:
    """To a member who wants nobody any more, and has not said that they are safe: only that ends a case."""
    if calling:
        text = _("If you need nobody any more, write “I'm safe”, or press the button. Until then I go on calling.")
        return Content(text=text, choices=(I_AM_SAFE,))
    text = _(
        "If you need nobody any more, write “I'm safe”, or press that button. If you want somebody now, press “I need"
        " a person”."
    )
    return Content(text=text, choices=(I_AM_SAFE, I_NEED_A_PERSON))


def it_went_to(name: str | Text, command: str, mark: str) -> Content:
    """To a member in a talk whose words are a command's, and went to their peer."""
    return Content(
        text=_(
            "That went to {name}. For my own “{command}”, write “{marked}”.",
            name=name,
            command=command,
            marked=mark + command,
        )
    )


def safe_went_to(name: str | Text) -> Content:
    """To a member in a talk who tells their peer that they are safe: only they themselves know what they meant."""
    text = _("That went to {name}. If you need nobody any more, press “I'm safe”: then this talk ends.", name=name)
    return Content(text=text, choices=(I_AM_SAFE,))


def has_gone(name: str | Text) -> Content:
    """To a member who writes after their talk has ended, at first."""
    text = _("{name} has gone, so this has reached nobody. Shall I call a person again?", name=name)
    return Content(text=text, choices=(I_NEED_A_PERSON,))


def reached_nobody() -> Content:
    """To the same who goes on writing."""
    return Content(text=_("This has reached nobody. Shall I call a person?"), choices=(I_NEED_A_PERSON,))


def no_files() -> Content:
    """To somebody in a conversation who sends a picture."""
    return Content(
        text=_("I can't pass on pictures or files, so they have not seen it. Can you tell them in words what it shows?")
    )


def only_pictures(kinds: Iterable[str]) -> Content:
    """To somebody in a conversation who sends a file where pictures are passed on."""
    return Content(
        text=_(
            "I can only pass on pictures ({kinds}), so they have not seen it. Can you tell them in words what it"
            " holds?",
            kinds=", ".join(kinds),
        )
    )


def whose_picture() -> Content:
    """To somebody in several conversations who sends a picture."""
    return Content(
        text=_(
            "You are in several talks, so I don't know whom that picture is for, and have passed it on to nobody."
            " Send it once more as a reply to something they wrote, or in the place of that case."
        )
    )


def take_it_first(case_ids: Sequence[int]) -> Content:
    """To a peer who was called for these cases, and writes before they have taken one: nobody reads them yet."""
    text = _("Somebody is waiting, but nobody reads you yet: take the case first.")
    if (more := len(case_ids) - _WAITING) > 0:
        text = _("{text} And {n} more wait: “cases” shows all of them.", text=text, n=more)
    text = _("{text} If this was about yourself, a person can come for you, too.", text=text)
    return Content(text=text, choices=(*_takes(case_ids), I_NEED_A_PERSON))


def which_case(case_ids: Sequence[int], *, typed: str = "") -> Content:
    """To a peer who says that they are on it, where several wait; `typed`: what stands before a command in a room."""
    text: Text = _("Thank you. {n} people are waiting: which case do you take?", n=len(case_ids))
    if typed:
        text = _("{text} Press a button, or write “{command}”.", text=text, command=f"{typed}take {case_ids[0]}")
    if len(case_ids) > _WAITING:
        text = _("{text} “cases” shows all of them.", text=text)
    return Content(text=text, choices=_takes(case_ids))


def take_it(case_ids: Sequence[int]) -> Content:
    """To a peer whose words the bot does not understand, while these cases wait."""
    if len(case_ids) == 1:
        text = _(
            "I'm a bot, and nobody read that. Case {number} is waiting, nobody is with them. Take it?",
            number=case_ids[0],
        )
        text = _("{text} If this was about yourself, a person can come for you, too.", text=text)
        take = Choice(label=_("I'm on it"), command="take", arguments={"case": str(case_ids[0])}, style="primary")
        return Content(text=text, choices=(take, I_NEED_A_PERSON))
    text = _("I'm a bot, and nobody read that. {n} people are waiting, nobody is with them. Take one?", n=len(case_ids))
    if len(case_ids) > _WAITING:
        text = _("{text} “cases” shows all of them.", text=text)
    text = _("{text} If this was about yourself, a person can come for you, too.", text=text)
    return Content(text=text, choices=(*_takes(case_ids), I_NEED_A_PERSON))


def nobody_waits() -> Content:
    """To a peer who says that they are on it, where nobody waits any more."""
    return Content(text=_("Thank you. Nobody is waiting just now: somebody has every case, or it has ended."))


def _takes(case_ids: Sequence[int]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            label=_("I'm on case {number}", number=id_), command="take", arguments={"case": str(id_)}, style="primary"
        )
        for id_ in case_ids[:_WAITING]
    )


def for_yourself(choices: tuple[Choice, ...]) -> Content:
    """To somebody who looks after others, whose words sound as if they were about themselves."""
    text = _(
        "I'm a bot, and I'm here. If it is hard for you just now, you need not carry it alone: a person can come for"
        " you, too."
    )
    return Content(text=text, choices=choices)


def talk_it_over(case_id: int | None) -> Content:
    """To a peer who would like to talk about a case: the last one that they had, if there was one."""
    if case_id is None:
        text = _("I know of no case of yours that has ended. If you'd like to talk, a person can come for you, too.")
        return Content(text=text, choices=(I_NEED_A_PERSON,))
    text = _("Shall I tell your moderators that you'd like to talk over case {number}?", number=case_id)
    return Content(text=text, choices=(talk_over(case_id), I_NEED_A_PERSON))


def question_is_gone() -> Content:
    """An old button of a question."""
    return Content(text=_("That question is not open any more. Please start again."))


def person_called() -> Content:
    """Beside the answer that comes with the case of somebody who gets a person."""
    return Content(text=_("I'm getting a person for you. I have written to you privately."), choices=(I_AM_SAFE,))


def asked_anew() -> Content:
    """An old button of a question that was asked anew, with more words."""
    return Content(
        text=_("You have written more since. Please choose under my newest question: it is about all of it.")
    )


def cancelled() -> Content:
    """The person wants no more questions."""
    return Content(text=_("All right, nothing was changed."))


def nothing_to_cancel() -> Content:
    """To somebody in a conversation who writes "cancel" when the question that said so is over."""
    return Content(text=_("I ask nothing any more, so there is nothing to cancel. I have passed this on to nobody."))


def nothing_done() -> Content:
    """To a peer who has said no to what the bot asked them."""
    return Content(text=_("Nothing is done, and this went to nobody."))


def nothing_by_myself() -> Content:
    """To who is not to be written to because somebody else reads it: nothing that gives them away."""
    return Content(text=_("All right. I send nothing more by myself."), choices=(I_AM_SAFE,))


def nothing_held() -> Content:
    """To a peer who says that held words be sent, which are gone."""
    return Content(
        text=_(
            "I hold nothing any more, so I sent nothing. If it is for them, please write the words themselves again."
        )
    )


def nothing_waits() -> Content:
    """To somebody else who writes "cancel" when the question that said so is over."""
    return Content(text=_("I ask nothing any more, so there is nothing to cancel."))


def no_community() -> Content:
    """Somebody whose community cannot be told."""
    return Content(
        text=_("I don't know which community you belong to. Please write to me in one of its rooms once: “!help”.")
    )


def stranger_in_danger() -> Content:
    """Somebody in danger whose community cannot be told."""
    return answer_to_stranger()


def trouble() -> Content:
    """To somebody in danger, or who asks for a person, while nothing can be stored and so nobody can be called."""
    return Content(
        text=_(
            "I have heard you. I'm a bot, and something is broken on my side just now: I could not tell anybody yet."
            " Please write to me again in a few minutes. If you are in danger right now, please call your local"
            " emergency number (112 or 911 in many countries), or somebody you trust.\n\n{elsewhere}",
            elsewhere=ELSEWHERE,
        )
    )


def fault(incident: str) -> Content:
    """Our own mistake."""
    return Content(
        text=_(
            "I'm sorry, something went wrong on my side (number {incident}). Please try again. If you need a person, I"
            " can still call one.",
            incident=incident,
        ),
        choices=(I_NEED_A_PERSON,),
    )
