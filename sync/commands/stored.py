"""`deliveries`, `retry`, `forget`, `milestones`, `statuses` and `details`: what is stored."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import click
from rich.console import Console

from sync.actions import forget as erasure
from sync.actions.retry import retry_all, retry_one
from sync.commands import echo, json_option, show_table
from sync.jobs.details import DetailColumns
from sync.jobs.learned import seen_statuses
from sync.jobs.milestones import Milestones
from sync.jobs.model import Details
from sync.status import deliveries as listing
from sync.store import DetailStore, JobRecords
from sync.store.deliveries import Deliveries, DeliveryFilter
from sync.store.erase import stored_data
from sync.types import Value
from sync.webhooks.schema import Outcome
from sync.wiring import opened


def _since(text: str) -> float:
    try:
        return listing.moment(text, datetime.now(UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter("use a date like 2026-03-31, or an age: 2d, 3h") from None


@click.group(invoke_without_command=True)
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@click.option("--site", default="", help="Of this job: its site ID, or the beginning of it.")
@click.option("--since", type=_since, metavar="WHEN", help="A date (UTC), or an age: 2d, 3h, 30m.")
@click.option("--reason", default="", help="Rejected for this reason, like missing_site.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@json_option("One JSON object a line; a webhook's has the body.")
@click.option("--unmask", is_flag=True, help="Show personal data, too.")
@click.pass_context
def deliveries(
    context: click.Context,
    outcome: str | None,
    site: str,
    since: float | None,
    reason: str,
    limit: int,
    as_json: bool,
    unmask: bool,
) -> None:
    """List webhooks, newest first; without a filter, also refusals and failed documents."""
    if context.invoked_subcommand:
        return
    wiring = opened()
    wanted = DeliveryFilter(
        Outcome(outcome) if outcome else None, (site,) if site else (), reason, since
    )
    kept = Deliveries(wiring.database).newest(limit, wanted, with_bodies=as_json)
    refused = listing.refused(wiring.refusals.latest, wanted)
    is_filtered = wanted != DeliveryFilter()
    failed = () if is_filtered else JobRecords(wiring.database).documents(limit)
    if as_json:
        values = [listing.as_json(delivery, unmasked=unmask) for delivery in kept]
        values += map(listing.refused_as_json, refused)
        values += [listing.failed_document_as_json(each, unmasked=unmask) for each in failed]
        echo(map(json.dumps, values))
        return
    echo(listing.lines(kept))
    echo(listing.refused_lines(refused))
    echo(listing.failed_document_lines(failed, unmasked=unmask))


@deliveries.command()
@click.argument("id")
@click.option("--unmask", is_flag=True, help="Show personal data, too.")
@json_option("One JSON object.")
def show(id: str, unmask: bool, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Show one webhook with its body; the beginning of its ID is enough."""
    kept = listing.only_delivery(opened().database, id)
    if as_json:
        click.echo(json.dumps(listing.as_json(kept, unmasked=unmask)))
    else:
        click.echo(listing.as_text(kept, unmasked=unmask))


@click.command()
@click.argument("id", required=False)
@click.option(
    "--all", "everything", is_flag=True, help="All rejected webhooks and failed documents."
)
def retry(id: str | None, everything: bool) -> None:  # noqa: A002 - the argument's name
    """Retry a rejected webhook or a failed document, by its ID, or --all of them."""
    if bool(id) == everything:
        raise click.UsageError("Give an ID, or --all.")
    wiring = opened()
    echo(retry_one(wiring, id) if id else retry_all(wiring))


@click.command()
@click.argument("site", type=click.UUID)
@click.option("--write", is_flag=True, help="Delete it.")
def forget(site: UUID, write: bool) -> None:
    """Delete what is stored of one customer's job; later webhooks of it are ignored."""
    wiring = opened()
    if write:
        echo(erasure.lines(erasure.forget(wiring, time.sleep, str(site))))
        click.echo("What was stored is deleted, and the job is ignored from now on.")
    else:
        echo(erasure.lines(stored_data(wiring.database, str(site))))
        click.echo("To delete it, and ignore the job from now on, add --write. It can't be undone.")


