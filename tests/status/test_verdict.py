"""Tests which backlogs are problems, and which problems cause an alert."""

from dataclasses import replace

import pytest

from sync.console.actions import ACTIONS
from sync.status.problem import lasting, never
from sync.status.rules import (
    COMPARED_SECONDS,
    LATE_SECONDS,
    RULES,
    SHEET_EDITS,
    UNATTENDED_SECONDS,
    rule_of,
)
from sync.status.verdict import alarms, answer, evaluate
from sync.store import Backlog, FenceDoubt

WELL = Backlog(worker_age=10.0)


def codes(found: Backlog, *, strict: bool = False) -> list[str]:
    return [one.code for one in evaluate(found, strict=strict) if one.is_behind]


def test_no_problem_without_pending_work_and_with_a_worker() -> None:
    assert codes(WELL) == codes(WELL, strict=True) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Backlog(), ["no_worker"]),
        (Backlog(worker_age=61.0), ["no_worker"]),
        (Backlog(worker_age=59.0), []),
        (replace(WELL, deliveries=5, oldest_deliveries=LATE_SECONDS), ["late"]),
        (replace(WELL, deliveries=5, oldest_deliveries=LATE_SECONDS - 1), []),
        (replace(WELL, jobs=1, oldest_jobs=LATE_SECONDS), ["late"]),
        (replace(WELL, jobs=1), []),
        (replace(WELL, documents=1, oldest_documents=LATE_SECONDS), ["documents_late"]),
        (replace(WELL, documents=1, oldest_documents=5.0), []),
        (replace(WELL, trouble="not_shared"), ["trouble"]),
        (replace(WELL, rejected_last_hour=3, rejected_last_hour_for="missing_field"), ["refused"]),
        (replace(WELL, rejected_last_hour=2), []),
        (replace(WELL, disk_free=2_000_000, disk_size=10**9), []),
        (replace(WELL, disk_free=400_000, disk_size=10**9), ["disk_low"]),
        (replace(WELL, failed_documents=1, unverified=1, lines=1, unplaced=1, rejected=9), []),
    ],
)
def test_status_is_behind_only_for_lasting_problems(found: Backlog, expected: list[str]) -> None:
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (replace(WELL, deliveries=1, oldest_deliveries=-0.001), ["late"]),
        (replace(WELL, jobs=1), ["late"]),
        (replace(WELL, documents=1, oldest_documents=1.0), ["documents_late"]),
        (replace(WELL, unverified=1), ["unverified"]),
        (replace(WELL, lines=1), ["history_late"]),
        (replace(WELL, failed_documents=1), ["documents_failed"]),
        (replace(WELL, rejected=1), ["webhooks_rejected"]),
        (replace(WELL, unplaced=1), []),
    ],
)
def test_a_strict_check_reports_all_that_is_pending(found: Backlog, expected: list[str]) -> None:
    """A comparison must not pass a second after an event arrived."""
    assert codes(found, strict=True) == expected


