"""Adds the console's pages for mapping tabs."""

from sync.console.boards import mapping, own_sheet
from sync.console.parts import Route

ROUTES: tuple[Route, ...] = (
    ("/mapping", "mapping", mapping.mapping, ["GET", "POST"]),
    ("/mapping/<draft>/<step>", "mapping_step", mapping.mapping_step, ["GET", "POST"]),
    ("/mapping/rows", "rows", own_sheet.rows, ["GET", "POST"]),
    ("/mapping/extras", "extras", own_sheet.extras, ["GET", "POST"]),
    ("/mapping/unmap", "unmap", own_sheet.unmap, ["GET", "POST"]),
)
