"""What two reads say of a batch: which rows it hit, what they held, and where they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from sync.core.batch import place_of_new_rows
from sync.core.cells import absolute, formula, readable, relative, text
from sync.core.check import Check, Debt, Repairs, Trace, meant, repairs, texts
from sync.core.snapshot import JOBS, Picture, Snapshot, Tab
from tests.core.storm import Storm

COLUMNS = (
    *("customer", "notes", "status", "next_action", "updated", "site_id"),
    *("kind", "days", "waiting_on"),
)


def row(**cells: str) -> Picture:
    return {column: text(value) for column, value in cells.items() if value}


def read(rows: Sequence[Picture]) -> Snapshot:
    values = [[each.get(column, {}) for column in COLUMNS] for each in rows]
    header = [text(column) for column in COLUMNS]
    places = {column: index for index, column in enumerate(COLUMNS)}
    return Snapshot((), [Tab(JOBS, "Jobs", places, 0, [header, *values])], {})


def checked(
    before: Sequence[Picture],
    writes: Mapping[int, Mapping[str, str]],
    after: Sequence[Picture],
    was: Mapping[int, Picture] = {},
) -> list[Debt]:
    """Return what is owed after a batch that was to write into rows, which nobody's job is in."""
    first, second = read(before), read(after)
    trace = Trace(sorted(first.names), list(first.pictures((), ())))
    for number, cells in writes.items():
        place = str(number + 1)
        picture = trace.rows[number + 1]
        trace.meant[place] = meant(picture, {c: text(v) for c, v in cells.items()}, ())
        trace.writes[place] = ("", dict(cells))
    trace.was = {str(number + 1): picture for number, picture in was.items()}
    return Check(trace, second, second.pictures((), ())).result().debts


def owed(debts: Sequence[Debt]) -> list[dict[str, str]]:
    return [{c: readable(cell) for c, cell in debt.was.items()} for debt in debts]


ADA = row(customer="Ada Birch", notes="call")
WALK_IN = row(customer="Walter", notes="roof", status="my word", updated="soon")
WRITE = {"status": "Permits rejected", "next_action": "Fix it", "updated": "46023.5"}


def hit(picture: Picture, **typed: str) -> Picture:
    return picture | {c: text(v) for c, v in WRITE.items()} | {c: text(v) for c, v in typed.items()}


def test_a_row_that_moved_under_a_write_is_owed_what_it_held() -> None:
    assert owed(checked([ADA, WALK_IN], {0: WRITE}, [ADA, hit(WALK_IN)])) == [
        {"customer": "Walter", "notes": "roof", "status": "my word", "updated": "soon"}
    ]


def test_rows_that_were_sorted_owe_nothing() -> None:
    assert checked([ADA, WALK_IN], {0: WRITE}, [WALK_IN, hit(ADA)]) == []


def test_somebody_types_over_a_cell_that_was_hit() -> None:
    """What is typed since stays; the rest is known by the cells that could show the write."""
    walk_in = WALK_IN | row(kind="my kind")
    write = {"status": "Done", "updated": "46023.5", "kind": "done"}
    write |= dict.fromkeys(("next_action", "days", "waiting_on"), "")
    after = walk_in | row(status="Done", kind="done", updated="typed since")
    (debt,) = checked([ADA, walk_in], {0: write}, [ADA, after])
    held = {column: readable(cell) for column, cell in debt.was.items()}
    assert (held["status"], held["kind"]) == ("my word", "my kind")
    assert held["updated"] == "typed since"


def test_a_blank_row_explains_nothing() -> None:
    """A repair was to leave a row blank; somebody inserts one, and the repair has missed."""
    shows = hit({})
    blanks = dict.fromkeys(WRITE, "")
    (debt,) = checked([ADA, shows], {1: blanks}, [ADA, shows, {}], was={1: {}})
    assert (texts(debt.shows), debt.was) == (texts(shows), {})


def repaired(debts: Sequence[Debt], after: Sequence[Picture]) -> tuple[Repairs, list[Picture]]:
    """Return what is put back, and the rows as that leaves them."""
    now = read(after)
    found = repairs(debts, now, now.pictures((), ()))
    left = [dict(each) for each in after]
    for write in found.writes:
        number = write.place - 1
        left[number] = {c: cell for c, cell in {**left[number], **write.cells}.items() if cell}
    return found, left


@pytest.mark.parametrize("blanks", [1, 2, 5])
def test_a_blank_row_is_not_the_one_that_was_put_back(blanks: int) -> None:
    debt = Debt(hit({}), {})
    _, left = repaired([debt], [ADA, *([{}] * blanks), hit({})])
    assert left == [ADA, *([{}] * (blanks + 1))]


def test_somebody_has_put_a_row_back() -> None:
    found, left = repaired([Debt(hit(WALK_IN), WALK_IN)], [ADA, WALK_IN])
    assert (found.debts, left) == ([], [ADA, WALK_IN])
    assert {lost.held for lost in found.lost} == {"my word", "soon"}, "listed, as nobody can tell"


def test_a_hit_row_among_thousands_that_somebody_fills_down_meanwhile() -> None:
    """The words that all of them share tell nothing, and comparing by them would take minutes."""
    before = [row(customer=f"Customer {n}", kind="lead", days="Xcel") for n in range(4000)]
    after = [each | row(notes="Crew 1") for each in before]
    after[7] |= row(**WRITE)
    assert owed(checked(before, {3000: WRITE}, after)) == [
        {"customer": "Customer 7", "kind": "lead", "days": "Xcel", "notes": "Crew 1"}
    ]


