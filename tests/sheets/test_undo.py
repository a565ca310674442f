"""Undos are written into certain places, or reported in the tab Recovered."""

from collections.abc import Mapping
from typing import Any

import pytest

from sync.field_table import REP
from sync.sheets.cell_data import Content, content, texts_of
from sync.sheets.check import check
from sync.sheets.ids import JOBS_TAB
from sync.sheets.row_identity import ByContent, ByHeaderGuard, ByKey, ByWrongKey, Likeness, RowImage
from sync.sheets.sheet_requests import NOTE, RowWrite
from sync.sheets.snapshot import Table, rows_by_site
from sync.sheets.undo import Placement, Undo, place_undos, restores_header
from tests.sheets.grids import (
    EMAIL,
    KEY,
    KEY_AT,
    MAPPED_AT,
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
)

Cells = list[dict[str, Any]]
Rows = Mapping[int, Cells]
NAME = "customer"
BEFORE, WROTE = "on hold", "Approved"
STATUS_AT, EMAIL_AT, PHONE_AT = PEOPLE[STATUS], PEOPLE[EMAIL], PEOPLE[PHONE]
HOME = "home1@example.com"


def line(
    own: str = "mine", status: str = WROTE, key: str = "", email: str = HOME, phone: str = "303"
) -> Cells:
    return row(own, status, key, email, phone)


def image(cells: Cells, *hit: str) -> RowImage:
    return image_of(cells, PEOPLE, *hit)


def image_of(cells: Cells, columns: Mapping[str, int], *hit: str) -> RowImage:
    return RowImage.of(cells, columns, [columns[column] for column in hit])


def undo(**changes: Any) -> Undo:
    values: dict[str, Any] = {
        "sheet_id": JOBS_TAB,
        "column": STATUS,
        "fields": VALUE,
        "before": cell(BEFORE),
        "wrote": cell(WROTE),
        "identity": ByContent(image=image(line(), STATUS)),
        "row": 4,
        "tab": "Jobs",
        "header": "Permit",
        "row_text": "mine | on hold",
    }
    return Undo(**(values | changes))


def of_note(**changes: Any) -> Undo:
    before, wrote = {"note": "Call first."}, {"note": "Mar 3, 2026, 10:00 AM"}
    return undo(fields=NOTE, before=before, wrote=wrote, **changes)


def seen(rows: Rows, *, is_ours: bool = False, **changes: Any) -> Table:
    """Return the tab as a read shows it, with the keys in `rows`."""
    columns = changes.get("columns", PEOPLE)
    keys = {n: cells[columns[KEY]] for n, cells in rows.items() if len(cells) > columns[KEY]}
    values = {
        "columns": PEOPLE,
        "column_count": 5,
        "keys": rows_by_site(keys),
        "mapped_at": None if is_ours else MAPPED_AT,
    }
    return table(**(values | changes))


def placed(rows: Rows, *undos: Undo, **changes: Any) -> Placement:
    return place_undos([seen(rows, **changes)], {JOBS_TAB: rows}, dict(enumerate(undos, 1)))


def put(placement: Placement) -> list[tuple[int, str, str]]:
    return [
        (one.row, each.column, content(each.data).text)
        for one in placement.rows
        for each in one.cells
    ]


TOLD = ("Jobs", "Permit", "mine | on hold", BEFORE, WROTE)
"""The line in Recovered for `undo()`."""


def test_a_cell_is_restored_in_every_row_with_the_key() -> None:
    """A person copied the row: of two, one would keep another customer's status."""
    rows = {3: line(key=A), 5: line("x", key=A), 7: line(key=A, status="typed since")}
    placement = placed(rows | {8: line(key=B)}, undo(identity=ByKey(key=A)))
    assert put(placement) == [(3, STATUS, BEFORE), (5, STATUS, BEFORE)]
    for one in placement.rows:
        (each,) = one.cells
        assert one.identity == ByKey(key=A)
        assert (each.index, each.fields, each.undoes) == (STATUS_AT, VALUE, (1,))
        assert (each.expects, each.expects_note) == (Content(WROTE), None)
        assert not one.site, "it confirms no job's cell"
    assert (placement.finished, placement.recovered) == (set(), []), "a read has to show it first"


