"""Guides in plain words: short, dated, each with its published sources. A community has its own beside them.

They are conservative: what they say stands in every source they name, and where sources differ the safer advice is
taken. They are no medical advice, and say whom to ask. Who changes one changes its date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.core.matching import fold, nearest
from bot.core.words import Say, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Paragraphs on one thing. `urgent`: it begins with the emergency number of the reader's country."""

    id: str
    title: Say
    paragraphs: tuple[Say, ...]
    sources: tuple[str, ...]
    written: date
    called: tuple[str, ...] = ()
    """What else people call it, in English and Spanish."""
    urgent: bool = False
    from_community: bool = False


GUIDES = (
    Guide(
        id="overdose",
        title=_("An overdose: see it, and give naloxone"),
        called=("naloxone", "narcan", "od", "sobredosis", "naloxona"),
        urgent=True,
        written=date(2026, 11, 22),
        paragraphs=(
            _(
                "Signs of an opioid overdose: they do not wake up when you shout or rub their breastbone hard; they"
                " breathe slowly, or not at all; they gurgle or snore; their lips or nails turn blue or grey; their"
                " pupils are tiny."
            ),
            _("1. Try to wake them: shout their name, rub your knuckles hard on their breastbone."),
            _("2. Call the emergency number. Say: somebody does not wake up and is not breathing well."),
            _(
                "3. Give naloxone if you have it: lay them on their back, tip the head back, put the spray's tip all"
                " the way into one nostril and press. If it was no opioid, naloxone does no harm."
            ),
            _(
                "4. If they do not breathe, breathe for them: chin up, pinch the nose, one breath every 5 seconds. If"
                " you know CPR, or the emergency line tells you how, do that."
            ),
            _("5. No better after 2 to 3 minutes? Give a second dose, in the other nostril."),
            _(
                "6. Once they breathe by themselves, lay them on their side, with the upper knee bent. Stay until help"
                " is there: naloxone wears off after 30 to 90 minutes, and the overdose can come back."
            ),
            _("Do not put them in a bath, make them vomit, give them other drugs, or leave them to sleep it off."),
        ),
        sources=(
            "SAMHSA, Overdose Prevention and Response Toolkit (2023): https://store.samhsa.gov",
            "WHO, Opioid overdose (29 August 2023): https://www.who.int/news-room/fact-sheets/detail/opioid-overdose",
            "WHO, Community management of opioid overdose (2014): https://www.who.int/publications/i/item/9789241548816",
        ),
    ),
    Guide(
        id="alcohol-withdrawal",
        title=_("Stopping drinking: alcohol withdrawal"),
        called=("withdrawal", "shakes", "stop drinking", "abstinencia", "dejar de beber"),
        urgent=True,
        written=date(2026, 11, 22),
        paragraphs=(
            _(
                "If you drink a lot every day, do not stop all at once by yourself. Withdrawal from alcohol can be"
                " dangerous, even deadly. Talk to a doctor, a pharmacist or a treatment service first: with medicine"
                " and somebody watching it is much safer."
            ),
            _(
                "Mild signs begin 6 to 24 hours after the last drink: shaking, sweating, feeling sick, a fast heart,"
                " bad sleep, being on edge. Tell somebody, and call a doctor or a health advice line the same day."
            ),
            _(
                "Call the emergency number at once for: a seizure; confusion; seeing or hearing what is not there; a"
                " high fever; severe shaking; vomiting that does not stop; chest pain; or somebody who cannot be woken."
            ),
            _("The most dangerous time is the first three days, but it can come later, up to a week."),
            _(
                "The risk is higher for whoever has had a seizure or bad withdrawal before, is pregnant, is ill or"
                " old, or takes sleeping pills or tranquillisers (benzodiazepines), which must not be stopped at once"
                " either."
            ),
            _(
                "Until you have help, and you already shake when you do not drink: do not stop suddenly. Do not drive,"
                " and do not be alone."
            ),
        ),
        sources=(
            "NICE, Alcohol-use disorders: physical complications (CG100, updated 2017):"
            " https://www.nice.org.uk/guidance/cg100",
            "NHS, Alcohol misuse: treatment: https://www.nhs.uk/conditions/alcohol-misuse/treatment/",
            "Drinkaware, Alcohol withdrawal symptoms: https://www.drinkaware.co.uk",
        ),
    ),
    Guide(
        id="helping-a-friend",
        title=_("Helping a friend"),
        called=("friend", "worried about somebody", "someone else", "amigo", "amiga", "ayudar a alguien"),
        written=date(2026, 11, 22),
        paragraphs=(
            _(
                "Find a quiet moment when they have not been drinking or using. Say what you have seen and that you"
                " care: “I have noticed you are missing work. I am worried, and I am here.”"
            ),
            _("Listen more than you talk. No lecture, no blame, no names for them. Ask what they want to change."),
            _(
                "If you fear for their life, ask directly: “Are you thinking about killing yourself?” Asking does not"
                " put the thought there. Do not promise to keep it secret; stay with them and call a crisis line"
                " together."
            ),
            _("Offer one small step: finding a number together, going along to a first meeting, a lift, a meal."),
            _("If they use opioids: keep naloxone at hand, and ask them never to use alone."),
            _(
                "They may say no. Leave the door open, and ask again another day. Going back to use happens to many"
                " people on their way; it is no failure of theirs or yours."
            ),
            _(
                "You cannot do it for them, and you need not do it alone. Say what you can and cannot do, and have"
                " somebody to talk to yourself: Al-Anon, Nar-Anon and SMART Recovery Family & Friends are for you."
            ),
        ),
        sources=(
            "SAMHSA, Starting the conversation: https://www.samhsa.gov/find-support/how-to-cope",
            "Samaritans, How to support someone you're worried about: https://www.samaritans.org",
            "#BeThe1To, 988 Lifeline's five steps: https://www.bethe1to.com",
        ),
    ),
    Guide(
        id="peer-supporters",
        title=_("What a peer supporter is, and how to know a qualified one"),
        called=("peer", "recovery coach", "sponsor", "persona de apoyo", "apoyo entre iguales", "padrino"),
        written=date(2026, 11, 22),
        paragraphs=(
            _(
                "A peer supporter has been there: with their own substance use or mental health, or a family member's."
                " They listen, tell what helped them, help you to set your own goals, and find services with you."
            ),
            _("They are no therapist and no doctor: they do not diagnose, and do not advise on medicines."),
            _(
                "A qualified one can name their training and who certified them. The United States' model standards ask"
                " for 40 to 60 hours of training, up to 120 hours of supervised work, and a code of ethics; many states"
                " have a register in which you can look. Other countries have courses and registers of their own."
            ),
            _("Good questions: Who trained you? Who supervises you? What stays between us, and what does not?"),
            _(
                "Good signs: they respect every path (with or without medication, with or without faith), keep what you"
                " say private, tell you the limits of that at the start, and have somebody to ask for advice."
            ),
            _(
                "Warning signs: they ask for money or favours, want romance, tell you to stop a prescribed medicine,"
                " promise a cure, or want you to hide your talks. Then tell a moderator or an organizer."
            ),
            _(
                "A sponsor in a 12-step fellowship is another thing: a volunteer who guides you through its steps,"
                " without training or certificate."
            ),
        ),
        sources=(
            "SAMHSA, National Model Standards for Peer Support Certification (2023, PEP23-10-01-001):"
            " https://store.samhsa.gov",
            "SAMHSA, Core Competencies for Peer Workers in Behavioral Health Services (2015): https://www.samhsa.gov",
        ),
    ),
    Guide(
        id="talking-with-family",
        title=_("Talking with family about your recovery"),
        called=("family", "parents", "telling my partner", "familia", "pareja"),
        written=date(2026, 11, 22),
        paragraphs=(
            _("You choose whom you tell, when, and how much. Nobody has a right to all of it."),
            _("Begin with one person who has been safe before. Choose a calm time, and say how long you want to talk."),
            _(
                "Speak of yourself: “I have been drinking more than I can handle. I am getting help. I would like you"
                " to know.” You need not answer everything today."
            ),
            _(
                "Say what helps you: no alcohol in the house for now, a lift to a meeting, not being asked every day."
                " What is not asked for is seldom guessed."
            ),
            _(
                "They may be hurt, angry or afraid. You can listen to that without taking all of it on. Trust comes"
                " back with time and small promises that are kept."
            ),
            _(
                "With children: short and true, in words for their age. “I was ill, it is not your fault, I am getting"
                " help, and you can always ask me.”"
            ),
            _(
                "If home is not safe, you need not talk there: a domestic violence line helps you to plan first. If"
                " they need support themselves, there are groups for families."
            ),
        ),
        sources=(
            "SAMHSA, Resources for families coping with mental and substance use disorders:"
            " https://www.samhsa.gov/families",
            "NACoA, the seven Cs for children of people who drink: https://nacoa.org",
            "NHS, Advice for the families of people who use drugs:"
            " https://www.nhs.uk/live-well/addiction-support/advice-for-the-families-of-drug-users/",
        ),
    ),
)


def find_guide(words: str, own: Sequence[Guide] = ()) -> Guide | None:
    """The guide that `words` name, a community's own first; None if they name none."""
    every = (*own, *GUIDES)
    named = [
        (fold(name), number)
        for number, guide in enumerate(every)
        for name in (guide.id, str(guide.title), *guide.called)
    ]
    exact = (number for name, number in named if name == fold(words))
    found = next(exact, None)
    if found is None:
        found = next(iter(nearest(words, named, 1)), None)
    return None if found is None else every[found]
