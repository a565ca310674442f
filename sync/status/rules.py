"""Defines the core's problems: the code, condition, text, cause and fix of each. Pure.

Boards register theirs. To add one: a rule in RULES, what it counts in `Backlog` (for `of_findings`,
a finding in `sync/sheets/reconcile.py`), and a line in `tests/status/test_verdict.py`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sync.status.problem import ProblemRule, lasting, never, pluralize
from sync.store import Backlog
from sync.store.findings import KEYS_REMOVED, WITHOUT_JOB, WITHOUT_ROW
from sync.store.heartbeats import ALERTS_FAILING, TOKEN_REFUSED
from sync.store.sheet_state import FenceDoubt

SILENCE, TAKEN_IDS, TRASHED, TROUBLE = "silence", "taken_ids", "trashed", "trouble"
COMPARE_PAGE = "/actions/compare?next=/"
"""The page that compares the whole sheet again."""
COMPARED_SECONDS = 2 * 86_400.0
"""The comparison is daily, and one may fail."""
_CHECKS, _DOCTOR = "run the checks on the console.", "brightsheet doctor"
_MISSED = "To get the missing events, read changes from EverBright."
_BACKFILL = "brightsheet backfill"
LATE_SECONDS = 900.0
"""How long anything may be pending. Most Google outages are shorter, and the worker retries."""
UNATTENDED_SECONDS = 86_400.0
"""How long an outage of EverBright or Drive may last before an alert: most end without anybody."""
ALIVE_SECONDS = 60.0
"""How old a worker's last heartbeat may be; three are missed by then."""
MANY_REJECTED = 3
"""Webhooks rejected within an hour: one may be a mistake, but three mean a changed format."""

LOW_SHARE, LOW_BYTES = 0.1, 2 * 1024**3
"""A disk is nearly full if it has less free space than both a tenth and 2 GB."""
_MEGABYTE = 1024**2

_DAY = timedelta(days=1)
_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001 - any Monday, in the zone of the moments


def working_days(since: datetime, until: datetime) -> float:
    """Return the days between two moments of one time zone, without Saturdays and Sundays."""

    def worked(moment: datetime) -> float:
        weeks, rest = divmod(moment.replace(tzinfo=None) - _MONDAY, 7 * _DAY)
        return 5 * weeks + min(rest / _DAY, 5.0)

    return max(0.0, worked(until) - worked(since))


def silent_since(now: Backlog) -> float | None:
    """Return when the last webhook was accepted; before the first, when the database was set up."""
    return now.set_up_at if now.arrived_at is None else now.arrived_at


def is_silent(now: Backlog) -> bool:
    """Return whether no webhook was accepted for SILENCE_DAYS working days."""
    since = silent_since(now)
    if not now.silence_days or since is None:
        return False
    days = working_days(*(datetime.fromtimestamp(at, now.zone) for at in (since, now.clock)))
    return days >= now.silence_days


def is_alive(now: Backlog) -> bool:
    """Return whether a worker's heartbeat is recent."""
    return now.worker_age is not None and now.worker_age <= ALIVE_SECONDS


def is_missed(now: Backlog) -> bool:
    """Return whether work is pending without a worker; one that never ran may be starting now."""
    age = now.worker_age if now.worker_age is not None else now.oldest or 0.0
    return bool(now.waiting) and age > ALIVE_SECONDS


def no_worker(now: Backlog) -> str:
    if now.worker_age is not None:
        text = f"No worker is running. The last heartbeat was {lasting(now.worker_age)} ago."
    elif now.is_set_up:
        text = "No worker has run yet."
    else:
        text = (
            "No worker has run yet. With your existing sheet, that is right until you have mapped "
            "it: press Columns. The worker is started after that."
        )
    return f"{text} Pending: {pending(now)}." if now.waiting else text


