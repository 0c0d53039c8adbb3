"""Who is on: rotas in wall time over changes of clocks, overrides, swaps, cover gaps."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.commands import BadValue
from bot.core.crisis import Severity
from bot.core.duty import (
    Credential,
    Entry,
    Handed,
    Hours,
    Override,
    Plan,
    Rota,
    Turns,
    check_override,
    check_swap,
    ready,
    rest_until,
    shift_on,
    shifts,
)
from bot.core.escalation import Outcome

SAM, ROBIN, KIM = 1, 2, 3
BERLIN = ZoneInfo("Europe/Berlin")
EVERY_DAY = frozenset(range(1, 8))
NIGHT = Rota(
    id=1,
    name="Nights",
    days=EVERY_DAY,
    begins=time(20),
    ends=time(8),
    zone_name="Europe/Berlin",
    people=(SAM, ROBIN),
    turns=Turns.SHIFT,
    start=date(2026, 1, 5),
)
DAY = replace(NIGHT, id=2, name="Days", begins=time(8), ends=time(20), people=(KIM, SAM), turns=Turns.WEEK)
DST_WEEKS = {"spring": datetime(2026, 3, 26, tzinfo=BERLIN), "autumn": datetime(2026, 10, 22, tzinfo=BERLIN)}

walls = st.times().map(lambda t: t.replace(second=0, microsecond=0))
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "Asia/Kolkata"]
)
starts = st.dates(date(2024, 1, 1), date(2026, 12, 31))
rotas = st.builds(
    Rota,
    id=st.just(1),
    name=st.just("Rota"),
    days=st.frozensets(st.integers(1, 7), min_size=1),
    begins=walls,
    ends=walls,
    zone_name=zones,
    people=st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True).map(tuple),
    turns=st.sampled_from(Turns),
    start=starts,
)
offsets = st.integers(0, 400 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
"""Into the time after a rota's start: a year has both changes of clocks."""


def at_start(rota: Rota) -> datetime:
    return datetime.combine(rota.start, time(), tzinfo=UTC)


@pytest.mark.parametrize("season", DST_WEEKS)
def test_two_rotas_that_touch_on_the_clock_leave_no_minute_uncovered_where_clocks_change(season: str) -> None:
    monday = DST_WEEKS[season]
    plan = Plan(rotas=(DAY, NIGHT))
    assert plan.gaps(monday, monday + timedelta(days=7)) == []
    at = monday.astimezone(UTC)
    for minutes in range(0, 7 * 24 * 60, 5):
        assert len(plan.on_at(at + timedelta(minutes=minutes))) == 1


@settings(max_examples=150)
@given(rotas, walls, walls, offsets)
def test_a_day_cut_into_three_shifts_always_has_exactly_one_person_on(
    rota: Rota, second: time, third: time, offset: timedelta
) -> None:
    cuts = sorted({rota.begins, second, third})
    whole = [
        replace(rota, id=n, days=EVERY_DAY, begins=cut, ends=cuts[(n + 1) % len(cuts)], people=(n + 1,))
        for n, cut in enumerate(cuts)
    ]
    at = at_start(rota) + timedelta(days=3) + offset
    assert len(Plan(rotas=whole).on_at(at)) == 1


@settings(max_examples=100)
@given(rotas, offsets)
def test_at_every_instant_the_people_on_are_those_whose_clock_is_between_the_shifts_ends(
    rota: Rota, offset: timedelta
) -> None:
    at = at_start(rota) + timedelta(days=2) + offset
    shown = at.astimezone(rota.zone)
    wall, day = shown.replace(tzinfo=None), shown.date()
    # Where a time is shown twice, or is skipped, the policy decides; everywhere else the clock alone does.
    near = [timedelta(hours=h) for h in (-3, 3)]
    if len({(at + each).astimezone(rota.zone).utcoffset() for each in near}) > 1:
        return
    expected: tuple[int, ...] = ()
    for begins_on in (day - timedelta(days=1), day):
        ends_on = begins_on + timedelta(days=1) if rota.ends <= rota.begins else begins_on
        if begins_on.isoweekday() in rota.days and (
            datetime.combine(begins_on, rota.begins) <= wall < datetime.combine(ends_on, rota.ends)
        ):
            expected = rota.planned(begins_on)
    assert Plan(rotas=(rota,)).on_at(at) == expected


