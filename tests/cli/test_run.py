"""`handrail run`: starting, the key, standard input, stopping."""

import os
import signal
import stat
import subprocess

import pytest
from cryptography.fernet import Fernet

from cli.handrail import PATIENCE, SAMPLE, Handrail, Outcome, Place, clean_environment, command

posix_only = pytest.mark.skipif(os.name != "posix", reason="file permissions and signals are POSIX's")


def test_a_run_whose_input_ends_exits_with_0(first_run: tuple[Place, Outcome]) -> None:
    assert first_run[1].code == 0, first_run[1].err


@posix_only
def test_the_first_run_makes_a_database_and_a_key_for_its_owner_only(first_run: tuple[Place, Outcome]) -> None:
    place = first_run[0]
    assert place.database.exists()
    assert stat.S_IMODE(place.key.stat().st_mode) == 0o600


def test_one_line_at_the_start_says_what_is_on_and_how_to_leave(first_run: tuple[Place, Outcome]) -> None:
    lines = [line for line in first_run[1].err.splitlines() if line.startswith("Handrail is on")]
    assert lines == ["Handrail is on: the console. Leave with /quit or Ctrl-C; /? shows what can be typed."]


def test_the_sample_community_is_added_so_that_everything_can_be_tried(first_run: tuple[Place, Outcome]) -> None:
    assert "the sample community was added" in first_run[1].err
    assert "sam  peer" in first_run[1].out


def test_what_is_typed_is_answered_in_plain_text(first_run: tuple[Place, Outcome]) -> None:
    assert "to you, privately\nWhat I can do" in first_run[1].out
    assert "\x1b" not in first_run[1].out


def test_a_line_that_means_nothing_is_told_by_its_number_and_the_next_one_is_heard(
    first_run: tuple[Place, Outcome],
) -> None:
    told = [line for line in first_run[1].err.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in told] == ["line 2", "line 3"]


def test_a_second_run_keeps_the_key_and_adds_nothing(handrail: Handrail, used: Place) -> None:
    key = used.key.read_bytes()
    done = handrail(used, "run")
    assert (done.code, used.key.read_bytes()) == (0, key)
    assert "sample community" not in done.err


def test_a_wrong_key_is_said_and_nothing_is_overwritten(handrail: Handrail, used: Place) -> None:
    database, wrong = used.database.read_bytes(), Fernet.generate_key()
    used.key.write_bytes(wrong)
    done = handrail(used, "run")
    assert done.code == 1
    assert "not the encryption key of this database" in done.err
    assert "Traceback" not in done.err
    assert (used.database.read_bytes(), used.key.read_bytes()) == (database, wrong)


def test_a_missing_key_is_said_and_no_new_one_is_made(handrail: Handrail, used: Place) -> None:
    database = used.database.read_bytes()
    used.key.unlink()
    done = handrail(used, "run")
    assert done.code == 1
    assert "The encryption key is missing" in done.err
    assert (used.database.read_bytes(), used.key.exists()) == (database, False)


def test_without_a_configuration_it_says_how_to_get_one(handrail: Handrail, empty: Place) -> None:
    done = handrail(empty, "run")
    assert done.code == 1
    assert "make run" in done.err
    assert "config.example.toml" in done.err


def test_a_bad_configuration_is_told_in_one_line_for_each_problem(handrail: Handrail, fresh: Place) -> None:
    fresh.write("config.toml", '[log]\nlevel = "loud"\n[clock]\ntick = 5\n[discord]\nanswer_within = 9\n')
    done = handrail(fresh, "run")
    assert done.code == 1
    assert len(done.err.splitlines()) == 3
    assert all(line.startswith("config.toml: ") for line in done.err.splitlines())
    assert fresh.names() == {"config.toml"}


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_while_somebody_could_still_type(used: Place, number: signal.Signals) -> None:
    with subprocess.Popen(  # noqa: S603  our own program
        command("run"),
        cwd=used.folder,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Handrail is on")
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == ""


def test_with_nothing_turned_on_it_says_what_to_turn_on(handrail: Handrail, fresh: Place) -> None:
    fresh.write("config.toml", "[console]\nenabled = false\n")
    done = handrail(fresh, "run")
    assert done.code == 1
    assert "Nothing is turned on" in done.err
    assert not fresh.database.exists()


def test_a_community_of_ones_own_at_the_console_keeps_the_sample_away(handrail: Handrail, fresh: Place) -> None:
    fresh.write("own.toml", SAMPLE.read_text("utf-8").replace('id = "sample"', 'id = "own"'))
    assert handrail(fresh, "community", "apply", "own.toml", "--yes").code == 0
    done = handrail(fresh, "run")
    assert (done.code, "sample" in done.err) == (0, False)
