"""Lists and shows webhooks, as text and as JSON."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync.errors import BrightsheetError, Permanent
from sync.status.masks import mask
from sync.store import Database, KeptDelivery, KeptDocument, RefusedDay
from sync.store.deliveries import Deliveries, DeliveryFilter
from sync.types import MASK
from sync.webhooks.literal import to_json
from sync.webhooks.parse import without_private_comments
from sync.webhooks.schema import Outcome

MAX_MATCHES = 20
"""Most deliveries that are listed for the beginning of an ID."""
REFUSED_DAYS = 7
"""Days of refused requests that are listed by default."""
_EVER = 36_500
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> float:
    """Return `text` in seconds since 1970: an ISO date or time, or an age like 2d.

    Without a time zone it is in that of `now`. Raises ValueError.
    """
    if ago := re.fullmatch(r"(\d{1,6})([mhdw])", text.strip()):
        return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
    when = datetime.fromisoformat(text.strip())
    return when.replace(tzinfo=when.tzinfo or now.tzinfo).timestamp()


def lines(kept: Iterable[KeptDelivery]) -> Iterator[str]:
    """Yield two or three lines for each delivery, which fit 80 columns except for long reasons."""
    for delivery in kept:
        received = f"{delivery.received:%Y-%m-%d %H:%M:%S} UTC"
        head = f"{received}  {delivery.outcome:9}  {delivery.kind}"
        yield head.rstrip()
        yield f"  {delivery.id}  {delivery.site}".rstrip()
        if delivery.reason:
            yield f"  {delivery.reason}"


def failed_document_lines(documents: Iterable[KeptDocument], *, unmasked: bool) -> Iterator[str]:
    """Yield lines for each document whose last try failed; its name may be personal."""
    for document in documents:
        yield f"document {document.uuid}  {document.state}"
        if unmasked:
            yield f"  {document.name.text}"
        yield f"  {document.reason}: {document.message}"


def failed_document_as_json(document: KeptDocument, *, unmasked: bool) -> dict[str, Any]:
    """Return the same as JSON values; `kind` distinguishes it from a delivery."""
    return {
        "kind": "failed_document",
        "document": document.uuid,
        "site": document.site,
        "name": document.name.text if unmasked else MASK,
        "state": document.state,
        "reason": f"{document.reason}: {document.message}",
    }


def refused(latest: Callable[[int], list[RefusedDay]], wanted: DeliveryFilter) -> list[RefusedDay]:
    """Return the refused requests; none if `wanted` has a filter other than `since`.

    `latest` returns the refused requests of a number of days.
    """
    if replace(wanted, since=None) != DeliveryFilter():
        return []
    if wanted.since is None:
        return latest(REFUSED_DAYS)
    return [day for day in latest(_EVER) if day.last.timestamp() >= wanted.since]


def refused_lines(days: Iterable[RefusedDay]) -> Iterator[str]:
    """Yield two lines for each reason and day on which requests were refused."""
    for day in days:
        yield f"refused {day.last:%Y-%m-%d}  {day.reason}  {day.count}"
        source = f" from {day.source}" if day.source else ""
        yield f"  the last at {day.last:%H:%M:%S} UTC{source}"


def refused_as_json(day: RefusedDay) -> dict[str, Any]:
    """Return the same as JSON values; `kind` distinguishes it from a delivery."""
    return {
        "kind": "refused_requests",
        "day": f"{day.last:%Y-%m-%d}",
        "reason": day.reason,
        "count": day.count,
        "last": day.last.isoformat(),
        "source": day.source,
    }


def as_json(kept: KeptDelivery, *, unmasked: bool) -> dict[str, Any]:
    """Return everything that is stored of a delivery as JSON values."""
    return {
        "received": kept.received.isoformat(),
        "delivery": kept.id,
        "outcome": kept.outcome,
        "kind": kept.kind,
        "site": kept.site,
        "reason": kept.reason,
        "body": body(kept.body, unmasked=unmasked),
    }


def body(raw: bytes, *, unmasked: bool) -> Any:
    """Return a body as JSON values, masked unless `unmasked`; None if none is stored.

    Private comments are left out in any case.
    """
    if not raw:
        return None
    try:
        text = raw.decode("utf-8-sig")
        try:
            tree = json.loads(text)
        except ValueError:
            tree = json.loads(to_json(text))
        tree = without_private_comments(tree)
        return tree if unmasked else mask(tree)
    except (ValueError, BrightsheetError, RecursionError):
        text = raw.decode("utf-8", "replace")
        # Where a private comment begins and ends isn't known.
        is_shown = unmasked and "private" not in text.lower()
        return text if is_shown else f"{MASK} {len(raw)} bytes that are not JSON"


def as_text(kept: KeptDelivery, *, unmasked: bool) -> str:
    """Return a delivery as text, with its body."""
    fields = as_json(kept, unmasked=unmasked)
    content = fields.pop("body")
    head = [f"{name:9} {value}" for name, value in fields.items() if value]
    if content is None:
        kind = "it is a duplicate" if kept.outcome is Outcome.DUPLICATE else "see the reason"
        return "\n".join([*head, "", f"No body is stored: {kind}."])
    text = json.dumps(content, indent=2)
    if isinstance(content, str):  # As it arrived, without what a terminal would obey.
        text = "".join(c for c in content if c.isprintable() or c == "\n")
    return "\n".join([*head, "", text])


def only_delivery(database: Database, prefix: str) -> KeptDelivery:
    """Return the only delivery whose ID starts with `prefix`.

    Raises Permanent if there is none or several.
    """
    if not (matches := Deliveries(database).starting(prefix, MAX_MATCHES)):
        text = f"No delivery has an ID that starts with {prefix}. See: brightsheet deliveries"
        raise Permanent("no_such_delivery", text)
    if len(matches) > 1:
        raise ambiguous(prefix, [*lines(matches)], len(matches))
    return matches[0]


def ambiguous(prefix: str, listed: Sequence[str], count: int) -> Permanent:
    """Return the error for a prefix that several IDs start with, which are `listed`."""
    most = " (the newest)" if count == MAX_MATCHES else ""
    text = f"{count} start with {prefix}{most}. Give more of the ID:"
    return Permanent("ambiguous", "\n".join([text, *listed]))
