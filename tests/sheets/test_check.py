"""The check finds mismatched writes by a batch's trace and the rows that it copied."""

from collections.abc import Mapping
from typing import Any

import pytest

from sync.sheets.cell_data import BLANK, Content
from sync.sheets.check import CheckResult, check
from sync.sheets.ids import JOBS_TAB
from sync.sheets.row_identity import (
    ByContent,
    ByHeaderGuard,
    ByKey,
    ByWrongKey,
    RowIdentity,
    RowImage,
)
from sync.sheets.sheet_requests import NOTE, CellWrite, RowWrite
from sync.sheets.snapshot import Table
from sync.sheets.targets import USUAL
from sync.sheets.undo import Undo
from sync.types import ReplacedWords
from tests.made_up import uuid
from tests.sheets.grids import (
    COLUMNS,
    EMAIL,
    KEY,
    KEY_AT,
    NOTED,
    PEOPLE,
    PHONE,
    STATUS,
    VALUE,
    A,
    B,
    cell,
    row,
    table,
    trace,
    write,
)

Cells = list[dict[str, Any]]
OLD, NEW = "Submitted", "Approved"
WHEN = "Mar 3, 2026, 10:00 AM"
IS_A = ByKey(key=A)


def meant(*cells: CellWrite, identity: RowIdentity = IS_A, site: str = A, **more: Any) -> RowWrite:
    return RowWrite(sheet_id=JOBS_TAB, row=4, site=site, identity=identity, cells=cells, **more)


def found(
    one: RowWrite,
    copy: Cells,
    seen: Table | None = None,
    pending: dict[int, Undo] | None = None,
    columns: Mapping[str, int] = COLUMNS,
) -> CheckResult:
    """Return the findings for one written row; `copy` is its content before."""
    tables = [seen or table()]
    return check(trace(one, columns=columns), tables, {JOBS_TAB: {one.row: copy}}, pending or {})


def confirmed(findings: CheckResult) -> dict[str, set[str]]:
    return {site: columns for site, columns in findings.confirmed.items() if columns}


def only(findings: CheckResult) -> Undo:
    (undo,) = findings.undos
    return undo


def undone(findings: CheckResult) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Return each undo's column, mask, content before, and what we wrote."""
    return [(u.column, u.fields, u.before, u.wrote) for u in findings.undos]


STATUS_OF_A = meant(write(NEW, expects=Content(OLD)))


def test_a_write_into_the_intended_row_and_content_is_confirmed() -> None:
    """A finding here would make flushes rewrite every row forever."""
    findings = found(STATUS_OF_A, row("x", OLD, A))
    assert findings.is_as_intended
    assert confirmed(findings) == {A: {STATUS}}
    assert (findings.mismatched, findings.keyed, findings.replaced) == (set(), set(), [])


@pytest.mark.parametrize("key", [B, "", None])
def test_a_write_into_a_row_with_another_key_is_misplaced(key: str | None) -> None:
    """The cell has the expected content, but belongs to another customer."""
    copy = row("x", OLD) if key is None else row("x", OLD, key)
    findings = found(STATUS_OF_A, copy)
    assert (findings.mismatched, confirmed(findings)) == ({A}, {})
    assert undone(findings) == [(STATUS, VALUE, cell(OLD), cell(NEW))]
    undo = only(findings)
    who = (
        ByKey(key=B)
        if key
        else ByContent(image=RowImage(others=((Content("x"), ""),), overwritten=(STATUS,)))
    )
    assert undo.identity == who, "by its key, else by all that was not hit"
    assert (undo.row, undo.tab, undo.header) == (4, "Jobs", "Permit")
    assert undo.row_text.startswith(f"x | {OLD}")


def test_a_row_that_was_not_copied_is_not_confirmed() -> None:
    """A row below the grid's end by then: what cannot be compared is not done."""
    findings = found(STATUS_OF_A, [])
    assert findings.mismatched == {A}
    assert undone(findings) == [(STATUS, VALUE, {}, cell(NEW))]


HOLDS = ByContent(image=RowImage(managed={PHONE: (Content("303"), "")}, overwritten=(STATUS,)))


