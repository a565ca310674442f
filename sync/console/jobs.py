"""The pages of jobs: a search, each job's story, and the documents that couldn't be copied."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request

from sync.console.pages import Console, typed
from sync.console.records import PAGE, Records, numbers
from sync.core import looks
from sync.core.events import Change, Job
from sync.core.report import PassReport
from sync.core.standing import Statuses
from sync.types import from_json

_DRIVE = "https://drive.google.com"


@dataclass(frozen=True)
class StoryLine:
    """Something that happened to a job, and when it did."""

    at: datetime
    what: str
    text: str = ""
    link: str = ""
    kind: str = "change"


def add(blueprint: Blueprint, console: Console) -> None:
    """Add the pages."""
    records = Records(console.database)
    zone = console.settings.zone

    @blueprint.get("/jobs")
    def jobs() -> Any:
        query = typed(request.args, "q")
        start = next(iter(numbers([typed(request.args, "from")])), 0)
        sites, statuses = records.find_sites(query), console.statuses
        now = datetime.now(zone)
        return render_template(
            "console/jobs.html",
            query=query,
            jobs=[
                (job, statuses.standing(job.state, now))
                for job in console.store.jobs(sites[start : start + PAGE])
            ],
            count=len(sites),
            next=start + PAGE if start + PAGE < len(sites) else None,
            views=looks.views(console.store.get("sheet", {}).get("looks", ())),
        )

    @blueprint.get("/jobs/documents")
    def documents() -> Any:
        failed = records.documents(state="failed")
        return render_template("console/documents.html", documents=failed)

    @blueprint.get("/jobs/<uuid:site>")
    def job(site: UUID) -> Any:
        record = next(iter(console.store.jobs([str(site)])), None)
        if record is None:
            abort(404)
        files, statuses = records.documents(record.site), console.statuses
        story = _story(record.state, files, records.replaced(record.site), statuses)
        folder = json.loads(record.folder or "{}")
        return render_template(
            "console/job.html",
            job=record,
            standing=statuses.standing(record.state, datetime.now(zone)),
            story=sorted(story, key=lambda line: line.at, reverse=True),
            documents=files,
            last_pass=from_json(PassReport, console.store.get("pass", {})),
            folder=f"{_DRIVE}/drive/folders/{folder['id']}" if folder.get("made") else "",
            has_token=console.settings.everbright_api_token is not None,
        )


def _story(
    state: Job, documents: Iterable[Any], replaced: Iterable[Any], statuses: Statuses
) -> Iterator[StoryLine]:
    """Yield what happened to a job."""
    for definition, log in state.milestones.items():
        before: Change | None = None
        for change in log.changes:
            known = {task.name for task in before.tasks if task.status} if before else set[str]()
            for task in change.tasks:
                if statuses.is_rejected(task.status) and task.name not in known:
                    yield StoryLine(change.at, f"{log.name}: {task.name}", "Rejected")
            if change.status and (before is None or before.status != change.status):
                yield StoryLine(change.at, log.name, statuses.label(definition, change.status))
            before = change
    for remark in state.comments:
        yield StoryLine(remark.at, "Comment", remark.quoted, kind="comment")
    if state.is_archived:
        yield StoryLine(state.archived_as_of, "Archived in EverBright")
    for each in documents:
        at = datetime.fromtimestamp(max(0.0, each.created), UTC)
        link = f"{_DRIVE}/file/d/{each.file_id}/view" if each.state == "copied" else ""
        of = state.milestones.get(each.definition)
        what = f"Document of {of.name}" if of else "Document"
        yield StoryLine(at, what, each.title, link, "document")
    for each in replaced:
        at = datetime.fromtimestamp(each["at"], UTC)
        text = f"{each['held']} → {each['wrote']}"
        yield StoryLine(at, "Typed in your tab, and replaced by EverBright's", text, kind="typed")
