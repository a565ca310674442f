"""Situations that people and Google bring about, each on a sheet in memory."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sync.columns import DOCUMENTS, KEY
from sync.core.apply import apply_waiting
from sync.core.cells import LONGEST, text
from sync.core.check import Debt
from sync.core.events import Event, JobDocument, apply
from sync.core.report import PassReport
from sync.core.sheet_state import Ask
from sync.core.snapshot import FENCE, HISTORY, JOBS, RECOVERED
from sync.core.standing import Statuses
from sync.errors import Refused, Retryable
from sync.google.errors import RATE_LIMITED
from sync.settings.config_file import MilestoneConfig
from sync.webhooks import parse
from tests.core.fake_sheet import NAMES, Row, held, typed
from tests.core.storm import DEFINITIONS, Storm
from tests.made_up import milestone


class Calm(Storm):
    """A sheet with ten jobs, at which nobody but the test does anything."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed, gaps=0.0, fail=0.0, restarts=0.0)
        self.counts["rounds"] = 30
        while len(self.jobs) < len(self.sites):
            self.events()
        self.settle()
        assert self.judge() == []

    def row(self, number: int) -> dict[int, dict[str, object]]:
        """Return the cells of a job's row."""
        site = self.sites[number]
        return next(row for row in self.sheet.body() if self.sheet.site(row) == site).cells

    def key(self, column: str) -> int:
        found = self.sheet.column(column)
        assert found is not None
        return found

    def problems(self) -> set[str]:
        self.clock += 2
        return {each.code for each in self.passes.run().findings}


@pytest.fixture
def calm() -> Iterator[Calm]:
    yield Calm()


def test_two_customers_are_sorted_without_their_keys(calm: Calm) -> None:
    """A partial sort: both rows are listed within the pass, and not written."""
    names = ("customer", "phone", "email")
    one, two = calm.row(0), calm.row(1)
    for name in names:
        column = calm.key(name)
        one[column], two[column] = two[column], one[column]
    status = calm.key("status")
    one[status] = typed("stale")
    assert calm.problems() == {"other_customer"}
    calm.settle()
    assert held(calm.row(0)[status]) == "stale"


def test_a_new_customer_is_typed_over_an_old_one(calm: Calm) -> None:
    row = calm.row(2)
    row[calm.key("customer")] = typed("Walter Diaz")
    row[calm.key("phone")] = typed("555-999-1234")
    row[calm.key("email")] = typed("w@example.com")
    assert calm.problems() == {"other_customer"}


def test_metadata_with_a_name_of_ours_is_not_ours_by_that(calm: Calm) -> None:
    """Another program's, or copied with a column: Google gives it an ID of its own."""
    column, status, row = calm.sheet.new_key(), calm.key("status"), calm.row(0)
    before = held(row[status])
    calm.sheet.tabs[JOBS].columns.append(column)
    calm.sheet.guards[7] = (JOBS, "COLUMNS", "status", column)
    row[column], row[status] = typed("hers"), typed("stale")
    calm.look()
    assert (held(row[column]), held(row[status])) == ("hers", before)


def test_many_keys_are_cleared_at_once_and_come_back(calm: Calm) -> None:
    key, count = calm.key(KEY), len(calm.sheet.body())
    cleared = [(row, row.cells.pop(key)) for row in calm.sheet.body()[:8]]
    for row, _ in cleared:
        for name in ("customer", "phone", "email"):  # Nothing tells whose they were.
            row.cells.pop(calm.key(name))
    assert calm.problems() == {"keys_gone"}
    calm.settle()
    assert len(calm.sheet.body()) == count, "no row was added"
    for row, cell in cleared:
        row.cells[key] = cell
    calm.look()
    assert calm.judge() == []


def test_a_few_rows_are_deleted(calm: Calm) -> None:
    """They stay deleted; a job's next event adds its row again."""
    site = calm.sites[3]
    rows = calm.sheet.tabs[JOBS].rows
    rows.remove(next(row for row in calm.sheet.body() if calm.sheet.site(row) == site))
    calm.look()
    assert site not in {calm.sheet.site(row) for row in calm.sheet.body()}
    assert not calm.passes.is_due()
    while calm.rows.jobs[site].revision == calm.rows.jobs[site].shown:
        calm.events()
        calm.rows.refresh()
    calm.settle()
    assert calm.judge() == []


