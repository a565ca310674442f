"""Before-images: what a batch wrote over, and how the row is known again. Pure values.

A row without a job's key is known by everything that it held right after the batch: managed cells
by their column, all others in whatever order, for people move columns. Formulas are left out: they
change with their place.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from sync.jobs.columns import KEY
from sync.sheets.celldata import CellData, Row, at, content, is_formula, site_in, text_of
from sync.sheets.identifiers import JOBS_TAB
from sync.types import Value

NOTE = "note"
"""The mask of a note alone."""


class RowImage(Value):
    """All that a row held: `managed` by column id, `others` in any order."""

    managed: dict[str, dict[str, Any]] = Field(default_factory=dict)
    others: tuple[dict[str, Any], ...] = ()


class Overwritten(Value):
    """A cell that a batch wrote over with the mask `fields`: what it held `before` and `after`."""

    column: str
    fields: str
    before: dict[str, Any]
    after: dict[str, Any]


class BeforeImage(Value):
    """Cells of one row that a batch wrote over without meaning to.

    `site` names the job whose row it is; "" where the row is known by its `image` alone. What
    `is_lost` is not looked for: its column is gone or unknown.
    """

    site: str = ""
    sheet_id: int = JOBS_TAB
    identity: dict[str, str] = Field(default_factory=dict)
    """Texts by column id of the row that a key was meant for, where it was written elsewhere."""
    image: RowImage = RowImage()
    cells: tuple[Overwritten, ...] = ()
    at: int = 0
    """Where the row was (zero-based)."""
    tab: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    """The headers of the cells' columns, by column id."""
    row_text: str = ""
    """What the row held before, for people."""
    is_lost: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether the row held nothing but what was written, which other rows may hold as well."""
        written = {one.column for one in self.cells}
        return not self.image.others and self.image.managed.keys() <= written


def sites_written_over(images: Mapping[int, str]) -> set[str]:
    """Return the sites whose key was written over and is not put back yet; `images` are JSON."""
    found = (BeforeImage.model_validate_json(one) for one in images.values())
    cells = (cell.before for image in found for cell in image.cells if cell.column == KEY)
    return {site for cell in cells if (site := site_in(cell))}


def has_note(fields: str) -> bool:
    """Tell whether a mask has the note in it."""
    return NOTE in fields.split(",")


def only(fields: str, cell: CellData) -> dict[str, Any]:
    """Return what of a cell a mask names."""
    names = {name.partition(".")[0] for name in fields.split(",")}
    return {name: cell[name] for name in names if name in cell}


def written_over(cell: CellData, data: CellData, fields: str) -> dict[str, Any]:
    """Return a cell after `data` was written into it with the mask `fields`."""
    names = {name.partition(".")[0] for name in fields.split(",")}
    return {name: value for name, value in cell.items() if name not in names} | only(fields, data)


def image_of(row: Row, columns: Mapping[str, int]) -> RowImage:
    """Return the image of a row whose managed columns stand at `columns`."""
    ids = {index: column for column, index in columns.items()}
    filled = [(n, dict(cell)) for n, cell in enumerate(row) if content(cell)]
    kept = [(n, cell) for n, cell in filled if not is_formula(cell)]
    return RowImage(
        managed={ids[n]: cell for n, cell in kept if n in ids},
        others=tuple(cell for n, cell in kept if n not in ids),
    )


def holds(row: Row, columns: Mapping[str, int], image: RowImage) -> bool:
    """Tell whether a row holds everything of `image`; more may have been typed since."""
    for column, cell in image.managed.items():
        if column not in columns or content(at(row, columns[column])) != content(cell):
            return False
    managed = set(columns.values())
    there = Counter(content(cell) for n, cell in enumerate(row) if n not in managed)
    wanted = Counter(content(cell) for cell in image.others)
    return wanted <= there


def is_identified(row: Row, columns: Mapping[str, int], identity: Mapping[str, str]) -> bool:
    """Tell whether a row shows the texts of `identity` in their columns."""
    return all(
        column in columns and text_of(at(row, columns[column])) == text
        for column, text in identity.items()
    )


def is_all_of(row: Row, columns: Mapping[str, int], image: RowImage) -> bool:
    """Tell whether a row holds everything of `image`, and nothing else."""
    now = image_of(row, columns)
    size, wanted = (len(one.managed) + len(one.others) for one in (now, image))
    return size == wanted and holds(row, columns, image)