@click.command()
@json_option("One JSON object a line.")
def milestones(as_json: bool) -> None:
    """List the milestones in their order, and how many jobs have reached each.

    The order is the config's, or the one confirmed on the console; other milestones follow in the
    order learned from the jobs.
    """
    wiring = opened()
    wiring.project(time.sleep)
    order = Milestones(wiring.config())
    jobs = wiring.jobs()
    headings = order.headings(jobs)
    last = order.last
    if as_json:
        echo(json.dumps({**vars(heading), "is_last": heading.key == last}) for heading in headings)
    elif headings:
        rows = [(h.header, str(h.jobs), "jobs end here" if h.key == last else "") for h in headings]
        show_table(Console(), ("Milestone", "Jobs", ""), rows)
    else:
        click.echo("No job has reached a milestone yet.", err=True)


@click.command()
@json_option("A JSON object a line.")
def statuses(as_json: bool) -> None:
    """List the statuses in the config and those sent by EverBright: what each means, how often."""
    wiring = opened()
    wiring.project(time.sleep)
    jobs = wiring.jobs()
    seen = seen_statuses(wiring.config(), jobs)
    if as_json:
        echo(status.model_dump_json() for status in seen)
        return
    rows = []
    for status in seen:
        unknown = f"unknown; {status.suggested}?" if status.suggested else "unknown"
        means = (status.means or "open") if status.is_known else unknown
        counts = map(str, (status.milestones, status.tasks, status.changes))
        rows.append((status.status, status.label, means, *counts))
    titles = ("Status", "Reads as", "Means", "Milestones", "Tasks", "Changes to it")
    show_table(Console(), titles, rows)


@click.command()
@json_option("A JSON object a line.")
def details(as_json: bool) -> None:
    """List which metrics of EverBright's Data Access Layer this account has."""
    wiring = opened()
    columns = DetailColumns(wiring.settings.config)
    known = DetailStore(wiring.database, columns.question).every()
    entries = metrics(columns.metrics, known)
    echo(entry.model_dump_json() if as_json else _line(entry) for entry in entries)
    if not entries:
        click.echo("No column uses the Data Access Layer: see [[columns]] in the config.", err=True)


class MetricEntry(Value):
    """A column's metric: the number of jobs asked, and of those with a value."""

    column: str
    metric: str
    asked: int = 0
    values: int = 0
    blank: int = 0
    """Jobs that have none yet."""
    missing: int = 0
    """Answers without the metric: the account may not have it, or use another name."""
    refused: int = 0


def metrics(columns: Mapping[str, Sequence[str]], known: Iterable[Details]) -> list[MetricEntry]:
    """Return an entry for each metric in `columns`; one with {alias} gives several."""
    answers = list(known)
    names = sorted({name for answer in answers for name in answer.metrics})
    entries: list[MetricEntry] = []
    for column, templates in columns.items():
        for template in templates:
            before, alias, after = template.partition("{alias}")
            asked = [name for name in names if name.startswith(before) and name.endswith(after)]
            for name in (asked if alias else []) or [template]:
                entries.append(_metric(column, name, answers))
    return entries


def _metric(column: str, metric: str, answers: Iterable[Details]) -> MetricEntry:
    asked = [answer for answer in answers if metric in answer.metrics]
    answered = [answer.values for answer in asked if not answer.is_refused]
    return MetricEntry(
        column=column,
        metric=metric,
        asked=len(asked),
        values=sum(bool(texts.get(metric)) for texts in answered),
        blank=sum(metric in texts and not texts[metric] for texts in answered),
        missing=sum(metric not in texts for texts in answered),
        refused=len(asked) - len(answered),
    )


def _line(entry: MetricEntry) -> str:
    asked = f"jobs asked: {entry.asked}, with a value: {entry.values}"
    line = f"{entry.column}: {entry.metric}: {asked}"
    if entry.asked and entry.refused == entry.asked:
        return f"{line}. EverBright refused it: correct `details` or the name under [everbright]"
    if entry.asked and entry.missing + entry.refused == entry.asked:
        return f"{line}. No answer has it: correct the name under [everbright], or remove it"
    return line
