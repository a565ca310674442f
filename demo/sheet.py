"""Reads the sheet through Google's API, as people see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

FIELDS = (
    "sheets(properties(title,hidden),"
    "data(rowData(values(formattedValue,userEnteredValue,textFormatRuns,note))))"
)
_TIMEOUT = 30


@dataclass(frozen=True)
class Link:
    """A part of a cell's text that is a link."""

    text: str
    uri: str


@dataclass(frozen=True)
class ShownCell:
    """A cell as people see it."""

    text: str
    links: tuple[Link, ...] = ()


Row = dict[str, ShownCell]


def rows(google: str, spreadsheet: str, tab: str = "Jobs", skip: int = 0) -> list[Row]:
    """Return the rows of `tab`, by header; [] if there is no such tab yet."""
    return rows_in(read(google, spreadsheet), tab, skip)


def read(google: str, spreadsheet: str) -> Mapping[str, Any]:
    """Return the spreadsheet's resource with FIELDS."""
    answer = requests.get(
        f"{google}/v4/spreadsheets/{spreadsheet}",
        params={"fields": FIELDS, "includeGridData": "true"},
        # As another user than the product, whose quota it must not use up.
        headers={"Authorization": "Bearer onlooker"},
        timeout=_TIMEOUT,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def rows_in(spreadsheet: Mapping[str, Any], tab: str = "Jobs", skip: int = 0) -> list[Row]:
    """Return the rows of `tab` in a spreadsheet's resource that was read with FIELDS.

    The headers are below `skip` rows.
    """
    for sheet in spreadsheet.get("sheets", ()):
        if sheet["properties"]["title"] == tab:
            return _rows(sheet["data"][0].get("rowData", [])[skip:])
    return []


def _rows(data: list[dict[str, Any]]) -> list[Row]:
    grid = [[_cell(value) for value in row.get("values", ())] for row in data]
    filled = [row for row in grid if any(cell.text for cell in row)]
    if not filled:
        return []
    headers = [cell.text for cell in filled[0]]
    return [dict(zip(headers, row, strict=False)) for row in filled[1:]]


def _cell(value: dict[str, Any]) -> ShownCell:
    text = value.get("formattedValue", "")
    runs = value.get("textFormatRuns", ())
    if not runs:
        return ShownCell(text)
    units = text.encode("utf-16-le")
    ends = [run.get("startIndex", 0) for run in runs[1:]] + [len(units) // 2]
    links = []
    for run, end in zip(runs, ends, strict=False):
        if uri := run.get("format", {}).get("link", {}).get("uri"):
            start = run.get("startIndex", 0)
            links.append(Link(units[start * 2 : end * 2].decode("utf-16-le"), uri))
    return ShownCell(text, tuple(links))
