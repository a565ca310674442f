"""An installer's spreadsheet in the emulator, and the command that maps it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from click.testing import CliRunner, Result

from brightsheet import cli
from sync.errors import BrightsheetError
from tests.bench import Bench
from tests.made_up import ROOT

Cells = Sequence[Sequence[str | float | None]]
DATE = {"type": "DATE", "pattern": "yyyy-mm-dd"}


class Stand(Bench):
    """A spreadsheet whose first tab is an installer's, with everything that serves it."""

    def fill(self, cells: Cells, sheet_id: int = 0, row: int = 0) -> None:
        """Type cells from a row on; what begins with = is a formula."""
        rows = [{"values": [_data(one) for one in line]} for line in cells]
        start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": 0}
        self.do({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})

    def add_tab(self, title: str) -> int:
        made: int = self.google.edit(self.spreadsheet, "add_tab", title=title)
        return made

    def drop_down(self, column: int, *options: str, sheet_id: int = 0, top: int = 1) -> None:
        """Give the cells of a column a drop-down: of options, or of one range (=Lists!A1:A9)."""
        kind = "ONE_OF_RANGE" if options[0].startswith("=") else "ONE_OF_LIST"
        values = [{"userEnteredValue": one} for one in options]
        rule = {"condition": {"type": kind, "values": values}, "strict": True}
        self.do({"setDataValidation": {"range": area(sheet_id, column, top), "rule": rule}})

    def dated(self, column: int, sheet_id: int = 0, top: int = 1) -> None:
        cell = {"userEnteredFormat": {"numberFormat": DATE}}
        where = area(sheet_id, column, top)
        mask = "userEnteredFormat.numberFormat"
        self.do({"repeatCell": {"range": where, "cell": cell, "fields": mask}})

    def map(self, *words: str, status: int = 0) -> str:
        """Run the command in this process; return what it prints, or the error's message."""
        done = self._invoked(*words)
        if isinstance(done.exception, BrightsheetError):
            assert status == 1, done.exception.message
            return done.exception.message
        assert done.exit_code == status, done.output + repr(done.exception)
        return done.stdout or done.stderr

    def _invoked(self, *words: str) -> Result:
        return CliRunner(env={"COLUMNS": "200", **self.environment}).invoke(cli, ["map", *words])

    def started(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run the command as people do, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "brightsheet", "map", *words],
            env={"PATH": os.environ["PATH"], "COLUMNS": "200", **self.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def mapped(self, *words: str) -> dict[str, Any]:
        """Run it with --json; its exit status is 1 if there is a problem."""
        done = self._invoked("--json", *words)
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.exit_code == bool(found["problem"])
        return found

    def proposed(self, *words: str, tab: int = 0) -> dict[str, str]:
        found = self.mapped(*words)["tabs"][tab]
        return {one["header"]: one["field"] for one in found["columns"] if one["field"]}

    def metadata(self) -> list[tuple[str, str, str]]:
        """Return our metadata on rows and columns: place, key, value."""
        fields = "sheets(data(rowMetadata(developerMetadata),columnMetadata(developerMetadata)))"
        found = []
        for number, sheet in enumerate(self.book(fields)["sheets"]):
            grid = sheet["data"][0]
            for name, letter in (("rowMetadata", "r"), ("columnMetadata", "c")):
                for index, line in enumerate(grid.get(name, ())):
                    for one in line.get("developerMetadata", ()):
                        place = f"{number}{letter}{index}"
                        found.append((place, one["metadataKey"], one.get("metadataValue", "")))
        return found


def area(sheet_id: int, column: int, top: int = 1, bottom: int = 60) -> dict[str, int]:
    rows = {"startRowIndex": top, "endRowIndex": bottom}
    return {"sheetId": sheet_id, **rows, "startColumnIndex": column, "endColumnIndex": column + 1}


def _data(one: str | float | None) -> dict[str, Any]:
    if one is None:
        return {}
    if isinstance(one, str):
        kind = "formulaValue" if one.startswith("=") else "stringValue"
        return {"userEnteredValue": {kind: one}}
    if isinstance(one, bool):
        return {"userEnteredValue": {"boolValue": one}}
    return {"userEnteredValue": {"numberValue": one}}