@pytest.mark.parametrize(
    ("copy", "is_right"),
    [
        (row("", OLD, "", "", "303"), True),
        (row("", OLD, "", "", "304"), False),
        (row("mine", OLD, "", "", "303"), False),
        (row("", OLD, B, "", "303"), False),
        (row("=A1", OLD, "", "", "303"), True),
    ],
    ids=["all of it", "another cell", "one more", "a key", "a formula"],
)
def test_a_row_without_a_key_is_identified_by_its_content(copy: Cells, is_right: bool) -> None:
    """Two rows of one customer differ in one cell: the undo of one is not the other's."""
    one = meant(write(NEW, expects=Content(OLD)), identity=HOLDS, site="")
    seen = table(columns=PEOPLE, column_count=5)
    findings = check(trace(one, columns=PEOPLE), [seen], {JOBS_TAB: {4: copy}}, {})
    assert findings.is_as_intended is is_right
    assert findings.mismatched == set(), "it is no job's"


def test_only_a_value_typed_after_the_read_is_undone() -> None:
    """Text typed in between would be lost; the note, which was as expected, is confirmed."""
    both = write(data=cell(NEW, WHEN), fields=NOTED, expects=Content(OLD), expects_note="")
    findings = found(meant(both), [cell("x"), cell("typed since"), cell(A)])
    assert undone(findings) == [(STATUS, VALUE, cell("typed since"), cell(NEW))]
    assert (findings.mismatched, confirmed(findings)) == ({A}, {})


def test_only_a_note_added_after_the_read_is_undone() -> None:
    """The value stays, because it is the job's."""
    both = write(data=cell(NEW, WHEN), fields=NOTED, expects=Content(OLD), expects_note="")
    findings = found(meant(both), [cell("x"), cell(OLD, "Call first."), cell(A)])
    assert undone(findings) == [(STATUS, NOTE, {"note": "Call first."}, {"note": WHEN})]
    assert only(findings).identity == ByKey(key=A)
    assert only(findings).is_of_note


@pytest.mark.parametrize(
    ("expects", "expects_note", "count"),
    [(None, None, 0), (Content("other"), None, 1), (None, "mine", 1), (Content("other"), "x", 2)],
)
def test_any_content_is_expected_if_the_policy_overwrites(
    expects: Content | None, expects_note: str | None, count: int
) -> None:
    """The check knows no policy: where a write says nothing, nothing is compared."""
    one = write(data=cell(NEW, WHEN), fields=NOTED, expects=expects, expects_note=expects_note)
    assert len(found(meant(one), [cell("x"), cell(OLD, "n"), cell(A)]).undos) == count


def test_a_cell_with_the_same_content_before_is_not_undone() -> None:
    """Nothing was changed; a line in Recovered would send somebody looking. Its job is missed."""
    findings = found(STATUS_OF_A, row("mine", NEW, ""))
    assert (findings.undos, findings.mismatched) == ([], {A})
    noted = meant(write(data={"note": WHEN}, fields=NOTE, expects_note="old"))
    assert found(noted, [cell("x"), cell(OLD, WHEN), cell(A)]).undos == []


TEXTS = {EMAIL: "home1@example.com"}
GETS_KEY = meant(
    write(A, KEY, fields="userEnteredValue", expects=BLANK, key_row=TEXTS),
    identity=ByKey(key="", shows=TEXTS),
)


def keyed(
    copy: Cells, one: RowWrite = GETS_KEY, pending: dict[int, Undo] | None = None
) -> CheckResult:
    seen = table(columns=PEOPLE, column_count=5)
    return check(trace(one, columns=PEOPLE), [seen], {JOBS_TAB: {4: copy}}, pending or {})


def test_a_confirmed_key_gives_its_job_a_row_and_confirms_no_cell() -> None:
    """Values follow after a read has shown the key: none is in the row yet."""
    findings = keyed(row("mine", "", "", "home1@example.com", "303"))
    assert findings.is_as_intended
    assert (findings.keyed, confirmed(findings)) == ({A}, {})


@pytest.mark.parametrize("email", ["home2@example.com", ""])
def test_a_misplaced_key_is_undone_by_the_key_itself(email: str) -> None:
    """By its position, a stranger's row would keep the key: people move rows all the time."""
    undo = only(keyed(row("mine", "", "", email, "303")))
    assert undo.identity == ByWrongKey(key=A, right_texts=TEXTS)
    assert (undo.before, undo.wrote) == ({}, cell(A))
    assert undo.image == RowImage.of(row("mine", "", "", email, "303"), PEOPLE, [KEY_AT])


def test_the_undo_of_a_key_restores_the_overwritten_key() -> None:
    """A person gave the row another job's key meanwhile: nobody may take that away."""
    findings = keyed(row("mine", "", B, "home1@example.com", "303"))
    assert (findings.keyed, only(findings).before) == (set(), cell(B))
    assert findings.mismatched == {A}


