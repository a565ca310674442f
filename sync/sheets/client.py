"""The only user of gspread: reads and writes of one spreadsheet. No retries in here."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL

from sync.errors import Permanent, Retryable
from sync.field_table import KEY
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google
from sync.sheets import snapshot, survey
from sync.sheets.answer import (
    FIELDS,
    FULL_FIELDS,
    PROTECTIONS,
    ROW,
    Row,
    data_filters,
    everything,
    merged,
    quoted,
    whole,
)
from sync.sheets.batch import Asked, Batch
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.survey import Surroundings
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


@dataclass(frozen=True)
class ColumnTexts:
    """A column of a tab, from the row below its header on: texts, "" for blank cells."""

    header: str
    texts: Sequence[str]


class SheetClient:
    """One spreadsheet, over a session that signs in; it must be shared with `account`."""

    def __init__(self, session: requests.Session, spreadsheet_id: str, account: str) -> None:
        self._id = spreadsheet_id
        self._account = account
        self._http = _Http(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(TIMEOUT)

    def read(
        self, mode: Mode, columns: tuple[str, ...] = (), *, with_widths: bool = False
    ) -> Snapshot:
        """Read header rows, fence and keys in one call, and the cells of `columns`.

        With links and number formats in a spreadsheet that is adopted: there they are compared.
        Raises Retryable or Permanent.
        """
        fields = FULL_FIELDS if mode is Mode.ADOPTED else FIELDS
        if with_widths:
            fields = fields.replace("columnMetadata(", "columnMetadata(pixelSize,")
        with self._translated_errors():
            answer = self._filtered(data_filters((KEY, *columns)), fields)
        return snapshot.read(answer, KEY, mode)

    def read_everything(self, seen: Snapshot) -> Reading:
        """Read the whole of the tabs of jobs that were seen, and of their hidden tabs."""
        return self._everything(seen, [*(table.sheet_id for table in seen.tables), *seen.copies])

    def read_copies(self, seen: Snapshot, sheet_ids: Collection[int]) -> Reading:
        """Read what a batch copied of tabs, with the header rows and keys of all."""
        tabs = [table.copies_tab for table in seen.tables if table.sheet_id in sheet_ids]
        return self._everything(seen, tabs)

    def _everything(self, seen: Snapshot, tabs: Sequence[int]) -> Reading:
        with self._translated_errors():
            answer = self._filtered(everything(tabs, KEY), FULL_FIELDS)
        now = snapshot.read(answer, KEY, seen.mode)
        return Reading(
            now,
            {table.sheet_id: whole(answer, table.sheet_id) for table in now.tables},
            {table.sheet_id: whole(answer, table.copies_tab) for table in now.tables},
        )

    def read_columns(self, tables: Sequence[Table]) -> dict[int, dict[str, ColumnTexts]]:
        """Read the managed columns of tabs as bare values, by sheet id and column id.

        That is what a match needs, and a tenth of all cells with their formats. Of a formula the
        text is the formula. Raises Retryable where a person moved a column since `tables` were
        read.
        """
        places = [
            (table, column, index)
            for table in tables
            for column, index in sorted(table.columns.items(), key=lambda item: item[1])
        ]
        where = [_column_range(table, index) for table, _, index in places]
        params: dict[str, Any] = {
            "majorDimension": "COLUMNS",
            "valueRenderOption": "FORMULA",
            "fields": "valueRanges(values)",
        }
        with self._translated_errors():
            answer = self._http.values_batch_get(self._id, where, params)
        columns: dict[int, dict[str, ColumnTexts]] = {table.sheet_id: {} for table in tables}
        read = answer.get("valueRanges", [{}] * len(places))
        for (table, column, index), values in zip(places, read, strict=True):
            cells = next(iter(values.get("values", ())), [""])
            header, *texts = map(_text, cells)
            if header != table.headers.get(index, ""):
                raise Retryable("sheet_changed", "A person moved the mapped columns just now.")
            columns[table.sheet_id][column] = ColumnTexts(header, texts)
        return columns

    def read_row(self, table: Table, row: int) -> Row:
        """Read one row of a tab with formulas and number formats."""
        where = f"{quoted(table.title)}!{row + 1}:{row + 1}"
        answer = self.get(ROW, (where,))
        return merged(answer, table.sheet_id).get(row, ())

    def read_tabs(
        self, sheet_ids: Sequence[int]
    ) -> tuple[Snapshot, Mapping[int, Mapping[int, Row]]]:
        """Read whole tabs, mapped or not: their sizes and titles in this order, and their rows."""
        filters = [{"gridRange": {"sheetId": one}} for one in sheet_ids]
        with self._translated_errors():
            answer = self._filtered(filters, FULL_FIELDS)
        found = snapshot.bare(answer, sheet_ids)
        return found, {one: whole(answer, one) for one in sheet_ids}

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

    def update(self, requests: list[dict[str, Any]]) -> None:
        """Send requests as one batch: all of it is done, or nothing. Raises as `write` does."""
        with self._translated_errors():
            self._http.batch_update(self._id, {"requests": requests})

    def locked(self) -> list[tuple[int, str]]:
        """Return id and title of the tab of each protected range that the account may not edit."""
        with self._translated_errors():
            answer = self._http.fetch_sheet_metadata(self._id, params={"fields": PROTECTIONS})
        return [
            (sheet["properties"].get("sheetId", 0), sheet["properties"]["title"])
            for sheet in answer.get("sheets", ())
            for one in sheet.get("protectedRanges", ())
            if not one.get("warningOnly") and not one.get("requestingUserCanEdit")
        ]

    def write(self, batch: Batch, mode: Mode) -> Reading:
        """Send one batch: all of it is done, or nothing; return the evidence that came back.

        Raises Refused where Google refuses it, Retryable where nobody knows whether it was done.
        """
        body: dict[str, Any] = {"requests": batch.requests}
        params: dict[str, Any] = {}
        if batch.asked:
            ranges = [one for asked in batch.asked for one in _ranges(asked)]
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": ranges}
            params["fields"] = f"updatedSpreadsheet({FULL_FIELDS})"
        with self._translated_errors():
            answer: Any = self._http.request(
                "post", SPREADSHEET_BATCH_UPDATE_URL % self._id, params=params, json=body
            ).json()
        shown = answer.get("updatedSpreadsheet", {})
        now = snapshot.read(shown, KEY, mode)
        copies = {table.sheet_id: merged(shown, table.copies_tab) for table in now.tables}
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


def _column_range(table: Table, index: int) -> str:
    letter = letters(index)
    return f"{quoted(table.title)}!{letter}{table.header_row + 1}:{letter}"


def _text(value: object) -> str:
    """Return a bare value as the text that `text_of` gives for its cell."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
