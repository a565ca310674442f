"""The pages of a mapped sheet: doubtful rows are settled, and what is wanted besides is added."""

import re

import pytest

from emulator import Emulator
from sync.sheets.ids import COLUMN_KEY, WORDS_KEY
from sync.sheets.sheet_requests import metadata
from tests.boards import two_tab_board
from tests.boards.console.forms import Form
from tests.boards.console.test_mapping import plain
from tests.boards.test_link import doubtful, waiting
from tests.boards.two_tab_board import INSTALLED, OPEN
from tests.console.conftest import Console
from tests.made_up import milestone, uuid

ROWS, EXTRAS, UNMAP = "/mapping/rows", "/mapping/extras", "/mapping/unmap"


@pytest.fixture
def console(google: Emulator, sqlite_url: str) -> Console:
    google.everbright.token = "a-token"
    made = Console(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token")
    doubtful(made.bench)
    made.signed_in()
    return made


def listed(console: Console) -> Form:
    return Form(console.visitor.send(ROWS, ROWS, step="look").text, "rows")


@pytest.mark.long
def test_a_doubtful_row_is_settled_by_looking_at_it(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    form = listed(console)
    assert "Ada Number1" in form.page and "mine 2" in form.page
    assert f"/jobs/{uuid(1)}" in form.page and "Milestone 1 under review" in form.page
    name = f"row:{uuid(1)}"
    _, second, none, keeps = form.offered[name]
    assert (none, keeps) == ("none", "") and second.startswith("Open jobs!5#")
    assert form.choose(name, second).answer(visitor, ROWS, step="link").status_code == 303
    assert "1 row was matched. You can delete Open jobs!7" in plain(visitor.text(ROWS))
    bench.flush()
    (row,) = two_tab_board.of_site(bench, 1)
    assert row["Note to self"] == "mine 2"
    assert "No job is waiting for your answer" in plain(visitor.send(ROWS, ROWS, step="look").text)
    assert [each.name for each in console.actions.latest(1)] == ["link"]


@pytest.mark.long
def test_a_job_that_has_none_of_the_rows_is_not_asked_about_again(console: Console) -> None:
    visitor, bench, name = console.visitor, console.bench, f"row:{uuid(1)}"
    form = listed(console).choose(name, "none")
    assert "It keeps row 7 of Open jobs" in plain(form.page)
    assert form.answer(visitor, ROWS, step="link").status_code == 303
    assert "1 job gets a row of its own" in plain(visitor.text(ROWS))
    page = visitor.send(ROWS, ROWS, step="look").text
    assert "Jobs for which you chose none of your rows: 1" in plain(page)
    assert "Save these answers" not in page
    bench.flush()
    assert len(two_tab_board.texts(bench)) == 4
    form = Form(page, "rows")
    form = form.choose(name, form.offered[name][1])
    assert form.answer(visitor, ROWS, step="link").status_code == 303
    bench.flush()
    (row,) = two_tab_board.of_site(bench, 1)
    assert row["Note to self"] == "mine 2"


@pytest.mark.long
def test_a_job_that_waits_is_answered_on_the_page(google: Emulator, sqlite_url: str) -> None:
    google.everbright.token = "a-token"
    console = Console(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token")
    waiting(console.bench)
    visitor, bench = console.signed_in(), console.bench
    assert "1 job waits for your answer." in plain(visitor.text("/mapping"))
    tabs = Form(visitor.text(visitor.send("/mapping", "/mapping").location), "mapping")
    page = plain(
        tabs.check("tab", str(OPEN), str(INSTALLED)).send(visitor, "/mapping", step="preview").page
    )
    assert "1 job looks like a row of yours" in page and "added after 24 hours" in page
    assert f"Job {uuid(1)[:8]} : " in page
    form = listed(console)
    assert ". It gets a row of its own" in plain(form.page)
    assert (
        form.choose(f"row:{uuid(1)}", "none").answer(visitor, ROWS, step="link").status_code == 303
    )
    assert "waits for your answer" not in plain(visitor.text("/mapping"))
    bench.flush()
    assert [row["Customer"] for row in two_tab_board.of_site(bench, 1)] == ["Ada Number1"]


@pytest.mark.long
def test_a_row_that_moved_since_it_was_looked_at_is_not_taken(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    form = listed(console)
    writes = bench.writes()
    bench.edit("move_row", sheet_id=OPEN, row=3, to=5)
    form = form.choose(f"row:{uuid(1)}", form.offered[f"row:{uuid(1)}"][0])
    form = form.send(visitor, ROWS, step="link")
    assert f"in the list for Ada Number1 (job {uuid(1)[:8]}) now." in plain(form.page)
    (action,) = console.actions.latest(1)
    assert uuid(1) in action.result and "Ada" not in action.result
    assert bench.writes() == writes


@pytest.mark.long
def test_what_is_wanted_is_added_and_nothing_else(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    assert visitor.send(EXTRAS, EXTRAS, extra="pipeline").status_code == 303
    assert "Tab 'Pipeline': created" in plain(visitor.text(EXTRAS)).replace("&#39;", "'")
    assert visitor.send(EXTRAS, EXTRAS, extra="views").status_code == 303
    titles = [tab["properties"]["title"] for tab in bench.book("sheets(properties)")["sheets"]]
    assert "Pipeline" in titles and "History" not in titles
    assert visitor.send(EXTRAS, EXTRAS, extra="pipeline").status_code == 303
    assert "There is nothing to add" in visitor.text(EXTRAS)
    assert [each.name for each in console.actions.latest(1)] == ["add pipeline"]


@pytest.mark.long
def test_missing_words_are_listed_where_words_are_chosen(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    bench.shown(milestone(1, status="REJECTED", date_updated="2099-01-01T00:00:00Z"))
    bench.compare()
    overview = visitor.text("/")
    assert 'href="/findings#missing_words"' in overview
    assert "brightsheet map" not in overview and "compare --json" not in overview
    page = plain(visitor.text("/findings"))
    missing = "Open jobs, Permit: “Rejected”, 1 cell"
    assert missing in page and "Choose options" in page
    assert missing in plain(visitor.text("/mapping"))
    tabs = Form(visitor.text(visitor.send("/mapping", "/mapping").location), "mapping")
    tabs = tabs.check("tab", str(OPEN), str(INSTALLED))
    assert missing in plain(tabs.send(visitor, "/mapping", step="columns").page)


@pytest.mark.long
def test_a_comparison_is_not_called_the_first_after_another_mapping(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    bench.compare()
    assert re.search(r"Last compared \d+ seconds? ago", plain(visitor.text("/")))
    with bench.held() as held:
        bench.store.spreadsheet.set_mapped(held, (OPEN, INSTALLED), ())
    assert "Last compared not since the mapping" in plain(visitor.text("/"))
    assert "The next comparison hasn’t finished yet." in plain(visitor.text("/findings"))


@pytest.mark.long
def test_a_job_without_a_row_is_called_by_its_customer(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    bench.edit("delete_rows", sheet_id=OPEN, index=6)
    bench.compare()
    assert "Ada Number1" not in visitor.text("/")
    visitor.send("/personal", show="yes")
    assert "overwritten: Ada Number1." in plain(visitor.text("/"))


@pytest.mark.long
def test_a_value_that_is_no_status_is_added_to_the_drop_down(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    place = OPEN, "COLUMNS", two_tab_board.places(bench)["Crew"]
    bench.do(
        metadata(COLUMN_KEY, "current_milestone", *place),
        metadata(WORDS_KEY, '{"Design": "Design"}', *place),
    )
    bench.shown(milestone(1, status="APPROVED", date_updated="2099-01-01T00:00:00Z"))
    bench.compare()
    page = plain(visitor.text("/findings"))
    assert "Open jobs, Crew: “Milestone 1”, 1 cell" in page and "Choose options" not in page


@pytest.mark.long
def test_typed_words_are_listed_beside_the_boards_word_and_kept(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    permit = two_tab_board.places(bench)["Permit"]
    bench.edit("type_cell", sheet_id=OPEN, row=6, column=permit, text="Sent back")
    bench.compare()
    assert "1 cell differs from EverBright." in plain(visitor.text("/"))
    visitor.send("/personal", show="yes")
    page = plain(visitor.text("/findings"))
    assert "Keep mine" in page
    assert "shows “Sent back”, EverBright says “Waiting”" in page
    (items,) = bench.store.findings.listed(9).values()
    asked = visitor.text(f"/actions/dismiss?id={items[0].item}&next=/findings")
    assert "changes nothing else" in plain(asked)
    assert visitor.send("/actions/dismiss", id=items[0].item).status_code == 303
    bench.compare()
    bench.flush()
    assert "differs from EverBright" not in plain(visitor.text("/"))
    (row,) = two_tab_board.of_site(bench, 1)
    assert row["Permit"] == "Sent back"
    bench.shown(milestone(1, status="APPROVED", date_updated="2099-01-01T00:00:00Z"))
    (row,) = two_tab_board.of_site(bench, 1)
    assert row["Permit"] == "OK", "an event of the milestone is news"
    happened = plain(visitor.text(f"/jobs/{uuid(1)}")).partition("What happened")[2]
    assert "Permit, typed in the sheet: Sent back → OK" in happened
    visitor.send("/personal", show="no")
    assert "Sent back" not in visitor.text(f"/jobs/{uuid(1)}")


def test_a_tab_is_unmapped_and_its_cells_stay(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    page = plain(visitor.send(UNMAP, UNMAP).text)
    assert "adds a row for it in Open jobs" in page and "in Installed" in page
    before = two_tab_board.texts(bench, OPEN), two_tab_board.texts(bench, INSTALLED)
    bench.edit("rename_tab", sheet_id=INSTALLED, title="Installs")
    page = plain(visitor.send(UNMAP, UNMAP, tab="Installed").text)
    assert "There are: Open jobs, Installs." in page, "it was renamed since it was listed"
    assert visitor.send(UNMAP, UNMAP, tab="Installs").status_code == 303
    page = plain(visitor.send(UNMAP, UNMAP).text)
    assert "Unmap Open jobs" in page and "Installs" not in page
    assert "No other tab is mapped" in page
    assert (two_tab_board.texts(bench, OPEN), two_tab_board.texts(bench, INSTALLED)) == before


@pytest.mark.long
def test_a_job_has_everbrights_values_by_the_headers_of_the_sheet(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    header = two_tab_board.HEADERS.index("Permit OK on")
    bench.edit("type_cell", sheet_id=OPEN, row=2, column=header, text="EB yes")
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T10:00:00Z"))
    page = plain(visitor.text(f"/jobs/{uuid(1)}"))
    cells = page.partition("EverBright’s values for your columns")[2]
    for text in ("Customer ***", "Permit Approved", "EB yes / Permit OK on 3/5/2026"):
        assert text in cells
    assert "History" not in page.partition("What happened")[2], "the sheet has no such tab"
