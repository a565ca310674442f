"""Calls of one spreadsheet, without retries: the pass is the retry. The only user of gspread."""

import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import requests
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_URL
from urllib3.exceptions import HTTPError

from sync.errors import Retryable
from sync.google.errors import from_google

CALL_SECONDS = 180.0
"""For a whole call: Google ends one after this time, but an answer may drip."""
_TIMEOUT = (10.0, 60.0)
_CHUNK = 1 << 16


class SheetClient:
    """One spreadsheet, over a session that signs in; it must be shared with `account`."""

    def __init__(
        self,
        session: requests.Session,
        spreadsheet: str,
        account: str,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._id, self._account, self._call_seconds = spreadsheet, account, call_seconds
        session.params = {"prettyPrint": "false"}
        session.hooks["response"].append(self._read_within_limit)
        session.stream = True
        self._http = HTTPClient(None, session)  # type: ignore[arg-type]  # the session signs in
        self._http.set_timeout(_TIMEOUT)

    def read(self, filters: Sequence[Mapping[str, Any]], fields: str) -> Any:
        """Return the cells that data filters select. Raises Retryable or Permanent."""
        return self._post("getByDataFilter", {"dataFilters": filters}, fields)

    def tabs(self) -> dict[int, str]:
        """Return the titles of all tabs by sheet ID."""
        answer = self.look((), "sheets.properties(sheetId,title)")
        found = (each["properties"] for each in answer.get("sheets", ()))
        return {each.get("sheetId", 0): each["title"] for each in found}

    def look(self, ranges: Sequence[str], fields: str) -> Any:
        """Return what A1 ranges hold, also in cells without a value; of all tabs without any."""
        params: Any = {"fields": fields, "ranges": ranges}
        try:
            return self._http.fetch_sheet_metadata(self._id, params=params)
        except Exception as error:
            raise from_google(error, self._account) from error

    def write(self, batch: Sequence[Mapping[str, Any]], /) -> None:
        """Send one batch. Raises Refused if Google rejects it.

        Raises Retryable if nobody knows whether it was carried out.
        """
        self._post("batchUpdate", {"requests": batch}, "spreadsheetId")

    def _post(self, method: str, body: Mapping[str, Any], fields: str) -> Any:
        url = f"{SPREADSHEET_URL % self._id}:{method}"
        try:
            return self._http.request("post", url, params={"fields": fields}, json=body).json()
        except ValueError as error:
            if isinstance(error, requests.RequestException):
                raise from_google(error, self._account) from error
            raise Retryable("google_unavailable", "Google's answer isn't JSON.") from error
        except Exception as error:
            raise from_google(error, self._account) from error

    def _read_within_limit(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        """Read an answer whole. Raises Timeout if it drips: other limits are for each byte."""
        deadline, parts = time.monotonic() + self._call_seconds, list[bytes]()
        try:
            while part := answer.raw.read1(_CHUNK, decode_content=True):
                parts.append(part)
                if time.monotonic() > deadline:
                    raise requests.Timeout("The answer didn't end.")
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error
        finally:
            answer.raw.release_conn()
        answer.raw = BytesIO(b"".join(parts))
