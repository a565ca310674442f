"""Storms over connected tabs, judged by every cell; and the judge itself."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.boards.office import ACTIVE, LATER, STATUS
from tests.boards.storm import OfficeStorm, run_storms
from tests.core.fake_sheet import Row, held, typed


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("gaps", "fail"), [(0.05, 0.0), (0.05, 0.3), (0.6, 0.0)])
def test_nothing_is_lost_or_doubled_while_people_edit(gaps: float, fail: float) -> None:
    wrong, counts = run_storms(1, 10, gaps, fail)
    assert wrong == []
    assert counts["passes"] > 150


def test_a_new_row_with_a_word_of_a_jobs_row_is_not_taken_for_it() -> None:
    """In this storm, a copied row is more like the row that a batch has hit than its own."""
    wrong, _ = run_storms(5016, 1, 0.6, 0.3)
    assert wrong == []


@pytest.fixture(scope="module")
def storm() -> OfficeStorm:
    """A storm without people and failures, which ends well."""
    calm = OfficeStorm(1, 0.0, 0.0)
    assert calm.run() == []
    return calm


def _rows(storm: OfficeStorm, sheet: int) -> list[Row]:
    return storm.sheet.tabs[sheet].rows


def _job_row(storm: OfficeStorm, sheet: int = ACTIVE) -> Row:
    rows = _rows(storm, sheet)[1:]
    return next(row for row in rows if row.tag and storm.sheet.key_of(sheet, row))


def _walk_in(storm: OfficeStorm) -> tuple[int, Row]:
    return next((s, row) for s, row in storm.board_rows() if row.tag in storm.sheet.exact)


def _key(storm: OfficeStorm, sheet: int, header: str) -> int:
    return next(k for k in storm.sheet.tabs[sheet].columns if storm.sheet.headers.get(k) == header)


def swap_ids(storm: OfficeStorm) -> None:
    column = storm.sheet.key_column(ACTIVE) or 0
    first, second = [r for r in _rows(storm, ACTIVE)[1:] if r.tag in storm.sheet.owners][:2]
    first.cells[column], second.cells[column] = second.cells[column], first.cells[column]


def double(storm: OfficeStorm) -> None:
    _rows(storm, LATER).append(Row(dict(_job_row(storm, LATER).cells)))


def remove(storm: OfficeStorm) -> None:
    _rows(storm, ACTIVE).remove(_job_row(storm))


def write_a_word(storm: OfficeStorm) -> None:
    sheet, row = _walk_in(storm)
    row.cells[_key(storm, sheet, "Notes")] = typed("Approved")


def write_an_id(storm: OfficeStorm) -> None:
    sheet, row = _walk_in(storm)
    row.cells[storm.sheet.key_column(sheet) or 0] = typed(str(uuid4()))


def lose_a_note(storm: OfficeStorm) -> None:
    _job_row(storm).cells.pop(_key(storm, ACTIVE, "Notes"))


def show_another_status(storm: OfficeStorm) -> None:
    row, key = _job_row(storm), _key(storm, ACTIVE, STATUS)
    row.cells[key] = typed("Canceled" if held(row.cells.get(key, {})) != "Canceled" else "Open")


def leave_a_word(storm: OfficeStorm) -> None:
    _rows(storm, ACTIVE).append(Row({_key(storm, ACTIVE, STATUS): typed("Approved")}))


FAULTS = [
    *(swap_ids, double, remove, write_a_word, write_an_id, lose_a_note, show_another_status),
    leave_a_word,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_judge_sees_a_planted_fault(
    storm: OfficeStorm, fault: Callable[[OfficeStorm], None]
) -> None:
    version = storm.sheet.version()
    fault(storm)
    found = storm.judge()
    storm.sheet.restore(version)
    assert found
    assert storm.judge() == []
