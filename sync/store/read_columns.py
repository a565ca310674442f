"""The managed columns as the reads of a spreadsheet showed them, and which are gone. Pure."""

from collections.abc import Sequence

from sync.types import Value


class ReadColumn(Value):
    """A managed column as it was last read: the tab and the header by which people know it."""

    sheet_id: int
    tab: str
    id: str
    header: str
    gone_at: float | None = None
    """Since when reads do not show it (seconds since 1970)."""


class ReadColumns(Value):
    """What reads showed up to the one that saw this `fence`."""

    fence: int = 0
    columns: tuple[ReadColumn, ...] = ()
    without: tuple[str, ...] = ()
    """Ids of columns that are gone and that a person does without."""

    @property
    def gone(self) -> tuple[ReadColumn, ...]:
        """The columns that were there and are gone."""
        return tuple(column for column in self.columns if column.gone_at is not None)

    def after(
        self, fence: int, present: Sequence[ReadColumn], lost: Sequence[ReadColumn], clock: float
    ) -> "ReadColumns":
        """Return the same after a read that shows `present`, and not `lost`, at `clock`."""
        gone = (one.model_copy(update={"gone_at": one.gone_at or clock}) for one in lost)
        back = {column.id for column in present}
        without = tuple(column for column in self.without if column not in back)
        return ReadColumns(fence=fence, columns=(*present, *gone), without=without)

    def without_gone(self) -> "ReadColumns":
        """Return the same where a person does without what is gone."""
        left = tuple(column for column in self.columns if column.gone_at is None)
        without = (*self.without, *(column.id for column in self.gone))
        return ReadColumns(fence=self.fence, columns=left, without=without)
