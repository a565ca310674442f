"""Which rows look like a job: names person by person, addresses, phones."""

import math
import random

import pytest

from sync.boards.candidates import NamedRow, compare_fields
from sync.boards.habits import family_first
from sync.boards.match import criteria_values
from sync.boards.row_lookup import look_up
from sync.jobs.model import Customer, Job, placeholder_name
from sync.jobs.target import Target
from sync.sheets.row_identity import Place
from sync.sheets.snapshot import Table
from sync.store import RowAnswer
from tests.boards.grids import BOARD
from tests.made_up import uuid

OSCAR = Customer(
    name="Oscar Durán",
    address="814 Cedar Avenue, Marlow, CO 80999",
    phone="303-555-0142",
    email="oscar@example.com",
    city="Marlow",
    zip="80999",
)
PLACE = (0, 5)


def is_candidate(row: dict[str, str]) -> bool:
    return look_up({PLACE: row}, {uuid(1): OSCAR}, []).unsettled == {uuid(1)}


@pytest.mark.parametrize(
    "row",
    [
        {"customer": "Vega, Ana", "phone": "h 720-555-0001 / c +1 (303) 555 0142"},
        {"customer": "Vega, Ana", "phone": "720-555-0001 x12 303-555-0142"},
        {"customer": "Vega, Ana", "email": "ana@example.com, OSCAR@example.com"},
        {"customer": "Vega, Ana", "address": "814 Cedar, Marlow"},
        {"customer": "Vega, Ana", "address": "814 cedar ave #B", "zip": "80999-1234"},
        {"customer": "DURAN, Lucia", "city_zip": "Marlow, CO"},
        {"customer": "Lucia & Oscar Duran", "address": "9 Elm St", "zip": "80999"},
        {"customer": "Duran, Oscar & Lucia", "phone": "720-555-0001", "zip": "80999"},
        {"customer": "Duran, Lucia", "address": "Marlow, CO 80999-1234"},
        {"customer": "Ana Vega / Oscar M. Duran Jr.", "address": "9 Elm St, Marlow 80999"},
        {"customer": "Duran, O."},
        {"first_name": "Oscar & Lucia", "last_name": "Duran"},
        {"customer": "", "first_name": "O.", "last_name": "Duran", "city": "Marlow"},
        {"customer": "Duran, Oscar", "email": "other@example.com"},
    ],
    ids=str,
)
def test_one_thing_that_agrees_makes_a_candidate(row: dict[str, str]) -> None:
    assert is_candidate(row)


@pytest.mark.parametrize(
    "row",
    [
        {"customer": "Vega, Ana", "address": "814 Cedar Ave, Fairview 80111"},
        {"customer": "Vega, Ana", "address": "815 Cedar Ave, Marlow 80999"},
        {"customer": "Oscar Duran", "city_zip": "Fairview, CO 80111"},
        {"customer": "Lucia Duran", "phone": "303-555-0143"},
        {"customer": "Oscar, Bea", "zip": "80999"},
        {"first_name": "Duran", "last_name": "Vega", "zip": "80999"},
        {"first_name": "Duran", "zip": "80999"},
        {"address": "Marlow 80999"},
        {"phone": "0142"},
        {},
    ],
    ids=str,
)
def test_nothing_that_agrees_makes_none(row: dict[str, str]) -> None:
    assert not is_candidate(row)


@pytest.mark.parametrize(
    ("everbright", "row"),
    [
        ("Oscar Duran", "Duran, Oscar & Lucia"),
        ("Lucia Duran", "Duran, Oscar & Lucia"),
        ("Lucia Duran", "Oscar and Lucia Duran"),
        ("Lucia Vega", "Oscar Duran + Lucia Vega"),
        ("Maria de la Cruz", "De La Cruz, María"),
        ("Dr. Jürgen Weiß", "WEISS, JURGEN"),
        ("Bea Ortiz-Luna", "Ortiz Luna, Bea"),
        ("Robert Hale III", "Hale, Robert, Jr."),
    ],
)
def test_names_are_compared_person_by_person(everbright: str, row: str) -> None:
    (name,) = compare_fields(Customer(name=everbright), {"customer": row})
    assert (name.title, name.agrees) == ("Name", True)


