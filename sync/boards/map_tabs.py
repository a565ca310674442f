"""Reads the installer's tabs, decides which column shows what, previews and writes the mapping."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic

from sync.boards import link, metadata
from sync.boards.first_flush import TabColumns
from sync.boards.mapping.choices import Choices
from sync.boards.mapping.decide import TabDecider
from sync.boards.mapping.example import Example, example_of
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.propose import columns_by_header
from sync.boards.mapping.tab import SeenTab
from sync.boards.mapping.tab_mapping import TabMapping
from sync.boards.metadata import MappedTab
from sync.boards.options import EndedWord
from sync.boards.preview import Preview, compose_preview, kept_cells
from sync.boards.reader import BoardReader
from sync.boards.survey import Survey
from sync.errors import Permanent, Retryable
from sync.field_table import KEY
from sync.google import auth
from sync.jobs.learned import seen_statuses
from sync.jobs.milestones import Milestones
from sync.jobs.projection import current_stage
from sync.ops import retry
from sync.sheets.sheet_requests import Request
from sync.store import Lease
from sync.wiring import Sleep, Wiring

_FAILURES = 3
"""In a row: then EverBright is away, and the preview goes by what is known."""
_SPACING_SECONDS = 0.2
"""Between requests to EverBright, as in the worker."""
_ROUNDS = 3
"""People may move columns while they are mapped: then it is undone, and read again."""
_OF_ANYBODY = {"customer", "first_name", "last_name", "phone", "email"}
"""Fields that don't make a tab one of jobs: lists of crews and vendors have them, too."""
_OUR_TAB = (
    "The tab {title!r} was made by Brightsheet, which would then show each job there and in your "
    "own tab. Stop the worker, delete that tab (all of it is stored), and run this again."
)


@dataclass(frozen=True)
class PreviewAnswers:
    """What a person answers on a preview."""

    kept: Sequence[str] = ()
    """The tokens of cells that would be replaced and stay."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """Which row is a job's, by site, as `link.read_answers` reads it."""


@dataclass(frozen=True)
class MappingReport:
    """A mapping for each tab that was considered, and the sheet IDs of those (to be) written."""

    tabs: tuple[TabMapping, ...]
    fields: Fields
    to_write: frozenset[int] = frozenset()
    """Among them are all considered tabs that were mapped before."""
    staying: tuple[MappedTab, ...] = ()
    """Mapped tabs that weren't considered: their mapping stays as it is stored."""
    dropped: tuple[str, ...] = ()
    """The titles of tabs that aren't considered, and whose header row was deleted."""
    problem: str = ""
    """Why none of it can be written."""
    requests: tuple[Request, ...] = ()
    """To send."""
    is_changed: bool = False
    """Whether it was written, and the sheet had another mapping in the first read."""
    preview: Preview | None = None
    """What the first flush would change; None where nobody asked, or nothing can be mapped."""

    @property
    def tabs_to_write(self) -> list[TabMapping]:
        """The mappings that are (to be) written."""
        return [mapping for mapping in self.tabs if mapping.tab.sheet_id in self.to_write]


def fields_of(wiring: Wiring) -> Fields:
    """Return the fields that a column can show, of the milestones that came, too."""
    config = wiring.config()
    jobs = [*wiring.jobs()]
    statuses = seen_statuses(config, jobs)
    return Fields(
        config,
        Milestones(config).headings(jobs),
        tuple(status.label for status in statuses if not status.is_known),
        frozenset(stage for job in jobs if (stage := current_stage(job))),
    )


