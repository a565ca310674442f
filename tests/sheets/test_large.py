"""A large sheet that people have rearranged is right after every job has changed.

With LARGE=5000 it is the size that is promised; small, the same is done to fewer rows.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more

JOBS = int(os.environ.get("LARGE", "400"))
STEPS = 11
OWN = ("Install date", "PTO date", "Salesperson", "Roof")


def configured(folder: Path) -> Path:
    """Eleven steps: with the four unmanaged columns the sheet has 40 columns and more."""
    steps = (
        f'[[milestones]]\ndefinitions = ["{uuid(30_000 + n)}"]\nheader = "Step {n}"\n'
        for n in range(1, STEPS + 1)
    )
    return with_more(folder, "\n".join(["", *steps]))


def event(job: int, day: int, status: str) -> dict[str, Any]:
    at = f"2026-03-{day:02d}T10:00:00Z"
    return milestone(job, 1 + job % STEPS, status=status, date_updated=at)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_large_sheet_that_people_rearranged(
    google: Emulator, sqlite_url: str, tmp_path: Path
) -> None:
    bench = Bench(google, sqlite_url, configured(tmp_path))
    bench.setup().provision(bench.spreadsheet)
    bench.shown(*(event(job, 1, "SUBMITTED") for job in range(1, JOBS + 1)))
    lots = random.Random(5)
    rearrange(bench, lots)
    before = people_s(bench)
    notes = notes_by_site(bench)
    calls = bench.shown(*(event(job, 2, "APPROVED") for job in range(1, JOBS + 1)))
    print(f"{JOBS} jobs, {len(before[uuid(1)]) + 37} columns: {calls} calls of Sheets'")
    assert bench.compare() == 0
    assert {row["Site ID"] for row in bench.texts()} == {uuid(n) for n in range(1, JOBS + 1)}
    assert len(bench.texts()) == JOBS
    assert people_s(bench) == before
    assert {site: note for site, note in notes_by_site(bench).items() if "call" in note} == {
        site: note for site, note in notes.items() if "call" in note
    }
    headers = list(bench.rows()[0])
    assert "Where we are" in headers
    assert "Next action" not in headers
    assert {row["Step 1"] for row in bench.texts() if "Step 1" in row} == {"Approved"}
    done = sum(1 + job % STEPS == STEPS for job in range(1, JOBS + 1))
    assert sum(int(row["Open jobs"]) for row in bench.texts("Pipeline")) == JOBS - done


def rearrange(bench: Bench, lots: random.Random) -> None:
    """Do to the tab what people do in a year."""
    for place, title in zip((1, 5, 9, 30), OWN, strict=True):
        bench.edit("insert_columns", index=place)
        bench.edit("type_cell", row=0, column=place, text=title)
    for _ in range(12):
        count = bench.tab("Jobs", "properties(gridProperties)")["properties"]["gridProperties"]
        column, to = (lots.randrange(count["columnCount"]) for _ in range(2))
        if column != to:
            bench.edit("move_column", column=column, to=to)
    headers = list(bench.rows()[0])
    bench.edit("rename_header", column=headers.index("Next action"), text="Where we are")
    bench.edit("hide_columns", index=headers.index("Initial quote"))
    own = [headers.index(title) for title in OWN]
    for row in lots.sample(range(1, JOBS + 1), JOBS // 8):
        bench.edit("type_cell", row=row, column=lots.choice(own), text=f"mine {row}")
    for row in lots.sample(range(1, JOBS + 1), JOBS // 20):
        bench.edit("add_note", row=row, column=headers.index("Status"), text=f"call {row}")
        step = headers.index(f"Step {lots.randrange(1, STEPS + 1)}")
        bench.edit("add_note", row=row, column=step, text=f"call {row}, too")
    bench.edit("sort", column=headers.index("Site ID"), ascending=False)
    bench.edit("insert_rows", index=0, count=2)
    bench.edit("sort", column=headers.index("Phone"))


def people_s(bench: Bench) -> dict[str, dict[str, str]]:
    fields = "data(rowData(values(formattedValue)))"
    data = bench.tab("Jobs", fields)["data"][0]["rowData"]
    rows = [[cell.get("formattedValue", "") for cell in row.get("values", ())] for row in data]
    (header,) = [row for row in rows if "Site ID" in row]
    key, own = header.index("Site ID"), [header.index(title) for title in OWN]
    return {
        row[key]: {header[i]: row[i] for i in own if i < len(row)}
        for row in rows
        if key < len(row) and row is not header and row[key]
    }


def notes_by_site(bench: Bench) -> dict[str, str]:
    """The notes of each job's row, in the order of the columns' titles."""
    data = bench.tab("Jobs", "data(rowData(values(formattedValue,note)))")["data"][0]["rowData"]
    rows = [row.get("values", ()) for row in data]
    titles = next(
        texts
        for row in rows
        if "Site ID" in (texts := [cell.get("formattedValue", "") for cell in row])
    )
    key = titles.index("Site ID")
    found: dict[str, str] = {}
    for row in rows:
        if key < len(row) and (site := row[key].get("formattedValue")):
            noted = sorted(
                (titles[i], cell["note"]) for i, cell in enumerate(row) if "note" in cell
            )
            found[site] = "; ".join(f"{title}: {note}" for title, note in noted if "call" in note)
    return found
