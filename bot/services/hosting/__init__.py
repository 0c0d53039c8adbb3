"""Meetings that are held in a room: opened and closed by a host, with raised hands and notes of attendance."""
