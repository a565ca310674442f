"""What a person's own sheet has besides on wish: a Pipeline of numbers, and filter views."""

import pytest

from sync.errors import Permanent, Refused
from sync.ops.alerts import Alerts
from sync.sheets.answer import PIPELINE_TAB
from sync.sheets.reconcile import recount
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests import own_sheet
from tests.bench import Bench
from tests.made_up import milestone
from tests.own_sheet import HEADERS, OPEN, line


@pytest.fixture
def adopted(bench: Bench) -> Bench:
    """A person's sheet with a row of theirs, and three jobs at two milestones."""
    own_sheet.make(bench, [line(1)], [line(2)])
    own_sheet.adopt(bench)
    rejected = milestone(2, 1, status="REJECTED")
    bench.shown(milestone(1, 1), rejected, milestone(3, 1, status="APPROVED"), milestone(3, 2))
    return bench


def add(bench: Bench, *extras: str) -> list[str]:
    return bench.setup().provision(bench.spreadsheet, extras)


def pipeline(bench: Bench) -> dict[str, dict[str, str]]:
    """Return the numbers that are not 0, by milestone and header."""
    rows = bench.texts("Pipeline")
    return {
        row["Milestone"]: {h: text for h, text in row.items() if h != "Milestone" and text != "0"}
        for row in rows
    }


def recounted(bench: Bench) -> int:
    """Recount as the worker does when nothing else is due; return how many writes that took."""
    before = bench.writes()
    with bench.held() as held:
        recount(bench.flusher, held)
    return bench.writes() - before


def test_the_pipeline_counts_what_is_stored_and_not_his_words(adopted: Bench) -> None:
    assert add(adopted, "pipeline") == ["tab 'Pipeline': made"]
    first = {"Jobs": "2", "Submitted": "1", "Rejected": "1", "Approved": "1"}
    assert pipeline(adopted) == {
        "Milestone 1": first,
        "Milestone 2": {"Jobs": "1", "Submitted": "1"},
    }
    cells = adopted.book("sheets(properties(title),data(rowData(values(userEnteredValue))))")
    assert "formulaValue" not in str(
        [sheet for sheet in cells["sheets"] if sheet["properties"]["title"] == "Pipeline"]
    )


@pytest.mark.long
def test_the_worker_keeps_it_up_to_date_and_makes_no_call_while_nothing_changes(
    adopted: Bench,
) -> None:
    add(adopted, "pipeline")
    loop = SheetLoop(adopted.wiring, Alerts([]), Stop())
    while loop.step():
        pass
    adopted.shown(milestone(2, 1, status="APPROVED", date_updated="2026-03-05T10:00:00Z"))
    calls = adopted.calls()
    loop.recount()
    assert adopted.calls() > calls
    assert pipeline(adopted)["Milestone 1"]["Approved"] == "2"
    calls = adopted.calls()
    loop.recount()
    assert not loop.step() and adopted.calls() == calls


@pytest.mark.long
def test_new_milestones_and_statuses_are_inserted_where_he_moved_things(adopted: Bench) -> None:
    add(adopted, "pipeline")
    tab = PIPELINE_TAB
    adopted.edit("insert_rows", sheet_id=tab, index=2, count=1)
    adopted.edit("type_cell", sheet_id=tab, row=2, column=0, text="my own line")
    adopted.edit("insert_columns", sheet_id=tab, index=2, count=1)
    adopted.edit("type_cell", sheet_id=tab, row=0, column=2, text="My notes")
    adopted.edit("type_cell", sheet_id=tab, row=1, column=2, text="call them")
    adopted.edit("move_column", sheet_id=tab, column=1, to=5)
    adopted.shown(milestone(1, 3, status="CANCELLED"))
    assert recounted(adopted) == 1
    read = pipeline(adopted)
    assert read.pop("my own line") == {}
    assert read.pop("Milestone 1")["My notes"] == "call them"
    assert read["Milestone 3"]["Cancelled"] == "1" and read["Milestone 2"]["Jobs"] == "1"
    assert recounted(adopted) == 0


@pytest.mark.long
def test_what_moves_between_read_and_write_is_not_written_over(adopted: Bench) -> None:
    add(adopted, "pipeline")
    adopted.shown(milestone(2, 1, status="APPROVED", date_updated="2026-03-05T10:00:00Z"))
    recounted(adopted)
    adopted.shown(milestone(2, 1, status="SUBMITTED", date_updated="2026-03-06T10:00:00Z"))

    def moved() -> None:
        adopted.edit("insert_rows", sheet_id=PIPELINE_TAB, index=1, count=1)
        adopted.edit("type_cell", sheet_id=PIPELINE_TAB, row=1, column=0, text="my own line")

    adopted.before_the_write(moved)
    with pytest.raises(Refused):
        recounted(adopted)
    assert pipeline(adopted)["my own line"] == {}
    assert recounted(adopted) == 1
    assert pipeline(adopted)["my own line"] == {}
    assert pipeline(adopted)["Milestone 1"]["Submitted"] == "2"


def test_views_filter_his_own_columns_by_his_own_words(adopted: Bench) -> None:
    adopted.edit("move_column", sheet_id=OPEN, column=HEADERS.index("Permit"), to=0)
    assert add(adopted, "views") == []
    own_sheet.say(adopted, {"Submitted": "Waiting", "Approved": "OK", "Rejected": "Sent back"})
    made = add(adopted, "views")
    assert made == ["filter view 'Permit: Sent back': made"] * 2
    (view,) = adopted.tab("Open jobs", "filterViews")["filterViews"]
    assert view["filterSpecs"][0].get("columnIndex", 0) == 0
    condition = view["filterSpecs"][0]["filterCriteria"]["condition"]
    assert condition["values"] == [{"userEnteredValue": "Sent back"}]
    assert add(adopted, "views") == []
    assert "filterViews" in adopted.tab("Installed", "filterViews")


@pytest.mark.long
def test_nothing_appears_unasked_and_what_he_deletes_stays_away(adopted: Bench) -> None:
    assert add(adopted) == []
    add(adopted, "pipeline", "history")
    adopted.edit("delete_tab", sheet_id=PIPELINE_TAB)
    assert recounted(adopted) == 0
    assert add(adopted) == []


@pytest.mark.long
def test_our_own_tabs_have_them_anyway(bench: Bench) -> None:
    bench.shown(milestone(1))
    with pytest.raises(Permanent, match="already"):
        add(bench, "history")
