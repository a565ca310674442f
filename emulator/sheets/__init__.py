"""Google Sheets: spreadsheets in memory, and the methods of Sheets v4 on them."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import masks
from emulator.errors import not_found, unsupported
from emulator.sheets import methods, ranges, styles
from emulator.sheets.edit import Edit, change
from emulator.sheets.grid import Json, Spreadsheet
from emulator.sheets.updates import copies, tabs

__all__ = ["Sheets", "Spreadsheet"]

TIME_ZONE = "Etc/GMT"


def _now() -> datetime:
    return datetime.now(UTC)


class Sheets:
    """All spreadsheets. `now` returns the time, with a zone.

    What a spreadsheet draws at random comes from its own id, so that the same requests in the
    same order give the same state.
    """

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.spreadsheets: dict[str, Spreadsheet] = {}

    def create(self, spreadsheet_id: str, title: str, user: str) -> Spreadsheet:
        """Create a spreadsheet of `user`, with one empty tab."""
        spreadsheet = Spreadsheet(
            spreadsheet_id=spreadsheet_id,
            owner=user,
            properties={
                "title": title,
                "locale": "en_US",
                "autoRecalc": "ON_CHANGE",
                "timeZone": TIME_ZONE,
                "defaultFormat": styles.DEFAULT_FORMAT,
                "spreadsheetTheme": styles.THEME,
            },
            sheets=[],
            clock=self._now,
            rng=random.Random(spreadsheet_id),  # noqa: S311 - ids, not secrets
        )
        tabs.add_sheet(Edit(spreadsheet, user), {"properties": {"sheetId": 0}})
        with self._lock:
            self.spreadsheets[spreadsheet_id] = spreadsheet
        return spreadsheet

    def delete(self, spreadsheet_id: str) -> None:
        """Delete a spreadsheet."""
        with self._lock:
            self.spreadsheets.pop(spreadsheet_id, None)

    def title(self, spreadsheet_id: str) -> str:
        """Return a spreadsheet's title."""
        return str(self.spreadsheets[spreadsheet_id].properties["title"])

    def rename(self, spreadsheet_id: str, title: str) -> None:
        """Give a spreadsheet another title."""
        spreadsheet = self.spreadsheets[spreadsheet_id]
        with spreadsheet.lock:
            spreadsheet.properties = {**spreadsheet.properties, "title": title}
            spreadsheet.revision += 1

    def handle(
        self,
        method_id: str,
        path_params: dict[str, str],
        query: MultiDict[str, str],
        body: Any,
        user: str,
    ) -> Json:
        """Return a Sheets v4 method's answer, cut to `fields`. ApiError if it is refused.

        The request has been validated before. A method that changes the
        spreadsheet changes all that it says, or nothing.
        """
        body = body if isinstance(body, dict) else {}
        mask = masks.parse(query["fields"]) if query.get("fields") else None
        spreadsheet = self.spreadsheets.get(path_params.get("spreadsheetId", ""))
        if spreadsheet is None:
            raise not_found()
        with spreadsheet.lock:
            call = methods.Call(spreadsheet, path_params, query, body, user, mask)
            if method_id in methods.READS:
                return methods.READS[method_id](call)
            if method_id not in methods.WRITES:
                raise unsupported(method_id)
            write = methods.WRITES[method_id]
            return change(spreadsheet, call.user, lambda edit: write(call, edit))

    def copy_to(self, source_id: str, sheet_id: int, target_id: str, user: str) -> Json:
        """Copy a tab to the end of another spreadsheet, and return its SheetProperties."""
        source, target = self.spreadsheets.get(source_id), self.spreadsheets.get(target_id)
        if source is None or target is None:
            raise not_found()
        with self._lock, source.lock:  # of all calls this one alone holds two spreadsheets
            sheet = ranges.need_sheet(source, sheet_id)
            return change(target, user, lambda edit: copies.copy_sheet(edit, sheet))
