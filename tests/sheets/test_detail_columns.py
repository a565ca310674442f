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


ODD: dict[str, tuple[Any, str]] = {
    "a number": (12, "12"),
    "a number in words": ("about 8", "about 8"),
    "not a number": ("NaN", "NaN"),
    "a list": (["8.4", None, 3], "8.4, 3"),
    "an object": ({"kw": 8}, ""),
    "a formula": ("=1+1", "=1+1"),
    "true": (True, "Yes"),
    "null as text": ("None", ""),
}


@pytest.mark.parametrize("value", ODD)
def test_an_odd_value_is_shown_unchanged(asking_all: Bench, value: str) -> None:
    given, shown = ODD[value]
    asking_all.google.everbright.data.set(QUOTE, system_capacity_kw=given)
    asking_all.shown(milestone(1))
    ask(asking_all)
    asking_all.flush()
    assert cells(asking_all)["System size"] == shown


DAYS = {
    "2026-04-01": "4/1/2026",
    "04/01/2026": "4/1/2026",
    "2026-04-01T06:30:00Z": "3/31/2026",  # the evening before, in California
    "0001-01-01": "0001-01-01",
    "9999-12-31T23:59:59-08:00": "9999-12-31T23:59:59-08:00",
    "soon": "soon",
}


@pytest.mark.parametrize("text", DAYS)
def test_a_deadline_without_a_time_is_a_day(asking_all: Bench, text: str) -> None:
    asking_all.google.everbright.data.set(QUOTE, **{DEADLINE.format("ntp"): text})
    asking_all.shown(milestone(1))
    ask(asking_all)
    asking_all.flush()
    assert cells(asking_all)["Deadline"] == DAYS[text]


def test_init_adds_columns_and_views_to_an_existing_sheet(
    asking_all: Bench, tmp_path: Path
) -> None:
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
