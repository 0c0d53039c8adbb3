"""For all tests: the real Synapse, started once, and people on it; and an interpreter that does not look back."""

import gc

from harness.statements import compile_once

pytest_plugins = ["real_matrix.fixtures", "loopback_bots"]


compile_once()


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not look through it, an eighth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
