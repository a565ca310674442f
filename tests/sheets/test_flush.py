"""Whole flushes while people edit between the read and the write: nobody loses a cell."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select

from emulator import Emulator
from sync.errors import Permanent, Retryable
from sync.google import auth
from sync.sheets.client import SheetClient
from sync.sheets.ids import GUARD_KEY, JOBS_TAB
from sync.sheets.refusal_search import RefusalSearch
from sync.store.rate_limit import BURST
from sync.store.schema import lease, sheet
from sync.wiring import Wiring
from sync.worker import Worker
from tests.bench import Bench
from tests.made_up import comment, milestone, uuid
from tests.stored import quarantined, stored_sites

STATUS = "status:" + milestone()["milestone_definition"]
NOTED = "Rejected\nNote: Mar 3, 2026, 10:00 AM"
"""How Recovered tells what `reject_all` writes under a milestone."""
ROW = 20
"""A row far below the jobs, for what a person writes."""


@pytest.fixture
def twelve(bench: Bench) -> Bench:
    bench.shown(*(milestone(number, date_updated=day(1)) for number in range(1, 13)))
    return bench


def day(number: int) -> str:
    return f"2026-03-{number:02d}T10:00:00Z"


def reject_all(bench: Bench) -> None:
    bench.send(*(milestone(n, status="REJECTED", date_updated=day(3)) for n in range(1, 13)))


def sites(first: int, last: int) -> set[str]:
    return {uuid(number) for number in range(first, last + 1)}


def test_a_column_inserted_before_the_write_loses_no_cell(twelve: Bench) -> None:
    """Without guards, everything to its right would be written one column too far left."""
    twelve.edit("add_column", text="Mine")
    twelve.edit("move_column", column=len(twelve.look().keys) - 1, to=3)
    for number in range(1, 13):
        twelve.edit("type_cell", row=twelve.at(number), column=3, text=f"own {number}")
    before = {row["Site ID"]: row["Mine"] for row in twelve.texts()}
    reject_all(twelve)
    twelve.before_the_write(lambda: twelve.edit("insert_columns", index=2))
    twelve.flush()
    assert {row["Site ID"]: row["Mine"] for row in twelve.texts()} == before
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Rejected"}
    assert not any(row.get("") for row in twelve.texts())
    assert (twelve.compare(), twelve.rows("Recovered")) == (0, [])


def test_a_moved_column_makes_google_refuse_all_of_the_batch(twelve: Bench) -> None:
    """If one guard were missing or stood behind the data, a part of it would be written."""
    before = twelve.texts()
    reject_all(twelve)
    twelve.before_the_write(
        lambda: twelve.edit("move_column", column=twelve.index("last_update"), to=0)
    )
    writes = twelve.writes()
    twelve.flush_once()
    assert (twelve.writes() - writes, twelve.texts()) == (1, before)
    twelve.flush()
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Rejected"}
    assert not quarantined(twelve.database)


def test_a_new_row_is_made_once_though_the_key_column_moved(twelve: Bench) -> None:
    """Its key in another column: the job would get a second row, and the first never go away."""
    key = twelve.index("site_id")
    twelve.send(milestone(13, date_updated=day(2)))
    twelve.before_the_write(lambda: twelve.edit("move_column", column=key, to=2))
    twelve.flush()
    rows = twelve.texts()
    assert sorted(row.get("Site ID", "") for row in rows) == sorted(sites(1, 13))
    assert len({len(row) for row in rows}) == 1


def test_a_row_inserted_above_the_header_makes_google_refuse_the_batch(twelve: Bench) -> None:
    """The header row has a guard, too: a new column's title would go into a blank row."""
    twelve.send(milestone(1, definition=2, date_updated=day(3)))
    twelve.before_the_write(lambda: twelve.edit("insert_rows", index=0))
    twelve.flush()
    assert twelve.look().header_row == 1
    assert not twelve.look().rows[0]
    assert twelve.row(uuid(1))["Milestone 2"] == "Submitted"
    assert twelve.compare() == 0


