"""The records behind EverBright's lists, found by any of their fields. No HTTP."""

import threading
from collections.abc import Mapping
from typing import Any

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
            if first:
                self._records[kind].insert(0, record)
                self._forget(kind)
                return
            self._records[kind].append(record)
            for (each, field), index in self._indexes.items():
                if each == kind:
                    index.setdefault(_text(record.get(field)), []).append(record)

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