def test_a_name_in_two_columns_is_compared_as_one() -> None:
    row = {"first_name": "Oscar", "last_name": "Durán", "phone": "720-555-0001"}
    name, phone = compare_fields(OSCAR, row)[:2]
    assert (name.title, name.row, name.agrees, phone.agrees) == ("Name", "Oscar Durán", True, False)
    oscar = Target(Job(site=uuid(1)), customer=OSCAR)
    assert BOARD.differing(row, oscar) == {"phone"}
    assert BOARD.differing(row | {"last_name": "Vega"}, oscar) == {
        *("first_name", "last_name", "phone"),
    }


def test_the_stand_in_for_an_unknown_name_is_not_another_customer() -> None:
    oscar = Target(Job(site=uuid(1)), customer=OSCAR)
    assert not BOARD.differing({"customer": placeholder_name(uuid(1))}, oscar)
    assert BOARD.differing({"customer": "Walt Kim"}, oscar) == {"customer"}


def test_the_family_name_comes_first() -> None:
    assert family_first("Maria de la Cruz") == "de la Cruz, Maria"
    assert family_first("Maria de la cruz") == "de la cruz, Maria"
    assert family_first("Oscar and Lucia Duran") == "Duran, Oscar and Lucia"
    assert family_first("Bea Ortiz & Luis Duran") == "Bea Ortiz & Luis Duran"
    assert family_first("bea and luis ortiz") == "ortiz, bea and luis"
    assert family_first("maria elena ortiz") == "ortiz, maria elena"


def test_what_agrees_and_what_does_not_is_side_by_side() -> None:
    row = {"customer": "Duran, Lucia", "phone": "303.555.0142", "address": "9 Elm St, Marlow"}
    found = compare_fields(OSCAR, row)
    assert [(each.title, each.agrees) for each in found] == [
        ("Family name", True),
        ("Phone", True),
        ("E-mail", None),
        ("Address", False),
    ]
    assert (found[1].everbright, found[1].row) == (OSCAR.phone, row["phone"])


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        ({"address": "814 Cedar Avenue"}, True),
        ({"address": "814 Cedar Ave", "city": "Marlow"}, True),
        ({"address": "814 Cedar Avenue", "city": "Fairview"}, False),
        ({"address": "814 Oak Street, Marlow, CO 80999"}, False),
        ({"address": "TBD"}, None),
        ({"email": "n/a"}, None),
    ],
    ids=str,
)
def test_what_is_known_of_both_agrees_or_not(row: dict[str, str], agrees: bool | None) -> None:
    (column,) = {*row} - {"city"}
    title = {"address": "Address", "email": "E-mail"}[column]
    found = {each.title: each.agrees for each in compare_fields(OSCAR, row)}
    assert found[title] is agrees


def test_a_phone_number_without_its_area_code_does_not_disagree() -> None:
    (phone,) = compare_fields(Customer(phone="303-555-0142"), {"phone": "c 555-0142"})
    assert phone.agrees is None


def test_a_row_is_named_with_its_dates_as_people_see_them_and_without_checkboxes() -> None:
    date = {
        "userEnteredValue": {"numberValue": 46073},
        "userEnteredFormat": {"numberFormat": {"type": "DATE"}},
    }
    checkbox = {"userEnteredValue": {"boolValue": False}}
    cells = ({"userEnteredValue": {"stringValue": "Duran, Oscar"}}, date, checkbox)
    named = NamedRow.of(Table(7, "Active", 3, 20, 3), 4, cells)
    assert (named.name, named.text) == ("Active!5", "Duran, Oscar | 2/20/2026")


def test_answers_settle_a_job_and_survive_what_is_filled_in() -> None:
    row = {"customer": "Duran, Lucia", "zip": "80999"}
    jobs, by = {uuid(1): OSCAR}, ["email", "address+zip"]
    assert look_up({PLACE: row}, jobs, by).unsettled == {uuid(1)}
    filled = {PLACE: {**row, "email": "lucia@example.com"}}
    same, other = (RowAnswer(uuid(1), row, is_same=is_same) for is_same in (True, False))
    assert look_up(filled, jobs, by, [same]).matches[uuid(1)].place == PLACE
    found = look_up(filled, jobs, by, [other])
    assert not found.matches
    assert (found.unsettled, found.candidates) == (frozenset(), {uuid(1): [PLACE]})
    renamed = {PLACE: {**row, "customer": "Duran, L."}}
    assert look_up(renamed, jobs, by, [other]).unsettled == {uuid(1)}
    linked = {(0, 6): {"site_id": f"https://x.example/address/{uuid(1)}"}}
    assert look_up({PLACE: row, **linked}, jobs, by).candidates == {}


