"""Reads a person's own tabs, decides which column shows what, and writes the mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sync.errors import Permanent, Retryable
from sync.google import auth
from sync.jobs import status_list
from sync.jobs.milestones import Milestones
from sync.mapping.decide import Choices, Decision, TabMapping
from sync.mapping.fields import Fields
from sync.mapping.tab import SeenTab
from sync.ops import retry
from sync.setup import map_preview
from sync.setup.map_report import Report
from sync.sheets import mapping_requests as metadata
from sync.sheets import survey
from sync.sheets.client import SheetClient
from sync.sheets.flush import Flusher
from sync.sheets.request import Request
from sync.sheets.survey import Survey
from sync.store import Lease
from sync.wiring import Sleep, Wiring

_TRIES = 5
_LONGEST_WAIT = 60.0
"""Seconds: Google's quota is counted by the minute."""
_FAILURES = 3
"""In a row: then EverBright is away, and the preview goes by what is known."""
_SPACING_SECONDS = 0.2
"""Between requests to EverBright, as in the worker."""
_ROUNDS = 3
"""People may move columns while they are mapped: then it is undone, and read again."""
_OUR_TAB = (
    "The tab {title!r} was made by Brightsheet, which would then show each job there and in your "
    "own tab. Stop the worker, delete that tab (all of it is stored), and run this again."
)


class TabMapper:
    """Maps the tabs of the configured spreadsheet; `sleep` waits."""

    def __init__(self, wiring: Wiring, sleep: Sleep) -> None:
        self._wiring = wiring
        self._sleep = sleep
        self._client: SheetClient = wiring.sheet_client()

    def run(
        self, choices: Choices, titles: Sequence[str], *, write: bool, preview: bool = False
    ) -> Report:
        """Return what there is and is proposed; with `write`, write it first.

        `preview` adds what the first flush would change, before anything is written. Raises
        Permanent where a choice fits nothing, or `write` where something is in the way, and
        Google's errors.
        """
        flusher = self._wiring.flusher(self._sleep)
        if preview:
            self._wiring.project(self._sleep)
            self._fetch_customers()
        self._wiring.project(self._sleep)
        with self._wiring.hold(self._sleep) as held:
            fields = self._fields(flusher)
            again = retry.policy(self._sleep, _TRIES, longest=_LONGEST_WAIT)
            found: Report = again(self._read, fields, choices, titles)[0]
            shown = (
                again(map_preview.of, found, flusher, held) if _can_show(found, preview) else None
            )
            if write:
                found = again(self._write, held, flusher, fields, choices, titles)
            return replace(found, preview=shown, unknown=self._wiring.customers.unknown())

    def _fetch_customers(self) -> None:
        """Request the customers that are due, as the worker does: rows are matched by them."""
        if self._wiring.settings.everbright_api_token is None:
            return
        fetcher, failed = self._wiring.customer_fetcher(), 0
        while failed < _FAILURES and (fetched := fetcher.fetch()):
            failed = failed + 1 if fetched[1] else 0
            self._sleep(_SPACING_SECONDS)

    def _fields(self, flusher: Flusher) -> Fields:
        config = self._wiring.settings.config
        jobs = [one.job for one in flusher.store.pending.every()]
        seen = status_list.entries(config, jobs)
        return Fields(
            config,
            Milestones(config).headings(jobs, with_configured=True, with_hidden=True),
            tuple(one.label for one in seen if not one.configured),
            frozenset(job.site for job in jobs),
        )

    def _survey(self) -> Survey:
        first = self._client.get(survey.TABS)
        where = survey.ranges(first)
        answer = self._client.get(survey.CELLS, where) if where else {}
        asked = survey.option_ranges(answer)
        options = {one: survey.texts(self._client.get(survey.TEXTS, (one,))) for one in asked}
        return survey.survey(first, answer, options)

    def _read(
        self, fields: Fields, choices: Choices, titles: Sequence[str]
    ) -> tuple[Report, Mapping[int, list[Request]]]:
        """Return the report, and the requests for each chosen tab by sheet id."""
        seen = self._survey()
        theirs = [tab for tab in seen.tabs if not metadata.is_ours(tab)]
        account = auth.account(self._wiring.settings)
        decision, other = Decision(fields, choices, account), Decision(fields, Choices(), account)
        # Where tabs are mapped and none is named, what a person says is about those.
        is_about_mapped = not titles and any(metadata.before(tab) for tab in theirs)
        tabs = []
        for tab in _named(theirs, titles):
            is_meant = metadata.before(tab) or not is_about_mapped
            tabs.append(self._decided(decision if is_meant else other, tab, titles))
        chosen = _chosen(tabs, titles)
        decision.must_be_found(tabs)
        added = next((one for one in tabs if one.tab.sheet_id in chosen and not one.problem), None)
        tabs = [decision.with_added(one) if one is added or titles else one for one in tabs]
        decision.must_fit(tabs)
        moment = datetime.now(UTC)
        waiting = {
            one.tab.sheet_id: metadata.requests(one, seen, fields, moment)
            for one in tabs
            if one.tab.sheet_id in chosen and not one.problem
        }
        problem = _problem(seen, tabs, chosen, titles)
        count = sum(map(len, waiting.values()))
        return Report(tuple(tabs), fields, chosen, problem, waiting=count), waiting

    def _decided(self, decision: Decision, tab: SeenTab, titles: Sequence[str]) -> TabMapping:
        before = metadata.before(tab)
        if tab.is_hidden and not titles and before is None:
            fix = f'To map it, name it: --tab "{tab.title}".'
            return TabMapping(tab, problem=f"is hidden. {fix}")
        return decision.of(tab, before)

    def _write(
        self,
        held: Lease,
        flusher: Flusher,
        fields: Fields,
        choices: Choices,
        titles: Sequence[str],
    ) -> Report:
        for _ in range(_ROUNDS):
            report, waiting = self._read(fields, choices, titles)
            if report.problem:
                raise Permanent("not_mapped", report.problem)
            requests = [one for some in waiting.values() for one in some]
            if not requests:
                self._adopt(held, flusher, report)
                return report
            # Before the write: killed between the two, jobs are written once more than needed.
            self._adopt(held, flusher, report)
            failure: Retryable | None = None
            try:
                self._client.update(requests)
            except Retryable as error:  # it may have been done
                failure = error
            if moved := self._moved(report):
                self._client.update(moved)
            elif failure:
                raise failure
            else:
                return replace(report, written=len(requests), waiting=0)
        raise Retryable(
            "columns_moved", "People are moving columns. Nothing was mapped; try again."
        )

    def _adopt(self, held: Lease, flusher: Flusher, report: Report) -> None:
        """Record which tabs and columns are mapped: every job is compared with what is there."""
        mapped = [one for one in report.tabs if one.is_mapped or one.tab.sheet_id in report.chosen]
        spreadsheet = flusher.store.spreadsheet
        spreadsheet.adopt(held)
        spreadsheet.adopt_tabs(
            held,
            {one.tab.sheet_id for one in mapped},
            {name for one in mapped for name in (*one.fields, *one.added)},
        )

    def _moved(self, report: Report) -> list[Request]:
        """Return the requests that undo what went into other columns than were meant.

        Google writes by position: whoever moves a column between our read and our write has our
        metadata stand on another. The headers tell.
        """
        wanted = {one.tab.sheet_id: one for one in report.tabs if one.tab.sheet_id in report.chosen}
        undo: list[Request] = []
        for tab in self._survey().tabs:
            if made := wanted.get(tab.sheet_id):
                undo += _misplaced(tab, made, report.fields)
        return undo