def test_nothing_is_written_before_every_column_has_its_guard(twelve: Bench) -> None:
    _drop_guards(twelve)
    reject_all(twelve)
    twelve.flush_once()
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Submitted"}
    twelve.before_the_write(lambda: twelve.edit("insert_columns", index=2))
    twelve.flush()
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Rejected"}
    assert twelve.compare() == 0


def test_a_moved_column_is_noticed_even_if_google_takes_the_guard(twelve: Bench) -> None:
    """That a taken id is refused is not documented: here the new guard replaces the old one."""
    twelve.edit("move_column", column=twelve.index("site_id"), to=0)
    twelve.edit("add_column", text="Mine")
    mine = len(twelve.look().keys) - 1
    for number in range(1, 13):
        twelve.edit("type_cell", row=twelve.at(number), column=mine, text=f"own {number}")
    reject_all(twelve)

    def move() -> None:
        _drop_guards(twelve)
        twelve.edit("move_column", column=mine, to=twelve.index(STATUS))

    twelve.before_the_write(move)
    twelve.flush()
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Rejected"}
    assert twelve.compare() == 0
    lines = {line["What was there"]: line for line in twelve.texts("Recovered")}
    assert lines.keys() == {f"own {number}" for number in range(1, 13)}
    assert {(line["Column"], line["What is there now"]) for line in lines.values()} == {
        ("Mine", NOTED)
    }


def test_text_overwritten_after_a_column_was_deleted_is_listed(twelve: Bench) -> None:
    """Its guard is gone, too, so Google accepts the batch, which writes into the next column."""
    twelve.edit("move_column", column=twelve.index(STATUS), to=len(twelve.look().keys) - 1)
    twelve.edit("add_column", text="Mine")
    mine = twelve.index(STATUS) + 1
    for number in range(1, 13):
        twelve.edit("type_cell", row=twelve.at(number), column=mine, text=f"own {number}")
    reject_all(twelve)
    twelve.before_the_write(lambda: twelve.edit("delete_columns", index=twelve.index(STATUS)))
    twelve.flush()
    lines = {line["What was there"]: line for line in twelve.texts("Recovered")}
    assert lines.keys() == {f"own {number}" for number in range(1, 13)}
    for number in range(1, 13):
        line = lines[f"own {number}"]
        assert (line["Tab"], line["Column"], line["What is there now"]) == ("Jobs", "Mine", NOTED)
        assert line["When"].endswith(" UTC")
        assert uuid(number) in line["Row as it was"]
    assert twelve.alerts == ["recovered"]
    assert {row["Status"] for row in twelve.texts()} == {"Milestone 1 rejected"}


def _drop_guards(bench: Bench) -> None:
    """Take the guards off, as only a program could."""
    metadata = bench.google.sheets.spreadsheets[bench.spreadsheet].metadata
    for number in [n for n, one in metadata.items() if one.key == GUARD_KEY]:
        del metadata[number]


def test_rows_deleted_one_by_one_are_forgotten_by_every_read(twelve: Bench) -> None:
    """Six that are noticed together would count as a column that was emptied, and stop it all."""
    for number in range(1, 7):
        twelve.edit("delete_rows", index=1)
        twelve.shown(milestone(12, date_updated=day(number + 1)))
    assert twelve.look().by_site.keys() == sites(7, 12)
    assert twelve.store.pending.sites_with_row() == sites(7, 12)


def test_rows_deleted_two_by_two_while_undos_wait_do_not_stop_the_writing(twelve: Bench) -> None:
    """Nothing is forgotten before the undos have landed, and so many are gone by then."""
    key = twelve.index("site_id")
    for number in range(4):
        twelve.edit("delete_rows", index=2, count=2)
        twelve.send(milestone(12, date_updated=day(number + 2), status="APPROVED"))
        sort = partial(twelve.edit, "sort", column=key, ascending=bool(number % 2))
        twelve.before_the_write(sort)
        twelve.flush_once()
        assert twelve.store.batches.undos()
    assert len(twelve.store.pending.sites_with_row()) == 10, "six are gone and not forgotten"
    twelve.flush()
    assert len(twelve.store.pending.sites_with_row()) == len(twelve.texts()) == 4