def test_different_notes_of_a_jobs_rows_are_reported_and_ours_is_removed() -> None:
    """Nobody knows which of them was in which row; ours is about another job."""
    ours = {**cell("Approved"), "note": "Mar 3, 2026, 10:00 AM"}
    rows = {n: [cell("mine"), ours, *line(key=A)[2:]] for n in (3, 5)}
    above = of_note(identity=ByKey(key=A), row=3)
    below = of_note(identity=ByKey(key=A), row=5).model_copy(update={"before": {"note": "Paid."}})
    placement = placed(rows, above, below)
    assert (put(placement), placement.finished) == ([(3, STATUS, ""), (5, STATUS, "")], set())
    for one in placement.rows:
        (each,) = one.cells
        assert (each.fields, each.data, each.undoes) == (NOTE, {}, (2, 1))
    assert {before for *_, before, _ in placement.recovered} == {"Note: Call first.", "Note: Paid."}
    assert put(placed(rows, above, above.model_copy(update={"row": 5}))) == [
        (3, STATUS, ""),
        (5, STATUS, ""),
    ]
    confirmed = [each.model_copy(update={"was_confirmed": True}) for each in (above, below)]
    assert [each.data for one in placed(rows, *confirmed).rows for each in one.cells] == [{}, {}]
    assert not placed(rows, *confirmed).recovered, "they are listed once"
    own = [each.model_copy(update={"is_own_note": True}) for each in (above, below)]
    assert (placed(rows, *own).rows, placed(rows, *own).finished) == ([], {1, 2}), "ours is right"


def test_a_note_goes_back_into_its_row_and_a_copy_if_its_jobs_other_row_got_another() -> None:
    """A person copied the row before it was restored."""
    ours = {**cell("Approved"), "note": "Mar 3, 2026, 10:00 AM"}
    rows = {n: [cell("mine"), ours, *line(key=A)[2:]] for n in (3, 5)}
    hit = of_note(identity=ByKey(key=A), row=3)
    other = hit.model_copy(update={"before": {"note": "Paid."}, "wrote": {"note": "Else."}})
    placement = placed(rows, hit, other)
    assert [(one.row, one.cells[0].data) for one in placement.rows] == [
        (3, {"note": "Call first."}),
        (5, {"note": "Call first."}),
    ]
    assert not placement.recovered


LIKE = {
    "where it was": {4: line()},
    "moved": {9: line(), 4: line("other", email="x", phone="y")},
    "beside one that holds something else": {9: line(), 4: line("mine", "Submitted")},
    "beside a job's": {9: line(), 4: line(key=A)},
    "beside the same customer's": {9: line(), 4: line(own="typed since")},
    "beside one that holds more": {9: line(), 4: [*line(), cell("more")]},
    "an unmanaged column moved": {9: [cell(), *line()[1:], cell("mine")]},
}


@pytest.mark.parametrize("where", LIKE)
def test_a_cell_is_restored_in_the_row_with_exactly_the_other_content(where: str) -> None:
    """A row's number, a likeness or a job's row must not draw it elsewhere."""
    rows = LIKE[where]
    placement = placed(rows, undo())
    assert put(placement) == [(4 if 9 not in rows else 9, STATUS, BEFORE)]
    (one,) = placement.rows
    assert one.identity == ByContent(image=image(rows[one.row], STATUS))
    assert placement.recovered == []


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ({9: line("typed since")}, 9),
        ({9: line("typed since"), 4: line(email="x", phone="y")}, 9),
        ({9: [*line("typed"), cell("more")], 4: line("", email="", phone="303")}, 9),
    ],
    ids=["typed over beside it", "beside a stranger's", "beside one that tells less"],
)
def test_a_cell_is_restored_in_the_row_of_the_same_customer(rows: Rows, where: int) -> None:
    """A person works in a column of his own meanwhile: his e-mail still tells who it is."""
    assert put(placed(rows, undo())) == [(where, STATUS, BEFORE)]


def test_a_cell_is_restored_in_a_row_in_which_more_was_typed() -> None:
    """Nothing in it tells whose it is yet."""
    mine = undo(identity=ByContent(image=image(row("mine", WROTE), STATUS)))
    rows = {4: row("other", WROTE, "", "", "303"), 9: row("mine", WROTE, "", "", "303")}
    assert put(placed(rows, mine)) == [(9, STATUS, BEFORE)]


