"""`brightsheet milestones`, `statuses` and `details`: what came, as lines for the config."""

import click

from sync.commands.output import echo
from sync.jobs import detail_list, milestone_list, status_list
from sync.wiring import Wiring, opened


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def milestones(as_json: bool) -> None:
    """Print the milestones of all jobs as [[milestones]] for the config, in their order."""
    settings, database = opened()
    pending = Wiring(settings, database).sheet_store().pending
    jobs = (one.job for one in pending.every())
    found = milestone_list.entries(settings.config, jobs)
    if as_json:
        for one in found:
            click.echo(one.model_dump_json())
    elif found:
        click.echo(milestone_list.toml(found))
    else:
        click.echo("No job has reached a milestone yet.", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def statuses(as_json: bool) -> None:
    """Print the statuses that came as [statuses] for the config, with what they may mean."""
    settings, database = opened()
    pending = Wiring(settings, database).sheet_store().pending
    found = status_list.entries(settings.config, (one.job for one in pending.every()))
    lines = [one.model_dump_json() for one in found] if as_json else [status_list.toml(found)]
    for line in lines:
        click.echo(line)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def details(as_json: bool) -> None:
    """Print which metrics of EverBright's Data Access Layer this account has."""
    found = Wiring(*opened()).detail_entries()
    echo(one.model_dump_json() if as_json else detail_list.text(one) for one in found)
    if not found:
        click.echo("No column is filled from there: see [[columns]] in the config.", err=True)