def test_a_version_is_restored(calm: Calm) -> None:
    """With an older fence in it: the pass continues, rows heal, and lines are written again."""
    version = calm.sheet.version()
    lines = len(calm.sheet.history())
    for _ in range(6):
        calm.events()
        calm.settle()
    assert len(calm.sheet.history()) > lines
    calm.sheet.restore(version)
    calm.clock += 700
    calm.look()
    assert calm.judge() == []


def test_a_version_without_the_fence_is_restored(calm: Calm) -> None:
    calm.events()
    calm.settle()
    del calm.sheet.tabs[RECOVERED]
    calm.clock += 700
    calm.look()
    assert calm.wrong_cells() == []
    assert RECOVERED in calm.sheet.tabs


def test_another_database_has_written_the_sheet(calm: Calm) -> None:
    fences = calm.sheet.tabs[RECOVERED].fences
    for number in fences:
        fences[number] = f"{FENCE} another"
    assert calm.problems() == {"other_database"}


def test_the_database_is_older_than_the_sheet(calm: Calm) -> None:
    fences = calm.sheet.tabs[RECOVERED].fences
    (number,) = fences
    fences[number + 50] = fences.pop(number)
    assert calm.problems() == {"other_database"}


def test_the_header_row_is_sorted_in_with_the_jobs(calm: Calm) -> None:
    rows = calm.sheet.tabs[JOBS].rows
    cells = [row.cells for row in rows]
    rows[0].cells, rows[4].cells = cells[4], cells[0]
    assert calm.problems() == {"header_gone"}
    rows[0].cells, rows[4].cells = cells[0], cells[4]
    calm.settle()
    assert calm.judge() == []


def test_history_lost_its_header_row(calm: Calm) -> None:
    """Its lines wait, and nothing is dropped."""
    header = calm.sheet.tabs[HISTORY].rows[0]
    guards = {k: g for k, g in calm.sheet.guards.items() if g[3] is header}
    for number in guards:
        del calm.sheet.guards[number]
    for _ in range(4):
        calm.events()
        calm.step()
    assert "history_gone" in calm.problems()
    calm.sheet.guards |= guards
    calm.look()
    assert calm.judge() == []


def test_one_cell_that_google_refuses_stops_one_job(calm: Calm) -> None:
    number, site = 5, calm.sites[5]
    customer = {
        "customer": "Refused Name",
        "phone": "(555) 010-0005",
        "email": "c5@example.com",
    }
    calm.row(number)[calm.key("customer")] = {}
    calm.sheet.refused_text = "Refused Name"
    calm.store.set_customer(calm.lease, site, customer, 1e12)
    for _ in range(5):
        calm.events()
        calm.settle()
    rest = [wrong for wrong in calm.wrong_cells() if not wrong.startswith(site[:8])]
    assert rest == []
    assert "refused" in calm.problems()
    calm.sheet.refused_text = ""
    calm.clock += 3700
    calm.look()
    assert calm.judge() == []


def test_a_cell_that_shows_something_else_is_left_until_tomorrow(calm: Calm) -> None:
    """Google, or a script of theirs, changes it after each write."""
    column, carry_out = calm.key("status"), calm.sheet.carry_out

    def changed(requests: object, read_at: int) -> None:
        carry_out(requests, read_at)  # type: ignore[arg-type]
        calm.row(0)[column] = typed("always this")

    calm.sheet.carry_out = changed  # type: ignore[method-assign]
    calm.row(0)[column] = typed("always this")
    calm.look()
    assert "held_cells" in calm.problems()
    calm.sheet.carry_out = carry_out  # type: ignore[method-assign]
    calm.clock += 86_400
    calm.look()
    assert calm.judge() == []


def test_documents_of_two_definitions_are_in_their_one_column(calm: Calm) -> None:
    site, both = calm.sites[0], (DEFINITIONS[0], DEFINITIONS[1])
    step = MilestoneConfig(definitions=both, header="Permits")
    calm.statuses = Statuses(calm.statuses.config.model_copy(update={"milestones": (step,)}))
    documents = [JobDocument(d, d, name=f"{n}.pdf") for n, d in enumerate(both)]
    named = [(site, each) for each in documents]
    calm.store.applied(calm.lease, [], {site: calm.jobs[site]}, documents=named)
    calm.start()
    calm.look()
    shown = held(calm.row(0)[calm.key(f"{DOCUMENTS}{DEFINITIONS[0]}")])
    assert shown.split("\n") == ["0.pdf", "1.pdf"]


