"""The judge of the Jobs tab: it sees every kind of harm, and none where all is right."""

from collections.abc import Callable

import pytest

from emulator import Emulator
from tests.chaos.desk import ONE, TWO, Desk, fresh_desk, worked_on
from tests.chaos.tab import HEADER, KEY
from tests.made_up import uuid

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", range(4))
def test_a_person_alone_does_no_harm(google: Emulator, seed: int) -> None:
    """Catches a ledger that blames the product for what a person did: nobody else was there."""
    desk = fresh_desk(google, seed)
    # Without the product nobody writes a managed cell anew.
    desk.person.deeds.by_name["type_over"] = lambda _: None
    for _ in range(300):
        desk.person.act()
        desk.person.deeds.kills = 0
        desk.ledger.killed = dict.fromkeys(desk.ledger.killed, 0.0)  # It was long ago.
        assert not desk.kinds(), desk.person.diary[-1]
    assert len(list(desk.ledger.holding())) > 20
    assert desk.person.edits > 250


def _take_away(desk: Desk) -> None:
    _, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")


def _to_another_job(desk: Desk) -> None:
    text, row, key = desk.find("hand", ONE)
    desk.type(row, key, "")
    desk.type(desk.now().by_site[TWO][0], key, text)


def _to_another_column(desk: Desk) -> None:
    text, row, key = desk.find("hand", ONE)
    other = desk.blank_column(row)
    desk.type(row, key, "")
    desk.type(row, other, text)


def _header(desk: Desk) -> None:
    _, row, key = desk.find("head", HEADER)
    desk.type(row, key, "Status")


def _note(desk: Desk) -> None:
    _, row, key = desk.find("note")
    desk.edit("add_note", row=row, column=desk.now().keys.index(key), text="ours")


def _into_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    seen = desk.now()
    desk.type(row, next(one for one in seen.keys if not seen.spot(row, one).text), "Approved")


def _job_over_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    source = desk.now().by_site[ONE][0]
    desk.edit("copy_rows", start=source, end=source + 1, to=row)


def _status(desk: Desk) -> None:
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id["status"], "Frozen")


def _key_in_a_blank_row(desk: Desk) -> None:
    desk.type(desk.blank_row(), desk.now().by_id[KEY], ONE)


def _half_a_row(desk: Desk) -> None:
    desk.type(desk.blank_row(), desk.now().by_id["status"], "Approved")


def _delete(desk: Desk) -> None:
    desk.edit("delete_rows", index=desk.now().by_site[ONE][0])


def _strange_key(desk: Desk) -> None:
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id[KEY], uuid(777))


def _own_column(desk: Desk) -> None:
    row = desk.now().by_site[ONE][0]
    desk.type(row, desk.blank_column(row), "Approved")


def _column(desk: Desk) -> None:
    seen = desk.now()
    desk.edit("delete_columns", index=seen.keys.index(seen.by_id[KEY]))


def _note_to_another_job(desk: Desk) -> None:
    text, row, key = desk.find("note", ONE)
    index = desk.now().keys.index(key)
    desk.edit("add_note", row=row, column=index, text="")
    desk.edit("add_note", row=desk.now().by_site[TWO][0], column=index, text=text)


def _header_to_another_column(desk: Desk) -> None:
    text, row, key = desk.find("head", HEADER)
    other = next(one for one in desk.now().keys if one != key)
    desk.type(row, key, "Status")
    desk.type(row, other, text)


def _copy_that_is_behind(desk: Desk) -> None:
    row = desk.blank_row()
    _copy(desk, ONE, row)
    desk.type(row, desk.now().by_id["status"], "Frozen")


def _copy(desk: Desk, site: str, to: int) -> None:
    start = desk.now().by_site[site][0]
    desk.edit("copy_rows", start=start, end=start + 1, to=to)


def _key_into_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    desk.type(row, desk.now().by_id[KEY], ONE)


def _flag(desk: Desk) -> None:
    desk.type(desk.blank_row(), desk.now().by_id[KEY], f"Copy of {ONE}")


def _everything(desk: Desk) -> None:
    desk.edit("delete_tab")


HARM: dict[Callable[[Desk], None], str] = {
    _take_away: "cell lost",
    _to_another_job: "cell beside another",
    _to_another_column: "cell in another column",
    _header: "header lost",
    _header_to_another_column: "header in another column",
    _note: "note lost",
    _note_to_another_job: "note beside another",
    _into_a_row_of_nobody: "stray text",
    _job_over_a_row_of_nobody: "cell lost",
    _status: "wrong value",
    _key_in_a_blank_row: "wrong value",
    _copy_that_is_behind: "wrong value",
    _key_into_a_row_of_nobody: "wrong value",
    _flag: "stray text",
    _half_a_row: "stray text",
    _delete: "row missing",
    _strange_key: "key of no job",
    _own_column: "stray text",
    _column: "column missing",
    _everything: "no tab",
}


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.strip("_"))
def test_the_judge_sees_harm(google: Emulator, harm: Callable[[Desk], None]) -> None:
    """Catches a judge that is blind to one kind of it."""
    desk = worked_on(google)
    harm(desk)
    assert HARM[harm] in desk.kinds()


