"""A sheet as an HTML table: its visible rows and columns, with formats, links and notes."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from emulator import masks
from emulator.sheets.cells import Writer
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import column_name
from emulator.sheets.grid import COLUMN_PIXELS, ROW_PIXELS, Sheet
from emulator.sheets.styles import THEME_COLORS

Json = dict[str, Any]

HERE = Path(__file__).parent
TEMPLATES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
SCHEMES = ("https://", "http://", "mailto:", "tel:", "#gid=")
ROW_HEADER = 46
MORE_ROWS, LEAST_ROWS = 15, 40
MORE_COLUMNS, LEAST_COLUMNS = 3, 16
FIELDS = masks.parse(
    "formattedValue,effectiveValue,userEnteredValue,effectiveFormat,textFormatRuns,hyperlink,note"
)


def color_of(holder: Json, name: str) -> str | None:
    """Return a color of a format as `#rrggbb`, or None."""
    style = holder.get(f"{name}Style", {})
    rgb = style.get("rgbColor") or THEME_COLORS.get(style.get("themeColor", ""))
    if rgb is None:
        return None
    parts = (round(255 * rgb.get(part, 0)) for part in ("red", "green", "blue"))
    return "#" + "".join(f"{part:02x}" for part in parts)


def text_css(style: Json) -> list[str]:
    """Return a TextFormat's declarations where they differ from the page's own."""
    found = []
    color = color_of(style, "foregroundColor")
    if color not in (None, "#000000"):
        found.append(f"color:{color}")
    if style.get("bold"):
        found.append("font-weight:bold")
    return found


def css_of(cell: Json) -> list[str]:
    """Return the cell's own CSS."""
    style, value = cell.get("effectiveFormat", {}), cell.get("effectiveValue", {})
    found = text_css(style.get("textFormat", {}))
    back = color_of(style, "backgroundColor")
    if back not in (None, "#ffffff"):
        found.append(f"background-color:{back}")
    if "numberValue" in value:
        found.append("text-align:right")
    if style.get("verticalAlignment", "BOTTOM") != "BOTTOM":
        found.append(f"vertical-align:{style['verticalAlignment'].lower()}")
    return found


def utf16_slices(text: str, starts: list[int]) -> list[str]:
    """Return the text cut at these offsets, which count UTF-16 units as Google does."""
    units = text.encode("utf-16-le")
    bounds = [2 * start for start in starts] + [len(units)]
    return [units[a:b].decode("utf-16-le", "replace") for a, b in pairwise(bounds)]


def anchor(address: str | None, text: str, css: str = "") -> str:
    """Return a text as a link, as plain text where the address is not a web address."""
    inner = str(escape(text))
    if not address or not text.strip() or not address.lower().startswith(SCHEMES):
        return f'<span style="{css}">{inner}</span>' if css else inner
    return (
        f'<a href="{escape(address)}" target="{"_self" if address[0] == "#" else "_blank"}" '
        f'rel="noopener noreferrer" style="{css}">{inner}</a>'
    )


def content(cell: Json) -> str:
    """Return the cell's content as HTML."""
    text = str(cell.get("formattedValue", ""))
    runs = cell.get("textFormatRuns")
    if not runs:
        return anchor(cell.get("hyperlink"), text)
    if runs[0].get("startIndex", 0):
        runs = [{}, *runs]
    pieces = utf16_slices(text, [run.get("startIndex", 0) for run in runs])
    formats = [run.get("format", {}) for run in runs]
    return "".join(
        anchor(style.get("link", {}).get("uri"), piece, ";".join(text_css(style)))
        for piece, style in zip(pieces, formats, strict=True)
    )


class Grid:
    """What is drawn of a sheet: what is filled, and some room around.

    `order` are the rows that a filter view shows, as it shows them; without one the basic filter
    counts.
    """

    def __init__(self, evaluator: Evaluator, sheet: Sheet, order: list[int] | None) -> None:
        self._evaluator = evaluator
        self._sheet = sheet
        self._writer = Writer(evaluator, sheet, FIELDS)
        filled = [at for at, row in enumerate(sheet.rows) if row.cells]
        end = max(max(filled, default=0) + 1 + MORE_ROWS, LEAST_ROWS)
        shown = range(len(sheet.rows)) if order is None else order
        hidden = [row.hidden or (row.filtered and order is None) for row in sheet.rows]
        self.rows = [at for at in shown if at < end and not hidden[at]]
        lines = (evaluator.line(sheet, at, 0, len(sheet.columns)) for at in self.rows)
        wide = max(max(map(len, lines), default=0) + MORE_COLUMNS, LEAST_COLUMNS)
        self.columns = [at for at, one in enumerate(sheet.columns[:wide]) if not one.hidden]
        self.widths = {at: sheet.columns[at].size or COLUMN_PIXELS for at in self.columns}
        self.heights = {at: sheet.rows[at].size for at in self.rows}
        self.frozen_rows, self.frozen_columns = sheet.frozen("ROWS"), sheet.frozen("COLUMNS")
        self.lefts: dict[int, int] = {}
        left = ROW_HEADER
        for at in self.columns:
            if at < self.frozen_columns:
                self.lefts[at] = left
                left += self.widths[at]

    def html(self) -> str:
        """Return the whole `<table>`."""
        template = TEMPLATES.get_template("grid.html")
        width = ROW_HEADER + sum(self.widths.values())
        return template.render(
            grid=self, name=column_name, header=ROW_HEADER, width=width, default=ROW_PIXELS
        )

    def cells(self, row: int) -> list[Json]:
        """Return what is drawn of a row's cells."""
        return [
            self._cell(at, self._writer.write(self._evaluator.cell(self._sheet, row, at), row, at))
            for at in self.columns
        ]

    def _cell(self, column: int, cell: Json) -> Json:
        css = css_of(cell)
        if column in self.lefts:
            css.append(f"left:{self.lefts[column]}px")
        marks = {
            "wrap": cell.get("effectiveFormat", {}).get("wrapStrategy") == "WRAP",
            "noted": "note" in cell,
            "pinned": column in self.lefts,
            "edge": column == self.frozen_columns - 1,
        }
        shown, value = cell.get("formattedValue", ""), cell.get("userEnteredValue", {})
        entered = str(value.get("formulaValue", value.get("stringValue", shown)))
        return {
            "column": column,
            "kinds": " ".join(name for name, is_set in marks.items() if is_set),
            "css": ";".join(css),
            "note": cell.get("note"),
            "entered": None if entered == shown else entered,
            "content": Markup(content(cell)),  # noqa: S704 - which escapes the texts
        }
