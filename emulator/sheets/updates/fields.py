"""The `fields` of an update request."""

from emulator import discovery, masks
from emulator.errors import invalid
from emulator.sheets.grid import Json


def need_mask(request: Json, message: str) -> masks.Mask | None:
    """Parse the request's `fields`. ApiError if empty, or if `message` lacks one of them."""
    text = request.get("fields", "")
    if not text.strip():
        raise invalid(
            "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
        )
    unknown = discovery.unknown_field("sheets", message, text)
    if unknown is not None:
        raise invalid(f"Invalid field: {unknown}")
    return masks.parse(text)
