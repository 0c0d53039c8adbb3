"""Fixtures for all tests: the real Synapse, started once, and people on it."""

pytest_plugins = ["real_matrix.fixtures", "loopback_bots"]
