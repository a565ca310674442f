"""What is known of a spreadsheet: its tabs and columns, its fences, how Google treats IDs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sync.errors import Permanent
from sync.types import Mode, Value


class ReadColumn(Value):
    """A managed column as it was last read, with the tab and header that people see."""

    sheet_id: int
    tab: str
    id: str
    header: str
    gone_at: float | None = None
    """Since when reads no longer show it (seconds since 1970); None if they do."""


class ReadColumns(Value):
    """The columns that reads have shown, up to the read that saw this `fence`."""

    fence: int = 0
    columns: tuple[ReadColumn, ...] = ()
    without: tuple[str, ...] = ()
    """IDs of columns that are gone and that a person doesn't want back."""

    @property
    def gone(self) -> tuple[ReadColumn, ...]:
        """The columns that earlier reads showed and the last one didn't."""
        return tuple(column for column in self.columns if column.gone_at is not None)

    def after(
        self,
        fence: int,
        present: Sequence[ReadColumn],
        title: Callable[[str], str],
        created: Iterable[str],
        clock: float,
    ) -> "ReadColumns":
        """Return the columns after a read at `clock` that shows `present`.

        The others that are wanted are gone: `title` returns the header of a column by its ID, or
        "". `created` is that of `KeptSheet`: a column may be deleted before it is read.
        """
        places = {(column.sheet_id, column.id) for column in present}
        gone = [c for c in self.columns if (c.sheet_id, c.id) not in places and title(c.id)]
        back = {column.id for column in present}
        without = tuple(column for column in self.without if column not in back)
        for column in sorted({*created} - back - {*without} - {one.id for one in gone}):
            if header := title(column):
                gone.append(present[0].model_copy(update={"id": column, "header": header}))
        gone = [one.model_copy(update={"gone_at": one.gone_at or clock}) for one in gone]
        return ReadColumns(fence=fence, columns=(*present, *gone), without=without)

    def without_gone(self) -> "ReadColumns":
        """Return the columns after a person has accepted that the missing ones are gone."""
        left = tuple(column for column in self.columns if column.gone_at is None)
        without = (*self.without, *(column.id for column in self.gone))
        return ReadColumns(fence=self.fence, columns=left, without=without)


class FenceDoubt(StrEnum):
    """Why nothing is written: the fence isn't one that this database set."""

    OTHER_DATABASE = "other_database"
    RESTORED = "restored"
    """The fence has this database's ID: the database is a restored backup from before it."""


@dataclass(frozen=True)
class KeptSheet:
    """The stored state of a spreadsheet: its mode, and the sheet IDs of its mapped tabs.

    `created` are the IDs of the columns, further tabs and filter views that were created, and of
    mapped columns: if one is missing now, a person deleted it.
    """

    mode: Mode = Mode.UNSET
    tabs: frozenset[int] = frozenset()
    created: frozenset[str] = frozenset()
    columns_read: ReadColumns = field(default_factory=ReadColumns)
    """The columns that reads have shown so far."""
    fences: frozenset[tuple[int, str]] = frozenset()
    """The fences (number and batch) that this database set: of the last confirmed batch, and of
    batches in doubt."""
    doubt: str = ""
    """Why nothing was written after the last read (a FenceDoubt); "" if something was."""
    takes_over: bool = False
    """Whether the next batch replaces any fence."""

    def has_set(self, number: int, batch: str) -> bool:
        """Return whether this database set a fence: by its number if its description was lost."""
        return any(one[1] == batch if batch else one[0] == number for one in self.fences)


_UNSAFE = (
    "In this spreadsheet Google doesn't keep the ID that is chosen for a protected range. That ID "
    "is what makes Google refuse a batch that is late or was sent twice. Without it, jobs could "
    "appear twice or overwrite each other, so nothing is written here."
)


class Trial(Value):
    """How Google treated IDs in a trial `at` a moment (seconds since 1970)."""

    at: float
    keeps_range_id: bool
    """Whether a protected range keeps the ID chosen for it, as the fence needs."""
    refuses_taken_id: bool
    """Whether metadata with an ID that is taken is rejected, as the guards need."""

    def must_be_safe(self) -> None:
        """Raise Permanent if the fence doesn't work here."""
        if not self.keeps_range_id:
            raise Permanent("unsafe", _UNSAFE, "Test it again: brightsheet doctor")
