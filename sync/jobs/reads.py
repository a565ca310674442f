"""Milestones read from EverBright's API beside those that came by webhook. Pure.

A read never overrides a webhook of the same or a later moment, nor one that says the same. Both the
newest webhook and the newest read are kept: which of them counts is computed again from the two,
so that every order of arrival ends the same.
"""

from collections.abc import Sequence
from typing import Any

from sync.jobs.model import READ, Event, Job
from sync.types import Value

_KEPT = ("uuid", "quote", "name", "description", "assigned_to", "comments", "tasks")
"""What a webhook said stays where a read is silent on it: the lists may lack it."""
_NOT_COMPARED = frozenset({"date_updated", "envelopes", "alias"})
"""`date_updated` may be later only because it was read again; the others are not shown."""


def as_read(digest: str) -> str:
    """Return the digest of a body that was read from the API: no webhook has the same."""
    return READ + digest


def events_with(job: Job, new: Event) -> dict[str, dict[str, Event]]:
    """Return the values of a job's `events`, `sent` and `reads` with `new` applied."""
    definition = new.milestone.milestone_definition
    read = job.reads.get(definition)
    sent = (job.sent if read else job.events).get(definition)
    if new.is_read:
        read = _newer(read, new)
    else:
        sent = _newer(sent, new)
    rest_sent = {key: event for key, event in job.sent.items() if key != definition}
    rest_reads = {key: event for key, event in job.reads.items() if key != definition}
    if read is None or (sent is not None and read.order < sent.order):
        assert sent is not None  # noqa: S101 - `new` is one of the two
        events = {**job.events, definition: sent}
        return {"events": events, "sent": rest_sent, "reads": rest_reads}
    if sent is not None:
        rest_sent[definition] = sent
    events = {**job.events, definition: _chosen(sent, read)}
    return {"events": events, "sent": rest_sent, "reads": {**rest_reads, definition: read}}


def is_news(job: Job, read: Event) -> bool:
    """Return whether a read says something later and else than what is known of its milestone."""
    known = job.events.get(read.milestone.milestone_definition)
    if known is None:
        return True
    return read.order > known.order and not says_no_more(read.milestone, known.milestone)


def says_no_more(read: Any, known: Any) -> bool:
    """Return whether all that `read` says is in `known`; what is blank in a read says nothing.

    Lists are compared by their elements' UUIDs, in any order: an element more or less is news.
    """
    if isinstance(read, Value) and isinstance(known, Value):
        fields = (name for name in type(read).model_fields if name not in _NOT_COMPARED)
        return all(says_no_more(getattr(read, name), getattr(known, name, None)) for name in fields)
    if isinstance(read, tuple) and read and isinstance(known, tuple):
        return _says_no_more_in(read, known)
    return not read or read == known


def _says_no_more_in(read: Sequence[Any], known: Sequence[Any]) -> bool:
    by_key = {_key(element, number): element for number, element in enumerate(known)}
    keys = [_key(element, number) for number, element in enumerate(read)]
    if sorted(keys) != sorted(by_key):
        return False
    return all(says_no_more(element, by_key[key]) for key, element in zip(keys, read, strict=True))


def _key(element: Any, number: int) -> str:
    return getattr(element, "uuid", None) or f"#{number}"


def _newer(known: Event | None, new: Event) -> Event:
    """Return the newer one; an event that comes again may have been parsed by a newer version."""
    return new if known is None or new.order >= known.order else known


def _chosen(sent: Event | None, read: Event) -> Event:
    """Return what counts of the newest webhook and a newer read."""
    if sent is None:
        return read
    if says_no_more(read.milestone, sent.milestone):
        return sent
    silent = [name for name in _KEPT if not getattr(read.milestone, name)]
    kept = {name: getattr(sent.milestone, name) for name in silent}
    return read.model_copy(update={"milestone": read.milestone.model_copy(update=kept)})
