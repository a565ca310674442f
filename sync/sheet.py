"""The only user of gspread: one read and one write of the spreadsheet. No retries in here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_URL

from sync import view
from sync.errors import Permanent
from sync.google import TIMEOUT
from sync.layout import KEY
from sync.retry import from_google


class Sheet:
    """One spreadsheet, over a session that signs in; `account` is whom it must be shared with."""

    def __init__(self, session: requests.Session, spreadsheet_id: str, account: str) -> None:
        self._id = spreadsheet_id
        self._account = account
        self._http = HTTPClient(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(TIMEOUT)

    def read(self, noted: Sequence[str]) -> view.View:
        """Read keys, header, columns and fence in one call, and the notes in columns `noted`.

        Raises Retryable or Permanent.
        """
        body = {"dataFilters": view.filters(tuple(noted), KEY)}
        with self._as_ours():
            answer: Any = self._http.request(
                "post",
                f"{SPREADSHEET_URL % self._id}:getByDataFilter",
                params={"fields": view.FIELDS},
                json=body,
            ).json()
        return view.read(answer, KEY)

    def tabs(self) -> dict[int, str]:
        """Return the titles of all tabs by sheet id, for when ours is to be made."""
        with self._as_ours():
            answer = self._http.fetch_sheet_metadata(
                self._id, params={"fields": "sheets.properties(sheetId,title)"}
            )
        properties = [sheet["properties"] for sheet in answer.get("sheets", ())]
        return {one.get("sheetId", 0): one["title"] for one in properties}

    def write(self, requests: list[dict[str, Any]]) -> None:
        """Send one batch: all of it is done, or nothing.

        Raises Refused where Google refuses it, Retryable where nobody knows whether it was done.
        """
        body = {"requests": requests, "includeSpreadsheetInResponse": False}
        with self._as_ours():
            self._http.batch_update(self._id, body)

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            ours = from_google(error, self._account)
            if isinstance(ours, Permanent):
                ours = Permanent(ours.reason, f"Spreadsheet {self._id}: {ours.message}")
            raise ours from error
