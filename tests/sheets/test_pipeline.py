"""The Pipeline tab: right numbers, and nobody's cells."""

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from emulator import Emulator
from sync.errors import Retryable
from sync.sheets.ids import PIPELINE_TAB
from tests.bench import Bench
from tests.chaos.tinkerer import Tinkerer
from tests.made_up import comment, milestone, uuid
from tests.sheets.conftest import with_more

LABEL, UPDATED = "Waiting at", "Updated"
NUMBERS = (
    *("Open jobs", "Rejected", "Under review", "In progress or next"),
    *("Median days in status", "Over 14 days"),
)
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


def lines(bench: Bench) -> dict[str, dict[str, str]]:
    return {row.get(LABEL, ""): row for row in bench.texts("Pipeline")}


def numbers(bench: Bench) -> dict[str, tuple[str, ...]]:
    """How many jobs wait at each milestone, and how many are rejected, reviewed, or next."""
    return {
        milestone: tuple(row.get(header, "") for header in NUMBERS[:4])
        for milestone, row in lines(bench).items()
    }


def waits(bench: Bench) -> dict[str, tuple[str, str]]:
    return {
        milestone: (row.get("Median days in status", ""), row.get("Over 14 days", ""))
        for milestone, row in lines(bench).items()
    }


def moment(bench: Bench) -> datetime:
    data = bench.tab("Pipeline", "data(rowData(values(formattedValue,userEnteredValue)))")
    rows = [row.get("values", []) for row in data["data"][0]["rowData"]]
    index = [cell.get("formattedValue") for cell in rows[0]].index(UPDATED)
    found = [row[index].get("userEnteredValue", {}) for row in rows[1:] if len(row) > index]
    (value,) = filter(None, found)
    return _EPOCH + timedelta(days=value["numberValue"])


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def later(day: int) -> dict[str, str]:
    return {"date_updated": f"2026-03-{day:02}T10:00:00Z"}


def edit(bench: Bench, deed: str, **arguments: Any) -> None:
    bench.edit(deed, sheet_id=PIPELINE_TAB, **arguments)


def put(bench: Bench, *requests: dict[str, Any]) -> None:
    """Do what a person does by a menu."""
    bench.google.sheets.handle(
        "sheets.spreadsheets.batchUpdate",
        {"spreadsheetId": bench.spreadsheet},
        MultiDict(),
        {"requests": list(requests)},
        "owner@example.com",
    )


def last_write(bench: Bench, part: str = "updateCells") -> list[dict[str, Any]]:
    last = list(bench.google.calls.select("sheets", "*.batchUpdate"))[-1]
    return [
        one[part] for one in last.body["requests"] if part in one and str(PIPELINE_TAB) in str(one)
    ]


def test_open_jobs_are_counted_at_the_milestone_they_wait_for(bench: Bench) -> None:
    bench.shown(
        milestone(1, date_updated=ago(3)),
        milestone(2, status="REJECTED", date_updated=ago(16)),
        milestone(3, status="APPROVED", date_updated=ago(30)),
        milestone(3, 2, status="INPROG", date_updated=ago(20)),
        milestone(4, date_updated=ago(40)),
        {"site": uuid(4), "archived": True, "date_updated": ago(2)},
    )
    assert lines(bench)["Milestone 1"] | {UPDATED: ""} == {
        LABEL: "Milestone 1",
        **dict(zip(NUMBERS, ("2", "1", "1", "0", "9.5", "1"), strict=True)),
        UPDATED: "",
    }
    assert numbers(bench)["Milestone 2"] == ("1", "0", "0", "1")
    assert waits(bench)["Milestone 2"] == ("20", "1")


def test_a_configured_milestone_has_a_row_from_the_start(configured: Bench) -> None:
    """In the configured order; others at the end, and done jobs nowhere."""
    configured.setup().provision(configured.spreadsheet)
    assert numbers(configured) == dict.fromkeys(["Permit", "PTO"], ("0",) * 4)
    assert waits(configured)["PTO"] == ("", "0")
    configured.shown(milestone(1, 9, name="Unknown"), milestone(2, 1, status="APPROVED"))
    configured.shown(milestone(3, 2, status="APPROVED"))
    assert numbers(configured) == {
        "Permit": ("0", "0", "0", "0"),
        "PTO": ("1", "0", "0", "1"),
        "Unknown": ("1", "0", "1", "0"),
    }


