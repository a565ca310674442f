"""Made-up customers and an office's rows: typing errors, second houses, relatives."""

import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from sync.core.people import Found


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara "
    "Richard Susan Joseph Jessica Thomas Karen Charles Sarah Dan Amy Luis Bea Ana Oscar Lucia "
    "Irene Walt Elena"
)
FAMILY = _words(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez "
    "Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson "
    "White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott "
    "Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter "
    "Roberts Ortiz Vega Birch Lind Kim Oak Duran Peña O'Brien Van-Dyke"
)
STREETS = _words(
    "Oak Elm Maple Cedar Main Park Juniper Lincoln Washington Lake Hill Pine Walnut Spring "
    "North Ridge Church Willow Mill River Sunset Railroad Jackson Cherry West South"
)
NOISE, JOBS, STRANGERS = 0.05, 300, 200
ASK = (-1, -1)
"""The truth of two jobs with one row: only a person can tell whose it is."""
Row = tuple[int, int]
Texts = dict[str, str]


@dataclass(frozen=True)
class Customer:
    given: str
    family: str
    number: str
    street: str
    suffix: str
    phone: str
    email: str
    zip: str
    spouse: str

    @classmethod
    def drawn(cls, lots: random.Random) -> "Customer":
        given, family = lots.choice(GIVEN), lots.choice(FAMILY)
        zip_code = lots.choice(["80999", "80111", "80222"])
        number, street = str(lots.randrange(1, 9999)), lots.choice(STREETS)
        suffix = lots.choice(["Street", "Avenue", "Drive"])
        phone = f"303-{lots.randrange(200, 999)}-{lots.randrange(10000):04}"
        email = f"{given}.{family}{lots.randrange(99)}@example.com".lower()
        spouse = lots.choice(GIVEN)
        return cls(given, family, number, street, suffix, phone, email, zip_code, spouse)

    def job(self) -> Texts:
        street = f"{self.number} {self.street} {self.suffix}"
        return {
            "customer": f"{self.given} {self.family}",
            "address": f"{street}, Marlow, CO {self.zip}",
            "phone": self.phone,
            "email": self.email,
        }

    def row(self, lots: random.Random, columns: Collection[str]) -> Texts:
        given, family, found = self.given, self.family, dict[str, str]()
        if lots.random() < NOISE:
            family = family[:-1] + lots.choice("aeiou")
        names = (f"{family}, {given}", f"{family}, {given} & {self.spouse}", f"{given} {family}")
        found["customer"] = lots.choice([*names, f"{given} & {self.spouse} {family}", family])
        if "phone" in columns and lots.random() < 0.75:
            is_right = lots.random() > NOISE * 2
            other = "" if is_right else f"720-{lots.randrange(200, 999)}-{lots.randrange(10000):04}"
            found["phone"] = (other or self.phone).replace("-", lots.choice([".", "-", " "]))
        if "email" in columns and lots.random() < 0.75:
            found["email"] = self.email if lots.random() > NOISE else f"other{self.email}"
        if "address" in columns and lots.random() < 0.9:
            number = self.number if lots.random() > NOISE / 2 else self.number[::-1]
            side, suffix = lots.choice(["", "N. "]), lots.choice([self.suffix, self.suffix[:2], ""])
            town = lots.choice([", Marlow", f", Marlow {self.zip}", ""])
            found["address"] = f"{number} {side}{self.street} {suffix}".strip() + town
        return found


@dataclass
class World:
    jobs: dict[str, Texts] = field(default_factory=dict)
    rows: dict[Row, Texts] = field(default_factory=dict)
    truth: dict[str, Row | None] = field(default_factory=dict)
    """The row of each job, None if it has none."""


def made_up(seed: int, columns: Collection[str]) -> World:
    lots, world = random.Random(seed), World()
    for number in range(JOBS):
        who, kind, site = Customer.drawn(lots), lots.random(), str(UUID(int=number + 1))
        world.jobs[site], world.truth[site] = who.job(), None
        row = (0, number)
        if kind < 0.75:
            world.rows[row] = who.row(lots, columns)
            world.truth[site] = row
        elif kind < 0.80:  # The row is of the customer's other house, an old job.
            other = replace(who, number=str(lots.randrange(1, 9999)), street=lots.choice(STREETS))
            world.rows[row] = other.row(lots, columns)
        elif kind < 0.84:  # Of a spouse or a son at the same address.
            given = lots.choice(GIVEN)
            phone = f"303-{lots.randrange(200, 999)}-1111"
            other = replace(who, given=given, phone=phone, email=f"x{who.email}")
            world.rows[row] = other.row(lots, columns)
        elif kind < 0.87:  # One row for two jobs of one customer at one house.
            world.rows[row] = who.row(lots, columns)
            second = str(UUID(int=10_001 + number))
            world.jobs[second] = who.job()
            world.truth |= {site: ASK, second: ASK}
    for number in range(STRANGERS):
        world.rows[1, number] = Customer.drawn(lots).row(lots, columns)
    return world


def score(found: Found[Row], truth: Mapping[str, Row | None]) -> Counter[str]:
    """Count jobs: right or wrong row, doubled (no row found and none asked), asked, without."""
    counts = Counter[str]()
    for site, row in truth.items():
        if site in found.matches:
            counts["right" if found.matches[site] == row else "wrong"] += 1
        elif site in found.candidates:
            counts["asked"] += 1
        else:
            counts["without" if row in (None, ASK) else "doubled"] += 1
    return counts
