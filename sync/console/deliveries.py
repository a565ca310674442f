"""Serves the pages of deliveries: a search, and a page for each."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from sync.console.access import shows_personal
from sync.console.parts import ConsoleParts, is_id, typed_number, typed_text
from sync.status.deliveries import REFUSED_DAYS, body, moment
from sync.store.deliveries import DeliveryFilter
from sync.types import UUID_PATTERN
from sync.webhooks.schema import Outcome

PAGE = 50
_MOST_JOBS = 50
"""A search for a customer that finds more is too vague."""
_SITE = re.compile(UUID_PATTERN)

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


@dataclass(frozen=True)
class Search:
    """The values of the search form that are in the page's address; `site` may list several.

    A customer's name isn't: proxies log addresses. It is replaced by the sites of the jobs.
    """

    site: str = ""
    milestone: str = ""
    outcome: str = ""
    since: str = ""

    @classmethod
    def typed(cls, values: MultiDict[str, str]) -> "Search":
        return cls(*(typed_text(values, field.name) for field in fields(cls)))

    @property
    def query(self) -> dict[str, Any]:
        return {name: text for name, text in vars(self).items() if text}

    @property
    def sites(self) -> tuple[str, ...]:
        """Return site IDs or the beginnings of them; of a page's address, the ID in it."""
        words = self.site.lower().split()[:_MOST_JOBS]
        return tuple(found[0] if (found := _SITE.search(word)) else word for word in words)

    def wanted(self, parts: ConsoleParts) -> DeliveryFilter:
        """Return the filter; an invalid date is ignored."""
        since = None
        with suppress(ValueError, OverflowError):
            now = datetime.now(parts.wiring.settings.zone)
            since = moment(self.since, now) if self.since else None
        return DeliveryFilter(_OUTCOMES.get(self.outcome), self.sites, "", since, self.milestone)


def _search(parts: ConsoleParts) -> Any:
    """Redirect to the page of a search."""
    search = Search.typed(request.form)
    if customer := typed_text(request.form, "customer"):
        sites = parts.jobs.of_customer(customer, _MOST_JOBS + 1)
        if 0 < len(sites) <= _MOST_JOBS:
            search = replace(search, site=" ".join(sites))
        else:
            flash("Too many customers match: type more." if sites else "No customer matches.")
    return redirect(url_for("console.deliveries", **search.query), 303)


def deliveries(parts: ConsoleParts) -> Any:
    """List the deliveries, the newest first."""
    if request.method == "POST":
        return _search(parts)
    search = Search.typed(request.args)
    is_one = len(search.sites) == 1 and _SITE.fullmatch(search.sites[0])
    has_token = parts.wiring.settings.everbright_api_token is not None
    before = typed_number(request.args, "before")
    lines = parts.deliveries.newest(PAGE + 1, search.wanted(parts), before)
    page = lines[:PAGE]
    config = parts.wiring.settings.config
    # The statuses that deliveries changed milestones to, with the sheet's labels.
    changed = parts.deliveries.statuses({line.id for line in page})
    return render_template(
        "console/deliveries.html",
        lines=page,
        statuses={name: config.status_label(code) for name, code in changed.items()},
        names=parts.jobs.names({line.site for line in page}) if shows_personal() else {},
        older=page[-1].seq if len(lines) > PAGE else None,
        is_first=before is None,
        outcomes=list(Outcome),
        refused=parts.wiring.refusals.latest(REFUSED_DAYS),
        refused_days=REFUSED_DAYS,
        can_read=search.sites[0] if has_token and is_one else "",
        query=search.query,
    )


def delivery(parts: ConsoleParts, delivery: str) -> Any:
    """Show one delivery; its body is masked unless the session shows personal data."""
    kept = parts.wiring.inbox.find(delivery) if is_id(delivery) else None
    if kept is None:
        abort(404)
    content = body(kept.body, unmasked=shows_personal())
    if not isinstance(content, str | None):
        content = json.dumps(content, indent=2, ensure_ascii=False)
    record = parts.jobs.find(kept.site) if kept.site else None
    return render_template("console/delivery.html", kept=kept, content=content, record=record)
