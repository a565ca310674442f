"""The stage of a job. Pure.

The stage transition that EverBright describes has no date, but it names the stage before. So one
that came late is told by that: of those that came within an hour, nothing leads away from the last.
"""

from datetime import timedelta

from sync.jobs.model import STAGE, Fact, Job
from sync.webhooks.schema import OtherEvent

_TOGETHER = timedelta(hours=1)
"""Of transitions further apart, the order in which they came is believed."""
_LIMIT = 50
"""How many transitions are kept."""


def applied(job: Job, new: OtherEvent, fact: Fact) -> Job:
    """Return `job` with a transition to the stage `fact`; one with a date is told by its date."""
    if not new.left_stage or new.is_dated or new.left_stage == new.stage:
        return job
    key = f"{new.left_stage}\n{new.stage}"
    known = job.transitions.get(key, fact)
    transitions = {**job.transitions, key: max(known, fact, key=lambda one: one.order)}
    newest = sorted(transitions.items(), key=lambda one: one[1].order, reverse=True)[:_LIMIT]
    return job.model_copy(update={"transitions": dict(newest)})


def current(job: Job) -> str:
    """Return the stage: the only one that nothing led away from, else the newest."""
    newest = job.facts.get(STAGE)
    if newest is None:
        return ""
    if newest not in job.transitions.values():
        return newest.value
    recent = {
        key: fact for key, fact in job.transitions.items() if newest.stamp - fact.stamp <= _TOGETHER
    }
    left = {key.partition("\n")[0] for key in recent}
    ends = {fact.value for fact in recent.values()} - left
    return ends.pop() if len(ends) == 1 else newest.value
