"""The command `map`: connects tabs as a file says, and prints how they are connected."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import click

from sync.boards.fields import Fields
from sync.boards.mapping import TabMapping, read_file, write_file, wrong
from sync.boards.planning import known_fields, planned
from sync.boards.state import ORDER, BoardStore, ConnectedTab
from sync.boards.survey import survey
from sync.boards.tabs import office_tabs
from sync.core.client import SheetClient
from sync.core.database import Database
from sync.core.sheet_state import Ask
from sync.core.store import Store
from sync.core.worker import Worker
from sync.errors import Permanent
from sync.google import auth
from sync.settings.environment import Settings, load
from sync.status.state import read
from sync.status.verdict import judge

_WAIT_SECONDS, _POLL_SECONDS = 90.0, 0.5


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
        columns = ", ".join(f"{c.header} = {fields.spell(c.field)}" for c in each.mapping.columns)
        verb = "change" if each.sheet in known else "connect"
        click.echo(f"{each.mapping.title}: {verb} {columns}")
    if not plans:
        click.echo("Every tab is connected as the file says.")
    if not write:
        click.echo("Nothing was written. Add --write.")
        return
    for each in plans:
        boards.put_tab(each)
    store = Store(database)
    if not (store.get("sheet") or {}).get("made"):
        store.ask(Ask.ADD_TABS, {})
    if not all(tab.writes_ids for tab in boards.tabs()):
        store.ask(ORDER, {"writes_ids": True})
    _finish(settings, database, boards)
    click.echo("Done.")


def plan(
    settings: Settings, boards: BoardStore, fields: Fields, mappings: Sequence[TabMapping]
) -> list[ConnectedTab]:
    """Return the tabs that aren't connected as the file says. Raises Permanent."""
    account = auth.account(settings)
    client = SheetClient(auth.session(settings), settings.spreadsheet_id, account)
    sheets = {title: sheet for sheet, title in client.tabs().items()}
    known, found = {tab.sheet: tab for tab in boards.tabs()}, list[ConnectedTab]()
    for each in mappings:
        if each.title not in sheets:
            raise wrong(each.title, f"there is no such tab. There are: {', '.join(sheets)}.")
        before, seen = known.get(sheets[each.title]), survey(client.look, sheets[each.title])
        tab = planned(seen, each, fields, before, account)
        found += [] if before and before.mapping == tab.mapping else [tab]
    return found


def _finish(settings: Settings, database: Database, boards: BoardStore) -> None:
    """Let the worker connect the tabs; without one, do it here. Raises Permanent."""
    worker = Worker(settings, database, office_tabs)
    worker.start()  # While another one runs, it only waits.
    deadline = time.monotonic() + _WAIT_SECONDS
    try:
        while time.monotonic() < deadline:
            if is_finished(database, boards):
                return
            time.sleep(_POLL_SECONDS)
    finally:
        worker.stop(5.0)
    reasons = " ".join(each.text for each in judge(read(settings, database)).problems)
    text = reasons or "The worker hasn't connected the tabs yet. See the console's overview."
    raise Permanent("mapping", text)


def is_finished(database: Database, boards: BoardStore) -> bool:
    """Return whether every tab is connected, and the last pass found nothing to write."""
    store = Store(database)
    last, backlog = store.get("pass") or {}, store.backlog()
    is_connected = all(tab.is_connected for tab in boards.tabs())
    is_idle = not (store.open_actions((ORDER,)) or backlog["attempts"] or last.get("pending", 1))
    return is_connected and is_idle
