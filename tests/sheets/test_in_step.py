"""The sheet itself says when it was last in step: a dead worker must not look like a quiet day."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from sync.jobs.cells import KEPT_NOTE
from sync.sheets.answer import PIPELINE_TAB
from sync.sheets.reconcile import say_in_step
from sync.store.schema import sheet
from tests.bench import Bench
from tests.made_up import milestone, uuid

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_HOUR = 3600.0


def cells(bench: Bench) -> list[dict[str, Any]]:
    """Return the Pipeline's header row."""
    data = bench.tab("Pipeline", "data(rowData(values(formattedValue,userEnteredValue)))")
    return list(data["data"][0]["rowData"][0]["values"])


def label(bench: Bench) -> str:
    """Return what the Pipeline says of being in step."""
    texts = (str(cell.get("formattedValue", "")) for cell in cells(bench))
    return next(text for text in texts if "step" in text)


def moment(bench: Bench) -> datetime:
    """Return since when, or at what time."""
    numbers = (cell.get("userEnteredValue", {}).get("numberValue") for cell in cells(bench))
    (found,) = (number for number in numbers if number is not None)
    return _EPOCH + timedelta(days=found)


def key_note(bench: Bench) -> str:
    """Return the note on the header of the site IDs."""
    return bench.notes("Site ID")[0]


def make_silent(bench: Bench, hours: float) -> None:
    """Let the last batch have landed so long ago."""
    with bench.database.writing() as connection:
        connection.execute(update(sheet).values(landed_at=sheet.c.landed_at - hours * _HOUR))


def test_a_batch_says_when_the_sheet_was_in_step(bench: Bench) -> None:
    """Catches a moment that is missing, or another than the batch's, in either place."""
    bench.shown(milestone(1))
    bench.shown(milestone(2))
    now = datetime.now(UTC)
    assert label(bench) == "In step at"
    assert abs(moment(bench) - now) < timedelta(minutes=1)
    note, _, when = key_note(bench).rpartition("In step at ")
    assert note.rstrip().endswith(KEPT_NOTE.strip())
    assert abs(datetime.fromisoformat(when).replace(tzinfo=UTC) - now) < timedelta(minutes=2)


def test_the_sheet_says_so_itself_when_nothing_was_heard_for_longer(bench: Bench) -> None:
    """Catches a sheet that goes on looking fine while the only worker is dead."""
    bench.shown(milestone(1))
    now = time.time()
    with bench.google.clock.at(now + 6.4 * _HOUR):
        assert label(bench) == "In step at"
    with bench.google.clock.at(now + 6.6 * _HOUR):
        assert label(bench) == "Not in step since"


def test_it_is_said_in_red(bench: Bench) -> None:
    """Catches a warning that nobody sees."""
    bench.shown(milestone(1))
    rules = bench.tab("Pipeline", "conditionalFormats")["conditionalFormats"]
    texts = [rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for rule in rules]
    assert "Not in step since" in texts


def test_without_a_batch_it_is_said_every_six_hours_in_two_calls(bench: Bench) -> None:
    """Catches a quiet week that looks like a dead worker, and calls that fill the history."""
    bench.shown(milestone(1))
    assert not bench.store.spreadsheet.is_silent(6 * _HOUR)
    make_silent(bench, 6.1)
    assert bench.store.spreadsheet.is_silent(6 * _HOUR)
    before, said = bench.calls(), moment(bench)
    with bench.held() as held:
        say_in_step(bench.flusher, held)
    assert bench.calls() - before == 2
    assert moment(bench) > said
    assert not bench.store.spreadsheet.is_silent(6 * _HOUR)
    assert not bench.is_waiting()


def test_what_waits_is_not_called_in_step(bench: Bench) -> None:
    """Catches a batch of some of the jobs that says that all stand."""
    bench.shown(milestone(1))
    said = moment(bench)
    count = bench.flusher.targets.sizes.jobs + 1
    bench.send(*(milestone(number) for number in range(2, count + 2)))
    bench.flush_once()
    assert (bench.is_waiting(), moment(bench)) == (True, said)
    bench.flush()
    assert moment(bench) > said


def test_columns_that_a_person_deletes_stay_away(bench: Bench) -> None:
    """Catches a person and the product at odds about two columns."""
    bench.shown(milestone(1))
    texts = [str(cell.get("formattedValue", "")) for cell in cells(bench)]
    index = next(number for number, text in enumerate(texts) if "step" in text)
    bench.edit("delete_columns", index=index, count=2, sheet_id=PIPELINE_TAB)
    bench.shown(milestone(2))
    assert not any("step" in str(cell.get("formattedValue", "")) for cell in cells(bench))
    assert bench.row(uuid(2))


def test_a_persons_note_on_the_header_stays(bench: Bench) -> None:
    """Catches a note of a person's that is overwritten by a moment."""
    bench.shown(milestone(1))
    column = list(bench.rows()[0]).index("Site ID")
    bench.edit("add_note", row=0, column=column, text="Ask Ada before you hide this.")
    bench.shown(milestone(2))
    assert key_note(bench) == "Ask Ada before you hide this."


def test_a_moment_with_new_columns_goes_on_its_own_header(bench: Bench) -> None:
    """Catches the place of the header before the batch's own columns were inserted."""
    bench.shown(milestone(1))
    before = {header: bench.notes(header)[0] for header in bench.rows()[0] if header != "Site ID"}
    bench.shown(milestone(1, definition=2, name="Milestone 2"))
    assert {header: bench.notes(header)[0] for header in before} == before
    assert "In step at" in key_note(bench)
    assert not bench.alerts


def test_a_column_that_was_deleted_is_named_in_red(bench: Bench) -> None:
    """Catches a sheet that calls itself in step where its view of rejected jobs shows all."""
    bench.shown(milestone(1))
    said = moment(bench)
    bench.edit("delete_columns", index=list(bench.rows()[0]).index("Status"))
    bench.shown(milestone(2))
    assert label(bench) == "Not in step since these columns were deleted: Status. Last written:"
    assert moment(bench) > said
    bench.setup().provision(bench.spreadsheet)
    bench.flush()
    assert label(bench) == "In step at"


def test_a_header_never_becomes_a_formula(bench: Bench) -> None:
    """Catches a person's text in the product's own formula."""
    bench.shown(milestone(1))
    index = list(bench.rows()[0]).index("Status")
    bench.edit("rename_header", column=index, text='");IMPORTXML("')
    bench.compare()
    bench.edit("delete_columns", index=index)
    bench.shown(milestone(2))
    (cell,) = [one for one in cells(bench) if "IMPORTXML" in str(one)]
    assert cell["userEnteredValue"].keys() == {"stringValue"}
