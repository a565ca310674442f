"""Computes the right result of a run by a plain replay of its deliveries.

All that a row shows is derived here a second time, from the events alone, without the product.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from textwrap import shorten
from typing import Any

from tests.traffic import LABELS, newest, replay

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
DAY = 24 * 60
_WITH_YEAR = 335
"""A change that was older by so many days when it was received is shown with its year."""
_SILENT = ("stage", "contract", "contract_signed", "contract_documents", "re_signed")
"""Columns of which these events tell nothing."""
TAG = re.compile(r"\bjob-\d+\b")
"""A tag in each text that only one job's events have: see `tagged`."""
_LINE = 56
"""Characters of a line of Next action."""
STATES = {"REJECTED": "Rejected", "SUBMITTED": "Under review", "INPROG": "In progress or next"}
"""The headers of the Pipeline by status."""
Event = dict[str, Any]


class Truth:
    """The events of a run, in the order in which they happened.

    `customers` has what EverBright knows of each site's customer, by managed column; {}: it is not
    asked.
    """

    def __init__(
        self, events: list[Event], customers: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.events = events
        self.customers = customers or {}
        self.sites = {str(event["site"]) for event in events}
        self.has_tasks = any(event["tasks"] for event in events)
        """Whether documents and tasks come: what is shown of them is not derived here."""
        self._by_minute = {minute(event): str(event["site"]) for event in events}

    @cached_property
    def statuses(self) -> dict[str, dict[str, str]]:
        """The status that each site's milestones end with, by managed column."""
        columns = {event["name"]: column(event) for event in self.events}
        shown = replay(self.events)
        return {
            site: {columns[name]: label for name, label in row.items()}
            for site, row in shown.items()
        }

    @cached_property
    def ever(self) -> dict[tuple[str, str], set[str]]:
        """Every status that a site's milestone had, by site and managed column."""
        found: dict[tuple[str, str], set[str]] = {}
        for event in self.events:
            found.setdefault((event["site"], column(event)), set()).add(LABELS[event["status"]])
        return found

    @cached_property
    def last(self) -> dict[str, Event]:
        return {str(event["site"]): event for event in self.events}

    @cached_property
    def newest(self) -> list[Event]:
        return newest(self.events)

    @cached_property
    def milestones(self) -> dict[str, dict[str, list[Event]]]:
        """The events of each site's milestones by name; names in the order first reached."""
        milestones: dict[str, dict[str, list[Event]]] = {}
        for event in self.events:
            milestones.setdefault(event["site"], {}).setdefault(event["name"], []).append(event)
        return milestones

    def texts(self, site: str) -> dict[str, str]:
        """Return what a job's row ends with, by managed column; but for dates."""
        every = {column for row in self.statuses.values() for column in row}
        last = self.last[site]
        texts = {
            "customer": f"Job {site[:8]}",
            **dict.fromkeys(("address", "phone", "email", "city", "zip", "city_zip", *_SILENT), ""),
            **self.customers.get(site, {}),
            **dict.fromkeys(every, ""),
            **self.statuses[site],
            "status": self.status(site),
            "last_change": self.last_change(site),
            "last_comment": said(last),
            "initial_quote": last["quote"],
            "current_quote": "",
            "site_id": site,
        }
        if self.has_tasks:
            return texts
        documents = {column.replace("status:", "documents:"): "" for column in every}
        return {**texts, **documents, "folder": "", "next_action": self.next_action(site)}

    def minutes(self, site: str) -> dict[str, int | None]:
        """Return the dates that a job's row ends with, by managed column; None for a blank."""
        _, about = self._about(site)
        last = minute(self.last[site])
        approvals = [
            minute(changed(events))
            for events in self.milestones[site].values()
            if events[-1]["status"] == "APPROVED"
        ]
        waits = any(events[-1]["status"] != "APPROVED" for events in about.values())
        today = (datetime.now(UTC) - _EPOCH).days
        return {
            "last_update": last,
            "days": (today - self.since(site)) * DAY if waits else None,
            "last_approval": max(approvals, default=None),
        }

    def since(self, site: str) -> int:
        """Return the day on which a job's status began, as the sheet counts days."""
        status, about = self._about(site)
        furthest = [*self.milestones[site].values()][-1]
        since = about.values() if status != "APPROVED" else [furthest]
        return min(minute(changed(events)) for events in since) // DAY

    def last_change(self, site: str) -> str:
        """Return which milestone changed last, to what, and on which day."""
        changes = [
            (minute(changed(events)), place, name, events)
            for place, (name, events) in enumerate(self.milestones[site].items())
        ]
        _, _, name, events = max(changes)
        status, at = events[-1]["status"], datetime.fromisoformat(changed(events)["date_updated"])
        is_first = all(event["status"] == status for event in events)
        word = "started" if status == "INPROG" and is_first else LABELS[status].lower()
        year = f", {at.year}" if (datetime.now(UTC) - at).days >= _WITH_YEAR else ""
        return f"{name} {word}, {at:%b}\N{NO-BREAK SPACE}{at.day}{year}"

    def _about(self, site: str) -> tuple[str, dict[str, list[Event]]]:
        """Return the status that counts, and the milestones (by name) that it is about."""
        milestones = self.milestones[site]
        for status in ("REJECTED", "SUBMITTED"):
            if about := {n: e for n, e in milestones.items() if e[-1]["status"] == status}:
                return status, about
        furthest = [*milestones][-1]
        status = milestones[furthest][-1]["status"]
        is_open = {n: e for n, e in milestones.items() if e[-1]["status"] == "INPROG"}
        if status == "INPROG" or not is_open:
            return status, {furthest: milestones[furthest]}
        return status, is_open

    def waits_at(self, site: str) -> tuple[str, str]:
        """Return the milestone at which a job waits, and under which header it is counted there.

        Of several that are rejected or submitted it is the one that has waited longest.
        """
        status, about = self._about(site)
        names = list(about)
        if status in STATES:
            names.sort(key=lambda name: minute(changed(about[name])))
        return names[0], STATES.get(status, STATES["INPROG"])

    def status(self, site: str) -> str:
        """Return a job's status: what is rejected comes first, then what is under review."""
        status, about = self._about(site)
        if status == "REJECTED":
            return f"{listed([*about], 3)} rejected"
        if status == "SUBMITTED":
            return f"{listed([*about], 3)} under review"
        furthest = [*self.milestones[site]][-1]
        is_behind = status == "APPROVED" and furthest not in about
        coming = f", {next(iter(about))} next" if is_behind else ""
        return f"{furthest} {LABELS[status].lower()}{coming}"

    def next_action(self, site: str) -> str:
        """Return what the job needs, and what was said at the newest rejection."""
        status, about = self._about(site)
        rest = {n: events for n, events in about.items() if events[-1]["status"] != "APPROVED"}
        if not rest:
            return ""
        if status == "SUBMITTED":
            return "Waiting on EverBright"
        if status != "REJECTED":
            return f"Finish {next(iter(rest))}"
        newest = sorted(rest, key=lambda name: minute(changed(rest[name])))[::-1]
        several = f" and {len(newest) - 1} more, then resubmit"
        what = f"Fix {newest[0]}{several if newest[1:] else ' and resubmit'}"
        changes = [changed(events) for events in rest.values()]
        said_then = [event["comments"][-1] for event in changes if event["comments"]]
        if not said_then:
            return what
        reason = max(said_then, key=lambda comment: str(comment["timestamp"]))
        text = f'"{reason["comment"]}" – {reason["commentor"]}'
        if len(text) > _LINE:
            comment = str(reason["comment"])
            text = f'"{shorten(comment, _LINE - 2, placeholder="…")}"'
        return f"{what}\n{text}"

    def site_at(self, serial: float) -> str | None:
        return self._by_minute.get(round(serial * DAY))


def tagged(events: list[Event]) -> list[Event]:
    """Return the events, each with a comment and an assignee that name its job.

    As EverBright does, each sends the comments of those before it again.
    """
    by_milestone: dict[tuple[str, str], list[dict[str, Any]]] = {}
    told = []
    for number, event in enumerate(events):
        tag = tag_of(event["site"])
        comments = by_milestone.setdefault((event["site"], event["name"]), [])
        comments.append(
            {
                "comment": f"said {number} of {tag}",
                "timestamp": event["date_updated"],
                "commentor": f"{tag}@installer.example",
                "uuid": f"{number:08d}-0000-4000-8000-000000000000",
            }
        )
        person = {"first_name": "", "last_name": f"Assignee of {tag}", "email": ""}
        told.append({**event, "comments": list(comments), "assigned_to": person})
    return told


def tag_of(site: str) -> str:
    return f"job-{int(site[-12:], 16)}"


def listed(names: list[str], most: int) -> str:
    if len(names) > most:
        first = names[: max(1, most - 1)]
        return f"{', '.join(first)} and {len(names) - len(first)} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def changed(events: list[Event]) -> Event:
    since = events[-1]
    for event in reversed(events):
        if event["status"] != since["status"]:
            break
        since = event
    return since


def said(event: Event) -> str:
    """Return the comment that came with an event, with its author; "" without one."""
    if not event["comments"]:
        return ""
    comment = event["comments"][-1]
    return f'"{comment["comment"]}" – {comment["commentor"]}'


def minute(event: Event) -> int:
    """Return the minute of an event, counted as the sheet counts days."""
    at = datetime.fromisoformat(event["date_updated"])
    return round((at - _EPOCH).total_seconds() / 60)


def column(event: Event) -> str:
    return f"status:{event['milestone_definition']}"
