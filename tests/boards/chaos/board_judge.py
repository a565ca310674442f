"""Judges every cell of an installer's two tabs: whose row it is, and whether its content is right.

It knows the installer's sheet as it was, the events of each job, and the typed texts; it asks the
product only for the words that it has stored as replaced, or listed as kept. The price, which
nobody changes, identifies a row; a row without one was added for the job whose key it has.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from sync.sheets.cell_data import at, text_of
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.chaos.installer import twice
from tests.chaos.tab import RecoveredLine
from tests.made_up import uuid

Row = Mapping[str, str]
FILLED = ("Customer", "E-mail", "Street", "Zip", "Phone")
"""The customer's own data."""
STATUS, DATE, KEY = "Permit", "Permit OK on", "Site ID"
PRICE, DEPOSIT = "Price", "Deposit"
NOT_MAPPED = (PRICE, DEPOSIT, "Crew", "Note to self")
OWN_PRICE_TWICE = "=Price*2"
"""His formula in Deposit, where it counts the price of its own row: see `rows_of`."""


@dataclass(frozen=True)
class Truth:
    """The allowed content of a row: a job's, or a customer's that EverBright doesn't know."""

    number: int
    own: Row
    """What his sheet held at the beginning, by header; {} where the job had no row."""
    everbright: Row = field(default_factory=dict)
    """What EverBright says in the end; {} for a row that is no job's."""
    earlier: frozenset[str] = frozenset()
    """What it said of the status before."""

    @property
    def is_job(self) -> bool:
        return bool(self.everbright)

    @property
    def key(self) -> str:
        return uuid(self.number)

    def allowed(self, header: str, *, is_keyed: bool) -> set[str]:
        """Return the allowed texts of a cell, besides typed ones."""
        allowed = {self.own.get(header, "")}
        if header == DEPOSIT and not self.own:
            return {"", OWN_PRICE_TWICE}  # A new row takes it from the row above, if that has one.
        if not self.is_job:
            return allowed
        if header == KEY:
            return {"", self.key}
        if header in FILLED:
            # Only blank cells are filled.
            known = self.everbright.get(header, "")
            return allowed - {""} or ({known} if is_keyed else {"", known})
        if header in (STATUS, DATE) and is_keyed:
            return {self.everbright.get(header, "")}
        if header in (STATUS, DATE):
            return allowed | {self.everbright.get(header, "")} | self.earlier
        return allowed


@dataclass(frozen=True)
class Told:
    """Where typed words are that left their cell."""

    recovered: tuple[RecoveredLine, ...] = ()
    replaced: frozenset[str] = frozenset()
    """What the product kept of what an event replaced."""
    kept: frozenset[tuple[str, str, str]] = frozenset()
    """Site, header and text of each cell that it lists as differing from EverBright's."""

    def names(self, text: str, price: str) -> bool:
        """Return whether the tab Recovered lists a text as misplaced.

        In the row with a price; "": in any row.
        """
        return any(
            line.stands.partition("\nNote:")[0] == text
            and price in ("", *line.row_text.split(" | "))
            for line in self.recovered
        )

    def names_formula(self, text: str) -> bool:
        """Tell whether it says that a text stands, or nothing, where his formula stood."""
        return any(line.stands == text and line.stood.startswith("=") for line in self.recovered)

    def names_pattern(self, site: str) -> bool:
        """Return whether a new row of a job may have copied the wrong cells."""
        lines = (line.stands for line in self.recovered if "taken as the pattern" in line.stands)
        return bool(site) and any(site in line for line in lines)

    def has(self, text: str) -> bool:
        stood = (line.stood.split("\n") for line in self.recovered)
        return text in self.replaced or any(text in texts for texts in stood)


def rows_of(bench: Bench) -> list[dict[str, str]]:
    """Return the texts of the rows of both tabs by header, OWN_PRICE_TWICE for that formula."""
    rows = []
    for tab in (two_tab_board.OPEN, two_tab_board.INSTALLED):
        columns = two_tab_board.places(bench, tab)
        for number, cells in enumerate(
            two_tab_board.grid(bench, tab), two_tab_board.HEADER_ROW + 1
        ):
            row = {h: text for h, n in columns.items() if (text := text_of(at(cells, n)))}
            if row.get(DEPOSIT) == twice(columns[PRICE], number):
                row[DEPOSIT] = OWN_PRICE_TWICE
            rows.append(row)
    return [row for row in rows if row]


@dataclass(frozen=True)
class _Claimed:
    """A row, and whose it is; `truth.own` is {} where it was added for the job."""

    row: Row
    truth: Truth | None

    @property
    def is_keyed(self) -> bool:
        return bool(self.truth and self.truth.is_job and self.row.get(KEY) == self.truth.key)

    @property
    def price(self) -> str:
        """The price that tells whose it is; "" where it has none."""
        return self.truth.own.get(PRICE, "") if self.truth else self.row.get(PRICE, "")


