"""How Google treats IDs is tried once in a spreadsheet, and what is written stays right."""

import pytest

from sync.errors import BrightsheetError, Permanent, Retryable
from sync.sheets.trial import try_google
from sync.status.verdict import evaluate
from sync.store.sheet_state import Trial
from tests.bench import Bench
from tests.made_up import milestone, uuid

LATER = "2026-03-04T00:00:00Z"
FIRST = uuid(30_001)


def tried(bench: Bench) -> Trial:
    return try_google(bench.store.spreadsheet, bench.flusher.client)


def test_it_is_done_once_in_two_calls_and_leaves_nothing(bench: Bench) -> None:
    bench.shown(milestone(1))
    assert bench.writes() == 2 + 1
    bench.shown(milestone(2))
    assert bench.writes() == 2 + 2
    before = bench.book("sheets")
    trial = tried(bench)
    assert (trial.keeps_range_id, trial.refuses_taken_id) == (True, True)
    assert trial == bench.store.spreadsheet.trial()
    assert bench.writes() == 2 + 2 + 2
    assert bench.book("sheets") == before


def test_nothing_is_written_if_google_ignores_a_chosen_id(bench: Bench) -> None:
    """Catches batches that Google would take twice: their fence has another number."""
    before = bench.book("sheets")
    bench.google.answer_otherwise("chosen_id")
    bench.send(milestone(1))
    for _ in range(2):
        with pytest.raises(Permanent) as caught:
            bench.flush_once()
        assert caught.value.reason == "unsafe"
    with pytest.raises(Permanent):
        bench.setup().provision(bench.spreadsheet)
    assert bench.writes() == 2
    assert bench.book("sheets") == before
    bench.google.answer_otherwise()
    tried(bench)
    bench.flush()
    assert bench.row(uuid(1))


def test_a_taken_id_that_is_accepted_is_a_warning(bench: Bench) -> None:
    bench.wiring.heartbeats.give()
    bench.google.answer_otherwise("metadata_id")
    before = bench.book("sheets")
    assert not tried(bench).refuses_taken_id
    assert bench.book("sheets") == before
    (problem,) = evaluate(bench.wiring.backlog())
    assert problem.code == "taken_ids"
    bench.google.answer_otherwise()
    tried(bench)
    assert evaluate(bench.wiring.backlog()) == ()


@pytest.mark.parametrize("skip", range(2))
def test_a_trial_without_an_answer_is_repeated(bench: Bench, skip: int) -> None:
    bench.google.faults.drop(api="sheets", method="*.batchUpdate", skip=skip, count=9)
    with pytest.raises(Retryable):
        tried(bench)
    bench.google.faults.clear()
    assert bench.store.spreadsheet.trial() is None
    assert tried(bench).refuses_taken_id


def flush(bench: Bench) -> None:
    """Flush as the worker does: what is refused is tried again."""
    for _ in range(30):
        if not bench.is_waiting():
            return
        try:
            bench.flush_once()
        except BrightsheetError:
            continue
    raise AssertionError("it does not come to an end")


def statuses(bench: Bench) -> dict[str, str]:
    return {row["Site ID"]: row["Milestone 1"] for row in bench.texts() if "Site ID" in row}


@pytest.mark.long
@pytest.mark.parametrize("name", ["metadata_id", "range_id", "all_or_nothing", "copies"])
def test_the_sheet_is_right_though_google_behaves_differently(bench: Bench, name: str) -> None:
    """A person moves columns and sorts rows between read and write."""
    bench.shown(*(milestone(number) for number in range(1, 6)))
    bench.edit("add_column", text="Crew")
    crew = len(bench.look().keys) - 1
    for number in range(1, 6):
        bench.edit("type_cell", row=bench.at(number), column=crew, text=f"crew {number}")
    bench.google.answer_otherwise(name)
    deeds = [
        lambda: bench.edit("move_column", column=bench.index("status"), to=1),
        lambda: bench.edit("sort", column=bench.index("site_id"), ascending=False),
        lambda: bench.edit("insert_rows", index=2, count=1),
        lambda: bench.edit("move_row", row=3, to=1),
        lambda: bench.edit("insert_columns", index=2, count=1),
    ]
    for number, deed in enumerate(deeds, 1):
        bench.before_the_write(deed)
        bench.send(milestone(number, status="APPROVED", date_updated=LATER))
        flush(bench)
    bench.compare()
    flush(bench)
    assert statuses(bench) == {uuid(number): "Approved" for number in range(1, 6)}
    crews = {row["Site ID"]: row["Crew"] for row in bench.texts() if "Site ID" in row}
    assert crews == {uuid(number): f"crew {number}" for number in range(1, 6)}


def test_part_of_a_refused_batch_is_not_confirmed_as_all_of_it(bench: Bench) -> None:
    """The fence is moved, a moved column's guard refuses, nothing is copied or written."""
    bench.shown(*(milestone(number) for number in range(1, 4)))
    bench.shown(milestone(1, status="APPROVED", date_updated=LATER))
    bench.google.answer_otherwise("all_or_nothing")
    bench.before_the_write(
        lambda: bench.edit("move_column", column=bench.index(f"status:{FIRST}"), to=1)
    )
    bench.send(milestone(1, status="REJECTED", date_updated="2026-03-05T00:00:00Z"))
    flush(bench)
    assert statuses(bench)[uuid(1)] == "Rejected"
    assert {row["Site ID"]: row["Status"] for row in bench.texts()}[uuid(1)].endswith("rejected")
