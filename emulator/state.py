"""The state and settings of an emulator, without its port."""

import random
from pathlib import Path
from typing import Any

from emulator.accounts import Accounts
from emulator.calls import CallLog
from emulator.drive import Drive
from emulator.drive.engine import SOMEONE
from emulator.drive.model import SPREADSHEET
from emulator.everbright import EverBright
from emulator.faults import Faults
from emulator.journal import Clock, Journal
from emulator.limits import Latency, Limits
from emulator.sheets import Sheets
from emulator.workbooks import Workbooks

DRIVE_ENTRIES = {"file", "ids", "session"}


class State:
    """The engines, the call log, faults and limits. What `folder` holds is read first.

    Without `durable` nothing is kept in the folder but the bytes of files.
    """

    def __init__(
        self,
        folder: Path,
        minute: float = 60.0,
        latency: Latency = None,
        *,
        durable: bool = False,
        limits: bool = True,
        seed: int = 0,
        anonymous_is_person: bool = True,
        reset: bool = False,
    ) -> None:
        self.latency = latency
        self.seed = seed
        self.calls = CallLog()
        self.faults = Faults(seed)
        self.limits = Limits(minute, enabled=limits)
        self.accounts = Accounts(anonymous_is_person=anonymous_is_person)
        self.everbright = EverBright()
        self.clock = clock = Clock()
        path = folder / "journal.jsonl" if durable else None
        self.journal = Journal(path, clock.seconds, reset=reset)
        self.workbooks = Workbooks(clock, self.journal)
        rng = random.Random() if durable else random.Random(seed)  # noqa: S311  (ids, not secrets)
        self.drive = Drive(folder / "files", self.workbooks, clock.seconds, rng, self.journal.keep)
        self._replay(clock)

    def _replay(self, clock: Clock) -> None:
        for moment, kind, value in self.journal.entries():
            with clock.at(moment):
                if kind in DRIVE_ENTRIES:
                    self.drive.restore(kind, value)
                else:
                    self.workbooks.restore(kind, value)
        self.journal.open()

    @property
    def sheets(self) -> Sheets:
        """The engine that keeps the spreadsheets."""
        return self.workbooks.engine

    def create_spreadsheet(self, title: str) -> str:
        """Create an empty spreadsheet that everyone may write to, and return its id."""
        spreadsheet_id = self.drive.new_id(SPREADSHEET)
        self.workbooks.create(spreadsheet_id, title, SOMEONE.email)
        self.drive.adopt(spreadsheet_id, title, SOMEONE, shared=True)
        return spreadsheet_id

    def create_folder(self, name: str, *, shared_drive: bool = True) -> str:
        """Create a folder that everyone may write to, and return its id."""
        return self.drive.create_folder(name, shared_drive=shared_drive)

    def edit(self, spreadsheet_id: str, name: str, **arguments: Any) -> Any:
        """Make a person's edit: call a function of `emulator.people`, and record it."""
        return self.workbooks.edit(spreadsheet_id, name, **arguments)
