"""The judge itself: it sees every kind of harm, and none where only a person was at work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from emulator import Emulator
from sync.sheets.identifiers import COLUMN_KEY, HEADER_KEY, HISTORY_TAB, JOBS_TAB
from tests.bench import Bench
from tests.chaos import judge
from tests.chaos.ledger import Ledger
from tests.chaos.people import Person
from tests.chaos.tab import HEADER, KEY, Look, look
from tests.chaos.truth import Truth, column
from tests.made_up import uuid
from tests.traffic import history

JOBS = 12
ONE, TWO = uuid(1), uuid(2)


@dataclass
class Desk:
    """A tab as the product would leave it, and a person who has worked in it a little."""

    google: Emulator
    spreadsheet: str
    truth: Truth
    ledger: Ledger
    person: Person

    def now(self) -> Look:
        seen = look(self.google.sheets.spreadsheets[self.spreadsheet])
        assert seen is not None
        return seen

    def type(self, row: int, key: int, text: str) -> None:
        """Type behind the ledger's back, as a fault of the product would."""
        index = self.now().keys.index(key)
        self.edit("type_cell", row=row, column=index, text=text)

    def edit(self, name: str, **arguments: Any) -> None:
        self.google.edit(self.spreadsheet, name, sheet_id=JOBS_TAB, **arguments)

    def find(self, kind: str, place: str | None = None) -> tuple[str, int, int]:
        """Return a person's text of a kind (beside a site), its row and its column's key."""
        for claim in self.ledger.holding():
            if claim.text.startswith(kind) and place in (None, claim.place):
                row, key, _ = self.now().hands[claim.text][0]
                return claim.text, row, key
        raise AssertionError(f"no {kind} beside {place}")

    def kinds(self) -> set[str]:
        book = self.google.sheets.spreadsheets[self.spreadsheet]
        return {one.kind for one in judge.sheet(book, self.ledger)}


def _tab(truth: Truth) -> list[dict[str, Any]]:
    """Return the requests that make a tab which shows the truth."""
    statuses = sorted({column(event) for event in truth.events})
    ids = ["last_update", "current_milestone", "status", *statuses, "initial_quote", KEY]
    where = {"sheetId": JOBS_TAB}
    grid = {"rowCount": JOBS + 100, "columnCount": len(ids), "frozenRowCount": 1}
    rows = [[{"stringValue": one} for one in ids]]
    for site, last in truth.last.items():
        at = datetime.fromisoformat(last["date_updated"]) - datetime(1899, 12, 30, tzinfo=UTC)
        cells = {**truth.shown(site), KEY: site}
        row: list[dict[str, Any]] = [{"numberValue": at.total_seconds() / 86400}]
        row += [{"stringValue": cells[one]} if cells.get(one) else {} for one in ids[1:]]
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


def _desk(google: Emulator, seed: int) -> Desk:
    truth = Truth(history(60, JOBS, 1))
    spreadsheet = google.create_spreadsheet("Solar jobs")
    google.sheets.handle(
        "sheets.spreadsheets.batchUpdate",
        {"spreadsheetId": spreadsheet},
        MultiDict(),
        {"requests": _tab(truth)},
        "owner@example.com",
    )
    ledger = Ledger(truth)
    return Desk(google, spreadsheet, truth, ledger, Person(google, spreadsheet, ledger, seed))


@pytest.mark.parametrize("seed", range(4))
def test_a_person_alone_does_no_harm(google: Emulator, seed: int) -> None:
    """Catches a ledger that blames the product for what a person did: nobody else was there."""
    desk = _desk(google, seed)
    for _ in range(300):
        desk.person.act()
        desk.person.kills = 0
        desk.ledger.killed = dict.fromkeys(desk.ledger.killed, 0.0)  # It was long ago.
        assert desk.kinds() <= {"row doubled"}, desk.person.diary[-1]
    assert len(list(desk.ledger.holding())) > 20
    assert desk.person.edits > 250


