"""Simulates a person who edits the Jobs tab at random, also between a read and its write."""

import random
import threading
import time
from typing import Any

from emulator import Emulator
from tests.chaos.deeds import RECENT, Deeds
from tests.chaos.ledger import Ledger
from tests.chaos.tab import KEY, look

GAPS = 0.7
"""The share of all gaps between a read and a write in which the person does something."""


class Person:
    """Does something now and then, and keeps a ledger and a diary of it.

    Everything is done under the spreadsheet's own lock, so that the ledger knows what was seen.
    """

    def __init__(
        self,
        google: Emulator,
        spreadsheet: str,
        ledger: Ledger,
        seed: int,
        recent: float = RECENT,
    ) -> None:
        self.ledger = ledger
        self.diary: list[str] = []
        self.edits = 0
        self.gaps = 0
        self.faults: list[BaseException] = []
        self._google = google
        self._id = spreadsheet
        self._lots = random.Random(seed)
        self.deeds = Deeds(google, spreadsheet, ledger, self._lots, recent)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._stroll)

    def start(self) -> "Person":
        """Begin: in GAPS of the gaps before a write, and now and then in between."""
        # The worker pauses for 30 s.
        self.deeds.leave_out("sort_all", "delete_header", "cut_column", "cut_keys")
        self.visit()
        self._thread.start()
        return self

    def visit(self) -> None:
        """Begin, but in the gaps only."""
        faults = self._google.faults
        faults.between(self._gap, method="*.batchUpdate", chance=GAPS)
        faults.between(self._seen, method="*.getByDataFilter", when="after", count=None)

    def stop(self) -> None:
        """End; hooks are taken back with the other faults."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.faults:
            raise self.faults[0]
        while self.deeds.is_amid_something:
            self.act()

    def _seen(self, *_: Any) -> None:
        self.deeds.kills = 0

    def _gap(self, *_call: Any) -> None:
        if not self._done.is_set():
            self.gaps += 1
            self._note_down(f"--- gap {self.gaps}")
            self.deeds.is_in_gap = True
            for _ in range(self._lots.choice((1, 1, 2, 3))):
                self._act_safely()
                if self.deeds.is_amid_something:
                    break  # The next deed is seconds later.
            self.deeds.is_in_gap = False

    def pass_by(self, *_call: Any) -> None:
        """Do one thing, until it is over."""
        if not self._done.is_set():
            self._act_safely()

    def _stroll(self) -> None:
        while not self._done.wait(self._lots.uniform(0.02, 0.3)):
            self._act_safely()

    def _act_safely(self) -> None:
        try:
            self.act()
        except BaseException as error:
            self.faults.append(error)

    def _note_down(self, text: str) -> None:
        self.diary.append(f"{time.time() % 1000:7.2f} {text}")

    def act(self) -> None:
        """Do one thing, chosen by lot among those that can be done now."""
        sheet = self._google.sheets.spreadsheets[self._id]
        with sheet.lock:
            if self.deeds.put_header_back is not None:
                if self._lots.random() < 0.7:
                    return  # Till then, several reads find no header row.
                self.deeds.put_header_back()
                self.deeds.put_header_back = None
                self._note_down("undo: the header row is back")
                return
            before = look(sheet)
            if before is None or KEY not in before.by_id:
                return
            deed = self.deeds.some(before)
            after = look(sheet)
            if deed is not None and after is None:
                self._note_down(deed.told)
            if deed is not None and after is not None:
                self.edits += 1
                self.ledger.follow(before, after, deed, time.monotonic())
                self.deeds.kills += len(before.by_site.keys() - after.by_site.keys())
                self._note_down(deed.told)
