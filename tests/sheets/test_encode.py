"""Cells as Google takes them: text, dates, links and notes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs.cells import Cell, Link
from sync.sheets import encode
from sync.sheets.typed_notes import is_ours_or_blank
from tests.sheets.grids import OWN

NOON = datetime(2026, 7, 1, 19, tzinfo=UTC)
ANGELES = ZoneInfo("America/Los_Angeles")


@given(st.text())
def test_text_is_a_string_and_never_a_formula(text: str) -> None:
    """What a customer writes into a comment would else run in everybody's sheet."""
    (value,) = [encode.encoded(Cell(text=f"={text}"), UTC)["userEnteredValue"]]
    assert value == {"stringValue": f"={text}"}


def test_a_moment_is_a_real_date() -> None:
    """As text it could neither be sorted nor compared with today."""
    moment = encode.encoded(Cell(when=NOON), ANGELES)
    assert moment["userEnteredValue"] == {"numberValue": 46204.5}
    assert moment["userEnteredFormat"]["numberFormat"] == {"type": "DATE_TIME"}, "no fixed pattern"
    american = encode.encoded(Cell(when=NOON), ANGELES, "en_US")["userEnteredFormat"]
    assert american["numberFormat"] == {"type": "DATE_TIME", "pattern": "m/d/yyyy h:mm am/pm"}
    day = encode.encoded(Cell(when=NOON, is_day=True), ANGELES)
    assert day["userEnteredValue"] == {"numberValue": 46204.0}
    assert day["userEnteredFormat"]["numberFormat"] == {"type": "DATE"}


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (46204, "DATE", "7/1/2026"),
        (46204.5, "DATE_TIME", "7/1/2026 12:00 PM"),
        (3035550123, "DATE", "3035550123"),
        (40000000, "DATE", "40000000"),
    ],
)
def test_a_typed_date_is_shown_as_one(number: float, kind: str, text: str) -> None:
    """A column of dates may have a phone number: no calendar reaches that far."""
    data = {
        "userEnteredValue": {"numberValue": number},
        "userEnteredFormat": {"numberFormat": {"type": kind}},
    }
    assert encode.shown_text(data) == text


@pytest.mark.parametrize(
    ("moment", "zone", "days"),
    [
        (datetime(1899, 12, 31, tzinfo=UTC), "Etc/UTC", 1.0),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "Etc/UTC", 46023.5),
        (datetime(2026, 7, 1, 7, tzinfo=UTC), "America/Los_Angeles", 46204.0),
        (datetime(2026, 7, 1, 7, tzinfo=UTC), "GMT-07:00", 46204.0),
        (datetime(2026, 7, 1, 7, tzinfo=UTC), "GMT+5:30", 46204.52083333),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), "Not/AZone", 46204.5),
    ],
)
def test_dates_are_local_to_the_sheets_zone(moment: datetime, zone: str, days: float) -> None:
    """Sheets counts days since 1899-12-30 and knows no zones in cells."""
    assert encode.serial(moment, encode.zone_of(zone)) == days


def test_the_sheet_counts_the_days_by_a_formula_that_names_no_cell() -> None:
    age = encode.encoded(Cell(when=NOON, is_age=True), ANGELES)
    assert age["userEnteredValue"] == {"formulaValue": "=TODAY()-46204"}
    assert age["userEnteredFormat"]["numberFormat"]["type"] == "NUMBER"


def test_links_are_runs_that_end_with_the_link() -> None:
    """Without a plain run after it, a link runs on to the end of the cell."""
    links = (Link(start=0, end=2, uri="https://a"), Link(start=3, end=5, uri="https://b"))
    runs = encode.encoded(Cell(text="ab cd", links=links), UTC)["textFormatRuns"]
    assert runs == [
        {"startIndex": 0, "format": {"link": {"uri": "https://a"}}},
        {"startIndex": 2, "format": {}},
        {"startIndex": 3, "format": {"link": {"uri": "https://b"}}},
    ]


def test_the_mask_names_what_is_written_and_nothing_else() -> None:
    """A mask that names the note clears it; one that lacks the runs leaves old links."""
    fields = "userEnteredValue,textFormatRuns"
    assert OWN.mask("", Cell(text="x", note="n"), {}) == fields
    moment = OWN.mask("", Cell(when=NOON), {})
    assert moment == f"{fields},userEnteredFormat.numberFormat" == encode.VALUE_AND_FORMAT
    assert encode.encoded(Cell(), UTC) == {}


@pytest.mark.parametrize("zone", ["Etc/UTC", "America/Los_Angeles", "GMT+5:30"])
@pytest.mark.parametrize("text", ["", "by Ben", "by Ben\nLooks good."])
def test_a_note_written_in_another_time_zone_is_recognized(zone: str, text: str) -> None:
    """If it weren't recognized, it would count as typed and stay forever."""
    cell = Cell(text="Approved", note=text, noted=NOON)
    written = encode.note(cell, encode.zone_of(zone))
    ours = encode.note(cell, UTC)
    assert is_ours_or_blank(ours, written)
    assert is_ours_or_blank(ours, "")
    assert not is_ours_or_blank(ours, f"{written} and mine")
    assert not is_ours_or_blank(ours, text or "mine")


@pytest.mark.parametrize("month", [3, 11], ids=["spring", "fall"])
def test_a_change_to_or_from_daylight_saving_time_moves_no_day(month: int) -> None:
    """Checks each hour around the change against the clock on the wall."""
    change = datetime(2026, month, {3: 8, 11: 1}[month], tzinfo=UTC)
    for hour in range(-48, 72):
        moment = change + timedelta(hours=hour)
        wall = moment.astimezone(ANGELES)
        day = float((wall.date() - date(1899, 12, 30)).days)
        assert encode.number(Cell(when=moment, is_day=True), ANGELES) == day
        age = encode.encoded(Cell(when=moment, is_age=True), ANGELES)
        assert age["userEnteredValue"] == {"formulaValue": f"=TODAY()-{day:.0f}"}
        seconds = wall.hour * 3600 + wall.minute * 60
        assert encode.number(Cell(when=moment), ANGELES) == pytest.approx(day + seconds / 86_400)
        changed = encode.text(Cell(text="Permits approved", dated=moment), ANGELES)
        assert changed == f"Permits approved, {wall:%b}\N{NO-BREAK SPACE}{wall.day}"
