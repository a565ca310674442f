"""Contracts are read back, too; the list of them is seen, not documented, and may be missing."""

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from sync.jobs.model import Files
from tests import databases
from tests.backfill.stand import Stand, event
from tests.laid_out import cells_of
from tests.made_up import uuid
from tests.sheets.conftest import with_more
from tests.webhooks.payloads import contract

pytestmark = pytest.mark.long

UPDATED: dict[str, Any] = {"date_updated": "2026-03-06T10:00:00Z"}
SHOWN = ("contract", "contract_signed", "contract_documents", "initial_quote")


def cells(stand: Stand, job: int = 1) -> dict[str, Any]:
    (state,) = stand.jobs.states([uuid(job)]).values()
    found = cells_of(stand.wiring.layout(), state, Files())
    return {column: found.get(column) for column in SHOWN}


def other(stand: Stand, tmp_path: Path) -> Stand:
    return Stand(stand.google, databases.fresh("sqlite", tmp_path))


@pytest.mark.parametrize("state", ["GEN", "SENT", "SIGN", "VOID"])
def test_a_contract_that_was_read_is_shown_as_one_that_was_delivered(
    any_stand: Stand, tmp_path: Path, state: str
) -> None:
    any_stand.load(event(1), contract(state, **UPDATED))
    run = any_stand.run()
    assert (run.missed, run.jobs, run.is_complete) == (2, 1, True)
    any_stand.project()
    delivered = other(any_stand, tmp_path)
    delivered.send(event(1), contract(state, **UPDATED))
    delivered.project()
    assert cells(any_stand) == cells(delivered)
    assert cells(any_stand)["contract"] is not None
    assert any_stand.run().missed == 0


def test_what_was_delivered_is_no_news(stand: Stand) -> None:
    stand.send(event(1), contract("SIGN"), contract("SENT", job=2))
    stand.load(event(1), contract("SIGN", **UPDATED), event(2), contract("SENT", 2, **UPDATED))
    assert stand.run().missed == 1  # the milestone of job 2
    stand.project()
    assert stand.run().missed == 0


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_webhooks_and_a_read_end_alike_in_any_order(stand: Stand, order: tuple[int, ...]) -> None:
    stand.load(event(1), contract("SENT", **UPDATED))
    steps: list[Callable[[], object]] = [
        lambda: stand.send(contract("GEN")),
        lambda: stand.send(contract("SIGN")),
        stand.run,
    ]
    for number in order:
        steps[number]()
        stand.project()
    found = cells(stand)
    assert found["contract"].text == "Signed"
    assert found["contract_signed"].when.isoformat() == "2026-03-05T10:00:00+00:00"


def test_an_undated_contract_counts_only_if_no_other_is_known(stand: Stand) -> None:
    stand.send(contract("SENT"))
    stand.load(event(1), contract("VOID"), event(2), contract("SENT", 2))
    assert stand.run().missed == 3  # two milestones, and the contract of job 2
    stand.project()
    assert [cells(stand, job)["contract"].text for job in (1, 2)] == ["Sent", "Sent"]


def test_a_record_without_sub_tasks_is_read_itself(stand: Stand) -> None:
    record = {
        "uuid": uuid(5), "site": uuid(1), "site_id": uuid(1), "quote": uuid(20_001),
        "name": "Installation Agreement", "status": "SIGN", "date_signed": "2026-03-05T10:00:00Z",
        "documents": [{"uuid": uuid(61_001), "name": "A.pdf", "creation_type": "UPLOADED"}],
    }  # fmt: skip
    stand.load(event(1))
    stand.google.everbright.records.add("contract", record)
    stand.run()
    stand.project()
    found = cells(stand)
    assert found["contract_signed"].when.isoformat() == "2026-03-05T10:00:00+00:00"
    assert found["contract_documents"].text.startswith("A.pdf")


ODD: list[dict[str, Any]] = [
    {"status": "DRAFT"}, {"sub_tasks": [12]}, {"documents": "x", "status": "SIGN", "name": 12},
    {"envelopes": {"a": 1}, "status": ["SIGN"]}, {},
]  # fmt: skip


@pytest.mark.parametrize("record", ODD)
def test_an_empty_record_does_not_stop_the_reading(stand: Stand, record: dict[str, Any]) -> None:
    stand.load(event(1))
    stand.google.everbright.records.add("contract", {"uuid": uuid(5), "site_id": uuid(1), **record})
    run = stand.run()
    assert (run.jobs, run.without_workflow, run.is_complete) == (1, 0, True)


@pytest.mark.parametrize(("name", "events"), [("contracts", 2), ("quotes", 3)])
def test_a_missing_list_is_reported_once_and_the_jobs_are_read(
    google: Emulator, sqlite_url: str, tmp_path: Path, name: str, events: int
) -> None:
    wrong = f'[everbright]\n{name} = "/api/v1/paper?site_id={{site}}"\n'
    config = with_more(tmp_path, wrong)
    stand = Stand(google, sqlite_url, config)
    stand.load(event(1, quote=None), event(2, quote=None), contract("SIGN", **UPDATED))
    result = stand.command("backfill", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["events"]) == (0, events)
    assert len(told["notes"]) == 1
    assert f"`{name}` under [everbright]" in told["notes"][0]
    assert not stand.asked(f"{name[:-1]}.list")


def test_blank_switches_contracts_off(google: Emulator, sqlite_url: str, tmp_path: Path) -> None:
    config = with_more(tmp_path, '[everbright]\ncontracts = ""\n')
    stand = Stand(google, sqlite_url, config)
    stand.load(event(1), contract("SIGN", **UPDATED))
    assert stand.run().missed == 1
    assert not stand.asked("contract.list")


def test_the_number_of_requests_is_reported(stand: Stand) -> None:
    stand.load(*(event(job) for job in range(1, 28)))
    result = stand.command("backfill", "--json")
    asked = sum(stand.asked().values())
    assert json.loads(result.stdout)["requests"] == asked > 27
    again = stand.command("backfill")
    assert f"It took {sum(stand.asked().values()) - asked} requests." in again.output
