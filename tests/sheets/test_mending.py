"""People move, copy and delete between a read and a write: the flusher mends what it hit."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from emulator import Emulator
from sync.errors import Refused
from sync.store.rate_limit import BURST
from sync.store.schema import sheet
from tests.bench import Bench
from tests.chaos.tab import Look, look
from tests.made_up import comment, milestone, uuid


@pytest.fixture
def twelve(bench: Bench) -> Bench:
    """A sheet of twelve jobs."""
    bench.shown(*(milestone(number, date_updated=day(1)) for number in range(1, 13)))
    return bench


def day(number: int) -> str:
    return f"2026-03-{number:02d}T10:00:00Z"


def before_the_write(bench: Bench, deed: Callable[[], object]) -> None:
    """Have a person do something between the next read and its write."""

    def run(_google: Emulator, _call: Any) -> None:
        deed()

    bench.google.faults.between(run, method="*.batchUpdate", count=1)


def seen(bench: Bench) -> Look:
    found = look(bench.google.sheets.spreadsheets[bench.spreadsheet])
    assert found is not None
    return found


def at(bench: Bench, number: int) -> int:
    """Return the row of a job."""
    (row,) = seen(bench).by_site[uuid(number)]
    return row


def index(bench: Bench, column: str) -> int:
    """Return where a managed column is."""
    now = seen(bench)
    return now.keys.index(now.by_id[column])


def test_rows_that_are_deleted_one_by_one_are_forgotten_by_every_read(twelve: Bench) -> None:
    """A read after which only a copy is flagged saw the deletion, too: six are not gone at once."""
    for number in range(1, 7):
        twelve.edit("delete_rows", index=1)
        twelve.edit("copy_rows", start=1, end=2, to=20 + number)
        twelve.send(milestone(12, date_updated=day(number + 1)))
        with twelve.held() as held:
            twelve.flusher.flush(held)  # It flags the copy, and writes nothing else.
    twelve.flush()
    assert seen(twelve).by_site.keys() == {uuid(number) for number in range(7, 13)}


def flag_another(bench: Bench, number: int) -> None:
    """Let a flush write a flag over the key of another job's row."""
    bench.edit("copy_rows", start=at(bench, 3), end=at(bench, 3) + 1, to=20)
    bench.send(milestone(12, status="APPROVED", date_updated=day(2)))
    row = at(bench, number)
    before_the_write(bench, lambda: bench.edit("move_row", row=row, to=20))
    with bench.held() as held:
        bench.flusher.flush(held)
    assert bench.jobs.has_repairs()
    assert uuid(number) not in seen(bench).by_site


def test_a_key_that_is_to_be_put_back_is_not_forgotten(twelve: Bench) -> None:
    """Its row would count as deleted, and the job's cells as never written."""
    flag_another(twelve, 5)
    before_the_write(twelve, lambda: twelve.edit("sort", column=0, ascending=True))
    with twelve.held() as held:
        twelve.flusher.flush(held)
    assert uuid(5) in twelve.jobs.written_sites()
    twelve.flush()
    assert seen(twelve).by_site.keys() == {uuid(number) for number in range(1, 13)}
    assert twelve.compare() == 0


def test_a_job_whose_damaged_row_is_deleted_gets_another(twelve: Bench) -> None:
    """The person deleted a row that had lost its key by us: nobody can have meant that job."""
    flag_another(twelve, 5)
    (row,) = (r for r in seen(twelve).body() if seen(twelve).key(r).startswith("Copy of"))
    twelve.edit("delete_rows", index=row)
    twelve.flush()
    assert len(seen(twelve).by_site[uuid(5)]) == 1


def test_a_column_inserted_before_the_write_costs_nobody_a_cell(twelve: Bench) -> None:
    """What is to its right is hit one too far left, and the last column of all is the key."""
    twelve.edit("add_column", text="Mine")
    twelve.edit("move_column", column=len(seen(twelve).keys) - 1, to=3)
    for number in range(1, 13):
        twelve.edit("type_cell", row=at(twelve, number), column=3, text=f"own {number}")
    before = {row["Site ID"]: row["Mine"] for row in twelve.texts()}
    twelve.send(*(milestone(n, status="REJECTED", date_updated=day(3)) for n in range(1, 13)))
    before_the_write(twelve, lambda: twelve.edit("insert_columns", index=2))
    twelve.flush()
    assert {row["Site ID"]: row["Mine"] for row in twelve.texts()} == before
    assert {row["Milestone 1"] for row in twelve.texts()} == {"Rejected"}
    assert not any(row.get("") for row in twelve.texts())
    assert twelve.compare() == 0


