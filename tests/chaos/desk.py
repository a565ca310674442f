"""Sets up a tab as the product would write it, with edits by hand, for tests of the judge."""

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import Emulator
from emulator.sheets.grid import Spreadsheet
from sync.sheets.ids import COLUMN_KEY, HEADER_KEY, JOBS_TAB
from tests.chaos import judge
from tests.chaos.ledger import Ledger
from tests.chaos.people import Person
from tests.chaos.tab import KEY, Look, look
from tests.chaos.truth import Truth, column, tagged
from tests.made_up import uuid
from tests.traffic import history

JOBS = 12
_DATES = ("last_update", "days", "last_approval")
_SHOWN = ("customer", "phone", "email", "address", "status", "next_action", "last_change")
ONE, TWO = uuid(1), uuid(2)
OWNER = "owner@example.com"


@dataclass
class Desk:
    """A tab as the product would leave it, and a person who has worked in it a little."""

    google: Emulator
    spreadsheet: str
    truth: Truth
    ledger: Ledger
    person: Person

    @property
    def book(self) -> Spreadsheet:
        return self.google.sheets.spreadsheets[self.spreadsheet]

    def now(self) -> Look:
        seen = look(self.book)
        assert seen is not None
        return seen

    def type(self, row: int, key: int, text: str) -> None:
        """Type behind the ledger's back, as a fault of the product would."""
        index = self.now().keys.index(key)
        self.edit("type_cell", row=row, column=index, text=text)

    def edit(self, name: str, **arguments: Any) -> None:
        self.google.edit(self.spreadsheet, name, sheet_id=JOBS_TAB, **arguments)

    def batch(self, requests: list[dict[str, Any]]) -> None:
        body = {"requests": requests}
        where = {"spreadsheetId": self.spreadsheet}
        sheets = self.google.sheets
        sheets.handle("sheets.spreadsheets.batchUpdate", where, MultiDict(), body, OWNER)

    def find(self, kind: str, place: str | None = None) -> tuple[str, int, int]:
        """Return a typed text of a kind (beside a site), its row and its column's key."""
        for claim in self.ledger.holding():
            if claim.text.startswith(kind) and place in (None, claim.place):
                row, key, _ = self.now().hands[claim.text][0]
                return claim.text, row, key
        raise AssertionError(f"no {kind} beside {place}")

    def kinds(self) -> set[str]:
        return {one.kind for one in judge.sheet(self.book, self.ledger)}

    def blank_row(self) -> int:
        seen = self.now()
        return next(row for row in seen.body() if not seen.rows[row])

    def blank_column(self, row: int) -> int:
        seen = self.now()
        return next(key for key in seen.own if not seen.spot(row, key).text)


def _tab(truth: Truth) -> list[dict[str, Any]]:
    """Return the requests that make a tab which shows the truth."""
    statuses = sorted({column(event) for event in truth.events})
    ids = [*_DATES, *_SHOWN, *statuses, "initial_quote", KEY]
    where = {"sheetId": JOBS_TAB}
    grid = {"rowCount": JOBS + 100, "columnCount": len(ids), "frozenRowCount": 1}
    rows = [[{"stringValue": one} for one in ids]]
    for site in truth.last:
        dates, texts = truth.minutes(site), truth.texts(site)
        row: list[dict[str, Any]] = [
            {} if (date := dates[one]) is None else {"numberValue": date / 1440} for one in _DATES
        ]
        if dates["days"] is not None:
            row[_DATES.index("days")] = {"formulaValue": f"=TODAY()-{truth.since(site)}"}
        row += [{"stringValue": texts[one]} if texts[one] else {} for one in ids[len(_DATES) :]]
        rows.append(row)
    data = [{"values": [{"userEnteredValue": cell} for cell in row]} for row in rows]
    return [
        {"addSheet": {"properties": {**where, "title": "Jobs", "gridProperties": grid}}},
        _mark(HEADER_KEY, "1", "ROWS", 0),
        *(_mark(COLUMN_KEY, one, "COLUMNS", at) for at, one in enumerate(ids)),
        {
            "updateCells": {
                "start": {**where, "rowIndex": 0, "columnIndex": 0},
                "rows": data,
                "fields": "userEnteredValue",
            }
        },
    ]


def _mark(key: str, value: str, dimension: str, at: int) -> dict[str, Any]:
    place = {"sheetId": JOBS_TAB, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
    metadata = {
        "metadataKey": key,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": {"dimensionRange": place},
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def customer(number: int) -> dict[str, str]:
    """Return what EverBright knows of a job's customer, by managed column."""
    return {
        "customer": f"Ada Number{number}",
        "phone": f"303-555-{number:04d}",
        "email": f"home{number}@example.com",
        "address": f"{number} North Juniper Street, Marlow Heights, CO 80999",
    }


def worked_on(google: Emulator) -> Desk:
    """A desk with a typed cell, note and header, and a row without a job."""
    truth = Truth(tagged(history(60, JOBS, 1)), {uuid(n): customer(n) for n in range(1, JOBS + 1)})
    spreadsheet = google.create_spreadsheet("Solar jobs")
    google.sheets.handle(
        "sheets.spreadsheets.batchUpdate",
        {"spreadsheetId": spreadsheet},
        MultiDict(),
        {"requests": _tab(truth)},
        "owner@example.com",
    )
    ledger = Ledger(truth)
    desk = Desk(google, spreadsheet, truth, ledger, Person(google, spreadsheet, ledger, 1))
    desk.person.deeds.only("type", "note", "row_of_nobody", "add_column", "rename_header")
    for _ in range(160):
        desk.person.act()
    assert not desk.kinds()
    return desk
