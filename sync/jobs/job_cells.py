"""Makes the cells of a job: for its contract, each milestone, and the job as a whole. Pure.

`Layout.lay_out` uses `CELLS`, `MILESTONE_CELLS`, and `deadline`, which needs another cell.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial

from sync.field_table import JOB_FIELDS, KEY, PLACEHOLDER, SELLER, FieldEntry
from sync.jobs import contracts, progress, projection
from sync.jobs.actions import Actions, NextAction
from sync.jobs.cells import EMPTY, NOTE_LIMIT, Cell, cut, joined
from sync.jobs.details import DetailColumns, value_cell
from sync.jobs.files import Addresses, documents_cell
from sync.jobs.milestone_changes import MilestoneChanges
from sync.jobs.milestones import Milestones, ReachedMilestone
from sync.jobs.model import (
    ContractStatus,
    Customer,
    Details,
    Files,
    Job,
    Signing,
    StatusSeen,
    placeholder_name,
)
from sync.jobs.progress import HOLDING, JOB_RULES, PROGRESS, milestone_rule, rule_label
from sync.jobs.remarks import Remarks, text_with_author
from sync.jobs.status import CONTRACT_LABELS, NOTHING_PENDING, Case, JobStatus, Statuses
from sync.settings.config_file import Config, Meaning
from sync.webhooks.schema import ARCHIVED, Comment

_NAME_LIMIT = 500
_RE_SIGNED_NOTE = (
    "A re-sign task was completed in this job. EverBright keeps sending the initial quote, so "
    "the contract in force may be another quote's."
)
_UNKNOWN_QUOTE = "See the change order"
_SINCE = "A change order that was signed then made this the quote in force."
_NOT_SENT = (
    "A change order was signed then, and its new quote was not found: name its key in "
    "[webhooks] new_quote in the config."
)


class JobReader:
    """Reads jobs by a config: each part knows one subject. Links need the addresses."""

    def __init__(self, config: Config, addresses: Addresses) -> None:
        self.config = config
        self.addresses = addresses
        self.milestones = Milestones(config)
        self.statuses = Statuses(config)
        self.remarks = Remarks(config)
        self.changes = MilestoneChanges(self.statuses, self.remarks)
        self.actions = Actions(self.statuses, self.changes)
        self.details = DetailColumns(config)
        self._contract = re.compile(config.webhooks.contract_name, re.IGNORECASE)

    def is_contract(self, name: str) -> bool:
        """Return whether a document is a contract; others are signed electronically, too."""
        return not name or self._contract.search(name) is not None

    def name(self, site: str, customer: Customer) -> Cell:
        """Return the customer's name, or a placeholder, with the link to the job in EverBright."""
        page = self.addresses.page(self.config.links.job, site=site)
        if customer.name:
            return joined([(cut(customer.name, _NAME_LIMIT), page)])
        stand_in = joined([(placeholder_name(site), page)])
        return stand_in.model_copy(update={"is_stand_in": True})


