"""Other webhooks that belong on the row: what is there is read, and nothing fails."""

import pytest

from sync.webhooks.schema import Outcome
from tests.bench import Bench
from tests.made_up import comment, milestone, uuid
from tests.webhooks.payloads import contract

pytestmark = pytest.mark.long


def test_an_archived_job_is_labeled_and_gray(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2))
    assert bench.send({"site": uuid(1), "archived": True}) == [Outcome.ACCEPTED]
    bench.flush()
    assert bench.row(uuid(1))["Status"] == "Archived"
    assert bench.row(uuid(2))["Status"] == "Milestone 1 under review"
    assert "Days" not in bench.row(uuid(1))
    fields = (
        "data(rowData(values(formattedValue,effectiveFormat(textFormat(foregroundColorStyle)))))"
    )
    rows = bench.tab("Jobs", fields)["data"][0]["rowData"]
    inks = {
        row["values"][-1]["formattedValue"]: row["values"][0]["effectiveFormat"]["textFormat"]
        for row in rows
        if any("formattedValue" in cell for cell in row.get("values", ()))
    }
    assert inks[uuid(1)] != inks[uuid(2)]
    bench.shown({"uuid": uuid(1), "archived": False, "date_updated": "2036-01-01T00:00:00Z"})
    assert bench.row(uuid(1))["Status"] == "Milestone 1 under review"


def test_a_signed_contract_is_on_the_row_with_its_date_and_its_document(bench: Bench) -> None:
    """Signed says that it is in force; generated and sent ones are a state only."""
    sent = contract("SENT", date_updated="2026-03-04T10:00:00Z")
    bench.shown(milestone(1), sent)
    row = bench.row(uuid(1))
    assert row["Contract status"] == "Sent"
    assert row.keys().isdisjoint({"Contract signed", "Contract files"})
    assert bench.send(contract()) == [Outcome.ACCEPTED]
    bench.flush()
    row = bench.row(uuid(1))
    assert (row["Contract status"], row["Contract files"]) == ("Signed", "Agreement.pdf")
    assert row["Contract signed"] == "3/5/2026 10:00 AM"
    assert bench.notes("Contract status")[1] == "Mar 5, 2026, 10:00 AM"
    bench.shown(contract("VOID"))
    assert bench.row(uuid(1))["Contract status"] == "Voided"
    lines = bench.texts("History")
    told = [line["To"] for line in lines if line["What"] == "Contract: Installation Agreement"]
    assert told == ["Voided", "Signed", "Sent"]


def test_a_contract_creates_the_row(bench: Bench) -> None:
    """A lead's stage makes none; a job's contract may be the first that comes of it."""
    bench.shown({"site_id": uuid(1), "stage_name": "Sold"}, contract())
    row = bench.row(uuid(1))
    assert (row["Contract status"], row["Stage"], row["Initial quote"]) == (
        "Signed",
        "Sold",
        uuid(20_001),
    )
    assert bench.texts("History")[0]["To"] == "Signed"
    bench.shown(milestone(1))
    assert bench.row(uuid(1))["Status"] == "Milestone 1 under review"


def test_a_contract_is_copied_once_it_is_signed(bench: Bench) -> None:
    """Like any document that was uploaded; a draft is not."""
    draft = contract("SENT", documents=contract()["sub_tasks"][0]["data"]["documents"])
    bench.shown(milestone(1), draft)
    assert bench.wiring.documents.counts().get("pending", 0) == 0
    bench.shown(contract())
    assert bench.wiring.documents.counts().get("pending", 0) == 1


@pytest.mark.parametrize("first", ["task", "milestone"])
def test_a_task_s_comment_finds_its_job_by_the_milestone(store_bench: Bench, first: str) -> None:
    """A task names no site; it may come before the milestone that tells whose it is."""
    bench = store_bench
    said = comment("Which roof?", "2026-03-05T09:00:00Z", commentor_first_name="Ada")
    of_task = {
        "uuid": uuid(9),
        "task_definition": uuid(8),
        "milestone": milestone(1)["uuid"],
        "sub_tasks": [],
        "comments": [said],
    }
    payloads = [of_task, milestone(1)] if first == "task" else [milestone(1), of_task]
    for one in payloads:
        assert bench.send(one) == [Outcome.ACCEPTED]
        bench.flush()
    assert bench.row(uuid(1))["Last comment"] == '"Which roof?" – Ada'


def test_a_job_without_a_milestone_has_no_row(bench: Bench) -> None:
    """Every lead would else stand among the jobs."""
    bench.shown({"site_id": uuid(1), "stage_name": "Lead"})
    assert bench.calls() == 0
    bench.shown(milestone(1))
    assert bench.row(uuid(1))["Stage"] == "Lead"


def test_a_comment_that_names_its_definition_wipes_no_milestone(bench: Bench) -> None:
    said = comment("Look.", "2026-03-09T09:00:00Z", commentor_first_name="Ada")
    named = {"milestone": milestone(1)["uuid"], "milestone_definition": uuid(30_001)}
    bench.shown(milestone(1, status="APPROVED"))
    assert bench.send({"site": uuid(1), **named, **said}) == [Outcome.ACCEPTED]
    assert bench.send({**named, **said, "comment": "And again."}) == [Outcome.ACCEPTED]
    bench.flush()
    assert bench.row(uuid(1))["Status"] == "Milestone 1 approved"
    assert bench.row(uuid(1))["Last comment"].endswith(" – Ada")


def test_an_undated_repeat_counts(bench: Bench) -> None:
    """There and back and there again: the documented stage transition carries no date."""
    bench.shown(milestone(1))
    for name in ("Design", "Contract", "Design", "Contract"):
        bench.shown({"site_id": uuid(1), "stage_name": name, "previous_stage_name": "x"})
        assert bench.row(uuid(1))["Stage"] == name
    stages = [line["To"] for line in bench.texts("History") if line["What"] == "Stage"]
    assert stages == ["Contract", "Design", "Contract", "Design"]


def test_an_archived_proposal_archives_no_job(bench: Bench) -> None:
    bench.shown(milestone(1), {"site": uuid(1), "quote": uuid(2), "archived": True})
    assert bench.row(uuid(1))["Status"] == "Milestone 1 under review"


def test_a_comment_without_a_date_has_the_date_of_its_webhook(bench: Bench) -> None:
    said = comment("Long ago.", "2026-03-01T09:00:00Z", commentor_first_name="Ben")
    bench.shown(milestone(1, comments=[said]))
    bench.shown({"site": uuid(1), "comment": "Now.", "commentor_first_name": "Ada"})
    assert bench.row(uuid(1))["Last comment"] == '"Now." – Ada'
