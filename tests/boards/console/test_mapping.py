"""A whole mapping on the console, with forms alone: on a board with headings, totals, own words."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from demo import board
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from emulator.everbright import made_up
from sync.boards.map_tabs import TabMapper
from sync.boards.mapping.choices import Choices
from sync.boards.mapping.words import StoredWords
from sync.boards.metadata import stored_mapping
from sync.boards.reader import BoardReader
from sync.errors import Permanent
from sync.store.schema import mapping_draft
from tests import databases
from tests.boards.console.forms import Form
from tests.console.conftest import Console, Visitor
from tests.made_up import DEMO_CONFIG, ROOT, milestone, uuid

ACTIVE, DONE = 0, 2027
BOTH = f"{ACTIVE}+{DONE}"
"""How the page names the tabs of a column that both have."""
SITES = [uuid(n) for n in range(1, 11)]
NTP, PERMIT = "Notice to Proceed", "Permits"
MAPPING = "/mapping"


@pytest.fixture
def console(google: Emulator, sqlite_url: str) -> Console:
    return with_board(google, sqlite_url)


def with_board(google: Emulator, url: str, config: Path = DEMO_CONFIG) -> Console:
    """Return the console of somebody with such a board, and with ten jobs that came."""
    google.everbright.token = "a-token"
    made = Console(google, url, config, EVERBRIGHT_API_TOKEN="a-token")
    board.fill(google, made.bench.spreadsheet, SITES)
    for job in range(1, 11):
        made.bench.send(milestone(job, 1, name=NTP), milestone(job, 2, name=PERMIT))
    made.signed_in()
    return made


def begun(visitor: Visitor) -> Form:
    return Form(visitor.text(visitor.send(MAPPING, MAPPING).location), "mapping")


def columns(visitor: Visitor) -> Form:
    form = begun(visitor).check("tab", str(ACTIVE), str(DONE))
    return form.send(visitor, MAPPING, step="columns")


def chosen(form: Form) -> Form:
    """Choose what the first two columns with lists show, each in its own words."""
    form.choose(f"field:{BOTH}:1:ntp", f"status:{NTP}")
    form.choose(f"field:{BOTH}:1:perm", f"status:{PERMIT}")
    for header, words in (("1:ntp", ("Sent", "OK")), ("1:perm", ("Applied", "Issued"))):
        for ours, his in zip(("Submitted", "Approved"), words, strict=True):
            form.choose(word(form, BOTH, header, ours), his)
    return form


def word(form: Form, tabs: str, header: str, ours: str) -> str:
    start, end = f"word:{tabs}:{header}:", f":{ours}"
    *_, name = (n for n in form.offered if n.startswith(start) and n.endswith(end))
    return name  # The milestone's are after those of the whole job.


def row_of(console: Console, job: int) -> Row:
    read = rows_in(console.bench.book(FIELDS), board.ACTIVE, board.HEADER_ROW)
    return next(row for row in read if "Site ID" in row and row["Site ID"].text == uuid(job))


def stored(console: Console) -> list[dict[str, tuple[str, StoredWords]]]:
    """Return the field and the words of each mapped column, by header, for each tab."""
    client = console.bench.wiring.flusher(lambda _: None).client
    found = []
    for tab in BoardReader(client).survey().tabs:
        if mapped := stored_mapping(tab):
            headers = tab.headers(mapped.header_row)
            words = mapped.words_by_index
            found.append(
                {headers[n]: (f, words.get(n, {})) for n, f in mapped.fields_by_index.items()}
            )
    return found


def map_otherwise(console: Console, **choices: Any) -> None:
    TabMapper(console.bench.wiring, lambda _: None, Choices(**choices), ["Done"]).run(write=True)


@pytest.mark.long
def test_choices_that_differ_between_tabs_are_shown_and_kept(console: Console) -> None:
    visitor = console.visitor
    words = {"NTP": {"Approved": ["Sent"]}, "Stage:Permits": {"APPROVED": ["Permit done"]}}
    mapped(console, chosen(columns(visitor)))
    map_otherwise(console, unset=["Perm."], column_words=words)
    before = stored(console)
    form = columns(visitor)
    assert form.values[f"field:{ACTIVE}:1:perm"] == f"status:{PERMIT}"
    assert form.values[f"field:{DONE}:1:perm"] == ""
    assert form.values[word(form, f"{ACTIVE}", "1:ntp", "Approved")] == "OK"
    assert form.values[word(form, f"{DONE}", "1:ntp", "Approved")] == "Sent"
    assert f"field:{ACTIVE}:1:stage" in form.values and f"field:{BOTH}:1:cell" in form.values
    mapped(console, form)
    assert stored(console) == before
    form = columns(visitor).choose(f"field:{DONE}:1:perm", f"status:{PERMIT}")
    form = form.send(visitor, MAPPING, step="columns")
    assert f"field:{BOTH}:1:perm" in form.values, "chosen alike, it is one column again"


@pytest.mark.long
def test_the_real_sheet_is_mapped_as_its_copy(
    console: Console, google: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy, address = console.bench, f"{google.url}/spreadsheets/d/{{}}/edit#gid=0"
    form = chosen(columns(console.visitor))
    form.choose(f"field:{BOTH}:1:m1", f"approved:{NTP}").choose(f"field:{BOTH}:1:cell", "")
    stage = f"means:{BOTH}:1:stage"
    form.choose(f"{stage}:Permit done", form.values[f"{stage}:Permit OK"])
    form.choose(word(form, BOTH, "1:ntp", "Rejected"), "")
    form.values.setlist(f"add:{BOTH}", ["days"])
    mapped(console, form)
    before = copy.book("*")
    real = with_board(google, databases.migrated("sqlite", tmp_path_factory.mktemp("real")))
    visitor = real.visitor
    page = visitor.send(MAPPING, MAPPING, like=address.format(real.bench.spreadsheet)).text
    assert "the link of this sheet itself" in plain(page) and real.bench.spreadsheet in page
    answer = visitor.send(MAPPING, MAPPING, like=address.format(copy.spreadsheet))
    tabs = Form(visitor.text(answer.location), "mapping")
    assert tabs.values.getlist("tab") == [str(ACTIVE), str(DONE)]
    form = tabs.send(visitor, MAPPING, step="columns")
    assert "As in the other sheet." in plain(form.page)
    assert "Yours alone: its cells are computed" in plain(form.page)
    mapped(real, form)
    assert stored(real) == stored(console)
    assert copy.book("*") == before
    written = []
    for one in (console, real):
        one.bench.ask()
        one.bench.flush()
        written.append([rows_in(one.bench.book(FIELDS), tab, 3) for tab in ("Active", "Done")])
    assert written[0] == written[1]
    assert any("Days" in row for row in written[0][0])


@pytest.mark.long
def test_a_tab_that_has_another_name_in_the_copy_is_named(
    console: Console, google: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mapped(console, columns(console.visitor))
    real = with_board(google, databases.migrated("sqlite", tmp_path_factory.mktemp("real")))
    properties = {"sheetId": DONE, "title": "Finished"}
    real.bench.do({"updateSheetProperties": {"properties": properties, "fields": "title"}})
    copy = f"{google.url}/spreadsheets/d/{console.bench.spreadsheet}/edit"
    answer = real.visitor.send(MAPPING, MAPPING, like=copy)
    assert "The other sheet also mapped Done." in plain(real.visitor.text(answer.location))


@pytest.mark.long
def test_a_word_that_only_one_tab_has_is_for_that_tab(console: Console) -> None:
    visitor = console.visitor
    for header, options in (("Stage", ("Permit OK", "Dead")), ("Perm.", ("OK", "Redo"))):
        column = board.HEADERS.index(header)
        area = {"sheetId": DONE, "startRowIndex": 4, "endRowIndex": 8}
        area |= {"startColumnIndex": column, "endColumnIndex": column + 1}
        values = [{"userEnteredValue": option} for option in options]
        rule = {"condition": {"type": "ONE_OF_LIST", "values": values}}
        console.bench.do({"setDataValidation": {"range": area, "rule": rule}})
    form = columns(visitor)
    stage = f"means:{BOTH}:1:stage"
    assert form.values[f"{stage}:Permit OK"] and f"{stage}:Install" in form.offered
    form.choose(f"{stage}:Dead", "archived")
    assert word(form, f"{DONE}", "1:perm", "Approved") in form.offered, "its options are others"
    mapped(console, form)
    active, done = stored(console)
    assert (active["Stage"][1].get("archived"), done["Stage"][1]["archived"]) == (None, "Dead")
    assert {*done["Stage"][1].values()} == {"Permit OK", "Dead"}
    assert (active["Perm."][1]["Approved"], done["Perm."][1]["Approved"]) == ("Issued", "OK")


def plain(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def test_a_board_is_mapped_with_the_words_of_each_list(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    writes = bench.writes()
    form = chosen(columns(visitor))
    form.values.setlist(f"add:{BOTH}", ["last_change"])
    form = form.send(visitor, MAPPING, step="preview")
    shortened = re.findall(r'<span title="([^"]+)">([^<]+)</span>', form.page)
    assert shortened and all(short == f"{site[:8]}…" for site, short in shortened)
    page = plain(form.page)
    assert "8 matched rows" in page
    assert "2 new rows" in page
    assert re.search(r"\d+ blank cells filled (?:[\w. ]+: \d+, )*Perm.: \d+, ", page)
    assert "NTP H Sent" in page, "of a new row"
    assert "Perm. I Applied" in page
    assert bench.writes() == writes
    answer = form.answer(visitor, MAPPING, step="write")
    assert answer.status_code == 303 and answer.location.endswith("/mapping/rows")
    assert bench.writes() == writes + 1
    active, done = stored(console)
    assert active == done
    words = {"Rejected": "Kicked back", "Submitted": "Sent", "Approved": "OK"}
    assert active["NTP"][1].items() >= words.items()
    assert active["Last change"] == ("last_change", {})
    bench.ask()
    bench.flush()
    approved = {"status": "APPROVED", "date_updated": "2099-01-01T00:00:00Z"}
    bench.send(milestone(4, 1, name=NTP, **approved), milestone(4, 2, name=PERMIT, **approved))
    bench.flush()
    row = row_of(console, 4)
    assert (row["NTP"].text, row["Perm."].text) == ("OK", "Issued")


@pytest.mark.long
def test_before_a_worker_ran_only_uncertain_rows_are_listed(console: Console) -> None:
    visitor = console.visitor
    known = made_up.site(SITES[0])
    contact = known["contacts"][0] | {"email": "another@example.com"}
    address = known["address"] | {"address_line_1": "1 Elsewhere Road"}
    console.bench.google.everbright.set_site(SITES[0], contacts=[contact], address=address)
    form = chosen(columns(visitor)).send(visitor, MAPPING, step="preview")
    assert "1 job looks like a row of yours" in plain(form.page)
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    rows = visitor.send("/mapping/rows", "/mapping/rows", step="look").text
    assert rows.count("<fieldset") == 1


@pytest.mark.long
def test_the_preview_names_what_follows_later(google: Emulator, sqlite_url: str) -> None:
    visitor = with_board(google, sqlite_url, ROOT / "config" / "brightsheet.toml").visitor
    page = plain(chosen(columns(visitor)).send(visitor, MAPPING, step="preview").page)
    assert "Missing values of Rep, System size (kW) follow" in page


@pytest.mark.long
def test_two_jobs_with_one_row_are_named_on_the_preview(console: Console) -> None:
    """Spouses have a job each, and one of them has the row."""
    visitor = console.visitor
    known = made_up.site(SITES[0])
    for number, name in ((0, "Ann"), (1, "Bob")):
        contact = known["contacts"][0] | {"email": f"{name}@example.com", "first_name": name}
        console.bench.google.everbright.set_site(
            SITES[number], contacts=[contact], address=known["address"]
        )
    form = chosen(columns(visitor)).send(visitor, MAPPING, step="preview")
    names = [f"row:{site}" for site in SITES[:2]]
    (row,) = {row for name in names for row in form.offered[name] if "!" in row}
    for name in names:
        form.choose(name, row)
    answer = form.answer(visitor, MAPPING, step="write")
    form = Form(answer.text, "mapping")
    assert "Map these tabs" in form.page, "it is the preview"
    last = known["contacts"][0]["last_name"]
    said = f"chosen for Ann {last} (job {SITES[0][:8]}) and for Bob {last} (job {SITES[1][:8]})"
    assert f"{row.partition('#')[0]} is {said}" in plain(form.page)
    assert [form.values[name] for name in names] == [row, row]
    form.choose(names[1], "none")
    assert form.answer(visitor, MAPPING, step="write").status_code == 303


def with_second_row(console: Console, *headers: str) -> str:
    """Copy the name of job 1, whose customer has moved, and more; return its input's name."""
    known = made_up.site(SITES[0])
    contact = known["contacts"][0] | {"email": "another@example.com"}
    address = known["address"] | {"address_line_1": "1 Elsewhere Road"}
    bench = console.bench
    bench.google.everbright.set_site(SITES[0], contacts=[contact], address=address)
    first = rows_in(bench.book(FIELDS), board.ACTIVE, board.HEADER_ROW)[0]
    for header in ("Cust. Name", *headers):
        where = {"sheet_id": ACTIVE, "row": 8, "column": board.HEADERS.index(header)}
        bench.edit("type_cell", **where, text=first[header].text)
    return f"row:{SITES[0]}"


