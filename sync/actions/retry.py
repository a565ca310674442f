"""Retries rejected deliveries and failed documents."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sync.errors import Permanent, Rejected
from sync.status.deliveries import MAX_MATCHES, ambiguous, lines
from sync.status.problem import pluralize
from sync.store import KeptDelivery
from sync.store.deliveries import Deliveries
from sync.webhooks import parse
from sync.wiring import Wiring

_STILL_REJECTED = "still rejected"


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
        outcome = replay(wiring, kept)
        rejected += outcome.startswith(_STILL_REJECTED)
        yield f"delivery {kept.id}: {outcome}"
    if rejected:
        count = pluralize(rejected, "webhook is", "webhooks are")
        raise Permanent("still_rejected", f"{count} {_STILL_REJECTED}.")


def replay_all(wiring: Wiring) -> str:
    """Replay every delivery that was rejected, and not accepted since; return the result."""
    return summary(replay(wiring, kept) for kept in wiring.inbox.rejected())


def replay(wiring: Wiring, kept: KeptDelivery) -> str:
    """Replay a rejected delivery; return the outcome, which may have a reason after a colon."""
    try:
        parsed = parse.read(kept.body, wiring.settings.config.webhooks)
    except Rejected as error:
        return f"{_STILL_REJECTED}: {error.message}"
    return wiring.inbox.readmit(kept, parsed) or "no longer rejected"


def summary(outcomes: Iterable[str]) -> str:
    """Return the number of deliveries by outcome."""
    counts = Counter(outcome.partition(":")[0] for outcome in outcomes)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "Nothing to do."
