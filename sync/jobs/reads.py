"""Merges milestones read from EverBright's API with those received by webhook. Pure.

A read is newer than every webhook that was received before the read was requested. For a webhook
that was received later, EverBright's own dates decide. Both the newest webhook and the newest read
are kept, and the current event is computed from the two, so the order of arrival has no effect.
"""

from collections.abc import Sequence
from typing import Any

from sync.jobs.model import READ, Event, Job
from sync.types import Value
from sync.webhooks.schema import Milestone

_STATE = frozenset({"status", "date_updated", "rejected_task_count"})
"""Blank in a read, they are blank. The webhook's other values are kept, because API lists may omit
them; 0 and False aren't blank."""
_NOT_COMPARED = frozenset({"date_updated", "alias"})
"""`date_updated` may change without any other change; `alias` is not shown."""


def as_read(digest: str) -> str:
    """Return the digest of a body that was read from the API; it differs from any webhook's."""
    return READ + digest


def events_with(job: Job, new: Event) -> dict[str, dict[str, Event]]:
    """Return a job's `events`, `overridden` and `newest_reads` with `new` applied."""
    definition = new.milestone.milestone_definition
    webhook, read = job.newest_webhook(definition), job.newest_reads.get(definition)
    # An event that is applied again may have been parsed by a newer version.
    if new.is_from_api:
        is_newest = read is None or (new.received, new.order) >= (read.received, read.order)
        read = new if is_newest else read
    else:
        webhook = new if webhook is None or new.order >= webhook.order else webhook
    event = _current(webhook, read)
    overridden = {key: one for key, one in job.overridden.items() if key != definition}
    if webhook and event.is_from_api:
        overridden[definition] = webhook
    return {
        "events": {**job.events, definition: event},
        "overridden": overridden,
        "newest_reads": {**job.newest_reads, definition: read} if read else job.newest_reads,
    }


def is_news(job: Job, read: Event) -> bool:
    """Return whether a read is newer than the known event of its milestone and differs from it."""
    known = job.events.get(read.milestone.milestone_definition)
    return known is None or _is_news(known, read)


def _is_news(known: Event, read: Event) -> bool:
    return read.overrides(known) and not adds_nothing(read.milestone, known.milestone)


def adds_nothing(read: Any, known: Any) -> bool:
    """Return whether all values of `read` are in `known`; blank values and False are ignored.

    A count of 0 isn't blank: it may say that no task is rejected any longer. Lists are compared by
    their elements' UUIDs, in any order; an added or missing element is new.
    """
    if isinstance(read, Value) and isinstance(known, Value):
        fields = (name for name in type(read).model_fields if name not in _NOT_COMPARED)
        return all(adds_nothing(getattr(read, name), getattr(known, name, None)) for name in fields)
    if isinstance(read, tuple) and read and isinstance(known, tuple):
        return _adds_nothing_in(read, known)
    if read == 0 and read is not False:
        return not known
    return not read or read == known


def _adds_nothing_in(read: Sequence[Any], known: Sequence[Any]) -> bool:
    by_key = {_key(element, number): element for number, element in enumerate(known)}
    keys = [_key(element, number) for number, element in enumerate(read)]
    if sorted(keys) != sorted(by_key):
        return False
    return all(adds_nothing(element, by_key[key]) for key, element in zip(keys, read, strict=True))


def _key(element: Any, number: int) -> str:
    return getattr(element, "uuid", None) or f"#{number}"


def _current(webhook: Event | None, read: Event | None) -> Event:
    """Return the current event, from the newest webhook and the newest read."""
    if webhook is None:
        assert read is not None  # noqa: S101 - there is one of them
        return read
    if read is None or not _is_news(webhook, read):
        return webhook
    kept = {
        name: getattr(webhook.milestone, name)
        for name in Milestone.model_fields.keys() - _STATE
        if getattr(read.milestone, name) in (None, "", ())
    }
    return read.model_copy(update={"milestone": read.milestone.model_copy(update=kept)})
