"""What a read shows: tabs and columns by their metadata, rows by their keys."""

from dataclasses import replace
from typing import Any

import pytest

from sync.errors import Permanent
from sync.sheets.cell_data import BLANK, Content, content, site_in
from sync.sheets.ids import COLUMN_KEY, GUARD_KEY, HEADER_KEY, JOBS_TAB, mapping_id, stable_id
from sync.sheets.job_tabs import JobTabs
from sync.sheets.read import snapshot_of
from sync.store import Lease, Pending
from sync.types import Mode
from tests.made_up import uuid
from tests.sheets.grids import OWN, STATUS, cell

SIZE = {"rowCount": 9, "columnCount": 3}
LEASE = Lease("sheet", 1)


def entries(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"developerMetadata": [{"metadataKey": k, "metadataValue": v} for k, v in pairs]}


def sheet(sheet_id: int, index: int, header_first: bool, *numbers: int) -> dict[str, Any]:
    """Return a tab whose key column was duplicated; the column's grid starts with its header."""
    mark = entries((HEADER_KEY, "1"), (GUARD_KEY, "header"))
    mark["developerMetadata"][1]["metadataId"] = stable_id(sheet_id, "header")
    column = entries((COLUMN_KEY, "site_id"), (GUARD_KEY, "site_id"))
    copied = entries((COLUMN_KEY, "site_id"), (GUARD_KEY, "site_id"))
    column["developerMetadata"][1]["metadataId"] = stable_id(sheet_id, "site_id")
    header = {"rowMetadata": [mark], "columnMetadata": [{}, column, copied]}
    values = [{"values": [cell(uuid(number))]} for number in numbers]
    keys = {
        "startColumn": 1,
        "rowMetadata": [mark, {}],
        "columnMetadata": [column],
        "rowData": values,
    }
    properties = {"sheetId": sheet_id, "title": "Jobs", "index": index, "gridProperties": SIZE}
    grids = [header, keys] if header_first else [keys, header]
    return {"properties": properties, "data": grids}


@pytest.mark.parametrize("header_first", [True, False])
def test_a_duplicated_tab_or_column_does_not_mislead(header_first: bool) -> None:
    """Metadata is copied with them: the tab that was made and the leftmost column are meant.

    In which order Google gives the grids of a read is not documented.
    """
    copy, made = sheet(5, 0, header_first, 8, 9), sheet(JOBS_TAB, 3, header_first, 8, 9)
    seen = snapshot_of({"sheets": [copy, made]}, OWN.tables).table
    assert seen is not None
    assert (seen.sheet_id, seen.columns) == (JOBS_TAB, {"site_id": 1})
    assert (seen.guards, seen.has_header_guard) == ({"site_id": 1}, True)
    assert seen.keys == {uuid(9): (1,)}, "row 0 is the header"


MAPPED_SINCE = "mapped 2026-03-01T00:00:00+00:00"


def mapped(sheet_id: int, made_for: int) -> dict[str, Any]:
    """Return an installer's tab whose metadata has IDs for the tab `made_for`."""
    tab = sheet(sheet_id, sheet_id, True, 8, 9)
    entry = {
        "metadataId": mapping_id(made_for),
        "metadataKey": HEADER_KEY,
        "metadataValue": MAPPED_SINCE,
    }
    for grid in tab["data"]:
        grid["rowMetadata"] = [{"developerMetadata": [entry]}, *grid["rowMetadata"][1:]]
    return tab


def served(tabs: JobTabs) -> list[int]:
    there = [mapped(5, 5), mapped(6, 6), sheet(JOBS_TAB, 9, True, 8, 9)]
    seen = snapshot_of({"sheets": there}, tabs.tables)
    tabs.check_served(seen, Pending(mode=Mode.UNSET, tabs=frozenset({5, 6})))
    return [table.sheet_id for table in seen.tables]


def test_which_tabs_are_served_is_stored_and_not_guessed() -> None:
    """A header row that came back would get all jobs again."""
    assert served(OWN) == [JOBS_TAB]


def test_mapped_tabs_unknown_to_the_database_are_refused() -> None:
    """After the loss of the database a tab of ours would be made beside them."""
    seen = snapshot_of({"sheets": [mapped(5, 5)]}, OWN.tables)
    assert seen.tables == ()
    with pytest.raises(Permanent) as error:
        OWN.check_served(seen, Pending(mode=Mode.UNSET))
    assert error.value.reason == "mapping_unknown"
    OWN.check_served(seen, Pending(mode=Mode.OURS))


def test_every_row_of_a_site_is_its_row() -> None:
    seen = snapshot_of({"sheets": [sheet(JOBS_TAB, 0, True, 1, 7, 8, 7)]}, OWN.tables).table
    assert seen is not None
    assert (seen.keys, seen.last_row) == ({uuid(7): (1, 3), uuid(8): (2,)}, 3)


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (uuid(7), uuid(7)),
        (f" {uuid(7).upper()} ", uuid(7)),
        (f"https://engine.goeverbright.com/address/{uuid(7)}?tab=1", uuid(7)),
        ("Totals", None),
        ("", None),
        (f'=HYPERLINK("{uuid(7)}")', None),
    ],
)
def test_a_key_is_a_uuid_or_a_pasted_address_with_one(text: str, site: str | None) -> None:
    """Then an existing row is matched, not doubled."""
    assert site_in(cell(text)) == site


def test_a_number_is_the_same_however_google_answers_it() -> None:
    """46023 comes back as 46023.0: a cell that is right would count as changed."""
    sent, came = ({"userEnteredValue": {"numberValue": n}} for n in (46023, 46023.0))
    assert content(sent) == content(came)
    assert content({"userEnteredFormat": {"textFormat": {"bold": True}}}) == BLANK


def test_an_unread_cell_does_not_count_as_blank() -> None:
    """Text that somebody typed into it would be overwritten."""
    seen = snapshot_of({"sheets": [sheet(JOBS_TAB, 0, True, 1, 7)]}, OWN.tables).table
    assert seen is not None
    seen = replace(seen, cells={"site_id": {1: cell(uuid(7), "mine")}})
    assert seen.value("site_id", 1) == Content(uuid(7))
    assert seen.value("site_id", 9) == BLANK
    assert STATUS not in seen.cells
    for ask in (seen.cell, seen.value):
        with pytest.raises(LookupError):
            ask(STATUS, 1)
