"""Applies events to a job. Pure.

Every rule here is a join (commutative, associative, idempotent): repeated, late or reordered
deliveries lead to the same state. So is the rule in `reads`: which event of a milestone is current.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sync.jobs import contracts, reads
from sync.jobs.model import (
    ANY,
    Event,
    Fact,
    Job,
    MilestoneLog,
    Origin,
    earliest,
)
from sync.jobs.remarks import comment_order
from sync.settings.config_file import Config
from sync.webhooks.schema import STAGE, Comment, Milestone, OtherEvent, Task

CLOCK_SKEW = timedelta(days=1)
"""How far an event's own dates may be ahead of its arrival."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Earlier dates are ignored: programs send them for zero."""

_COMPLETE = {"COMP"}
_COMMENTS = 20
"""Most comments that are kept from comment webhooks."""
_TOGETHER = timedelta(hours=1)
"""Transitions further apart are believed to have arrived in order."""
_TRANSITIONS = 50
"""Most transitions that are kept."""


def milestone_event(milestone: Milestone, digest: str, received: datetime) -> Event:
    """Return the event of `milestone` with its dates.

    `date_updated` isn't enough to order events, because the newest comment or document may be
    later. Dates more than a day after `received` (UTC) are ignored; if no date is left, `received`
    is used.
    """
    own = [milestone.date_updated] if milestone.date_updated else []
    written = [comment.timestamp for comment in milestone.comments if comment.timestamp]
    created = [file.date_created for _, file in milestone.documents() if file.date_created]
    origin = _origin(own, [*written, *created], received, digest)
    return Event(**dict(origin), milestone=milestone)


def _origin(
    own: Sequence[datetime], others: Iterable[datetime], received: datetime, digest: str
) -> Origin:
    """Return the origin of an event, from its own dates and the other dates in it."""
    updated = max(valid(own, received), default=None)
    stamp = max(valid([*own, *others], received), default=received)
    return Origin(stamp=stamp, updated=updated, received=received, digest=digest)


def valid(moments: Iterable[datetime], received: datetime) -> list[datetime]:
    """Return the plausible dates of an event that was `received` then."""
    return [at for at in moments if EARLIEST <= at <= received + CLOCK_SKEW]


def apply_event(job: Job, new: Event, config: Config) -> Job:
    """Return `job` with `new` applied; the config has the name of a re-sign task.

    An event that is applied again replaces itself, because it may have been parsed by a newer
    version: in all rules, the one applied last counts if both have the same order. What is no
    longer parsed from it stays, such as a change order whose quote was parsed wrongly, and so does
    the newest signing, which goes by its date and its documents.
    Nothing here depends on what a status means, because a person may explain that later.
    """
    definition, origin = new.milestone.milestone_definition, new.origin
    log = MilestoneLog.from_event(new)
    if definition in job.logs:
        log = job.logs[definition].joined(log)
    first_quote = job.first_quote
    if new.milestone.quote:
        quote = Fact(**dict(origin), value=new.milestone.quote)
        first_quote = earliest((quote, first_quote or quote))
    completed = job.re_sign_completed
    if any(is_re_sign(task.name, config) and _is_complete(task) for task in new.milestone.tasks):
        completed = earliest((completed or origin, origin))
    return job.model_copy(
        update={
            **reads.events_with(job, new),
            "logs": {**job.logs, definition: log},
            "first_quote": first_quote,
            "re_sign_completed": completed,
        }
    )


def apply_other_event(job: Job, new: OtherEvent, digest: str, received: datetime) -> Job:
    """Return `job` with the event of another webhook applied."""
    written = [comment.timestamp for comment in new.comments if comment.timestamp]
    signed = new.contract.signed if new.contract else ()
    origin = _origin(new.moments, [*written, *signed], received, digest)
    facts = dict(job.facts)
    for subject, value in {ANY: "", **new.values}.items():
        fact = Fact(**dict(origin), value=value)
        facts[subject] = max(fact, facts.get(subject, fact), key=lambda each: each.order)
    if STAGE in new.values:
        job = _with_transition(job, new, Fact(**dict(origin), value=new.values[STAGE]))
    if new.contract:
        job = contracts.apply_contract(job, new.contract, valid(signed, received), origin)
    # A comment without a date gets that of its webhook.
    dated = (
        comment.model_copy(update={"timestamp": comment.timestamp or origin.stamp})
        for comment in new.comments
    )
    comments = {comment_order(comment): comment for comment in (*job.other_comments, *dated)}
    newest = tuple(comments[order] for order in sorted(comments, reverse=True)[:_COMMENTS])
    return job.model_copy(update={"facts": facts, "other_comments": newest})


def is_re_sign(name: str, config: Config) -> bool:
    return re.search(config.words.re_sign, name, re.IGNORECASE) is not None


def _is_complete(task: Task) -> bool:
    """Return whether a task has required sub-tasks, and all of these are complete."""
    required = [sub for sub in task.sub_tasks if sub.required]
    return bool(required) and all(sub.status in _COMPLETE for sub in required)


def re_signed(job: Job, config: Config) -> Origin | None:
    """Return the earliest event with a re-sign task that is approved or complete, or None."""
    seen = [each for log in job.logs.values() for each in (*log.webhooks, *log.reads)]
    names = {task.name for each in seen for task in each.tasks}
    re_signs = {name for name in names if is_re_sign(name, config)}
    done: list[Origin] = [
        each
        for each in seen
        if any(task.name in re_signs and config.is_approved(task.status) for task in each.tasks)
    ]
    if job.re_sign_completed:
        done.append(job.re_sign_completed)
    return earliest(done) if done else None


def initial_quote(job: Job) -> str:
    """Return the UUID of the quote in the earliest event that has one, or "".

    Before the first milestone, it is the quote of the contract that was signed first. After a
    re-sign, EverBright still sends the initial quote (source: its webhook page).
    """
    if job.first_quote:
        return job.first_quote.value
    return next((signing.quote for signing in contracts.signings(job) if signing.quote), "")


def all_comments(job: Job) -> Iterable[Comment]:
    for event in job.events.values():
        yield from event.milestone.comments
    yield from job.other_comments


def newest_events(job: Job) -> Iterable[Origin]:
    """Return the newest event of each milestone, and of each other subject."""
    return (*job.events.values(), *job.facts.values())


def _with_transition(job: Job, new: OtherEvent, fact: Fact) -> Job:
    """Return `job` with a transition to the stage `fact`, unless the transition has a date."""
    if not new.left_stage or new.is_dated or new.left_stage == fact.value:
        return job
    key = f"{new.left_stage}\n{fact.value}"
    known = job.transitions.get(key, fact)
    transitions = {**job.transitions, key: max(known, fact, key=lambda each: each.order)}
    newest = sorted(transitions.items(), key=lambda entry: entry[1].order, reverse=True)
    return job.model_copy(update={"transitions": dict(newest[:_TRANSITIONS])})


def current_stage(job: Job) -> str:
    """Return the only stage that the job hasn't left, or else the newest.

    A stage transition in EverBright's documentation has no date, but it names the stage before.
    That is enough to put the transitions of one hour in order, even if they arrived out of order:
    no transition leads away from the last stage.
    """
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
