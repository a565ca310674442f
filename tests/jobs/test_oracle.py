"""Tests every cell that a rep reads for 300 odd jobs, against a second computation from webhooks.

It shares no code with the product except the parser: it applies the sheet's rules to the payloads.
"""

import random
from datetime import UTC, date, datetime, timedelta
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

from sync.jobs.cells import EMPTY
from sync.jobs.model import Details, Files, Job
from sync.jobs.projection import apply_event, apply_other_event, milestone_event
from sync.jobs.row import Layout
from sync.settings.config_file import Config
from sync.sheets import encode
from sync.webhooks.parse import read
from tests.jobs.test_projection import CONFIG
from tests.jobs.test_row import ADDRESSES
from tests.laid_out import cells_of
from tests.made_up import body, comment, milestone, task, uuid
from tests.webhooks.payloads import change_order, contract

JOBS = 300
ZONE = ZoneInfo("America/Denver")
TODAY = date(2026, 11, 27)
ORDER = ["Site Survey", "Design", "Permits", "Installation", "Permission to Operate"]
OUTSIDE = ["Interconnection", "HOA Approval"]
RULES = {"Installation": ("Permits", 90), "Permission to Operate": ("Installation", 60)}
LABELS = {
    "INPROG": "In progress",
    "SUBMITTED": "Submitted",
    "REJECTED": "Rejected",
    "APPROVED": "Approved",
    "CANCELLED": "Canceled",
    "ON_HOLD": "On hold",
}
PEOPLE = ["Ada Birch", "Ben Cole", ""]
REASONS = ["Too dark.", "The roof plan is missing a page.", "x" * 70]
DEADLINE = "current_submission_deadline"
FIELDS = ("status", "next_action", "days", "last_change", "deadline", "rep", "with")

Received = tuple[datetime, dict[str, Any]]


def config() -> Config:
    tree = CONFIG.model_dump()
    columns = [{"id": name, "header": name} for name in ("deadline", "sales_representative")]
    return Config.model_validate(
        tree
        | {
            "columns": [*tree["columns"], *columns],
            "everbright": tree["everbright"] | {"deadline": [DEADLINE]},
            "milestones": [
                {"definitions": [uuid(30_001 + n)], "header": title}
                for n, title in enumerate(ORDER)
            ],
            "deadlines": {
                title: {"after": after, "days": days} for title, (after, days) in RULES.items()
            },
        }
    )


# The jobs: their webhooks in the order in which they were received


def a_job(lot: random.Random) -> list[Received]:
    at = (
        datetime(2025, 6, 1, 7, tzinfo=UTC)
        if lot.random() < 0.1
        else datetime(2026, 8, 1, 7, tzinfo=UTC)
    )
    sent: list[tuple[datetime, dict[str, Any]]] = []
    said: dict[str, list[dict[str, Any]]] = {}
    for _ in range(lot.randint(0, 9)):
        at += timedelta(hours=lot.choice([0, 5, 30, 200]))
        number = lot.choice([0, 1, 1, 2, 2, 3, 4, 5, 6])
        name = [*ORDER, *OUTSIDE][number]
        if lot.random() < 0.4:
            stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
            author = {"commentor_first_name": "Nora", "uuid": uuid(90_000 + len(sent))}
            said.setdefault(name, []).append(comment(lot.choice(REASONS), stamp, **author))
        tasks = [
            task(name=each, status=lot.choice(["APPROVED", "REJECTED", "INPROG", "SUBMITTED"]))
            | {"assigned_to": person(lot)}
            for each in lot.sample(["Plan set", "Site photos"], lot.choice([0, 0, 1, 2]))
        ]
        for one in tasks:
            if lot.random() < 0.5:
                one["sub_tasks"] = [{"label": "File", "category": "DOCUMENT", "status": "INCM"}]
        payload = milestone(
            definition=number + 1,
            name=name,
            status=lot.choice(list(LABELS)),
            date_updated=f"{at:%Y-%m-%dT%H:%M:%SZ}",
            tasks=tasks,
            comments=list(said.get(name, [])),
            ready_to_submit=lot.random() < 0.3,
            assigned_to=person(lot),
        )
        sent.append((at, payload))
    if lot.random() < 0.5 or not sent:
        when = datetime(2026, 10, lot.randint(1, 28), 18, tzinfo=UTC)
        sent.append((when, contract(signed=when.isoformat())))
    if lot.random() < 0.2:
        sent.append((datetime(2026, 11, 2, tzinfo=UTC), change_order()))
    if lot.random() < 0.25:
        for back in range(lot.randint(1, 2)):
            when = datetime(2026, 11, 5 + back, 18, tzinfo=UTC)
            archived = {"site": uuid(1), "archived": not back, "date_updated": when.isoformat()}
            sent.append((when, archived))
    if lot.random() < 0.5:
        lot.shuffle(sent)  # Late ones arrive out of order.
    start = datetime(2026, 11, 26, tzinfo=UTC)
    return [(start + timedelta(seconds=n), payload) for n, (_, payload) in enumerate(sent)]


