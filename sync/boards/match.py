"""Decides which rows are a job's for certain, by email, address and phone. Pure.

The criteria are those of `[match] by`; "address+zip" has two parts. A row matches a job if one
criterion agrees and none disagrees. A criterion is ignored if the row or the job has no value for
it. A match is certain if the row matches no other job and the job no other row; the user decides on
the rest (`row_lookup.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.boards.customer_texts import RowTexts, TextIndex, texts_of_customer
from sync.boards.party import LAST_ZIP, Texts, emails, phones, zips
from sync.jobs.model import Customer
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import IDENTITY_COLUMNS

CriteriaValues = Mapping[str, tuple[frozenset[str], ...]]
"""What a job or a row has by criterion: the normalized values of each of its parts.

For example, {"phone": ({"3035550101"},), "address+zip": ({"12 elm st"}, {"80999"})}.
"""


def match_rows(
    jobs: Mapping[str, Customer], rows: RowTexts, criteria: Sequence[str]
) -> dict[str, list[Match]]:
    """Return all `rows` that match `jobs` (customers by site), in the order of the sheet.

    Rows without a trait of a job (`TextIndex`) aren't compared with it.
    """
    index, found = TextIndex(rows), dict[str, list[Match]]()
    values_at = cache(lambda place: criteria_values(rows[place], criteria))
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        job = criteria_values(texts, criteria)
        found[site] = [
            Match(place, _matched_texts(rows[place], agreed))
            for place in sorted(index.near(texts))
            if (agreed := agreeing(job, values_at(place)))
        ]
    return found


def unambiguous(found: Mapping[str, Sequence[Match]]) -> dict[str, Match]:
    """Return the matches, by site, of which neither the job nor the row has another."""
    claims = Counter(match.place for matches in found.values() for match in matches)
    return {
        site: matches[0]
        for site, matches in found.items()
        if len(matches) == 1 and claims[matches[0].place] == 1
    }


def agreeing(job: CriteriaValues, row: CriteriaValues) -> list[str]:
    """Return the criteria that agree; none if one disagrees."""
    agrees = {
        criterion: all(a & b for a, b in zip(job[criterion], row[criterion], strict=True))
        for criterion in job.keys() & row.keys()
    }
    return sorted(agrees) if all(agrees.values()) else []


def criteria_values(texts: Texts, criteria: Iterable[str]) -> CriteriaValues:
    """Return the values of those `criteria` of which every part has one."""
    values = {part: each for part, read in _READ.items() if (each := read(texts.get(part, "")))}
    for column, read in _ZIP_IN.items():
        if "zip" not in values and (each := read(texts.get(column, ""))):
            values["zip"] = each
    return {
        criterion: tuple(values[part] for part in criterion.split("+"))
        for criterion in criteria
        if values.keys() >= {*criterion.split("+")}
    }


def _matched_texts(row: Texts, criteria: Iterable[str]) -> dict[str, str]:
    """Return the texts of a row that criteria compare, by column ID."""
    columns = {part for criterion in criteria for part in criterion.split("+")}
    if "zip" in columns:
        columns |= _ZIP_IN.keys()
    return {c: row[c] for c in IDENTITY_COLUMNS if c in columns and row.get(c)}


def _streets(text: str) -> frozenset[str]:
    """Return house number, street and unit as the postal service writes them, without the town."""
    text = " ".join(text.split())
    try:
        address = normalize_address_record(text)
    except AddressNormalizationError:
        # Not a street address: compared by its spelling, if it has a number other than a last ZIP.
        has_number = any(map(str.isdigit, LAST_ZIP.sub("", text)))
        return frozenset((text.casefold(),) if has_number else ())
    unit = (address["address_line_2"] or "").split()
    return frozenset((" ".join([address["address_line_1"], *unit[-1:]]).casefold(),))


_READ: Mapping[str, Callable[[str], frozenset[str]]] = {
    "email": emails,
    "phone": phones,
    "address": _streets,
}
"""Reads the values in the text of a part: none in "n/a", and maybe several phone numbers."""

_ZIP_IN: Mapping[str, Callable[[str], frozenset[str]]] = {
    "zip": zips,
    "city_zip": zips,
    "address": lambda text: frozenset(LAST_ZIP.findall(text)),
}
"""Reads the ZIP in the text of a column: the first column that has one counts."""
