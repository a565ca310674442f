"""A person works in his own sheet between our read and our write: then every cell is right."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app import create_app
from sync.boards import link
from sync.errors import Permanent
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.chaos.installer import put_back
from tests.boards.two_tab_board import DEPOSIT, HEADER_ROW, HEADERS, INSTALLED, KEY_AT, OPEN, line
from tests.chaos.tab import recovered
from tests.made_up import milestone, uuid

FIRST, SECOND, THIRD = HEADER_ROW + 1, HEADER_ROW + 2, HEADER_ROW + 3
APPROVED: dict[str, Any] = {"status": "APPROVED", "date_updated": "2026-03-05T10:00:00Z"}
PERMIT = HEADERS.index("Permit")


def flushed(bench: Bench, *payloads: dict[str, object]) -> None:
    bench.send(*payloads)
    while bench.is_waiting() or bench.ask():
        bench.flush_once()


def keyed(bench: Bench, *numbers: int, tabs: tuple[int, ...] = (), **texts: str) -> None:
    """Make a sheet with a row for each job, which has its key, and one of nobody's below."""
    known = {n: bench.customer(n) for n in numbers}
    lines = [line(n, E_mail=known[n]["E_mail"], **texts) for n in numbers]
    two_tab_board.make(bench, [*lines, line(9, Phone="call 9", Permit="his words")], [])
    two_tab_board.map_tabs(bench, *tabs)
    flushed(bench, *(milestone(n) for n in numbers))


def swapped(bench: Bench) -> Callable[[], None]:
    return lambda: bench.edit("move_row", sheet_id=OPEN, row=FIRST, to=SECOND)


def row_of(bench: Bench, customer: str) -> dict[str, str]:
    (row,) = [r for r in two_tab_board.texts(bench) if r.get("Customer") == customer]
    return row