def test_a_long_text_in_recovered_is_cut() -> None:
    assert len(text("x" * 60_000)["userEnteredValue"]["stringValue"]) == LONGEST


@pytest.mark.parametrize("seed", range(12))
def test_jobs_that_get_the_same_words_while_rows_are_sorted(seed: int) -> None:
    """A job's row may show what was meant for another one: that isn't its own write."""
    calm, lots = Calm(seed), random.Random(seed)
    calm.sheet.do_walk_in()
    calm.look()
    at = datetime.fromtimestamp(calm.clock, UTC)
    states = {}
    for number, site in enumerate(calm.sites[:4]):
        order = (at + timedelta(seconds=number), at, at, str(number))
        event = Event(site, order, at, DEFINITIONS[0], "Step 0", "SUBMITTED")
        states[site] = calm.jobs[site] = apply(calm.jobs[site], event, bool).job
    calm.store.applied(calm.lease, [], states)
    edit, rows = calm.sheet.edit, calm.sheet.tabs[JOBS].rows

    def shuffle() -> None:
        body = rows[1:]
        lots.shuffle(body)
        rows[1:] = body
        calm.sheet.edit = edit  # type: ignore[method-assign]

    calm.sheet.edit = shuffle  # type: ignore[method-assign]
    calm.look()
    calm.look()
    assert calm.judge() == []


def test_a_tab_that_is_protected_stops_only_its_own_part(calm: Calm) -> None:
    """Google refuses lines of History; jobs are written all the same."""
    calm.sheet.protected.add(HISTORY)
    for _ in range(3):
        calm.events()
        calm.settle()
    calm.look()
    assert calm.wrong_cells() == []
    assert "refused" in calm.problems()
    calm.sheet.protected.clear()
    calm.clock += 3700
    calm.look()
    assert calm.judge() == []


def test_a_refusal_of_what_was_carried_out(calm: Calm) -> None:
    """A proxy sends a batch twice: Google carries out the first, and we see the second's 400."""
    write = calm.sheet.write

    def twice(requests: Any) -> None:
        write(requests)
        raise Refused("google_refused", "No protected range with id")

    lines = len(calm.sheet.history())
    calm.sheet.write = twice  # type: ignore[method-assign]
    calm.passes.client.write = twice  # type: ignore[method-assign]
    while len(calm.store.waiting_lines(99)) == 0:
        calm.events()
    calm.step()
    calm.passes.client.write = write  # type: ignore[method-assign]
    calm.settle()
    assert len(calm.sheet.history()) > lines
    assert calm.judge() == []


def test_a_batch_whose_difference_is_undone_ends(calm: Calm) -> None:
    """It was never carried out, and nothing else is to be written: the fence moves all the same."""
    column = calm.key("status")
    cell = calm.row(0)[column]
    calm.row(0)[column] = typed("oops")
    calm.sheet.fail = 0.33
    calm.sheet.lots = random.Random(0)
    while not calm.store.attempts():
        calm.clock += 2
        with suppress(Retryable):
            calm.passes.run()
    calm.sheet.fail = 0.0
    calm.sheet.late.clear()
    calm.row(0)[column] = cell
    calm.clock += 300
    calm.look()
    assert not calm.store.attempts()
    assert not calm.passes.is_due()


def test_put_it_back_writes_no_header_into_a_jobs_row(calm: Calm) -> None:
    """The header row was sorted in, and the column Site ID is gone, too."""
    tab = calm.sheet.tabs[JOBS]
    key = calm.key(KEY)
    tab.columns.remove(key)
    calm.sheet.guards = {k: g for k, g in calm.sheet.guards.items() if g[3] != key}
    header, row = tab.rows[0], tab.rows[1]
    header.cells, row.cells = row.cells, header.cells
    before = dict(header.cells)
    calm.passes.run()
    calm.passes.ask(Ask.PUT_BACK, JOBS)
    calm.look()
    assert calm.problems() == {"header_gone"}
    assert header.cells == before


def test_one_job_in_two_rows_is_listed(calm: Calm) -> None:
    rows = calm.sheet.tabs[JOBS].rows
    rows.append(Row(dict(calm.row(0))))
    assert calm.problems() == {"two_rows"}


