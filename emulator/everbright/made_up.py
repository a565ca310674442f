"""What EverBright answers about jobs that nobody set: homeowners, metrics, PDF files. No HTTP."""

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

FIRST = (
    *("Ada", "Ben", "Carmen", "Dale", "Elena", "Frank", "Grace", "Hugo"),
    *("Irene", "Jonas", "Kira", "Luis", "Maya", "Noor", "Otto", "Priya"),
)
REPS = ("Ada Birch", "Ben Cole", "Carmen Ito")
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
        "date_created": f"{created}T16:00:00.000000Z",
        "date_updated": f"{created}T16:00:00.000000Z",
    }


BASELINES = {"p": "PROPOSED", "s": "SIGNED", "a": "APPROVED"}
_DEADLINE = re.compile(r"milestone_[a-z0-9_]+_submission_deadline")


class Data:
    """The metrics that were set, by the UUID that is asked for."""

    def __init__(self) -> None:
        self._set: dict[str, dict[str, Any]] = {}

    def set(self, uuid: str, **metrics: Any) -> None:
        """Set metrics of a quote, site or workflow; None takes away a made-up one."""
        self._set.setdefault(uuid, {}).update(metrics)

    def answer(self, uuid: str, names: Iterable[str]) -> dict[str, Any]:
        """Return what is answered for metrics."""
        known = self._set.get(uuid, {})
        values = {name: _value(uuid, name, known) for name in names}
        missing = [f"Unknown metric: {name}" for name, value in values.items() if value is None]
        kept = {name: value for name, value in values.items() if value is not None}
        return envelope([kept], warnings=missing)


def envelope(
    data: Any, *, warnings: Iterable[str] = (), errors: Iterable[str] = (), status: int = 200
) -> dict[str, Any]:
    """Return an answer in the layer's shape."""
    messages = {"warning": [*warnings], "error": [*errors], "info": [], "critical": []}
    return {"status_code": status, "messages": messages, "data": data}


def _value(uuid: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return a metric's value, None where it is unknown."""
    if name in known:
        return known[name]
    prefix, _, plain = name.partition("_")
    if prefix in BASELINES:
        base = _value(uuid, plain, known)
        return f"{BASELINES[prefix]}_BASELINE_NONEXISTANT" if base is not None else None
    return _made_up(uuid, name)


def _made_up(uuid: str, name: str) -> Any:
    rng = random.Random(f"{uuid} {name}")  # noqa: S311  (jobs that do not exist)
    if name == "system_capacity_kw":
        return round(rng.uniform(3, 14), 2)
    if name == "installer_payment_line_item_status":
        return rng.choice(["PENDING", "PAID"])
    if name == "sales_representative_name":
        return rng.choice(REPS)
    if _DEADLINE.fullmatch(name):
        return f"2026-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return None


FILLING = b"%" + b"." * 16382 + b"\n"


def _objects(text: str) -> list[bytes]:
    shown = "".join(letter if 32 <= ord(letter) < 127 else "?" for letter in text)
    shown = shown.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    drawing = b"BT /F1 14 Tf 72 720 Td (%b) Tj ET" % shown.encode()
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]


def _pdf(text: str) -> tuple[bytes, bytes]:
    """Return a page that says `text`: the objects, and what follows them but its last two lines."""
    head = b"%PDF-1.4\n"
    tail = b"xref\n0 6\n0000000000 65535 f \n"
    for number, content in enumerate(_objects(text), 1):
        tail += b"%010d 00000 n \n" % len(head)
        head += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    return head, tail + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n"


def pdf_length(text: str, size: int | None = None) -> int:
    """Return how many bytes `pdf_pieces` yields."""
    head, tail = _pdf(text)
    return max(len(head) + len(tail) + len(b"%010d\n%%%%EOF\n" % 0), size or 0)


def pdf_pieces(text: str, size: int | None = None) -> Iterator[bytes]:
    """Yield one page that says `text`, padded to exactly `size` bytes if that is larger.

    The filling is comments between the objects and the table that says where they are.
    """
    head, tail = _pdf(text)
    yield head
    filling = pdf_length(text, size) - pdf_length(text)
    whole, rest = divmod(filling, len(FILLING))
    for _ in range(whole):
        yield FILLING
    if rest:
        yield b"%" + b"." * (rest - 2) + b"\n" if rest > 1 else b"\n"
    yield tail + b"%010d\n%%%%EOF\n" % (len(head) + filling)
