"""The state and settings of an emulator, without its port."""

from pathlib import Path
from typing import Any

from emulator import people
from emulator.accounts import Accounts
from emulator.calls import CallLog
from emulator.drive.engine import SOMEONE, Drive
from emulator.drive.model import SPREADSHEET
from emulator.everbright.engine import EverBright
from emulator.faults import Faults
from emulator.limits import Latency, Limits
from emulator.sheets import Sheets


class State:
    """The engines, the call log, faults and limits. The bytes of files are kept in `folder`."""

    def __init__(
        self,
        folder: Path,
        minute: float = 60.0,
        latency: Latency = None,
        *,
        limits: bool = True,
    ) -> None:
        self.latency = latency
        self.calls = CallLog()
        self.faults = Faults()
        self.limits = Limits(minute, enabled=limits)
        self.accounts = Accounts()
        self.everbright = EverBright()
        self.sheets = Sheets()
        self.drive = Drive(folder, self.sheets)

    def create_spreadsheet(self, title: str) -> str:
        """Create an empty spreadsheet that everyone may write to, and return its id."""
        spreadsheet_id = self.drive.new_id(SPREADSHEET)
        self.sheets.create(spreadsheet_id, title, SOMEONE.email)
        self.drive.adopt(spreadsheet_id, title, SOMEONE, shared=True)
        return spreadsheet_id

    def create_folder(self, name: str) -> str:
        """Create a folder on a shared drive that is everyone's, and return its id."""
        return self.drive.create_folder(name)

    def edit(self, spreadsheet_id: str, name: str, **arguments: Any) -> None:
        """Make a user's edit: a deed of `people`."""
        people.do(self.sheets.spreadsheets[spreadsheet_id], name, **arguments)
