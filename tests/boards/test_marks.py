"""Personal data in webhooks, answers and a mapped sheet is shown only on request."""

import re

import pytest

from emulator import Emulator
from sync.sheets.cell_data import at, text_of
from tests.boards import two_tab_board
from tests.made_up import uuid
from tests.security.conftest import Written
from tests.security.test_marks import (
    FEW,
    FULL,
    JOBS,
    MANY,
    MARK,
    Stage,
    is_shown_when_asked_for,
    played,
)

pytestmark = pytest.mark.long


class BoardStage(Stage):
    """With a board that people type into."""

    rows = ""

    def prepare(self) -> None:
        """Have a mapped sheet with a History, and two rows of one customer."""
        lines = [
            two_tab_board.line(n, Crew=self.marks.name(), Customer=self.marks.name())
            for n in range(1, JOBS + 1)
        ]
        twice = self.google.everbright.site(uuid(1))["contacts"][0]["email"]
        lines += [
            two_tab_board.line(n, E_mail=twice, Note_to_self=self.marks.text()) for n in (8, 9)
        ]
        two_tab_board.make(self.bench, lines, [])
        two_tab_board.map_tabs(self.bench, two_tab_board.OPEN)
        self.bench.setup().provision(self.bench.spreadsheet, ["history"])

    def type_over(self) -> None:
        index = two_tab_board.places(self.bench)["Permit"]
        for row, line in enumerate(two_tab_board.grid(self.bench), two_tab_board.HEADER_ROW + 1):
            if text_of(at(line, two_tab_board.KEY_AT)):
                start = {"sheetId": two_tab_board.OPEN, "rowIndex": row, "columnIndex": index}
                rows = [{"values": two_tab_board.cells([self.marks.text()], row)}]
                change = {"start": start, "rows": rows, "fields": "userEnteredValue"}
                self.bench.do({"updateCells": change})

    def look(self) -> None:
        """Read the pages that ask for cells, too, after all others: only the log may not tell."""
        super().look()
        visitor = self.console.visitor
        self.told["/mapping/unmap read"] = visitor.send("/mapping/unmap").text
        self.rows = visitor.send("/mapping/rows", step="look").text
        tabs = visitor.send("/mapping").location
        visitor.get(tabs)
        visitor.send(tabs, **{"tab": "0", "title:0": "Open jobs", "header:0": "3"})
        for step in ("columns", "preview"):
            visitor.get(tabs.replace("/tabs", f"/{step}"))
        visitor.send("/personal", show="no")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("seed", "count"), [(1, FEW), (3, MANY), *[(2, MANY)] * FULL])
def test_secret_marks_appear_only_where_allowed(
    google: Emulator, sqlite_url: str, lines: Written, seed: int, count: int
) -> None:
    made = BoardStage(google, sqlite_url, seed)
    played(made, count)
    made.told["the log"] = lines()[0]
    assert made.marked() == set()
    if count == FEW:
        job = is_shown_when_asked_for(made, "Open jobs", 2)  # Job 1 waits for an answer.
        assert "Same job: row" in made.rows
        typed = re.findall(r"<p>Permit, typed in the sheet: ([^<]+)</p>", job)
        assert any(MARK.search(text) for text in typed), "nothing that was typed was replaced"
