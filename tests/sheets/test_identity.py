"""Metadata and keys that aren't beside what they name any longer: Jobs after a sort or a cut."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from emulator import Emulator
from sync.errors import Permanent, Retryable
from sync.sheets.ids import JOBS_TAB
from tests.bench import Bench
from tests.chaos import tab
from tests.chaos.tab import delete_header, jobs_tab, record
from tests.made_up import milestone, uuid

LATER: dict[str, Any] = {"status": "APPROVED", "date_updated": "2026-03-04T00:00:00Z"}


@pytest.fixture
def eight(bench: Bench) -> Bench:
    bench.shown(*(milestone(number) for number in range(1, 9)))
    return bench


def stopped(bench: Bench) -> str:
    before = bench.texts()
    with pytest.raises(Permanent) as caught:
        bench.flush_once()
    assert bench.texts() == before, "nothing is written meanwhile"
    with pytest.raises(Permanent):
        bench.compare()
    return caught.value.reason


def sort_all(bench: Bench, *, ascending: bool) -> None:
    """Sort the whole tab, its header row with it: nothing is frozen."""
    frozen = {"sheetId": JOBS_TAB, "gridProperties": {"frozenRowCount": 0}}
    fields = "gridProperties.frozenRowCount"
    direction = "ASCENDING" if ascending else "DESCENDING"
    order = {"dimensionIndex": bench.index("site_id"), "sortOrder": direction}
    bench.do(
        {"updateSheetProperties": {"properties": frozen, "fields": fields}},
        {"sortRange": {"range": {"sheetId": JOBS_TAB}, "sortSpecs": [order]}},
    )


def approved(bench: Bench) -> list[str]:
    return [row["Site ID"] for row in bench.texts() if row.get("Milestone 1") == "Approved"]


def test_a_header_row_that_was_sorted_in_stops_the_writing(eight: Bench) -> None:
    """The job on top would be taken for the header: it would get a second row, and stay stale."""
    before = eight.texts()
    sort_all(eight, ascending=True)
    eight.send(milestone(1, **LATER), milestone(5, **LATER))
    assert stopped(eight) == "header_sorted"
    sort_all(eight, ascending=False)
    eight.flush()
    assert sorted(approved(eight)) == [uuid(1), uuid(5)]
    assert len(eight.texts()) == len(before)


def test_a_header_row_below_a_row_without_a_key_stops_the_writing(eight: Bench) -> None:
    """The row on top has no key."""
    eight.edit("type_cell", row=12, column=0, text="Call the inspector")
    key = eight.index("site_id")
    eight.edit("move_row", row=12, to=1)
    eight.edit("cut_rows", start=0, end=1, to=12)
    eight.edit("cut_rows", start=1, end=2, to=0)
    eight.edit("cut_rows", start=12, end=13, to=1)
    eight.send(milestone(1, **LATER))
    assert not eight.rows()[0].get("Site ID") and key
    assert stopped(eight) == "header_sorted"


def cut_column(bench: Bench, column: str) -> int:
    """Cut all cells of a column and paste them into a new one; return where that is."""
    bench.edit("add_column", text="")
    to = len(bench.look().keys) - 1
    index = bench.index(column)
    bench.edit("cut_columns", start=index, end=index + 1, to=to)
    return to


def test_a_column_that_was_cut_and_pasted_stops_the_writing(eight: Bench) -> None:
    """News would go into the old column, that has no header now: the one people read is stale."""
    index = eight.index("status")
    to = cut_column(eight, "status")
    eight.send(milestone(1, **LATER))
    assert stopped(eight) == "column_moved"
    eight.edit("cut_columns", start=to, end=to + 1, to=index)
    eight.flush()
    assert approved(eight) == [uuid(1)]


def test_init_tags_a_column_again_that_was_cut_and_pasted(eight: Bench) -> None:
    to = cut_column(eight, "status")
    eight.send(milestone(1, **LATER))
    assert stopped(eight) == "column_moved"
    eight.setup().provision(eight.spreadsheet)
    eight.flush()
    assert eight.index("status") == to
    assert eight.row(uuid(1))["Status"] == "Milestone 1 approved"
    assert eight.compare() == 0


def test_a_duplicate_takes_the_place_of_a_deleted_original(eight: Bench) -> None:
    """Its columns are there: none is missing."""
    eight.compare()
    made = eight.google.edit(eight.spreadsheet, "duplicate_tab", sheet_id=JOBS_TAB)
    eight.shown(milestone(1, **LATER))
    eight.edit("delete_tab")
    eight.edit("move_column", sheet_id=made, column=0, to=2)
    eight.before_the_write(lambda: eight.edit("move_column", sheet_id=made, column=3, to=1))
    eight.send(milestone(2, **LATER), milestone(9))
    eight.try_to_flush(10)
    eight.compare()
    eight.flush()
    rows = {row["Site ID"]: row for row in eight.texts("Copy of Jobs")}
    assert len(rows) == 9
    assert {site for site, row in rows.items() if row["Milestone 1"] == "Approved"} == {
        uuid(1),
        uuid(2),
    }
    assert eight.store.spreadsheet.read_columns().gone == ()
    assert eight.compare() == 0


def test_a_duplicate_of_a_tab_without_its_header_row_stays_as_it_was(eight: Bench) -> None:
    book = eight.google.sheets.spreadsheets[eight.spreadsheet]
    made = eight.google.edit(eight.spreadsheet, "duplicate_tab", sheet_id=JOBS_TAB)
    before, original = record(book, made), jobs_tab(book)
    assert original is not None
    put_back = delete_header(book, original, 0)
    eight.send(milestone(1, **LATER))
    for _ in range(2):
        assert stopped(eight) == "header_gone"
    put_back()
    eight.flush()
    assert record(book, made) == before
    assert eight.row(uuid(1))["Milestone 1"] == "Approved"


def test_a_header_row_that_is_deleted_between_two_reads_takes_no_keys_along(eight: Bench) -> None:
    """The job whose key was cleared would count as deleted, and get a second row."""
    original = jobs_tab(eight.google.sheets.spreadsheets[eight.spreadsheet])
    assert original is not None
    eight.edit("type_cell", row=eight.at(1), column=eight.index("site_id"), text="")
    put_back = list[Callable[[], None]]()

    def delete(google: Emulator, _call: object) -> None:
        book = google.sheets.spreadsheets[eight.spreadsheet]
        put_back.append(delete_header(book, original, 0))

    eight.google.faults.between(delete, method="*.getByDataFilter", when="after", count=1)
    eight.send(milestone(2, **LATER))
    with pytest.raises(Retryable):
        eight.flush_once()
    put_back[0]()
    eight.shown(milestone(1, **LATER))
    assert eight.row(uuid(1))["Milestone 1"] == "Approved"
    assert len(eight.texts()) == 8


def cut_keys(bench: Bench, *numbers: int) -> None:
    bench.edit("add_column", text="Notes")
    key, to = bench.index("site_id"), len(bench.look().keys) - 1
    for number in numbers:
        row = bench.at(number)
        bench.edit("type_cell", row=row, column=to, text=uuid(number))
        bench.edit("type_cell", row=row, column=key, text="")


def test_keys_that_were_cut_into_another_column_stop_the_writing(eight: Bench) -> None:
    before = eight.texts()
    cut_keys(eight, 1, 2, 3, 4)
    eight.send(milestone(1, **LATER), milestone(5, **LATER))
    assert stopped(eight) == "keys_moved"
    assert len(eight.texts()) == len(before)


@pytest.mark.parametrize("notices", ["comparison", "flush"])
def test_a_column_into_which_all_keys_were_cut_is_the_key_column(
    eight: Bench, notices: str
) -> None:
    cut_keys(eight, *range(1, 9))
    if notices == "comparison":
        eight.compare()
    else:
        eight.shown(milestone(1, **LATER))
    assert eight.index("site_id") == len(eight.look().keys) - 1
    eight.shown(milestone(2, **LATER))
    assert eight.compare() == 0
    rows = {row["Notes"]: row["Milestone 1"] for row in eight.texts()}
    assert (len(eight.texts()), len(rows), rows[uuid(2)]) == (8, 8, "Approved")


def test_keys_that_were_cleared_are_written_again(eight: Bench) -> None:
    before, key = eight.texts(), eight.index("site_id")
    for row in (eight.at(1), eight.at(3), eight.at(4)):
        eight.edit("type_cell", row=row, column=key, text="")
    eight.shown(milestone(1, **LATER), milestone(5, **LATER))
    assert sorted(approved(eight)) == [uuid(1), uuid(5)]
    assert len(eight.texts()) == len(before)
    eight.edit("type_cell", row=eight.at(2), column=key, text="")
    eight.compare()
    eight.flush()
    assert {row["Site ID"] for row in eight.texts()} == {row["Site ID"] for row in before}


def test_keys_cleared_in_every_row_of_a_job_are_written_again(eight: Bench) -> None:
    """Otherwise the job would get one more row, and these would stay stale."""
    eight.edit("copy_rows", start=eight.at(1), end=eight.at(1) + 1, to=len(eight.texts()) + 4)
    rows = eight.look().by_site[uuid(1)]
    for row in rows:
        eight.edit("type_cell", row=row, column=eight.index("site_id"), text="")
    eight.shown(milestone(1, **LATER))
    assert eight.look().by_site[uuid(1)] == rows
    assert approved(eight) == [uuid(1), uuid(1)]


def test_rows_sorted_before_a_key_is_written_again_get_no_other_key(eight: Bench) -> None:
    before, key = eight.texts(), eight.index("site_id")
    for row in (eight.at(1), eight.at(3)):
        eight.edit("type_cell", row=row, column=key, text="")
    eight.before_the_write(lambda: eight.edit("sort", column=0, ascending=False))
    eight.shown(milestone(1, **LATER))
    eight.compare()
    eight.flush()
    assert approved(eight) == [uuid(1)]
    assert {row["Customer"]: row["Site ID"] for row in eight.texts()} == {
        row["Customer"]: row["Site ID"] for row in before
    }


def copy_as_template(bench: Bench, number: int, **typed: str) -> int:
    """Copy a job's row below all others, and type another customer's data over his."""
    to = len(bench.texts()) + 4
    bench.edit("copy_rows", start=bench.at(number), end=bench.at(number) + 1, to=to)
    for column, text in typed.items():
        bench.edit("type_cell", row=to, column=bench.index(column), text=text)
    return to


NEW = {"customer": "Bob Newman", "phone": "720-555-0199", "address": "9 Elm Street"}


@pytest.fixture
def known(asking: Bench) -> Bench:
    for number in range(1, 10):
        asking.customer(number)
    asking.send(*(milestone(number) for number in range(1, 9)))
    asking.project()
    asking.ask()
    asking.flush()
    return asking


def test_a_row_that_was_copied_for_another_customer_loses_the_key(known: Bench) -> None:
    """What he typed there would be overwritten, and kept nowhere."""
    copy_as_template(known, 1, **NEW)
    known.shown(milestone(1, **LATER))
    (copy,) = [row for row in known.texts() if row.get("Customer") == "Bob Newman"]
    assert (copy["Phone"], copy["Address"]) == ("720-555-0199", "9 Elm Street")
    assert "Site ID" not in copy
    assert approved(known) == [uuid(1)]
    (line,) = known.texts("Recovered")
    assert (line["Column"], line["What was there"]) == ("Site ID", uuid(1))
    assert "Bob Newman" in line["Row as it was"]
    assert known.alerts == [], "there is a warning instead"
    assert known.compare() == 0
    (found,) = known.store.findings.listed(9)["keys_removed"]
    assert (found.site, found.detail) == (uuid(1), "address, customer, phone")


def test_a_header_row_that_is_sorted_in_between_two_reads_hides_no_copy(known: Bench) -> None:
    """The copied row would be taken for the header, and the copy for the job's only row."""
    copy_as_template(known, 1, **NEW)
    before, faults = known.texts(), known.google.faults
    book, undo = known.google.sheets.spreadsheets[known.spreadsheet], list[Callable[[], None]]()
    jobs, key = jobs_tab(book), known.index("site_id")
    assert jobs is not None

    def sort(*_: object) -> None:
        undo.append(tab.sort_all(book, jobs, 0, key, ascending=True))

    method = "*.getByDataFilter"
    faults.between(sort, method=method, when="after", count=1)
    faults.between(lambda *_: undo.pop()(), method=method, when="after", count=1, skip=1)
    known.send(milestone(1, **LATER))
    with suppress(Permanent):
        known.flush_once()
    known.flush()
    (copy,) = [row for row in known.texts() if row.get("Customer") == "Bob Newman"]
    assert (copy["Phone"], copy["Address"]) == ("720-555-0199", "9 Elm Street")
    assert "Site ID" not in copy
    assert approved(known) == [uuid(1)]
    assert len(known.texts()) == len(before)


