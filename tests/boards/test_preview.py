"""What a preview promises, the first flush does."""

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from emulator import Emulator
from sync.boards.first_flush import TabColumns
from sync.boards.map_tabs import PreviewAnswers, TabMapper
from sync.boards.mapping.choices import Choices
from sync.boards.preview import (
    ADDED,
    COPIED,
    FILLED,
    KEY_ADDED,
    REPLACED,
    Preview,
    compose_preview,
)
from sync.errors import Permanent
from sync.sheets.cell_data import at
from sync.sheets.encode import shown_text
from sync.store import RowAnswer
from sync.store.schema import customer
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import APPROVED, flushed
from tests.boards.two_tab_board import (
    FIELDS,
    HEADER_ROW,
    HEADERS,
    INSTALLED,
    KEY_AT,
    OPEN,
    WORDS,
    line,
)
from tests.made_up import milestone, uuid
from tests.sheets.grids import MAPPED_AT

COLUMNS = {field: HEADERS.index(header) for header, field in FIELDS.items()} | {"site_id": KEY_AT}
TAB = TabColumns(HEADER_ROW, COLUMNS, {FIELDS["Permit"]: WORDS})


def previewed(bench: Bench, mapped_at: datetime | None = None) -> Preview:
    tab = replace(TAB, mapped_at=mapped_at)
    with bench.held() as held:
        return compose_preview(bench.flusher, held, {OPEN: tab, INSTALLED: tab}, unknown=0)


def test_the_first_flush_does_what_was_promised(asking: Bench) -> None:
    known = {n: asking.customer(n) for n in (1, 2, 3, 4)}
    mine = [line(1, E_mail=known[1]["E_mail"]), line(9, Permit="Sent back")]
    mine += [["*** ON HOLD ***"], line(4, E_mail=known[4]["E_mail"])]
    two_tab_board.make(asking, mine, [line(2, Street=known[2]["Street"], Zip=known[2]["Zip"])])
    asking.send(*(milestone(n) for n in known))
    asking.project()
    asking.ask()
    writes = asking.writes()
    promised = previewed(asking)
    assert asking.writes() == writes
    assert (promised.already_keyed, promised.matched, promised.added) == (0, 3, 1)
    assert promised.unsettled_count == 0
    assert {one.kind for one in promised.changes} == {KEY_ADDED, FILLED, ADDED, COPIED}
    two_tab_board.map_tabs(asking)
    flushed(asking)
    for one in promised.changes:
        tab = OPEN if one.tab == "Open jobs" else INSTALLED
        is_pushed = tab == OPEN and one.kind in (KEY_ADDED, FILLED) and one.row > promised.last_row
        number = one.row + promised.added * is_pushed
        row = two_tab_board.texts(asking, tab)[number - HEADER_ROW - 2]
        header = "Site ID" if one.letter == "L" else HEADERS[ord(one.letter) - ord("A")]
        assert row[header] == one.after, one
    again = previewed(asking)
    assert (again.already_keyed, again.changes) == (4, ())
    assert two_tab_board.of_site(asking, 3)[0]["Customer"] == "Ada Number3"
    assert uuid(3) in {one.site for one in promised.changes}


def test_rows_have_the_numbers_that_a_person_sees_now(asking: Bench) -> None:
    """New ones push the rows below "on hold" down."""
    known = asking.customer(4)
    mine = [line(9), ["*** ON HOLD ***"], line(4, E_mail=known["E_mail"])]
    two_tab_board.make(asking, mine, [])
    asking.send(*(milestone(n) for n in (3, 4)))
    asking.project()
    asking.ask()
    found = previewed(asking)
    first = HEADER_ROW + 2  # From 1.
    (matched,), (added,) = found.rows[KEY_ADDED], found.rows[ADDED]
    assert (matched.row, added.row, found.last_row) == (first + 2, first + 1, first)


def test_a_job_whose_candidates_were_ruled_out_gets_a_row(asking: Bench) -> None:
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"])], [])
    asking.send(milestone(1))
    asking.project()
    asking.ask()
    first = previewed(asking)
    assert (first.matched, first.added) == (1, 0)
    with asking.held() as held:
        asking.store.boards.answer(
            held, [uuid(1)], [RowAnswer(uuid(1), {"email": known["E_mail"]}, is_same=False)]
        )
    second = previewed(asking)
    assert (second.matched, second.added, second.unsettled_count) == (0, 1, 0)


