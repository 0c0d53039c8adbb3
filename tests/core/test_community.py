"""A community's TOML file: what is read from it, and the line that each mistake in it is told in."""

from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.community import BadFile, CommunityFile, Meeting, PlaceKind, dump_community, parse_community
from bot.core.policy import DEFAULT_POLICY, Policies, Step, Whom
from bot.core.roles import Role

SAMPLE = Path(__file__).parents[2] / "bot/data/sample_community.toml"

TOP = """id = "riverside"
name = "Riverside"
country = "US"
zone = "America/New_York"
"""
PEERS_PLACE = """[[places]]
platform = "console"
kinds = ["peers"]
address = "peers"
"""
PEER = """[[people]]
name = "Sam"
roles = ["peer"]
console = "sam"
"""
MEETING = """[[meetings]]
name = "Evening group"
days = "tue, thu"
time = "19:30"
"""


def read(text: str) -> CommunityFile:
    return parse_community(text, name="c.toml")


def problems(text: str) -> list[str]:
    with pytest.raises(BadFile) as raised:
        read(text)
    return [str(problem) for problem in raised.value.problems]


def top(key: str, line: str) -> str:
    """The least file, with another line for `key`."""
    kept = [old for old in TOP.splitlines() if not old.startswith(f"{key} ")]
    return "\n".join([*kept, line, PEERS_PLACE])


def test_the_sample_community_reads_without_a_warning() -> None:
    community = read(SAMPLE.read_text("utf-8"))
    assert community.warnings == ()
    assert (community.id, community.zone.key, community.languages) == ("sample", "America/New_York", ("en",))
    assert [role for person in community.people for role in person.roles] == [
        Role.PEER,
        Role.PEER,
        Role.MODERATOR,
        Role.ORGANIZER,
    ]
    assert community.policies({}) == Policies(urgent=DEFAULT_POLICY)


def test_what_is_not_given_has_its_default() -> None:
    community = read(TOP + PEERS_PLACE)
    assert community.languages == ("en",)
    assert community.checkin_time == time(9)
    assert community.retention_days == 30
    assert community.resources is None
    assert community.policies({}) == Policies(urgent=DEFAULT_POLICY)


def test_a_meeting_has_its_days_as_a_rule_and_the_communitys_zone() -> None:
    community = read(TOP + PEERS_PLACE + MEETING + 'where = "The library"')
    (meeting,) = community.meetings
    assert meeting.rule == "FREQ=WEEKLY;BYDAY=TU,TH"
    assert (meeting.time, meeting.minutes, meeting.remind_minutes) == (time(19, 30), 60, 15)
    assert community.zone_of(meeting).key == "America/New_York"


def test_days_may_be_a_list() -> None:
    community = read(TOP + PEERS_PLACE + MEETING.replace('"tue, thu"', '["tue", "thu"]') + 'where = "The library"')
    assert community.meetings[0].days == "tue, thu"


def test_a_time_may_be_one_of_tomls_own() -> None:
    assert read(top("checkin_time", "checkin_time = 08:30:00")).checkin_time == time(8, 30)


def test_steps_make_the_policy() -> None:
    steps = '[escalation]\nsteps = [{whom = "room"}, {whom = "organizers", wait_minutes = 20}]'
    assert read(TOP + PEERS_PLACE + steps).policies({}).urgent == (
        Step(whom=Whom.ROOM, wait=timedelta(minutes=5)),
        Step(whom=Whom.ORGANIZERS, wait=timedelta(minutes=20)),
    )


def test_a_number_is_taken_for_a_discord_id() -> None:
    place = '[[places]]\nplatform = "discord"\nkinds = ["peers"]\naddress = 123456789012345678'
    assert read(TOP + place).places[0].address == "123456789012345678"


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert read("\ufeff" + TOP + PEERS_PLACE).id == "riverside"


