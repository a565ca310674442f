"""The History tab: a line a change, the newest on top, each once."""

import re
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from sync.sheets.ids import HISTORY_TAB
from tests.bench import Bench
from tests.made_up import comment, milestone, uuid


def at(day: int) -> str:
    return f"2026-03-{day:02d}T10:00:00Z"


def told(bench: Bench) -> list[tuple[str, ...]]:
    """The lines, with *Dated*: when it happened, if that wasn't the day of receipt."""
    keys = ("Dated", "What", "From", "To", "Site ID")
    return [tuple(line.get(key, "") for key in keys) for line in bench.texts("History")]


def test_each_change_gets_one_line_and_the_newest_is_on_top(store_bench: Bench) -> None:
    bench = store_bench
    said = [comment("The roof plan is missing a page.", at(3), commentor_first_name="Ben")]
    bench.shown(milestone(1, date_updated=at(1)))
    rejected = milestone(1, status="REJECTED", date_updated=at(2), comments=said)
    bench.shown(rejected, milestone(2, date_updated=at(2)))
    bench.shown(rejected)  # a duplicate
    bench.shown(milestone(1, status="REJECTED", date_updated=at(4)))  # no change of status
    assert told(bench) == [
        ("3/2/2026", "Milestone 1", "", "Submitted", uuid(2)),
        ("3/3/2026", "Milestone 1", "Submitted", "Rejected", uuid(1)),
        ("3/1/2026", "Milestone 1", "", "Submitted", uuid(1)),
    ]
    assert bench.texts("History")[1]["Comment"] == '"The roof plan is missing a page." – Ben'


def test_moments_are_shown_as_the_locale_has_them(bench: Bench) -> None:
    bench.shown(milestone(1))
    american = re.compile(r"\d\d?/\d\d?/\d{4} \d\d?:\d\d [AP]M")
    assert american.fullmatch(bench.texts("History")[0]["Received"])
    assert american.fullmatch(bench.texts("Pipeline")[0]["Updated"])
    properties = {"properties": {"locale": "en_GB"}, "fields": "locale"}
    bench.do({"updateSpreadsheetProperties": properties})
    bench.shown(milestone(2))
    formats = "data(rowData(values(userEnteredFormat(numberFormat))))"
    first, second = bench.tab("History", formats)["data"][0]["rowData"][1:3]
    assert first["values"][0]["userEnteredFormat"]["numberFormat"] == {"type": "DATE_TIME"}
    assert second["values"][0]["userEnteredFormat"]["numberFormat"]["pattern"]


def test_dated_is_blank_only_on_the_day_of_receipt_in_the_sheets_zone(bench: Bench) -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    properties = {"properties": {"timeZone": zone.key}, "fields": "timeZone"}
    bench.do({"updateSpreadsheetProperties": properties})
    now = datetime.now(zone)
    midnight = datetime.combine(now, time(), zone)
    last_night = midnight - timedelta(seconds=1)
    bench.shown(milestone(1, date_updated=midnight.isoformat()))
    bench.shown(milestone(2, date_updated=last_night.isoformat()))
    day = f"{last_night.month}/{last_night.day}/{last_night.year}"
    assert [line[0] for line in told(bench)] == [day, ""]


def test_the_line_goes_in_the_batch_of_the_row(bench: Bench) -> None:
    bench.shown(milestone(1))
    before = bench.writes()
    bench.shown(milestone(1, status="APPROVED", date_updated=at(5)))
    assert bench.writes() - before == 1
    assert len(told(bench)) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_doubles_no_line(bench: Bench, when: Literal["before", "after"]) -> None:
    bench.shown(milestone(1))
    fault = bench.google.faults.answer(503, method="*.batchUpdate", when=when)
    bench.send(milestone(1, status="APPROVED", date_updated=at(5)))
    with pytest.raises(Exception, match="503"):
        bench.flush()
    assert fault is not None
    bench.flush()
    assert [line[3] for line in told(bench)] == ["Approved", "Submitted"]
    assert bench.row(uuid(1))["Status"] == "Milestone 1 approved"


