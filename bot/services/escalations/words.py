"""What peers read in an escalation; what the member reads is in member_words.

After safe-messaging guidance (Samaritans; #chatsafe; NSPA's guide for community moderators): direct, warm, no
methods, no judgement, and no promise that the bot cannot keep.
"""

from datetime import timedelta

from bot.core.content import Choice, Content, Field
from bot.core.crisis import Category, Severity
from bot.core.escalation import Outcome
from bot.core.words import Text, _, _n

CATEGORIES: dict[str, Text] = {
    Category.SUICIDE: _("suicide"),
    Category.SELF_HARM: _("self-harm"),
    Category.OVERDOSE: _("overdose"),
    Category.WITHDRAWAL: _("withdrawal"),
    Category.ABUSE: _("danger from somebody"),
    Category.VIOLENCE: _("violence"),
    Category.RELAPSE: _("return to use"),
}
UNSAID = _("somebody to talk to; they have not said why")

SEVERITIES: dict[Severity, Text] = {
    Severity.EMERGENCY: _("🔴 Emergency: a life may be in danger now"),
    Severity.URGENT: _("🟠 Urgent: somebody may be in danger"),
    Severity.CONCERN: _("🟡 Concern: somebody could use a person"),
}

OUTCOMES: dict[Outcome, Text] = {
    Outcome.SAFE: _("They are safe for now"),
    Outcome.SERVICES: _("Handed to emergency or professional services"),
    Outcome.DECLINED: _("They did not want to talk"),
    Outcome.FALSE_ALARM: _("False alarm"),
}

A_PEER = _("a peer")
A_MEMBER = _("a member")


def about_the_peer(lines: tuple[Field, ...], *, waits: bool) -> Content:
    """To a peer who writes words of danger to the member they are with; `waits`: else a person is called for them."""
    text: Text = _(
        "I have not passed this on yet. If it is about you: you need not carry that alone, a person can come for"
        " you, too. If it is for them, choose the case."
    )
    if waits:
        text = _("{text} If you choose nothing within two minutes, I get a person for you.", text=text)
    return Content(text=text, fields=lines)


def are_you_with_them(case_id: int, turn: int) -> Content:
    """To a holder who has not written for a while."""
    return Content(
        title=_("Are you with them? (case {number})", number=case_id),
        text=_(
            "They are waiting for a word from you. If you cannot be there now, hand the case over: no reason needed."
            " Otherwise I call somebody else soon."
        ),
        choices=for_holder(case_id, turn)[::-1],
    )


def page(case_id: int, number: int, severity: Severity, facts: tuple[Field, ...], minutes: int) -> Content:
    """The alert, with the button that takes the case."""
    text = (
        _("Who can be with them?")
        if number == 1
        else _("Nobody is with them yet, after {time}. Who can be?", time=_for_sohow_long(minutes))
    )
    return Content(
        title=SEVERITIES[severity],
        text=text,
        fields=facts,
        choices=(Choice(label=_("I'm on it"), command="take", arguments={"case": str(case_id)}, style="primary"),),
    )


def written(late: timedelta, since: timedelta) -> Text:
    """When they wrote the words that were seen so `late`, so long ago (`since`)."""
    if since < timedelta(minutes=1):
        return _("{time} ago; I saw it only now", time=how_long(late))
    return _("{time} ago; I saw it {late} late", time=how_long(late + since), late=how_long(late))


def written_ago(title: Text, late: timedelta) -> Text:
    """The title of a message that was seen so `late`."""
    return _("{title}, written {time} ago", title=title, time=how_long(late))