def test_nothing_else_is_written_while_undos_wait(twelve: Bench) -> None:
    reject_all(twelve)
    sort = partial(twelve.edit, "sort", column=twelve.index("site_id"), ascending=False)
    twelve.before_the_write(sort)
    twelve.flush_once()
    assert twelve.store.batches.undos()
    writes = twelve.writes()
    for write in (twelve.compare, twelve.try_to_update_own_tab):
        with pytest.raises(Retryable):
            write()
    assert twelve.writes() == writes


def test_many_keys_that_are_gone_at_once_stop_the_writing(twelve: Bench) -> None:
    twelve.edit("delete_columns", index=twelve.index("customer"))
    key = twelve.index("site_id")
    twelve.edit("clear_cells", top=1, bottom=13, left=key, right=key + 1)
    twelve.send(milestone(1, date_updated=day(2), status="APPROVED"))
    with pytest.raises(Permanent) as caught:
        twelve.flush_once()
    assert caught.value.reason == "keys_gone"
    assert len(twelve.texts()) == 12


def test_a_key_that_is_back_before_the_second_read_is_its_jobs(twelve: Bench) -> None:
    """By the first read alone, 3 would get a second row, and 4 none."""
    twelve.ask()
    twelve.flush()
    twelve.send(milestone(3, status="REJECTED", date_updated=day(4)))
    twelve.customer(4, last_name="Birch")
    twelve.wiring.customers.make_due(uuid(4))
    assert twelve.ask()
    key = twelve.index("site_id")
    rows = {number: twelve.at(number) for number in (3, 4)}
    for row in rows.values():
        twelve.edit("type_cell", row=row, column=key, text="")

    def press_ctrl_z(_google: Emulator, _call: Any) -> None:
        for number, row in rows.items():
            twelve.edit("type_cell", row=row, column=key, text=uuid(number))

    twelve.google.faults.between(press_ctrl_z, method="*.getByDataFilter", skip=1)
    twelve.flush()
    assert twelve.row(uuid(3))["Milestone 1"] == "Rejected"
    assert twelve.row(uuid(4))["Customer"] == "Ada Birch"


def test_a_key_that_is_gone_by_the_second_read_is_written_again(twelve: Bench) -> None:
    """By the first read alone, 3 would get a second row."""
    twelve.send(milestone(3, status="REJECTED", date_updated=day(3)))
    twelve.edit("delete_rows", index=twelve.at(4))
    key, row = twelve.index("site_id"), twelve.at(3)
    twelve.google.faults.between(
        lambda *_: twelve.edit("type_cell", row=row, column=key, text=""),
        method="*.getByDataFilter",
        skip=1,
    )
    twelve.flush()
    assert len(twelve.texts()) == 11
    assert twelve.row(uuid(3))["Milestone 1"] == "Rejected"


def test_a_batch_that_arrives_between_the_reads_is_checked(twelve: Bench) -> None:
    """It went into other jobs' rows, because the sheet was sorted while it was in doubt."""
    key, late = twelve.index("site_id"), list[dict[str, Any]]()
    twelve.send(milestone(3, status="REJECTED", date_updated=day(3)))
    twelve.google.faults.between(
        lambda _, call: late.extend(call.body["requests"]), method="*.batchUpdate"
    )
    twelve.google.faults.answer(503, method="*.batchUpdate")
    with pytest.raises(Retryable):
        twelve.flush_once()
    twelve.edit("sort", column=key, ascending=False)
    twelve.edit("type_cell", row=twelve.at(1), column=key, text="")
    twelve.google.faults.between(lambda *_: twelve.do(*late), method="*.getByDataFilter", skip=1)
    twelve.try_to_flush(20)
    assert not twelve.is_waiting()
    assert [row["Milestone 1"] for row in twelve.texts()].count("Rejected") == 1
    assert twelve.compare() == 0


