"""What came of a backfill, for people and for programs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.store import BackfillRun, JobState

_TOLD = 20
"""How many jobs that were not read are named to people."""
_NO_WORKFLOWS = (
    "EverBright lists no workflow for any job: see whether `jobs` and `workflows` under "
    "[everbright] in the config are the lists of your account."
)


@dataclass(frozen=True)
class Summary:
    """Jobs looked at, events that were news and in how many jobs, and what could not be read."""

    jobs: int
    events: int
    jobs_with_events: int
    without_workflow: int = 0
    unchanged: int = 0
    not_read: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()
    requests: int = 0
    """How often EverBright was asked since this process began; before a kill, not counted."""

    @classmethod
    def of(cls, run: BackfillRun, unchanged: int, notes: Sequence[str], requests: int) -> "Summary":
        """Return what came of a run, which passed over `unchanged` jobs."""
        return cls(
            jobs=sum(run.jobs.values()),
            events=run.events,
            jobs_with_events=run.jobs_with_events,
            without_workflow=run.jobs.get(JobState.NO_WORKFLOW, 0),
            unchanged=unchanged,
            not_read=run.not_read,
            problems=run.problems,
            notes=[*notes],
            requests=requests,
        )

    @property
    def is_complete(self) -> bool:
        """Whether everything could be read."""
        return not (self.not_read or self.problems)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "jobs": self.jobs,
            "events": self.events,
            "jobs_with_events": self.jobs_with_events,
            "without_workflow": self.without_workflow,
            "unchanged": self.unchanged,
            "not_read": [{"site": site, "reason": why} for site, why in self.not_read.items()],
            "problems": [*self.problems],
            "notes": [*self.notes],
            "requests": self.requests,
        }

    def text(self) -> str:
        """Return it in lines for people."""
        lines = [f"{self.events} events of {self.jobs_with_events} jobs had not been delivered."]
        counts = {"unchanged": self.unchanged, "without a workflow": self.without_workflow}
        beside = "".join(f", {count} {what}" for what, count in counts.items() if count)
        asked = f" EverBright was asked {self.requests} times." if self.requests else ""
        lines.append(f"{self.jobs} jobs looked at{beside}.{asked}")
        if self.jobs > 1 and self.without_workflow == self.jobs:
            lines.append(_NO_WORKFLOWS)
        lines += [f"Not read: {problem}" for problem in (*self.problems, *self.notes)]
        told = list(self.not_read.items())
        lines += [f"Not read: job {site}: {reason}" for site, reason in told[:_TOLD]]
        if len(told) > _TOLD:
            lines.append(f"… and {len(told) - _TOLD} more jobs: --json names them all.")
        return "\n".join(lines)
