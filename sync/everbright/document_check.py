"""Recognizes an error message or a page in place of a document, by its first bytes. Pure."""

import codecs
import re

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|error)\b", re.IGNORECASE)
_JSON = re.compile(rb"^\s*[\[{]")
_BINARY = frozenset(
    {
        *("pdf", "jpg", "jpeg", "png", "gif", "bmp", "webp", "heic", "heif", "tif", "tiff"),
        *("zip", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "mp4", "mov", "avi", "dwg", "msg"),
    }
)
"""Extensions of binary files; text under such a name is an error message.

Which of them it is isn't checked: a photo may have been renamed from .heic to .jpg.
"""
_BINARY_MEDIA = re.compile(r"(?:image/(?!svg)|video/|application/(?:pdf|zip|ms|vnd\.)).*")
"""The same for media types, if the name has no extension."""
_EXTENSION = re.compile(r"\.(?:[a-z]{2,7}|mp4)\Z")


def document_problem(name: str, head: bytes, media_type: str) -> str:
    """Return why bytes that begin with `head` can't be the file `name`, or ""."""
    match = _EXTENSION.search(name.strip().lower())
    extension = match[0][1:] if match else ""
    if not head:
        return "The answer is empty."
    is_pdf = extension == "pdf" or (not extension and media_type == "application/pdf")
    if is_pdf and b"%PDF-" not in head[:1024]:
        return "The answer isn't a PDF."
    is_binary = extension in _BINARY or (not extension and _BINARY_MEDIA.match(media_type))
    if is_binary and not is_pdf and _is_text(head):
        return "The answer is text instead of a file."
    if extension not in ("html", "htm") and (_is_page(head) or media_type == "text/html"):
        return "The answer is a page instead of a file: EverBright may want a sign-in."
    if extension not in ("json", "geojson", "txt") and (
        _JSON.match(head) and media_type in ("application/json", "application/problem+json")
    ):
        return "The answer is a message instead of a file."
    return ""


def _is_page(head: bytes) -> bool:
    """Return whether bytes begin like HTML, or like a file store's error in XML.

    A prolog and any number of comments may come first.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<?xml"):
        text = text.partition(b"?>")[2].lstrip()
    while text.startswith(b"<!--"):
        text = text.partition(b"-->")[2].lstrip()
    return _HTML.match(text) is not None


def _is_text(head: bytes) -> bool:
    """Return whether bytes are readable text; the last character may be cut off."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