def test_the_preview_of_a_mapping_that_is_written_goes_by_its_answers(asking: Bench) -> None:
    known = asking.customer(1)
    rows = [line(n, E_mail=known["E_mail"]) for n in (1, 2)]
    two_tab_board.make(asking, rows, [])
    two_tab_board.map_tabs(asking)
    asking.send(milestone(1))
    answers = PreviewAnswers(rows={uuid(1): "Open jobs!5"})
    mapper = TabMapper(asking.wiring, lambda _: None, Choices(), [], answers=answers)
    found = mapper.run(write=True, with_preview=True).preview
    assert found
    assert (found.matched, found.unsettled_count) == (1, 0)


def test_what_a_person_confirmed_is_in_the_preview_too(asking: Bench) -> None:
    two_tab_board.make(asking, [line(9)], [])
    asking.send(milestone(1, status="ISSUED"))
    asking.project()
    asking.store.confirmations.confirm_statuses({"ISSUED": "approved"})
    headers = {change.header for change in previewed(asking).changes}
    assert "Permit OK on" in headers


def phones(bench: Bench) -> list[tuple[str, str, str]]:
    """Return what a preview shows for phone numbers: kind, before, after."""
    changes = (each for each in previewed(bench).changes if each.header == "Phone")
    return [(each.kind, each.before, each.after) for each in changes]


def told_of_other_phones(bench: Bench) -> None:
    """Two customers have another number by now, as EverBright says with an event a day later."""
    for number in (1, 2):
        bench.customer(number, phone_number=f"720-555-{number:04d}")
    told_anew(bench, *(milestone(n, **APPROVED) for n in (1, 2)))


def told_anew(bench: Bench, *payloads: dict[str, Any]) -> None:
    """Customers are due again, and asked for with these events."""
    with bench.database.writing() as connection:
        connection.execute(update(customer).values(fetched_at=0.0))
    bench.send(*payloads)
    bench.project()
    bench.ask()


def test_a_cell_that_we_filled_is_ours_and_one_that_he_typed_is_his(asking: Bench) -> None:
    known = {n: asking.customer(n) for n in (1, 2)}
    mine = [line(1, E_mail=known[1]["E_mail"]), line(2, E_mail=known[2]["E_mail"], Phone="ask Bo")]
    two_tab_board.make(asking, mine, [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1), milestone(2))
    told_of_other_phones(asking)
    assert phones(asking) == [(REPLACED, "303-555-0001", "720-555-0001")]
    asking.flush()
    rows = [two_tab_board.of_site(asking, n)[0]["Phone"] for n in (1, 2)]
    assert rows == ["720-555-0001", "ask Bo"]


def test_what_our_own_tab_showed_is_not_ours_in_a_tab_of_his(asking: Bench) -> None:
    known = asking.customer(1)
    asking.customer(2)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"], Phone="303-555-0001")], [])
    flushed(asking, milestone(1), milestone(2))
    told_of_other_phones(asking)
    assert phones(asking) == [(ADDED, "", "720-555-0002")]


def test_a_column_that_is_blank_again_is_filled_after_the_comparison(asking: Bench) -> None:
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"])], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    permit = HEADERS.index("Permit")
    asking.do(two_tab_board.fill(OPEN, HEADER_ROW + 1, [[""]], permit))
    changes = [(each.kind, each.after) for each in previewed(asking, MAPPED_AT).changes]
    assert changes == [(FILLED, "Waiting")]
    asking.compare()
    asking.flush()
    assert two_tab_board.of_site(asking, 1)[0]["Permit"] == "Waiting"


Cells = dict[tuple[str, int, str], str]


def cells_of(bench: Bench) -> Cells:
    """Return the texts of both tabs by title, row (from 1) and header."""
    return {
        (title, row, header): text
        for tab, title in ((OPEN, "Open jobs"), (INSTALLED, "Installed"))
        for row, line in enumerate(two_tab_board.grid(bench, tab), HEADER_ROW + 2)
        for header, index in two_tab_board.places(bench, tab).items()
        if (text := shown_text(at(line, index)))
    }


def is_kept_promise(bench: Bench) -> int:
    """Compare what a preview announces with what the flush and its comparison change.

    Return how many cells.
    """
    titles = {
        **{at: header for header, at in two_tab_board.places(bench).items()},
        KEY_AT: "Site ID",
    }
    announced = {
        (one.tab, one.row, titles[column_index(one.letter)]): (one.before, one.after)
        for one in previewed(bench, MAPPED_AT).changes
        if one.kind != COPIED
    }
    before = cells_of(bench)
    with bench.held() as held:
        bench.store.spreadsheet.set_mapped(held, (OPEN, INSTALLED), ["site_id", *FIELDS.values()])
    flushed(bench)
    bench.compare()
    bench.flush()
    after = cells_of(bench)
    done = {
        place: (before.get(place, ""), after.get(place, ""))
        for place in before.keys() | after.keys()
        if before.get(place) != after.get(place) and place[2] != "Deposit"
    }
    assert announced == done
    return len(done)


