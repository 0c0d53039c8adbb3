"""Records of the BMLT's semantic API (GetSearchResults), with the formats of GetFormats.

Source: bmlt-enabled/bmlt-server, its OpenAPI document: weekdays 1 = Sunday to 7 = Saturday; venue type 1 in person,
2 virtual, 3 hybrid; "published" 0 is not shown to the public. Contact persons are not read.
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.core.meetings import cleaning, clock, types, weekdays
from bot.core.meetings.bmlt_formats import BMLT_EVERYWHERE, BMLT_FORMATS
from bot.core.meetings.meeting_guide import Refused, Sense, attend, coordinates
from bot.core.meetings.model import Join, Meeting, Place, Status, ZoneFrom

_VENUES: Final = {"1": "in_person", "2": "online", "3": ""}
_VIRTUAL, _CLOSED = frozenset({"VM", "HY"}), frozenset({"TC", "FCLOSED"})
_OF_WORLD: Final = {
    "BEG": "BE", "CLOSED": "C", "OPEN": "O", "DISC": "D", "LIT": "LIT", "M": "M", "W": "W", "MED": "MED", "CAN": "CAN",
    "GL": "LGBTQ", "SPK": "SP", "STEP": "ST", "TRAD": "TR", "WCHR": "X", "Y": "Y", "VM": types.ONLINE,
    "HYBR": types.ONLINE, "TC": "TC", "CW": "CF",
}  # fmt: skip
"""NA's world formats that Meeting Guide has a code for; the others keep the name that GetFormats gives them."""
_LANGUAGES: Final = 8
"""Letters of a language's code, at most."""


def format_names(record: Mapping[str, Any]) -> dict[str, str]:
    """What one record of GetFormats adds: under the format's id and key, its world id and name ("STEP|Step").

    Names in English are used, another language's where there is none.
    """
    key, name = cleaning.line(record.get("key_string"), 20), cleaning.line(record.get("name_string"), 60)
    world, own = cleaning.line(record.get("world_id"), 20), cleaning.line(record.get("id"), 20)
    if not key or not name:
        raise Refused("it has no key or no name")
    language = cleaning.line(record.get("lang"), _LANGUAGES) or "en"
    server = cleaning.line(record.get("root_server_id"), 20)
    meaning = f"{world}|{name}"
    keys = [f"#{server}/{own}"] if own else []
    keys.append(f"{server}/{key}")
    return {k if language == "en" else f"{language}:{k}": meaning for k in keys}


def _meaning(sense: Sense, server: str, key: str, own: str, language: str) -> str:
    for name in (f"#{server}/{own}" if own else "", f"{server}/{key}", f"/{key}"):
        for spoken in ("", f"{language}:", "en:"):
            found = sense.formats.get(spoken + name) if name else None
            if found:
                return found
    usual = BMLT_EVERYWHERE if language not in {"", "en"} else BMLT_FORMATS
    world, name = usual.get(key, ("", ""))
    return f"{world}|{name}" if name else ""


def _formats(record: Mapping[str, Any], sense: Sense) -> tuple[tuple[str, ...], tuple[str, ...], set[str]]:
    keys = [key.strip() for key in cleaning.line(record.get("formats"), 300).split(",")]
    ids = [own.strip() for own in cleaning.line(record.get("format_shared_id_list"), 300).split(",")]
    if len(ids) != len(keys):
        ids = [""] * len(keys)
    server, language = (
        cleaning.line(record.get("root_server_id"), 20),
        cleaning.line(record.get("lang_enum"), _LANGUAGES),
    )
    codes: dict[str, None] = {}
    others: dict[str, None] = {}
    for key, own in zip(keys, ids, strict=True):
        if not key:
            continue
        world, _bar, name = _meaning(sense, server, key, own, language).partition("|")
        code = _OF_WORLD.get(world) or (types.code_of(sense.programme, name) if name else None)
        if code:
            codes[code] = None
        elif name:  # a key alone means nothing to whoever reads it
            others[name] = None
    return tuple(codes), tuple(others), set(keys)


