"""The judge sees each kind of harm that is planted: in the Jobs tab, in the History, in Drive."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator
from sync.google.auth import EmulatorSession
from sync.google.drive import Drive
from sync.sheets import undo
from sync.sheets.ids import HISTORY_TAB, JOBS_TAB
from sync.sheets.sheet_requests import append_recovered, make_recovered_tab
from tests.bench import Bench
from tests.chaos import judge, storm
from tests.chaos.desk import ONE, TWO, Desk, worked_on
from tests.chaos.judge import Violation
from tests.chaos.ledger import Claim, Deed
from tests.chaos.tab import KEY, jobs_tab, record, sort_all
from tests.chaos.truth import Truth
from tests.made_up import document, milestone, task
from tests.traffic import history

pytestmark = pytest.mark.long


def _take_away(desk: Desk) -> None:
    _, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")


def _to_another_job(desk: Desk) -> None:
    text, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")
    desk.type(desk.now().by_site[TWO][0], key, text)


def _to_another_column(desk: Desk) -> None:
    text, row, key = desk.find("hand", ONE)
    other = desk.blank_column(row)
    desk.type(row, key, "")
    desk.type(row, other, text)


def _note_to_another_job(desk: Desk) -> None:
    text, row, key = desk.find("note", ONE)
    _annotate(desk, row, key, "")
    _annotate(desk, desk.now().by_site[TWO][0], key, text)


def _into_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    seen = desk.now()
    desk.type(row, next(one for one in seen.keys if not seen.spot(row, one).text), "Approved")


def _key_in_a_blank_row(desk: Desk) -> None:
    desk.type(desk.blank_row(), desk.now().by_id[KEY], ONE)


def _delete(desk: Desk) -> None:
    desk.edit("delete_rows", index=desk.now().by_site[ONE][0])


def _typed_over(desk: Desk) -> None:
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id["status"], "hand-99999")


def _in_place_of_a_header(desk: Desk) -> None:
    desk.type(desk.now().header_row, desk.now().by_id["status"], "Permits approved")


def _other_day(desk: Desk) -> None:
    seen = desk.now()
    site, rows = next(one for one in seen.by_site.items() if desk.truth.minutes(one[0])["days"])
    desk.type(rows[0], seen.by_id["days"], f"=TODAY()-{desk.truth.since(site) + 1}")


def _our_note_on_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    _annotate(desk, row, desk.now().by_id["status"], "2026-01-01 10:00")


def _of_another(column: str) -> Callable[[Desk], None]:
    """Return the harm that a job's row shows what another's should, in a column."""

    def harm(desk: Desk) -> None:
        seen = desk.now()
        texts = {site: seen.shown(rows[0], column) for site, rows in seen.by_site.items()}
        site, theirs = next(
            (site, theirs)
            for site in (ONE, *texts)
            for theirs in texts.values()
            if theirs and theirs != texts[site]
        )
        desk.type(seen.by_site[site][0], seen.by_id[column], theirs)

    harm.__name__ = f"another's {column}"
    return harm


def _annotate(desk: Desk, row: int, key: int, text: str) -> None:
    desk.edit("add_note", row=row, column=desk.now().keys.index(key), text=text)


HARM: dict[Callable[[Desk], None], str] = {
    _take_away: "cell lost",
    _to_another_job: "cell beside another",
    _to_another_column: "cell in another column",
    _note_to_another_job: "note beside another",
    _into_a_row_of_nobody: "stray text",
    _key_in_a_blank_row: "wrong value",
    _typed_over: "wrong value",
    _in_place_of_a_header: "wrong header",
    _of_another("status"): "wrong value",
    _other_day: "wrong value",
    _delete: "row missing",
    _our_note_on_a_row_of_nobody: "stray note",
}


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.strip("_"))
def test_the_judge_sees_harm(google: Emulator, harm: Callable[[Desk], None]) -> None:
    """Catches a judge that is blind to one kind of it."""
    desk = worked_on(google)
    harm(desk)
    assert HARM[harm] in desk.kinds()


def test_a_record_that_is_written_to_is_seen(google: Emulator) -> None:
    """Catches writes into a tab that a person duplicated to keep it as it was."""
    desk = worked_on(google)
    made: int = google.edit(desk.spreadsheet, "duplicate_tab", sheet_id=JOBS_TAB)
    records = {made: record(desk.book, made)}
    assert not [*judge.records(desk.book, records)]
    google.edit(desk.spreadsheet, "type_cell", sheet_id=made, row=1, column=1, text="Approved")
    assert [one.kind for one in judge.records(desk.book, records)] == ["record changed"]


def test_a_wrong_row_that_nothing_reports_is_seen(google: Emulator, sqlite_url: str) -> None:
    """Catches a storm that ends green with a row wrong."""
    bench = Bench(google, sqlite_url)
    bench.shown(milestone(1))
    assert storm.is_green(bench)
    wrong = [Violation("wrong value", "Row 1 shows 'Approved'.")]
    assert [one.kind for one in storm.green(bench, wrong)] == ["green"]
    bench.store.spreadsheet.set_trouble("keys_moved", "Site IDs are in other cells.")
    assert not [*storm.green(bench, wrong)]


def test_a_row_of_another_customer_that_is_written_to_is_seen(google: Emulator) -> None:
    """Catches a row that lost its key unreported, or whose other cells are written."""
    desk = worked_on(google)
    source, to, seen = desk.now().by_site[ONE][0], desk.blank_row(), desk.now()
    desk.edit("copy_rows", start=source, end=source + 1, to=to)
    for key in seen.own:
        desk.type(to, key, "")
    desk.type(to, seen.by_id["customer"], "row-99999")
    desk.ledger.claims["row-99999"] = Claim("row-99999", seen.by_id["customer"], "row-99999")
    row = [spot.text for spot in desk.now().rows[to].values()]
    desk.type(to, seen.by_id[KEY], "")
    assert desk.kinds() == {"stray text"}
    requests = [
        *make_recovered_tab("Recovered", undo.HEADERS),
        append_recovered([("", "Jobs", "Site ID", " | ".join(row), ONE, "")]),
    ]
    desk.batch(requests)
    assert not desk.kinds()
    desk.type(to, seen.by_id["status"], "Approved")
    assert desk.kinds() == {"stray text"}
    desk.ledger.claims["row-99998"] = Claim("row-99998", 0, "row-99999", holds=False)
    kept = [text for text in row if text not in (ONE, row[1], "row-99999")]
    rest = " | ".join([*kept, "row-99998"])  # Typed since the row lost its key.
    desk.type(to, seen.by_id["customer"], "Ada Other")
    lines = [
        ("", "Jobs", "", rest, row[1], "Approved"),
        ("", "", "", rest, "row-99999", "Ada Other"),
    ]
    desk.batch([append_recovered(lines[:1])])
    assert desk.kinds() == {"cell lost", "stray text"}
    desk.batch([append_recovered(lines[1:])])
    assert not desk.kinds()
    # A note from the time before is there, though nothing that was typed says whose row it is.
    desk.ledger.claims["note-99999"] = Claim("note-99999", seen.by_id["email"], ONE, is_note=True)
    _annotate(desk, to, seen.by_id["email"], "note-99999")
    assert not desk.kinds()
    _annotate(desk, to, seen.by_id["email"], "")
    _annotate(desk, desk.blank_row(), seen.by_id["email"], "note-99999")
    assert desk.kinds() == {"note beside another"}


def test_a_text_that_a_person_typed_over_is_not_missed(google: Emulator) -> None:
    """Catches a red storm without a fault: a copy of the row, for another, still has the text."""
    desk = worked_on(google)
    text, row, key = desk.find("hand", ONE)
    to = desk.blank_row()
    desk.edit("copy_rows", start=row, end=row + 1, to=to)
    desk.type(to, desk.now().by_id[KEY], TWO)
    before = desk.now()
    desk.type(row, key, "hand-99999")
    desk.ledger.follow(before, desk.now(), Deed("type over it"), 0.0)
    assert text not in {claim.text for claim in desk.ledger.holding()}


def test_no_first_header_is_read_from_a_row_that_a_write_hit(google: Emulator) -> None:
    """What was written over the header of a new column would be taken for its first header."""
    desk = worked_on(google)
    now, first = desk.now(), desk.ledger.headers
    unchanged = [name for name in now.by_id if first[name] == now.shown(now.header_row, name)]
    headers = {name: first[name] for name in unchanged[:2]}
    del first[unchanged[1]]
    for name in headers:
        desk.type(now.header_row, now.by_id[name], f"Shown in {name}")
    desk.ledger.follow(desk.now(), desk.now(), Deed("nothing"), 0.0)
    assert desk.kinds() == {"wrong header"}
    for name, text in headers.items():
        desk.type(now.header_row, now.by_id[name], text)
    assert desk.kinds() == set()


def test_a_sort_with_the_header_row_takes_formulas_along(google: Emulator) -> None:
    """Otherwise new rows would copy a formula of another row, as no installer's do."""
    desk = worked_on(google)
    row = desk.now().by_site[ONE][0]
    key, tab = desk.blank_column(row), jobs_tab(desk.book)
    desk.type(row, key, f"=A{row + 1}")
    assert tab is not None
    unsort = sort_all(desk.book, tab, 0, 0, ascending=True)
    (now,) = [n for n in desk.now().body() if desk.now().spot(n, key).text.startswith("=")]
    assert now != row and desk.now().spot(now, key).text == f"=A{now + 1}"
    unsort()
    assert desk.now().spot(row, key).text == f"=A{row + 1}"


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