def test_rows_are_in_the_order_in_which_jobs_go_through_them(bench: Bench) -> None:
    survey, zoning, approval = {"name": "Survey"}, {"name": "Zoning"}, {"name": "Approval"}
    bench.shown(milestone(1, 1, status="APPROVED", **survey), milestone(1, 2, **zoning, **later(3)))
    bench.shown(
        milestone(2, 2, status="APPROVED", **zoning), milestone(2, 3, **approval, **later(9))
    )
    bench.shown(milestone(3, 1, **survey))
    assert list(lines(bench)) == ["Survey", "Zoning", "Approval"]


def test_no_number_is_a_formula(bench: Bench) -> None:
    bench.shown(milestone(1))
    assert "formulaValue" not in str(bench.tab("Pipeline", "data"))


def test_the_chart_stacks_what_is_open(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.shown(milestone(2, 2), milestone(3, 3))
    (chart,) = bench.tab("Pipeline", "charts")["charts"]
    basic = chart["spec"]["basicChart"]
    areas = [one["series"]["sourceRange"]["sources"][0] for one in basic["series"]]
    headers = list(bench.rows("Pipeline")[0])
    shown = [headers[area["startColumnIndex"]] for area in areas]
    assert (shown, basic["stackedType"]) == ([*NUMBERS[1:4]], "STACKED")
    assert {(area.get("startRowIndex", 0), area["endRowIndex"]) for area in areas} == {(0, 4)}


def test_a_milestone_without_waiting_jobs_shows_zeros(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.shown(milestone(1, 1, status="APPROVED", **later(2)), milestone(1, 2, **later(3)))
    assert numbers(bench) == {"Milestone 1": ("0",) * 4, "Milestone 2": ("1", "0", "1", "0")}


def test_another_bound_is_named_in_the_header(bench: Bench) -> None:
    bench.shown(milestone(1, date_updated=ago(10)))
    assert waits(bench)["Milestone 1"] == ("10", "0")
    bench.environment["STUCK_DAYS"] = "3"
    assert bench.setup().provision(bench.spreadsheet)
    assert lines(bench)["Milestone 1"]["Over 3 days"] == "1"
    assert bench.setup().provision(bench.spreadsheet) == []


def test_a_change_is_shown_by_the_flush_that_writes_it(bench: Bench) -> None:
    """In its one batch, with all numbers in one block."""
    bench.shown(milestone(1), milestone(2), milestone(3, 2), milestone(4, 3))
    before = bench.writes()
    bench.shown(milestone(2, 1, status="REJECTED", **later(2)))
    assert bench.writes() - before == 1
    assert numbers(bench)["Milestone 1"] == ("2", "1", "1", "0")
    assert [one["start"]["rowIndex"] for one in last_write(bench)] == [1, 1]
    assert {len(one["rows"]) for one in last_write(bench)} == {3}


def test_unchanged_numbers_write_only_the_time(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2, 2))
    note = comment("Call first.", "2026-03-01T11:00:00Z")
    assert bench.shown(milestone(1, comments=[note])) == 2
    (written,) = last_write(bench)
    assert len(written["rows"]) == len(written["rows"][0]["values"]) == 1


def test_the_comparison_rewrites_it(bench: Bench) -> None:
    """Once a day: days pass, and people type over numbers. No row is written for that."""
    bench.shown(milestone(1, date_updated=ago(5)), milestone(2, 2))
    shown, said = lines(bench), moment(bench)
    edit(bench, "type_cell", row=1, column=5, text="77")
    edit(bench, "type_cell", row=2, column=1, text="many")
    before = bench.writes()
    assert bench.compare() == 0
    assert bench.writes() - before == 1
    assert not bench.is_waiting()
    assert {label: row | {UPDATED: ""} for label, row in lines(bench).items()} == {
        label: row | {UPDATED: ""} for label, row in shown.items()
    }
    assert moment(bench) > said


def test_another_order_of_milestones_is_counted_after_the_comparison(
    bench: Bench, tmp_path: Path
) -> None:
    approved = milestone(3, status="APPROVED")  # Without an order nobody knows what is next.
    bench.shown(milestone(1, status="INPROG"), milestone(2, 2), approved)
    assert numbers(bench)["Milestone 1"] == ("1", "0", "0", "1")
    steps = [
        f'[[milestones]]\ndefinitions = ["{uuid(30_000 + n)}"]\nheader = "Step {n}"\n'
        for n in (1, 2)
    ]
    bench.configured(with_more(tmp_path, "\n".join(steps)))
    bench.compare()
    bench.flush()
    assert numbers(bench) == {
        "Milestone 1": ("0",) * 4,
        "Milestone 2": ("0",) * 4,
        "Step 1": ("1", "0", "0", "1"),
        "Step 2": ("2", "0", "1", "1"),
    }


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_fails_loses_no_number(bench: Bench, when: str) -> None:
    bench.shown(milestone(1), milestone(2))
    bench.google.faults.answer(503, when=when, method="*.batchUpdate", count=1)
    bench.send(milestone(1, 1, status="REJECTED", **later(2)))
    with pytest.raises(Retryable):
        bench.flush_once()
    bench.flush()
    assert numbers(bench)["Milestone 1"] == ("2", "1", "1", "0")
    bench.shown(milestone(2, 1, status="REJECTED", **later(3)))
    assert numbers(bench)["Milestone 1"] == ("2", "2", "0", "0")


def test_each_batch_writes_the_time_of_the_update(bench: Bench) -> None:
    bench.shown(milestone(1))
    first = moment(bench)
    assert abs(first - datetime.now(UTC)) < timedelta(minutes=1)
    bench.shown(milestone(2, 3), milestone(2, 4))
    assert moment(bench) > first
    before = bench.calls()
    assert bench.flush() == 0 and bench.calls() == before, "it costs no call of its own"


def color(bench: Bench) -> str:
    data = bench.tab("Pipeline", "data(rowData(values(effectiveFormat(backgroundColor))))")["data"]
    index = list(bench.rows("Pipeline")[0]).index(UPDATED)
    cells = [row["values"][index] for row in data[0]["rowData"][:4] if len(row["values"]) > index]
    shades = [cell.get("effectiveFormat", {}).get("backgroundColor", {}) for cell in cells]
    reds = ["red" if shade.get("green", 1) < 0.5 else "" for shade in shades]
    assert not any([reds[0], *reds[2:]]), "only the moment's own cell"
    return reds[1]


def test_a_moment_of_long_ago_is_red_wherever_it_was_moved(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2, 2))
    edit(bench, "insert_columns", index=0)
    edit(bench, "move_column", column=9, to=3)
    now = time.time()
    for hours, shade in ((25.9, ""), (26.1, "red")):
        with bench.google.clock.at(now + hours * 3600):
            assert color(bench) == shade
    bench.shown(milestone(3))
    assert color(bench) == ""


