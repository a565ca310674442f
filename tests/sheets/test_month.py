"""A month in which nothing comes: the sheet alone says each day what is stuck, overdue and done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.sheets.conditions import rows_of_view
from sync.sheets.ids import JOBS_TAB
from tests.bench import Bench
from tests.made_up import milestone, uuid

TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
MONTH = 31
AGES = {1: 10, 2: 3, 3: 5, 6: 13, 7: 30, 8: 20}
"""How many days each job that is neither done nor archived has had its status today."""
STUCK_ON = {number: 15 - days for number, days in AGES.items()}
"""Days from today on which a job is stuck: its status is then more than 14 days old."""
ORANGE, RED = "#f9cb9c", "#ea9999"


def event(number: int, status: str, days: int, step: int = 1) -> dict[str, Any]:
    when = (TODAY - timedelta(days=days)).isoformat()
    return milestone(number, definition=step, status=status, date_updated=when)


@pytest.fixture
def month(configured: Bench) -> Bench:
    """Jobs in all cases, of two milestones; the last event of each is long written."""
    configured.shown(
        event(1, "SUBMITTED", 10),
        event(2, "REJECTED", 3),
        event(3, "APPROVED", 5),  # and PTO has not started
        event(4, "APPROVED", 9),
        event(4, "APPROVED", 1, step=2),
        event(5, "SUBMITTED", 12),
        {"site": uuid(5), "archived": True, "date_updated": (TODAY - timedelta(2)).isoformat()},
        event(6, "INPROG", 13),
        event(7, "QUEUED", 30),
        event(8, "REJECTED", 20),
    )
    return configured


Seen = dict[str, tuple[str, str]]


def seen(bench: Bench) -> dict[int, Seen]:
    """What a person sees of each job now: the text and color (#rrggbb) under each header."""
    fields = "data(rowData(values(formattedValue,effectiveFormat(backgroundColorStyle))))"
    header, *rows = bench.tab("Jobs", fields)["data"][0]["rowData"]
    titles = [cell.get("formattedValue", "") for cell in header["values"]]
    told: dict[int, Seen] = {}
    for row in rows:
        cells = [(cell.get("formattedValue", ""), color(cell)) for cell in row.get("values", ())]
        by_title = dict(zip(titles, cells, strict=False))
        if site := by_title.get("Site ID", ("", ""))[0]:
            told[int(site[-12:], 16)] = by_title
    return told


def color(cell: dict[str, Any]) -> str:
    shade = cell.get("effectiveFormat", {}).get("backgroundColorStyle", {}).get("rgbColor", {})
    return "#" + "".join(f"{round(255 * shade.get(p, 0)):02x}" for p in ("red", "green", "blue"))


class Views:
    """The filter views, which show rows by what day it is."""

    def __init__(self, bench: Bench) -> None:
        known = bench.tab("Jobs", "filterViews")["filterViews"]
        self._ids = {view["title"]: view["filterViewId"] for view in known}
        self._jobs = {bench.at(number): number for number in range(1, 9)}
        self._book = bench.google.sheets.spreadsheets[bench.spreadsheet]

    def jobs(self, title: str) -> list[int]:
        """The jobs that a view shows now, from the top."""
        rows = rows_of_view(self._book, JOBS_TAB, self._ids[title])
        return [self._jobs[row] for row in rows if row in self._jobs]


@pytest.mark.long
def test_stuck_overdue_and_done_are_right_on_each_day_of_a_month(month: Bench) -> None:
    calls, views = month.calls(), Views(month)
    for day in range(MONTH):
        with month.google.clock.at((TODAY + timedelta(days=day)).timestamp()):
            stuck = sorted((due, job) for job, due in STUCK_ON.items() if due <= day)
            assert views.jobs("Stuck") == [job for _, job in stuck], day
            assert views.jobs("Rejected") == [8, 2], day
            assert views.jobs("Under review") == [1], day
            jobs = seen(month)
            assert {n: job["Days"][0] for n, job in jobs.items()} == {
                n: str(AGES[n] + day) if n in AGES else "" for n in jobs
            }, day
            orange = {n for n, job in jobs.items() if job["Days"][1] == ORANGE}
            assert orange == {job for _, job in stuck}, day
            assert {n for n, job in jobs.items() if job["Status"][1] == RED} == {2, 8}
            assert [n for n, job in jobs.items() if job["Status"][0] == "Done"] == [4]
    assert month.calls() == calls
    assert month.compare() == 0
