"""Tests the row of a job, cell by cell."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sync.jobs.cells import CELL_LIMIT, EMPTY, Cell, Link
from sync.jobs.files import Addresses
from sync.jobs.model import Files, Job
from sync.jobs.row import Layout
from sync.settings.config_file import Config, load_config
from sync.sheets import encode
from tests.jobs.test_projection import an_event, job_of
from tests.laid_out import cells_of
from tests.made_up import (
    DEMO_CONFIG,
    SAMPLE_DEFINITION,
    SAMPLE_DOCUMENT,
    SAMPLE_QUOTE,
    SAMPLE_SITE,
    comment,
    document,
    task,
    uuid,
)

ADDRESSES = Addresses("https://everbright.example", "/api/v1/document/{document}/preview")
CONFIG = load_config(DEMO_CONFIG)


def layout(**changes: Any) -> Layout:
    return Layout(Config.model_validate(CONFIG.model_dump() | changes), ADDRESSES)


def cells(job: Job, files: Files | None = None, **changes: Any) -> dict[str, Cell]:
    return cells_of(layout(**changes), job, files or Files())


def current_milestone(job: Job, **changes: Any) -> str:
    fields = ("current_milestone",)
    return cells_of(layout(**changes), job, Files(), fields=fields)["current_milestone"].text


def test_the_samples_cells_are_frozen(sample_job: Job) -> None:
    """A changed layout of the row rewrites every cell of every sheet."""
    preview = f"https://everbright.example/api/v1/document/{SAMPLE_DOCUMENT}/preview"
    page = f"https://everbright.example/address/{SAMPLE_SITE}"
    when = datetime(2018, 9, 4, 17, 11, 58, 241730, tzinfo=UTC)
    assert cells(sample_job) == {
        "customer": Cell(
            text="Job 157802b4", links=(Link(start=0, end=12, uri=page),), is_stand_in=True
        ),
        "status": Cell(
            text="Construction & Signoff approved", other_texts=("Approved",), noted=when
        ),
        "last_change": Cell(text="Construction & Signoff approved", dated=when, has_year=True),
        "last_update": Cell(when=when),
        "last_approval": Cell(when=when),
        f"status:{SAMPLE_DEFINITION}": Cell(text="Approved", noted=when),
        f"documents:{SAMPLE_DEFINITION}": Cell(
            text="Silver-Inspection (Passed).pdf", links=(Link(start=0, end=30, uri=preview),)
        ),
        "initial_quote": Cell(text=SAMPLE_QUOTE),
        "site_id": Cell(text=SAMPLE_SITE),
    }


def test_a_file_in_drive_has_two_links(sample_job: Job) -> None:
    """The name opens the copy. EverBright's preview is first, because long names are cut off."""
    files = Files(folder="https://drive.example/f", documents={SAMPLE_DOCUMENT: "https://d/1"})
    shown = cells(sample_job, files)
    cell = shown[f"documents:{SAMPLE_DEFINITION}"]
    assert cell.text == "↗ Silver-Inspection (Passed).pdf"
    assert [(link.start, link.end) for link in cell.links] == [(0, 1), (2, 32)]
    assert cell.links[1].uri == "https://d/1"
    assert shown["folder"].links[0].uri == "https://drive.example/f"


def test_links_count_in_utf_16_units() -> None:
    """Otherwise a name with an emoji would shift every link after it."""
    job = job_of(an_event(tasks=[task(document(1, "🏠.pdf"), document(2, "b.pdf"))]))
    cell = cells(job)[f"documents:{uuid(30_001)}"]
    assert cell.text == "🏠.pdf\nb.pdf"
    assert [(link.start, link.end) for link in cell.links] == [(0, 6), (7, 12)]


def test_the_config_says_which_columns_each_milestone_has() -> None:
    job, milestone = job_of(an_event(status="APPROVED")), uuid(30_001)
    columns = [{"id": "site_id", "header": "Site ID"}, {"id": "approved"}]
    one = layout(columns=columns)
    headers = [column.header for column in one.columns([job])]
    assert headers == ["Site ID", "Milestone 1 approved"]
    assert cells_of(one, job).keys() == {"site_id", f"approved:{milestone}"}


def test_generated_documents_are_shown_with_their_preview() -> None:
    job = job_of(an_event(tasks=[task(document(1, "Contract.pdf", "GENERATED"))]))
    assert cells(job)[f"documents:{uuid(30_001)}"].links[0].uri.endswith("/preview")


