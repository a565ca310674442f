"""What Google does not take rests for longer and longer, and is never forgotten."""

from sync.sheets.aside import Aside, Lines


def test_a_job_is_set_aside_when_it_was_refused_alone_three_times() -> None:
    """Once or twice somebody was only quicker."""
    aside = Aside()
    assert [aside.refuse("a", 0.0) for _ in range(3)] == [False, False, True]
    assert aside.resting(299.0) == {"a"}
    assert aside.due(299.0) is None
    assert aside.resting(300.0) == set()
    assert aside.due(300.0) == "a"
    assert aside.sites() == {"a"}


def test_a_refusal_that_lasts_is_asked_about_less_and_less_often() -> None:
    aside = Aside()
    now, rests = 0.0, []
    for _ in range(10):
        if aside.refuse("a", now):
            began = now
            while aside.due(now) is None:
                now += 1
            rests.append(now - began)
    assert rests == [300, 600, 1200, 2400, 3600, 3600, 3600, 3600]


def test_what_is_taken_counts_from_the_start() -> None:
    aside = Aside()
    for _ in range(3):
        aside.refuse("a", 0.0)
    aside.take(["a", "b"])
    assert aside.sites() == set()
    assert not aside.refuse("a", 0.0)


def test_many_jobs_that_are_refused_are_no_fault_of_the_jobs() -> None:
    """A spreadsheet that is full takes none: then all must wait, and the trouble be seen."""
    aside = Aside()
    for number in range(50):
        for _ in range(3):
            aside.refuse(str(number), 0.0)
    assert len(aside.sites()) == 20


def test_lines_go_alone_once_they_may_be_at_fault_and_the_one_that_is_rests() -> None:
    """Jobs are written in every second batch meanwhile, and all go together again afterwards."""
    lines = Lines(100)
    assert lines.share(True) == (True, 100)
    assert lines.refuse([1, 2, 3, 4], True, 0.0)
    assert [lines.share(True) for _ in range(3)] == [(True, 0), (False, 100), (True, 0)]
    lines.take([], True)
    assert lines.refuse([1, 2, 3, 4], False, 0.0)
    assert lines.share(False) == (False, 2)
    assert lines.refuse([1, 2], False, 0.0)
    assert lines.share(False) == (False, 1)
    assert [lines.refuse([1], False, 0.0) for _ in range(3)] == [False, False, True]
    assert (lines.resting(0.0), lines.resting(300.0)) == (frozenset({1}), frozenset())
    assert lines.share(True) == (True, 100)


def test_no_line_rests_while_nothing_is_taken() -> None:
    """A spreadsheet that is full takes nothing at all."""
    lines = Lines(100)
    lines.refuse([1], True, 0.0)
    assert not any(lines.refuse([1], False, 0.0) for _ in range(20))
    assert lines.resting(0.0) == set()


def test_lines_that_were_not_at_fault_go_along_again() -> None:
    lines = Lines(100)
    lines.refuse(range(10), True, 0.0)
    lines.refuse(range(10), False, 0.0)
    lines.take(range(5), False)
    assert lines.share(False) == (False, 10)
    lines.take(range(5, 10), False)
    assert lines.share(False) == (True, 100)


def test_an_old_success_does_not_blame_a_line_of_today() -> None:
    """No job is waiting, and the spreadsheet is full."""
    lines = Lines(100)
    lines.take([1, 2], True)
    lines.refuse([3, 4], False, 0.0)
    assert not any(lines.refuse([3], False, 0.0) for _ in range(20))
    lines.take([], True)
    assert [lines.refuse([3], False, 0.0) for _ in range(3)] == [False, False, True]


def test_lines_that_were_taken_away_leave_nothing_apart() -> None:
    lines = Lines(100)
    lines.refuse([3, 4], False, 0.0)
    lines.have_none()
    assert lines.share(True) == (True, 100)
