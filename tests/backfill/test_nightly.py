"""The worker reads what changed every day: what webhooks missed, and nothing else."""

import random

import pytest

from emulator import Emulator
from sync.status.verdict import evaluate
from sync.wiring import BACKFILL
from sync.worker.loop import BackfillLoop
from tests.backfill.stand import Mute, Stand, event
from tests.made_up import uuid
from tests.stored import newest


def _nightly(stand: Stand) -> tuple[Mute, BackfillLoop]:
    alerts = Mute()
    loop = stand.nightly(alerts)
    loop.step()  # The first looks at nothing: it marks from when on changes are looked for.
    assert not stand.asked()
    return alerts, loop


@pytest.mark.long
def test_webhooks_that_were_dropped_are_brought_and_no_others(stand: Stand) -> None:
    lots = random.Random(7)
    alerts, loop = _nightly(stand)
    first = [event(job, minute=0) for job in range(1, 151)]
    stand.load(*first)
    stand.send(*first)
    changed = [event(job, minute=600 + job, status="APPROVED") for job in range(1, 151)]
    dropped = set(lots.sample(range(150), 100))
    stand.load(*changed)
    stand.send(*(one for number, one in enumerate(changed) if number not in dropped))
    stand.project()
    stand.age(24 * 400)
    loop.step()
    stand.project()
    kept = [one for one in newest(stand.wiring.inbox, 1000) if one.id.startswith("backfill-")]
    assert {one.site for one in kept} == {changed[number]["site"] for number in dropped}
    assert len(kept) == 100
    assert alerts.texts[0].startswith("100 events of 100 jobs had not been delivered.")
    assert {one["status"][uuid(30_001)][0] for one in stand.states().values()} == {"APPROVED"}
    loop.step()
    assert len(alerts.texts) == 1, "it ran again before a day had passed"


@pytest.mark.parametrize("status", [404, 503])
def test_a_backfill_that_fails_for_days_is_a_problem(stand: Stand, status: int) -> None:
    alerts, loop = _nightly(stand)
    stand.load(event(1))

    def problems() -> set[str]:
        return {problem.code for problem in evaluate(stand.wiring.backlog())}

    stand.age(25)
    stand.google.faults.answer(status, api="everbright", count=None)
    loop.step()
    stand.age(47)
    assert "backfill_late" not in problems()
    stand.age(2)
    stand.nightly(alerts).step()
    assert "backfill_late" in problems()
    assert alerts.texts == []
    stand.google.faults.clear()
    stand.nightly(alerts).step()
    assert "backfill_late" not in problems()


def test_what_a_night_could_not_read_is_read_by_the_next(stand: Stand) -> None:
    alerts, loop = _nightly(stand)
    stand.load(event(1), event(2))
    stand.age(24 * 400)
    faults = stand.google.faults
    faults.answer(404, api="everbright", path="*/task*", count=1)
    loop.step()
    assert alerts.texts[-1].startswith("1 job could not be read from EverBright")
    assert len(stand.from_backfill()) == 1
    stand.age(24)
    loop.step()
    assert len(stand.from_backfill()) == 2


def test_a_night_that_did_not_see_the_whole_list_is_made_up_for(stand: Stand) -> None:
    alerts, loop = _nightly(stand)
    stand.google.everbright.records.add("project", {"uuid": "no-uuid", "archived": False})
    stand.age(24 * 400)
    loop.step()
    assert alerts.texts[-1].startswith("Part of the list of jobs could not be read from EverBright")
    assert "page 1 lists 1 jobs without a site's UUID." in alerts.texts[-1]
    stand.google.everbright.records.remove("project", "uuid", "no-uuid")
    stand.load(event(1))
    stand.age(24)
    loop.step()
    assert len(stand.from_backfill()) == 1


def test_two_workers_read_once(stand: Stand, sqlite_url: str) -> None:
    _, loop = _nightly(stand)
    stand.load(event(1))
    stand.age(24 * 400)
    other = Stand(stand.google, sqlite_url)
    with other.wiring.hold_lease(other.sleep, BACKFILL):
        loop.step()
        assert not stand.asked()
    other.nightly().step()
    stand.nightly().step()
    assert set(stand.asked().values()) == {1}


def test_a_killed_backfill_resumes(stand: Stand) -> None:
    _, loop = _nightly(stand)
    stand.load(*(event(job) for job in range(1, 31)))
    stand.age(24 * 400)
    stand.google.faults.answer(401, api="everbright", path="*/ops_workflow*", skip=4, count=1)
    loop.step()
    assert sum(stand.asked("ops_workflow.list").values()) == 5
    stand.nightly().step()
    assert len(stand.from_backfill()) == 30
    assert set(stand.asked("project.list").values()) == {2}, "the list is read again, and once"
    assert sum(stand.asked("ops_workflow.list").values()) == 31


def test_a_milestone_that_became_ready_is_found_and_no_webhook_was_missed(
    google: Emulator, sqlite_url: str
) -> None:
    """EverBright sends nothing about it, and its list of jobs doesn't say that they changed."""
    spreadsheet = google.create_spreadsheet("Solar jobs")
    stand = Stand(google, sqlite_url, SPREADSHEET_ID=spreadsheet)
    alerts, loop = _nightly(stand)
    begun = event(1, status="INPROG")
    stand.load(begun)
    stand.shown(begun)
    assert stand.row(uuid(1))["Next action"].startswith("Finish ")
    stand.load(begun | {"ready_to_submit": True})
    stand.age(24)
    loop.step()
    stand.flush()
    assert stand.row(uuid(1))["Next action"].startswith("Submit ")
    assert "events_missed" not in alerts.reasons
