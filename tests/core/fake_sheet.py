"""A spreadsheet in memory that takes the requests of a batch, and the people who edit it."""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.core.snapshot import HISTORY, JOBS, RECOVERED
from sync.errors import Refused, Retryable

WORDS = ("Approved Jan 1", "Rejected Jan 1", "EverBright is reviewing", "Us")
"""What people type, too, and Brightsheet writes."""
NAMES = (
    *("Ada Birch", "Ben Cole", "Cid Dorn", "Dan Ekman", "Eve Fox"),
    *("Flo Gill", "Gus Hahn", "Hal Ives", "Ida Jost", "Jan Kerr"),
)
"""The customers', by the number of the job."""


def held(cell: Mapping[str, Any]) -> str:
    value = cell.get("userEnteredValue") or {}
    return str(next(iter(value.values()), ""))


def typed(text: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": text}} if text else {}


@dataclass
class Row:
    """A row: its cells by column key. `tag` names one that a person added."""

    cells: dict[int, dict[str, Any]] = field(default_factory=dict)
    tag: str = ""
    typed_at: dict[int, int] = field(default_factory=dict)
    """When people typed into its cells, counted as `FakeSheet.number`."""

    def type(self, column: int, text: str, number: int) -> None:
        self.cells[column] = typed(text)
        self.typed_at[column] = number


@dataclass
class Tab:
    """A tab: columns are keys that stay when one is moved."""

    rows: list[Row]
    columns: list[int]
    fences: dict[int, str] = field(default_factory=dict)


class FakeSheet:
    """Google Sheets: answers `fail` of the calls wrongly, and lets people edit in `gaps`."""

    def __init__(self, lots: random.Random, gaps: float, fail: float) -> None:
        self.lots, self.gaps, self.fail = lots, gaps, fail
        self.tabs: dict[int, Tab] = {}
        self.guards: dict[int, tuple[int, str, str, Any]] = {}
        """Sheet, dimension, name and place (a row or a column key) by metadata ID."""
        self.late: list[tuple[int, Sequence[Mapping[str, Any]]]] = []
        self.counts = Counter[str]()
        self.replaced: set[tuple[str, int, str]] = set()
        """Texts that were typed after the read into the very cell that the batch wrote, with the
        tag of the row and the column."""
        self.notes: dict[tuple[str, int], str] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.loose: set[str] = set()
        """Texts in rows that showed no customer: they have to be somewhere."""
        self.walk_ins: dict[str, dict[int, str]] = {}
        self.sites_by_email: dict[str, str] = {}
        self.refused_text = ""
        """A text that Google takes nowhere."""
        self.protected: set[int] = set()
        """The tabs in which Google takes nothing."""
        self.number = 0
        self.read_at = 0

    # The client

    def tabs_by_id(self) -> dict[int, str]:
        return {sheet: str(sheet) for sheet in self.tabs}

    def read(self, filters: Sequence[Mapping[str, Any]], _fields: str) -> Any:
        if self.lots.random() < self.fail:
            raise Retryable("google_unavailable", "no answer")
        parts: dict[int, list[Any]] = {}
        for each in filters:
            if lookup := each.get("developerMetadataLookup"):
                if guard := self.guards.get(lookup["metadataId"]):
                    start = self.tabs[guard[0]].rows.index(guard[3])
                    parts.setdefault(guard[0], []).append(self._rows(guard[0], start, start + 1))
                continue
            area = each["gridRange"]
            if area["sheetId"] not in self.tabs:
                raise Refused("google_refused", "No grid with id")
            rows = self._rows(area["sheetId"], 0, area.get("endRowIndex"))
            parts.setdefault(area["sheetId"], []).append(rows)
        answer = {"sheets": [self._sheet(sheet, data) for sheet, data in parts.items()]}
        self.read_at = self.number
        self.edit()
        return answer

    def look(self, _ranges: Sequence[str], _fields: str) -> Any:
        """Return all tabs."""
        return {"sheets": [self._sheet(sheet, []) for sheet in self.tabs]}

    def write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        lot, read_at = self.lots.random(), self.read_at
        if lot < self.fail / 3:
            raise Retryable("google_unavailable", "not carried out")
        if lot < self.fail * 2 / 3:
            self.late.append((read_at, list(requests)))
            raise Retryable("google_unavailable", "carried out later")
        self.carry_out(requests, read_at)
        self.edit()
        if lot < self.fail:
            raise Retryable("google_unavailable", "carried out")

    def late_batches(self) -> None:
        """Let what was delayed arrive, in any order."""
        while self.late and self.lots.random() < 0.5:
            read_at, requests = self.late.pop(self.lots.randrange(len(self.late)))
            try:
                self.carry_out(requests, read_at)
                self.counts["late accepted"] += 1
            except Refused:
                self.counts["late refused"] += 1

    def _rows(self, sheet: int, start: int, end: int | None) -> Any:
        """Return a part of a tab as Google's GridData."""
        tab = self.tabs[sheet]
        rows = [[row.cells.get(c, {}) for c in tab.columns] for row in tab.rows[start:end]]
        while rows and not any(map(held, rows[-1])):
            rows.pop()

        def entries(dimension: str, place: Any) -> dict[str, Any]:
            found = [
                {"metadataId": key, "metadataValue": name}
                for key, (s, d, name, p) in self.guards.items()
                if (s, d) == (sheet, dimension) and p is place
            ]
            return {"developerMetadata": found} if found else {}

        return {
            "startRow": start,
            "rowData": [{"values": row} for row in rows],
            "rowMetadata": [entries("ROWS", row) for row in tab.rows[start : start + len(rows)]],
            "columnMetadata": [entries("COLUMNS", column) for column in tab.columns],
        }

    def _sheet(self, sheet: int, data: list[Any]) -> Any:
        tab = self.tabs[sheet]
        fences = [{"protectedRangeId": n, "description": d} for n, d in tab.fences.items()]
        grid = {"rowCount": len(tab.rows), "columnCount": len(tab.columns)}
        properties = {"sheetId": sheet, "title": str(sheet), "gridProperties": grid}
        return {"properties": properties, "protectedRanges": fences, "data": data}

    def carry_out(self, requests: Sequence[Mapping[str, Any]], read_at: int) -> None:
        """Carry out a batch completely or not at all. Raises Refused."""
        version, replaced = self.version(), set(self.replaced)
        try:
            for request in requests:
                ((kind, body),) = request.items()
                getattr(self, f"_{kind}")(body, read_at)
        except Refused:
            self.restore(version)
            self.replaced = replaced
            raise

    def version(self) -> Any:
        """Return the spreadsheet as it is now, for `restore`. Cells are replaced, never changed."""
        tabs = {
            sheet: (
                [(row, dict(row.cells), dict(row.typed_at)) for row in tab.rows],
                list(tab.columns),
                dict(tab.fences),
            )
            for sheet, tab in self.tabs.items()
        }
        return tabs, dict(self.guards)

    def restore(self, version: Any) -> None:
        tabs, guards = version
        self.tabs, self.guards = {}, dict(guards)
        for sheet, (rows, columns, fences) in tabs.items():
            for row, cells, typed_at in rows:
                row.cells, row.typed_at = dict(cells), dict(typed_at)
            self.tabs[sheet] = Tab([row for row, *_ in rows], list(columns), dict(fences))

    def _ignored(self, *_: Any) -> None:
        pass

    _repeatCell = _updateDimensionProperties = _updateSheetProperties = _ignored  # noqa: N815
    _addConditionalFormatRule = _addFilterView = _setDataValidation = _ignored  # noqa: N815

    def _addSheet(self, body: Any, _: int) -> None:  # noqa: N802
        properties = body["properties"]
        if properties["sheetId"] in self.tabs:
            raise _refused("a sheet with this ID exists")
        grid = properties["gridProperties"]
        columns = [self.new_key() for _ in range(grid["columnCount"])]
        self.tabs[properties["sheetId"]] = Tab([Row() for _ in range(grid["rowCount"])], columns)

    def _deleteProtectedRange(self, body: Any, _: int) -> None:  # noqa: N802
        if self.tabs[RECOVERED].fences.pop(body["protectedRangeId"], None) is None:
            raise _refused("No protected range with id")

    def _addProtectedRange(self, body: Any, _: int) -> None:  # noqa: N802
        entry, fences = body["protectedRange"], self.tabs[RECOVERED].fences
        if entry["protectedRangeId"] in fences:
            raise _refused("a protected range with this ID exists")
        fences[entry["protectedRangeId"]] = entry["description"]

    def _place(self, location: Any) -> tuple[int, str, Any]:
        span = location["dimensionRange"]
        tab, index = self.tabs[span["sheetId"]], span["startIndex"]
        places: list[Any] = list(tab.rows if span["dimension"] == "ROWS" else tab.columns)
        if index >= len(places):
            raise _refused("outside of the grid")
        return span["sheetId"], span["dimension"], places[index]

    def _deleteDeveloperMetadata(self, body: Any, _: int) -> None:  # noqa: N802
        lookup = body["dataFilter"]["developerMetadataLookup"]
        sheet, dimension, place = self._place(lookup["metadataLocation"])
        entry = self.guards.get(lookup["metadataId"])
        if entry and (entry[0], entry[1]) == (sheet, dimension) and entry[3] is place:
            del self.guards[lookup["metadataId"]]

    def _createDeveloperMetadata(self, body: Any, _: int) -> None:  # noqa: N802
        entry = body["developerMetadata"]
        if entry["metadataId"] in self.guards:
            raise _refused("metadata with this ID exists")
        sheet, dimension, place = self._place(entry["location"])
        name = entry["metadataValue"]
        self.guards[entry["metadataId"]] = (sheet, dimension, name, place)

    def _demand_access(self, sheet: int) -> None:
        if sheet in self.protected:
            self.counts["protected"] += 1
            raise _refused("You are trying to edit a protected cell")

    def _updateCells(self, body: Any, read_at: int) -> None:  # noqa: N802
        start, tab = body["start"], self.tabs[body["start"]["sheetId"]]
        self._demand_access(start["sheetId"])
        for number, row in enumerate(body["rows"], start["rowIndex"]):
            for index, cell in enumerate(row["values"], start["columnIndex"]):
                if number >= len(tab.rows) or index >= len(tab.columns):
                    raise _refused("outside of the grid")
                if self.refused_text and self.refused_text in held(cell):
                    raise _refused("Invalid value")
                cells, key = tab.rows[number].cells, tab.columns[index]
                was, since = held(cells.get(key, {})), tab.rows[number].typed_at.get(key, 0)
                if since > read_at and was and was != held(cell):
                    self.replaced.add((tab.rows[number].tag, key, was))
                kept = ("userEnteredValue", "textFormatRuns")
                cells[key] = {name: cell[name] for name in kept if name in cell}

    def _insertDimension(self, body: Any, _: int) -> None:  # noqa: N802
        span = body["range"]
        self._demand_access(span["sheetId"])
        tab, start = self.tabs[span["sheetId"]], span["startIndex"]
        count = span["endIndex"] - start
        size = len(tab.rows if span["dimension"] == "ROWS" else tab.columns)
        if start > size or (start == size and not body["inheritFromBefore"]):
            raise _refused("outside of the grid")
        if span["dimension"] == "ROWS":
            tab.rows[start:start] = [Row() for _ in range(count)]
        else:
            tab.columns[start:start] = [self.new_key() for _ in range(count)]

    def new_key(self) -> int:
        self.number += 1
        return self.number

    # What people do

    def edit(self) -> None:
        while JOBS in self.tabs and self.lots.random() < self.gaps:
            self.act()

    def column(self, name: str) -> int | None:
        found = (p for s, d, n, p in self.guards.values() if (s, d, n) == (JOBS, "COLUMNS", name))
        return next(found, None)

    @property
    def managed(self) -> dict[int, str]:
        entries = self.guards.values()
        return {p: n for s, d, n, p in entries if (s, d) == (JOBS, "COLUMNS")}

    def body(self) -> list[Row]:
        return self.tabs[JOBS].rows[1:]

    def site(self, row: Row) -> str:
        key = self.column("site_id")
        return held(row.cells.get(key, {})) if key is not None else ""

    def owner(self, row: Row) -> str:
        """Return the site of the customer in a row: its key may be wrong just now."""
        email = self.column("email")
        known = held(row.cells.get(email, {})) if email is not None else ""
        return self.sites_by_email.get(known, self.site(row))

    def text(self) -> str:
        self.number += 1
        return f"typed-{self.number}"

    def act(self) -> None:
        """Do one thing, drawn by lot."""
        deeds = (
            "sort", "sort", "move_row", "insert_rows", "walk_in", "delete_blank", "move_column",
            "add_column", "note", "note", "type_walk_in", "type_word", "type_name", "type_status",
            "clear_key",
        )  # fmt: skip
        if len(self.tabs[JOBS].rows) < 4:
            return
        deed = self.lots.choice(deeds)
        getattr(self, f"do_{deed}")()
        self.counts[deed] += 1
        self.counts["edits"] += 1

    def do_sort(self) -> None:
        rows, key = self.tabs[JOBS].rows, self.lots.choice(self.tabs[JOBS].columns)
        full = [row for row in rows[1:] if held(row.cells.get(key, {}))]
        rest = [row for row in rows[1:] if not held(row.cells.get(key, {}))]
        full.sort(key=lambda row: held(row.cells[key]), reverse=self.lots.random() < 0.5)
        rows[1:] = full + rest

    def do_move_row(self) -> None:
        rows = self.tabs[JOBS].rows
        row = rows.pop(self.lots.randrange(1, len(rows)))
        rows.insert(self.lots.randrange(1, len(rows) + 1), row)

    def do_insert_rows(self) -> None:
        rows = self.tabs[JOBS].rows
        at = self.lots.randrange(1, len(rows))
        rows[at:at] = [Row() for _ in range(self.lots.randint(1, 2))]

    def do_walk_in(self) -> None:
        """Add a row by hand, filled at once as by a paste."""
        tab, tag, key = self.tabs[JOBS], self.text(), self.column("site_id")
        cells = {c: f"{tag} {c}" for c in tab.columns if c != key and self.lots.random() < 0.7}
        row = Row(tag=tag)
        for column, text in cells.items():
            row.type(column, text, self.number)
        tab.rows.insert(self.lots.randrange(1, len(tab.rows)), row)
        self.walk_ins[tag] = cells

    def do_delete_blank(self) -> None:
        rows = self.tabs[JOBS].rows
        blank = [r for r in rows[1:] if not r.tag and not any(map(held, r.cells.values()))]
        if blank:
            rows.remove(self.lots.choice(blank))

    def do_move_column(self) -> None:
        columns = self.tabs[JOBS].columns
        column = columns.pop(self.lots.randrange(len(columns)))
        columns.insert(self.lots.randrange(len(columns) + 1), column)

    def do_add_column(self) -> None:
        tab = self.tabs[JOBS]
        if len(tab.columns) - len(self.managed) < 3:
            key = self.new_key()
            tab.columns.insert(self.lots.randrange(len(tab.columns)), key)
            tab.rows[0].type(key, f"Own {key}", 0)

    def do_note(self) -> None:
        own = [c for c in self.tabs[JOBS].columns if c not in self.managed]
        row = self.lots.choice(self.body())
        if own and self.site(row) and not row.tag:
            column, text = self.lots.choice(own), self.text()
            row.type(column, text, self.number)
            if self._has_customer(row):
                self.notes[self.owner(row), column] = text
            else:
                self.loose.add(text)

    def _type_walk_in(self, text: str) -> None:
        rows = [row for row in self.body() if row.tag]
        if rows:
            row = self.lots.choice(rows)
            columns = [c for c in self.tabs[JOBS].columns if c != self.column("site_id")]
            column = self.lots.choice(columns)
            self.number += 1
            row.type(column, text, self.number)
            self.walk_ins[row.tag][column] = text

    def do_type_walk_in(self) -> None:
        self._type_walk_in(self.text())

    def do_type_word(self) -> None:
        """Type EverBright's own word into a row that has no job."""
        self._type_walk_in(self.lots.choice(WORDS))

    def do_type_name(self) -> None:
        row, name = self.lots.choice(self.body()), self.lots.choice(("customer", "rep"))
        column = self.column(name)
        email = self.column("email")
        if self.site(row) and not row.tag and column is not None and email is not None:
            number = re.sub(r"\D", "", held(row.cells.get(email, {})))  # People keep the name.
            text = f"{NAMES[int(number)] if number else 'Somebody'} {self.text()}"
            row.type(column, text, self.number)
            if self._has_customer(row):
                self.names[self.owner(row), name] = text
            else:
                self.loose.add(text)

    def _has_customer(self, row: Row) -> bool:
        """Return whether people see whose row it is: a key alone may be in a wrong row just now."""
        email = self.column("email")
        return email is not None and bool(held(row.cells.get(email, {})))

    def do_type_status(self) -> None:
        row, column = self.lots.choice(self.body()), self.column("status")
        if self.site(row) and column is not None:
            text = self.text()
            row.type(column, text, self.number)

    def do_clear_key(self) -> None:
        """Clear the key of a row whose customer tells whose it is."""
        row, key, email = (
            self.lots.choice(self.body()),
            self.column("site_id"),
            self.column("email"),
        )
        is_known = email is not None and held(row.cells.get(email, {}))
        if self.site(row) and is_known and key is not None and self.lots.random() < 0.3:
            row.cells.pop(key)

    # What a judge looks at

    def recovered(self) -> str:
        tab = self.tabs.get(RECOVERED)
        rows = tab.rows[1:] if tab else ()
        return "\n".join(held(cell) for row in rows for cell in row.cells.values())

    def history(self) -> list[list[str]]:
        tab = self.tabs[HISTORY]
        rows = [[held(row.cells.get(c, {})) for c in tab.columns] for row in tab.rows[1:]]
        return [row for row in rows if any(row)]


def _refused(message: str) -> Refused:
    return Refused("google_refused", message)