def test_a_new_row_that_missed_its_columns_is_taken_back_and_made_anew(twelve: Bench) -> None:
    """Nothing of it may stay: not in anybody's column, not in a row that has no key."""
    key = index(twelve, "site_id")
    twelve.send(milestone(13, date_updated=day(2)))
    before_the_write(twelve, lambda: twelve.edit("move_column", column=key, to=2))
    twelve.flush()
    rows = twelve.texts()
    assert sorted(row.get("Site ID", "") for row in rows) == [uuid(n) for n in range(1, 14)]
    assert len({len(row) for row in rows}) == 1


def test_a_note_of_ours_stays_ours_when_its_cell_is_written_anew(twelve: Bench) -> None:
    """Taken for a person's, it would tell of an old event for ever."""
    status = "status:" + milestone()["milestone_definition"]
    twelve.edit("type_cell", row=at(twelve, 1), column=index(twelve, status), text="typed over")
    assert twelve.compare() == 1
    said = [comment("The roof plan is missing a page.", day(4))]
    twelve.shown(milestone(1, status="REJECTED", date_updated=day(4), comments=said))
    now = seen(twelve)
    spot = now.spot(at(twelve, 1), now.by_id[status])
    assert spot.text == "Rejected"
    assert "roof plan" in spot.note


def test_a_note_that_a_person_adds_before_the_write_stays(twelve: Bench) -> None:
    """The write takes the note for ours: only the copy tells that it was not."""
    status = "status:" + milestone()["milestone_definition"]
    row, column = at(twelve, 1), index(twelve, status)
    twelve.send(milestone(1, status="REJECTED", date_updated=day(4)))
    before_the_write(
        twelve, lambda: twelve.edit("add_note", row=row, column=column, text="Call first.")
    )
    twelve.flush()
    now = seen(twelve)
    spot = now.spot(at(twelve, 1), now.by_id[status])
    assert (spot.text, spot.note) == ("Rejected", "Call first.")


def test_every_read_counts_for_the_pace(bench: Bench) -> None:
    """Google counts it, too: of a quota of 60 reads a minute, 60 flushes may not need 61."""
    bench.shown(milestone(1))
    reads = bench.calls("*.get*")
    with bench.database.reading() as connection:
        left = connection.scalar(select(sheet.c.pace_left)) or 0.0
    assert reads == 2
    assert BURST - reads <= left < BURST - reads + 0.9


def test_a_comparison_flags_a_copy(twelve: Bench) -> None:
    """Otherwise a row that was copied while nothing happens stays doubled."""
    twelve.edit("copy_rows", start=1, end=2, to=20)
    twelve.compare()
    assert [len(rows) for rows in seen(twelve).by_site.values()] == [1] * 12
    assert any(seen(twelve).key(row).startswith("Copy of") for row in seen(twelve).body())


def test_one_job_that_google_does_not_take_delays_no_other_and_is_not_lost(twelve: Bench) -> None:
    """Its batch is refused, and with it all that is written together with it."""
    quote = milestone(40)["quote"]
    refused = twelve.google.faults.answer(400, method="*.batchUpdate", holds=quote, count=None)
    twelve.send(*(milestone(number, date_updated=day(2)) for number in range(30, 50)))
    for _ in range(20):
        with twelve.held() as held, suppress(Refused):
            if twelve.is_waiting():
                twelve.flusher.flush(held)
    others = {uuid(number) for number in (*range(1, 13), *range(30, 50))} - {uuid(40)}
    assert seen(twelve).by_site.keys() == others
    assert not twelve.is_waiting()
    assert twelve.alerts == ["job_refused"]
    # It is tried again, alone, and the others go on meanwhile.
    before = refused.hits
    twelve.now += 301
    assert twelve.shown(milestone(1, status="APPROVED", date_updated=day(3))) > 0
    assert (refused.hits, twelve.alerts) == (before + 1, ["job_refused"])
    assert twelve.row(uuid(1))["Milestone 1"] == "Approved"
    twelve.google.faults.clear()
    twelve.now += 601
    twelve.flush()
    assert uuid(40) in seen(twelve).by_site
