"""Works out a job's *Status*, which the row, the colors, the views and the Pipeline use. Pure.

A rejection in any milestone is first, then a review in any, then the furthest milestone (decision
0011 has the table of cases). The phrases are in the config.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sync.jobs.cells import Tint, cut
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.model import StatusSeen
from sync.settings.config_file import Config, Meaning, PhrasesConfig
from sync.webhooks.schema import ContractState, Milestone

REJECTED, WAITING = "Rejected", "Under review"
"""The words for a job in drop-downs, and the titles of the filter views."""
ARCHIVED_CODE = "ARCHIVED"
"""The status in the config that an archived job has."""
_TITLE_LIMIT = 40
_NAMED = 3
"""Most milestones that are named, so that a status can be read at a glance."""


class Case(StrEnum):
    """The cases of a job's status."""

    ARCHIVED = "archived"
    REJECTED = "rejected"
    WAITING = "waiting"
    DONE = "done"
    """The last milestone is approved."""
    OPEN = "open"
    """The furthest milestone is neither approved nor submitted. In a job without milestones: the
    contract isn't signed, or it is and no milestone is known to be next."""
    BETWEEN = "between"
    """The furthest milestone is approved and isn't the last. In a job without milestones: the
    contract is signed and the next milestone is known, or no contract is known."""
    ALL_APPROVED = "all approved"
    """All its milestones are approved, and they are outside the order, or there is no order."""


NOTHING_PENDING = (Case.ARCHIVED, Case.DONE, Case.ALL_APPROVED)
"""A job in one of these cases waits for nothing that we know of, so its *Days* are blank."""


def is_stuck(days: int, stuck_days: int) -> bool:
    """Return whether an open job with a status that is `days` old is stuck.

    In the sheet, `Tint.above` and the criterion of the view *Stuck* decide the same.
    """
    return days > stuck_days


@dataclass(frozen=True)
class JobStatus:
    """A job's status: `text` is its *Status*, `milestones` are those that need an action.

    It is `dated_by` the milestones whose statuses it is made from (none if it is from the
    contract). `other_texts` are as in `Cell`. `ready` are open
    milestones that can be submitted.
    """

    case: Case
    text: str
    milestones: tuple[ReachedMilestone, ...] = ()
    dated_by: tuple[ReachedMilestone, ...] = ()
    other_texts: tuple[str, ...] = ()
    ready: tuple[ReachedMilestone, ...] = ()


