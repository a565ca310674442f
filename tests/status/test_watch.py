"""A person is told once that something is wrong, and once that it is over."""

from collections.abc import Callable
from dataclasses import replace

from sync.errors import Retryable
from sync.status.problem import LATE_SECONDS
from sync.status.watch import Watch
from sync.store import Backlog, Confirmations, Database

WELL = Backlog(worker=10.0)
LATE = replace(WELL, jobs=1, oldest_job=1000.0)


class Person:
    """Who is told; deaf while `hears` is False. A reason is said once an hour at most.

    While `is_away`, what is sent is on its way, and does not arrive.
    """

    def __init__(self) -> None:
        self.said: list[str] = []
        self.texts: list[str] = []
        self.hears = True
        self.is_away = False
        self._reasons: set[str] = set()

    def tell(
        self,
        reason: str,
        text: str,
        age: float = 0.0,  # noqa: ARG002
        arrived: Callable[[], object] = lambda: None,
    ) -> bool:
        if not self.hears or reason in self._reasons:
            return False
        if self.is_away:
            return True
        self._reasons.add(reason)
        self.said.append(reason)
        self.texts.append(text)
        arrived()
        return True

    def an_hour_passes(self) -> None:
        self._reasons.clear()


def watched(person: Person, *looks: Backlog | Exception) -> Watch:
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
    """Beside what else is wrong, which neither ends it nor is ended by it."""
    person, at = Person(), 1_772_800_000.0
    silent = replace(WELL, silence_days=3, arrival=at, clock=at + 30 * 86_400)
    heard = replace(silent, arrival=silent.clock)
    both = replace(silent, jobs=1, oldest_job=1000.0)
    watched(person, silent, both, silent, heard, heard)
    assert person.said == ["silence", "late", "late over 0", "silence over 0"]


def test_each_outage_is_said_and_a_short_one_is_not() -> None:
    """Catches a second outage within the hour that is taken for the first."""
    person = Person()
    short = replace(WELL, trouble="google_unavailable", trouble_age=LATE_SECONDS - 1)
    long = replace(short, trouble_age=LATE_SECONDS)
    watched(person, short, long, long, WELL, short, WELL, long, WELL, WELL)
    assert [("minutes" in text) for text in person.texts] == [True, False, True, False]
    assert person.texts[1] == "The sheet is being written again."


def test_what_did_not_arrive_is_said_again_and_so_is_its_end() -> None:
    """Catches an alert that is thought to be told while the chat was away."""
    person = Person()
    looks = iter([LATE, LATE, LATE, WELL, WELL, WELL])
    watch = Watch(lambda: next(looks), person.tell)
    for is_away in (True, True, False, True, False, False):
        person.is_away = is_away
        watch.step()
    assert person.said == ["late", "late over 0"]


def test_a_store_that_does_not_answer_ends_nothing() -> None:
    """The watch goes on, and an alarm is not over because nobody could look."""
    person = Person()
    away = Retryable("store_unavailable", "The database did not answer.")
    watched(person, LATE, away, ValueError("a fault"), LATE)
    assert person.said == ["late"]


def test_an_unknown_status_is_told_once_it_arrives_also_after_a_restart(database_url: str) -> None:
    """A chat that is away for 15 seconds: catches what is noted as told before anybody was."""
    database, person = (
        Database(database_url.replace("postgres://", "postgresql+psycopg://")),
        Person(),
    )
    database.upgrade()
    Confirmations(database).ask(["ODD"])

    def started() -> Watch:
        return Watch(lambda: WELL, person.tell, database)

    person.is_away = True
    started().step()
    person.is_away, watch = False, started()
    for _ in range(3):
        watch.step()
        person.an_hour_passes()
    assert person.said == ["unknown_status:ODD"]
    assert "ODD" in person.texts[0]
    started().step()
    assert len(person.said) == 1
    database.close()