def test_what_is_missing_or_doubled_in_drive_is_seen(google: Emulator) -> None:
    """Catches a copy that was never made, one that a repeated upload made twice, a second folder
    of a job, and a document that is linked nowhere, or from another job's row."""
    desk = worked_on(google)
    truth = Truth([milestone(1, tasks=[task(document(1))])])
    drive = Drive(EmulatorSession(google.url), google.create_folder("Documents"), "tests")

    def kinds() -> list[str]:
        found = (*judge.drive(google, truth), *judge.links(google, desk.book, truth))
        return [one.kind for one in found]

    assert kinds() == ["document missing", "link missing"]
    made = drive.create_folder("", "Permit.pdf", {"brightsheetDocument": str(document(1)["uuid"])})
    link, row = f"https://drive.google.com/file/d/{made.id}/view", desk.now().by_site[ONE][0]
    assert kinds() == ["link missing"]
    _link(desk, desk.now().by_site[TWO][0], link)
    _link(desk, row, "https://drive.google.com/file/d/another/view")
    assert kinds() == ["link missing"]
    _link(desk, row, link)
    assert kinds() == []
    for tag in ({"brightsheetSite": ONE}, {"brightsheetDocument": str(document(1)["uuid"])}):
        drive.create_folder("", "Once", tag)
    assert kinds() == ["file doubled"]
    drive.create_folder("", "Twice", {"brightsheetSite": ONE})
    assert kinds() == ["file doubled"] * 2


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
    desk.batch([{"updateCells": write}])