def test_a_link_to_another_job_contradicts_the_key(calm: Calm) -> None:
    """A partial sort of customers that EverBright hasn't named yet."""
    column = calm.key("customer")
    one, two = calm.row(0), calm.row(1)
    one[column], two[column] = two[column], one[column]
    assert calm.problems() == {"other_customer"}


def test_the_tab_recovered_is_deleted_with_a_debt(calm: Calm) -> None:
    """What is owed isn't forgotten."""
    calm.passes._sheet.debts = [Debt({"notes": typed("ours")}, {"notes": typed("call")})]
    calm.sheet.tabs[JOBS].rows.append(Row({calm.key("notes"): typed("ours")}))
    del calm.sheet.tabs[RECOVERED]
    calm.look()
    texts = {held(row.cells.get(calm.key("notes"), {})) for row in calm.sheet.body()}
    assert "ours" not in texts
    assert "call" in texts or "call" in calm.sheet.recovered()


def test_many_done_rows_may_be_deleted(calm: Calm) -> None:
    at = datetime.fromtimestamp(calm.clock, UTC)
    archive = {
        site: apply(job, Event(site, (at, at, at, "z"), at, is_archived=True), bool).job
        for site, job in calm.jobs.items()
    }
    calm.jobs |= archive
    calm.store.applied(calm.lease, [], archive)
    calm.settle()
    rows = calm.sheet.tabs[JOBS].rows
    rows[1:9] = []
    assert calm.problems() == set()


def test_jobs_wait_for_no_tab_that_is_gone(calm: Calm) -> None:
    """History is deleted: few reads, and rows are written all the same."""
    del calm.sheet.tabs[HISTORY]
    calm.look()
    calm.events()
    calm.settle()
    assert calm.wrong_cells() == []
    assert not calm.passes.is_due(), "a line that can't be written doesn't keep the pass going"


def test_a_restore_while_something_is_owed_drops_no_job(calm: Calm) -> None:
    """The rows that the older version lacks are made again once the debt is paid."""
    version = calm.sheet.version()
    site, rows = calm.sites[0], calm.sheet.tabs[JOBS].rows
    calm.events()
    calm.settle()
    calm.sheet.restore(version)
    row = next(row for row in rows if calm.sheet.site(row) == site)
    calm.sheet.tabs[JOBS].rows.remove(row)
    calm.sheet.tabs[JOBS].rows.append(Row({calm.key("notes"): typed("ours")}))
    calm.passes._sheet.debts = [Debt({"notes": typed("ours")}, {"notes": typed("call")})]
    calm.look()
    assert calm.wrong_cells() == []


def test_no_row_is_added_while_a_row_waits_for_its_key(calm: Calm) -> None:
    """A new row between a hit and its repair could be a second one of the job that was hit."""
    rows, one, two = calm.sheet.tabs[JOBS].rows, calm.row(0), calm.row(1)
    count = len(calm.sheet.body())
    del one[calm.key(KEY)]
    edit, places = calm.sheet.edit, [n for n, row in enumerate(rows) if row.cells in (one, two)]

    def swapped() -> None:
        calm.sheet.edit = edit  # type: ignore[method-assign]
        here, there = places
        rows[here], rows[there] = rows[there], rows[here]

    calm.sheet.edit = swapped  # type: ignore[method-assign]
    calm.passes.run()
    assert held(two[calm.key(KEY)]) == calm.sites[0], "the batch hit the other job's key"
    calm.sites.append(str(UUID(int=99, version=4)))
    calm.store.applied(calm.lease, [], {calm.sites[-1]: calm.jobs[calm.sites[0]]})
    calm.passes.run()
    assert held(two[calm.key(KEY)]) == calm.sites[1], "it is put back"
    assert len(calm.sheet.body()) == count
    calm.settle()
    assert sorted(filter(None, map(calm.sheet.site, calm.sheet.body()))) == sorted(calm.sites)
    assert calm.wrong_cells() == []


def test_one_bad_event_stops_no_other(calm: Calm) -> None:
    body = milestone(1, 1, status="APPROVED", date_updated="0001-01-01T00:00:00Z")
    good = milestone(2, 1, status="APPROVED")
    for each in (body, good):
        raw = json.dumps(each).encode()
        calm.store.keep(raw, parse.read(raw))
    assert apply_waiting(calm.store, calm.lease, calm.statuses)
    assert not calm.store.waiting(9)
    assert good["site"] in calm.store.job_states([good["site"]])


