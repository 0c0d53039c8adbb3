"""What the member reads in an escalation: the answer at once, who is here, and how it ended.

After safe-messaging guidance (Samaritans; #chatsafe; NSPA's guide for community moderators): direct, warm, no
methods, no judgement, and no promise that the bot cannot keep.
"""

from dataclasses import replace
from datetime import timedelta

from bot.core.content import Choice, Content, Field
from bot.core.crisis import Severity
from bot.core.resources import ELSEWHERE
from bot.core.words import Text, _
from bot.services.escalations.words import how_long
from bot.services.offer import I_NEED_A_PERSON

I_AM_SAFE = Choice(label=_("I'm safe"), command="safe")
OTHER_COUNTRY = Choice(label=_("I'm in another country"), command="settings country")


def you_come_first() -> Content:
    """To a peer who would come to others while somebody comes to them."""
    return Content(
        text=_(
            "You come first now: I have called somebody for you, and you need not carry anybody else's case. Others are"
            " there for this one, or I call them. Once you need nobody any more, press “I'm safe”; then you can take"
            " cases again."
        ),
        choices=(I_AM_SAFE,),
    )


def not_called() -> Content:
    """To a helper to whom somebody comes themselves; no page comes to them now, and they must not wonder why."""
    return Content(
        text=_(
            "Now it is about you, so I call you for nobody else while others can come. Nobody reads this but you, and"
            " you need do nothing. Once you need nobody any more, I call you again as before."
        )
    )


def answer_to_member(
    severity: Severity, community: str, emergency_number: str | None, lines: tuple[Field, ...], late: timedelta
) -> Content:
    """The answer at once: what happens next, and the helplines for their country; `late`: how late they were seen."""
    if severity is Severity.CONCERN:
        text = _(
            "That sounds hard, and I'm glad you said it. I'm a bot; I have let the peers of {community} know, so that a"
            " person can write to you here. You decide how much to say.",
            community=community,
        )
    else:
        text = _(
            "Thank you for saying it. I'm a bot, and I'm getting a person: the peers of {community} have been told."
            " Whoever comes writes to you here, and reads what you write meanwhile.",
            community=community,
        )
    text = _sorry_for(late, text)
    if severity is Severity.EMERGENCY:
        call = (
            _("If you or somebody with you is in danger right now, please call {number}.", number=emergency_number)
            if emergency_number
            else _("If you or somebody with you is in danger right now, please call your local emergency number.")
        )
        text = _("{call}\n\n{text}", call=call, text=text)
    elif severity is Severity.URGENT and emergency_number:
        text = _(
            "{text}\n\nIf it becomes too much, call {number}.",
            text=text,
            number=emergency_number,
        )
    if not lines:
        text = _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE)
    return Content(text=text, fields=lines, choices=(I_AM_SAFE, OTHER_COUNTRY))


def answer_without_peers(emergency_number: str | None, lines: tuple[Field, ...], late: timedelta) -> Content:
    """The answer at once, where the community has nobody who could be told: said honestly."""
    text: Text = _(
        "Thank you for saying it. I'm a bot, and right now I cannot reach a peer of your community. I keep trying."
        " These people answer now, and so may somebody you trust."
    )
    text = _sorry_for(late, text)
    if emergency_number:
        text = _("{text} If you are in danger, please call {number}.", text=text, number=emergency_number)
    if not lines:
        text = _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE)
    return Content(text=text, fields=lines, choices=(I_AM_SAFE, OTHER_COUNTRY))


def _sorry_for(late: timedelta, text: Text) -> Text:
    """An answer that comes late through the bot's fault says so."""
    if not late:
        return text
    return _("You wrote this {time} ago, and I saw it only now. I'm sorry.\n\n{text}", time=how_long(late), text=text)


def answer_worried(community: str, emergency_number: str | None, lines: tuple[Field, ...]) -> Content:
    """To a member for whom somebody else has asked."""
    text: Text = _(
        "Somebody in {community} is worried about you and asked for a person for you. I'm a bot; whoever comes will"
        " write to you here, and you decide whether you want to talk.",
        community=community,
    )
    if emergency_number:
        text = _("{text} If you are in danger, please call {number}.", text=text, number=emergency_number)
    if not lines:
        text = _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE)
    return Content(text=text, fields=lines, choices=(I_AM_SAFE, OTHER_COUNTRY))


NUMBERS_ASKED_FOR = _("These are the numbers. What you wrote is kept for the person who comes, too.")


def numbers(emergency_number: str | None, lines: tuple[Field, ...], said: Text) -> Content:
    """The numbers to call, to a member whose case is open; `said` stands before them."""
    text = said
    if emergency_number:
        text = _("{text} If you are in danger, please call {number}.", text=text, number=emergency_number)
    if not lines:
        text = _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE)
    return Content(text=text, fields=lines, choices=(I_AM_SAFE, OTHER_COUNTRY))


def numbers_for(country: str) -> Text:
    """What stands before a country's numbers: its name, as "NO" may have been a no, and they see what it became."""
    return _("Thank you. These are the numbers for {country}.", country=country)


def told_your_peer(name: str | Text) -> Content:
    """To a member who was heard in a room while a peer is with them."""
    return Content(text=_("I heard you, and I have told {name}. Write to me here, and they read it.", name=name))