@pytest.mark.parametrize(
    ("key", "line", "told"),
    [
        (
            "id",
            'id = "Riverside!"',
            'c.toml: id: 2 to 32 characters of a-z, 0-9 and -, such as riverside (got "Riverside!")',
        ),
        ("id", "", "c.toml: id: missing: 2 to 32 characters of a-z, 0-9 and -, such as riverside"),
        ("name", 'name = " "', 'c.toml: name: a name of 1 to 80 characters on one line (got "")'),
        ("name", "name = 5", "c.toml: name: a name of 1 to 80 characters on one line (got 5)"),
        (
            "country",
            'country = "Qatr"',
            'c.toml: country: a country\'s two letters, such as US; did you mean Qatar? (got "Qatr")',
        ),
        ("zone", 'zone = "+99"', 'c.toml: zone: a time zone such as America/New_York (got "+99")'),
        ("zone", "zone = []", "c.toml: zone: a time zone such as America/New_York (got a list)"),
        ("languages", 'languages = ["xx"]', 'c.toml: languages[1]: a language\'s two letters, such as en (got "xx")'),
        ("languages", f"languages = {['en'] * 21}", "c.toml: languages: a list of at most 20 entries"),
        ("languages", "languages = []", "c.toml: languages: a list that is not empty"),
        ("languages", 'languages = "en"', 'c.toml: languages: a list, in brackets: ["…", "…"] (got "en")'),
        (
            "checkin_time",
            'checkin_time = "nine"',
            'c.toml: checkin_time: a time of day such as 19:30 (got "nine")',
        ),
        (
            "checkin_time",
            "checkin_time = 09:00:30",
            "c.toml: checkin_time: a time of day such as 19:30 (got 09:00:30)",
        ),
        ("retention_days", "retention_days = 0", "c.toml: retention_days: a whole number from 1 to 365 (got 0)"),
        ("retention_days", "retention_days = true", "c.toml: retention_days: a whole number from 1 to 365 (got true)"),
        (
            "resources",
            'resources = "../other/list.csv"',
            "c.toml: resources: the name of a .csv file beside this one, or in a folder beside it "
            '(got "../other/list.csv")',
        ),
        ("contry", 'contry = "US"', "c.toml: contry: unknown key; did you mean country?"),
        ("zone", "", "c.toml: zone: missing: a time zone such as America/New_York"),
    ],
)
def test_a_bad_value_is_told_in_one_line(key: str, line: str, told: str) -> None:
    assert problems(top(key, line)) == [told]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            '[[places]]\nplatform = "discrod"\nkinds = ["lobby"]\naddress = "1"',
            'c.toml: places[2].platform: one of discord, matrix, console; did you mean discord? (got "discrod")',
        ),
        (
            '[[places]]\nplatform = "console"\nkinds = ["looby"]\naddress = "x"',
            "c.toml: places[2].kinds[1]: one of server, lobby, peers, moderators, meetings; did you mean lobby? "
            '(got "looby")',
        ),
        (
            '[[places]]\nplatform = "console"\nkinds = ["lobby", "peers"]\naddress = "x"',
            "c.toml: places[2].kinds: either a room for members (lobby, meetings) or for peers or moderators, not both",
        ),
        (
            '[[places]]\nplatform = "matrix"\nkinds = ["server", "lobby"]\naddress = "!x:example.org"',
            'c.toml: places[2].kinds: "server" alone: a server\'s rooms are places of their own',
        ),
        (
            '[[places]]\nplatform = "discord"\nkinds = ["lobby"]\naddress = "general"',
            'c.toml: places[2].address: a Discord id: 17 to 20 digits (got "general")',
        ),
        (
            '[[places]]\nplatform = "matrix"\nkinds = ["lobby"]\naddress = "lobby"',
            "c.toml: places[2].address: a Matrix room's id, which begins with ! "
            '(in Element: the room\'s settings, Advanced) (got "lobby")',
        ),
        (PEERS_PLACE, "c.toml: places[2].address: another one: this is already number 1's"),
        (
            '[[people]]\nname = "Sam"\nroles = ["pear"]\nconsole = "sam"',
            'c.toml: people[1].roles[1]: one of peer, moderator, organizer; did you mean peer? (got "pear")',
        ),
        (
            '[[people]]\nname = "Sam"\nroles = ["peer"]',
            "c.toml: people[1]: at least one account: discord, matrix or console",
        ),
        (
            '[[people]]\nname = "Sam"\nroles = []\ndiscord = "sam#1234"',
            "c.toml: people[1].discord: a Discord id: 17 to 20 digits",
        ),
        (
            '[[people]]\nname = "Sam"\nroles = []\nmatrix = "sam"',
            "c.toml: people[1].matrix: a Matrix account such as @name:example.org",
        ),
        (PEER + PEER, "c.toml: people[2].console: another one: this is already number 1's"),
        (
            '[[people]]\nname = "\\u202e"\nroles = []\nconsole = "sam"',
            "c.toml: people[1].name: a name of 1 to 40 characters on one line",
        ),
        (MEETING, "c.toml: meetings[1].link: a link, or in words where it is (key: where)"),
        (
            MEETING + 'link = "ftp://example.org"',
            'c.toml: meetings[1].link: a link that starts with https:// or http:// (got "ftp://example.org")',
        ),
        (
            MEETING.replace("tue, thu", "someday") + 'where = "Here"',
            'c.toml: meetings[1].days: days such as tue, thu (got "someday")',
        ),
        ("[escalation]\nsteps = []", "c.toml: escalation.steps: a list that is not empty"),
        (
            '[escalation]\nsteps = [{whom = "rooms", wait_minutes = 3}]',
            "c.toml: escalation.steps[1].whom: one of room, on-call, peer, peers, moderators, organizers;"
            ' did you mean room? (got "rooms")',
        ),
        (
            '[escalation]\nsteps = [{whom = "room", wait_minutes = 121}]',
            "c.toml: escalation.steps[1].wait_minutes: a whole number from 1 to 120 (got 121)",
        ),
        (
            '[escalation]\nsteps = [{whom = "organizers"}]',
            "c.toml: escalation: at least one step that reaches somebody: a peers' place, or people with a role",
        ),
    ],
)
def test_a_bad_entry_is_told_in_one_line(entry: str, told: str) -> None:
    assert problems(TOP + PEERS_PLACE + entry) == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'id = "a"\nname = Riverside',
            'c.toml: line 2: TOML: a line such as key = "value", every quotation mark and bracket closed',
        ),
        ('id = "a"\nid = "b"', "c.toml: line 2: every key and every [table] only once"),
        ("id = " + "[" * 5000, "c.toml: TOML: no such long numbers, and no such deep nesting"),
        ("id = " + "1" * 5000, "c.toml: TOML: no such long numbers, and no such deep nesting"),
        ("#" * 300_000, "c.toml: size: at most 262144 characters"),
    ],
)
def test_what_is_no_toml_is_told_in_one_line(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_an_impossible_zone_is_told_with_the_nearest() -> None:
    (told,) = problems(top("zone", 'zone = "America/New_Yrok"'))
    assert told.startswith("c.toml: zone: a time zone such as America/New_York; did you mean America/New_York")


def test_several_problems_are_told_at_once() -> None:
    told = problems('id = "!"\nzone = "Nowhere"\n[[people]]\nroles = ["pear"]\n[[meetings]]\ntime = "late"')
    keys = [line.split(": ")[1] for line in told]
    assert keys == [
        "id",
        "name",
        "country",
        "zone",
        "people[1].name",
        "people[1].roles[1]",
        "meetings[1].name",
        "meetings[1].days",
        "meetings[1].time",
        "meetings[1].link",
    ]


def test_names_and_accounts_are_in_no_problem_and_no_repr() -> None:
    text = TOP + '[[people]]\nname = "Samantha"\nroles = ["pear"]\nmatrix = "samhandle"\nnick = "sammy"'
    told = "\n".join(problems(text))
    assert not any(secret in told for secret in ("Samantha", "samhandle", "sammy"))
    assert "Samantha" not in repr(read(TOP + PEER.replace("Sam", "Samantha")))


def test_a_hostile_key_or_value_stays_on_one_short_line() -> None:
    told = problems(TOP + f'retention_days = "a\\n\\u202e{"b" * 5000}"\n"x\\ny" = 1\n' + PEERS_PLACE)
    assert all(len(line) < 220 and line.isprintable() for line in told)


def test_without_a_place_for_peers_there_is_a_warning() -> None:
    warned = [str(warning) for warning in read(TOP + PEER).warnings]
    assert warned[0] == "There is no place for peers. A room where they are paged together finds somebody soonest."


def test_a_last_step_that_reaches_nobody_is_warned_of() -> None:
    warned = [str(warning) for warning in read(TOP + PEERS_PLACE).warnings]
    assert "The last step of an escalation repeats, but reaches nobody: moderators." in warned


def test_meetings_without_a_place_for_reminders_are_warned_of() -> None:
    warned = [str(warning) for warning in read(TOP + PEERS_PLACE + MEETING + 'where = "Here"').warnings]
    assert "There are meetings, but no place for their reminders." in warned


def test_what_was_read_cannot_be_changed() -> None:
    community = read(TOP + PEERS_PLACE)
    with pytest.raises(ValueError, match="frozen"):
        community.retention_days = 1  # type: ignore[misc]  # that is the test


def test_the_sample_written_again_reads_the_same() -> None:
    community = read(SAMPLE.read_text("utf-8"))
    assert read(dump_community(community)) == community


names = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))


