"""A database and a spreadsheet of version 0.1 go on working, and are cleaned of what it left."""

from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import create_engine, insert, inspect

from emulator import Emulator
from sync.errors import Retryable
from sync.sheets.identifiers import GUARD_KEY
from sync.sheets.restore import HEADERS
from sync.store.schema import history_written
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.version_01 import age_spreadsheet, old_database, old_trace, repair

pytestmark = pytest.mark.long

STATUS = "status:" + milestone()["milestone_definition"]
COPY = 20
"""The row of a copy that a person made of job 2's, and 0.1 flagged."""
LATER = "2026-03-05T10:00:00Z"
REPAIRS = [
    repair(uuid(3), "41.2", "permit date", "Approved", around=["own 3"], at=3),
    repair("", STATUS, "on hold", "Rejected", around=["call the city", "Rejected"], at=30),
]


def left_by_01(
    google: Emulator, folder: Path, when: Literal["before", "after"] | None = None
) -> Bench:
    """Return the product as it starts on what 0.1 left; `when` a last answer was lost, if so."""
    old = Bench(google, f"sqlite:///{folder}/present.sqlite3")
    old.shown(*(milestone(number) for number in range(1, 6)))
    old.edit("add_column", text="Mine")
    old.edit("copy_rows", start=old.at(2), end=old.at(2) + 1, to=COPY)
    mine = len(old.look().keys) - 1
    old.edit("type_cell", row=COPY, column=mine, text="the copy's own")
    if when:
        old.google.faults.answer(503, method="*.batchUpdate", when=when)
        old.send(milestone(1, status="APPROVED", date_updated=LATER))
        with pytest.raises(Retryable):
            old.flush_once()
    with old.database.writing() as connection:
        row = {"spreadsheet_id": "of another time", "seq": 1}
        connection.execute(insert(history_written).values(row))
    age_spreadsheet(old, {COPY: uuid(2)})
    url = f"sqlite:///{folder}/version_01.sqlite3"
    trace = old_trace(2, old.index("site_id"), uuid(1), 1, old.index("status"))
    old_database(old, url, REPAIRS, trace)
    assert {"repair", "told"} <= set(inspect(create_engine(url)).get_table_names())
    return Bench(google, url, SPREADSHEET_ID=old.spreadsheet)


@pytest.fixture
def upgraded(google: Emulator, tmp_path: Path) -> Bench:
    return left_by_01(google, tmp_path)


def test_jobs_are_shown_right_and_none_twice(upgraded: Bench) -> None:
    """The first batches have neither guards nor a trace that this version wrote."""
    upgraded.shown(milestone(3, status="REJECTED", date_updated=LATER), milestone(6))
    rows = [row["Site ID"] for row in upgraded.texts()]
    assert sorted(rows) == sorted([*(uuid(number) for number in range(1, 7)), uuid(2)])
    assert upgraded.row(uuid(3))["Milestone 1"] == "Rejected"
    assert len(upgraded.texts("History")) == 7
    assert upgraded.compare() == 0
    assert upgraded.flush() == 0


def test_every_column_has_its_guard_and_no_mark_is_left(upgraded: Bench) -> None:
    """Marks cost quota for ever; without guards a moved column is written over."""
    upgraded.shown(milestone(3, status="REJECTED", date_updated=LATER))
    metadata = upgraded.google.sheets.spreadsheets[upgraded.spreadsheet].metadata.values()
    assert not [one for one in metadata if one.key.startswith("brightsheet.mark")]
    guarded = {one.value for one in metadata if one.key == GUARD_KEY}
    assert guarded >= {*upgraded.look().by_id, "header"}


def test_a_flagged_copy_is_a_row_of_its_job_again(upgraded: Bench) -> None:
    """It keeps what a person wrote into it, and from now on is kept right."""
    upgraded.shown(milestone(2, status="REJECTED", date_updated=LATER))
    rows = [row for row in upgraded.texts() if row["Site ID"] == uuid(2)]
    assert [row["Milestone 1"] for row in rows] == ["Rejected"] * 2
    assert [row.get("Mine") for row in rows] == [None, "the copy's own"]
    assert not [row for row in upgraded.texts() if row["Site ID"].startswith("Copy")]


def test_what_01_had_still_to_put_back_stands_in_recovered(upgraded: Bench) -> None:
    """Its rows were known by likeness: what is not certain is shown, and what stood there stays."""
    upgraded.flush()
    assert tuple(upgraded.rows("Recovered")[-1]) == HEADERS
    january, *lines = upgraded.texts("Recovered")
    assert january == {
        "When": "2026-01-05 10:00 UTC",
        "Row as it was": "a job of January",
        "Stood there": "what stood there in January",
    }
    told = {
        (one["Stood there"], one["Stands there now"], one.get("Row as it was", "")) for one in lines
    }
    assert told == {
        ("permit date", "Approved", "own 3"),
        ("on hold", "Rejected", "call the city | Rejected"),
    }
    assert upgraded.alerts == ["recovered"]
    upgraded.shown(milestone(3, status="REJECTED", date_updated=LATER))
    assert len(upgraded.texts("Recovered")) == 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_batch_that_01_left_in_doubt_is_settled(
    google: Emulator, tmp_path: Path, when: Literal["before", "after"]
) -> None:
    """Its trace says nothing any more: only the fence tells whether its lines stand there."""
    upgraded = left_by_01(google, tmp_path, when)
    upgraded.flush()
    assert upgraded.row(uuid(1))["Status"] == "Approved"
    lines = [(line["Site ID"], line["To"]) for line in upgraded.texts("History")]
    assert sorted(lines) == sorted(
        [(uuid(1), "Approved"), *((uuid(number), "Submitted") for number in range(1, 6))]
    )
    assert not upgraded.is_waiting()
    assert upgraded.compare() == 0


def test_new_numbers_of_the_pipeline_count_each_job_once(upgraded: Bench) -> None:
    """They refer to names that 0.1 gave, and stand beside its formulas."""
    upgraded.shown(milestone(2, definition=2, status="REJECTED", date_updated=LATER))
    lines = {line.pop("Milestone"): line for line in upgraded.texts("Pipeline")}
    assert len([row for row in upgraded.texts() if row["Site ID"] == uuid(2)]) == 2
    assert lines["Milestone 2"] == {"Jobs": "1", "Waiting": "0", "Rejected": "1"}
    assert lines["Milestone 1"] == {"Jobs": "4", "Waiting": "4", "Rejected": "0"}