def test_a_row_without_its_email_is_identified_by_name_and_what_we_wrote() -> None:
    """Typed into beside it, it would keep another customer's e-mail address for good."""
    columns = {STATUS: 1, KEY: 2, EMAIL: 3, NAME: 0}
    hit = image_of(row("Ada", WROTE, "", HOME, "crew 1"), columns, STATUS, EMAIL)
    who = ByContent(image=hit, wrote_customer={EMAIL: HOME})
    now = row("Ada", WROTE, "", HOME, "typed since")
    assert put(placed({9: now}, undo(identity=who), columns=columns)) == [(9, STATUS, BEFORE)]
    other = [
        row("Bob", WROTE, "", HOME, "typed since"),
        row("Ada", WROTE, "", "ada@example.com", "typed since"),
        row("", WROTE, "", HOME, "typed since"),
    ]
    for cells in other:
        assert put(placed({9: cells}, undo(identity=who), columns=columns)) == []
    nameless = who.model_copy(update={"image": image_of(now[1:], {})})
    assert put(placed({9: now}, undo(identity=nameless), columns=columns)) == []


UNCERTAIN: dict[str, tuple[Rows, Mapping[str, int]]] = {
    "the row was deleted": ({}, PEOPLE),
    "typed over": ({4: line(status="typed since")}, PEOPLE),
    "another customer": ({4: line("changed", email="x")}, PEOPLE),
    "two unlike ones of the customer": ({4: line("one"), 9: line("two")}, PEOPLE),
    "it became a job's": ({4: line(key=A)}, PEOPLE),
    "the column was deleted": ({4: line()}, {KEY: 2, EMAIL: 3, PHONE: 4}),
    "a row of which nothing is known": ({4: row("", WROTE)}, PEOPLE),
}


@pytest.mark.parametrize("case", UNCERTAIN)
def test_an_undo_without_a_certain_place_is_reported(case: str) -> None:
    """A guess could put typed text into another customer's row unnoticed."""
    rows, columns = UNCERTAIN[case]
    placement = placed(rows, undo(), columns=columns)
    assert (placement.rows, placement.recovered, placement.finished) == ([], [TOLD], {1})


def test_an_otherwise_blank_row_is_restored_only_in_a_like_row() -> None:
    """Anything that shows our status would hold all of nothing: jobs' own rows, say."""
    blank = undo(before={}, identity=ByContent(image=RowImage(overwritten=(STATUS,))))
    assert put(placed({9: row("", WROTE)}, blank)) == [(9, STATUS, "")]
    assert put(placed({4: line()}, blank)) == []
    assert put(placed({4: line(), 9: row("", WROTE), 10: row("", WROTE)}, blank)) == [
        (9, STATUS, ""),
        (10, STATUS, ""),
    ]


def test_a_blank_row_is_identified_by_what_we_wrote() -> None:
    """If all columns were written, another row without a key would hold all of nothing, too."""
    holds = RowImage(overwritten=(EMAIL, PHONE, STATUS))
    blank = undo(before={}, identity=ByContent(image=holds, wrote_customer={EMAIL: HOME}))
    rows = {4: line("", email=OTHER), 9: line("")}
    assert put(placed(rows, blank)) == [(9, STATUS, "")]
    assert put(placed({9: line("", email="")}, blank)) == [(9, STATUS, "")], "is restored already"


def test_the_only_text_of_a_row_is_restored_in_one_row_or_none() -> None:
    """Three rows of a word each that were hit: all of them would get the word of the last."""
    alone = undo(identity=ByContent(image=RowImage(overwritten=(STATUS,))))
    assert put(placed({9: row("", WROTE)}, alone)) == [(9, STATUS, BEFORE)]
    placement = placed({9: row("", WROTE), 10: row("", WROTE)}, alone)
    assert (placement.rows, [told[3:] for told in placement.recovered]) == ([], [(BEFORE, WROTE)])


@pytest.mark.parametrize("rows", [{9: row("", "")}, {4: row("", ""), 9: row("", "")}])
def test_overwritten_text_is_not_restored_into_blank_rows(rows: Rows) -> None:
    alone = undo(wrote={}, identity=ByContent(image=RowImage(overwritten=(STATUS,))))
    placement = placed(rows, alone)
    assert (placement.rows, [told[3:] for told in placement.recovered]) == ([], [(BEFORE, "")])


