"""Tests that `compare` reports every problem, and restores deleted rows."""

import json
from pathlib import Path

import pytest

from emulator import Emulator
from sync.actions.forget import forget
from sync.errors import Permanent, Rejected, Retryable
from sync.webhooks import parse
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.status.conftest import Run


def alive(bench: Bench) -> None:
    bench.wiring.heartbeats.give()


def delete_row(bench: Bench, site: str) -> None:
    keys = [row.get("Site ID", "") for row in bench.texts()]
    bench.edit("delete_rows", index=keys.index(site) + 1)


def test_only_an_up_to_date_sheet_passes(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1))
    alive(bench)
    done = run("compare")
    assert (done.exit_code, done.stdout) == (0, "The sheet is up to date.\n")
    spreadsheet = bench.google.drive.files[bench.spreadsheet]
    spreadsheet.trashed = True
    done = run("compare")
    assert (done.exit_code, "in the trash" in done.stdout) == (3, True)
    spreadsheet.trashed = False
    bench.edit("delete_columns", index=bench.index("status"))
    found = json.loads(run("compare", "--json").stdout)
    assert (found["well"], [one["reason"] for one in found["warnings"]]) == (
        False,
        ["columns_gone"],
    )


def test_the_row_of_a_deleted_customer_is_named(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1), milestone(2))
    alive(bench)
    forget(bench.wiring, lambda _: None, uuid(1))
    done = run("compare")
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "1 row of a deleted customer is left: Jobs!2. Delete it.",
            "Everything else is up to date.",
        ],
    )
    assert json.loads(run("compare", "--json").stdout)["rows_of_deleted_customers"] == ["Jobs!2"]
    delete_row(bench, uuid(1))
    assert run("compare").stdout == "The sheet is up to date.\n"


@pytest.mark.long
def test_pending_webhooks_without_a_worker_are_reported(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1))
    bench.send(*(milestone(1, definition) for definition in range(2, 7)))
    done = run("compare")
    assert done.exit_code == 3
    assert "No worker has run yet." in done.stdout
    assert "5 webhooks to process" in done.stdout
    assert "The sheet is up to date" not in done.stdout
    found = json.loads(run("compare", "--json").stdout)
    assert found["well"] is False
    assert found["waiting"]["deliveries"] == 5
    assert {"no_worker", "late"} == {one["reason"] for one in found["reasons"]}


def test_edited_rows_are_counted(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1))
    alive(bench)
    bench.edit("type_cell", row=1, column=list(bench.rows()[0]).index("Status"), text="Mine")
    done = run("compare")
    assert (done.exit_code, done.stdout) == (3, "1 job differs: the worker writes them.\n")


@pytest.mark.long
def test_a_deleted_row_is_reported_listed_and_restored(bench: Bench, run: Run) -> None:
    """A finished job has no next event that would add the row again."""
    bench.shown(*(milestone(job) for job in range(1, 4)))
    alive(bench)
    delete_row(bench, uuid(2))
    done = run("compare")
    assert (done.exit_code, "1 job has no row" in done.stdout) == (3, True)

    listed = run("compare", "--restore")
    assert listed.exit_code == 3
    assert f"{uuid(2)}  Milestone 1 under review\n" in listed.stdout
    assert "--restore --write" in listed.stdout
    assert not bench.is_waiting(), "a list changes nothing"
    assert uuid(2) not in [row.get("Site ID") for row in bench.texts()]

    back = run("compare", "--restore", "--write")
    assert (back.exit_code, back.stdout.splitlines()[0]) == (0, "Rows brought back: 1")
    assert bench.row(uuid(2))["Status"] == "Milestone 1 under review"
    assert "Every job has a row." in run("compare", "--restore").stdout


@pytest.mark.long
def test_one_row_can_be_restored(bench: Bench, run: Run) -> None:
    """Others may have been deleted on purpose."""
    bench.shown(*(milestone(job) for job in range(1, 4)))
    for job in (1, 2):
        delete_row(bench, uuid(job))
    done = run("compare", "--restore", "--write", "--site", uuid(2))
    assert "Rows brought back: 1" in done.stdout
    assert bench.row(uuid(2))
    assert json.loads(run("compare", "--json").stdout)["without_row"] == [uuid(1)]