@pytest.mark.parametrize("criteria", [["email"], ["phone"]], ids=" ".join)
def test_a_row_with_other_text_in_the_column_of_keys_may_be_the_job_s(criteria: list[str]) -> None:
    row = {"email": OSCAR.email, "phone": OSCAR.phone}
    not_yet = row | {"site_id": "n/a"}
    found = look_up({PLACE: not_yet}, {uuid(1): OSCAR}, criteria)
    assert (found.matches, found.candidates) == ({}, {uuid(1): [PLACE]})
    assert found.unsettled == {uuid(1)}
    found = look_up({PLACE: not_yet, BESIDE: row}, {uuid(1): OSCAR}, criteria)
    assert (found.matches, found.candidates) == ({}, {uuid(1): [PLACE, BESIDE]})


def test_what_the_user_answered_about_a_row_with_other_text_in_the_column_of_keys_counts() -> None:
    row = {"email": OSCAR.email}
    not_yet, jobs = {PLACE: row | {"site_id": "n/a"}}, {uuid(1): OSCAR}
    same, other = (RowAnswer(uuid(1), row, is_same=is_same) for is_same in (True, False))
    assert look_up(not_yet, jobs, ["phone"], [same]).unsettled == {uuid(1)}
    assert look_up({PLACE: row}, jobs, ["phone"], [same]).matches[uuid(1)].place == PLACE
    assert look_up(not_yet, jobs, ["email"], [other]).unsettled == frozenset()


ALONE = {"customer": "Oscar Duran"}
WITH_PHONE = ALONE | {"phone": "303.555.0142"}
BESIDE = (0, 6)


@pytest.mark.parametrize(("chosen", "other"), [(ALONE, WITH_PHONE), (WITH_PHONE, ALONE)])
@pytest.mark.parametrize("filled", [{}, {"email": "o@example.com"}], ids=["as it was", "filled"])
def test_the_chosen_row_is_taken_beside_one_with_its_texts(
    chosen: dict[str, str], other: dict[str, str], filled: dict[str, str]
) -> None:
    answers = [RowAnswer(uuid(1), chosen, is_same=True), RowAnswer(uuid(1), other, is_same=False)]
    rows = {PLACE: chosen | filled, BESIDE: other | filled}
    found = look_up(rows, {uuid(1): OSCAR}, ["email"], answers)
    assert found.matches[uuid(1)].place == PLACE
    assert not found.unsettled


@pytest.mark.parametrize("is_same", [False, True])
def test_an_answer_about_a_name_does_not_keep_the_job_from_its_own_row(*, is_same: bool) -> None:
    own = ALONE | {"email": OSCAR.email}
    answers = [RowAnswer(uuid(1), ALONE, is_same=is_same)]
    found = look_up({PLACE: ALONE, BESIDE: own}, {uuid(1): OSCAR}, ["email"], answers)
    assert found.matches[uuid(1)].place == BESIDE


@pytest.mark.parametrize(
    "changed", [{}, {PLACE: {"customer": "Oscar Duran Sr."}}], ids=["gone", ""]
)
def test_an_answer_about_a_row_that_is_gone_or_changed_is_not_about_the_job_s_own(
    changed: dict[Place, dict[str, str]],
) -> None:
    rows = {**changed, BESIDE: ALONE | {"email": OSCAR.email}}
    answers = [RowAnswer(uuid(1), ALONE, is_same=False)]
    found = look_up(rows, {uuid(1): OSCAR}, ["email"], answers)
    assert found.matches[uuid(1)].place == BESIDE
    found = look_up(rows, {uuid(1): OSCAR}, ["phone"], answers)
    assert found.unsettled == {uuid(1)}


def test_a_row_that_was_ruled_out_does_not_replace_the_chosen_one() -> None:
    answers = [
        RowAnswer(uuid(1), ALONE, is_same=True),
        RowAnswer(uuid(1), WITH_PHONE, is_same=False),
    ]
    rows = {PLACE: {"customer": "Duran, O."}, BESIDE: WITH_PHONE}
    found = look_up(rows, {uuid(1): OSCAR}, ["email"], answers)
    assert not found.matches
    assert found.unsettled == {uuid(1)}


