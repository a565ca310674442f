"""`brightsheet deliveries` and `brightsheet retry`."""

import json
from datetime import UTC, datetime

import click

from sync.commands.output import echo
from sync.status import deliveries as what_came
from sync.store import Documents
from sync.store.deliveries import Deliveries, DeliveryFilter
from sync.webhooks.schema import Outcome
from sync.wiring import Wiring, opened


def _since(text: str) -> float:
    try:
        return what_came.moment(text, datetime.now(UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter("say a date like 2026-03-31, or how long ago: 2d, 3h") from None


@click.group(invoke_without_command=True)
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@click.option("--site", default="", help="Of this job: its site ID, or the beginning of it.")
@click.option(
    "--since", type=_since, metavar="WHEN", help="A date (UTC), or how long ago: 2d, 3h, 30m."
)
@click.option("--reason", default="", help="Refused for this reason, like missing_site.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the body.")
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
    """List what was received, newest first; without a filter also what failed or was refused."""
    if context.invoked_subcommand:
        return
    settings, database = opened()
    wanted = DeliveryFilter(Outcome(outcome) if outcome else None, site, reason, since)
    kept = Deliveries(database).newest(limit, wanted)
    refused = what_came.refused(Wiring(settings, database).refusals.latest, wanted)
    if as_json:
        told = [what_came.as_json(delivery, unmasked=unmask) for delivery in kept]
        echo(map(json.dumps, [*told, *map(what_came.refused_as_json, refused)]))
        return
    echo(what_came.lines(kept))
    echo(what_came.refused_lines(refused))
    if wanted == DeliveryFilter():
        troubled = Documents(database, settings.lease_seconds).troubled(limit)
        echo(what_came.troubled_lines(troubled, unmasked=unmask))


@deliveries.command()
@click.argument("id")
@click.option("--unmask", is_flag=True, help="Show personal data, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(id: str, unmask: bool, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Show one delivery with its body; the beginning of its ID is enough."""
    _, database = opened()
    kept = what_came.only_delivery(database, id)
    if as_json:
        click.echo(json.dumps(what_came.as_json(kept, unmasked=unmask)))
    else:
        click.echo(what_came.as_text(kept, unmasked=unmask))


@click.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that was rejected or given up.")
def retry(id: str | None, everything: bool) -> None:  # noqa: A002 - the argument's name
    """Try again: a rejected delivery or a document that was given up, by its ID, or --all."""
    if bool(id) == everything:
        raise click.UsageError("Give an id, or --all.")
    again = what_came.Retry(*opened())
    echo(again.one(id) if id else again.everything())
