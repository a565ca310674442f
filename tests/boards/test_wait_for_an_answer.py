"""A job that looks like a row can wait for an answer before it gets its own row."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import Emulator
from sync.actions import compare
from sync.boards import link
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import KEY_AT, line
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more

HOURS = 48


Wait = Callable[[float], Bench]


@pytest.fixture
def waiting(google: Emulator, sqlite_url: str, tmp_path: Path) -> Wait:
    """His row has the name and phone of job 1, and only the name of job 2; job 3 has none."""

    def made(hours: float) -> Bench:
        google.everbright.token = "a-token"
        config = with_more(tmp_path, f"\n[match]\nwait_hours = {hours}\n")
        bench = Bench(google, sqlite_url, config, EVERBRIGHT_API_TOKEN="a-token")
        for number in (1, 2, 3):
            bench.customer(number)
        first = line(1, Customer="Ada Number1", Phone="h (303) 555-0001 / c 720-555-0009")
        two_tab_board.make(bench, [first, line(2, Customer="Ada Number2"), line(8)], [])
        two_tab_board.map_tabs(bench)
        flushed(bench)
        return bench

    return made


def flushed(bench: Bench) -> None:
    bench.send(*(milestone(n) for n in (1, 2, 3)))
    for _ in range(20):
        if not (bench.is_waiting() or bench.ask()):
            return
        if bench.is_waiting():
            bench.flush_once()
    pytest.fail("a job that waits is tried again and again")


def rows_of_their_own(bench: Bench) -> dict[str, bool]:
    """Return the jobs that `link` lists, and whether each has a row of its own."""
    with bench.held() as held:
        return {job.site: bool(job.added) for job in link.read_review(bench.flusher, held).jobs}


def test_it_waits_and_is_listed_before_a_second_row_is_added(waiting: Wait) -> None:
    bench = waiting(HOURS)
    assert two_tab_board.of_site(bench, 1) == []
    assert two_tab_board.of_site(bench, 3) != []
    assert rows_of_their_own(bench) == {uuid(1): False, uuid(2): False}
    calls = bench.calls()
    assert not bench.is_waiting()
    assert bench.calls() == calls
    found = bench.wiring.backlog()
    assert (found.jobs, found.quarantined, found.oldest_jobs) == (0, 0, None)
    comparison = compare.compare(bench.wiring, lambda _: None)
    assert "2 customers may already have a row" in " ".join(compare.lines(comparison))
    assert not comparison.is_well and comparison.waiting_for_answer == {uuid(1), uuid(2)}
    boards = bench.store.boards
    assert boards.unsettled() == boards.waiting() == {uuid(1), uuid(2)}
    with bench.held() as held:
        listed = link.read_review(bench.flusher, held)
        answers = link.read_answers(listed.jobs, {uuid(1): "Open jobs!4"})
        link.write_answers(bench.flusher, held, listed, answers)
    bench.flush()
    assert compare.compare(bench.wiring, lambda _: None).waiting_for_answer == {uuid(2)}
    (row,) = two_tab_board.of_site(bench, 1)
    assert (row["Customer"], row["Permit"]) == ("Ada Number1", "Waiting")
    assert len(two_tab_board.texts(bench)) == 4


def none_of_them(bench: Bench) -> link.Review:
    """Answer that none of the rows is the first job's, and return what was listed."""
    with bench.held() as held:
        listed = link.read_review(bench.flusher, held)
        answers = link.read_answers(listed.jobs, {uuid(1): "none"})
        link.write_answers(bench.flusher, held, listed, answers)
    return listed


def test_a_job_that_has_none_of_them_gets_a_row_at_once_and_for_good(waiting: Wait) -> None:
    bench = waiting(HOURS)
    assert [job.site for job in none_of_them(bench).unsettled] == [uuid(1), uuid(2)]
    assert bench.is_waiting()
    bench.flush()
    (row,) = two_tab_board.of_site(bench, 1)
    assert row["Permit"] == "Waiting"
    with bench.held() as held:
        listed = link.read_review(bench.flusher, held)
    assert [job.site for job in listed.unsettled] == [uuid(2)]
    assert [job.site for job in listed.settled] == [uuid(1)]
    mail = bench.customer(1)["E_mail"]
    column = two_tab_board.HEADERS.index("E-mail")
    bench.edit("type_cell", sheet_id=two_tab_board.OPEN, row=3, column=column, text=mail)
    with bench.held() as held:
        bench.store.spreadsheet.write_again(held, [uuid(1)])
    assert two_tab_board.texts(bench)[0].get("Site ID") is None
    bench.flush()
    assert two_tab_board.texts(bench)[0].get("Site ID") is None
    assert uuid(1) in {job.site for job in none_of_them(bench).unsettled}, "the e-mail is new"
    keys = [row.get("Site ID") for row in two_tab_board.texts(bench)]
    cell = {"row": two_tab_board.HEADER_ROW + 1 + keys.index(uuid(1)), "column": KEY_AT}
    bench.edit("type_cell", sheet_id=two_tab_board.OPEN, text="", **cell)
    bench.compare()
    bench.flush()
    assert [row.get("Site ID") for row in two_tab_board.texts(bench)] == keys


def test_after_its_hours_it_gets_a_row(waiting: Wait) -> None:
    bench = waiting(HOURS)
    bench.end_rests()
    assert bench.is_waiting()
    bench.flush()
    assert len(two_tab_board.of_site(bench, 1)) == 1
    assert rows_of_their_own(bench) == {uuid(1): True, uuid(2): True}


def test_it_gets_a_row_at_once_without_a_waiting_time(waiting: Wait) -> None:
    bench = waiting(0)
    assert len(two_tab_board.of_site(bench, 1)) == 1
    assert rows_of_their_own(bench) == {uuid(1): True, uuid(2): True}
