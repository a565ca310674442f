"""What EverBright answers about jobs that nobody set: homeowners, PDF files. No HTTP."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
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
REPS = ("Ben Cole", "Cleo Marsh", "Dora Eskew", "Sam Ortiz")
KIND = ["St", "Ave", "Dr", "Ln", "Way", "Ct"]
TOWNS = [
    ("Fairmont Springs", "CA", "93999", "Example", "559"),
    ("Cedar Flats", "AZ", "85999", "Sample", "928"),
    ("Port Lindon", "TX", "77999", "Demo", "409"),
    ("Marlow Heights", "CO", "80999", "Example", "970"),
    ("New Garland", "NV", "89999", "Sample", "775"),
]


def site(uuid: str) -> dict[str, Any]:
    """Return what `GET /api/v1/site/{uuid}` answers for a job that was not set.

    It doesn't say whether the job is archived: only who sends the webhooks knows.
    """
    rng = random.Random(uuid)  # noqa: S311  (people who do not exist)
    first, last = rng.choice(FIRST), rng.choice(LAST)
    town, state, zipcode, county, area = rng.choice(TOWNS)
    created = f"20{rng.randint(19, 24)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return {
        "uuid": uuid,
        "contacts": [
            {
                "uuid": f"{rng.getrandbits(32):08x}-0000-4000-8000-{rng.getrandbits(48):012x}",
                "first_name": first,
                "last_name": last,
                "email": f"{first}.{last}@example.com".lower(),
                "phone_number": f"{area}-555-01{rng.randint(0, 99):02d}",
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
        "lead_source": rng.choice(["Referral", "Web", "Door to door"]),
        "sales_rep": rng.choice(REPS),
        "date_created": f"{created}T16:00:00.000000Z",
        "date_updated": f"{created}T16:00:00.000000Z",
    }


FILLING = b"%" + b"." * 16382 + b"\n"
LETTER = "/MediaBox [0 0 612 792]"
END = b"trailer\n<< /Size 7 /Root 1 0 R >>\n%%EOF\n"


@dataclass(frozen=True)
class Document:
    """A PDF file of one page that names its UUID, padded by comments to `size` bytes.

    It has no table of its objects: readers make one.
    """

    uuid: str
    size: int = 0

    @property
    def length(self) -> int:
        """The number of bytes."""
        return max(len(self._page()) + len(END), self.size)

    def _page(self) -> bytes:
        drawing = f"BT /F1 14 Tf 72 720 Td (Document {self.uuid}) Tj ET"
        objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R {LETTER} /Contents 4 0 R /Resources 6 0 R >>",
            f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            "<< /Font << /F1 5 0 R >> >>",
        ]
        found = (f"{at} 0 obj\n{one}\nendobj\n" for at, one in enumerate(objects, 1))
        return "".join(("%PDF-1.4\n", *found)).encode("ascii", "replace")

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in pieces."""
        page = self._page()
        yield page
        left = self.length - len(page) - len(END)
        while left > 0:
            yield FILLING if left >= len(FILLING) else b"%" * (left - 1) + b"\n"
            left -= len(FILLING)
        yield END

    def content(self) -> bytes:
        """Return all the bytes."""
        return b"".join(self.pieces())
