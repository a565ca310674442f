"""Hands out the documents of claimed jobs to the copiers of this process."""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock

from sync.ops.heartbeat import beating
from sync.store import Claim, Documents, PendingDocument


class ClaimedJob:
    """A claim that is renewed until its last document is finished."""

    def __init__(self, claim: Claim, documents: int, renewal: ExitStack) -> None:
        self.claim = claim
        self._left = documents
        self._renewal = renewal
        self._lock = Lock()

    def finish_one(self) -> bool:
        """Count a finished document; return whether it was the last."""
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last:
            self._renewal.close()
        return is_last


class DocumentQueue:
    """Claims jobs and gives their documents to copiers, several at once for one job.

    `is_stopping` returns whether to stop; `idle` waits a moment if nothing is due.
    """

    def __init__(
        self,
        documents: Documents,
        lease_seconds: float,
        is_stopping: Callable[[], bool],
        idle: Callable[[], object],
    ) -> None:
        self._documents = documents
        self._beat_seconds = lease_seconds / 3
        self._is_stopping = is_stopping
        self._idle = idle
        self._turn = Lock()
        self._ready: deque[tuple[ClaimedJob, PendingDocument]] = deque()
        self._finished: deque[Claim] = deque()
        self._has_begun = False

    def take(self) -> tuple[ClaimedJob, PendingDocument] | None:
        """Return the next document; if none is due, wait a moment and return None.

        Idle copiers wait for the lock, so that one of them queries the database for all.
        """
        with self._turn:
            if self._is_stopping():
                self._documents.release(*self._pop_finished())
                return None
            if not self._ready and not self._claim():
                self._idle()
                return None
            return self._ready.popleft()

    def done(self, job: ClaimedJob) -> None:
        """Finish a document; after the last one, the job's claim ends with the next query."""
        if job.finish_one():
            self._finished.append(job.claim)

    def _claim(self) -> bool:
        """Claim a job and make its documents ready; return whether one was due."""
        if not self._has_begun:
            # Somebody may have restarted the worker after correcting a setting.
            self._documents.retry_now()
            self._has_begun = True
        claim_and_due = self._documents.claim(self._pop_finished())
        if claim_and_due is None:
            return False
        claim, due = claim_and_due
        renewal = ExitStack()
        renewal.enter_context(beating(lambda: self._documents.renew(claim), self._beat_seconds))
        job = ClaimedJob(claim, len(due), renewal)
        self._ready.extend((job, document) for document in due)
        return True

    def _pop_finished(self) -> list[Claim]:
        return [self._finished.popleft() for _ in range(len(self._finished))]
