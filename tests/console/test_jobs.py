"""The pages of jobs: what a search finds, and a job's story."""

import json
from dataclasses import asdict
from html import unescape

import pytest
from sqlalchemy import update

from sync.core.looks import view_id
from sync.core.report import Finding, PassReport
from sync.core.schema import job
from sync.core.snapshot import JOBS
from tests import databases
from tests.console.rig import Rig
from tests.made_up import comment, document, milestone, task, uuid

CUSTOMERS = {
    1: {"customer": "Zoë Peña", "phone": "(555) 010-0100", "address": "12 N. Canyon Ln"},
    2: {"customer": "Ann Archer", "phone": "555-020-0200", "email": "ann@example.com"},
}


@pytest.fixture
def known(stored_rig: Rig) -> Rig:
    files = [document(1, "Roof plan 100%.pdf")]
    stored_rig.arrived(
        milestone(1, 1, name="Permits", status="REJECTED", tasks=[task(*files)]),
        milestone(2, 1, name="Permits", comments=[comment("Call today.", "2026-03-01T09:00:00Z")]),
    )
    for number, customer in CUSTOMERS.items():
        stored_rig.store.set_customer(stored_rig.lease, uuid(number), customer, 0.0)
    return stored_rig


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 2}),
        ("zoe", {1}),
        ("PEÑA zoë", {1}),
        ("5550100100", {1}),
        ("555 010 0100", {1}),
        ("canyon", {1}),
        ("ann@example", {2}),
        (uuid(2)[-12:], {2}),
        ("zoe archer", set()),
        ("%", set()),
        ("nobody", set()),
    ],
)
def test_a_search_finds_jobs_by_their_customers(known: Rig, query: str, found: set[int]) -> None:
    assert {*known.records.find_sites(query)} == {uuid(number) for number in found}


def test_webhooks_are_found_by_the_customer(known: Rig) -> None:
    found = known.records.deliveries("zoe")
    assert [each.site for each in found] == [uuid(1)]
    assert [each.id for each in known.records.deliveries("2")] == [2]
    assert len(known.records.deliveries("milestone")) == 2
    assert "Milestone" in known.signed_in().text("/webhooks")


def test_a_story_is_told_by_when_things_happened(known: Rig) -> None:
    replaced = [{"field": "progress", "held": "Call first", "wrote": "Permit in", "at": 1.8e9}]
    with known.database.begin() as connection:
        own = update(job).where(job.c.site == uuid(2))
        connection.execute(own.values(boards=json.dumps({"replaced": replaced})))
    page = known.signed_in().text(f"/jobs/{uuid(2)}")
    story = page.partition("What happened")[2]
    lines = ["Call first → Permit in", "Permits: <span", "Call today."]
    places = [story.index(line) for line in lines]
    assert places == sorted(places), "the newest is first"
    assert "isn’t in the sheet yet" in page


def test_no_row_is_called_right_while_the_sheet_is_wrong(known: Rig) -> None:
    gone = PassReport(findings=[Finding("tab_gone", "Jobs")])
    known.store.put("pass", asdict(gone))
    page = known.signed_in().text(f"/jobs/{uuid(1)}")
    assert "Something in the sheet is wrong" in page
    assert "shows everything.<" not in page


def test_a_document_names_its_milestone(known: Rig) -> None:
    assert "Document of Permits: <" in known.signed_in().text(f"/jobs/{uuid(1)}")


def test_each_reps_view_has_a_link(known: Rig) -> None:
    """Others are opened in the sheet."""
    made = [f"{JOBS} view Ada Birch's jobs", f"{JOBS} view Stuck"]
    known.store.put("sheet", {"looks": dict.fromkeys(made, 3)})
    page = unescape(known.signed_in().text("/jobs"))
    number = view_id(JOBS, "Ada Birch's jobs")
    assert f"/edit#gid={JOBS}&fvid={number}" in page
    assert page.count("fvid=") == 1


def test_times_are_in_the_time_zone(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = databases.fresh("sqlite", tmp_path_factory.mktemp("zone"))
    rig = Rig(url, TIMEZONE="America/Los_Angeles")
    rig.arrived(milestone(1, date_updated="2026-03-01T02:00:00Z"))
    assert "Feb 28, 2026, 6:00 PM<" in rig.signed_in().text(f"/jobs/{uuid(1)}")


def test_many_jobs_are_listed_in_pages(rig: Rig) -> None:
    rig.arrived(*(milestone(number) for number in range(1, 61)))
    visitor = rig.signed_in()
    first, second = visitor.text("/jobs"), visitor.text("/jobs?from=50")
    assert first.count('<th scope="row">') == 50
    assert second.count('<th scope="row">') == 10
    assert "60 jobs" in first
