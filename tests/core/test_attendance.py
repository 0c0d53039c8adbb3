"""Notes of attendance: genuine or not, by anybody who has the public key."""

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.attendance import NoNote, public_key, read, sign, value

SEED, OTHER = bytes(range(32)), bytes(32)
BODY = "NOTE OF ATTENDANCE\n\nMeeting: Evening group\nName: Ana María"
PREFACE = len("-----BEGIN HANDRAIL NOTE-----\n")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).filter(
    lambda text: "HANDRAIL" not in text and text.strip("\ufeff \t\r\n\v\f")
)


@given(words)
@example("\ufeffa\r\n b \r\n\r\n")
def test_what_is_signed_is_read_back_with_the_key_that_signed_it(body: str) -> None:
    signed = read(sign(f"Name: {value(body)}\n{body}", SEED))
    assert signed.key == public_key(SEED) != public_key(OTHER)
    assert signed.body == read(sign(signed.body, OTHER)).body


@pytest.mark.parametrize(
    "mailed",
    [
        lambda note: note.replace("\n", "\r\n"),
        lambda note: "\n".join(f"{line}   " for line in note.split("\n")),
        lambda note: f"\ufeffHello,\n\n{note}\n\nSent from my phone",
        lambda note: note.replace("í", "i\u0301"),
    ],
)
def test_a_note_that_was_copied_into_a_mail_is_still_genuine(mailed: object) -> None:
    assert callable(mailed)
    assert read(mailed(sign(BODY, SEED))).body == BODY


@given(st.integers(0, len(BODY) - 1), st.sampled_from("xYé 7"))
def test_a_changed_letter_is_noticed(at: int, letter: str) -> None:
    note = sign(BODY, SEED)
    changed = note[: at + PREFACE] + letter + note[at + PREFACE + 1 :]
    if changed == note or (BODY[at] == "\n" and letter == " "):
        return
    with pytest.raises(InvalidSignature):
        read(changed)


def test_another_key_in_the_note_does_not_fit_its_signature_and_other_texts_are_no_notes() -> None:
    note = sign(BODY, SEED)
    with pytest.raises(InvalidSignature):
        read(note.replace(public_key(SEED), public_key(OTHER)))
    for text in ("", "hello", note.replace("SIGNATURE", "SIGN"), note[:-60]):
        with pytest.raises(NoNote):
            read(text)
    with pytest.raises(ValueError, match="signature already"):
        sign(note, SEED)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    for whole in (text, sign(BODY, SEED) + text, f"{text}\n{sign(BODY, SEED)}"):
        try:
            read(whole)
        except (NoNote, InvalidSignature):
            continue
