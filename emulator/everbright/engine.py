"""EverBright's lists, documents and failures: set by tests, read by the routes. No HTTP."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_OID, uuid5

from emulator.everbright import made_up
from emulator.everbright.made_up import Document

PAGE = 25
LISTS = {"project", "ops_workflow", "milestone", "task", "sub_task", "quote", "contract"}
FAILURES = {"not_found", "error", "cut", "sign_in", "json_error"}

Record = dict[str, Any]


@dataclass
class Failure:
    """How the next `count` requests (None: all) for a document or a job fail.

    `kind` is one of `FAILURES`; `status` goes with `error`.
    """

    kind: str
    count: int | None = None
    status: int = 500


class EverBright:
    """`token` is what callers must send, None for nothing."""

    def __init__(self) -> None:
        self.token: str | None = None
        self._sizes: dict[str, int] = {}
        self._sites: dict[str, Record] = {}
        self._milestones: dict[str, Mapping[str, Any]] = {}
        self._failures: dict[str, Failure] = {}
        self._lock = threading.Lock()

    def set_document(self, uuid: str, *, size: int) -> None:
        """Make a document (or sub-task) a PDF of `size` bytes."""
        self._sizes[uuid] = size

    def document(self, uuid: str) -> Document:
        """Return the document; by default a PDF of one page."""
        return Document(uuid, self._sizes.get(uuid, 0))

    def set_site(self, uuid: str, **fields: Any) -> None:
        """Set fields of a job instead of made-up ones."""
        self._sites[uuid] = self.site(uuid) | fields

    def site(self, uuid: str) -> Record:
        """Return the job."""
        return self._sites.get(uuid) or made_up.site(uuid)

    def fail(self, uuid: str, kind: str, **how: Any) -> None:
        """Make requests for a document or a job fail: see `Failure`. ValueError if unknown."""
        if kind not in FAILURES:
            raise ValueError(f"unknown failure: {kind}")
        self._failures[uuid] = Failure(kind, **how)

    def heal(self) -> None:
        """Remove all failures."""
        self._failures = {}

    def failure(self, uuid: str) -> Failure | None:
        """Return the failure for this request, and count it as used."""
        with self._lock:
            failure = self._failures.get(uuid)
            if failure is None or failure.count == 0:
                return None
            if failure.count is not None:
                failure.count -= 1
            return failure

    def load(self, milestone: Mapping[str, Any]) -> None:
        """Take in a milestone's webhook, from which the lists have all that they hold."""
        with self._lock:
            self._milestones[milestone["uuid"]] = milestone

    def listed(self, kind: str, query: Mapping[str, str], address: str) -> Record | None:
        """Return a page of a list: `{count, next, previous, results}`, None beyond the last.

        Each parameter but `page` must be the value of that field of a record. `next` and
        `previous` are absolute, under `address`.
        """
        wanted = {name: value for name, value in query.items() if name != "page"}
        with self._lock:
            records = _records(kind, list(self._milestones.values()))
        found = [
            one
            for one in records
            if all(_text(one.get(name)) == value for name, value in wanted.items())
        ]
        page = int(query["page"]) if query.get("page", "").isdigit() else 1
        last = max(1, -(-len(found) // PAGE))
        if not 1 <= page <= last:
            return None

        def link(number: int) -> str | None:
            query = urlencode(wanted | {"page": number})
            return f"{address}?{query}" if 1 <= number <= last else None

        return {
            "count": len(found),
            "next": link(page + 1),
            "previous": link(page - 1),
            "results": found[(page - 1) * PAGE : page * PAGE],
        }


def _records(kind: str, milestones: list[Mapping[str, Any]]) -> list[Record]:
    """Return the records of a list, in the order in which they were first loaded."""
    sites: dict[str, list[Mapping[str, Any]]] = {}
    for one in milestones:
        sites.setdefault(one["site"], []).append(one)
    tasks = [(one["uuid"], task) for one in milestones for task in one.get("tasks", ())]
    lists: dict[str, list[Record]] = {
        "project": [
            {
                "uuid": f"project-{site}",
                "site": site,
                "archived": False,
                "date_updated": max(str(one.get("date_updated") or "") for one in own),
            }
            for site, own in sites.items()
        ],
        "ops_workflow": [{"uuid": _workflow(site), "site_id": site} for site in sites],
        "quote": [{"uuid": own[0].get("quote"), "site_id": site} for site, own in sites.items()],
        "milestone": [
            {**_without(one, "tasks"), "workflow_id": _workflow(one["site"])} for one in milestones
        ],
        "task": [{**_without(task, "sub_tasks"), "milestone_id": uuid} for uuid, task in tasks],
        "sub_task": [
            {**one, "task_id": task["uuid"]}
            for _, task in tasks
            for one in task.get("sub_tasks", ())
        ],
        "contract": [],
    }
    return lists[kind]


def _workflow(site: str) -> str:
    return str(uuid5(NAMESPACE_OID, site))


def _without(record: Mapping[str, Any], name: str) -> Record:
    return {key: value for key, value in record.items() if key != name}


def _text(value: Any) -> str:
    """Return a value as a query has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
