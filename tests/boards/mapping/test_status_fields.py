"""The computed fields of a job, on an installer's board."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.boards.mapping import boards
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone, task
from tests.sheets.conftest import MILESTONES, with_more

FIELDS = {
    "Next step": "next_action",
    "Age": "days",
    "Latest": "last_change",
    "Holder": "with",
    "Due": "deadline",
}
HEADERS = ["Client", "Email", *FIELDS, "Notes"]


@pytest.fixture
def stand(google: Emulator, sqlite_url: str, tmp_path: Path) -> Stand:
    rule = '\n[deadlines]\n"PTO" = { after = "Permit", days = 90 }\n'
    column = '\n[[columns]]\nid = "deadline"\nheader = "Deadline"\n'
    config = with_more(tmp_path, MILESTONES + rule + column)
    stand = boards.asking(Stand(google, sqlite_url, config))
    stand.fill([HEADERS, ["Ada Number1", "home1@example.com", *[None] * 5, "call back"]])
    return stand


def noon(days: int) -> datetime:
    """Return noon so many days ago."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)


def day(days: int) -> str:
    at = noon(days)
    return f"{at.month}/{at.day}/{at.year}"


def test_a_board_shows_next_action_days_with_and_deadline(stand: Stand) -> None:
    def event(job: int, status: str, days: int, **more: Any) -> dict[str, Any]:
        at = noon(days).isoformat()
        return milestone(job, status=status, date_updated=at, **more)

    mapped = [part for header, field in FIELDS.items() for part in ("--set", f"{header}={field}")]
    stand.map("--tab", "Sheet1", *mapped, "--write")
    ada = {"first_name": "Ada", "last_name": "Birch"}
    stand.send(
        event(1, "SUBMITTED", 17),
        event(2, "REJECTED", 3, assigned_to=ada, tasks=[task(name="Plan set", status="REJECTED")]),
        event(3, "APPROVED", 5),
    )
    boards.deliver_what_waits(stand)
    grid = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    rows = [[cell.get("formattedValue", "") for cell in row.get("values", [])] for row in grid]
    shown = {row[0]: row[2:8] for row in rows[1:] if row and row[0]}

    def changed(text: str, days: int) -> str:
        at = noon(days)
        return f"{text}, {at:%b}\N{NO-BREAK SPACE}{at.day}"

    assert shown == {
        "Ada Number1": [
            *("Waiting on EverBright", "17", changed("Permit submitted", 17), "", "", "call back"),
        ],
        "Ada Number2": [
            "Fix Plan set and resubmit", "3", changed("Permit rejected", 3), "Ada Birch", "", ""
        ],
        "Ada Number3": ["Start PTO", "5", changed("Permit approved", 5), "", day(5 - 90), ""],
    }  # fmt: skip
