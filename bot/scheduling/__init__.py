"""When: the ticker that wakes the work which is due."""