def is_late(now: Backlog, strict: bool) -> bool:
    """Return whether anything is pending for too long; `strict`: at all."""
    return now.waiting > 0 and (strict or (now.oldest or 0.0) >= LATE_SECONDS)


def late(now: Backlog) -> str:
    trouble = f" ({now.trouble})" if now.trouble else ""
    return f"The sheet is not up to date{trouble}. Pending: {pending(now)}{oldest(now.oldest)}."


def paused(now: Backlog) -> str:
    text = f"Writing has been paused for {lasting(now.paused_age or 0.0)}."
    return f"{text} Pending: {pending(now)}." if now.waiting else text


def pending(now: Backlog) -> str:
    parts = [
        pluralize(count, singular, plural)
        for count, singular, plural in (
            (now.deliveries, "webhook to process", "webhooks to process"),
            (now.jobs, "job to write", "jobs to write"),
        )
        if count
    ]
    if now.quarantined:
        parts.append(f"{now.quarantined} of them on hold")
    return ", ".join(parts)


def oldest(age: float | None) -> str:
    return f", the oldest for {lasting(age)}" if age is not None else ""


def trouble(now: Backlog) -> str:
    age = f" for {lasting(now.trouble_age)}" if now.trouble_age is not None else ""
    return f"The sheet could not be written{age} ({now.trouble})."


def are_documents_late(now: Backlog, strict: bool) -> bool:
    """Return whether a document is pending for too long; `strict`: at all."""
    return now.documents > 0 and (strict or (now.oldest_documents or 0.0) >= LATE_SECONDS)


def rejected_lately(now: Backlog) -> str:
    why = f" ({now.rejected_last_hour_for})" if now.rejected_last_hour_for else ""
    count = pluralize(now.rejected_last_hour, "webhook was", "webhooks were")
    return f"{count} rejected in the last hour{why}."


def is_secret_wrong(now: Backlog) -> bool:
    """Return whether a request had a wrong secret, and no webhook was accepted since."""
    last = now.wrong_secret_age
    return last is not None and (now.arrived_at is None or now.clock - now.arrived_at > last)


def silence(now: Backlog) -> str:
    if now.arrived_at is None:
        age = lasting(now.clock - (now.set_up_at or now.clock))
        return f"No webhook has been accepted since setup, {age} ago."
    days = pluralize(now.silence_days, "working day", "working days")
    last = datetime.fromtimestamp(now.arrived_at, now.zone)
    return (
        f"No webhook was accepted for {days} (SILENCE_DAYS). The last one arrived on "
        f"{last:%b %-d, %Y, %-I:%M %p %Z}."
    )


def is_backfill_late(now: Backlog) -> bool:
    """Return whether the regular backfill is more than a day late: a run takes hours at most."""
    longest = now.backfill_hours * 3600.0 + UNATTENDED_SECONDS
    return now.backfill_age is not None and now.backfill_age > longest


def is_disk_low(now: Backlog) -> bool:
    free = now.disk_free
    return free is not None and free < min(LOW_SHARE * now.disk_size, LOW_BYTES)


def disk_low(now: Backlog) -> str:
    return f"Only {round((now.disk_free or 0) / _MEGABYTE)} MB are free on the database's disk."


def of_findings(
    code: str,
    one: str,
    many: str,
    rest: str,
    *,
    cause: str,
    fix: str,
    action: str = "",
) -> ProblemRule:
    """Return a rule that counts the comparison's findings of a code, and links their page."""
    return ProblemRule(
        code,
        what=lambda now: pluralize(now.found(code), one, many) + rest,
        cause=cause,
        fix=fix,
        page=f"/findings#{code}",
        action=action,
        recheck=COMPARE_PAGE,
        warns=lambda now: now.found(code),
        resolved=f"Fixed or dismissed: {many}{rest}",
    )


