"""A real Synapse and real people on it, for tests that talk Matrix over the wire."""
