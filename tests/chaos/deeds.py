"""Simulates what people do in the Jobs tab, in places chosen at random."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator import Emulator
from emulator.errors import ApiError
from emulator.sheets import structure
from emulator.sheets.edit import Edit, change
from emulator.sheets.grid import Cell, Sheet
from emulator.sheets.updates import paste
from sync.sheets.ids import JOBS_TAB
from tests.chaos.ledger import Deed, Ledger
from tests.chaos.tab import (
    HAND,
    HEADER,
    KEY,
    Look,
    Spot,
    delete_header,
    jobs_tab,
    look,
    record,
    site_in,
    sort_all,
)
from tests.chaos.truth import TAG, tag_of

_OWN_COLUMNS = 8
_KILLS = 2
"""Rows that a person makes vanish between two reads of the product."""
RECENT = 30.0
_FEW = 4
_SHARE = 0.05
"""Of all jobs, at most so many (or _FEW) lose their row by a person in RECENT seconds: where a
tenth and more are gone at once the product stops and asks, which is another story."""
_WEIGHTS = {
    "type": 24,
    "note": 8,
    "row_of_nobody": 8,
    "sort": 7,
    "move_row": 6,
    "move_column": 6,
    "insert_rows": 5,
    "insert_column": 3,
    "add_column": 3,
    "rename_header": 5,
    "copy_rows": 5,
    "cut_rows": 5,
    "delete_row": 3,
    "delete_for_a_look": 4,
    "type_over": 8,
    "duplicate_tab": 1,
    "replace_tab": 1,
    "sort_all": 2,
    "delete_header": 2,
    "cut_column": 2,
    "cut_keys": 2,
    "clear_key": 3,
    "copy_as_template": 3,
}
_TYPED_FOR_ANOTHER = ("customer", "phone", "email", "address")
_TABS = 12
"""Beyond so many tabs none is duplicated."""
_NOT_TYPED_OVER = (KEY, "last_update")
"""The ledger identifies a row by these columns."""


@dataclass(frozen=True)
class _Deleted:
    """A deleted row to restore: its place, its cells by column key, and its owner."""

    row: int
    cells: dict[int, Cell]
    owners: set[str]
    texts: set[str]
    """The typed texts in it."""


class Deeds:
    """Does one thing at a time; `by_name` has all actions."""

    def __init__(
        self, google: Emulator, spreadsheet: str, ledger: Ledger, lots: random.Random, recent: float
    ) -> None:
        self.ledger = ledger
        self.kills = 0
        """Rows that vanished since the product last looked."""
        self.duplicates: dict[int, list[dict[int, Spot]]] = {}
        """Tabs that the person duplicated, by sheet id, and how they stood."""
        self.by_name: dict[str, Callable[[Look], Deed | None]] = {
            name: getattr(self, f"_{name}") for name in _WEIGHTS
        }
        self._google = google
        self._id = spreadsheet
        self._lots = lots
        self._recent = recent
        self._number = 0
        self._looked_at = set[str]()
        """Sites of the rows that were deleted for a look."""
        self.next_deed: Callable[[Look], Deed | None] | None = None
        """The next deed, if it is set: it takes something back, copies, or types a cell."""
        self.put_header_back: Callable[[], None] | None = None
        """The next deed while the header row is gone."""
        self.is_in_gap = False
        """Whether a batch is about to be written: all earlier ones have been checked."""
        self.is_repairing: Callable[[], bool] = lambda: False
        """Whether a misplaced write is still to be undone, or to be found."""
        self._was_header_sorted_in = False

    @property
    def is_amid_something(self) -> bool:
        """Whether something comes next in any case."""
        return self.next_deed is not None or self.put_header_back is not None

    def only(self, *names: str) -> None:
        """Do nothing but these from now on; the lots fall as they would with all."""
        self.leave_out(*(self.by_name.keys() - set(names)))

    def leave_out(self, *names: str) -> None:
        for name in names:
            self.by_name[name] = lambda _: None

    def some(self, before: Look) -> Deed | None:
        """Do one thing, chosen by lot among those that can be done now."""
        if self.next_deed is not None:
            deed, self.next_deed = self.next_deed, None
            return deed(before)
        for _ in range(8):
            (name,) = self._lots.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            try:
                if (done := self.by_name[name](before)) is not None:
                    return done
            except ApiError:
                continue  # Google lets nobody do this.
        return None

    def _edit(self, name: str, **arguments: Any) -> None:
        self._google.edit(self._id, name, sheet_id=self._tab().sheet_id, **arguments)

    def _tab(self) -> Sheet:
        tab = jobs_tab(self._google.sheets.spreadsheets[self._id])
        assert tab is not None
        return tab

    def _text(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number:05d}"

    def _job_row(self, before: Look) -> int | None:
        """A row with a job's key, a copy now and then."""
        keyed = [
            row
            for row in before.body()
            if before.key(row)
            and self.ledger.owner(before, row) in self.ledger.truth.sites
            and not self._is_template(before, row)
        ]
        return self._lots.choice(keyed) if keyed else None

    def _blank_row(self, before: Look) -> int | None:
        filled = [row for row in before.body() if before.rows[row]]
        last = max(filled, default=before.header_row)
        blank = [row for row in before.body() if not before.rows[row] and row < last + 4]
        return self._lots.choice(blank) if blank else None

    def _column(self, before: Look) -> int:
        return self._lots.choice(before.keys)

    def _owners(self, before: Look, rows: range) -> set[str] | None:
        """Whose these rows are; None where one of them is nobody knows whose."""
        owners = [self._sure_owner(before, row) for row in rows if before.rows[row]]
        return None if None in owners else {owner for owner in owners if owner}

    def _may_vanish(self, before: Look, count: int) -> bool:
        since = time.monotonic() - self._recent
        gone = sum(
            at > since and site not in before.by_site for site, at in self.ledger.killed.items()
        )
        most = max(_FEW, int(_SHARE * len(self.ledger.truth.sites)))
        return count == 0 or (self.kills + count <= _KILLS and gone + count <= most)

    def _sure_owner(self, before: Look, row: int) -> str | None:
        owner, key = self.ledger.owner(before, row), before.key(row)
        if self._is_template(before, row):
            return None
        is_job = owner in self.ledger.truth.sites
        return owner if not is_job or site_in(key) else None

    def _type(self, before: Look) -> Deed | None:
        row = self._job_row(before)
        if row is None or not before.own:
            return None
        place = self.ledger.owner(before, row)
        deed = Deed("")
        for column in self._lots.sample(
            before.own, min(len(before.own), self._lots.choice((1, 2)))
        ):
            if before.spot(row, column).text and self._lots.random() < 0.8:
                continue
            self._put(before, deed, "hand", row, column, place)
        deed.told = f"type {[one[0] for one in deed.typed]} into row {row} of {place}"
        return deed if deed.typed else None

    def _put(
        self, before: Look, deed: Deed, kind: str, row: int, column: int, place: str | None
    ) -> str:
        text = self._text(kind)
        index = before.keys.index(column)
        self._edit("type_cell", row=row, column=index, text=text)
        deed.typed.append((text, row, column, place or text))
        return text

    def _note(self, before: Look) -> Deed | None:
        on_header = self._lots.random() < 0.2
        row = before.header_row if on_header else self._job_row(before)
        if row is None:
            return None
        place, column = self.ledger.owner(before, row), self._column(before)
        text = self._text("note")
        self._edit("add_note", row=row, column=before.keys.index(column), text=text)
        told = f"note {text} on row {row} of {place}, {before.name(column)}"
        return Deed(told, typed=[(text, row, column, place)])

    def _row_of_nobody(self, before: Look) -> Deed | None:
        """Make a row that belongs to no job, or type more into one."""
        row, place = self._row_without_job(before)
        if row is None:
            return None
        deed = Deed("")
        columns = [key for key in before.keys if not before.spot(row, key).text]
        if self._lots.random() < 0.9:
            columns = [key for key in columns if before.managed.get(key) != KEY]
        if not columns:
            return None
        for column in self._lots.sample(columns, min(len(columns), self._lots.choice((1, 2, 3)))):
            place = place or None
            text = self._put(before, deed, "hand" if place else "row", row, column, place)
            place = place or text
        deed.told = f"type {[one[0] for one in deed.typed]} into row {row} of no job ({place})"
        return deed

    def _row_without_job(self, before: Look) -> tuple[int | None, str | None]:
        if self._lots.random() < 0.5:
            return self._blank_row(before), None
        found = [
            (spots[0][0], text)
            for text, spots in before.hands.items()
            if text.startswith("row-")
            and len(spots) == 1
            # With a job's ID, it may be that job's, which shows this text by mistake.
            and not site_in(before.key(spots[0][0]))
            and self.ledger.owner(before, spots[0][0]) == text
        ]
        return self._lots.choice(found) if found else (None, None)

    def _sort(self, before: Look) -> Deed:
        column, up = self._column(before), self._lots.random() < 0.5
        self._edit("sort", column=before.keys.index(column), ascending=up)
        return Deed(f"sort by {before.name(column)} {'up' if up else 'down'}")

    def _move_row(self, before: Look) -> Deed | None:
        row, to = self._job_row(before), self._job_row(before)
        if row is None or to is None or row == to:
            return None
        self._edit("move_row", row=row, to=to)
        return Deed(f"move row {row} of {before.key(row)} to {to}")

    def _move_column(self, before: Look) -> Deed | None:
        column = self._column(before)
        index, to = before.keys.index(column), self._lots.randrange(len(before.keys))
        if index == to:
            return None
        self._edit("move_column", column=index, to=to)
        return Deed(f"move column {before.name(column)} from {index} to {to}")

    def _insert_rows(self, before: Look) -> Deed | None:
        row, count = self._job_row(before), self._lots.choice((1, 1, 2))
        if row is None:
            return None
        if before.header_row == 0 and self._lots.random() < 0.1:
            row = 0
        self._edit("insert_rows", index=row, count=count)
        return Deed(f"insert {count} rows at {row}")

    def _insert_column(self, before: Look) -> Deed | None:
        if len(before.own) >= _OWN_COLUMNS:
            return None
        index = self._lots.randrange(len(before.keys))
        self._edit("insert_columns", index=index)
        return Deed(f"insert a column at {index}")

    def _add_column(self, before: Look) -> Deed | None:
        if len(before.own) >= _OWN_COLUMNS:
            return None
        text = self._text("head")
        self._edit("add_column", text=text)
        sheet = self._google.sheets.spreadsheets[self._id]
        after = look(sheet)
        assert after is not None
        return Deed(f"add column {text}", typed=[(text, before.header_row, after.keys[-1], HEADER)])

    def _rename_header(self, before: Look) -> Deed | None:
        """Rename a header.

        Not in the seconds of a repair after the header row was sorted in with the rows: if a write
        hit it there, its other headers tell where it is.
        """
        self._was_header_sorted_in = self._was_header_sorted_in and self.is_repairing()
        if self._was_header_sorted_in:
            return None
        column, text = self._column(before), self._text("head")
        self._edit("type_cell", row=before.header_row, column=before.keys.index(column), text=text)
        told = f"rename {before.name(column)} to {text}"
        return Deed(told, typed=[(text, before.header_row, column, HEADER)])

    def _copy_rows(self, before: Look) -> Deed | None:
        return self._paste(before, "copy_rows")

    def _cut_rows(self, before: Look) -> Deed | None:
        return self._paste(before, "cut_rows")

    def _paste(self, before: Look, how: str) -> Deed | None:
        """Copy or cut a row or two, and paste them: mostly where nothing is, else over others."""
        start, count = self._job_row(before), self._lots.choice((1, 1, 1, 2))
        over = self._lots.random() < 0.25
        to = self._job_row(before) if over else self._blank_row(before)
        if start is None or to is None or abs(start - to) < count:
            return None
        if max(start, to) + count > len(before.rows):
            return None
        source, target = range(start, start + count), range(to, to + count)
        moving, destroyed = self._owners(before, source), self._owners(before, target)
        if moving is None or destroyed is None or not self._may_vanish(before, len(destroyed)):
            return None
        self._edit(how, start=start, end=start + count, to=to)
        told = (
            f"{how} {start} to {start + count} of {moving} to {to}, over {destroyed or 'nothing'}"
        )
        return Deed(told, destroyed)

    def _delete_row(self, before: Look) -> Deed | None:
        row = self._job_row(before)
        if row is None or not self._may_vanish(before, 1):
            return None
        owners = self._owners(before, range(row, row + 1))
        if not owners:
            return None
        self._edit("delete_rows", index=row)
        return Deed(f"delete row {row} of {owners}", owners)

    def _delete_for_a_look(self, before: Look) -> Deed | None:
        """Delete a row; the next deed takes that back, whatever the product did meanwhile."""
        row = self._job_row(before)
        if row is None or self.ledger.is_damaged(before, row) or not self._may_vanish(before, 1):
            return None
        owners = self._owners(before, range(row, row + 1))
        if not owners:
            return None
        tab = self._tab()
        holding = {claim.text for claim in self.ledger.holding()}
        spots = before.rows[row].values()
        texts = {t for s in spots for t in (s.text, *HAND.findall(s.note))} & holding
        self._looked_at |= owners
        deleted = _Deleted(row, dict(tab.rows[row].cells), owners, texts)
        self.next_deed = lambda now: self._undo_deletion(now, deleted)
        self._edit("delete_rows", index=row)
        return Deed(f"delete row {row} of {owners} for a look", owners)

    def _undo_deletion(self, before: Look, deleted: _Deleted) -> Deed:
        sheet = self._google.sheets.spreadsheets[self._id]
        at = min(deleted.row, len(before.rows))

        def put_back(edit: Edit) -> None:
            tab = self._tab()
            structure.insert(edit, tab, "ROWS", at, 1, like=at - 1)
            for index, column in enumerate(tab.columns):
                if column.key in deleted.cells:
                    paste.put(edit, tab, at, index, deleted.cells[column.key])

        change(sheet, sheet.owner, put_back)
        told = f"undo: row {at} of {deleted.owners} stands again"
        return Deed(told, back=deleted.texts, is_undone=True)

    def _type_over(self, before: Look) -> Deed | None:
        """Type into a managed cell of a job's row: our own tab replaces that in time.

        Not over the customer's data where another job's key stands for a moment: without that key,
        and with another phone number, the row would be no job's.
        """
        row = self._job_row(before)
        if row is None:
            return None
        left_out = {*_NOT_TYPED_OVER}
        if self.ledger.is_damaged(before, row):
            left_out |= {*_TYPED_FOR_ANOTHER}
        columns = [key for key, c in before.managed.items() if c not in left_out]
        if not columns:
            return None
        column, place = self._lots.choice(columns), self.ledger.owner(before, row)
        deed = Deed("")
        text = self._put(before, deed, "hand", row, column, place)
        deed.told = f"type {text} over {before.name(column)} in row {row} of {place}"
        return deed

    def _duplicate_tab(self, _before: Look) -> Deed | None:
        """A record of how things stood: nothing is written there."""
        sheet = self._google.sheets.spreadsheets[self._id]
        if len(sheet.sheets) >= _TABS:
            return None
        tab = self._tab().sheet_id
        made: int = self._google.edit(self._id, "duplicate_tab", sheet_id=tab)
        self.duplicates[made] = record(sheet, made)
        return Deed(f"duplicate the tab as {made}")

    def _replace_tab(self, _before: Look) -> Deed | None:
        """Duplicate the tab and delete the original, once: the duplicate takes its place.

        Not within the seconds between a batch and its check, which looks for what went wrong in the
        original alone.
        """
        if self.duplicates or not self.is_in_gap:
            return None  # One of the records would take its place.
        made: int = self._google.edit(self._id, "duplicate_tab", sheet_id=self._tab().sheet_id)
        self._edit("delete_tab")
        return Deed(f"replace the tab by its duplicate {made}")

    def _sort_all(self, before: Look) -> Deed | None:
        """Sort the header row in with the rows; the next deed takes that back."""
        book, tab = self._google.sheets.spreadsheets[self._id], self._tab()
        column, up = self._lots.randrange(len(before.keys)), self._lots.random() < 0.5
        unsort = sort_all(book, tab, 0, column, ascending=up)
        self._was_header_sorted_in = True
        self.next_deed = lambda _: self._unsort(unsort)
        return Deed(f"sort all rows, the header with them, by {before.name(before.keys[column])}")

    def _unsort(self, unsort: Callable[[], None]) -> Deed:
        unsort()
        return Deed("undo: the rows and the header are in their places again", is_undone=True)

    def _delete_header(self, before: Look) -> Deed | None:
        """Delete the header row; the next deed takes that back.

        Not in a duplicate that took the place of the original: another one would take its place.
        """
        book, tab = self._google.sheets.spreadsheets[self._id], self._tab()
        if tab.sheet_id != JOBS_TAB:
            return None
        self.put_header_back = delete_header(book, tab, before.header_row)
        return Deed("delete the header row")

    def _cut_column(self, before: Look) -> Deed | None:
        """Cut a managed column into one that is blank; the next deed takes that back."""
        columns = [key for key, column in before.managed.items() if column != KEY]
        blank = [key for key in before.own if not any(key in row for row in before.rows)]
        if not (columns and blank):
            return None
        column, to = self._lots.choice(columns), self._lots.choice(blank)
        if not before.spot(before.header_row, column).text:
            return None
        self._cut(before, column, to)
        self.next_deed = lambda now: self._uncut(now, column, to)
        return Deed(f"cut {before.name(column)} into another column")

    def _uncut(self, before: Look, column: int, to: int) -> Deed:
        self._cut(before, to, column)
        return Deed("undo: the column is back", is_undone=True)

    def _cut(self, before: Look, column: int, to: int) -> None:
        start = before.keys.index(column)
        self._edit("cut_columns", start=start, end=start + 1, to=before.keys.index(to))

    def _cut_keys(self, before: Look) -> Deed | None:
        """Cut site IDs into another column; the next deed takes that back.

        Not in the second of a batch for which somebody else moves the row: what it writes there by
        mistake is put back in a row without an ID, and this one has its ID again.
        """
        if self.is_in_gap:
            return None
        row = self._job_row(before)
        blank = [key for key in before.own if row is not None and not before.spot(row, key).text]
        if row is None or not blank or not self._may_vanish(before, 1):
            return None
        to, text = self._lots.choice(blank), before.key(row)
        self._edit("type_cell", row=row, column=before.keys.index(to), text=text)
        self._edit("type_cell", row=row, column=before.keys.index(before.by_id[KEY]), text="")
        self.next_deed = lambda now: self._uncut_keys(now, to, text)
        return Deed(f"cut the key of row {row}, {text}, into another column", lost_keys={text})

    def _uncut_keys(self, before: Look, column: int, text: str) -> Deed:
        for row in before.body():
            if before.spot(row, column).text == text:
                self._edit("type_cell", row=row, column=before.keys.index(column), text="")
                key = before.keys.index(before.by_id[KEY])
                self._edit("type_cell", row=row, column=key, text=text)
        return Deed(f"undo: the key {text} is back", is_undone=True)

    def _clear_key(self, before: Look) -> Deed | None:
        """Clear the site ID of a row that is right: the product writes it again.

        Not in a row that was deleted for a look: the product may not have seen it back yet, and
        then looks for no ID of it.
        """
        row = self._job_row(before)
        if row is None or not self._is_right(before, row) or not self._may_vanish(before, 1):
            return None
        site = before.key(row)
        if site in self._looked_at:
            return None
        self._edit("type_cell", row=row, column=before.keys.index(before.by_id[KEY]), text="")
        return Deed(f"clear the key of row {row}, {site}", lost_keys={site})

    def _is_right(self, before: Look, row: int) -> bool:
        """Tell whether a job's only row shows his customer, and nothing of another job.

        With a typed phone number it may be another customer's: without its key it is no job's.
        """
        if any(before.shown(row, column) in self.ledger.claims for column in _TYPED_FOR_ANOTHER):
            return False
        site = before.key(row)
        known = self.ledger.truth.customers.get(site, {})
        name = before.by_id.get("customer", -1)
        cell = self._tab().rows[row].cells.get(name)
        notes = "".join(spot.note for spot in before.rows[row].values())
        return (
            len(before.by_site.get(site, ())) == 1
            and not self.ledger.is_damaged(before, row)
            and set(TAG.findall(notes)) <= {tag_of(site)}
            and all(before.shown(row, column) == text for column, text in known.items())
            and cell is not None
            and site in str((cell.rest or {}).get("textFormatRuns"))
        )

    def _copy_as_template(self, _before: Look) -> Deed | None:
        """Look for a row to copy; nobody moves one and copies it within the same second."""
        self.next_deed = self._copy_for_another
        return Deed("look for a row to copy for another customer")

    def _copy_for_another(self, before: Look) -> Deed | None:
        """Copy a row that is right for a new customer; then type that one's data over it.

        Not in the seconds of a repair: if the key was written there by mistake, too, it is taken
        back from the copy without a line in Recovered.
        """
        if self.is_repairing():
            return None
        row, to = self._job_row(before), self._blank_row(before)
        columns = [before.by_id[c] for c in _TYPED_FOR_ANOTHER if c in before.by_id]
        if row is None or to is None or not columns or not self._is_right(before, row):
            return None
        self._edit("copy_rows", start=row, end=row + 1, to=to)
        site, place = before.key(row), self._text("row")
        typed: dict[str, int] = {}

        def type_cell(now: Look) -> Deed | None:
            rows = [spots[0][0] for text in typed if (spots := now.hands.get(text))]
            if not rows and len(same := now.by_site.get(site, [])) == 2:
                rows = [same[-1 if to > row else 0]]
            if not rows:
                return None
            gone = [text for text in typed if text not in now.hands]
            if gone and now.key(rows[0]) == site:  # It was written over as the job's.
                text, column = gone[0], typed[gone[0]]
            elif columns:
                text, column = self._text("row") if typed else place, columns.pop(0)
            else:
                return None
            typed[text] = column
            self.ledger.templates.add(place)
            at = now.keys.index(column)
            self._edit("type_cell", row=rows[0], column=at, text=text)
            self.next_deed = type_cell
            told = f"type {text} into row {rows[0]} for another customer, {place}"
            return Deed(told, typed=[(text, rows[0], column, place)])

        self.next_deed = type_cell
        return Deed(f"copy row {row} of {site} to {to} for another customer")

    def _is_template(self, before: Look, row: int) -> bool:
        """Tell whether a row, or another with its key, is a copy for another customer."""
        return any(
            spot.text in self.ledger.templates
            for other in before.by_site.get(before.key(row), ())
            for spot in before.rows[other].values()
        )