def test_a_row_that_people_typed_is_not_taken_for_a_new_job(calm: Calm) -> None:
    """Somebody typed the customer before EverBright's first webhook: the job gets its own row."""
    site, number = calm.sites[0], 0
    own = calm.row(number)
    typed_row = Row({calm.key(c): own[calm.key(c)] for c in ("phone", "email")}, tag="walk-in")
    texts = {"customer": NAMES[number], "status": "waits for the bank", "notes": "call Tuesday"}
    for column, words in texts.items():
        typed_row.type(calm.key(column), words, calm.sheet.number)
    rows = calm.sheet.tabs[JOBS].rows
    rows.remove(next(row for row in rows if row.cells is own))
    rows.insert(1, typed_row)
    calm.store.set_rows(calm.lease, {site: {"row": "new", "shown": 0}})
    calm.start()
    calm.look()
    assert {c: held(typed_row.cells[calm.key(c)]) for c in texts} == texts
    assert calm.wrong_cells() == []


def test_a_version_is_restored_twice(calm: Calm) -> None:
    """The second has lines that were written again since: some are doubled, and none is lost."""
    versions = []
    for _ in range(3):
        versions.append(calm.sheet.version())
        count = len(calm.sheet.history())
        while len(calm.sheet.history()) == count:
            calm.events()
            calm.settle()
    lines = {tuple(row[:5]) for row in calm.sheet.history()}
    for number in (0, 2, 1, 2):
        calm.sheet.restore(versions[number])
        calm.clock += 700
        calm.look()
        assert {tuple(row[:5]) for row in calm.sheet.history()} == lines
    assert calm.wrong_cells() == []


def test_a_restored_version_is_said_for_a_day(calm: Calm) -> None:
    version = calm.sheet.version()
    calm.events()
    calm.settle()
    calm.sheet.restore(version)
    calm.look()
    assert calm.problems() == {"restored_version"}
    calm.clock += 86_400
    assert calm.problems() == set()


def test_history_is_deleted(calm: Calm) -> None:
    """That is a choice, which keeps no pass going."""
    del calm.sheet.tabs[HISTORY]
    calm.events()
    calm.settle()
    result = calm.passes.run()
    assert [each.code for each in result.findings] == ["history_deleted"]
    assert not result.has_young_lines
    assert not PassReport(at=1.0, findings=result.findings).problems


def test_a_title_is_typed_above_historys_header(calm: Calm) -> None:
    calm.sheet.tabs[HISTORY].rows.insert(0, Row())
    calm.sheet.tabs[HISTORY].rows.insert(0, Row({1: typed("What happened")}))
    lines = calm.counts["lines"]
    while calm.counts["lines"] == lines:
        calm.events()
    calm.settle()
    assert calm.problems() == set()
    assert not calm.store.waiting_lines(9)


def test_a_protected_tab_is_a_few_calls(calm: Calm) -> None:
    """Google refuses everything in Jobs; after three parts it is clear that none will do."""
    column = calm.key("status")
    for row in filter(calm.sheet.site, calm.sheet.body()):
        row.cells[column] = typed("stale")
    calm.sheet.protected.add(JOBS)
    for _ in range(120):
        calm.clock += 60
        with suppress(Refused):
            result = calm.passes.run()
    assert calm.sheet.counts["protected"] < 40
    assert {"all_refused", "refused"} <= {each.code for each in result.findings}
    assert any("protected cell" in each.detail for each in result.findings)
    calm.sheet.protected.clear()
    calm.clock += 3700
    calm.look()
    assert calm.judge() == []


def test_too_many_calls_are_a_definite_no(calm: Calm) -> None:
    """Google has carried nothing out, so the batch isn't waited for."""
    write = calm.passes.client.write

    def limited(requests: Any) -> None:
        raise Retryable(RATE_LIMITED, f"Too many calls: {len(requests)} requests.")

    column = calm.key("status")
    cell = calm.row(0)[column]
    calm.row(0)[column] = typed("stale")
    calm.passes.client.write = limited  # type: ignore[method-assign]
    with suppress(Retryable):
        calm.passes.run()
    calm.passes.client.write = write  # type: ignore[method-assign]
    calm.row(0)[column] = cell
    calm.settle()
    calm.passes.run()
    assert not calm.store.attempts()


