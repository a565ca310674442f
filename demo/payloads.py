"""The demo's story: thirty made-up jobs over ten weeks. The people are invented."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

MILESTONES = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate")
DEFINITIONS = [str(UUID(int=0x_B817_0000 + n, version=4)) for n, _ in enumerate(MILESTONES)]
"""As in brightsheet.toml beside this module."""
_TASKS = (
    ("Site photos", "Attic access"),
    ("Plan set", "Shading report"),
    ("Plan set", "Load calculation"),
    ("Job card", "Photos"),
    ("Interconnection letter",),
)
_REASONS = (
    "The photo of the main panel is too dark.",
    "The customer's signature is missing.",
    "The roof plan is missing a page.",
    "The inverter's label can't be read.",
    "The letter is for another address.",
)
_REVIEWER = ("Nora", "Quist", "nora.quist@example.com")
_FIELD_STEPS = (5, 6, 11, 14, 6)
"""How many days a milestone takes until it is approved."""

JOBS: tuple[tuple[int, str, float], ...] = (
    (3, "rejected", 3),
    (2, "commented", 12),
    (3, "in progress", 16),
    *((2, "submitted", days) for days in (1, 19)),
    (3, "ready", 2),
    (0, "contract sent", 8),
    (1, "rejected", 6),
    (4, "submitted", 9),
    (2, "change order", 7),
    (2, "resubmitted", 4),
    (0, "contract signed", 3),
    (2, "rejected", 1),
    *((3, "in progress", days) for days in (1, 4)),
    (0, "contract voided", 2),
    (2, "canceled", 6),
    (3, "submitted", 5),
    (1, "in progress", 2),
    (0, "rejected", 5),
    (0, "submitted", 2),
    *((1, "submitted", days) for days in (3, 15)),
    (2, "submitted", 8),
    *((4, "submitted", days) for days in (2, 17)),
    *((5, "done", days) for days in (6, 13, 21)),
    (2, "archived", 20),
)
"""How many milestones of a job are approved, what happened last, and how many days ago."""
_SIGNATURES = {"contract signed": "SIGN", "contract voided": "VOID"}
_STATUSES = {
    "rejected": ("SUBMITTED", "REJECTED"),
    "resubmitted": ("SUBMITTED", "REJECTED", "SUBMITTED"),
    "canceled": ("SUBMITTED", "CANCELLED"),
    **dict.fromkeys(("submitted", "commented", "change order", "archived"), ("SUBMITTED",)),
}
"""What EverBright said last of a milestone, in order."""


class Story:
    """The webhooks of the demo: the same people and documents each time, up to today."""

    def __init__(self) -> None:
        self._random = random.Random(37)  # noqa: S311 - made-up data
        self._today = datetime.now(UTC).replace(microsecond=0)

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the payloads, each job's first one first: the rows are in the order of `JOBS`."""
        turns = zip_longest(*(reversed(self._job(*job)) for job in JOBS))
        return [payload for turn in turns for payload in turn if payload]

    def _job(self, approved: int, last: str, ago: float) -> list[dict[str, Any]]:
        """Return a job's payloads, from the last to the first."""
        site, quote, at = self._uuid(), self._uuid(), self._today - timedelta(days=ago)
        job = {"site": site, "quote": quote}
        events: list[tuple[datetime, dict[str, Any]]] = []
        for payload in reversed([*self._last(job, approved, last, at)]):
            events.append((at, payload))
            at -= timedelta(days=self._random.randint(2, 4), minutes=self._random.randint(1, 400))
        for number in reversed(range(approved)):
            states = ("INPROG", "SUBMITTED", "APPROVED")
            for state in reversed(states):
                events.append((at, self._milestone(job, number, state, at)))
                at -= timedelta(days=_FIELD_STEPS[number] / len(states))
        if not last.startswith("contract"):
            events.append((at, self._contract(job, "SIGN", at)))
        return [payload | {"date_updated": _text(moment)} for moment, payload in events]

    def _last(
        self, job: dict[str, str], number: int, last: str, at: datetime
    ) -> Iterator[dict[str, Any]]:
        """Yield what happened last to a job, the newest last."""
        if last.startswith("contract"):
            yield self._contract(job, "SENT", at)
        if last in _SIGNATURES:
            yield self._contract(job, _SIGNATURES[last], at)
        if last in ("in progress", "ready"):
            yield self._milestone(job, number, "INPROG", at, is_ready=last == "ready")
        for status in _STATUSES.get(last, ()):
            said = _REASONS[number] if status == "REJECTED" else ""
            yield self._milestone(job, number, status, at, comment=said)
        if last == "commented":
            said = "The customer threatens to cancel. Call today."
            yield self._milestone(job, number, "SUBMITTED", at, comment=said)
        if last == "change order":
            order = {"name": "Change order", "change_order": True, "new_quote": self._uuid()}
            yield self._contract(job, "SENT", at) | order
        if last == "archived":
            yield {"site": job["site"], "archived": True}

    def _milestone(
        self,
        job: dict[str, str],
        number: int,
        status: str,
        at: datetime,
        *,
        comment: str = "",
        is_ready: bool = False,
    ) -> dict[str, Any]:
        own = random.Random(f"{job['site']} {number}")  # noqa: S311 - made-up data
        first, last, email = _REVIEWER
        said = {
            "uuid": self._uuid(),
            "comment": comment,
            "commentor": email,
            "commentor_first_name": first,
            "commentor_last_name": last,
            "timestamp": _text(at),
        }
        is_uploaded = status != "INPROG" or is_ready
        tasks = [self._task(own, name, is_uploaded=is_uploaded, at=at) for name in _TASKS[number]]
        if status in ("REJECTED", "APPROVED"):
            tasks[0]["status"] = status
        return {
            "uuid": _uuid(own),
            **job,
            "milestone_definition": DEFINITIONS[number],
            "name": MILESTONES[number],
            "status": status,
            "ready_to_submit": is_ready,
            "comments": [said] if comment else [],
            "tasks": tasks,
        }

    def _task(
        self, own: random.Random, name: str, *, is_uploaded: bool, at: datetime
    ) -> dict[str, Any]:
        document = {
            "uuid": _uuid(own),
            "name": f"{name}.pdf",
            "creation_type": "UPLOADED",
            "date_created": _text(at),
            "document_type": "OTH",
        }
        sub_task = {
            "uuid": _uuid(own),
            "label": f"Upload {name}",
            "category": "DOCUMENT",
            "status": "COMP" if is_uploaded else "INCM",
            "document_status": "UPLD" if is_uploaded else "NOSTART",
            "required": True,
            "data": {"envelopes": [], "documents": [document] if is_uploaded else []},
        }
        return {"uuid": _uuid(own), "name": name, "status": "INPROG", "sub_tasks": [sub_task]}

    def _contract(self, job: dict[str, str], state: str, at: datetime) -> dict[str, Any]:
        document = {
            "uuid": self._uuid(),
            "name": "Installation Agreement.pdf",
            "creation_type": "UPLOADED",
            "date_created": _text(at),
        }
        signed = [{"date_signed": _text(at)}] if state == "SIGN" else []
        return {
            **job,
            "name": "Installation Agreement",
            "status": "INPROG",
            "task_definition": str(UUID(int=0x_B817_1000, version=4)),
            "sub_tasks": [
                {
                    "uuid": self._uuid(),
                    "label": "Installation Agreement",
                    "category": "DOCUMENT",
                    "required": True,
                    "document_status": state,
                    "data": {"documents": [document] if signed else [], "envelopes": signed},
                }
            ],
        }

    def _uuid(self) -> str:
        return _uuid(self._random)


def _uuid(lots: random.Random) -> str:
    return str(UUID(int=lots.getrandbits(128), version=4))


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
