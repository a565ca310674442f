"""The judge of deleted rows, of the history and of Drive."""

from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import Emulator
from sync.google.auth import EmulatorSession
from sync.google.drive import Drive
from sync.sheets.answer import HISTORY_TAB, JOBS_TAB
from tests.bench import Bench
from tests.chaos import judge
from tests.chaos.desk import ONE, Desk, worked_on
from tests.chaos.truth import Truth
from tests.made_up import document, milestone, task, uuid
from tests.traffic import history


def test_a_deleted_row_that_comes_back_by_itself_is_seen(google: Emulator) -> None:
    """Catches a comparison that brings back what a person took away."""
    desk = worked_on(google)
    desk.ledger.finished.add(ONE)
    desk.ledger.killed[ONE] = 100.0
    early = dict.fromkeys(range(len(desk.truth.events)), 1.0)
    assert [one.kind for one in judge.sheet(desk.book, desk.ledger, early)] == ["row back"]
    assert not judge.sheet(desk.book, desk.ledger, {**early, 0: 99.0})


def test_a_deleted_row_comes_back_only_with_a_later_event(google: Emulator) -> None:
    desk = worked_on(google)
    desk.edit("delete_rows", index=desk.now().by_site[ONE][0])
    for claim in desk.ledger.holding():
        claim.holds = claim.place != ONE
    desk.ledger.killed[ONE] = 100.0
    number = max(n for n, event in enumerate(desk.truth.events) if event["site"] == ONE)
    assert not judge.sheet(desk.book, desk.ledger, {number: 99.0})
    assert [one.kind for one in judge.sheet(desk.book, desk.ledger, {number: 101.0})] == [
        "row missing"
    ]


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
    to = [*bench.rows("History")[0]].index("To")
    bench.edit("type_cell", sheet_id=HISTORY_TAB, row=60, column=to, text="Frozen")
    assert kinds() == {"line of no event"}
    bench.edit("delete_rows", sheet_id=HISTORY_TAB, index=1, count=60)
    assert kinds() == {"line missing"}


DOCUMENT = str(document(1)["uuid"])
EVENT = milestone(1, tasks=[task(document(1))])


def kinds(found: list[judge.Violation]) -> list[str]:
    return [one.kind for one in found]


def test_a_document_that_is_missing_or_doubled_is_seen(google: Emulator) -> None:
    """Catches a copy that was never made, and one that a repeated upload made twice."""
    truth = Truth([EVENT])
    drive = Drive(EmulatorSession(google.url), google.create_folder("Documents"), "tests")
    assert kinds(judge.drive(google, truth)) == ["document missing"]
    tag = {"brightsheetDocument": DOCUMENT}
    drive.make_folder("", "Permit.pdf", tag)
    assert not judge.drive(google, truth)
    drive.make_folder("", "Permit.pdf", tag)
    assert kinds(judge.drive(google, truth)) == ["file doubled"]


def test_a_second_folder_of_a_job_is_seen(google: Emulator) -> None:
    """Catches two copiers that each made one."""
    drive = Drive(EmulatorSession(google.url), google.create_folder("Documents"), "tests")
    truth = Truth([milestone(1)])
    for count in (1, 2):
        drive.make_folder("", "Job 1", {"brightsheetSite": ONE})
        assert kinds(judge.drive(google, truth)) == ["file doubled"] * (count - 1)


def test_a_link_that_is_missing_is_seen(google: Emulator) -> None:
    """Catches a document that nobody finds, and one that is linked from another job's row."""
    desk = worked_on(google)
    truth = Truth([EVENT])
    drive = Drive(EmulatorSession(google.url), google.create_folder("Documents"), "tests")
    made = drive.make_folder("", "Permit.pdf", {"brightsheetDocument": DOCUMENT})

    def found() -> list[str]:
        return kinds(judge.links(google, desk.book, truth))

    assert found() == ["link missing"]
    _link(desk, desk.now().by_site[uuid(2)][0], f"https://drive.google.com/file/d/{made.id}/view")
    assert found() == ["link missing"]
    row = desk.now().by_site[ONE][0]
    _link(desk, row, "https://drive.google.com/file/d/another/view")
    assert found() == ["link missing"]
    _link(desk, row, f"https://drive.google.com/file/d/{made.id}/view")
    assert found() == []


def _link(desk: Desk, row: int, uri: str) -> None:
    cell: dict[str, Any] = {
        "userEnteredValue": {"stringValue": "Permit.pdf"},
        "textFormatRuns": [{"startIndex": 0, "format": {"link": {"uri": uri}}}],
    }
    write = {
        "start": {"sheetId": JOBS_TAB, "rowIndex": row, "columnIndex": 0},
        "rows": [{"values": [cell]}],
        "fields": "userEnteredValue,textFormatRuns",
    }
    desk.google.sheets.handle(
        "sheets.spreadsheets.batchUpdate",
        {"spreadsheetId": desk.spreadsheet},
        MultiDict(),
        {"requests": [{"updateCells": write}]},
        "owner@example.com",
    )
