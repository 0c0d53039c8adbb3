"""Looking up resources: helplines, services and a community's own list. Pure: files are opened by app."""

from bot.core.resources.describe import describe, describe_briefly, summarize, when_checked
from bot.core.resources.helplines import ELSEWHERE, crisis_lines
from bot.core.resources.hours import is_open
from bot.core.resources.known import KnownNumbers
from bot.core.resources.languages import language_code, language_name
from bot.core.resources.model import EmergencyNumber, Phone, Resource, reachable
from bot.core.resources.parse import (
    Parsed,
    Refused,
    parse_community_resources,
    parse_emergency_numbers,
    parse_helplines,
)
from bot.core.resources.search import Found, needs_country, read_need, search
from bot.core.resources.serial import digest_of, dump_resource, load_resource
from bot.core.resources.topics import TOPICS, Topic, topic_id, topics_in

__all__ = [
    "ELSEWHERE",
    "TOPICS",
    "EmergencyNumber",
    "Found",
    "KnownNumbers",
    "Parsed",
    "Phone",
    "Refused",
    "Resource",
    "Topic",
    "crisis_lines",
    "describe",
    "describe_briefly",
    "digest_of",
    "dump_resource",
    "is_open",
    "language_code",
    "language_name",
    "load_resource",
    "needs_country",
    "parse_community_resources",
    "parse_emergency_numbers",
    "parse_helplines",
    "reachable",
    "read_need",
    "search",
    "summarize",
    "topic_id",
    "topics_in",
    "when_checked",
]
