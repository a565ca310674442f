"""What a person deletes comes back when it is needed, and no sooner."""

from pathlib import Path

from sync.sheets.ids import JOBS_TAB
from sync.status.verdict import evaluate
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more

LATER = "2026-03-04T00:00:00Z"


def statuses(bench: Bench) -> dict[str, str]:
    return {row["Site ID"]: row["Milestone 1"] for row in bench.texts()}


def test_a_deleted_jobs_tab_is_created_again(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2))
    bench.edit("delete_tab")
    bench.shown(milestone(3))
    assert statuses(bench) == {uuid(job): "Submitted" for job in (1, 2, 3)}


def test_a_deleted_row_returns_with_an_event(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2))
    bench.edit("delete_rows", index=1 + list(statuses(bench)).index(uuid(1)))
    bench.shown(milestone(2, status="APPROVED", date_updated=LATER))
    assert statuses(bench) == {uuid(2): "Approved"}
    bench.shown(milestone(1, status="REJECTED", date_updated=LATER))
    assert statuses(bench) == {uuid(1): "Rejected", uuid(2): "Approved"}


def test_a_column_that_was_deleted_stays_away(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.edit("delete_columns", index=list(bench.rows()[0]).index("Next action"))
    bench.shown(milestone(2))
    bench.shown(milestone(2, status="APPROVED", date_updated=LATER))
    assert statuses(bench) == {uuid(1): "Submitted", uuid(2): "Approved"}
    bench.shown(milestone(2, definition=2))
    assert "Milestone 2" in bench.rows()[0]
    assert "Next action" not in bench.rows()[0]


def delete(bench: Bench, header: str, sheet_id: int = JOBS_TAB) -> None:
    bench.edit("delete_columns", sheet_id=sheet_id, index=place(bench, header))


def place(bench: Bench, header: str) -> int:
    return list(bench.rows()[0]).index(header)


def gone(bench: Bench) -> list[str]:
    return [column.header for column in bench.store.spreadsheet.read_columns().gone]


def test_the_next_read_reports_a_deleted_column_by_its_last_header(store_bench: Bench) -> None:
    bench = store_bench
    bench.wiring.heartbeats.give()
    bench.shown(milestone(1))
    bench.edit("rename_header", column=place(bench, "Status"), text="How it stands")
    bench.compare()
    assert evaluate(bench.wiring.backlog()) == ()
    delete(bench, "How it stands")
    bench.compare()
    assert gone(bench) == ["How it stands"]
    (problem,) = evaluate(bench.wiring.backlog())
    assert (problem.code, problem.action) == ("columns_gone", "put-back")
    assert "'How it stands' in 'Jobs'" in problem.cause
    assert "How it stands" not in problem.text, "everybody may ask for the status"
    assert problem.age, "it is gone since the read that missed it"


def test_a_restored_column_is_no_longer_missing_and_is_filled(bench: Bench) -> None:
    bench.shown(milestone(1))
    delete(bench, "Status")
    bench.shown(milestone(2))
    assert gone(bench) == ["Status"]
    bench.setup().provision(bench.spreadsheet)
    bench.flush()
    assert gone(bench) == []
    assert {row["Status"] for row in bench.texts()} == {"Milestone 1 under review"}


def test_an_older_read_does_not_say_that_it_is_gone_again(bench: Bench) -> None:
    bench.shown(milestone(1))
    delete(bench, "Status")
    tabs = bench.wiring.tabs()
    older = bench.flusher.client.read(tabs)
    bench.compare()
    bench.setup().provision(bench.spreadsheet)
    bench.compare()
    bench.flusher.notice_columns(tabs, older, bench.store.pending.read(0, 0))
    assert gone(bench) == []


def test_a_dismissed_column_is_no_longer_reported(bench: Bench) -> None:
    bench.shown(milestone(1))
    delete(bench, "Next action")
    bench.compare()
    bench.store.spreadsheet.forget_gone_columns()
    bench.shown(milestone(2))
    bench.compare()
    assert gone(bench) == []
    assert "Next action" not in bench.rows()[0]


def test_a_column_that_the_config_does_not_want_is_not_missed(bench: Bench, tmp_path: Path) -> None:
    bench.shown(milestone(1))
    entry = '\n[[columns]]\nid = "next_action"\nheader = "Next action"\n'
    bench.configured(with_more(tmp_path, "", (entry, "\n")))
    delete(bench, "Next action")
    bench.shown(milestone(2))
    assert gone(bench) == []