def test_undos_of_like_blank_rows_are_confirmed_together() -> None:
    """One that stayed pending would clear our text in the next row that rightly has it."""
    first = undo(before={}, identity=ByContent(image=RowImage(overwritten=(STATUS,))))
    placement = placed({9: row("", WROTE), 10: row("", WROTE)}, first, first)
    assert {each.undoes for one in placement.rows for each in one.cells} == {(2, 1)}
    placement = placed({9: row("", WROTE)}, first, first)  # The other row isn't recognized yet.
    assert {each.undoes for one in placement.rows for each in one.cells} == {(2,)}


def test_an_otherwise_blank_row_is_restored_once() -> None:
    """Another row may rightly hold the text that we wrote: its typed word would be replaced."""
    alone = undo(was_confirmed=True, identity=ByContent(image=RowImage(overwritten=(STATUS,))))
    placement = placed({9: row("", WROTE)}, alone)
    assert (placement.rows, placement.recovered, placement.finished) == ([], [], {1})


@pytest.mark.parametrize("other", [line("another"), [*line(), cell("more")]])
def test_a_text_is_restored_once_among_rows_that_show_the_same(other: Cells) -> None:
    """What the other row shows may be ours and about to be removed, or there by right."""
    placement = placed({4: line(status=BEFORE), 9: other}, undo(was_confirmed=True))
    assert (put(placement), placement.recovered, placement.finished) == ([], [], {1})
    assert put(placed({9: line()}, undo(was_confirmed=True))) == [(9, STATUS, BEFORE)], "a copy"


def test_a_formula_is_restored_only_in_its_own_row() -> None:
    formula = undo(before=cell("=B4"))
    (one,) = placed({4: line()}, formula).rows
    assert (one.row, one.cells[0].data) == (4, cell("=B4"))
    moved = placed({9: line()}, formula)
    assert (moved.rows, [told[3] for told in moved.recovered]) == ([], ["=B4"])


def test_the_days_of_a_status_go_back_wherever_the_row_is() -> None:
    """That formula refers to no cell, so every row that holds it would be reported after a sort."""
    days = undo(before=cell("=TODAY()-46000"))
    (one,) = placed({9: line()}, days).rows
    assert (one.row, one.cells[0].data) == (9, cell("=TODAY()-46000"))


def test_a_title_is_restored_in_the_header_row_after_it_moved() -> None:
    """It has no key and no customer; its guard tells where it is."""
    title = of_note(identity=ByHeaderGuard())
    noted = [{}, cell("Permit", "Mar 3, 2026, 10:00 AM"), {}, {}, {}]
    placement = placed({2: noted}, title, header_row=2, is_ours=True)
    (one,) = placement.rows
    assert (one.row, one.cells[0].data) == (2, {"note": "Call first."})
    assert one.cells[0].expects_note == "Mar 3, 2026, 10:00 AM"
    over = placed({2: [{}, cell("Permit", "typed since")]}, title, header_row=2, is_ours=True)
    assert (over.rows, len(over.recovered)) == ([], 1)


def test_a_header_that_went_into_another_row_is_written_where_it_belongs() -> None:
    """Its new column would have none: the header row was sorted in with the rows."""
    missing = undo(before=cell("Permit"), wrote={}, identity=ByHeaderGuard())
    blank, typed = row("Mine", "", "Site ID"), row("Mine", "My permits", "Site ID")
    assert put(placed({0: blank}, missing, is_ours=True)) == [(0, STATUS, "Permit")]
    assert put(placed({0: typed}, missing, is_ours=True)) == []
    # A person duplicated our tab and deleted the original, or mapped a tab of their own.
    duplicate = seen({0: blank}, is_ours=True, sheet_id=7)
    assert put(place_undos([duplicate], {7: {0: blank}}, {1: missing})) == [(0, STATUS, "Permit")]
    assert put(placed({0: blank}, missing)) == []


def test_a_header_row_that_was_sorted_in_with_the_rows_is_restored_where_it_belongs() -> None:
    header = undo(identity=ByContent(image=image(row("Mine", "", "Site ID", "E-mail"), STATUS)))
    for email in ("E-mail", "renamed since"):
        names = row("Mine", WROTE, "Site ID", email)
        assert put(placed({0: names, 4: line(key=A)}, header)) == [(0, STATUS, BEFORE)]
        # A row that was edited might be another one.
        elsewhere = placed({4: names}, header).rows
        assert bool(elsewhere) == (email == "E-mail")