class TabMapper:
    """Maps tabs of the configured spreadsheet.

    | titles | mapped before | choices are for | written, with the added columns |
    |--------|---------------|-----------------|---------------------------------|
    | given | any | those | those |
    | none | some tabs | the mapped | the mapped |
    | none | no tab | all | the only mappable |

    Tabs without choices are listed with what is proposed for them: the same as in tabs of
    `examples` (another spreadsheet's) or mapped tabs of this one, if they have the same headers. If
    titles are given, only these tabs are considered, and `by_tab` may have choices for single ones,
    in place of `choices`. `answers` are stored with the mapping; `sleep` waits.
    """

    def __init__(
        self,
        wiring: Wiring,
        sleep: Sleep,
        choices: Choices,
        titles: Sequence[str],
        by_tab: Mapping[str, Choices] | None = None,
        examples: Sequence[Example] = (),
        answers: PreviewAnswers = PreviewAnswers(),
    ) -> None:
        self._wiring = wiring
        self._sleep = sleep
        self._choices = choices
        self._titles = titles
        self._by_tab = by_tab or {}
        self._examples = examples
        self._answers = answers
        self._flusher = wiring.flusher(sleep)
        self._store = self._flusher.store
        self._client = self._flusher.client
        self._reader = BoardReader(self._client)

    def run(self, *, write: bool, with_preview: bool = False) -> MappingReport:
        """Read the tabs and decide their mappings; then, in this order, what is asked for.

        1. With `write`, store what the user answered about rows, so that the first flush takes
           those that were chosen.
        2. With `with_preview`, compose what the first flush would change.
        3. With `write`, write the mappings into the sheet.

        Raises Permanent if a choice fits nothing, or with `write` if a mapping can't be written,
        and Google's errors.
        """
        if with_preview:
            self.fetch_customers()
        self._wiring.project(self._sleep)
        with self._wiring.hold(self._sleep) as lease:
            fields = fields_of(self._wiring)
            again = retry.policy(self._sleep)
            report: MappingReport = again(self._read_and_decide, fields)
            preview = None
            if write:
                again(self._store_row_answers, lease, report)
            if with_preview and not report.problem:
                preview = again(self._preview, lease, report)
            if write:
                # By the first read: one after a lost answer of Google's may find it written.
                is_changed = bool(report.requests)
                report = replace(again(self._write, lease, fields), is_changed=is_changed)
            return replace(report, preview=preview)

    def fetch_customers(self, seconds: float = math.inf) -> int:
        """Request the customers that are due, as the worker does: rows are matched by them.

        Return how many are still due after so many `seconds`; 0 if EverBright is away.
        """
        if self._wiring.settings.everbright_api_token is None:
            return 0
        self._wiring.project(self._sleep)
        fetcher, failed, end = self._wiring.customer_fetcher(), 0, monotonic() + seconds
        while failed < _FAILURES and (fetched := fetcher.fetch()):
            failed = failed + 1 if fetched.error else 0
            self._sleep(_SPACING_SECONDS)
            if monotonic() > end:
                return self._wiring.customers.count_due()
        return 0

    def _read_and_decide(self, fields: Fields) -> MappingReport:
        surveyed = self._reader.survey()
        theirs = [tab for tab in surveyed.tabs if not metadata.is_our_tab(tab)]
        considered = self._considered(theirs)
        mapped = metadata.mapped_tabs(theirs)
        deciders = self._deciders(considered, fields, mapped)
        mappings = self._decide(considered, deciders)
        to_write = _to_write(mappings, self._titles)
        dropped = [tab for tab in theirs if tab not in considered and metadata.has_lost_header(tab)]
        staying = [each for each in mapped if each.tab not in considered]
        requests: list[Request] = []
        moment = datetime.now(UTC)
        for mapping in mappings:
            if mapping.tab.sheet_id in to_write and not mapping.problem:
                requests += metadata.requests(mapping, surveyed, fields, moment)
        return MappingReport(
            tabs=tuple(mappings),
            fields=fields,
            to_write=to_write,
            staying=tuple(staying),
            dropped=tuple(tab.title for tab in dropped),
            problem=_problem(surveyed, mappings, to_write, self._titles),
            requests=tuple(requests),
        )

    def _considered(self, theirs: Sequence[SeenTab]) -> list[SeenTab]:
        """Return the tabs with the titles, or all. Raises Permanent if there is no such tab."""
        there = {tab.title.casefold() for tab in theirs}
        wanted = {title.casefold() for title in self._titles} or there
        for title in self._titles:
            if title.casefold() not in there:
                known = ", ".join(tab.title for tab in theirs) or "none"
                what = f"There is no tab {title!r} of yours. There are: {known}."
                raise Permanent("no_tab", what)
        return [tab for tab in theirs if tab.title.casefold() in wanted]

    def _deciders(
        self,
        considered: Sequence[SeenTab],
        fields: Fields,
        mapped: Sequence[MappedTab],
    ) -> dict[str, TabDecider]:
        """Return what decides each tab, by its title: by the choices if they are for it."""
        account = auth.account(self._wiring.settings)
        here = (example_of(tab, stored, tab.title) for tab, stored in mapped)
        examples = (*self._examples, *here)
        by_choices = TabDecider(fields, self._choices, account, examples)
        by_proposals = TabDecider(fields, Choices(), account, examples)
        is_for_mapped = bool(mapped) and not self._titles
        mapped_tabs = [tab for tab, _ in mapped]
        deciders = {
            tab.title: by_proposals if is_for_mapped and tab not in mapped_tabs else by_choices
            for tab in considered
        }
        for title, own in self._by_tab.items():
            deciders[title] = TabDecider(fields, own, account, examples)
        return deciders

    def _decide(
        self, considered: Sequence[SeenTab], deciders: Mapping[str, TabDecider]
    ) -> list[TabMapping]:
        """Decide each tab. Raises Permanent if a choice is for a column that no tab has."""
        header_rows = []
        for tab in considered if self._titles else ():  # Others may not be about jobs.
            header = deciders[tab.title].header_row_of(tab, metadata.stored_mapping(tab))
            if header.row is not None:
                header_rows.append((tab, header.row))
        all_tabs = columns_by_header(header_rows)
        mappings = []
        for tab in considered:
            stored, decider = metadata.stored_mapping(tab), deciders[tab.title]
            if tab.is_hidden and stored is None and not self._titles:
                fix = f'To map it, name it: --tab "{tab.title}".'
                mappings.append(TabMapping(tab, problem=f"is hidden. {fix}"))
                continue
            has_lost_header = metadata.has_lost_header(tab)
            if has_lost_header and (row := decider.header_row_of(tab, None).row) is not None:
                stored = metadata.mapping_with_header(tab, row)
            decided = decider.decide(tab, stored, all_tabs)
            mappings.append(replace(decided, has_lost_header=has_lost_header))
        for decider in {*deciders.values()}:
            decider.parser.check_names_found(
                [m for m in mappings if deciders[m.tab.title] is decider]
            )
        return mappings

    def _preview(self, lease: Lease, report: MappingReport) -> Preview:
        """Return what the first flush would change."""
        mapped = [(m.tab, TabColumns.wanted(m, report.fields)) for m in report.tabs_to_write]
        mapped += [(each.tab, TabColumns.stored(each.stored)) for each in report.staying]
        in_sheets_order = sorted(mapped, key=lambda pair: pair[0].index)
        tabs = {tab.sheet_id: columns for tab, columns in in_sheets_order}
        unknown, ended = self._wiring.customers.unknown(), self._ended_words(report)
        return compose_preview(self._flusher, lease, tabs, unknown=unknown, ended=ended)

    def _ended_words(self, report: MappingReport) -> set[EndedWord]:
        """Return the words that are no longer options, of all tabs that are mapped afterward."""
        staying = {each.tab.sheet_id for each in report.staying}
        ended = {word for word in self._store.spreadsheet.ended_words() if word[0] in staying}
        for mapping in report.tabs_to_write:
            for field_id, column in mapping.columns_by_field.items():
                words = column.words.ended.values() if column.words else ()
                ended |= {(mapping.tab.sheet_id, field_id, word) for word in words}
        return ended

    def _store_row_answers(self, lease: Lease, report: MappingReport) -> None:
        if self._answers.rows and not report.problem:
            jobs = self._preview(lease, report).reviewed
            answers = link.read_answers(jobs, self._answers.rows)
            link.store_answers(self._store.boards, lease, answers)

    def _write(self, lease: Lease, fields: Fields) -> MappingReport:
        """Write the mappings as of a new read; undo them if people moved columns meanwhile."""
        for _ in range(_ROUNDS):
            report = self._read_and_decide(fields)
            if report.problem:
                raise Permanent("not_mapped", report.problem)
            self._record(lease, report)
            if not report.requests:
                return report
            failure: Retryable | None = None
            try:
                self._client.update([*report.requests])
            except Retryable as error:  # It may have been done.
                failure = error
            if removal := self._misplaced_removal(report):
                self._client.update(removal)
            elif failure:
                raise failure
            else:
                return replace(report, requests=())
        raise Retryable(
            "columns_moved", "People are moving columns. Nothing was mapped; try again."
        )

    def _misplaced_removal(self, report: MappingReport) -> list[Request]:
        """Return the requests that unmap columns that people moved before the write."""
        requests: list[Request] = []
        tabs = {tab.sheet_id: tab for tab in self._reader.survey().tabs}
        for mapping in report.tabs_to_write:
            if tab := tabs.get(mapping.tab.sheet_id):
                requests += metadata.misplaced_removal(tab, mapping, report.fields)
        return requests

    def _record(self, lease: Lease, report: MappingReport) -> None:
        """Record which tabs and columns are mapped, so that the next flush compares every job.

        This comes before the write. If the process is killed in between, the jobs of mapped tabs
        are only compared once more; a first mapping has to be run again, because flushes stop with
        `not_mapped`. New tabs aren't recorded, because the write may fail, and a recorded tab that
        isn't mapped stops all writing. The next flush learns of them (`BoardTabs.learn`).
        """
        staying, written = report.staying, report.tabs_to_write
        mapped_before = {m.tab.sheet_id for m in written if m.was_mapped}
        mapped_before |= {each.tab.sheet_id for each in staying}
        field_ids = {field_id for mapping in written for field_id in mapping.columns_by_field}
        for each in staying:
            field_ids |= {*each.stored.fields_by_index.values()}
        added = {field_id for mapping in written for field_id in mapping.added}
        spreadsheet = self._store.spreadsheet
        spreadsheet.make_current(lease)
        if any(m.was_mapped and KEY in m.added for m in written):
            spreadsheet.lose_rows(lease)
        spreadsheet.set_mapped(lease, mapped_before, field_ids | added)
        spreadsheet.keep_ended_words(lease, self._ended_words(report))
        if self._answers.kept:
            targets = self._flusher.targets
            targets.use_answers(self._store.confirmations.read())
            every = targets.lay_out(self._store.pending.every(), field_ids)
            self._store.batches.leave_typed_cells(lease, kept_cells(every, self._answers.kept))