def judge(
    rows: Iterable[Row],
    truths: Mapping[int, Truth],
    typed: Mapping[tuple[str, str], str],
    every_typed: Mapping[str, tuple[str, str]],
    told: Told,
    copied: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """Give what is wrong, a sentence each.

    `typed` is the last text by price and header, `every_typed` has price and header of each;
    `copied` are the prices of rows that he copied, of which one is enough ("": rows without one).
    """
    claimed = list(_claimed(list(rows), truths, copied, told))
    of_patterns = {
        _shape(one.row[DEPOSIT])
        for one in claimed
        if DEPOSIT in one.row and told.names_pattern(one.row.get(KEY, ""))
    }
    current = {
        truth.key
        for one in claimed
        if (truth := one.truth) and one.is_keyed and one.row.get(STATUS) == truth.everbright[STATUS]
    }
    for one in claimed:
        is_copied = one.price in copied
        yield from _row(one, every_typed, told, of_patterns, current, is_copied=is_copied)
    yield from _words(claimed, typed, told)
    yield from _jobs(claimed, truths, copied)
    for truth in truths.values():
        count = sum(one.price == truth.own.get(PRICE) for one in claimed)
        if truth.own and not count:
            yield f"the row of {truth.number} is gone"
        if truth.own and not truth.is_job and count > 1 and truth.own[PRICE] not in copied:
            yield f"the row of {truth.number} stands {count} times"


def _claimed(
    rows: Iterable[Row], truths: Mapping[int, Truth], copied: frozenset[str], told: Told
) -> Iterator[_Claimed]:
    """Give whose each row is: by its price; by its key if it has none, or one that nobody had.

    A copy of a row without a price may have no key, either: it is known by its e-mail address. A
    new row may have copied another's price instead of a formula, if Recovered says so.
    """
    rows = list(rows)
    by_price = {truth.own[PRICE]: truth for truth in truths.values() if truth.own}
    by_key = {truth.key: truth for truth in truths.values() if truth.is_job}
    by_email = {truth.everbright["E-mail"]: truth for truth in by_key.values()}
    standing = {row.get(PRICE, "") for row in rows}
    for row in rows:
        is_of_pattern = told.names_pattern(row.get(KEY, ""))
        price = "" if is_of_pattern else row.get(PRICE, "")
        truth = by_price.get(price) or by_key.get(row.get(KEY, ""))
        if "" in copied and not (PRICE in row or KEY in row):
            truth = by_email.get(row.get("E-mail", ""))
        if truth and not price and truth.own.get(PRICE, "") in standing:
            truth = replace(truth, own={})
        yield _Claimed(row, truth)


def _shape(formula: str) -> str:
    """Return a formula without the numbers of its rows: rows that are inserted change these."""
    return re.sub(r"(?<=[A-Z])\d+", "", formula)


def _row(
    one: _Claimed,
    every_typed: Mapping[str, tuple[str, str]],
    told: Told,
    of_patterns: Set[str],
    current: Set[str],
    *,
    is_copied: bool,
) -> Iterator[str]:
    truth, price = one.truth, one.price
    if truth is None and price:
        yield f"a row shows {price!r} in Price, which is nobody's"
        return
    whose = f"row of {truth.number}" if truth else "row of nobody"
    held = truth.own if truth else {}
    for header in sorted({*one.row, *held, *FILLED, STATUS, DATE, KEY, PRICE, DEPOSIT}):
        text = one.row.get(header, "")
        allowed = truth.allowed(header, is_keyed=one.is_keyed) if truth else {""}
        if is_copied and header == STATUS:
            # His words of before stay in a copy of which no event has come since.
            allowed |= {held.get(STATUS, "")}
            if truth and truth.key in current and (truth.key, STATUS, text) in told.kept:
                # He copied the row in the very second in which the event was written to it.
                allowed |= truth.earlier
        is_typed = text != "" and every_typed.get(text) == (price, header)
        # A later new row takes the formula of an earlier one, of which Recovered told.
        is_taken = header == DEPOSIT and truth and not held and _shape(text) in of_patterns
        if text in allowed or is_typed or is_taken or _is_told(one, header, text, told):
            continue
        yield f"{whose} shows {text!r} in {header}, not {' or '.join(map(repr, sorted(allowed)))}"


def _is_told(one: _Claimed, header: str, text: str, told: Told) -> bool:
    """Tell whether Recovered names a cell that could not be put right.

    In a row with its key all can be, but for a formula, which says something else elsewhere, and
    for what a new row copied.
    """
    if header in NOT_MAPPED and told.names_pattern(one.row.get(KEY, "")):
        return True
    if header == DEPOSIT:
        return told.names_formula(text)
    return bool(text) and not one.is_keyed and header != KEY and told.names(text, one.price)


def _words(
    claimed: Iterable[_Claimed], typed: Mapping[tuple[str, str], str], told: Told
) -> Iterator[str]:
    claimed = list(claimed)
    for (price, header), text in typed.items():
        stands = any(one.price == price and one.row.get(header) == text for one in claimed)
        if not stands and not told.has(text):
            yield f"{text!r}, typed in {header} of {price}, is lost"


def _jobs(
    claimed: Iterable[_Claimed], truths: Mapping[int, Truth], copied: frozenset[str]
) -> Iterator[str]:
    claimed = list(claimed)
    for truth in truths.values():
        if not truth.is_job:
            continue
        mine = [one for one in claimed if one.is_keyed and one.row[KEY] == truth.key]
        price = truth.own.get(PRICE, "")
        if not mine:
            yield f"job {truth.number} has no row"
        elif price and price not in copied and any(not one.price for one in mine):
            yield f"job {truth.number} has a row of its own beside the one that is its"
        elif len(mine) > 1 and price not in copied:
            yield f"job {truth.number} has {len(mine)} rows"