def test_a_header_whose_key_cell_we_cleared_is_restored_once_its_row_is_back() -> None:
    """As in the storm of one's own tab with the seed 145: otherwise nothing more is written."""
    names = row("Mine", "Permit", "Site ID", "E-mail", "Phone")
    cleared = image(names, KEY)
    header = undo(column=KEY, before=cell("Site ID"), wrote={}, identity=ByContent(image=cleared))

    def is_restored(*texts: str) -> bool:
        headers = {index: text for index, text in enumerate(texts) if text}
        return restores_header(seen({}, is_ours=True, headers=headers), {1: header})

    assert is_restored("Mine", "Permit", "", "E-mail", "Phone")
    assert is_restored("Mine", "Permit", "", "E-mail", "renamed since")
    assert not is_restored("mine", WROTE, "", HOME, "303"), "a row without a key is in its place"
    assert not is_restored("Mine", "Permit", A, "E-mail", "Phone"), "another undo restores it"


TEXTS = {EMAIL: HOME}
OTHER = "home2@example.com"


def of_key(before: str = "", cells: Cells | None = None, **changes: Any) -> Undo:
    """Return the undo of A's key in a row that does not show A's e-mail address."""
    hit = cells or line(status="", email=OTHER, key=A)
    values: dict[str, Any] = {
        "column": KEY,
        "fields": "userEnteredValue",
        "before": cell(before),
        "wrote": cell(A),
        "identity": ByWrongKey(key=A, right_texts=TEXTS),
        "image": image(hit, KEY),
        "row_text": "mine",
    }
    return undo(**(values | changes))


def test_a_key_is_removed_from_every_row_but_its_own() -> None:
    """Never by the row's number: people moved it, and copied it."""
    rows = {
        3: line(key=A),
        6: line(status="", email=OTHER, key=A),
        9: line("a copy", email=OTHER, key=A),
        4: line(email=OTHER),
    }
    placement = placed(rows, of_key())
    assert put(placement) == [(6, KEY, ""), (9, KEY, "")]
    for one in placement.rows:
        assert one.identity == ByWrongKey(key=A, right_texts=TEXTS)
        assert (one.cells[0].expects, one.cells[0].index) == (Content(A), KEY_AT)
    assert placement.finished == set(), "until a read shows no such row"
    newest = of_key(identity=ByWrongKey(key=A, right_texts={PHONE: "304"}))
    assert {str(one.identity) for one in placed(rows, of_key(), newest).rows} == {
        str(newest.identity)
    }


def test_a_key_stays_in_a_copy_of_its_row_in_which_one_text_differs() -> None:
    """An undo put it into another row, and its row's copy has the address before a typo, say."""
    hit = line("x", email=OTHER, phone="303", key=A)
    texts = {EMAIL: HOME, PHONE: "303"}
    into_blank = of_key(cells=row(), identity=ByWrongKey(key=A, right_texts=texts))
    rows = {3: line(key=A), 4: line(phone="304", key=A), 6: row("", "", A)}
    assert put(placed(rows, into_blank)) == [(6, KEY, "")]
    del rows[6]
    assert placed(rows, into_blank).finished == {1}
    same_phone = of_key(cells=hit, identity=ByWrongKey(key=A, right_texts=texts))
    assert put(placed(rows | {6: hit}, same_phone)) == [(6, KEY, "")], "of the same household"


def test_an_overwritten_key_is_restored_only_in_its_own_row() -> None:
    """Else another row gets B's key, and B's statuses with it."""
    hit = line(status="", email=OTHER, key=A)
    stranger = line("x", email="x@example.com", phone="1", key=A)
    placement = placed({3: stranger, 6: hit}, of_key(B, hit))
    assert put(placement) == [(3, KEY, ""), (6, KEY, B)]
    assert placement.rows[1].cells[0].key_row[EMAIL] == OTHER, "by it B's key is known to be right"


def test_a_key_is_restored_in_a_row_that_was_edited() -> None:
    hit = line(status="", email=OTHER, key=A)
    assert put(placed({6: line("typed since", email=OTHER, key=A)}, of_key(B, hit))) == [
        (6, KEY, B)
    ]


