"""What the first build with these tables has stored and this one uses is read by it."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from sync.jobs.cells import Cell
from sync.jobs.model import Change, Customer, Details, Job
from sync.sheets.batch import Trace
from sync.sheets.undo import Undo
from sync.store.sheet_state import ReadColumns, Trial

MODELS: dict[str, Any] = {
    "change": Change,
    "customer": Customer,
    "detail": Details,
    "job": Job,
    "read_columns": ReadColumns,
    "trial": Trial,
    "undo": Undo,
    "written": dict[str, Cell],
}
STORED = json.loads((Path(__file__).parent / "first_dev18.json").read_text())


@pytest.mark.parametrize("kind", MODELS)
def test_every_stored_key_is_read(kind: str) -> None:
    """A key of another name would be ignored: a renamed field needs the old name as an alias."""
    model = TypeAdapter(MODELS[kind])
    read = model.validate_json(json.dumps(STORED[kind]), extra="forbid")
    assert model.validate_json(model.dump_json(read), extra="forbid") == read


def test_an_attempt_of_the_first_build_is_not_read() -> None:
    """It identifies rows in another way: its jobs are written again."""
    with pytest.raises(ValidationError):
        Trace.model_validate(STORED["trace"])
