"""Tests the page on which people choose the meaning of a status."""

from pathlib import Path

from tests.console.conftest import Console, Visitor
from tests.made_up import milestone, task, uuid


def confirm(visitor: Visitor, **meanings: str) -> None:
    form = {"code": list(meanings), "means": list(meanings.values())}
    token = visitor.token("/statuses")
    answer = visitor.client.post("/statuses", data={"csrf_token": token, **form})
    assert answer.status_code == 303


def test_an_unknown_status_gets_the_chosen_meaning_everywhere(store_console: Console) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(milestone(1, name="Permits", status="PEND"))
    assert bench.row(uuid(1))["Status"] == "Permits: Pend"
    page = visitor.text("/statuses")
    assert 'aria-label="Meaning of PEND"' in page
    assert f'href="/jobs/{uuid(1)}"' in page
    overview = visitor.text("/")
    assert '<a href="/statuses">' in overview
    assert '<a class="button" href="/">Check again</a>' in overview, "the overview evaluates again"
    confirm(visitor, PEND="waiting", NEVER_SEEN="approved", ODD="nonsense")
    (action,) = store_console.actions.latest(1)
    assert (action.name, action.state) == ("statuses", "done")
    bench.flush()
    assert bench.row(uuid(1))["Status"] == "Permits under review"
    assert bench.row(uuid(1))["Permits"] == "Pend"
    assert bench.store.confirmations.asked(bench.settings.config) == {"PEND": "waiting"}
    confirm(visitor, PEND="rejected")
    bench.flush()
    assert bench.row(uuid(1))["Status"] == "Permits rejected"


def test_unknown_statuses_are_listed_first(store_console: Console) -> None:
    visitor = store_console.signed_in()
    store_console.bench.shown(milestone(1, status="ALPHA"), milestone(2, status="BETA"))
    confirm(visitor, ALPHA="approved")
    page = visitor.text("/statuses")
    assert page.index("Meaning of BETA") < page.index("Meaning of ALPHA")


def test_a_re_sign_counts_once_its_status_means_approved(store_console: Console) -> None:
    """A person explains a status after its event was stored, and no other may follow."""
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(milestone(1, tasks=[task(name="Re-sign contract", status="OKAYED", sub_tasks=[])]))
    assert "Re-signed" not in bench.row(uuid(1))
    confirm(visitor, OKAYED="approved")
    bench.flush()
    assert bench.row(uuid(1))["Re-signed"]


def test_a_status_that_was_added_to_the_config_is_not_listed(
    store_console: Console, tmp_path: Path
) -> None:
    bench = store_console.bench
    bench.shown(milestone(1, status="PEND"))
    named = tmp_path / "brightsheet.toml"
    line = 'PEND = { label = "Pending", means = "waiting" }\n'
    named.write_text(bench.config.read_text("utf-8") + line, "utf-8")
    bench.configured(named)
    assert bench.wiring.backlog().unknown_statuses == ()
