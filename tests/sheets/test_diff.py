"""What a batch does to the sheet, and what it leaves alone."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sync.errors import Permanent
from sync.jobs.cells import Cell, Link
from sync.jobs.columns import Column, Tint
from sync.settings.config_file import load_config
from sync.sheets import diff, encode
from sync.sheets.celldata import site_in
from sync.sheets.diff import Target
from sync.sheets.identifiers import FENCE_TAB, HISTORY_TAB, JOBS_TAB
from sync.sheets.snapshot import Snapshot, Table, read
from sync.sheets.tabs.extras import Along, Titles
from tests.made_up import CONFIG_FILE, uuid

COLUMNS = [Column(id="customer", header="Customer"), Column(id="site_id", header="Site ID")]
TITLES = Titles()
ALONG = Along(load_config(CONFIG_FILE))


def target(number: int, fresh: bool = True, written: dict[str, Cell] | None = None) -> Target:
    cells = {"customer": Cell(text=f"Job {number}"), "site_id": Cell(text=uuid(number))}
    return Target(uuid(number), cells, written or {}, fresh)


def table(**changes: Any) -> Table:
    values: dict[str, Any] = {
        "sheet_id": JOBS_TAB,
        "title": "Jobs",
        "header_row": 0,
        "row_count": 100,
        "column_count": 5,
        "columns": {"customer": 0, "site_id": 3},
        "keys": {uuid(1): 4, uuid(2): 7},
    }
    return Table(**(values | changes))


def view(**changes: Any) -> View:
    return Snapshot(table=table(**changes), has_fence_tab=True, fences=(41,))


def made(seen: View, *targets: Target, columns: list[Column] | None = None) -> diff.Batch:
    return diff.make(
        seen,
        targets,
        columns or COLUMNS,
        titles=TITLES,
        fence=42,
        zone="America/Los_Angeles",
        with_=ALONG,
    )


def edits(one: diff.Batch) -> list[dict[str, Any]]:
    """The requests that change the Jobs tab: without fence, marks and before-images."""
    return [
        request
        for request in one.requests
        if "brightsheet.mark" not in str(request)
        and str(FENCE_TAB) not in str(request)
        and "deleteProtectedRange" not in request
    ]


def kinds(one: diff.Batch) -> list[str]:
    return [next(iter(request)) for request in one.requests]


def test_every_batch_moves_the_fence_first() -> None:
    """A late or repeated batch finds its number gone, and Google refuses all of it."""
    first, second, *_ = made(view(), target(1)).requests
    assert first == {"deleteProtectedRange": {"protectedRangeId": 41}}
    assert second["addProtectedRange"]["protectedRange"]["protectedRangeId"] == 42
    assert second["addProtectedRange"]["protectedRange"]["range"]["sheetId"] == FENCE_TAB


def test_a_spreadsheet_without_tabs_gets_them_in_the_same_batch() -> None:
    one = made(Snapshot(), target(1))
    assert kinds(one)[:2] == ["addSheet", "createDeveloperMetadata"]
    sheets = [r["addSheet"]["properties"] for r in one.requests if "addSheet" in r]
    assert [(s["sheetId"], s["title"], s.get("hidden")) for s in sheets] == [
        (FENCE_TAB, "_brightsheet", True),
        (JOBS_TAB, "Jobs", None),
        (HISTORY_TAB, "History", None),
    ]
    assert one.columns == ("customer", "site_id", "tab:history")


def test_before_images_are_of_whole_rows_however_wide_they_are_by_now() -> None:
    """A column inserted before the write would push the last one, mostly the key, out of it."""
    one = made(view(), target(1), target(2))
    pastes = [r["copyPaste"] for r in one.requests if "copyPaste" in r]
    sources = [paste["source"] for paste in pastes]
    assert sources == [
        {"sheetId": JOBS_TAB, "startRowIndex": row, "endRowIndex": row + 1} for row in (4, 7)
    ]
    (room,) = (r["updateSheetProperties"] for r in one.requests if "updateSheetProperties" in r)
    assert room["properties"]["gridProperties"]["columnCount"] > 5


def test_a_known_row_is_written_where_this_read_found_it() -> None:
    one = made(view(), target(2))
    (update,) = (request["updateCells"] for request in edits(one))
    assert update["start"] == {"sheetId": JOBS_TAB, "rowIndex": 7, "columnIndex": 0}
    assert one.shown == {uuid(2): target(2).cells}


def test_the_key_cell_of_a_known_row_is_never_written() -> None:
    """A person may keep the job's address there, and a wrong row's key would be lost."""
    (update,) = edits(made(view(), target(1)))
    assert update["updateCells"]["start"]["columnIndex"] == 0
    assert len(update["updateCells"]["rows"][0]["values"]) == 1


def test_new_rows_are_inserted_under_the_last_keyed_one() -> None:
    """Inserting can overwrite nothing; appending may land under a person's stray cells."""
    one = made(view(), target(3), target(4))
    insert, *updates = edits(one)
    place = insert["insertDimension"]["range"]
    assert (place["startIndex"], place["endIndex"], place["dimension"]) == (8, 10, "ROWS")
    starts = [u["updateCells"]["start"] for u in updates]
    assert [(s["rowIndex"], s["columnIndex"]) for s in starts] == [(8, 0), (8, 3)]


