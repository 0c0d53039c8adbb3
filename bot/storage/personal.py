"""Which tables hold rows about a person: for export, erasure and retention, which all walk this list.

`tests/storage/test_personal_rows.py` fails on a table that stands neither in `PERSONAL` nor in `IMPERSONAL`.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, select

Kept = int | Literal["member", "community"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """How a table's rows about a person are kept.

    `since` and `also` are paths for `column_at`: a column of the table, or one of the row it points at.

    - `member`: the column that names the member whose row it is: in their export, and erased with them.
    - `also`: who else takes the row along when they are erased, such as the person it is about.
    - `kept`: days after `since`; "community": the community's own retention time after `since`; "member": as long
      as the member is one.
    - `forget`: on erasure these columns are emptied and the row stays, because it is somebody else's record too;
      () deletes the row.
    - `forget_after`: as `kept`, for emptying the columns of `forget` while the row stays until `kept`.
    - `exported`: the columns in the export; () exports all.
    """

    member: str
    kept: Kept
    also: tuple[str, ...] = ()
    since: str | None = None
    forget: tuple[str, ...] = ()
    forget_after: Kept | None = None
    exported: tuple[str, ...] = ()


AUDIT_DAYS = 365
"""How long the audit log is kept: long enough for a community's yearly review."""

PERSONAL: dict[str, Personal] = {
    "members": Personal(member="id", kept="member"),
    "identities": Personal(member="member_id", kept="member"),
    "roles": Personal(member="member_id", kept="member"),
    "checkin_schedules": Personal(member="member_id", kept="member"),
    "checkins": Personal(member="member_id", kept=400, since="answered_at"),
    "reminders": Personal(member="member_id", kept="member"),
    # A case goes with its audit log, which would go with it; what it knows of people goes long before.
    "cases": Personal(
        member="member_id",
        kept=AUDIT_DAYS,
        since="ended_at",
        forget=("member_id", "open_for", "excerpt_sealed", "link_sealed", "note_sealed", "holder"),
        forget_after="community",
    ),
    "case_events": Personal(member="actor", kept=AUDIT_DAYS, since="at", forget=("actor",)),
    # Who has paused somebody is the audit log's to know, and not theirs.
    "member_pauses": Personal(
        member="member_id",
        kept=AUDIT_DAYS,
        since="at",
        forget=("member_id",),
        exported=("id", "member_id", "at", "what"),
    ),
    # Whatever was written in a conversation is about the member of the case, whoever wrote it.
    "relay_messages": Personal(
        member="author", also=("case_id.member_id",), kept="community", since="case_id.ended_at"
    ),
    # The picture itself stands in no export: it holds no files, and its author has it.
    "case_pictures": Personal(
        member="author",
        also=("case_id.member_id",),
        kept="community",
        since="case_id.ended_at",
        exported=("id", "relay_id", "author", "size"),
    ),
    "picture_wishes": Personal(
        member="member_id", also=("case_id.member_id",), kept="community", since="case_id.ended_at"
    ),
    "swaps": Personal(member="member_id", also=("other",), kept="community", since="case_id.ended_at"),
    # Eight days: the last question comes after seven. What it is about is in the case.
    "follow_ups": Personal(
        member="member_id",
        kept=8,
        since="began_at",
        exported=("id", "member_id", "case_id", "began_at", "asked", "next_at"),
    ),
    # An event is kept whole only until it is handled, seconds later; what was parked has no words any more. One that
    # still waits, after the bot was off, is kept until then.
    "inbound_events": Personal(
        member="member_id",
        kept=7,
        since="seen_at",
        forget=("member_id", "body_sealed", "next_at"),
        forget_after=1,
        exported=("member_id", "platform", "seen_at", "state"),
    ),
    "roster": Personal(member="member_id", kept="member"),
    "credentials": Personal(member="member_id", kept="member"),
    "rota_people": Personal(member="member_id", kept="member"),
    "rota_overrides": Personal(member="member_id", kept=30, since="ends_at"),
    "rota_swaps": Personal(member="giver_id", also=("taker_id",), kept=30, since="ends_at"),
    "attendances": Personal(member="member_id", kept=0, since="ends_at"),
    # What the meeting still needs stays asked when somebody who had taken it is erased.
    "meeting_tasks": Personal(member="taker", kept=0, since="ends_at", forget=("taker",)),
    "meeting_hosts": Personal(member="member_id", kept="member"),
    # For two days after a meeting a note can be asked for; who was there is not known.
    "hosted_meetings": Personal(member="host_id", kept=3, since="opened_at"),
    "raised_hands": Personal(member="member_id", kept=1, since="at"),
    "attendance_requests": Personal(member="member_id", kept=3, since="asked_at"),
    "questions": Personal(member="member_id", kept=1, since="asked_at"),
    "deliveries": Personal(
        member="member_id",
        also=("about_id",),
        kept=30,
        since="created_at",
        exported=(
            "id",
            "member_id",
            "platform",
            "kind",
            "address",
            "state",
            "attempts",
            "reason",
            "message_id",
            "created_at",
            "due_at",
            "expires_at",
            "sent_at",
        ),
    ),
}
"""Personal tables in the order in which they are exported. Check-ins are kept 400 days: a year and a month to look
back on, and the ids of inbound events a week: no platform repeats one after that."""

IMPERSONAL: frozenset[str] = frozenset(
    {
        "installation",
        "communities",
        "places",
        "meetings",
        "meeting_changes",
        "mirrors",
        "meeting_scripts",  # what a community says at the beginning and end of a meeting, which names nobody
        "meeting_feeds",  # what organizations publish; names and addresses of contact persons are not read
        "listed_meetings",
        "listed_times",
        "listed_postings",
        "resources",
        "resource_sources",
        "services",
        "service_words",
        "resource_checks",
        "resource_reviews",
        "community_guides",
        "lexicons",
        "rotas",
        "duty_clocks",
        "boards",
        "case_places",  # who is in a place stands there as in its case; the housekeeping clears it after the case
        "snippets",  # a community's ready answers, which name nobody
        "shared_contents",  # the bot's own words, said to many
        "remembered",  # adapters' own values; what names an account is deleted by the erasure itself
    }
)


def column_at(table: Table, path: str) -> ColumnElement[Any]:
    """The column at `path`: "about_id", or "case_id.member_id" for one of the row that `case_id` points at."""
    name, _, further = path.partition(".")
    column = table.c[name]
    if not further:
        return column
    (key,) = column.foreign_keys
    target = key.column.table
    return select(target.c[further]).where(key.column == column).scalar_subquery()
