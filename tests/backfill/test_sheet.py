"""Jobs that were read appear in the sheet as if webhooks had delivered them."""

from pathlib import Path

import pytest

from emulator import Emulator
from sync.backfill.run import Backfill
from sync.wiring import BACKFILL
from tests.backfill.stand import TOKEN, Stand, event
from tests.bench import Bench
from tests.made_up import uuid
from tests.webhooks.payloads import contract
from tests.world import World, wait_for


def ran(bench: Bench) -> Backfill:
    backfill = bench.wiring.backfill("all", lambda _: None)
    with bench.wiring.hold_lease(lambda _: None, BACKFILL) as held:
        backfill.run(held)
    return backfill


def test_a_row_is_the_same_whether_its_job_was_read_or_delivered(
    google: Emulator, sqlite_url: str
) -> None:
    google.everbright.token = TOKEN
    bench = Bench(google, sqlite_url, EVERBRIGHT_API_TOKEN=TOKEN, BACKFILL_RATE="50")
    read, delivered = (
        [event(job, 1, 5, status="APPROVED"), event(job, 2, 9, status="REJECTED")] for job in (1, 2)
    )
    for one in read:
        google.everbright.load(one)
    dated = "2026-03-06T10:00:00Z"
    google.everbright.load_contract(contract("SIGN", 1, date_updated=dated))
    bench.send(*delivered, contract("SIGN", 2, date_updated=dated))
    ran(bench)
    bench.flush()
    rows = [bench.row(uuid(job)) for job in (1, 2)]
    own = {"Customer", "Site ID", "Initial quote"}
    first, second = ({k: v for k, v in row.items() if k not in own} for row in rows)
    assert first == second
    assert first["Status"].endswith(" rejected")
    assert first["Contract signed"].startswith("3/5/2026")
    assert first["Contract files"].startswith("Agreement.pdf")
    assert all(row["Initial quote"] for row in rows)
    links = {link.uri for row in bench.rows() for cell in row.values() for link in cell.links}
    for job in (1, 2):
        assert any(
            event(job)["tasks"][1]["sub_tasks"][0]["data"]["documents"][0]["uuid"] in link
            for link in links
        )
    assert bench.compare() == 0


def test_a_backfill_of_what_is_shown_writes_nothing(google: Emulator, sqlite_url: str) -> None:
    google.everbright.token = TOKEN
    bench = Bench(google, sqlite_url, EVERBRIGHT_API_TOKEN=TOKEN, BACKFILL_RATE="50")
    google.everbright.load(event(1))
    bench.shown(event(1))
    writes = bench.writes()
    google.everbright.load(event(1, minute=90))  # a later date, and nothing else
    ran(bench)
    assert not bench.is_waiting()
    assert bench.writes() == writes


@pytest.mark.long
def test_the_worker_reads_what_is_due_and_shows_it(
    google: Emulator, tmp_path: Path, sqlite_url: str
) -> None:
    stand = Stand(google, sqlite_url)
    stand.nightly().step()
    stand.age(24 * 400)
    google.everbright.load(event(1, status="APPROVED"))
    world = World(google, tmp_path, sqlite_url, EVERBRIGHT_API_TOKEN=TOKEN)
    with world.receiver().ready():
        wait_for(lambda: uuid(1) in world.by_site())
    assert '"events": 1' in world.log.read_text()
