"""Compares an installer's board before and after deliveries, and yields every unwanted change.

Rows that are added for new jobs push the others down, and a column for the key those right of it.
Everything else must be unchanged: values, formulas (with their ranges moved, and grown if they
ended at the last job), formats, drop-downs and notes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from emulator.sheets.formula import End, rewrite
from sync.sheets.cell_data import CellData, text_of
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone, uuid

MATCHED = {1: "Ada Number1", 2: "Ada Number2", 3: "Ada Number3"}
"""The jobs whose customers are in his rows, by number."""
NEW = range(4, 29)
DELIVERIES = 100
Grid = Mapping[tuple[int, int], CellData]
_CELLS = "userEnteredValue,userEnteredFormat,note,dataValidation"


@dataclass(frozen=True)
class Board:
    """The expected proposals for a tab: fields by header; all others are left open.

    `said` is what a person adds on the command line, `problem` why the tab cannot be mapped, and
    `last` the text that begins the last job's row.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    problem: str = ""
    last: str = "Ada Number3"
    tab: str = "Sheet1"
    sheet_id: int = 0


def asking(stand: Stand) -> Stand:
    stand.google.everbright.token = "a-token"
    stand.environment["EVERBRIGHT_API_TOKEN"] = "a-token"
    stand.configured(stand.config)
    for number in (*MATCHED, *NEW):
        stand.customer(number, city_name="Marlow", state_abbreviation="CO")
    return stand


def grids(stand: Stand) -> dict[int, Grid]:
    fields = f"sheets(properties(sheetId,hidden),data(rowData(values({_CELLS}))))"
    found: dict[int, Grid] = {}
    for sheet in stand.book(fields)["sheets"]:
        if not sheet["properties"].get("hidden"):
            rows = sheet["data"][0].get("rowData", ())
            found[sheet["properties"].get("sheetId", 0)] = {
                (row, column): cell
                for row, line in enumerate(rows)
                for column, cell in enumerate(line.get("values", ()))
                if cell
            }
    return found


def deliver(stand: Stand) -> None:
    jobs = [*MATCHED, *NEW][: DELIVERIES // 4]
    for step, (definition, status) in enumerate(
        [(1, "SUBMITTED"), (1, "APPROVED"), (2, "SUBMITTED"), (2, "REJECTED")]
    ):
        day = f"2026-04-{step + 1:02}T10:00:00Z"
        names = {1: "Permit", 2: "PTO"}
        for job in jobs:
            more = {"name": names[definition], "status": status, "date_updated": day}
            stand.send(milestone(job, definition, **more))
        deliver_what_waits(stand)


def deliver_what_waits(stand: Stand) -> None:
    while stand.is_waiting() or stand.ask():
        if stand.is_waiting():
            stand.flush_once()
    stand.flush()


@dataclass(frozen=True)
class Moved:
    """Where rows and columns of a tab went: `count` new rows below `last`, a column at `key`."""

    last: int
    count: int
    key: int

    def row(self, row: int) -> int:
        return row + self.count if row > self.last else row

    def column(self, column: int) -> int:
        return column + 1 if column >= self.key else column

    def cell(self, cell: CellData, row: int, *, is_here: bool, title: str) -> CellData:
        """Return a cell with its formula as Google leaves it; `is_here`: it is in that tab.

        A formula that counts up to its own row still does.
        """
        formula = cell.get("userEnteredValue", {}).get("formulaValue")
        if not formula:
            return cell

        def change(named: str | None, ends: list[End]) -> list[End] | None:
            if not (is_here if named is None else named == title):
                return ends
            first, last = ends[0], ends[-1]
            moved = [self._end(end) for end in ends]
            counts_up = row == self.last and not last.row_fixed
            if len(ends) == 2 and last.row == self.last != first.row and not counts_up:
                moved[1] = moved[1]._replace(row=self.last + self.count)
            return moved

        return {**cell, "userEnteredValue": {"formulaValue": rewrite(formula, change)}}

    def _end(self, end: End) -> End:
        row = end.row if end.row is None else self.row(end.row)
        column = end.column if end.column is None else self.column(end.column)
        return end._replace(row=row, column=column)


def wrong(
    before: Mapping[int, Grid], after: Mapping[int, Grid], board: Board, mapped: Mapping[str, int]
) -> Iterator[str]:
    """Give what is not as it was; `mapped` are the columns of the tab, by header, after it."""
    key = mapped["Site ID"]
    sites = {row: text_of(cell) for (row, at_), cell in after[board.sheet_id].items() if at_ == key}
    new = sorted(row for row, site in sites.items() if site in {uuid(n) for n in NEW})
    first = next(
        row for (row, _), cell in before[board.sheet_id].items() if text_of(cell) == board.last
    )
    if len(new) != len(NEW) - 3 or new != [*range(first + 1, first + 1 + len(new))]:
        yield f"{len(new)} rows are added in {new[:1]}, not below row {first}"
        return
    added = not any(text_of(cell) == "Site ID" for cell in before[board.sheet_id].values())
    moved = Moved(first, len(new), key if added else 10**6)
    matched = {row for row, site in sites.items() if site in {uuid(n) for n in MATCHED}}
    for sheet_id, grid in before.items():
        is_here = sheet_id == board.sheet_id
        expected = {}
        for (row, column), cell in grid.items():
            place = (moved.row(row), moved.column(column)) if is_here else (row, column)
            expected[place] = moved.cell(cell, row, is_here=is_here, title=board.tab)
        own = {
            place: cell
            for place, cell in after[sheet_id].items()
            if not (is_here and (place[0] in new or place[1] == moved.key))
        }
        for place in sorted(expected.keys() | own.keys()):
            if is_here and place[0] in matched and place[1] in mapped.values():
                continue
            stood, stands = expected.get(place, {}), own.get(place, {})
            if stood != stands:
                yield f"{sheet_id} {place}: {stands}, not {stood}"


def mapped_columns(stand: Stand, board: Board) -> dict[str, int]:
    (tab,) = [tab for tab in stand.mapped()["tabs"] if tab["title"] == board.tab]
    columns = [c for c in tab["columns"] if c["field"]]
    return {column["header"]: index_of(column["letter"]) for column in columns}


def index_of(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def proposals(stand: Stand, board: Board) -> dict[str, str]:
    tabs = stand.mapped(*board.said)["tabs"]
    (tab,) = [tab for tab in tabs if tab["title"] == board.tab]
    assert board.problem in tab["problem"], tab["problem"]
    return {column["header"]: column["field"] for column in tab["columns"] if column["field"]}


def played(stand: Stand, board: Board) -> None:
    """Map the board and deliver: his cells stay as they were."""
    fields = proposals(stand, board)
    assert fields == board.fields, fields
    before = grids(stand)
    stand.map(*(board.said or ("--tab", board.tab)), "--write")
    deliver(stand)
    problems = [*wrong(before, grids(stand), board, mapped_columns(stand, board))]
    assert not problems, problems[:5]
