"""A sheet's grid as an HTML table, from the API's own answer (a Sheet with data). No I/O."""

from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from emulator.sheets.formula import column_name
from emulator.sheets.styles import THEME_COLORS

Json = dict[str, Any]

HERE = Path(__file__).parent
TEMPLATES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
HORIZONTAL = {"LEFT": "left", "CENTER": "center", "RIGHT": "right"}


def color_of(holder: Json, name: str) -> str | None:
    """Return a color of a format as `#rrggbb`, preferably its `...Style`, or None."""
    styled = holder.get(f"{name}Style", {})
    rgb = styled.get("rgbColor", holder.get(name))
    if "themeColor" in styled:
        rgb = THEME_COLORS.get(styled["themeColor"])
    if rgb is None:
        return None
    parts = (round(255 * float(rgb.get(each, 0))) for each in ("red", "green", "blue"))
    return "#" + "".join(f"{max(0, min(255, part)):02x}" for part in parts)


def text_css(style: Json) -> list[str]:
    """Return a TextFormat's declarations where they differ from the page's own."""
    found = []
    shown = color_of(style, "foregroundColor")
    if shown not in (None, "#000000"):
        found.append(f"color:{shown}")
    if style.get("bold"):
        found.append("font-weight:bold")
    if style.get("italic"):
        found.append("font-style:italic")
    lines = [
        css
        for name, css in (("strikethrough", "line-through"), ("underline", "underline"))
        if style.get(name)
    ]
    if lines:
        found.append(f"text-decoration:{' '.join(lines)}")
    if style.get("fontSize", 10) != 10:
        found.append(f"font-size:{int(style['fontSize'])}pt")
    return found


def side_of(style: Json, value: Json) -> str:
    """Return `left`, `center` or `right`, from the format or by the kind of value."""
    given = HORIZONTAL.get(style.get("horizontalAlignment", ""))
    if given is not None:
        return given
    if "numberValue" in value:
        return "right"
    return "center" if {"boolValue", "errorValue"} & value.keys() else "left"


SCHEMES = ("https://", "http://", "mailto:", "tel:")


def utf16_slices(text: str, starts: list[int]) -> list[str]:
    """Return the text cut at these offsets, which count UTF-16 units as Google does."""
    units = text.encode("utf-16-le")
    bounds = [2 * start for start in starts] + [len(units)]
    return [units[a:b].decode("utf-16-le", "replace") for a, b in pairwise(bounds)]


def anchor(address: str, inner: str, css: str = "") -> str:
    """Return a link; an address that is not a web address becomes plain text."""
    if not address.lower().startswith(SCHEMES):
        return inner
    styled = f' style="{css}"' if css else ""
    return (
        f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer"{styled}>{inner}</a>'
    )


def _run(text: str, run: Json) -> str:
    given = run.get("format", {})
    css = ";".join(text_css(given))
    address = given.get("link", {}).get("uri")
    inner = str(escape(text))
    if address and text.strip():
        return anchor(address, inner, css)
    return f'<span style="{css}">{inner}</span>' if css else inner


def content(cell: Json) -> str:
    """Return the cell's content."""
    text = str(cell.get("formattedValue", ""))
    if cell.get("dataValidation", {}).get("condition", {}).get("type") == "BOOLEAN":
        checked = cell.get("effectiveValue", {}).get("boolValue")
        return f'<i class="check">{"☑" if checked else "☐"}</i>'
    runs = cell.get("textFormatRuns") or []
    if runs:
        if runs[0].get("startIndex", 0):
            runs = [{}, *runs]
        starts = [run.get("startIndex", 0) for run in runs]
        pieces = zip(utf16_slices(text, starts), runs, strict=True)
        return "".join(_run(piece, run) for piece, run in pieces)
    inner = str(escape(text))
    address = cell.get("hyperlink")
    return anchor(address, inner) if address and text else inner


def classes(cell: Json, *, has_room: bool) -> list[str]:
    """Return the CSS classes for marks, and for a text that runs on where beside it `has_room`."""
    wrap = cell.get("effectiveFormat", {}).get("wrapStrategy", "OVERFLOW_CELL")
    is_number = "numberValue" in cell.get("effectiveValue", {})
    found = []
    if wrap == "WRAP":
        found.append("wrap")
    elif wrap == "OVERFLOW_CELL" and has_room and not is_number:
        found.append("over")
    if cell.get("note"):
        found.append("noted")
    if cell.get("dataValidation", {}).get("condition", {}).get("type", "").startswith("ONE_OF"):
        found.append("choice")
    return found


def declarations(cell: Json) -> list[str]:
    """Return the cell's own CSS."""
    given = cell.get("effectiveFormat") or cell.get("userEnteredFormat") or {}
    found = text_css(given.get("textFormat", {}))
    if cell.get("textFormatRuns") or cell.get("hyperlink"):
        found = [each for each in found if not each.startswith("text-decoration:underline")]
    back = color_of(given, "backgroundColor")
    if back not in (None, "#ffffff"):
        found.append(f"background-color:{back}")
    side = side_of(given, cell.get("effectiveValue", {}))
    if side != "left":
        found.append(f"text-align:{side}")
    if given.get("verticalAlignment", "BOTTOM") != "BOTTOM":
        found.append(f"vertical-align:{given['verticalAlignment'].lower()}")
    return found