def test_keys_that_were_cut_into_another_column_are_found_there(twelve: Bench) -> None:
    """The metadata stays behind when the cells of a column are cut and pasted."""
    key = twelve.index("site_id")
    twelve.edit("add_column", text="")
    twelve.edit("cut_columns", start=key, end=key + 1, to=len(twelve.look().keys) - 1)
    twelve.shown(milestone(1, date_updated=day(2), status="APPROVED"))
    assert twelve.look().by_site.keys() == sites(1, 12)
    assert twelve.row(uuid(1))["Milestone 1"] == "Approved"


def test_a_copied_row_is_kept_right_in_both_places(twelve: Bench) -> None:
    twelve.edit("copy_rows", start=twelve.at(1), end=twelve.at(1) + 1, to=ROW)
    twelve.edit("type_cell", row=ROW, column=twelve.index("status"), text="typed over")
    twelve.shown(milestone(1, status="REJECTED", date_updated=day(3)))
    rows = [row for row in twelve.texts() if row["Site ID"] == uuid(1)]
    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert rows[0]["Milestone 1"] == "Rejected"
    assert len(twelve.texts()) == 13


def test_a_row_that_was_copied_before_a_cell_was_cleared_is_brought_up_to_date(
    twelve: Bench,
) -> None:
    """Its old "Fix Milestone 1 and resubmit" would stay beside the approval."""
    twelve.shown(milestone(1, status="REJECTED", date_updated=day(3)))
    at = twelve.at(1)
    twelve.before_the_write(lambda: twelve.edit("copy_rows", start=at, end=at + 1, to=ROW))
    twelve.shown(milestone(1, status="APPROVED", date_updated=day(4)))
    twelve.shown(milestone(1, status="APPROVED", date_updated=day(5)))
    rows = [row for row in twelve.texts() if row["Site ID"] == uuid(1)]
    assert rows == [rows[0]] * 2
    assert (rows[0]["Milestone 1"], rows[0].get("Next action", "")) == ("Approved", "")


def test_a_comparison_finds_what_is_wrong_in_a_copied_row(twelve: Bench) -> None:
    twelve.edit("copy_rows", start=twelve.at(1), end=twelve.at(1) + 1, to=ROW)
    twelve.edit("type_cell", row=ROW, column=twelve.index(STATUS), text="typed over")
    assert twelve.compare() == 1
    twelve.flush()
    seen = twelve.look()
    assert [seen.shown(row, STATUS) for row in seen.by_site[uuid(1)]] == ["Submitted"] * 2
    assert twelve.compare() == 0


def test_a_read_that_finds_nothing_to_write_ends_the_trouble(twelve: Bench) -> None:
    twelve.ask()
    twelve.flush()
    twelve.edit("delete_rows", index=twelve.at(12))
    twelve.customer(12, last_name="Birch")
    twelve.wiring.customers.make_due(uuid(12))
    assert twelve.ask()
    twelve.store.spreadsheet.set_trouble("google_unavailable", "Google answered 503.")
    calls, writes = twelve.calls(), twelve.writes()
    twelve.flush_once()
    assert (twelve.calls() > calls, twelve.writes()) == (True, writes)
    assert not twelve.is_waiting()
    assert twelve.store.spreadsheet.glance().reason == ""


def test_a_managed_note_stays_managed_when_its_cell_is_rewritten(twelve: Bench) -> None:
    twelve.edit("type_cell", row=twelve.at(1), column=twelve.index(STATUS), text="typed over")
    assert twelve.compare() == 1
    said = [comment("The roof plan is missing a page.", day(4))]
    twelve.shown(milestone(1, status="REJECTED", date_updated=day(4), comments=said))
    seen = twelve.look()
    spot = seen.spot(twelve.at(1), seen.by_id[STATUS])
    assert spot.text == "Rejected"
    assert "roof plan" in spot.note