def how_long(time: timedelta) -> Text:
    """Minutes up to two hours, then whole hours, from two days on whole days where it is."""
    if time < timedelta(hours=2):
        return _n("{n} minute", "{n} minutes", n=time // timedelta(minutes=1))
    if time >= timedelta(days=2) and not time % timedelta(days=1):
        return _n("{n} day", "{n} days", n=time // timedelta(days=1))
    return _n("{n} hour", "{n} hours", n=time // timedelta(hours=1))


def _for_sohow_long(minutes: int) -> Text:
    hours, rest = divmod(minutes, 60)
    return _("{hours} h {minutes} min", hours=hours, minutes=rest) if hours else _("{minutes} min", minutes=rest)


def case_facts(
    case_id: int,
    *,
    category: str | None,
    excerpt: str | None,
    link: str | None,
    country: str,
    language: str,
    how: str,
    written: Text | None,
) -> tuple[Field, ...]:
    """What a peer needs to know, and no more. `written`: when it was, if it was seen late."""
    opened: dict[str, Text] = {
        "signal": _("heard by the bot"),
        "member": _("they asked for a person"),
        "other": _("somebody asked for them"),
    }
    fields = [Field(name=_("Case"), value=_("{number}, {how}", number=case_id, how=opened[how]))]
    if category is not None or how == "signal":
        fields.append(Field(name=_("About"), value=CATEGORIES.get(category or "", category or UNSAID)))
    if written is not None:
        fields.append(Field(name=_("When"), value=written))
    if excerpt:
        fields.append(Field(name=_("Their words"), value=_("“{words}”", words=excerpt)))
    if link:
        fields.append(Field(name=_("Where"), value=link))
    fields.append(
        Field(name=_("Country, language"), value=_("{country}, {language}", country=country, language=language))
    )
    return tuple(fields)


def graver() -> Field:
    """In a page: what was said in the talk is for those in the case."""
    return Field(
        name=_("Since then"),
        value=_("It has become graver. What they wrote in the talk is read by whoever comes."),
    )


def you_have_it(
    case_id: int,
    turn: int,
    facts: tuple[Field, ...],
    waiting: tuple[str, ...],
    *,
    note: str | None = None,
    joined: bool = False,
) -> Content:
    """To the peer: how to talk, and what the member has written meanwhile.

    `note`: what the holder before them has written for them; `joined`: they help another, who has the case.
    """
    texts: Text = _(
        "You are with them now. Write to me here, and they read it; their words reach you here. They see your chosen"
        " name only."
    )
    if note:
        texts = _("{before}\n\nA note from who was here before: “{words}”", before=texts, words=note)
    for words in waiting:
        texts = _("{before}\n\nThey wrote: “{words}”", before=texts, words=words)
    beside = (
        Choice(label=_("Checklist"), command="checklist", arguments={"case": str(case_id)}),
        Choice(label=_("Ready answers"), command="snippets"),
    )
    return Content(
        title=_("Case {number}", number=case_id),
        text=texts,
        fields=facts,
        choices=(
            (Choice(label=_("Leave the talk"), command="leave", arguments={"case": str(case_id)}), *beside)
            if joined
            else (*for_holder(case_id, turn), *beside)
        ),
    )


def for_holder(case_id: int, turn: int) -> tuple[Choice, Choice]:
    """The holder's buttons; once the case is somebody else's, or nobody's, they do nothing."""
    arguments = {"case": str(case_id), "turn": str(turn)}
    return (
        Choice(label=_("Resolve"), command="ending", arguments=arguments),
        Choice(label=_("Hand over"), command="handing", arguments=arguments),
    )


def has_joined(name: str | Text, case_id: int) -> Content:
    """To those in the case: somebody more has come."""
    return Content(
        text=_("{name} has joined you (case {number}). They read along, and can write.", name=name, number=case_id)
    )


def has_left(name: str | Text, case_id: int) -> Content:
    """To those in the case: somebody has gone."""
    return Content(text=_("{name} has left the talk (case {number}).", name=name, number=case_id))


def is_it_yours(name: str | Text, case_id: int) -> Content:
    """To those who have joined a holder who has gone: the case is theirs, if they want it."""
    return Content(
        text=_(
            "{name} has left the talk (case {number}). You are there: write to them, and the case is yours. Until then"
            " I am calling others.",
            name=name,
            number=case_id,
        ),
        choices=(Choice(label=_("I'm on it"), command="take", arguments={"case": str(case_id)}, style="primary"),),
    )


def has_it_now(name: str | Text, before: str | Text, case_id: int) -> Content:
    """To those who have joined: the one whom they help is another now."""
    return Content(
        text=_("{name} has case {number} now; {before} has left the talk.", name=name, number=case_id, before=before)
    )


def is_one_with(case_id: int, into: int) -> Content:
    """To those in a case whose member has another open case: the two are one now."""
    return Content(
        text=_(
            "Case {number} and case {into} turned out to be the same person's. They are one talk now, case {into}, and"
            " you are in it. Nothing that is written here reaches anybody any more.",
            number=case_id,
            into=into,
        )
    )


def not_yours_now(case_id: int, name: str | Text | None) -> Content:
    """To who had the case until now: `name` has it, or others are called."""
    if name is None:
        return Content(
            text=_("Case {number} is not with you any more: I'm calling somebody else. Thank you.", number=case_id)
        )
    return Content(text=_("Case {number} is with {name} now. Thank you for being there.", number=case_id, name=name))


def given_to(name: str | Text, case_id: int) -> Content:
    """To who gave the case to somebody."""
    return Content(text=_("{name} has case {number} now, and I have told them. Thank you.", name=name, number=case_id))


def is_with(case_id: int, name: str | Text) -> Content:
    """To a peer who would end or hand over a case that another has."""
    return Content(
        text=_(
            "I did nothing: case {number} is with {name}. They, or a moderator, can end it or hand it over.",
            number=case_id,
            name=name,
        )
    )


def is_about_you() -> Content:
    """To a peer or a moderator who would end their own case, or hand it over."""
    return Content(text=_("I did nothing: this case is about you. “I'm safe” ends it, whenever you are."))


def no_such_case() -> Content:
    """A case that is none, or that somebody may not know of: which of these, they do not learn."""
    return Content(text=_("There is no such case."))


def has_ended() -> Content:
    """To a peer who would do something about a case that is over."""
    return Content(text=_("This case has ended already. Thank you."))


def given_back(case_id: int) -> Content:
    """To who gave the case to nobody by name."""
    return Content(
        text=_(
            "I'm calling somebody else for case {number}. Thank you. If you know who can be with them, say"
            " “hand over {number} NAME”.",
            number=case_id,
        )
    )


def not_joined(case_id: int) -> Content:
    """To who would leave a case in which they are not: nothing was done."""
    return Content(text=_("You are not in case {number}, so there is nothing to leave.", number=case_id))


def has_changed(case_id: int, name: str | Text | None) -> Content:
    """To who pressed an old button: nothing was done."""
    if name is None:
        return Content(text=_("I did nothing: that button is old. Nobody has case {number} now.", number=case_id))
    return Content(
        text=_("I did nothing: that button is old. Case {number} is with {name}.", number=case_id, name=name)
    )


def is_on_it(name: str | Text, case_id: int) -> Content:
    """To the peers' room: somebody has it."""
    return Content(text=_("{name} is on it (case {number}).", name=name, number=case_id))


def signal_in_conversation(case_id: int, severity: Severity, excerpt: str | None, late: timedelta) -> Content:
    """To the holder: the bot heard the member again.

    `excerpt`: words that they have not read in the relay; "": they asked for a person, and wrote nothing.
    """
    text = _("I heard this in what they wrote just now (case {number}).", number=case_id)
    if late:
        text = _("I heard this in what they wrote {time} ago (case {number}).", number=case_id, time=how_long(late))
    if excerpt == "":
        text = _("They have asked for a person once more (case {number}).", number=case_id)
    elif excerpt:
        text = _("They wrote in a room (case {number}): “{words}”", number=case_id, words=excerpt)
        text = written_ago(text, late) if late else text
    return Content(title=SEVERITIES[severity], text=text)


def ended_for_peers(case_id: int, outcome: Outcome, *, by_member: bool) -> Content:
    """To the holder or the peers' room: the case has ended, and how."""
    if outcome is Outcome.ERASED:
        return Content(text=_("Case {number} has ended: they erased their data.", number=case_id))
    if by_member:
        return Content(text=_("Case {number} has ended: they say they are safe.", number=case_id))
    return Content(
        text=_(
            "Case {number} has ended: {outcome}. Thank you for being there. Look after yourself too.",
            number=case_id,
            outcome=OUTCOMES[outcome],
        )
    )


def unreached(accounts: str) -> Field:
    """Among the facts of a case: the bot does not reach the member."""
    return Field(
        name=_("⚠️ I cannot reach them"),
        value=_(
            "My private messages do not get to them. Please write to them yourself ({accounts}).", accounts=accounts
        ),
    )


def cannot_reach_member(case_id: int, accounts: str) -> Content:
    """To those on duty, loudly: the member does not get what the bot writes, and only people can reach them now."""
    return Content(
        title=_("⚠️ I cannot reach the person of case {number}", number=case_id),
        text=_(
            "My private messages do not get to them. Please write to them yourself ({accounts}), and if a life is in"
            " danger call the emergency services.",
            accounts=accounts,
        ),
    )


def cannot_reach_holder(case_id: int, name: str | Text) -> Content:
    """To the peers' room: the peer does not get what the member writes."""
    return Content(
        title=_("⚠️ I cannot reach {name} about case {number}", name=name, number=case_id),
        text=_("What the member writes does not arrive. I'm looking for somebody else."),
    )
