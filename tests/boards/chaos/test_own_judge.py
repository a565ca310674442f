"""The judge of a person's own tabs names each fault that is planted, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emulator import Emulator
from tests import databases
from tests.bench import Bench
from tests.boards import own_sheet
from tests.boards.chaos.installer import twice
from tests.boards.chaos.own_judge import (
    DATE,
    DEPOSIT,
    KEY,
    OWN_PRICE_TWICE,
    PRICE,
    STATUS,
    Told,
    Truth,
    judge,
    rows_of,
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
COPY = "a copy without a key"


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
    recovered: list[RecoveredLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number in (KEYED, OTHER, ADDED, COPIED):
            own = {} if number == ADDED else _own(number)
            known, earlier = _of_everbright(number), frozenset({"", "Waiting", "OK"})
            self.truths[number] = Truth(number, own, known, earlier)
            self.rows[number] = known | own | {KEY: uuid(number)}
        self.rows[ADDED][DEPOSIT] = OWN_PRICE_TWICE
        self.rows[COPY] = dict(self.truths[COPIED].own)
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
        told = Told(tuple(self.recovered), frozenset(self.replaced))
        copied = frozenset({str(1000 + COPIED)})
        rows = [row for row in self.rows.values() if row]
        return list(judge(rows, self.truths, self.typed, every, told, copied))


def test_a_right_sheet_is_called_right() -> None:
    """Catches a judge that is never content."""
    assert Sheet().judged() == []


@pytest.mark.parametrize("header", CUSTOMERS_OWN)
@pytest.mark.parametrize(
    ("row", "called"),
    [
        (ADDED, "row of 3"),
        (KEYED, "row of 1"),
        (COPY, "row of 4"),
        (STRANGER, "row of 101"),
        ("blank", "row of nobody"),
    ],
)
def test_another_customers_data_is_seen(row: int | str, called: str, header: str) -> None:
    """Catches a judge that looks away from a column, or from rows without a key."""
    sheet = Sheet()
    theirs = CUSTOMERS_OWN[header].format(OTHER)
    sheet.rows.setdefault(row, {})[header] = theirs
    (sentence, *more) = sheet.judged()
    assert sentence.startswith(f"{called} shows {theirs!r} in {header}, not ")
    is_typed_over = (row, header) == (KEYED, "Phone")
    assert more == ["'typed 2', typed in Phone of 1001, is lost"] * is_typed_over


def _put(row: int | str, header: str, text: str) -> Callable[[Sheet], None]:
    return lambda sheet: sheet.rows.setdefault(row, {}).update({header: text})


def _clear(row: int | str, header: str) -> Callable[[Sheet], object]:
    return lambda sheet: sheet.rows[row].pop(header)


def _gone(row: int) -> Callable[[Sheet], object]:
    return lambda sheet: sheet.rows.pop(row)


def _again(row: int) -> Callable[[Sheet], None]:
    return lambda sheet: sheet.rows.update({"again": dict(sheet.rows[row])})


def _row_of_its_own(sheet: Sheet) -> None:
    sheet.rows["added"] = _of_everbright(OTHER) | {KEY: uuid(OTHER)}


def _to_the_neighbour(sheet: Sheet) -> None:
    sheet.rows[NEIGHBOUR]["Note to self"] = sheet.rows[KEYED].pop("Note to self")


LOST = "'typed {}', typed in {} of {}, is lost"
FAULTS: dict[str, tuple[Callable[[Sheet], object], list[str]]] = {
    "another key": (
        _put(STRANGER, KEY, uuid(OTHER)),
        [f"row of 101 shows '{uuid(OTHER)}' in Site ID, not ''"],
    ),
    "the key gone": (_clear(OTHER, KEY), ["job 2 has no row"]),
    "twice": (_again(OTHER), ["job 2 has 2 rows"]),
    "a row beside": (
        _row_of_its_own,
        ["job 2 has a row of its own beside the one that is its"],
    ),
    "a stranger twice": (_again(NEIGHBOUR), ["the row of 102 stands 2 times"]),
    "status in a stranger's row": (
        _put(NEIGHBOUR, STATUS, "OK"),
        ["row of 102 shows 'OK' in Permit, not 'his 102'"],
    ),
    "status in a copy": (
        _put(COPY, STATUS, "Sent back"),
        ["row of 4 shows 'Sent back' in Permit, not '' or 'OK' or 'Waiting'"],
    ),
    "an intermediate status": (
        _put(OTHER, STATUS, "Waiting"),
        ["row of 2 shows 'Waiting' in Permit, not 'OK'"],
    ),
    "date of another": (
        _put(OTHER, DATE, "46001"),
        ["row of 2 shows '46001' in Permit OK on, not '46002'"],
    ),
    "blank status": (_clear(OTHER, STATUS), ["row of 2 shows '' in Permit, not 'OK'"]),
    "his name gone": (_clear(OTHER, "Customer"), ["row of 2 shows '' in Customer, not 'Own 2'"]),
    "typed words lost in his column": (
        _clear(KEYED, "Note to self"),
        [LOST.format(1, "Note to self", 1001)],
    ),
    "typed words lost in a mapped column": (
        _put(KEYED, "Phone", "303-555-0001"),
        [LOST.format(2, "Phone", 1001)],
    ),
    "typed words in another row": (
        _to_the_neighbour,
        [
            "row of 102 shows 'typed 1' in Note to self, not ''",
            LOST.format(1, "Note to self", 1001),
        ],
    ),
    "a row gone": (_gone(NEIGHBOUR), ["the row of 102 is gone"]),
    "a price changed": (
        _put(OTHER, PRICE, "1"),
        ["row of 2 shows '1' in Price, not '1002'"],
    ),
    "a stranger's price changed": (
        _put(NEIGHBOUR, PRICE, "1"),
        ["a row shows '1' in Price, which is nobody's", "the row of 102 is gone"],
    ),
    "a price in a new row": (
        _put(ADDED, PRICE, "1"),
        ["row of 3 shows '1' in Price, not ''"],
    ),
    "his formula gone": (
        _clear(OTHER, DEPOSIT),
        ["row of 2 shows '' in Deposit, not '=Price*2'"],
    ),
    "the formula of another row": (
        _put(OTHER, DEPOSIT, "=I77*2"),
        ["row of 2 shows '=I77*2' in Deposit, not '=Price*2'"],
    ),
    "a formula in a row of nobody": (
        _put("blank", DEPOSIT, "=I77*2"),
        ["row of nobody shows '=I77*2' in Deposit, not ''"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_nothing_else(name: str) -> None:
    """Catches a judge that is blind to it, or says something else of it."""
    sheet, (plant, sentences) = Sheet(), FAULTS[name]
    plant(sheet)
    assert sorted(sheet.judged()) == sorted(sentences)


def test_words_that_are_kept_are_not_lost() -> None:
    """Catches a judge that takes a part of a kept text for it."""
    text, right = "typed 2", "303-555-0001"
    for kept in (text, f"{text}\nNote: more"):
        sheet = Sheet()
        sheet.rows[KEYED]["Phone"] = right
        sheet.recover(stood=f"{text}0", stands="OK")
        sheet.replaced.add(f"{text}0")
        assert len(sheet.judged()) == 1
        sheet.recover(stood=kept, stands="OK")
        assert sheet.judged() == []
    sheet.recovered.clear()
    sheet.replaced.add(text)
    assert sheet.judged() == []


def test_a_cell_without_a_certain_place_may_be_wrong_where_recovered_names_it() -> None:
    """Catches a judge that any line of Recovered pleases, of another row or with another text."""
    theirs, sentence = "303-555-0002", "row of 101 shows '303-555-0002' in Phone, not 'call 101'"
    sheet = Sheet()
    sheet.rows[STRANGER]["Phone"] = theirs
    sheet.recover(row="Own 102 | 1102", stood="call 102", stands=theirs)
    sheet.recover(row="Own 101 | 1101", stood="call 101", stands="303-555-0003")
    assert sheet.judged() == [sentence]
    sheet.recover(row="Own 101 | call 101 | 1101", stood="call 101", stands=theirs)
    assert sheet.judged() == []


def test_recovered_excuses_neither_a_row_with_its_key_nor_a_key() -> None:
    """Catches a judge that takes a line of Recovered for leave to show another's data."""
    sheet = Sheet()
    sheet.rows[OTHER]["Phone"] = "303-555-0001"
    sheet.recover(row="Own 2 | 1002", stood="303-555-0002", stands="303-555-0001")
    sheet.rows[STRANGER][KEY] = uuid(OTHER)
    sheet.recover(row="Own 101 | 1101", stands=uuid(OTHER))
    assert len(sheet.judged()) == 2