def test_two_rows_swap_and_neither_keeps_what_is_the_others(asking: Bench) -> None:
    known = {n: asking.customer(n) for n in (1, 2)}
    lines = [line(n, E_mail=known[n]["E_mail"]) for n in (1, 2)]
    two_tab_board.make(asking, lines, [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(5))  # guards the columns
    for row, number in ((FIRST, 1), (SECOND, 2)):
        asking.edit("type_cell", sheet_id=OPEN, row=row, column=KEY_AT, text=uuid(number))
    asking.before_the_write(swapped(asking))
    flushed(asking, milestone(1, **APPROVED), milestone(2))
    for number, words in ((1, "OK"), (2, "Waiting")):
        texts = row_of(asking, f"Own {number}")
        assert (texts["Phone"], texts["Permit"]) == (f"303-555-{number:04d}", words)
        assert texts["Street"].startswith(f"{number} North")
    assert asking.compare() == 0
    assert recovered(asking.google.sheets.spreadsheets[asking.spreadsheet]) == []


def test_typed_text_in_an_overwritten_row_is_restored(asking: Bench) -> None:
    keyed(asking, 1, 2)
    asking.edit("type_cell", sheet_id=OPEN, row=SECOND, column=PERMIT, text="ask the city")
    asking.before_the_write(swapped(asking))
    flushed(asking, milestone(1, **APPROVED))
    assert row_of(asking, "Own 2")["Permit"] == "ask the city"
    assert row_of(asking, "Own 2").get("Permit OK on") is None
    assert row_of(asking, "Own 1")["Permit"] == "OK"
    flushed(asking, milestone(2, **APPROVED))
    [replaced] = asking.store.boards.replaced(uuid(2))
    assert (replaced.before, replaced.after) == ("ask the city", "OK")
    assert asking.store.boards.replaced(uuid(1)) == []


def test_a_key_goes_back_by_itself_and_never_by_a_rows_number(asking: Bench) -> None:
    """Else a stranger's row has the key, and gets that job's statuses from then on."""
    known = {n: asking.customer(n) for n in (1, 2)}
    lines = [line(2), line(1, E_mail=known[1]["E_mail"]), line(9)]
    two_tab_board.make(asking, lines, [])
    two_tab_board.map_tabs(asking)
    asking.edit("type_cell", sheet_id=OPEN, row=FIRST, column=KEY_AT, text=uuid(2))
    flushed(asking, milestone(2))
    moves = iter([(FIRST, SECOND), (FIRST, THIRD), (SECOND, FIRST)])

    def move(_google: Any, _call: Any) -> None:
        for row, to in [next(moves, (0, 0))]:
            if to:
                asking.edit("move_row", sheet_id=OPEN, row=row, to=to)

    asking.google.faults.between(move, method="*.batchUpdate", count=3)
    flushed(asking, milestone(1))
    owners = {row.get("Site ID"): row["Customer"] for row in two_tab_board.texts(asking)}
    assert owners == {uuid(1): "Own 1", uuid(2): "Own 2", None: "Own 9"}


def test_a_row_that_moves_while_another_is_emptied_in_a_join_keeps_its_cells(asking: Bench) -> None:
    known = {n: asking.customer(n) for n in (1, 3)}
    rows = [line(n, E_mail=known[1]["E_mail"], Phone=f"call {n}") for n in (1, 2)]
    last = line(3, E_mail=known[3]["E_mail"], Phone="call 3", Permit="his words")
    two_tab_board.make(asking, [*rows, last], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(3))
    asking.edit("type_cell", sheet_id=OPEN, row=THIRD, column=PERMIT, text="ask the city")
    flushed(asking, milestone(1))
    with asking.held() as held:
        found = link.read_review(asking.flusher, held)
        answers = link.read_answers(found.jobs, {uuid(1): f"Open jobs!{SECOND + 1}"})
        asking.before_the_write(
            lambda: asking.edit("move_row", sheet_id=OPEN, row=THIRD + 1, to=FIRST)
        )
        link.write_answers(asking.flusher, held, found, answers)
    flushed(asking)
    for number in (1, 2, 3):
        assert row_of(asking, f"Own {number}")["Phone"] == f"call {number}"
    assert row_of(asking, "Own 3")["Permit"] == "ask the city"
    assert len(two_tab_board.of_site(asking, 1)) == 1


def test_two_jobs_of_one_customer_are_doubtful_even_if_the_second_is_late(asking: Bench) -> None:
    """The first would take the row for certain, though it may be the other's."""
    asking.customer(1)
    asking.customer(2, email="home1@example.com")
    two_tab_board.make(asking, [line(1, E_mail="home1@example.com")], [])
    two_tab_board.map_tabs(asking)
    asking.send(milestone(1), milestone(2))
    asking.project()
    assert asking.wiring.customer_fetcher().fetch() is not None, "one of the two is known"
    while asking.store.pending.is_waiting():
        asking.flush_once()
    assert two_tab_board.texts(asking)[0].get("Site ID") is None
    flushed(asking)
    assert asking.store.boards.waiting() == {uuid(1), uuid(2)}
    asking.end_rests()
    flushed(asking)
    rows = two_tab_board.texts(asking)
    assert rows[0].get("Site ID") is None
    assert {row.get("Site ID") for row in rows} == {None, uuid(1), uuid(2)}
    with asking.held() as held:
        unsettled = link.read_review(asking.flusher, held).jobs
    assert {job.site for job in unsettled} == {uuid(1), uuid(2)}


@pytest.mark.parametrize("way", ["two rows", "two tabs"])
def test_a_change_replaces_nothing_else_in_either_row_of_a_job(asking: Bench, way: str) -> None:
    keyed(asking, 1)
    if way == "two rows":
        asking.edit("insert_rows", sheet_id=OPEN, index=SECOND)
        asking.edit("copy_rows", sheet_id=OPEN, start=FIRST, end=FIRST + 1, to=SECOND)
    else:
        asking.edit("duplicate_tab", sheet_id=OPEN)
    asking.edit("type_cell", sheet_id=OPEN, row=FIRST, column=PERMIT, text="ask the city")
    asking.customer(1, phone_number="303-555-7777")
    with asking.database.writing() as connection:
        connection.execute(text("UPDATE customer SET fetched_at = 0"))
    flushed(asking, milestone(1, 2, **APPROVED))
    rows = two_tab_board.of_site(asking, 1)
    assert [row["Phone"] for row in rows] == ["303-555-7777"] * len(rows)
    assert [row["Customer"] for row in rows] == ["Own 1"] * len(rows)
    assert rows[0]["Permit"] == "ask the city"


def test_what_was_written_stays_known_when_a_deletion_is_undone(asking: Bench) -> None:
    """The next event would replace what was typed, as if all of it were new."""
    keyed(asking, 1, 2)
    asking.edit("type_cell", sheet_id=OPEN, row=FIRST, column=PERMIT, text="ask the city")
    row = two_tab_board.grid(asking)[0]
    asking.edit("delete_rows", sheet_id=OPEN, index=FIRST)
    flushed(asking, milestone(2, **APPROVED))
    asking.do(*put_back(OPEN, FIRST, row))
    flushed(asking, milestone(1, 2, **APPROVED))
    assert row_of(asking, "Own 1")["Permit"] == "ask the city"


def test_a_mapped_tab_without_its_header_row_stops_the_writing_with_its_name(asking: Bench) -> None:
    keyed(asking, 1)
    before = [s["properties"]["title"] for s in asking.book("sheets(properties(title))")["sheets"]]
    asking.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW)
    with pytest.raises(Permanent, match=r"'Open jobs' was deleted.*Version history") as stopped:
        flushed(asking, milestone(1, **APPROVED))
    asking.store.spreadsheet.set_trouble(stopped.value.reason, stopped.value.message)
    after = [s["properties"]["title"] for s in asking.book("sheets(properties(title))")["sheets"]]
    assert after == before
    answer = create_app(asking.settings).test_client().get("/status")
    assert answer.status_code == 503


