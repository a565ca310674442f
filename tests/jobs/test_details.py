"""Tests the answers of the Data Access Layer, and the cells that are made from them."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import BrightsheetError, Permanent
from sync.everbright import answers
from sync.field_table import DETAIL_IDS
from sync.jobs import files
from sync.jobs.cells import EMPTY
from sync.jobs.details import DetailColumns
from sync.jobs.model import Customer, Details
from sync.settings.config_file import Config
from sync.sheets import encode
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.made_up import uuid

SHOWN = Config.model_validate(
    CONFIG.model_dump()
    | {
        "columns": [{"id": one, "header": one} for one in ("site_id", *sorted(DETAIL_IDS))],
        "milestones": [{"definitions": [uuid(30_001)], "header": "NTP", "alias": "ntp"}],
    }
)
COLUMNS = DetailColumns(SHOWN)
JOB = job_of(an_event())
METRICS = COLUMNS.metrics_for(JOB)
ZONES = [ZoneInfo(name) for name in ("Pacific/Honolulu", "UTC", "Asia/Tokyo")]
TEXTS = st.text(max_size=30) | st.dates().map(str) | st.datetimes().map(str) | st.floats().map(str)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(TEXTS)
def test_any_text_of_a_metric_makes_a_valid_cell(text: str) -> None:
    found = COLUMNS.cells(JOB, Details(values=dict.fromkeys(METRICS, text)))
    for cell in found.values():
        assert cell != EMPTY
        for zone in ZONES:
            encode.encoded(cell, zone)


@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_a_day_is_the_same_in_every_zone(day: date) -> None:
    details = Details(values={"milestone_ntp_submission_deadline": str(day)})
    cell = COLUMNS.cells(JOB, details)["deadline"]
    assert len({encode.number(cell, zone) for zone in ZONES}) == 1
    assert cell.when is not None
    assert cell.when.date() == day


@given(st.dictionaries(st.sampled_from(METRICS), JSON) | JSON, st.integers() | st.none())
def test_any_answer_is_read_or_raises_an_error(data: Any, status: Any) -> None:
    for tree in (data, {"data": data}, {"data": [data], "status_code": status}):
        try:
            found = answers.read_details(tree, METRICS, SHOWN.everbright.no_value)
        except BrightsheetError as error:
            assert error.reason in ("everbright_odd", "everbright_missing")
        else:
            assert found.keys() <= set(METRICS)
            assert all(isinstance(text, str) for text in found.values())


def test_a_refusal_in_the_body_is_recognized() -> None:
    with pytest.raises(Permanent) as caught:
        answers.read_details({"status_code": 404, "messages": {}, "data": []}, METRICS, "x^")
    assert caught.value.reason == "everbright_missing"


def test_a_deadline_needs_the_milestones_alias_only_if_its_metric_contains_it() -> None:
    without = SHOWN.model_dump()
    without["milestones"] = []
    assert "milestone_ntp_submission_deadline" in METRICS
    assert not any("deadline" in one for one in DetailColumns(Config(**without)).metrics_for(JOB))
    without["everbright"]["deadline"] = ["current_milestone_submission_deadline"]
    asked = DetailColumns(Config(**without)).metrics_for(JOB)
    assert "current_milestone_submission_deadline" in asked


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        (Customer(), "Job 00000000"),
        (Customer(city="Cedar Flats"), "Job 00000000"),
        (Customer(name="Ada Alder"), "Ada Alder"),
        (Customer(name="Ada Alder", city="Cedar Flats"), "Ada Alder, Cedar Flats"),
    ],
)
def test_a_folder_is_named_after_what_is_known_of_a_customer(customer: Customer, name: str) -> None:
    assert files.folder_name(uuid(1), customer) == name
    long = customer.model_copy(update={"name": "A" * 500})
    assert len(files.folder_name(uuid(1), long)) == 200
