"""Judges every cell of a person's own two tabs: whose row is it, and may that stand there?

It knows what his sheet held, what EverBright said of each job, and what he typed; it asks the
product only what it kept of his words. The price, which nobody changes, tells whose a row is; a row
without one was added for the job whose key it has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.chaos.tab import RecoveredLine
from tests.made_up import uuid

Row = Mapping[str, str]
FILLED = ("Customer", "E-mail", "Street", "Zip", "Phone")
"""The customer's own data."""
STATUS, DATE, KEY = "Permit", "Permit OK on", "Site ID"


@dataclass(frozen=True)
class Truth:
    """What may stand in the row of a number: a job's, or one that only people know."""

    number: int
    own: Row
    """What his sheet held at the beginning, by header; {} where the job had no row."""
    everbright: Row = field(default_factory=dict)
    """What EverBright says in the end; {} for a row that is no job's."""
    earlier: frozenset[str] = frozenset()
    """What it said of the status before."""

    @property
    def is_job(self) -> bool:
        """Whether EverBright knows of it."""
        return bool(self.everbright)

    @property
    def key(self) -> str:
        """The site of the job."""
        return uuid(self.number)

    def allowed(self, header: str, *, is_keyed: bool) -> set[str]:
        """Return what may stand in a cell, besides what he typed there."""
        allowed = {self.own.get(header, "")}
        if not self.is_job:
            return allowed
        if header == KEY:
            return {"", self.key}
        if header in FILLED:
            # Only a blank cell is filled; what stood there stays.
            known = self.everbright.get(header, "")
            return allowed - {""} or ({known} if is_keyed else {"", known})
        if header in (STATUS, DATE) and is_keyed:
            return {self.everbright.get(header, "")}
        if header in (STATUS, DATE):
            return allowed | {self.everbright.get(header, "")} | self.earlier
        return allowed


@dataclass(frozen=True)
class Told:
    """Where his words went that do not stand where he typed them."""

    recovered: tuple[RecoveredLine, ...] = ()
    replaced: frozenset[str] = frozenset()
    """What the product kept of what an event replaced."""

    def names(self, text: str) -> bool:
        """Tell whether the tab Recovered says that a text stands where it should not."""
        return any(line.stands.partition("\nNote:")[0] == text for line in self.recovered)

    def has(self, text: str) -> bool:
        """Tell whether a text that stands nowhere is kept."""
        return text in self.replaced or any(text in line.stood for line in self.recovered)


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
    `copied` are the prices of rows that he copied, of which one is enough.
    """
    rows = list(rows)
    by_price = {truth.own["Price"]: truth for truth in truths.values() if "Price" in truth.own}
    by_key = {truth.key: truth for truth in truths.values() if truth.is_job}
    for row in rows:
        price, key = row.get("Price", ""), row.get(KEY, "")
        truth = by_price.get(price) if price else by_key.get(key)
        if truth and not price:
            truth = replace(truth, own={})  # A row that was added for it.
        yield from _row(row, truth, price, every_typed, told)
    yield from _words(rows, typed, told)
    yield from _jobs(rows, truths, copied)
    for price, truth in by_price.items():
        if not any(row.get("Price") == price for row in rows):
            yield f"the row of {truth.number} is gone"


def _row(
    row: Row,
    truth: Truth | None,
    price: str,
    every_typed: Mapping[str, tuple[str, str]],
    told: Told,
) -> Iterator[str]:
    whose = f"row of {truth.number}" if truth else "row of nobody"
    is_keyed = truth is not None and truth.is_job and row.get(KEY) == truth.key
    headers = {*row, *FILLED, STATUS, DATE, KEY}
    for header in sorted(headers - {"Price", "Deposit"}):
        text = row.get(header, "")
        if text and every_typed.get(text) == (price, header):
            continue
        allowed = truth.allowed(header, is_keyed=is_keyed) if truth else {""}
        if text in allowed:
            continue
        if text and not is_keyed and header != KEY and told.names(text):
            continue
        yield f"{whose} shows {text!r} in {header}, not {' or '.join(map(repr, sorted(allowed)))}"


def _words(rows: Iterable[Row], typed: Mapping[tuple[str, str], str], told: Told) -> Iterator[str]:
    rows = list(rows)
    for (price, header), text in typed.items():
        stands = any(row.get("Price") == price and row.get(header) == text for row in rows)
        if not stands and not told.has(text):
            yield f"{text!r}, typed in {header} of {price}, is lost"


def _jobs(
    rows: Iterable[Row], truths: Mapping[int, Truth], copied: frozenset[str]
) -> Iterator[str]:
    rows = list(rows)
    for truth in truths.values():
        if not truth.is_job:
            continue
        mine = [row for row in rows if row.get(KEY) == truth.key]
        price = truth.own.get("Price", "")
        if not mine:
            yield f"job {truth.number} has no row"
        elif price and price not in copied and any("Price" not in row for row in mine):
            yield f"job {truth.number} has a row of its own beside the one that is its"
        elif len(mine) > 1 and price not in copied:
            yield f"job {truth.number} has {len(mine)} rows"