SHEET_EDITS = {
    "header_gone": ("A tab or its header row was deleted", "/columns"),
    "header_sorted": ("A header row was sorted or pasted over", COMPARE_PAGE),
    "key_column_gone": ("The column Site ID was deleted", "/columns"),
    "keys_gone": ("Many site IDs are gone at once", COMPARE_PAGE),
    "keys_moved": ("Site IDs are outside their column", COMPARE_PAGE),
    "column_moved": ("A column was cut and pasted into another one", COMPARE_PAGE),
}
"""What people did, and the page that fixes it, by the reason why the sheet isn't written."""

_ANSWERS = {"column_moved": "use-column", "keys_gone": "rows-deleted"}
"""The actions of people who did it on purpose."""


def trouble_details(now: Backlog) -> Mapping[str, Any]:
    """Return the values of the problem if people stopped the writing, or if they resumed it."""
    if now.trouble in set(FenceDoubt):  # While there is a doubt, it is a problem of its own.
        return {
            "what": "The sheet is written again within a minute.",
            "cause": "This database took over the spreadsheet.",
            "fix": f"Otherwise, {_CHECKS}",
        }
    if now.trouble not in SHEET_EDITS:
        return {}
    what, page = SHEET_EDITS[now.trouble]
    fix = "In Google Sheets, press Ctrl+Z, or use File, Version history. Then check again."
    if now.trouble == "keys_gone":
        fix += " If the rows were deleted on purpose, confirm that."
    return {
        "what": f"{what}. Nothing is written until that is undone.",
        "fix": fix,
        "command": "brightsheet compare",
        "page": page,
        "action": _ANSWERS.get(now.trouble, ""),
        "recheck": COMPARE_PAGE,
    }


