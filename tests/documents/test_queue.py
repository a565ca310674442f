"""Copiers share the jobs that their process has claimed."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from sync.documents.calls import Calls, Ids
from sync.documents.queue import DocumentQueue
from sync.errors import Retryable
from sync.google.drive import Drive
from sync.store import (
    Claim,
    Database,
    Documents,
    DocumentToCopy,
    Jobs,
    Leases,
    PendingDocument,
    Projected,
)
from sync.worker.loop import POLL_SECONDS, Stop
from tests.made_up import uuid


def with_documents(url: str, *sites: int) -> Documents:
    database = Database(url.replace("postgres://", "postgresql+psycopg://"))
    database.upgrade()
    held = Leases(database, 30).acquire("sheet")
    assert held is not None
    wanted = [
        DocumentToCopy(uuid(100 + n), uuid(site), "", f"{n}.pdf") for n, site in enumerate(sites)
    ]
    Jobs(database).take_in(held, Projected([], wanted))
    return Documents(database, 30)


def queue_of(documents: Documents, stop: Stop) -> DocumentQueue:
    return DocumentQueue(documents, 30, stop.is_set, lambda: stop.wait(POLL_SECONDS))


def test_a_jobs_documents_go_to_several_copiers_under_one_claim(database_url: str) -> None:
    documents = with_documents(database_url, 1, 1, 1, 2)
    queue = queue_of(documents, Stop())
    taken = [queue.take() for _ in range(4)]
    jobs = [one[0] for one in taken if one]
    assert len({one[1].uuid for one in taken if one}) == 4
    assert len({job.claim for job in jobs}) == 2
    of_three = [job for job in jobs if jobs.count(job) == 3]
    for job in of_three[:2]:
        queue.done(job)
    assert queue.take() is None
    assert documents.claim() is None
    queue.done(of_three[2])
    queue.take()  # Ends the claim.
    assert queue.take() is not None


def test_what_failed_is_tried_again_after_a_start(database_url: str) -> None:
    """Or the copies would be an hour late after somebody corrected the token or the folder."""
    documents, stop = with_documents(database_url, 1), Stop()
    queue = queue_of(documents, stop)
    taken = queue.take()
    assert taken is not None
    job, document = taken
    documents.postpone(job.claim, document.uuid, Retryable("folder_gone", "It is gone."), 3600)
    queue.done(job)
    assert queue.take() is None
    assert queue_of(documents, stop).take() is not None


class Counting(Documents):
    def __init__(self, like: Documents) -> None:
        super().__init__(like._database, 30)
        self.looks = 0

    def claim(self, finished: Sequence[Claim] = ()) -> tuple[Claim, list[PendingDocument]] | None:
        self.looks += 1
        return super().claim(finished)


def test_one_copier_looks_for_all(sqlite_url: str) -> None:
    stop = Stop()
    documents = Counting(with_documents(sqlite_url))
    queue = queue_of(documents, stop)

    def work() -> None:
        while not stop.is_set():
            queue.take()

    threads = [threading.Thread(target=work) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(1.2)
    most = (time.monotonic() - began) / POLL_SECONDS + 2
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert documents.looks <= most


class Numbered(Drive):
    def __init__(self) -> None:
        self.given = 0

    def new_ids(self, count: int) -> list[str]:  # noqa: ARG002
        time.sleep(0.01)
        self.given += 5
        return [f"id-{self.given - n}" for n in range(5)]


def test_no_id_is_given_twice() -> None:
    ids, drive = Ids(), Numbered()
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: ids.take(Calls(drive, lambda _: None)), range(42)))
    assert len(set(taken)) == 42
    assert drive.given == 45
