"""A person is told once that something is wrong, and once that it is over."""

from dataclasses import replace

from sync.errors import Retryable
from sync.status.silence import SILENCE
from sync.status.watch import Watch
from sync.store import Backlog

WELL = Backlog(worker=10.0)
LATE = replace(WELL, jobs=1, oldest_job=1000.0)


class Person:
    """Who is told; deaf while `hears` is False. A reason is said once an hour at most."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.hears = True
        self._reasons: set[str] = set()

    def tell(self, reason: str, _text: str) -> bool:
        if not self.hears or reason in self._reasons:
            return False
        self._reasons.add(reason)
        self.said.append(reason)
        return True

    def an_hour_passes(self) -> None:
        self._reasons.clear()


def watched(person: Person, *looks: Backlog | Exception) -> Watch:
    """Return a watch that has looked so often."""
    coming = iter(looks)

    def look() -> Backlog:
        found = next(coming)
        if isinstance(found, Exception):
            raise found
        return found

    watch = Watch(look, person.tell)
    for _ in looks:
        watch.step()
    return watch


def test_it_is_said_once_and_once_that_it_is_over() -> None:
    person = Person()
    watched(person, WELL, LATE, LATE, LATE, WELL, WELL)
    assert person.said == ["late", "late over 0"]


def test_what_nobody_was_told_of_has_no_end() -> None:
    person = Person()
    person.hears = False
    watch = watched(person, LATE, WELL)
    person.hears = True
    watch.step()
    assert person.said == []


def test_what_comes_again_within_the_hour_is_said_no_more_than_once_an_hour() -> None:
    person = Person()
    watched(person, LATE, WELL, LATE, WELL, LATE, WELL)
    assert person.said == ["late", "late over 0"]


def test_silence_is_said_once_and_once_that_deliveries_come_again() -> None:
    """Beside what the backlog tells, which neither ends it nor is ended by it."""
    person = Person()
    silent = [True, True, True, False, False]
    looks = iter([WELL, LATE, WELL, WELL, WELL])
    others = iter([{SILENCE: "Nothing came."} if one else {} for one in silent])
    watch = Watch(lambda: next(looks), person.tell, lambda _told: next(others))
    for _ in silent:
        watch.step()
    assert person.said == ["silence", "late", "late over 0", "silence over 1"]


def test_a_store_that_does_not_answer_ends_nothing() -> None:
    """The watch goes on, and an alarm is not over because nobody could look."""
    person = Person()
    away = Retryable("store_unavailable", "The database did not answer.")
    watched(person, LATE, away, ValueError("a fault"), LATE)
    assert person.said == ["late"]
