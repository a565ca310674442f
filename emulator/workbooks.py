"""The Sheets engine with its journal, through which every change is made."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import people
from emulator.journal import Clock, Journal
from emulator.sheets import Sheets, Spreadsheet

Query = MultiDict[str, str]
CREATE = "sheets.spreadsheets.create"
BATCH_UPDATE = "sheets.spreadsheets.batchUpdate"
COPY_TO = "sheets.spreadsheets.sheets.copyTo"


class Workbooks:
    """`engine` holds the spreadsheets and answers Google's methods."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.engine = Sheets(clock.now)
        self._journal = journal

    def create(self, spreadsheet_id: str, title: str, user: str, body: Any = None) -> Spreadsheet:
        """Create a spreadsheet with this id; `body` is that of `spreadsheets.create`."""
        value = {"spreadsheet": spreadsheet_id, "title": title, "user": user, "body": body}
        with self._journal.change("create", value):
            return self.engine.create(spreadsheet_id, title, user, body)

    def created(self, made: Spreadsheet, query: Query) -> dict[str, Any]:
        """Return the answer of `spreadsheets.create`, cut to the query's `fields`."""
        path = {"spreadsheetId": made.spreadsheet_id}
        return self.read("sheets.spreadsheets.get", path, query, None, made.owner)

    def delete(self, spreadsheet_id: str) -> None:
        """Delete a spreadsheet."""
        if spreadsheet_id in self.engine.spreadsheets:
            self.engine.delete(spreadsheet_id)

    def rename(self, spreadsheet_id: str, title: str) -> None:
        """Rename a spreadsheet, as its owner."""
        change = {"properties": {"title": title}, "fields": "title"}
        body = {"requests": [{"updateSpreadsheetProperties": change}]}
        owner = self.engine.spreadsheets[spreadsheet_id].owner
        self.call(BATCH_UPDATE, {"spreadsheetId": spreadsheet_id}, MultiDict(), body, owner)

    def title(self, spreadsheet_id: str) -> str:
        """Return the spreadsheet's title."""
        return str(self.engine.spreadsheets[spreadsheet_id].properties["title"])

    def read(
        self, method_id: str, path: Mapping[str, str], query: Query, body: Any, user: str
    ) -> dict[str, Any]:
        """Return the answer of a method that only reads."""
        return self.engine.handle(method_id, dict(path), query, body, user)

    def call(
        self, method_id: str, path: Mapping[str, str], query: Query, body: Any, user: str
    ) -> dict[str, Any]:
        """Return the answer of a method that changes a spreadsheet."""
        value = {
            "spreadsheet": path["spreadsheetId"],
            "method": method_id,
            "path": dict(path),
            "query": query.to_dict(flat=False),
            "body": body,
            "user": user,
        }
        with self._journal.change("call", value):
            return self.engine.handle(method_id, dict(path), query, body, user)

    def copy_to(self, path: Mapping[str, str], target: str, user: str) -> dict[str, Any]:
        """Copy a tab to the end of another spreadsheet; return its SheetProperties."""
        requests = self.engine.copying(path["spreadsheetId"], int(path["sheetId"]), target)
        changed = {"spreadsheetId": target}
        answer = self.call(BATCH_UPDATE, changed, MultiDict(), {"requests": requests}, user)
        made: dict[str, Any] = answer["replies"][0]["addSheet"]["properties"]
        return made

    def edit(self, spreadsheet_id: str, name: str, **arguments: Any) -> Any:
        """Make a person's edit: call the function `name` of `people`. ValueError if unknown."""
        value = {"spreadsheet": spreadsheet_id, "name": name, "arguments": arguments}
        action = getattr(people, name, None)
        if action is None or name.startswith("_") or action.__module__ != people.__name__:
            raise ValueError(f"unknown edit: {name}")
        with self._journal.change("edit", value):
            return action(self.engine.spreadsheets[spreadsheet_id], **arguments)

    def restore(self, kind: str, value: dict[str, Any]) -> None:
        """Replay a change from the journal."""
        if kind == "create":
            self.create(value["spreadsheet"], value["title"], value["user"], value["body"])
        elif kind == "call":
            query = MultiDict(value["query"])
            self.call(value["method"], value["path"], query, value["body"], value["user"])
        else:
            self.edit(value["spreadsheet"], value["name"], **value["arguments"])
