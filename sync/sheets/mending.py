"""Mends what people's moves did to a batch: cells are put back, copies flagged, keys looked for."""

from collections.abc import Callable, Iterable, Mapping, Set
from datetime import UTC, datetime

from sync.errors import Permanent
from sync.jobs.columns import KEY
from sync.sheets import repair, request
from sync.sheets.client import Look
from sync.sheets.evidence import Repair
from sync.sheets.sending import Sending
from sync.sheets.snapshot import Table, View, site_in
from sync.store import Jobs, Lease

_FEW_LOST = 5
_SHARE_LOST = 0.1
_RECOVERED = "Recovered"


class Mending:
    """Works on the Jobs tab as it is; `alert` tells a person what could not be put back."""

    def __init__(self, sending: Sending, jobs: Jobs, alert: Callable[[str, str], object]) -> None:
        self._sending = sending
        self._jobs = jobs
        self._alert = alert

    def keys_are_there(self, held: Lease, view: View, table: Table) -> bool:
        """Tell whether the keys stand where we look for them; few that are gone were deleted.

        Raises Permanent where many are gone at once and stand nowhere: all would come again.
        """
        known = self._jobs.written_sites()
        gone = known - table.keys.keys()
        if _are_few(gone, known):
            return True
        look = self._sending.look(held, table)
        index = repair.key_column(look.rows, gone) if look.seen.table else None
        if index is None:
            raise Permanent(
                "keys_gone",
                f"{len(gone)} of {len(known)} site IDs are gone from their column at once. Undo "
                "what happened to it; if rows were deleted on purpose: brightsheet compare",
            )
        # A person moved what stood in the column: that is the key column now.
        made = request.adopt(KEY, table.sheet_id, index)
        self._sending.send(held, self._sending.composed(held, view, table, made=made), [])
        return False

    def forget_few(self, held: Lease, table: Table, repairs: Mapping[int, Repair]) -> None:
        """Keep which rows were deleted since the last read, where they are few.

        A key that is to be put back is not gone.
        """
        known = self._jobs.written_sites()
        gone = known - table.keys.keys() - {site_in(one.data) for one in repairs.values()}
        if gone and _are_few(gone, known):
            self._jobs.forget_rows(held, gone)

    def repair(self, held: Lease, table: Table, repairs: Mapping[int, Repair]) -> None:
        """Put cells back; what has no place any more goes into the tab Recovered."""
        look = self._sending.look(held, table)
        seen = look.seen
        if seen.table is None:
            return
        found = repair.place(seen.table, look.rows, repairs)
        made = self._sending.composed(
            held,
            seen,
            seen.table,
            made=self._recovered(seen, found.recovered),
            writes=found.writes,
            repairs=(*found.placed, *found.lost),
            keep={one.column.partition(".")[0] for one in repairs.values() if "." in one.column},
        )
        if found.keyless:
            self._jobs.renew(held, found.keyless)
        self._sending.send(held, made, [])
        if found.recovered:
            self._alert(
                "recovered",
                f"{len(found.recovered)} cells could not be put back: see the tab {_RECOVERED}.",
            )

    def _recovered(self, seen: View, lines: Iterable[tuple[str, str]]) -> list[request.Request]:
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        rows = [(when, whose, text) for whose, text in lines]
        if not rows:
            return []
        tab = [] if seen.has_recovered_tab else request.make_recovered_tab(_RECOVERED)
        return [*tab, request.recover(rows)]

    def flag(self, held: Lease, table: Table) -> None:
        """Flag the copies of doubled rows."""
        self.flag_seen(held, self._sending.look(held, table))

    def flag_seen(self, held: Lease, look: Look) -> None:
        """Flag the copies of doubled rows that a look shows."""
        seen = look.seen
        if seen.table is None or not seen.table.doubles:
            return
        made = self._sending.composed(
            held,
            seen,
            seen.table,
            writes=repair.flags(seen.table, look.rows),
        )
        self._sending.send(held, made, [])


def _are_few(gone: Set[str], known: Set[str]) -> bool:
    """Tell whether so many keys may be gone at once because people deleted their rows."""
    return len(gone) <= max(_FEW_LOST, _SHARE_LOST * len(known))
