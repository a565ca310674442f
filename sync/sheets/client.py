"""The only user of gspread: reads and writes of one spreadsheet. No retries in here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL
from gspread.utils import rowcol_to_a1

from sync.errors import Permanent
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google
from sync.jobs.columns import KEY
from sync.sheets import query, snapshot
from sync.sheets.batch import Batch
from sync.sheets.celldata import Row
from sync.sheets.identifiers import FENCE_TAB
from sync.sheets.snapshot import Snapshot, Surroundings, Table


@dataclass(frozen=True)
class Evidence:
    """What a write's answer shows: the Jobs tab, and what was asked for of the copied rows."""

    table: Table | None
    copies: Mapping[int, Row]


@dataclass(frozen=True)
class Everything:
    """A read of the whole Jobs tab: its rows, and those that the last batch copied."""

    snapshot: Snapshot
    rows: Mapping[int, Row]
    copies: Mapping[int, Row]


class SheetClient:
    """One spreadsheet, over a session that signs in; it must be shared with `account`."""

    def __init__(self, session: requests.Session, spreadsheet_id: str, account: str) -> None:
        self._id = spreadsheet_id
        self._account = account
        self._http = HTTPClient(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(TIMEOUT)

    def read(self, columns: tuple[str, ...] = ()) -> Snapshot:
        """Read header rows, fence and keys in one call, and values and notes of `columns`.

        Raises Retryable or Permanent.
        """
        with self._translated_errors():
            answer = self._filtered(query.filters((KEY, *columns)), query.FIELDS)
        return snapshot.read(answer, KEY)

    def read_everything(self, table: Table) -> Everything:
        """Read the whole of `table` and of the hidden tab."""
        with self._translated_errors():
            answer = self._filtered(query.everything(table.sheet_id, KEY), query.FULL_FIELDS)
        return Everything(
            snapshot.read(answer, KEY),
            snapshot.whole_rows(answer, table.sheet_id),
            snapshot.whole_rows(answer, FENCE_TAB),
        )

    def surroundings(self) -> Surroundings:
        """Read what else is in the spreadsheet, for when tabs are to be made."""
        with self._translated_errors():
            answer = self._http.fetch_sheet_metadata(
                self._id, params={"fields": query.SURROUNDINGS}
            )
        return snapshot.surroundings(answer)

    def locked(self) -> list[tuple[int, str]]:
        """Return id and title of the tab of each protected range that the account may not edit."""
        with self._translated_errors():
            answer = self._http.fetch_sheet_metadata(self._id, params={"fields": query.PROTECTIONS})
        return [
            (sheet["properties"].get("sheetId", 0), sheet["properties"]["title"])
            for sheet in answer.get("sheets", ())
            for one in sheet.get("protectedRanges", ())
            if not one.get("warningOnly") and not one.get("requestingUserCanEdit")
        ]

    def write(self, batch: Batch) -> Evidence:
        """Send one batch: all of it is done, or nothing; return the evidence that came back.

        Raises Refused where Google refuses it, Retryable where nobody knows whether it was done.
        """
        body: dict[str, Any] = {"requests": batch.requests}
        params: dict[str, Any] = {}
        if asked := batch.asked:
            letters = [rowcol_to_a1(1, index + 1).rstrip("1") for index in asked.indexes]
            tab = _quoted(asked.fence_title)
            ranges = [f"{tab}!{one}1:{one}{asked.rows}" for one in letters]
            header = f"{_quoted(asked.jobs_title)}!{asked.header_row + 1}:{asked.header_row + 1}"
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": [*ranges, header]}
            params["fields"] = f"updatedSpreadsheet({query.FIELDS})"
        with self._translated_errors():
            answer: Any = self._http.request(
                "post", SPREADSHEET_BATCH_UPDATE_URL % self._id, params=params, json=body
            ).json()
        shown = answer.get("updatedSpreadsheet", {})
        return Evidence(snapshot.read(shown, KEY).table, snapshot.sparse_rows(shown, FENCE_TAB))

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


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"