@pytest.mark.parametrize(("name", "most"), [("Permit", 500), ("A rather long name " * 10, 300)])
def test_five_thousand_documents_fit_a_cell(name: str, most: int) -> None:
    """Google rejects a cell over 50,000 characters, and a batch of many MB."""
    many = [document(n, f"{name}{n}.pdf") for n in range(5000)]
    cell = cells(job_of(an_event(tasks=[task(*many)])))[f"documents:{uuid(30_001)}"]
    shown = len(cell.links)
    assert most - 60 < shown <= most
    assert len(cell.text) <= CELL_LIMIT + 100
    assert cell.text.endswith(f"\n… and {5000 - shown} more")
    assert len(json.dumps(encode.encoded(cell, ZoneInfo("UTC")))) < 200_000


def test_text_longer_than_a_cell_is_cut() -> None:
    job = job_of(an_event(comments=[comment("é" * 60_000, "2026-03-01T00:00:00Z")]))
    text = cells(job)["last_comment"].text
    assert len(text) == CELL_LIMIT
    assert text.endswith("…")


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("APPROVED", "Approved"),
        ("INPROG", "In progress"),
        ("PENDING_REVIEW", "Pending review"),
        ("=HYPERLINK(1)", "=hyperlink(1)"),
        (None, ""),
    ],
)
def test_an_unknown_status_is_made_readable(code: str | None, label: str) -> None:
    shown = cells(job_of(an_event(status=code))).get(f"status:{uuid(30_001)}", EMPTY)
    assert shown.text == label


def test_a_re_signed_job_notes_that_another_contract_may_be_active() -> None:
    tasks = [task(name="Re-sign", status="APPROVED", sub_tasks=[])]
    cell = cells(job_of(an_event(tasks=tasks)))["re_signed"]
    assert cell.when == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert "may be another quote's" in cell.note


def test_config_orders_renames_merges_and_hides() -> None:
    """Organizations have several definitions for one step, and steps that sales doesn't need."""
    steps = [
        {"definitions": [uuid(30_003)], "header": "Permits"},
        {"definitions": [uuid(30_001), uuid(30_002)]},
        {"definitions": [uuid(30_004)], "hidden": True},
    ]
    events = [an_event(definition=n, date_updated=f"2026-03-0{n}T00:00:00Z") for n in (1, 2, 3, 4)]
    events.append(an_event(definition=2, status="APPROVED", date_updated="2026-03-07T00:00:00Z"))
    job = job_of(*events)
    columns = layout(milestones=steps).columns([job])
    headers = [column.header for column in columns if column.id.startswith("status:")]
    assert headers == ["Permits", "Milestone 1"]
    shown = cells(job, milestones=steps)
    assert shown[f"status:{uuid(30_001)}"].text == "Approved"
    assert f"status:{uuid(30_004)}" not in shown
    for without in ((), ("milestones",), ("milestones", "documents")):
        wanted = [column for column in CONFIG.columns if column.id not in without]
        chosen = layout(milestones=steps, columns=wanted)
        assert chosen.has_columns_of(chosen.columns([job]), [job]), "no job has to be read"
        assert chosen.has_columns_of(chosen.columns([]), [job]) == (len(without) == 2)


def test_the_current_milestone_is_the_furthest_in_the_configured_order() -> None:
    steps = [{"definitions": [uuid(30_002)]}, {"definitions": [uuid(30_001)], "header": "Last"}]
    job = job_of(
        an_event(definition=1, date_updated="2026-03-01T00:00:00Z"),
        an_event(definition=2, date_updated="2026-03-05T00:00:00Z"),
    )
    assert current_milestone(job, milestones=steps) == "Last"
    assert current_milestone(job) == "Milestone 2"


def test_the_current_milestone_does_not_go_back() -> None:
    job = job_of(
        an_event(definition=1, date_updated="2026-03-01T00:00:00Z"),
        an_event(definition=2, date_updated="2026-03-05T00:00:00Z"),
        an_event(definition=1, date_updated="2026-03-09T00:00:00Z", status="APPROVED"),
    )
    assert current_milestone(job) == "Milestone 2"


def test_names_are_escaped_in_urls() -> None:
    page = ADDRESSES.page("/address/{site}", site="../x?y#z")
    assert page == "https://everbright.example/address/..%2Fx%3Fy%23z"