def test_a_key_is_restored_in_a_row_in_which_more_was_typed() -> None:
    """Nothing in it tells whose it is: its customer isn't known yet."""
    hit = line(status="Waiting", email="", key=A, phone="")
    more = line("typed since", status="Waiting", email="", key=A, phone="")
    before = line("", status="Waiting", email="", key=A, phone="")
    assert put(placed({6: more}, of_key(B, before))) == [(6, KEY, B)]
    assert put(placed({6: more}, of_key(B, hit))) == [(6, KEY, "")], "another row was typed into"
    noted = [cell("mine", note="Call first."), *hit[1:], cell("more")]
    assert put(placed({6: noted}, of_key(B, [*hit, cell("more")]))) == [(6, KEY, B)]


def test_a_key_stays_in_its_row_whose_date_has_a_no_break_space() -> None:
    mine = line(status="Permits approved, Mar\N{NO-BREAK SPACE}3", email="", key=A, phone="")
    shows = image(mine, KEY).texts
    identity = ByWrongKey(key=A, right_texts=shows)
    placement = placed({6: mine}, of_key(identity=identity))
    assert (put(placement), placement.finished) == ([], {1})
    assert ByKey(key=A, shows=texts_of(mine, {STATUS: STATUS_AT})).matches(mine, PEOPLE)


def test_an_undo_of_a_key_is_finished_when_a_read_shows_no_such_row() -> None:
    """Not when it is confirmed: a person may have copied the row in between."""
    right = {3: line(key=A)}
    assert placed(right, of_key()).finished == {1}
    assert placed(right, of_key()).recovered == [], "the cell was blank"
    again = of_key(was_confirmed=True)
    copied = {3: line(key=A), 6: line(email=OTHER, key=A)}
    assert put(placed(copied, again)) == [(6, KEY, "")]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({3: line(key=A)}, [("Jobs", "Permit", "mine", B, A)]),
        ({3: line(key=A), 5: line(key=B)}, []),
    ],
    ids=["nowhere", "back in its row"],
)
def test_a_lost_key_is_reported(rows: Rows, told: list[tuple[str, ...]]) -> None:
    """Its row was deleted or typed over: that is reported, unless the text is elsewhere."""
    placement = placed(rows, of_key(B))
    assert (placement.finished, placement.recovered) == ({1}, told)


def test_keys_are_restored_first() -> None:
    """All other rows are found by the keys: those of a wrong one would be written there."""
    rows = {3: line(key=A, email=OTHER)}
    placement = placed(rows, undo(identity=ByKey(key=A)), of_key())
    assert put(placement) == [(3, KEY, "")]
    assert (placement.finished, placement.recovered) == (set(), [])


def test_a_key_removed_from_its_row_is_restored() -> None:
    """An undo of a key hit the row: known by all that it holds beside."""
    held = image(line(status="", email=OTHER), KEY)
    lost = undo(
        column=KEY,
        fields=VALUE,
        before=cell(B),
        wrote={},
        identity=ByContent(image=held),
        image=held,
    )
    placement = placed({4: line(), 9: line(status="", email=OTHER)}, lost)
    assert put(placement) == [(9, KEY, B)]
    assert placement.rows[0].cells[0].key_row[EMAIL] == OTHER


def test_the_newest_of_several_undos_of_a_cell_counts() -> None:
    """What the older one wrote is what the newer one puts back."""
    older, newer = undo(), undo(before=cell(WROTE), wrote=cell("Rejected"))
    rows = {4: line(status="Rejected")}
    placement = placed(rows, older, newer)
    assert put(placement) == [(4, STATUS, WROTE)]
    (each,) = placement.rows[0].cells
    assert (each.undoes, each.expects) == ((2,), Content("Rejected"))
    same = placed({4: line()}, undo(before=cell("first")), undo(before=cell("second")))
    assert put(same) == [(4, STATUS, "second")]


def test_an_undo_waits_while_others_restore_what_its_row_is_identified_by() -> None:
    """Two batches hit the row. Reported too early, the status would stay there for good."""
    status = undo(before=cell(""))
    hit = {4: line(email=OTHER)}
    holds = image(line(), EMAIL)
    email = undo(
        column=EMAIL, before=cell(HOME), wrote=cell(OTHER), identity=ByContent(image=holds)
    )
    first = placed(hit, status, email)
    assert put(first) == [(4, EMAIL, HOME)]
    assert (first.finished, first.recovered) == (set(), [])
    assert put(placed({4: line()}, status)) == [(4, STATUS, "")]