@st.composite
def files(draw: st.DrawFn) -> CommunityFile | None:
    """A community made from arbitrary texts, or None where one of them is refused."""
    try:
        return CommunityFile.model_validate(
            {
                "id": draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]", fullmatch=True)),
                "name": draw(names),
                "country": draw(st.sampled_from(["US", "ie", "Germany"])),
                "zone": draw(st.sampled_from(["America/New_York", "Europe/Kyiv", "UTC", "berlin"])),
                "languages": draw(st.lists(st.sampled_from(["en", "de", "uk"]), min_size=1)),
                "checkin_time": draw(st.times()).strftime("%H:%M"),
                "retention_days": draw(st.integers(1, 365)),
                "places": [{"platform": "console", "kinds": [PlaceKind.PEERS], "address": "peers"}],
                "people": draw(
                    st.lists(
                        st.fixed_dictionaries(
                            {"name": names, "roles": st.lists(st.sampled_from(["peer", "organizer"]), max_size=3)},
                            optional={"zone": st.just("Asia/Tokyo"), "language": st.just("ja")},
                        ).map(lambda person: person | {"console": "sam"}),
                        max_size=1,
                    )
                ),
                "meetings": draw(
                    st.lists(
                        st.fixed_dictionaries(
                            {
                                "name": names,
                                "days": st.sampled_from(["daily", "mon-fri", ["sat", "sun"], "first monday"]),
                                "time": st.just("7 pm"),
                                "where": names,
                            }
                        ),
                        max_size=2,
                    )
                ),
            }
        )
    except ValueError:
        return None