def _worked_on(google: Emulator) -> Desk:
    """A desk with a cell, a note and a header of a person's, and a row of nobody's."""
    desk = _desk(google, 1)
    wanted = {"type", "note", "row_of_nobody", "add_column", "rename_header"}
    desk.person.deeds = {
        name: deed if name in wanted else lambda _: None for name, deed in desk.person.deeds.items()
    }
    for _ in range(80):
        desk.person.act()
    assert not desk.kinds()
    return desk


def _take_away(desk: Desk) -> None:
    _, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")


def _to_another_job(desk: Desk) -> None:
    text, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")
    desk.type(desk.now().by_site[TWO][0], key, text)


def _to_another_column(desk: Desk) -> None:
    text, row, key = desk.find("hand", ONE)
    seen = desk.now()
    desk.type(row, key, "")
    desk.type(row, next(one for one in seen.own if not seen.spot(row, one).text), text)


def _header(desk: Desk) -> None:
    _, row, key = desk.find("head", HEADER)
    desk.type(row, key, "Status")


def _note(desk: Desk) -> None:
    _, row, key = desk.find("note")
    desk.edit("add_note", row=row, column=desk.now().keys.index(key), text="ours")


def _into_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    seen = desk.now()
    desk.type(row, next(one for one in seen.keys if not seen.spot(row, one).text), "Approved")


def _job_over_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    source = desk.now().by_site[ONE][0]
    desk.edit("copy_rows", start=source, end=source + 1, to=row)


def _status(desk: Desk) -> None:
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id["status"], "Frozen")


def _double(desk: Desk) -> None:
    seen = desk.now()
    blank = next(row for row in seen.body() if not seen.rows[row])
    desk.type(blank, seen.by_id[KEY], ONE)


def _half_a_row(desk: Desk) -> None:
    seen = desk.now()
    blank = next(row for row in seen.body() if not seen.rows[row])
    desk.type(blank, seen.by_id["status"], "Approved")


def _delete(desk: Desk) -> None:
    desk.edit("delete_rows", index=desk.now().by_site[ONE][0])


def _strange_key(desk: Desk) -> None:
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id[KEY], uuid(777))


def _own_column(desk: Desk) -> None:
    seen = desk.now()
    row = seen.by_site[ONE][0]
    desk.type(row, next(one for one in seen.own if not seen.spot(row, one).text), "Approved")


def _column(desk: Desk) -> None:
    seen = desk.now()
    desk.edit("delete_columns", index=seen.keys.index(seen.by_id[KEY]))


HARM: dict[Callable[[Desk], None], str] = {
    _take_away: "cell lost",
    _to_another_job: "cell beside another",
    _to_another_column: "cell in another column",
    _header: "header lost",
    _note: "note lost",
    _into_a_row_of_nobody: "stray text",
    _job_over_a_row_of_nobody: "cell lost",
    _status: "wrong value",
    _double: "row doubled",
    _half_a_row: "stray text",
    _delete: "row missing",
    _strange_key: "key of no job",
    _own_column: "stray text",
    _column: "column missing",
}


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.strip("_"))
def test_the_judge_sees_harm(google: Emulator, harm: Callable[[Desk], None]) -> None:
    """Catches a judge that is blind to one kind of it."""
    desk = _worked_on(google)
    harm(desk)
    assert HARM[harm] in desk.kinds()


def test_a_blank_row_under_a_jobs_key_is_not_taken_for_the_job(google: Emulator) -> None:
    """A key of ours went astray for a moment, and a person wrote a note on that row."""
    desk = _worked_on(google)
    blank = next(row for row in desk.now().body() if not desk.now().rows[row])
    desk.type(blank, desk.now().by_id[KEY], ONE)
    assert desk.ledger.owner(desk.now(), blank) is None
    assert desk.ledger.owner(desk.now(), desk.now().by_site[ONE][0]) == ONE
    assert "row doubled" in desk.kinds()


