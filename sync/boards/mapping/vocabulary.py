"""The terms by which we recognize headers, statuses and dividers, in plain form. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

_PUNCTUATION = re.compile(r"[^\w#]+|_")


def plain(text: str) -> str:
    """Return a text as headers are compared: lower case, no accents, single spaces, no signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_PUNCTUATION.sub(" ", bare).split())


def _terms(listed: str) -> tuple[str, ...]:
    return tuple(listed.split(", "))


SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "customer": _terms(
        "customer, customer name, client, client name, name, full name, homeowner, "
        "homeowner name, home owner, homeowners, ho, ho name, contact, contact name, "
        "account name, cliente, nombre, nombre del cliente, nombre completo, propietario"
    ),
    "first_name": _terms(
        "first name, first, given name, customer first name, client first name, "
        "homeowner first name"
    ),
    "last_name": _terms(
        "last name, last, surname, family name, customer last name, client last name, "
        "homeowner last name"
    ),
    "address": _terms(
        "address, street, street address, site address, install address, "
        "installation address, property address, project address, job address, "
        "service address, location, direccion, direccion de instalacion, domicilio, "
        "ubicacion"
    ),
    "city": _terms("city, town, ciudad"),
    "zip": _terms("zip, zip code, zipcode, postal code, codigo postal"),
    "city_zip": _terms(
        "town zip, city zip, zip city, zip town, city state zip, city st zip, "
        "city state and zip, city and zip, city state, ciudad codigo postal, "
        "ciudad estado codigo postal"
    ),
    "phone": _terms(
        "phone, phone number, phone no, phone #, telephone, telephone number, tel, ho phone, "
        "homeowner phone, mobile, mobile number, cell, cell #, cell phone, "
        "cell phone #, contact number, customer phone, telefono, numero de telefono, celular, "
        "movil, tel cliente"
    ),
    "email": _terms(
        "email, e mail, email address, e mail address, mail, customer email, correo, "
        "correo electronico, email del cliente"
    ),
    "status": _terms(
        "status, job status, project status, overall status, current status, estado, "
        "estatus, estado del proyecto, estado del trabajo"
    ),
    "next_action": _terms("next action, action needed, proxima accion"),
    "current_milestone": _terms(
        "current milestone, milestone, current step, project phase, hito, hito actual, "
        "etapa actual, fase actual"
    ),
    "with": _terms(
        "with, assigned to, assignee, responsible, owner of the task, asignado a, responsable, "
        "encargado"
    ),
    "last_comment": _terms(
        "last comment, latest comment, newest comment, everbright comment, "
        "ultimo comentario, comentario mas reciente"
    ),
    "last_update": _terms(
        "last update, last updated, updated, updated on, date updated, last activity, "
        "ultima actualizacion, actualizado, fecha de actualizacion"
    ),
    "last_approval": _terms("last approval, last approved, ultima aprobacion"),
    "stage": _terms("stage, sales stage, pipeline stage, deal stage, etapa, etapa de venta"),
    "contract": _terms(
        "contract, contract status, agreement status, contrato, estado del contrato"
    ),
    "contract_signed": _terms(
        "contract signed, contract date, date signed, signed, signed on, sign date, "
        "signature date, contract signed date, fecha de firma, contrato firmado, firmado, "
        "fecha del contrato"
    ),
    "contract_documents": _terms(
        "contract files, contract documents, contract file, contract link, "
        "archivos del contrato, documentos del contrato"
    ),
    "folder": _terms(
        "folder, drive folder, google drive folder, job folder, folder link, carpeta, "
        "carpeta de drive"
    ),
    "re_signed": _terms("re signed, re sign, re sign date, refirmado"),
    "initial_quote": _terms("initial quote, quote id, quote uuid, initial quote id"),
    "current_quote": _terms("current quote, current quote id"),
    "system_size": _terms("system size, system size kw, size kw, kw, tamano del sistema"),
    "deadline": _terms("deadline, submission deadline, fecha limite"),
    "installer_payment": _terms("installer payment"),
    "sales_representative": _terms("sales representative, sales rep, rep, salesperson, vendedor"),
    "site_id": _terms(
        "site id, site uuid, everbright, everbright id, everbright link, everbright url, "
        "everbright job, sighten id, sighten link, site link, job uuid, id del sitio, "
        "enlace everbright"
    ),
}
"""Headers by field, in English and Spanish, as `plain` gives them; [mapping.synonyms] adds more."""

ASPECT_TERMS: Mapping[str, frozenset[str]] = {
    "status": frozenset(_terms("status, estado, estatus")),
    "documents": frozenset(
        _terms(
            "documents, document, docs, doc, files, file, link, links, documentos, documento, "
            "archivos, archivo, enlace, enlaces"
        )
    ),
    "submitted": frozenset(
        _terms(
            "submitted, submit, submittal, submission, sub, sent, applied, enviado, enviada, "
            "envio, presentado, presentada, solicitado, solicitada"
        )
    ),
    "approved": frozenset(
        _terms(
            "approved, approval, approve, appr, received, granted, issued, aprobado, aprobada, "
            "aprobacion, recibido, recibida"
        )
    ),
    "rejected": frozenset(_terms("rejected, rejection, denied, rechazado, rechazada, rechazo")),
    "comment": frozenset(_terms("comment, comments, comentario, comentarios")),
}
"""Terms beside a milestone's name for the aspect of it that a column shows."""

