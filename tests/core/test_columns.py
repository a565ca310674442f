"""The columns of *Jobs* that the config adds, with values of EverBright's answer about the site."""

from datetime import UTC
from typing import Any

import pytest

from sync.columns import job_columns
from sync.core.cells import readable
from sync.core.events import Job
from sync.core.job_rows import site_columns
from sync.core.layout import Layout, Links
from sync.core.standing import Statuses
from sync.core.store import JobRow
from sync.settings.config_file import CONFIG_FILE, ColumnConfig, Config, load_config
from tests.core.test_standing import TODAY

_CONFIG = load_config(CONFIG_FILE)


def config(**column: Any) -> Config:
    return _CONFIG.model_copy(update={"columns": (ColumnConfig(**column),)})


def headers(changed: Config) -> list[str]:
    found = job_columns({"d": "Permits"}, ["d"], ["address"], site_columns(changed))
    return [column.header for column in found]


@pytest.mark.parametrize(
    ("after", "before"),
    [("phone", "Phone"), ("milestones", "Permits"), ("documents", "Permits documents")],
)
def test_a_column_of_the_config_is_where_the_config_puts_it(after: str, before: str) -> None:
    found = headers(config(id="size", header="kW", site_key="system.size", after=after))
    assert found[found.index(before) + 1] == "kW"


@pytest.mark.parametrize("after", ["", "email"])
def test_a_column_whose_neighbor_is_not_made_is_the_last_that_is_shown(after: str) -> None:
    found = headers(config(id="size", header="kW", site_key="system.size", after=after))
    assert found[found.index("kW") + 1] == "Quote"


def test_the_rep_of_the_config_is_no_second_column() -> None:
    assert headers(config(id="rep", site_key="sales_rep")).count("Rep") == 1


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("number", "$12,500.50", "12500.5"),
        ("number", "about 8", "about 8"),
        ("number", "nan", "nan"),
        ("date", "2026-11-27T10:00:00Z", "46353"),
        ("date", "soon", "soon"),
        ("text", "0123", "0123"),
    ],
)
def test_a_value_is_a_number_or_a_date_if_the_config_says_so(
    kind: str, value: str, shown: str
) -> None:
    changed = config(id="size", header="kW", site_key="system.size", kind=kind)
    links = Links("https://e.test", has_copies=False, has_customers=False)
    row = JobRow("site", Job(), {"size": value}, True, "", 0.0, 1, 1, 0, "new")
    cells = Layout(Statuses(changed), UTC, links).row(row, TODAY)
    assert readable(cells["size"]) == shown
