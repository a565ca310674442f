"""What one read of the spreadsheet shows: fence, tabs, columns and rows. Pure.

Columns are known by metadata with an ID of ours, which moves with them. A duplicated tab has
metadata with other IDs, so it is left alone.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sync.columns import KEY
from sync.core.cells import Cell, addresses, content, relative

JOBS, HISTORY, RECOVERED = 1_126_170_001, 1_126_170_002, 1_126_170_003
TODAY, PIPELINE = 1_126_170_004, 1_126_170_005
"""The sheet IDs of our tabs. Google refuses a second tab with the same one."""
TITLES = {
    JOBS: "Jobs",
    HISTORY: "History",
    RECOVERED: "Recovered",
    TODAY: "Today",
    PIPELINE: "Pipeline",
}
"""As they are made."""
HEADER = "header"
FENCE = "brightsheet-fence"
"""What the description of a fence begins with: people protect ranges, too."""
GUARD_KEY = "brightsheet"
FIELDS = (
    "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
    "protectedRanges(protectedRangeId,description),data(startRow,rowData(values(userEnteredValue,"
    "textFormatRuns(startIndex,format(link)),userEnteredFormat(textFormat(link)))),"
    "rowMetadata(developerMetadata(metadataId,metadataValue)),"
    "columnMetadata(developerMetadata(metadataId,metadataValue))))"
)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Row = Sequence[Cell]
Picture = dict[str, Cell]
"""A row's cells that aren't blank, by column ID, or by the header of other columns."""


@dataclass(frozen=True)
class Tab:
    """A tab: the indexes of its managed columns by ID, and its rows from the first on."""

    sheet: int
    title: str
    columns: Mapping[str, int]
    header: int | None
    """The index of the header row; None if it was deleted."""
    rows: Sequence[Row]
    """Of a tab of lines, only the header row."""
    row_count: int = 0
    """Of its grid."""
    index: int = 0
    """Its place among the tabs."""

    @property
    def is_broken(self) -> bool:
        """Whether nothing may be written here: header row or Site ID are gone, or sorted in."""
        return self.header is None or KEY not in self.columns or self.is_sorted_in

    @property
    def is_sorted_in(self) -> bool:
        """Whether its header row has a job's key or link: it was sorted in with the jobs."""
        if self.header is None:
            return False
        linked = (each.rpartition("/")[2] for each in addresses(self.cell(self.header, "customer")))
        return any(UUID.fullmatch(each) for each in (self.key(self.header), *linked))

    def key(self, row: int) -> str:
        """Return the text of a row's key, in lower case."""
        return content(self.cell(row, KEY)).strip().lower()

    def cell(self, row: int, column: str) -> Cell:
        cells = self.rows[row] if row < len(self.rows) else ()
        index = self.columns.get(column, len(cells))
        return cells[index] if index < len(cells) else {}

    @cached_property
    def names(self) -> list[str]:
        """The columns' names in pictures: a managed one's ID, another's header.

        Columns with the same header are numbered, and named by how many there are: when one is
        added, none of them is compared.
        """
        managed = {index: column for column, index in self.columns.items()}
        header = self.rows[self.header] if self.header is not None and self.rows else ()
        width = max(map(len, self.rows), default=0)
        titles = [content(header[n]) if n < len(header) else "" for n in range(width)]
        counts = Counter(title for n, title in enumerate(titles) if n not in managed)
        seen, found = Counter[str](), list[str]()
        for index, title in enumerate(titles):
            seen[title] += index not in managed
            found.append(managed.get(index) or f"~{title}~{seen[title]}/{counts[title]}")
        return found


