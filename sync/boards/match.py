"""Decides which rows are a job's for certain, by email, address and phone. Pure.

The criteria are those of `[match] by`; "address+zip" has two parts. A row matches a job if one
criterion agrees and none disagrees. A criterion without a value on either side is ignored. A match
is certain if neither the row nor the job matches anything else; the user decides on the rest
(`candidates.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.boards.customer_texts import (
    LAST_ZIP,
    ZIP,
    RowIndex,
    RowTexts,
    Texts,
    phones,
    texts_of_customer,
)
from sync.jobs.model import Customer
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place

CriteriaValues = Mapping[str, tuple[frozenset[str], ...]]
"""What a job or a row has by criterion: the normalized values of each of its parts.

A cell may hold several phone numbers.
"""


def agreeing(job: CriteriaValues, row: CriteriaValues) -> list[str]:
    """Return the criteria that agree; none if one disagrees."""
    agrees = {
        criterion: all(a & b for a, b in zip(job[criterion], row[criterion], strict=True))
        for criterion in job.keys() & row.keys()
    }
    return sorted(agrees) if all(agrees.values()) else []


def match_rows(
    jobs: Mapping[str, Customer],
    rows: RowTexts,
    criteria: Sequence[str],
    is_ruled_out: Callable[[str, Place], bool],
) -> dict[str, Match]:
    """Return which of `rows`, all without a site ID, are those of `jobs` (customers by site).

    `jobs` are all that have no row, so that two of them never both take one. `is_ruled_out` returns
    whether a person answered that a row isn't a job's.
    """
    index, found = RowIndex(rows), defaultdict[str, list[Match]](list)
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        job = criteria_values(texts, criteria)
        for place in sorted(index.near(texts)):
            row = rows[place]
            agreed = agreeing(job, criteria_values(row, criteria))
            if agreed and not is_ruled_out(site, place):
                parts = {part for criterion in agreed for part in criterion.split("+")}
                parts |= {"city_zip"} if "zip" in parts else set()
                made_by = {c: row[c] for c in IDENTITY_COLUMNS if c in parts and row.get(c)}
                found[site].append(Match(place, made_by))
    return unambiguous(found)


def unambiguous(found: Mapping[str, Sequence[Match]]) -> dict[str, Match]:
    """Return the matches, by site, of which neither the job nor the row has another."""
    claims = Counter(match.place for matches in found.values() for match in matches)
    return {
        site: matches[0]
        for site, matches in found.items()
        if len(matches) == 1 and claims[matches[0].place] == 1
    }


def differing(row: Texts, customer: Customer) -> frozenset[str]:
    """Return the columns in which a row shows another customer, whatever the spelling."""
    mine = texts_of_customer(customer)
    return frozenset(
        part
        for part in ("email", "phone", "address", "customer")
        if (ours := normalized(part, mine[part]))
        and (theirs := normalized(part, row.get(part, "")))
        and ours.isdisjoint(theirs)
    )


def criteria_values(texts: Texts, criteria: Iterable[str]) -> CriteriaValues:
    values = {
        part: each for part in IDENTITY_COLUMNS if (each := normalized(part, texts.get(part, "")))
    }
    if "zip" not in values and "city_zip" in values:
        values["zip"] = values["city_zip"]
    if "zip" not in values and (match := LAST_ZIP.search(texts.get("address", "").strip())):
        values["zip"] = frozenset((match[1],))
    return {
        criterion: tuple(values[part] for part in criterion.split("+"))
        for criterion in criteria
        if values.keys() >= {*criterion.split("+")}
    }


def normalized(part: str, text: str) -> frozenset[str]:
    """Return what a text says in the form in which two spellings are the same, several phones too.

    Empty for a text that says nothing of the kind.
    """
    text = " ".join(text.split())
    if part == "phone":
        return phones(text)
    if part == "zip":
        return frozenset(LAST_ZIP.findall(text))
    if part == "city_zip":
        return frozenset(ZIP.findall(text))
    value = _street(text) if part == "address" else text.casefold()
    return frozenset((value,)) if value else frozenset()


@lru_cache(maxsize=4096)
def _street(text: str) -> str:
    """Return house number, street and unit as the postal service writes them, without the town."""
    try:
        address = normalize_address_record(text)
    except AddressNormalizationError:
        return text.casefold()  # Not a street address: compared by its spelling.
    unit = (address["address_line_2"] or "").split()
    return " ".join([address["address_line_1"], *unit[-1:]]).casefold()