def test_lines_find_their_columns_wherever_people_put_them(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.edit("insert_rows", sheet_id=HISTORY_TAB, index=0, count=2)
    bench.edit("insert_columns", sheet_id=HISTORY_TAB, index=1)
    bench.edit("move_column", sheet_id=HISTORY_TAB, column=6, to=0)
    bench.edit("type_cell", sheet_id=HISTORY_TAB, row=3, column=2, text="my own")
    bench.shown(milestone(1, status="APPROVED", date_updated=at(5)))
    data = bench.tab("History", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    texts = [[c.get("formattedValue", "") for c in row.get("values", ())] for row in data]
    assert [texts[3][n] for n in (0, 2, 3)] == ["Approved", "", "Job 00000000"]
    assert [texts[4][n] for n in (0, 2, 3)] == ["Submitted", "my own", "Job 00000000"]


def test_a_history_that_a_person_took_away_stays_away_until_it_is_asked_for(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.edit("delete_tab", sheet_id=HISTORY_TAB)
    bench.shown(milestone(1, status="APPROVED", date_updated=at(5)))
    assert [s["properties"]["title"] for s in bench.book("sheets(properties)")["sheets"]].count(
        "History"
    ) == 0
    bench.setup().provision(bench.spreadsheet)
    bench.flush()
    assert [line[3] for line in told(bench)] == ["Approved", "Submitted"]


def test_lines_wait_while_a_person_moves_the_columns_of_the_history(bench: Bench) -> None:
    """Its columns have guards, too: a comment under From would stay there forever."""
    bench.shown(milestone(1))
    bench.send(milestone(1, status="APPROVED", date_updated=at(5)))
    bench.before_the_write(lambda: bench.edit("move_column", sheet_id=HISTORY_TAB, column=7, to=0))
    bench.flush_once()
    assert len(told(bench)) == 1
    bench.flush()
    assert told(bench) == [
        ("3/5/2026", "Milestone 1", "Submitted", "Approved", uuid(1)),
        ("3/1/2026", "Milestone 1", "", "Submitted", uuid(1)),
    ]
    assert bench.row(uuid(1))["Status"] == "Milestone 1 approved"


def test_the_key_of_a_job_is_hidden_and_shown_again_by_people(bench: Bench) -> None:
    bench.shown(milestone(1))

    def hidden() -> list[bool]:
        data = bench.tab("History", "data(columnMetadata(hiddenByUser))")["data"][0]
        return [column.get("hiddenByUser", False) for column in data["columnMetadata"]]

    assert hidden() == [*[False] * 8, True]
    size = {"range": {"sheetId": HISTORY_TAB, "dimension": "COLUMNS", "startIndex": 8}}
    fields = {"properties": {"hiddenByUser": False}, "fields": "hiddenByUser"}
    bench.do({"updateDimensionProperties": size | fields})
    bench.shown(milestone(1, status="APPROVED", date_updated=at(5)))
    bench.setup().provision(bench.spreadsheet)
    assert not any(hidden())


def test_a_line_has_the_rep_that_the_sheet_showed_last(bench: Bench) -> None:
    def reps() -> list[str]:
        return [line.get("Rep", "") for line in bench.texts("History")]

    def typed(name: str) -> None:
        bench.edit("type_cell", row=bench.at(1), column=bench.index("rep"), text=name)
        bench.compare()

    bench.shown(milestone(1))
    typed("Zoe Young")
    bench.shown(milestone(1, status="REJECTED", date_updated=at(5)))
    typed("")
    bench.shown(milestone(1, status="APPROVED", date_updated=at(6)))
    assert reps() == ["", "Zoe Young", ""]


def test_a_long_comment_is_all_there_and_wrapped(bench: Bench) -> None:
    text = "The setback on the north side is less than 36 inches. " * 60
    bench.shown(milestone(1, date_updated=at(1)))
    bench.shown(milestone(1, date_updated=at(1), comments=[comment(text, at(2))]))
    data = bench.tab("History", "data(rowData(values(effectiveFormat)))")["data"][0]["rowData"]
    (line, _) = bench.texts("History")
    assert (line["What"], text in line["Comment"]) == ("Comment on Milestone 1", True)
    index = list(line).index("Comment")
    wraps = [row["values"][6]["effectiveFormat"].get("wrapStrategy") for row in data[1:3]]
    assert (index, wraps) == (3, ["WRAP", "WRAP"])
