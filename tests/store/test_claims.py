"""Documents on their way: claimed by one copier, and kept until a person decides."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from sync.errors import Retryable
from sync.jobs.model import FileState, Job
from sync.store import (
    Claim,
    Database,
    Documents,
    DocumentToCopy,
    JobRecords,
    PendingDocument,
    Projected,
    schema,
)
from tests import databases
from tests.made_up import uuid
from tests.store.parts import take_in


def with_documents(database: Database, *pairs: tuple[int, int]) -> Documents:
    wanted = [DocumentToCopy(uuid(100 + d), uuid(site), "", f"{d}.pdf") for site, d in pairs]
    jobs = [Job(site=uuid(s)) for s, _ in pairs]
    take_in(database, Projected(jobs, wanted))
    return Documents(database, 30)


def claimed(documents: Documents) -> tuple[Claim, PendingDocument]:
    found = documents.claim()
    assert found is not None, "nothing to claim"
    return found[0], found[1][0]


def test_a_jobs_documents_are_claimed_by_one_worker(database: Database) -> None:
    """Two would make two folders; and a slow document delays only its own job."""
    documents = with_documents(database, (1, 1), (1, 2), (2, 3))
    barrier = threading.Barrier(6)

    def claim(_: int) -> str | None:
        barrier.wait()
        one = documents.claim()
        return one[0].site if one else None

    with ThreadPoolExecutor(6) as pool:
        found = [site for site in pool.map(claim, range(6)) if site]
    # Under SKIP LOCKED one may look while another holds the row, and find nothing.
    assert len(found) == len(set(found))
    while one := documents.claim():
        found.append(one[0].site)
    assert sorted(found) == [uuid(1), uuid(2)]


def test_a_job_without_due_documents_is_not_claimed(tmp_path: Path) -> None:
    """With PostgreSQL, they can be finished after the job was chosen: SQLite locks before."""
    url = databases.migrated("postgresql", tmp_path)
    database = Database(url.replace("postgres", "postgresql+psycopg", 1))
    documents = with_documents(database, (1, 1))

    def finish(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FOR UPDATE" in statement:
            database.execute(update(schema.document).values(state=FileState.DONE))

    event.listen(Engine, "after_cursor_execute", finish)
    try:
        assert documents.claim() is None
    finally:
        event.remove(Engine, "after_cursor_execute", finish)
    database.execute(update(schema.document).values(state=FileState.PENDING))
    assert documents.claim() is not None, "nobody holds a claim"
    database.close()


def test_who_lost_the_claim_writes_nothing(database: Database) -> None:
    documents = with_documents(database, (1, 1))
    late, document = claimed(Documents(database, -1))
    assert documents.claim() is not None
    deeds: tuple[Callable[[], object], ...] = (
        lambda: documents.clear_file(late, document.uuid),
        lambda: documents.store_folder(late, "f"),
        lambda: documents.finish(late, document.uuid, "f", "link"),
        lambda: documents.renew(late),
        lambda: documents.postpone(late, document.uuid, Retryable("busy", "Busy."), 60),
        lambda: documents.give_up(late, document.uuid, Retryable("gone", "It is gone.")),
    )
    for deed in deeds:
        with pytest.raises(Retryable) as caught:
            deed()
        assert caught.value.reason == "lease_lost"
    assert documents.counts() == {"pending": 1}
    assert not JobRecords(database).documents(9)


def test_a_failed_document_is_retried_only_on_request(database: Database) -> None:
    documents = with_documents(database, (1, 1))
    claim, document = claimed(documents)
    documents.give_up(claim, document.uuid, Retryable("gone", "It is gone."))
    documents.release(claim)
    assert documents.claim() is None
    (failed,) = JobRecords(database).documents(9)
    assert (failed.uuid, failed.state) == (uuid(101), "failed")
    assert (failed.reason, failed.message) == ("gone", "It is gone.")
    assert documents.retry() == 1
    claimed(documents)


def test_a_postponed_document_is_due_later(database: Database) -> None:
    documents = with_documents(database, (1, 1))
    claim, document = claimed(documents)
    documents.postpone(claim, document.uuid, Retryable("busy", "Busy."), 60)
    documents.release(claim)
    assert documents.claim() is None
    assert documents.retry(uuid(101)) == 1
    claimed(documents)