def _can_show(found: Report, preview: bool) -> bool:
    return preview and not found.problem


def _misplaced(tab: SeenTab, made: TabMapping, fields: Fields) -> list[Request]:
    before = metadata.before(tab)
    if before is None:
        return []
    headers = tab.headers(before.header_row)
    meant = {name: column.header for name, column in made.fields.items()}
    meant |= {name: fields.get(name).title for name in made.added}
    wrong = [at for at, name in before.fields.items() if headers.get(at, "") != meant.get(name)]
    if not wrong:
        return []
    return metadata.undo(
        tab, wrong if made.is_mapped else tab.column_entries, header=not made.is_mapped
    )


def _named(tabs: Sequence[SeenTab], titles: Sequence[str]) -> list[SeenTab]:
    """Return the tabs with these titles, in any case, or all. Raises Permanent for one too many."""
    by_title = {tab.title.casefold(): tab for tab in tabs}
    for title in titles:
        if title.casefold() not in by_title:
            known = ", ".join(tab.title for tab in tabs) or "none"
            raise Permanent("no_tab", f"There is no tab {title!r} of yours. There are: {known}.")
    wanted = {title.casefold() for title in titles}
    return [tab for tab in tabs if not titles or tab.title.casefold() in wanted]


def _chosen(tabs: Sequence[TabMapping], titles: Sequence[str]) -> frozenset[int]:
    """Return the tabs that are to be written: those named, else mapped before, else the only one.

    Those are all that can be mapped, where none is named or mapped: then a person has to choose.
    """
    if titles:
        return frozenset(one.tab.sheet_id for one in tabs)
    mapped = frozenset(one.tab.sheet_id for one in tabs if one.is_mapped)
    return mapped or frozenset(one.tab.sheet_id for one in tabs if one.fields and not one.problem)


def _problem(
    seen: Survey, tabs: Sequence[TabMapping], chosen: frozenset[int], titles: Sequence[str]
) -> str:
    """Return why nothing can be written, or ""."""
    if ours := next((tab for tab in seen.tabs if metadata.is_our_jobs_tab(tab)), None):
        return _OUR_TAB.format(title=ours.title)
    some = [one for one in tabs if one.tab.sheet_id in chosen]
    if broken := next((one for one in some if one.problem), None):
        return f"The tab {broken.tab.title!r} {broken.problem}"
    if not some:
        return "No tab can be mapped as it is; each says why."
    if len(some) > 1 and not titles and not any(one.is_mapped for one in some):
        named = " ".join(f'--tab "{one.tab.title}"' for one in some)
        return f"Several tabs look like jobs. Say which have jobs: {named}."
    if blank := next((one for one in some if not one.fields), None):
        fix = 'Say what its columns are: --set "Header=field".'
        return f"No column of {blank.tab.title!r} is known. {fix}"
    return ""
