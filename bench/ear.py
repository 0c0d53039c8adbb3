"""How fast the ear hears: `python -m bench.ear`, on one core, beside the loop over 22 phrases of a usual bot.

Ordinary messages are written here, in the way people chat; what is hostile is made of the lexicons' own words.
"""

import argparse
import random
import re
import sys
import tomllib
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from time import process_time
from typing import Any

import tomlkit

from bench.report import Row, at_least, at_most, conclude, progress, told
from bot.core.crisis import Detector, Lexicon, parse_lexicon
from bot.core.crisis.needs import FREQUENT
from bot.memory import settle_memory
from bot.operations.lexicon import built_in

PHRASES = (
    "kill myself", "want to die", "suicide", "suicidal", "end my life", "end it all", "self harm", "self-harm",
    "cut myself", "hurt myself", "overdose", "relapse", "kms", "no reason to live", "better off dead", "hang myself",
    "don't want to live", "take my life", "goodbye forever", "can't go on", "unalive", "want to end it",
)  # fmt: skip
"""What a usual bot looks for."""

ORDINARY = (
    "good morning everyone, coffee first and then the {} meeting",
    "lol that {} was so good, did you see the ending?",
    "anyone else here who plays the {} on weekends?",
    "i'm {} days in and honestly the evenings are the hardest part",
    "Thanks for sharing, it really helped me to read about your {}",
    "what time is the {} tonight? i keep mixing up the time zones",
    "just got back from work, going to cook some {} and watch a movie",
    "haha yes exactly, my {} does the same thing every morning",
    "Does anybody have a link to the {} from last week?",
    "that's {} in a row for me, feeling pretty proud of myself today",
    "can someone help me with my {}? the screen stays black when i start it",
    "happy birthday!! hope you get lots of {}",
    "i think the new {} is way better than the old one, but the sound is off",
    "see you at the {} tomorrow, i'll bring the biscuits",
    "my sister got a {} and now we can't get it off the sofa",
    "ok so I finished the {} and it was nothing like I expected.",
    "it's raining again here, so no {} for us this weekend",
    "how do i mute the {} channel without leaving the server?",
    "welcome! take a look at the {} first, and ask if anything is unclear",
    "brb, the {} is at the door",
    "https://example.org/{} this one is really worth reading",
    "@sam did you try the {} with garlic?",
    "yeah",
    "no worries, take your time",
    "same here tbh",
    "gg, well played. one more {}?",
    "Buenos días a todos, ¿alguien va a la {} hoy?",
    "Ich komme heute etwas später zur {}, bitte haltet mir einen Platz frei",
    "we talked about {} in group and it made a lot of sense to me",
    "sooo tired after that {}, early night for me",
)
THINGS = (
    "book", "game", "dog", "chapter", "pasta", "server", "laptop", "show", "podcast", "cake", "meeting", "30", "garden",
    "concert", "puzzle", "bike", "recipe", "train", "step work", "guitar", "update", "playlist", "hike", "kitten",
)  # fmt: skip

HOSTILE = 65_536
"""Characters of a hostile text: the longest message that Matrix lets through."""

MESSAGES = 20_000
TEXTS = 10_000
TEXTS_QUICK = 200
TIMES_AS_MANY = 10
MEGABYTE = 1_000_000
ROUNDS = 5


def main() -> int:
    """Measure and print; 1 where a promise does not hold."""
    options = argparse.ArgumentParser(prog="python -m bench.ear", description=__doc__)
    options.add_argument("--quick", action="store_true", help=f"{TEXTS_QUICK} hostile texts, not {TEXTS:,}")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    return conclude(measure(quick=chosen.quick), as_json=chosen.json)