@pytest.mark.long
def test_the_row_that_was_chosen_in_the_preview_gets_the_site_id(console: Console) -> None:
    """The other row has the same name, and more."""
    visitor, bench = console.visitor, console.bench
    name = with_second_row(console)
    form = chosen(columns(visitor)).send(visitor, MAPPING, step="preview")
    (row,) = (each for each in form.offered[name] if each.startswith("Active!9#"))
    assert form.choose(name, row).answer(visitor, MAPPING, step="write").status_code == 303
    bench.ask()
    bench.flush()
    assert row_of(console, 1)["E-mail"].text == "another@example.com"


@pytest.mark.long
def test_rows_with_the_same_customer_are_chosen_after_the_mapping(console: Console) -> None:
    """Only their places differ, and rows move."""
    visitor, bench = console.visitor, console.bench
    name = with_second_row(console, "Job addr.", "Town / Zip", "Cell", "E-mail")
    form = chosen(columns(visitor)).send(visitor, MAPPING, step="preview")
    assert form.offered[name] == ["none", ""]
    assert "choose that under Review matches" in plain(form.page)
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    bench.ask()
    bench.flush()
    rows = Form(visitor.send("/mapping/rows", "/mapping/rows", step="look").text, "rows")
    (row,) = (each for each in rows.offered[name] if each.startswith("Active!9#"))
    assert rows.choose(name, row).answer(visitor, "/mapping/rows", step="link").status_code == 303
    bench.flush()
    assert row_of(console, 1)["Notes"].text == ""


