"""Each rule on and off, and the verdict."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.core import report
from sync.core.report import Failure, Finding, PassReport
from sync.status.rules import RULES, Level
from sync.status.state import State
from sync.status.verdict import Verdict, judge, to_json

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC).timestamp()  # a Wednesday
MINUTE, DAY = 60.0, 86_400.0
GIGABYTE = 1024**3
FINE = State(
    NOW,
    PassReport(NOW - 5 * MINUTE),
    dict.fromkeys(("deliveries", "jobs", "lines", "documents", "attempts"), 0),
    worker_until=NOW + 20,
    begun=NOW - 30 * DAY,
    arrived=NOW - 10 * MINUTE,
    heard=NOW - 10 * MINUTE,
    read_back=NOW - DAY / 2,
    has_order=True,
    disk_free=50 * GIGABYTE,
    disk_size=100 * GIGABYTE,
)


def core(**changes: Any) -> State:
    return replace(FINE, **changes)


def passed(**changes: Any) -> State:
    return core(last_pass=replace(FINE.last_pass, **changes))


def found(*findings: Finding) -> State:
    return passed(findings=findings, pending=1)


def failed(code: str, minutes: float = 5) -> State:
    failure = Failure(code, "Google denies access to ann@example.com.")
    return passed(failed=failure, at=NOW - minutes * MINUTE)


def silent(arrived: float, **changes: Any) -> State:
    return replace(FINE, arrived=arrived, **changes)


WAITING = {**FINE.pending, "jobs": 3}
FRIDAY, MONDAY = (datetime(2026, 11, day, 18, 0, tzinfo=UTC).timestamp() for day in (20, 23))
CASES: Mapping[str, tuple[State, State]] = {
    # code: a state in which it is listed, and one like it in which it isn't
    "not_running": (core(worker_until=NOW - 61), core(worker_until=NOW - 59)),
    "paused": (core(is_paused=True), FINE),
    "trashed": (core(trashed=["spreadsheet"]), FINE),
    "failing": (failed("not_shared"), failed("google_unavailable")),
    "hanging": (passed(at=NOW - 31 * MINUTE), passed(at=NOW - 29 * MINUTE)),
    "late": (
        replace(FINE, pending=WAITING, oldest=NOW - 16 * MINUTE),
        replace(FINE, pending=WAITING, oldest=NOW - 14 * MINUTE),
    ),
    "wrong_secret": (
        replace(FINE, wrong_secret=NOW - 9 * MINUTE),
        replace(FINE, wrong_secret=NOW - 11 * MINUTE),
    ),
    "never_arrived": (silent(0.0, begun=FRIDAY), silent(0.0, begun=MONDAY)),
    "silent": (silent(FRIDAY), silent(MONDAY)),
    "token_refused": (replace(FINE, slow_customers=1, is_token_refused=True), FINE),
    "customers_late": (replace(FINE, slow_customers=1), FINE),
    "documents_late": (replace(FINE, slow_documents=2), FINE),
    "disk_low": (
        replace(FINE, disk_free=GIGABYTE),
        replace(FINE, disk_free=GIGABYTE, disk_size=5 * GIGABYTE),
    ),
    "read_late": (
        replace(FINE, read_back=NOW - 3 * DAY, read_back_error="EverBright answered 500."),
        replace(FINE, read_back=NOW - 1.9 * DAY),
    ),
    "read_in_part": (
        replace(FINE, read_back_problems="contracts are not read."),
        replace(FINE, read_back_problems="contracts are not read.", read_hours=0.0),
    ),
    "order": (replace(FINE, has_order=False), silent(0.0, has_order=False)),
    "rejected": (core(rejected=1), FINE),
    "odd_fields": (core(odd_fields=("price",)), FINE),
    "documents_failed": (core(failed_documents=2), FINE),
    "unanswered": (replace(FINE, unanswered=3), FINE),
    "connected_tab_gone": (
        found(Finding("connected_tab_gone", "Active 2026")),
        found(Finding("tab_gone", "Jobs")),
    ),
    "not_connected": (found(Finding("not_connected", "Active 2026")), FINE),
    "alerts_failing": (replace(FINE, alerts_failing=NOW - DAY), FINE),
}
SITE = "157802b4-99aa-4437-b250-934df337766a"


def codes(state: State) -> list[str]:
    return [entry.rule.code for entry in judge(state).entries]


def test_nothing_is_wrong_if_all_is_fine() -> None:
    status = judge(FINE)
    assert codes(FINE) == []
    assert (status.verdict, status.heading) == (Verdict.UP_TO_DATE, "Everything is up to date")


@pytest.mark.parametrize("code", CASES)
def test_a_rule_lists_what_is_wrong_and_nothing_else(code: str) -> None:
    wrong, like = CASES[code]
    assert codes(wrong) == [code]
    assert code not in codes(like)


DOCUMENTED = re.findall(r"^    \| (\w+) \|", report.Finding.__doc__ or "", re.MULTILINE)
FINDINGS = sorted({*DOCUMENTED, "add_tabs"} - {"code"})


@pytest.mark.parametrize("code", FINDINGS)
def test_each_finding_of_a_pass_has_a_rule(code: str) -> None:
    state = found(Finding(code, "Jobs", 4, SITE, count=7, detail="Ann in the row"))
    (entry,) = judge(state).entries
    assert entry.rule.code == code
    assert entry.findings[0].row == 4
    assert (entry.rule.level is Level.NOTICE) == (code in report.NOTICES)
    assert "{" not in entry.text
    public = str(to_json(judge(state), state))
    assert "Ann" not in public
    assert SITE not in public


@pytest.mark.parametrize("code", ["hanging", "late"])
def test_the_first_look_after_a_start_or_a_pause_is_awaited(code: str) -> None:
    assert codes(replace(CASES[code][0], working=NOW - 59)) == []
    assert codes(replace(CASES[code][0], working=NOW - 61)) == [code]


def test_a_long_list_of_rows_hides_no_fix() -> None:
    rows = [Finding("other_customer", "Jobs", row) for row in range(2, 402)]
    (entry,) = judge(found(*rows)).entries
    assert entry.text.startswith("400 rows")
    assert "Ctrl+Z" in entry.text[:500]


def test_tabs_are_named_and_the_overview_has_the_rows() -> None:
    rows = [Finding("other_customer", "Jobs", row) for row in (4, 6, 9)]
    (entry,) = judge(found(*rows, Finding("other_customer", "Leads", 2))).entries
    assert "in Jobs and Leads" in entry.text
    assert [each.row for each in entry.findings] == [4, 6, 9, 2]


def test_every_rule_is_tested() -> None:
    assert len(DOCUMENTED) > 12
    codes = [rule.code for rule in RULES]
    assert {*CASES, *FINDINGS} == {*codes}
    assert len({*codes}) == len(codes), "codes are unique"


JARGON = ("webhook", "worker", "_", "lease", "null", "traceback", "http")


@pytest.mark.parametrize("state", [wrong for wrong, _ in CASES.values()])
def test_sentences_are_for_an_office_manager_and_public(state: State) -> None:
    (entry,) = judge(state).entries
    assert not entry.text[0].islower()
    assert entry.text.endswith(".")
    assert [word for word in JARGON if word in entry.text.lower()] == []
    assert "ann@" not in entry.text


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (FINE, Verdict.UP_TO_DATE),
        (replace(FINE, pending=WAITING, oldest=NOW - 60), Verdict.UPDATING),
        (replace(FINE, pending={**FINE.pending, "deliveries": 1}), Verdict.UPDATING),
        (replace(FINE, pending={**FINE.pending, "documents": 1}), Verdict.UPDATING),
        (replace(FINE, pending={**FINE.pending, "attempts": 1}), Verdict.UPDATING),
        (passed(pending=2), Verdict.UPDATING),
        (failed("google_unavailable"), Verdict.UPDATING),
        (failed("google_unavailable", 16), Verdict.PROBLEM),
        (failed("fault"), Verdict.PROBLEM),
        (core(last_pass=PassReport(), begun=NOW), Verdict.UPDATING),
        (core(rejected=1), Verdict.UP_TO_DATE),
        (core(is_paused=True), Verdict.PROBLEM),
    ],
)
def test_the_sheet_is_up_to_date_only_if_a_pass_has_seen_it(state: State, verdict: Verdict) -> None:
    assert judge(state).verdict is verdict


def test_a_notice_changes_the_heading_and_not_the_state() -> None:
    status = judge(core(rejected=1))
    assert status.heading == "The sheet is up to date"
    assert [entry.rule.code for entry in status.notices] == ["rejected"]


def test_what_waits_is_listed_once_with_its_cause() -> None:
    for cause in (
        core(is_paused=True),
        core(worker_until=NOW - DAY),
        failed("not_shared", 20),
        passed(at=NOW - 40 * MINUTE),
        found(Finding("tab_gone", "Jobs")),
    ):
        state = replace(cause, pending=WAITING, oldest=NOW - 60 * MINUTE)
        assert len(codes(state)) == 1
        assert codes(state) != ["late"]


def test_weekends_are_no_silence() -> None:
    saturday = FRIDAY + DAY
    monday = FRIDAY + 3 * DAY
    assert "silent" not in codes(replace(silent(FRIDAY), now=monday))
    assert "silent" not in codes(replace(silent(FRIDAY), now=saturday + DAY))
    assert "silent" in codes(
        replace(silent(FRIDAY), now=FRIDAY + timedelta(days=5).total_seconds())
    )
