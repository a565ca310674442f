"""Recognizes an error message or a page in place of a document, by its first bytes. Pure."""

import re

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s|<\?xml.*?\?>|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body|error)\b",
    re.IGNORECASE | re.DOTALL,
)
"""The beginning of HTML, or of a file store's error in XML."""
_JSON = re.compile(rb"^\s*[\[{]")
_EXTENSION = re.compile(r"\.(?:[a-z]{2,7}|mp4)\Z")


def document_problem(name: str, head: bytes, media_type: str) -> str:
    """Return why bytes that begin with `head` can't be the file `name`, or "".

    Which format a file has isn't checked: a photo may have been renamed from .heic to .jpg.
    """
    match = _EXTENSION.search(name.strip().lower())
    extension = match[0] if match else ""
    if not head:
        return "The answer is empty."
    is_pdf = extension == ".pdf" or (not extension and media_type == "application/pdf")
    if is_pdf and b"%PDF-" not in head[:1024]:
        return "The answer isn't a PDF."
    if extension not in (".html", ".htm") and (_PAGE.match(head) or media_type == "text/html"):
        return "The answer is a page instead of a file: EverBright may want a sign-in."
    if extension not in (".json", ".geojson", ".txt") and (
        _JSON.match(head) and media_type in ("application/json", "application/problem+json")
    ):
        return "The answer is a message instead of a file."
    return ""
