"""The filter views of the tabs, and that they show the jobs that colors, cells and Pipeline do."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.sheets.conditions import rows_of_view
from sync.sheets.ids import HISTORY_TAB, JOBS_TAB
from tests.bench import Bench
from tests.made_up import milestone, task, uuid
from tests.sheets.conftest import with_more
from tests.sheets.test_month import TODAY, event

REJECTED, STUCK = [8, 7, 2, 9], [8, 1, 7]
"""From the one that has waited longest."""


def titles(bench: Bench, tab: str) -> list[str]:
    return [view["title"] for view in bench.tab(tab, "filterViews").get("filterViews", [])]


def shown(bench: Bench, title: str) -> list[int]:
    """The jobs that a view shows now, from the top."""
    known = bench.tab("Jobs", "filterViews")["filterViews"]
    (number,) = [view["filterViewId"] for view in known if view["title"] == title]
    rows = rows_of_view(bench.google.sheets.spreadsheets[bench.spreadsheet], JOBS_TAB, number)
    jobs = {row: int(site[-12:], 16) for site, at in bench.look().by_site.items() for row in at}
    return [jobs[row] for row in rows if row in jobs]


@pytest.fixture
def jobs(configured: Bench) -> Bench:
    configured.shown(
        event(1, "SUBMITTED", 20),
        event(2, "REJECTED", 3),
        event(3, "APPROVED", 5),
        event(4, "APPROVED", 9),
        event(4, "APPROVED", 1, step=2),
        event(5, "REJECTED", 30),
        {"site": uuid(5), "archived": True, "date_updated": (TODAY - timedelta(2)).isoformat()},
        event(6, "INPROG", 13) | {"ready_to_submit": True},
        event(7, "SUBMITTED", 40),
        event(7, "SUBMITTED", 15) | {"tasks": [task(name="Photos", status="REJECTED")]},
        event(8, "REJECTED", 30),
        event(9, "SUBMITTED", 2, step=2),
        event(9, "INPROG", 1) | {"rejected_task_count": 1},
        event(10, "APPROVED", 50, step=7),
    )
    return configured


def test_the_tabs_have_these_views_and_each_shows_its_jobs(jobs: Bench) -> None:
    views = ["Open", "Rejected", "Ready to submit", "Under review", "Stuck"]
    assert titles(jobs, "Jobs") == views
    assert titles(jobs, "History") == ["Approved this week", "Since yesterday"]
    assert [shown(jobs, title) for title in views] == [
        [8, 1, 7, 6, 3, 2, 9],
        REJECTED,
        [6],
        [1],
        STUCK,
    ]


PAID = """
[[columns]]
id = "installer_payment"
header = "Payment"

[[columns]]
id = "payment_due"
header = "Payment due"
"""


@pytest.fixture
def paying(google: Emulator, sqlite_url: str, tmp_path: Path) -> Bench:
    google.everbright.token = "a-token"
    config = with_more(tmp_path, PAID)
    return Bench(
        google, sqlite_url, config, EVERBRIGHT_API_TOKEN="a-token", TIMEZONE="America/Los_Angeles"
    )


def pay(bench: Bench, payment: str | None, approved: str) -> None:
    """Show a job that was approved on a day, with what EverBright answers about its payment."""
    sent = milestone(1, status="APPROVED", date_updated=approved)
    bench.google.everbright.data.set(sent["quote"], installer_payment_line_item_status=payment)
    bench.send(sent)
    bench.project()
    fetcher = bench.wiring.detail_fetcher()
    while fetcher and fetcher.fetch() is not None:
        pass
    bench.ask()
    bench.flush()


@pytest.mark.parametrize(
    ("payment", "approved", "due"),
    [
        ("Pending", "2026-11-21T02:00:00Z", "2026-11-24"),  # a Friday in Los Angeles
        ("Pending", "2026-11-23T10:00:00Z", "2026-11-25"),
        ("PAID_IN_FULL", "2026-11-20T10:00:00Z", ""),
        (None, "2026-11-20T10:00:00Z", ""),
    ],
)
def test_a_job_that_was_approved_and_not_paid_is_in_unpaid(
    paying: Bench, payment: str | None, approved: str, due: str
) -> None:
    pay(paying, payment, approved)
    header = list(paying.rows()[0])
    assert ("Payment due" in header) == bool(due), "it appears with the first job that has one"
    if not due:
        return
    paying.compare()
    day = datetime.fromisoformat(f"{due}T12:00:00+00:00")
    for days, expected in ((0, []), (1, [1])):
        with paying.google.clock.at((day + timedelta(days=days)).timestamp()):
            assert shown(paying, "Unpaid") == expected


def test_a_view_whose_column_appears_later_is_added_and_stays_deleted(paying: Bench) -> None:
    pay(paying, None, "2026-11-20T10:00:00Z")
    assert "Unpaid" not in titles(paying, "Jobs")
    pay(paying, "Pending", "2026-11-23T10:00:00Z")
    paying.compare()
    paying.compare()
    assert titles(paying, "Jobs").count("Unpaid") == 1
    known = paying.tab("Jobs", "filterViews")["filterViews"]
    (number,) = [view["filterViewId"] for view in known if view["title"] == "Unpaid"]
    paying.do({"deleteFilterView": {"filterId": number}})
    paying.compare()
    assert "Unpaid" not in titles(paying, "Jobs")


def test_a_rep_has_a_view_of_the_changes_too(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2))
    _type_rep(bench, "Ada Birch")
    bench.shown(*(milestone(n, status="REJECTED", date_updated=_DAY) for n in (1, 2)))
    assert titles(bench, "Jobs")[-1] == "Ada Birch's jobs"
    assert titles(bench, "History")[-1] == "Ada Birch's changes"
    (view,) = [
        view
        for view in bench.tab("History", "filterViews")["filterViews"]
        if view["title"] == "Ada Birch's changes"
    ]
    assert _lines(bench, view) == [["Milestone 1", "Rejected"]]
    _type_rep(bench, "")
    assert titles(bench, "History") == ["Approved this week", "Since yesterday"]


def _type_rep(bench: Bench, name: str) -> None:
    bench.edit("type_cell", row=bench.at(1), column=bench.index("rep"), text=name)
    bench.compare()


_DAY = "2026-03-05T10:00:00Z"


def _lines(bench: Bench, view: dict[str, Any]) -> list[list[str]]:
    """What changed, by the lines that a view shows."""
    book = bench.google.sheets.spreadsheets[bench.spreadsheet]
    rows = rows_of_view(book, HISTORY_TAB, view["filterViewId"])
    lines = bench.texts("History")
    return [[lines[row - 1]["What"], lines[row - 1]["To"]] for row in rows if 0 < row <= len(lines)]
