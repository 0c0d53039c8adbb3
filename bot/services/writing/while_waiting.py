"""What people ask the bot who wait for a person: whether somebody comes, and what that is. It is answered at once."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from bot.core.crisis import Severity
from bot.core.matching import fold
from bot.core.people import Community
from bot.core.words import Text, Words, _
from bot.services import typed


class Asked(Enum):
    """What they ask."""

    HELP = _(
        "help / help help / help help help / help me / help me help me / please help / help please / please help me"
        " / help me please / i need help / i need help please / somebody help / hello help / can you help me"
        " / will you help me / send help"
    )
    TAKEN = _(
        "i took pills / i took the pills / i took some pills / i took my pills / i took all my pills"
        " / i took all the pills / i took a lot of pills / i took them all / i took it all / i took too many"
        " / i took too much / ive taken pills / ive taken the pills / ive taken them all / ive taken too many"
        " / i have taken pills / i swallowed them / i swallowed pills / i swallowed the pills / i swallowed it"
        " / i overdosed / i od"
    )
    HURT = _(
        "i cut myself / i cut / ive cut myself / i have cut myself / i cut too deep / im bleeding / i am bleeding"
        " / im bleeding a lot / there is blood / so much blood"
    )
    DONE = _(
        "i took them / i took it / ive taken them / ive taken it / i have taken them / i have taken it / i drank it"
        " / i did it / i already did it / ive done it / i have done it / ive already done it / its done / it is done"
        " / its already done / its too late / it is too late / too late / its too late now"
    )
    WHO = _(
        "who will come / who comes / who is coming / whos coming / who will it be / who is it / who are they"
        " / who will answer / who will write / who will write to me / who will talk to me / who are you calling"
        " / who do you call / who are the peers / what is a peer / whats a peer / who is a peer / is it a doctor"
        " / is it a real person / will it be a real person / is it a bot"
    )
    HOW_LONG = _(
        "how long / how long will it take / how long does it take / how long will this take / how long does this take"
        " / how long do i have to wait / how long do i wait / how long must i wait / how much longer / how long is it"
        " / how long until somebody comes / how long until someone comes / how long till someone comes / when"
        " / when will somebody come / when will someone come / when does somebody come / when does someone come"
        " / when is somebody coming / when is someone coming / when will they come / when do they come"
        " / is anyone coming / is anybody coming / is someone coming / is somebody coming / will anyone come"
        " / will anybody come / will someone come / will somebody come / is help coming"
        " / is help on the way / what is taking so long"
        " / why does it take so long / why is it taking so long"
    )
    COST = _(
        "is it free / is this free / is that free / is it for free / is this for free / does it cost anything"
        " / does this cost anything / does it cost money / does this cost money / what does it cost"
        " / what does this cost / how much does it cost / how much does this cost / how much is it / how much is this"
        " / do i have to pay / do i have to pay for this / do i have to pay anything / do i need to pay"
        " / do you charge for this"
    )
    READERS = _(
        "is it private / is this private / is that private / is this chat private / is it confidential"
        " / is this confidential / is it anonymous / is this anonymous / am i anonymous / is it secret"
        " / who can read this / who can read it / who can read that / who reads this / who reads it / who reads that"
        " / who can see this / who can see it / who sees this / who sees it / who will see this / who will read this"
        " / can anyone read this / can anybody read this / can anyone see this / can others read this"
        " / can others see this / can everyone see this / can everybody see this / does anyone else read this"
        " / does anyone else see this / do the others see this / will you tell anyone / will you tell anybody"
        " / do you tell anyone / who do you tell / who did you tell / who have you told"
        " / did you tell anyone / will anyone know / will anybody know"
    )
    SERVICES = _(
        "will you call the police / will you call the cops / will you call 911 / will you call an ambulance"
        " / are you calling the police / are you calling the cops / are you calling 911 / are you calling an ambulance"
        " / are you going to call the police / are you going to call the cops / are you going to call 911"
        " / did you call the police / did you call the cops / did you call 911 / did you call an ambulance"
        " / have you called the police / have you called 911 / have you called an ambulance / do you call the police"
        " / will the police come / are the police coming / is the police coming / are the cops coming / is 911 coming"
        " / is an ambulance coming / is the ambulance coming / is the ambulance on its way / will an ambulance come"
        " / when does the ambulance come"
        " / when will the ambulance come / where is the ambulance / how long until the ambulance comes"
        " / dont call the police / dont call the cops / dont call 911 / dont call an ambulance / no police / no cops"
        " / i dont want the police / i dont want the cops / i dont want police / i dont want an ambulance"
        " / call the police / call 911 / call an ambulance / call me an ambulance / can you call an ambulance"
        " / can you call 911 / send an ambulance / i need an ambulance / ambulance / get an ambulance"
    )
    THERE = _(
        "hello / hi / hey / hello hello / are you there / you there / anyone / anybody / anyone there / anybody there"
        " / is anyone there / is anybody there / is someone there / is somebody there / is there anyone / anyone here"
        " / is anyone awake / is anybody awake / is there anybody / is anyone here / is anybody here"
        " / is this a bot / are you a bot / are you real"
        " / are you human / are you a human / are you a person / are you a real person / is this real"
        " / is this a real person / am i talking to a bot / am i talking to a person / am i talking to a real person"
        " / who is this / whos this / who are you"
    )


DEEDS = frozenset({Asked.TAKEN, Asked.HURT, Asked.DONE})
"""What they say that they have done; `DONE` does not name it."""

AT_ONCE = frozenset({Asked.HELP, Asked.SERVICES}) | DEEDS
"""To what the numbers of those belong who answer now."""

_BEFORE = frozenset(fold("and so but ok okay hi hey hello um well y pero bueno hola").split())
"""Words before a question that change nothing about it."""


def asked_in(text: str, languages: Collection[Words]) -> tuple[Asked, str] | None:
    """What a whole message asks, and in which language."""
    said = [word for word in fold(text[: typed.PHRASE_LIMIT]).split() if word not in typed.POLITE]
    while len(said) > 1 and said[0] in _BEFORE:
        said = said[1:]
    plain = " ".join(said)
    for words in languages:
        for asked in Asked:
            if plain in typed.ways(words, asked.value.message):
                return asked, words.language
    return None


def is_help(text: str, languages: Collection[Words]) -> bool:
    """Whether a whole message is nothing but a cry for help."""
    asked = asked_in(text, languages)
    return asked is not None and asked[0] is Asked.HELP


@dataclass(frozen=True, slots=True)
class Answer:
    """What they read; `with_numbers`: before the numbers of those who answer now."""

    text: Text
    with_numbers: bool = False


def answer_to(asked: Asked, community: Community, *, severity: Severity, mark: str) -> Answer:
    """The truth about it, in short; `mark` stands before a command where they write."""
    calling, emergency = severity is not Severity.CONCERN, severity is Severity.EMERGENCY
    match asked:
        case Asked.HELP:
            heard = _CALLED if calling else _READ
            text = _("{text} What else I can do: “menu”, or “{mark}help”.", text=heard, mark=mark)
        case Asked.SERVICES:
            text = no_services(community)
        case Asked.TAKEN | Asked.HURT | Asked.DONE:
            text = _("If you have taken something or hurt yourself, please do not wait until a person is here.")
        case Asked.THERE:
            text = _HERE_AND_CALLING if calling else _HERE
        case Asked.WHO:
            text = who_comes(community)
        case Asked.HOW_LONG:
            text = _DO_NOT_WAIT if emergency else _IT_MAY_TAKE_LONG if calling else _NOBODY_IS_CALLED
        case Asked.COST:
            text = COSTS_NOTHING
        case Asked.READERS:
            text = _(
                "What you write to me here is read by the person who comes, and by whoever helps them; I show it in no"
                " room where members talk. Those whom I call read what I heard before, if that was why I call. I keep"
                " it encrypted, and erase it {days} days after this has ended.",
                days=community.retention_days,
            )
    return Answer(text, with_numbers=asked in AT_ONCE or (asked is Asked.HOW_LONG and emergency))


def no_services(community: Community) -> Text:
    """Whether the police or an ambulance come."""
    return _(
        "I tell only people of {community}: I call no ambulance and no police, and I cannot. If you need an"
        " ambulance, please call it yourself, or ask somebody near you.",
        community=community.name,
    )


def who_comes(community: Community) -> Text:
    """Who that is, a peer."""
    return _(
        "Somebody of {community} who has agreed to be there for others: a peer, or a moderator. When they come,"
        " you read here who they are.",
        community=community.name,
    )


COSTS_NOTHING = _("It costs nothing, now or later: the peers are volunteers.")
_CALLED = _("I have heard you, and I'm calling somebody for you; nobody is here yet. These people answer now.")
_READ = _(
    "I have heard you. The peers can read that you would like somebody; nobody is here yet. If it cannot wait,"
    " press “I need a person”: then I call somebody at once. These people answer now."
)
_HERE_AND_CALLING = _(
    "I'm a bot, and I'm here. I'm calling a person for you; nobody is here yet. When somebody comes, you read here who"
    " they are."
)
_HERE = _(
    "I'm a bot, and I'm here. The peers can read that you would like somebody; nobody is here yet. If it cannot wait,"
    " press “I need a person”: then I call them at once."
)
_DO_NOT_WAIT = _(
    "I don't know how long it takes, and promise no time. I go on calling until somebody is here. Please do not wait"
    " for that."
)
_IT_MAY_TAKE_LONG = _(
    "I don't know how long it takes, and promise no time. I go on calling until somebody is here. If it gets too long:"
    " “numbers” shows who answers now."
)
_NOBODY_IS_CALLED = _(
    "I don't know. The peers can read that you would like somebody, and I promise no time. If it cannot wait, press “I"
    " need a person”: then I call them at once."
)