def test_a_cell_that_was_edited_since_stays_and_what_it_held_is_listed() -> None:
    debt = Debt(hit(WALK_IN), WALK_IN)
    found, left = repaired([debt], [ADA, hit(WALK_IN, status="typed since")])
    assert {c: readable(cell) for c, cell in left[1].items()} == {
        "customer": "Walter",
        "notes": "roof",
        "status": "typed since",
        "updated": "soon",
    }
    assert [(lost.column, lost.held) for lost in found.lost] == [("status", "my word")]


def test_a_row_like_it_that_was_never_hit_is_another_one() -> None:
    """Two rows of one customer: the one with our text is repaired, though it was edited since."""
    walk_in = row(customer="Walter", notes="roof", kind="lead")
    shows = walk_in | row(status="Done")
    edited = row(customer="Walter", notes="call first", kind="lead", status="Done")
    found, left = repaired([Debt(shows, walk_in)], [walk_in, edited])
    assert left == [walk_in, row(customer="Walter", notes="call first", kind="lead")]
    assert found.lost == []


def test_a_row_that_still_shows_all_is_found_before_one_that_is_like_it() -> None:
    blank = Debt(hit({}), {})
    typed = Debt(hit(WALK_IN), WALK_IN)
    _, left = repaired([blank, typed], [hit(WALK_IN), ADA])
    assert left == [WALK_IN, ADA], "a blank row that is gone doesn't clear another"


def test_a_key_that_we_wrote_is_taken_out_whatever_was_typed_beside_it() -> None:
    site = "00000000-0000-4000-8000-000000000001"
    debt = Debt(row(site_id=site), {})
    _, left = repaired([debt], [ADA, row(site_id=site, customer="New", notes="typed")])
    assert left == [ADA, row(customer="New", notes="typed")]


def test_a_row_that_is_gone_is_listed() -> None:
    found, _ = repaired([Debt(hit(WALK_IN), WALK_IN)], [ADA])
    assert {lost.held for lost in found.lost} == {"my word", "soon"}
    assert replace(found, lost=[]) == Repairs([], {}, [], [])


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "fail"),
    [
        *((seed, 0.0) for seed in (1020, 1064, 1109, 1119, 1125, 1158, 1164, 1240)),
        *((seed, 0.0) for seed in (3041, 3069, 3132, 3201)),
        *((seed, 0.3) for seed in (1014, 1042, 1043, 1044, 1048, 1052, 1086, 1098, 1122, 1160)),
    ],
)
def test_storms_that_once_left_something(seed: int, fail: float) -> None:
    assert Storm(seed, 0.6, fail, refused_rows=seed % 4 == 0).run() == []


@pytest.mark.parametrize(
    ("held", "below"),
    [
        ("=A2*$B$1+C$1", "=A3*$B$1+C$1"),
        ('=IF(A2="M1","A2",B2)', '=IF(A3="M1","A2",B3)'),
        ("='Q4 2026'!B5+A2", "='Q4 2026'!B5+A3"),
        ("=VLOOKUP(A2,Rates!A2:B9,2)", "=VLOOKUP(A3,Rates!A2:B9,2)"),
        ("=LOG10(A2)+SUM(B:B)", "=LOG10(A3)+SUM(B:B)"),
        ('=A2&" isn\'t B2"', '=A3&" isn\'t B2"'),
    ],
)
def test_a_formula_one_row_below(held: str, below: str) -> None:
    """Texts, and the cells of other tabs, stay as they are."""
    names = ["customer", "status", "notes"]
    moved = absolute(relative(formula(held), 1, names), 2, names)
    assert moved == formula(below)
    assert absolute(relative(formula(held), 1, names), 1, names) == formula(held)


def test_new_rows_come_below_the_first_job_also_below_a_total() -> None:
    job = row(customer="Ada Birch", site_id="157802b4-99aa-4437-b250-934df337766a")
    (tab,) = read([row(customer="=COUNTA(A3:A)"), job, job]).tabs
    assert place_of_new_rows(tab) == 3
    (empty,) = read([]).tabs
    assert place_of_new_rows(empty) == 1


def test_a_cell_of_ours_in_a_row_that_has_its_key_by_now_is_no_debt() -> None:
    site = "6c8e552c-0b9d-416a-9227-713652011751"
    shows = row(customer="Cid Dorn", site_id=site)
    now = read([shows | row(status="Rejected Nov 9")])
    debt = Debt(shows, shows | row(status="Approved Nov 3"))
    found = repairs([debt], now, now.pictures({site}, {"status"}))
    assert (found.writes, found.debts, found.lost) == ([], [], [])


def test_a_row_is_paired_by_likeness_not_by_size() -> None:
    """Somebody inserts a row that says what the row said that our text went into."""
    walk_in = row(customer="Gus", notes="call", kind="lead", status="Started")
    added = row(status="Started", days="1", waiting_on="x", updated="y", next_action="z")
    hit_row = walk_in | row(status="Rejected")
    debts = checked([ADA, walk_in], {0: {"status": "Rejected"}}, [ADA, hit_row, added])
    assert owed(debts) == [{c: readable(cell) for c, cell in walk_in.items()}]