def test_an_undo_reports_that_the_key_column_of_another_tab_was_deleted(asking: Bench) -> None:
    """No job has a row there, so no key is missing, and all writing would stop silently."""
    keyed(asking, 1, 2)
    asking.edit("type_cell", sheet_id=OPEN, row=SECOND, column=PERMIT, text="ask the city")
    asking.before_the_write(swapped(asking))
    asking.send(milestone(1, **APPROVED))
    asking.flush_once()
    asking.edit("delete_columns", sheet_id=INSTALLED, index=KEY_AT)
    with pytest.raises(Permanent, match="'Site ID' of the tab 'Installed' was deleted"):
        for _ in range(3):
            asking.flush_once()


@pytest.mark.parametrize("tabs", [(OPEN,), (OPEN, INSTALLED)], ids=["one tab", "two tabs"])
def test_a_write_below_a_header_row_that_was_just_deleted_is_undone_when_it_is_back(
    asking: Bench, tabs: tuple[int, ...]
) -> None:
    keyed(asking, 1, 2, tabs=tabs)
    asking.edit("type_cell", sheet_id=OPEN, row=SECOND, column=PERMIT, text="ask the city")
    before = row_of(asking, "Own 2")
    headers = two_tab_board.rows(asking, OPEN)[HEADER_ROW]
    asking.before_the_write(lambda: asking.edit("delete_rows", sheet_id=OPEN, index=HEADER_ROW))
    asking.send(milestone(1, **APPROVED))
    asking.flush_once()
    with pytest.raises(Permanent, match="deleted"):
        asking.flush_once()
    asking.do(*put_back(OPEN, HEADER_ROW, headers), two_tab_board.header_metadata(OPEN))
    flushed(asking)
    assert row_of(asking, "Own 2") == before
    assert row_of(asking, "Own 1")["Permit"] == "OK"


@pytest.mark.parametrize("other", ["of the same kind", "with a sum", "a moved column"])
def test_wrongly_copied_formulas_are_reported(asking: Bench, other: str) -> None:
    """A sum in a customer's row is money that nobody owes; a sorted sheet alone is no news."""
    first = line(7)
    if other == "with a sum":
        first[DEPOSIT] = "=SUM(I4:I5)"
    asking.customer(3)
    asking.customer(4)
    two_tab_board.make(asking, [first, line(8)], [])
    two_tab_board.map_tabs(asking)
    asking.send(milestone(3), milestone(4))
    asking.project()
    asking.ask()
    asking.flush_once()  # guards the columns
    if other == "a moved column":  # The price of the row above is where the formula was.
        note = {"column": HEADERS.index("Note to self"), "to": HEADERS.index("Crew")}
        asking.before_the_write(lambda: asking.edit("move_column", sheet_id=OPEN, **note))
    else:
        asking.before_the_write(swapped(asking))
    flushed(asking)
    told = recovered(asking.google.sheets.spreadsheets[asking.spreadsheet])
    assert len(told) == (other != "of the same kind")
    above = "Own 8" if other == "a moved column" else "Own 7"
    assert all(above in row.row_text for row in told)
    assert all(uuid(3) in row.stands and uuid(4) in row.stands for row in told), "each of them"
