"""Rules as pure functions over plain values: no clock, no I/O, no database, no platform."""
