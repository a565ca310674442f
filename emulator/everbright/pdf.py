"""Small valid PDF files of any size, generated in chunks."""

from collections.abc import Iterator

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


def pieces(text: str, size: int | None = None) -> Iterator[bytes]:
    """Yield one page that says `text`, padded to exactly `size` bytes if that is larger.

    The filling is comments between the objects and the table that says where they are.
    """
    head = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(_objects(text), 1):
        offsets.append(len(head))
        head += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    tail = b"xref\n0 6\n0000000000 65535 f \n"
    tail += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n"
    yield head
    filling = _filling(len(head) + len(tail), size)
    whole, rest = divmod(filling, len(FILLING))
    for _ in range(whole):
        yield FILLING
    if rest:
        yield b"%" + b"." * (rest - 2) + b"\n" if rest > 1 else b"\n"
    yield tail + b"%d\n%%%%EOF\n" % (len(head) + filling)


def _filling(plain: int, size: int | None) -> int:
    """Return how many bytes of padding there must be."""
    if size is None:
        return 0
    for digits in range(1, 16):
        filling = size - plain - digits - len(b"\n%%EOF\n")
        if filling < 0:
            return 0
        if len(str(size - digits - len(b"\n%%EOF\n") - _tail_length())) == digits:
            return filling
    return 0


def _tail_length() -> int:
    return len(b"xref\n0 6\n") + 20 * 6 + len(b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n")


def length(text: str, size: int | None = None) -> int:
    """Return how many bytes `pieces` yields."""
    plain = sum(len(piece) for piece in pieces(text))
    return plain if size is None else max(plain, size)
