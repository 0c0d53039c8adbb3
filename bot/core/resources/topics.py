"""What people look for, in the field's terms and in their own words.

A topic's id stands in helpline and community files. Its synonyms are how people ask for it in English: words
or phrases, found in any order and in spite of a typo. `related` are the topics whose resources also help,
nearest first.
"""

from dataclasses import dataclass
from functools import cache

from bot.core.matching import fold
from bot.core.resources.match import WORDS_LIMIT, alike_among, all_words
from bot.core.resources.topic_words import SPANISH
from bot.core.words import Text, _


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to look for."""

    id: str
    label: Text
    synonyms: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


def _topic(id_: str, label: Text, synonyms: str, related: str = "") -> Topic:
    phrases = f"{synonyms}, {SPANISH.get(id_, '')}".split(",")
    return Topic(id_, label, tuple(part.strip() for part in phrases if part.strip()), tuple(related.split()))


_ALL = (
    _topic(
        "suicide",
        _("Suicidal thoughts"),
        "suicide, suicidal, end my life, ending it, kill myself, want to die, wanna die, dont want to live, "
        "better off dead, kms, unalive",
        "crisis emotional-support",
    ),
    _topic(
        "crisis",
        _("Crisis"),
        "crisis, emergency, urgent, breakdown, cant go on, cant cope, desperate, panic",
        "suicide emotional-support",
    ),
    _topic(
        "self-harm",
        _("Self-harm"),
        "self harm, selfharm, self injury, cutting, cut myself, hurt myself, hurting myself",
        "suicide crisis",
    ),
    _topic(
        "emotional-support",
        _("Somebody to talk to"),
        "emotional support, talk to someone, talk to somebody, someone to talk, somebody to talk, lonely, "
        "loneliness, listen, sad, struggling, alone, overwhelmed",
        "crisis mental-health",
    ),
    _topic(
        "mental-health",
        _("Mental health"),
        "mental health, depression, depressed, anxiety, anxious, therapy, therapist, counselling, "
        "counseling, counsellor, counselor, psychiatrist, psychologist, bipolar, ptsd, trauma, ocd, "
        "psychosis, hearing voices, warmline, warm line",
        "emotional-support crisis",
    ),
    _topic(
        "substance-use",
        _("Drug and alcohol use"),
        "substance use, substance, drug, addiction, addicted, addict, using, heroin, fentanyl, opioid, "
        "opiate, cocaine, crack, meth, amphetamine, benzo, weed, cannabis, pills, recovery, sober, "
        "sobriety, clean, relapse, relapsed, craving, quit using, stop using, 12 step, twelve step",
        "treatment treatment-referral alcohol",
    ),
    _topic(
        "alcohol",
        _("Alcohol"),
        "alcohol, alcoholic, drink, drinking, drunk, booze, beer, wine, stop drinking, quit drinking, aa",
        "substance-use treatment treatment-referral",
    ),
    _topic(
        "gambling",
        _("Gambling"),
        "gambling, gamble, gambler, betting, bet, casino, slots, poker, bookie",
        "mental-health",
    ),
    _topic(
        "treatment",
        _("Treatment"),
        "treatment, rehab, rehabilitation, inpatient, outpatient, iop, program, programme, residential, "
        "treatment center, treatment centre, get help with drugs, get clean, get sober",
        "treatment-referral detox substance-use",
    ),
    _topic(
        "treatment-referral",
        _("Finding treatment"),
        "treatment referral, referral, find treatment, find rehab, treatment locator",
        "treatment substance-use",
    ),
    _topic(
        "detox",
        _("Detox and withdrawal"),
        "detox, detoxification, withdrawal, withdrawing, dope sick, dopesick, come off, coming off, taper, "
        "shakes, delirium tremens",
        "treatment treatment-referral substance-use",
    ),
    _topic(
        "medication",
        _("Medication for addiction"),
        "medication, methadone, buprenorphine, suboxone, subutex, sublocade, naltrexone, vivitrol, mat, "
        "moud, antabuse, disulfiram, acamprosate, campral",
        "treatment treatment-referral substance-use",
    ),
    _topic(
        "naloxone",
        _("Naloxone"),
        "naloxone, narcan, kloxxado, nyxoid, overdose kit, nasal spray, reverse an overdose, opvee, zimhi",
        "overdose-prevention harm-reduction",
    ),
    _topic(
        "overdose-prevention",
        _("Overdose prevention"),
        "overdose prevention, overdose, overdosing, overdosed, od, using alone, use alone, never use alone, "
        "spotter, took too much",
        "naloxone harm-reduction substance-use",
    ),
    _topic(
        "harm-reduction",
        _("Harm reduction"),
        "harm reduction, needle exchange, needle, syringe, clean needles, clean works, test strips, "
        "fentanyl strips, drug checking, safer use, safe use, safe supply, injection, moderation",
        "naloxone overdose-prevention substance-use",
    ),
    _topic(
        "housing",
        _("Housing and shelter"),
        "housing, shelter, homeless, homelessness, somewhere to sleep, place to sleep, place to stay, "
        "somewhere to stay, sleep tonight, bed for tonight, a bed, rent, eviction, evicted, kicked out, "
        "couch surfing, sober living, sober house, halfway house, recovery house, oxford house, apartment, "
        "on the street, roof, nowhere to sleep, nowhere to go, nowhere to stay, need a bed, warming center, "
        "living in my car, sleeping rough, hostel, foster care, women shelter, transitional housing",
    ),
    _topic(
        "jobs",
        _("Jobs and training"),
        "job, work, employment, unemployed, hiring, career, resume, cv, job training, training, "
        "apprenticeship, felon friendly, lost my job",
        "education",
    ),
    _topic(
        "education",
        _("Education"),
        "education, school, college, university, ged, diploma, class, course, study, learn to read, tuition",
        "jobs",
    ),
    _topic(
        "legal",
        _("Legal help"),
        "legal, lawyer, attorney, solicitor, court, probation, parole, expunge, expungement, criminal "
        "record, felony, cps, child protective services, get my kids back, warrant, ticket, drug court, "
        "arrested, jail, prison, custody, immigration, legal aid, dui",
    ),
    _topic(
        "health-care",
        _("Health care"),
        "health care, healthcare, doctor, clinic, hospital, nurse, dentist, dental, medicaid, medicare, "
        "insurance, no insurance, uninsured, hepatitis, hep c, hiv, sti, wound, wound care, prescription, "
        "free clinic, see a doctor, prenatal, pregnant, birth control, glasses, eye doctor",
        "health-advice",
    ),
    _topic(
        "health-advice",
        _("Health advice"),
        "health advice, medical advice, nurse line, symptoms",
        "health-care",
    ),
    _topic(
        "food",
        _("Food"),
        "food, food bank, food pantry, pantry, hungry, eat, meal, soup kitchen, groceries, food stamps, "
        "snap, breakfast, dinner, starving",
    ),
    _topic(
        "family",
        _("Family and friends"),
        "family, friend, my son, my daughter, my husband, my wife, my partner, my brother, my sister, my "
        "mother, my mom, my mum, my father, my dad, my child, loved one, al anon, alanon, nar anon, "
        "naranon, alateen, codependent, codependency, parent, parenting, childcare, child care, grief, "
        "bereavement, bereaved",
        "emotional-support substance-use",
    ),
    _topic(
        "youth",
        _("Children and young people"),
        "youth, young people, teen, teenager, kid, child, children, minor, adolescent, under 18, student, "
        "runaway, bullied, bullying",
        "emotional-support crisis",
    ),
    _topic(
        "veterans",
        _("Veterans"),
        "veteran, vet, military, army, navy, air force, marine, deployed, va, soldier, service member",
        "mental-health crisis",
    ),
    _topic(
        "lgbtq",
        _("LGBTQ+"),
        "lgbtq, lgbt, lgbtqia, gay, lesbian, bisexual, trans, transgender, queer, nonbinary, non binary, coming out",
        "emotional-support",
    ),
    _topic(
        "indigenous",
        _("Indigenous people"),
        "indigenous, native american, first nations, aboriginal, torres strait, inuit, metis, maori, tribal",
        "emotional-support",
    ),
    _topic(
        "domestic-violence",
        _("Violence at home"),
        "domestic violence, domestic abuse, abusive, abuse, abused, hits me, hit me, beats me, beating me, "
        "afraid of my partner, scared to go home, restraining order, partner violence, safe house, "
        "stalking, strangled",
        "victim-support crisis",
    ),
    _topic(
        "victim-support",
        _("Victim support"),
        "victim support, victim, victim of crime, rape, raped, sexual assault, assaulted, assault, trafficking, robbed",
        "domestic-violence crisis",
    ),
    _topic(
        "disaster",
        _("Disasters"),
        "disaster, flood, earthquake, hurricane, wildfire, tornado, storm, evacuated",
        "emotional-support",
    ),
    _topic(
        "faith-based",
        _("Faith-based groups"),
        "faith based, faith, church, christian, celebrate recovery, pastor, chaplain, prayer, pray, "
        "spiritual, god, mosque, muslim, islam, jewish, synagogue, buddhist, recovery dharma, religious",
    ),
    _topic(
        "secular",
        _("Secular groups"),
        "secular, atheist, agnostic, non religious, not religious, without god, no god, smart recovery, "
        "lifering, women for sobriety",
    ),
)

TOPICS: dict[str, Topic] = {topic.id: topic for topic in _ALL}
"""Every topic by its id, in the order in which they are offered."""


def topics_in(words: str) -> tuple[str, ...]:
    """Ids of the topics that somebody's own `words` ask for, in the order of `TOPICS`."""
    return topics_and_rest(words)[0]


