"""People's answers: whose row it is, what to put back, and which database is right."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sync.columns import KEY
from sync.core import decide
from sync.core.events import apply
from sync.core.sheet_state import Ask
from sync.core.snapshot import FENCE, HISTORY, JOBS, RECOVERED
from sync.errors import Retryable
from tests.core.fake_sheet import Row, Tab, held, typed
from tests.core.storm import Storm
from tests.core.test_situations import Calm


@pytest.fixture
def calm() -> Iterator[Calm]:
    yield Calm()


def swap_customers(calm: Calm) -> None:
    one, two = calm.row(0), calm.row(1)
    for column in map(calm.key, ("customer", "phone", "email")):
        one[column], two[column] = two[column], one[column]


def type_another_customer(calm: Calm, row: dict[int, dict[str, object]]) -> None:
    row[calm.key("customer")] = typed("Walter Diaz")
    row[calm.key("phone")] = typed("555-999-1234")
    row[calm.key("email")] = typed("w@example.com")


def answer(calm: Calm, site: str, *, is_same: bool) -> None:
    now = calm.passes._read()
    (tab,) = now.tabs
    (place,) = now.keys[site]
    texts = decide.Row(place, tab, now.places[place][1]).texts
    calm.store.answer_row(site, texts, is_same=is_same)


def test_a_row_is_the_jobs_all_the_same(calm: Calm) -> None:
    """The answer holds until the customer's cells change."""
    site, row = calm.sites[2], calm.row(2)
    type_another_customer(calm, row)
    row[calm.key("status")] = typed("stale")
    assert calm.problems() == {"other_customer"}
    answer(calm, site, is_same=True)
    assert calm.problems() == set()
    assert held(row[calm.key("status")]) != "stale"
    row[calm.key("customer")] = typed("Somebody Else")
    assert calm.problems() == {"other_customer"}


def test_a_row_is_not_the_jobs(calm: Calm) -> None:
    """The ID is taken out, what was typed stays, and the job gets a row of its own."""
    site, row = calm.sites[2], calm.row(2)
    type_another_customer(calm, row)
    calm.passes.run()
    answer(calm, site, is_same=False)
    calm.look()
    assert held(row.get(calm.key(KEY), {})) == ""
    assert held(row[calm.key("customer")]) == "Walter Diaz"
    assert calm.row(2) is not row
    assert calm.problems() == set()
    assert calm.wrong_cells() == []
    assert calm.store.row_answers() == {}, "it is carried out"
    mine = next(r for r in calm.sheet.body() if calm.sheet.site(r) == site)
    calm.sheet.tabs[JOBS].rows.remove(mine)
    calm.look()
    assert site not in map(calm.sheet.site, calm.sheet.body()), "deleted, as any other row"


def test_the_site_ids_are_put_back_after_a_partial_sort(calm: Calm) -> None:
    swap_customers(calm)
    one, two = calm.row(0), calm.row(1)
    assert calm.problems() == {"other_customer"}
    calm.passes.ask(Ask.SITE_IDS_BACK)
    calm.look()
    assert calm.problems() == set()
    assert (calm.row(0), calm.row(1)) == (two, one)
    assert calm.judge() == []


@pytest.mark.parametrize("description", [f"{FENCE} another", ""])
def test_this_database_is_the_right_one(calm: Calm, description: str) -> None:
    """It counts on from the sheet's number, also if it is its own from before a backup."""
    fences = calm.sheet.tabs[RECOVERED].fences
    ((number, own),) = fences.items()
    fences.clear()
    fences[number + 50] = description or own
    calm.row(0)[calm.key("status")] = typed("stale")
    assert calm.problems() == {"other_database"}
    calm.passes.ask(Ask.THIS_DATABASE)
    calm.look()
    assert calm.problems() == set()
    assert calm.judge() == []
    assert [*calm.sheet.tabs[RECOVERED].fences] > [number + 50]


def test_the_rows_were_deleted(calm: Calm) -> None:
    calm.sheet.tabs[JOBS].rows[1:9] = []
    result = calm.passes.run()
    (finding,) = result.findings
    assert (finding.code, finding.tab) == ("keys_gone", "1126170001")
    assert finding.count > 5
    calm.passes.ask(Ask.ROWS_DELETED)
    calm.look()
    assert calm.problems() == set()
    assert len(list(filter(calm.sheet.site, calm.sheet.body()))) == 2


def delete_column(calm: Calm, name: str, sheet: int = JOBS) -> None:
    guards = {k: g for k, g in calm.sheet.guards.items() if (g[0], g[2]) == (sheet, name)}
    for number, (_, _, _, column) in guards.items():
        del calm.sheet.guards[number]
        calm.sheet.tabs[sheet].columns.remove(column)


def test_what_is_deleted_from_a_restored_version_stays_deleted(calm: Calm) -> None:
    version = calm.sheet.version()
    for _ in range(3):
        calm.events()
        calm.settle()
    calm.sheet.restore(version)
    calm.look()
    delete_column(calm, "phone")
    calm.events()
    calm.settle()
    assert calm.sheet.column("phone") is None
    del calm.sheet.tabs[JOBS]
    assert calm.problems() == {"tab_gone", "restored_version"}


@pytest.mark.parametrize("name", ["status", KEY])
def test_a_column_is_put_back(calm: Calm, name: str) -> None:
    delete_column(calm, name)
    calm.passes.run()
    assert calm.sheet.column(name) is None
    calm.passes.ask(Ask.PUT_BACK, JOBS)
    calm.look()
    assert calm.judge() == []


