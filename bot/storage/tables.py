"""Every table. Words of people are `LargeBinary` columns named `…_sealed`, written and read through the vault.

Which of them hold rows about a person, how long those are kept and how they are reached from the member stands in
`bot.storage.personal`; a test fails on a table that is missing there.
"""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, MetaData, String, Time, UniqueConstraint, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.core.pictures import USUAL_MIB
from bot.storage.columns import UtcDateTime


class Base(DeclarativeBase):
    """All tables share one metadata, with names for constraints that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own declaration
        datetime: UtcDateTime(),
        time: Time(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        str: String(255),
    }


NEVER_TWICE = {"sqlite_autoincrement": True}
"""For ids that stand in delivery keys and in buttons: SQLite would give a deleted row's id to the next one."""


def _where(condition: str) -> dict[str, Any]:
    """A partial index: of a hundred thousand deliveries few are still to be sent or belong to a case."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


PENDING, SENDING = "state = 'pending'", "state = 'sending'"


class Installation(Base):
    """One row: which key this database is encrypted with."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    key_fingerprint: Mapped[str]


class Community(Base):
    """A peer-support group, as its community file describes it."""

    __tablename__ = "communities"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str]
    languages: Mapped[list[Any]]
    checkin_time: Mapped[time]
    policy: Mapped[Any] = mapped_column(JSON)
    """As `bot.services.policies` writes it; a list in databases from before there was one for each severity."""
    retention_days: Mapped[int]
    resources_file: Mapped[str | None]
    lexicon_file: Mapped[str | None]
    pictures: Mapped[bool] = mapped_column(default=False, server_default=false())
    picture_mib: Mapped[int] = mapped_column(default=USUAL_MIB, server_default=str(USUAL_MIB))


