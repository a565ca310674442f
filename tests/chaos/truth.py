"""What a run must end with, as far as the deliveries tell: a plain replay of them."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tests.traffic import LABELS, newest, replay

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
Event = dict[str, Any]


class Truth:
    """The events of a run, in the order in which they happened."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.sites = {str(event["site"]) for event in events}
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
        """The last event of each site."""
        return {str(event["site"]): event for event in self.events}

    def shown(self, site: str) -> dict[str, str]:
        """Return what a job's row ends with, by managed column; of no other is anything known."""
        everywhere = {column for row in self.statuses.values() for column in row}
        return {
            **dict.fromkeys(everywhere, ""),
            **self.statuses[site],
            "initial_quote": self.last[site]["quote"],
        }

    def begins(self, site: str) -> str:
        """Return what a job's status begins with: what is rejected comes first, then what waits."""
        labels = set(self.statuses[site].values())
        if LABELS["REJECTED"] in labels:
            return "Rejected: Milestone "
        return "Waiting: Milestone " if LABELS["SUBMITTED"] in labels else ""

    @cached_property
    def newest(self) -> list[Event]:
        """The last event of each milestone of each site."""
        return newest(self.events)

    def site_at(self, serial: float) -> str | None:
        """Return the site whose event happened at a date of the sheet."""
        return self._by_minute.get(round(serial * 1440))


def minute(event: Event) -> int:
    """Return the minute of an event, counted as the sheet counts days."""
    at = datetime.fromisoformat(event["date_updated"])
    return round((at - _EPOCH).total_seconds() / 60)


def column(event: Event) -> str:
    """Return the managed column that shows an event's status."""
    return f"status:{event['milestone_definition']}"