ABBREVIATIONS: Mapping[str, str] = {
    "addr": "address",
    "bldg": "building",
    "cad": "design",
    "const": "construction",
    "cust": "customer",
    "elec": "electrical",
    "eng": "engineering",
    "ica": "interconnection",
    "insp": "inspection",
    "inst": "installation",
    "install": "installation",
    "interconn": "interconnection",
    "interconnect": "interconnection",
    "ntp": "notice to proceed",
    "perm": "permit",
    "ph": "phone",
    "pto": "permission to operate",
    "ss": "site survey",
    "util": "utility",
}
"""What the trade writes for words of headers and of milestones' names."""


def spelled_out(text: str) -> str:
    """Return a text of `plain` with the trade's abbreviations as the words that they stand for."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in text.split())


DATE_TERMS = frozenset(_terms("date, dates, day, fecha, dia"))
FILLERS = frozenset(_terms("on, of, the, was, is, for, de, del, la, el, en, y, a"))

TradeTerms = Mapping[str, Sequence[Sequence[str]]]
"""Terms (as `plain` gives them) by status, in lists: those that say it for certain come first."""

STATUS_TERMS: TradeTerms = {
    "APPROVED": (
        _terms(
            "ok, okay, issued, passed, granted, approval received, accepted, in hand, "
            "aprobado, aprobada, emitido, emitida"
        ),
        _terms("done, complete, completed, finished, listo, hecho, completado"),
    ),
    "REJECTED": (
        _terms(
            "redo, kicked back, kick back, kickback, sent back, failed, fail, bounced, "
            "bounced back, denied, declined, rechazado, rechazada, negado"
        ),
        _terms("corrections, corrections needed, needs corrections, redlines, revisions"),
    ),
    "SUBMITTED": (
        _terms(
            "applied, sent, filed, turned in, handed in, enviado, enviada, presentado, "
            "presentada, solicitado, solicitada"
        ),
        _terms("in review, under review, awaiting approval, pending approval, pending"),
    ),
    "INPROG": (_terms("working, working on it, started, wip, en proceso, en curso"),),
    "CANCELLED": (_terms("cancelled, canceled, cancelado, cancelada"),),
}
"""The options that stand for a status of EverBright's; [mapping.words] adds more."""

JOB_TERMS: Mapping[str, frozenset[str]] = {
    "new": frozenset(_terms("new, new job, new sale, new customer")),
    "signed": frozenset(_terms("sold, sale, signed, contract signed, contract, vendido, firmado")),
    "done": frozenset(_terms("done, complete, completed, finished, closed, closed out")),
    "archived": frozenset(_terms("archived, archive")),
}
"""Terms for a whole job, by the rule of `sync.jobs.progress` that they stand for."""
PAID_TERMS = frozenset(_terms("paid, paid in full, paid out, funded, pagado"))
"""Terms for a job whose milestone of the payment is approved."""
PAYMENT_NAMES = frozenset(_terms("funding, funded, payment, paid, pago"))
"""Terms in such a milestone's name."""
STEP_TERMS: Mapping[str, tuple[str, ...]] = {
    "INPROG": _terms("scheduled, prep, begun"),
    "SUBMITTED": _terms(
        "in, sub d, waiting, waiting on, waiting for, awaiting, pending, under review"
    ),
    "REJECTED": _terms("back, rework"),
    "APPROVED": _terms("good, signed off"),
}
"""Terms beside a milestone's name in a column for the whole job, by status: "Permit in"."""

_SIGN = r"[*=~_#>|<+.\u2013\u2014\u2022\u00b7-]"
_DECORATION = re.compile(rf"{_SIGN}{{2,}}.*|{_SIGN}.*{_SIGN}")
_SUMS = frozenset(
    _terms(
        "total, totals, subtotal, subtotals, grand, sum, sums, average, avg, mean, count, suma, "
        "totales, promedio, subtotales"
    )
)
_ASIDE = frozenset(
    _terms(
        "hold, waiting, installed, installs, done, complete, completed, finished, closed, dead, "
        "cancelled, canceled, lost, ice, archive, archived, old, paid, stuck, espera, cerrados, "
        "cancelados, instalados, terminados"
    )
)
_GROUPS = _ASIDE.union(
    _terms(
        "active, open, pending, jobs, projects, leads, pipeline, sold, permitting, permits, "
        "inspections, approved, rejected, submitted, progress, unpaid, week, month, q1, q2, q3, "
        "q4, january, february, march, april, may, june, july, august, september, october, "
        "november, december, jan, feb, mar, apr, jun, jul, aug, sep, sept, oct, nov, dec, "
        "pendientes, activos, abiertos, trabajos, proyectos, enero, febrero, marzo, abril, mayo, "
        "junio, julio, agosto, septiembre, octubre, noviembre, diciembre, mes"
    )
)
_BETWEEN = FILLERS.union(_terms("in, to, do, and, or, all, our, my, new, this, next, last"))


def is_divider(text: str) -> bool:
    """Return whether a text says what group of rows follows or is summed up: "*** ON HOLD ***".

    All of its words must be such words: "Total Wine" and "May Hold" are customers, "May 2026" and
    "Total" are not.
    """
    if _DECORATION.fullmatch(text.strip()):
        return True
    words = [word for word in plain(text).split() if word not in _BETWEEN]
    named = [word for word in words if not word.isdigit()]
    return bool(named) and all(word in _SUMS or word in _GROUPS for word in named)


def sets_aside(text: str) -> bool:
    """Return whether a divider's group has jobs that are over or on hold, so no new ones."""
    return not _ASIDE.isdisjoint(plain(text).split()) and is_divider(text)
