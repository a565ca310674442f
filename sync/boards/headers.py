"""Finds a tab's header row, and proposes the fields of its columns. Pure."""

import re
from collections import Counter
from collections.abc import Mapping

from sync.boards.fields import PROGRESS, Fields
from sync.boards.survey import SeenTab
from sync.core.events import CONTRACT
from sync.core.people import plain

_NAMES = {
    "customer": "customer, customer name, client, client name, name, full name, homeowner, "
    "homeowner name, home owner, homeowners, ho, ho name, contact, contact name, account name, "
    "last first, name last first, who, cliente, nombre, nombre del cliente, nombre completo, "
    "propietario",
    "first_name": "first name, first, given name, customer first name, client first name, "
    "homeowner first name",
    "last_name": "last name, last, surname, family name, customer last name, client last name, "
    "homeowner last name, apellido",
    "address": "address, street, street address, site address, install address, "
    "installation address, property address, project address, job address, service address, "
    "location, job site, addr, direccion, domicilio, ubicacion",
    "city": "city, town, ciudad",
    "zip": "zip, zip code, zipcode, postal code, codigo postal",
    "phone": "phone, phones, ph, ph txt, phone number, phone no, phone #, telephone, tel, "
    "ho phone, homeowner phone, mobile, mobile number, cell, cell #, cell phone, cell phone #, "
    "contact number, customer phone, telefono, celular, movil",
    "email": "email, e mail, email address, e mail address, your e mail address, mail, "
    "customer email, correo, correo electronico",
    "rep": "rep, sales rep, salesperson, setter, closer, vendedor",
    PROGRESS: "stage, job stage, project stage, phase, etapa",
    "status": "status, job status, project status, everbright status, estado",
    "next_action": "next action, action needed, proxima accion",
    "last_comment": "last comment, latest comment, everbright comment, ultimo comentario",
    "updated": "last update, last updated, updated, ultima actualizacion",
    "status:contract": "contract, contract status, contrato",
    "approved:contract": "contract signed, contract date, date signed, signed, fecha de firma",
    "folder": "folder, drive folder, google drive folder, job folder, carpeta",
}
_ASPECTS = {
    "documents": "documents docs doc files file link links documentos",
    "submitted": "submitted submittal submission sent applied enviado",
    "approved": "approved appr aprobado",
    "status": "status estado",
    # Known only so that they aren't taken for the status.
    "rejected": "rejected denied rechazado",
    "comment": "comment comments comentario",
}
_ASPECT_OF = {term: aspect for aspect, terms in _ASPECTS.items() for term in terms.split()}
_ABBREVIATIONS = {
    "perm": "permit",
    "pto": "permission to operate",
    "ntp": "notice to proceed",
    "insp": "inspection",
    "install": "installation",
    "inst": "installation",
    "interconnect": "interconnection",
    "ica": "interconnection",
    "ss": "site survey",
    "eng": "engineering",
}
_FILLERS = frozenset(("on", "of", "the", "was", "is", "for", "date", "del", "de", "fecha"))
_NUMBERS = ("phone", "zip")
_LEAST = 2
"""A single header, such as "Phone", may be part of a note."""


def spelled_out(text: str) -> str:
    """Return a plain text without the abbreviations of the trade."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in text.split())


def names_of(title: str) -> tuple[str, str]:
    """Return the plain names of a milestone, the whole one first."""
    whole = spelled_out(plain(title))
    return whole, re.sub(r" (approval|approved|complete)$", "", whole)


class Headers:
    """Recognizes headers by known names, milestones, and what is connected in other tabs."""

    def __init__(self, fields: Fields, connected: Mapping[str, str] = {}) -> None:
        self._names = {n: field for field, listed in _NAMES.items() for n in listed.split(", ")}
        for key, title in fields.milestones.items():
            names = names_of(title)
            for name in names if key != CONTRACT else ():
                self._names.setdefault(name, f"status:{key}")
                for term, aspect in _ASPECT_OF.items():
                    if f"{name} {term}" not in names:
                        self._names[f"{name} {term}"] = f"{aspect}:{key}"
        self._names |= {plain(header): field for header, field in connected.items()}
        self._fields = fields

    def field(self, header: str) -> str:
        """Return the field that a header names; "" if none is certain."""
        found = self._field(plain(header))
        return found if found in self._fields.by_id else ""

    def _field(self, text: str) -> str:
        words = [word for word in spelled_out(text).split() if word not in _FILLERS]
        if text in self._names:
            return self._names[text]
        if "date" in text.split() and not _ASPECT_OF.keys() & {*words}:
            return ""
        return self._names.get(" ".join(words), "")

    def header_rows(self, tab: SeenTab) -> list[int]:
        """Return the rows that look like headers, the likeliest first; a Table's is certain."""
        counts = {
            row: len({self.of_column(tab, row, n) for n in range(tab.width)} - {""})
            for row in range(len(tab.rows))
        }
        least = max(_LEAST, max(counts.values(), default=0) / 2)
        found = {row: count for row, count in counts.items() if count >= least}
        tops = {table["startRowIndex"] for table in tab.tables}
        found = {row: count for row, count in found.items() if row in tops} or found
        # The upper one of two header rows isn't a rival.
        rows = (row for row, count in found.items() if count > found.get(row + 1, 0))
        return sorted(rows, key=lambda row: -counts[row])

    def of_column(self, tab: SeenTab, row: int, column: int) -> str:
        """Return the field that a column's header names, with that of the row above or without."""
        return self.field(tab.header(row, column)) or self.field(tab.text(row, column))

    def propose(self, tab: SeenTab, row: int) -> list[str]:
        """Return a field for each column, each once; "" for what isn't certain."""
        found = [self._proposed(tab, row, column) for column in range(tab.width)]
        counts = Counter(found)
        return [field if counts[field] == 1 else "" for field in found]

    def _proposed(self, tab: SeenTab, row: int, column: int) -> str:
        header, kind = tab.header(row, column), tab.kind(row, column)
        if kind == "formula" or not header:
            return ""
        options = tab.options(row, header)
        field, typed = self.of_column(tab, row, column), tab.typed(row, column)
        if field == "status" and (options or typed):
            # Words of her own, which EverBright's long status doesn't fit.
            return PROGRESS if options else ""
        if field.startswith("status:") and typed[1:] and not options:
            return ""  # EverBright's news would replace what is typed there.
        is_date = self._fields.get(field).is_date
        if kind and is_date != (kind == "date"):
            return ""
        return "" if kind == "number" and field not in _NUMBERS else field
