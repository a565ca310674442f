"""Applies contracts and change orders to a job, and returns their current states. Pure.

Every rule is a join, as in `projection`. The date of a signing is its envelope's, else its event's.
An event without a date has that of its arrival, which only breaks ties.
"""

from collections.abc import Sequence
from datetime import datetime

from sync.jobs.model import (
    ContractLog,
    ContractProgress,
    ContractStatus,
    Job,
    Order,
    Origin,
    Signing,
)
from sync.webhooks.schema import Contract, ContractState

_WEAKEST_FIRST = (
    ContractState.VOIDED,
    ContractState.GENERATED,
    ContractState.SENT,
    ContractState.SIGNED,
)


def apply_contract(job: Job, new: Contract, signed: Sequence[datetime], origin: Origin) -> Job:
    """Return `job` with the event of a contract or change order applied.

    `signed` are the valid dates of its envelopes.
    """
    if new.is_change_order:
        signing = _signing(new, signed, origin)
        known = job.change_orders.get(new.new_quote, signing)
        largest = max(signing, known, key=lambda either: either.rank)
        orders = {**job.change_orders, new.new_quote: largest}
        return job.model_copy(update={"change_orders": orders})
    key = f"{new.name}\n{new.quote}"
    log = job.contracts.get(key, ContractLog()).joined(_log(new, signed, origin))
    return job.model_copy(update={"contracts": {**job.contracts, key: log}})


def _log(new: Contract, signed: Sequence[datetime], origin: Origin) -> ContractLog:
    if new.state is ContractState.SIGNED:
        return ContractLog(signed=_signing(new, signed, origin))
    is_dated = origin.updated is not None
    dated = origin.model_copy(update={"stamp": origin.updated or origin.stamp})
    if new.state is ContractState.VOIDED:
        return ContractLog(voided=dated)
    return ContractLog(progress=ContractProgress(**dict(dated), state=new.state, is_dated=is_dated))


def _signing(new: Contract, signed: Sequence[datetime], origin: Origin) -> Signing:
    return Signing(
        **dict(origin),
        at=max(signed, default=origin.updated or origin.stamp),
        is_dated=bool(signed),
        quote=new.quote,
        sub_task=new.sub_task,
        documents=new.documents,
    )


def by_name(job: Job) -> dict[str, list[ContractLog]]:
    """Return the contracts by the name of their task: one for each quote.

    An event that names no quote applies to every contract of its name.
    """
    named: dict[str, dict[str, ContractLog]] = {}
    for key, log in sorted(job.contracts.items()):
        name, _, quote = key.partition("\n")
        named.setdefault(name, {})[quote] = log
    found: dict[str, list[ContractLog]] = {}
    for name, by_quote in named.items():
        of_any = by_quote.pop("", ContractLog())
        found[name] = [log.joined(of_any) for log in by_quote.values()] or [of_any]
    return found


def current(logs: Sequence[ContractLog]) -> ContractStatus | None:
    """Return the status of the contracts of one name.

    A signed contract counts first, then the furthest one, because the contract of another quote may
    have been voided since.
    """
    known = [status for log in logs if (status := log.current())]
    return max(known, key=lambda each: (_WEAKEST_FIRST.index(each.state), each.since), default=None)


def overall(job: Job) -> ContractStatus | None:
    """Return the status of the sale; None if there is no contract.

    A change order means that a contract was signed, even if we didn't receive that event.
    """
    status = current([log for logs in by_name(job).values() for log in logs])
    orders = [order.at for order in job.change_orders.values()]
    if status is None and orders:
        return ContractStatus(ContractState.SIGNED, min(orders))
    return status


def newest_change(job: Job) -> ContractStatus | None:
    """Return the newest status of any contract."""
    known = filter(None, map(current, by_name(job).values()))
    return max(known, key=lambda status: status.since, default=None)


def signings(job: Job) -> list[Signing]:
    """Return the contracts that are signed and not voided, oldest first."""
    logs = (log for quotes in by_name(job).values() for log in quotes)
    signed: dict[Order, Signing] = {}
    for log in logs:
        status = log.current()
        if log.signed and status and status.state is ContractState.SIGNED:
            signed[log.signed.order] = log.signed
    return sorted(signed.values(), key=lambda signing: (signing.at, signing.digest))


def is_news(job: Job, read: Job, *, is_dated: bool) -> bool:
    """Return whether `read`, which is `job` with a contract from the API, has something new.

    Without a date, only an unknown contract is new, because a known one may be newer.
    """
    before, after = _shown_values(job), _shown_values(read)
    changed = {key for key, value in after.items() if before.get(key) != value}
    return bool(changed) and (is_dated or changed.isdisjoint(before))


def _shown_values(job: Job) -> dict[str, object]:
    """Return what is shown of each contract, except when it was generated or sent."""
    contents: dict[str, object] = {}
    for key, log in job.contracts.items():
        status = log.current()
        documents = sorted(document.uuid for document in log.signed.documents) if log.signed else ()
        contents[key] = (status and status.state, log.signed and log.signed.at, documents)
    return contents


def last_change_order(job: Job) -> tuple[str, Signing] | None:
    """Return the quote and the signing of the change order that was signed last."""
    return max(job.change_orders.items(), key=lambda entry: (entry[1].at, entry[0]), default=None)


def current_quote(job: Job) -> str:
    """Return the quote of the change order that was signed last; "" if it is not known."""
    last = last_change_order(job)
    return last[0] if last else ""
