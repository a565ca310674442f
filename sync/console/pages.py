"""What all pages use: the console's parts, template filters, and values of forms."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from threading import Lock
from typing import Any

from flask import url_for
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from sync.core.actions import statuses
from sync.core.database import Database
from sync.core.standing import Statuses
from sync.core.store import Store, placeholder
from sync.errors import Retryable
from sync.settings.environment import Settings
from sync.status.rules import counted, lasting

_LONGEST = 2000
_LOCAL = re.compile(r"/(?![/\\])[\w./?=&%+#-]*")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Console:
    """The parts that pages use. `wake` makes the worker of this process look for work."""

    settings: Settings
    database: Database
    store: Store
    wake: Callable[[], object]
    _outside: Lock = field(default_factory=Lock)

    @property
    def statuses(self) -> Statuses:
        """How jobs are read, by the config and by what people have answered."""
        return statuses(self.settings.config, self.store)

    def name(self, site: str) -> str:
        """Return what people call a job."""
        return next((job.name for job in self.store.jobs([site])), placeholder(site))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one page at a time call Google or EverBright: threads are left for webhooks.

        Raises Retryable for another one.
        """
        if not self._outside.acquire(blocking=False):
            raise Retryable("busy", "Another page is waiting for Google. Try again in a minute.")
        try:
            yield
        finally:
            self._outside.release()


def filters(zone: tzinfo) -> Mapping[str, Callable[..., Any]]:
    """Return the filters of templates, with times in a time zone."""

    def clock(at: float | datetime | None) -> Markup:
        if not at:
            return Markup("never")
        moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
        text = (
            f"{moment.astimezone(zone):%b %-d, %Y, %-I:%M %p}{' UTC' if str(zone) == 'UTC' else ''}"
        )
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)

    return {"clock": clock, "ago": ago, "counted": counted}


def ago(at: float) -> str:
    """Return how long ago a time was."""
    return f"{lasting(datetime.now(UTC).timestamp() - at)} ago" if at else "never"


def target(text: str) -> str:
    """Return a path if it is one of this site, or else the overview's."""
    return text if _LOCAL.fullmatch(text) else url_for("console.overview")


def typed(values: MultiDict[str, str], name: str) -> str:
    """Return the typed text, without characters that databases reject."""
    return _UNFIT.sub("", values.get(name, ""))[:_LONGEST].strip()
