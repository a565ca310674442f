"""A filter view for each rep: who has which jobs is asked every morning."""

from typing import Any

import pytest

from sync.ops.alerts import Alerts
from sync.sheets.own_tab import update_own_tab
from sync.sheets.tabs import filter_views
from sync.sheets.tabs.filter_views import is_displaced, is_text
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.grids import table

SORT = ("days", "DESCENDING")


@pytest.fixture
def bench(selling: Bench) -> Bench:
    return selling


def job(number: int, rep: str, **changes: Any) -> tuple[str, dict[str, Any]]:
    return rep, milestone(number, **changes)


def views(bench: Bench) -> dict[str, dict[str, Any]]:
    known = bench.tab("Jobs", "filterViews").get("filterViews", [])
    return {view["title"]: view for view in known if view["title"].endswith("'s jobs")}


def renewed(bench: Bench) -> int:
    """Renew what is beside the rows; return how many calls that took."""
    before = bench.calls()
    with bench.held() as held:
        update_own_tab(bench.flusher, held)
    return bench.calls() - before


def test_a_rep_has_a_view_of_the_open_jobs(bench: Bench) -> None:
    bench.sold(job(1, "Ada Birch"), job(2, "Ben Cole"), job(3, "Ada Birch"))
    assert bench.flusher.reps_without_view == {"Ada Birch", "Ben Cole"}
    assert renewed(bench) == 3
    assert list(views(bench)) == ["Ada Birch's jobs", "Ben Cole's jobs"]
    header = list(bench.rows()[0])
    view = views(bench)["Ada Birch's jobs"]
    criteria = {
        header[spec["columnIndex"]]: spec["filterCriteria"]["condition"]
        for spec in view["filterSpecs"]
    }
    assert criteria == {
        "Rep": {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Ada Birch"}]},
        "Days": {"type": "NOT_BLANK"},
    }
    (sort,) = view["sortSpecs"]
    assert (header[sort["dimensionIndex"]], sort["sortOrder"]) == ("Days", "DESCENDING")


def test_nothing_is_called_for_as_long_as_the_reps_stay(bench: Bench) -> None:
    bench.sold(job(1, "Ada Birch"))
    renewed(bench)
    calls = bench.sold(job(1, "Ada Birch", status="REJECTED", date_updated="2026-03-05T10:00:00Z"))
    assert calls == 2
    assert not bench.flusher.reps_without_view - bench.flusher.checked_reps
    assert renewed(bench) == 1


def test_the_ten_with_the_most_open_jobs_have_one(bench: Bench) -> None:
    names = [f"Rep {chr(ord('A') + n)}" for n in range(12)]
    numbers = iter(range(1, 100))
    jobs = [job(next(numbers), name) for n, name in enumerate(names) for _ in range(n + 1)]
    bench.sold(*jobs)
    renewed(bench)
    assert set(views(bench)) == {f"{name}'s jobs" for name in names[2:]}
    more = [job(next(numbers), "Rep A") for _ in range(9)]
    bench.sold(*more)
    bench.compare()
    assert set(views(bench)) == {f"{name}'s jobs" for name in (names[0], *names[3:])}
    # Whose jobs are done with makes room again, for whom there was none.
    archived = [{"site": one["site"], "archived": True} for _, one in more]
    bench.shown(*archived)
    bench.compare()
    assert set(views(bench)) == {f"{name}'s jobs" for name in names[2:]}


def test_what_people_do_with_the_views_stays(bench: Bench) -> None:
    bench.sold(job(1, "Ada Birch"), job(2, "Ben Cole"), job(3, "Cy Dunn"))
    renewed(bench)
    ada, ben, cy = (view["filterViewId"] for view in views(bench).values())
    mine = {"filterViewId": cy, "title": "Cy, closely"}
    bench.do(
        {"deleteFilterView": {"filterId": ada}},
        {"updateFilterView": {"filter": mine, "fields": "title"}},
    )
    bench.sold(job(4, "Dora Eskew"))
    renewed(bench)
    assert list(views(bench)) == ["Ben Cole's jobs", "Dora Eskew's jobs"]
    titles = [view["title"] for view in bench.tab("Jobs", "filterViews")["filterViews"]]
    assert "Cy, closely" in titles
    bench.shown({"site": uuid(2), "archived": True}, {"site": uuid(3), "archived": True})
    bench.compare()
    assert list(views(bench)) == ["Dora Eskew's jobs"]
    titles = [view["title"] for view in bench.tab("Jobs", "filterViews")["filterViews"]]
    assert "Cy, closely" in titles
    assert ben not in {view["filterViewId"] for view in views(bench).values()}
    bench.setup().provision(bench.spreadsheet)
    assert set(views(bench)) == {"Ada Birch's jobs", "Dora Eskew's jobs"}
    assert bench.setup().provision(bench.spreadsheet) == []


def test_the_view_of_a_rep_without_jobs_is_removed_after_a_refusal(bench: Bench) -> None:
    bench.sold(job(1, "Ada Birch"), job(2, "Ben Cole"))
    renewed(bench)
    bench.shown({"site": uuid(2), "archived": True})
    bench.google.faults.answer(400, method="*.batchUpdate", count=1)
    bench.try_to_update_own_tab()
    assert list(views(bench)) == ["Ada Birch's jobs", "Ben Cole's jobs"]
    bench.compare()
    assert list(views(bench)) == ["Ada Birch's jobs"]
    assert renewed(bench) == 1


def test_a_typed_rep_has_a_view(bench: Bench) -> None:
    bench.sold(job(1, "Ada Birch"), job(2, ""))
    for number in (1, 2):
        at = {"row": bench.at(number), "column": bench.index("rep")}
        bench.edit("type_cell", **at, text="Zoe Young")
    bench.compare()
    assert list(views(bench)) == ["Zoe Young's jobs"]


def test_a_view_never_filters_a_replaced_column(bench: Bench) -> None:
    bench.sold(job(1, "Ada Birch"))
    bench.before_the_write(lambda: bench.edit("move_column", column=bench.index("rep"), to=0))
    bench.try_to_update_own_tab()
    bench.compare()
    (view,) = views(bench).values()
    assert {spec["columnIndex"] for spec in view["filterSpecs"]} == {0, bench.index("days")}


@pytest.mark.parametrize("step", [1, -1])
def test_a_displaced_view_is_found_in_whatever_order_google_returns_its_filters(step: int) -> None:
    tab = table(columns={"days": 1, "rep": 4})
    filters = {"mine": ({"rep": is_text("TEXT_EQ", "Ada"), "days": is_text("TEXT_EQ", "1")}, SORT)}
    (wanted,) = filter_views.views(tab, filters, 1)
    assert not is_displaced(wanted, {"filterSpecs": wanted["filterSpecs"][::step]})
    elsewhere = [{**spec, "columnIndex": spec["columnIndex"] + 1} for spec in wanted["filterSpecs"]]
    assert is_displaced(wanted, {"filterSpecs": elsewhere[::step]})
    (other,) = filter_views.views(tab, {"mine": ({"rep": is_text("TEXT_EQ", "Ben")}, SORT)}, 1)
    assert not is_displaced(wanted, other), "a person has changed it"


def test_a_formula_is_not_the_name_of_a_rep(bench: Bench) -> None:
    """Each row has another one, and Google would take it for the formula of a condition."""
    bench.sold(job(1, "Ada Birch"), job(2, ""), job(3, ""))
    for number in (2, 3):
        row = bench.at(number)
        text = f"=VLOOKUP(A{row + 1},Reps!A:B,2,FALSE)"
        bench.edit("type_cell", row=row, column=bench.index("rep"), text=text)
    bench.compare()
    assert list(views(bench)) == ["Ada Birch's jobs"]
    bench.shown(milestone(2, status="REJECTED", date_updated="2026-03-05T10:00:00Z"))
    assert not any("VLOOKUP" in cell.text for row in bench.rows("History") for cell in row.values())


def test_a_paused_sheet_gets_no_view(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.compare()
    loop = SheetLoop(bench.wiring, Alerts([]), Stop())
    rep, payload = job(2, "Ben Cole")
    bench.google.everbright.data.set(payload["quote"], sales_representative_name=rep)
    bench.send(payload)
    bench.project()
    fetcher = bench.wiring.detail_fetcher()
    while fetcher and fetcher.fetch() is not None:
        pass
    while bench.is_waiting():
        loop.step()
    assert bench.row(uuid(2))["Rep"] == rep
    bench.store.spreadsheet.pause()
    loop.step()
    assert not views(bench)
    bench.store.spreadsheet.resume()
    loop.step()
    assert list(views(bench)) == ["Ben Cole's jobs"]
