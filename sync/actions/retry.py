"""Retries rejected deliveries and failed documents."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sync.errors import Permanent, Rejected
from sync.status.deliveries import MAX_MATCHES, ambiguous, lines
from sync.store import KeptDelivery
from sync.store.deliveries import Deliveries
from sync.webhooks import parse
from sync.wiring import Wiring


def summary(retried: Iterable[str]) -> str:
    """Return the number of deliveries by outcome, from the lines that Retry yields."""
    outcomes = Counter(line.partition(": ")[2].partition(":")[0] for line in retried)
    return (
        ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "Nothing to do."
    )


@dataclass(frozen=True)
class Retry:
    """What can be retried; each method yields a line for each result."""

    _wiring: Wiring

    def one(self, prefix: str) -> Iterator[str]:
        """Retry the only failed delivery or document whose ID starts with `prefix`.

        Raises Permanent if there is none or several.
        """
        deliveries, documents = Deliveries(self._wiring.database).to_retry(prefix, MAX_MATCHES)
        count = len(deliveries) + len(documents)
        if not count:
            text = f"Nothing that failed has an ID that starts with {prefix}."
            raise Permanent("nothing_to_retry", f"{text} See: brightsheet deliveries")
        if count > 1:
            listed = [*lines(deliveries), *(f"document {uuid}" for uuid in documents)]
            raise ambiguous(prefix, listed, count)
        yield from (self._delivery(kept) for kept in deliveries)
        yield from (f"documents: {self._wiring.documents.retry(uuid)}" for uuid in documents)

    def everything(self) -> Iterator[str]:
        yield from self.rejected()
        yield f"documents: {self._wiring.documents.retry()}"

    def rejected(self) -> Iterator[str]:
        """Replay every delivery that was rejected, and not accepted since."""
        for kept in self._wiring.inbox.rejected():
            yield self._delivery(kept)

    def _delivery(self, kept: KeptDelivery) -> str:
        try:
            parsed = parse.read(kept.body, self._wiring.settings.config.webhooks)
            outcome = self._wiring.inbox.readmit(kept, parsed).value
        except Rejected as error:
            outcome = f"still rejected: {error.message}"
        return f"delivery {kept.id}: {outcome}"