def test_write_is_rejected_without_restore(bench: Bench, run: Run) -> None:
    assert run("compare", "--write").exit_code == 2


def test_a_row_with_a_moved_site_id_does_not_count_as_deleted(bench: Bench, run: Run) -> None:
    """Restoring it would put the job into the sheet twice."""
    bench.shown(*(milestone(job) for job in range(1, 4)))
    key = bench.index("site_id")
    bench.edit("insert_columns", index=key)
    bench.edit("type_cell", row=1, column=key, text=bench.texts()[0]["Site ID"])
    bench.edit("type_cell", row=1, column=key + 1, text="")
    done = run("compare", "--restore", "--write")
    assert isinstance(done.exception, Permanent)
    assert len(bench.texts()) == 3


def test_many_missing_rows_count_as_deleted_only_if_that_is_confirmed(
    bench: Bench, run: Run
) -> None:
    """Their site IDs may have been cleared: each of these jobs would get a second row."""
    bench.shown(*(milestone(job) for job in range(1, 13)))
    alive(bench)
    bench.edit("delete_rows", index=1, count=8)
    for options in ((), ("--restore",), ("--restore", "--write"), ("--rows-deleted", "7")):
        done = run("compare", *options)
        assert isinstance(done.exception, Permanent)
        assert "8 of 12 site IDs are gone" in done.exception.message
        assert "brightsheet compare --rows-deleted 8" in done.exception.message
    with pytest.raises(Permanent):
        bench.compare()
    assert (len(bench.store.pending.sites_with_row()), len(bench.texts())) == (12, 4)
    bench.store.spreadsheet.pause()
    bench.send(milestone(12, status="REJECTED"))
    done = run("compare", "--rows-deleted", "8")
    assert (done.exit_code, "8 jobs have no row" in done.stdout) == (3, True)
    assert "gone at once" not in done.stdout
    assert not bench.store.spreadsheet.glance().reason, "the answer ends it, even while paused"
    bench.store.spreadsheet.resume()
    assert len(bench.store.pending.sites_with_row()) == 4
    assert "Rows brought back: 8" in run("compare", "--restore", "--write").stdout


def test_a_missing_tab_is_reported_even_after_an_unverified_write(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1))
    alive(bench)
    bench.google.faults.answer(503, method="*.batchUpdate", count=1)
    bench.send(milestone(1, status="REJECTED"))
    with pytest.raises(Retryable):
        bench.flush_once()
    bench.edit("delete_tab")
    done = run("compare")
    assert (done.exit_code, "brightsheet init" in done.stdout) == (3, True)


def test_a_job_without_a_milestone_needs_no_row(google: Emulator, bench: Bench, run: Run) -> None:
    """Data from other webhooks is kept until its first milestone."""
    bench.shown(milestone(1), {"site_id": uuid(2), "stage_name": "Sold"})
    alive(bench)
    assert run("compare").exit_code == 0


def test_rows_of_jobs_that_a_new_database_lacks_are_reported(
    google: Emulator, bench: Bench, run: Run, tmp_path: Path
) -> None:
    """After a lost database, EverBright's lists may lack jobs that are in the sheet."""
    bench.shown(*(milestone(job) for job in range(1, 4)))
    new = Bench(google, f"sqlite:///{tmp_path}/new.sqlite3", SPREADSHEET_ID=bench.spreadsheet)
    new.send(milestone(2))
    new.command("takeover", "--write")
    new.flush()
    alive(new)
    done = new.command("compare")
    assert done.exit_code == 3
    assert "2 rows have the site ID of a job that isn't in the database." in done.stdout
    assert all(row in done.stdout for row in ("Jobs!2", "Jobs!4"))


def test_a_rejected_webhook_does_not_mean_that_a_row_is_wrong(bench: Bench, run: Run) -> None:
    bench.shown(milestone(1))
    alive(bench)
    raw = b'{"site": null, "tasks": []}'
    with pytest.raises(Rejected) as caught:
        parse.read(raw, bench.settings.config.webhooks)
    bench.inbox.keep_rejected(raw, caught.value)
    done = run("compare")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (3, "No row needs a correction.")
    retried = run("retry", "--all")
    assert isinstance(retried.exception, Permanent)
    assert retried.exception.message == "1 webhook is still rejected."
    assert "documents: 0" in retried.stdout
