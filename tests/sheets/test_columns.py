"""Rows show their columns, notes and colors, and which jobs are stuck."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Retryable
from sync.sheets.ids import JOBS_TAB
from tests.bench import Bench
from tests.made_up import comment, milestone, uuid
from tests.sheets.conftest import with_more


def ago(days: float) -> str:
    return (datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)).isoformat()


def rules(bench: Bench) -> list[dict[str, Any]]:
    return list(bench.tab("Jobs", "conditionalFormats").get("conditionalFormats", ()))


def background(bench: Bench, site: str, header: str) -> str:
    fields = "data(rowData(values(formattedValue,effectiveFormat(backgroundColorStyle))))"
    data = bench.tab("Jobs", fields)["data"][0]["rowData"]
    cells = [row.get("values", ()) for row in data]
    index = [cell.get("formattedValue") for cell in cells[0]].index(header)
    (row,) = [row for row in cells if any(c.get("formattedValue") == site for c in row)]
    color = row[index]["effectiveFormat"]["backgroundColorStyle"]["rgbColor"]
    return "#" + "".join(f"{round(255 * color.get(p, 0)):02x}" for p in ("red", "green", "blue"))


def test_every_header_explains_itself(bench: Bench) -> None:
    bench.shown(milestone(1))
    (header,) = bench.book("sheets(properties(title),data(rowData(values(formattedValue,note))))")[
        "sheets"
    ][0]["data"][0]["rowData"][:1]
    assert [c["formattedValue"] for c in header["values"] if len(c.get("note", "")) < 50] == []


def test_days_are_colored_once_a_job_is_stuck(configured: Bench) -> None:
    """The day's passing costs no call: the sheet itself counts the days."""
    configured.shown(
        milestone(1, date_updated=ago(15)),
        milestone(2, date_updated=ago(13)),
        milestone(3, date_updated=ago(20), rejected_task_count=1),
        milestone(4, definition=2, status="APPROVED", date_updated=ago(90)),
    )
    shown = [configured.row(uuid(n)).get("Days", "") for n in (1, 2, 3, 4)]
    assert shown == ["15", "13", "20", ""]
    colors = [background(configured, uuid(n), "Days") for n in (1, 2, 3)]
    assert colors == ["#f9cb9c", "#ffffff", "#f9cb9c"]


def test_managed_columns_warn_before_somebody_types_and_others_do_not(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.edit("insert_columns", index=2, count=1)
    ranges = bench.tab("Jobs", "protectedRanges")["protectedRanges"]
    assert all(one["warningOnly"] for one in ranges)
    covered = [one["range"].get("startColumnIndex", 0) for one in ranges]
    assert 2 not in covered
    assert bench.index("rep") not in covered
    assert len(covered) == len(bench.rows()[0]) - 2


def test_only_valid_patterns_are_used(bench: Bench, tmp_path: Any) -> None:
    """Joined, a flag in the midst or a name twice would be an error for every job."""
    bots = "bots = ['(?i)helper', '(?P<x>ada)', '(?P<x>ben)']\n"
    usual = "bots = ['^(sighten|everbright)+bot@', '\\b(sighten|everbright)+ bot$']\n"
    bench.configured(with_more(tmp_path, "", (usual, bots)))
    said = [comment("Hidden.", "2026-03-05T09:00:00Z", commentor_first_name="Helper")]
    bench.shown(milestone(1, comments=said))
    assert "Last comment" not in bench.row(uuid(1))


def test_a_new_milestones_column_is_in_the_order_of_the_work(bench: Bench) -> None:
    """Construction came first, of a job that was nearly done when the receiver was set up."""

    def statuses() -> list[str]:
        headers = list(bench.rows()[0])
        return [h.removesuffix(" documents") for h in headers if h.endswith(" documents")]

    bench.shown(milestone(1, definition=4, name="Construction"))
    bench.shown(*(milestone(n, definition=1, name="Site Survey") for n in (2, 3)))
    assert statuses() == ["Site Survey", "Construction"]
    bench.shown(milestone(2, definition=3, name="Permits", date_updated="2026-03-09T10:00:00Z"))
    bench.shown(milestone(3, definition=2, name="Design", date_updated="2026-03-03T10:00:00Z"))
    bench.shown(milestone(3, definition=3, name="Permits", date_updated="2026-03-04T10:00:00Z"))
    assert statuses() == ["Site Survey", "Design", "Permits", "Construction"]


def lines_of(bench: Bench, dimension: str) -> list[dict[str, Any]]:
    key = f"{dimension}Metadata"
    fields = f"data({key}(pixelSize,hiddenByUser))"
    return list(bench.tab("Jobs", fields)["data"][0][key])


def test_the_reps_columns_are_first_and_nothing_is_cut_off(bench: Bench) -> None:
    name = "Interconnection"
    bench.shown(milestone(1, name=name), milestone(2, name=name, date_updated=ago(1)))
    headers = [header for header in bench.rows()[0] if header]
    assert headers[:8] == [
        "Customer", "Status", "Days", "Next action", "Last change", "Rep", "Phone", name,
    ]  # fmt: skip
    columns = dict(zip(headers, lines_of(bench, "column"), strict=False))
    hidden = {header for header, each in columns.items() if each.get("hiddenByUser")}
    assert hidden == {"Initial quote", "Current quote", "Site ID"}
    for header, each in columns.items():
        assert each["pixelSize"] >= 8 * max(map(len, header.split())), header
    assert columns[f"{name} documents"]["pixelSize"] >= 190
    heights = [row["pixelSize"] for row in lines_of(bench, "row")]
    assert heights[0] == 21 and set(heights[1:]) == {40}
    cells = "data(rowData(values(effectiveFormat(verticalAlignment))))"
    (data,) = bench.tab("Jobs", cells)["data"]
    shown = dict(zip(headers, data["rowData"][1]["values"], strict=False))
    tops = {shown[h].get("effectiveFormat", {}).get("verticalAlignment") for h in headers[:8]}
    assert tops == {"TOP"}


def test_a_new_column_waits_until_the_last_write_is_checked(bench: Bench, tmp_path: Path) -> None:
    """The batch that adds it would clear the copies that show what somebody had typed."""
    usual = bench.config
    city = '[[columns]]\nid = "city"\nheader = "City"\n'
    bench.configured(with_more(tmp_path, "", (city, "")))
    bench.shown(milestone(1))
    noted = {"rows": [{"values": [{"note": "Call Ada first"}]}], "fields": "note"}
    place = {"sheetId": JOBS_TAB, "rowIndex": bench.at(1), "columnIndex": bench.index("status")}
    bench.do({"updateCells": {"start": place, **noted}})
    bench.send(milestone(1, status="APPROVED", date_updated="2026-03-05T10:00:00Z"))
    bench.google.faults.answer(503, method="*.batchUpdate", when="after", count=1)
    with pytest.raises(Retryable):
        bench.flush_once()
    bench.configured(usual)
    with suppress(Retryable):  # An undo may be pending.
        bench.compare()
    bench.flush()
    bench.compare()
    assert bench.notes("Status")[1:] == ["Call Ada first"]
    data = bench.tab("Jobs", "data(rowData(values(formattedValue)))")["data"][0]
    assert {"formattedValue": "City"} in data["rowData"][0]["values"]
