"""Tests that one alert is sent when a problem begins, and one when it is resolved."""

from collections.abc import Callable
from dataclasses import replace

from sync.errors import Retryable
from sync.ops.alerts import REPEAT_SECONDS, Alerts, Message
from sync.status.rules import LATE_SECONDS
from sync.status.watch import Watch
from sync.store import Backlog
from tests.world import wait_for

WELL = Backlog(worker_age=10.0)
LATE = replace(WELL, jobs=1, oldest_jobs=1000.0)


class Recipient:
    """Receives alerts, except while `accepts` is False. A reason arrives at most once an hour.

    While `is_away`, an alert is sent but does not arrive.
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.texts: list[str] = []
        self.accepts = True
        self.is_away = False
        self._reasons: set[str] = set()

    def send(
        self,
        reason: str,
        text: str,
        age: float | None = None,  # noqa: ARG002
        arrived: Callable[[], object] = lambda: None,
    ) -> bool:
        if not self.accepts or reason in self._reasons:
            return False
        if self.is_away:
            return True
        self._reasons.add(reason)
        self.reasons.append(reason)
        self.texts.append(text)
        arrived()
        return True

    def pass_an_hour(self) -> None:
        self._reasons.clear()


class _Chat:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.since: list[str] = []

    def deliver(self, message: Message) -> bool:
        self.texts.append(message.text)
        self.since.append(message.since)
        return True


def watched(recipient: Recipient, *backlogs: Backlog | Exception) -> Watch:
    remaining = iter(backlogs)

    def read_backlog() -> Backlog:
        found = next(remaining)
        if isinstance(found, Exception):
            raise found
        return found

    watch = Watch(read_backlog, recipient.send)
    for _ in backlogs:
        watch.step()
    return watch


def test_a_problem_and_its_end_are_reported_once() -> None:
    recipient = Recipient()
    watched(recipient, WELL, LATE, LATE, LATE, WELL, WELL)
    assert recipient.reasons == ["late", "late over 0"]


def test_a_database_that_does_not_answer_is_reported() -> None:
    """Meanwhile webhooks are lost."""
    recipient, away = Recipient(), Retryable("store_unavailable", "The database did not answer.")
    watched(recipient, away, WELL, away, WELL)
    assert recipient.reasons == [], "a restart of PostgreSQL"
    watched(recipient, away, away)
    assert recipient.reasons == ["store_unavailable"]


def test_the_end_of_an_unreported_problem_is_not_reported() -> None:
    recipient = Recipient()
    recipient.accepts = False
    watch = watched(recipient, LATE, WELL)
    recipient.accepts = True
    watch.step()
    assert recipient.reasons == []


def test_a_recurring_problem_is_reported_at_most_once_an_hour() -> None:
    chat, seconds, backlog = _Chat(), 0.0, LATE
    watch = Watch(lambda: backlog, Alerts([chat], lambda: seconds, wall=lambda: seconds).send)

    def has_reported(count: int) -> bool:
        watch.step()
        return len(chat.texts) == count

    wait_for(lambda: has_reported(1))
    backlog = WELL
    wait_for(lambda: has_reported(2))
    backlog = LATE
    for _ in range(3):
        assert has_reported(2)
    seconds = REPEAT_SECONDS
    wait_for(lambda: has_reported(3))
    assert [text == "The sheet is up to date again." for text in chat.texts] == [False, True, False]
    assert [since[17:22] for since in chat.since[::2]] == ["23:43", "00:43"], "1,000 seconds before"
    assert [since.endswith("UTC. Code: late.") for since in chat.since] == [True] * 3


def test_silence_and_its_end_are_reported_once() -> None:
    """Another problem at the same time neither ends it nor is ended by it."""
    recipient, at = Recipient(), 1_772_800_000.0
    silent = replace(WELL, silence_days=3, arrived_at=at, clock=at + 30 * 86_400)
    resumed = replace(silent, arrived_at=silent.clock)
    both = replace(silent, jobs=1, oldest_jobs=1000.0)
    watched(recipient, silent, both, silent, resumed, resumed)
    assert recipient.reasons == ["silence", "late", "late over 0", "silence over 0"]


def test_each_long_outage_is_reported_and_a_short_one_is_not() -> None:
    recipient = Recipient()
    short = replace(WELL, trouble="google_unavailable", trouble_age=LATE_SECONDS - 1)
    long = replace(short, trouble_age=LATE_SECONDS)
    watched(recipient, short, long, long, WELL, short, WELL, long, WELL, WELL)
    assert [("minutes" in text) for text in recipient.texts] == [True, False, True, False]
    assert recipient.texts[1] == "The sheet is being written again."


def test_alerts_that_did_not_arrive_are_sent_again() -> None:
    recipient = Recipient()
    backlogs = iter([LATE, LATE, LATE, WELL, WELL, WELL])
    watch = Watch(lambda: next(backlogs), recipient.send)
    for is_away in (True, True, False, True, False, False):
        recipient.is_away = is_away
        watch.step()
    assert recipient.reasons == ["late", "late over 0"]


def test_an_unreachable_database_resolves_nothing() -> None:
    recipient = Recipient()
    away = Retryable("store_unavailable", "The database did not answer.")
    watched(recipient, LATE, away, ValueError("a fault"), LATE)
    assert recipient.reasons == ["late"]


def test_a_message_that_fails_does_not_stop_the_next_one() -> None:
    sent: list[str] = []

    def fail() -> None:
        raise ValueError("a fault")

    messages = (fail, lambda: sent.append("next"))
    Watch(lambda: WELL, Recipient().send, messages).step()
    assert sent == ["next"]
