"""What EverBright says of a job, as the cell of a connected column. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from sync.boards.fields import PROGRESS, Field, Fields, dated
from sync.boards.mapping import Column, TabMapping
from sync.boards.policy import Said
from sync.boards.words import current, reached
from sync.core.cells import Cell, number, serial, text
from sync.core.standing import Standing, Statuses
from sync.core.store import JobRow
from sync.settings.config_file import Meaning

STYLES = ("{0} {1}", "{1}, {0}", "{1} {0}")
"""How offices write names."""


def styled(customer: Mapping[str, str], style: str) -> str:
    names = customer.get("first_name", ""), customer.get("last_name", "")
    return style.format(*names) if all(names) else customer.get("customer", "")


@dataclass(frozen=True)
class Values:
    """Says what columns show, by the config and in the time zone of the spreadsheet."""

    statuses: Statuses
    fields: Fields
    zone: tzinfo

    def said(self, column: Column, job: JobRow, tab: TabMapping, style: str = STYLES[0]) -> Said:
        """Return what EverBright says. `style` is that of names."""
        field, known = column.field, self.fields.get(column.field)
        if column.words:
            step, word = current(reached(job.standing), column.words)
            return Said(text(word), step)
        if known.definition and known.aspect != "documents":
            return Said.of(self._of_milestone(known, job.standing))
        customer, held = job.customer, job.customer.get(field, "")
        if field == "address" and {"city", "zip"} & tab.fields.keys():
            return Said.of(text(held.partition(f", {customer.get('city', '')}")[0]))
        if field == "customer":  # In *Jobs*, it is a link.
            return Said.of(text(styled(customer, style)))
        shown = "status" if field == PROGRESS else field  # Without words, EverBright's own.
        return Said.of(job.cells.get(shown, {}))

    def since(self, field: str, job: JobRow, step: str) -> str:
        """Return the day since which EverBright says it; "" if no status of the job began then."""
        moments = {each.definition: each.since for each in job.standing.milestones}
        known = self.fields.get(field).definition or step.partition(":")[0]
        moment = moments.get(known, job.standing.since if field == "status" else None)
        return dated(moment.astimezone(self.zone)) if moment else ""

    def _of_milestone(self, field: Field, standing: Standing) -> Cell:
        """Return its status, or the day on which it was last submitted, or is approved since."""
        found = {each.definition: each for each in standing.milestones}
        milestone = found.get(self.statuses.order.step(field.definition))
        if milestone is None or field.aspect == "status":
            return text(milestone.label if milestone else "")
        moment = milestone.since if milestone.means is Meaning.APPROVED else None
        if field.aspect == "submitted":
            moment = self.statuses.began(milestone, Meaning.WAITING)
        return number(int(serial(moment, self.zone))) if moment else {}
