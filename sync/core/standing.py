"""Where a job stands: its status, whom it waits on and since when, and what to do. Pure.

A rejection in any milestone is first, then a review in any, then the furthest milestone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sync.core.events import (
    CHANGE_ORDER,
    COMMENT_DAYS,
    CONTRACT,
    PAPERS,
    Change,
    Job,
    MilestoneLog,
    Remark,
)
from sync.settings.config_file import Config, Meaning

US, EVERBRIGHT = "Us", "EverBright"
PAPER_STATUSES = {
    "GEN": ("Generated", Meaning.OPEN),
    "SENT": ("Sent", Meaning.OPEN),
    "SIGN": ("Signed", Meaning.APPROVED),
    "VOID": ("Voided", Meaning.REJECTED),
}
"""EverBright's `document_status` of a contract: its label and meaning."""


class Kind(StrEnum):
    """The kinds of jobs that views, *Today* and *Pipeline* tell apart."""

    REJECTED = "rejected"
    REVIEW = "review"
    READY = "ready"
    TO_DO = "to do"
    DONE = "done"
    ARCHIVED = "archived"
    OTHER = "other"


@dataclass(frozen=True)
class Order:
    """The milestones that the config or a person has put in order, the contract first.

    `steps` are definitions and titles; definitions that share a step are in `aliases`.
    """

    steps: tuple[tuple[str, str], ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> "Order":
        milestones = [(each.definitions[0], each.header) for each in config.milestones]
        aliases = {d: each.definitions[0] for each in config.milestones for d in each.definitions}
        steps = ((CONTRACT, PAPERS[CONTRACT]), *milestones) if milestones else ()
        return cls(steps, aliases)

    def step(self, definition: str) -> str:
        """Return the definition that stands for a milestone's column."""
        return self.aliases.get(definition, definition)

    def title(self, definition: str, name: str) -> str:
        """Return a milestone's title; `name` is EverBright's."""
        step = self.step(definition)
        return PAPERS.get(step) or dict(self.steps).get(step) or name

    def place(self, definition: str) -> int | None:
        return next((n for n, (step, _) in enumerate(self.steps) if step == definition), None)


@dataclass(frozen=True)
class Milestone:
    """A milestone of a job as its cell shows it."""

    definition: str
    place: int | None
    title: str
    log: MilestoneLog
    label: str
    means: Meaning
    since: datetime
    """When this status began."""
    is_ready: bool

    @property
    def is_paper(self) -> bool:
        return self.definition in PAPERS


@dataclass(frozen=True)
class Standing:
    """A job's status. `actions` are the lines of *Next action*."""

    status: str = ""
    waiting_on: str = ""
    since: datetime | None = None
    """None if nothing is counted in *Days*."""
    actions: tuple[str, ...] = ()
    waiting_at: str = ""
    """The title of the milestone that the job waits for."""
    kind: Kind = Kind.OTHER
    milestones: tuple[Milestone, ...] = ()


class Statuses:
    """Reads jobs by the config."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.order = Order.of(config)

    def is_rejected(self, status: str) -> bool:
        return self.config.is_rejected(status)

    def label(self, definition: str, status: str) -> str:
        paper = PAPER_STATUSES.get(status) if definition in PAPERS else None
        return paper[0] if paper else self.config.status_label(status)

    def _means(self, definition: str, change: Change) -> Meaning:
        """Return what a status means: one rejected task rejects what isn't approved or canceled."""
        paper = PAPER_STATUSES.get(change.status) if definition in PAPERS else None
        means = paper[1] if paper else self.config.configured_meaning(change.status)
        if means in (Meaning.APPROVED, Meaning.CANCELED):
            return means
        return Meaning.REJECTED if any(self._rejected(change)) else means

    def began(self, milestone: Milestone, means: Meaning) -> datetime | None:
        """Return when a milestone last came to mean this; None if it never did."""
        found, before = None, None
        for change in milestone.log.changes:
            now = self._means(milestone.definition, change)
            found = change.at if now is means and before is not means else found
            before = now
        return found

    def _rejected(self, change: Change) -> list[str]:
        return [task.name for task in change.tasks if self.config.is_rejected(task.status)]

    def milestones(self, job: Job) -> list[Milestone]:
        """Return a job's milestones that have begun: those outside the order first, then in order.

        EverBright's lists name all of a job's milestones. One that is open and known from them
        alone counts only if the order says that it is next.
        """
        found: dict[str, Milestone] = {}
        for definition, log in sorted(
            job.milestones.items(), key=lambda each: (not each[1].is_only_listed, each[1].now.order)
        ):
            step = self.order.step(definition)
            found[step] = self._milestone(step, log)
        begun, is_next = list[Milestone](), True
        for each in sorted(found.values(), key=_place):
            is_open = each.means is Meaning.OPEN and not each.is_ready
            is_told = not each.log.is_only_listed or (is_next and each.place is not None)
            if is_open and not (is_told and each.log.now.status):
                continue
            if is_open and each.log.is_only_listed:
                # EverBright may date it when the job was made.
                each = replace(each, since=max([each.since, *(m.since for m in begun)]))
            begun.append(each)
            if each.place is not None and each.means is Meaning.OPEN:
                is_next = False
        return begun

    def _milestone(self, definition: str, log: MilestoneLog) -> Milestone:
        place = self.order.place(definition)
        title = self.order.steps[place][1] if place is not None else ""
        now, since = self._shown(definition, log.now), log.now.at
        for change in reversed(log.changes):
            if self._shown(definition, change) != now:
                break
            since = change.at
        label, means, is_ready = now
        return Milestone(definition, place, title or log.name, log, label, means, since, is_ready)

    def _shown(self, definition: str, change: Change) -> tuple[str, Meaning, bool]:
        means = self._means(definition, change)
        label = self.label(definition, change.status)
        if means is Meaning.REJECTED and self.config.configured_meaning(change.status) is not means:
            label = "Voided" if definition in PAPERS else "Rejected"
        is_known = change.status in self.config.statuses
        return label, means, means is Meaning.OPEN and is_known and change.is_ready

    def standing(self, job: Job, now: datetime) -> Standing:
        """Return where a job stands at a time; its day decides which comments are still news."""
        milestones = self.milestones(job)
        standing = replace(self._by_status(job, milestones), milestones=tuple(milestones))
        if standing.kind in (Kind.ARCHIVED, Kind.DONE):
            return standing
        papers = [m for m in milestones if m.is_paper and m.log.now.status == "SENT"]
        asked = [sign(m.title) for m in papers if sign(m.title) not in standing.actions]
        comments = self._news(job, milestones, standing, now)
        ours_first = standing.kind is Kind.REVIEW
        actions = [*comments, *asked] if ours_first else asked
        lines = (*actions, *standing.actions, *(() if ours_first else comments))
        waiting_on = US if comments or asked else standing.waiting_on
        return replace(standing, actions=lines, waiting_on=waiting_on)

    def _news(
        self, job: Job, milestones: Sequence[Milestone], standing: Standing, now: datetime
    ) -> list[str]:
        """Return the comments that are newer than the status, the newest first."""
        if standing.since is None:
            return []
        since = max(standing.since, now - timedelta(days=COMMENT_DAYS))
        reasons = {remark for each in milestones for remark in self._reasons(each)}
        said = [r for r in reversed(job.comments) if r.at > since and r not in reasons]
        return [f"{remark.quoted}, {day(remark.at.astimezone(now.tzinfo))}" for remark in said]

    def _reasons(self, milestone: Milestone) -> list[Remark]:
        """Return the comments that belong to the current status.

        Those that came with its beginning, and all that came while it was rejected.
        """
        is_rejected = milestone.means is Meaning.REJECTED
        shown = [c for c in milestone.log.changes if c.at >= milestone.since]
        return [r for c in (shown if is_rejected else shown[:1]) for r in c.remarks]

    def _by_status(self, job: Job, milestones: Sequence[Milestone]) -> Standing:
        """Return a job's standing without its comments and papers."""
        if job.is_archived:
            return Standing("Archived", kind=Kind.ARCHIVED)
        steps = [m for m in milestones if m.definition != CHANGE_ORDER]
        by_order = sorted(steps, key=lambda m: m.place is None)
        if rejected := [m for m in by_order if m.means is Meaning.REJECTED]:
            return self._rejected_standing(rejected, by_order)
        ready = [m for m in by_order if m.is_ready]
        submit = tuple(action for m in ready for action in self._to_do(m))
        if waiting := [m for m in by_order if m.means is Meaning.WAITING]:
            first = min(waiting, key=lambda m: m.since)
            return Standing(
                f"{_listed([m.title for m in waiting])} under review",
                US if ready else EVERBRIGHT,
                first.since,
                (*submit, "EverBright is reviewing"),
                first.title,
                Kind.REVIEW,
            )
        return self._furthest(steps, submit)

    def _rejected_standing(
        self, rejected: Sequence[Milestone], steps: Sequence[Milestone]
    ) -> Standing:
        first = min(rejected, key=lambda m: m.since)
        papers = [m for m in rejected if m.is_paper]
        others = [m for m in rejected if not m.is_paper]
        actions = ["Get a new contract signed"] if papers else []
        tasks = {m.definition: self._rejected(m.log.now) for m in others}
        if len(others) == 1:
            names = tasks[others[0].definition] or [others[0].title]
            end = " and resubmit" if len(names) == 1 else ", then resubmit"
            actions.append(f"Fix {_listed(names)}{end}")
        elif others:
            named = [
                f"{m.title} ({_listed(tasks[m.definition])})" if tasks[m.definition] else m.title
                for m in others
            ]
            actions.append(f"Fix and resubmit {_listed(named)}")
        is_one = sum(max(1, len(names)) for names in tasks.values()) == 1
        for milestone in sorted(others, key=lambda m: m.since, reverse=True):
            actions += self._why(milestone, with_title=len(others) > 1, is_one=is_one)
        actions += [action for milestone in steps for action in self._to_do(milestone)]
        words = [*(f"{m.title} voided" for m in papers)]
        words += [f"{_listed([m.title for m in others])} rejected"] if others else []
        status = ", ".join(words)
        return Standing(status, US, first.since, tuple(actions), first.title, Kind.REJECTED)

    def _why(self, milestone: Milestone, *, with_title: bool, is_one: bool) -> list[str]:
        """Return the reasons of a rejection; of several, each with what it is about."""
        found, known, said = list[tuple[set[str], str]](), set[str](), set[Remark]()
        for change in milestone.log.changes:
            if change.at < milestone.since:
                continue
            rejected = {*self._rejected(change)}
            new, known = rejected - known, rejected
            found = [each for each in found if not each[0] or each[0] & rejected]
            about = min(new) if len(new) == 1 else milestone.title if with_title else ""
            prefix = f"{about}: " if about and not is_one else ""
            new_remarks = [remark for remark in reversed(change.remarks) if remark not in said]
            found += [(new, prefix + remark.quoted) for remark in new_remarks]
            said |= {*new_remarks}
        return [line for _, line in reversed(found)]

    def _furthest(self, steps: Sequence[Milestone], submit: tuple[str, ...]) -> Standing:
        """Return the standing of a job in which nothing is rejected or under review."""
        if not steps:
            return Standing()
        last = steps[-1]
        status = _stands(last.title, last.label)
        if last.means is Meaning.CANCELED:
            action = "Submission canceled: find out why, then resubmit"
            return Standing(status, US, last.since, (action,), last.title, Kind.TO_DO)
        if last.means is Meaning.OPEN:
            return self._open(last, status, submit)
        if not self.order.steps:
            return Standing(status, US, last.since, (), last.title, Kind.TO_DO)
        if last.place is None:
            return Standing(status)
        if last.place == len(self.order.steps) - 1:
            return Standing("Done", kind=Kind.DONE)
        pending = [m for m in steps if m.place is not None and m.means is Meaning.OPEN]
        if not pending:
            title = self.order.steps[last.place + 1][1]
            fill = (f"Fill out {title} in EverBright",)
            return Standing(f"{status}, {title} next", US, last.since, fill, title, Kind.TO_DO)
        first = pending[0]  # It has been passed by, and is still open.
        found = self._open(first, "", submit)
        if self._is_unnamed(first):
            return found
        since = max(last.since, first.since)
        return replace(found, status=f"{status}, {first.title} next", since=since)

    def _open(self, last: Milestone, status: str, submit: tuple[str, ...]) -> Standing:
        if self._is_unnamed(last):
            text = f"{last.title}: {last.label}"
            return Standing(text, since=last.since, waiting_at=last.title, actions=submit)
        status = f"{last.title} ready to submit" if last.is_ready else status
        actions = (*dict.fromkeys((*submit, *self._to_do(last))),)
        kind = Kind.READY if submit else Kind.TO_DO
        return Standing(status, US, last.since, actions, last.title, kind)

    def _is_unnamed(self, milestone: Milestone) -> bool:
        """Return whether nobody has said what its status means."""
        return not milestone.is_paper and milestone.log.now.status not in self.config.statuses

    def _to_do(self, milestone: Milestone) -> list[str]:
        """Return what is left to do at a milestone, apart from what was rejected."""
        if milestone.is_ready:
            return [f"Submit {milestone.title}"]
        if milestone.is_paper:
            return [sign(milestone.title)] if milestone.means is Meaning.OPEN else []
        is_rejected, is_approved = self.config.is_rejected, self.config.is_approved
        tasks = [
            task
            for task in milestone.log.now.tasks
            if task.name and not is_approved(task.status) and not is_rejected(task.status)
        ]
        missing = [task.name for task in tasks if task.is_missing]
        is_open = milestone.means is Meaning.OPEN and not self._is_unnamed(milestone)
        if not (is_open or (missing and milestone.means is Meaning.REJECTED)):
            return []
        names = ", ".join(task.name for task in tasks)
        what = f"upload {', '.join(missing)}" if missing else names
        return [f"Finish {milestone.title}" + (f": {what}" if what else "")]


def sign(title: str) -> str:
    """Return what is to do with a contract or change order that was sent."""
    return f"Get the {title.lower()} signed"


def _place(milestone: Milestone) -> tuple[bool, int, datetime]:
    return milestone.place is not None, milestone.place or 0, milestone.log.now.order[0]


def _stands(title: str, label: str) -> str:
    """Return a milestone and its status: "Permits approved"; "HOA approved" of "HOA Approval"."""
    status = label[:1].lower() + label[1:] if label[1:2].islower() else label
    if status == "approved" and title.lower().endswith(" approval"):
        title = title[: -len(" approval")]
    return f"{title} {status}"


def day(moment: datetime) -> str:
    return f"{moment:%b} {moment.day}"


def _listed(names: Sequence[str]) -> str:
    """Return "A", "A and B", or "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def titles(jobs: Iterable[Job], order: Order) -> dict[str, str]:
    """Return the milestones that have columns, by definition: in order, then the most reached.

    The contract is first; a change order has no column.
    """
    found = dict(order.steps)
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for job in jobs:
        for definition, log in job.milestones.items():
            step = order.step(definition)
            if step != CHANGE_ORDER:
                counts[step] = counts.get(step, 0) + 1
                names[step] = log.name
    reached = sorted(counts, key=lambda step: (step != CONTRACT, -counts[step], names[step]))
    return {
        step: found.get(step) or names[step]
        for step in dict.fromkeys([*found, *reached])
        if step in names
    }
