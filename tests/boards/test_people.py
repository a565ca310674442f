"""Which row is whose: in made-up worlds, and example by example."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.people import Person, exchanged, find_rows
from tests.boards import worlds

WITH_EMAIL = ("phone", "email", "address")


@pytest.mark.parametrize(
    ("columns", "wrong", "doubled", "asked"),
    [(WITH_EMAIL, 45, 18, 800), (("phone", "address"), 45, 35, 900)],
)
def test_in_ten_worlds_few_rows_are_wrong(
    columns: tuple[str, ...], wrong: int, doubled: int, asked: int
) -> None:
    counts = Counter[str]()
    for seed in range(100, 110):
        world = worlds.made_up(seed, columns)
        counts += worlds.score(find_rows(world.jobs, world.rows), world.truth)
    assert counts["wrong"] <= wrong, counts
    assert counts["doubled"] <= doubled, counts
    assert counts["asked"] <= asked, counts
    assert counts["right"] > 1500, counts


MARIA = {
    "customer": "Maria Lopez",
    "address": "18 Harborview Drive, Marlow, CO 80999",
    "phone": "(303) 555-0101",
    "email": "maria@example.com",
}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"customer": "Lopez, Maria & Jo", "address": "18 Harbor View"}, "certain"),
        ({"customer": "Lopez Maria", "phone": "303.555.0101"}, "certain"),
        ({"first_name": "Maria", "last_name": "Lopez", "phone": "303 555 0101"}, "certain"),
        ({"customer": "María López", "email": "MARIA@example.com"}, "certain"),
        ({"email": "maria@example.com"}, "certain"),
        ({"customer": "Maria Lopez", "address": "7 Elm Street"}, "asked"),
        ({"customer": "Maria Lopez"}, "asked"),
        ({"customer": "Ana Lopez", "address": "18 Harbor View", "phone": "303-555-0101"}, "asked"),
        ({"customer": "Ana Lopez", "address": "7 Elm Street"}, "none"),
        ({"customer": "Maria Lopez", "address": "7 Elm", "phone": "720-555-0199"}, "none"),
        ({"customer": "Lopez"}, "none"),
        ({}, "none"),
    ],
)
def test_a_row_is_certain_asked_about_or_none(row: Mapping[str, str], expected: str) -> None:
    found = find_rows({"job": MARIA}, {1: row})
    shown = "certain" if found.matches else "asked" if found.candidates else "none"
    assert shown == expected


def test_two_jobs_of_one_customer_are_asked_about() -> None:
    found = find_rows({"a": MARIA, "b": MARIA}, {1: MARIA})
    assert not found.matches
    assert found.candidates == {"a": [1], "b": [1]}


def test_two_rows_of_one_customer_are_asked_about() -> None:
    found = find_rows({"a": MARIA}, {1: MARIA, 2: MARIA})
    assert not found.matches
    assert sorted(found.candidates["a"]) == [1, 2]


def test_a_finished_row_is_asked_about_for_an_open_job() -> None:
    """A battery that is added at a finished job's house is another job."""
    found = find_rows(
        {"a": MARIA}, {1: MARIA}, is_doubtful=lambda site, row: (site, row) == ("a", 1)
    )
    assert not found.matches
    assert found.candidates == {"a": [1]}


def test_the_stand_in_for_a_name_is_no_name() -> None:
    assert not Person.of({"customer": "Job 157802b4"}).name


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_no_key_is_lost_or_doubled_when_keys_are_exchanged(
    order: list[int], blank: set[int], known: set[int]
) -> None:
    """Rows without a key take part, and a key that nobody can place stays."""
    holders = {place: f"key {place}" for place in range(6) if place not in blank}
    moves = {key: order[place] for place, key in holders.items() if place in known}
    after = {**holders, **exchanged(moves, holders)}
    assert sorted(filter(None, after.values())) == sorted(holders.values())
    for key in holders.values():
        place = next(place for place, each in after.items() if each == key)
        assert place == moves.get(key, place) or holders[place] == key


def test_two_keys_for_one_row_stay() -> None:
    assert exchanged({"a": 3, "b": 3}, {1: "a", 2: "b"}) == {}
    assert exchanged({"a": 2}, {1: "a", 2: "b"}) == {}, "b would be lost"
    assert exchanged({"a": 2, "b": 3}, {1: "a", 2: "b"}) == {1: "", 2: "a", 3: "b"}
