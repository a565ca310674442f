"""A person at work in the Pipeline tab, at random, who remembers what was typed there."""

import random

from emulator.sheets.grid import BLANK as NO_CELL
from sync.sheets.ids import PIPELINE_TAB
from tests.bench import Bench

_ROWS, _COLUMNS = 8, 10
"""Where our cells are, and somewhat more."""
_BELOW = 40
"""A row below our cells."""


class Tinkerer:
    """Inserts and moves rows and columns among ours, and types into blank cells."""

    def __init__(self, bench: Bench, lots: random.Random) -> None:
        self._bench = bench
        self._lots = lots
        self.typed: list[str] = []

    def act(self, *_call: object) -> None:
        """Do one thing, once the tab is there."""
        book = self._bench.google.sheets.spreadsheets[self._bench.spreadsheet]
        if all(sheet.sheet_id != PIPELINE_TAB for sheet in book.sheets):
            return
        row, column = self._lots.randrange(_ROWS), self._lots.randrange(_COLUMNS)
        match self._lots.choice(("rows", "columns", "row", "column", "type")):
            case "rows":
                self._edit("insert_rows", index=row)
                self._type(row, column)
            case "columns":
                self._edit("insert_columns", index=column)
                self._type(row, column)
            case "row":
                self._edit("move_row", row=row, to=self._lots.randrange(_ROWS))
            case "column":
                self._edit("move_column", column=column, to=self._lots.randrange(_COLUMNS))
            case _:
                row = _BELOW + len(self.typed)
                tab = next(sheet for sheet in book.sheets if sheet.sheet_id == PIPELINE_TAB)
                key = tab.columns[column].key
                while row < len(tab.rows) and tab.rows[row].cells.get(key, NO_CELL).value:
                    row += 1  # What was typed has moved down since.
                self._type(row, column)

    def missing(self) -> list[str]:
        """Return the typed texts that aren't there exactly once."""
        there = [text for row in self.texts() for text in row]
        return [text for text in self.typed if there.count(text) != 1]

    def texts(self) -> list[list[str]]:
        """Return the texts of the tab, row by row."""
        data = self._bench.tab("Pipeline", "data(rowData(values(formattedValue)))")["data"][0]
        return [
            [cell.get("formattedValue", "") for cell in row.get("values", ())]
            for row in data["rowData"]
        ]

    def rows(self) -> list[dict[str, str]]:
        """Return our rows by header, wherever that is by now."""
        texts = self.texts()
        header = next(n for n, row in enumerate(texts) if "Waiting at" in row)
        rows = (dict(zip(texts[header], row, strict=False)) for row in texts[header + 1 :])
        return [row for row in rows if row.get("Open jobs", "").isdigit()]

    def _type(self, row: int, column: int) -> None:
        self.typed.append(f"typed {len(self.typed)}")
        self._edit("type_cell", row=row, column=column, text=self.typed[-1])

    def _edit(self, deed: str, **arguments: object) -> None:
        self._bench.edit(deed, sheet_id=PIPELINE_TAB, **arguments)
