"""One table of fields: what makes cells, the shipped config and the page about columns agree."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.everbright.answers import read_customer
from sync.field_table import (
    ALIAS,
    DETAIL_IDS,
    FIELDS,
    JOB_FIELDS,
    MILESTONE_FIELDS,
    PER_MILESTONE,
    SITE_FIELDS,
    WEBHOOK_FIELDS,
    AtFirst,
    FieldEntry,
    FieldKind,
    entry_of,
)
from sync.jobs import job_cells
from sync.jobs.cells import Cell
from sync.jobs.model import Customer, Details, Files, Job
from sync.jobs.row import Layout
from sync.settings.config_file import CONFIG_FILE, Config, load_config
from sync.settings.everbright_config import EverBrightConfig
from tests.jobs.test_contracts import told
from tests.jobs.test_projection import an_event, job_of
from tests.jobs.test_row import ADDRESSES, CONFIG
from tests.laid_out import cells_of
from tests.made_up import ROOT, comment, document, task, uuid
from tests.webhooks.payloads import change_order, contract, stage

PAGE = ROOT / "docs" / "columns.md"
MILESTONE = uuid(30_001)
STEPS = [
    {"definitions": [MILESTONE], "header": "NTP"},
    {"definitions": [uuid(30_002)], "header": "PTO", "alias": "pto"},
]


def test_every_field_has_one_maker() -> None:
    makers = [*job_cells.CELLS, *job_cells.MILESTONE_CELLS, *DETAIL_IDS]
    assert sorted(makers) == sorted(FIELDS)


def test_the_docs_name_the_fields_of_the_data_access_layer() -> None:
    (told,) = re.findall(r"^(.*?) come from EverBright's Data", PAGE.read_text("utf-8"), re.M)
    headers = [FIELDS[field].header.partition(" (")[0].lower() for field in DETAIL_IDS]
    assert told.lower() == f"{', '.join(headers[:-1])} and {headers[-1]}"


def test_the_shipped_config_has_what_is_there_at_first() -> None:
    columns = {column.id: column.header for column in load_config(CONFIG_FILE).job_columns}
    on = [entry for entry in JOB_FIELDS if entry.at_first in (AtFirst.ON, AtFirst.FILLED)]
    assert columns == {entry.id: entry.header for entry in on}


def test_the_shipped_config_has_the_milestones_fields_that_are_on() -> None:
    """Only the docs read their `at_first`: the config decides."""
    shipped = {PER_MILESTONE.get(column.id) for column in load_config(CONFIG_FILE).columns}
    for entry in MILESTONE_FIELDS:
        at_first = AtFirst.ON if entry.id in shipped else AtFirst.OFF
        assert entry.at_first is at_first, f"{entry.id} has to be {at_first.name}"


def test_the_first_screen_has_what_a_rep_needs() -> None:
    columns = [column.id for column in load_config(CONFIG_FILE).columns]
    first = columns[: columns.index("milestones")]
    assert first == [
        "customer", "status", "days", "next_action", "last_change", "deadline", "rep", "phone",
    ]  # fmt: skip
    width = sum(FIELDS[column].width for column in first) + 2 * FIELDS["status:"].width
    assert width <= 1440 - _BESIDE
    assert sum(FIELDS[column].width for column in first[:3]) <= 390 - _BESIDE_ON_A_PHONE


_BESIDE, _BESIDE_ON_A_PHONE = 62, 20
"""Pixels that Sheets takes for the row numbers and the scroll bar."""


def test_the_examples_in_the_shipped_config_are_of_columns_that_are_off() -> None:
    example = re.compile(r'^# id = "(\w+)"\n# header = "(.*)"', re.MULTILINE)
    for column, header in example.findall(CONFIG_FILE.read_text("utf-8")):
        assert (FIELDS[column].header, FIELDS[column].at_first) == (header, AtFirst.OFF)


def test_a_metric_is_named_by_the_config_else_by_the_table() -> None:
    assert not EverBrightConfig.model_fields.keys() & set(DETAIL_IDS)
    assert EverBrightConfig.model_validate({"deadline": ["x"]}).metrics("deadline") == ("x",)
    for column in DETAIL_IDS:
        assert EverBrightConfig().metrics(column) == FIELDS[column].metrics


@pytest.mark.parametrize("entry", SITE_FIELDS, ids=lambda entry: entry.id)
def test_a_value_of_the_site_is_read_stored_and_shown(entry: FieldEntry) -> None:
    """Also one that `Customer` doesn't declare, because no other code needs it."""
    tree: dict[str, Any] = {"uuid": uuid(1)} | nested(entry.site_key, VALUES[entry.kind])
    tree["contacts"] = [tree.pop("contact", {})]
    customer = read_customer(tree)
    stored = Customer.model_validate_json(customer.model_dump_json(exclude_defaults=True))
    cells = cells_of(Layout(CONFIG, ADDRESSES), known_job(), Files(), stored, fields=[entry.id])
    assert IS_OF_KIND[entry.kind](cells[entry.id])


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return objects with `value` at the keys in `path`, one for each level."""
    key, _, rest = path.partition(".")
    return {key: nested(rest, value) if rest else value}


def known_job() -> Job:
    """Return a job with an event of every kind, whose first milestone was approved in the end."""
    said: dict[str, Any] = {
        "comments": [comment("Well.", "2026-03-01T00:00:00Z")],
        "assigned_to": PERSON,
    }
    re_sign = task(document(1, "Permit.pdf"), name="Re-sign", status="APPROVED")
    statuses = ("SUBMITTED", "REJECTED", "APPROVED")
    events = [
        an_event(status=status, date_updated=f"2026-03-0{day}T00:00:00Z", tasks=[re_sign], **said)
        for day, status in enumerate(statuses, 1)
    ]
    events.append(an_event(definition=2, status="INPROG", assigned_to=PERSON))
    others = [
        stage("Sold", "New", **nested(entry.webhook_key, VALUES[entry.kind]))
        for entry in WEBHOOK_FIELDS
    ]
    return told(contract(), change_order(), stage("Sold", "New"), *others, job=job_of(*events))


def cells() -> dict[str, Cell]:
    """Return the cells of every field of a job of which everything is known."""
    tree = CONFIG.model_dump() | {"milestones": STEPS}
    details = [{"id": column, "header": column} for column in DETAIL_IDS]
    config = Config.model_validate(tree | {"columns": [*tree["columns"], *details]})
    values = {
        metric.replace(ALIAS, "pto"): VALUES[FIELDS[column].kind]
        for column in DETAIL_IDS
        for metric in FIELDS[column].metrics
    }
    of_the_site = {entry.id: VALUES[entry.kind] for entry in SITE_FIELDS}
    customer = Customer.model_validate({"name": "Some text", "address": "Some text"} | of_the_site)
    return cells_of(
        Layout(config, ADDRESSES),
        known_job(),
        Files(folder="https://drive.example/f"),
        customer,
        Details(values=values),
        [field + MILESTONE if field.endswith(":") else field for field in FIELDS],
    )


PERSON = {"first_name": "Ben", "last_name": "Cole"}
VALUES = {
    FieldKind.TEXT: "Some text",
    FieldKind.STATUS: "IN_REVIEW",
    FieldKind.DATE: "2026-03-05",
    FieldKind.NUMBER: "7.25",
}
IS_OF_KIND: dict[FieldKind, Callable[[Cell], object]] = {
    FieldKind.TEXT: lambda cell: cell.text,
    FieldKind.STATUS: lambda cell: cell.text and cell.text != cell.text.upper(),
    FieldKind.DATE: lambda cell: cell.when and cell.when > datetime(2026, 1, 1, tzinfo=UTC),
    FieldKind.NUMBER: lambda cell: cell.number is not None or (cell.is_age and cell.when),
    FieldKind.LINKS: lambda cell: cell.links,
    FieldKind.UUID: lambda cell: re.fullmatch(r"[0-9a-f-]{36}", cell.text),
}
CELLS = cells()


@pytest.mark.parametrize("field", FIELDS)
def test_a_cell_is_of_its_fields_kind(field: str) -> None:
    column = field + MILESTONE if field.endswith(":") else field
    assert column in CELLS, "it is blank; does `known_job` have its value?"
    assert IS_OF_KIND[entry_of(column).kind](CELLS[column]), CELLS[column]