def test_text_typed_beside_it_stays(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2, 3))
    edit(bench, "insert_rows", index=0)
    edit(bench, "type_cell", row=0, column=0, text="Our pipeline")
    edit(bench, "insert_rows", index=3)
    edit(bench, "type_cell", row=3, column=0, text="my own line")
    edit(bench, "type_cell", row=3, column=2, text="mine")
    edit(bench, "insert_columns", index=2)
    edit(bench, "type_cell", row=2, column=2, text="call them")
    edit(bench, "move_column", column=1, to=5)
    bench.shown(milestone(3, 2, status="REJECTED"), milestone(4))
    person = Tinkerer(bench, random.Random(0))
    texts = person.texts()
    assert texts[0][0] == "Our pipeline"
    (mine,) = [row for row in texts if row[0] == "my own line"]
    assert sorted(filter(None, mine)) == ["mine", "my own line"]
    assert sum("call them" in row for row in texts) == 1
    assert {row[LABEL]: row["Open jobs"] for row in person.rows()} == {
        "Milestone 1": "2",
        "Milestone 2": "1",
        "Milestone 3": "1",
    }


@pytest.mark.parametrize("seed", range(8))
def test_what_moves_between_read_and_write_is_not_written_over(
    google: Emulator, sqlite_url: str, seed: int
) -> None:
    lots, bench = random.Random(seed), Bench(google, sqlite_url)
    bench.shown(*(milestone(n, 1 + n % 4) for n in range(1, 9)))
    person, ends = Tinkerer(bench, lots), dict[int, str]()
    for day in range(2, 8):
        bench.before_the_write(person.act)
        n, status = lots.randint(1, 8), lots.choice(("REJECTED", "INPROG", "SUBMITTED"))
        ends[n] = status
        bench.send(milestone(n, 1 + n % 4, status=status, **later(day)))
        bench.try_to_flush(6)
        if lots.random() < 0.5:
            person.act()
    bench.google.faults.clear()
    bench.compare()
    bench.flush()
    assert person.missing() == []
    for row in person.rows():
        jobs = [n for n in range(1, 9) if f"Milestone {1 + n % 4}" == row[LABEL]]
        states = [ends.get(n, "SUBMITTED") for n in jobs]
        wanted = [len(jobs), *map(states.count, ("REJECTED", "SUBMITTED", "INPROG"))]
        assert [row[header] for header in NUMBERS[:4]] == [*map(str, wanted)]