class Place(Base):
    """A server, channel or room of a community, and what it is for."""

    __tablename__ = "places"
    __table_args__ = (UniqueConstraint("platform", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]
    kinds: Mapped[list[Any]]


class Member(Base):
    """A person in a community. Nothing is known of them but what they told the bot or the organizer wrote down."""

    __tablename__ = "members"
    __table_args__ = NEVER_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    name_sealed: Mapped[bytes | None]
    zone: Mapped[str | None]
    country: Mapped[str | None] = mapped_column(String(2))
    language: Mapped[str | None] = mapped_column(String(8))
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    welcomed_at: Mapped[datetime | None]
    from_file: Mapped[bool] = mapped_column(default=False)
    paused_until: Mapped[datetime | None]
    """Until then they call nobody by hand; whatever the bot hears of danger calls as ever."""


class Identity(Base):
    """A member's account on one platform."""

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("community_id", "platform", "account"),
        Index("ix_identities_account", "platform", "account"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    account: Mapped[str]
    last_seen_at: Mapped[datetime]
    last_place: Mapped[str | None]
    """A public place they were last heard in: where a private thread may be opened if their private chat is
    closed."""


class RoleGiven(Base):
    """A role the organizer gave a member."""

    __tablename__ = "roles"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)


class CheckInSchedule(Base):
    """When a member wants to be asked: their wall time and zone; `next_at` is the coming occurrence's instant."""

    __tablename__ = "checkin_schedules"
    __table_args__ = (Index("ix_checkin_schedules_due", "next_at", "id"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), unique=True)
    wall: Mapped[time]
    zone: Mapped[str]
    next_at: Mapped[datetime | None]
    next_day: Mapped[date | None]
    last_day: Mapped[date | None]


class CheckInRow(Base):
    """A member's answer for one of their local days."""

    __tablename__ = "checkins"
    __table_args__ = (UniqueConstraint("member_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    mood: Mapped[int | None]
    note_sealed: Mapped[bytes | None]
    answered_at: Mapped[datetime]


class MeetingRow(Base):
    """A recurring meeting: wall time, zone and rule; `next_at` is the start of the coming occurrence."""

    __tablename__ = "meetings"
    __table_args__ = NEVER_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    rule: Mapped[str]
    starts_on: Mapped[date]
    wall: Mapped[time]
    zone: Mapped[str]
    minutes: Mapped[int]
    where: Mapped[str | None] = mapped_column(String(500))
    link: Mapped[str | None] = mapped_column(String(500))
    room_lead: Mapped[int]
    """Minutes before the start at which the community's room is reminded; 0: never."""
    from_file: Mapped[bool] = mapped_column(default=False)
    feed_id: Mapped[int | None]
    handle: Mapped[str | None] = mapped_column(String(20))
    """Which meeting of which feed it is, if members follow one that a feed lists: it is kept as the feed has it.

    No foreign key: SQLite would have to write the table anew, and lose the reminders that go with its rows.
    """


class MeetingChange(Base):
    """One occurrence that is cancelled (`moved_to` None) or moved."""

    __tablename__ = "meeting_changes"
    __table_args__ = (UniqueConstraint("meeting_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    day: Mapped[date]
    moved_to: Mapped[datetime | None]


class Reminder(Base):
    """The coming reminder of one meeting for one follower, or for the room (`member_id` None)."""

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("meeting_id", "member_id"),
        Index("ix_reminders_due", "next_at", "id"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    lead: Mapped[int]
    next_at: Mapped[datetime | None]
    next_day: Mapped[date | None]
    next_start: Mapped[datetime | None]


class CommunityResource(Base):
    """A row of the community's own resource list (a CSV file), as it was applied."""

    __tablename__ = "resources"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), unique=True)
    csv: Mapped[bytes]


class CommunityLexicon(Base):
    """The community's own rules by which danger is heard (a TOML file), as they were applied."""

    __tablename__ = "lexicons"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of `toml` in hexadecimal: tells a running bot that the rules are others now."""
    toml: Mapped[bytes]


class CaseRow(Base):
    """An escalation. What it may do is decided by `bot.core.escalation`."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_due", "next_at"),
        # One open case per member, whatever races: `open_for` is the member while the case is open, else null.
        UniqueConstraint("open_for"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    open_for: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
    opened_by: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    rules: Mapped[list[Any]]
    excerpt_sealed: Mapped[bytes | None]
    link_sealed: Mapped[bytes | None]
    policy: Mapped[Any] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    step: Mapped[int]
    pages: Mapped[int]
    next_at: Mapped[datetime | None]
    holder: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    helpers: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Member ids of those who have joined the holder; nobody once the case has ended."""
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    note_sealed: Mapped[bytes | None]
    """What the last holder wrote for the next one."""
    late_at: Mapped[datetime | None]
    """From then on the member is told that it takes long."""
    nudged: Mapped[bool]
    heard_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    verdict: Mapped[str | None] = mapped_column(String(16))
    """What the peer says of the ear afterwards: "right" or "false-alarm"."""
    version: Mapped[int]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CaseEvent(Base):
    """What happened to a case, who did it, without any words: the audit log."""

    __tablename__ = "case_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(64))
    actor: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)


class MemberPause(Base):
    """The audit log of what is about no case: a member's asking was paused or resumed, or they were looked up."""

    __tablename__ = "member_pauses"
    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(64))
    actor: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)


class RelayMessage(Base):
    """One message of a relay, or a reaction to one; its copies are the deliveries with its id as their `relay_id`."""

    __tablename__ = "relay_messages"
    __table_args__ = (
        Index("ix_relay_messages_original", "platform", "message_id", **_where("message_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    author: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    text_sealed: Mapped[bytes]
    """What was said, as it is after its last change; nothing once it was taken back. Of a reaction, the emoji."""
    kind: Mapped[str] = mapped_column(String(8), default="text", server_default="text")
    """"text", "reaction" or "picture"."""
    about: Mapped[int | None]
    """The id of the message that it answers or reacts to; no foreign key, for that one may be erased alone."""
    platform: Mapped[str | None] = mapped_column(String(16))
    message_id: Mapped[str | None]
    """Where its author has written it; null for words of a form."""
    place: Mapped[str | None]
    """The place apart in which that is; null in a private chat."""
    removed_at: Mapped[datetime | None]


class Swap(Base):
    """Somebody in a case agrees that `other` learns their account, if `other` does the same."""

    __tablename__ = "swaps"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True)
    other: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True)
    at: Mapped[datetime]


class FollowUp(Base):
    """A member wants to be asked how they are after a case: one day, three days and a week after it ended."""

    __tablename__ = "follow_ups"
    __table_args__ = (Index("ix_follow_ups_due", "next_at"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    peer: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    """Who was with them: called first if they need somebody again."""
    began_at: Mapped[datetime]
    asked: Mapped[int] = mapped_column(default=0)
    """How often they were asked, 0 to 3."""
    next_at: Mapped[datetime | None]
    """When they are asked next; null once they were asked for the last time."""


class Snippet(Base):
    """A ready answer of a community, which its peers send by its name."""

    __tablename__ = "snippets"
    __table_args__ = (UniqueConstraint("community_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(1500))


class Question(Base):
    """What the bot has asked a person in a private chat and waits for: the next parameter of a command."""

    __tablename__ = "questions"
    __table_args__ = NEVER_TWICE
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), unique=True)
    command: Mapped[str]
    parameter: Mapped[str]
    arguments_sealed: Mapped[bytes]
    asked_at: Mapped[datetime]


class SharedContent(Base):
    """What is said to many in the same words, such as the question of the day in one language: stored once."""

    __tablename__ = "shared_contents"
    __table_args__ = NEVER_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """Tells whether it is stored already, and tells nothing of the words without the encryption key."""
    content_sealed: Mapped[bytes]
    used_at: Mapped[datetime]


class Delivery(Base):
    """One outgoing message that must arrive: `pending → sending → sent | failed | expired`.

    Its content is its own (`content_sealed`) or one that it shares with others (`shared_id`).
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_queue", "platform", "priority", "due_at", "id", **_where(PENDING)),
        Index("ix_deliveries_expiring", "expires_at", **_where(f"{PENDING} AND expires_at IS NOT NULL")),
        Index("ix_deliveries_leased", "platform", "lease_until", **_where(SENDING)),
        Index("ix_deliveries_message", "platform", "message_id", **_where("message_id IS NOT NULL")),
        Index("ix_deliveries_wordy", "priority", "id", **_where("content_sealed IS NOT NULL AND blanked_at IS NULL")),
        Index("ix_deliveries_address", "platform", "kind", "address"),
        Index("ix_deliveries_about", "about_id", **_where("about_id IS NOT NULL")),
        Index("ix_deliveries_case", "case_id", **_where("case_id IS NOT NULL")),
        Index("ix_deliveries_relay", "relay_id", **_where("relay_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    about_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    """Whose words it holds, where that is not whom it is to: they are erased with that member."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    relay_id: Mapped[int | None]
    """The id of the `RelayMessage` that it is a copy of; no foreign key, as for `shared_id`."""
    platform: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(8))
    address: Mapped[str]
    fallback: Mapped[str | None]
    priority: Mapped[int]
    content_sealed: Mapped[bytes | None]
    shared_id: Mapped[int | None]
    """The id of a `SharedContent`; no foreign key, for that would look through all deliveries whenever one is
    forgotten, days after the last delivery that has it."""
    has_choices: Mapped[bool]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(8), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    reason: Mapped[str | None]
    message_id: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    blanked_at: Mapped[datetime | None]
    """When its words were dropped, a day after it was over; its choices stay, so that its buttons still work."""


class InboundEvent(Base):
    """An event that came in: `seen → handled | parked`.

    Until it is handled it is kept whole (`body_sealed`), so that it can be handled after a crash or a fault; then its
    words and its person are forgotten, and only the platform's id stays, so that the same event is not taken twice.
    """

    __tablename__ = "inbound_events"
    __table_args__ = (
        Index("ix_inbound_events_due", "next_at", **_where("next_at IS NOT NULL")),
        Index("ix_inbound_events_member", "member_id", **_where("member_id IS NOT NULL")),
    )

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(8))
    error: Mapped[str | None]
    """Of a parked event: the incident's number, the fault and where it was."""
    body_sealed: Mapped[bytes | None]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_at: Mapped[datetime | None]
    """When it is tried (again) if nobody has handled it by then; null once it is over."""


class Remembered(Base):
    """A value an adapter stored for itself, such as a sync token."""

    __tablename__ = "remembered"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value_sealed: Mapped[bytes]


# Whoever knows the tables knows all of them; at the end, for these need `Base`.
from bot.storage import duty_tables, gathering_tables, hosting_tables, relay_tables, resource_tables  # noqa: E402, F401  see above
