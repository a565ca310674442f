"""Made-up homeowners and addresses, the same for a UUID every time."""

import random
from typing import Any

FIRST = (
    *("Ada", "Ben", "Carmen", "Dale", "Elena", "Frank", "Grace", "Hugo"),
    *("Irene", "Jonas", "Kira", "Luis", "Maya", "Noor", "Otto", "Priya"),
)
LAST = (
    *("Alder", "Birch", "Castillo", "Dunn", "Eriksen", "Fuentes", "Gray"),
    *("Hale", "Ito", "Jensen", "Kaur", "Lind", "Moreno", "Novak"),
)
STREET = (
    *("Juniper", "Mesa", "Sunset", "Quarry", "Orchard"),
    *("Foothill", "Willow", "Canyon", "Harbor", "Prairie"),
)
KIND = ["St", "Ave", "Dr", "Ln", "Way", "Ct"]
TOWNS = [
    ("Fairmont Springs", "CA", "93999", "Example"),
    ("Cedar Flats", "AZ", "85999", "Sample"),
    ("Port Lindon", "TX", "77999", "Demo"),
    ("Marlow Heights", "CO", "80999", "Example"),
    ("New Garland", "NV", "89999", "Sample"),
]


def site(uuid: str) -> dict[str, Any]:
    """Return what `GET /api/v1/site/{uuid}` answers for a job that was not set."""
    rng = random.Random(uuid)  # noqa: S311  (people who do not exist)
    first, last = rng.choice(FIRST), rng.choice(LAST)
    town, state, zipcode, county = rng.choice(TOWNS)
    created = f"20{rng.randint(19, 24)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return {
        "uuid": uuid,
        "contacts": [
            {
                "uuid": f"{rng.getrandbits(32):08x}-0000-4000-8000-{rng.getrandbits(48):012x}",
                "first_name": first,
                "last_name": last,
                "email": f"{first}.{last}@example.com".lower(),
                "phone_number": f"555-01{rng.randint(0, 99):02d}",
                "primary": True,
            }
        ],
        "address": {
            "address_line_1": f"{rng.randint(10, 9999)} {rng.choice(STREET)} {rng.choice(KIND)}",
            "city_name": town,
            "state_abbreviation": state,
            "zipcode": zipcode,
            "county_name": county,
        },
        "archived": False,
        "lead_source": rng.choice(["Referral", "Web", "Door to door"]),
        "date_created": f"{created}T16:00:00.000000Z",
        "date_updated": f"{created}T16:00:00.000000Z",
    }
