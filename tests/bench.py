"""The product's rooms in this process, over HTTP to the emulator: no receiver, no waiting."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

import compose  # noqa: F401 - boards register themselves
from brightsheet import cli
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from emulator.everbright import made_up
from sync.errors import Refused
from sync.settings import environment
from sync.setup.spreadsheet import Setup
from sync.sheets.ids import JOBS_TAB
from sync.sheets.own_tab import update_own_tab
from sync.sheets.reconcile import reconcile
from sync.store import Database, Lease
from sync.store.schema import look_alike, quarantine
from sync.webhooks import parse
from sync.webhooks.schema import Outcome
from sync.wiring import Wiring
from tests.chaos.tab import Look, look
from tests.made_up import DEMO_CONFIG, SECRET, body, uuid

OWNER = "owner@example.com"


class Bench:
    """A spreadsheet in the emulator, and all that keeps it."""

    def __init__(
        self, google: Emulator, url: str, config: Path = DEMO_CONFIG, **changes: str
    ) -> None:
        google.limits.per_user = google.limits.per_project = 10**9
        self.alerts: list[str] = []
        self.google = google
        self.spreadsheet = changes.get("SPREADSHEET_ID") or google.create_spreadsheet("Solar jobs")
        self.environment = {
            "GOOGLE_EMULATOR_URL": google.url,
            "EVERBRIGHT_URL": google.url,
            "SPREADSHEET_ID": self.spreadsheet,
            "WEBHOOK_SECRET": SECRET,
            "DATABASE_URL": url,
            **changes,
        }
        self.database = Database(url.replace("postgres://", "postgresql+psycopg://"))
        self.database.upgrade()
        self.configured(config)

    def configured(self, config: Path) -> None:
        self.config = config
        self.environment["CONFIG_FILE"] = str(config)  # for commands, which are given no path
        self.settings = environment.load(self.environment, config)
        self.wiring = Wiring(self.settings, self.database)
        self.inbox = self.wiring.inbox
        self.flusher = self.wiring.flusher(
            sleep=lambda _: None, alert=lambda reason, _: self.alerts.append(reason)
        )
        self.store = self.flusher.store

    def send(self, *payloads: dict[str, Any]) -> list[Outcome]:
        shapes = self.settings.config.webhooks
        read = [(body(one), parse.read(body(one), shapes)) for one in payloads]
        return [self.inbox.keep(raw, webhook).outcome for raw, webhook in read]

    @contextmanager
    def held(self) -> Iterator[Lease]:
        with self.wiring.hold(lambda _: None) as held:
            yield held

    def compare(self) -> int:
        with self.held() as held:
            self.compared = reconcile(self.flusher, held)
        return len(self.compared.wrong)

    def project(self) -> None:
        """Apply stored deliveries to their jobs, as the projector's loop does."""
        self.wiring.project(lambda _: None)

    def is_waiting(self) -> bool:
        self.project()
        return self.store.pending.is_waiting()

    def flush_once(self) -> None:
        self.project()
        with self.held() as held:
            self.flusher.flush(held)

    def flush(self, most: int = 40) -> int:
        """Bring the sheet up to date, and return the number of calls that took."""
        before = self.calls()
        with self.held() as held:
            while self.is_waiting():
                most -= 1
                assert most, "it does not come to an end"
                self.flusher.flush(held)
        return self.calls() - before

    def try_to_flush(self, times: int) -> None:
        """Flush up to `times`, going on after a refusal as the worker does."""
        for _ in range(times):
            with suppress(Refused):
                if self.is_waiting():
                    self.flush_once()

    def try_to_update_own_tab(self) -> None:
        with suppress(Refused), self.held() as held:
            update_own_tab(self.flusher, held)

    def end_rests(self) -> None:
        with self.database.writing() as connection:
            for table in (quarantine, look_alike):
                connection.execute(update(table).values(until=0.0))

    def shown(self, *payloads: dict[str, Any]) -> int:
        self.send(*payloads)
        return self.flush()

    def sold(self, *jobs: tuple[str, dict[str, Any]]) -> int:
        for rep, payload in jobs:
            self.google.everbright.data.set(payload["quote"], sales_representative_name=rep)
        self.send(*(payload for _, payload in jobs))
        self.project()
        fetcher = self.wiring.detail_fetcher()
        while fetcher and fetcher.fetch() is not None:
            pass
        return self.flush()

    def ask(self) -> int:
        """Ask for every customer that is due; return how many."""
        fetcher, count = self.wiring.customer_fetcher(), 0
        while fetcher.fetch() is not None:
            count += 1
        return count

    def customer(self, number: int, **changes: str) -> dict[str, str]:
        """Set the customer of a made-up job at EverBright, and return what a sheet may know."""
        known = made_up.site(uuid(number))
        contact, address = known["contacts"][0], known["address"]
        contact |= {"email": f"home{number}@example.com", "phone_number": f"303-555-{number:04d}"}
        contact |= {"first_name": "Ada", "last_name": f"Number{number}"}
        address |= {"address_line_1": f"{number} North Juniper Street", "zipcode": "80999"}
        for key, value in changes.items():
            (contact if key in contact else address)[key] = value
        self.google.everbright.set_site(uuid(number), contacts=[contact], address=address)
        return {
            "Customer": f"{contact['first_name']} {contact['last_name']}",
            "E_mail": contact["email"],
            "Street": address["address_line_1"],
            "Zip": address["zipcode"],
        }

    def setup(self, **changes: str) -> Setup:
        read = environment.load(self.environment | changes, self.config, needs_spreadsheet=False)
        return Setup(Wiring(read, self.database), lambda _: None)

    def command(self, *words: str) -> Result:
        runner = CliRunner(env={"COLUMNS": "200", **self.environment})
        return runner.invoke(cli, words, catch_exceptions=False)

    def calls(self, method: str = "*") -> int:
        return self.google.calls.count("sheets", method)

    def writes(self) -> int:
        return self.calls("*.batchUpdate")

    def edit(self, deed: str, *, sheet_id: int = JOBS_TAB, **arguments: Any) -> None:
        self.google.edit(self.spreadsheet, deed, sheet_id=sheet_id, **arguments)

    def do(self, *requests: dict[str, Any], user: str = OWNER) -> None:
        """Change the spreadsheet as a person does by hand, without a call that would be counted."""
        where, body = {"spreadsheetId": self.spreadsheet}, {"requests": list(requests)}
        sheets = self.google.sheets
        sheets.handle("sheets.spreadsheets.batchUpdate", where, MultiDict(), body, user)

    def before_the_write(self, deed: Callable[[], object]) -> None:
        def run(_google: Emulator, _call: Any) -> None:
            deed()

        self.google.faults.between(run, method="*.batchUpdate", count=1)

    def look(self) -> Look:
        """Return the Jobs tab as it stands, by rows and columns."""
        found = look(self.google.sheets.spreadsheets[self.spreadsheet])
        assert found is not None
        return found

    def at(self, number: int) -> int:
        (row,) = self.look().by_site[uuid(number)]
        return row

    def index(self, column: str) -> int:
        seen = self.look()
        return seen.keys.index(seen.by_id[column])

    def book(self, fields: str, tab: str = "") -> dict[str, Any]:
        """Return the spreadsheet's resource (of `tab` alone), without a counted call."""
        where = {"spreadsheetId": self.settings.spreadsheet_id}
        query = MultiDict({"fields": fields, "includeGridData": "true"})
        if tab and self.google.sheets.spreadsheets[self.settings.spreadsheet_id].titled(tab):
            query["ranges"] = "'" + tab.replace("'", "''") + "'"
        found: dict[str, Any] = self.google.sheets.handle(
            "sheets.spreadsheets.get", where, query, None, "onlooker"
        )
        return found

    def rows(self, tab: str = "Jobs") -> list[Row]:
        return rows_in(self.book(FIELDS, tab), tab)

    def texts(self, tab: str = "Jobs") -> list[dict[str, str]]:
        """Return the texts of the rows of a tab, without those that are blank."""
        return [{k: c.text for k, c in row.items() if c.text} for row in self.rows(tab)]

    def row(self, site: str) -> dict[str, str]:
        (found,) = [row for row in self.texts() if row.get("Site ID") == site]
        return found

    def tab(self, tab: str, fields: str) -> dict[str, Any]:
        book = self.book(f"sheets(properties(title,sheetId),{fields})", tab)
        (found,) = [one for one in book["sheets"] if one["properties"]["title"] == tab]
        return dict(found)

    def notes(self, header: str) -> list[str]:
        """Return the notes of a column of the Jobs tab, the header's first; "" where none is."""
        data = self.tab("Jobs", "data(rowData(values(formattedValue,note)))")["data"][0]["rowData"]
        cells: list[Sequence[dict[str, str]]] = [row.get("values", ()) for row in data]
        index = [cell.get("formattedValue", "") for cell in cells[0]].index(header)
        filled = [row for row in cells if any("formattedValue" in cell for cell in row)]
        return [row[index].get("note", "") if index < len(row) else "" for row in filled]