def answer_to_stranger() -> Content:
    """The answer to somebody in danger whose community the bot does not know."""
    return Content(
        text=_(
            "Thank you for saying it. I'm a bot, and I cannot reach a person for you here yet, because I don't know"
            " your community. Which one is it? Write me its name, and I tell its peers that you ask for a person. If"
            " you are in danger right now, please call your local emergency number (112 or 911 in many countries), or"
            " somebody you trust.\n\n{elsewhere}",
            elsewhere=ELSEWHERE,
        )
    )


def heard_again(severity: Severity, emergency_number: str | None) -> Content:
    """The answer to a member whose case is open already and waits for a person."""
    if severity is Severity.CONCERN:
        text = _(
            "I'm still here. The peers can read that you would like somebody, and what you write is kept for them. If"
            " it cannot wait, press “I need a person”: then I call them at once."
        )
        return Content(text=text, choices=(I_NEED_A_PERSON, I_AM_SAFE))
    text = _("I'm still here, and still looking for a person. What you write is kept for them.")
    if severity is Severity.EMERGENCY and emergency_number:
        text = _("{text} If you are in danger, please call {number}.", text=text, number=emergency_number)
    return Content(text=text, choices=(I_AM_SAFE,))


def late(emergency_number: str | None, lines: tuple[Field, ...], *, again: bool, had_somebody: bool = False) -> Content:
    """Said honestly when nobody has come; `again`: they have read it before; `had_somebody`: who came has gone."""
    text: Text = _(
        "I'm sorry: nobody has answered yet. I go on calling, and I won't stop. Until somebody comes, you can reach"
        " people here."
    )
    if again:
        text = _(
            "I'm still here, and I'm sorry that it takes so long: nobody has come yet, and I go on calling. You need"
            " not wait alone: these people answer now."
        )
    if had_somebody:
        text = _(
            "I'm still here, and I'm still calling; nobody else has come yet. You need not wait alone: these people"
            " answer now."
        )
    return _while_they_wait(text, emergency_number, lines)


def late_for_a_concern(emergency_number: str | None, lines: tuple[Field, ...]) -> Content:
    """The same where it was no more than a concern, which waits in the peers' room: they may want more than that."""
    text = _(
        "I'm sorry: nobody has answered yet. The peers can read that you would like somebody. Shall I call one at once?"
        " Press “I need a person”. Until somebody comes, you can reach people here."
    )
    content = _while_they_wait(text, emergency_number, lines)
    return replace(content, choices=(I_NEED_A_PERSON, *content.choices))


def _while_they_wait(text: Text, emergency_number: str | None, lines: tuple[Field, ...]) -> Content:
    """What somebody who waits reads, with the numbers at which people answer now."""
    if emergency_number:
        text = _("{text} If you are in danger, please call {number}.", text=text, number=emergency_number)
    if not lines:
        text = _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE)
    return Content(text=text, fields=lines, choices=(I_AM_SAFE,))


def person_is_here(name: str | Text, who: Text, before: str | Text | None = None) -> Content:
    """To the member: a person has come, `who` they are, and instead of whom, if somebody was here `before`."""
    text = _(
        "{who} What you write to me now, they read; what they write, you read here. Where I can, 📨 under a message of"
        " yours shows that it has reached them.",
        who=who,
    )
    if before is not None:
        text = _(
            "{before} has gone for now, and {name} is with you in their place. {text}",
            before=before,
            name=name,
            text=text,
        )
    return Content(
        title=_("{name} is here", name=name),
        text=text,
        choices=(I_AM_SAFE,),
    )


def person_has_left(name: str | Text) -> Content:
    """To the member: the person who was here cannot go on, and somebody else is called."""
    return Content(
        text=_(
            "{name} cannot go on just now, and I'm looking for somebody else. You can write to me meanwhile; whoever"
            " comes will read it.",
            name=name,
        ),
        choices=(I_AM_SAFE,),
    )


def has_left_member(name: str | Text) -> Content:
    """To the member: of those who are with them, one has gone."""
    return Content(text=_("{name} has left the talk. The others are still here.", name=name))


PAUSED = _(
    "I cannot call a peer for you by this button just now. These people answer, day and night. If your life is in"
    " danger, write it to me in your own words: then I call somebody at once."
)


def answer_paused(emergency_number: str | None, lines: tuple[Field, ...]) -> Content:
    """To a member whose asking by hand calls nobody for a while."""
    text = PAUSED
    if emergency_number:
        text = _("{text} If you are in danger, please call {number}.", text=text, number=emergency_number)
    return Content(text=text if lines else _("{text}\n\n{elsewhere}", text=text, elsewhere=ELSEWHERE), fields=lines)


def ended_for_member(name: str | Text | None, case_id: int | None) -> Content:
    """To the member: the conversation has ended; with a `case_id`, whether they want to be asked again."""
    text = _("Your talk with {name} has ended here.", name=name) if name else _("I have told the peers. Thank you.")
    text = _("{text} Whenever you need a person again, press the button or write “I need a person”.", text=text)
    if case_id is None:
        return Content(text=text, choices=(I_NEED_A_PERSON,))
    again = Choice(label=_("Ask me again how I am"), command="followup start", arguments={"case": str(case_id)})
    text = _("{text} If you like, I ask you tomorrow, in three days and in a week how you are.", text=text)
    return Content(text=text, choices=(I_NEED_A_PERSON, again))
