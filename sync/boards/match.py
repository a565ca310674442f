"""Matches rows of a board with jobs by the customer's email, address and phone. Pure.

A row matches a job if one of the keys of `[match] by` agrees and none disagrees. A key without a
value on either side is ignored. A match is certain if neither the row nor the job matches anything
else; other candidates (`lookalikes`) are left to the user.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.boards.lookalikes import LAST_ZIP, ZIP, RowIndex, Texts, phones, texts_of_customer
from sync.jobs.model import Customer
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place

Identity = Mapping[str, tuple[frozenset[str], ...]]
"""Who a job or a row is about: by key, the normalized values of each of its parts.

A cell may hold several phone numbers.
"""


def agreed(job: Identity, row: Identity) -> list[str]:
    """Return the keys that agree; none where one disagrees."""
    agrees = {
        key: all(a & b for a, b in zip(job[key], row[key], strict=True))
        for key in job.keys() & row.keys()
    }
    return sorted(agrees) if all(agrees.values()) else []


def match(
    jobs: Mapping[str, Customer],
    rows: Mapping[Place, Texts],
    by: Sequence[str],
    is_other: Callable[[str, Place], bool] = lambda *_: False,
) -> dict[str, Match]:
    """Return which of `rows`, none of which has a key, are those of `jobs` (customers by site).

    `jobs` are all that have no row, so that two of them never both take one; a row that `is_other`
    is not that job's, as a person answered.
    """
    index, claims = RowIndex(rows), defaultdict[Place, int](int)
    near: dict[str, list[tuple[Place, list[str]]]] = {}
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        job = identity(texts, by)
        near[site] = sorted(
            (place, keys)
            for place in index.near(texts)
            if (keys := agreed(job, identity(rows[place], by))) and not is_other(site, place)
        )
        for place, _ in near[site]:
            claims[place] += 1
    certain: dict[str, Match] = {}
    for site, places in near.items():
        if len(places) == 1 and claims[places[0][0]] == 1:
            ((place, keys),) = places
            parts = {part for key in keys for part in key.split("+")}
            parts |= {"city_zip"} if "zip" in parts else set()
            row = rows[place]
            made_by = {c: row[c] for c in IDENTITY_COLUMNS if c in parts and row.get(c)}
            certain[site] = Match(place, made_by)
    return certain


def strangers(
    jobs: Mapping[str, Customer],
    rows: Mapping[Place, Texts],
    sites: Mapping[Place, str],
    by: Sequence[str],
) -> dict[Place, str]:
    """Return the rows with the key of one job (`sites`) that show another's customer, and whose.

    A row that agrees with its own job, too, is no stranger: a customer may have two jobs.
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
            job = identity(texts, by)
            for place in places:
                if agreed(job, identity(odd[place], by)):
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


def identity(texts: Texts, by: Iterable[str]) -> Identity:
    """Return who a row or a customer is about."""
    values = {
        part: each for part in IDENTITY_COLUMNS if (each := normalized(part, texts.get(part, "")))
    }
    if "zip" not in values and "city_zip" in values:
        values["zip"] = values["city_zip"]
    if "zip" not in values and (match := LAST_ZIP.search(texts.get("address", "").strip())):
        values["zip"] = frozenset((match[1],))
    return {
        key: tuple(values[part] for part in key.split("+"))
        for key in by
        if values.keys() >= {*key.split("+")}
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