def test_a_key_without_a_known_row_is_removed_from_every_row() -> None:
    """An undo put it back into a row that showed nothing else: it is in a wrong one for certain."""
    one = meant(write(A, KEY, expects=BLANK), identity=HOLDS, site="")
    undo = only(keyed(row("mine", "", "", "", "304"), one))
    assert undo.identity == ByWrongKey(key=A, right_texts={})
    assert undo.identity.matches(row("x", "", A, "home1@example.com"), PEOPLE)


def test_a_key_removed_from_the_right_row_is_restored() -> None:
    """The undo of a mistaken key hit a row moved there since: it lost its own key."""
    taken = meant(
        write("", KEY, data={}, expects=Content(A), undoes=(3,)),
        identity=ByWrongKey(key=A, right_texts=TEXTS),
        site="",
    )
    findings = keyed(row("mine", "", B, "home2@example.com", "303"), taken)
    undo = only(findings)
    assert (undo.before, undo.wrote) == (cell(B), {})
    image = RowImage.of(row("mine", "", B, "home2@example.com", "303"), PEOPLE, [KEY_AT])
    assert undo.identity == ByContent(image=image)
    assert findings.confirmed_undos == set()
    mistaken = pending(
        column=KEY,
        before={},
        wrote=cell(B),
        identity=ByWrongKey(key=B, right_texts={EMAIL: "other@example.com"}),
        image=image,
    )
    findings = keyed(row("mine", "", B, "home2@example.com", "303"), taken, {7: mistaken})
    assert (findings.undos, findings.confirmed_undos) == ([], {7}), "that key was one by mistake"


def pending(**changes: Any) -> Undo:
    values: dict[str, Any] = {
        "sheet_id": JOBS_TAB,
        "column": STATUS,
        "fields": VALUE,
        "before": cell("on hold"),
        "wrote": cell(OLD),
        "identity": ByKey(key=B),
    }
    return Undo(**(values | changes))


BACK = meant(write("on hold", expects=Content(OLD), undoes=(1, 2)), identity=ByKey(key=B), site="")


@pytest.mark.parametrize(("note", "is_confirmed"), [(WHEN, True), ("", False)])
def test_an_undo_of_a_note_is_confirmed_only_where_it_was(note: str, is_confirmed: bool) -> None:
    """Two blank rows are alike: in the other one, the blank note would count as put back."""
    cleared = write(data={}, fields=NOTE, expects_note=WHEN, undoes=(1,))
    blank = ByContent(image=RowImage(overwritten=(STATUS,)))
    findings = found(meant(cleared, identity=blank, site=""), [{}, cell("", note), {}])
    assert findings.confirmed_undos == ({1} if is_confirmed else set())
    assert findings.undos == []


def test_a_misplaced_undo_is_itself_undone() -> None:
    """It is an ordinary write: what it was to undo is still to be undone."""
    findings = found(BACK, row("y", "Rejected", A), pending={1: pending(), 2: pending()})
    assert findings.confirmed_undos == set()
    assert undone(findings) == [(STATUS, VALUE, cell("Rejected"), cell("on hold"))]
    assert only(findings).identity == ByKey(key=A)


def test_two_undos_of_one_cell_are_merged() -> None:
    """It keeps the first content and our last write; otherwise our first text would return."""
    findings = found(STATUS_OF_A, row("x", OLD, B), pending={7: pending()})
    assert undone(findings) == [(STATUS, VALUE, cell("on hold"), cell(NEW))]
    assert findings.confirmed_undos == {7}


@pytest.mark.parametrize(
    "other",
    [
        pending(identity=ByKey(key=A)),
        pending(column=KEY),
        pending(fields=NOTE, before={"note": "x"}, wrote={"note": "y"}),
        pending(wrote=cell("Rejected")),
    ],
    ids=["another row", "another column", "the note", "something else was written"],
)
def test_undos_of_different_cells_are_not_merged(other: Undo) -> None:
    findings = found(STATUS_OF_A, row("x", OLD, B), pending={7: other})
    assert undone(findings) == [(STATUS, VALUE, cell(OLD), cell(NEW))]
    assert findings.confirmed_undos == set()


