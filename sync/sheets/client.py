"""The only user of gspread: reads and writes of one spreadsheet. No retries in here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL

from sync.errors import Permanent
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google
from sync.jobs.columns import KEY
from sync.sheets import query, rows, snapshot, surroundings
from sync.sheets.batch import Asked, Batch
from sync.sheets.celldata import Row
from sync.sheets.snapshot import Snapshot
from sync.sheets.surroundings import Surroundings
from sync.types import letters


class _Http(HTTPClient):
    """gspread's client, with answers that are not indented: that is more than half of a large one.

    Google indents unless told (source: the discovery document, prettyPrint).
    """

    def request(self, *where: Any, **more: Any) -> requests.Response:
        """Send a request. Raises APIError where it is refused."""
        more["params"] = {**(more.get("params") or {}), "prettyPrint": "false"}
        return super().request(*where, **more)


@dataclass(frozen=True)
class Evidence:
    """What a write's answer shows: the tabs of jobs, and what was asked for of the copied rows.

    `copies` are the rows by the sheet id of the tab that they were copied from.
    """

    snapshot: Snapshot
    copies: Mapping[int, Mapping[int, Row]]


@dataclass(frozen=True)
class Everything:
    """A read of whole tabs of jobs: their rows by sheet id, and those that a batch copied."""

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

    def read(self, columns: tuple[str, ...] = (), *, with_formats: bool = False) -> Snapshot:
        """Read header rows, fence and keys in one call, and values and notes of `columns`.

        `with_formats` adds their number formats. Raises Retryable or Permanent.
        """
        fields = query.FULL_FIELDS if with_formats else query.FIELDS
        with self._translated_errors():
            answer = self._filtered(query.filters((KEY, *columns)), fields)
        return snapshot.read(answer, KEY)

    def read_everything(self, seen: Snapshot) -> Everything:
        """Read the whole of the tabs of jobs that were seen, and of their hidden tabs."""
        tabs = [*(one.sheet_id for one in seen.tables), *seen.copies]
        with self._translated_errors():
            answer = self._filtered(query.everything(tabs, KEY), query.FULL_FIELDS)
        found = snapshot.read(answer, KEY)
        return Everything(
            found,
            {one.sheet_id: rows.whole(answer, one.sheet_id) for one in found.tables},
            {one.sheet_id: rows.whole(answer, one.copies_tab) for one in found.tables},
        )

    def read_tabs(
        self, sheet_ids: Sequence[int]
    ) -> tuple[Snapshot, Mapping[int, Mapping[int, Row]]]:
        """Read whole tabs, mapped or not: their sizes and titles in this order, and their rows."""
        filters = [{"gridRange": {"sheetId": one}} for one in sheet_ids]
        with self._translated_errors():
            answer = self._filtered(filters, query.FULL_FIELDS)
        found = snapshot.bare(answer, sheet_ids)
        return found, {one: rows.whole(answer, one) for one in sheet_ids}

    def surroundings(self) -> Surroundings:
        """Read what else is in the spreadsheet, for when tabs are to be made."""
        with self._translated_errors():
            answer = self._http.fetch_sheet_metadata(
                self._id, params={"fields": query.SURROUNDINGS}
            )
        return surroundings.surroundings(answer)

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
        if batch.asked:
            ranges = [one for asked in batch.asked for one in _ranges(asked)]
            body |= {"includeSpreadsheetInResponse": True, "responseRanges": ranges}
            params["fields"] = f"updatedSpreadsheet({query.FIELDS})"
        with self._translated_errors():
            answer: Any = self._http.request(
                "post", SPREADSHEET_BATCH_UPDATE_URL % self._id, params=params, json=body
            ).json()
        shown = answer.get("updatedSpreadsheet", {})
        found = snapshot.read(shown, KEY)
        return Evidence(
            found, {one.sheet_id: rows.sparse(shown, one.copies_tab) for one in found.tables}
        )

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
    tab, number = query.quoted(asked.copies_title), asked.header_row + 1
    header = f"{query.quoted(asked.title)}!{number}:{number}"
    return [*(f"{tab}!{one}1:{one}{asked.rows}" for one in map(letters, asked.indexes)), header]
