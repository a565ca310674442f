"""Retries rejected deliveries and failed documents."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sync.errors import Permanent, Rejected
from sync.status.deliveries import MAX_MATCHES, ambiguous, lines
from sync.store import KeptDelivery
from sync.store.deliveries import Deliveries
from sync.webhooks import parse
from sync.wiring import Wiring


def retry_one(wiring: Wiring, prefix: str) -> Iterator[str]:
    """Retry the only failed delivery or document whose ID starts with `prefix`; yield the result.

    Raises Permanent if there is none or several.
    """
    deliveries, documents = Deliveries(wiring.database).to_retry(prefix, MAX_MATCHES)
    count = len(deliveries) + len(documents)
    if not count:
        text = f"Nothing that failed has an ID that starts with {prefix}."
        raise Permanent("nothing_to_retry", f"{text} See: brightsheet deliveries")
    if count > 1:
        listed = [*lines(deliveries), *(f"document {uuid}" for uuid in documents)]
        raise ambiguous(prefix, listed, count)
    yield from (_replay(wiring, kept) for kept in deliveries)
    yield from (f"documents: {wiring.documents.retry(uuid)}" for uuid in documents)


def retry_all(wiring: Wiring) -> Iterator[str]:
    """Retry everything that failed; yield a line for each delivery, and one for all documents."""
    yield from replay_rejected(wiring)
    yield f"documents: {wiring.documents.retry()}"


def replay_rejected(wiring: Wiring) -> Iterator[str]:
    """Replay every delivery that was rejected, and not accepted since; yield a line for each."""
    for kept in wiring.inbox.rejected():
        yield _replay(wiring, kept)


def _replay(wiring: Wiring, kept: KeptDelivery) -> str:
    try:
        parsed = parse.read(kept.body, wiring.settings.config.webhooks)
        outcome = wiring.inbox.readmit(kept, parsed) or "nothing to replay"
    except Rejected as error:
        outcome = f"still rejected: {error.message}"
    return f"delivery {kept.id}: {outcome}"


def summary(retried: Iterable[str]) -> str:
    """Return the number of deliveries by outcome, from the lines of replayed ones."""
    outcomes = Counter(line.partition(": ")[2].partition(":")[0] for line in retried)
    return (
        ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "Nothing to do."
    )