def test_a_row_with_the_texts_of_contradicting_answers_is_asked_about() -> None:
    with_email = ALONE | {"email": "o@example.com"}
    answers = [
        RowAnswer(uuid(1), WITH_PHONE, is_same=True),
        RowAnswer(uuid(1), with_email, is_same=False),
    ]
    found = look_up({PLACE: WITH_PHONE | with_email}, {uuid(1): OSCAR}, ["email"], answers)
    assert not found.matches
    assert found.unsettled == {uuid(1)}


def test_two_jobs_with_one_row_and_two_rows_of_one_job_are_unsettled() -> None:
    by = ["email"]
    row, places = {"email": OSCAR.email}, {PLACE: {"email": OSCAR.email}}
    assert look_up(places, {uuid(1): OSCAR, uuid(2): OSCAR}, by).unsettled == {uuid(1), uuid(2)}
    found = look_up({PLACE: row, (7, 9): row}, {uuid(1): OSCAR}, by)
    assert found.candidates == {uuid(1): [PLACE, (7, 9)]}


def test_a_row_without_a_town_that_matches_two_jobs_by_its_address_is_asked_about() -> None:
    by, rows = ["address"], {PLACE: {"address": "814 Cedar Ave"}}
    jobs = {uuid(1): OSCAR, uuid(2): OSCAR}
    both = {uuid(1): [PLACE], uuid(2): [PLACE]}
    assert look_up(rows, {uuid(1): OSCAR}, by).matches[uuid(1)].place == PLACE
    assert look_up(rows, jobs, by).candidates == both
    added = {uuid(1): (0, 7), uuid(2): (0, 8)}
    keyed = {place: {"site_id": site} for site, place in added.items()}
    assert look_up(rows | keyed, jobs, by, added=added).candidates == both
    answers = [RowAnswer(site, rows[PLACE], is_same=False) for site in jobs]
    found = look_up(rows, jobs, by, answers)
    assert (found.candidates, found.unsettled) == (both, frozenset())


def test_an_address_without_a_number_but_its_zip_is_no_criterion() -> None:
    assert criteria_values({"address": "Rural Route, Marlow, CO 80999"}, ["address"]) == {}


@pytest.mark.parametrize(
    "place",
    [
        {"address": "9 Elm St, Marlow, CO 80999"},
        {"zip": "n/a", "city_zip": "Marlow, CO 80999"},
        {"zip": "80999"},
    ],
    ids=str,
)
def test_a_match_names_every_text_that_may_have_the_zip(place: dict[str, str]) -> None:
    """The key's write is checked against them."""
    row = {"phone": OSCAR.phone, **place}
    found = look_up({PLACE: row}, {uuid(1): OSCAR}, ["phone+zip"])
    assert found.matches[uuid(1)].texts == row


def made_up_board(lots: random.Random, rows: int) -> list[Customer]:
    """Return unrelated customers: names as frequent as in the US, a third of them in one town.

    The k-th family name has a share of about 0.09 / (k + 10), as in the Census of 2010.
    """
    towns = range(1, 13)
    return [
        Customer(
            name=f"Given{int(20 * math.exp(4 * lots.random()))} "
            f"Family{int(11 * math.exp(11 * lots.random()))}",
            address=f"{int(10 * math.exp(7.5 * lots.random()))} "
            f"{''.join(lots.choice('bcdfglmnprst') + lots.choice('aeiou') for _ in range(3))} Ave",
            phone=f"303-{lots.randrange(200, 999)}-{lots.randrange(10_000):04}",
            city=f"Town{lots.choices(towns, [1 / town for town in towns])[0]}",
        )
        for _ in range(rows)
    ]


def test_two_new_jobs_of_a_hundred_wait_at_most_on_a_board_of_strangers() -> None:
    lots = random.Random(30)
    board, jobs = made_up_board(lots, 2000), made_up_board(lots, 1000)
    rows = {
        (0, number): {
            "customer": ", ".join(reversed(each.name.split())),
            "phone": each.phone if lots.random() < 0.8 else "",
            "address": f"{each.address}, {each.city}" if lots.random() < 0.9 else "",
            "city": each.city,
        }
        for number, each in enumerate(board)
    }
    wait = len(look_up(rows, {uuid(n): job for n, job in enumerate(jobs)}, []).unsettled)
    print(f"{wait / 10:.1f} % of new jobs wait on a board of 2,000 unrelated rows")
    assert 0 < wait <= 20