@given(files())
def test_every_community_written_reads_the_same(community: CommunityFile | None) -> None:
    if community is not None:
        assert read(dump_community(community)) == community


scalars = st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.dates() | st.times()
keys = st.sampled_from([*CommunityFile.model_fields, *Meeting.model_fields, "discord", "whom", "steps"]) | st.text()
trees = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=10,
    ),
)


def as_toml(value: object) -> str:
    """Any tree of values as TOML's inline syntax (some of it no TOML at all)."""
    match value:
        case dict():
            return "{" + ", ".join(f"{quoted(key)} = {as_toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_toml, value)) + "]"
        case str():
            return quoted(value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


@given(trees)
def test_no_tree_of_values_raises_anything_but_a_bad_file(tree: dict[str, object]) -> None:
    text = "\n".join(f"{quoted(key)} = {as_toml(value)}" for key, value in tree.items())
    with pytest.raises(BadFile) as raised:
        read(text)
    assert all("\n" not in str(problem) for problem in raised.value.problems)


@given(st.text() | st.text(alphabet="ab=[]{}\"'\n.#1:-\\"))
def test_no_text_raises_anything_but_a_bad_file(text: str) -> None:
    with pytest.raises(BadFile):
        read(text)


ROTA = """[[rotas]]
name = "Nights"
days = "daily"
begins = "20:00"
ends = "08:00"
people = ["Sam"]
"""


def test_a_rota_has_its_days_and_the_people_who_take_turns() -> None:
    (rota,) = read(TOP + PEERS_PLACE + PEER + ROTA).rotas
    assert (rota.weekdays, rota.people, rota.turns) == (frozenset(range(1, 8)), ("Sam",), "shift")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('["Sam"]', "[]"), "people"),
        (('["Sam"]', '["Alex"]'), 'with the role "peer"'),
        (('["Sam"]', '["Sam", "Sam"]'), "each person once"),
        (('"daily"', '"first monday"'), "days of the week"),
        (('"Sam"]', '"Sam"]\nturns = "daily"'), "one of shift, week, together"),
    ],
)
def test_a_rota_that_cannot_be_one_is_told(change: tuple[str, str], told: str) -> None:
    (problem,) = problems(TOP + PEERS_PLACE + PEER + ROTA.replace(*change))
    assert told in problem
