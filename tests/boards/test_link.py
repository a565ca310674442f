"""Uncertain rows are listed and linked, and the row that was added is emptied."""

import pytest

from emulator import Emulator
from sync.boards import link
from sync.errors import Permanent
from sync.sheets.ids import COLUMN_KEY
from sync.sheets.sheet_requests import metadata
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import flushed
from tests.boards.two_tab_board import KEY_AT, OPEN, line
from tests.made_up import milestone, uuid


def waiting(bench: Bench) -> None:
    """Two rows have the e-mail address of one job, which waits."""
    known = bench.customer(1)
    rows = [line(n, E_mail=known["E_mail"], Note_to_self=f"mine {n}") for n in (1, 2)]
    two_tab_board.make(bench, [*rows, line(8)], [])
    two_tab_board.map_tabs(bench)
    flushed(bench, milestone(1))


def doubtful(bench: Bench) -> None:
    """The same, after its wait: it has a row of its own."""
    waiting(bench)
    bench.end_rests()
    bench.flush()


def found(bench: Bench) -> link.Review:
    with bench.held() as held:
        return link.read_review(bench.flusher, held)


def join(bench: Bench, **pairs: str) -> None:
    with bench.held() as held:
        review = link.read_review(bench.flusher, held)
        answers = link.read_answers(review.jobs, {uuid(1): pairs["to"]})
        link.write_answers(bench.flusher, held, review, answers)


def test_an_unsettled_job_is_listed_with_its_candidates(asking: Bench) -> None:
    waiting(asking)
    notes = two_tab_board.HEADERS.index("Note to self")
    asking.do(metadata(COLUMN_KEY, "last_change", OPEN, "COLUMNS", notes))
    asking.end_rests()
    asking.flush()
    (row,) = two_tab_board.of_site(asking, 1)
    assert "\N{NO-BREAK SPACE}" in row["Note to self"], "its date stays on one line"
    (job,) = found(asking).jobs
    assert (job.site, job.customer.name) == (uuid(1), "Ada Number1")
    assert job.added is not None
    assert job.added.name == "Open jobs!7"
    assert [one.row.name for one in job.candidates] == ["Open jobs!4", "Open jobs!5"]
    assert "mine 1" in job.candidates[0].row.text