def test_at_the_end_of_the_grid_google_wants_the_row_before() -> None:
    inside = edits(made(view(), target(3)))[0]["insertDimension"]
    at_end = edits(made(view(row_count=8), target(3)))[0]["insertDimension"]
    assert (inside["inheritFromBefore"], at_end["inheritFromBefore"]) == (False, True)


def test_what_stands_already_is_not_written_again() -> None:
    written = dict(target(1).cells)
    assert not target(1, written=written).differs()
    changed = Target(uuid(1), written | {"customer": Cell(text="New")}, written)
    (update,) = edits(made(view(), changed))
    assert "New" in json.dumps(update)


def test_a_cell_that_went_blank_is_cleared_only_if_it_was_ours() -> None:
    written = {"customer": Cell(text="Old"), "site_id": Cell(text=uuid(1))}
    blank = Target(uuid(1), {"site_id": Cell(text=uuid(1))}, written)
    (update,) = edits(made(view(), blank))
    assert update["updateCells"]["rows"] == [{"values": [{}]}]
    never = Target(uuid(1), {"site_id": Cell(text=uuid(1))}, {"site_id": Cell(text=uuid(1))})
    assert not never.differs()


def test_a_deleted_row_comes_back_only_with_an_event() -> None:
    """A document's link alone must not undo what a person deleted."""
    gone = made(view(), target(3, fresh=False))
    assert (gone.shown, gone.absent) == ({}, (uuid(3),))
    assert made(view(), target(3)).absent == ()


def test_a_new_column_stands_behind_its_neighbour_wherever_that_was_moved() -> None:
    columns = [COLUMNS[0], Column(id="status:x", header="X"), COLUMNS[1]]
    one = made(view(columns={"site_id": 0, "customer": 2}), target(1), columns=columns)
    insert, mark, *looks, width, header, cells = edits(one)
    assert [next(iter(each)) for each in looks] == ["addProtectedRange", "createDeveloperMetadata"]
    updates = [header, cells]
    assert insert["insertDimension"]["range"]["startIndex"] == 3
    place = mark["createDeveloperMetadata"]["developerMetadata"]["location"]["dimensionRange"]
    assert (place["dimension"], place["startIndex"]) == ("COLUMNS", 3)
    assert width["updateDimensionProperties"]["range"]["startIndex"] == 3
    starts = [update["updateCells"]["start"] for update in updates]
    assert [(start["rowIndex"], start["columnIndex"]) for start in starts] == [(0, 3), (4, 2)]


def test_colours_come_with_the_column_and_once_only() -> None:
    """Conditional formats that are applied twice stack, and slow the sheet down."""
    tinted = Column(id="status", header="Status", tints=(Tint(text="Approved", color="#d9ead3"),))
    first = made(view(), target(1), columns=[*COLUMNS, tinted])
    (rule,) = [
        r["addConditionalFormatRule"]["rule"]
        for r in first.requests
        if "addConditionalFormatRule" in r
    ]
    assert rule["booleanRule"]["condition"]["values"] == [{"userEnteredValue": "Approved"}]
    tint = rule["booleanRule"]["format"]["backgroundColorStyle"]["rgbColor"]
    assert tint == {"red": 0.851, "green": 0.9176, "blue": 0.8275}
    assert rule["ranges"] == [{"sheetId": JOBS_TAB, "startColumnIndex": 4, "endColumnIndex": 5}]
    columns = {"customer": 0, "site_id": 3, "status": 4}
    again = made(view(columns=columns), target(1), columns=[*COLUMNS, tinted])
    assert "addConditionalFormatRule" not in kinds(again)


def test_a_lost_key_column_stops_everything() -> None:
    """Without it every job would be appended again."""
    with pytest.raises(Permanent) as caught:
        made(view(columns={"customer": 0}), target(1), columns=COLUMNS[:1])
    assert caught.value.reason == "key_column_gone"


