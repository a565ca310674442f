"""What a batch writes beside the rows of jobs: History, Pipeline, formatting. Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from sync.settings.config_file import Config
from sync.sheets import encode
from sync.sheets.batch import Titles
from sync.sheets.request import Request
from sync.sheets.snapshot import Snapshot, Tab, Table
from sync.sheets.surroundings import NOTHING_ELSE, Surroundings
from sync.sheets.tabs import formatting, history, in_step, pipeline
from sync.sheets.tabs.history import Line
from sync.sheets.tabs.in_step import InStep

HISTORY, PIPELINE = "tab:history", "tab:pipeline"
"""Stand among the ids of columns for tabs that were made: one that is gone, a person deleted."""


@dataclass(frozen=True)
class Extras:
    """What is to be written: `lines` of the history, newest first, `pairs` of milestone and status.

    `ranks` are the places of configured milestones, `order` is that of all; `there` is what else is
    in the spreadsheet, for when tabs are to be made.
    """

    config: Config
    lines: Sequence[Line] = ()
    pairs: frozenset[tuple[str, str]] = frozenset()
    ranks: Mapping[str, int] = field(default_factory=dict)
    order: Sequence[str] = ()
    there: Surroundings = NOTHING_ELSE


@dataclass(frozen=True)
class Made:
    """Requests, and what they make: ids of tabs."""

    requests: list[Request]
    tabs: tuple[str, ...]
    pipeline: Tab | None = None
    """The Pipeline tab as it is after them."""


def extras(snapshot: Snapshot, table: Table, some: Extras, titles: Titles, zone: tzinfo) -> Made:
    """Return the requests for History and Pipeline; tabs are made with the Jobs tab only.

    `table` is the Jobs tab as it is after the batch.
    """
    is_new = snapshot.table is None
    requests: list[Request] = []
    if is_new:
        requests += formatting.table_format(
            some.config, table.sheet_id, table.header_row, table.columns, some.there
        )
    lines = with_history(snapshot, some, titles, zone, make=is_new)
    counts = with_pipeline(snapshot, table, some, titles, make=is_new, names=is_new)
    tabs = lines.tabs + counts.tabs
    return Made(requests + lines.requests + counts.requests, tabs, counts.pipeline)


def with_history(
    snapshot: Snapshot, some: Extras, titles: Titles, zone: tzinfo, *, make: bool
) -> Made:
    """Return the requests for lines of the history, made if it is missing and to be made."""
    requests: list[Request] = []
    tab = snapshot.history
    if tab is None and make:
        requests, tab = history.make(some.config, titles.history, 1, some.there)
    if tab is None:
        return Made([], ())
    return Made(requests + history.insert(tab, some.lines, zone), (HISTORY,))


def with_pipeline(
    snapshot: Snapshot, table: Table, some: Extras, titles: Titles, *, make: bool, names: bool
) -> Made:
    """Return the requests for what the pipeline has not, made if it is missing and to be made."""
    if not pipeline.is_possible(table.columns):
        return Made([], ())
    requests: list[Request] = []
    if names:
        taken = [id_ for name, (id_, _) in some.there.names.items() if name in pipeline.OURS]
        requests += pipeline.names(table.sheet_id, table.columns, taken)
    tab, is_new = snapshot.pipeline, False
    if tab is None and make:
        made, tab = pipeline.make(titles.pipeline, 2, some.there)
        requests, is_new = requests + made, True
    if tab is None:
        return Made(requests, ())
    # A chart comes with the first numbers: it needs something to show.
    is_first = is_new or not tab.labels
    grown, after = pipeline.grow(
        tab, pipeline.Seen(some.pairs, some.ranks, some.order), some.config
    )
    if grown:
        requests += grown + pipeline.chart(after, some.config, is_new=is_first)
    return Made(requests, (PIPELINE,), after)


def with_in_step(
    tab: Tab | None, some: InStep, time_zone: str, known: Container[str]
) -> tuple[list[Request], tuple[str, ...]]:
    """Return the requests that say on the Pipeline tab when the sheet was in step.

    And the ids of the columns; `known` are those that were made before. `time_zone` is the
    spreadsheet's.
    """
    ids = (in_step.LABEL, in_step.MOMENT)
    made: list[Request] = []
    if tab is not None and not in_step.is_there(tab) and in_step.MOMENT not in known:
        made, tab = in_step.columns(tab)
    if tab is None or not in_step.is_there(tab):
        return [], ()  # A person deleted the tab or a column.
    return made + in_step.write(tab, some, encode.clock(time_zone)), ids
