"""By what a pattern is found: the words, or pairs of words, one of which every match of it holds.

It is chosen so that ordinary talk holds none. Where a pattern is made of common words only, two that must follow each
other are looked for as one: "help me" is met a hundred times less often than "help" and "me" are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum

from bot.core.crisis.needs import BY_FREQUENCY

_OF_RARE = 0.0003
_OF_SHORT = 0.002
_OF_SOME = 0.005
_OF_COMMON = 0.02
_SHORT = 3
_OF_A_PAIR = 0.000_005
_MOST_PAIRS = 400
RARE_ENOUGH = 0.001
"""Chances that a message holds a word: one that nobody has counted, a short one, one that is used now and then, one
that its lexicon calls common, two words beside each other that are met for nothing (each also takes room). Where there
are more pairs than the most, or what is there is rare enough, none are looked for."""

_NOW_AND_THEN = (
    "morning afternoon evening tonight tomorrow yesterday today soon already almost ago minute minutes second hour "
    "myself yourself himself herself themselves itself anymore anyway somebody anybody everybody somewhere anywhere "
    "take takes taking finish finished finishing read reading write writing wrote watch watching listen listening "
    "send sent buy bought pay paid bring brought buying selling sell meet met meeting meetings join joined leaving "
    "drive driving drove walk walked walking train bus plane flight road street city town country door window kitchen "
    "exactly basically literally seriously obviously usually sometimes often rarely probably definitely totally "
    "worth half full empty early late short easy simple easier harder quick quickly slow slowly fast strong weak "
    "nice great amazing awesome beautiful pretty cute funny weird crazy stupid dumb cool warm cold hot fresh clean "
    "dirty dark light bright loud quiet sweet angry sad upset glad proud excited bored busy lonely scared afraid "
    "worried nervous anxious sick ill healthy sorry alone ok okay alright yeah yes nope sure true false real fake "
    "book books movie movies show shows episode season series music song songs album band game games gaming player "
    "players team teams level score win won lose lost losing fight fighting shot shoot shooting hit hits kill killed "
    "killing dead die died dying death blood gun knife attack enemy boss weapon war police law court jail money price "
    "cost cheap expensive free card cash dollars bank rent boss office project company business meeting class classes "
    "teacher student students college test exam study studying homework grade learn learning learned lesson question "
    "questions answer answers idea ideas plan plans planning problem problems issue issues reason reasons result "
    "story stories history future past present moment moments memory memories dream dreams sense chance choice "
    "mom dad mother father parents brother sister son daughter kid child baby wife husband girlfriend boyfriend "
    "partner uncle aunt grandma grandpa cousin neighbor dog dogs cat cats pet bird horse fish coffee tea beer wine "
    "drink drinks drinking drunk sober clean water milk bread cheese chicken pizza cake dinner lunch breakfast cook "
    "cooking hungry eating ate sleeping slept asleep awake woke wake waking rest relax nap doctor doctors hospital "
    "nurse therapy therapist medicine meds pill pills drug drugs dose pain hurt hurts hurting sore heart brain blood "
    "hand hands arm arms leg legs foot feet eye eyes ear ears nose mouth teeth hair face skin back neck stomach "
    "phone computer laptop screen keyboard server channel message messages text texts email link video videos photo "
    "picture pictures post posts posted internet website app account password update version bug code file sound "
    "start starts started starting stop stopped stopping keep keeps keeping kept hold holding held carry move moved "
    "moving turn turned turns open opened close closed closing break breaks broke broken fix fixed build built cut "
    "cutting pull push throw threw fall falling fell jump jumped run ran running climb ride sit sitting sat stand "
    "standing stood wait waited waiting stay stayed staying visit visiting travel trip vacation holiday birthday "
    "christmas party wedding gift present summer winter spring fall rain snow sun weather weekend monday tuesday "
    "wednesday thursday friday saturday sunday january june july month months year years times once twice again "
    "give gives giving gave given ask asked asking tell tells telling talk talked talking speak speaking explain "
    "call called calling calls hear heard hearing see seeing seen look looked looks feel feels feeling felt believe "
    "remember remembered forget forgot forgotten understand understood mean means meant matter matters care cares "
    "cared change changed changes changing grow growing growth end ends ended ending live lives lived living alive "
    "happen happens happened happening become became getting gotten goes went gone coming came comes done doing does "
    "try tries tried trying hope hoping hoped wish wishing wanted wanting wants needed needs needing loves loved "
    "hates hated hating miss missed missing enjoy enjoyed like liked likes thank thanks appreciate welcome please "
    "hello hey hi bye goodbye goodnight congrats luck god jesus lord church hell heaven damn fuck fucking fucked shit "
    "bitch ass crap idk lol lmao omg wtf tbh btw imo brb gonna wanna gotta kinda sorta dunno cant cannot couldnt "
    "wouldnt shouldnt didnt doesnt wasnt werent havent hasnt hadnt aint youre theyre theyve weve ive ill id youve "
    "hes shes whats thats theres heres wheres whos lets isnt arent wont dont number numbers part parts side sides "
    "top bottom middle left right front end inside outside near far close away together apart whole entire rest "
    "person group member members community world earth space power energy fire air land sea river beach mountain "
    "red blue green black white yellow pink purple brown small large huge tiny tall long wide deep high low "
    # of other languages in Latin letters
    "aber auch noch schon mal nur wenn dann wie wer wo kann muss will soll mein meine dein sein sehr gut heute morgen "
    "gestern abend leute alle etwas nichts immer nie mehr bitte danke hallo ja nein weil oder bei von vom zum zur "
    "hoy ayer manana ahora siempre nunca bien mal muy mucho gracias hola buenos buenas dias tardes noches todos todo "
    "nada alguien nadie puedo quiero tengo estoy eres hay porque cuando donde como para pero solo vez vida casa "
    "aujourdhui demain hier soir matin bien bon merci bonjour salut rien jamais toujours encore quand comme parce "
    "mais aussi cette mes mon ton son leur fais vais peux veux besoin gens "
    "hoje ontem amanha agora sempre obrigado obrigada oi ola bom boa dia noite tarde tudo nada alguem ninguem posso "
    "quero tenho estou porque quando onde bem gente vida "
)
"""Words that are no rarity, beside those that are met all the time."""

_CHANCES: dict[str, float] = dict.fromkeys(_NOW_AND_THEN.split(), _OF_SOME)
for _rank, _word in enumerate(BY_FREQUENCY.split()):
    _CHANCES[_word] = max(_CHANCES.get(_word, 0), 4 / (_rank + 10))
COUNTED = frozenset(_CHANCES)
"""Ordinary words: they are what they are."""


@dataclass(frozen=True, slots=True)
class Key:
    """Every match has one of `words` (or beginnings, "overdos*"), or one of the first words before one of the second.

    `chance`: how often a message has one all the same; by it the rarest key is chosen, and then it is not needed.
    """

    chance: float = 0
    words: frozenset[str] = frozenset()
    pairs: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()


def any_of(keys: Sequence[Key]) -> Key:
    """The key of a choice of what has `keys`."""
    if len(keys) == 1:
        return keys[0]
    return Key(
        sum(key.chance for key in keys),
        frozenset[str]().union(*(key.words for key in keys)),
        tuple(pair for key in keys for pair in key.pairs),
    )


class Chances(dict[str, float]):
    """How often a message has a word; a letter of a script without spaces is no rarer than a common word."""

    def __init__(self, common: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(common, _OF_COMMON) | _CHANCES)

    def __missing__(self, word: str) -> float:
        """The chance of a word that nobody has counted."""
        chance = _OF_SHORT if len(word) <= _SHORT else _OF_RARE
        if len(word) == 1 and not word.isascii():
            chance = _OF_COMMON
        self[word] = chance
        return chance

    def of(self, words: Iterable[str]) -> float:
        """How often a message has any of `words`."""
        return fsum(map(self.__getitem__, words))  # a set has no order, and the sum must not depend on one

    def pair(self, left: frozenset[str], right: frozenset[str]) -> Key | None:
        """The key of two places beside each other, None where there are too many pairs."""
        pairs = len(left) * len(right)
        if pairs > _MOST_PAIRS:
            return None
        return Key(self.of(left) * self.of(right) + _OF_A_PAIR * pairs, pairs=((left, right),))

    def phrase(self, words: Sequence[str], alone: Callable[[str], frozenset[str]]) -> Key:
        """The key of some words one after the other."""
        rarest = min(words, key=self.__getitem__)
        chance = self[rarest]
        if chance > RARE_ENOUGH:
            one, other = min(pairwise(words), key=lambda pair: self[pair[0]] * self[pair[1]])
            together = self[one] * self[other] + _OF_A_PAIR
            if together < chance:
                return Key(together, pairs=((alone(one), alone(other)),))
        return Key(chance, alone(rarest))

    def rarer(self, one: Key | None, other: Key | None) -> Key | None:
        """The better of two keys."""
        if one is None or other is None:
            return one or other
        return one if one.chance <= other.chance else other