@pytest.mark.parametrize("sheet", [JOBS, HISTORY])
def test_a_tab_is_put_back(calm: Calm, sheet: int) -> None:
    """With all of its rows or lines."""
    del calm.sheet.tabs[sheet]
    for number in [k for k, g in calm.sheet.guards.items() if g[0] == sheet]:
        del calm.sheet.guards[number]
    calm.look()
    assert sheet not in calm.sheet.tabs
    calm.passes.ask(Ask.PUT_BACK, sheet)
    calm.look()
    assert calm.judge() == []


def test_what_is_there_again_is_not_written_twice(calm: Calm) -> None:
    """Undone in the sheet before the button is pressed, and pressed again by a new process."""
    version = calm.sheet.version()
    delete_column(calm, "waiting_on")
    del calm.sheet.tabs[HISTORY]
    calm.passes.run()
    calm.sheet.restore(version)
    calm.passes.ask(Ask.PUT_BACK, HISTORY)
    calm.look()
    calm.start()
    calm.passes.ask(Ask.PUT_BACK, HISTORY)
    calm.look()
    assert calm.judge() == []


def lose_history(calm: Calm) -> None:
    del calm.sheet.tabs[HISTORY]
    calm.sheet.guards = {k: g for k, g in calm.sheet.guards.items() if g[0] != HISTORY}


def new_lines(calm: Calm) -> None:
    lines = calm.counts["lines"]
    while calm.counts["lines"] == lines:
        calm.events()


def test_a_newer_version_after_an_older_one_that_nothing_was_written_to(calm: Calm) -> None:
    """Somebody restores one that is too old, sees it, and takes another."""
    old = calm.sheet.version()
    new_lines(calm)
    calm.settle()
    newer = calm.sheet.version()
    new_lines(calm)
    calm.settle()
    lines = {tuple(row[:5]) for row in calm.sheet.history()}
    calm.sheet.restore(old)
    write = calm.passes.client.write

    def down(requests: Any) -> None:
        raise Retryable("google_unavailable", "503")

    calm.passes.client.write = down  # type: ignore[method-assign]
    with pytest.raises(Retryable):
        calm.passes.run()
    calm.passes.client.write = write  # type: ignore[method-assign]
    calm.sheet.restore(newer)
    calm.look()
    calm.look()
    assert {tuple(row[:5]) for row in calm.sheet.history()} == lines, (
        "some may be doubled, and none is lost"
    )


def test_history_is_put_back_while_an_answer_is_lost(calm: Calm) -> None:
    carry_out = calm.sheet.carry_out

    def lost(requests: Any, read_at: int) -> None:
        carry_out(requests, read_at)
        calm.sheet.carry_out = carry_out  # type: ignore[method-assign]
        raise Retryable("google_unavailable", "carried out")

    new_lines(calm)
    calm.sheet.carry_out = lost  # type: ignore[method-assign]
    with pytest.raises(Retryable):
        calm.passes.run()
    lose_history(calm)
    calm.passes.ask(Ask.PUT_BACK, HISTORY)
    calm.look()
    assert calm.wrong_history() == []


def test_an_answer_is_kept_while_a_column_is_made(calm: Calm) -> None:
    del calm.sheet.tabs[JOBS].rows[1:9]
    assert "keys_gone" in calm.problems()
    site = calm.sites[0]
    event = replace(calm._event(site), definition="0000-new", name="Inspection")
    calm.jobs[site] = apply(calm.jobs[site], event, calm.statuses.is_rejected).job
    calm.store.applied(calm.lease, [], {site: calm.jobs[site]})
    calm.passes.ask(Ask.ROWS_DELETED)
    calm.look()
    assert "keys_gone" not in calm.problems()


@pytest.mark.parametrize("sheet", [JOBS, HISTORY])
def test_a_header_row_is_put_back(calm: Calm, sheet: int) -> None:
    header = calm.sheet.tabs[sheet].rows.pop(0)
    titles = {column: held(cell) for column, cell in header.cells.items()}
    for number in [k for k, g in calm.sheet.guards.items() if g[3] is header]:
        del calm.sheet.guards[number]
    calm.passes.run()
    calm.passes.ask(Ask.PUT_BACK, sheet)
    calm.look()
    assert calm.judge() == []
    shown = {c: held(cell) for c, cell in calm.sheet.tabs[sheet].rows[0].cells.items()}
    assert shown == titles


class Office(Storm):
    """A spreadsheet that has tabs of the office, in which the test does everything."""

    def __init__(self, cells: dict[int, dict[str, object]], titles: int) -> None:
        super().__init__(1, gaps=0.0, fail=0.0, restarts=0.0)
        for sheet in range(titles):
            self.sheet.tabs[sheet] = Tab([Row(dict(cells)), Row()], [1, 2])
        self.counts["rounds"] = 30
        while len(self.jobs) < 3:
            self.events()


@pytest.mark.parametrize(("cells", "titles"), [({1: typed("Homeowner")}, 1), ({}, 2)])
def test_nothing_is_written_into_an_offices_spreadsheet_without_consent(
    cells: dict[int, dict[str, object]], titles: int
) -> None:
    office = Office(cells, titles)
    result = office.passes.run()
    assert [each.code for each in result.findings] == ["add_tabs"]
    assert len(office.sheet.tabs) == titles
    office.passes.ask(Ask.ADD_TABS)
    office.settle()
    assert {JOBS, HISTORY, RECOVERED} <= office.sheet.tabs.keys()
    office.start()
    del office.sheet.tabs[RECOVERED]
    office.look()
    assert RECOVERED in office.sheet.tabs, "consent is kept"


def test_a_blank_spreadsheet_gets_our_tabs_at_once() -> None:
    office = Office({}, 1)
    office.settle()
    assert {JOBS, HISTORY, RECOVERED} <= office.sheet.tabs.keys()
