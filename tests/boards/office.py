"""A spreadsheet in memory with tabs of an office's own, and the people who edit these."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sync.core.snapshot import JOBS
from sync.errors import Refused, Retryable
from tests.core.fake_sheet import NAMES, FakeSheet, Row, Tab, held, typed

ACTIVE, LATER, DONE = 11, 12, 13
LAYOUTS = {
    ACTIVE: ("Name", "Phone", "Email", "Stage", "Step 0", "Step 1 on", "Notes"),
    LATER: ("Notes", "Email", "Step 0", "Name"),
    DONE: ("Name", "Phone", "Email", "Stage", "Step 0", "Step 1 on", "Notes"),
}
"""The headers of each tab. Two are laid out alike, as after a copy."""
STATUS = "Step 0"
OUR_WORDS = ("Approved", "Rejected", "Submitted", "Started", "Finished")
"""What people type, too, and Brightsheet writes into connected columns."""


def email(number: int) -> str:
    return f"c{number}@example.com"


def phone(number: int) -> str:
    return f"(555) 010-{number:04d}"


class OfficeSheet(FakeSheet):
    """Google Sheets with three tabs of an office's; people edit these and *Jobs*."""

    def __init__(self, lots: random.Random, gaps: float, fail: float) -> None:
        super().__init__(lots, gaps, fail)
        self.texts: dict[str, dict[int, str]] = {}
        """What people typed into rows of theirs, by the row's tag and the column."""
        self.owners: dict[str, int] = {}
        """The number of the job whose row it is, by tag."""
        self.said: dict[tuple[str, int], str] = {}
        """What people typed into cells in which EverBright's news goes, by tag and column."""
        self.held_jobs: set[int] = set()
        """The numbers of jobs whose rows only a person can tell."""
        self.exact: set[str] = set()
        """The tags of rows in which nothing of ours may be written."""
        self.headers: dict[int, str] = {}
        for sheet, headers in LAYOUTS.items():
            columns = [self.new_key() for _ in headers]
            self.headers |= dict(zip(columns, headers, strict=True))
            row = Row({key: typed(h) for key, h in zip(columns, headers, strict=True)})
            self.tabs[sheet] = Tab([row], columns)
        for number in range(6):
            self._add(ACTIVE if number < 4 else LATER, number)
        for _ in range(4):
            self._add(lots.choice([*LAYOUTS]))

    # What Google does

    def _rows(self, sheet: int, start: int, end: int | None) -> Any:
        found = super()._rows(sheet, start, end)
        for row in found["rowData"]:
            row["values"] = [
                {**cell, "formattedValue": held(cell)} if held(cell) else cell
                for cell in row["values"]
            ]
        return found

    def look(self, ranges: Sequence[str], _fields: str) -> Any:
        """Return all tabs, or the rows of one."""
        if self.lots.random() < self.fail:
            raise Retryable("google_unavailable", "no answer")
        sheets = [int(text.split("'")[1]) for text in ranges] or [*self.tabs]
        found = {"sheets": [self._sheet(s, [self._rows(s, 0, None)]) for s in sheets]}
        self.edit()
        return found

    def _appendDimension(self, body: Any, _: int) -> None:  # noqa: N802
        tab = self.tabs[body["sheetId"]]
        tab.columns += [self.new_key() for _ in range(body["length"])]

    def _copyPaste(self, *_: Any) -> None:  # noqa: N802
        """Of drop-downs, which aren't kept here."""

    def _deleteDeveloperMetadata(self, body: Any, read_at: int) -> None:  # noqa: N802
        lookup = body["dataFilter"]["developerMetadataLookup"]
        if "metadataLocation" in lookup:
            super()._deleteDeveloperMetadata(body, read_at)
        else:
            self.guards.pop(lookup["metadataId"], None)

    # What people do

    def _add(self, sheet: int, number: int | None = None, at: int | None = None) -> str:
        """Add a row, of a job's customer or of a walk-in."""
        tab, tag = self.tabs[sheet], self.text()
        name = NAMES[number] if number is not None else f"Walk-in {tag}"
        texts = {"Name": name, "Notes": f"note {tag}"}
        if number is not None:
            texts |= {"Phone": phone(number), "Email": email(number)}
            self.owners[tag] = number
        else:
            texts |= {"Phone": f"phone {tag}", STATUS: self.lots.choice(OUR_WORDS)}
            self.exact.add(tag)
        row, self.texts[tag] = Row(tag=tag), {}
        for key in tab.columns:
            if text := texts.get(self.headers.get(key, ""), ""):
                row.type(key, text, self.number)
                self.texts[tag][key] = text
        tab.rows.insert(len(tab.rows) if at is None else at, row)
        return tag

    def act(self) -> None:
        if self.lots.random() < 0.4:
            super().act()
            return
        deeds = (
            "sort", "sort", "move", "blank", "walk_in", "delete_blank", "move_column",
            "add_column", "note", "note", "status", "word", "word", "cut", "reuse", "copy",
            "clear_id",
        )  # fmt: skip
        deed = self.lots.choice(deeds)
        sheet = self.lots.choice([*LAYOUTS])
        getattr(self, f"office_{deed}")(sheet, self.tabs[sheet])
        self.counts[f"office {deed}"] += 1
        self.counts["edits"] += 1

    def key_column(self, sheet: int) -> int | None:
        found = (
            p for s, d, n, p in self.guards.values() if (s, d, n) == (sheet, "COLUMNS", "site_id")
        )
        return next(found, None)

    def key_of(self, sheet: int, row: Row) -> str:
        key = self.key_column(sheet)
        return held(row.cells.get(key, {})) if key is not None else ""

    def _column(self, sheet: int, header: str) -> int | None:
        return next((k for k in self.tabs[sheet].columns if self.headers.get(k) == header), None)

    def _rows_with(self, sheet: int, tags: Any) -> list[Row]:
        return [row for row in self.tabs[sheet].rows[1:] if row.tag in tags]

    def office_sort(self, _sheet: int, tab: Tab) -> None:
        """Sort by a filter, which has all columns."""
        key = self.lots.choice(tab.columns)
        full = [row for row in tab.rows[1:] if held(row.cells.get(key, {}))]
        rest = [row for row in tab.rows[1:] if not held(row.cells.get(key, {}))]
        full.sort(key=lambda row: held(row.cells[key]), reverse=self.lots.random() < 0.5)
        tab.rows[1:] = full + rest

    def office_move(self, _sheet: int, tab: Tab) -> None:
        if len(tab.rows) > 2:
            row = tab.rows.pop(self.lots.randrange(1, len(tab.rows)))
            tab.rows.insert(self.lots.randrange(1, len(tab.rows) + 1), row)

    def office_blank(self, _sheet: int, tab: Tab) -> None:
        tab.rows.insert(self.lots.randrange(1, len(tab.rows) + 1), Row())

    def office_walk_in(self, sheet: int, tab: Tab) -> None:
        self._add(sheet, at=self.lots.randrange(1, len(tab.rows) + 1))

    def office_delete_blank(self, _sheet: int, tab: Tab) -> None:
        blank = [r for r in tab.rows[1:] if not r.tag and not any(map(held, r.cells.values()))]
        if blank:
            tab.rows.remove(self.lots.choice(blank))

    def office_move_column(self, _sheet: int, tab: Tab) -> None:
        column = tab.columns.pop(self.lots.randrange(len(tab.columns)))
        tab.columns.insert(self.lots.randrange(len(tab.columns) + 1), column)

    def office_add_column(self, _sheet: int, tab: Tab) -> None:
        if len(tab.columns) < 11:
            key = self.new_key()
            self.headers[key] = f"Own {key}"
            tab.columns.insert(self.lots.randrange(len(tab.columns) + 1), key)
            tab.rows[0].type(key, f"Own {key}", 0)

    def _type(self, row: Row, key: int, text: str) -> None:
        self.number += 1
        row.type(key, text, self.number)

    def office_note(self, sheet: int, _tab: Tab) -> None:
        """Type into a column that is the office's, in any row with a tag."""
        rows = self._rows_with(sheet, self.texts)
        key = self._column(sheet, "Notes")
        if rows and key is not None:
            row = self.lots.choice(rows)
            self.texts[row.tag][key] = text = self.text()
            self._type(row, key, text)

    def office_status(self, sheet: int, _tab: Tab) -> None:
        """Type a text of the office's own into a connected cell of a job."""
        rows = [row for row in self._rows_with(sheet, self.owners) if row.tag not in self.exact]
        key = self._column(sheet, STATUS)
        if rows and key is not None:
            row, text = self.lots.choice(rows), self.text()
            self.said[row.tag, key] = text
            self._type(row, key, text)

    def office_word(self, sheet: int, tab: Tab) -> None:
        """Type EverBright's own word into a row that has no job."""
        rows = self._rows_with(sheet, self.exact)
        keys = [k for k in tab.columns if self.headers.get(k) in ("Stage", STATUS, "Notes")]
        if rows and keys:
            row, key, word = (
                self.lots.choice(rows),
                self.lots.choice(keys),
                self.lots.choice(OUR_WORDS),
            )
            if held(row.cells.get(key, {})) != word:  # Nobody types what is there.
                self.texts[row.tag][key] = word
                self._type(row, key, word)

    def office_cut(self, sheet: int, tab: Tab) -> None:
        """Cut a row into another tab: its cells land in the columns with the same letters."""
        rows = [row for row in self._rows_with(sheet, self.texts) if row.tag not in self.exact]
        if not rows or self.lots.random() < 0.5:
            return
        row, target = self.lots.choice(rows), self.lots.choice([s for s in LAYOUTS if s != sheet])
        there = self.tabs[target]
        there.columns += [self.new_key() for _ in range(len(tab.columns) - len(there.columns))]
        pairs = dict(zip(tab.columns, there.columns, strict=False))
        names = [
            (self.headers.get(a), self.headers.get(b)) for a, b in pairs.items() if a in row.cells
        ]
        tab.rows.remove(row)
        moved = Row({pairs[k]: c for k, c in row.cells.items() if k in pairs}, tag=row.tag)
        moved.typed_at = {pairs[k]: self.number for k in row.cells if k in pairs}
        there.rows.insert(self.lots.randrange(1, len(there.rows) + 1), moved)
        self.texts[row.tag] = {pairs[k]: t for k, t in self.texts[row.tag].items()}
        for (tag, key), text in [*self.said.items()]:
            if tag == row.tag:
                self.said[tag, pairs[key]] = self.said.pop((tag, key), text)
        if any(a != b for a, b in names):
            self._hold(row.tag)
            self.said = {place: text for place, text in self.said.items() if place[0] != row.tag}

    def office_reuse(self, sheet: int, _tab: Tab) -> None:
        """Type another customer over a job's, and leave the rest."""
        rows = [row for row in self._rows_with(sheet, self.owners) if row.tag not in self.exact]
        if not rows or self.lots.random() < 0.7:
            return
        row, tag = self.lots.choice(rows), self.text()
        for header, text in (
            ("Name", f"New {tag}"),
            ("Phone", f"720 {tag}"),
            ("Email", f"{tag}@new.test"),
        ):
            key = self._column(sheet, header)
            if key is not None:
                self._type(row, key, text)
                self.texts[row.tag][key] = text
        self._hold(row.tag)
        self.said = {place: text for place, text in self.said.items() if place[0] != row.tag}

    def office_copy(self, sheet: int, tab: Tab) -> None:
        """Copy a job's row with its ID, and type another note into the copy."""
        rows = [row for row in self._rows_with(sheet, self.owners) if self.key_of(sheet, row)]
        if not rows or self.lots.random() < 0.7:
            return
        row = self.lots.choice(rows)
        tag, number = self.text(), self.owners[row.tag]
        copy = Row(dict(row.cells), tag=tag)
        tab.rows.insert(tab.rows.index(row) + 1, copy)
        self.texts[tag] = dict(self.texts[row.tag])
        self.held_jobs.add(number)

    def _hold(self, tag: str) -> None:
        """Note that only a person can tell where this row's job is."""
        if tag in self.owners:
            self.held_jobs.add(self.owners.pop(tag))

    def office_clear_id(self, sheet: int, _tab: Tab) -> None:
        """Clear the ID of a row whose customer tells whose it is."""
        rows = [row for row in self._rows_with(sheet, self.owners) if self.key_of(sheet, row)]
        key = self.key_column(sheet)
        rows = [row for row in rows if self.owners[row.tag] not in self.held_jobs]
        if rows and key is not None and self.lots.random() < 0.3:
            self.lots.choice(rows).cells.pop(key)

    def version(self) -> Any:
        return super().version()


def refused(message: str) -> Refused:
    return Refused("google_refused", message)


__all__ = ["ACTIVE", "DONE", "JOBS", "LATER", "LAYOUTS", "OfficeSheet", "email", "phone"]
Texts = Mapping[str, Sequence[str]]