def test_a_blank_row_under_a_flag_is_no_copy(google: Emulator) -> None:
    """A flag of ours went astray: it is nobody's row, and the flag is to be taken out again."""
    desk = _worked_on(google)
    blank = next(row for row in desk.now().body() if not desk.now().rows[row])
    desk.type(blank, desk.now().by_id[KEY], f"Copy of {ONE}")
    assert desk.ledger.owner(desk.now(), blank) is None
    assert desk.kinds() == {"stray text"}


def test_a_note_on_a_row_of_two_jobs_may_stay_with_either(google: Emulator) -> None:
    """The key was another's for a moment; all else that a person saw there was the job's own."""
    desk = _worked_on(google)
    row, key = desk.now().by_site[ONE][0], desk.now().by_id[KEY]
    desk.type(row, key, TWO)
    desk.person.deeds = {
        name: deed if name == "note" else lambda _: None for name, deed in desk.person.deeds.items()
    }
    while not any(
        spot[0] == row and claim.place == TWO
        for claim in desk.ledger.holding()
        for spot in desk.now().hands[claim.text]
    ):
        desk.person.act()
    desk.type(row, key, ONE)
    assert not desk.kinds()


def test_what_was_set_aside_without_need_is_seen(google: Emulator) -> None:
    """Catches a repair that takes a cell from its place though nobody was in its way."""
    desk = _worked_on(google)
    text, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")
    book = desk.google.sheets.spreadsheets[desk.spreadsheet]
    apart = google.edit(desk.spreadsheet, "add_tab", title="Recovered")
    google.edit(desk.spreadsheet, "type_cell", sheet_id=apart, row=0, column=0, text=f"was {text}")
    assert [one.kind for one in judge.sheet(book, desk.ledger)] == ["needlessly apart"]
    desk.ledger.claims[text].may_recover = True
    assert not judge.sheet(book, desk.ledger)


def test_a_deleted_row_that_comes_back_by_itself_is_seen(google: Emulator) -> None:
    """Catches a comparison that brings back what a person took away."""
    desk = _worked_on(google)
    book = desk.google.sheets.spreadsheets[desk.spreadsheet]
    desk.ledger.finished.add(ONE)
    desk.ledger.killed[ONE] = 100.0
    early = dict.fromkeys(range(len(desk.truth.events)), 1.0)
    assert [one.kind for one in judge.sheet(book, desk.ledger, early)] == ["row back"]
    assert not judge.sheet(book, desk.ledger, {**early, 0: 99.0})


def test_a_deleted_row_comes_back_only_with_a_later_event(google: Emulator) -> None:
    desk = _worked_on(google)
    _delete(desk)
    book = desk.google.sheets.spreadsheets[desk.spreadsheet]
    for claim in desk.ledger.holding():
        claim.holds = claim.place != ONE
    desk.ledger.killed[ONE] = 100.0
    number = max(n for n, event in enumerate(desk.truth.events) if event["site"] == ONE)
    assert not judge.sheet(book, desk.ledger, {number: 99.0})
    assert [one.kind for one in judge.sheet(book, desk.ledger, {number: 101.0})] == ["row missing"]


def test_a_history_that_doubles_or_loses_a_line_is_seen(google: Emulator, sqlite_url: str) -> None:
    """It is written by inserts, which doubled would stand twice, and lost would stand nowhere."""
    truth = Truth(history(40, 6, 1))
    bench = Bench(google, sqlite_url)
    bench.shown(*truth.events)

    def kinds() -> set[str]:
        book = google.sheets.spreadsheets[bench.spreadsheet]
        return {one.kind for one in judge.history(book, truth)}

    assert kinds() == set()
    bench.edit("copy_rows", sheet_id=HISTORY_TAB, start=1, end=2, to=60)
    assert kinds() == {"line doubled"}
    bench.edit("delete_rows", sheet_id=HISTORY_TAB, index=1, count=60)
    assert kinds() == {"line missing"}
