"""A whole bot for tests: a real database, the real app, the real console, and a clock that is moved by hand."""

from harness.world import Console, Mailbox, Person, World, open_world

__all__ = ["Console", "Mailbox", "Person", "World", "open_world"]
