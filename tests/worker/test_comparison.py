"""The daily comparison: it counts only once it has finished, and is retried."""

import pytest
from sqlalchemy import update

from sync.errors import BrightsheetError, Retryable
from sync.ops.alerts import Alerts
from sync.status.verdict import evaluate
from sync.store.schema import sheet
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.made_up import milestone, uuid

DAY = 86_400.0
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def compared_days_ago(bench: Bench, days: float) -> None:
    with bench.database.writing() as connection:
        ago = sheet.c.compared_at - days * DAY
        connection.execute(update(sheet).values(compared_at=ago))


def due_days_ago(bench: Bench, days: float) -> None:
    """Have the comparison after a mapping be due for `days`."""
    with bench.database.writing() as connection:
        is_due = update(sheet).where(sheet.c.compared_at < 0.0)
        connection.execute(is_due.values(compared_at=sheet.c.compared_at + days * DAY))


def step(loop: SheetLoop) -> None:
    try:
        while loop.step():
            pass
    except BrightsheetError as error:
        assert error.reason == "google_unavailable"


def test_a_comparison_that_google_cut_short_is_made_up_for(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.compare()
    bench.edit("type_cell", row=1, column=1, text="typed over")
    compared_days_ago(bench, 1.1)
    loop = SheetLoop(bench.wiring, Alerts([]), Stop())
    bench.google.faults.answer(503, method="*.getByDataFilter")
    step(loop)
    assert bench.store.spreadsheet.is_comparison_due(DAY)
    bench.google.faults.clear()
    calls = bench.calls()
    step(loop)
    assert bench.calls() == calls, "it waits before it reads the whole sheet again"
    step(SheetLoop(bench.wiring, Alerts([]), Stop()))  # As after the wait.
    assert not bench.store.spreadsheet.is_comparison_due(DAY)
    assert bench.row(uuid(1))["Status"] != "typed over"


def test_a_comparison_that_finds_a_batch_in_doubt_compares_all_the_same(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2), milestone(3))
    bench.compare()
    bench.send(milestone(1, status="REJECTED"))
    bench.google.faults.answer(503, method="*.batchUpdate", count=1, when="after")
    with pytest.raises(Retryable):
        bench.flush_once()
    bench.edit("delete_rows", index=bench.at(2))
    compared_days_ago(bench, 1.1)
    step(SheetLoop(bench.wiring, Alerts([]), Stop()))
    assert not bench.store.spreadsheet.is_comparison_due(DAY)
    assert [one.site for one in bench.store.pending.jobs_without_row()] == [uuid(2)]


def test_an_old_comparison_is_a_warning_until_the_next_one(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.compare()

    def codes() -> set[str]:
        return {problem.code for problem in evaluate(bench.wiring.backlog())}

    assert "comparison_late" not in codes()
    compared_days_ago(bench, 2.1)
    assert "comparison_late" in codes()
    bench.compare()
    assert "comparison_late" not in codes()
    with bench.held() as lease:
        bench.store.spreadsheet.set_mapped(lease, [0], [])
    assert bench.store.spreadsheet.glance().compared_at is None
    assert "comparison_late" not in codes()
    due_days_ago(bench, 2.1)
    assert "comparison_late" in codes(), "after the mapping, none has finished"


def test_a_mapping_is_compared_within_a_minute_of_the_last_comparison(bench: Bench) -> None:
    bench.shown(milestone(1))
    compared_days_ago(bench, 1.1)
    seconds = 0.0
    loop = SheetLoop(bench.wiring, Alerts([]), Stop(), lambda: seconds)
    step(loop)
    assert not bench.store.spreadsheet.is_comparison_due(DAY)
    compared_days_ago(bench, 1.1)
    seconds += 61.0
    step(loop)
    assert not bench.store.spreadsheet.is_comparison_due(DAY)


def test_another_spreadsheet_is_filled_without_a_new_webhook(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.environment["SPREADSHEET_ID"] = bench.google.create_spreadsheet("Another")
    bench.configured(bench.config)
    step(SheetLoop(bench.wiring, Alerts([]), Stop()))
    assert len(bench.texts()) == 1


def test_a_spreadsheet_in_the_trash_is_a_warning_until_it_is_restored(bench: Bench) -> None:
    bench.shown(milestone(1))
    spreadsheet = bench.google.drive.files[bench.spreadsheet]

    def codes() -> set[str]:
        return {problem.code for problem in evaluate(bench.wiring.backlog())}

    spreadsheet.trashed = True
    compared_days_ago(bench, 1.1)
    step(SheetLoop(bench.wiring, Alerts([]), Stop()))
    assert "trashed" in codes()
    calls = bench.google.calls.count("drive", "*")
    step(SheetLoop(bench.wiring, Alerts([]), Stop()))
    assert bench.google.calls.count("drive", "*") == calls + 1
    spreadsheet.trashed = False
    bench.command("compare")
    assert "trashed" not in codes()
    calls = bench.google.calls.count("drive", "*")
    step(SheetLoop(bench.wiring, Alerts([]), Stop()))
    assert bench.google.calls.count("drive", "*") == calls, "nothing was written meanwhile"
