"""The judge of an installer's tabs reports each planted fault, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.boards.chaos.board_judge import (
    DATE,
    DEPOSIT,
    KEY,
    OWN_PRICE_TWICE,
    PRICE,
    STATUS,
    Told,
    Truth,
    judge,
)
from tests.chaos.tab import RecoveredLine
from tests.made_up import uuid

CUSTOMERS_OWN = {
    "Customer": "Ada Number{}",
    "E-mail": "home{}@example.com",
    "Street": "{} North Juniper Street, Marlow Heights, CO 80999",
    "Zip": "8099{}",
    "Phone": "303-555-000{}",
}
KEYED, OTHER, ADDED, COPIED = 1, 2, 3, 4
"""Jobs: two that have a row of his, one that was given a row, one whose row he copied."""
STRANGER, NEIGHBOUR = 101, 102
COPY, COPY_OF_ADDED = "a copy without a key", "one without a price, either"


def _of_everbright(number: int) -> dict[str, str]:
    known = {header: text.format(number) for header, text in CUSTOMERS_OWN.items()}
    return known | {STATUS: "OK", DATE: str(46_000 + number)}


def _own(number: int, **more: str) -> dict[str, str]:
    own = {"Customer": f"Own {number}", PRICE: str(1000 + number), DEPOSIT: OWN_PRICE_TWICE}
    return own | {"Crew": f"crew {number}"} | more


@dataclass
class Sheet:
    """An otherwise right sheet: rows by what they are called, and what he typed."""

    rows: dict[int | str, dict[str, str]] = field(default_factory=dict)
    truths: dict[int, Truth] = field(default_factory=dict)
    typed: dict[tuple[str, str], str] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    kept: set[tuple[str, str, str]] = field(default_factory=set)
    recovered: list[RecoveredLine] = field(default_factory=list)
    copied: set[str] = field(default_factory=lambda: {str(1000 + COPIED), ""})

    def __post_init__(self) -> None:
        for number in (KEYED, OTHER, ADDED, COPIED):
            own = {} if number == ADDED else _own(number)
            known, earlier = _of_everbright(number), frozenset({"", "Waiting", "OK"})
            self.truths[number] = Truth(number, own, known, earlier)
            self.rows[number] = known | own | {KEY: uuid(number)}
        self.rows[ADDED][DEPOSIT] = OWN_PRICE_TWICE
        self.rows[COPY] = dict(self.truths[COPIED].own)
        added = self.rows[ADDED] | {STATUS: "Waiting"}
        self.rows[COPY_OF_ADDED] = {header: added[header] for header in added if header != KEY}
        for number in (STRANGER, NEIGHBOUR):
            own = _own(number, Phone=f"call {number}", Permit=f"his {number}")
            self.truths[number] = Truth(number, own)
            self.rows[number] = dict(own)
        self.type(KEYED, "Note to self", "typed 1")
        self.type(KEYED, "Phone", "typed 2")
        self.type(STRANGER, STATUS, "typed 3")

    def type(self, number: int, header: str, text: str) -> None:
        self.rows[number][header] = text
        self.typed[str(1000 + number), header] = text

    def recover(self, *, row: str = "", stood: str = "", stands: str = "") -> None:
        self.recovered.append(RecoveredLine(row, stood, stands))

    def judged(self) -> list[str]:
        every = {text: place for place, text in self.typed.items()}
        told = Told(tuple(self.recovered), frozenset(self.replaced), frozenset(self.kept))
        rows = [row for row in self.rows.values() if row]
        return list(judge(rows, self.truths, self.typed, every, told, frozenset(self.copied)))


def test_a_right_sheet_is_called_right() -> None:
    """Catches a judge that is never content."""
    assert Sheet().judged() == []


def _put(row: int | str, header: str, text: str) -> Callable[[Sheet], None]:
    return lambda sheet: sheet.rows.setdefault(row, {}).update({header: text})


def _again(row: int) -> Callable[[Sheet], None]:
    return lambda sheet: sheet.rows.update({"again": dict(sheet.rows[row])})


def _to_the_neighbour(sheet: Sheet) -> None:
    sheet.rows[NEIGHBOUR]["Note to self"] = sheet.rows[KEYED].pop("Note to self")


def _without_a_copy(sheet: Sheet) -> None:
    sheet.copied.discard("")
    sheet.rows[COPY_OF_ADDED] = {"E-mail": "home3@example.com"}


LOST = "'typed {}', typed in {} of {}, is lost"
FAULTS: dict[str, tuple[Callable[[Sheet], object], list[str]]] = {
    "another key": (
        _put(STRANGER, KEY, uuid(OTHER)),
        [f"row of 101 shows '{uuid(OTHER)}' in Site ID, not ''"],
    ),
    "twice": (_again(OTHER), ["job 2 has 2 rows"]),
    "status in a stranger's row": (
        _put(NEIGHBOUR, STATUS, "OK"),
        ["row of 102 shows 'OK' in Permit, not 'his 102'"],
    ),
    "typed words in another row": (
        _to_the_neighbour,
        [
            "row of 102 shows 'typed 1' in Note to self, not ''",
            LOST.format(1, "Note to self", 1001),
        ],
    ),
    "another customer's data in a copy": (
        _put(COPY_OF_ADDED, "Phone", "303-555-0002"),
        ["row of 3 shows '303-555-0002' in Phone, not '' or '303-555-0003'"],
    ),
    "a row that he didn't copy": (
        _without_a_copy,
        ["row of nobody shows 'home3@example.com' in E-mail, not ''"],
    ),
    "a price changed": (
        _put(OTHER, PRICE, "1"),
        ["row of 2 shows '1' in Price, not '1002'"],
    ),
    "the formula of another row": (
        _put(OTHER, DEPOSIT, "=I77*2"),
        ["row of 2 shows '=I77*2' in Deposit, not '=Price*2'"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_nothing_else(name: str) -> None:
    """Catches a judge that is blind to it, or says something else of it."""
    sheet, (plant, sentences) = Sheet(), FAULTS[name]
    plant(sheet)
    assert sorted(sheet.judged()) == sorted(sentences)


def test_a_cell_listed_in_recovered_may_be_wrong() -> None:
    """Catches a judge that any line of Recovered pleases, of another row or with another text."""
    theirs, sentence = "303-555-0002", "row of 101 shows '303-555-0002' in Phone, not 'call 101'"
    sheet = Sheet()
    sheet.rows[STRANGER]["Phone"] = theirs
    sheet.recover(row="Own 102 | 1102", stood="call 102", stands=theirs)
    sheet.recover(row="Own 101 | 1101", stood="call 101", stands="303-555-0003")
    assert sheet.judged() == [sentence]
    sheet.recover(row="Own 101 | call 101 | 1101", stood="call 101", stands=theirs)
    assert sheet.judged() == []


def test_a_new_row_may_have_copied_what_recovered_says() -> None:
    """Catches a judge that lets a new row show anything, or takes it for that of its price."""
    sheet = Sheet()
    sheet.rows[ADDED][PRICE] = str(1000 + KEYED)
    assert "row of 1 shows 'Ada Number3' in Customer, not 'Own 1'" in sheet.judged()
    sheet.recover(stands=f"taken as the pattern of the new row of job {uuid(ADDED)}")
    assert sheet.judged() == []
    sheet.rows[ADDED]["Phone"] = "303-555-0002"
    assert sheet.judged() == ["row of 3 shows '303-555-0002' in Phone, not '303-555-0003'"]


def test_a_new_row_may_take_a_formula_that_recovered_told_of() -> None:
    """Catches a judge that lets any row show it, or a new row any formula."""
    sheet, later = Sheet(), 5
    sheet.truths[later] = Truth(later, {}, _of_everbright(later))
    sheet.rows[later] = _of_everbright(later) | {KEY: uuid(later), DEPOSIT: "=I78*2"}
    sheet.rows[ADDED][DEPOSIT] = "=I77*2"
    wrong = "row of {} shows '=I{}*2' in Deposit, not '' or '=Price*2'"
    assert sheet.judged() == [wrong.format(ADDED, 77), wrong.format(later, 78)]
    sheet.recover(stands=f"taken as the pattern of the new row of job {uuid(ADDED)}")
    assert sheet.judged() == []
    sheet.rows[later][DEPOSIT] = "=H78*2"
    assert sheet.judged() == ["row of 5 shows '=H78*2' in Deposit, not '' or '=Price*2'"]
    sheet.rows[later][DEPOSIT] = OWN_PRICE_TWICE
    sheet.rows[KEYED][DEPOSIT] = "=I78*2"
    assert sheet.judged() == ["row of 1 shows '=I78*2' in Deposit, not '=Price*2'"]


@pytest.mark.parametrize("number", [ADDED, COPIED])
def test_a_copy_may_show_an_earlier_status_that_is_listed(number: int) -> None:
    """Catches a judge that lets a copy show it unlisted, or any listed word, or all rows."""
    sheet, where = Sheet(), (uuid(number), STATUS)
    sheet.rows["copy"] = sheet.rows[number] | {STATUS: "Waiting"}
    wrong = f"row of {number} shows {{!r}} in Permit, not '' or 'OK'"
    assert sheet.judged() == [wrong.format("Waiting")]
    sheet.kept |= {(*where, "Waiting"), (*where, "Rejected"), (uuid(OTHER), STATUS, "Waiting")}
    assert sheet.judged() == []
    sheet.rows["copy"][STATUS] = "Rejected"
    assert sheet.judged() == [wrong.format("Rejected") + " or 'Waiting'"]
    sheet.rows["copy"] = {}
    sheet.rows[number][STATUS] = sheet.rows[OTHER][STATUS] = "Waiting"
    others = "row of 2 shows 'Waiting' in Permit, not 'OK'"
    assert sorted(sheet.judged()) == sorted([wrong.format("Waiting"), others])
