"""The only user of gspread: reads and writes of one spreadsheet. No retries in here."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL

from sync.boards import options, survey
from sync.boards.options import Options, WordedCells
from sync.boards.table_end import ColumnTexts
from sync.errors import Permanent, Refused, Retryable
from sync.field_table import KEY
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google
from sync.sheets import answer as rows
from sync.sheets import snapshot
from sync.sheets.answer import (
    FIELDS,
    FULL_FIELDS,
    PROTECTIONS,
    ROW,
    Row,
    data_filters,
    everything,
    quoted,
)
from sync.sheets.batch import Asked, Batch
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.surroundings import Surroundings
from sync.types import Mode, letters


class _Http(HTTPClient):
    """gspread's client, with answers that are not indented: that is more than half of a large one.

    Google indents unless told (source: the discovery document, prettyPrint).
    """

    def request(self, *where: Any, **more: Any) -> requests.Response:
        """Send a request. Raises APIError where it is refused."""
        more["params"] = {**(more.get("params") or {}), "prettyPrint": "false"}
        return super().request(*where, **more)


@dataclass(frozen=True)
class Reading:
    """What a read of tabs, or a write's answer, shows: rows, and those that a batch copied.

    Both are by sheet id of the tab of jobs, and then by row.
    """

    snapshot: Snapshot
    rows: Mapping[int, Mapping[int, Row]]
    copies: Mapping[int, Mapping[int, Row]]


class SheetClient:
    """One spreadsheet, over a session that signs in; it must be shared with `account`."""

    def __init__(self, session: requests.Session, spreadsheet_id: str, account: str) -> None:
        self._id = spreadsheet_id
        self._account = account
        self._http = _Http(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(TIMEOUT)

    def read(self, mode: Mode, columns: tuple[str, ...] = ()) -> Snapshot:
        """Read header rows, fence and keys in one call, and the cells of `columns`.

        With links and number formats in a spreadsheet that is adopted: there they are compared.
        Raises Retryable or Permanent.
        """
        fields = FULL_FIELDS if mode is Mode.ADOPTED else FIELDS
        with self._translated_errors():
            answer = self._filtered(data_filters((KEY, *columns)), fields)
        return snapshot.read(answer, KEY, mode)

    def read_everything(self, book: Snapshot) -> Reading:
        """Read the whole of the tabs of jobs that were seen, and of their hidden tabs."""
        return self._everything(book, [*(table.sheet_id for table in book.tables), *book.copies])

    def read_copies(self, book: Snapshot, sheet_ids: Collection[int]) -> Reading:
        """Read what a batch copied of tabs, with the header rows and keys of all."""
        tabs = [table.copies_tab for table in book.tables if table.sheet_id in sheet_ids]
        return self._everything(book, tabs)

    def _everything(self, book: Snapshot, tabs: Sequence[int]) -> Reading:
        with self._translated_errors():
            answer = self._filtered(everything(tabs, KEY), FULL_FIELDS)
        now = snapshot.read(answer, KEY, book.mode)
        return Reading(
            now,
            {table.sheet_id: rows.whole(answer, table.sheet_id) for table in now.tables},
            {table.sheet_id: rows.whole(answer, table.copies_tab) for table in now.tables},
        )

    def read_columns(self, tables: Sequence[Table]) -> dict[int, dict[int, ColumnTexts]]:
        """Read columns of tabs as bare values, by sheet id and index: a tenth of all with formats.

        Those that are managed, which a match needs; of the first tab all, for new rows go below its
        last job. Of a formula the text is the formula. Raises Retryable where a person moved a
        column since `tables` were read.
        """
        first, *others = tables
        places = [(table, index) for table in others for index in sorted(table.columns.values())]
        where = [_whole_range(first), *(_column_range(table, index) for table, index in places)]
        params: dict[str, Any] = {
            "majorDimension": "COLUMNS",
            "valueRenderOption": "FORMULA",
            "fields": "valueRanges(values)",
        }
        with self._translated_errors():
            answer = self._http.values_batch_get(self._id, where, params)
        whole, *read = answer.get("valueRanges", [{}] * len(where))
        values = [[*map(_text, cells)] for cells in whole.get("values", ())]
        values += [[]] * (first.column_count - len(values))
        columns: dict[int, dict[int, ColumnTexts]] = {table.sheet_id: {} for table in others}
        columns[first.sheet_id] = {
            index: ColumnTexts(texts, first.header_row) for index, texts in enumerate(values)
        }
        for (table, index), cells in zip(places, read, strict=True):
            texts = [*map(_text, next(iter(cells.get("values", ())), ()))]
            columns[table.sheet_id][index] = ColumnTexts(texts)
        for table in tables:
            for index in table.columns.values():
                if columns[table.sheet_id][index].header != table.headers.get(index, ""):
                    raise Retryable("sheet_changed", "A person moved the mapped columns just now.")
        return columns

    def read_lines(self, table: Table) -> dict[int, list[str]]:
        """Read a whole tab as bare values, by column from its first row on; formulas as such."""
        params: dict[str, Any] = {"majorDimension": "COLUMNS", "valueRenderOption": "FORMULA"}
        with self._translated_errors():
            answer = self._http.values_batch_get(self._id, [_whole_range(table)], params)
        (whole,) = answer.get("valueRanges", [{}])
        values = whole.get("values", ())
        return {index: [*map(_text, cells)] for index, cells in enumerate(values)}

    def read_lists(self, ranges: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Read the options that drop-downs take from cells, by range; () where those are gone.

        A range at a time: Google refuses a read of several whole if one of them is gone.
        """
        lists: dict[str, tuple[str, ...]] = {}
        for cells in ranges:
            try:
                is_lost = survey.is_lost(cells)
                lists[cells] = () if is_lost else survey.texts(self.get(survey.TEXTS, (cells,)))
            except Refused:
                lists[cells] = ()
        return lists

    def read_options(self, cells: Sequence[WordedCells]) -> Options:
        """Read what the drop-downs of cells offer. Raises Retryable or Permanent."""
        answer = self.get(options.VALIDATIONS, tuple(each.range for each in cells))
        return options.options(answer, self.read_lists(options.ranges_in(answer)))

    def read_row(self, table: Table, row: int) -> Row:
        """Read one row of a tab with formulas and number formats."""
        where = f"{quoted(table.title)}!{row + 1}:{row + 1}"
        answer = self.get(ROW, (where,))
        return rows.merged(answer, table.sheet_id).get(row, ())

    def read_tabs(
        self, sheet_ids: Sequence[int]
    ) -> tuple[Snapshot, Mapping[int, Mapping[int, Row]]]:
        """Read whole tabs, mapped or not: their sizes and titles in this order, and their rows."""
        filters = [{"gridRange": {"sheetId": sheet_id}} for sheet_id in sheet_ids]
        with self._translated_errors():
            answer = self._filtered(filters, FULL_FIELDS)
        book = snapshot.bare(answer, sheet_ids)
        return book, {sheet_id: rows.whole(answer, sheet_id) for sheet_id in sheet_ids}

    def surroundings(self) -> Surroundings:
        """Read what else is in the spreadsheet, for when tabs are to be made."""
        with self._translated_errors():
            answer = self._http.fetch_sheet_metadata(self._id, params={"fields": survey.FIELDS})
        return survey.surroundings(answer)

    def get(self, fields: str, ranges: tuple[str, ...] = ()) -> Any:
        """Return the Spreadsheet resource with a field mask, of A1 `ranges` or all tabs."""
        params: dict[str, Any] = {"fields": fields} | ({"ranges": ranges} if ranges else {})
        with self._translated_errors():
            return self._http.fetch_sheet_metadata(self._id, params=params)

    def update(self, requests: list[dict[str, Any]]) -> Any:
        """Send requests as one batch; return the reply to each.

        All of it is done, or nothing. Raises as `write` does.
        """
        url = SPREADSHEET_BATCH_UPDATE_URL % self._id
        with self._translated_errors():
            return self._http.request("post", url, json={"requests": requests}).json()["replies"]

    def locked(self) -> list[tuple[int, str]]:
        """Return id and title of the tab of each protected range that the account may not edit."""
        with self._translated_errors():
            answer = self._http.fetch_sheet_metadata(self._id, params={"fields": PROTECTIONS})
        return [
            (sheet["properties"].get("sheetId", 0), sheet["properties"]["title"])
            for sheet in answer.get("sheets", ())
            for area in sheet.get("protectedRanges", ())
            if not area.get("warningOnly") and not area.get("requestingUserCanEdit")
        ]

    def write(self, batch: Batch, mode: Mode) -> Reading:
        """Send one batch: all of it is done, or nothing; return the evidence that came back.

        Raises Refused where Google refuses it, Retryable where nobody knows whether it was done.
        """
        body: dict[str, Any] = {"requests": batch.requests}
        params: dict[str, Any] = {}
        if batch.asked:
            ranges = [part for asked in batch.asked for part in _ranges(asked)]
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": ranges}
            params["fields"] = f"updatedSpreadsheet({FULL_FIELDS})"
        with self._translated_errors():
            answer: Any = self._http.request(
                "post", SPREADSHEET_BATCH_UPDATE_URL % self._id, params=params, json=body
            ).json()
        reply = answer.get("updatedSpreadsheet", {})
        now = snapshot.read(reply, KEY, mode)
        copies = {table.sheet_id: rows.merged(reply, table.copies_tab) for table in now.tables}
        return Reading(now, {}, copies)

    def _filtered(self, filters: list[dict[str, Any]], fields: str) -> Any:
        return self._http.request(
            "post",
            f"{SPREADSHEET_URL % self._id}:getByDataFilter",
            params={"fields": fields},
            json={"dataFilters": filters},
        ).json()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            translated = from_google(error, self._account)
            if isinstance(translated, Permanent):
                message = f"Spreadsheet {self._id}: {translated.message}"
                translated = Permanent(translated.reason, message)
            raise translated from error


def _ranges(asked: Asked) -> list[str]:
    tab, number = quoted(asked.copies_title), asked.header_row + 1
    header = f"{quoted(asked.title)}!{number}:{number}"
    return [*(f"{tab}!{one}" for one in asked.ranges), header]


def _whole_range(table: Table) -> str:
    return f"{quoted(table.title)}!A1:{letters(table.column_count - 1)}"


def _column_range(table: Table, index: int) -> str:
    letter = letters(index)
    return f"{quoted(table.title)}!{letter}{table.header_row + 1}:{letter}"


def _text(value: object) -> str:
    """Return a bare value as the text that `text_of` gives for its cell."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