@dataclass(frozen=True)
class Snapshot:
    """One read. `places` are the rows of all tabs of jobs, which have numbers in this order."""

    fences: Sequence[tuple[int, str]]
    """The numbers and owners of the fences: one, unless somebody removed it."""
    tabs: Sequence[Tab]
    lines: Mapping[int, Tab]
    """Our tabs of lines, with their first rows."""

    @cached_property
    def there(self) -> dict[int, Tab]:
        """The tabs by their sheet IDs."""
        return {tab.sheet: tab for tab in (*self.tabs, *self.lines.values())}

    @cached_property
    def places(self) -> list[tuple[Tab, int]]:
        return [(tab, row) for tab in self.tabs for row in range(len(tab.rows))]

    @cached_property
    def keys(self) -> dict[str, list[int]]:
        """The places of each site ID below the header rows."""
        found: dict[str, list[int]] = {}
        for place, (tab, row) in enumerate(self.places):
            below_header = tab.header is not None and row > tab.header
            if below_header and UUID.fullmatch(key := tab.key(row)):
                found.setdefault(key, []).append(place)
        return found

    def shows(self, site: str, column: str) -> set[str]:
        """Return what the rows of a site hold in a column."""
        rows = (self.places[place] for place in self.keys.get(site, ()))
        return {content(tab.cell(row, column)) for tab, row in rows}

    @cached_property
    def names(self) -> set[str]:
        return {name for tab in self.tabs for name in tab.names}

    def pictures(self, jobs: Collection[str], ours: Collection[str]) -> list[Picture]:
        """Return the picture of each row.

        In *Jobs*, the columns `ours` of a job's row are left out: the next pass writes them.
        """
        found = list[Picture]()
        for tab, row in self.places:
            is_job = tab.sheet == JOBS and row != tab.header and tab.key(row) in jobs
            found.append(
                {
                    name: bare(relative(cell, row, tab.names))
                    for name, cell in zip(tab.names, tab.rows[row], strict=False)
                    if not (is_job and name in ours) and content(cell)
                }
            )
        return found


def bare(cell: Cell) -> Cell:
    """Return a cell as it can be written again."""
    return {name: cell[name] for name in ("userEnteredValue", "textFormatRuns") if name in cell}


def guard_id(sheet: int, name: str) -> int:
    """Return the metadata ID of a column, or of the header row."""
    digest = hashlib.sha256(f"{sheet}:{name}".encode()).digest()
    return int.from_bytes(digest[:4]) % (2**31 - 1) + 1


def data_filters(tabs: Iterable[int], lines: Iterable[int]) -> list[dict[str, Any]]:
    """Return the filters of a read: tabs of jobs whole, and the header rows of tabs of lines.

    People put titles above a header row, so it is looked up by its metadata; the first row of the
    tab tells that the tab is there.
    """
    found: list[dict[str, Any]] = [{"gridRange": {"sheetId": sheet}} for sheet in tabs]
    for sheet in lines:
        found.append({"gridRange": {"sheetId": sheet, "endRowIndex": 1}})
        found.append({"developerMetadataLookup": {"metadataId": guard_id(sheet, HEADER)}})
    return found


def snapshot_of(answer: Mapping[str, Any], tabs: Sequence[int]) -> Snapshot:
    """Return Google's answer to a read; `tabs` are those of jobs."""
    sheets = {each["properties"].get("sheetId", 0): each for each in answer.get("sheets", ())}
    fences = [
        (each["protectedRangeId"], each.get("description", ""))
        for each in sheets.get(RECOVERED, {}).get("protectedRanges", ())
        if each.get("description", "").startswith(FENCE)
    ]
    found = {sheet: _tab(sheet, each) for sheet, each in sheets.items()}
    return Snapshot(
        fences,
        [found[sheet] for sheet in tabs if sheet in found],
        {sheet: tab for sheet, tab in found.items() if sheet not in tabs},
    )


def _tab(sheet: int, answer: Mapping[str, Any]) -> Tab:
    properties = answer["properties"]
    data: Mapping[str, Any] = {}
    header = None
    for part in answer.get("data", ()):  # Of a tab of lines, its first row and its header row.
        data = data or part
        for number, value in _guards(sheet, part.get("rowMetadata", ())):
            if value == HEADER:
                data, header = part, part.get("startRow", 0) + number
    return Tab(
        sheet,
        properties.get("title", ""),
        {value: index for index, value in _guards(sheet, data.get("columnMetadata", ()))},
        header,
        [row.get("values", ()) for row in data.get("rowData", ())],
        properties.get("gridProperties", {}).get("rowCount", 0),
        properties.get("index", 0),
    )


def _guards(sheet: int, dimensions: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    return [
        (index, entry["metadataValue"])
        for index, dimension in enumerate(dimensions)
        for entry in dimension.get("developerMetadata", ())
        if entry.get("metadataValue")
        and entry["metadataId"] == guard_id(sheet, entry["metadataValue"])
    ]