def test_the_row_that_was_copied_gets_its_key_back(known: Bench) -> None:
    """Its key was cleared in place of the copy's: all that was typed there would be lost."""
    copy_as_template(known, 1, **NEW)
    first, _ = known.look().by_site[uuid(1)]
    known.edit("type_cell", row=first, column=known.index("site_id"), text="")
    known.compare()
    known.shown(milestone(1, **LATER))
    (copy,) = [row for row in known.texts() if row.get("Customer") == "Bob Newman"]
    assert (copy["Phone"], copy["Address"]) == ("720-555-0199", "9 Elm Street")
    assert "Site ID" not in copy
    assert approved(known) == [uuid(1)]
    assert known.look().by_site[uuid(1)] == [first]


def test_a_row_that_moves_before_its_key_is_taken_keeps_what_it_holds(known: Bench) -> None:
    before = known.texts()
    copy_as_template(known, 1, **NEW)
    known.before_the_write(lambda: known.edit("sort", column=0, ascending=False))
    known.shown(milestone(1, **LATER))
    rows = known.texts()
    assert {row["Site ID"] for row in rows if "Site ID" in row} == {
        row["Site ID"] for row in before
    }
    assert len(rows) == len(before) + 1
    assert approved(known) == [uuid(1)]


def test_a_row_that_takes_the_copys_place_keeps_its_key_though_a_column_moves(
    known: Bench,
) -> None:
    """Each of its cells would be taken for another column's: it couldn't be found again."""
    other = copy_as_template(known, 2)
    copy = copy_as_template(known, 1, **NEW)
    assert copy == other + 1

    def move() -> None:
        known.edit("move_row", row=copy, to=1)
        known.edit("move_column", column=known.index("last_update"), to=0)

    known.before_the_write(move)
    known.send(milestone(1, **LATER))
    known.try_to_flush(10)
    assert len(known.look().by_site[uuid(2)]) == 2
    assert approved(known) == [uuid(1)]


def test_a_copy_of_the_same_customer_keeps_its_key(known: Bench) -> None:
    to = copy_as_template(known, 1, rep="Jo")
    known.shown(milestone(1, **LATER))
    assert known.look().by_site[uuid(1)] == [known.look().by_site[uuid(1)][0], to]
    assert approved(known) == [uuid(1), uuid(1)]