def column_index(letter: str) -> int:
    return ord(letter) - ord("A")


def test_a_preview_and_the_flush_after_it_are_one_decision(asking: Bench) -> None:
    """First mapped, after news, and where site IDs were deleted in between."""
    known = {n: asking.customer(n) for n in (1, 2, 3)}
    mine = [line(1, E_mail=known[1]["E_mail"]), line(9, Permit="Sent back")]
    theirs = [line(2, Street=known[2]["Street"], Zip=known[2]["Zip"], Permit="OK", Phone="call Bo")]
    two_tab_board.make(asking, mine, theirs)
    two_tab_board.map_tabs(asking)
    asking.send(*(milestone(n) for n in (1, 2, 3)))
    asking.project()
    asking.ask()
    assert is_kept_promise(asking) > 9
    assert is_kept_promise(asking) == 0
    asking.send(*(milestone(n, status="REJECTED") for n in (1, 2)))
    asking.project()
    assert is_kept_promise(asking) == 0, "no option stands for it"
    for tab in (OPEN, INSTALLED):
        blank = [[""]] * 3
        asking.do(two_tab_board.fill(tab, HEADER_ROW + 1, blank, KEY_AT))
    asking.flush()
    told_of_other_phones(asking)
    assert is_kept_promise(asking) > 1


def _row_of(dice: Random, number: int, known: dict[str, str]) -> list[str]:
    """Return a typed row that agrees with a customer in something, or contradicts itself."""
    texts = dice.choice(
        (
            *4 * ({"E_mail": known["E_mail"]},),
            {"Street": known["Street"], "Zip": known["Zip"]},
            {"E_mail": known["E_mail"], "Street": "77 Oak St", "Zip": "80111"},
            {"Phone": f"303-555-{number:04d}"},
            {"Customer": f"Number{number}, Ada", "Zip": "80999"},
            {},
        )
    )
    return line(number, **texts, Permit=dice.choice(("", "Waiting", "OK", "Sent back")))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_preview_is_kept_whatever_was_typed(asking: Bench, seed: int) -> None:
    dice, jobs = Random(seed), range(1, 7)
    known = {n: asking.customer(n) for n in jobs}
    rows = [_row_of(dice, n, known[n]) for n in dice.sample(jobs, 5)]
    two_tab_board.make(asking, [*rows[:4], line(20)], rows[4:])
    two_tab_board.map_tabs(asking)
    typed = {
        "Permit": ("", "", "OK"),
        "Permit OK on": ("2/2/2026", "=TODAY()"),
        "E-mail": ("other@example.com",),
        "Site ID": ("",),
    }
    for day in range(1, 5):
        for header in dice.choices([*typed], k=4) if day > 1 else ():
            place = {
                "row": HEADER_ROW + dice.randint(1, 4),
                "column": [*HEADERS, "Site ID"].index(header),
            }
            asking.edit("type_cell", sheet_id=OPEN, **place, text=dice.choice(typed[header]))
        for n in dice.sample(jobs, 6 if day == 1 else 2):
            status = dice.choice(("SUBMITTED", "APPROVED", "REJECTED"))
            asking.send(milestone(n, status=status, date_updated=f"2026-03-0{day}T10:00:00Z"))
        asking.project()
        asking.ask()
        is_kept_promise(asking)


