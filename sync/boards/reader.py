"""Reads of boards beyond what a flush reads: whole tabs and columns as texts, drop-downs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sync.boards import options, survey
from sync.boards.options import Options
from sync.boards.survey import Json, Lists, Survey
from sync.boards.table_end import ColumnTexts
from sync.errors import Refused, Retryable
from sync.sheets.cell_data import Row, Rows
from sync.sheets.client import SheetClient
from sync.sheets.read import native_end, rows_of
from sync.sheets.read_requests import ROW_FIELDS, quoted
from sync.sheets.snapshot import Table, tab_for_new_rows
from sync.types import letters


@dataclass(frozen=True)
class WholeTabs:
    """Tabs that were read whole."""

    time_zone: str
    tables: Sequence[Table]
    """Without their mapping, in the order in which they were requested."""
    rows: Rows


@dataclass(frozen=True)
class BoardReader:
    """Reads one spreadsheet. Every method raises Retryable or Permanent."""

    _client: SheetClient

    def columns(self, tables: Sequence[Table]) -> Mapping[int, ColumnTexts]:
        """Read columns of tabs as bare texts, by sheet ID.

        Those that are managed, which a match needs; of the tab for new rows all of them, because
        these go below its last job. Raises Retryable if a person has moved a column since `tables`
        were read.
        """
        for_new_rows = tab_for_new_rows(tables)
        ranges = [f"{quoted(for_new_rows.title)}!A1:{letters(for_new_rows.column_count - 1)}"]
        others = [table for table in tables if table is not for_new_rows]
        places = [(table, index) for table in others for index in sorted(table.columns.values())]
        for table, index in places:
            ranges.append(f"{quoted(table.title)}!{letters(index)}1:{letters(index)}")
        whole, *read = self._client.values(ranges)
        columns: dict[int, dict[int, list[str]]] = {table.sheet_id: {} for table in tables}
        columns[for_new_rows.sheet_id] = dict(enumerate(whole))
        for (table, index), cells in zip(places, read, strict=True):
            columns[table.sheet_id][index] = cells[0] if cells else []
        for table in tables:
            for index in table.columns.values():
                texts = columns[table.sheet_id].get(index, [])
                header = texts[table.header_row] if table.header_row < len(texts) else ""
                if header != table.headers.get(index, ""):
                    raise Retryable("sheet_changed", "The mapped columns were moved just now.")
        return columns

    def survey(self) -> Survey:
        """Read the first rows of every tab, with our metadata and the options of drop-downs."""
        first = self._client.get(survey.TABS)
        where = survey.ranges(first)
        answer = self._client.get(survey.CELLS, where) if where else {}
        return survey.survey_of(first, answer, self._lists(answer))

    def _lists(self, answer: Json) -> Lists:
        """Read the cells that drop-downs in an answer take their options from; () if they're gone.

        One range at a time: Google rejects a read of several as a whole if one of them is gone.
        """
        lists: dict[str, tuple[str, ...]] = {}
        for cells in survey.option_ranges(answer):
            lists[cells] = ()
            if survey.LOST not in cells:
                with suppress(Refused):
                    lists[cells] = survey.texts(self._client.get(survey.TEXTS, (cells,)))
        return lists

    def options(self, ranges: Sequence[str]) -> Options:
        """Read what the drop-downs in ranges offer."""
        answer = self._client.get(options.VALIDATIONS, tuple(ranges))
        return options.options_in(answer, self._lists(answer))

    def row(self, table: Table, row: int) -> Row:
        """Read one row of a tab with formulas and number formats."""
        where = f"{quoted(table.title)}!{row + 1}:{row + 1}"
        return rows_of(self._client.get(ROW_FIELDS, (where,)), table.sheet_id).get(row, ())

    def tabs(self, header_rows: Mapping[int, int]) -> WholeTabs:
        """Read whole tabs, mapped or not, by sheet ID and header row."""
        filters = [{"gridRange": {"sheetId": sheet_id}} for sheet_id in header_rows]
        answer = self._client.filtered(filters)
        found = {}
        for sheet in answer.get("sheets", ()):
            properties, size = sheet["properties"], sheet["properties"]["gridProperties"]
            sheet_id = properties.get("sheetId", 0)
            counts = size["rowCount"], size["columnCount"]
            row = header_rows[sheet_id]
            end = native_end(sheet, row)
            found[sheet_id] = Table(sheet_id, properties["title"], row, *counts, native_end=end)
        return WholeTabs(
            answer.get("properties", {}).get("timeZone") or "Etc/UTC",
            [found[sheet_id] for sheet_id in header_rows if sheet_id in found],
            {sheet_id: rows_of(answer, sheet_id) for sheet_id in header_rows},
        )
