"""The columns that the Data Access Layer fills: odd values, days, the view of deadlines."""

from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.made_up import milestone
from tests.sheets.conftest import with_more
from tests.sheets.test_details import COLUMNS, DEADLINE, QUOTE, SET, STEPS, ask, cells

pytestmark = pytest.mark.long


@pytest.fixture
def asking_all(google: Emulator, sqlite_url: str, tmp_path: Path) -> Bench:
    google.everbright.token = "a-token"
    google.everbright.data.set(QUOTE, **SET)
    config = with_more(tmp_path, COLUMNS + STEPS)
    more = {"EVERBRIGHT_API_TOKEN": "a-token", "TIMEZONE": "America/Los_Angeles"}
    return Bench(google, sqlite_url, config, **more)


def shown(bench: Bench, header: str, metric: str, values: list[Any]) -> list[str]:
    jobs = [milestone(number) for number, _ in enumerate(values, 1)]
    for job, value in zip(jobs, values, strict=True):
        bench.google.everbright.data.set(job["quote"], **{metric: value})
    bench.shown(*jobs)
    ask(bench)
    bench.flush()
    return [bench.row(job["site"]).get(header, "") for job in jobs]


def test_an_odd_value_is_shown_unchanged(asking_all: Bench) -> None:
    given = [12, "about 8", "NaN", ["8.4", None, 3], {"kw": 8}, "=1+1", True, "None"]
    expected = ["12", "about 8", "NaN", "8.4, 3", "", "=1+1", "Yes", ""]
    assert shown(asking_all, "System size", "system_capacity_kw", given) == expected


DAYS = {
    "2026-04-01": "4/1/2026",
    "04/01/2026": "4/1/2026",
    "2026-04-01T06:30:00Z": "3/31/2026",  # the evening before, in California
    "0001-01-01": "0001-01-01",
    "9999-12-31T23:59:59-08:00": "9999-12-31T23:59:59-08:00",
    "soon": "soon",
}


def test_a_deadline_without_a_time_is_a_day(asking_all: Bench) -> None:
    found = shown(asking_all, "Deadline", DEADLINE.format("ntp"), list(DAYS))
    assert found == list(DAYS.values())


def test_init_adds_columns_and_views_to_a_sheet(asking_all: Bench, tmp_path: Path) -> None:
    asking_all.configured(with_more(tmp_path, ""))
    asking_all.shown(milestone(1))
    asking_all.configured(with_more(tmp_path, COLUMNS + STEPS))
    setup = asking_all.setup()
    assert "column 'Sales rep': created" in setup.provision(asking_all.spreadsheet)
    ask(asking_all)
    asking_all.flush()
    assert "Deadline" in cells(asking_all), "it appears with the first job that has one"
    assert "filter view 'Deadlines': created" in setup.provision(asking_all.spreadsheet)
    assert setup.provision(asking_all.spreadsheet) == []
