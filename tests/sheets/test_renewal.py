"""What another config changes is applied by `init` and the comparison; what people did stays."""

from pathlib import Path
from typing import Any

import pytest

from sync.sheets.ids import JOBS_TAB
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more
from tests.sheets.test_columns import background, rules

FEWER = [
    (f'[[columns]]\nid = "{column}"\nheader = "{column.title()}"\n', "")
    for column in ("city", "rep")
]


def change(bench: Bench, *requests: dict[str, Any]) -> None:
    bench.flusher.client.update(list(requests))


def noted(bench: Bench, column: str, note: str) -> dict[str, Any]:
    place = {"sheetId": JOBS_TAB, "rowIndex": 0, "columnIndex": bench.index(column)}
    return {
        "updateCells": {"start": place, "rows": [{"values": [{"note": note}]}], "fields": "note"}
    }


def views(bench: Bench) -> dict[str, dict[str, Any]]:
    return {view["title"]: view for view in bench.tab("Jobs", "filterViews")["filterViews"]}


@pytest.fixture
def changed(bench: Bench, tmp_path: Path) -> Bench:
    usual = bench.config
    phrases = '[phrases]\nrejected = "Rejected: {milestones}"\n\n[links]'
    link = ('job = "/address/{site}"', 'job = "/job/{site}"')
    bench.configured(with_more(tmp_path, "", *FEWER, ("[links]", phrases), link))
    bench.shown(milestone(1, status="REJECTED"), milestone(2, status="APPROVED"))
    assert bench.row(uuid(1))["Status"] == "Rejected: Milestone 1"
    change(bench, noted(bench, "next_action", "Ask Ada."))
    change(bench, {"deleteFilterView": {"filterId": views(bench)["Stuck"]["filterViewId"]}})
    bench.edit("delete_columns", index=bench.index("phone"))
    bench.configured(usual)
    return bench


def test_the_next_comparison_has_new_words_and_columns_without_an_event(changed: Bench) -> None:
    changed.compare()
    changed.flush()
    row = changed.row(uuid(1))
    assert row["Status"] == "Milestone 1 rejected"
    assert all("/address/" in row["Customer"].links[0].uri for row in changed.rows())
    assert {"City", "Rep"} <= set(changed.rows()[0])
    assert changed.notes("Next action")[0] == "Ask Ada."
    assert "Stuck" not in views(changed)
    assert "Phone" not in changed.rows()[0]
    calls, writes = changed.calls(), changed.writes()
    changed.compare()
    # The Pipeline is stamped with each comparison.
    assert (changed.calls() - calls, changed.writes() - writes) == (4, 1)


def test_init_has_new_colors_and_filters(changed: Bench) -> None:
    assert "Rejected: " in str(rules(changed))
    changed.setup().provision(changed.spreadsheet)
    changed.flush()
    said = [str(rule) for rule in rules(changed)]
    assert not any("Rejected: " in rule for rule in said)
    assert sum("' rejected'" in rule for rule in said) == 1
    assert "TEXT_ENDS_WITH" in str(views(changed)["Rejected"])
    assert changed.notes("Next action")[0] == "Ask Ada."
    assert {"Stuck"} <= views(changed).keys()
    assert "Phone" in changed.rows()[0]
    assert changed.setup().provision(changed.spreadsheet) == []


def grayed(bench: Bench) -> list[str]:
    conditions = [
        rule["booleanRule"]["condition"]
        for rule in bench.tab("Jobs", "conditionalFormats")["conditionalFormats"]
    ]
    values = [value for each in conditions for value in each.get("values", ())]
    formulas = [value["userEnteredValue"] for value in values if "userEnteredValue" in value]
    return [formula for formula in formulas if formula.startswith("=COUNTIF(1:1")]


def test_finished_and_archived_jobs_are_gray(bench: Bench, tmp_path: Path) -> None:
    bench.shown(milestone(1))
    both = ['=COUNTIF(1:1;"Archived")>0', '=COUNTIF(1:1;"Done")>0']
    assert sorted(grayed(bench)) == both
    usual = 'done_color = "#666666"'
    bench.configured(with_more(tmp_path, "", (usual, 'done_color = "#555555"')))
    for _ in range(2):
        bench.setup().provision(bench.spreadsheet)
        assert sorted(grayed(bench)) == both


def test_an_archived_row_stays_gray_in_a_column_that_is_added_later(
    bench: Bench, tmp_path: Path
) -> None:
    bench.shown(milestone(1), {"site": uuid(1), "archived": True})
    bench.shown(milestone(1, 2, status="APPROVED"), milestone(2, 2, status="APPROVED"))
    headers = ("Milestone 1", "Milestone 2", "City")
    assert {background(bench, uuid(1), header) for header in headers} == {"#f3f3f3"}
    assert background(bench, uuid(2), "Milestone 2") == "#d9ead3"
    bench.configured(with_more(tmp_path, "", ('"#d9ead3"', '"#00ff00"')))
    bench.setup().provision(bench.spreadsheet)
    assert {background(bench, uuid(1), header) for header in headers} == {"#f3f3f3"}
    assert background(bench, uuid(2), "Milestone 2") == "#00ff00"
    assert len(grayed(bench)) == 2, "a new color replaces the rules of single columns"
