"""The command `map`: connects tabs as a file says, and prints how they are connected."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from sync.boards.fields import Fields
from sync.boards.mapping import TabMapping, check_titles, read_file, write_file
from sync.boards.planning import known_fields, planned
from sync.boards.state import BoardStore, ConnectedTab
from sync.boards.survey import survey
from sync.core.client import SheetClient
from sync.core.database import Database
from sync.errors import Permanent
from sync.google import auth
from sync.settings.environment import Settings, load


@click.command("map")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--write", is_flag=True, help="Connect the columns and write the certain site IDs.")
@click.option("--export", is_flag=True, help="Print how tabs are connected, as a file.")
def map_command(file: Path | None, *, write: bool, export: bool) -> None:
    """Connect columns of your own tabs, as FILE says. Without --write, print what it would do."""
    settings = load(os.environ)
    database = Database(settings.database_url.get_secret_value())
    database.create()
    boards, fields = BoardStore(database), known_fields(settings, database)
    if export or file is None:
        click.echo(write_file([tab.mapping for tab in boards.tabs()], fields), nl=False)
        return
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent("mapping", f"{file} can't be read: {error}.") from None
    plans = plan(settings, boards, fields, read_file(text, fields))
    known = {tab.sheet for tab in boards.tabs()}
    for each in plans:
        columns = ", ".join(f"{h} = {fields.spell(f)}" for h, f in each.mapping.both.items())
        verb = "change" if each.sheet in known else "connect"
        click.echo(f"{each.mapping.title}: {verb} {columns}")
    if not plans:
        click.echo("Every tab is connected as the file says.")
    if not write:
        click.echo("Nothing was written. Add --write.")
        return
    for each in plans:
        boards.put_tab(each)
    boards.order(writes_ids=True)
    click.echo("Stored. Brightsheet connects them within a minute, if it is running.")


def plan(
    settings: Settings, boards: BoardStore, fields: Fields, mappings: Sequence[TabMapping]
) -> list[ConnectedTab]:
    """Return the tabs that aren't connected as the file says. Raises Permanent."""
    account = auth.account(settings)
    client = SheetClient(auth.session(settings), settings.spreadsheet_id, account)
    sheets = {title: sheet for sheet, title in client.tabs().items()}
    check_titles(mappings, [*sheets])
    known, found = {tab.sheet: tab for tab in boards.tabs()}, list[ConnectedTab]()
    for each in mappings:
        before, seen = known.get(sheets[each.title]), survey(client.look, sheets[each.title])
        tab = planned(seen, each, fields, before, account)
        found += [] if before and before.mapping == tab.mapping else [tab]
    return found
