"""The work itself: one use case, one transaction."""
