"""Feeds of any size, of meetings in the shape of real ones.

A third have a passcode in the link, three in five have notes; all have an end, coordinates, types, and what the
WordPress plugin writes beside them and nobody reads.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHANGED = 10
"""One in so many meetings is another in a feed of another seed."""

FIRST = (
    "Early", "Happy", "Serenity", "Courage", "Hope", "Living", "Sunrise", "Noon", "Sober", "Clean", "Grateful", "Quiet",
    "Open", "Harbour", "Bridge", "New",
)  # fmt: skip
SECOND = (
    "Hour", "Group", "Beginnings", "Steps", "Circle", "Way", "Friends", "Road", "Nooners", "Owls", "Risers",
    "Travelers", "Together", "Table", "Spirit",
)  # fmt: skip
CITIES = (
    ("Springfield", "IL", 39.8, -89.6), ("Columbus", "OH", 39.9, -83.0), ("Denver", "CO", 39.7, -104.9),
    ("Portland", "OR", 45.5, -122.6), ("Austin", "TX", 30.3, -97.7), ("Albany", "NY", 42.7, -73.8),
    ("Tucson", "AZ", 32.2, -110.9), ("Madison", "WI", 43.1, -89.4),
)  # fmt: skip
NOTES = (
    "",
    "",
    "Enter from the parking lot behind the church.\nRing the bell after 7 pm.",
    "Speaker meeting, last Friday of the month. Zoom password: hmkwaq",
    "Book study; newcomers are very welcome, and there is coffee.",
)


def write(path: Path, *, meetings: int = sys.maxsize, size: int = sys.maxsize, seed: int = 1) -> int:
    """Write a feed of so many meetings, or of so many bytes; how many are in it."""
    number = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for record in records(seed):
            if number >= meetings or file.tell() >= size:
                break
            file.write(("," if number else "") + json.dumps(record))
            number += 1
        file.write("]")
    return number


def records(seed: int) -> Iterator[dict[str, Any]]:
    """Meetings without end; another seed gives other notes to one in ten of the same meetings."""
    chosen, noted, other = random.Random(1), random.Random(1), random.Random(seed)
    number = 0
    while True:
        number += 1
        city, state, north, east = chosen.choice(CITIES)
        notes, day = noted.choice(NOTES), 0
        if number % CHANGED == 0:
            notes, day = other.choice(NOTES), seed % 10
        hour, minute = chosen.randrange(6, 22), chosen.choice((0, 0, 15, 30))
        record: dict[str, Any] = {
            "id": number,
            "name": f"{chosen.choice(FIRST)} {chosen.choice(SECOND)}",
            "slug": f"meeting-{number}",
            "notes": notes,
            "updated": f"2024-0{number % 9 + 1}-1{day} 21:29:56",
            "url": f"https://example.org/meetings/meeting-{number}/",
            "day": chosen.randrange(7),
            "time": f"{hour:02}:{minute:02}",
            "end_time": f"{hour + 1:02}:{minute:02}",
            "types": chosen.sample(["O", "C", "D", "ST", "B", "W", "M", "X", "LIT", "SP"], 3),
            "location": f"{chosen.choice(SECOND)} Church",
            "formatted_address": f"{chosen.randrange(1, 9999)} Main St, {city}, {state} 12345, USA",
            "latitude": round(north + chosen.random() / 10, 5),
            "longitude": round(east + chosen.random() / 10, 5),
            "region": city,
            "group": f"{chosen.choice(FIRST)} Group",
            "location_id": number // 3,
            "location_url": f"https://example.org/locations/location-{number // 3}/",
            "edit_url": f"https://example.org/wp-admin/post.php?post={number}&action=edit",
            "attendance_option": "in_person",
            "approximate": "no",
            "entity": "Example Intergroup",
            "entity_url": "https://example.org",
            "feedback_emails": ["feedback@example.org"],
        }
        if number % 3 == 0:
            record["attendance_option"] = "hybrid"
            record["conference_url"] = f"https://us02web.zoom.us/j/{chosen.randrange(10**9)}?pwd=abcdefgh{number}"
        yield record
