"""Puts jobs side by side with their candidates, field by field, for the user's review. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2s

from sync.boards.customer_texts import identity_texts, texts_of_customer
from sync.boards.party import Party, Texts, name_in
from sync.boards.row_lookup import Lookup
from sync.field_table import FIELDS, KEY
from sync.jobs.cells import EMPTY
from sync.jobs.model import Customer
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, texts_of
from sync.sheets.encode import shown_text
from sync.sheets.keys import row_name
from sync.sheets.row_identity import Place
from sync.sheets.snapshot import Table

STATUS_COLUMN = "status"
"""The column to lay out for the review, which a board may lack."""


@dataclass(frozen=True)
class NamedRow:
    """A row with its tab, zero-based index and text."""

    sheet_id: int
    row: int
    tab: str
    text: str

    @classmethod
    def of(cls, table: Table, row: int, cells: Row) -> "NamedRow":
        left_out = {"formulaValue", "boolValue"}  # Formulas and check boxes.
        typed = (c for c in cells if left_out.isdisjoint(c.get("userEnteredValue", ())))
        texts = map(shown_text, typed)
        return cls(table.sheet_id, row, table.title, " | ".join(text for text in texts if text))

    @property
    def name(self) -> str:
        """The row as the command line names it: `Open jobs!12`."""
        return row_name(self.tab, self.row)

    @property
    def token(self) -> str:
        """The row and a digest of its text, for a form: rows may move while a list is open."""
        return f"{self.name}#{blake2s(self.text.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True)
class ComparedField:
    """What EverBright and a row have in one field."""

    title: str
    everbright: str
    row: str
    agrees: bool | None
    """None if one is blank or can't be compared."""


@dataclass(frozen=True)
class Candidate:
    """A row that may be a job's, compared with it field by field."""

    row: NamedRow
    fields: tuple[ComparedField, ...]
    texts: Texts
    """Its customer's texts, by column ID."""
    key_text: str
    """The text in its cell for the site ID, such as "n/a"; or ""."""


@dataclass(frozen=True)
class ReviewedJob:
    """A job with candidates."""

    site: str
    customer: Customer
    candidates: Sequence[Candidate]
    added: NamedRow | None
    """The row that was added for it, if nobody typed into that."""
    is_settled: bool
    """Whether the user has ruled out every candidate. The answer can be changed."""
    status: str
    """How far EverBright says the job is: a customer may have several."""

    def is_distinct(self, candidate: Candidate) -> bool:
        """Return whether no other candidate has the same texts, so that an answer can be stored."""
        return [one.texts for one in self.candidates].count(candidate.texts) == 1


def with_names(text: str, jobs: Iterable[ReviewedJob]) -> str:
    """Return a text about jobs with their customers: logs have only site IDs."""
    for job in jobs:
        name = f"job {job.site[:8]}"
        text = text.replace(
            job.site, f"{job.customer.name} ({name})" if job.customer.name else name
        )
    return text


def reviewed_jobs(
    tables: Iterable[Table],
    rows: Rows,
    targets: Iterable[Target],
    lookup: Lookup,
) -> list[ReviewedJob]:
    """Return the jobs of a lookup with their candidates, the unsettled ones first.

    `targets` are laid out with STATUS_COLUMN.
    """
    known = {target.site: target for target in targets}
    tabs = {table.sheet_id: table for table in tables}

    def named(place: Place) -> NamedRow:
        sheet_id, number = place
        return NamedRow.of(tabs[sheet_id], number, rows[sheet_id][number])

    jobs = []
    for site, places in lookup.candidates.items():
        target, candidates = known[site], []
        for place in places:
            sheet_id, number = place
            texts = texts_of(rows[sheet_id][number], tabs[sheet_id].columns)
            compared = compare_fields(target.customer, texts)
            known_by, key_text = identity_texts(texts), texts.get(KEY, "")
            candidates.append(Candidate(named(place), compared, known_by, key_text))
        job = ReviewedJob(
            site=site,
            customer=target.customer,
            candidates=candidates,
            added=named(lookup.added[site]) if site in lookup.added else None,
            is_settled=site not in lookup.unsettled,
            status=target.cells.get(STATUS_COLUMN, EMPTY).text,
        )
        jobs.append(job)
    return sorted(jobs, key=lambda job: (job.is_settled, job.customer.name, job.site))


def compare_fields(customer: Customer, row: Texts) -> tuple[ComparedField, ...]:
    """Return what EverBright and a row have of a customer, side by side."""
    texts = texts_of_customer(customer)
    job, there = Party.of(texts), Party.of(row)
    agrees = dict(job.agreements(there))
    if agrees.get("address") and job.has_place and there.has_place:
        agrees["address"] = job.is_in_town_of(there)
    is_same_family = agrees.get("customer") and not job.has_person_of(there)
    parts = (row.get(part, "") for part in ("address", "city_zip", "city", "zip"))
    rows = (
        ("Family name" if is_same_family else "Name", "customer", name_in(row)),
        (FIELDS["phone"].header, "phone", row.get("phone", "")),
        (FIELDS["email"].header, "email", row.get("email", "")),
        (FIELDS["address"].header, "address", ", ".join(filter(None, parts))),
    )
    return tuple(
        ComparedField(title, texts[column], text, agrees.get(column))
        for title, column, text in rows
        if texts[column] or text
    )
