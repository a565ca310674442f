"""EverBright's Milestones report becomes events, where there is no API."""

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync.actions.forget import forget
from sync.commands.backfill import read_report
from sync.errors import Permanent
from sync.webhooks import report
from sync.webhooks.report import ReportWords
from tests.backfill.stand import Stand, event
from tests.made_up import uuid

STATUSES = {"submitted": "SUBMITTED", "rejected": "REJECTED", "completed": "APPROVED"}
WORDS = ReportWords({"permit": uuid(30_001)}, STATUSES, UTC)
HEADER = "Site ID,Milestone,Date Submitted,Date Rejected,Date Completed"


def found(*lines: str, words: ReportWords = WORDS) -> list[tuple[str, str]]:
    """Return the statuses and dates of the first job in a report that is read without a problem."""
    read = report.read(lines, words)
    assert read.problems == []
    (payloads,) = read.payloads.values()
    return [(one["status"], one["date_updated"]) for one in payloads]


def test_each_date_is_an_event_oldest_first() -> None:
    assert found(HEADER, f"{uuid(1)},Permit,2026-03-05,03/02/2026,") == [
        ("REJECTED", "2026-03-02T00:00:01+00:00"),
        ("SUBMITTED", "2026-03-05T00:00:00+00:00"),
    ]


def test_dates_on_one_day_are_in_the_order_of_the_work() -> None:
    statuses = [one for one, _ in found(HEADER, f"{uuid(1)},Permit,3/2/26,,3/2/26")]
    assert statuses == ["SUBMITTED", "APPROVED"]


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        HEADER.upper(),
        "site_uuid,Milestone Name,Submitted,Rejected Date,Approved At",
        " Job ID ,milestone,Date-Submitted,date  rejected,COMPLETED DATE",
    ],
)
def test_headers_are_found_in_any_spelling(header: str) -> None:
    assert len(found(header, f"{uuid(1)},PERMIT,2026-03-01,2026-03-02,2026-03-03")) == 3


@pytest.mark.parametrize(
    ("header", "missing", "taken"),
    [
        ("Milestone,Date Completed", "site", "site: site id, site uuid"),
        ("Site ID,Date Completed", "milestone", "milestone: milestone name, milestone"),
        ("Site ID,Milestone", "submitted, rejected, completed", "completed: date completed"),
        ("", "site, milestone, submitted", "site: site id"),
    ],
)
def test_a_missing_column_is_named_with_its_choices(header: str, missing: str, taken: str) -> None:
    with pytest.raises(Permanent) as caught:
        report.read([header], WORDS)
    assert f"no column for {missing}" in caught.value.message
    assert taken in caught.value.message


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",Permit,2026-03-01,,", "line 2: it has no site UUID."),
        ("not-a-uuid,Permit,2026-03-01,,", "line 2: it has no site UUID."),
        (f"{uuid(1)},Unknown,2026-03-01,,", "line 2: no job has a milestone 'Unknown' yet"),
        (f"{uuid(1)},Permit,soon,,", "line 2: 'soon' isn't a date"),
        (f"{uuid(1)},Permit,2026-13-45,,", "line 2: '2026-13-45' isn't a date"),
        (f"{uuid(1)},Permit,9999-12-31T23:00,,", "line 2: date value out of range"),
        (f"{uuid(1)},Permit,,,9999-12-31T23:59:59Z", "line 2: date value out of range"),
    ],
)
def test_an_unreadable_line_is_reported_and_the_others_are_read(line: str, problem: str) -> None:
    words = ReportWords(WORDS.definitions, STATUSES, ZoneInfo("America/Los_Angeles"))
    read = report.read([HEADER, line, "", f"{uuid(2)},Permit,2026-03-01,,"], words)
    (said,) = read.problems
    assert said.startswith(problem)
    assert list(read.payloads) == [uuid(2)]


def test_a_day_begins_in_the_zone_of_the_sheet() -> None:
    words = ReportWords(WORDS.definitions, STATUSES, ZoneInfo("America/Los_Angeles"))
    assert found(HEADER, f"{uuid(1)},Permit,2026-03-01,,", words=words) == [
        ("SUBMITTED", "2026-03-01T08:00:00+00:00")
    ]


def test_a_report_brings_what_webhooks_did_not_and_nothing_twice(
    stand: Stand, tmp_path: Path
) -> None:
    """No worker runs before a mapping, so the command itself applies the webhooks that wait."""
    stand.send(event(1, minute=600, status="SUBMITTED"))  # 2026-01-01 10:00
    lines = [
        HEADER,
        f"{uuid(1)},Milestone 1,2026-01-01,,2026-01-04",
        f"{uuid(2)},milestone 1,2026-01-02,2026-01-03,",
    ]
    file = tmp_path / "report.csv"
    file.write_text("\n".join(lines), "utf-8")
    first_run = read_report(stand.wiring, file)
    assert (first_run.jobs, first_run.missed, first_run.problems) == (2, 3, [])
    assert read_report(stand.wiring, file).missed == 0
    first, second = (stand.jobs.states([uuid(n)])[uuid(n)] for n in (1, 2))
    (newest,) = first.events.values()
    assert newest.milestone.status == "APPROVED"
    assert len(newest.milestone.tasks) == 2, "the webhook's tasks are gone: the report has none"
    (log,) = second.logs.values()
    assert [one.status for one in log.statuses] == ["REJECTED", "SUBMITTED"]


def test_a_job_whose_data_was_deleted_is_not_read(stand: Stand, tmp_path: Path) -> None:
    stand.send(event(1), event(2))
    forget(stand.wiring, lambda _: None, uuid(1))
    file = tmp_path / "report.csv"
    file.write_text(f"{HEADER}\n{uuid(1)},Milestone 1,,,2026-01-04", "utf-8")
    assert (read_report(stand.wiring, file).jobs, stand.from_backfill()) == (0, [])


def test_milestones_and_statuses_of_waiting_webhooks_are_listed(stand: Stand) -> None:
    stand.send(event(1, status="ODD"))
    assert "ODD" in stand.command("statuses").output
    stand.send(event(1, 2))
    assert "Milestone 2" in stand.command("milestones").output


def test_a_file_that_is_not_csv_is_rejected(stand: Stand, tmp_path: Path) -> None:
    file = tmp_path / "report.xlsx"
    file.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(Permanent, match="isn't CSV"):
        read_report(stand.wiring, file)
