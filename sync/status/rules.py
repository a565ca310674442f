"""Everything that can be wrong: a name, how it is told, since when, why, and what to do. Pure.

One thing more is one rule more in RULES, a figure of the `Backlog` that tells it, and a test.
"""

from sync.status.problem import (
    LATE_SECONDS,
    MANY_REFUSED,
    ProblemRule,
    are_documents_late,
    counted,
    disk_low,
    is_alive,
    is_disk_low,
    is_late,
    is_missed,
    is_secret_wrong,
    is_silent,
    lasting,
    late,
    no_worker,
    oldest,
    paused,
    refused,
    silence,
    silent_since,
    trouble,
)
from sync.store.findings import WITHOUT_ROW
from sync.store.signs import TOKEN_REFUSED, FenceDoubt

LATE, NO_WORKER, REFUSED, TROUBLE = "late", "no_worker", "refused", "trouble"
SILENCE, WRONG_SECRET = "silence", "wrong_secret"
TAKEN_IDS = "taken_ids"
COLUMNS_GONE = ("columns_gone", "mapped_columns_gone")
"""Of the tab that was made, and of people's own."""
COMPARE = "/actions/compare?next=/"
"""Checks the whole sheet again."""
COMPARED_SECONDS = 2 * 86_400.0
"""The comparison is daily: once may fail."""
_DOCTOR = "Checks on the console, or `brightsheet doctor`"
_DELIVERIES = "`brightsheet deliveries`"
_REJECTED = "`brightsheet deliveries --outcome rejected`"
_AGAIN = "`brightsheet retry --all`"
WRONG_CAUSE = (
    "Nothing of them is kept. If EverBright sent them, its credential has another secret than "
    "WEBHOOK_SECRET here, or sends it in another header than WEBHOOK_SECRET_HEADER names."
)
WRONG_FIX = (
    "Set the same in both places; then read what was refused again from EverBright: on the "
    f"console, or by `brightsheet backfill`. How many, when and from where: {_DELIVERIES}"
)


