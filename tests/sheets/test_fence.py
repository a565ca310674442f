"""The fence shows which database set it: two databases for one spreadsheet, and a backup."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import Emulator
from sync.errors import Permanent, Retryable
from sync.sheets.ids import FENCE_TAB
from sync.status.verdict import answer, evaluate
from sync.status.watch import Watch
from sync.wiring import PROJECTION
from sync.worker.loop import BackfillLoop
from sync.worker.sheet_loop import SheetLoop
from tests import databases
from tests.backfill.stand import TOKEN, Hurried, Mute, event
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG, milestone, uuid

OTHER_DATABASE, RESTORED = "other_database", "restored"
LATER = "2026-03-05T10:00:00Z"


class Hosts:
    """Installations with databases of their own, for one spreadsheet."""

    def __init__(self, google: Emulator, folder: Path) -> None:
        self.google = google
        self.folder = folder
        self.first = self._host(folder / "first")

    def _host(self, folder: Path, **changes: str) -> Bench:
        folder.mkdir(exist_ok=True)
        return Bench(self.google, databases.fresh("sqlite", folder), DEMO_CONFIG, **changes)

    def another(self) -> Bench:
        return self._host(self.folder / "other", SPREADSHEET_ID=self.first.spreadsheet)

    def backup(self) -> Callable[..., Bench]:
        """Copy the database; return what starts an installation with the copy."""
        self.first.database.close()
        kept = self.folder / "kept"
        shutil.copytree(self.folder / "first", kept)

        def restore(**changes: str) -> Bench:
            return self._host(kept, SPREADSHEET_ID=self.first.spreadsheet, **changes)

        return restore


@pytest.fixture
def hosts(google: Emulator, tmp_path: Path) -> Hosts:
    return Hosts(google, tmp_path)


def stops(bench: Bench, doubt: str) -> None:
    """Check that nothing is written, by a flush or by a comparison, and that /status shows why."""
    writes = bench.writes()
    for act in (bench.flush_once, bench.compare):
        with pytest.raises(Permanent) as stopped:
            act()
        assert stopped.value.reason == doubt
    assert bench.writes() == writes
    told = answer(bench.wiring.backlog())
    assert doubt in [reason["reason"] for reason in told["reasons"]]


def approved(job: int) -> dict[str, object]:
    return milestone(job, status="APPROVED", date_updated=LATER)


def status(bench: Bench, job: int) -> str:
    return bench.row(uuid(job))["Status"]


def test_of_two_databases_only_the_one_that_a_person_chooses_writes(hosts: Hosts) -> None:
    old = hosts.first
    old.shown(milestone(1))
    new = hosts.another()
    new.send(approved(1))
    new.project()
    stops(new, OTHER_DATABASE)
    old.shown(milestone(2))

    report = new.command("takeover").output
    assert "read the jobs first" in report
    assert "add --write" in report
    stops(new, OTHER_DATABASE)
    new.command("takeover", "--write")
    new.flush()
    assert status(new, 1) == "Milestone 1 approved"
    new.wiring.heartbeats.give()
    assert evaluate(new.wiring.backlog()) == ()

    old.send(milestone(3))
    old.project()
    stops(old, OTHER_DATABASE)
    new.shown(milestone(4))
    assert uuid(3) not in new.look().by_site


def test_taking_over_stops_the_other_database_though_nothing_is_to_be_written(hosts: Hosts) -> None:
    old = hosts.first
    old.shown(milestone(1))
    new = hosts.another()
    with pytest.raises(Permanent):
        new.compare()
    new.command("takeover", "--write")
    new.flush()
    old.send(milestone(2))
    old.project()
    stops(old, OTHER_DATABASE)


@pytest.mark.parametrize("when", ["before", "after"])
def test_taking_over_survives_a_503(hosts: Hosts, when: str) -> None:
    """Whether Google took the batch or not: the next flush finds out, and writes."""
    old = hosts.first
    old.shown(milestone(1))
    new = hosts.another()
    new.send(milestone(2))
    new.project()
    stops(new, OTHER_DATABASE)
    new.command("takeover", "--write")
    old.send(milestone(3))
    old.project()
    hosts.google.faults.answer(503, method="*.batchUpdate", when=when, count=1)
    with pytest.raises(Retryable):
        new.flush_once()
    if when == "after":
        stops(old, OTHER_DATABASE)
    else:
        old.flush()
    new.flush()
    assert {uuid(1), uuid(2)} <= new.look().by_site.keys()
    old.send(milestone(5))
    old.project()
    stops(old, OTHER_DATABASE)


def test_a_restored_database_writes_nothing_until_confirmed(hosts: Hosts) -> None:
    hosts.first.shown(milestone(1))
    restore = hosts.backup()
    hosts.first.shown(approved(1))
    hosts.first.database.close()
    restored = restore()
    restored.send(milestone(2))
    restored.project()
    stops(restored, RESTORED)
    assert status(restored, 1) == "Milestone 1 approved"
    restored.command("takeover", "--write")
    restored.flush()
    assert status(restored, 2) == "Milestone 1 under review"


def test_another_database_is_reported_by_the_watch_alone(hosts: Hosts) -> None:
    hosts.first.shown(milestone(1))
    new, stop, alerts = hosts.another(), Hurried(), Mute()
    new.send(approved(1))
    new.project()
    stop.set()
    SheetLoop(new.wiring, alerts, stop).step()
    assert new.store.spreadsheet.doubt() == OTHER_DATABASE
    Watch(new.wiring.backlog, alerts.send).step()
    (text,) = alerts.texts
    assert "read the jobs first" in text


def test_a_start_reads_once_and_notices_a_restored_database(hosts: Hosts) -> None:
    hosts.first.shown(milestone(1))
    restore = hosts.backup()
    loop, calls = SheetLoop(hosts.first.wiring, Mute(), Hurried()), hosts.first.calls()
    assert not (loop.step() or loop.step())
    assert hosts.first.calls() == calls + 1
    hosts.first.shown(approved(1))
    hosts.first.database.close()
    restored = restore()
    with pytest.raises(Permanent):
        SheetLoop(restored.wiring, Mute(), Hurried()).step()
    assert restored.store.spreadsheet.doubt() == RESTORED


def test_a_start_with_a_new_database_notices_the_other_one(hosts: Hosts) -> None:
    hosts.first.shown(milestone(1))
    new = hosts.another()
    with pytest.raises(Permanent):
        SheetLoop(new.wiring, Mute(), Hurried()).step()
    assert new.store.spreadsheet.doubt() == OTHER_DATABASE
    assert "add --write" in new.command("takeover").output


def test_an_empty_spreadsheet_isnt_read_again_for_its_fence(hosts: Hosts) -> None:
    flusher = hosts.first.wiring.flusher(Hurried().sleep)
    with hosts.first.held() as lease:
        flusher.read_snapshot(lease)
    assert flusher.fence_check.has_passed


def test_a_restored_database_reads_everbright_first_and_then_writes_by_itself(hosts: Hosts) -> None:
    hosts.google.everbright.token = TOKEN
    first, second = event(1), event(1, minute=600, status="APPROVED")
    hosts.first.shown(first)
    restore = hosts.backup()
    hosts.first.shown(second)
    hosts.first.database.close()
    hosts.google.everbright.load(second)
    restored = restore(EVERBRIGHT_API_TOKEN=TOKEN, BACKFILL_RATE="50", BACKFILL_HOURS="0")
    loop = BackfillLoop(restored.wiring, Mute(), Hurried(), lambda: None)
    loop.step()
    restored.send(milestone(2))
    restored.project()
    stops(restored, RESTORED)

    hosts.google.faults.answer(503, api="everbright", count=None)
    loop.step()
    stops(restored, RESTORED)
    hosts.google.faults.clear()
    alerts = Mute()
    with restored.wiring.hold_lease(Hurried().sleep, PROJECTION):
        BackfillLoop(restored.wiring, alerts, Hurried(), lambda: None).step()
    assert alerts.reasons == [], "that events are missing is no surprise"
    stops(restored, RESTORED)  # It waited for the projection's loop of its own worker.
    BackfillLoop(restored.wiring, Mute(), Hurried(), lambda: None).step()
    restored.flush()
    restored.compare()
    restored.flush()
    assert "approved" in status(restored, 1)

    hosts.first.send(milestone(3))
    hosts.first.project()
    stops(hosts.first, OTHER_DATABASE)


def test_of_a_database_and_its_running_copy_the_copy_writes(hosts: Hosts) -> None:
    """An old host was copied and left running: it has seen its own fence, so it wasn't restored."""
    old = hosts.first
    old.shown(milestone(1))
    old.shown(milestone(2))
    new = hosts.backup()()
    new.shown(milestone(3))
    old.send(milestone(4))
    old.project()
    stops(old, OTHER_DATABASE)
    new.shown(milestone(5))


@pytest.mark.parametrize("text", ["", "Don't touch"])
def test_without_its_description_the_fence_is_known_by_its_number(hosts: Hosts, text: str) -> None:
    hosts.first.shown(milestone(1))
    describe(hosts.first, text)
    hosts.first.shown(milestone(2))
    describe(hosts.first, text)
    other = hosts.another()
    other.send(milestone(3))
    other.project()
    stops(other, OTHER_DATABASE)


def test_a_range_that_a_person_protects_is_no_fence(hosts: Hosts) -> None:
    hosts.first.shown(milestone(1))
    area = {"sheetId": FENCE_TAB}
    protect = {"protectedRange": {"range": area, "description": "Keep out", "warningOnly": True}}
    hosts.first.do({"addProtectedRange": protect})
    hosts.first.shown(milestone(2))
    assert status(hosts.first, 2)


def describe(bench: Bench, text: str) -> None:
    book = bench.google.sheets.spreadsheets[bench.spreadsheet]
    hidden = book.sheet(FENCE_TAB)
    assert hidden is not None
    (fence,) = hidden.protected_ranges.values()
    fence["description"] = text
