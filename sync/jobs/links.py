"""Addresses of EverBright's pages, and the cell with the links to documents. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote as quoted

from sync.jobs.cells import CELL_LIMIT, Cell, cut, joined, units
from sync.jobs.model import Files
from sync.webhooks.schema import Document

_PREVIEW = "↗"
_DOCUMENTS = 500
"""The most documents in a cell: each has two links, and a batch is limited to 2 MB."""


@dataclass(frozen=True)
class Addresses:
    """EverBright's base URL, and the path of a document's preview page."""

    everbright: str
    preview: str

    def page(self, path: str, **names: str) -> str:
        """Return the address of `path`, filled in with `names`; "" for an empty path."""
        filled = path.format(**{name: quoted(value, safe="") for name, value in names.items()})
        return self.everbright.rstrip("/") + filled if path else ""


def documents(found: Sequence[tuple[str, Document]], files: Files, addresses: Addresses) -> Cell:
    """Return the cell with documents, each with the UUID of its sub-task or "", one a line."""
    parts: list[tuple[str, str]] = []
    size = 0
    for number, (sub_task, document) in enumerate(found):
        line = _document(sub_task, document, files, addresses)
        size += sum(units(text) for text, _ in line) + 1
        if size > CELL_LIMIT or number == _DOCUMENTS:
            parts.append((f"\n… and {len(found) - number} more", ""))
            break
        parts += [("\n", "")] * bool(parts) + line
    return joined(parts)


def _document(
    sub_task: str, document: Document, files: Files, addresses: Addresses
) -> list[tuple[str, str]]:
    """Return a document's line: the name opens the copy in Drive, the arrow EverBright's page."""
    names = {"document": document.uuid, "sub_task": sub_task}
    preview = addresses.page(addresses.preview, **names)
    name = cut(" ".join(document.name.split()), 300) or document.uuid
    in_drive = files.documents.get(document.uuid, "")
    if not in_drive:
        return [(name, preview)]
    return [(name, in_drive), (" ", ""), (_PREVIEW, preview)]
