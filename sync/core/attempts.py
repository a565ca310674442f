"""The batches of a spreadsheet: each is stored before it is sent, and checked once it is accepted.

Whether Google has taken a batch is seen by the fence that the next read shows. A lost answer or a
kill is the ordinary case.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid4

import structlog

from sync.columns import KEY
from sync.core.batch import Request, swap_fence
from sync.core.cells import content
from sync.core.check import Check, Trace
from sync.core.client import CALL_SECONDS, SheetClient
from sync.core.connected import Written
from sync.core.job_rows import JobRows
from sync.core.report import Finding
from sync.core.sheet_state import Ask, SheetState
from sync.core.snapshot import FENCE, HISTORY, Picture, Snapshot
from sync.core.units import COLUMNS, CONNECTING, SKIPPED_SECONDS, Refusals
from sync.errors import Permanent, Refused, Retryable
from sync.google.errors import RATE_LIMITED
from sync.types import from_json

LOOKS = "looks"
"""The name in a trace of what the batch makes of how our tabs look."""
_CONFIRMATIONS = 10
"""A cell that shows the same other text after so many writes is left until tomorrow."""
_LOOKS_SECONDS = 86_400.0
"""How long a look is left out that Google has refused."""

_log = structlog.get_logger()


class Stop(Exception):
    """Nothing may be written until a person has looked."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class Attempts:
    """The batches of the process that holds the lease, and what is remembered of the sheet."""

    def __init__(self, rows: JobRows, client: SheetClient, spreadsheet: str) -> None:
        self._rows, self._client, self._spreadsheet = rows, client, spreadsheet
        self._store, self._lease, self._now = rows.store, rows.lease, rows.clock
        self._owner: str = self._store.put_once("database", f"{FENCE} {uuid4().hex}")
        self.begin_anew()
        self.written: Written = {}
        """What the batch has written that the last read showed as accepted."""
        self.refusals = Refusals(self._now)
        self._stubborn = Counter[tuple[str, str, str, str, int]]()
        """How often a cell showed another text directly after it was written: both, and the day."""
        self._refused: set[int] = set()
        """Attempts that Google has refused, which the next read confirms."""

    def begin_anew(self) -> None:
        """Go on with what is stored of the spreadsheet: what couldn't be stored isn't so."""
        known = from_json(SheetState, self._store.get("sheet") or {"spreadsheet": ""})
        self._is_other = known.spreadsheet not in ("", self._spreadsheet)
        is_known = known.spreadsheet == self._spreadsheet
        self.sheet = known if is_known else SheetState(self._spreadsheet)

    def begin_sheet(self) -> bool:
        """Forget another spreadsheet once this one could be read: its ID may have been wrong.

        Return whether there was another one.
        """
        is_new = self._is_other
        if is_new:
            self._store.begin_sheet(self._lease, asdict(self.sheet))
        self._is_other = False
        return is_new

    def keep(
        self, closed: Iterable[int] = (), accepted: int | None = None, lines: Sequence[int] = ()
    ) -> None:
        """Store what is remembered of the sheet, and close attempts with it.

        `lines` of History are those that the batch `accepted` has written.
        """
        self._store.close_attempts(self._lease, closed, accepted, lines, sheet=asdict(self.sheet))

    def _keyed(self) -> set[str]:
        """Return the jobs whose site ID says whose row it is."""
        return self._rows.jobs.keys() - self.sheet.wrong_keys

    def pictures(self, now: Snapshot) -> list[Picture]:
        """Return the pictures of the rows of a read."""
        return now.pictures(self._keyed(), self._rows.ours)

    def _last_fence(self) -> int:
        last: int = self._store.get("last_fence", 0)
        return max(last, self.sheet.fence)

    def is_other_version(self, now: Snapshot) -> bool:
        """Return whether a read shows a fence that isn't the known one, or an open batch's."""
        fence = max(now.fences, default=(0, ""))[0]
        return fence not in {self.sheet.fence, *self._store.attempts()}

    def follow_fence(self, now: Snapshot) -> None:
        """Find out which batches Google has accepted, and check them."""
        attempts, self.written = self._store.attempts(), {}
        fence, owner = max(now.fences, default=(0, self._owner))
        is_ours = owner in (self._owner, self.sheet.taken_from)
        is_other = not is_ours or fence > self._last_fence()
        if is_other and self.sheet.is_asked(Ask.THIS_DATABASE):
            # It counts on from there, also while there is nothing to write.
            self.sheet.fence, self.sheet.taken_from = fence, owner
            self.keep(attempts)
        elif is_other:
            raise Stop(Finding("other_database"))
        elif fence in attempts:
            self._conclude(now, attempts, fence)
        elif self.sheet.fence not in (0, fence):
            self._take_version(now, fence, attempts)
        else:
            self.sheet.fence = fence
            if fence and not self.sheet.made:  # Of a spreadsheet that was written before another.
                self._note_made(now)
            closed = [
                number
                for number, each in attempts.items()
                if each.expects != fence
                or number in self._refused
                or each.sent < self._now() - CALL_SECONDS
            ]
            if closed:
                self.keep(closed)

    def _take_version(self, now: Snapshot, fence: int, attempts: Iterable[int]) -> None:
        """Go on with another version of the spreadsheet, which somebody has restored."""
        _log.warning("restored_version", fence=fence, expected=self.sheet.fence)
        if fence or HISTORY not in now.lines:
            self.sheet.looks = {n: made for n, made in self.sheet.looks.items() if made <= fence}
            has_lines = HISTORY in now.lines  # Somebody may have deleted it before that version.
            self._store.write_lines_again(self._lease, fence if has_lines else -1)
        self._note_made(now)
        self.sheet.fence = fence
        self.sheet.is_restored = self.sheet.are_tabs_restored = True
        self.sheet.restored = self._now()
        self.keep(attempts)

    def _note_made(self, now: Snapshot) -> None:
        tabs = (tab for tab in now.there.values() if tab.columns)
        self.sheet.made = {str(tab.sheet): sorted(tab.columns) for tab in tabs}

    def _conclude(self, now: Snapshot, attempts: Mapping[int, Any], fence: int) -> None:
        """Check the batch that Google has accepted, and store the result."""
        trace = from_json(Trace, self._store.trace(fence))
        self.sheet.fence = fence
        self.written = _written(trace)
        if LOOKS in trace.made:
            self.sheet.looks |= dict.fromkeys(trace.made[LOOKS], fence)
        elif trace.units[0] in (COLUMNS, CONNECTING):  # New tabs and columns hit nothing.
            self.sheet.made |= trace.made
        else:
            pictures, ours = self.pictures(now), self._rows.ours
            found = Check(trace, now, pictures, self._keyed(), ours).result()
            if found.debts or found.lost:
                _log.info("rows_moved", debts=len(found.debts), lost=len(found.lost))
            self.sheet.debts = found.debts
            self.sheet.lost = self.sheet.lost[trace.listed :] + found.lost
        for site, cells in trace.writes.values():
            for column, wrote in cells.items():
                shows = now.shows(site, column)
                if site and wrote not in shows:
                    self._stubborn[
                        site, column, wrote, "\n".join(sorted(shows)), self._today()
                    ] += 1
        self.refusals.accepted(trace.units)
        # Also a row that somebody has taken the key out of since.
        self._rows.set_rows({content(row[KEY]): {"row": "there"} for row in trace.new})
        self.keep([n for n, each in attempts.items() if each.expects != fence], fence, trace.lines)

    def is_settled(self, site: str, column: str, wanted: str, held: str) -> bool:
        """Return whether a cell is left as it is until tomorrow."""
        return self._stubborn[site, column, wanted, held, self._today()] >= _CONFIRMATIONS

    def _today(self) -> int:
        return int(self._now() // 86_400)

    def send(self, requests: Sequence[Request], trace: Trace, now: Snapshot) -> None:
        """Store a batch and send it with the next fence.

        A refusal closes nothing: something between Google and us may have sent the batch twice.
        The next read decides.
        """
        fence, expects = self._last_fence() + 1, max(now.fences, default=(0, ""))[0]
        self._store.begin_attempt(self._lease, fence, expects, asdict(trace), self._now())
        try:
            self._client.write([*requests, *swap_fence(now, fence, self._owner)])
        except Refused as error:
            _log.info("refused", message=error.message, units=len(trace.units))
            self._refused.add(fence)
            places = [(tab.sheet, tab.columns, tab.header) for tab in now.tabs]
            seconds = _LOOKS_SECONDS if LOOKS in trace.made else SKIPPED_SECONDS
            self.refusals.refused(trace.units, (now.fences, places), error.what, seconds)
        except (Permanent, Retryable) as error:
            if isinstance(error, Permanent) or error.reason == RATE_LIMITED:
                self._refused.add(fence)
            raise


def _written(trace: Trace) -> Written:
    """Return what a batch wrote into jobs' rows, and what was there."""
    return {
        (site, column): (text, content(trace.rows[int(place)].get(column, {})))
        for place, (site, cells) in trace.writes.items()
        if site
        for column, text in cells.items()
    }
