"""Finds the job whose row Google rejects. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class RefusalSearch:
    """The search for the job that Google rejects.

    A batch that is rejected twice in a row is narrowed to half of its jobs, until one is left. The
    first time a person may have moved a column since the read. Each flush takes one step
    (`Flusher._handle_refusal`). For example, if Google rejects C:

    1. A, B, C, D are rejected (`was_refused`).
    2. They are rejected again, without the Pipeline (`_parts`). A batch without data
       (`Parts.without_data`) is accepted, so a job is at fault: the next batch has A and B
       (`after_refusal`).
    3. A and B are accepted. The search ends (`_write`); C and D are still pending.
    4. C and D are rejected, twice. The next batch has C.
    5. C is rejected, twice, and quarantined. The search ends; D is still pending.
    """

    sites: Sequence[str] | None = None
    """The jobs of the next batch; None: all that are pending."""
    was_refused: bool = False
    """Whether the last batch was rejected: then the next one is without the Pipeline."""

    def after_refusal(self, sites: Sequence[str]) -> "RefusalSearch":
        """Return the search after a batch with the jobs `sites` was rejected."""
        if not self.was_refused:
            return replace(self, was_refused=True)
        return RefusalSearch(sites=sites[: len(sites) // 2] or None)
