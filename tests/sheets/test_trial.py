"""What is assumed of Google is tried once, removed again, and told where it is not so."""

import pytest

from emulator import Emulator
from sync.errors import BrightsheetError, Retryable
from sync.sheets.answer import SCRATCH_TAB
from sync.sheets.trial import FILE_ID, WORDS, lines
from sync.status.verdict import evaluate
from tests.bench import Bench
from tests.made_up import milestone, uuid

LATER = "2026-03-04T00:00:00Z"
FIRST = uuid(30_001)


@pytest.fixture
def filed(google: Emulator, sqlite_url: str) -> Bench:
    """An installation with a folder, too."""
    return Bench(google, sqlite_url, DRIVE_FOLDER_ID=google.create_folder("Documents"))


def otherwise(bench: Bench) -> list[str]:
    return [answer.name for answer in bench.wiring.tried(again=True).otherwise]


def test_all_is_tried_in_ten_calls_and_nothing_is_left(filed: Bench) -> None:
    """Catches a trial that costs a person's quota, leaves a tab or a folder, or says nothing."""
    filed.shown(milestone(1))
    before, files = filed.book("sheets"), set(filed.google.drive.files)
    calls = len(filed.google.calls)
    trial = filed.wiring.tried()
    assert len(filed.google.calls) - calls == 10
    assert [answer.name for answer in trial.answers] == list(WORDS)
    assert trial.otherwise == ()
    assert filed.book("sheets") == before
    left = {n for n, file in filed.google.drive.files.items() if not file.trashed} - files
    assert left == set()
    assert "Google refuses a batch whose columns have moved: tried on 20" in " ".join(lines(trial))


def test_it_is_tried_once_and_then_on_wish(filed: Bench) -> None:
    filed.wiring.tried()
    calls = len(filed.google.calls)
    assert filed.wiring.tried() == filed.store.spreadsheet.trial()
    assert len(filed.google.calls) == calls
    filed.wiring.tried(again=True)
    assert len(filed.google.calls) == calls + 10


@pytest.mark.long
@pytest.mark.parametrize("name", WORDS)
def test_what_is_not_as_assumed_is_found_and_told(filed: Bench, name: str) -> None:
    """Catches a trial that is content whatever Google does."""
    filed.wiring.heartbeats.give()
    filed.google.answer_otherwise(name)
    assert otherwise(filed) == [name]
    (problem,) = evaluate(filed.wiring.backlog())
    assert problem.code == "not_as_assumed"
    assert WORDS[name][1] in problem.cause
    filed.google.answer_otherwise()
    assert otherwise(filed) == []
    assert evaluate(filed.wiring.backlog()) == ()


@pytest.mark.long
def test_two_things_at_once_are_told_apart(filed: Bench) -> None:
    filed.google.answer_otherwise("metadata_id", "range_id", "copies")
    assert otherwise(filed) == ["metadata_id", "range_id", "copies"]
    filed.google.answer_otherwise("all_or_nothing", "metadata_id")
    assert otherwise(filed) == ["metadata_id", "all_or_nothing"]


@pytest.mark.long
@pytest.mark.parametrize("skip", range(5))
def test_a_trial_that_was_killed_is_begun_anew(filed: Bench, skip: int) -> None:
    """Catches a tab that stays, and an answer of half a trial."""
    filed.google.faults.drop(api="sheets", skip=skip, count=9)
    with pytest.raises(Retryable):
        filed.wiring.tried()
    filed.google.faults.clear()
    assert filed.store.spreadsheet.trial() is None
    assert len(filed.wiring.tried().answers) == len(WORDS)
    ids = [sheet["properties"].get("sheetId", 0) for sheet in filed.book("sheets")["sheets"]]
    assert SCRATCH_TAB not in ids


def test_without_a_folder_drive_is_not_tried(bench: Bench) -> None:
    names = [answer.name for answer in bench.wiring.tried().answers]
    assert FILE_ID not in names
    assert len(names) == len(WORDS) - 1


# The product under a Google that does otherwise


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
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("name", [name for name in WORDS if name != FILE_ID])
def test_the_sheet_is_right_though_google_does_otherwise(
    bench: Bench, name: str, is_known: bool
) -> None:
    """A person moves columns and sorts rows between read and write, with each thing done
    otherwise, known to the product or not. Catches a batch whose check believes what is not so."""
    bench.shown(*(milestone(number) for number in range(1, 6)))
    bench.edit("add_column", text="Crew")
    crew = len(bench.look().keys) - 1
    for number in range(1, 6):
        bench.edit("type_cell", row=bench.at(number), column=crew, text=f"crew {number}")
    bench.google.answer_otherwise(name)
    if is_known:
        assert otherwise(bench) == [name]
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


def test_a_part_of_a_refused_batch_is_not_taken_for_all_of_it(bench: Bench) -> None:
    """The fence is moved, a moved column's guard refuses, nothing is copied or written. Catches
    a check that believes the copies of the batch before, which wrote the same row."""
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
