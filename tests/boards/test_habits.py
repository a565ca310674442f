"""How a column is written, which may change, and what Brightsheet wrote before stays its own."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from sync.actions import compare
from sync.boards import link
from sync.boards.habits import date_pattern
from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.reconcile import differences
from sync.store.schema import customer
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.grids import BOARD
from tests.boards.test_mapped import APPROVED, flushed
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, OPEN, line
from tests.made_up import milestone, uuid
from tests.sheets.grids import MAPPED_AT, table

FIRST = HEADER_ROW + 1
WHEN = datetime(2026, 3, 1, 18, tzinfo=UTC)


def text(value: str) -> dict[str, dict[str, str]]:
    return {"userEnteredValue": {"stringValue": value}}


def retype(bench: Bench, header: str, *texts: str) -> None:
    """Type into the first rows of a column."""
    where = {"sheet_id": OPEN, "column": HEADERS.index(header)}
    for row, typed in enumerate(texts, FIRST):
        bench.edit("type_cell", **where, row=row, text=f"'{typed}")


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["2/20/2026", "02/07/2026", "3/1/2026"], "{0.month}/{0.day}/{0.year}"),
        (["02/20/2026", "02/07/2026", "3/1/2026"], "{0:%m}/{0:%d}/{0.year}"),
        (["2/20/26", "2/7/26", "3/1/2026"], "{0.month}/{0.day}/{0:%y}"),
        (["12/20/2026"], "{0.month}/{0.day}/{0.year}"),
        (["2/20/2026", "soon"], ""),
        (["20/2/2026"], ""),
    ],
)
def test_a_date_is_written_as_most_of_its_column(texts: list[str], pattern: str) -> None:
    seen = table(columns={"x": 0}, cells={"x": {n: text(one) for n, one in enumerate(texts, 1)}})
    assert date_pattern(seen, "x") == pattern


def test_a_day_that_is_written_as_text_is_as_many_days_later() -> None:
    due = Cell(when=WHEN, is_day=True, days_later=30, pattern="{0.month}/{0.day}/{0.year}")
    assert encode.encoded(due, UTC) == text("3/31/2026")


def test_dates_that_were_written_before_are_not_typed(asking: Bench) -> None:
    known = [asking.customer(n)["E_mail"] for n in (1, 2)]
    rows = [line(n, E_mail=mail) for n, mail in enumerate(known, 1)]
    two_tab_board.make(asking, [*rows, line(8, Permit_OK_on="2/20/2026")], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, *(milestone(n, status="APPROVED") for n in (1, 2)))
    retype(asking, "Permit OK on", "03/01/2026", "3/1/2026", "02/07/2026")
    asking.compare()
    asking.flush()
    assert asking.compared.kept == []
    dates = [row["Permit OK on"] for row in two_tab_board.texts(asking)]
    assert dates == ["03/01/2026", "3/1/2026", "02/07/2026"], "none was written once more"


def test_a_name_that_was_written_before_is_corrected(asking: Bench) -> None:
    known = asking.customer(1)
    others = [line(n, Customer=f"Family{n}, Bo") for n in (10, 11, 12)]
    two_tab_board.make(asking, [line(1, Customer="", E_mail=known["E_mail"]), *others], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    names = [row["Customer"] for row in two_tab_board.texts(asking)]
    assert names[0] == "Number1, Ada"
    retype(asking, "Customer", names[0], *(f"Bo Family{n}" for n in (10, 11, 12)))
    asking.customer(1, last_name="Corrected")
    with asking.database.writing() as connection:
        connection.execute(update(customer).values(fetched_at=0.0))
    flushed(asking, milestone(1, **APPROVED))
    assert two_tab_board.texts(asking)[0]["Customer"] == "Ada Corrected"


def test_a_row_that_was_added_before_is_still_known_as_such(asking: Bench) -> None:
    asking.customer(1)
    others = [line(n, Customer=f"Family{n}, Bo") for n in (10, 11, 12)]
    two_tab_board.make(asking, others, [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    retype(asking, "Customer", "Ada Number1", "Bo Family11", "Bo Family12", "Number1, Ada")
    compare.compare(asking.wiring, lambda _: None)
    with asking.held() as held:
        (job,) = link.read_review(asking.flusher, held).jobs
    assert job.added
    assert job.added.name == "Open jobs!7"


@pytest.mark.parametrize("there", ["1 Elm St", "1 Elm St, Reno, NV 89501"])
@pytest.mark.parametrize("others", ["2 Oak Ave", "2 Oak Ave, Reno, NV 89501"])
def test_an_address_that_was_written_before_is_corrected(there: str, others: str) -> None:
    was, now = (
        Cell(text=f"{number} Elm St, Reno, NV 89501", other_texts=(f"{number} Elm St",))
        for number in (1, 3)
    )
    rows = {"address": {4: text(there), 5: text(others), 6: text(others)}}
    seen = table(
        keys={uuid(1): (4,)},
        columns={"address": 0, "city": 1, "site_id": 2},
        cells=rows | {"city": {}},
        mapped_at=MAPPED_AT,
    )
    job = Job(site=uuid(1))
    corrected = Target(job, {"address": now}, {"address": was})
    assert differences(BOARD, [seen], [corrected], UTC, ()).wrong == {uuid(1): {"address"}}
    same = Target(job, {"address": was}, {"address": was})
    assert differences(BOARD, [seen], [same], UTC, ()).wrong == {}