def measure(*, quick: bool) -> Iterator[Row]:
    """All figures."""
    progress("loading the lexicons")
    began = process_time()
    lexicons = load()
    detector = Detector(lexicons)
    loading = process_time() - began
    settle_memory()  # as `App.run` does
    messages = ordinary(MESSAGES)
    characters = sum(map(len, messages))

    progress(f"{MESSAGES:,} ordinary messages, {ROUNDS} times each way")
    loop = least(lambda: [any(phrase in text.lower() for phrase in PHRASES) for text in messages])
    heard = least(lambda: [detector.detect(text) for text in messages])
    yield told("the usual bot's loop over 22 phrases", MESSAGES / loop, "messages/s")
    yield at_least("ordinary messages heard", MESSAGES / heard, "messages/s", 50_000)
    yield at_most("beside the loop", heard / loop, "times its time", 3)
    yield told("signals raised in them", sum(detector.detect(text) is not None for text in messages), "messages")

    progress(f"{TIMES_AS_MANY} times as many rules")
    many = Detector([*lexicons, *(more for number in range(1, TIMES_AS_MANY) for more in others(number))])
    settle_memory()
    yield told("patterns of the lexicons", sum(len(rule.patterns) for rule in detector.rules), "")
    longer = least(lambda: [many.detect(text) for text in messages])
    yield at_most(f"with {len(many.rules) / len(detector.rules):.0f} times as many rules", longer / heard, "times", 1.3)

    number = TEXTS_QUICK if quick else TEXTS
    for text in examples():  # a pattern is laid out when it is first needed, which is no text's fault
        detector.detect(text)
    progress(f"{number:,} hostile texts of {HOSTILE:,} characters")
    worst = max(timed(partial(detector.detect, text)) for text in hostile(number, lexicons))
    long = "\n".join(messages)[:HOSTILE]
    yield told("an ordinary message", heard / characters * 1e9, "ns a character")
    yield told(
        "ordinary talk of the same length", timed(lambda: detector.detect(long)) / HOSTILE * 1e9, "ns a character"
    )
    yield told("the worst hostile text", worst / HOSTILE * 1e9, "ns a character")
    yield at_most("the worst beside an ordinary message", (worst / HOSTILE) / (heard / characters), "times", 4)

    yield at_most("loading all lexicons", loading, "s", 1)
    yield at_most("memory of all lexicons", memory(), "MB", 60)


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of each built-in lexicon."""
    for file in sorted(files("bot.core.crisis.lexicons").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield file.name.removesuffix(".toml"), file.read_text(encoding="utf-8")


def load() -> tuple[Lexicon, ...]:
    """The built-in lexicons, read anew."""
    built_in.cache_clear()
    return built_in()


def others(number: int) -> Iterator[Lexicon]:
    """As many rules again, about something else: the rare words are replaced by words that do not exist."""

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\{[a-z_]+\}|\w{4,}", lambda word: _unlike(word[0], number), value)
        if isinstance(value, list):
            return [changed(each) for each in value]
        return {key: changed(each) for key, each in value.items()} if isinstance(value, dict) else value

    for name, text in texts():
        table = tomllib.loads(text)
        table["words"] = changed(table.get("words", {}))
        for entry in [*table.get("rule", []), *table.get("lower", [])]:
            for key in {"pattern", "near", "also", "unless"} & entry.keys():
                entry[key] = changed(entry[key])
            entry |= {"hears": ["-"], "ignores": ["-"]}  # a detector does not look at examples
        yield parse_lexicon(tomlkit.dumps(table), name=f"{name}-{number}")


def _unlike(word: str, number: int) -> str:
    """Another word for a rare one."""
    if word.startswith("{") or word in FREQUENT:
        return word
    if not word.isascii():  # turned: where words are not separated, each letter more would be a word more
        turn = 1 + (number - 1) % (len(word) - 1)
        return word[turn:] + word[:turn]
    return f"{word[:-1]}{'bcdfghjkxz'[number]}{word[-1]}q"


def ordinary(number: int) -> list[str]:
    """Messages as people write them all day, always the same ones."""
    chance = random.Random(4)
    return [chance.choice(ORDINARY).replace("{}", chance.choice(THINGS)) for _ in range(number)]


def examples() -> list[str]:
    """What the rules hear and what they ignore."""
    return [
        text for lexicon in built_in(examples=True) for rule in lexicon.rules for text in (*rule.hears, *rule.ignores)
    ]


def hostile(number: int, lexicons: Sequence[Lexicon]) -> Iterator[str]:
    """Texts that mean to keep the ear busy: repeats, near-misses, combining marks, nothing but anchors."""
    chance = random.Random(11)
    patterns = [pattern for lexicon in lexicons for rule in lexicon.rules for pattern in rule.patterns]
    said = examples()
    words = sorted({word for pattern in patterns for word in pattern.words})
    shapes: list[Callable[[], str]] = [
        lambda: chance.choice(said) + " ",
        lambda: chance.choice(said)[:-1] + chance.choice("xqz") + " ",
        lambda: " ".join(chance.choices(words, k=chance.randint(1, 9))) + " ",
        lambda: "".join(letter + "\u0301" * chance.randint(1, 60) for letter in chance.choice(said)),
        lambda: chance.choice("ai1 .'@!*\u0301\u0456\u6b7b"),
        lambda: " ".join(chance.choice(said).replace(" ", "")) + " ",
        lambda: chance.choice(said).replace("i", "1").replace("e", "3") + " ",
        lambda: chance.choice(said).replace(" ", ""),
        lambda: "https://x.example/@" + chance.choice(words),
        lambda: "".join(chr(chance.randrange(32, 0x2FFF)) for _ in range(20)),
    ]
    for at in range(number):
        piece = shapes[at % len(shapes)]()
        yield (piece * (HOSTILE // len(piece) + 1))[:HOSTILE]


def least(work: Callable[[], object]) -> float:
    """The least of some runs' seconds: what disturbs a run only ever makes it longer."""
    return min(timed(work) for _ in range(ROUNDS))


def timed(work: Callable[[], object]) -> float:
    """Seconds of one core."""
    began = process_time()
    work()
    return process_time() - began


def memory() -> float:
    """Megabytes that the lexicons and their detector take, but for what the search library holds itself."""
    tracemalloc.start()
    kept = Detector(load())
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return taken / MEGABYTE


if __name__ == "__main__":
    sys.exit(main())
