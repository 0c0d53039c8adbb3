"""The two communities of the tests, and who is who in them."""

from bot.core.community import CommunityFile, parse_community

_HARBOUR = """
id = "harbour"
name = "Harbour"
country = "US"
zone = "America/New_York"
languages = ["en"]
checkin_time = "09:00"
retention_days = 30

[[places]]
platform = "console"
kinds = ["lobby", "meetings"]
address = "lobby"

[[places]]
platform = "console"
kinds = ["peers"]
address = "peers"

[[places]]
platform = "console"
kinds = ["moderators"]
address = "moderators"

[[people]]
name = "Sam"
roles = ["peer"]
console = "sam"

[[people]]
name = "Robin"
roles = ["peer"]
console = "robin"

[[people]]
name = "Mo"
roles = ["moderator"]
console = "mo"

[[people]]
name = "Olive"
roles = ["organizer"]
console = "olive"

[[meetings]]
name = "Evening group"
days = "tue, thu"
time = "19:30"
minutes = 60
link = "https://meet.example.org/evening"
remind_minutes = 0
"""

_NORTH = """
id = "north"
name = "North"
country = "CA"
zone = "America/Toronto"

[[places]]
platform = "console"
kinds = ["lobby", "meetings"]
address = "north"

[[places]]
platform = "console"
kinds = ["peers"]
address = "north-peers"

[[people]]
name = "Nora"
roles = ["peer", "moderator", "organizer"]
console = "nora"
"""

HARBOUR: CommunityFile = parse_community(_HARBOUR, name="harbour.toml")
"""The first community: two peers, a moderator, an organizer, one meeting."""

NORTH: CommunityFile = parse_community(_NORTH, name="north.toml")
"""Another community, with one person in every role."""