def test_a_person_s_note_is_never_replaced() -> None:
    ours = Cell(text="Re-signed", note="ours")
    cells = {"re_signed": ours, "site_id": Cell(text=uuid(1))}
    columns = [Column(id="re_signed", header="Re-signed"), COLUMNS[1]]
    fields = []
    for note in ({}, {("re_signed", 4): "mine"}):
        seen = view(notes=note, columns={"re_signed": 1, "site_id": 3})
        (update,) = edits(made(seen, Target(uuid(1), cells, {}), columns=columns))
        fields.append(update["updateCells"]["fields"])
    assert ["note" in field for field in fields] == [True, False]
    assert diff.noted_columns([Target(uuid(1), cells, {})]) == ("re_signed",)
    assert diff.noted_columns([Target(uuid(1), cells, cells)]) == ()


def test_a_batch_is_cut_before_it_grows_too_large() -> None:
    many = [
        Target(uuid(n), {"customer": Cell(text="x" * 40_000), "site_id": Cell(text=uuid(n))}, {})
        for n in range(1, 101)
    ]
    one = made(view(keys={}), *many)
    assert len(json.dumps(one.requests)) < 2_000_000
    assert len(one.shown) + len(one.left) == 100
    assert len(one.left) > 0


def test_free_titles_tell_no_case_apart() -> None:
    assert diff.free_titles(Titles(), ["jobs", "JOBS 2"]) == Titles(jobs="Jobs 3")


def test_text_is_a_string_and_never_a_formula() -> None:
    cell = encode.encoded(Cell(text="=IMPORTXML(1)"), ZoneInfo("UTC"))
    assert cell == {"userEnteredValue": {"stringValue": "=IMPORTXML(1)"}}


def test_links_are_runs_that_end_where_the_link_ends() -> None:
    links = (Link(start=0, end=2, uri="https://a"), Link(start=3, end=5, uri="https://b"))
    runs = encode.encoded(Cell(text="ab cd", links=links), ZoneInfo("UTC"))["textFormatRuns"]
    assert runs == [
        {"startIndex": 0, "format": {"link": {"uri": "https://a"}}},
        {"startIndex": 2, "format": {}},
        {"startIndex": 3, "format": {"link": {"uri": "https://b"}}},
    ]


@pytest.mark.parametrize(
    ("moment", "zone", "days"),
    [
        (datetime(1899, 12, 31, tzinfo=UTC), "Etc/UTC", 1.0),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "Etc/UTC", 46023.5),
        (datetime(2026, 7, 1, 7, tzinfo=UTC), "America/Los_Angeles", 46204.0),
    ],
)
def test_dates_are_the_wall_clock_of_the_sheets_zone(
    moment: datetime, zone: str, days: float
) -> None:
    """Sheets counts days since 1899-12-30 and knows no zones in cells."""
    assert encode.serial(moment, ZoneInfo(zone)) == days


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (uuid(7), uuid(7)),
        (f" {uuid(7).upper()} ", uuid(7)),
        (f"https://engine.goeverbright.com/address/{uuid(7)}?tab=1", uuid(7)),
        ("Totals", None),
    ],
)
def test_a_key_is_a_uuid_alone_or_in_a_pasted_address(text: str, site: str | None) -> None:
    """So that a row which a person made is adopted, not doubled."""
    assert site_in({"userEnteredValue": {"stringValue": text}}) == site


@pytest.mark.parametrize("header_first", [True, False])
def test_a_duplicated_tab_or_column_does_not_mislead(header_first: bool) -> None:
    """Metadata is copied with them: our own tab and the leftmost column are meant.

    In which order Google gives the grids of a read is not documented.
    """

    def key(number: int) -> dict[str, Any]:
        return {"userEnteredValue": {"stringValue": uuid(number)}}

    def sheet(sheet_id: int, index: int) -> dict[str, Any]:
        mark = {"developerMetadata": [{"metadataKey": "brightsheet.header"}]}
        column = {
            "developerMetadata": [{"metadataKey": "brightsheet.column", "metadataValue": "site_id"}]
        }
        size = {"rowCount": 9, "columnCount": 3}
        header = {"rowMetadata": [mark], "columnMetadata": [{}, column, column]}
        keys = {
            "startColumn": 1,
            "rowMetadata": [mark, {}],
            "columnMetadata": [column],
            "rowData": [
                {"values": [{"userEnteredValue": {"stringValue": uuid(n)}}]} for n in (8, 9)
            ],
        }
        properties = {"sheetId": sheet_id, "title": "Jobs", "index": index, "gridProperties": size}
        grids = [header, keys] if header_first else [keys, header]
        return {"properties": properties, "data": grids}

    seen = read({"sheets": [sheet(5, 0), sheet(JOBS_TAB, 3)]}, "site_id")
    assert seen.table is not None
    assert (seen.table.sheet_id, seen.table.columns) == (JOBS_TAB, {"site_id": 1})
    assert seen.table.keys == {uuid(9): 1}  # row 0 is the header