def test_a_name_with_the_family_name_first_is_the_same(asking: Bench) -> None:
    known = asking.customer(1)
    row = line(1, Customer="Number1, Ada", Street=known["Street"])
    two_tab_board.make(asking, [row, line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    (job,) = found(asking).jobs
    assert [each.row.name for each in job.candidates] == ["Open jobs!4"]


def test_joined_the_row_has_all_and_ours_is_empty(asking: Bench) -> None:
    doubtful(asking)
    join(asking, to="Open jobs!5")
    asking.flush()
    (row,) = two_tab_board.of_site(asking, 1)
    assert (row["Note to self"], row["Permit"]) == ("mine 2", "Waiting")
    rows = two_tab_board.texts(asking)
    assert [one.get("Customer") for one in rows] == ["Own 1", "Own 2", "Own 8", None]
    assert rows[3].keys() == {"Deposit"}
    assert found(asking).jobs == []
    assert not asking.alerts


def test_a_job_whose_row_was_chosen_is_not_asked_about_again(asking: Bench) -> None:
    """Its row has only what EverBright has, like one that was added for it."""
    known = {"Customer": "Ada Number1", "E-mail": asking.customer(1)["E_mail"]}
    rows = [[known.get(header, "") for header in two_tab_board.HEADERS] for _ in range(2)]
    rows[1][two_tab_board.HEADERS.index("Phone")] = "720-555-0100"
    two_tab_board.make(asking, [*rows, line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    join(asking, to="Open jobs!4")
    asking.flush()
    asking.compare()
    assert len(two_tab_board.of_site(asking, 1)) == 1
    assert (found(asking).unsettled, asking.store.boards.unsettled()) == ([], frozenset())


def test_a_row_that_was_the_same_as_the_chosen_one_never_replaces_it(asking: Bench) -> None:
    """An answer by their texts would be about the other one when the chosen one is renamed."""
    asking.customer(1)
    two_tab_board.make(asking, [line(n, Customer="Ada Number1") for n in (1, 2)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    join(asking, to="Open jobs!4")
    asking.flush()
    for header, text in {"Customer": "Number1, Ada (2nd job)", "Site ID": ""}.items():
        column = two_tab_board.places(asking)[header]
        asking.edit("type_cell", sheet_id=OPEN, row=3, column=column, text=text)
    asking.compare()
    asking.flush()
    assert [row.get("Site ID") for row in two_tab_board.texts(asking)] == [uuid(1), None]


def test_a_row_of_the_installer_s_with_only_what_everbright_has_is_never_emptied(
    asking: Bench,
) -> None:
    """It was matched, so no other row may be the job's, and none counts as added for it."""
    known = {"Customer": "Ada Number1", "E-mail": asking.customer(1)["E_mail"]}
    rows = [[texts.get(h, "") for h in two_tab_board.HEADERS] for texts in (known, {})]
    rows[1][0] = "A. Number1"
    two_tab_board.make(asking, [*rows, line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    asking.compare()
    assert asking.store.boards.unsettled() == frozenset()
    assert found(asking).jobs == []


def test_a_row_that_resembles_an_added_one_later_is_asked_about(asking: Bench) -> None:
    asking.customer(1)
    two_tab_board.make(asking, [line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1))
    asking.do(two_tab_board.fill(OPEN, 5, [["A. Number1"]]))
    asking.compare()
    (job,) = found(asking).unsettled
    assert job.added
    assert job.added.name == "Open jobs!5"


def test_a_row_in_which_somebody_typed_is_its_job_s(asking: Bench) -> None:
    """It would lose what was typed, were it emptied."""
    doubtful(asking)
    asking.edit(
        "type_cell", sheet_id=OPEN, row=6, column=two_tab_board.HEADERS.index("Crew"), text="b"
    )
    assert asking.store.boards.unsettled()
    asking.compare()
    assert not asking.store.boards.unsettled()
    assert found(asking).jobs == []


def test_rows_that_move_before_they_are_joined_lose_nothing(asking: Bench) -> None:
    """The key of one and the blanks of another would be written elsewhere."""
    doubtful(asking)
    before = two_tab_board.own_cells(asking)
    asking.before_the_write(lambda: asking.edit("sort", sheet_id=OPEN, column=KEY_AT))
    join(asking, to="Open jobs!5")
    asking.flush()
    assert two_tab_board.own_cells(asking) == before
    assert len(two_tab_board.of_site(asking, 1)) == 1
    assert "recovered" not in asking.alerts


def typed_into_the_column_of_keys(bench: Bench, text: str) -> None:
    known = bench.customer(1)
    two_tab_board.make(bench, [line(1, E_mail=known["E_mail"]), line(8)], [])
    two_tab_board.map_tabs(bench)
    bench.edit("type_cell", sheet_id=OPEN, row=3, column=KEY_AT, text=text)
    flushed(bench, milestone(1))


def test_a_row_with_other_text_in_the_column_of_keys_is_asked_about(asking: Bench) -> None:
    typed_into_the_column_of_keys(asking, "n/a")
    assert asking.store.boards.unsettled() == {uuid(1)}
    with pytest.raises(Permanent, match="Clear that cell"):
        join(asking, to="Open jobs!4")
    assert [row.get("Site ID") for row in two_tab_board.texts(asking)] == ["n/a", None]
    asking.edit("type_cell", sheet_id=OPEN, row=3, column=KEY_AT, text="")
    asking.compare()
    asking.flush()
    assert [row.get("Site ID") for row in two_tab_board.texts(asking)] == [uuid(1), None]


@pytest.mark.parametrize("text", [" ", "\N{NO-BREAK SPACE}"])
def test_a_blank_looking_cell_in_the_column_of_keys_gets_one(asking: Bench, text: str) -> None:
    typed_into_the_column_of_keys(asking, text)
    assert [row.get("Site ID") for row in two_tab_board.texts(asking)] == [uuid(1), None]
    assert not asking.alerts


@pytest.mark.parametrize("starts", [("",), (uuid(1), uuid(1)[:-1])])
def test_an_answer_names_its_job_and_each_job_has_one(asking: Bench, starts: list[str]) -> None:
    doubtful(asking)
    pairs = dict(zip(starts, ("Open jobs!4", "Open jobs!5"), strict=False))
    with pytest.raises(Permanent):
        link.read_answers(found(asking).jobs, pairs)


def test_only_what_is_listed_is_joined(asking: Bench) -> None:
    doubtful(asking)
    for name in ("Open jobs!6", "Installed!4", "somewhere"):
        with pytest.raises(Permanent, match="in the list for"):
            join(asking, to=name)


def test_the_rows_of_a_spreadsheet_that_is_not_current_are_not_listed(
    asking: Bench, google: Emulator, sqlite_url: str
) -> None:
    waiting(asking)
    with pytest.raises(Permanent) as caught:
        found(Bench(google, sqlite_url))
    assert caught.value.reason == "moved"
    asking.store.spreadsheet.must_be_current()