def test_a_row_that_shows_the_customer_by_a_misplaced_write_is_not_restored() -> None:
    """The customer's email went there. Its status is blank, as what we wrote into the right row."""
    other = line("theirs", status="", email=HOME)
    email = undo(
        column=EMAIL,
        before=cell(OTHER),
        wrote=cell(HOME),
        identity=ByContent(image=image(other, EMAIL)),
    )
    placement = placed({4: other}, undo(wrote={}), email)
    assert (put(placement), placement.finished) == ([(4, EMAIL, OTHER)], set())


def test_an_undo_that_an_earlier_version_stored_is_reported() -> None:
    """How its row was identified is unknown by now."""
    stored = undo().model_dump(mode="json") | {"identity": {"key": A, "is_header": False}}
    placement = placed({4: line()}, Undo.model_validate(stored))
    assert (placement.rows, placement.recovered) == ([], [TOLD])


def test_a_value_and_its_note_are_restored_separately() -> None:
    """A note that was typed over since does not keep the value from going back."""
    who = ByKey(key=A)
    noted = [cell("mine"), cell(WROTE, "Mar 3, 2026, 10:00 AM"), cell(A), {}, {}]
    placement = placed({4: noted}, undo(identity=who), of_note(identity=who))
    fields = {each.fields: each for each in placement.rows[0].cells}
    assert fields.keys() == {VALUE, NOTE}
    assert (fields[NOTE].expects, fields[NOTE].expects_note) == (None, "Mar 3, 2026, 10:00 AM")
    assert (fields[VALUE].expects, fields[VALUE].expects_note) == (Content(WROTE), None)
    typed = [cell("mine"), cell(WROTE, "typed since"), cell(A), {}, {}]
    half = placed({4: typed}, undo(identity=who), of_note(identity=who))
    assert [each.fields for one in half.rows for each in one.cells] == [VALUE]
    done = [cell("mine"), cell(BEFORE, "typed since"), cell(A), {}, {}]
    rest = placed({4: done}, of_note(identity=who))
    assert [told[3:] for told in rest.recovered] == [
        ("Note: Call first.", "Note: Mar 3, 2026, 10:00 AM")
    ]


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"identity": ByKey(key=A)}, False),
        ({"identity": ByKey(key=A), "column": ""}, True),
        (
            {"identity": ByKey(key=A), "fields": NOTE, "before": {"note": "x"}, "wrote": {}},
            True,
        ),
        ({"identity": ByKey(key=A), "column": REP}, True),
        ({"identity": ByKey(key=A), "column": NAME}, True),
        ({}, True),
    ],
    ids=[
        "a managed cell",
        "an unmanaged column",
        "a note",
        "a rep",
        "a name",
        "a row without a key",
    ],
)
def test_undos_of_cells_that_the_policy_overwrites_are_dropped(
    changes: dict[str, Any], is_told: bool
) -> None:
    """A line for a job's own status would send somebody looking for what we write anew."""
    placement = placed({}, undo(**changes), is_ours=True)
    assert (placement.finished, len(placement.recovered)) == ({1}, int(is_told))
    mapped = placed({}, undo(**changes))
    assert len(mapped.recovered) == 1, "in a mapped tab, it may be typed text"


def test_an_overwritten_blank_is_reported_only_if_our_text_is_still_there() -> None:
    """A line that says that nothing stood somewhere helps only if a job's text is there now."""
    blank = undo(before={}, row_text="mine")
    assert placed({}, blank).recovered == []
    assert placed({}, blank).finished == {1}
    unlike = {4: line("one"), 9: line("two")}
    assert [told[3:] for told in placed(unlike, blank).recovered] == [("", WROTE)]
    other = {4: line("one", email="x")}
    assert [told[3:] for told in placed(other, blank).recovered] == [("", WROTE)]


def test_the_value_and_note_of_a_cell_share_a_line() -> None:
    """Two lines for one cell are twice the reading; two cells in one would not be found."""
    placement = placed({}, of_note(), undo(), undo(row=7, before=cell("other")))
    assert sorted(placement.recovered) == sorted(
        [
            ("Jobs", "Permit", "mine | on hold", f"{BEFORE}\nNote: Call first.",
             f"{WROTE}\nNote: Mar 3, 2026, 10:00 AM"),
            ("Jobs", "Permit", "mine | on hold", "other", WROTE),
        ]
    )  # fmt: skip
    assert placement.finished == {1, 2, 3}


