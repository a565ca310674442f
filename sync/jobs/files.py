"""Names a job's folder and documents in Drive, and makes the cell with their links. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote as quoted

from sync.jobs.cells import CELL_LIMIT, Cell, cut, joined, units
from sync.jobs.model import Customer, Files, placeholder_name
from sync.webhooks.schema import Document

_PREVIEW = "↗"
_DOCUMENTS = 500
"""The most documents in a cell: each has two links, and a batch is limited to 2 MB."""
_FOLDER_LIMIT = 200


@dataclass(frozen=True)
class Addresses:
    """EverBright's base URL, and the path of a document's preview page."""

    everbright: str
    preview: str

    def page(self, path: str, **names: str) -> str:
        """Return the URL of `path`, filled in with `names`; "" for an empty path."""
        filled = path.format(**{name: quoted(value, safe="") for name, value in names.items()})
        return self.everbright.rstrip("/") + filled if path else ""


def documents_cell(
    entries: Sequence[tuple[str, Document]], files: Files, addresses: Addresses
) -> Cell:
    """Return the cell with the documents, one per line.

    `entries` have the UUID of the sub-task, or "", and the document.
    """
    parts: list[tuple[str, str]] = []
    size = 0
    for number, (sub_task, document) in enumerate(entries):
        line = _document(sub_task, document, files, addresses)
        size += sum(units(text) for text, _ in line) + 1
        if size > CELL_LIMIT or number == _DOCUMENTS:
            parts.append((f"\n… and {len(entries) - number} more", ""))
            break
        if parts:
            parts.append(("\n", ""))
        parts += line
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
    # The arrow is first, because it would be cut off after a long name.
    return [(_PREVIEW, preview), (" ", ""), (name, in_drive)]


def folder_name(site: str, customer: Customer) -> str:
    """Return the name of a job's folder: "Customer, City", or what is known of that."""
    if not customer.name:
        return placeholder_name(site)
    return cut(", ".join(part for part in (customer.name, customer.city) if part), _FOLDER_LIMIT)


def distinct_name(name: str, uuid: str) -> str:
    """Return a document's name with the beginning of its UUID, for a name that is taken."""
    stem, dot, ending = name.rpartition(".")
    suffix = f" ({uuid[:8]})"
    return f"{stem}{suffix}{dot}{ending}" if stem else name + suffix
