"""What people can do: each action is confirmed, and written to a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from flask import abort, flash, redirect, render_template, request, url_for

from sync.console.access import target
from sync.console.parts import ConsoleParts, is_id
from sync.errors import BrightsheetError, Permanent
from sync.jobs.learned import ending_question
from sync.settings.environment import google_id
from sync.status.deliveries import Retry, summary
from sync.status.problem import counted
from sync.store import ActionState, Confirmations, Dismissals
from sync.store.actions import (
    COMPARE,
    DO_WITHOUT,
    FORGET,
    PUT_BACK,
    READ_AGAIN,
    READ_BACK,
    READ_CHANGED,
    REBUILD,
    REPLAY_ALL,
    RESTORE_ROWS,
)

_LISTED = 100
_MOST = 200
"""Ids in one form: those of a page, with room."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Deed:
    """An action: what it is called, what it does in words, and what does it.

    `run` gets the ids that were chosen, and returns the result in words; where it is None, the
    worker is asked. `needs_ids` where it is done to something.
    """

    title: str
    about: str
    run: Callable[[ConsoleParts, Sequence[str]], str] | None = None
    needs_ids: bool = False
    asks_spreadsheet: bool = False


def _replay(parts: ConsoleParts, ids: Sequence[str]) -> str:
    retry, lines = Retry(parts.wiring.settings, parts.wiring.database), list[str]()
    for delivery in ids:
        try:
            lines += retry.one(delivery)
        except Permanent:
            lines.append(f"delivery {delivery}: nothing to replay")
    return summary(lines)


def _retry(parts: ConsoleParts, ids: Sequence[str]) -> str:
    count = sum(parts.wiring.documents.retry(uuid) for uuid in ids)
    return f"{count} to be copied again."