def test_a_column_that_a_person_deleted_stays_away(bench: Bench) -> None:
    bench.shown(milestone(1))
    for header in ("Rejected", UPDATED):
        edit(bench, "delete_columns", index=list(bench.rows("Pipeline")[0]).index(header))
    bench.shown(milestone(2), milestone(3, 2))
    bench.compare()
    row = lines(bench)["Milestone 1"]
    assert not {"Rejected", UPDATED} & row.keys()
    assert (row["Open jobs"], row["Under review"]) == ("2", "2")
    edit(bench, "delete_columns", index=0)
    assert bench.shown(milestone(4)) >= 2 and LABEL not in bench.texts("Pipeline")[0]


def test_a_tab_that_a_person_deleted_or_renamed_stops_nothing(bench: Bench) -> None:
    bench.shown(milestone(1))
    edit(bench, "rename_tab", title="Overview")
    bench.shown(milestone(2))
    (row,) = bench.texts("Overview")
    assert row["Open jobs"] == "2"
    edit(bench, "delete_tab")
    bench.shown(milestone(3), milestone(4, 2))
    bench.compare()
    titles = [s["properties"]["title"] for s in bench.book("sheets(properties)")["sheets"]]
    assert not {"Overview", "Pipeline"} & set(titles)
    assert not bench.is_waiting()


def test_a_chart_that_a_person_took_away_stays_away(bench: Bench) -> None:
    """To change it would have Google refuse the whole batch."""
    bench.shown(milestone(1))
    (chart,) = bench.tab("Pipeline", "charts(chartId)")["charts"]
    put(bench, {"deleteEmbeddedObject": {"objectId": chart["chartId"]}})
    bench.shown(milestone(2, 2))
    assert "Milestone 2" in lines(bench)
    assert "charts" not in bench.tab("Pipeline", "charts")


def test_a_protected_extra_tab_delays_no_row(bench: Bench) -> None:
    bench.shown(milestone(1))
    (ours,) = bench.tab("Pipeline", "protectedRanges(protectedRangeId)")["protectedRanges"]
    area = {"range": {"sheetId": PIPELINE_TAB}, "editors": {"users": ["owner@example.com"]}}
    locked = {"protectedRangeId": 77, **area}
    put(bench, {"deleteProtectedRange": ours}, {"addProtectedRange": {"protectedRange": locked}})
    for day in (2, 3, 4):
        bench.send(
            milestone(1, 1, status=("REJECTED", "INPROG", "REJECTED")[day - 2], **later(day))
        )
        bench.try_to_flush(4)
        assert not bench.is_waiting()
    assert not bench.alerts
    assert numbers(bench)["Milestone 1"] == ("1", "0", "1", "0")
    put(bench, {"deleteProtectedRange": {"protectedRangeId": 77}})
    bench.shown(milestone(2))
    assert numbers(bench)["Milestone 1"] == ("2", "1", "1", "0")
