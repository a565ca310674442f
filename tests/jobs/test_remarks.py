"""Tests that a remark is shown with the change it arrived with, and a name only with its remark."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from sync.jobs.cells import EMPTY
from sync.jobs.model import Change, Files, Job
from sync.jobs.projection import apply_event
from tests.jobs.test_projection import CONFIG, HISTORY, an_event, job_of
from tests.jobs.test_row import layout
from tests.laid_out import cells_of
from tests.made_up import comment, uuid

BOT = {"commentor_first_name": "SightenEverBright", "commentor_last_name": "Bot"}
WHY = "The roof plan is missing a page."


def at(day: int, hour: int = 10) -> str:
    return f"2026-03-{day:02d}T{hour:02d}:00:00Z"


def by_ben(text: str, day: int, **more: Any) -> dict[str, Any]:
    return comment(text, at(day), commentor_first_name="Ben", uuid=uuid(day)) | more


def by_bot(text: str, day: int, hour: int = 10) -> dict[str, Any]:
    return comment(text, at(day, hour), uuid=uuid(100 * day + hour)) | BOT


def note(job: Job) -> tuple[str, datetime | None]:
    cell = cells_of(layout(), job, Files()).get(f"status:{uuid(30_001)}", EMPTY)
    return cell.note, cell.noted


def lines(*events: Any) -> list[Change]:
    job, found = Job(site=uuid(1)), []
    for one in events:
        before, job = job, apply_event(job, one, CONFIG)
        found += HISTORY.milestone_changes(before, job, one)
    return found


SUBMITTED = an_event(status="SUBMITTED", date_updated=at(1))
REJECTED = an_event(status="REJECTED", date_updated=at(2), comments=[by_ben(WHY, 2)])
APPROVED = an_event(status="APPROVED", date_updated=at(5), comments=[by_ben(WHY, 2)])


def test_a_later_event_of_the_same_status_keeps_date_and_comment() -> None:
    """An added document is not a decision, and a later remark did not arrive with one."""
    later = [by_ben(WHY, 2), by_ben("And page 3.", 6)]
    again = an_event(status="REJECTED", date_updated=at(6), comments=later)
    for order in permutations([SUBMITTED, REJECTED, again]):
        job = job_of(*order)
        assert note(job) == (f'"{WHY}" – Ben', datetime(2026, 3, 2, 10, tzinfo=UTC))
        assert cells_of(layout(), job, Files())["last_comment"].text == '"And page 3." – Ben'
    found = [line.after for line in lines(SUBMITTED, REJECTED, again)]
    assert found == ["SUBMITTED", "REJECTED", None], "the last is of the comment"


def test_the_bots_comment_gives_the_time_but_no_name() -> None:
    said = [
        by_bot("Bot submitted milestone X for approval.", 3),
        by_bot("Bot approved milestone X.", 4),
    ]
    late = an_event(status="APPROVED", date_updated=at(5), comments=said)
    assert note(job_of(SUBMITTED, late)) == ("", datetime(2026, 3, 4, 10, tzinfo=UTC))
    (_, line) = lines(SUBMITTED, late)
    assert (line.stamp, line.comment) == (datetime(2026, 3, 4, 10, tzinfo=UTC), "")
    fields = ("last_approval", "last_comment")
    found = cells_of(layout(), job_of(SUBMITTED, late), Files(), fields=fields)
    assert found["last_approval"].when == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert "last_comment" not in found


def test_a_bots_comment_from_an_earlier_event_gives_no_time() -> None:
    """Approved, rejected, approved again: the first approval's time is not the second's."""
    old = by_bot("Bot approved milestone X.", 1)
    first = an_event(status="APPROVED", date_updated=at(1), comments=[old])
    second = an_event(status="REJECTED", date_updated=at(2), comments=[old])
    third = an_event(status="APPROVED", date_updated=at(6), comments=[old])
    assert note(job_of(first, second, third)) == ("", datetime(2026, 3, 6, 10, tzinfo=UTC))


@pytest.mark.parametrize(("day", "is_shown"), [(1, False), (2, True), (3, True)])
def test_a_remark_with_a_milestones_first_event_must_be_as_new_as_the_event(
    day: int, is_shown: bool
) -> None:
    """An older remark may be about any earlier status."""
    first = an_event(status="APPROVED", date_updated=at(2), comments=[by_ben("All there.", day)])
    assert note(job_of(first))[0] == ('"All there." – Ben' if is_shown else "")
    assert lines(first)[0].comment == ('"All there." – Ben' if is_shown else "")


def test_an_automatic_comment_is_the_bots_with_any_name() -> None:
    said = [by_ben("Stage moved on.", 3, comment_type="AUTO"), by_ben("By hand.", 2)]
    job = job_of(SUBMITTED, an_event(status="REJECTED", date_updated=at(3), comments=said))
    assert cells_of(layout(), job, Files())["last_comment"].text == '"By hand." – Ben'
    assert note(job)[0] == '"By hand." – Ben'


def test_comments_without_an_id_are_distinguished_by_date_and_text() -> None:
    first = an_event(status="REJECTED", date_updated=at(2), comments=[by_ben("One.", 2, uuid=None)])
    both = [by_ben("One.", 2, uuid=None), by_ben("Two.", 2, uuid=None)]
    second = an_event(status="APPROVED", date_updated=at(3), comments=both)
    assert note(job_of(first, second))[0] == '"Two." – Ben'