@pytest.mark.long
def test_a_mapped_column_is_listed_by_the_name_of_its_milestone(console: Console) -> None:
    visitor = console.visitor
    form = chosen(columns(visitor)).choose(f"field:{BOTH}:1:perm issued", f"approved:{PERMIT}")
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    page = plain(visitor.send("/columns").text)
    assert "I Perm. Status of Permits" in page
    assert "Site ID Site ID" in page and "site_id" not in page
    assert "J Perm. issued Permits approved" in page


@pytest.mark.long
def test_every_column_is_shown_with_its_letter_and_three_cells(console: Console) -> None:
    visitor = console.visitor
    form = columns(visitor)
    names = [f"{one['first_name']} {one['last_name']}" for one in contacts()]
    for name in names[:3]:
        assert name in form.page
    assert "M1 shows" in plain(form.page) and "M1 $ shows" in form.page
    form.choose(f"field:{BOTH}:1:m1", f"approved:{NTP}").choose(f"field:{BOTH}:2:m1", "status")
    form = form.send(visitor, MAPPING, step="preview")
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    form = columns(visitor)
    assert form.values[f"field:{BOTH}:1:m1"] == f"approved:{NTP}"
    assert form.values[f"field:{BOTH}:2:m1"] == "status"


def contacts() -> list[dict[str, str]]:
    return [made_up.site(site)["contacts"][0] for site in SITES]


