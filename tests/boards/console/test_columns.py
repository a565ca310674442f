"""What the console says of a board's columns, and what it offers for their words."""

import pytest

from sync.boards.mapping.choices import Choices
from sync.boards.mapping.decide import TabDecider
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab import CellKind, SeenCell
from sync.console.boards.mapping_form import MappingForm
from sync.console.boards.mapping_views import FieldOffers
from tests.boards import two_tab_board
from tests.boards.console.forms import Form
from tests.boards.mapping.seen import PERMIT, fields, tab
from tests.boards.mapping.stand import area
from tests.console.conftest import Console
from tests.made_up import milestone, uuid

pytestmark = pytest.mark.long


def test_a_deleted_mapped_column_is_restored_or_mapped_again(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    two_tab_board.map_tabs(bench)
    bench.wiring.heartbeats.give()
    bench.shown(milestone(1))
    bench.edit(
        "delete_columns", sheet_id=two_tab_board.OPEN, index=two_tab_board.HEADERS.index("Permit")
    )
    bench.compare()
    overview, columns = visitor.text("/"), visitor.text("/columns")
    assert "1 mapped column is missing." in overview
    assert "Version history" in overview
    assert "put-back" not in overview + columns
    assert "Choose another column" in columns


def test_an_unknown_choice_is_reported_and_not_written(console: Console) -> None:
    visitor = console.signed_in()
    two_tab_board.make(console.bench, [two_tab_board.line(1)], [])
    writes = console.bench.writes()
    tabs = visitor.send("/mapping").location
    visitor.send(tabs, **{"tab": "0", "title:0": "Open jobs", "header:0": "3"})
    columns = tabs.replace("/tabs", "/columns")
    page = visitor.send(columns, step="write", **{"field:0:1:crew": "<b>no field</b>"}).text
    assert "is no field" in page
    assert "<b>no field" not in page
    assert console.bench.writes() == writes


def test_a_job_whose_status_has_no_word_is_not_called_up_to_date(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    two_tab_board.map_tabs(bench)
    bench.shown(milestone(1), milestone(2))
    later = "2026-04-01T00:00:00Z"
    bench.shown(milestone(1, status="REJECTED", date_updated=later))
    job, other = visitor.text(f"/jobs/{uuid(1)}"), visitor.text(f"/jobs/{uuid(2)}")
    assert "The row doesn’t show everything" in job
    assert "Open jobs, Permit." in job and "Waiting" not in job
    assert "The row is up to date" in other
    bench.compare()
    assert "The row doesn’t show everything" in visitor.text(f"/jobs/{uuid(1)}")
    bench.shown(milestone(1, status="APPROVED", date_updated=later.replace("-01T", "-02T")))
    assert "The row is up to date" in visitor.text(f"/jobs/{uuid(1)}")


def test_an_option_with_two_spaces_can_be_chosen(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    bench.send(milestone(1, name="Permit"))
    drop_down = bench.book("sheets(data(rowData(values(dataValidation))))")["sheets"][0]["data"][0]
    index = two_tab_board.HEADERS.index("Permit")
    rule = drop_down["rowData"][two_tab_board.HEADER_ROW + 1]["values"][index]["dataValidation"]
    rule["condition"]["values"].append({"userEnteredValue": "Kicked  back"})
    bench.do({"setDataValidation": {"range": area(0, index, 3, 4), "rule": rule}})
    tabs = Form(visitor.text(visitor.send("/mapping").location), "mapping").check("tab", "0")
    form = tabs.send(visitor, "/mapping", step="columns")
    *_, name = (n for n in form.offered if n.startswith("word:0:1:permit:") and "Canceled" in n)
    form = form.choose(name, "Kicked  back").send(visitor, "/mapping", step="columns")
    assert form.values[name] == "Kicked  back"


def test_every_word_of_a_column_about_the_whole_job_is_offered() -> None:
    words = ["Permit in", "Permit OK", "Design sent", *(f"Crew {n}" for n in range(30))]
    seen = tab(("Client", "Phone", "Stage"), *(("Ada", "303-555-0101", word) for word in words))
    mapping = TabDecider(fields(), Choices(), "robot").decide(seen, None)
    stage = FieldOffers(fields()).tab(mapping, MappingForm()).columns[2]
    assert stage.field == "progress"
    assert [step.word for step in stage.rule_rows] == words


def test_a_stages_words_outlast_a_mapping_without_their_options() -> None:
    words = {"new": "Sold", f"{PERMIT}:APPROVED": "Permit OK"}
    stored = StoredMapping(0, {2: "progress"}, {2: words})
    without_list = SeenCell("Sold", CellKind.TEXT, ())
    seen = tab(("Client", "Phone", "Stage"), ("Ada", "303-555-0101", without_list))
    offers, form = FieldOffers(fields()), MappingForm((("field:0:1:stage", "progress"),))
    view = offers.tab(TabDecider(fields(), Choices(), "robot").decide(seen, stored), form)
    decider = TabDecider(fields(), offers.choices(view, form), "robot")
    again = decider.decide(seen, stored).columns[2].words
    assert again is not None and again.stored == words
