"""What the check of a batch finds, and where repairs go."""

from typing import Any

from sync.sheets.damage import Verdict, check
from sync.sheets.evidence import HEADER, Repair, Trace, Write, is_clean
from sync.sheets.repair import flags, key_column, place, remaining

from sync.sheets.identifiers import JOBS_TAB
from sync.sheets.snapshot import Table
from tests.made_up import uuid

A, B = uuid(1), uuid(2)


def text(value: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": value}} if value else {}


def row(*values: str) -> list[dict[str, Any]]:
    return [text(value) for value in values]


def table(columns: dict[str, int], marks: dict[str, int], **more: Any) -> Table:
    size = {"header_row": 0, "row_count": 100, "column_count": 9}
    return Table(JOBS_TAB, "Jobs", columns=columns, marks=marks, **(size | more))


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
    assert is_clean(trace(write()), table(COLUMNS, MARKS), {4: {2: text(A)}})


def test_a_row_that_moved_is_seen_by_the_copied_key() -> None:
    assert not is_clean(trace(write()), table(COLUMNS, MARKS), {4: {2: text(B)}})
    assert not is_clean(trace(write()), table(COLUMNS, MARKS), {})


def test_a_column_that_moved_is_seen_by_its_mark() -> None:
    """The mark is on the column that was written; the id is on the one that was meant."""
    moved = table({"status": 3, "site_id": 2}, MARKS)
    assert not is_clean(trace(write()), moved, {4: {2: text(A)}})
    gone = table(COLUMNS, {"7.2": 2})
    assert is_clean(trace(write()), gone, {4: {2: text(A)}})


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


def test_a_person_s_note_that_was_written_over_is_put_back_by_itself() -> None:
    """The value in a job's row is ours to know; a note is known by its copy only."""
    noted = write().model_copy(
        update={
            "data": {**text("Approved"), "note": "ours"},
            "fields": "userEnteredValue,note",
            "held": {"note": ""},
        }
    )
    seen = table(COLUMNS, MARKS)
    mine = {**text("Old"), "note": "mine"}
    assert is_clean(trace(noted), seen, {4: {2: text(A), 1: text("Old")}})
    assert not is_clean(trace(noted), seen, {4: {2: text(A), 1: mine}})
    found = check(trace(noted), seen, {4: [{}, mine, text(A)]}, {A})
    (repair,) = found.repairs
    assert (repair.row, repair.fields, repair.data) == (A, "note", {"note": "mine"})
    since = {4: [{}, {**text("Approved"), "note": "typed since"}, text(A)]}
    placed = place(seen, since, {1: repair})
    assert (placed.writes, placed.recovered) == ((), ((A, "Note: mine"),))


def test_the_header_row_is_known_where_a_row_was_inserted_above_it() -> None:
    """Otherwise a job's values stay in the header, and its titles go to the tab Recovered."""
    moved = table(COLUMNS, MARKS, header_row=4)
    header = row("Permit", "Status", "Site ID")
    now = {4: row("Permit", "Approved", "Site ID")}
    (repair,) = check(trace(write()), moved, {4: header}, {A}, now[4]).repairs
    assert (repair.row, repair.data) == (HEADER, text("Status"))
    (placed,) = place(moved, now, {1: repair}).writes
    assert (placed.row, placed.index, placed.data) == (4, 1, text("Status"))


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
    """The key went into another column: the job gets another row, this one must not stay.

    It is known by the site in it, which therefore goes last.
    """
    writes = (write(), write(index=2, column="site_id").model_copy(update={"data": text(A)}))
    moved = table({"status": 1, "site_id": 3}, MARKS)
    found = check(trace(*writes, inserted=(4,)), moved, {}, {A})
    assert [(one.row, one.column, one.data) for one in found.repairs] == [
        (A, "status", {}),
        (A, "7.2", {}),
    ]
    repairs = dict(enumerate(found.repairs))
    right, person = row("", "Approved", "", A), row("mine", "Approved", "")
    rows = {2: right, 3: person, 9: row("", "Approved", A)}
    first = place(moved, rows, repairs)
    assert [(one.row, one.index) for one in first.writes] == [(9, 1)]
    second = place(moved, {**rows, 9: row("", "", A)}, {1: repairs[1]})
    assert [(one.row, one.index) for one in second.writes] == [(9, 2)]


def test_a_new_row_above_the_header_is_taken_back_whole() -> None:
    """A person inserted rows above all others: there nobody looks for a key."""
    fresh = write(1, index=2, column="site_id").model_copy(update={"data": text(A)})
    below = table(COLUMNS, MARKS, header_row=3)
    assert not is_clean(trace(fresh, inserted=(1,)), below, {})
    found = check(trace(fresh, inserted=(1,)), below, {}, {A})
    assert found.damaged == {A}
    assert [one.stray for one in found.repairs] == [True]


def test_a_header_in_another_row_is_taken_back_and_written_again() -> None:
    title = write(0, HEADER)
    found = check(trace(title), table(COLUMNS, MARKS), {0: row("", "", "")}, {A})
    assert [(one.row, one.data) for one in found.repairs] == [(HEADER, title.data), ("", {})]


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


def repaired(one: Repair, seen: Table, rows: dict[int, Any], copy: list[Any]) -> Verdict:
    """Carry one repair out by these rows, where a person made `copy` of its row meanwhile."""
    found = place(seen, rows, {1: one})
    return check(
        Trace(fence=7, key_index=2, writes=found.writes, repairs=found.placed),
        seen,
        {write.row: copy for write in found.writes},
        {A, B},
    )


STRAY = Repair(row=A, column="7.1", data={}, fields="userEnteredValue", holds=text("Approved"))
OWN = {"site_id": 2}


def test_every_copy_of_a_damaged_row_is_mended() -> None:
    """A person copied it between damage and repair; what was flagged before is another row."""
    rows = {
        3: row("x", "Approved", A),
        4: row("x", "Approved", f"Copy of {A}"),
        5: row("x", "Approved", A),
        6: row("x", "Approved", B),
    }
    found = place(table(OWN, MARKS), rows, {1: STRAY})
    assert [one.row for one in found.writes] == [3, 5]
    assert remaining(table(OWN, MARKS), {5: rows[5], 6: rows[6]}, {1: STRAY}) == {1}
    assert remaining(table(OWN, MARKS), {n: rows[n] for n in (4, 6)}, {1: STRAY}) == set()


def test_of_flagged_copies_the_one_that_was_hit_is_mended() -> None:
    """All copies of a row have one flag; a job's own repair has nothing to do with them."""
    flag = f"Copy of {A}"
    copies = {4: row("x", "mine", flag)}
    seen = table(OWN, MARKS)
    (repair,) = check(trace(write()), seen, copies, {A}).repairs
    assert (repair.row, repair.keys, repair.data) == ("", (flag,), text("mine"))
    rows = {
        3: row("x", "Approved", A),
        5: row("x", "Approved", flag),
        6: row("y", "Approved", flag),
        7: row("", "Approved", ""),
    }
    assert [one.row for one in place(seen, rows, {1: repair}).writes] == [5]


def test_a_row_without_a_site_that_a_person_copied_is_mended_twice() -> None:
    """Nothing tells which of the two was written; both look just as it did."""
    nobodys = STRAY.model_copy(update={"row": "", "keys": ("",), "around": ("mine", "too")})
    twin, other = row("mine", "Approved", "", "too"), row("mine", "Approved", "", "not")
    rows = {3: twin, 4: other, 5: twin}
    seen = table(OWN, MARKS)
    found = place(seen, rows, {1: nobodys})
    assert (sorted(one.row for one in found.writes), found.placed) == ([3, 5], (1, 1))
    # One was copied while another was mended.
    assert remaining(seen, {5: twin}, {1: nobodys}) == {1}
    assert remaining(seen, {4: other}, {1: nobodys}) == set()


def test_a_single_text_tells_no_copy_of_a_row() -> None:
    """A person's own row may hold the same, and nothing else."""
    nobodys = STRAY.model_copy(update={"row": "", "keys": ("",), "at": 3})
    rows = {3: row("", "Approved", ""), 9: row("", "Approved", "")}
    assert [one.row for one in place(table(OWN, MARKS), rows, {1: nobodys}).writes] == [3]


def test_what_a_persons_row_held_is_no_others_to_go() -> None:
    """It holds the same text as a row of nobody's, and more."""
    writes = (
        write(3, "", 1, "7.1").model_copy(
            update={"data": {}, "held": text("Approved"), "looks": ("Approved",)}
        ),
        write(4, "", 1, "7.1").model_copy(
            update={"data": text("Old"), "held": text("New"), "looks": ("New", "x")}
        ),
    )
    batch = Trace(fence=7, key_index=2, writes=writes, repairs=(1, 2))
    copies = {3: row("", "Approved", ""), 4: row("mine", "Approved", "")}
    (repair,) = check(batch, table(OWN, MARKS), copies, {A}).repairs
    assert (repair.data, repair.holds, repair.around) == (text("Approved"), text("Old"), ("mine",))


def test_a_link_that_was_written_over_by_the_same_text_is_drift() -> None:
    """Every folder is called Folder: where it leads to is what was another job's."""
    found = check(
        trace(write().model_copy(update={"data": text("Folder")})),
        table(COLUMNS, MARKS),
        {4: row("x", "Folder", B)},
        {A, B},
    )
    assert found.drift == {B: frozenset({"status"})}


def test_a_row_is_known_though_a_person_typed_into_its_key_cell() -> None:
    nobodys = STRAY.model_copy(update={"row": "", "keys": ("",), "around": ("1", "2", "3")})
    rows = {
        3: [*row("1", "Approved", "typed since", "2", "3")],
        4: [*row("1", "Approved", A, "2", "3")],
        5: [*row("1", "Approved", "typed since", "other", "texts")],
    }
    found = place(table(OWN, MARKS), rows, {1: nobodys})
    assert [(one.row, one.key) for one in found.writes] == [(3, "typed since")]
    # Some of ours was taken out of it already; what had been there before is there.
    rest = {3: row("1", "Approved", "typed since", "2")}
    kept = nobodys.model_copy(update={"around": ("1", "2", "x", "y"), "kept": ("1", "2")})
    assert [one.row for one in place(table(OWN, MARKS), rest, {1: kept}).writes] == [3]
    del rows[3]
    assert place(table(OWN, MARKS), rows, {1: nobodys}).writes == ()


def test_what_is_left_of_a_row_is_found_though_its_own_texts_are_gone() -> None:
    """They were ours, and taken away by now."""
    update = {"row": "", "keys": ("",), "around": ("ours", "too"), "kept": ("ours", "too")}
    nobodys = STRAY.model_copy(update=update)
    rest, more = row("", "Approved", ""), row("a person's", "Approved", "")
    seen = table(OWN, MARKS)
    assert [one.row for one in place(seen, {3: rest, 4: more}, {1: nobodys}).writes] == [3]
    assert place(seen, {4: more}, {1: nobodys}).writes == ()


def test_a_row_is_not_known_by_its_looks_where_it_names_another_job() -> None:
    """The key column moved: the key is not where it was, but it is still in the row."""
    seen = table({"site_id": 3}, {"7.1": 1, "7.2": 2})
    nobodys = write(expect="", column="7.1").model_copy(
        update={"looks": ("Approved",), "held": text("Approved"), "data": {}}
    )
    batch = Trace(fence=7, key_index=2, writes=(nobodys,), repairs=(1,))
    assert check(batch, seen, {4: row("", "Approved", "", A)}, {A}).undone == {1}
    assert check(batch, seen, {4: row("", "Approved", "")}, {A}).undone == set()


def test_what_was_to_go_is_not_put_back_into_a_row_of_nobodys() -> None:
    """A flag went into a blank row; before it was taken out, another repair hit that row."""
    flag = {1: f"Copy of {A}", 2: f"Copy of {B}"}
    writes = tuple(
        write(number + 2, "", 2, "site_id").model_copy(
            update={"data": {}, "held": text(key), "looks": (key,), "key": key}
        )
        for number, key in flag.items()
    )
    batch = Trace(fence=7, key_index=2, writes=writes, repairs=(1, 2))
    seen = table(OWN, MARKS)
    # The second row moved up to where the first was.
    found = check(batch, seen, {3: row("", "", flag[2])}, {A, B})
    assert found.undone == {1, 2}
    assert not found.repairs


def test_what_belongs_into_a_cell_is_told_by_the_column_that_was_hit() -> None:
    """Two columns of a person's held one text of ours: in one, nothing had been before."""
    blank = write(3, A, 1, "6.1").model_copy(update={"data": {}, "held": text("ours")})
    back = write(3, A, 2, "6.2").model_copy(update={"data": text("mine"), "held": text("ours")})
    batch = Trace(fence=7, key_index=4, writes=(blank, back), repairs=(1, 2))
    # The column left of both was moved away: the first write hit the second column.
    marks = {"7.1": 1, "7.2": 2, "7.4": 4, "6.1": 0, "6.2": 1}
    seen = table({"status": 2, "site_id": 3}, marks)
    found = check(batch, seen, {3: row("ours", "ours", "Old", A, "")}, {A})
    (repair,) = found.repairs
    assert found.drift == {A: frozenset({"status"})}
    assert (repair.row, repair.column, repair.data, repair.holds) == (A, "7.1", text("mine"), {})


def test_a_row_that_is_to_be_mended_is_known_by_its_looks_before_its_key() -> None:
    """Its key is another job's for the moment: put back under that, it would hit the other."""
    mend = write(3, A, 2, "site_id").model_copy(
        update={"data": text(A), "held": text(B), "looks": ("one", "two", B), "key": B}
    )
    other = write(4, B, 1, "7.1").model_copy(update={"held": text("Old"), "data": text("New")})
    batch = Trace(fence=7, key_index=2, writes=(mend, other), repairs=(1, 2))
    copies = {3: row("one", "two", B), 4: row("one", "two", B)}
    (repair,) = check(batch, table(OWN, MARKS), copies, {A, B}).repairs
    assert (repair.row, repair.data, repair.holds) == (A, text("two"), text("New"))


def test_what_a_person_typed_into_the_cell_of_a_repair_is_put_back() -> None:
    """It was typed between the look and the write: what the cell held was not what it was to."""
    seen = table(OWN, MARKS)
    found = repaired(STRAY, seen, {3: row("", "Approved", A)}, row("", "typed", A))
    assert found.undone == {1}
    (back,) = found.repairs
    assert (back.row, back.data, back.holds) == (A, text("typed"), {})
    fine = repaired(STRAY, seen, {3: row("", "Approved", A)}, row("", "Approved", A))
    assert not (fine.undone or fine.repairs)


LOST_KEY = Repair(
    row=A,
    column="site_id",
    data=text(A),
    fields="userEnteredValue",
    holds=text(f"Copy of {B}"),
    keys=(f"Copy of {B}",),
    around=("one", "two", "three"),
)


def test_a_key_goes_back_into_its_own_row_only() -> None:
    """A copy of another job may bear the very flag that was written over this row's key."""
    seen = table(OWN, MARKS)
    rows = {
        3: row("one", "two", f"Copy of {B}", "three"),
        4: row("other", "two", f"Copy of {B}", "three"),
    }
    assert [one.row for one in place(seen, rows, {1: LOST_KEY}).writes] == [3]
    assert repaired(LOST_KEY, seen, rows, rows[3]).undone == set()
    missed = repaired(LOST_KEY, seen, rows, rows[4])
    assert missed.undone == {1}
    assert [one.data for one in missed.repairs] == [text(f"Copy of {B}")]


def test_a_key_does_not_go_into_the_row_that_has_the_other_key_by_right() -> None:
    """The row that lost it was deleted; the other job's shares a milestone and a status with it."""
    lost = LOST_KEY.model_copy(
        update={
            "holds": text(B),
            "keys": (B,),
            "around": ("Job", "Approved", "Ann", "July", "Q1"),
            "kept": ("Job", "Approved", "Ann", "July", "Q1"),
        }
    )
    by_right = {4: [*row("Job", "Approved", B, "Ben", "July", "Q2")]}
    found = place(table(OWN, MARKS), by_right, {1: lost})
    assert not found.writes
    assert found.keyless == {A}
    its_own = {3: [*row("Job", "Approved", B, "Ann", "typed since", "Q1")]}
    assert [one.row for one in place(table(OWN, MARKS), its_own, {1: lost}).writes] == [3]


def test_a_text_of_nobodys_row_does_not_go_into_a_jobs() -> None:
    """That row bore the job's key for a moment; the same text of ours hit both."""
    nobodys = STRAY.model_copy(
        update={"row": "", "data": text("mine"), "keys": ("", A), "around": ("1", "2", "3")}
    )
    jobs = {3: [*row("1", "Approved", A, "4", "5")]}
    assert place(table(OWN, MARKS), jobs, {1: nobodys}).recovered == (("", "mine"),)
    its_own = {3: [*row("1", "Approved", A, "2", "typed since")]}
    assert [one.row for one in place(table(OWN, MARKS), its_own, {1: nobodys}).writes] == [3]


def test_a_job_whose_key_is_lost_for_good_is_told() -> None:
    """It has no row any more, though nobody deleted it."""
    assert place(table(OWN, MARKS), {}, {1: LOST_KEY}).keyless == {A}
    there = table(OWN, MARKS, keys={A: 3})
    assert place(there, {3: row("", "", A)}, {1: LOST_KEY}).keyless == set()


def test_nothing_is_given_up_while_another_repair_may_bring_its_place_back() -> None:
    """A repair that hit a wrong row is undone first: then that row holds ours again."""
    nobodys = STRAY.model_copy(update={"row": "", "keys": ("",), "around": ("mine",)})
    undo = nobodys.model_copy(update={"data": text("Approved"), "holds": text("typed")})
    rows = {3: row("mine", "typed", "")}
    found = place(table(OWN, MARKS), rows, {1: nobodys, 2: undo})
    assert (found.placed, found.lost) == ((2,), ())
    assert place(table(OWN, MARKS), rows, {1: nobodys}).lost == (1,)


def test_copies_at_both_ends_of_a_chain_come_to_one_end() -> None:
    """One repair puts back what an older one takes away: each copy became the other, for ever."""
    newer = STRAY.model_copy(update={"data": text("Approved"), "holds": {}})
    rows = {3: row("", "Approved", A), 5: row("", "", A)}
    found = place(table(OWN, MARKS), rows, {1: STRAY, 2: newer})
    assert [(one.row, one.data) for one in found.writes] == [(3, {})]
    assert (found.lost, found.recovered) == ((2,), ())
    # A longer chain ends where the oldest one ends.
    between = STRAY.model_copy(update={"data": text("Approved"), "holds": text("Old")})
    rows = {3: row("", "Old", A), 5: row("", "Approved", A)}
    found = place(table(OWN, MARKS), rows, {1: STRAY, 2: between})
    assert sorted((one.row, str(one.data)) for one in found.writes) == [(3, "{}"), (5, "{}")]


def test_ours_is_not_put_back_into_a_row_of_nobodys() -> None:
    """It stood there only because it had not been taken away yet; another row may be meant."""
    nobodys = STRAY.model_copy(update={"row": "", "keys": ("",), "around": ("mine", "too")})
    newer = nobodys.model_copy(update={"data": text("Approved"), "holds": {}})
    rows = {3: row("mine", "", "", "too"), 4: row("other", "", "", "row")}
    assert place(table(OWN, MARKS), rows, {1: nobodys, 2: newer}).writes == ()
    other = newer.model_copy(update={"around": ("other", "row")})
    found = place(table(OWN, MARKS), rows, {1: nobodys, 2: other})
    assert [(one.row, one.data) for one in found.writes] == [(4, text("Approved"))]


def test_what_another_row_is_to_lose_is_put_back_where_it_belongs() -> None:
    """A person's text was put into a wrong row; when that was mended, its own row was hit."""
    wrong = STRAY.model_copy(
        update={"row": "", "keys": ("",), "around": ("July", "Job", "hers"), "holds": text("mine")}
    )
    own = wrong.model_copy(
        update={"around": ("July", "Job", "his"), "data": text("mine"), "holds": text("Approved")}
    )
    rows = {3: row("July", "Approved", "", "Job", "his"), 4: row("July", "mine", "", "Job", "hers")}
    found = place(table(OWN, MARKS), rows, {1: wrong, 2: own})
    assert [(one.row, one.data) for one in found.writes] == [(4, {}), (3, text("mine"))]


def test_another_row_of_nobodys_that_held_the_same_is_put_back() -> None:
    """It came to the place of the one that was meant, and holds the same text there."""
    copy = STRAY.model_copy(
        update={"row": "", "data": text("Old"), "keys": (f"Copy of {A}",), "around": ("x",)}
    )
    rows = {3: row("x", "Approved", f"Copy of {A}")}
    seen = table(OWN, MARKS)
    assert repaired(copy, seen, rows, rows[3]).undone == set()
    missed = repaired(copy, seen, rows, row("", "Approved", ""))
    assert missed.undone == {1}
    assert [(one.data, one.keys) for one in missed.repairs] == [(text("Approved"), ("",))]


def test_what_is_too_much_for_one_batch_waits() -> None:
    """Otherwise the rest is given up, or the batch is too large for Google."""
    rows = {n: row("", "Approved", uuid(n)) for n in range(1, 6)}
    repairs = {n: STRAY.model_copy(update={"row": uuid(n)}) for n in range(1, 6)}
    found = place(table(OWN, MARKS), rows, repairs, most=2)
    assert (found.placed, found.lost) == ((1, 2), ())


def test_a_blank_row_is_not_taken_for_a_full_one_with_the_same_text() -> None:
    """A flag that went into a blank row stands in rightly flagged rows, too."""
    flag = text(f"Copy of {A}")
    lost = Repair(
        row="",
        column="site_id",
        data={},
        fields="userEnteredValue",
        holds=flag,
        keys=("", f"Copy of {A}"),
    )
    full = row("1", "2", f"Copy of {A}", "3", "4", "5")
    assert place(table(OWN, MARKS), {3: full}, {1: lost}).writes == ()
    found = place(table(OWN, MARKS), {3: full, 4: row("1", "", f"Copy of {A}")}, {1: lost})
    assert [one.row for one in found.writes] == [4]


def test_a_flag_is_taken_back_where_the_row_that_was_kept_is_gone() -> None:
    """A person deleted it meanwhile: the job would have no row."""
    flag = write(index=2, column="site_id").model_copy(update={"data": text(f"Copy of {A}")})
    copies = {4: row("", "", A)}
    assert not is_clean(trace(flag), table(COLUMNS, MARKS), {4: {2: text(A)}})
    kept = table(COLUMNS, MARKS, keys={A: 3})
    assert check(trace(flag), kept, copies, {A}).repairs == ()
    (back,) = check(trace(flag), table(COLUMNS, MARKS), copies, {A}).repairs
    assert (back.row, back.column, back.data) == (A, "site_id", text(A))


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