def test_several_rows_of_a_job_are_fine_where_each_is_right(google: Emulator) -> None:
    """Catches a judge that wants a person's copy of a row gone."""
    desk = worked_on(google)
    for _ in range(2):
        _copy(desk, ONE, desk.blank_row())
    assert len(desk.now().by_site[ONE]) == 3
    assert not desk.kinds()


def test_a_persons_text_may_stand_in_recovered(google: Emulator) -> None:
    """Catches a judge that calls lost what Recovered holds, and one that any line of it pleases."""
    desk = worked_on(google)
    for kind, lost, place in (
        ("hand", "cell lost", ONE),
        ("head", "header lost", HEADER),
        ("row", "cell lost", None),
    ):
        text, row, key = desk.find(kind, place)
        desk.type(row, key, "")
        assert desk.kinds() == {lost}
        # Neither what the row was nor what stands there now brings a text back.
        desk.recover(row_text=text, stood="hand-99999", stands=text)
        assert desk.kinds() == {lost}
        desk.recover(stood=f"{text}\nNote: something else")
        assert not desk.kinds()
    note, row, key = desk.find("note")
    desk.edit("add_note", row=row, column=desk.now().keys.index(key), text="")
    assert desk.kinds() == {"note lost"}
    desk.recover(stood=f"Note: {note}")
    assert not desk.kinds()


def test_a_text_of_the_product_may_stand_where_recovered_names_the_cell(google: Emulator) -> None:
    """Catches a judge that lets the product leave its texts in people's cells without a word."""
    desk = worked_on(google)
    text, row, _ = desk.find("row")
    first, second = [key for key in desk.now().keys if not desk.now().spot(row, key).text][:2]
    desk.type(row, first, "Approved")
    assert desk.kinds() == {"stray text"}
    desk.recover(row_text=text, stands="Rejected")  # Another text of the product's,
    assert desk.kinds() == {"stray text"}
    desk.recover(row_text="row-99999", stands="Approved")  # or another row.
    assert desk.kinds() == {"stray text"}
    desk.recover(row_text=text, stands="Approved\nNote: of the product")
    assert not desk.kinds()
    desk.type(row, second, "46023.25")
    assert desk.kinds() == {"stray text"}
    desk.recover(row_text=text, stands="46023.25")
    assert not desk.kinds()


def test_what_was_written_over_need_not_stand_in_the_row_that_is_named(google: Emulator) -> None:
    """Catches a judge that knows a row by the very text that was written over in it."""
    desk = worked_on(google)
    text, row, key = desk.find("row")
    others = [t for s in desk.now().rows[row].values() if (t := s.text) != text]
    desk.type(row, key, "Approved")
    assert desk.kinds() >= {"cell lost"}
    desk.recover(row_text=" | ".join([text, *others]), stood=text, stands="Approved")
    assert not desk.kinds()


def test_a_job_whose_row_shows_a_text_in_its_own_cells_is_not_named(google: Emulator) -> None:
    """Catches a judge that takes a line of Recovered for leave to show wrong values."""
    desk = worked_on(google)
    _status(desk)
    desk.recover(row_text=desk.find("hand", ONE)[0], stands="Frozen")
    assert desk.kinds() == {"wrong value"}


def test_a_blank_row_under_a_jobs_key_is_not_taken_for_the_job(google: Emulator) -> None:
    """A key of ours went astray for a moment, and a person wrote a note on that row."""
    desk = worked_on(google)
    blank = desk.blank_row()
    desk.type(blank, desk.now().by_id[KEY], ONE)
    assert desk.ledger.owner(desk.now(), blank) is None
    assert desk.ledger.owner(desk.now(), desk.now().by_site[ONE][0]) == ONE
    assert desk.kinds() == {"wrong value"}


def test_a_note_on_a_row_of_two_jobs_may_stay_with_either(google: Emulator) -> None:
    """The key was another's for a moment; all else that a person saw there was the job's own."""
    desk = worked_on(google)
    row, key = desk.now().by_site[ONE][0], desk.now().by_id[KEY]
    desk.type(row, key, TWO)
    desk.person.deeds.only("note")
    while not any(
        spot[0] == row and claim.place == TWO
        for claim in desk.ledger.holding()
        for spot in desk.now().hands[claim.text]
    ):
        desk.person.act()
    desk.type(row, key, ONE)
    assert not desk.kinds()
