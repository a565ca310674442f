"""Retries rejected deliveries and failed documents."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sync.errors import Permanent, Rejected
from sync.status.deliveries import MAX_MATCHES, ambiguous, lines
from sync.status.problem import pluralize
from sync.store import KeptDelivery
from sync.store.deliveries import Deliveries
from sync.webhooks import parse
from sync.webhooks.schema import Outcome
from sync.wiring import Wiring

_TEXTS = {Outcome.REJECTED: "still rejected", None: "no longer rejected"}


class Replayed(NamedTuple):
    """The outcome of a replay; None if another replay was faster. A `reason` if it is rejected."""

    outcome: Outcome | None
    reason: str = ""

    @property
    def text(self) -> str:
        return _TEXTS.get(self.outcome) or str(self.outcome)


def retry_one(wiring: Wiring, prefix: str) -> Iterator[str]:
    """Retry the only failed delivery or document whose ID starts with `prefix`; yield the result.

    Raises Permanent if there is none or several, or if the delivery is still rejected.
    """
    deliveries, documents = Deliveries(wiring.database).to_retry(prefix, MAX_MATCHES)
    count = len(deliveries) + len(documents)
    if not count:
        text = f"Nothing that failed has an ID that starts with {prefix}."
        raise Permanent("nothing_to_retry", f"{text} See: brightsheet deliveries")
    if count > 1:
        listed = [*lines(deliveries), *(f"document {uuid}" for uuid in documents)]
        raise ambiguous(prefix, listed, count)
    yield from _replayed(wiring, deliveries)
    yield from (f"documents: {wiring.documents.retry(uuid)}" for uuid in documents)


def retry_all(wiring: Wiring) -> Iterator[str]:
    """Retry everything that failed; yield a line for all documents, and one for each delivery.

    Raises Permanent if any delivery is still rejected.
    """
    yield f"documents: {wiring.documents.retry()}"
    yield from _replayed(wiring, wiring.inbox.rejected())


def _replayed(wiring: Wiring, deliveries: Iterable[KeptDelivery]) -> Iterator[str]:
    """Replay deliveries; yield a line for each. Raises Permanent if any is still rejected."""
    rejected = 0
    for kept in deliveries:
        replayed = replay(wiring, kept)
        rejected += replayed.outcome is Outcome.REJECTED
        yield ": ".join(filter(None, (f"delivery {kept.id}", replayed.text, replayed.reason)))
    if rejected:
        count = pluralize(rejected, "webhook is", "webhooks are")
        raise Permanent("still_rejected", f"{count} still rejected.")


def replay_all(wiring: Wiring) -> str:
    """Replay every delivery that was rejected, and not accepted since; return the result."""
    return summary(replay(wiring, kept) for kept in wiring.inbox.rejected())


def replay(wiring: Wiring, kept: KeptDelivery) -> Replayed:
    """Replay a rejected delivery."""
    try:
        parsed = parse.read(kept.body, wiring.settings.config.webhooks)
    except Rejected as error:
        return Replayed(Outcome.REJECTED, error.message)
    return Replayed(wiring.inbox.readmit(kept, parsed))


def summary(replayed: Iterable[Replayed]) -> str:
    """Return the number of deliveries by outcome."""
    counts = Counter(each.text for each in replayed)
    return ", ".join(f"{count} {text}" for text, count in counts.items()) or "Nothing to do."
