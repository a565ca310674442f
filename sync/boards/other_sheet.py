"""Reads how another spreadsheet is mapped, such as a copy that was tried before."""

from sync.boards import metadata
from sync.boards.mapping.example import Example, example_of
from sync.boards.reader import BoardReader
from sync.errors import Permanent
from sync.google import auth
from sync.ops import retry
from sync.settings import validators
from sync.wiring import Sleep, Wiring

_NO_LINK = "That is not the link of a Google Sheet. Open the sheet, and copy the browser's address."
_ITSELF = (
    "That is the link of this sheet itself. Enter the link of the sheet that you mapped before."
)
_NOT_MAPPED = "No tab of that sheet is mapped. Enter the link of the sheet that you mapped before."
_PLACE = "the other sheet"


def examples(wiring: Wiring, sleep: Sleep, link: str) -> tuple[Example, ...]:
    """Return the mapped tabs of the spreadsheet with a link.

    Raises Permanent, with the fix, if there are none, and Google's errors.
    """
    settings = wiring.settings
    try:
        spreadsheet = validators.spreadsheet_id(link.strip())
    except ValueError:
        raise Permanent("no_link", _NO_LINK) from None
    if spreadsheet == settings.spreadsheet_id:
        raise Permanent("same_sheet", _ITSELF)
    reader = BoardReader(wiring.sheet_client(spreadsheet))
    try:
        surveyed = retry.policy(sleep)(reader.survey)
    except Permanent as error:
        if error.reason not in ("not_found", "not_shared"):
            raise
        what = f"Brightsheet can't open that sheet. Share it with {auth.account(settings)}."
        raise Permanent(error.reason, what) from error
    mapped = metadata.mapped_tabs(surveyed.tabs)
    found = tuple(example_of(tab, stored, _PLACE) for tab, stored in mapped)
    if not found:
        raise Permanent("not_mapped", _NOT_MAPPED)
    return found