def test_a_blank_stays_pending_while_our_text_is_about_to_return() -> None:
    """Somebody types into the row during its undo, which is undone, too."""
    blank = undo(before={}, identity=ByContent(image=image(line(email="", phone=""), STATUS)))
    changed = line("typed since", status="", email="", phone="")
    again = undo(
        before=cell(WROTE),
        wrote={},
        identity=ByContent(image=image(changed, STATUS)),
        row_text="typed since",
    )
    placement = placed({4: changed}, blank, again)
    assert (put(placement), placement.finished) == ([(4, STATUS, WROTE)], set())
    changed = line("typed since", email="", phone="")
    landed = again.model_copy(update={"was_confirmed": True})
    then = placed({4: changed}, blank, landed)
    assert [told[3:] for told in then.recovered] == [("", WROTE)]
    assert then.finished == {1, 2}


BACK = RowWrite(
    sheet_id=JOBS_TAB,
    row=4,
    identity=ByContent(image=image(line(), STATUS)),
    cells=placed({4: line()}, undo()).rows[0].cells,
)


@pytest.mark.parametrize(
    ("copy", "is_back"),
    [
        pytest.param(line(), True, id="it"),
        pytest.param([cell(), *line()[1:], cell("mine")], True, id="a column moved"),
        pytest.param(line("typed since"), True, id="the same customer, composed"),
        pytest.param(line("typed since", email="x"), False, id="more unlike"),
        pytest.param(line(email="x"), False, id="another customer"),
        pytest.param(line(key=B), False, id="a job's"),
        pytest.param(line(status="typed since"), False, id="typed over"),
        pytest.param([], False, id="blank"),
    ],
)
def test_an_undo_is_checked_like_any_write(copy: Cells, is_back: bool) -> None:
    """One that went into another row is still to be carried out, and that row is hit."""
    findings = check(trace(BACK, columns=PEOPLE), [seen({})], {JOBS_TAB: {4: copy}}, {1: undo()})
    assert (findings.confirmed_undos == {1}) is is_back
    assert len(findings.undos) == (0 if is_back else 1)
    assert findings.mismatched == set()


def test_an_undo_that_missed_one_of_several_rows_is_not_confirmed() -> None:
    again = undo(identity=ByKey(key=A))
    rows = {4: line(key=A), 5: line(key=A)}
    batch = trace(*placed(rows, again).rows, columns=PEOPLE)
    for copies, confirmed in ((rows, {1}), (rows | {5: line(key=B)}, set())):
        findings = check(batch, [seen(rows)], {JOBS_TAB: copies}, {1: again})
        assert findings.confirmed_undos == confirmed


def test_a_row_is_identified_by_its_columns_and_unmanaged_cells_in_any_order() -> None:
    """People move their columns; a formula changes with its place."""
    held = RowImage.of([*row("mine", "Approved", ""), cell("=A1"), cell("more")], PEOPLE)
    assert held.managed.keys() == {STATUS, PHONE}
    assert held.others == ((Content("mine"), ""),)

    def now(*texts: str) -> RowImage:
        return RowImage.of(row(*texts), PEOPLE)

    assert held == now("mine", "Approved", "", "", "more")
    assert held == now("", "Approved", "", "", "more", "mine")
    assert held == now("=Z1", "Approved", "", "", "more", "mine")
    assert now("", "Approved", "", "", "more", "mine", "typed since").contains(held)
    assert not now("", "Approved", "", "", "more").contains(held)
    assert not now("Approved", "mine", "", "", "more").contains(held)
    twice = RowImage.of(row("x", "", "", "", "", "x"), PEOPLE)
    assert not now("x").contains(twice)
    assert not held.contains(RowImage()), "nothing is in everything"


def test_a_customer_is_the_same_only_if_all_identifying_texts_agree() -> None:
    """The same e-mail address with another phone number is another customer."""
    held = RowImage.of(line("x"), PEOPLE)
    it = ByContent(image=held)
    assert it.likeness(RowImage.of(line("y", status="z"), PEOPLE)) is Likeness.SAME_CUSTOMER
    assert it.likeness(RowImage.of(line(phone="304"), PEOPLE)) is None
    nameless = ByContent(image=RowImage.of(row("x", "a"), PEOPLE))
    assert nameless.likeness(RowImage.of(row("y", "a"), PEOPLE)) is None
    assert held.texts == {EMAIL: HOME, PHONE: "303"}
    assert RowImage.of(row("x", "a"), PEOPLE).texts == {STATUS: "a"}
