"""A job's row, as tests ask for it."""

from collections.abc import Collection

from sync.jobs.cells import Cell
from sync.jobs.model import Customer, Details, Files, Job
from sync.jobs.row import Layout
from sync.jobs.target import Target


def cells_of(
    layout: Layout,
    job: Job,
    files: Files | None = None,
    customer: Customer | None = None,
    details: Details | None = None,
    fields: Collection[str] | None = None,
) -> dict[str, Cell]:
    target = Target(
        job, files=files or Files(), customer=customer or Customer(), details=details or Details()
    )
    return dict(layout.lay_out(target, fields).cells)
