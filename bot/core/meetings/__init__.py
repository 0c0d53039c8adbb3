"""Meetings that others publish: one model, and how each format is read into it."""
