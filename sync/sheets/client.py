"""The only user of gspread: one read and one write of the spreadsheet. No retries in here."""

from collections.abc import Iterator, Mapping, Sequence
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
from sync.sheets import snapshot
from sync.sheets.diff import Batch
from sync.sheets.evidence import Copies


@dataclass(frozen=True)
class Seen:
    """What a write's answer shows: the table's columns, and what was asked for of the copies."""

    table: snapshot.Table | None
    copies: Copies


@dataclass(frozen=True)
class Look:
    """The whole of the sheet: the rows of the table, and those that the last batch copied."""

    seen: snapshot.View
    rows: Mapping[int, Sequence[snapshot.Grid]]
    copies: Mapping[int, Sequence[snapshot.Grid]]


class Sheet:
    """One spreadsheet, over a session that signs in; `account` is whom it must be shared with."""

    def __init__(self, session: requests.Session, spreadsheet_id: str, account: str) -> None:
        self._id = spreadsheet_id
        self._account = account
        self._http = HTTPClient(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(TIMEOUT)

    def read(self, noted: Sequence[str]) -> snapshot.View:
        """Read keys, header, columns and fence in one call, and the notes in columns `noted`.

        Raises Retryable or Permanent.
        """
        with self._as_ours():
            answer = self._filtered(snapshot.filters(tuple(noted), KEY), snapshot.FIELDS)
        return snapshot.read(answer, KEY)

    def surroundings(self) -> snapshot.Surroundings:
        """Return what else is in the spreadsheet, for when tabs of ours are to be made."""
        with self._as_ours():
            answer = self._http.fetch_sheet_metadata(
                self._id, params={"fields": snapshot.SURROUNDINGS}
            )
        return snapshot.surroundings(answer)

    def write(self, batch: Batch) -> Seen:
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
            params["fields"] = f"updatedSpreadsheet({snapshot.FIELDS})"
        with self._as_ours():
            answer: Any = self._http.request(
                "post", SPREADSHEET_BATCH_UPDATE_URL % self._id, params=params, json=body
            ).json()
        shown = answer.get("updatedSpreadsheet", {})
        return Seen(snapshot.read(shown, KEY).table, snapshot.some_cells(shown, snapshot.FENCE_TAB))

    def look(self, table: snapshot.Table) -> Look:
        """Read the whole of `table` and of the hidden tab, for when something went wrong."""
        with self._as_ours():
            answer = self._filtered(snapshot.whole(table, KEY), snapshot.FULL_FIELDS)
        return Look(
            snapshot.read(answer, KEY),
            snapshot.all_cells(answer, table.sheet_id),
            snapshot.all_cells(answer, snapshot.FENCE_TAB),
        )

    def _filtered(self, filters: list[dict[str, Any]], fields: str) -> Any:
        return self._http.request(
            "post",
            f"{SPREADSHEET_URL % self._id}:getByDataFilter",
            params={"fields": fields},
            json={"dataFilters": filters},
        ).json()

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            ours = from_google(error, self._account)
            if isinstance(ours, Permanent):
                ours = Permanent(ours.reason, f"Spreadsheet {self._id}: {ours.message}")
            raise ours from error


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"