def topics_and_rest(words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The topics that `words` ask for, and the words that say something else, folded."""
    said = all_words(words[:WORDS_LIMIT])
    near = {word: {word} | alike_among(word, _vocabulary()) for word in dict.fromkeys(said)}
    meant = frozenset().union(*near.values())
    found: list[str] = []
    used: set[str] = set()
    for id_, phrases in _phrase_sets().items():
        matched = [phrase for phrase in phrases if phrase <= meant]
        if matched:
            found.append(id_)
            used = used.union(*matched)
    rest = tuple(word for word, could_be in near.items() if not could_be & used)
    return tuple(found), rest


def topic_id(text: str) -> str | None:
    """The id of the topic that `text` names by id, label or synonym; None if it names none."""
    slug = fold(text[:WORDS_LIMIT]).replace(" ", "-")
    if slug in TOPICS:
        return slug
    return _ids().get(all_words(text[:WORDS_LIMIT]))


@cache
def _phrases() -> dict[str, tuple[tuple[str, ...], ...]]:
    return {
        topic.id: tuple(all_words(phrase) for phrase in (topic.id, topic.label.message, *topic.synonyms))
        for topic in _ALL
    }


@cache
def _phrase_sets() -> dict[str, tuple[frozenset[str], ...]]:
    return {id_: tuple(frozenset(phrase) for phrase in phrases if phrase) for id_, phrases in _phrases().items()}


@cache
def _vocabulary() -> tuple[str, ...]:
    return tuple({word for phrases in _phrases().values() for phrase in phrases for word in phrase})


@cache
def _ids() -> dict[tuple[str, ...], str]:
    """Every phrase's topic; of one that several have, the first."""
    return {phrase: id_ for id_, phrases in reversed(_phrases().items()) for phrase in phrases}