def _to_write(mappings: Sequence[TabMapping], titles: Sequence[str]) -> frozenset[int]:
    """Return the tabs to write: those with `titles`, else those mapped before, else new ones."""
    if titles:
        return frozenset(m.tab.sheet_id for m in mappings)
    mapped = frozenset(m.tab.sheet_id for m in mappings if m.was_mapped)
    return mapped or frozenset(
        m.tab.sheet_id
        for m in mappings
        if not (m.columns_by_field.keys() <= _OF_ANYBODY or m.problem)
    )


def _problem(
    surveyed: Survey,
    mappings: Sequence[TabMapping],
    to_write: frozenset[int],
    titles: Sequence[str],
) -> str:
    """Return why nothing can be written, or ""."""
    if ours := next((tab for tab in surveyed.tabs if metadata.is_our_jobs_tab(tab)), None):
        return _OUR_TAB.format(title=ours.title)
    wanted = [m for m in mappings if m.tab.sheet_id in to_write]
    if broken := next((m for m in wanted if m.problem), None):
        return f"The tab {broken.tab.title!r} {broken.problem}"
    if not wanted:
        return "No tab that looks like jobs can be mapped as it is; each says why."
    if len(wanted) > 1 and not titles and not any(m.was_mapped for m in wanted):
        named = " ".join(f'--tab "{m.tab.title}"' for m in wanted)
        return f"Several tabs look like jobs. Say which have jobs: {named}."
    if blank := next((m for m in wanted if not m.columns_by_field), None):
        fix = 'Say what its columns are: --set "Header=field".'
        return f"No column of {blank.tab.title!r} is known. {fix}"
    return ""
