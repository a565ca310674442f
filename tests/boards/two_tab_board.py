"""A made-up installer's own sheet: two tabs, a title above the headers, a drop-down, a formula."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.sheets.cell_data import CellData, at, is_formula, text_of
from sync.sheets.ids import COLUMN_KEY, HEADER_KEY, MAPPED_SINCE, WORDS_KEY, mapping_id
from sync.sheets.sheet_requests import Request, metadata
from tests.bench import Bench
from tests.made_up import uuid
from tests.sheets.grids import MAPPED_AT

OPEN, INSTALLED = 0, 77
"""The tabs, by sheet id."""
HEADER_ROW = 2
HEADERS = (
    *("Customer", "E-mail", "Street", "Zip", "Phone", "Permit", "Permit OK on"),
    *("Crew", "Price", "Deposit", "Note to self"),
)
PRICE, DEPOSIT = HEADERS.index("Price"), HEADERS.index("Deposit")
KEY_AT = len(HEADERS)
PERMIT = uuid(30_001)
"""The definition of the first made-up milestone."""
FIELDS = {
    "Customer": "customer",
    "E-mail": "email",
    "Street": "address",
    "Zip": "zip",
    "Phone": "phone",
    "Permit": f"status:{PERMIT}",
    "Permit OK on": f"approved:{PERMIT}",
}
OPTIONS = ("Waiting", "OK", "Sent back")
WORDS = {"Submitted": "Waiting", "Approved": "OK"}
"""Rejected has no option: what fits none is not written."""
Row = Mapping[str, str]


def cells(texts: Iterable[str], row: int) -> list[dict[str, Any]]:
    """Return cells; {row} in a formula stands for the row as people count it."""
    found: list[dict[str, Any]] = []
    for text in texts:
        kind = "formulaValue" if text.startswith("=") else "stringValue"
        value = {kind: text.format(row=row + 1)} if kind == "formulaValue" else {kind: text}
        found.append({"userEnteredValue": value} if text else {})
    return found


def fill(sheet_id: int, row: int, lines: Iterable[Sequence[str]], column: int = 0) -> Request:
    rows = [{"values": cells(line, number)} for number, line in enumerate(lines, row)]
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}


def line(number: int, **texts: str) -> list[str]:
    """Return a line that only people wrote, with a formula that counts the deposit."""
    known = {"Customer": f"Own {number}", "Price": f"{1000 + number}", "Crew": f"crew {number % 4}"}
    by_name = {header.replace("-", "_").replace(" ", "_"): header for header in HEADERS}
    known |= {by_name[name]: text for name, text in texts.items()}
    letter = chr(ord("A") + PRICE)
    return [twice(f"{letter}{{row}}") if h == "Deposit" else known.get(h, "") for h in HEADERS]


def twice(price: str) -> str:
    """Return the formula of Deposit: it leaves a row without a price blank."""
    return f'=IF({price}="","",{price}*2)'


def make(bench: Bench, opened: Sequence[Sequence[str]], installed: Sequence[Sequence[str]]) -> None:
    """Fill an empty spreadsheet: title, blank row, headers, lines; the drop-down in each row."""
    tab = {"sheetId": INSTALLED, "title": "Installed"}
    first = {"sheetId": OPEN, "title": "Open jobs"}
    requests: list[Request] = [
        {"updateSheetProperties": {"properties": first, "fields": "title"}},
        {"addSheet": {"properties": tab}},
    ]
    for sheet_id, lines in ((OPEN, opened), (INSTALLED, installed)):
        frozen = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": HEADER_ROW + 1}}
        fields = "gridProperties.frozenRowCount"
        requests += [
            {"updateSheetProperties": {"properties": frozen, "fields": fields}},
            fill(sheet_id, 0, [["Sunny Roofs: all our jobs"]]),
            fill(sheet_id, HEADER_ROW, [HEADERS]),
            fill(sheet_id, HEADER_ROW + 1, lines),
            _drop_down(sheet_id, HEADER_ROW + 1 + len(lines)),
        ]
    bench.do(*requests)


def _drop_down(sheet_id: int, end: int) -> Request:
    index = HEADERS.index("Permit")
    rows = {"startRowIndex": HEADER_ROW + 1, "endRowIndex": end}
    area = {"sheetId": sheet_id, **rows, "startColumnIndex": index, "endColumnIndex": index + 1}
    values = [{"userEnteredValue": one} for one in OPTIONS]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}, "strict": True}
    return {"setDataValidation": {"range": area, "rule": rule}}


def map_tabs(bench: Bench, *tabs: int, at: datetime = MAPPED_AT) -> None:
    """Map the tabs as `brightsheet map --write` does."""
    requests: list[Request] = []
    for tab in tabs or (OPEN, INSTALLED):
        requests += [
            fill_header(tab, KEY_AT, "Site ID"),
            header_metadata(tab, at),
            metadata(COLUMN_KEY, "site_id", tab, "COLUMNS", KEY_AT),
            metadata(WORDS_KEY, _json(WORDS), tab, "COLUMNS", HEADERS.index("Permit")),
        ]
        for header, field in FIELDS.items():
            index = HEADERS.index(header)
            requests.append(metadata(COLUMN_KEY, field, tab, "COLUMNS", index))
    bench.do(*requests)
    with bench.held() as held:
        spreadsheet = bench.store.spreadsheet
        spreadsheet.set_mapped(held, tabs or (OPEN, INSTALLED), ["site_id", *FIELDS.values()])


def header_metadata(tab: int, at: datetime = MAPPED_AT) -> Request:
    """Return the request that attaches the metadata of a mapped tab to its header row."""
    since = f"{MAPPED_SINCE}{at.isoformat()}"
    return metadata(HEADER_KEY, since, tab, "ROWS", HEADER_ROW, mapping_id(tab))


def say(bench: Bench, words: Mapping[str, str], tabs: Iterable[int] = (OPEN, INSTALLED)) -> None:
    """Give the drop-down of the permits other words, wherever a person has moved it."""
    for tab in tabs:
        index = places(bench, tab)["Permit"]
        place = {"sheetId": tab, "dimension": "COLUMNS", "startIndex": index, "endIndex": index + 1}
        lookup = {"metadataKey": WORDS_KEY, "metadataLocation": {"dimensionRange": place}}
        drop = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
        bench.do(drop, metadata(WORDS_KEY, _json(words), tab, "COLUMNS", index))


def _json(value: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'"{k}": "{v}"' for k, v in value.items()) + "}"


def fill_header(tab: int, index: int, text: str) -> Request:
    start = {"sheetId": tab, "rowIndex": HEADER_ROW, "columnIndex": index}
    rows = [{"values": cells([text], HEADER_ROW)}]
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}


def grid(bench: Bench, tab: int = OPEN) -> list[list[CellData]]:
    return rows(bench, tab)[HEADER_ROW + 1 :]


_TEXTS = "userEnteredValue,effectiveValue"
_CELLS = f"{_TEXTS},note,textFormatRuns,dataValidation,userEnteredFormat"


def rows(bench: Bench, tab: int, fields: str = _CELLS) -> list[list[CellData]]:
    found = bench.google.sheets.spreadsheets[bench.spreadsheet].sheet(tab)
    assert found is not None
    (sheet,) = bench.book(f"sheets(data(rowData(values({fields}))))", found.title)["sheets"]
    return [list(row.get("values", [])) for row in sheet["data"][0].get("rowData", ())]


def places(bench: Bench, tab: int = OPEN) -> dict[str, int]:
    """Return where each column is now, by its header."""
    headers = rows(bench, tab, _TEXTS)[HEADER_ROW]
    return {text: n for n, cell in enumerate(headers) if (text := text_of(cell))}


def texts(bench: Bench, tab: int = OPEN) -> list[dict[str, str]]:
    columns = places(bench, tab)
    found = [
        {h: text for h, n in columns.items() if (text := text_of(at(row, n)))}
        for row in grid(bench, tab)
    ]
    return [one for one in found if one]


def of_site(bench: Bench, number: int) -> list[dict[str, str]]:
    rows = [*texts(bench, OPEN), *texts(bench, INSTALLED)]
    return [one for one in rows if one.get("Site ID") == uuid(number)]


def own_cells(bench: Bench) -> list[tuple[str, ...]]:
    """Return the texts of the columns that aren't mapped, of rows that aren't blank, sorted."""
    own = [n for n, header in enumerate(HEADERS) if header not in FIELDS]
    lines = [row for tab in (OPEN, INSTALLED) for row in grid(bench, tab)]
    found = [
        tuple("=" if is_formula(at(row, n)) else text_of(at(row, n)) for n in own) for row in lines
    ]
    return sorted(one for one in found if any(text not in ("", "=") for text in one))
