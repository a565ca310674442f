"""Matches rows of a board with jobs by the customer's email, address and phone. Pure.

The criteria are those of `[match] by`; "address+zip" has two parts. A row matches a job if one
criterion agrees and none disagrees. A criterion without a value on either side is ignored. A match
is certain if neither the row nor the job matches anything else; the user decides on the rest
(`candidates.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.boards.candidates import LAST_ZIP, ZIP, RowIndex, Texts, phones, texts_of_customer
from sync.jobs.model import Customer
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place

Identity = Mapping[str, tuple[frozenset[str], ...]]
"""Who a job or a row is about: by criterion, the normalized values of each of its parts.

A cell may hold several phone numbers.
"""


def agreeing(job: Identity, row: Identity) -> list[str]:
    """Return the criteria that agree; none if one disagrees."""
    agrees = {
        criterion: all(a & b for a, b in zip(job[criterion], row[criterion], strict=True))
        for criterion in job.keys() & row.keys()
    }
    return sorted(agrees) if all(agrees.values()) else []


def match_rows(
    jobs: Mapping[str, Customer],
    rows: Mapping[Place, Texts],
    criteria: Sequence[str],
    is_ruled_out: Callable[[str, Place], bool] = lambda *_: False,
) -> dict[str, Match]:
    """Return which of `rows`, all without a site ID, are those of `jobs` (customers by site).

    `jobs` are all that have no row, so that two of them never both take one. `is_ruled_out` returns
    whether a person answered that a row isn't a job's.
    """
    index, claims = RowIndex(rows), defaultdict[Place, int](int)
    near = defaultdict[str, list[tuple[Place, list[str]]]](list)
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        job = identity(texts, criteria)
        for place in sorted(index.near(texts)):
            agreed = agreeing(job, identity(rows[place], criteria))
            if agreed and not is_ruled_out(site, place):
                near[site].append((place, agreed))
                claims[place] += 1
    certain: dict[str, Match] = {}
    for site, places in near.items():
        if len(places) == 1 and claims[places[0][0]] == 1:
            ((place, agreed),) = places
            parts = {part for criterion in agreed for part in criterion.split("+")}
            parts |= {"city_zip"} if "zip" in parts else set()
            row = rows[place]
            made_by = {c: row[c] for c in IDENTITY_COLUMNS if c in parts and row.get(c)}
            certain[site] = Match(place, made_by)
    return certain


def strangers(
    jobs: Mapping[str, Customer],
    rows: Mapping[Place, Texts],
    sites: Mapping[Place, str],
    criteria: Sequence[str],
) -> dict[Place, str]:
    """Return the rows (with the `sites` of their keys) that show another job's customer, and whose.

    A row that agrees with its own job, too, is left out: a customer may have two jobs.
    """
    odd = {
        place: rows[place]
        for place, site in sites.items()
        if site in jobs and place in rows and not _is_plainly(rows[place], jobs[site])
    }
    index, shown_by = RowIndex(odd), defaultdict[Place, list[str]](list)
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        if places := index.near(texts):
            job = identity(texts, criteria)
            for place in places:
                if agreeing(job, identity(odd[place], criteria)):
                    shown_by[place].append(site)
    return {place: min(owners) for place, owners in shown_by.items() if sites[place] not in owners}


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


def _is_plainly(row: Texts, customer: Customer) -> bool:
    """Return whether a row has exactly the email address or the street of its job.

    Nearly every row of a large tab does, and parsing addresses takes 1,000 times as long.
    """
    mine = texts_of_customer(customer)
    texts = ((row.get(part, ""), mine.get(part, "")) for part in ("email", "address"))
    return any(text and own and text.casefold() == own.casefold() for text, own in texts)


def identity(texts: Texts, criteria: Iterable[str]) -> Identity:
    """Return who a row or a customer is about."""
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
