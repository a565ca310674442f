"""Applies contracts and change orders to a job, and tells how they stand. Pure.

Every rule is a join, as in `projection`. The date of a signing is its envelope's, else its event's;
an event without a date is dated by its arrival, which decides nothing but what no rule can.
"""

from collections.abc import Sequence
from datetime import datetime

from sync.jobs.model import (
    CONTRACT,
    QUOTE,
    Change,
    ContractLog,
    Job,
    Order,
    Progress,
    Seen,
    Signing,
)
from sync.webhooks.schema import Contract, ContractState


def applied(
    job: Job, new: Contract, signed: Sequence[datetime], own: datetime | None, seen: Seen
) -> Job:
    """Return `job` with a contract's or change order's event applied.

    `signed` are its envelopes' dates and `own` is the event's own date, as far as they are valid;
    `seen` is its moment.
    """
    if new.is_change_order:
        signing = _signing(new, signed, own, seen)
        known = job.change_orders.get(new.new_quote)
        orders = {**job.change_orders, new.new_quote: _largest(known, signing)}
        return job.model_copy(update={"change_orders": orders})
    log = job.contracts.get(new.name, ContractLog())
    contracts = {**job.contracts, new.name: _logged(log, new, signed, own, seen)}
    return job.model_copy(update={"contracts": contracts})


def _logged(
    log: ContractLog, new: Contract, signed: Sequence[datetime], own: datetime | None, seen: Seen
) -> ContractLog:
    if new.state is ContractState.SIGNED:
        found = _largest(log.signed, _signing(new, signed, own, seen))
        return log.model_copy(update={"signed": found})
    moment = Seen(stamp=own or seen.stamp, digest=seen.digest)
    if new.state is ContractState.VOIDED:
        return log.model_copy(update={"voided": _last(log.voided, moment)})
    one = Progress(
        stamp=moment.stamp, digest=seen.digest, state=new.state, is_dated=own is not None
    )
    known = log.progress or one
    if known.digest == one.digest:
        known = min(known, one, key=lambda progress: progress.order)
    return log.model_copy(update={"progress": max(known, one, key=lambda each: each.rank)})


def _signing(
    new: Contract, signed: Sequence[datetime], own: datetime | None, seen: Seen
) -> Signing:
    return Signing(
        stamp=seen.stamp,
        digest=seen.digest,
        at=max(signed, default=own or seen.stamp),
        is_dated=bool(signed),
        quote=new.quote,
        sub_task=new.sub_task,
        documents=new.documents,
    )


def _largest(known: Signing | None, new: Signing) -> Signing:
    return max(known or new, new, key=lambda one: one.rank)


def _last(known: Seen | None, new: Seen) -> Seen:
    """Return the later one; of the same body, the earlier arrival."""
    if known and known.digest == new.digest:
        return min(known, new, key=lambda one: one.order)
    return max(known or new, new, key=lambda one: one.order)


def signings(job: Job) -> list[Signing]:
    """Return the contracts that are signed and not voided, oldest first."""
    found = [log.signed for log in job.contracts.values() if _is_signed(log) and log.signed]
    return sorted(found, key=_when)


def _is_signed(log: ContractLog) -> bool:
    current = log.current()
    return current is not None and current[0] is ContractState.SIGNED


def _when(one: Signing) -> Order:
    return (one.at, one.digest)


def last_change_order(job: Job) -> tuple[str, Signing] | None:
    """Return the quote and the signing of the change order that was signed last."""
    return max(job.change_orders.items(), key=lambda one: (one[1].at, one[0]), default=None)


def current_quote(job: Job) -> str:
    """Return the quote of the change order that was signed last; "" where it is not known.

    What an earlier version kept counts as long as there is nothing better, unless it is known to be
    the quote from before the change order.
    """
    if last := last_change_order(job):
        return last[0]
    kept = job.facts.get(QUOTE)
    return kept.value if kept and kept.value not in job.quotes else ""


def changes(before: Job, after: Job, digest: str) -> list[Change]:
    """Return the history's lines for a contract's event (by its digest) that led to `after`."""
    found = []
    for name, log in after.contracts.items():
        old, new = before.contracts.get(name, ContractLog()).current(), log.current()
        if new and (old is None or old[0] != new[0]):
            change = Change(site=after.site, subject=CONTRACT, digest=digest, stamp=new[1])
            values = {"before": old[0].value if old else None, "after": new[0].value, "name": name}
            found.append(change.model_copy(update=values))
    told, last = last_change_order(before), last_change_order(after)
    if last and (told is None or told[0] != last[0]):
        quotes = {"before": current_quote(before) or None, "after": last[0] or None}
        change = Change(site=after.site, subject=QUOTE, digest=digest, stamp=last[1].at)
        found.append(change.model_copy(update=quotes))
    return found
