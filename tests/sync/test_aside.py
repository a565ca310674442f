"""A job that Google does not take rests for longer and longer, and is never forgotten."""

from sync.aside import Aside


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
