"""Encryption at rest."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.vault import KEY_VARIABLE, KeyProblem, Vault, load_key, make_key

KEY = Fernet.generate_key()
VAULT = Vault(KEY)


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@given(st.text(), st.text())
def test_what_is_sealed_can_be_opened_for_the_same_purpose(text: str, purpose: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    where = purpose.encode("utf-8", "ignore").decode()
    assert VAULT.open(VAULT.seal(clean, where), where) == clean


def test_a_sealed_value_does_not_show_its_words() -> None:
    assert b"secret words" not in VAULT.seal("secret words", "notes")


def test_the_same_words_are_sealed_differently_each_time() -> None:
    assert VAULT.seal("words", "notes") != VAULT.seal("words", "notes")


def test_a_value_copied_into_another_column_does_not_open() -> None:
    with pytest.raises(KeyProblem, match="excerpts"):
        VAULT.open(VAULT.seal("words", "notes"), "excerpts")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(KeyProblem):
        Vault(Fernet.generate_key()).open(VAULT.seal("words", "notes"), "notes")


def test_a_value_that_was_tampered_with_does_not_open() -> None:
    sealed = bytearray(VAULT.seal("words", "notes"))
    sealed[-1] ^= 1
    with pytest.raises(KeyProblem):
        VAULT.open(bytes(sealed), "notes")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text("añ😀"), st.lists, max_leaves=5))
def test_json_values_are_sealed_and_opened(value: object) -> None:
    assert VAULT.open_json(VAULT.seal_json(value, "x"), "x") == value


def test_the_fingerprint_is_the_keys_own_and_not_the_key() -> None:
    assert VAULT.fingerprint == Vault(KEY).fingerprint
    assert VAULT.fingerprint != Vault(Fernet.generate_key()).fingerprint
    assert VAULT.fingerprint.encode() not in KEY


@pytest.mark.parametrize(
    "key",
    [b"", b"short", b"x" * 44, b"!" * 44, KEY[:-4]],
    ids=["nothing", "short", "letters", "marks", "cut"],
)
def test_what_is_no_key_is_refused_clearly(key: bytes) -> None:
    with pytest.raises(KeyProblem, match="44 characters"):
        Vault(key)


def test_a_new_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "handrail.key"
    key = make_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_key(file) == key


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "handrail.key"
    key = make_key(file)
    with pytest.raises(FileExistsError):
        make_key(file)
    assert load_key(file) == key


@pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused_with_its_mend(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "handrail.key"
    make_key(file)
    file.chmod(mode)
    with pytest.raises(KeyProblem, match="chmod 600"):
        load_key(file)


def test_there_may_be_no_key_yet(tmp_path: Path) -> None:
    assert load_key(tmp_path / "handrail.key") is None


def test_the_key_in_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "handrail.key"
    make_key(file)
    monkeypatch.setenv(KEY_VARIABLE, f" {KEY.decode()}\n")
    assert load_key(file) == KEY
