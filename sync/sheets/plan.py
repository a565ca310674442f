"""What one batch is to write: into the tab that Brightsheet made, or into a person's own. Pure."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from sync.jobs.model import Customer
from sync.sheets import encode, rowless
from sync.sheets.batch import Cells, Parts
from sync.sheets.celldata import Row
from sync.sheets.diff import Target, diff, has_row
from sync.sheets.ensure import WantedTabs, ensure
from sync.sheets.rowless import Lookup, Texts
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.tabs import in_step
from sync.sheets.tabs.in_step import InStep
from sync.sheets.targets import Lines, Targets

NOTHING_LOOKED_UP = Lookup()


@dataclass(frozen=True)
class Plan:
    """The parts of a batch, and what it makes true: `shown` by site, `absent` jobs have no row.

    `tables` are the tabs of jobs as they are after the structure in `parts`.
    """

    tables: Sequence[Table]
    parts: Parts = field(default_factory=Parts)
    shown: Mapping[str, Cells] = field(default_factory=dict)
    absent: Sequence[str] = ()


class Planner:
    """Plans batches; `zone` is a setting, and "" stands for the spreadsheet's own."""

    def __init__(self, targets: Targets, zone: str, in_step_hours: int) -> None:
        self._targets = targets
        self._zone = zone
        self._in_step_hours = in_step_hours

    def clock(self, snapshot: Snapshot) -> tzinfo:
        """Return the clock in which dates are shown."""
        return encode.clock(self._zone or snapshot.time_zone)

    def made(self, snapshot: Snapshot, targets: Sequence[Target], wanted: WantedTabs) -> Plan:
        """Return what makes `targets` stand in Brightsheet's own tab, made where there is none."""
        zone = self.clock(snapshot)
        ensured = ensure(snapshot, wanted, zone)
        change = diff(ensured.tables, targets, {}, None, zone)
        parts = replace(ensured.parts, rows=change.rows, new_rows=change.new_rows)
        return Plan(ensured.tables, parts, change.shown, change.absent)

    def without_row(self, tables: Iterable[Table], targets: Iterable[Target]) -> list[Target]:
        """Return the targets that have no row, and are to have one."""
        tables = [*tables]
        return [target for target in targets if target.fresh and not has_row(tables, target)]

    def look_up(
        self, tables: Sequence[Table], texts: Texts, customers: Mapping[str, Customer]
    ) -> Lookup:
        """Return which rows are those of jobs without one (`customers` by site)."""
        return rowless.look_up(tables, texts, customers, self._targets.match_by)

    def mapped(
        self,
        snapshot: Snapshot,
        targets: Sequence[Target],
        lines: Lines,
        lookup: Lookup = NOTHING_LOOKED_UP,
        above: Row = (),
    ) -> Plan:
        """Return what makes `targets` stand in tabs that people made.

        `lookup` is what was found for those without a row, `above` the row that new ones are like.
        Raises Permanent where a key column is gone.
        """
        tables, zone = snapshot.tables, self.clock(snapshot)
        pattern = rowless.pattern(tables[0], lookup.last_row, above)
        change = diff(tables, targets, lookup.matches, pattern, zone)
        parts = replace(
            ensure(snapshot, self._targets.wanted((), (), lines.lines), zone).parts,
            rows=[*change.rows, *rowless.pattern_row(tables[0], pattern, change.new_rows)],
            new_rows=change.new_rows,
            formulas=pattern.formulas,
        )
        return Plan(tables, parts, change.shown, change.absent)

    def in_step(self, gone: Sequence[str]) -> InStep:
        """Return that the sheet is in step now, but for columns that are `gone` (their headers)."""
        return InStep(datetime.now(UTC), self._in_step_hours, tuple(gone))

    def with_in_step(
        self,
        snapshot: Snapshot,
        plan: Plan,
        now: InStep,
        known: Container[str],
        *,
        is_alone: bool = False,
    ) -> Plan:
        """Return a plan with the moment from which the sheet shows all that came.

        Only where something else is written, or if it `is_alone`; `known` are the ids of columns
        that were made before.
        """
        parts, table = plan.parts, plan.tables[0]
        if (parts.is_empty and not is_alone) or not snapshot.policy.makes_columns:
            return plan
        pipeline = parts.pipeline or snapshot.pipeline
        said, ids = in_step.say(pipeline, now, snapshot.time_zone, known)
        about = self._targets.key_note
        note = (
            in_step.header_note(table, about, now, self.clock(snapshot)) if snapshot.table else None
        )
        parts = replace(
            parts,
            header=[*parts.header, *([note] if note else [])],
            extra=[*parts.extra, *said],
            columns=(*parts.columns, *ids),
        )
        return replace(plan, parts=parts)
