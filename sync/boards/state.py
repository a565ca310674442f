"""What is stored of connected tabs, and of jobs in them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, model_validator
from sqlalchemy import delete, insert, select, update

from sync.boards.mapping import TabMapping
from sync.core.database import Database, Lease
from sync.core.schema import job, mapping
from sync.types import Value

ORDER = "tabs"
"""The kind of actions with what people have answered on the pages of tabs."""


class ConnectedTab(Value):
    """A tab of the office's with its mapping."""

    sheet: int
    mapping: TabMapping
    is_connected: bool = False
    """Whether a read has shown its metadata; else it has to be written, or written again."""
    since: float = 0.0
    """When it was connected; 0 until EverBright's words of then are taken as written."""
    writes_ids: bool = False
    """Whether *Write the site IDs* was pressed once: then, certain ones are written."""

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, value: dict[str, Any]) -> Any:
        """Read the form of older databases, in which there were stages."""
        return {"is_connected": value.get("stage") == "connected", **value}


class Replaced(Value):
    """A text of the office's that EverBright's news has replaced."""

    field: str
    held: str
    wrote: str
    at: float


class JobState(BaseModel):
    """What is known of a job in the connected tabs."""

    written: dict[str, str] = Field(default_factory=dict)
    """What EverBright said when a read has shown it last, by field."""
    pending: dict[str, tuple[str, str]] = Field(default_factory=dict)
    """What a batch is to write, as a cell's content and what EverBright said, by field."""
    replaced: tuple[Replaced, ...] = ()
    choice: str = ""
    """A person's: "add" a row, or "none", as it isn't in these tabs; "deleted" if its row was."""
    row: tuple[int, dict[str, str]] | None = None
    """Its row by the tab and the customer's texts: as it was last seen, or as a person chose it."""
    take: list[str] = Field(default_factory=list)
    """The fields in which EverBright's word is to replace the office's."""
    found: float = 0.0
    """When its ID was written because it was certain."""

    @property
    def sheet(self) -> int | None:
        """The tab in which its row is, or was."""
        return self.row[0] if self.row else None


class BoardStore:
    """The tables of connected tabs. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tabs(self) -> list[ConnectedTab]:
        # An older version left those that were being disconnected.
        own = select(mapping.c.body).where(~mapping.c.body.contains('"stage":"leave"'))
        with self._database.begin() as connection:
            bodies = connection.scalars(own.order_by(mapping.c.title)).all()
        return [ConnectedTab.model_validate_json(body) for body in bodies]

    def put_tab(
        self, tab: ConnectedTab, old: ConnectedTab | None = None, held: Lease | None = None
    ) -> None:
        """Store a tab, which is known by its sheet: titles change.

        With an `old` one, only in its place: the console may have changed it.
        """
        own = mapping.c.title == str(tab.sheet)
        with self._database.begin(held) as connection:
            there = connection.scalar(select(mapping.c.body).where(own).with_for_update())
            if old and (there is None or ConnectedTab.model_validate_json(there) != old):
                return
            connection.execute(delete(mapping).where(own))
            values = {"title": str(tab.sheet), "body": tab.model_dump_json()}
            connection.execute(insert(mapping).values(values))

    def remove_tab(self, sheet: int) -> None:
        with self._database.begin() as connection:
            connection.execute(delete(mapping).where(mapping.c.title == str(sheet)))

    def states(self) -> dict[str, JobState]:
        with self._database.begin() as connection:
            rows = connection.execute(select(job.c.site, job.c.boards).where(job.c.boards != "{}"))
            return {site: JobState.model_validate_json(body) for site, body in rows}

    def put_states(self, held: Lease, states: Mapping[str, JobState]) -> None:
        with self._database.begin(held) as connection:
            for site, state in states.items():
                body = state.model_dump_json(exclude_defaults=True)
                connection.execute(update(job).where(job.c.site == site).values(boards=body))