RULES = [
    ProblemRule(
        NO_WORKER,
        what=no_worker,
        cause="The worker's process has ended, or was never started. Its log says why.",
        fix="Start it: `brightsheet worker`, or serve with WORKER=embedded.",
        behind=lambda now, _: not is_alive(now),
        since=lambda now: now.worker,
        alerts=is_missed,
        over="A worker runs again: what waits is being written.",
    ),
    ProblemRule(
        FenceDoubt.OTHER_DATABASE,
        what=lambda _: "Another database has written this spreadsheet, so writing has stopped.",
        cause="Brightsheet runs in two places with the same SPREADSHEET_ID, or the database is new "
        "or a copy.",
        fix="Stop the installation that you don't need. If this one is right, press the button, or "
        "run `brightsheet takeover --write`.",
        page="/actions",
        action="take-over",
        behind=lambda now, _: now.doubt == FenceDoubt.OTHER_DATABASE,
        since=lambda now: now.doubt_age,
        over="The sheet is written from this database again.",
    ),
    ProblemRule(
        FenceDoubt.RESTORED,
        what=lambda _: "The database was restored from a backup, so writing has stopped.",
        cause="The spreadsheet has changes that this database doesn't know. Writing now could set "
        "approved permits back.",
        fix="With EVERBRIGHT_API_TOKEN, open jobs are read again and writing resumes by itself. "
        "To write at once, press the button, or run `brightsheet takeover --write`.",
        page="/actions",
        action="take-over",
        behind=lambda now, _: now.doubt == FenceDoubt.RESTORED,
        since=lambda now: now.doubt_age,
        over="The sheet is written again after the restore.",
    ),
    ProblemRule(
        TROUBLE,
        what=trouble,
        cause="{0.trouble_message}",
        fix=f"Every delivery is stored, and written once that is over. If it stays: {_DOCTOR}",
        behind=lambda now, _: now.trouble and not now.doubt,
        since=lambda now: now.trouble_age,
        alerts=lambda now: (
            is_alive(now) and now.paused is None and (now.trouble_age or 0.0) >= LATE_SECONDS
        ),
        over="The sheet is written again.",
        is_told_each_time=True,
    ),
    ProblemRule(
        LATE,
        what=late,
        cause="The worker does not get it done: Google is slow, or refuses what it writes.",
        fix=f"What to do: {_DOCTOR}",
        behind=lambda now, strict: now.paused is None and is_late(now, strict),
        since=lambda now: now.oldest,
        # A sheet in trouble is told as such, as long as a worker lives.
        alerts=lambda now: not ((now.trouble or now.doubt) and is_alive(now)),
        over="The sheet shows every event again.",
        stays=lambda now: now.paused is not None and is_late(now, strict=False),
    ),
    ProblemRule(
        "paused",
        what=paused,
        cause="A person paused it on the console.",
        fix="Resume it on the console.",
        page="/actions",
        action="resume",
        behind=lambda now, strict: now.paused is not None and is_late(now, strict),
        warns=lambda now: now.paused is not None,
        since=lambda now: now.paused,
    ),
    ProblemRule(
        "documents_late",
        what=lambda now: (
            counted(now.documents, "document waits", "documents wait")
            + f" to be copied{oldest(now.oldest_document)}."
        ),
        cause="EverBright or Drive is slow or refuses them.",
        fix=f"See why: {_DELIVERIES}",
        page="/documents?state=pending",
        behind=are_documents_late,
        since=lambda now: now.oldest_document,
    ),
    ProblemRule(
        REFUSED,
        what=refused,
        cause="EverBright may have changed what it sends.",
        fix=f"See: {_REJECTED}",
        page="/deliveries?outcome=rejected",
        behind=lambda now, _: now.refused >= MANY_REFUSED,
        since=lambda now: now.oldest_refused,
        over="No delivery was refused for an hour: they are understood again.",
        stays=lambda now: now.refused,
    ),
    ProblemRule(
        "unverified",
        what=lambda _: "A write is still to be verified: the next flush does that.",
        behind=lambda now, strict: strict and now.unverified,
    ),
    ProblemRule(
        "history_late",
        what=lambda now: (
            counted(now.lines, "line of the History waits", "lines of the History wait")
            + " to be written."
        ),
        behind=lambda now, strict: strict and now.lines,
    ),
    ProblemRule(
        "disk_low",
        what=disk_low,
        cause="What comes is stored there: once the disk is full, webhooks are answered 503.",
        fix="Make room, or give it a larger disk. Keep less: set KEEP_DELIVERIES_DAYS lower.",
        warns=is_disk_low,
        over="The disk of the database has room again.",
    ),
    ProblemRule(
        COLUMNS_GONE[0],
        what=lambda now: (
            counted(len(now.gone_columns), "column of the sheet is", "columns of the sheet are")
            + " missing."
        ),
        cause="A person deleted {0.gone}. A filter view that uses it shows every job.",
        fix="Put it back on the console, or by `brightsheet init`; or say that you do without it.",
        page="/columns",
        action="put-back",
        warns=lambda now: now.gone_columns and not now.is_adopted,
        since=lambda now: now.oldest_gone_column,
        over="No column of the sheet is missing any more.",
    ),
    ProblemRule(
        "documents_given_up",
        what=lambda now: counted(now.given_up, "document was", "documents were") + " given up.",
        cause="They never can be copied, or could not be for two weeks.",
        fix=f"See why: {_DELIVERIES}; again: {_AGAIN}",
        page="/documents?state=failed",
        action="retry-all",
        behind=lambda now, strict: strict and now.given_up,
        warns=lambda now: now.given_up,
        since=lambda now: now.oldest_given_up,
    ),
    ProblemRule(
        "not_taken_in",
        what=lambda now: (
            counted(now.not_taken_in, "delivery was", "deliveries were")
            + " refused and never taken in."
        ),
        cause="They had the right secret and were not understood when they arrived, because they "
        "are not JSON in UTF-8 or a required field is missing.",
        fix=f"See: {_REJECTED}; again: {_AGAIN}",
        page="/deliveries?outcome=rejected",
        action="replay-all",
        behind=lambda now, strict: strict and now.not_taken_in,
        warns=lambda now: now.not_taken_in,
        since=lambda now: now.oldest_not_taken_in,
        alerts=lambda now: now.refused < MANY_REFUSED,  # More are reported as refused.
        over="No refused delivery is left.",
    ),
    ProblemRule(
        SILENCE,
        what=silence,
        cause="The webhook in EverBright may be off, have another address or secret, or send what "
        "is refused.",
        fix="Look at the webhook there. What it did not send is read again from EverBright: "
        f"on the console, or by `brightsheet backfill`. What was refused: {_DELIVERIES}",
        page="/deliveries",
        action="read-changed",
        warns=is_silent,
        since=lambda now: now.clock - (silent_since(now) or now.clock),
        over="A webhook was accepted again.",
    ),
    ProblemRule(
        WRONG_SECRET,
        what=lambda now: (
            "A request with a wrong secret or none was refused "
            f"{lasting(now.last_wrong_secret or 0.0)} ago, and no webhook was accepted since."
        ),
        cause=WRONG_CAUSE,
        fix=WRONG_FIX,
        page="/deliveries#refused",
        action="read-changed",
        warns=is_secret_wrong,
        since=lambda now: now.last_wrong_secret,
        over="A webhook was accepted: its secret is right.",
    ),
    ProblemRule(
        TOKEN_REFUSED,
        what=lambda _: "EverBright does not accept the token.",
        cause="It was typed wrong, has ended, or is sent in another header than EverBright wants.",
        fix=f"Copy it again into EVERBRIGHT_API_TOKEN, then: {_DOCTOR}",
        warns=lambda now: now.token_refused is not None or now.failing_for == TOKEN_REFUSED,
        since=lambda now: now.token_refused,
        alerts=lambda now: not now.documents,  # Who copies those tells it at once.
        over="EverBright accepts the token again.",
    ),
    ProblemRule(
        "customers_unknown",
        what=lambda now: (
            "EverBright did not return the customer of "
            f"{counted(now.unanswered_customers, 'job', 'jobs')}."
        ),
        cause="Their rows show the job's ID in place of a name. EverBright answered with an error, "
        "does not know the job, or the token is for another account.",
        fix="Check that the token and EVERBRIGHT_URL are those of the account that sends the "
        f"webhooks: {_DOCTOR}",
        warns=lambda now: now.unanswered_customers and now.token_refused is None,
        over="EverBright has returned every customer.",
    ),
    ProblemRule(
        "documents_failing",
        what=lambda now: (
            counted(now.failing, "document", "documents")
            + f" could not be copied, and will be tried again ({now.failing_for})."
        ),
        cause="EverBright or Drive refuses them, or does not answer.",
        fix=f"See why: {_DELIVERIES}",
        page="/documents?state=pending",
        warns=lambda now: now.failing,
        since=lambda now: now.oldest_failing,
    ),
    ProblemRule(
        "quarantined",
        what=lambda now: (
            counted(now.quarantined, "job is", "jobs are")
            + " set aside: Google does not take what is to be written."
        ),
        cause="Cells are protected, a rule refuses a value, or somebody edits just there.",
        fix=f"They are tried again by themselves. See what keeps Google from it: {_DOCTOR}",
        warns=lambda now: now.quarantined,
        since=lambda now: now.oldest_quarantined,
    ),
    ProblemRule(
        "unknown_statuses",
        what=lambda now: (
            f"EverBright sends {counted(len(now.unknown_statuses), 'status', 'statuses')} that "
            "nobody has explained."
        ),
        cause="EverBright publishes no list of its statuses. A milestone with one of these counts "
        "as open: {0.unknown}.",
        fix="Choose what it means on the console, or name it in [statuses] of the config.",
        page="/statuses",
        warns=lambda now: now.unknown_statuses,
    ),
    ProblemRule(
        "comparison_late",
        what=lambda now: (
            "The whole sheet was last compared with what EverBright sent "
            f"{lasting(now.comparison_age or 0.0)} ago."
        ),
        cause="The daily comparison fails or doesn't run. The worker's log says why.",
        fix="Compare now on the console, or with `brightsheet compare`.",
        page="/actions",
        recheck=COMPARE,
        warns=lambda now: now.paused is None and (now.comparison_age or 0.0) > COMPARED_SECONDS,
        since=lambda now: now.comparison_age,
    ),
    ProblemRule(
        TAKEN_IDS,
        what=lambda _: "Google accepts a batch whose columns have moved.",
        cause="It accepted metadata with an ID that was taken. What is written stays right: each "
        "batch is checked by what it copied. It may be read and written once more.",
        fix="Send the output of `brightsheet doctor --report` to whoever maintains Brightsheet.",
        warns=lambda now: now.accepts_taken_ids,
    ),
    ProblemRule(
        WITHOUT_ROW,
        what=lambda now: counted(now.found(WITHOUT_ROW), "job has", "jobs have") + " no row.",
        cause="The row was deleted, or its site ID was overwritten: {items}. New webhooks of these "
        "jobs add a row again; until then the sheet doesn't show them.",
        fix="Restore the rows on the console, or dismiss the jobs whose rows you deleted on "
        "purpose.",
        page=f"/findings#{WITHOUT_ROW}",
        action="restore-rows",
        recheck=COMPARE,
        warns=lambda now: now.found(WITHOUT_ROW),
        over="Every job has a row.",
    ),
    ProblemRule(
        "doubled",
        what=lambda now: (
            counted(now.found("doubled"), "job is", "jobs are") + " in more than one row."
        ),
        cause="A row was copied, or two mapped tabs have the same job: {items}. All of these rows "
        "are kept up to date.",
        fix="Delete the rows you don't need, or dismiss the jobs that you want to keep twice.",
        page="/findings#doubled",
        recheck=COMPARE,
        warns=lambda now: now.found("doubled"),
        over="Every job is in one row.",
    ),
    ProblemRule(
        "unplaced",
        what=lambda now: (
            counted(now.unplaced, "delivery names", "deliveries name")
            + " a milestone whose job is unknown."
        ),
        cause="No webhook of that milestone came.",
        fix="They are taken in as soon as one comes. To read it: `brightsheet backfill`",
        page="/deliveries",
        action="read-changed",
        warns=lambda now: now.unplaced,
        since=lambda now: now.oldest_unplaced,
    ),
]
"""What can be wrong, the most urgent first. Each code is there once."""


def register(rule: ProblemRule, *, before: str) -> None:
    """Add a rule that is a little more urgent than the rule with the code `before`."""
    codes = [known.code for known in RULES]
    if rule.code not in codes:
        RULES.insert(codes.index(before), rule)


def remedy(code: str) -> str:
    return next(rule.remedy for rule in RULES if rule.code == code)
