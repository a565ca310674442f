"""What is wrong with a board shows in `/status`, on the console, in doctor, and in an alert."""

import pytest
from sqlalchemy import update

from sync.field_table import KEY
from sync.ops.alerts import Alerts
from sync.sheets.ids import COLUMN_KEY
from sync.sheets.sheet_requests import metadata
from sync.store.schema import sheet
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.boards import two_tab_board
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, INSTALLED, KEY_AT, OPEN, line
from tests.made_up import milestone, uuid
from tests.status.test_signals import (
    Installation,
    Situation,
    check,
    compare_daily,
    receiver,
    use_the_other_column,
)

__all__ = ["receiver"]

JOBS = 8


def board(receiver: Installation) -> None:
    bench = receiver.bench
    known = [bench.customer(number) for number in range(1, JOBS + 1)]
    rows = [line(n, E_mail=each["E_mail"], Zip=each["Zip"]) for n, each in enumerate(known, 1)]
    two_tab_board.make(bench, rows, [])
    two_tab_board.map_tabs(bench)
    bench.send(*(milestone(number) for number in range(1, JOBS + 1)))
    bench.project()
    bench.ask()
    bench.flush()
    assert keys(receiver) == {uuid(number) for number in range(1, JOBS + 1)}


def keys(receiver: Installation) -> set[str]:
    return {row["Site ID"] for row in two_tab_board.texts(receiver.bench) if "Site ID" in row}


def site_id_is_deleted_and_mapped_again(receiver: Installation) -> None:
    board(receiver)
    receiver.bench.edit("delete_columns", sheet_id=OPEN, index=KEY_AT)
    receiver.bench.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW + 1)
    map_again(receiver)
    receiver.bench.flush()
    receiver.act("compare")
    assert len(keys(receiver)) == JOBS - 1, "all but the deleted row have their job's"


def map_again(receiver: Installation) -> None:
    """Add a new column of site IDs, as `brightsheet map --write` does."""
    bench = receiver.bench
    header = two_tab_board.fill_header(OPEN, KEY_AT, "Site ID")
    bench.do(header, metadata(COLUMN_KEY, KEY, OPEN, "COLUMNS", KEY_AT))
    with bench.held() as held:
        columns = [KEY, *two_tab_board.FIELDS.values()]
        bench.store.spreadsheet.set_mapped(held, (OPEN, INSTALLED), columns)


def restore_the_rows(receiver: Installation) -> None:
    receiver.act("restore-rows")
    assert len(keys(receiver)) == len(two_tab_board.texts(receiver.bench)) == JOBS


def a_status_has_no_option(receiver: Installation) -> None:
    board(receiver)
    rejected = milestone(1, status="REJECTED", date_updated="2099-01-01T00:00:00Z")
    receiver.bench.shown(rejected)
    receiver.bench.compare()


def choose_an_option(receiver: Installation) -> None:
    two_tab_board.say(receiver.bench, two_tab_board.WORDS | {"Rejected": "Sent back"})
    receiver.act("compare")


def a_person_types_over_a_status(receiver: Installation) -> None:
    board(receiver)
    column = two_tab_board.places(receiver.bench)["Permit"]
    row = HEADER_ROW + 1
    receiver.bench.edit("type_cell", sheet_id=OPEN, row=row, column=column, text="Sent back")
    receiver.bench.compare()


def keep_mine(receiver: Installation) -> None:
    (items,) = receiver.bench.store.findings.listed(9).values()
    receiver.act("keep-mine", id=items[0].item)
    receiver.act("compare")


def a_customer_may_have_a_row(receiver: Installation) -> None:
    """A row has the phone number of a new customer, and nothing else of theirs."""
    board(receiver)
    bench = receiver.bench
    end = HEADER_ROW + 1 + JOBS
    bench.do(two_tab_board.fill(OPEN, end, [line(JOBS + 1, Phone=f"303-555-{JOBS + 1:04d}")]))
    bench.customer(JOBS + 1)
    bench.send(milestone(JOBS + 1))
    bench.project()
    bench.ask()
    bench.flush()


def a_customer_appears_twice(receiver: Installation) -> None:
    """A rep types a row for a customer whose job has got a new row before."""
    board(receiver)
    bench, end = receiver.bench, HEADER_ROW + 1 + JOBS
    bench.customer(JOBS + 1)
    bench.send(milestone(JOBS + 1))
    bench.project()
    bench.ask()
    bench.flush()
    assert len(keys(receiver)) == JOBS + 1
    bench.do(two_tab_board.fill(OPEN, end + 1, [line(JOBS + 1, Phone=f"303-555-{JOBS + 1:04d}")]))
    receiver.act("compare")


def delete_the_typed_row(receiver: Installation) -> None:
    receiver.bench.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW + 2 + JOBS)
    receiver.act("compare")


def three_of_eight_rows_are_deleted(receiver: Installation) -> None:
    board(receiver)
    for row in (6, 4, 2):
        receiver.bench.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW + row)
    receiver.bench.compare()


def rows_are_pasted_over_others(receiver: Installation) -> None:
    board(receiver)
    for row in (HEADER_ROW + 1, HEADER_ROW + 2):
        receiver.bench.edit("copy_rows", sheet_id=OPEN, start=row, end=row + 1, to=row + 4)
    receiver.bench.compare()


