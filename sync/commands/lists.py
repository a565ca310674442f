"""`brightsheet milestones`, `statuses` and `details`: what came, as lines for the config."""

from collections.abc import Iterable, Mapping, Sequence

import click

from sync.commands.output import echo
from sync.jobs import milestone_list, status_list
from sync.jobs.details import DetailColumns
from sync.jobs.model import Details
from sync.store import DetailStore
from sync.types import Value
from sync.wiring import Wiring, opened


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def milestones(as_json: bool) -> None:
    """Print the milestones of all jobs as [[milestones]] for the config, in their order."""
    settings, database = opened()
    pending = Wiring(settings, database).sheet_store().pending
    jobs = (waiting.job for waiting in pending.every())
    entries = milestone_list.entries(settings.config, jobs)
    if as_json:
        echo(entry.model_dump_json() for entry in entries)
    elif entries:
        click.echo(milestone_list.toml(entries))
    else:
        click.echo("No job has reached a milestone yet.", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def statuses(as_json: bool) -> None:
    """Print the statuses that came as [statuses] for the config, with what they may mean."""
    settings, database = opened()
    pending = Wiring(settings, database).sheet_store().pending
    jobs = (waiting.job for waiting in pending.every())
    entries = status_list.entries(settings.config, jobs)
    echo([entry.model_dump_json() for entry in entries] if as_json else [status_list.toml(entries)])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def details(as_json: bool) -> None:
    """Print which metrics of EverBright's Data Access Layer this account has."""
    settings, database = opened()
    columns = DetailColumns(settings.config)
    known = DetailStore(database, columns.question).every()
    entries = metrics(columns.metrics(), known)
    echo(entry.model_dump_json() if as_json else _line(entry) for entry in entries)
    if not entries:
        click.echo("No column is filled from there: see [[columns]] in the config.", err=True)


class MetricEntry(Value):
    """A metric of a column: of how many jobs it was asked, and how many of those had a value."""

    column: str
    metric: str
    asked: int = 0
    values: int = 0
    blank: int = 0
    """Of jobs that have none yet."""
    missing: int = 0
    """Of answers without the metric: the account may not have it, or call it otherwise."""
    refused: int = 0


def metrics(columns: Mapping[str, Sequence[str]], known: Iterable[Details]) -> list[MetricEntry]:
    """Return an entry for each metric in `columns`; one with {alias} is each that was asked for."""
    answers = list(known)
    names = sorted({name for answer in answers for name in answer.asked})
    entries: list[MetricEntry] = []
    for column, templates in columns.items():
        for template in templates:
            before, alias, after = template.partition("{alias}")
            asked = [name for name in names if name.startswith(before) and name.endswith(after)]
            for name in (asked if alias else []) or [template]:
                entries.append(_metric(column, name, answers))
    return entries


def _metric(column: str, metric: str, answers: Iterable[Details]) -> MetricEntry:
    asked = [answer for answer in answers if metric in answer.asked]
    answered = [answer.values for answer in asked if not answer.is_refused]
    values = sum(bool(texts.get(metric)) for texts in answered)
    missing = sum(metric not in texts for texts in answered)
    return MetricEntry(
        column=column,
        metric=metric,
        asked=len(asked),
        values=values,
        blank=len(answered) - values - missing,
        missing=missing,
        refused=len(asked) - len(answered),
    )


def _line(entry: MetricEntry) -> str:
    """Return an entry in words."""
    asked = f"jobs asked: {entry.asked}, with a value: {entry.values}"
    line = f"{entry.column}: {entry.metric}: {asked}"
    if entry.asked and entry.refused == entry.asked:
        return f"{line}. EverBright refused it: correct `details` or the name under [everbright]"
    if entry.asked and entry.missing + entry.refused == entry.asked:
        return f"{line}. No answer has it: correct the name under [everbright], or leave it out"
    return line
