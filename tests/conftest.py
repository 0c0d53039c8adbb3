"""For all tests: the real Synapse, started once, and people on it; and an interpreter that does not look back."""

import gc
import shutil
from collections import Counter

import pytest
from harness.statements import compile_once
from hypothesis import settings
from real_matrix.homeserver import scratch_directory

pytest_plugins = ["real_matrix.fixtures", "loopback_bots"]


compile_once()

# How long an example takes says how busy the machine is, and nothing of what is held.
settings.register_profile("handrail", deadline=None)
settings.load_profile("handrail")


def pytest_configure(config: pytest.Config) -> None:
    """A folder of this run's own, in memory: pytest's own ones are removed by the third run after, which may be beside.

    It stays until the end of the run, and no longer.
    """
    if config.option.basetemp is None:
        folder = scratch_directory("handrail-tests-")
        folder.chmod(0o711)  # PostgreSQL, which is not run as root, has its own folder in it
        config.option.basetemp = folder / "run"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


_LONGEST = ("simulation", "faults", "crash", "benchmarks", "processes", "scenarios", "platforms", "cli", "tests")
"""Folders whose files take long, the longest first: so no worker is alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files go to the workers in this order (`--dist loadfile --no-loadscope-reorder`), small ones at the end."""
    places = {name: place for place, name in enumerate(_LONGEST)}
    sizes = Counter(item.path for item in items)

    def place_of(item: pytest.Item) -> tuple[int, int]:
        folder = item.path.parent.name
        return (places[folder], 0) if folder in places else (len(places), -sizes[item.path])

    items.sort(key=place_of)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not look through it, an eighth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
