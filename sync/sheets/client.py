"""Reads and writes one spreadsheet, without retries. The only user of gspread."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_URL

from sync.errors import Permanent, Refused, Retryable
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google
from sync.sheets.batch import Batch
from sync.sheets.cell_data import Rows
from sync.sheets.job_tabs import JobTabs
from sync.sheets.read import rows_of, snapshot_of
from sync.sheets.read_requests import READ_FIELDS, WRITTEN_FIELDS, data_filters
from sync.sheets.snapshot import Snapshot
from sync.sheets.surroundings import FIELDS, Surroundings, surroundings_of


class SheetClient:
    """One spreadsheet, over a session that signs in; it must be shared with `account`."""

    def __init__(self, session: requests.Session, spreadsheet_id: str, account: str) -> None:
        self._id = spreadsheet_id
        self._account = account
        # Google indents responses by default (the discovery document); without it large ones halve.
        session.params = {"prettyPrint": "false"}
        self._http = HTTPClient(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(TIMEOUT)

    def read(self, tabs: JobTabs, columns: tuple[str, ...] = ()) -> Snapshot:
        """Read header rows, fence and keys in one call, and the cells of `columns`.

        Raises Retryable or Permanent.
        """
        return snapshot_of(self.filtered(data_filters(columns)), tabs.tables)

    def read_everything(self, tabs: JobTabs, book: Snapshot) -> tuple[Snapshot, Rows]:
        """Read the tabs of jobs in `book` whole; those that have been added since are left out.

        Return a snapshot whose tables have all their cells, and the rows of each by sheet ID.
        Raises Retryable if one is gone: its jobs have not just lost their keys.
        """
        sheet_ids = [table.sheet_id for table in book.tables]
        answer = self.filtered(data_filters(whole_tabs=sheet_ids))
        now = snapshot_of(answer, tabs.tables)
        rows = {sheet_id: rows_of(answer, sheet_id) for sheet_id in sheet_ids}
        tables = tuple(
            table.with_cells(rows[table.sheet_id]) for table in now.tables if table.sheet_id in rows
        )
        if len(tables) < len(rows):
            raise Retryable("tab_gone", "A tab or its header row was deleted just now.")
        # With the fence of `book`: if a late batch was carried out since, Google must reject the
        # next one, so that the late one is checked first.
        return replace(now, tables=tables, fences=book.fences), rows

    def read_copies(self, tabs: JobTabs, sheet_ids: Iterable[int]) -> tuple[Snapshot, Rows]:
        """Read header rows and keys, and whole hidden tabs; return the snapshot and the copies.

        The copied rows are by the sheet ID of the tab of jobs from which they were copied. Raises
        Retryable or Permanent.
        """
        try:
            answer = self.filtered(data_filters(whole_tabs=sheet_ids))
        except Refused as error:  # A hidden tab is gone. The batch itself wasn't rejected.
            raise Retryable(error.reason, error.message) from error
        return _with_copies(answer, tabs)

    def surroundings(self) -> Surroundings:
        """Read the other parts of the spreadsheet, before tabs are created."""
        return surroundings_of(self.get(FIELDS))

    def get(self, fields: str, ranges: tuple[str, ...] = ()) -> Any:
        """Return the Spreadsheet resource with a field mask, of A1 `ranges` or all tabs."""
        params: dict[str, Any] = {"fields": fields, "ranges": ranges}
        with self._translated_errors():
            return self._http.fetch_sheet_metadata(self._id, params=params)

    def update(self, requests: list[dict[str, Any]]) -> Any:
        """Send requests as one batch, which Google carries out completely or not at all.

        Return the reply to each. Raises as `write` does.
        """
        return self._post("batchUpdate", {"requests": requests}, "replies")["replies"]

    def write(self, batch: Batch, tabs: JobTabs) -> tuple[Snapshot, Rows]:
        """Send one batch, which Google carries out completely or not at all.

        Return what its check needs, as `read_copies` does: of the tabs with written rows only, the
        header rows and the compared cells of the copies. Raises Refused if Google rejects the
        batch, Retryable if nobody knows whether it was carried out.
        """
        body: dict[str, Any] = {"requests": batch.requests}
        fields = "spreadsheetId"
        if batch.response_ranges:
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": batch.response_ranges}
            fields = WRITTEN_FIELDS
        reply = self._post("batchUpdate", body, fields).get("updatedSpreadsheet", {})
        return _with_copies(reply, tabs)

    def filtered(self, filters: list[dict[str, Any]]) -> Any:
        """Return the cells that data filters select. Raises Retryable or Permanent."""
        return self._post("getByDataFilter", {"dataFilters": filters}, READ_FIELDS)

    def _post(self, method: str, body: dict[str, Any], fields: str) -> Any:
        url = f"{SPREADSHEET_URL % self._id}:{method}"
        with self._translated_errors():
            return self._http.request("post", url, params={"fields": fields}, json=body).json()

    def values(self, ranges: Sequence[str]) -> list[list[list[str]]]:
        """Return A1 ranges as plain texts, column by column; a formula is returned as such.

        The response is a tenth of one with formats. Raises Retryable or Permanent.
        """
        params: dict[str, Any] = {
            "majorDimension": "COLUMNS",
            "valueRenderOption": "FORMULA",
            "fields": "valueRanges(values)",
        }
        with self._translated_errors():
            answer = self._http.values_batch_get(self._id, list(ranges), params)
        read = answer.get("valueRanges", [{}] * len(ranges))
        return [[[*map(_text, column)] for column in each.get("values", ())] for each in read]

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            translated = from_google(error, self._account)
            if isinstance(translated, Permanent):
                what = f"Spreadsheet {self._id}: {translated.what}"
                translated = Permanent(translated.reason, what, fix=translated.fix)
            raise translated from error


def _with_copies(answer: Any, tabs: JobTabs) -> tuple[Snapshot, Rows]:
    now = snapshot_of(answer, tabs.tables)
    return now, {table.sheet_id: rows_of(answer, table.copies_tab) for table in now.tables}


def _text(value: object) -> str:
    """Return a plain value as the text that `text_of` returns for its cell."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
