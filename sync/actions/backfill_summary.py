"""Words the summary of a backfill."""

from collections.abc import Iterator

from sync.backfill.run import Summary
from sync.status.problem import pluralize

_LISTED = 20
"""The number of unread jobs to list."""
_NO_WORKFLOWS = (
    "EverBright lists no workflow for any job: see whether `jobs` and `workflows` under "
    "[everbright] in the config are the lists of your account."
)


def missed(run: Summary) -> str:
    """Return how many webhooks were missed."""
    events = pluralize(run.missed, "event", "events")
    jobs = pluralize(run.jobs_with_missed, "job", "jobs")
    return f"{events} of {jobs} had not been delivered."


def lines(run: Summary) -> Iterator[str]:
    """Yield what a run found, and what it couldn't read."""
    yield missed(run)
    counts = {"unchanged": run.unchanged, "without a workflow": run.without_workflow}
    others = "".join(f", {count} {what}" for what, count in counts.items() if count)
    requests = f" It took {pluralize(run.requests, 'request', 'requests')}." if run.requests else ""
    yield f"{pluralize(run.jobs, 'job was', 'jobs were')} read{others}.{requests}"
    if run.jobs > 1 and run.without_workflow == run.jobs:
        yield _NO_WORKFLOWS
    yield from (f"Not read: {problem}" for problem in (*run.problems, *run.notes))
    unread = list(run.not_read.items())
    yield from (f"Not read: job {site}: {reason}" for site, reason in unread[:_LISTED])
    if len(unread) > _LISTED:
        yield f"… and {pluralize(len(unread) - _LISTED, 'more job', 'more jobs')}."
