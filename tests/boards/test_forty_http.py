"""The forty boards as tabs of one spreadsheet, connected through the page and through a file."""

from html import unescape
from pathlib import Path
from re import findall
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from emulator import Emulator
from tests.boards.board_world import OWNER, BoardWorld, _entered, form
from tests.boards.forty import BOARDS, Board
from tests.boards.seen import PERMIT, PTO
from tests.boards.test_http import is_answered, is_quiet
from tests.made_up import milestone
from tests.world import wait_for

NAMES = {PERMIT: "Permit", PTO: "Permission to Operate"}


class Forty(BoardWorld):
    """Each board is a tab, with its number as the sheet's ID."""

    def build(self) -> None:
        for number, name in enumerate(BOARDS, 1):
            properties = {"sheetId": number, "title": name}
            properties["gridProperties"] = {"rowCount": 60, "columnCount": 62}
            self.do({"addSheet": {"properties": properties}})
            self._board(number, BOARDS[name])

    def _board(self, sheet: int, board: Board) -> None:
        rows = [{"values": [_entered(value) for value in line]} for line in board.lines]
        start = {"sheetId": sheet, "rowIndex": 0, "columnIndex": 0}
        body = {"start": start, "rows": rows, "fields": "userEnteredValue"}
        if rows:
            self.do({"updateCells": body})
        self._format(sheet, board)
        self._objects(sheet, board.source)

    def _format(self, sheet: int, board: Board) -> None:
        source, top = board.source, board.source.get("top", 1)
        for line, row in enumerate(board.lines):
            for column, value in enumerate(row):
                if isinstance(value, bool):
                    self._rule(sheet, column, {"type": "BOOLEAN"}, line, line + 1)
        for column, words in source.get("options", {}).items():
            kind = "ONE_OF_RANGE" if words[0].startswith("=") else "ONE_OF_LIST"
            values = [{"userEnteredValue": word} for word in words]
            self._rule(sheet, column, {"type": kind, "values": values}, top)
        for column in source.get("dated", ()):
            area = _area(sheet, column, top, 60)
            cell = {"userEnteredFormat": {"numberFormat": {"type": "DATE"}}}
            mask = "userEnteredFormat.numberFormat"
            self.do({"repeatCell": {"range": area, "cell": cell, "fields": mask}})

    def _objects(self, sheet: int, source: Any) -> None:
        for first, end, left, right in source.get("merges", ()):
            area = {"sheetId": sheet, "startRowIndex": first, "endRowIndex": end}
            area |= {"startColumnIndex": left, "endColumnIndex": right}
            self.do({"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})
        for entry in source.get("protectedRanges", ()):
            area = {"sheetId": sheet, **entry["range"]}
            self.do(
                {
                    "addProtectedRange": {
                        "protectedRange": {**entry, "range": area | {"sheetId": sheet}}
                    }
                }
            )
        if "basicFilter" in source:
            area = {"sheetId": sheet, **source["basicFilter"]["range"]}
            self.do({"setBasicFilter": {"filter": {"range": area}}})
        for table in source.get("tables", ()):
            area = {"sheetId": sheet, **table["range"]}
            made = {"name": f"T{sheet}", "range": area}
            self.do(
                {"addTable": {"table": {**made, "columnProperties": table["columnProperties"]}}}
            )
        if "extra" in source:
            row, column, _ = source["extra"]
            where = {"sheetId": sheet, "rowIndex": row, "columnIndex": column}
            area = {"sheetId": sheet, "startRowIndex": 0, "endRowIndex": 6, "endColumnIndex": 5}
            grouped = [{"sourceColumnOffset": 2, "sortOrder": "ASCENDING"}]
            pivot = {"pivotTable": {"source": area, "rows": grouped}}
            rows = [{"values": [pivot]}]
            self.do(
                {
                    "updateCells": {
                        "start": where,
                        "rows": rows,
                        "fields": "pivotTable",
                    }
                }
            )

    def _rule(self, sheet: int, column: int, condition: Any, top: int, end: int = 60) -> None:
        area = _area(sheet, column, top, end)
        self.do({"setDataValidation": {"range": area, "rule": {"condition": condition}}})

    def grids(self) -> dict[int, list[list[Any]]]:
        """Return what people's tabs hold, without blank ends."""
        fields = "sheets(properties(sheetId),data(rowData(values(userEnteredValue))))"
        found = {}
        for sheet in self.book(fields)["sheets"]:
            rows = sheet["data"][0].get("rowData", ())
            lines = [[c.get("userEnteredValue") for c in r.get("values", ())] for r in rows]
            found[sheet["properties"].get("sheetId", 0)] = lines
        return found


def _area(sheet: int, column: int, top: int, end: int) -> dict[str, int]:
    rows = {"sheetId": sheet, "startRowIndex": top, "endRowIndex": end}
    return {**rows, "startColumnIndex": column, "endColumnIndex": column + 1}


def held(lines: list[list[Any]]) -> dict[tuple[int, int], Any]:
    return {(r, c): value for r, row in enumerate(lines) for c, value in enumerate(row) if value}


@pytest.fixture
def world(google: Emulator, tmp_path: Path) -> Forty:
    google.limits.enabled = False  # A person takes more than a minute for forty tabs.
    world = Forty(google, tmp_path)
    world.build()
    values = [{"values": [_entered(word)]} for word in ("Submitted", "Approved", "Rejected")]
    where, query = {"spreadsheetId": world.spreadsheet}, MultiDict[str, str]()
    lists = {"addSheet": {"properties": {"sheetId": 99, "title": "Lists"}}}
    start = {"sheetId": 99, "rowIndex": 0, "columnIndex": 0}
    update = {"updateCells": {"start": start, "rows": values, "fields": "userEnteredValue"}}
    body = {"requests": [lists, update]}
    world.google.sheets.handle("sheets.spreadsheets.batchUpdate", where, query, body, OWNER)
    return world


def spelled(field: str) -> str:
    aspect, _, definition = field.partition(":")
    return f"{aspect}:{NAMES.get(definition, definition)}" if definition else field


@pytest.mark.long
@pytest.mark.timeout(600)
def test_forty_boards_through_the_page_and_the_file(world: Forty, tmp_path: Path) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        for number in (1, 2):
            name = {1: "Permit", 2: "Permission to Operate"}[number]
            world.send(milestone(50, number, name=name, status="SUBMITTED"))
        wait_for(lambda: is_answered(world, 1))
        before, wrong = world.grids(), dict[str, Any]()
        for number, (name, board) in enumerate(BOARDS.items(), 1):
            path = f"/tabs/{number}?header_row={board.header_row}"
            page = visitor.page(path)
            fields = form(page)
            labels = findall(r'<label for="field-(\d+)">([^<]*)<', page)
            shown = {unescape(h): fields[f"field-{n}"][0] for n, h in labels}
            ours = {h: _known(f) for h, f in shown.items() if f}
            expected = {h: spelled(f) for h, f in board.fields.items()}
            if board.problem in ("", "is protected (Office)"):
                wrong |= {name: ours} if ours != expected else {}
            answer = visitor.post(f"/tabs/{number}", path, **fields)
            names = {"customer", "first_name"} & {*board.fields.values()}
            is_mapped = bool(names and not board.problem)
            wrong |= {name: answer.status_code} if (answer.status_code == 303) != is_mapped else {}
            if board.problem and board.problem != "no row of headers":
                wrong |= {} if board.problem in unescape(answer.text) else {name: answer.text}
        assert wrong == {}
        wait_for(lambda: "being connected" not in visitor.page("/tabs") and is_quiet(world), 90)
        after = world.grids()
        for number, name in enumerate(BOARDS, 1):
            cells, now = held(before[number]), held(after[number])
            added = {v for place, v in now.items() if place not in cells for v in _texts(v)}
            assert added <= {"Site ID", "EverBright status"} or name == "a table beside the jobs"
        exported = world.map("--export")
        file = tmp_path / "map.toml"
        file.write_text(exported, "utf-8")
        assert "Every tab is connected as the file says." in world.map(str(file))
        assert exported.count("[[tabs]]") > 30


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value.values()]


def _known(field: str) -> str:
    aspect, _, definition = field.partition(":")
    made = {str(milestone(1, n)["milestone_definition"]): n for n in (1, 2)}
    names = {1: "Permit", 2: "Permission to Operate"}
    return f"{aspect}:{names[made[definition]]}" if definition in made else field