@dataclass(frozen=True)
class RowSource:
    """The data that a job's row is made of; values that several cells need are computed once."""

    reader: JobReader
    job: Job
    files: Files
    customer: Customer
    details: Details

    @cached_property
    def shown_milestones(self) -> list[ReachedMilestone]:
        """The milestones that have columns, in the order reached."""
        return self.reader.milestones.shown(self.job)

    @cached_property
    def begun(self) -> list[ReachedMilestone]:
        """Those that have begun, which the job's other columns are made from."""
        return self.reader.statuses.begun(self.shown_milestones)

    @cached_property
    def is_archived(self) -> bool:
        """Whether the job is archived, by a webhook or a later answer of EverBright's API."""
        fact, answer = self.job.facts.get(ARCHIVED), self.customer
        as_of = answer.archived_as_of
        if fact and (answer.archived is None or as_of is None or fact.received >= as_of):
            return fact.value != ""
        return bool(answer.archived)

    @cached_property
    def status(self) -> JobStatus:
        """The job's status, which several cells are made from."""
        statuses, sale = self.reader.statuses, self._sale.state if self._sale else None
        return statuses.job_status(self.begun, self.coming, sale, is_archived=self.is_archived)

    @cached_property
    def with_contracts(self) -> Job:
        """The job with only the contracts whose name matches; if none does, with all of them."""
        logs, is_contract = self.job.contracts, self.reader.is_contract
        named = {key: log for key, log in logs.items() if is_contract(key.partition("\n")[0])}
        return self.job.model_copy(update={"contracts": named or logs})

    @cached_property
    def _sale(self) -> ContractStatus | None:
        return contracts.overall(self.with_contracts)

    @cached_property
    def signings(self) -> list[Signing]:
        """The signings of contracts, oldest first."""
        return contracts.signings(self.with_contracts)

    @cached_property
    def next_action(self) -> NextAction:
        return self.reader.actions.next_action(self.status, self.coming)

    @cached_property
    def coming(self) -> str:
        """The title of the milestone after those reached, or ""; unknown outside the order."""
        step = self.reader.milestones.following(self.begun)
        is_outside = self.begun and self.begun[-1].is_outside_order
        return step.header if step and not is_outside else ""

    @cached_property
    def since(self) -> datetime | None:
        """When the job's status began (UTC); None if that is not known.

        Of several milestones, the one that has waited longest counts. A job has been done since its
        last approval.
        """
        status, archived = self.status, self.job.facts.get(ARCHIVED)
        if status.case is Case.ARCHIVED:
            return archived.stamp if archived and archived.value else None
        if not self.begun:
            return self._sale.since if self._sale else None
        moments = map(self.reader.changes.since, status.dated_by)
        choose = max if status.case is Case.DONE else min
        return choose(moments, default=None)

    @property
    def waits_since(self) -> datetime | None:
        """`since` of an open job; None for one that waits for nothing that we know of."""
        return None if self.status.case in NOTHING_PENDING else self.since


def _milestone_status(row: RowSource, reached: ReachedMilestone) -> Cell:
    """Return a milestone's status, noted with when it began and the remark about it."""
    text = cut(row.reader.statuses.milestone_label(reached.event.milestone))
    if not text:
        return EMPTY
    remark = row.reader.changes.remark(reached)
    note = cut(text_with_author(remark), NOTE_LIMIT) if remark else ""
    return Cell(text=text, note=note, noted=row.reader.changes.labeled_since(reached))


def _milestone_day(means: Meaning, row: RowSource, reached: ReachedMilestone) -> Cell:
    """Return the day of the newest change to a status that `means` this."""
    began: StatusSeen | None = None
    for seen in reached.log.statuses:  # The newest first.
        if row.reader.config.configured_meaning(seen.status) is means:
            began = seen
        elif began:
            break
    return Cell(when=row.reader.changes.moment(reached, began), is_day=True) if began else EMPTY


def _newest_comment(row: RowSource, comments: Iterable[Comment]) -> Cell:
    comment = row.reader.remarks.newest(comments)
    return _text(text_with_author(comment)) if comment else EMPTY


MILESTONE_CELLS: Mapping[str, Callable[[RowSource, ReachedMilestone], Cell]] = {
    "status:": _milestone_status,
    "documents:": lambda row, reached: documents_cell(
        reached.event.milestone.documents(), row.files, row.reader.addresses
    ),
    "submitted:": partial(_milestone_day, Meaning.WAITING),
    "approved:": partial(_milestone_day, Meaning.APPROVED),
    "rejected:": partial(_milestone_day, Meaning.REJECTED),
    "comment:": lambda row, reached: _newest_comment(row, reached.event.milestone.comments),
}


def _text(text: str, shorter: str = "") -> Cell:
    other_texts = (cut(shorter),) if shorter else ()
    return Cell(text=cut(text), other_texts=other_texts) if text else EMPTY


def _last_approval(row: RowSource) -> Cell:
    is_approved, since = row.reader.config.is_approved, row.reader.changes.since
    approved = (each for each in row.begun if is_approved(each.event.milestone.status))
    return Cell(when=max(map(since, approved), default=None))