def _retry_all(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    return f"{parts.wiring.documents.retry()} to be copied again."


def _dismiss(parts: ConsoleParts, ids: Sequence[str]) -> str:
    Dismissals(parts.wiring.database).add(ids)
    return f"{counted(len(ids), 'item', 'items')} dismissed."


def _pause(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    parts.wiring.sheet_store().spreadsheet.pause()
    return "The sheet is not written until you resume."


def _resume(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    parts.wiring.sheet_store().spreadsheet.resume()
    return "The sheet is written again."


def _take_over(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    parts.wiring.sheet_store().spreadsheet.take_over()
    return "The sheet is written from this database. Any other installation stops."


def _confirm_order(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    confirmations = Confirmations(parts.wiring.database)
    proposed = confirmations.proposed_order()
    if not ending_question(proposed, confirmations.read().milestones):
        raise Permanent("no_end", "Nothing is proposed now.")
    confirmations.confirm_order(proposed)
    return "A job is done from now on once that milestone is approved."


def _alert(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    if not parts.wiring.settings.has_alerts:
        raise Permanent("no_alerts", "No address for alerts is set. Set ALERT_URLS.")
    with parts.alone():
        if not parts.alert("This is a test from the console: alerts arrive here."):
            text = "It arrived nowhere. Check ALERT_URLS; the log says why (alert_not_sent)."
            raise Permanent("alert_not_sent", text)
    return "It arrived."


DEEDS = {
    "replay": Deed(
        "Replay deliveries",
        "They are read again, and count from when they first arrived. Those that are understood "
        "now go into the sheet; the others stay rejected.",
        _replay,
        needs_ids=True,
    ),
    "replay-all": Deed(
        "Replay everything that was rejected",
        "Brightsheet reads every rejected delivery again, which counts from when it first arrived. "
        "Those that are understood now go into the sheet; the others stay rejected.",
    ),
    "retry": Deed(
        "Try documents again",
        "They are copied into Drive as soon as there is room.",
        _retry,
        needs_ids=True,
    ),
    "retry-all": Deed(
        "Try every failed document again",
        "They are copied into Drive one after the other, as soon as there is room.",
        _retry_all,
    ),
    "dismiss": Deed(
        "Dismiss",
        "Brightsheet stops warning about these items and changes nothing else. It warns again only "
        "about something new.",
        _dismiss,
        needs_ids=True,
    ),
    "restore-rows": Deed(
        "Restore missing rows",
        "Brightsheet adds a row for each job that has none. In mapped tabs it first searches for "
        "the customer's row and puts the site ID back.",
    ),
    "compare": Deed(
        "Compare the whole sheet",
        "Brightsheet compares every cell that it fills with EverBright's data and corrects the "
        "differences. It changes no cell of yours. Thousands of jobs take about a minute.",
    ),
    "rebuild": Deed(
        "Rebuild into a new spreadsheet",
        "Brightsheet fills another, empty spreadsheet with every job. The present one stays as it "
        "is and gets no more updates: set SPREADSHEET_ID to the new one, then restart Brightsheet. "
        "Your own notes and columns stay in the old one.",
        asks_spreadsheet=True,
    ),
    "pause": Deed(
        "Pause writing",
        "The sheet is left alone until you resume, for example while you rearrange it. Webhooks "
        "are stored as always, documents are copied, and nothing is lost. No alerts are sent about "
        "the changes that are waiting.",
        _pause,
    ),
    "resume": Deed("Resume writing", "Every waiting change is written.", _resume),
    "take-over": Deed(
        "Write from this database",
        "Brightsheet writes the spreadsheet from this database from now on. Another installation "
        "with the same spreadsheet stops at its next read. What this database doesn't know is "
        "overwritten, so first read what changed from EverBright.",
        _take_over,
    ),
    "put-back": Deed(
        "Put it back",
        "Brightsheet restores the missing parts of its own tabs: columns with their cells, tabs, "
        "colors, filter views and the chart. No cell of yours is changed.",
    ),
    "do-without": Deed(
        "Do without it",
        "The deleted parts stay away, and the warning about them ends. `brightsheet init` brings "
        "them back.",
    ),
    "read-again": Deed(
        "Read again from EverBright",
        "Brightsheet asks EverBright for this job and adds what the webhooks missed to the sheet, "
        "unless a newer webhook arrives first.",
        needs_ids=True,
    ),
    "forget": Deed(
        "Delete this customer's data",
        "Brightsheet deletes everything that it stores of this job: webhooks, details, changes and "
        "the records of its documents. Later webhooks of the job are ignored. Its row in the "
        "spreadsheet and its folder in Drive stay: delete them there. This can't be undone.",
        needs_ids=True,
    ),
    "read-changed": Deed(
        "Read what changed from EverBright",
        f"Brightsheet asks EverBright for all jobs that changed in the last {READ_BACK.days} days. "
        "It adds what the webhooks missed. That takes a minute or two.",
    ),
    "milestones": Deed(
        "Confirm with which milestone jobs end",
        "A job is done once this milestone is approved. It comes last; the others are in the order "
        "in which jobs have gone through them. Every job then shows its next milestone. If the "
        "config lists milestones, those are used instead.",
        _confirm_order,
    ),
    "test-alert": Deed(
        "Send a test alert", "A message goes to every address of ALERT_URLS.", _alert
    ),
}
_REQUESTS = {
    "compare": COMPARE,
    "rebuild": REBUILD,
    "replay-all": REPLAY_ALL,
    "put-back": PUT_BACK,
    "do-without": DO_WITHOUT,
    "restore-rows": RESTORE_ROWS,
    "read-again": READ_AGAIN,
    "forget": FORGET,
    "read-changed": READ_CHANGED,
}


def listed(parts: ConsoleParts) -> Any:
    """Show what can be done, and what was done."""
    spreadsheet = parts.wiring.sheet_store().spreadsheet
    hidden = {"do-without", "milestones", "pause" if spreadsheet.glance().paused_at else "resume"}
    hidden |= set() if spreadsheet.doubt() else {"take-over"}
    hidden |= {name for name, deed in DEEDS.items() if deed.needs_ids}
    deeds = {name: deed for name, deed in DEEDS.items() if name not in hidden}
    return render_template(
        "console/actions.html", deeds=deeds, actions=parts.actions.latest(_LISTED)
    )


def action(parts: ConsoleParts, name: str) -> Any:
    """Ask whether an action is to be done, or do it."""
    deed = DEEDS.get(name)
    ids = list(dict.fromkeys(filter(is_id, request.values.getlist("id"))))[:_MOST]
    if deed is None:
        abort(404)
    back = target(request.values.get("next", url_for("console.actions")))
    if request.method == "GET" or (deed.needs_ids and not ids):
        page = {"deed": deed, "name": name, "ids": ids, "back": back}
        return render_template("console/confirm.html", **page)
    flash(_done(parts, name, deed, ids))
    parts.wake()
    return redirect(back, 303)


def _done(parts: ConsoleParts, name: str, deed: Deed, ids: Sequence[str]) -> str:
    actions, source = parts.actions, request.remote_addr or ""
    if deed.run is None:
        into = request.form.get("into", "").strip() if deed.asks_spreadsheet else ""
        try:
            chosen = google_id("The spreadsheet", into) if into else " ".join(ids)
            details = ids if deed.needs_ids else [chosen]
        except BrightsheetError as error:
            return error.message
        for detail in details:
            actions.begin(_REQUESTS[name], detail, source, ActionState.REQUESTED)
        return f"{deed.title}: it is done within a moment. See the list of actions for the result."
    number = actions.begin(name, " ".join(ids), source)
    try:
        result, state = deed.run(parts, ids), ActionState.DONE
    except BrightsheetError as error:
        result, state = error.message, ActionState.FAILED
    except Exception:
        actions.end(number, ActionState.FAILED, "An internal error: see the log.")
        raise
    actions.end(number, state, result)
    _log.info("console_action", action=name, state=state)
    return f"{deed.title}: {result}"