def test_nothing_is_lost_on_an_error(console: Console) -> None:
    visitor = console.visitor
    form = chosen(columns(visitor))
    form.choose(f"field:{BOTH}:1:notes", f"status:{NTP}")
    form.values.setlist(f"add:{BOTH}", ["last_change"])
    wanted = {n: v for n, v in form.values.items() if n.startswith(("field:", "word:", "add:"))}
    form = form.send(visitor, MAPPING, step="preview")
    assert "is chosen for the columns H and S of Active" in plain(form.page)
    assert {n: form.values.get(n) for n in wanted} == wanted
    form = form.send(visitor, MAPPING, step="tabs").send(visitor, MAPPING, step="columns")
    assert {n: form.values.get(n) for n in wanted} == wanted


@pytest.mark.long
def test_what_was_chosen_waits_while_google_is_away(console: Console) -> None:
    visitor, faults = console.visitor, console.bench.google.faults
    form = chosen(columns(visitor))
    faults.answer(403, api="sheets", count=None)
    kept = form.send(visitor, MAPPING, step="columns")
    assert "Try again" in kept.page
    faults.clear()
    again = kept.send(visitor, MAPPING, step="columns")
    for each in (again, form):
        each.values.pop("csrf_token")
    assert again.values == form.values


def test_the_header_row_is_chosen_by_looking(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    headers = ("", "Customer", "Phone", "Zip", "E-mail", "Address", "City", "Status", "Stage")
    for column, text in enumerate(headers):
        bench.edit("type_cell", sheet_id=ACTIVE, row=1, column=column, text=text)
    form = begun(visitor)
    assert f"header:{ACTIVE}" not in form.values, "two rows look like headers: none is chosen"
    form.check("tab", str(ACTIVE))
    form = form.send(visitor, MAPPING, step="columns")
    assert "Choose the row of the headers in: Active." in plain(form.page)
    form.choose(f"header:{ACTIVE}", "4")
    form = form.send(visitor, MAPPING, step="columns")
    assert "NTP shows" in plain(form.page)


@pytest.mark.long
def test_choices_follow_moved_columns(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    form = chosen(columns(visitor))
    writes = bench.writes()
    bench.edit("move_column", sheet_id=ACTIVE, column=7, to=0)
    form = form.send(visitor, MAPPING, step="columns")
    assert bench.writes() == writes
    assert "NTP shows" in plain(form.page)
    assert form.values[f"field:{BOTH}:1:ntp"] == f"status:{NTP}"
    assert form.values[word(form, BOTH, "1:ntp", "Approved")] == "OK"
    bench.edit("move_column", sheet_id=ACTIVE, column=0, to=4)
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    assert columns(visitor).values[f"field:{BOTH}:1:ntp"] == f"status:{NTP}"


@pytest.mark.long
def test_no_step_names_a_command(console: Console) -> None:
    visitor = console.visitor
    form = begun(visitor)
    pages = [form.page]
    form.choose(f"header:{ACTIVE}", "6")
    pages.append(form.send(visitor, MAPPING, step="columns").page)
    form.choose(f"header:{ACTIVE}", "4")
    form = form.send(visitor, MAPPING, step="columns")
    pages += [form.page, chosen(form).send(visitor, MAPPING, step="preview").page]
    form.answer(visitor, MAPPING, step="write")
    pages += [visitor.text(MAPPING), columns(visitor).page, visitor.text("/mapping/rows")]
    for page in pages:
        assert "--" not in plain(page) and "brightsheet " not in plain(page).replace(
            "Brightsheet ", ""
        )


def mapped(console: Console, form: Form) -> None:
    answer = form.send(console.visitor, MAPPING, step="preview").answer(
        console.visitor, MAPPING, step="write"
    )
    assert answer.status_code == 303, plain(answer.text)


@pytest.mark.long
def test_a_second_window_undoes_no_mapping(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    mapped(console, chosen(columns(visitor)))
    first, second = columns(visitor), columns(visitor)
    second.choose(f"field:{BOTH}:2:m1", f"submitted:{PERMIT}")
    first.choose(f"field:{BOTH}:1:m1", f"approved:{NTP}").choose(f"field:{BOTH}:1:perm", "")
    first.choose(word(first, BOTH, "1:ntp", "Submitted"), "")
    stale = second.send(visitor, MAPPING, step="preview")
    mapped(console, first)
    writes = bench.writes()
    for step in ("preview", "write"):
        page = stale.send(visitor, MAPPING, step=step)
        assert "The mapping of Active, Done was changed in the meantime" in plain(page.page)
    assert bench.writes() == writes
    assert page.values[f"field:{BOTH}:1:m1"] == f"approved:{NTP}"
    assert page.values[f"field:{BOTH}:1:perm"] == ""
    assert page.values[word(page, BOTH, "1:ntp", "Submitted")] == ""
    mapped(console, page.choose(f"field:{BOTH}:2:m1", f"submitted:{PERMIT}"))
    form = columns(visitor)
    assert form.values[f"field:{BOTH}:1:m1"] == f"approved:{NTP}"
    assert form.values[f"field:{BOTH}:2:m1"] == f"submitted:{PERMIT}"


@pytest.mark.long
def test_each_step_has_an_address_that_shows_what_was_chosen(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    form = chosen(columns(visitor))
    field, base = f"field:{BOTH}:1:m1", form.action.rpartition("/")[0]
    form.choose(field, f"approved:{NTP}").send(visitor, MAPPING, step="preview")
    other = chosen(columns(visitor))
    assert other.action != form.action
    other.choose(field, f"submitted:{NTP}").send(visitor, MAPPING, step="preview")
    for _ in range(2):
        assert "This is what the next update writes" in visitor.text(f"{base}/preview")
        again = Form(visitor.text(f"{base}/columns"), "mapping")
        assert again.values[field] == f"approved:{NTP}"
        tabs = Form(visitor.text(f"{base}/tabs"), "mapping")
        assert tabs.values.getlist("tab") == [str(ACTIVE), str(DONE)]
    writes = bench.writes()
    visitor.text(f"{base}/write")
    assert bench.writes() == writes, "an address alone writes nothing"


@pytest.mark.long
def test_what_is_written_is_what_the_preview_showed(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    form = chosen(columns(visitor))
    preview = form.send(visitor, MAPPING, step="preview")
    form.choose(f"field:{BOTH}:1:m1", f"approved:{NTP}").send(visitor, MAPPING, step="preview")
    writes = bench.writes()
    answer = preview.answer(visitor, MAPPING, step="write")
    assert (answer.status_code, answer.location) == (303, preview.action)
    assert bench.writes() == writes
    shown = Form(visitor.text(answer.location), "mapping")
    assert "The mapping was changed in another window" in plain(shown.page)
    assert shown.answer(visitor, MAPPING, step="write").location.endswith("/mapping/rows")
    assert bench.writes() == writes + 1


def test_tabs_that_are_chosen_again_keep_their_columns_choices(console: Console) -> None:
    visitor = console.visitor
    form = columns(visitor).choose(f"field:{BOTH}:1:m1", f"approved:{NTP}")
    tabs = form.send(visitor, MAPPING, step="tabs")
    form = tabs.check("tab", str(ACTIVE)).send(visitor, MAPPING, step="columns")
    assert form.values[f"field:{ACTIVE}:1:m1"] == f"approved:{NTP}"
    tabs = form.choose(f"field:{ACTIVE}:1:m1", "").send(visitor, MAPPING, step="tabs")
    form = tabs.check("tab", str(ACTIVE), str(DONE)).send(visitor, MAPPING, step="columns")
    assert form.values[f"field:{ACTIVE}:1:m1"] == ""
    assert form.values[f"field:{DONE}:1:m1"] == f"approved:{NTP}"


def test_a_draft_that_is_too_old_is_begun_again(console: Console) -> None:
    visitor, form = console.visitor, begun(console.visitor)
    with console.bench.database.writing() as connection:
        at = mapping_draft.c.saved_at - 87_000
        connection.execute(update(mapping_draft).values(saved_at=at))
    answer = visitor.get(form.action)
    assert (answer.status_code, answer.location) == (303, MAPPING)
    assert "start again" in visitor.text(MAPPING)
    assert form.answer(visitor, MAPPING, step="columns").location == MAPPING


@pytest.mark.long
def test_the_same_mapping_twice_is_no_contradiction(console: Console) -> None:
    form = chosen(columns(console.visitor))
    mapped(console, form)
    mapped(console, form)
    assert "Nothing changed" in plain(console.visitor.text("/mapping/rows"))


@pytest.mark.long
@pytest.mark.parametrize("is_kept", [False, True])
def test_what_would_be_replaced_is_listed_and_can_be_kept(console: Console, is_kept: bool) -> None:
    visitor, bench = console.visitor, console.bench
    form = chosen(columns(visitor))
    mapped(console, form)
    bench.ask()
    bench.flush()
    form = columns(visitor)
    rejected = word(form, BOTH, "1:perm", "Submitted").replace(":Submitted", ":Rejected")
    mapped(console, form.choose(rejected, ""))
    bench.flush()
    later = {"status": "REJECTED", "date_updated": "2099-01-01T00:00:00Z"}
    bench.send(milestone(9, 2, name=PERMIT, **later))
    bench.flush()
    assert row_of(console, 9)["Perm."].text == "Applied"
    form = columns(visitor).choose(rejected, "Redo")
    form = form.send(visitor, MAPPING, step="preview")
    assert "1 cell replaced" in plain(form.page)
    assert "Applied Redo Keep mine" in plain(form.page)
    if is_kept:
        form.check("keep", *form.offered["keep"])
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    bench.flush()
    bench.compare()
    bench.flush()
    assert row_of(console, 9)["Perm."].text == ("Applied" if is_kept else "Redo")
    later = {"status": "APPROVED", "date_updated": "2099-01-02T00:00:00Z"}
    bench.send(milestone(9, 2, name=PERMIT, **later))
    bench.flush()
    assert row_of(console, 9)["Perm."].text == "Issued", "news is written"


@pytest.mark.long
def test_another_word_replaces_the_one_that_was_written(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    mapped(console, chosen(columns(visitor)))
    bench.ask()
    bench.flush()
    assert row_of(console, 9)["Perm."].text == "Applied"
    form = columns(visitor)
    form.choose(word(form, BOTH, "1:perm", "Submitted"), "Issued")
    form = form.send(visitor, MAPPING, step="preview")
    assert "Applied Issued Keep mine" in plain(form.page)
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    for _ in range(2):
        bench.flush()
        bench.compare()
    assert row_of(console, 9)["Perm."].text == "Issued"
    assert "Applied" not in {cell.shows for cell in bench.compared.kept}


@pytest.mark.long
def test_a_header_row_that_was_typed_anew_keeps_the_mapping(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    form = chosen(columns(visitor)).choose(f"means:{BOTH}:1:stage:Install", "")
    form.values.setlist(f"add:{BOTH}", ["days"])
    mapped(console, form)
    bench.ask()
    bench.flush()
    before, header = stored(console), {"sheetId": ACTIVE, "rowIndex": board.HEADER_ROW}
    cells = bench.tab(board.ACTIVE, "data(rowData(values(userEnteredValue)))")["data"][0]["rowData"]
    area = {"sheetId": ACTIVE, "dimension": "ROWS", "startIndex": board.HEADER_ROW}
    area |= {"endIndex": board.HEADER_ROW + 1}
    bench.do({"deleteDimension": {"range": area}}, {"insertDimension": {"range": area}})
    rows = [cells[board.HEADER_ROW]]
    mask = "userEnteredValue"
    bench.do({"updateCells": {"start": header | {"columnIndex": 0}, "rows": rows, "fields": mask}})
    bench.send(milestone(9, 2, name=PERMIT, status="APPROVED", date_updated="2099-01-01T00:00:00Z"))
    with pytest.raises(Permanent, match="on the console"):
        bench.flush_once()
    tabs = begun(visitor)
    assert "The tab is mapped, but its header row was deleted." in plain(tabs.page)
    assert tabs.values.getlist("tab") == [str(ACTIVE), str(DONE)]
    without = begun(visitor).check("tab", str(DONE)).send(visitor, MAPPING, step="columns")
    for step in ("preview", "columns"):
        without = without.send(visitor, MAPPING, step=step)
        assert "Active: not chosen here, and without the header row" in plain(without.page)
    form = tabs.send(visitor, MAPPING, step="columns")
    assert "Days shows Days: mapped already" in plain(form.page)
    mapped(console, form)
    assert stored(console) == before
    bench.flush()
    assert row_of(console, 9)["Perm."].text == "Issued"


@pytest.mark.long
def test_the_preview_names_mapped_tabs_that_were_not_chosen(console: Console) -> None:
    visitor, bench = console.visitor, console.bench
    mapped(console, chosen(columns(visitor)))
    bench.ask()
    bench.flush()
    tabs = begun(visitor)
    assert plain(tabs.page).count("The tab is mapped.") == 2
    form = tabs.check("tab", str(ACTIVE)).send(visitor, MAPPING, step="columns")
    assert "Done: not chosen here, so still mapped" in plain(form.page)
    form = form.send(visitor, MAPPING, step="preview")
    page = plain(form.page)
    assert "0 new rows" in page and "No cell would change." in page
    assert "Done: not chosen here, so still mapped" in page and "unmap it" in page
    assert form.answer(visitor, MAPPING, step="write").status_code == 303
    assert "Still mapped as before: Done." in plain(visitor.text("/mapping/rows"))
    form = columns(visitor)
    assert form.values[f"field:{BOTH}:1:perm"] == f"status:{PERMIT}"


@pytest.mark.long
def test_a_missing_word_is_reported(console: Console) -> None:
    visitor = console.visitor
    form = chosen(columns(visitor))
    said = "No option was chosen for Rejected, "
    assert said not in plain(form.page)
    rejected = word(form, BOTH, "1:perm", "Submitted").replace(":Submitted", ":Rejected")
    form = form.choose(rejected, "").send(visitor, MAPPING, step="preview")
    assert f"Perm.: {said}" in plain(form.page)
    assert said in plain(form.send(visitor, MAPPING, step="columns").page)


@pytest.mark.long
def test_new_rows_without_a_name_are_reported(console: Console) -> None:
    """As on a board with first and last names in two columns, which no field fills."""
    said = "No column shows the customer’s name"
    form = chosen(columns(console.visitor)).send(console.visitor, MAPPING, step="preview")
    assert said not in form.page
    form = form.send(console.visitor, MAPPING, step="columns")
    form.choose(f"field:{BOTH}:1:cust name", "")
    assert said in form.send(console.visitor, MAPPING, step="preview").page
    form.values.setlist(f"add:{BOTH}", ["customer"])
    assert said not in form.send(console.visitor, MAPPING, step="preview").page


@pytest.mark.long
def test_our_own_pace_is_not_called_an_outage(console: Console) -> None:
    form = chosen(columns(console.visitor))
    console.bench.google.faults.between(lambda *_: time.sleep(21), api="everbright", count=1)
    page = plain(form.send(console.visitor, MAPPING, step="preview").page)
    assert "more reads than a page can wait for now. Try again in a minute." in page
    assert "does not answer" not in page
