"""Reads one job from EverBright: workflows → milestones → tasks → sub-tasks, and contracts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote as quoted

import structlog

from sync.errors import BrightsheetError, Permanent
from sync.everbright import answers
from sync.everbright.answers import Record
from sync.everbright.lists import Lists
from sync.jobs.model import Job
from sync.settings.everbright_config import EverBrightConfig
from sync.webhooks import assemble

_log = structlog.get_logger()

_WORKFLOW = ("workflow", "workflow_id", "ops_workflow", "ops_workflow_id")
_SITE = ("site", "site_id", "site_uuid")
_NO_LIST = frozenset({"everbright_missing", "everbright_odd", "everbright_unfiltered"})
"""Reasons for which an account seems not to have the list, or to have it elsewhere."""


@dataclass(frozen=True)
class JobReading:
    """What was read of a job: payloads in the webhooks' shapes; whether it has a workflow."""

    payloads: list[dict[str, Any]]
    has_workflow: bool
    contracts: list[dict[str, Any]]


class Reader:
    """Asks for a job's lists, each once. `paths` say where they are."""

    def __init__(self, lists: Lists, paths: EverBrightConfig) -> None:
        self._lists = lists
        self._paths = paths
        self.notes: list[str] = []
        """What the account does not have: it keeps no job from being read."""

    def read(self, site: str, known: Job) -> JobReading:
        """Return the contracts of a job, and the milestones later than what is `known` of them.

        The tasks of the others are not asked for. Raises Permanent or Retryable.
        """
        workflows = self._lists.every(_path(self._paths.workflows, site=site))
        answers.must_be_of(workflows, _SITE, site)
        records = [record for workflow in workflows for record in self._milestones(workflow, site)]
        later = [record for record in records if _may_be_news(record, known)]
        quote = ""
        if any(not answers.identifier(record, "quote", "quote_id") for record in later):
            quotes = self._lists.every(_path(self._paths.quotes, site=site))
            answers.must_be_of(quotes, _SITE, site)
            quote = assemble.initial_quote(quotes)
        payloads = [
            assemble.milestone(record, site, quote, self._tasks(record)) for record in later
        ]
        return JobReading(payloads, bool(workflows), self._contracts(site))

    def _contracts(self, site: str) -> list[dict[str, Any]]:
        """Return a job's contracts; none, after it was noted, where EverBright has no such list."""
        if self.notes or not self._paths.contracts:
            return []
        try:
            records = self._lists.every(_path(self._paths.contracts, site=site))
            answers.must_be_of(records, _SITE, site)
        except BrightsheetError as error:
            if error.reason not in _NO_LIST:
                raise
            note = (
                f"contracts are not read. {error.message} Correct `contracts` under [everbright]."
            )
            self.notes.append(note)
            _log.warning("contracts_not_read", reason=error.reason)
            return []
        return [assemble.contract(record, site) for record in records]

    def _milestones(self, workflow: Record, site: str) -> list[Record]:
        uuid = _id(workflow, "workflow")
        milestones = self._lists.every(_path(self._paths.milestones, workflow=uuid))
        answers.must_be_of(milestones, _WORKFLOW, uuid)
        answers.must_be_of(milestones, _SITE, site)
        return milestones

    def _tasks(self, milestone: Record) -> list[tuple[Record, list[Record]]]:
        uuid = _id(milestone, "milestone")
        tasks = self._lists.every(_path(self._paths.tasks, milestone=uuid))
        answers.must_be_of(tasks, ("milestone", "milestone_id"), uuid)
        return [(task, self._sub_tasks(task)) for task in tasks]

    def _sub_tasks(self, task: Record) -> list[Record]:
        uuid = _id(task, "task")
        sub_tasks = self._lists.every(_path(self._paths.sub_tasks, task=uuid))
        answers.must_be_of(sub_tasks, ("task", "task_id"), uuid)
        return sub_tasks


def _may_be_news(record: Record, known: Job) -> bool:
    """Return whether a milestone's record is later than what is known, or does not say."""
    definition = assemble.definition(record)
    event, updated = known.events.get(definition), answers.updated(record)
    return event is None or updated is None or updated > event.stamp


def _id(record: Record, kind: str) -> str:
    uuid = answers.identifier(record, "uuid", "id")
    if not uuid:
        raise Permanent("everbright_odd", f"EverBright lists a {kind} without its UUID.")
    return uuid


def _path(template: str, **names: str) -> str:
    return template.format(**{name: quoted(value, safe="") for name, value in names.items()})
