"""Defines a job to write: its state, and the wanted and resolved cells of its row. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.field_table import REP
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.model import Customer, Details, Files, Job
from sync.jobs.pipeline import PipelineEntry


@dataclass(frozen=True)
class Target:
    """A job as stored, with the wanted cells of its row, and those that are resolved.

    The states of its row:

    | state | `has_row` | `resolved` | it changes |
    |---|---|---|---|
    | new | no | blank | The next flush inserts it, or writes the key into a matching row. |
    | keyed | yes | blank | The next flush has read the key there, and writes the values. |
    | written | yes | has cells | A flush writes `differences`: `cells` or `wrong` has changed. |
    | deleted | no | stays | With the next event (`is_fresh`), or a person undoes the deletion. |
    | unkeyed | no | stays, or is kept | It is matched, because `is_fresh` is set. |

    Only a board's row is "unkeyed". A row of our own tab that loses its key stays "written" until a
    flush restores the key or finds that the row was deleted.
    """

    job: Job
    cells: Cells = field(default_factory=dict)
    """The wanted cells of its row: none until the job is laid out."""
    resolved: Cells = field(default_factory=dict)
    """The wanted cells that were last confirmed as written, or left because somebody typed there:
    nothing is done about one until another is wanted. Without our note where one was typed."""
    entry: PipelineEntry | None = None
    """Where the Pipeline should count it: nowhere until the job is laid out."""
    counted: PipelineEntry | None = None
    """Where it was last counted."""
    files: Files = field(default_factory=Files)
    customer: Customer = field(default_factory=Customer)
    details: Details = field(default_factory=Details)
    version: int = 0
    """Counts all changes that may affect the row."""
    events: int = 0
    """Changes whenever deliveries are applied; see `is_fresh`."""
    is_fresh: bool = True
    """Whether there is an event that the sheet does not show."""
    received_at: float | None = None
    """When the newest webhook was received (seconds since 1970)."""
    arrivals: Mapping[str, float] = field(default_factory=dict)
    """When the newest webhook of each milestone was received, by the milestone's key."""
    has_row: bool = True
    """Whether it is known to have a row."""
    has_unkeyed_row: bool = False
    """Whether `resolved` is in a row without its key, which was lost or will be written."""
    wrong: frozenset[str] = frozenset()
    """Columns in which a comparison found something else than what was last written."""
    typed_rep: str = ""
    """The sheet's rep of the job, if the last comparison found another name than we wrote."""

    @property
    def site(self) -> str:
        """The site UUID, which is the key of the row."""
        return self.job.site

    @property
    def rep(self) -> str:
        """The sheet's rep of the job: the name that was typed, or else the one last wanted."""
        return self.typed_rep or self.resolved.get(REP, EMPTY).text

    def differences(self) -> dict[str, Cell]:
        """Return the cells to write, by column ID; EMPTY for one to clear."""
        columns = dict.fromkeys([*self.cells, *self.resolved, *sorted(self.wrong)])
        wanted = {column: self.cells.get(column, EMPTY) for column in columns}
        return {
            column: cell
            for column, cell in wanted.items()
            if column in self.wrong or cell != self.resolved.get(column, EMPTY)
        }

    def differs(self) -> bool:
        """Return whether there is anything to write; for a job without a row, there always is."""
        return not self.has_row or bool(self.differences())