def delete_the_copies(receiver: Installation) -> None:
    for row in (6, 5):
        receiver.bench.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW + row)
    receiver.act("restore-rows")
    receiver.act("compare")


def answer_that_none_is_theirs(receiver: Installation) -> None:
    found = receiver.bench.command("link", "--set", f"{uuid(JOBS + 1)}=none", "--write")
    assert found.exit_code == 0, found.output
    receiver.bench.flush()


def delete_the_row(receiver: Installation) -> None:
    receiver.bench.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW + 1 + JOBS)
    receiver.act("compare")
    receiver.bench.end_rests()
    receiver.bench.flush()


def a_row_is_copied_for_another_customer(receiver: Installation) -> None:
    """Somebody uses a row as a template for a customer whom EverBright doesn't know."""
    board(receiver)
    bench, row, to = receiver.bench, HEADER_ROW + 1, HEADER_ROW + 1 + JOBS
    bench.edit("copy_rows", sheet_id=OPEN, start=row, end=row + 1, to=to)
    for header, text in {"Customer": "Bob Newman", "E-mail": "bob@example.com"}.items():
        where = {"row": to, "column": HEADERS.index(header)}
        bench.edit("type_cell", sheet_id=OPEN, **where, text=text)
    receiver.act("compare")
    assert len(keys(receiver)) == len(two_tab_board.texts(bench)) - 1 == JOBS


def delete_the_copy(receiver: Installation) -> None:
    receiver.bench.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW + 1 + JOBS)
    receiver.act("compare")


def a_column_is_cut_and_pasted(receiver: Installation) -> None:
    board(receiver)
    receiver.bench.compare()
    start = two_tab_board.places(receiver.bench)["Permit"]
    receiver.bench.edit("cut_columns", sheet_id=OPEN, start=start, end=start + 1, to=KEY_AT + 1)
    compare_daily(receiver)


def the_comparison_finds_no_site_ids(receiver: Installation) -> None:
    board(receiver)
    receiver.bench.compare()
    receiver.bench.edit("delete_columns", sheet_id=OPEN, index=KEY_AT)
    receiver.act("compare")
    with receiver.database.writing() as connection:
        connection.execute(update(sheet).values(since=sheet.c.since - 1200))


def map_site_ids_again(receiver: Installation) -> None:
    map_again(receiver)
    loop = SheetLoop(receiver.wiring, Alerts([]), Stop())
    while loop.step():
        pass
    receiver.bench.flush()


SITUATIONS = [
    Situation(the_comparison_finds_no_site_ids, {"trouble"}, map_site_ids_again, status=503),
    Situation(a_row_is_copied_for_another_customer, {"keys_removed"}, delete_the_copy),
    Situation(a_column_is_cut_and_pasted, {"trouble"}, use_the_other_column, status=503),
    Situation(a_customer_may_have_a_row, {"unsettled"}, answer_that_none_is_theirs),
    Situation(a_customer_may_have_a_row, {"unsettled"}, delete_the_row),
    Situation(a_customer_appears_twice, {"unsettled"}, answer_that_none_is_theirs),
    Situation(a_customer_appears_twice, {"unsettled"}, delete_the_typed_row),
    Situation(three_of_eight_rows_are_deleted, {"jobs_without_row"}, restore_the_rows),
    Situation(rows_are_pasted_over_others, {"jobs_without_row", "doubled"}, delete_the_copies),
    Situation(site_id_is_deleted_and_mapped_again, {"jobs_without_row"}, restore_the_rows),
    Situation(a_status_has_no_option, {"missing_words"}, choose_an_option),
    Situation(a_person_types_over_a_status, {"kept_words"}, keep_mine),
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
@pytest.mark.long
def test_each_problem_is_reported_everywhere_until_it_is_fixed(
    receiver: Installation, situation: Situation
) -> None:
    check(receiver, situation)


def test_a_dead_worker_of_a_mapped_sheet_is_to_be_started(receiver: Installation) -> None:
    board(receiver)
    receiver.stop_worker()
    (reason,) = receiver.client.get("/status").get_json()["reasons"]
    assert (reason["reason"], "map" in reason["message"].lower()) == ("no_worker", False)


@pytest.mark.long
def test_a_dismissed_item_comes_back_only_for_something_new(receiver: Installation) -> None:
    a_person_types_over_a_status(receiver)
    keep_mine(receiver)
    assert receiver.problems() == set()
    column = two_tab_board.places(receiver.bench)["Permit"]
    row = HEADER_ROW + 1
    receiver.bench.edit("type_cell", sheet_id=OPEN, row=row, column=column, text="OK")
    receiver.bench.compare()
    assert receiver.problems() == {"kept_words"}
    receiver.bench.edit("type_cell", sheet_id=OPEN, row=row, column=column, text="Waiting")
    receiver.bench.compare()
    assert receiver.problems() == set()
    receiver.bench.edit("type_cell", sheet_id=OPEN, row=row, column=column, text="Sent back")
    receiver.bench.compare()
    assert receiver.problems() == {"kept_words"}
