"""The judge looks at every managed cell of the Jobs tab, at notes, and at what people keep."""

from collections.abc import Callable

import pytest

from emulator import Emulator
from sync.sheets.answer import JOBS_TAB
from tests.chaos import judge
from tests.chaos.desk import ONE, TWO, Desk, worked_on
from tests.chaos.tab import record
from tests.chaos.truth import tag_of

pytestmark = pytest.mark.long
CHECKED = (
    *("customer", "phone", "email", "address", "status", "next_action", "initial_quote"),
    *("follow_up", "last_approval"),
)
"""Columns that must show what is the job's own; the last update and the key tell whose a row is."""
_TAG = tag_of(TWO)


def _of_another(column: str) -> Callable[[Desk], None]:
    """Return the harm that a job's row shows what another's should, in a column."""

    def harm(desk: Desk) -> None:
        seen = desk.now()
        texts = {site: seen.shown(rows[0], column) for site, rows in seen.by_site.items()}
        site, theirs = next(
            (site, theirs)
            for site in (ONE, *texts)
            for theirs in texts.values()
            if theirs and theirs != texts[site]
        )
        desk.type(seen.by_site[site][0], seen.by_id[column], theirs)

    harm.__name__ = f"another's {column}"
    return harm


def _blank(column: str) -> Callable[[Desk], None]:
    def harm(desk: Desk) -> None:
        seen = desk.now()
        filled = (rows[0] for rows in seen.by_site.values() if seen.shown(rows[0], column))
        desk.type(next(filled), seen.by_id[column], "")

    harm.__name__ = f"blank {column}"
    return harm


def _typed_over(desk: Desk) -> None:
    """A person's words stay where the product was to write its own."""
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id["status"], "hand-99999")


def _phone_in_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    seen = desk.now()
    desk.type(row, seen.by_id["phone"], desk.truth.customers[TWO]["phone"])


def _phone_in_a_persons_column(desk: Desk) -> None:
    row = desk.now().by_site[ONE][0]
    desk.type(row, desk.blank_column(row), desk.truth.customers[ONE]["phone"])


def _remark_of_another_job(desk: Desk) -> None:
    seen = desk.now()
    column = next(c for c in seen.by_id if c.startswith("status:"))
    _annotate(desk, seen.by_site[ONE][0], seen.by_id[column], f"2026-01-01\nsaid 7 of {_TAG}")


def _our_note_on_a_row_of_nobody(desk: Desk) -> None:
    _, row, _ = desk.find("row")
    _annotate(desk, row, desk.now().by_id["status"], "2026-01-01 10:00")


def _our_note_in_a_persons_column(desk: Desk) -> None:
    row = desk.now().by_site[ONE][0]
    _annotate(desk, row, desk.blank_column(row), "2026-01-01 10:00")


def _annotate(desk: Desk, row: int, key: int, text: str) -> None:
    desk.edit("add_note", row=row, column=desk.now().keys.index(key), text=text)


HARM: dict[Callable[[Desk], None], str] = {
    **{_of_another(column): "wrong value" for column in CHECKED},
    **{_blank(column): "wrong value" for column in CHECKED},
    _typed_over: "wrong value",
    _phone_in_a_row_of_nobody: "stray text",
    _phone_in_a_persons_column: "stray text",
    _remark_of_another_job: "other job",
    _our_note_on_a_row_of_nobody: "stray note",
    _our_note_in_a_persons_column: "stray note",
}


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.strip("_"))
def test_the_judge_sees_harm(google: Emulator, harm: Callable[[Desk], None]) -> None:
    """Catches a judge that is blind to a column, or says something else of it."""
    desk = worked_on(google)
    harm(desk)
    assert desk.kinds() == {HARM[harm]}


def test_a_record_that_is_written_to_is_seen(google: Emulator) -> None:
    """Catches writes into a tab that a person duplicated to keep it as it was."""
    desk = worked_on(google)
    made: int = google.edit(desk.spreadsheet, "duplicate_tab", sheet_id=JOBS_TAB)
    records = {made: record(desk.book, made)}
    assert not [*judge.records(desk.book, records)]
    google.edit(desk.spreadsheet, "type_cell", sheet_id=made, row=1, column=1, text="Approved")
    assert [one.kind for one in judge.records(desk.book, records)] == ["record changed"]


def test_a_note_of_the_product_may_stay_where_recovered_names_it(google: Emulator) -> None:
    """Catches a judge that calls stray what Recovered tells of, and one that any line pleases."""
    desk = worked_on(google)
    text, row, _ = desk.find("row")
    _annotate(desk, row, desk.now().by_id["status"], "2026-01-01 10:00")
    desk.recover(row_text=text, stands="Note: 2026-01-01 11:00")
    assert desk.kinds() == {"stray note"}
    desk.recover(row_text=text, stands="Approved\nNote: 2026-01-01 10:00")
    assert not desk.kinds()


@pytest.mark.parametrize("text", ["Job 00000001", "hand-99999"])
def test_a_stand_in_for_a_name_may_be_a_persons_own(google: Emulator, text: str) -> None:
    """Where EverBright is not asked. Catches a judge that wants a person's better name gone."""
    desk = worked_on(google)
    desk.truth.customers = {}
    seen = desk.now()
    desk.type(seen.by_site[ONE][0], seen.by_id["customer"], text)
    named = [
        one.sentence
        for one in judge.sheet(desk.book, desk.ledger)
        if ONE in one.sentence and "in customer" in one.sentence
    ]
    assert bool(named) == (text == "Job 00000001")
