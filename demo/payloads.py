"""Made-up jobs with a few milestones. The people are invented."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

JOBS = 12
_STEPS = {
    "Site Survey": "Upload survey photos",
    "Design Approval": "Upload signed design",
    "Permits": "Upload the city permit",
    "Installation": "Upload installation photos",
}
_PEOPLE = (("Ada", "Birch"), ("Ben", "Cole"), ("Cleo", "Dunn"), ("Dora", "Eskew"))
_PRAISE = ("Looks good.", "Thank you!", "All there, approved.")
_REASONS = {
    "Site Survey": ("The photos are too dark.", "The photo of the main panel is missing."),
    "Design Approval": ("The roof plan is missing a page.", "The customer's signature is missing."),
    "Permits": ("The permit is for another address.", "Page 2 of the permit is missing."),
    "Installation": ("The inverter's label can't be read.", "The photo of the roof is missing."),
}


class Story:
    """The deliveries of the demo, the same for the same `seed`."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up data
        self._definitions = {name: self._uuid() for name in _STEPS}
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._clock = self._now - timedelta(days=24)

    def deliveries(self) -> Iterator[dict[str, Any]]:
        """Yield the payloads in the order in which they happen."""
        jobs = [self._job() for _ in range(JOBS)]
        for number, name in enumerate(_STEPS):
            for job in jobs:
                if self._random.random() < number * 0.3:
                    continue
                yield from self._step(job, name)
        yield from self._others(jobs)

    def news(self) -> dict[str, Any]:
        """Return a milestone, dated now, of a new made-up job."""
        self._random.seed()
        self._clock = self._now
        return self._milestone(self._job(), self._random.choice(list(_STEPS)))

    def _job(self) -> dict[str, str]:
        return {"site": self._uuid(), "quote": self._uuid()}

    def _others(self, jobs: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
        """Yield webhooks of other kinds, in known or likely formats."""
        for job, stage in zip(jobs, ("Contract signed", "In permitting", "Sold"), strict=False):
            yield {"site_id": job["site"], "stage_name": stage, "date_updated": self._tick()}
        yield {"site": jobs[4]["site"], "archived": True, "date_updated": self._tick()}
        yield {
            "site": jobs[5]["site"],
            "comment": "The customer asks for a date.",
            "commentor": "dora@installer.example",
            "commentor_first_name": "Dora",
            "commentor_last_name": "Eskew",
            "timestamp": self._tick(),
        }
        yield {
            "site": jobs[6]["site"],
            "change_order_status": "SIGNED",
            "quote": self._uuid(),
            "date_updated": self._tick(),
        }

    def _step(self, job: dict[str, str], name: str) -> Iterator[dict[str, Any]]:
        first = self._milestone(job, name)
        outcome = self._random.choice(("APPROVED", "APPROVED", "REJECTED", None))
        yield first
        if outcome is None:
            return
        person = self._random.choice(_PEOPLE)
        at = self._tick()
        comment = {
            "uuid": self._uuid(),
            "comment": self._random.choice(_PRAISE if outcome == "APPROVED" else _REASONS[name]),
            "commentor": f"{person[0].lower()}@installer.example",
            "commentor_first_name": person[0],
            "commentor_last_name": person[1],
            "timestamp": at,
            "thread": None,
        }
        tasks = [{**task, "status": outcome} for task in first["tasks"]]
        yield {
            **first,
            "status": outcome,
            "date_updated": at,
            "comments": [comment],
            "tasks": tasks,
            "ready_to_submit": outcome == "APPROVED",
        }

    def _milestone(self, job: dict[str, str], name: str) -> dict[str, Any]:
        first, last = self._random.choice(_PEOPLE)
        return {
            "uuid": self._uuid(),
            "site": job["site"],
            "quote": job["quote"],
            "milestone_definition": self._definitions[name],
            "name": name,
            "description": "",
            "status": "SUBMITTED",
            "date_updated": self._tick(),
            "ready_to_submit": False,
            "assigned_to": {
                "uuid": self._uuid(),
                "first_name": first,
                "last_name": last,
                "email": f"{first.lower()}@installer.example",
                "organization": self._uuid(),
                "organization_name": "Example Solar",
            },
            "comments": [],
            "tasks": [self._task(name)],
            "task_count": 1,
            "pending_task_count": 1,
            "ready_task_count": 0,
            "rejected_task_count": 0,
            "approved_task_count": 0,
        }

    def _task(self, name: str) -> dict[str, Any]:
        document = {
            "uuid": self._uuid(),
            "name": f"{name}.pdf",
            "creation_type": "UPLOADED",
            "date_created": self._tick(),
            "document_group": self._uuid(),
            "document_type": "OTH",
        }
        sub_task = {
            "uuid": self._uuid(),
            "label": _STEPS[name],
            "instructions": None,
            "category": "DOCUMENT",
            "status": "COMP",
            "document_status": "UPLD",
            "required": True,
            "data": {"envelopes": [], "documents": [document]},
        }
        return {
            "uuid": self._uuid(),
            "name": name,
            "description": _STEPS[name],
            "status": "INPROG",
            "assigned_to": None,
            "sub_tasks": [sub_task],
        }

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _tick(self) -> str:
        later = self._clock + timedelta(minutes=self._random.randint(60, 560))
        self._clock = min(later, self._now)
        return self._clock.isoformat().replace("+00:00", "Z")
