"""An upgrade: what is ours is renewed by the next daily comparison, and what people did stays."""

from pathlib import Path
from typing import Any

import pytest

from sync.field_table import FORMER_NOTES, entry_of
from sync.sheets.answer import JOBS_TAB
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more
from tests.sheets.test_columns import lines_of, rules

EARLIER = [
    (f'[[columns]]\nid = "{column}"\nheader = "{column.title()}"\n', "")
    for column in ("days", "since", "rep")
]


FORMER_END = "\n\nBrightsheet keeps this column. It may be moved, renamed, hidden and sorted."


def send(bench: Bench, *requests: dict[str, Any]) -> None:
    """Change the sheet as a program of a person's, or an earlier version, did."""
    bench.flusher.client.update(list(requests))


def sized(bench: Bench, column: str, width: int) -> dict[str, Any]:
    index = bench.index(column)
    area = {"sheetId": JOBS_TAB, "dimension": "COLUMNS"}
    return {
        "updateDimensionProperties": {
            "range": {**area, "startIndex": index, "endIndex": index + 1},
            "properties": {"pixelSize": width},
            "fields": "pixelSize",
        }
    }


def noted(bench: Bench, column: str, note: str) -> dict[str, Any]:
    place = {"sheetId": JOBS_TAB, "rowIndex": 0, "columnIndex": bench.index(column)}
    return {
        "updateCells": {"start": place, "rows": [{"values": [{"note": note}]}], "fields": "note"}
    }


def widths(bench: Bench) -> dict[str, int]:
    headers = list(bench.rows()[0])
    sizes = [line["pixelSize"] for line in lines_of(bench, "column")]
    return dict(zip(headers, sizes, strict=False))


def note_of(bench: Bench, column: str) -> str:
    return FORMER_NOTES.get(column, entry_of(column).about).format(stuck_days=14) + FORMER_END


def upgraded(bench: Bench, tmp_path: Path) -> None:
    """A sheet of an earlier version, with what a person changed in it, and then this version."""
    phrases = '[phrases]\nrejected = "Rejected: {milestones}"\n\n[links]'
    bench.configured(with_more(tmp_path, "", *EARLIER, ("[links]", phrases)))
    bench.shown(milestone(1, status="REJECTED"), milestone(2, status="APPROVED"))
    assert bench.row(uuid(1))["Status"] == "Rejected: Milestone 1"
    send(
        bench,
        sized(bench, "status", 165),
        sized(bench, "next_action", 77),
        noted(bench, "status", note_of(bench, "status")),
        noted(bench, "customer", note_of(bench, "customer")),
        noted(bench, "next_action", "Ask Ada."),
        noted(bench, "follow_up", ""),
    )
    for view in bench.tab("Jobs", "filterViews")["filterViews"]:
        if view["title"] == "Stuck":
            send(bench, {"deleteFilterView": {"filterId": view["filterViewId"]}})
    bench.edit("delete_columns", index=bench.index("stage"))


@pytest.mark.long
def test_the_next_comparison_renews_what_is_ours_without_an_event(
    bench: Bench, tmp_path: Path
) -> None:
    """Catches an upgrade that shows only in the rows that get an event, and in new sheets."""
    usual = bench.config
    upgraded(bench, tmp_path)
    bench.configured(usual)
    bench.compare()
    bench.flush()
    row = bench.row(uuid(1))
    assert (row["Status"], row["Since"]) == ("Milestone 1 rejected", "2026-03-01")
    assert int(row["Days"]) > 0
    assert "Rep" in bench.rows()[0]
    assert widths(bench)["Status"] == 170
    assert bench.notes("Status")[0].startswith("How the job stands: which milestones")
    assert bench.notes("Customer")[0].endswith("Brightsheet keeps this column.")
    said = [str(rule) for rule in rules(bench)]
    assert not any("Rejected: " in rule for rule in said)
    assert sum("' rejected'" in rule for rule in said) == 1
    (view,) = [
        v for v in bench.tab("Jobs", "filterViews")["filterViews"] if v["title"] == "Rejected"
    ]
    assert "TEXT_ENDS_WITH" in str(view)


@pytest.mark.long
def test_what_a_person_changed_or_deleted_stays_as_it_is(bench: Bench, tmp_path: Path) -> None:
    """Catches a note, a width, a view or a column that an upgrade takes for its own."""
    usual = bench.config
    upgraded(bench, tmp_path)
    bench.configured(usual)
    bench.compare()
    bench.flush()
    assert widths(bench)["Next action"] == 77
    assert bench.notes("Next action")[0] == "Ask Ada."
    assert bench.notes("Follow up")[0] == ""
    assert "Stuck" not in [v["title"] for v in bench.tab("Jobs", "filterViews")["filterViews"]]
    assert "Stage" not in bench.rows()[0]


@pytest.mark.long
def test_a_comparison_without_an_upgrade_costs_no_call_more(bench: Bench, tmp_path: Path) -> None:
    """Catches a renewal that is made every day."""
    usual = bench.config
    bench.shown(milestone(1))
    before = bench.calls()
    bench.compare()
    plain, before = bench.calls() - before, bench.calls()
    upgraded(bench, tmp_path)
    bench.configured(usual)
    bench.compare()
    bench.flush()
    before, writes = bench.calls(), bench.writes()
    bench.compare()
    assert (bench.calls() - before, bench.writes()) == (plain, writes)


def greyed(bench: Bench) -> list[str]:
    """Return the formulas of the rules that grey whole rows."""
    conditions = [
        rule["booleanRule"]["condition"]
        for rule in bench.tab("Jobs", "conditionalFormats")["conditionalFormats"]
    ]
    values = [value for each in conditions for value in each.get("values", ())]
    formulas = [value["userEnteredValue"] for value in values if "userEnteredValue" in value]
    return [formula for formula in formulas if formula.startswith("=COUNTIF(1:1")]


def test_finished_jobs_are_grey_with_one_line_of_the_config(bench: Bench, tmp_path: Path) -> None:
    """Catches a colour that takes more than its line, or a rule that stays or stands twice."""
    bench.shown(milestone(1))
    archived = '=COUNTIF(1:1;"Archived")>0'
    assert greyed(bench) == [archived]
    bench.configured(with_more(tmp_path, "", ("[words]", 'done_color = "#999999"\n\n[words]')))
    bench.compare()
    assert sorted(greyed(bench)) == [archived, '=COUNTIF(1:1;"Done")>0']
    bench.compare()
    assert len(greyed(bench)) == 2
    bench.configured(with_more(tmp_path, ""))
    bench.compare()
    assert greyed(bench) == [archived]
