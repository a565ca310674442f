"""When the sheet was last in step with what came: where people see it. Pure.

In the header row of the Pipeline tab: a moment, and beside it a formula that says, in red, when
that is longer ago than it ever should be. And in the note on the header of the site IDs. A dead
worker would else look like a quiet day.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from sync.field_table import KEY
from sync.sheets import batch, encode, request
from sync.sheets.answer import COLUMN_KEY
from sync.sheets.request import Request
from sync.sheets.snapshot import Tab, Table
from sync.sheets.tabs import formatting
from sync.sheets.writes import CellWrite, RowWrite
from sync.types import letters

LABEL, MOMENT = "pipeline:in_step_label", "pipeline:in_step"
LATE_HOURS = 0.5
"""A batch may be this late before the sheet says so: retries and a restart take minutes."""

_WIDTHS = {LABEL: 130, MOMENT: 130}
_NAMED = 5
"""So many columns are named: it is one cell."""
_LATE = "Not in step since"
_IN_STEP = "In step at"
_RED = "#e06666"
_NOTE = "\n\nIn step at "


@dataclass(frozen=True)
class InStep:
    """The moment of a batch after which the sheet shows all that came, written every `hours`.

    All but what belongs into columns that are `gone` (their headers): a person deleted them.
    """

    at: datetime
    hours: int
    gone: tuple[str, ...] = ()


def _columns(tab: Tab) -> tuple[list[Request], Tab]:
    """Return the requests that make the two columns, right of all others, and the tab then."""
    requests: list[Request] = []
    for column in (LABEL, MOMENT):
        index = max([*tab.columns.values(), *tab.counts]) + 1
        requests += [
            request.insert(tab.sheet_id, "COLUMNS", index, 1, tab.column_count),
            request.metadata(COLUMN_KEY, column, tab.sheet_id, "COLUMNS", index),
            formatting.sized_column(tab.sheet_id, index, _WIDTHS[column]),
        ]
        places = {**tab.columns, column: index}
        tab = replace(tab, columns=places, column_count=tab.column_count + 1)
    requests.append(formatting.begins_with(tab.sheet_id, tab.columns[LABEL], _LATE, _RED))
    return requests, tab


def say(
    tab: Tab | None, moment: InStep, time_zone: str, known: Container[str]
) -> tuple[list[Request], tuple[str, ...]]:
    """Return the requests that say on the Pipeline tab when the sheet was in step.

    And the ids of the columns; `known` are those that were made before. `time_zone` is the
    spreadsheet's, by which its NOW() goes.
    """
    ids, requests = (LABEL, MOMENT), list[Request]()
    if tab is not None and not _has_columns(tab) and MOMENT not in known:
        requests, tab = _columns(tab)
    if tab is None or not _has_columns(tab):
        return [], ()  # A person deleted the tab or a column.
    return requests + _write(tab, moment, encode.clock(time_zone)), ids


def _without(headers: Sequence[str]) -> str:
    """Return what is said of deleted columns: it begins as a late sheet's label, which is red."""
    named = ", ".join(headers[:_NAMED]) + (", …" if len(headers) > _NAMED else "")
    return f"{_LATE} these columns were deleted: {named}. Last written:"


def _has_columns(tab: Tab) -> bool:
    return tab.columns.keys() >= {LABEL, MOMENT}


def _write(tab: Tab, moment: InStep, zone: tzinfo) -> list[Request]:
    cell = f"{letters(tab.columns[MOMENT])}{tab.header_row + 1}"
    late = (moment.hours + LATE_HOURS) / 24
    formula = f'=IF(NOW()-{cell}>{_fraction(late)};"{_LATE}";"{_IN_STEP}")'
    number = {"numberValue": encode.serial(moment.at, zone)}
    # A header is a person's text: it never becomes a part of a formula.
    label = {"stringValue": _without(moment.gone)} if moment.gone else {"formulaValue": formula}
    cells = (
        _cell(tab, LABEL, {"userEnteredValue": label}),
        _cell(tab, MOMENT, {"userEnteredValue": number, **encode.DATE_FORMAT}),
    )
    return [
        *batch.header_guard(tab),
        *batch.column_guards(tab, (LABEL, MOMENT)),
        *request.write([RowWrite(sheet_id=tab.sheet_id, row=tab.header_row, cells=cells)]),
    ]


def _cell(tab: Tab, column: str, data: Mapping[str, object]) -> CellWrite:
    fields = "userEnteredValue,userEnteredFormat.numberFormat"
    return CellWrite(index=tab.columns[column], column=column, data=dict(data), fields=fields)


def _fraction(days: float) -> str:
    """Return a share of a day as a formula: a decimal point is a comma in some locales."""
    return f"{round(days * 1440)}/1440"


def without(note: str) -> str:
    """Return the note on a header without the moment."""
    return note.partition(_NOTE)[0]


def header_note(table: Table, about: str, moment: InStep, zone: tzinfo) -> CellWrite | None:
    """Return the write of the note on the header of the site IDs; None where a person changed it.

    `about` is what the note explains otherwise.
    """
    present = table.header_notes.get(KEY, "")
    if KEY not in table.columns or (present and without(present) != about):
        return None
    note = f"{about}{_NOTE}{moment.at.astimezone(zone):%Y-%m-%d %H:%M}"
    return CellWrite(
        index=table.columns[KEY],
        column=KEY,
        data={"note": note},
        fields="note",
        expects_note=present,
    )