@dataclass(frozen=True)
class Statuses:
    """Interprets the statuses of milestones and jobs by the config."""

    config: Config

    def meaning(self, milestone: Milestone | StatusSeen) -> Meaning:
        """Return the meaning of a milestone's status.

        A milestone with a rejected task is rejected, unless it is approved or its submission was
        canceled, which leaves it open.
        """
        means = self.config.configured_meaning(milestone.status)
        if means is Meaning.CANCELED:
            return Meaning.OPEN
        has_rejected_task = milestone.rejected_task_count or any(
            self.config.is_rejected(task.status) for task in milestone.tasks
        )
        return Meaning.REJECTED if has_rejected_task and means is not Meaning.APPROVED else means

    def begun(self, milestones: Sequence[ReachedMilestone]) -> list[ReachedMilestone]:
        """Return `milestones` without those that may not have begun.

        EverBright's lists may have all milestones of a job. An open one that has sent no webhook
        and isn't ready to submit counts only where the order says that it is next.
        """
        begun: list[ReachedMilestone] = []
        is_next = True
        for reached in milestones:
            milestone = reached.event.milestone
            is_open = self.meaning(milestone) is Meaning.OPEN
            has_shown_up = milestone.ready_to_submit or not reached.log.first.is_from_api
            is_in_order = not reached.is_outside_order
            if not is_open or has_shown_up or (is_in_order and is_next):
                begun.append(reached)
                is_next = not (is_in_order and is_open)
        return begun

    def is_done(self, milestones: Sequence[ReachedMilestone]) -> bool:
        """Return whether the final milestone is among them and approved."""
        return any(
            each.is_last and self.config.is_approved(each.event.milestone.status)
            for each in milestones
        )

    def rejected_tasks(self, milestone: Milestone | StatusSeen) -> list[str]:
        """Return the names of the rejected tasks of a milestone that counts as rejected."""
        if self.meaning(milestone) is not Meaning.REJECTED:
            return []
        tasks = milestone.tasks
        return [task.name for task in tasks if task.name and self.config.is_rejected(task.status)]

    def milestone_label(self, milestone: Milestone | StatusSeen) -> str:
        """Return the label in a milestone's cell; one with a rejected task shows rejected."""
        config = self.config
        if self.meaning(milestone) is not Meaning.REJECTED or config.is_rejected(milestone.status):
            return config.status_label(milestone.status)
        codes = (task.status for task in milestone.tasks)
        code = next(filter(config.is_rejected, (*codes, *config.statuses)), None)
        return config.status_label(code) if code else REJECTED

    def job_status(
        self,
        milestones: Sequence[ReachedMilestone],
        coming: str,
        contract: ContractState | None,
        *,
        is_archived: bool,
    ) -> JobStatus:
        """Return the status of a job by its milestones; without any, by its contract.

        `milestones` are those outside the order, and then the others: the last is the furthest.
        `coming` is the title of the next milestone, or "". Examples of *Status*:

        - Survey rejected, Design submitted: "Survey rejected"
        - Survey in progress, Design submitted: "Design under review"
        - Survey approved, Design is `coming`: "Survey approved, Design next"
        """
        if is_archived:
            label = self.config.status_label(ARCHIVED_CODE)
            return JobStatus(Case.ARCHIVED, label, other_texts=(label,))
        by_meaning: dict[Meaning, list[ReachedMilestone]] = {meaning: [] for meaning in Meaning}
        # In a text, milestones outside the order follow the others, as their columns do.
        for milestone in sorted(milestones, key=lambda each: each.is_outside_order):
            by_meaning[self.meaning(milestone.event.milestone)].append(milestone)
        if rejected := by_meaning[Meaning.REJECTED]:
            return self._named_status(Case.REJECTED, rejected, REJECTED)
        if not milestones:
            return self._sale_status(contract, coming)
        if waiting := by_meaning[Meaning.WAITING]:
            status = self._named_status(Case.WAITING, waiting, WAITING)
        else:
            status = self._furthest_status(milestones, by_meaning, coming)
        ready = (m for m in by_meaning[Meaning.OPEN] if m.event.milestone.ready_to_submit)
        return replace(status, ready=tuple(ready))

    def _sale_status(self, contract: ContractState | None, coming: str) -> JobStatus:
        """Return the status of a job without milestones."""
        if contract is None:
            return JobStatus(Case.BETWEEN, self._coming(coming))
        label = CONTRACT_LABELS[contract]
        text = self.contract_text(contract)
        if contract is ContractState.SIGNED and coming:
            return JobStatus(Case.BETWEEN, f"{text}, {self._coming(coming)}", other_texts=(label,))
        return JobStatus(Case.OPEN, text, other_texts=(label,))

    def _named_status(self, case: Case, named: Sequence[ReachedMilestone], word: str) -> JobStatus:
        phrases = self.config.phrases
        phrase = phrases.rejected if case is Case.REJECTED else phrases.waiting
        titles = [cut(milestone.title, _TITLE_LIMIT) for milestone in named]
        text = phrase.format(milestones=join_names(titles, phrases, _NAMED))
        needed = tuple(named)
        return JobStatus(case, text, milestones=needed, dated_by=needed, other_texts=(word,))

    def _furthest_status(
        self,
        milestones: Sequence[ReachedMilestone],
        by_meaning: Mapping[Meaning, Sequence[ReachedMilestone]],
        coming: str,
    ) -> JobStatus:
        """Return the status of a job in which nothing is rejected or under review."""
        furthest = milestones[-1]
        code = furthest.event.milestone.status
        label = self.config.status_label(code)
        text, other_texts = self.milestone_text(furthest.title, code), (label,)
        if furthest in by_meaning[Meaning.OPEN]:
            only = (furthest,)
            return JobStatus(
                Case.OPEN, text, milestones=only, dated_by=only, other_texts=other_texts
            )
        if self.is_done(milestones):
            done, approved = self.config.phrases.done, tuple(by_meaning[Meaning.APPROVED])
            return JobStatus(Case.DONE, done, dated_by=approved, other_texts=(done, label))
        needed = tuple(by_meaning[Meaning.OPEN])
        if not furthest.is_outside_order:  # One outside the order isn't known to be next.
            needed = tuple(each for each in needed if not each.is_outside_order)
        following = needed[0].title if needed else coming
        if not following:
            return JobStatus(Case.ALL_APPROVED, text, dated_by=(furthest,), other_texts=other_texts)
        text = f"{text}, {self._coming(following)}"
        return JobStatus(
            Case.BETWEEN, text, milestones=needed, dated_by=(furthest,), other_texts=other_texts
        )

    def milestone_text(self, title: str, code: str | None) -> str:
        """Return a milestone and its status in words: "Permits approved", "Permits: On hold"."""
        label = self.config.status_label(code)
        if not label:
            return self._coming(title)
        if code not in self.config.statuses:
            title = cut(title, _TITLE_LIMIT)
            return self.config.phrases.unnamed.format(milestone=title, status=label)
        return self.change_text(title, label)

    def change_text(self, title: str, label: str) -> str:
        """Return a milestone or a task and its status in a sentence: "Permits on hold"."""
        if label.lower() == "approved" and title.lower().endswith(_APPROVAL):
            title = title[: -len(_APPROVAL)]  # "HOA approved", not "HOA Approval approved".
        title = cut(title, _TITLE_LIMIT)
        return self.config.phrases.stands.format(milestone=title, status=in_sentence(label))

    def contract_text(self, contract: ContractState) -> str:
        return self.config.phrases.contract.format(status=in_sentence(CONTRACT_LABELS[contract]))

    def _coming(self, title: str) -> str:
        return self.config.phrases.next.format(milestone=cut(title, _TITLE_LIMIT)) if title else ""

    def tint_of(self, case: Case) -> Tint:
        """Return the texts of jobs that are rejected, under review, between milestones, or done.

        They are recognized by the part of the phrase before or after the milestones.
        """
        phrases = self.config.phrases
        if case is Case.DONE:
            return Tint(text=phrases.done)
        phrase = {Case.REJECTED: phrases.rejected, Case.WAITING: phrases.waiting}
        before, _, rest = phrase.get(case, phrases.next).partition("{milestone")
        if before:
            return Tint(text=before, is_prefix=True)
        return Tint(text=rest.partition("}")[2], is_suffix=True)

    def tint_with(self, label: str) -> Tint:
        """Return the texts of jobs whose furthest milestone has the status `label`."""
        _, _, rest = self.config.phrases.stands.partition("{milestone}")
        return Tint(text=rest.format(status=in_sentence(label)), is_suffix=True)


CONTRACT_LABELS: Mapping[str, str] = {
    ContractState.GENERATED: "Generated",
    ContractState.SENT: "Sent",
    ContractState.SIGNED: "Signed",
    ContractState.VOIDED: "Voided",
}
_APPROVAL = " approval"


def in_sentence(label: str) -> str:
    """Return a label for use in a sentence: "in progress", but "NTP"."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def join_names(names: Sequence[str], phrases: PhrasesConfig, most: int) -> str:
    """Return names as text ("A, B and C"); of more than `most`, the first and how many more."""
    if len(names) > most:
        first = names[: max(1, most - 1)]
        return phrases.more.format(first=", ".join(first), count=len(names) - len(first))
    if len(names) < 2:
        return "".join(names)
    return phrases.both.format(first=", ".join(names[:-1]), last=names[-1])