@settings(max_examples=60)
@given(rotas, offsets, st.lists(st.tuples(offsets, st.integers(1, 4000), st.none() | st.integers(1, 9)), max_size=4))
def test_gaps_and_what_is_covered_are_the_week_and_overrides_win(
    rota: Rota, offset: timedelta, wanted: list[tuple[timedelta, int, int | None]]
) -> None:
    begin = at_start(rota) + offset
    overrides: list[Override] = []
    for shift, minutes, member in wanted:
        start = begin + shift % timedelta(days=7)
        try:
            overrides.append(
                check_override(
                    overrides,
                    rota=rota.id,
                    begin=start,
                    end=start + timedelta(minutes=minutes),
                    member=member,
                    now=begin,
                )
            )
        except BadValue:
            continue  # two at the same time
    plan = Plan(rotas=(rota,), overrides=overrides)
    end = begin + timedelta(days=7)
    gaps = sum((gap.end - gap.begin for gap in plan.gaps(begin, end)), timedelta())
    covered = sum((span.end - span.begin for span in plan.spans(begin, end) if span.people), timedelta())
    assert gaps + covered == timedelta(days=7)
    for over in overrides:
        assert plan.on_at(over.begin) == (() if over.member is None else (over.member,))
    at = begin
    while (change := plan.next_change(at)) is not None and change < end:
        assert plan.on_at(change - timedelta.resolution) == plan.on_at(at)
        assert set(plan.on_at(change)) != set(plan.on_at(at))
        at = change


@settings(max_examples=60)
@given(rotas.filter(lambda rota: len(rota.people) > 1), offsets)
def test_swaps_conserve_how_many_shifts_there_are_and_how_many_each_has(rota: Rota, offset: timedelta) -> None:
    begin = at_start(rota) + offset
    coming = list(shifts(rota, begin + timedelta(hours=1), begin + timedelta(days=21)))
    plan = Plan(rotas=(rota,))
    spans = [s for s in plan.spans(coming[0].begin, coming[-1].end) if s.day is not None]
    handed: tuple[Handed, ...] = ()
    for first, second in pairwise(spans):
        try:
            handed += check_swap(
                [rota],
                handed,
                giver=first.people[0],
                given=(1, first.day or date.min),
                taker=second.people[-1],
                taken=(1, second.day or date.min),
                now=begin,
            )
        except BadValue:
            continue
    after = Plan(rotas=(rota,), handed=handed).spans(coming[0].begin, coming[-1].end)
    before_people = sorted(member for span in spans for member in span.people)
    assert sorted(member for span in after for member in span.people) == before_people


def test_the_people_take_turns_by_shift_by_week_or_together() -> None:
    monday = date(2026, 1, 5)
    days = [monday + timedelta(days=n) for n in range(8)]
    assert [NIGHT.planned(day)[0] for day in days] == [SAM, ROBIN] * 4
    assert [DAY.planned(day)[0] for day in days] == [KIM] * 7 + [SAM]
    assert replace(NIGHT, turns=Turns.TOGETHER).planned(monday) == (SAM, ROBIN)
    weekdays = replace(NIGHT, days=frozenset({1, 3, 5}))
    assert [weekdays.planned(monday + timedelta(days=n))[0] for n in (0, 2, 4, 7)] == [SAM, ROBIN, SAM, ROBIN]


def test_a_night_shift_lasts_an_hour_less_in_spring_and_one_more_in_autumn() -> None:
    for day, hours in ((date(2026, 3, 28), 11), (date(2026, 10, 24), 13), (date(2026, 7, 1), 12)):
        shift = shift_on(NIGHT, day)
        assert shift is not None
        assert shift.end - shift.begin == timedelta(hours=hours)


def test_a_shift_wholly_within_a_spring_gap_is_none() -> None:
    hour = replace(NIGHT, begins=time(2), ends=time(3))
    assert shift_on(hour, date(2026, 3, 29)) is None
    assert shift_on(hour, date(2026, 3, 30)) is not None


def test_whoever_is_off_leaves_a_gap_from_that_instant_on() -> None:
    evening = datetime(2026, 1, 5, 20, tzinfo=BERLIN)
    off = datetime(2026, 1, 5, 23, tzinfo=BERLIN)
    plan = Plan(rotas=(NIGHT,), off={SAM: off})
    assert plan.on_at(evening) == (SAM,)
    assert plan.next_change(evening) == off
    assert [(gap.begin, gap.end) for gap in plan.gaps(evening, evening + timedelta(hours=12))] == [
        (off, evening + timedelta(hours=12))
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"people": ()}, "needs people"), ({"people": (SAM, SAM)}, "twice"), ({"days": frozenset()}, "needs days")],
)
def test_a_rota_that_cannot_be_one_is_refused_with_a_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        replace(NIGHT, **change)  # type: ignore[arg-type]  # values of the parametrized fields


NOW = datetime(2026, 1, 5, 12, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("begin", "end", "reason"),
    [(2, 1, "ends before"), (-5, -1, "passed"), (1, 24 * 40, "31 days"), (4, 6, "already")],
)
def test_an_override_that_makes_no_sense_is_refused_with_a_reason(begin: int, end: int, reason: str) -> None:
    known = [Override(rota=1, begin=NOW + timedelta(hours=5), end=NOW + timedelta(hours=9), member=KIM)]
    if reason == "31 days":
        known = []
    with pytest.raises(BadValue, match=reason):
        check_override(
            known, rota=1, begin=NOW + timedelta(hours=begin), end=NOW + timedelta(hours=end), member=SAM, now=NOW
        )


