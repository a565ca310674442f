"""EverBright's records, documents and failures: set by tests, read by the routes. No HTTP."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from emulator.everbright import pdf, people
from emulator.everbright.data import Data
from emulator.everbright.records import Records

CHUNK = 1 << 18
FAILURES = {
    *("not_found", "error", "slow", "cut", "redirect", "sign_in", "json_error", "bad_checksum"),
}


@dataclass(frozen=True)
class Document:
    """A document's bytes: given, in a file, or made up as a PDF of `size` bytes."""

    uuid: str
    name: str
    content_type: str = "application/pdf"
    data: bytes | None = None
    path: Path | None = None
    size: int | None = None

    @property
    def length(self) -> int:
        """The number of bytes."""
        if self.data is not None:
            return len(self.data)
        if self.path is not None:
            return self.path.stat().st_size
        return pdf.length(self._text, self.size)

    @property
    def _text(self) -> str:
        return f"Document {self.uuid}"

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes."""
        if self.data is not None:
            yield self.data
        elif self.path is not None:
            with self.path.open("rb") as source:
                while piece := source.read(CHUNK):
                    yield piece
        else:
            yield from pdf.pieces(self._text, self.size)

    def content(self) -> bytes:
        """Return all the bytes."""
        return b"".join(self.pieces())


@dataclass
class Failure:
    """How the next `count` requests (None: all) for a document or a job fail.

    `kind` is one of `FAILURES`; `status` goes with `error`, `seconds` with `slow`, `at` is the
    number of bytes before `cut` cuts.
    """

    kind: str
    count: int | None = None
    status: int = 500
    seconds: float = 0.0
    at: int | None = None


class EverBright:
    """`token` is what callers must send, None for nothing; `envelope` puts jobs into `data`."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.envelope = False
        self.storage_requests: list[dict[str, str]] = []
        self._documents: dict[str, Document] = {}
        self._sites: dict[str, dict[str, Any]] = {}
        self._failures: dict[str, Failure] = {}
        self.records = Records()
        self.data = Data()
        self._lock = threading.Lock()

    def set_document(
        self,
        uuid: str,
        data: bytes | None = None,
        *,
        size: int | None = None,
        path: Path | None = None,
        name: str | None = None,
        content_type: str = "application/pdf",
    ) -> Document:
        """Set the bytes of a document (or sub-task), or make it a PDF of `size` bytes."""
        document = Document(uuid, name or f"{uuid}.pdf", content_type, data, path, size)
        self._documents[uuid] = document
        return document

    def document(self, uuid: str) -> Document:
        """Return the document; by default a PDF of one page that names its UUID."""
        return self._documents.get(uuid) or Document(uuid, f"{uuid}.pdf")

    def set_site(self, uuid: str, **fields: Any) -> None:
        """Set fields of a job instead of made-up ones."""
        self._sites[uuid] = self.site(uuid) | fields

    def site(self, uuid: str) -> dict[str, Any]:
        """Return the job, without an envelope."""
        return self._sites.get(uuid) or people.site(uuid)

    def fail(self, uuid: str, kind: str, **how: Any) -> None:
        """Make requests for a document or a job fail: see `Failure`. ValueError if unknown."""
        if kind not in FAILURES:
            raise ValueError(f"unknown failure: {kind}")
        self._failures[uuid] = Failure(kind, **how)

    def heal(self, uuid: str | None = None) -> None:
        """Remove one failure, or all."""
        if uuid is None:
            self._failures.clear()
        else:
            self._failures.pop(uuid, None)

    def failure(self, uuid: str) -> Failure | None:
        """Return the failure for this request, and count it as used."""
        with self._lock:
            failure = self._failures.get(uuid)
            if failure is None or failure.count == 0:
                return None
            if failure.count is not None:
                failure.count -= 1
            return failure

    # Lists

    def add(self, kind: str, record: dict[str, Any]) -> None:
        """Add a record to a list: `project`, `ops_workflow`, `milestone`, `task`, `sub_task`,
        `quote` or `contract`.
        """
        self.records.add(kind, record)

    def load_contract(self, contract: Mapping[str, Any]) -> None:
        """Put a contract webhook into the list of contracts, in place of one of its name."""
        site = contract["site"]
        uuid = str(uuid5(NAMESPACE_OID, f"{site} {contract['name']} {contract.get('quote')}"))
        self.records.put("contract", {**contract, "uuid": uuid, "site_id": site})

    def load(self, milestone: Mapping[str, Any]) -> None:
        """Put a milestone webhook's job, quote, milestone, tasks and sub-tasks into the lists.

        What was loaded of that milestone before is replaced.
        """
        site, uuid = milestone["site"], milestone["uuid"]
        workflow = str(uuid5(NAMESPACE_OID, site))
        known = self.records.find("project", "site", site)
        dates = [str(milestone.get("date_updated") or ""), *(one["date_updated"] for one in known)]
        project = {"uuid": f"project-{site}", "site": site, "archived": False}
        self.records.put("project", {**project, "date_updated": max(dates)})
        if not self.records.find("ops_workflow", "uuid", workflow):
            self.add("ops_workflow", {"uuid": workflow, "site_id": site})
            self.add("quote", {"uuid": milestone.get("quote"), "site_id": site})
        record = {name: value for name, value in milestone.items() if name != "tasks"}
        self.records.put("milestone", {**record, "workflow_id": workflow})
        for task in self.records.find("task", "milestone_id", uuid):
            self.records.remove("sub_task", "task_id", task["uuid"])
        if self.records.find("task", "milestone_id", uuid):
            self.records.remove("task", "milestone_id", uuid)
        for task in milestone.get("tasks", []):
            record = {name: value for name, value in task.items() if name != "sub_tasks"}
            self.add("task", {**record, "milestone_id": uuid})
            for sub_task in task.get("sub_tasks", []):
                self.add("sub_task", {**sub_task, "task_id": task["uuid"]})

    def listed(self, kind: str, query: Mapping[str, str], address: str) -> dict[str, Any] | None:
        """Return a page of a list, None beyond the last: see `Records.listed`."""
        return self.records.listed(kind, query, address)