def test_undos_of_a_row_without_a_key_are_merged_by_its_content() -> None:
    """Also where the cells that were hit are others this time."""
    image = RowImage.of(row("mine", "", ""), PEOPLE, [1])
    first = pending(identity=ByContent(image=image))
    findings = found(STATUS_OF_A, row("mine", OLD, ""), pending={7: first})
    assert undone(findings) == [(STATUS, VALUE, cell("on hold"), cell(NEW))]
    findings = found(STATUS_OF_A, row("another's", OLD, ""), pending={7: first})
    assert undone(findings) == [(STATUS, VALUE, cell(OLD), cell(NEW))]


def test_an_undo_in_a_row_in_which_more_was_typed_is_not_undone() -> None:
    image = RowImage.of(row("mine", "", ""), PEOPLE, [1])
    first = pending(identity=ByContent(image=image))
    back = write("on hold", expects=Content(OLD), undoes=(7,))
    one = meant(back, identity=ByContent(image=image), site="")
    findings = found(one, row("mine", OLD, "", "", "", "typed"), pending={7: first})
    assert (undone(findings), findings.confirmed_undos) == ([], {7})


def test_undos_of_a_blank_row_are_merged_by_what_we_wrote() -> None:
    """If all columns were written, any row without a key would hold all of nothing."""
    blank = RowImage(overwritten=(EMAIL, STATUS))
    first = pending(identity=ByContent(image=blank, wrote_customer={EMAIL: "home1@example.com"}))
    for email, before in (("home1@example.com", "on hold"), ("ada@example.com", OLD)):
        copy, seen = row("", OLD, "", email), table(columns=PEOPLE)
        findings = found(STATUS_OF_A, copy, seen, {7: first}, PEOPLE)
        assert undone(findings) == [(STATUS, VALUE, cell(before), cell(NEW))]


def test_undos_of_an_edited_row_are_merged_by_its_name_and_what_we_wrote() -> None:
    """The undo of an undo would put another customer's e-mail address back for good."""
    columns = {"customer": 0, STATUS: 1, KEY: 2, EMAIL: 3}
    old, wrong = "ada@example.com", "home1@example.com"
    status, mail = write(NEW, expects=Content(OLD)), write(wrong, EMAIL, expects=Content(old))
    findings = found(
        meant(status, mail),
        row("Ada", OLD, "", old, "crew 1"),
        table(columns=columns),
        columns=columns,
    )
    first = dict(enumerate(findings.undos, 1))
    status, mail = write(OLD, expects=Content(NEW), undoes=(1,)), write(old, EMAIL, undoes=(2,))
    identity = first[1].identity
    assert identity is not None
    findings = found(
        meant(status, mail, identity=identity, site=""),
        row("Ada", NEW, "", wrong, "typed since"),
        table(columns=columns),
        first,
        columns,
    )
    assert findings.undos == [], "the first content is back: nothing is left to do"
    assert findings.confirmed_undos == {1, 2}


def test_a_write_after_its_column_was_deleted_is_misplaced() -> None:
    """The guard is on the column that took its place, so the right place isn't known."""
    gone = table(columns={KEY: 2}, guards={STATUS: 1, KEY: 2}, headers={1: "Paid"})
    findings = found(STATUS_OF_A, row("x", "2,500", A), gone)
    undo = only(findings)
    assert (undo.column, undo.header, undo.before) == ("", "Paid", cell("2,500"))
    assert findings.mismatched == {A}


@pytest.mark.parametrize(
    "seen",
    [
        table(columns={STATUS: 1}, guards={STATUS: 1, KEY: 3}),
        table(columns={STATUS: 1, KEY: 3}, guards={STATUS: 1, KEY: 2}),
    ],
    ids=["deleted", "elsewhere"],
)
def test_nothing_is_confirmed_if_the_key_column_has_moved(seen: Table) -> None:
    """No copied cell tells whose row it was: all that was written over is kept."""
    findings = found(STATUS_OF_A, row("x", OLD, A), seen)
    assert findings.mismatched == {A}
    assert only(findings).before == cell(OLD)
    identity = only(findings).identity
    assert isinstance(identity, ByContent), "the cell taken for its key may be anything"


def test_writes_into_a_deleted_tab_need_no_undo() -> None:
    """Its jobs are to be written elsewhere, and nothing in it can be put back."""
    findings = check(trace(STATUS_OF_A), [table(sheet_id=99)], {}, {})
    assert (findings.mismatched, findings.undos) == ({A}, [])
    back = check(trace(BACK), [], {}, {})
    assert (back.mismatched, back.undos) == (set(), [])