RULES = [
    ProblemRule(
        "no_worker",
        what=no_worker,
        cause="If its process was started, the log has the reason why it ended.",
        fix="Set WORKER=embedded and restart Brightsheet, or start the worker's own process.",
        behind=lambda now, _: not is_alive(now),
        age=lambda now: now.worker_age,
        alerts=is_missed,
        resolved="A worker is running again and writes what is pending.",
    ),
    ProblemRule(
        FenceDoubt.OTHER_DATABASE,
        what=lambda _: "Another database has written this spreadsheet, so writing has stopped.",
        cause="Brightsheet runs in two places with the same SPREADSHEET_ID, or the database is new "
        "or a copy.",
        fix="Stop the installation that you don't need. If this one is right, press Write from "
        "this database on the console. But if it is new or from a backup, read the jobs first "
        "(brightsheet backfill), or older statuses are written.",
        command="brightsheet takeover --write",
        page="/actions",
        action="take-over",
        behind=lambda now, _: now.doubt == FenceDoubt.OTHER_DATABASE,
        age=lambda now: now.doubt_age,
        resolved="The sheet is written from this database again.",
    ),
    ProblemRule(
        FenceDoubt.RESTORED,
        what=lambda _: "The database was restored from a backup, so writing has stopped.",
        cause="The spreadsheet has changes that this database doesn't know. Writing now could set "
        "approved permits back.",
        fix="With EVERBRIGHT_API_TOKEN, open jobs are read again, and writing resumes once every "
        "one of them was read. To write at once, press Write from this database on the console.",
        command="brightsheet takeover --write",
        page="/actions",
        action="take-over",
        behind=lambda now, _: now.doubt == FenceDoubt.RESTORED,
        age=lambda now: now.doubt_age,
        resolved="The sheet is written again after the restore.",
    ),
    ProblemRule(
        TROUBLE,
        what=trouble,
        cause="{0.trouble_message}",
        fix="Every webhook is stored, and will be written when this is fixed. To find the cause, "
        f"{_CHECKS}",
        command=_DOCTOR,
        details=trouble_details,
        behind=lambda now, _: now.trouble and not now.doubt,
        age=lambda now: now.trouble_age,
        alerts=lambda now: (
            is_alive(now) and now.paused_age is None and (now.trouble_age or 0.0) >= LATE_SECONDS
        ),
        resolved="The sheet is being written again.",
    ),
    ProblemRule(
        "late",
        what=late,
        cause="The worker is falling behind: Google is slow or is rejecting our writes.",
        fix=f"To find the cause, {_CHECKS}",
        command=_DOCTOR,
        behind=lambda now, strict: now.paused_age is None and is_late(now, strict),
        age=lambda now: now.oldest,
        # While a worker runs, the alert about the trouble is enough.
        alerts=lambda now: not ((now.trouble or now.doubt) and is_alive(now)),
        resolved="The sheet is up to date again.",
        is_ongoing=lambda now: now.paused_age is not None and is_late(now, strict=False),
    ),
    ProblemRule(
        "paused",
        what=paused,
        cause="Somebody paused it on the console. Webhooks are stored meanwhile.",
        fix="Resume it on the console, and everything is written.",
        page="/actions",
        action="resume",
        behind=lambda now, strict: now.paused_age is not None and is_late(now, strict),
        warns=lambda now: now.paused_age is not None,
        age=lambda now: now.paused_age,
        alerts=never,
    ),
    ProblemRule(
        "documents_late",
        what=lambda now: (
            pluralize(now.documents, "document hasn't", "documents haven't")
            + f" been copied yet{oldest(now.oldest_documents)}."
        ),
        cause="EverBright or Google Drive is slow or is rejecting requests.",
        fix="See the reasons under Documents on the console, and dismiss those that EverBright no "
        "longer has.",
        command="brightsheet deliveries",
        page="/documents?state=pending",
        behind=are_documents_late,
        age=lambda now: now.oldest_documents,
        alerts=lambda now: (now.oldest_documents or 0.0) >= UNATTENDED_SECONDS,
        resolved="All documents are copied.",
    ),
    ProblemRule(
        "refused",  # An old name: they are stored, unlike requests with a wrong secret.
        what=rejected_lately,
        cause="EverBright may have changed the format of its webhooks.",
        fix="See the reasons under Deliveries on the console.",
        command="brightsheet deliveries --outcome rejected",
        page="/deliveries?outcome=rejected",
        behind=lambda now, _: now.rejected_last_hour >= MANY_REJECTED,
        age=lambda now: now.oldest_rejected_last_hour,
        resolved="No rejected webhook of the last hour is left.",
        is_ongoing=lambda now: now.rejected_last_hour,
    ),
    ProblemRule(
        TRASHED,
        what=lambda _: "The spreadsheet is in the trash.",
        cause="Somebody deleted it. Google keeps it there for 30 days.",
        fix="Restore it in Drive, then compare. Or fill a new one with `brightsheet rebuild`.",
        page="/actions",
        recheck=COMPARE_PAGE,
        warns=lambda now: now.is_trashed,
        resolved="The spreadsheet is no longer in the trash.",
    ),
    ProblemRule(
        ALERTS_FAILING,
        what=lambda _: "The last alert couldn't be delivered.",
        cause="An address in ALERT_URLS is wrong, its password has ended, or its service is down.",
        fix="Send a test alert on the console. If it doesn't arrive, correct ALERT_URLS, and "
        "restart.",
        action="test-alert",
        warns=lambda now: now.alerts_failing_age is not None,
        age=lambda now: now.alerts_failing_age,
        alerts=never,
    ),
    ProblemRule(
        "unverified",
        what=lambda _: "A write hasn't been verified yet. The next one does that.",
        behind=lambda now, strict: strict and now.unverified,
        alerts=never,
    ),
    ProblemRule(
        "history_late",
        what=lambda now: (
            pluralize(now.lines, "line of History isn't", "lines of History aren't")
            + " written yet."
        ),
        behind=lambda now, strict: strict and now.lines,
        alerts=never,
    ),
    ProblemRule(
        "disk_low",
        what=disk_low,
        cause="Webhooks are stored there. When the disk is full, they are answered with 503.",
        fix="Free some space, such as that of old backups and logs, or use a larger disk. A lower "
        "KEEP_DELIVERIES_DAYS only keeps the database from growing.",
        behind=lambda now, _: is_disk_low(now) and (now.disk_free or 0) < _MEGABYTE,
        warns=is_disk_low,
        resolved=f"The database's disk has enough space again. If it was full: {_MISSED}",
    ),
    ProblemRule(
        "columns_gone",
        what=lambda now: (
            pluralize(len(now.gone_columns), "column of the sheet is", "columns of the sheet are")
            + " missing."
        ),
        cause="Somebody deleted {0.gone}. Filter views that use it show every job.",
        fix="Put it back on the console. If you don't need it, choose Do without it.",
        command="brightsheet init",
        page="/columns",
        action="put-back",
        recheck=COMPARE_PAGE,
        warns=lambda now: now.gone_columns and not now.is_mapped,
        age=lambda now: now.oldest_gone_column,
        resolved="No column that you want is missing.",
    ),
    ProblemRule(
        "documents_failed",
        what=lambda now: (
            pluralize(now.failed_documents, "document", "documents") + " couldn't be copied."
        ),
        cause="EverBright has no usable file for it, or copying failed for 12 days.",
        fix="Retry or dismiss each under Documents, where the reason is, or retry all.",
        command="brightsheet retry --all",
        page="/documents?state=failed",
        action="retry-all",
        behind=lambda now, strict: strict and now.failed_documents,
        warns=lambda now: now.failed_documents,
        age=lambda now: now.oldest_failed_documents,
        alerts=never,
    ),
    ProblemRule(
        "webhooks_rejected",
        what=lambda now: pluralize(now.rejected, "webhook was", "webhooks were") + " rejected.",
        cause="They had the right secret, but they were too large, weren't JSON in UTF-8, or "
        "lacked a required field.",
        fix="Replay or dismiss each under Deliveries, where the reason is, or replay all.",
        command="brightsheet retry --all",
        page="/deliveries?outcome=rejected",
        action="replay-all",
        behind=lambda now, strict: strict and now.rejected,
        warns=lambda now: now.rejected,
        age=lambda now: now.oldest_rejected,
        alerts=lambda now: now.rejected_last_hour < MANY_REJECTED,  # More are reported as refused.
        resolved="Every rejected webhook was replayed or dismissed.",
    ),
    ProblemRule(
        SILENCE,
        what=silence,
        cause="The webhook in EverBright may be turned off, use another address or secret, or "
        "send something that is rejected.",
        fix=f"Check the webhook in EverBright. {_MISSED}",
        command=_BACKFILL,
        page="/deliveries",
        action="read-changed",
        warns=is_silent,
        age=lambda now: now.clock - (silent_since(now) or now.clock),
        resolved="A webhook was accepted again.",
    ),
    ProblemRule(
        "wrong_secret",
        what=lambda now: (
            "A request with a wrong or missing secret was refused "
            f"{lasting(now.wrong_secret_age or 0.0)} ago, and none of EverBright's webhooks has "
            "been accepted since."
        ),
        cause="Its content wasn't stored. If EverBright sent it, the secret of its credential "
        "differs from Brightsheet's, or is sent in the wrong header.",
        fix=f"Set the same secret in both places. {_MISSED} Deliveries shows when and from where "
        "requests came.",
        command=_BACKFILL,
        page="/deliveries#refused",
        action="read-changed",
        warns=is_secret_wrong,
        age=lambda now: now.wrong_secret_age,
        resolved="A webhook was accepted: its secret is right.",
    ),
    ProblemRule(
        TOKEN_REFUSED,
        what=lambda _: "EverBright doesn't accept the API token.",
        cause="The token is mistyped, expired, or sent in the wrong header.",
        fix=f"Copy it into EVERBRIGHT_API_TOKEN again, restart Brightsheet, and {_CHECKS}",
        command=_DOCTOR,
        warns=lambda now: now.token_refused_age is not None,
        age=lambda now: now.token_refused_age,
        resolved="EverBright accepts the API token again.",
    ),
    ProblemRule(
        "customers_unknown",
        what=lambda now: (
            "EverBright didn't return the customer of "
            f"{pluralize(now.unanswered_customers, 'job', 'jobs')}."
        ),
        cause="Their rows show the job's ID instead of a name. EverBright answered with an error, "
        "doesn't know the job, or the token is for another account.",
        fix="Check that EVERBRIGHT_URL and the token belong to the account that sends the "
        f"webhooks, then {_CHECKS} Dismiss jobs that EverBright no longer has.",
        command=_DOCTOR,
        page="/findings#customers_unknown",
        warns=lambda now: now.unanswered_customers and now.token_refused_age is None,
        resolved="Fixed or dismissed: jobs whose customer EverBright didn't return.",
        is_ongoing=lambda now: now.unanswered_customers,
    ),
    ProblemRule(
        "lookups_failing",
        what=lambda now: (
            "EverBright hasn't returned customers or details of jobs for "
            f"{lasting(now.lookups_failing_age or 0.0)}."
        ),
        cause="EverBright is down, or doesn't answer as expected. Jobs that are new or have "
        "changed may lack values from EverBright, or show earlier ones.",
        fix=f"They are requested again automatically. If it doesn't go away, {_CHECKS}",
        command=_DOCTOR,
        warns=lambda now: (
            now.token_refused_age is None and (now.lookups_failing_age or 0.0) >= LATE_SECONDS
        ),
        age=lambda now: now.lookups_failing_age,
        alerts=lambda now: (now.lookups_failing_age or 0.0) >= UNATTENDED_SECONDS,
        resolved="EverBright returns customers and details again.",
        is_ongoing=lambda now: now.lookups_failing_age is not None,
    ),
    ProblemRule(
        "documents_failing",
        what=lambda now: (
            pluralize(now.failing, "document", "documents")
            + f" couldn't be copied yet ({now.failing_for})."
        ),
        cause="EverBright or Google Drive rejected the request or didn't answer.",
        fix="They are retried automatically. See the reasons under Documents on the console, and "
        "dismiss those that EverBright no longer has.",
        command="brightsheet deliveries",
        page="/documents?state=pending",
        warns=lambda now: now.failing,
        age=lambda now: now.oldest_failing,
        alerts=never,
    ),
    ProblemRule(
        "quarantined",
        what=lambda now: f"Google rejects the rows of {pluralize(now.quarantined, 'job', 'jobs')}.",
        cause="Cells are protected, a data validation rule rejects a value, or somebody is editing "
        "there.",
        fix=f"They are retried automatically. To find the cause, {_CHECKS}",
        command=_DOCTOR,
        warns=lambda now: now.quarantined,
        age=lambda now: now.oldest_quarantined,
        alerts=never,
    ),
    ProblemRule(
        "unknown_statuses",
        what=lambda now: (
            "EverBright sends "
            + pluralize(len(now.unknown_statuses), "status that has", "statuses that have")
            + " no meaning yet."
        ),
        cause="EverBright publishes no list of its statuses. A milestone with one of these counts "
        "as open: {0.unknown}.",
        fix="Choose their meaning on the console, or add them to [statuses] in the config.",
        page="/statuses",
        recheck="/",
        warns=lambda now: now.unknown_statuses,
        alerts=never,
    ),
    ProblemRule(
        "comparison_late",
        what=lambda now: (
            "The whole sheet hasn't been compared with EverBright for "
            f"{lasting(now.comparison_age or 0.0)}."
        ),
        cause="The daily comparison fails or doesn't run. The worker's log has the reason.",
        fix="Compare now on the console.",
        command="brightsheet compare",
        page="/actions",
        recheck=COMPARE_PAGE,
        warns=lambda now: now.paused_age is None and (now.comparison_age or 0.0) > COMPARED_SECONDS,
        age=lambda now: now.comparison_age,
        resolved="The whole sheet was compared.",
        is_ongoing=lambda now: (now.comparison_age or 0.0) > COMPARED_SECONDS,
    ),
    ProblemRule(
        "backfill_late",
        what=lambda now: (
            "Open and changed jobs haven't been read from EverBright for "
            f"{lasting(now.backfill_age or 0.0)}."
        ),
        cause="EverBright doesn't answer, or has its list of jobs at another address. What became "
        "ready to submit, and what webhooks missed, isn't shown.",
        fix=f"It is retried automatically. To find the cause, {_CHECKS}",
        command=_DOCTOR,
        warns=lambda now: now.token_refused_age is None and is_backfill_late(now),
        age=lambda now: now.backfill_age,
        resolved="Open and changed jobs were read from EverBright.",
        is_ongoing=is_backfill_late,
    ),
    ProblemRule(
        TAKEN_IDS,
        what=lambda _: "Google accepts writes although columns have moved.",
        cause="It accepted metadata with an ID that was in use. The sheet stays right, because "
        "each write is verified; a write may be repeated.",
        fix="Send the output of `brightsheet doctor --report` to the maintainers of Brightsheet.",
        warns=lambda now: now.accepts_taken_ids,
        alerts=never,
    ),
    of_findings(
        WITHOUT_ROW,
        "job has",
        "jobs have",
        " no row.",
        cause="The row was deleted, or its site ID was overwritten: {items}. New webhooks of these "
        "jobs add a row again; until then the sheet doesn't show them.",
        fix="Restore the rows on the console, or dismiss the jobs whose rows you deleted on "
        "purpose.",
        action="restore-rows",
    ),
    of_findings(
        WITHOUT_JOB,
        "row has",
        "rows have",
        " the site ID of a job that isn't in the database.",
        cause="The database is new or older than the sheet, or somebody typed the ID: {items}. "
        "These rows aren't kept up to date.",
        fix="Read the jobs from EverBright (`brightsheet backfill`, with `--site` for one), then "
        "compare. Dismiss rows that may stay as they are.",
    ),
    of_findings(
        "doubled",
        "job is",
        "jobs are",
        " in more than one row.",
        cause="A row was copied, or two mapped tabs have the same job: {items}. All of these rows "
        "are kept up to date.",
        fix="Delete the rows you don't need, or dismiss the jobs that you want to keep twice.",
    ),
    of_findings(
        KEYS_REMOVED,
        "row",
        "rows",
        " lost the site ID because the customer there was changed.",
        cause="A job's site ID was in two rows, and this one shows another customer: {items}. The "
        "job's other row is kept up to date.",
        fix="If it is another customer's row, clear its statuses, Next action and Days, and "
        "dismiss this. If not, correct the customer there and copy the site ID back from the tab "
        "Recovered.",
    ),
    ProblemRule(
        "unplaced",
        what=lambda now: (
            pluralize(now.unplaced, "webhook", "webhooks") + " can't be matched to a job yet."
        ),
        cause="They have no site ID, only a milestone or another service's reference, and no "
        "webhook has both yet.",
        fix="They are applied when one arrives. For another service's, post its reference and the "
        "site ID. To look for the milestones now, read changes from EverBright.",
        command=_BACKFILL,
        page="/deliveries",
        action="read-changed",
        warns=lambda now: now.unplaced,
        age=lambda now: now.oldest_unplaced,
        alerts=never,
    ),
]
"""The most urgent first. Codes are unique."""


def register(rule: ProblemRule, *, before: str) -> None:
    """Add a rule before the rule with the code `before`, which is the next in urgency."""
    codes = [known.code for known in RULES]
    if rule.code not in codes:
        RULES.insert(codes.index(before), rule)


def rule_of(code: str) -> ProblemRule:
    return next(rule for rule in RULES if rule.code == code)
