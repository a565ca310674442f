"""Computes the expected History of webhooks from their raw bodies only."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

Line = tuple[str, str, str, str, str, str]
"""Site ID, what, from, to, comment, and the day on which it happened in UTC ("" if today)."""
LABELS = {
    "INPROG": "In progress",
    "SUBMITTED": "Submitted",
    "REJECTED": "Rejected",
    "APPROVED": "Approved",
    "CANCELED": "Canceled",
    "ON_HOLD": "On hold",
    "UPLOADED": "Uploaded",
    "QUEUED": "Queued",
    None: "",
}


def lines(payloads: Iterable[dict[str, Any]], now: datetime) -> list[Line]:
    jobs: dict[str, _Job] = {}
    found, seen = list[Line](), set[str]()
    for payload in payloads:
        body = json.dumps(payload, sort_keys=True)
        if body in seen:
            continue
        seen.add(body)
        site = payload["site"]
        job = jobs.setdefault(site, _Job(now))
        for what, old, new, said, at in job.told(payload, len(seen)):
            day = f"{at.month}/{at.day}/{at.year}" if at.date() != now.date() else ""
            found.append((site, what, old, new, said, day))
    return found


class _Job:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.events: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
        self.names: dict[str, str] = {}
        self.comments = set[str]()
        self.contract = ""
        self.has_order = self.is_archived = self.is_resigned = False
        self.archived_at: datetime | None = None

    def told(self, payload: dict[str, Any], number: int) -> list[tuple[Any, ...]]:
        if "tasks" in payload:
            return self._of_milestone(payload, number)
        if "comment" in payload:
            about = self.names.get(payload["milestone"], "")
            if not self.has_row:
                return []
            return self._of_comments([payload["comment"]], about)
        if "archived" in payload:
            return self._of_archiving(payload)
        return self._of_contract(payload)

    @property
    def has_row(self) -> bool:
        return bool(self.events or self.contract or self.has_order)

    def _of_milestone(self, payload: dict[str, Any], number: int) -> list[tuple[Any, ...]]:
        name, status, at = payload["name"], payload["status"], payload["date_updated"]
        self.names[payload["uuid"]] = name
        is_first = name not in self.events
        events = self.events.setdefault(name, [])
        mine = ((at, number), payload)
        events.append(mine)
        events.sort(key=lambda event: event[0])
        place = events.index(mine)
        before = events[place - 1][1] if place else {}
        after = events[place + 1][1] if place + 1 < len(events) else {}
        moment, told = datetime.fromisoformat(at), list[tuple[Any, ...]]()
        is_changed = status not in (before.get("status"), after.get("status"))
        is_rejected = status == "REJECTED"
        rejected = [n for n, code in _tasks(payload).items() if code == "REJECTED"]
        if is_changed:
            what = f"{name}: {rejected[0]}" if is_rejected and rejected else name
            told.append((what, LABELS[before.get("status")], LABELS[status], "", moment))
        if not (is_changed and is_rejected):
            for title, code in _tasks(payload).items():
                old = _tasks(before).get(title)
                is_right = old == "REJECTED" and not is_changed
                if code in (old, _tasks(after).get(title)) or not (code == "REJECTED" or is_right):
                    continue
                told.append((f"{name}: {title}", LABELS[old], LABELS[code], "", moment))
        new = self._of_comments(
            [c for c in payload["comments"] if not is_first or c["timestamp"] >= at], name
        )
        self.comments |= {c["uuid"] for c in payload["comments"] if not c.get("private")}
        if told and new:
            what, old, to, _, when = told[-1]
            told[-1] = (what, old, to, new.pop()[3], when)
        if "Re-sign contract" in _tasks(payload) and not self.is_resigned:
            self.is_resigned = True
            told.append(("Re-sign", "", "Signed", "", moment))
        return told + new

    def _of_comments(self, comments: list[dict[str, Any]], about: str) -> list[tuple[Any, ...]]:
        what = f"Comment on {about}" if about else "Comment"
        told = list[tuple[Any, ...]]()
        for one in sorted(comments, key=lambda comment: comment["timestamp"]):
            if one.get("private") or one["uuid"] in self.comments:
                continue
            self.comments.add(one["uuid"])
            if one.get("comment_type") != "AUTO":
                author = f"{one['commentor_first_name']} {one['commentor_last_name']}"
                text = f'"{one["comment"]}" – {author}'
                told.append((what, "", "", text, datetime.fromisoformat(one["timestamp"])))
        return told

    def _of_archiving(self, payload: dict[str, Any]) -> list[tuple[Any, ...]]:
        at = datetime.fromisoformat(payload["date_updated"])
        if self.archived_at and at < self.archived_at:
            return []
        was, self.is_archived, self.archived_at = self.is_archived, payload["archived"], at
        if was == self.is_archived or not self.has_row:
            return []
        return [("Job", "Archived" if was else "", "" if was else "Archived", "", at)]

    def _of_contract(self, payload: dict[str, Any]) -> list[tuple[Any, ...]]:
        step = payload["sub_tasks"][0]
        signed = [envelope.get("date_signed") for envelope in step["data"]["envelopes"]]
        at = datetime.fromisoformat(next(filter(None, signed), payload["date_updated"]))
        if "new_quote" in payload:
            had_order, self.has_order = self.has_order, True
            return [] if had_order else [("Active quote", "Initial quote", "Change order", "", at)]
        state = {"SENT": "Sent", "SIGN": "Signed"}[step["document_status"]]
        was, self.contract = self.contract, state
        return [] if was else [("Contract: Installation Agreement", "", state, "", at)]


def _tasks(payload: dict[str, Any]) -> dict[str, str]:
    return {task["name"]: task["status"] for task in payload.get("tasks", ())}
