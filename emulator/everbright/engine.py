"""EverBright's lists, documents and failures: set by tests, read by the routes. No HTTP."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from emulator.everbright import made_up
from emulator.everbright.made_up import Data, pdf_length, pdf_pieces

PAGE = 25
LISTS = {"project", "ops_workflow", "milestone", "task", "sub_task", "quote", "contract"}

Record = dict[str, Any]


class Records:
    """Records by list and UUID; `listed` gives pages of them in the order they were added."""

    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {name: [] for name in LISTS}
        self._indexes: dict[tuple[str, str], dict[str, list[Record]]] = {}
        self._lock = threading.Lock()

    def add(self, kind: str, record: Record, *, first: bool = False) -> None:
        """Add a record at the end of a list, or as its `first`. KeyError if there is no list."""
        with self._lock:
            self._records[kind].insert(0 if first else len(self._records[kind]), record)
            for (each, field), index in self._indexes.items():
                if each == kind:
                    known = index.setdefault(_text(record.get(field)), [])
                    known.insert(0 if first else len(known), record)

    def put(self, kind: str, record: Record) -> None:
        """Add a record in place of the one with its UUID, if there is one."""
        known = self.find(kind, "uuid", str(record["uuid"]))
        if not known:
            self.add(kind, record)
            return
        with self._lock:
            known[0].clear()
            known[0].update(record)
            self._forget(kind)

    def change(self, kind: str, uuid: str, **fields: Any) -> None:
        """Change fields of a record. LookupError if there is none."""
        with self._lock:
            found = [one for one in self._records[kind] if one.get("uuid") == uuid]
            found[0].update(fields)
            self._forget(kind)

    def remove(self, kind: str, field: str, value: str) -> None:
        """Remove the records whose `field` is `value`."""
        with self._lock:
            known = self._records[kind]
            known[:] = [one for one in known if _text(one.get(field)) != value]
            self._forget(kind)

    def find(self, kind: str, field: str, value: str) -> list[Record]:
        """Return the records whose `field` is `value`."""
        with self._lock:
            index = self._indexes.get((kind, field))
            if index is None:
                index = self._indexes[kind, field] = {}
                for record in self._records[kind]:
                    index.setdefault(_text(record.get(field)), []).append(record)
            return list(index.get(value, ()))

    def _forget(self, kind: str) -> None:
        for key in [key for key in self._indexes if key[0] == kind]:
            del self._indexes[key]

    def listed(self, kind: str, query: Mapping[str, str], address: str) -> Record | None:
        """Return a page of a list: `{count, next, previous, results}`, None beyond the last.

        Each parameter but `page` must be the value of that field of a record. `next` and
        `previous` are absolute, under `address`.
        """
        wanted = {name: value for name, value in query.items() if name != "page"}
        found = self._matching(kind, wanted)
        page = int(query["page"]) if query.get("page", "").isdigit() else 1
        last = max(1, -(-len(found) // PAGE))
        if not 1 <= page <= last:
            return None

        def link(number: int) -> str | None:
            if not 1 <= number <= last:
                return None
            pairs = [*wanted.items(), ("page", str(number))]
            return f"{address}?" + "&".join(f"{name}={value}" for name, value in pairs)

        return {
            "count": len(found),
            "next": link(page + 1),
            "previous": link(page - 1),
            "results": found[(page - 1) * PAGE : page * PAGE],
        }

    def _matching(self, kind: str, wanted: Mapping[str, str]) -> list[Record]:
        if not wanted:
            return list(self._records[kind])
        first, *rest = wanted.items()
        return [
            record
            for record in self.find(kind, *first)
            if all(_text(record.get(name)) == value for name, value in rest)
        ]


def _text(value: Any) -> str:
    """Return a value as a query has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


FAILURES = {"not_found", "error", "cut", "redirect", "sign_in", "json_error", "bad_checksum"}


@dataclass(frozen=True)
class Document:
    """A document's bytes: given, or made up as a PDF of `size` bytes that names its UUID."""

    uuid: str
    content_type: str = "application/pdf"
    data: bytes | None = None
    size: int | None = None

    @property
    def length(self) -> int:
        """The number of bytes."""
        return len(self.data) if self.data is not None else pdf_length(self._text, self.size)

    @property
    def _text(self) -> str:
        return f"Document {self.uuid}"

    def pieces(self) -> Iterator[bytes]:
        """Return the bytes in pieces."""
        return pdf_pieces(self._text, self.size) if self.data is None else iter([self.data])

    def content(self) -> bytes:
        """Return all the bytes."""
        return b"".join(self.pieces())


@dataclass
class Failure:
    """How the next `count` requests (None: all) for a document or a job fail.

    `kind` is one of `FAILURES`; `status` goes with `error`.
    """

    kind: str
    count: int | None = None
    status: int = 500


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
        content_type: str = "application/pdf",
    ) -> None:
        """Set the bytes of a document (or sub-task), or make it a PDF of `size` bytes."""
        self._documents[uuid] = Document(uuid, content_type, data, size)

    def document(self, uuid: str) -> Document:
        """Return the document; by default a PDF of one page that names its UUID."""
        return self._documents.get(uuid) or Document(uuid)

    def set_site(self, uuid: str, **fields: Any) -> None:
        """Set fields of a job instead of made-up ones."""
        self._sites[uuid] = self.site(uuid) | fields

    def site(self, uuid: str) -> dict[str, Any]:
        """Return the job, without an envelope."""
        return self._sites.get(uuid) or made_up.site(uuid)

    def fail(self, uuid: str, kind: str, **how: Any) -> None:
        """Make requests for a document or a job fail: see `Failure`. ValueError if unknown."""
        if kind not in FAILURES:
            raise ValueError(f"unknown failure: {kind}")
        self._failures[uuid] = Failure(kind, **how)

    def heal(self, uuid: str | None = None) -> None:
        """Remove one failure, or all."""
        self._failures = {k: v for k, v in self._failures.items() if uuid not in (None, k)}

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
            self.records.add("ops_workflow", {"uuid": workflow, "site_id": site})
            self.records.add("quote", {"uuid": milestone.get("quote"), "site_id": site})
        record = {name: value for name, value in milestone.items() if name != "tasks"}
        self.records.put("milestone", {**record, "workflow_id": workflow})
        for task in self.records.find("task", "milestone_id", uuid):
            self.records.remove("sub_task", "task_id", task["uuid"])
        if self.records.find("task", "milestone_id", uuid):
            self.records.remove("task", "milestone_id", uuid)
        for task in milestone.get("tasks", []):
            record = {name: value for name, value in task.items() if name != "sub_tasks"}
            self.records.add("task", {**record, "milestone_id": uuid})
            for sub_task in task.get("sub_tasks", []):
                self.records.add("sub_task", {**sub_task, "task_id": task["uuid"]})