def test_a_formula_that_cannot_go_back_is_told() -> None:
    """It says something else in another row. Catches a judge that wants it there nevertheless."""
    sheet = Sheet()
    sheet.rows[OTHER][DEPOSIT] = "OK"
    sheet.recover(row="Own 2 | 1002", stood="a word", stands="OK")
    assert len(sheet.judged()) == 1
    sheet.recover(row="Own 2 | 1002", stood="=I4*2", stands="OK")
    assert sheet.judged() == []


def test_what_a_sheet_shows_is_read_as_the_judge_wants_it(google: Emulator, tmp_path: Path) -> None:
    """Catches a formula of another row that is taken for the row's own, and rows that are missed.

    A person moves the columns and the rows; his formula moves with them.
    """
    bench = Bench(google, databases.fresh("sqlite", tmp_path))
    own_sheet.make(bench, [own_sheet.line(n) for n in (1, 2)], [own_sheet.line(3)])
    bench.edit("move_column", sheet_id=own_sheet.OPEN, column=own_sheet.PRICE, to=0)
    bench.edit("sort", sheet_id=own_sheet.OPEN, column=0, ascending=False)
    assert [row[PRICE] for row in rows_of(bench)] == ["1002", "1001", "1003"]
    assert {row[DEPOSIT] for row in rows_of(bench)} == {OWN_PRICE_TWICE}
    first, column = own_sheet.HEADER_ROW + 1, own_sheet.places(bench)[DEPOSIT]
    text = twice(0, first + 1)
    bench.edit("type_cell", sheet_id=own_sheet.OPEN, row=first, column=column, text=text)
    assert rows_of(bench)[0][DEPOSIT] == text
