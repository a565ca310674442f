"""What is written into a mapped sheet, and what never is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator import Emulator
from sync.errors import Retryable
from sync.sheets.cell_data import at, text_of
from sync.sheets.ids import HEADER_KEY, MAPPED_SINCE, stable_id
from sync.store.findings import dismiss
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import DEPOSIT, HEADERS, INSTALLED, OPEN, line
from tests.made_up import milestone, uuid

APPROVED: dict[str, Any] = {"status": "APPROVED", "date_updated": "2026-03-05T10:00:00Z"}
PERMIT_AT = HEADERS.index("Permit")


def visible(bench: Bench) -> list[str]:
    sheets = bench.book("sheets(properties(title,hidden))")["sheets"]
    return [one["properties"]["title"] for one in sheets if not one["properties"].get("hidden")]


def flushed(bench: Bench, *payloads: dict[str, object]) -> None:
    bench.send(*payloads)
    while bench.is_waiting() or bench.ask():
        if bench.is_waiting():
            bench.flush_once()
    bench.flush()


def test_a_row_is_found_by_its_email_and_gets_its_key(asking: Bench) -> None:
    known = asking.customer(1)
    lines = [line(8), line(1, E_mail=known["E_mail"].upper(), Note_to_self="call"), line(9)]
    two_tab_board.make(asking, lines, [])
    two_tab_board.map_tabs(asking)
    before = two_tab_board.own_cells(asking)
    flushed(asking, milestone(1))
    (row,) = two_tab_board.of_site(asking, 1)
    assert row["Note to self"] == "call"
    assert row["Customer"] == "Own 1", "a typed name stays"
    assert row["Permit"] == "Waiting", "in his words"
    assert row["Street"] == "1 North Juniper Street, " + row["Street"].partition(", ")[2]
    assert two_tab_board.own_cells(asking) == before
    assert len(two_tab_board.texts(asking)) == 3
    assert visible(asking) == ["Open jobs", "Installed"]


def test_a_row_is_found_by_address_and_zip_in_another_spelling(asking: Bench) -> None:
    asking.customer(2)
    two_tab_board.make(asking, [line(8)], [line(2, Street="2 N. Juniper St.", Zip="80999-1234")])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(2))
    assert [one.get("Site ID") for one in two_tab_board.texts(asking, INSTALLED)] == [uuid(2)]
    assert len(two_tab_board.texts(asking)) == 1


def test_words_such_as_none_do_not_disagree_and_a_zip_may_lack_its_zero(asking: Bench) -> None:
    """Sheets makes a number of 02134, and people write "none" and "TBD"."""
    asking.customer(1, zipcode="02134")
    known = asking.customer(2)
    lines = [line(1, Street="1 N Juniper St", E_mail="none"), line(2, E_mail=known["E_mail"])]
    two_tab_board.make(asking, [*lines, line(8)], [])
    two_tab_board.map_tabs(asking)
    zip_at, street_at = HEADERS.index("Zip"), HEADERS.index("Street")
    asking.edit("type_cell", sheet_id=OPEN, row=3, column=zip_at, text="2134")
    asking.edit("type_cell", sheet_id=OPEN, row=4, column=street_at, text="TBD")
    flushed(asking, milestone(1), milestone(2))
    assert [row.get("Site ID") for row in two_tab_board.texts(asking)] == [uuid(1), uuid(2), None]


def test_a_new_row_is_like_the_one_above(asking: Bench) -> None:
    asking.customer(3)
    two_tab_board.make(asking, [line(7), line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(3, **APPROVED), milestone(4))
    rows = two_tab_board.grid(asking)[2:4]
    assert {text_of(at(row, two_tab_board.KEY_AT)) for row in rows} == {uuid(3), uuid(4)}
    assert {text_of(at(row, DEPOSIT)) for row in rows} == {
        two_tab_board.twice("I6"),
        two_tab_board.twice("I7"),
    }
    for added in rows:
        assert at(added, PERMIT_AT)["dataValidation"]["strict"]
        assert not any("note" in cell for cell in added)
    (row,) = two_tab_board.of_site(asking, 3)
    assert (row["Permit"], row["Permit OK on"]) == ("OK", "46086")


def test_what_a_person_typed_yields_only_to_a_later_event(asking: Bench) -> None:
    """What EverBright said before the mapping may be older than what he knows."""
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"], Permit="Sent back")], [])
    asking.send(milestone(1))
    two_tab_board.map_tabs(asking, at=datetime.now(UTC) + timedelta(seconds=1))
    flushed(asking)
    assert two_tab_board.of_site(asking, 1)[0]["Permit"] == "Sent back"
    asking.do(*_mapped_earlier(asking))
    flushed(asking, milestone(1, **APPROVED))
    assert two_tab_board.of_site(asking, 1)[0]["Permit"] == "OK"
    [replaced] = asking.store.boards.replaced(uuid(1))
    assert (replaced.before, replaced.after) == ("Sent back", "OK")


def test_a_formula_that_a_person_entered_stays_and_is_reported(asking: Bench) -> None:
    known = asking.customer(1)
    lines = [line(1, E_mail=known["E_mail"], Permit_OK_on="=TODAY()"), line(8)]
    two_tab_board.make(asking, lines, [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1, **APPROVED))
    row = two_tab_board.of_site(asking, 1)[0]
    assert (row["Permit"], row["Permit OK on"]) == ("OK", "=TODAY()")
    asking.compare()
    assert [cell.shows for cell in asking.compared.kept] == ["=TODAY()"]
    dismiss(asking.database, [one.item for one in asking.store.findings.listed(9)["kept_words"]])
    asking.shown(milestone(1, **APPROVED | {"date_updated": "2026-03-09T10:00:00Z"}))
    asking.compare()
    assert not asking.store.findings.listed(9), "a new date isn't listed again"


def _mapped_earlier(bench: Bench) -> list[dict[str, object]]:
    """Have time pass: the mapping is two hours old."""
    value = f"{MAPPED_SINCE}{(datetime.now(UTC) - timedelta(hours=2)).isoformat()}"
    lookup = {"metadataKey": HEADER_KEY}
    return [
        {
            "updateDeveloperMetadata": {
                "dataFilters": [{"developerMetadataLookup": lookup}],
                "developerMetadata": {"metadataValue": value},
                "fields": "metadataValue",
            }
        }
    ]


def test_what_a_person_typed_stays_after_another_spreadsheet_was_written(asking: Bench) -> None:
    """As after a rebuild, if somebody restarts the worker with the old ID."""
    lines = [line(job, E_mail=asking.customer(job)["E_mail"]) for job in (1, 2)]
    two_tab_board.make(asking, lines, [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1, **APPROVED), milestone(2, **APPROVED))
    for row in (3, 4):
        asking.edit("type_cell", sheet_id=OPEN, row=row, column=PERMIT_AT, text="Sent back")
    asking.setup().fill(asking.google.create_spreadsheet("Another"), lambda *_: None)
    asking.send(milestone(2, status="SUBMITTED", date_updated="2026-03-06T10:00:00Z"))
    asking.customer(3)
    asking.configured(asking.config)
    flushed(asking, milestone(3))
    rows = two_tab_board.texts(asking)
    assert [row["Permit"] for row in rows] == ["Sent back", "Waiting", "Waiting"]


def test_a_job_in_both_tabs_is_kept_right_in_both(asking: Bench) -> None:
    """People keep a job in two tabs while it is built."""
    two_tab_board.make(asking, [line(1)], [line(2)])
    two_tab_board.map_tabs(asking)
    key = two_tab_board.KEY_AT
    for tab in (OPEN, INSTALLED):
        page = f"https://engine.goeverbright.com/address/{uuid(1)}"
        asking.edit("type_cell", sheet_id=tab, row=3, column=key, text=page)
    flushed(asking, milestone(1))
    flushed(asking, milestone(1, **APPROVED))
    for tab in (OPEN, INSTALLED):
        assert [one["Permit"] for one in two_tab_board.texts(asking, tab)] == ["OK"]


def test_a_value_typed_while_it_is_filled_stays(asking: Bench) -> None:
    """His phone number was typed between our read and our write."""
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"])], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(5))  # makes the hidden tabs
    phone = HEADERS.index("Phone")

    def type_phone() -> None:
        asking.edit("type_cell", sheet_id=OPEN, row=3, column=phone, text="call his wife")

    asking.send(milestone(1))
    asking.ask()
    asking.flush_once()  # writes the key
    asking.before_the_write(type_phone)
    flushed(asking)
    assert two_tab_board.of_site(asking, 1)[0]["Phone"] == "call his wife"


def test_a_batch_whose_copies_were_deleted_is_written_again(asking: Bench) -> None:
    """Without them nobody can check it, and the board would never be written again."""
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"])], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    asking.send(milestone(1, **APPROVED))
    asking.google.faults.answer(503, method="*.batchUpdate", when="after")
    with pytest.raises(Retryable):
        asking.flush_once()
    asking.do({"deleteSheet": {"sheetId": stable_id(OPEN, "copies")}})
    asking.flush()
    assert two_tab_board.of_site(asking, 1)[0]["Permit"] == "OK"
    assert (asking.compare(), asking.alerts) == (0, [])


def test_nothing_new_makes_no_call(asking: Bench) -> None:
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"], Permit="Sent back")], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1, status="REJECTED"), milestone(2))
    before = asking.calls()
    assert not asking.is_waiting()
    assert asking.compare() == 0
    assert not asking.is_waiting()
    assert asking.calls() - before == 3, "the comparison's own"


def test_init_adds_nothing_to_it(asking: Bench) -> None:
    two_tab_board.make(asking, [line(1)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    before = asking.book("sheets(properties(title),conditionalFormats,filterViews,protectedRanges)")
    assert asking.setup().provision(asking.spreadsheet) == []
    after = asking.book("sheets(properties(title),conditionalFormats,filterViews,protectedRanges)")
    assert after == before


def test_the_history_is_added_on_wish(asking: Bench) -> None:
    bench = asking
    two_tab_board.make(bench, [line(1)], [])
    two_tab_board.map_tabs(bench)
    flushed(bench, milestone(1))
    assert bench.setup().provision(bench.spreadsheet) == []
    assert bench.setup().provision(bench.spreadsheet, ["history"]) == ["tab 'History': created"]
    flushed(bench, milestone(1, **APPROVED))
    assert [one["To"] for one in bench.texts("History")] == ["Approved", "Submitted"]
    at = two_tab_board.places(bench)["Permit"]
    row = next(n for n, one in enumerate(two_tab_board.texts(bench)) if one.get("Site ID"))
    bench.edit("type_cell", sheet_id=OPEN, row=row + 3, column=at, text="Sent back")
    flushed(bench, milestone(1, date_updated="2026-03-09T10:00:00Z"))
    line_of_it = next(one for one in bench.texts("History") if one["What"] == "Permit")
    assert (line_of_it["From"], line_of_it["To"]) == ("Sent back", "Waiting")
    assert line_of_it["Comment"] == "Replaced text that someone had typed in the sheet."
    assert visible(bench) == ["Open jobs", "Installed", "History"]


def test_the_hidden_tab_gets_a_free_name(google: Emulator, sqlite_url: str) -> None:
    bench, title = Bench(google, sqlite_url), "_BRIGHTSHEET"
    theirs = {"sheetId": 5, "title": title}
    bench.do({"addSheet": {"properties": theirs}})
    two_tab_board.make(bench, [line(1)], [line(2)])
    two_tab_board.map_tabs(bench)
    flushed(bench, milestone(1))
    flushed(bench, milestone(2))
    assert sum("Site ID" in row for row in two_tab_board.texts(bench)) == 2
    sheets = bench.book("sheets(properties(title,hidden))")["sheets"]
    hidden = {each["properties"]["title"]: each["properties"].get("hidden") for each in sheets}
    assert (hidden[title], hidden["_brightsheet 2"]) == (None, True)