def test_a_preview_announces_the_row_of_a_job_that_has_waited(asking: Bench) -> None:
    asking.customer(1)
    two_tab_board.make(asking, [line(1, Customer="Ada Number1"), line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    waits = previewed(asking, MAPPED_AT)
    assert (waits.added, waits.unsettled_count) == (0, 1)
    asking.end_rests()
    has_waited = previewed(asking, MAPPED_AT)
    assert (has_waited.added, has_waited.unsettled_count) == (1, 1)
    assert is_kept_promise(asking) > 1


def test_a_preview_leaves_out_a_row_that_was_copied_for_another_customer(asking: Bench) -> None:
    """The new customer's own job takes that row."""
    known, zed = asking.customer(1), asking.customer(2)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"])], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    copied = {"sheetId": OPEN, "startColumnIndex": 0, "endColumnIndex": KEY_AT + 1}
    source, below = HEADER_ROW + 1, HEADER_ROW + 2
    asking.do(
        {
            "copyPaste": {
                "source": {**copied, "startRowIndex": source, "endRowIndex": source + 1},
                "destination": {**copied, "startRowIndex": below, "endRowIndex": below + 1},
            }
        }
    )
    other = {"Phone": "303-555-0002"} | {head.replace("_", "-"): text for head, text in zed.items()}
    for header, text in other.items():
        index = HEADERS.index(header)
        asking.edit("type_cell", sheet_id=OPEN, row=below, column=index, text=text)
    asking.send(milestone(1, **APPROVED), milestone(2))
    asking.project()
    asking.ask()
    promised = previewed(asking, MAPPED_AT)
    assert (promised.matched, promised.added, promised.doubled) == (1, 0, ())
    asking.compare()
    assert is_kept_promise(asking) > 2
    assert [r["Site ID"] for r in two_tab_board.texts(asking)] == [uuid(1), uuid(2)]


def test_a_preview_fails_as_the_flush_does_without_a_key_column(asking: Bench) -> None:
    known = {n: asking.customer(n) for n in (1, 2)}
    mine, theirs = (line(n, E_mail=known[n]["E_mail"]) for n in (1, 2))
    two_tab_board.make(asking, [mine], [theirs])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1), milestone(2))
    column = {"startIndex": KEY_AT, "endIndex": KEY_AT + 1}
    asking.do(
        {"deleteDimension": {"range": {"sheetId": INSTALLED, "dimension": "COLUMNS", **column}}}
    )
    mapper = TabMapper(asking.wiring, lambda _: None, Choices(), ["Open jobs"])
    with pytest.raises(Permanent) as caught:
        mapper.run(write=False, with_preview=True)
    assert caught.value.reason == "key_column_gone"


def test_a_cell_that_is_kept_in_the_preview_stays(asking: Bench) -> None:
    """Until EverBright's value changes, also in a row that has no site ID yet."""
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"], Permit="Sent back")], [])
    two_tab_board.map_tabs(asking)
    asking.send(milestone(1))
    asking.project()
    asking.ask()
    (replaced,) = previewed(asking, MAPPED_AT).replaced
    assert (replaced.before, replaced.after) == ("Sent back", "Waiting")
    answers = PreviewAnswers(kept=[replaced.token])
    TabMapper(asking.wiring, lambda _: None, Choices(), [], answers=answers).run(write=True)
    assert previewed(asking, MAPPED_AT).replaced == []
    flushed(asking)
    asking.compare()
    flushed(asking)
    (row,) = two_tab_board.of_site(asking, 1)
    assert row["Permit"] == "Sent back"
    flushed(asking, milestone(1, **APPROVED))
    assert two_tab_board.of_site(asking, 1)[0]["Permit"] == "OK"


def test_what_an_earlier_row_had_does_not_count_beside_a_kept_cell(asking: Bench) -> None:
    """A row was deleted, and typed again: the name there is theirs now."""
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"], Customer=""), line(9)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    assert two_tab_board.of_site(asking, 1)[0]["Customer"] == "Ada Number1"
    asking.do(two_tab_board.fill(OPEN, HEADER_ROW + 1, [[""] * (KEY_AT + 1)]))
    asking.compare()
    typed = line(1, E_mail=known["E_mail"], Customer="Ada Number1", Permit="Sent back")
    asking.do(two_tab_board.fill(OPEN, HEADER_ROW + 1, [typed]))
    asking.customer(1, last_name="Corrected")
    told_anew(asking, milestone(1, **APPROVED))
    (replaced,) = previewed(asking, MAPPED_AT).replaced
    answers = PreviewAnswers(kept=[replaced.token])
    TabMapper(asking.wiring, lambda _: None, Choices(), [], answers=answers).run(write=True)
    assert is_kept_promise(asking) > 0
    (row,) = two_tab_board.of_site(asking, 1)
    assert (row["Permit"], row["Customer"]) == ("Sent back", "Ada Number1")


def test_a_preview_leaves_the_current_spreadsheet_as_it_is(
    asking: Bench, google: Emulator, sqlite_url: str
) -> None:
    known = asking.customer(1)
    two_tab_board.make(asking, [line(1, E_mail=known["E_mail"])], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    other = Bench(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token")
    two_tab_board.make(other, [line(1, E_mail=known["E_mail"])], [])
    mapper = TabMapper(other.wiring, lambda _: None, Choices(), ["Open jobs"])
    found = mapper.run(write=False, with_preview=True).preview
    assert found
    assert found.matched == 1
    assert asking.store.pending.sites_with_row() == {uuid(1)}
    asking.store.spreadsheet.must_be_current()