def test_a_note_that_a_person_adds_before_the_write_stays(twelve: Bench) -> None:
    """The write takes the note for its own: only the copied row tells that it was not."""
    row, column = twelve.at(1), twelve.index(STATUS)
    twelve.send(milestone(1, status="REJECTED", date_updated=day(4)))
    twelve.before_the_write(
        lambda: twelve.edit("add_note", row=row, column=column, text="Call first.")
    )
    twelve.flush()
    seen = twelve.look()
    spot = seen.spot(twelve.at(1), seen.by_id[STATUS])
    assert (spot.text, spot.note) == ("Rejected", "Call first.")


def test_a_typed_note_is_restored_once_and_then_left(twelve: Bench) -> None:
    """Columns aren't read for their notes, so the first write is over it, and no later one."""
    row, column = twelve.at(1), twelve.index(STATUS)

    def spot() -> tuple[str, str]:
        seen = twelve.look().spot(row, twelve.look().by_id[STATUS])
        return seen.text, seen.note

    twelve.edit("add_note", row=row, column=column, text="Call first.")
    twelve.send(milestone(1, status="REJECTED", date_updated=day(3)))
    twelve.google.faults.answer(503, method="*.batchUpdate", when="after")
    with pytest.raises(Retryable):
        twelve.flush_once()
    twelve.flush()
    assert spot() == ("Rejected", "Call first.")
    assert twelve.shown(milestone(1, status="INPROG", date_updated=day(4))) == 2, "no undo"
    assert spot() == ("In progress", "Call first.")
    twelve.edit("add_note", row=row, column=column, text="")
    for number, status in ((5, "SUBMITTED"), (6, "APPROVED")):
        assert twelve.shown(milestone(1, status=status, date_updated=day(number))) == 2
        assert spot()[1] == f"Mar {number}, 2026, 10:00 AM"
    assert (twelve.compare(), twelve.alerts, twelve.rows("Recovered")) == (0, [], [])


def test_notes_go_back_to_their_jobs_when_rows_were_sorted_before_the_write(twelve: Bench) -> None:
    """Every batch then hits other jobs' rows, and writes its notes over those of people."""
    for number in range(1, 13):
        row, column = twelve.at(number), twelve.index(STATUS)
        twelve.edit("add_note", row=row, column=column, text=f"note {number}")
    said = [comment("The roof plan is missing a page.", day(3))]
    twelve.send(milestone(3, status="REJECTED", date_updated=day(3), comments=said))
    key = twelve.index("site_id")
    twelve.before_the_write(lambda: twelve.edit("sort", column=key, ascending=False))
    twelve.flush()
    seen = twelve.look()
    for number in range(1, 13):
        spot = seen.spot(twelve.at(number), seen.by_id[STATUS])
        assert spot.text == ("Rejected" if number == 3 else "Submitted")
        assert spot.note == f"note {number}"
    assert (twelve.compare(), twelve.alerts) == (0, [])


def test_every_read_counts_for_the_rate_limit(bench: Bench) -> None:
    """Google counts it, too: of a quota of 60 reads a minute, 60 flushes may not need 61."""
    bench.shown(milestone(1))
    with bench.database.reading() as connection:
        left = connection.scalar(select(sheet.c.pace_left)) or 0.0
    calls = bench.writes()
    assert (bench.calls("*.get*"), calls) == (2, 3)
    assert BURST - calls <= left < BURST - calls + 0.9


def test_a_batch_whose_answer_was_lost_is_verified_by_the_next_read(twelve: Bench) -> None:
    reject_all(twelve)
    twelve.google.faults.answer(503, method="*.batchUpdate", when="after")
    row = twelve.at(1)
    twelve.before_the_write(lambda: twelve.edit("move_row", row=row, to=6))
    with pytest.raises(Retryable):
        twelve.flush_once()
    twelve.edit("sort", column=twelve.index("site_id"), ascending=False)
    twelve.flush()
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Rejected"}
    assert twelve.look().by_site.keys() == sites(1, 12)
    assert twelve.compare() == 0


