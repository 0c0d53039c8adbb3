"""What somebody says of themselves in a clause of its own is not taken back by what stands beside it."""

from functools import cache
from itertools import islice, product
from time import process_time

import pytest

from bot.core.crisis import Detector, Severity, parse_lexicon
from bot.operations.lexicon import built_in


@cache
def ear() -> Detector:
    return Detector(built_in())


BESIDE = [
    "cant even enjoy the game anymore",
    "been playing minecraft all day",
    "lost ranked again",
    "we wiped in the raid",
    "i wrote a song about it",
    "the movie was good",
    "my therapist asked if i was suicidal",
    "my sponsor gave a talk about suicide prevention",
    "just did the naloxone training",
    "homework is killing me",
    "cooking dinner for the kids",
    "i had a nightmare",
    "i tried in 2015",
    "5 years ago i was clean",
]
DANGERS = [
    "i want to end my life",
    "im going to kill myself tonight",
    "i just took all my pills",
    "im overdosing",
    "he hit me again",
    "i have a gun and im going to use it on myself",
    "she is blue and wont wake up",
    "i slit my wrists",
    "i dont want to be alive anymore",
]


@pytest.mark.parametrize("joined", ["{beside}, {danger}", "{danger}, {beside}", "{beside} but {danger}"])
def test_a_danger_said_by_itself_is_heard_beside_anything(joined: str) -> None:
    for beside, danger in product(BESIDE, DANGERS):
        assert ear().detect(joined.format(beside=beside, danger=danger)) is not None, (beside, danger)


@pytest.mark.parametrize(
    "text",
    [
        "jugando minecraft todo el dia, quiero acabar con mi vida",
        "j'ai perdu la partie, je veux mourir",
        "das spiel war super, ich will mich umbringen",
        "perdi a partida de novo, quero me matar",
        "проиграл катку, я хочу умереть",
    ],
)
def test_it_is_so_in_other_languages(text: str) -> None:
    assert ear().detect(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "if anyone here is ever feeling suicidal, my dms are open",
        "ten years ago i tried to end my life, today i have a daughter",
        "in that movie he takes all his pills and dies",
        'that song goes "i want to die", love it',
        "the boss kills me every time, we lost ranked again",
        "jump off the bridge, you respawn at the camp",
    ],
)
def test_what_is_no_clause_by_itself_is_still_taken_back(text: str) -> None:
    assert ear().detect(text) is None


OF_GAMES = """
language = "en"
[clauses]
begin = "i im"
join = "and"
tie = "if in says"
[[rule]]
id = "end"
category = "suicide"
severity = "urgent"
pattern = ["end it all"]
hears = ["i will end it all"]
ignores = ["i will end it"]
[[lower]]
id = "game"
reason = "gaming"
to = "nothing"
where = "sentence"
pattern = ["game"]
hears = ["the game will end it all"]
ignores = ["i will end it all"]
"""
HEARS = Detector([parse_lexicon(OF_GAMES, name="games")])


@pytest.mark.parametrize(
    "text", ["lost the game, i will end it all", "lost the game and i will end it all", "the game is lost i end it all"]
)
def test_beside_what_would_take_it_back_it_is_a_concern(text: str) -> None:
    signal = HEARS.detect(text)
    assert signal is not None
    assert signal.severity is Severity.CONCERN


@pytest.mark.parametrize(
    "text",
    [
        "in this game i will end it all",
        "if i lose this game i end it all",
        'the game says "i will end it all"',
        "the game says i will end it all",
        "the game, if i end it all, restarts",
        "lost the game, will end it all",
    ],
)
def test_what_is_tied_to_it_or_quoted_or_said_of_nobody_is_taken_back(text: str) -> None:
    assert HEARS.detect(text) is None


def test_of_a_sentence_without_end_only_what_is_near_is_looked_at() -> None:
    """From each match to the beginning of the sentence it would be millions of steps."""
    others = ("".join(letters) for letters in product("bdfglmnprt", repeat=4))
    text = " ".join(f"game {other} end it all" for other in islice(others, 3000))
    began = process_time()
    assert HEARS.detect(text) is None
    assert process_time() - began < 3
