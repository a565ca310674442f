"""Serves the pages of deliveries: a search, and a page for each."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import abort, render_template, request

from sync.console.access import shows_personal
from sync.console.parts import ConsoleParts, is_id, typed_number, typed_text
from sync.jobs.status import Statuses
from sync.status.deliveries import REFUSED_DAYS, as_json, moment
from sync.store.deliveries import DeliveryFilter
from sync.webhooks.schema import Outcome

PAGE = 50
_MOST_CUSTOMERS = 500
"""A search that finds more is too vague, and SQLite limits the length of a query."""

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


@dataclass(frozen=True)
class Search:
    """The values of the search form."""

    site: str = ""
    customer: str = ""
    milestone: str = ""
    outcome: str = ""
    since: str = ""

    def wanted(self, parts: ConsoleParts) -> DeliveryFilter:
        """Return the filter; an invalid date is ignored."""
        since, sites = None, None
        with suppress(ValueError, OverflowError):
            now = datetime.now(parts.wiring.settings.zone)
            since = moment(self.since, now) if self.since else None
        if self.customer:
            sites = parts.jobs.of_customer(self.customer, _MOST_CUSTOMERS)
        outcome = _OUTCOMES.get(self.outcome)
        return DeliveryFilter(outcome, self.site, "", since, sites, self.milestone)

    def __bool__(self) -> bool:
        return any(vars(self).values())


def deliveries(parts: ConsoleParts) -> Any:
    """List the deliveries, the newest first."""
    typed = {name: typed_text(request.args, name) for name in vars(Search())}
    search = Search(**typed)
    before = typed_number(request.args, "before")
    lines = parts.deliveries.newest(PAGE + 1, search.wanted(parts), before)
    page = lines[:PAGE]
    meanings = Statuses(parts.wiring.settings.config)
    # The statuses that deliveries changed milestones to, with the sheet's labels.
    changed = parts.deliveries.statuses({line.id for line in page})
    return render_template(
        "console/deliveries.html",
        search=search,
        lines=page,
        statuses={name: meanings.label(code) for name, code in changed.items()},
        names=parts.jobs.names({line.site for line in page}) if shows_personal() else {},
        older=page[-1].seq if len(lines) > PAGE else None,
        is_first=before is None,
        outcomes=list(Outcome),
        refused=parts.wiring.refusals.latest(REFUSED_DAYS),
        refused_days=REFUSED_DAYS,
        can_read=_site(search.site) if parts.wiring.settings.everbright_api_token else "",
        query={name: text for name, text in typed.items() if text},
    )


def delivery(parts: ConsoleParts, delivery: str) -> Any:
    """Show one delivery; its body is masked unless the session shows personal data."""
    kept = parts.wiring.inbox.find(delivery) if is_id(delivery) else None
    if kept is None:
        abort(404)
    content = as_json(kept, unmasked=shows_personal())["body"]
    if not isinstance(content, str | None):
        content = json.dumps(content, indent=2, ensure_ascii=False)
    record = parts.jobs.find(kept.site) if kept.site else None
    return render_template("console/delivery.html", kept=kept, content=content, record=record)


def _site(text: str) -> str:
    """Return a whole site ID; "" for a part of one, which can't be read from EverBright."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""