def swap(handed: tuple[Handed, ...], giver: int, day: int, taker: int, take: int | None = None) -> tuple[Handed, ...]:
    """Nights of January 2026."""
    taken = None if take is None else (1, date(2026, 1, take))
    rotas = [NIGHT, replace(DAY, turns=Turns.TOGETHER, people=(KIM,))]
    return check_swap(rotas, handed, giver=giver, given=(1, date(2026, 1, day)), taker=taker, taken=taken, now=NOW)


def test_a_swap_that_makes_no_sense_is_refused_with_a_reason() -> None:
    for arguments, reason in (
        ((SAM, 7, SAM), "somebody else"),
        ((SAM, 6, KIM), "do not have"),
        ((SAM, 7, ROBIN, 7), "same shift"),
        ((SAM, 7, ROBIN, 9), "They do not have"),
    ):
        with pytest.raises(BadValue, match=reason):
            swap((), *arguments)
    with pytest.raises(BadValue, match="has begun"):
        check_swap(
            [NIGHT], (), giver=SAM, given=(1, date(2026, 1, 5)), taker=KIM, taken=None, now=NOW + timedelta(hours=9)
        )


def test_a_loop_of_swaps_is_refused_with_what_to_do() -> None:
    handed = swap((), SAM, 7, ROBIN)
    handed += swap(handed, ROBIN, 7, KIM)
    with pytest.raises(BadValue, match=r"circle.*rota put"):
        swap(handed, KIM, 7, SAM)


def test_nobody_is_given_two_shifts_at_the_same_time() -> None:
    rotas = [NIGHT, replace(DAY, begins=time(19), ends=time(21), people=(KIM,))]
    with pytest.raises(BadValue, match="two shifts"):
        check_swap(rotas, (), giver=SAM, given=(1, date(2026, 1, 7)), taker=KIM, taken=None, now=NOW)


# The roster

ENTRY = Entry(member=SAM, zone=BERLIN)


def test_a_credential_lapses_at_the_end_of_its_last_day_by_the_peers_clock() -> None:
    entry = replace(ENTRY, credentials=(Credential(name="Peer certificate", until=date(2026, 1, 31)),))
    midnight = datetime(2026, 2, 1, tzinfo=BERLIN)
    assert not entry.is_off(midnight - timedelta(seconds=1))
    assert entry.is_off(midnight)
    assert ready([entry], {SAM}, midnight).available == ()


def test_who_rests_is_called_only_where_nobody_else_is_there() -> None:
    resting = replace(ENTRY, rest_until=NOW + timedelta(minutes=30))
    other = replace(ENTRY, member=ROBIN)
    assert ready([resting, other], {SAM}, NOW).on_call == ()
    assert ready([resting, other], {SAM}, NOW).available == (ROBIN,)
    assert ready([resting], {SAM}, NOW).on_call == (SAM,)
    assert ready([resting, replace(other, break_since=NOW)], {SAM}, NOW).on_call == (SAM,)


def test_who_is_full_is_never_called_and_those_on_and_with_fewer_cases_come_first() -> None:
    entries = [replace(ENTRY, held=2), replace(ENTRY, member=ROBIN, held=1), replace(ENTRY, member=KIM)]
    assert ready(entries, {ROBIN}, NOW).available == (ROBIN, KIM)


def test_who_is_in_danger_themselves_is_never_called_though_nobody_else_is_there() -> None:
    in_danger = replace(ENTRY, in_danger=True)
    assert ready([in_danger, replace(ENTRY, member=ROBIN)], {SAM}, NOW).available == (ROBIN,)
    assert ready([in_danger], {SAM}, NOW).available == ()


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    entry = replace(ENTRY, hours=Hours(days=frozenset({1}), begins=time(22), ends=time(2)))
    monday = datetime(2026, 1, 5, tzinfo=BERLIN)
    there = [bool(ready([entry], set(), monday + timedelta(hours=h)).available) for h in (1, 21, 23, 25, 27)]
    assert there == [False, False, True, True, False]
    assert ready([entry], {SAM}, monday).on_call == (SAM,)


def test_a_peer_rests_half_an_hour_after_an_emergency_and_not_after_a_false_alarm() -> None:
    assert rest_until(Severity.EMERGENCY, Outcome.SAFE, NOW) == NOW + timedelta(minutes=30)
    assert rest_until(Severity.EMERGENCY, Outcome.FALSE_ALARM, NOW) == NOW