def test_a_column_is_confirmed_only_if_it_is_in_all_rows_of_the_job() -> None:
    """Confirmed by one of them, the other row would show the old status for ever."""
    one = meant(write(NEW, expects=Content(OLD)), write("303", PHONE))
    other = one.model_copy(update={"row": 9})
    copies = {JOBS_TAB: {4: row("", OLD, A), 9: row("", "typed since", A)}}
    seen = table(columns=PEOPLE)
    findings = check(trace(one, other, columns=PEOPLE), [seen], copies, {})
    assert (findings.mismatched, confirmed(findings)) == ({A}, {A: {PHONE}})
    assert (only(findings).row, only(findings).before) == (9, cell("typed since"))


def test_a_misplaced_row_does_not_affect_other_jobs() -> None:
    theirs = RowWrite(
        sheet_id=JOBS_TAB, row=5, site=B, identity=ByKey(key=B), cells=STATUS_OF_A.cells
    )
    copies = {JOBS_TAB: {4: row("", "Rejected", A), 5: row("", OLD, B)}}
    findings = check(trace(STATUS_OF_A, theirs), [table()], copies, {})
    assert (findings.mismatched, confirmed(findings)) == ({A}, {B: {STATUS}})


PATTERN = RowWrite(sheet_id=JOBS_TAB, row=3, formulas={0: "=B4*2"})


@pytest.mark.parametrize(
    "copy", [row("=SUM(A1:A3)"), row("1005", "", A)], ids=["another row", "a moved column"]
)
def test_new_rows_with_the_wrong_formulas_are_reported(copy: Cells) -> None:
    """One line names all of a batch, and a full one fits into a cell."""
    sites = [uuid(number) for number in range(1, USUAL.jobs + 1)]
    new = [
        RowWrite(sheet_id=JOBS_TAB, row=row, site=site, identity=ByKey(key=site), is_new=True)
        for row, site in enumerate(sites, 4)
    ]
    findings = check(trace(PATTERN, *new), [table()], {JOBS_TAB: {3: copy}}, {})
    text = only(findings).described(only(findings).wrote)
    assert all(site in text for site in sites)
    assert len(text) < 50_000
    assert found(PATTERN, row("=B4*2", "", A)).is_as_intended


def test_a_new_row_whose_key_is_in_another_column_is_misplaced() -> None:
    """A column was deleted before the write: the job has no row, and two texts stand astray."""
    gone = table(columns={STATUS: 1}, guards={STATUS: 1, KEY: 3})
    findings = found(meant(write(A, KEY), is_new=True), [], gone)
    assert findings.mismatched == {A}
    assert (only(findings).column, only(findings).before) == ("", {})


HEADER = RowWrite(
    sheet_id=JOBS_TAB,
    row=0,
    identity=ByHeaderGuard(),
    cells=(write("Permit"), write(data={"note": "new"}, fields=NOTE, expects_note="old")),
)


@pytest.mark.parametrize(
    ("has_guard", "key", "is_header"),
    [(True, "Site ID", True), (False, "Site ID", False), (True, A, False), (True, "", False)],
)
def test_the_header_row_is_identified_by_its_guard_and_its_key_cell(
    has_guard: bool, key: str, is_header: bool
) -> None:
    copy = [{}, cell("mine", "old"), cell(key)]
    findings = found(HEADER, copy, table(has_header_guard=has_guard))
    still_missing = [undo for undo in findings.undos if undo.identity == ByHeaderGuard()]
    assert [undo.before for undo in still_missing] == (
        [] if is_header else [cell("Permit"), {"note": "new"}]
    )
    assert len(findings.undos) == 2 * len(still_missing)
    assert findings.mismatched == set()


def test_replaced_words_are_stored_as_of_the_write() -> None:
    """As of the read, another row's words could end up in this customer's history."""
    news = meant(write(NEW, expects=Content(OLD), replaces_words=True))
    kept = ReplacedWords(site=A, column=STATUS, header="Permit", before=OLD, after=NEW)
    assert found(news, row("x", OLD, A)).replaced == [kept]
    assert found(news, row("x", OLD, B)).replaced == []
    assert found(news, row("x", "typed since", A)).replaced == []


def test_a_replaced_date_is_stored_as_people_read_it() -> None:
    data = {
        "userEnteredValue": {"numberValue": 46355},
        "userEnteredFormat": {"numberFormat": {"type": "DATE"}},
    }
    news = meant(write(data=data, expects=Content(OLD), replaces_words=True))
    (replaced,) = found(news, row("x", OLD, A)).replaced
    assert replaced.after == "11/29/2026"
