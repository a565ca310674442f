"""More of a job, from the Data Access Layer: asked for once a change, blank where there is none."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from emulator import Emulator
from sync.jobs.model import Details
from sync.lookups import Fetcher
from sync.ops.pause import Pause
from sync.settings.config_file import MilestoneConfig
from sync.store.database import now
from sync.store.schema import detail
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more
from tests.world import wait_for

pytestmark = pytest.mark.long

COLUMNS = """
[[columns]]
id = "system_size"
header = "System size"

[[columns]]
id = "deadline"
header = "Deadline"

[[columns]]
id = "installer_payment"
header = "Payment"

[[columns]]
id = "sales_representative"
header = "Sales rep"
"""
STEPS = """
[[milestones]]
definitions = ["00000000-0000-0000-0000-000000007531"]
header = "NTP"
alias = "ntp"

[[milestones]]
definitions = ["00000000-0000-0000-0000-000000007532"]
header = "PTO"
alias = "pto"
"""
PREFERRED = """
[everbright]
system_size = ["a_system_capacity_kw", "s_system_capacity_kw", "system_capacity_kw"]
"""
QUOTE = uuid(20_001)
DEADLINE = "milestone_{}_submission_deadline"
SET = {
    "system_capacity_kw": 8.4,
    DEADLINE.format("ntp"): "2026-04-01",
    DEADLINE.format("pto"): "2026-06-01",
    "installer_payment_line_item_status": "PAID_IN_PART",
    "sales_representative_name": "Ines Moreno",
}

Make = Callable[..., Bench]


@pytest.fixture
def make(google: Emulator, database_url: str, tmp_path: Path) -> Iterator[Make]:
    """The product with a token and all four columns, and with what the config has more."""
    google.everbright.token = "a-token"

    def made(more: str = "", **changes: str) -> Bench:
        config = with_more(tmp_path, COLUMNS + STEPS + more)
        return Bench(google, database_url, config, EVERBRIGHT_API_TOKEN="a-token", **changes)

    google.everbright.data.set(QUOTE, **SET)
    yield made


def fetcher(bench: Bench, clock: Callable[[], float] = lambda: 0.0) -> Fetcher[Details]:
    found = bench.wiring.detail_fetcher()
    assert found is not None
    found._pause = Pause(clock)
    return found


def ask(bench: Bench, by: Fetcher[Details] | None = None) -> int:
    """Ask for all details that are due; return how many times."""
    by, count = by or fetcher(bench), 0
    while by.fetch() is not None:
        count += 1
        assert count < 100
    return count


def asked(bench: Bench) -> list[dict[str, str]]:
    calls = bench.google.calls.select("everbright", "everbright.data.get")
    return [dict(one.query) | {"path": one.path} for one in calls]


def cells(bench: Bench) -> dict[str, Any]:
    row = bench.row(uuid(1))
    return {header: row.get(header, "") for header in ("System size", "Deadline", "Payment")}


def test_the_columns_show_everbrights_values(make: Make) -> None:
    bench = make(TIMEZONE="America/Los_Angeles")
    bench.shown(milestone(1))
    assert ask(bench) == 1
    bench.flush()
    assert cells(bench) == {
        "System size": "8.4", "Deadline": "4/1/2026", "Payment": "Paid in part",
    }  # fmt: skip
    assert bench.row(uuid(1))["Sales rep"] == "Ines Moreno"
    data = bench.tab("Jobs", "data(rowData(values(userEnteredValue)))")["data"][0]["rowData"]
    value = data[1]["values"][bench.index("system_size")]["userEnteredValue"]
    assert value == {"numberValue": 8.4}
    assert bench.compare() == 0, "the comparison finds other cells than were written"


def test_the_request_for_another_column_fills_rep(make: Make, tmp_path: Path) -> None:
    bench = make()
    size = '\n[[columns]]\nid = "system_size"\nheader = "System size"\n'
    bench.configured(with_more(tmp_path, size))
    bench.shown(milestone(1))
    assert (ask(bench), len(asked(bench))) == (1, 1)
    bench.flush()
    assert bench.row(uuid(1))["Rep"] == "Ines Moreno"
    assert "Sales representative" not in bench.rows()[0]


def test_one_request_a_change_and_none_without(make: Make) -> None:
    bench = make()
    bench.shown(milestone(1), milestone(2))
    by = fetcher(bench)
    assert (ask(bench, by), len(asked(bench))) == (2, 2)
    assert {one["path"] for one in asked(bench)} == {
        f"/api/data/quote/{uuid(20_001)}/", f"/api/data/quote/{uuid(20_002)}/",
    }  # fmt: skip
    bench.flush()
    bench.send(milestone(1))
    bench.flush()
    assert ask(bench, by) == 0
    assert ask(bench) == 0, "a restart asks again"
    bench.shown(milestone(1, date_updated="2026-03-02T10:00:00Z"))
    assert ask(bench, by) == 1
    assert bench.flush() == 0, "nothing was new, and yet something was written"


def test_a_change_while_everbright_answers_is_asked_for(make: Make) -> None:
    bench = make()
    bench.shown(milestone(1))
    store = fetcher(bench)._store
    due = store.claim()
    assert due is not None
    bench.shown(milestone(1, date_updated="2026-03-02T10:00:00Z"))
    store.keep(due.job.site, due.known, due.events)
    assert ask(bench) == 1


def test_the_deadline_is_that_of_the_milestone_to_be_submitted(make: Make) -> None:
    bench = make()
    bench.shown(milestone(1, 1, status="REJECTED"))
    ask(bench)
    bench.flush()
    assert cells(bench)["Deadline"] == "4/1/2026"
    bench.shown(milestone(1, 1, status="APPROVED", date_updated="2026-03-02T10:00:00Z"))
    assert cells(bench)["Deadline"] == "", "the deadline of an approved milestone is shown"
    ask(bench)
    bench.flush()
    assert cells(bench)["Deadline"] == "6/1/2026"
    bench.shown({"site": uuid(1), "archived": True})
    ask(bench)
    bench.flush()
    assert cells(bench)["Deadline"] == ""


def test_the_deadline_knows_the_order_and_the_statuses_of_the_console(
    make: Make, tmp_path: Path
) -> None:
    bench = make()
    bench.configured(with_more(tmp_path, COLUMNS))
    bench.shown(milestone(1, 1, status="OKAYED"))
    by = fetcher(bench)
    ask(bench, by)
    confirmations = bench.store.confirmations
    steps = tuple(
        MilestoneConfig(definitions=(uuid(30_000 + number),), header=alias.upper(), alias=alias)
        for number, alias in ((1, "ntp"), (2, "pto"))
    )
    confirmations.confirm_order(steps)
    assert ask(bench, by) == 1
    bench.flush()
    assert cells(bench)["Deadline"] == "4/1/2026"
    confirmations.confirm_statuses({"OKAYED": "approved"})
    assert ask(bench, by) == 1
    bench.flush()
    assert cells(bench)["Deadline"] == "6/1/2026"


def test_the_first_baseline_that_exists_counts(make: Make) -> None:
    bench = make(PREFERRED)
    bench.google.everbright.data.set(QUOTE, s_system_capacity_kw=7.9)
    bench.shown(milestone(1))
    ask(bench)
    bench.flush()
    assert cells(bench)["System size"] == "7.9"
    bench.google.everbright.data.set(QUOTE, a_system_capacity_kw=7.5)
    bench.shown(milestone(1, date_updated="2026-03-02T10:00:00Z"))
    ask(bench)
    bench.flush()
    assert cells(bench)["System size"] == "7.5"


def test_after_a_change_order_the_new_quote_is_asked_for(make: Make) -> None:
    bench = make()
    order = {
        "name": "Change Order", "site": uuid(1), "quote": QUOTE, "new_quote": uuid(20_009),
        "sub_tasks": [{"document_status": "SIGN", "data": {"envelopes": [{}], "documents": []}}],
    }  # fmt: skip
    bench.shown(milestone(1), order)
    ask(bench)
    assert [one["path"] for one in asked(bench)] == [f"/api/data/quote/{uuid(20_009)}/"]


def test_missing_data_of_an_account_is_blank_and_reported_once(make: Make) -> None:
    bench = make('[everbright]\ninstaller_payment = ["installer_payment_total"]\n')
    bench.shown(milestone(1), milestone(2))
    with capture_logs() as logs:
        assert ask(bench) == 2
    bench.flush()
    assert cells(bench)["Payment"] == ""
    assert cells(bench)["System size"] == "8.4"
    said = [one for one in logs if one["event"] == "details_missing"]
    assert [one["metrics"] for one in said] == [["installer_payment_total"]]
    bench.shown(milestone(1, date_updated="2026-03-02T10:00:00Z"))
    with capture_logs() as logs:
        assert ask(bench) == 1
    assert "details_missing" not in [one["event"] for one in logs], "said again after a restart"


def test_a_refusal_is_reported_once(make: Make) -> None:
    bench = make('[everbright]\ndetails = "/api/nothing/{quote}/?m={metrics}"\n')
    bench.shown(*(milestone(job) for job in range(1, 6)))
    with capture_logs() as logs:
        assert ask(bench) == 5
        assert ask(bench) == 0
    assert len([one for one in logs if one["event"] == "details_refused"]) == 1
    bench.flush()
    assert cells(bench) == {"System size": "", "Deadline": "", "Payment": ""}


def test_a_changed_config_asks_for_every_job_again_at_the_backfill_rate(
    make: Make, tmp_path: Path
) -> None:
    bench = make()
    bench.configured(with_more(tmp_path, ""))
    bench.shown(milestone(1), milestone(2))
    assert bench.wiring.detail_fetcher() is None, "off, and yet asked for"
    bench.configured(with_more(tmp_path, COLUMNS + STEPS))
    assert ask(bench) == 2
    assert ask(bench) == 0
    bench.configured(with_more(tmp_path, COLUMNS + STEPS + PREFERRED))
    by = fetcher(bench)
    assert ask(bench, by) == 1
    due = select(detail.c.due_at - now()).where(detail.c.due_at.is_not(None))
    (wait,) = bench.database.scalars(due)
    assert 0 < wait <= 1 / bench.settings.backfill_rate
    wait_for(by.fetch, 5)
    assert ask(bench) == 0


def test_an_outage_is_not_met_with_a_request_for_every_job(make: Make) -> None:
    bench = make()
    bench.shown(*(milestone(job) for job in range(1, 21)))
    now = 0.0
    by = fetcher(bench, lambda: now)
    bench.google.everbright.token = "another"
    assert ask(bench, by) == 3
    now = 890.0
    assert ask(bench, by) == 0, "asked again before 15 minutes were over"
    bench.google.everbright.token = "a-token"
    now = 1000.0
    assert ask(bench, by) == 17
    with bench.database.writing() as connection:
        connection.execute(update(detail).where(detail.c.due_at.is_not(None)).values(due_at=0.0))
    assert ask(bench, by) == 3
    bench.flush()
    assert cells(bench)["System size"] == "8.4"


def test_the_command_lists_what_the_account_has(make: Make) -> None:
    bench = make('[everbright]\ninstaller_payment = ["installer_payment_total"]\n')
    bench.shown(milestone(1), milestone(2))
    ask(bench)
    result = bench.command("details", "--json")
    found = {one["metric"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert found["system_capacity_kw"]["values"] == 2
    assert found["installer_payment_total"] == {
        "column": "installer_payment", "metric": "installer_payment_total",
        "asked": 2, "values": 0, "blank": 0, "missing": 2, "refused": 0,
    }  # fmt: skip
    text = bench.command("details").stdout
    assert "installer_payment_total" in text
    assert "Ines" not in text