def person(lot: random.Random) -> dict[str, str] | None:
    name = lot.choice(PEOPLE)
    return {"first_name": name.split()[0], "last_name": name.split()[1]} if name else None


# The second computation


class Expected:
    """The expected cells of a job, computed from its webhooks."""

    def __init__(self, webhooks: list[Received], rep: str, deadline: str) -> None:
        self.rep, self.known_deadline = rep, deadline
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.signed: datetime | None = None
        self.order: datetime | None = None
        self.archived: datetime | None = None
        newest_archived = ""
        for received, payload in webhooks:
            if "milestone_definition" in payload:
                event = {**payload, "at": moment(payload["date_updated"]), "received": received}
                self.events.setdefault(payload["name"], []).append(event)
            elif "archived" in payload:
                if payload["date_updated"] > newest_archived:
                    newest_archived = payload["date_updated"]
                    is_archived = payload["archived"]
                    self.archived = moment(payload["date_updated"]) if is_archived else None
            else:
                (sub_task,) = payload["sub_tasks"]
                at = moment(sub_task["data"]["envelopes"][0]["date_signed"])
                if "new_quote" in payload:
                    self.order = at
                else:
                    self.signed = at
        for events in self.events.values():
            events.sort(key=lambda event: (event["at"], event["received"]))
        listed = [name for name in ORDER if name in self.events]
        first = {name: events[0]["at"] for name, events in self.events.items()}
        outside = [name for name in OUTSIDE if name in self.events]
        outside.sort(key=lambda name: (first[name], self.events[name][0]["received"]))
        self.names = [*listed, *outside]
        self.furthest = (listed or outside or [""])[-1]

    def means(self, name: str) -> str:
        return means(self.events[name][-1])

    def having(self, *wanted: str) -> list[str]:
        return [name for name in self.names if self.means(name) in wanted]

    def since(self, name: str) -> datetime:
        """Return when the status of a milestone that Status shows began."""
        events = self.events[name]
        began = events[-1]
        for event in reversed(events):
            if means(event) != means(events[-1]):
                break
            began = event
        at: datetime = began["at"]
        return at

    def cells(self) -> dict[str, Any]:
        status, action, people, since = self.answer()
        is_closed = self.archived or status == "Done"
        return {
            "status": status,
            "next_action": action,
            "days": (TODAY - day_of(since)).days if since else "",
            "last_change": self.last_change(),
            "deadline": "" if is_closed else self.deadline(),
            "rep": self.rep,
            "with": ", ".join(dict.fromkeys(name for name in people if name)),
        }

    def answer(self) -> tuple[str, str, list[str], datetime | None]:
        """Return Status, Next action, With, and the start of Days, if it is counted."""
        if self.archived:
            return "Archived", "", [], None
        if rejected := self.having("rejected"):
            names, newest = self.fixes(rejected)
            more = f" and {len(names) - 1} more, then resubmit" if names[1:] else " and resubmit"
            action = f"Fix {names[0][0]}{more}"
            if newest:
                action += f"\n{newest}"
            people = [who for _, who in names]
            return f"{said(rejected)} rejected", action, people, min(map(self.since, rejected))
        ready = [name for name in self.open() if self.events[name][-1]["ready_to_submit"]]
        submit = (
            f"Submit {ready[0]}{f' and {len(ready) - 1} more' if ready[1:] else ''}"
            if ready
            else ""
        )
        if waiting := self.having("waiting"):
            people = [self.who(name) for name in ready or waiting]
            text = f"{said(waiting)} under review"
            return text, submit or "Waiting on EverBright", people, min(map(self.since, waiting))
        if not self.names:
            return (
                "Contract signed, Site Survey next",
                "Start Site Survey",
                [],
                self.signed or self.order,
            )
        return self.of_the_furthest(submit, [self.who(name) for name in ready])

    def of_the_furthest(
        self, submit: str, ready: list[str]
    ) -> tuple[str, str, list[str], datetime | None]:
        last, text = self.furthest, self.sentence(self.furthest)
        if self.means(last) != "approved":
            action, people = (submit, ready) if submit else self.finish(last)
            return text, action, people, self.since(last)
        if "Permission to Operate" in self.having("approved"):
            return "Done", "", [], None
        in_order = last in ORDER
        still = [name for name in self.open() if not in_order or name in ORDER]
        if still:
            action, people = (submit, ready) if submit else self.finish(still[0])
            return f"{text}, {still[0]} next", action, people, self.since(last)
        if not in_order:
            return text, "", [], None
        coming = ORDER[ORDER.index(last) + 1]
        action, people = (submit, ready) if submit else (f"Start {coming}", [])
        return f"{text}, {coming} next", action, people, self.since(last)

    def open(self) -> list[str]:
        return [n for n in self.names if self.means(n) not in ("approved", "rejected", "waiting")]

    def who(self, name: str) -> str:
        return full_name(self.events[name][-1]["assigned_to"])

    def sentence(self, name: str) -> str:
        code = self.events[name][-1]["status"]
        return f"{name}: On hold" if code == "ON_HOLD" else change(name, LABELS[code])

    def fixes(self, rejected: list[str]) -> tuple[list[tuple[str, str]], str]:
        """Return what to fix, the last rejection first, its assignees, and its newest reason."""
        found: list[tuple[str, str]] = []
        ordered = sorted(rejected, key=lambda name: self.rejections(name)[0]["at"])[::-1]
        for name in ordered:
            newest = self.events[name][-1]
            tasks = [one for one in newest["tasks"] if one["status"] == "REJECTED"]
            who = full_name(newest["assigned_to"])
            found += [(t["name"], full_name(t["assigned_to"]) or who) for t in tasks] or [
                (name, who)
            ]
        reasons = next(filter(None, map(self.remark, self.rejections(ordered[0]))), None)
        if not reasons:
            return found, ""
        reason = max(reasons, key=lambda one: (one["timestamp"], one["uuid"]))["comment"]
        signed = f'"{reason}" – Nora'
        if len(signed) <= 56:
            return found, signed
        short = shorten(reason, 54, placeholder="…") if " " in reason else f"{reason[:53]}…"
        return found, f'"{short}"'

    def rejections(self, name: str) -> list[dict[str, Any]]:
        """Return the events of the current rejection that rejected something new, newest first."""
        found = []
        events = self.events[name]
        for place in range(len(events) - 1, -1, -1):
            event, before = events[place], events[place - 1] if place else None
            if means(event) != "rejected":
                break
            was = before is not None and means(before) == "rejected"
            known = bad_tasks(before) if before else set()
            is_more = event["status"] == "REJECTED" and (before or {}).get("status") != "REJECTED"
            if not was or is_more or bad_tasks(event) - known:
                found.append(event)
        return found

    def remark(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the newest comment that arrived with an event and that EverBright still sends."""
        events = self.events[event["name"]]
        earlier = events[: events.index(event)]
        known = {one["uuid"] for other in earlier for one in other["comments"]}
        still = events[-1]["comments"]
        new = [one for one in event["comments"] if one["uuid"] not in known and one in still]
        if not earlier:
            new = [one for one in new if moment(one["timestamp"]) >= event["at"]]
        return new[-1:]

    def finish(self, name: str) -> tuple[str, list[str]]:
        event = self.events[name][-1]
        if event["status"] == "CANCELLED":
            return f"Restart {name}", [self.who(name)]
        if event["status"] == "ON_HOLD":
            return "", [self.who(name)]
        tasks = [t for t in event["tasks"] if t["status"] not in ("APPROVED", "SUBMITTED")]
        if not tasks:
            return f"Finish {name}", [self.who(name)]
        first = tasks[0]
        is_missing = first["sub_tasks"][0].get("category") == "DOCUMENT"
        what = f"upload {first['name']}" if is_missing else first["name"]
        several = [
            f"upload {t['name']}" if t["sub_tasks"][0].get("category") else t["name"] for t in tasks
        ]
        more = f" and {len(several) - 1} more" if several[1:] else ""
        people = [full_name(t["assigned_to"]) or self.who(name) for t in tasks]
        return f"Finish {name}: {what}{more}", people

    def last_change(self) -> str:
        if self.archived:
            return dated("Archived", self.archived)
        found = [(self.signed, "Contract signed")] if self.signed else []
        for name in [
            *[n for n in self.names if n in OUTSIDE],
            *[n for n in self.names if n in ORDER],
        ]:
            found.append(self.newest_change(name))
        if not found:
            return ""
        newest = max(at for at, _ in found)
        return dated([text for at, text in found if at == newest][-1], newest)

    def newest_change(self, name: str) -> tuple[datetime, str]:
        events = self.events[name]
        place = len(events) - 1
        while place and state(events[place]) == state(events[place - 1]):
            place -= 1
        event, before = events[place], events[place - 1] if place else None
        code, old = event["status"], before["status"] if before else None
        known = bad_tasks(before) if before else set()
        new = [t["name"] for t in event["tasks"] if t["name"] in bad_tasks(event) - known]
        fixed = [
            t["name"] for t in (before or event)["tasks"] if t["name"] in known - bad_tasks(event)
        ]
        is_rejected = event in self.rejections_at(name, place)
        if is_rejected and new and (code != "REJECTED" or code == old):
            return event["at"], change(short(new), "Rejected")
        if is_rejected:
            return event["at"], change(name, "Rejected")
        labels = {t["name"]: LABELS[t["status"]] for t in event["tasks"]}
        if code == old and fixed and fixed[0] in labels:
            return event["at"], change(short(fixed), labels[fixed[0]])
        if code == "INPROG" and before is None:
            return event["at"], f"{name} started"
        return event["at"], change(name, LABELS[code])

    def rejections_at(self, name: str, place: int) -> list[dict[str, Any]]:
        events, kept = self.events[name], self.events[name]
        self.events[name] = events[: place + 1]
        found = self.rejections(name)
        self.events[name] = kept
        return found

    def deadline(self) -> str:
        days = [self.known_deadline] if self.known_deadline else []
        for title, (after, count) in RULES.items():
            is_due = after in self.having("approved") and title not in self.having(
                "waiting", "approved"
            )
            if is_due:
                days.append(str(day_of(self.since(after)) + timedelta(days=count)))
        nearest = min(map(date.fromisoformat, days), default=None)
        return f"{nearest.month}/{nearest.day}/{nearest.year}" if nearest else ""


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day_of(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def means(event: dict[str, Any]) -> str:
    code = event["status"]
    if code == "APPROVED":
        return "approved"
    if code == "CANCELLED":
        return "canceled"
    if code == "REJECTED" or any(one["status"] == "REJECTED" for one in event["tasks"]):
        return "rejected"
    return "waiting" if code == "SUBMITTED" else str(code)


def bad_tasks(event: dict[str, Any]) -> set[str]:
    if means(event) != "rejected":
        return set()
    return {one["name"] for one in event["tasks"] if one["status"] == "REJECTED"}


def state(event: dict[str, Any]) -> tuple[object, ...]:
    return event["status"], means(event), bad_tasks(event)


def full_name(who: dict[str, str] | None) -> str:
    return f"{who['first_name']} {who['last_name']}" if who else ""


def said(names: list[str]) -> str:
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " and ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])


def short(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if names[1:] else "")


def change(name: str, label: str) -> str:
    name = "HOA" if (name, label) == ("HOA Approval", "Approved") else name
    return f"{name} {label[0].lower()}{label[1:]}"


def dated(text: str, at: datetime) -> str:
    day = day_of(at)
    is_old = datetime(2026, 11, 26, tzinfo=UTC) - at > timedelta(days=335)
    return f"{text}, {day:%b}\N{NO-BREAK SPACE}{day.day}{f', {day.year}' if is_old else ''}"


def project(webhooks: list[Received]) -> Job:
    job = Job(site=uuid(1))
    for received, payload in webhooks:
        delivery = read(body(payload))
        if delivery.milestone:
            event = milestone_event(delivery.milestone, delivery.digest, received)
            job = apply_event(job, event, CONFIG)
        elif delivery.other_event:
            job = apply_other_event(job, delivery.other_event, delivery.digest, received)
    return job


LAYOUT = Layout(config(), ADDRESSES)


def test_every_cell_matches_the_webhooks() -> None:
    differing = {}
    for seed in range(JOBS):
        lot = random.Random(seed)
        webhooks = a_job(lot)
        rep = lot.choice(["Cy Dunn", ""])
        deadline = lot.choice(["2026-12-24", "2026-10-01", ""])
        expected = Expected(webhooks, rep, deadline).cells()
        values = {"sales_representative_name": rep, DEADLINE: deadline}
        cells = cells_of(
            LAYOUT, project(webhooks), Files(), details=Details(values=values), fields=FIELDS
        )
        shown: dict[str, Any] = {
            name: encode.shown_text(encode.encoded(cells.get(name, EMPTY), ZONE)) for name in FIELDS
        }
        since = cells.get("days", EMPTY).when
        shown["days"] = (TODAY - day_of(since)).days if since else ""
        for name in FIELDS:
            if shown[name] != expected[name]:
                differing[seed, name] = (shown[name], expected[name])
    assert differing == {}
