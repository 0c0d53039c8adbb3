"""Meetings that others publish: fetched, read, kept, and found."""
