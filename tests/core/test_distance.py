"""How far it is, what lies around a place, and how that is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.distance import (
    HALFWAY,
    MILE,
    Point,
    about,
    boxes,
    centre,
    find_point,
    kilometres,
    point_of,
    postcodes,
)

points = st.builds(
    Point,
    st.floats(-90, 90, allow_nan=False).map(lambda n: round(n, 6)),
    st.floats(-180, 180, allow_nan=False).map(lambda n: round(n, 6)),
)
BERLIN, PARIS = Point(52.52, 13.405), Point(48.8566, 2.3522)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (BERLIN, PARIS, 878),
        (Point(40.7128, -74.0060), Point(34.0522, -118.2437), 3936),
        (Point(-17.7, 179.9), Point(-17.7, -179.9), 21.19),
        (Point(90, 0), Point(-90, 77), HALFWAY),
    ],
)
def test_known_distances_are_right_within_half_a_percent(one: Point, other: Point, km: float) -> None:
    assert kilometres(one, other) == pytest.approx(km, rel=0.005)


@given(points, points, points)
def test_a_distance_is_the_same_both_ways_and_no_detour_is_shorter(one: Point, other: Point, third: Point) -> None:
    assert kilometres(one, one) == 0
    assert kilometres(one, other) == pytest.approx(kilometres(other, one), abs=1e-6)
    assert 0 <= kilometres(one, other) <= HALFWAY + 1e-6
    assert kilometres(one, other) <= kilometres(one, third) + kilometres(third, other) + 1e-6


@given(points, points, st.floats(0, 25_000))
def test_whatever_is_within_reach_is_in_a_box(here: Point, there: Point, km: float) -> None:
    around = boxes(here, km)
    assert all(-180 <= box.west <= box.east <= 180 and box.south <= box.north for box in around)
    if kilometres(here, there) <= km:
        assert any(box.holds(there) for box in around)


@given(points.filter(lambda p: abs(p.north) < 80), st.floats(0.1, 200))
def test_a_box_is_not_much_larger_than_the_circle_in_it(here: Point, km: float) -> None:
    height = sum(box.north - box.south for box in boxes(here, km)[:1])
    assert height == pytest.approx(2 * km / 111.195, rel=0.01)


@given(st.lists(points, min_size=1, max_size=20), st.integers(0, 1000))
def test_the_centre_of_some_points_is_among_them_in_whatever_order(some: list[Point], seed: int) -> None:
    found = centre(some)
    assert found is not None
    assert found == centre(sorted(some))
    assert min(p.north for p in some) <= found.north <= max(p.north for p in some)
    assert min(p.east for p in some) <= found.east <= max(p.east for p in some)


def test_of_two_towns_of_one_name_the_one_with_more_records_is_meant_and_one_wrong_point_moves_nothing() -> None:
    illinois = [Point(39.78 + n / 1000, -89.65) for n in range(9)]
    missouri = [Point(37.21 + n / 1000, -93.29) for n in range(4)]
    found = centre([*missouri, *illinois, Point(40.2, -89.65), Point(0.1, 0.1)])
    assert found is not None
    assert kilometres(found, Point(39.784, -89.65)) < 1
    assert centre([]) is None


@pytest.mark.parametrize(
    ("km", "country", "said"),
    [
        (0.3, "DE", "less than 1 km"),
        (3.2, "DE", "about 3 km"),
        (23, "DE", "about 25 km"),
        (134, None, "about 130 km"),
        (0.3, "US", "less than a mile"),
        (MILE, "gb", "about 1 mile"),
        (3.2, "US", "about 2 miles"),
    ],
)
def test_a_distance_is_said_in_the_units_of_the_reader(km: float, country: str | None, said: str) -> None:
    assert str(about(km, country)) == said


@pytest.mark.parametrize(
    ("typed", "point"),
    [
        ("near 40.7128, -74.0060 tonight", Point(40.7128, -74.006)),
        ("40.7128° N, 74.0060° W", Point(40.7128, -74.006)),
        ("geo:-33.9,18.4", Point(-33.9, 18.4)),
        ("48.85 2.35", Point(48.85, 2.35)),
        ("12 S 77 W", Point(-12, -77)),
        ("24, 7", None),
        ("at 19.30", None),
        ("0.0, 0.0", None),
        ("91.5, 10.5", None),
        ("next 2 hours", None),
        ("1.2.3, 4.5.6", None),
    ],
)
def test_coordinates_are_read_as_people_type_them(typed: str, point: Point | None) -> None:
    found = find_point(typed)
    assert (found and found[0]) == point


@given(st.text(max_size=200))
def test_no_words_break_the_reading_of_coordinates(text: str) -> None:
    found = find_point(text)
    assert found is None or point_of(found[0].north, found[0].east) == found[0]
    postcodes(text)


def test_postcodes_are_seen_in_an_address() -> None:
    assert list(postcodes("1 Main St, Boston, MA 02139-1234, USA")) == ["02139"]
    assert list(postcodes("12345 Oak St, London SW1A 1AA")) == ["sw1a1aa"]
    assert list(postcodes("Toronto, ON M5V 3L9")) == ["m5v3l9"]
    assert list(postcodes("3 Elm St")) == []
