"""Which tables hold rows about a person: for export, erasure and retention, which all walk this list.

`tests/storage/test_personal_rows.py` fails on a table that stands neither in `PERSONAL` nor in `IMPERSONAL`.
"""

from dataclasses import dataclass
from typing import Literal

Kept = int | Literal["member", "community"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """How a table's rows about a person are kept.

    - `member`: the column that names the member.
    - `kept`: days after `since`; "community": the community's own retention time after `since`; "member": as long
      as the member is one.
    - `forget`: on erasure these columns are emptied and the row stays, because it is somebody else's record too;
      () deletes the row.
    """

    member: str
    kept: Kept
    since: str | None = None
    forget: tuple[str, ...] = ()


PERSONAL: dict[str, Personal] = {
    "members": Personal(member="id", kept="member"),
    "identities": Personal(member="member_id", kept="member"),
    "roles": Personal(member="member_id", kept="member"),
    "checkin_schedules": Personal(member="member_id", kept="member"),
    "checkins": Personal(member="member_id", kept=400, since="answered_at"),
    "reminders": Personal(member="member_id", kept="member"),
    "cases": Personal(
        member="member_id",
        kept="community",
        since="ended_at",
        forget=("member_id", "open_for", "excerpt_sealed", "link_sealed"),
    ),
    "case_events": Personal(member="actor", kept=365, since="at", forget=("actor",)),
    "relay_messages": Personal(member="author", kept="community", since="at"),
    "questions": Personal(member="member_id", kept=1, since="asked_at"),
    "deliveries": Personal(member="member_id", kept=30, since="created_at"),
}
"""Personal tables in the order in which they are exported. Check-ins are kept 400 days: a year and a month to look
back on. The audit log is kept a year: long enough for a community's yearly review."""

IMPERSONAL: frozenset[str] = frozenset(
    {
        "installation",
        "communities",
        "places",
        "meetings",
        "meeting_changes",
        "resources",
        "inbound_events",  # platform ids of events only, deleted after a week
        "remembered",  # adapters' own values; what names an account is deleted by the erasure itself
    }
)