def test_no_answer_is_asked_for_with_indentation(twelve: Bench) -> None:
    """More than half of a large read would be spaces."""
    twelve.shown(milestone(1, status="REJECTED"))
    asked = [call.query for call in twelve.google.calls.select("sheets")]
    assert {query.get("prettyPrint") for query in asked} == {"false"}


def test_a_flush_reads_only_the_keys_of_300_rows(twelve: Bench) -> None:
    """A read of *Status* with its notes, for example, would be two thirds more for each change."""
    columns: dict[str, Callable[[int], dict[str, Any]]] = {
        "site_id": lambda number: {"userEnteredValue": {"stringValue": uuid(number)}},
        "status": lambda _: {
            "userEnteredValue": {"stringValue": "Milestone 1 under review"},
            "note": "Mar 1, 2026, 10:00 AM",
        },
    }
    twelve.edit("insert_rows", index=13, count=288)
    for column, cell in columns.items():
        start = {"sheetId": JOBS_TAB, "rowIndex": 13, "columnIndex": twelve.index(column)}
        rows = [{"values": [cell(number)]} for number in range(1001, 1289)]
        twelve.do({"updateCells": {"start": start, "rows": rows, "fields": "*"}})
    session, moved = auth.session(twelve.settings), list[int]()
    session.hooks["response"].append(
        lambda answer, **_: moved.append(len(answer.request.body or "") + len(answer.content))
    )

    class Metered(Wiring):
        def sheet_client(self, _spreadsheet: str = "") -> SheetClient:
            return SheetClient(session, twelve.spreadsheet, "")

    twelve.flusher = Metered(twelve.settings, twelve.database).flusher(sleep=lambda _: None)
    twelve.send(milestone(1, status="APPROVED", date_updated=day(3)))
    twelve.flush_once()
    assert len(moved) == 2
    assert sum(moved) < 78_000, "the keys are 29 KB, the headers' notes and one row the rest"


def test_a_clock_that_goes_back_an_hour_delays_nothing(bench: Bench) -> None:
    waits: list[float] = []
    flusher = bench.wiring.flusher(sleep=waits.append)
    with bench.database.writing() as connection:
        later = time.time() + 3600
        paced = {"fence": 0, "columns": "[]", "is_current": 1, "pace_left": 3, "pace_last": later}
        connection.execute(insert(sheet).values(spreadsheet_id=bench.spreadsheet, **paced))
        name = bench.wiring.lease_name()
        taken = {"holder": "x", "token": 1, "expires_at": later + 30}
        connection.execute(insert(lease).values(name=name, **taken))
    bench.send(milestone(1))
    bench.project()
    with bench.held() as held:
        flusher.flush(held)
    assert max(waits, default=0.0) < 5
    assert bench.row(uuid(1))["Site ID"] == uuid(1)


def test_a_pause_stops_only_the_writing_of_the_sheet(bench: Bench) -> None:
    """Documents and customers are asked for as soon as their delivery is in its job."""
    bench.store.spreadsheet.pause()
    worker = Worker(bench.wiring)
    worker.start()
    try:
        bench.send(milestone(1))
        until = time.monotonic() + 20
        while not stored_sites(bench.database) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        worker.stop(5)
    assert stored_sites(bench.database) == {uuid(1)}
    assert bench.writes() == 0


def test_the_search_for_a_refused_job_halves_a_batch_that_is_refused_twice() -> None:
    """The first time, a person may have moved a column."""
    first = RefusalSearch().after_refusal(["a", "b", "c"])
    assert first == RefusalSearch(was_refused=True)
    assert first.after_refusal(["a", "b", "c"]) == RefusalSearch(["a"])
    alone = RefusalSearch(["a"], was_refused=True)
    assert alone.after_refusal(["a"]) == RefusalSearch(), "it was found, and the others follow"
