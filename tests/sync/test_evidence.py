"""What the check of a batch finds, and where repairs go."""

from typing import Any

from sync.evidence import HEADER, Trace, Write, check, is_clean
from sync.repair import flags, key_column, place
from sync.view import JOBS_TAB, Table
from tests.made_up import uuid

A, B = uuid(1), uuid(2)


def text(value: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": value}} if value else {}


def row(*values: str) -> list[dict[str, Any]]:
    return [text(value) for value in values]


def table(columns: dict[str, int], marks: dict[str, int], **more: Any) -> Table:
    return Table(JOBS_TAB, "Jobs", 0, 100, 9, columns, marks=marks, **more)


COLUMNS = {"status": 1, "site_id": 2}
MARKS = {"7.1": 1, "7.2": 2}


def write(number: int = 4, expect: str = A, index: int = 1, column: str = "status") -> Write:
    return Write(
        row=number,
        index=index,
        column=column,
        expect=expect,
        data=text("Approved"),
        fields="userEnteredValue",
    )


def trace(*writes: Write, inserted: tuple[int, ...] = ()) -> Trace:
    return Trace(fence=7, key_index=2, writes=writes, inserted=inserted)


def test_a_batch_that_hit_its_rows_and_columns_is_clean() -> None:
    assert is_clean(trace(write()), table(COLUMNS, MARKS), {4: text(A)})


def test_a_row_that_moved_is_seen_by_the_copied_key() -> None:
    assert not is_clean(trace(write()), table(COLUMNS, MARKS), {4: text(B)})
    assert not is_clean(trace(write()), table(COLUMNS, MARKS), {})


def test_a_column_that_moved_is_seen_by_its_mark() -> None:
    """The mark is on the column that was written; the id is on the one that was meant."""
    moved = table({"status": 3, "site_id": 2}, MARKS)
    assert not is_clean(trace(write()), moved, {4: text(A)})
    gone = table(COLUMNS, {"7.2": 2})
    assert is_clean(trace(write()), gone, {4: text(A)})


def test_another_jobs_managed_cell_is_written_anew() -> None:
    """The store knows what belongs there: no before-image is needed."""
    found = check(trace(write()), table(COLUMNS, MARKS), {4: row("x", "Old", B)}, {A, B})
    assert found.damaged == {A}
    assert found.drift == {B: frozenset({"status"})}
    assert found.repairs == ()


def test_a_row_that_is_nobodys_gets_its_cell_back() -> None:
    copies = {4: row("mine", "my own status", "")}
    (repair,) = check(trace(write()), table(COLUMNS, MARKS), copies, {A}).repairs
    assert (repair.row, repair.column, repair.data) == ("", "status", text("my own status"))
    assert (repair.holds, repair.around) == (text("Approved"), ("mine",))


def test_a_persons_column_gets_its_cell_back() -> None:
    """The column is known by its mark, which moves with it."""
    moved = table({"status": 3, "site_id": 2}, MARKS)
    (repair,) = check(trace(write()), moved, {4: row("x", "permit date", A)}, {A}).repairs
    assert (repair.row, repair.column, repair.data) == (A, "7.1", text("permit date"))
    found = place(moved, {9: row("x", "Approved", A)}, {1: repair})
    ((placed,), lost) = found.writes, found.lost
    assert (placed.row, placed.index, placed.data) == (9, 1, text("permit date"))
    assert lost == ()


def test_a_new_row_without_its_key_is_taken_back_whole() -> None:
    """The key went into another column: the job gets another row, this one must not stay."""
    writes = (write(), write(index=2, column="site_id"))
    moved = table({"status": 1, "site_id": 3}, MARKS)
    found = check(trace(*writes, inserted=(4,)), moved, {}, {A})
    assert [(one.row, one.column, one.data) for one in found.repairs] == [
        ("", "status", {}),
        ("", "7.2", {}),
    ]


def test_a_header_in_another_row_is_taken_back_and_written_again() -> None:
    title = write(0, HEADER)
    found = check(trace(title), table(COLUMNS, MARKS), {0: row("", "", "")}, {A})
    assert [(one.row, one.data) for one in found.repairs] == [("", {}), (HEADER, title.data)]


def test_what_somebody_changed_since_stays_and_the_rest_is_recovered() -> None:
    copies = {4: row("mine", "my own status", "")}
    (repair,) = check(trace(write()), table(COLUMNS, MARKS), copies, {A}).repairs
    found = place(table(COLUMNS, MARKS), {4: row("mine", "typed since", "")}, {1: repair})
    assert (found.writes, found.lost) == ((), (1,))
    assert found.recovered == (("", "my own status"),)


def test_two_rows_that_hold_the_same_are_both_put_back() -> None:
    """Otherwise one cell is written twice, and the other row keeps our text."""
    writes = (write(4), write(5))
    copies = {4: row("", "", ""), 5: row("", "", "")}
    repairs = check(trace(*writes), table(COLUMNS, MARKS), copies, {A}).repairs
    rows = {8: row("", "Approved", ""), 9: row("", "Approved", "")}
    found = place(table(COLUMNS, MARKS), rows, dict(enumerate(repairs)))
    assert sorted(one.row for one in found.writes) == [8, 9]


def test_of_two_rows_of_a_job_the_one_with_more_of_its_own_is_kept() -> None:
    """A copy is flagged, never removed: somebody may have typed into it."""
    doubled = table(COLUMNS, {}, doubles={A: (3, 5)})
    rows = {3: row("", "Approved", A), 5: row("permit date", "Approved", A)}
    (flag,) = flags(doubled, rows)
    assert (flag.row, flag.index, flag.data) == (3, 2, text(f"Copy of {A}"))


def test_keys_that_were_moved_are_found_in_their_new_column() -> None:
    rows = {n: row("", uuid(n), "note") for n in range(1, 9)}
    assert key_column(rows, {uuid(n) for n in range(1, 9)}) == 1
    assert key_column({1: row("", "x")}, {A}) is None
