"""Adds the console's pages for mapping tabs."""

from sync.console.boards import mapped, mapping
from sync.console.parts import Route

ROUTES: tuple[Route, ...] = (
    ("/mapping", "mapping", mapping.mapping, ["GET", "POST"]),
    ("/mapping/<draft>/<step>", "mapping_step", mapping.mapping_step, ["GET", "POST"]),
    ("/mapping/rows", "rows", mapped.rows, ["GET", "POST"]),
    ("/mapping/extras", "extras", mapped.extras, ["GET", "POST"]),
    ("/mapping/unmap", "unmap", mapped.unmap, ["GET", "POST"]),
)