def test_a_deleted_row_comes_back_by_an_event_alone(calm: Calm) -> None:
    """Not by what EverBright says of the customer, nor by a document that was copied."""
    site, rows = calm.sites[3], calm.sheet.tabs[JOBS].rows
    rows.remove(next(row for row in rows if calm.sheet.site(row) == site))
    calm.look()
    calm.store.set_customer(calm.lease, site, {"customer": "New Name"}, 1e12)
    calm.settle()
    assert site not in map(calm.sheet.site, calm.sheet.body())
    assert not calm.passes.is_due()
    assert calm.store.backlog()["jobs"] == 0
    revision = calm.rows.jobs[site].event_revision
    while calm.rows.jobs[site].event_revision == revision:
        calm.events()
        calm.rows.refresh()
    calm.settle()
    assert site in map(calm.sheet.site, calm.sheet.body())


def test_a_status_that_nobody_has_named_is_listed(calm: Calm) -> None:
    at = datetime.fromtimestamp(calm.clock, UTC)
    site = calm.sites[0]
    event = Event(site, (at, at, at, "z"), at, DEFINITIONS[0], "Step 0", "ON_HOLD")
    calm.jobs[site] = apply(calm.jobs[site], event, bool).job
    calm.store.applied(calm.lease, [], {site: calm.jobs[site]})
    calm.settle()
    (finding,) = calm.passes.run().findings
    assert (finding.code, finding.detail) == ("unknown_status", "ON_HOLD")


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_tab_of_60000_blank_rows_and_90_columns_is_written(calm: Calm) -> None:
    """Somebody has added them, and has typed a word into the last one."""
    tab, status = calm.sheet.tabs[JOBS], calm.key("status")
    tab.columns += [calm.sheet.new_key() for _ in range(90 - len(tab.columns))]
    tab.rows += [Row() for _ in range(60_000)]
    tab.rows[-1].type(tab.columns[-1], "note", calm.sheet.number)
    for row in filter(calm.sheet.site, calm.sheet.body()):
        row.cells[status] = typed("stale")
    began = time.process_time()
    calm.passes.run()
    calm.passes.run()
    print(f"two passes: {time.process_time() - began:.1f} s of CPU, the sheet's own included")
    assert calm.wrong_cells() == []
    assert held(tab.rows[-1].cells[tab.columns[-1]]) == "note"


def test_a_refused_job_in_two_rows_stops_no_other(calm: Calm) -> None:
    site, notes = calm.sites[5], calm.key("next_action")
    calm.sheet.tabs[JOBS].rows.append(Row(dict(calm.row(5))))
    calm.look()
    calm.sheet.refused_text = calm.rows.jobs[site].cells["status"]["userEnteredValue"][
        "stringValue"
    ]
    for row in calm.sheet.body():
        row.cells[notes] = typed("stale")
        if calm.sheet.site(row) == site:
            row.cells[calm.key("status")] = typed("stale")
    for _ in range(40):
        calm.clock += 2
        calm.passes.run()
    others = [row for row in calm.sheet.body() if calm.sheet.site(row) not in ("", site)]
    assert "stale" not in {held(row.cells.get(notes, {})) for row in others}
    assert {"refused", "two_rows"} <= calm.problems()


def _delete_history(calm: Calm) -> None:
    del calm.sheet.tabs[HISTORY]
    calm.sheet.guards = {k: each for k, each in calm.sheet.guards.items() if each[0] != HISTORY}


def _tell_more(calm: Calm) -> None:
    while not calm.store.waiting_lines(9):
        calm.events()
    calm.settle()


@pytest.mark.parametrize("is_restored_first", [False, True])
def test_history_is_whole_after_a_restored_version(calm: Calm, is_restored_first: bool) -> None:
    """It was deleted at once before the version was restored, or in that version."""
    version = calm.sheet.version()
    if not is_restored_first:
        _delete_history(calm)
        calm.look()
        version = calm.sheet.version()
    calm.clock += 86_400
    _tell_more(calm)
    if is_restored_first:
        _delete_history(calm)
        calm.passes.run()
        calm.clock += 2
    calm.sheet.restore(version)
    for _ in range(3):
        calm.look()
    if is_restored_first:
        _delete_history(calm)
        calm.look()
        assert "history_deleted" in calm.problems()
    calm.passes.ask(Ask.PUT_BACK, HISTORY)
    calm.look()
    assert len(calm.sheet.history()) == calm.counts["lines"]