ROW_HEADER = 46
ROW = 21
COLUMN = 100
MORE_ROWS, LEAST_ROWS = 15, 40
MORE_COLUMNS, LEAST_COLUMNS = 3, 16


@dataclass
class Grid:
    """What is drawn of a sheet: its visible rows and columns, and what is known of them."""

    rows: list[int]
    columns: list[int]
    widths: dict[int, int]
    heights: dict[int, int]
    values: dict[int, list[Json]]
    frozen_rows: int
    frozen_columns: int
    filtered: set[tuple[int, int]] = field(default_factory=set)
    lefts: dict[int, int] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Json:
        """Return the CellData there, {} where there is none."""
        values = self.values.get(row, ())
        return values[column] if column < len(values) else {}


def build(
    sheet: Json,
    order: list[int] | None = None,
    filtered: Json | None = None,
    least: tuple[int, int] = (LEAST_ROWS, LEAST_COLUMNS),
) -> Grid:
    """Return what to draw of a Sheet with grid data: what is filled, and some room around.

    Each GridData begins in column A. `order` are the rows that a filter view shows, as it shows
    them; without one the basic filter counts. `filtered` is the range whose header has the
    filter's marks, and `least` how many rows and columns there are at least.
    """
    size = sheet["properties"].get("gridProperties", {})
    values, heights, hidden = _rows(sheet.get("data", []), viewed=order is not None)
    columns = (sheet.get("data") or [{}])[0].get("columnMetadata", [])
    last = max((row + 1 for row, cells in values.items() if cells), default=0)
    widest = max(map(len, values.values()), default=0)
    row_count = min(size.get("rowCount", 0), max(last + MORE_ROWS, least[0]))
    column_count = min(size.get("columnCount", 0), max(widest + MORE_COLUMNS, least[1]))
    away = {number for number, each in enumerate(columns) if each.get("hiddenByUser")}
    shown = range(row_count) if order is None else order
    grid = Grid(
        rows=[row for row in shown if row < row_count and row not in hidden],
        columns=[column for column in range(column_count) if column not in away],
        widths={number: each.get("pixelSize", COLUMN) for number, each in enumerate(columns)},
        heights=heights,
        values=values,
        frozen_rows=size.get("frozenRowCount", 0),
        frozen_columns=size.get("frozenColumnCount", 0),
        filtered=_filtered(filtered, column_count),
    )
    left = ROW_HEADER
    for column in grid.columns:
        if column < grid.frozen_columns:
            grid.lefts[column] = left
            left += grid.widths.get(column, COLUMN)
    return grid


def _rows(
    data: list[Json], *, viewed: bool
) -> tuple[dict[int, list[Json]], dict[int, int], set[int]]:
    """Return cells and heights by row, and the rows that are hidden."""
    values: dict[int, list[Json]] = {}
    heights: dict[int, int] = {}
    hidden: set[int] = set()
    for one in data:
        start = one.get("startRow", 0)
        for row, each in enumerate(one.get("rowData", []), start):
            values[row] = each.get("values", [])
        for row, each in enumerate(one.get("rowMetadata", []), start):
            heights[row] = each.get("pixelSize", ROW)
            # A filter view replaces the basic filter.
            if each.get("hiddenByUser") or (each.get("hiddenByFilter") and not viewed):
                hidden.add(row)
    return values, heights, hidden


def _filtered(area: Json | None, column_count: int) -> set[tuple[int, int]]:
    """Return the header cells of a filter."""
    if area is None:
        return set()
    first = area.get("startColumnIndex", 0)
    end = min(area.get("endColumnIndex", column_count), column_count)
    return {(area.get("startRowIndex", 0), column) for column in range(first, end)}


def table(grid: Grid) -> str:
    """Return the whole `<table>`."""
    template = TEMPLATES.get_template("grid.html")
    return template.render(
        grid=grid,
        name=column_name,
        cells=partial(_cells, grid),
        header=ROW_HEADER,
        usual=COLUMN,
        high=ROW,
        width=ROW_HEADER + sum(grid.widths.get(column, COLUMN) for column in grid.columns),
    )


def _cells(grid: Grid, row: int) -> list[Json]:
    """Return what is drawn of a row's cells: classes, CSS, note, content, and what was entered."""
    pairs = zip_longest(grid.columns, grid.columns[1:])
    return [_cell(grid, row, column, following) for column, following in pairs]


def _cell(grid: Grid, row: int, column: int, following: int | None) -> Json:
    cell = grid.cell(row, column)
    kinds: list[str] = []
    css: list[str] = []
    if cell:
        apart = following is None or following in grid.lefts or column in grid.lefts
        beside = {} if following is None else grid.cell(row, following)
        runs_on = not apart and not beside.get("formattedValue")
        kinds = classes(cell, has_room=runs_on and "formattedValue" in cell)
        css = declarations(cell)
    if column in grid.lefts:
        kinds.append("pinned")
        css.append(f"left:{grid.lefts[column]}px")
    if column == grid.frozen_columns - 1:
        kinds.append("edge")
    if (row, column) in grid.filtered:
        kinds.append("filtered")
    shown, value = cell.get("formattedValue", ""), cell.get("userEnteredValue", {})
    entered = str(value.get("formulaValue", value.get("stringValue", shown)))
    return {
        "column": column,
        "kinds": " ".join(kinds),
        "css": ";".join(css),
        "note": cell.get("note"),
        "entered": None if entered == shown else entered,
        "content": Markup(content(cell)),  # noqa: S704 - which escapes the texts
    }