def _last_change(row: RowSource) -> Cell:
    """Return the last change and its day; for an archived job, that is when it was archived."""
    if row.status.case is Case.ARCHIVED:
        at, text = row.since, row.status.text
    else:
        contract = contracts.newest_change(row.with_contracts)
        changes = list(filter(None, map(row.reader.changes.newest, row.begun)))
        if contract:
            text = row.reader.statuses.contract_text(contract.state)
            changes.insert(0, (contract.since, text))
        # Of several at the same time, the furthest milestone's is last.
        changes.sort(key=lambda change: change[0])
        at, text = changes[-1] if changes else (None, "")
    events = projection.newest_events(row.job)
    received = max((event.received for event in events), default=None)
    is_old = at is not None and received is not None and received - at > _WITH_YEAR
    return Cell(text=cut(text), dated=at, has_year=is_old) if text else EMPTY


_WITH_YEAR = timedelta(days=335)
"""About eleven months; earlier days are shown with their year."""


def _progress(row: RowSource) -> Cell:
    """Return a job's furthest rule, and all that apply to it as `Cell.rules`."""
    reader = row.reader
    of_milestones: list[str] = []
    for reached in reversed(row.begun):
        milestone = reached.event.milestone
        means = reader.config.configured_meaning(milestone.status)
        if not milestone.status or means is Meaning.CANCELED:
            continue
        held = HOLDING[reader.statuses.meaning(milestone)]
        of_milestones += [milestone_rule(reached.key, status) for status in held]
    # Also while *Status* shows that an earlier one is under review: words show the furthest.
    is_done = reader.statuses.is_done(row.begun)
    holds = {progress.ARCHIVED: row.is_archived, progress.DONE: is_done}
    rules = (
        *(rule for rule, applies in holds.items() if applies),
        *of_milestones,
        *((progress.SIGNED,) if row.signings else ()),
        progress.NEW,
    )
    titles = {reached.key: reached.title for reached in row.begun}
    furthest = rules[0]
    title = "" if furthest in JOB_RULES else titles[furthest.rpartition(":")[0]]
    return Cell(text=cut(rule_label(furthest, title, reader.config)), other_texts=rules)


def deadline(row: RowSource, known: Cell) -> Cell:
    """Return an open job's nearest deadline: `known` is EverBright's.

    Others are counted from approvals, as [deadlines] in the config says.
    """
    if row.status.case in (Case.ARCHIVED, Case.DONE):
        return EMPTY
    reader, found = row.reader, [known] if known.when else []
    reached = {milestone.title.casefold(): milestone for milestone in row.begun}
    means = {title: reader.statuses.meaning(m.event.milestone) for title, m in reached.items()}
    for title, rule in reader.config.deadlines.items():
        after = rule.after.casefold()
        is_submitted = means.get(title.casefold()) in (Meaning.WAITING, Meaning.APPROVED)
        if means.get(after) is Meaning.APPROVED and not is_submitted:
            at = reader.changes.since(reached[after])
            found.append(Cell(when=at, is_day=True, days_later=rule.days))
    return min(found, key=_day, default=known)


def _day(cell: Cell) -> datetime:
    assert cell.when  # noqa: S101 - the cells have one
    return cell.when + timedelta(days=cell.days_later)


def _payment_due(row: RowSource) -> Cell:
    """Return when the payment for the last approval is due; blank if it is paid or unknown."""
    payment = row.reader.details.value("installer_payment", row.job, row.details)
    approved = _last_approval(row).when
    paid = [word.lower() for word in row.reader.config.words.paid]
    is_paid = payment.replace("_", " ").lower() in paid
    if not payment or approved is None or is_paid or row.is_archived:
        return EMPTY
    return Cell(when=approved, is_day=True, workdays_later=_PAYMENT_DAYS)


_PAYMENT_DAYS = 2