def read(record: Mapping[str, Any], sense: Sense) -> Meeting:
    """The meeting of a record; raises `Refused`."""
    line = cleaning.line
    name = line(record.get("meeting_name"), 120)
    if not name:
        raise Refused("it has no name")
    key = line(record.get("id_bigint"), 40)
    if not key:
        raise Refused("it has no id")
    try:
        days = weekdays.read(record.get("weekday_tinyint"), sense.numbering)
    except (ValueError, RecursionError):
        raise Refused("the weekday is not understood") from None
    doubts: list[str] = []
    try:
        start = clock.read_time(record.get("start_time"))
    except ValueError:
        raise Refused("the time is not understood") from None
    try:
        minutes = clock.read_length(record.get("duration_time"))
    except ValueError:
        minutes = None
        doubts.append("end_unclear")
    if days and start is None:
        doubts.append("no_time")
    place = _place(record)
    notes, taken, passcode = cleaning.without_codes(cleaning.notes(record.get("comments")))
    extra = cleaning.notes(record.get("virtual_meeting_additional_info"), 500)
    url = cleaning.link(record.get("virtual_meeting_link"))
    join = Join(
        url=url,
        phone=line(record.get("phone_meeting_number"), 100),
        passcode=(cleaning.passcode_in(url) or cleaning.without_codes(extra)[2] or passcode)[:60],
        notes="\n".join(part for part in (extra, taken) if part),
    )
    codes, others, keys = _formats(record, sense)
    said = _VENUES.get(line(record.get("venue_type"), 4), "online" if "VM" in keys and "HY" not in keys else "")
    closed = bool(_CLOSED & keys) or types.CLOSED_FOR_NOW in codes
    attendance, status = attend(place, join, closed=closed, said=said)
    if line(record.get("published"), 5) in {"0", "false"}:
        status = Status.INACTIVE
    if types.contradict(codes):
        doubts.append("open_and_closed")
        codes = types.neither(codes)
    zone, zone_from = sense.zones.of(line(record.get("time_zone"), 60), place)
    server = line(record.get("root_server_id"), 20)
    language = line(record.get("lang_enum"), _LANGUAGES).casefold()
    return Meeting(
        key=f"{server}/{key}" if server else key,
        name=name,
        programme=sense.programme,
        weekdays=days if start is not None else (),
        wall=start,
        minutes=minutes,
        zone=zone if start is not None else None,
        zone_from=zone_from if start is not None else ZoneFrom.UNKNOWN,
        attendance=attendance,
        status=status,
        place=place,
        join=join,
        link="",
        notes=notes,
        types=codes,
        other_types=others,
        languages=tuple(dict.fromkeys([*([language] if language else []), *types.languages_of(codes)])),
        irregular=cleaning.irregular(name, notes, place.notes),
        doubts=tuple(doubts),
    )


def _place(record: Mapping[str, Any]) -> Place:
    line = cleaning.line
    latitude, longitude = coordinates(record.get("latitude"), record.get("longitude"))
    city, state = line(record.get("location_municipality"), 80), line(record.get("location_province"), 40)
    country = line(record.get("location_nation"), 60)
    street = line(record.get("location_street"))
    postal = line(record.get("location_postal_code_1"), 20)
    rest = " ".join(part for part in (state, postal) if part)
    address = ", ".join(part for part in (street, city, rest, country) if part) if street else ""
    regions = (
        record.get("location_sub_province"),
        record.get("location_city_subsection"),
        record.get("location_neighborhood"),
    )
    # Feeds write one country in many ways; for finding its zone the usual ones are brought to one.
    plain = country.replace(".", "").replace(" of America", "")
    return Place(
        name=line(record.get("location_text")),
        address=address,
        city=city,
        region=" > ".join(dict.fromkeys(filter(None, (line(region, 60) for region in regions)))),
        state=state,
        country="USA" if plain.upper() in {"USA", "US", "UNITED STATES"} else country,
        notes=cleaning.without_codes(cleaning.notes(record.get("location_info"), 500))[0],
        latitude=latitude,
        longitude=longitude,
    )