def test_a_reason_has_counts_age_and_cause() -> None:
    found = replace(
        WELL, deliveries=1, jobs=12, quarantined=2, oldest_jobs=3000.0, trouble="rate_limited"
    )
    sentences = {problem.code: problem.what for problem in evaluate(found)}
    for words in ("(rate_limited)", "1 webhook", "12 jobs", "2 of them", "50 minutes"):
        assert words in sentences["late"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"),
     (7200, "2 hours"), (200_000, "2 days")],
)  # fmt: skip
def test_durations_in_words(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


def test_a_missing_worker_causes_an_alert_only_if_work_is_pending() -> None:
    gone = Backlog(worker_age=75.0)
    assert alarms(gone) == {}
    assert list(alarms(replace(gone, deliveries=1, oldest_deliveries=5.0))) == ["no_worker"]


def test_a_starting_worker_is_not_missing() -> None:
    """A release starts the web process first, and the first webhook may arrive at once."""
    assert alarms(Backlog(deliveries=1, oldest_deliveries=5.0)) == {}
    assert list(alarms(Backlog(deliveries=1, oldest_deliveries=61.0))) == ["no_worker"]


def test_late_events_cause_one_alert() -> None:
    late = replace(WELL, jobs=1, oldest_jobs=LATE_SECONDS)
    assert list(alarms(late)) == ["late"]
    assert alarms(replace(late, trouble="google_unavailable")) == {}
    both = alarms(replace(late, trouble="google_unavailable", worker_age=75.0))
    assert sorted(both) == ["late", "no_worker"]


def test_documents_that_stay_late_cause_an_alert() -> None:
    """Drive may be down: each try fails with an error that nobody has to fix."""
    late = WRONG["documents_late"]
    assert alarms(late) == {}
    late = replace(late, oldest_documents=UNATTENDED_SECONDS)
    assert list(alarms(late)) == ["documents_late"]


def test_refusals_are_resolved_after_an_hour_without_one() -> None:
    """Otherwise an alert would be sent whenever the count reaches three again."""
    assert list(alarms(replace(WELL, rejected_last_hour=3))) == ["refused"]
    assert alarms(replace(WELL, rejected_last_hour=2)) == {}
    assert list(alarms(replace(WELL, rejected_last_hour=1), {"refused"})) == ["refused"]
    assert alarms(WELL, {"refused"}) == {}


@pytest.mark.parametrize(
    ("code", "hidden_by"),
    [
        ("customers_unknown", {"token_refused_age": 5.0}),
        ("lookups_failing", {"token_refused_age": 5.0}),
        ("backfill_late", {"token_refused_age": 5.0}),
        ("comparison_late", {"paused_age": 5.0}),
    ],
)
def test_a_problem_that_another_one_hides_is_not_resolved(
    code: str, hidden_by: dict[str, float]
) -> None:
    hidden = replace(WRONG[code], **hidden_by)  # type: ignore[arg-type]
    assert alarms(hidden).get(code) is None
    assert code in alarms(hidden, {code})


def test_a_refused_token_causes_an_alert_while_documents_wait() -> None:
    assert alarms(replace(WRONG["everbright_token"], documents=1))["everbright_token"]


def test_only_long_trouble_causes_an_alert() -> None:
    trouble = replace(WELL, trouble="google_unavailable", trouble_age=LATE_SECONDS - 1)
    assert alarms(trouble) == {}
    long = replace(trouble, trouble_age=LATE_SECONDS)
    (alarm,) = alarms(long).values()
    assert alarm is not None
    assert "could not be written for 15 minutes (google_unavailable)" in alarm.text
    assert alarm.age == LATE_SECONDS
    assert alarms(replace(long, paused_age=1.0)) == {}
    assert list(alarms(replace(long, paused_age=1.0), {"trouble"})) == ["trouble"], "not resolved"


AT = 1_772_800_000.0
WRONG = {
    "no_worker": replace(WELL, worker_age=61.0),
    "other_database": replace(WELL, doubt="other_database", doubt_age=5.0),
    "restored": replace(WELL, doubt="restored", doubt_age=5.0, trouble="restored"),
    "trouble": replace(WELL, trouble="not_shared", trouble_message="Share it.", trouble_age=1.0),
    "late": replace(WELL, jobs=1, oldest_jobs=LATE_SECONDS),
    "paused": replace(WELL, paused_age=5.0),
    "documents_late": replace(WELL, documents=1, oldest_documents=LATE_SECONDS),
    "refused": replace(WELL, rejected_last_hour=3, oldest_rejected_last_hour=5.0),
    "documents_failed": replace(WELL, failed_documents=1, oldest_failed_documents=5.0),
    "webhooks_rejected": replace(WELL, rejected=1, oldest_rejected=5.0),
    "silence": replace(WELL, arrived_at=AT, clock=AT + 40 * 86_400, silence_days=3),
    "wrong_secret": replace(WELL, arrived_at=AT, clock=AT + 60, wrong_secret_age=5.0),
    "everbright_token": replace(WELL, token_refused_age=5.0),
    "lookups_failing": replace(WELL, lookups_failing_age=LATE_SECONDS),
    "documents_failing": replace(WELL, documents=1, failing=1, failing_for="everbright_missing"),
    "quarantined": replace(WELL, jobs=1, quarantined=1, oldest_quarantined=5.0),
    "unplaced": replace(WELL, unplaced=1, oldest_unplaced=5.0),
    "doubled": replace(WELL, findings={"doubled": ("Jobs!4 and Jobs!9",)}),
    "jobs_without_row": replace(WELL, findings={"jobs_without_row": ("job a", "job b")}),
    "rows_without_job": replace(WELL, findings={"rows_without_job": ("Jobs!4", "Jobs!9")}),
    "keys_removed": replace(WELL, findings={"keys_removed": ("Jobs!9",)}),
    "customers_unknown": replace(WELL, unanswered_customers=1),
    "disk_low": replace(WELL, disk_free=50_000_000, disk_size=1_000_000_000),
    "columns_gone": replace(WELL, gone_columns=("'Status' in 'Jobs'",), oldest_gone_column=5.0),
    "comparison_late": replace(WELL, comparison_age=COMPARED_SECONDS + 60.0),
    "backfill_late": replace(WELL, backfill_age=2 * UNATTENDED_SECONDS + 60.0, backfill_hours=24),
    "alerts_failing": replace(WELL, alerts_failing_age=5.0),
    "trashed": replace(WELL, is_trashed=True),
    "taken_ids": replace(WELL, accepts_taken_ids=True),
    "unknown_statuses": replace(WELL, unknown_statuses=("ODD", "PEND")),
}
"""For each problem, a backlog that has only this one."""
BEHIND = {"no_worker", "other_database", "restored", "trouble", "late", "documents_late", "refused"}
"""The problems for which /status is 503. (A pause is another, once something is late.)"""
ADDED = {
    *("unsettled", "missing_words", "missing_options", "kept_words", "foreign_keys"),
    "mapped_columns_gone",
}
"""The rules that the boards package registers, if it is loaded."""


def test_every_rule_has_a_backlog_here() -> None:
    names = [rule.code for rule in RULES if rule.code not in ADDED]
    assert len(set(names)) == len(names)
    assert set(names) == WRONG.keys() | {"unverified", "history_late"}


@pytest.mark.parametrize("code", WRONG)
def test_each_problem_is_reported_once_with_cause_and_fix(code: str) -> None:
    is_one_problem(code, WRONG[code])


def is_one_problem(code: str, found: Backlog) -> None:
    (problem,) = evaluate(found)
    assert (problem.code, problem.is_behind) == (code, code in BEHIND)
    assert all((problem.what, problem.cause, problem.fix))
    assert "{" not in problem.what + problem.cause
    assert problem.page.startswith("/")
    status = answer(found)
    assert status["status"] == ("behind" if code in BEHIND else "ok")
    lists = {"reasons": status["reasons"], "warnings": status["warnings"]}
    where = "reasons" if code in BEHIND else "warnings"
    assert [problem["reason"] for problem in lists.pop(where)] == [code]
    assert lists.popitem()[1] == []
    assert "Share it." not in str(status), "a message may contain an account's email address"
    assert alarms(found).keys() <= {code}
    rule = rule_of(code)
    assert bool(rule.resolved) == (rule.alerts is not never), "an alert has an end"


def test_a_wrong_secret_is_resolved_once_a_webhook_is_accepted() -> None:
    wrong = WRONG["wrong_secret"]
    assert evaluate(replace(wrong, arrived_at=None)), "none was ever accepted"
    assert evaluate(replace(wrong, arrived_at=wrong.clock - 4.0)) == ()
    assert evaluate(replace(wrong, wrong_secret_age=None)) == ()


def test_rejected_webhooks_cause_one_alert() -> None:
    assert alarms(replace(WELL, rejected=2, rejected_last_hour=2)).keys() == {"webhooks_rejected"}
    assert alarms(replace(WELL, rejected=3, rejected_last_hour=3)).keys() == {"refused"}


def test_several_problems_cause_several_alerts() -> None:
    no_worker = Backlog(worker_age=75.0, jobs=1, oldest_jobs=LATE_SECONDS, rejected_last_hour=9)
    assert alarms(no_worker).keys() == {"no_worker", "late", "refused"}


@pytest.mark.parametrize(
    ("free", "size", "is_low"),
    [
        (99, 1000, True),
        (101, 1000, False),
        (1, 4_000, True),
        (2 * 1024**3 - 1, 10**12, True),
        (2 * 1024**3 + 1, 10**12, False),
        (None, 0, False),
    ],
)
def test_low_disk_space_depends_on_the_size(free: int | None, size: int, is_low: bool) -> None:
    problems = evaluate(replace(WELL, disk_free=free, disk_size=size))
    assert [problem.code for problem in problems] == ["disk_low"] * is_low


def test_the_action_of_each_rule_exists_on_the_console() -> None:
    actions = {rule.action for rule in RULES if rule.action}
    assert actions <= ACTIONS.keys()
    assert {"put-back", "read-changed", "resume", "retry-all", "replay-all"} <= actions
    (moved,) = evaluate(replace(WELL, trouble="column_moved"))
    assert moved.action in ACTIONS


@pytest.mark.parametrize("reason", FenceDoubt)
def test_after_a_takeover_the_doubt_is_not_given_as_the_trouble(reason: str) -> None:
    """The last attempt failed because of it, and the next one is half a minute away."""
    stopped = replace(WELL, trouble=reason, trouble_message="Another database.", trouble_age=7.0)
    is_one_problem("trouble", stopped)
    (problem,) = evaluate(stopped)
    assert problem.what == "The sheet is written again within a minute."
    assert "Another" not in problem.explained


@pytest.mark.parametrize("reason", SHEET_EDITS)
def test_what_an_office_manager_can_undo_is_named_and_compared_again(reason: str) -> None:
    stopped = replace(WELL, trouble=reason, trouble_message="Of 'Bea Birch'.", trouble_age=7.0)
    is_one_problem("trouble", stopped)
    (problem,) = evaluate(stopped)
    assert "Bea" not in problem.text
    assert problem.what.startswith(SHEET_EDITS[reason][0])
    assert "checks" not in problem.page + problem.recheck + problem.remedy