def _contract(row: RowSource) -> Cell:
    """Return the contract's state, noted with when it began; several that differ by name."""
    by_name = contracts.by_name(row.with_contracts)
    known = {name: now for name, logs in by_name.items() if (now := contracts.current(logs))}
    if not known:
        return EMPTY
    labels = {name: CONTRACT_LABELS[state] for name, (state, _) in known.items()}
    is_plain = len(set(labels.values())) == 1 and all(map(row.reader.is_contract, labels))
    lines = dict.fromkeys(
        label if is_plain or not name else f"{label}: {name}" for name, label in labels.items()
    )
    return Cell(text=cut("\n".join(lines)), noted=max(since for _, since in known.values()))


def _contract_documents(row: RowSource) -> Cell:
    """Return the links to the signed contract and to signed change orders."""
    orders = sorted(row.job.change_orders.values(), key=lambda order: (order.at, order.digest))
    signings = (*row.signings, *orders)
    entries = [(signing.sub_task, file) for signing in signings for file in signing.documents]
    return documents_cell(entries, row.files, row.reader.addresses)


def _current_quote(row: RowSource) -> Cell:
    """Return the active quote if there was a change order, noted with when it took effect."""
    last = contracts.last_change_order(row.job)
    if last is None:
        return EMPTY
    quote, signing = last
    note = _SINCE if quote else _NOT_SENT
    return Cell(text=quote or _UNKNOWN_QUOTE, note=note, noted=signing.at)


def _last_update(row: RowSource) -> Cell:
    stamps = (event.stamp for event in projection.newest_events(row.job))
    return Cell(when=max(stamps, default=None))


def _re_signed(row: RowSource) -> Cell:
    first = projection.re_signed(row.job, row.reader.config)
    return Cell(when=first.stamp, note=_RE_SIGNED_NOTE) if first else EMPTY


def _split(customer: Customer) -> tuple[str, str]:
    """Return the street, and the city with ZIP code; EverBright may know only one of them."""
    parts = customer.address.rpartition(customer.city) if customer.city else ("", "", "")
    city = " ".join(part for part in (customer.city, customer.zip) if part)
    return parts[0].rstrip(", "), "".join(parts[1:]) or city


def _value(entry: FieldEntry, row: RowSource) -> Cell:
    """Return a value from webhooks, or else from EverBright's answer about the site."""
    fact = row.job.facts.get(entry.id)
    text = fact.value if fact else getattr(row.customer, entry.id, "")
    return value_cell(entry, text, row.reader.config)


CELLS: Mapping[str, Callable[[RowSource], Cell]] = {
    **{e.id: partial(_value, e) for e in JOB_FIELDS if e.site_key or e.webhook_key},
    PLACEHOLDER: lambda row: row.reader.name(row.job.site, row.customer),
    "address": lambda row: _text(row.customer.address, _split(row.customer)[0]),
    "city_zip": lambda row: _text(_split(row.customer)[1]),
    "status": lambda row: Cell(
        text=cut(row.status.text), other_texts=row.status.other_texts, noted=row.since
    ),
    "days": lambda row: Cell(when=row.waits_since, is_age=True) if row.waits_since else EMPTY,
    "next_action": lambda row: _text(row.next_action.text),
    "last_change": _last_change,
    "rep": lambda row: _text(row.reader.details.value(SELLER, row.job, row.details)),
    "with": lambda row: _text(", ".join(row.next_action.people)),
    PROGRESS: _progress,
    "current_milestone": lambda row: Cell(text=row.begun[-1].title if row.begun else ""),
    "last_comment": lambda row: _newest_comment(row, projection.all_comments(row.job)),
    "last_update": _last_update,
    "last_approval": _last_approval,
    "payment_due": _payment_due,
    "stage": lambda row: _text(projection.current_stage(row.job)),
    "folder": lambda row: joined([("Folder", row.files.folder)]) if row.files.folder else EMPTY,
    "re_signed": _re_signed,
    "initial_quote": lambda row: _text(projection.initial_quote(row.job)),
    KEY: lambda row: Cell(text=row.job.site),
    "contract": _contract,
    "contract_signed": lambda row: Cell(when=max((s.at for s in row.signings), default=None)),
    "contract_documents": _contract_documents,
    "current_quote": _current_quote,
}
