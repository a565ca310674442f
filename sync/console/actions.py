"""Defines and runs the console's actions; each is confirmed and logged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for

from sync.actions.retry import replay, summary
from sync.console.access import target
from sync.console.parts import ConsoleParts, is_id
from sync.errors import BrightsheetError, Permanent
from sync.jobs.learned import ending_question
from sync.settings.environment import google_id
from sync.sheets.lost_keys import KEYS_GONE
from sync.status.problem import pluralize
from sync.store import ActionState, Confirmations
from sync.store.actions import READ_BACK_PERIOD
from sync.store.findings import dismiss
from sync.store.spreadsheet import Spreadsheet

_LISTED = 100
_MOST = 200
"""Most IDs in one form; a page has fewer."""

Run = Callable[[ConsoleParts, Sequence[str]], str]


@dataclass(frozen=True)
class Action:
    """An action: its title, its description, and the function that runs it.

    `run` gets the chosen IDs, and returns the result in words; if it is None, the worker's
    `ActionLoop` runs the action of this name. `needs_ids` if it acts on chosen items.
    """

    title: str
    description: str
    run: Run | None = None
    needs_ids: bool = False
    asks_spreadsheet: bool = False


_NOTHING = "Nothing is selected. Go back and select at least one."


def _replay(parts: ConsoleParts, ids: Sequence[str]) -> str:
    found = [kept for delivery in ids if (kept := parts.wiring.inbox.find(delivery))]
    return summary(replay(parts.wiring, kept) for kept in found if kept.can_be_replayed)


def _retry(parts: ConsoleParts, ids: Sequence[str]) -> str:
    count = sum(parts.wiring.documents.retry(uuid) for uuid in ids)
    return f"{count} will be copied again."


def _dismiss(parts: ConsoleParts, ids: Sequence[str]) -> str:
    dismiss(parts.wiring.database, ids)
    return f"{pluralize(len(ids), 'item', 'items')} dismissed."


def _changing(change: Callable[[Spreadsheet], None], result: str) -> Run:
    """Return a function that changes the state of the spreadsheet."""

    def run(parts: ConsoleParts, _ids: Sequence[str]) -> str:
        change(parts.wiring.sheet_store().spreadsheet)
        return result

    return run


def _confirm_order(parts: ConsoleParts, ids: Sequence[str]) -> str:
    confirmations = Confirmations(parts.wiring.database)
    proposed = confirmations.proposed_order()
    if not ending_question(proposed, confirmations.read().milestones):
        raise Permanent("no_end", "There is no proposal now.")
    # A comparison may have proposed another one since the page was opened.
    if [*ids] != [proposed[-1].definitions[0]]:
        raise Permanent("other_end", "Another milestone is proposed now. See the overview.")
    confirmations.confirm_order(proposed)
    return "From now on, a job is done once that milestone is approved."


def _missing_ids(parts: ConsoleParts) -> dict[str, str]:
    """Return the number of site IDs that are missing at once, with the sentence that says it."""
    glance = parts.wiring.sheet_store().spreadsheet.glance()
    if glance.reason != KEYS_GONE:
        return {}
    return {glance.message.partition(" ")[0]: f"{glance.message.partition('. ')[0]}."}


def _alert(parts: ConsoleParts, _ids: Sequence[str]) -> str:
    if not parts.wiring.settings.alert_urls:
        raise Permanent("no_alerts", "No address for alerts is set. Set ALERT_URLS.")
    with parts.alone():
        alerts = parts.wiring.alerts()
        if not alerts.deliver("This is a test from the console: alerts arrive here."):
            text = "It didn't arrive. Check ALERT_URLS. The log has the reason (alert_not_sent)."
            raise Permanent("alert_not_sent", text)
    return "It arrived."


ACTIONS = {
    "replay": Action(
        "Replay webhooks",
        "Brightsheet reads them again, with the time of their first arrival. Those that are valid "
        "now are written to the sheet; the others stay rejected.",
        _replay,
        needs_ids=True,
    ),
    "replay-all": Action(
        "Replay everything that was rejected",
        "Brightsheet reads every rejected webhook again, with the time of its first arrival. "
        "Those that are valid now are written to the sheet; the others stay rejected.",
    ),
    "retry": Action(
        "Retry documents",
        "Brightsheet copies them into Drive as soon as it can.",
        _retry,
        needs_ids=True,
    ),
    "retry-all": Action(
        "Retry every failed document",
        "Brightsheet copies all documents that failed into Drive as soon as it can.",
        lambda parts, _ids: f"{parts.wiring.documents.retry()} will be copied again.",
    ),
    "dismiss": Action(
        "Dismiss",
        "Brightsheet stops warning about these items and changes nothing else. It warns again only "
        "about something new.",
        _dismiss,
        needs_ids=True,
    ),
    "keep-mine": Action(
        "Keep mine",
        "What you typed stays. EverBright's next change replaces it, unless it is a formula.",
        _dismiss,
        needs_ids=True,
    ),
    "restore-rows": Action(
        "Restore missing rows",
        "Brightsheet adds the missing rows again. In mapped tabs it first searches for the "
        "customer's row and puts the site ID back. Your own columns come back only with Ctrl+Z or "
        "version history.",
    ),
    "compare": Action(
        "Compare the whole sheet",
        "Brightsheet compares every cell that it fills with EverBright's data. What you typed into "
        "tabs of your own stays. It is listed if it differs, except for customers' details, reps, "
        "words that stand for nothing, and where EverBright has no value. Other cells are "
        "corrected, but not in a row that shows another customer. Thousands of jobs take about a "
        "minute.",
    ),
    "rebuild": Action(
        "Rebuild into a new spreadsheet",
        "Brightsheet fills another, empty spreadsheet with every job. Then set SPREADSHEET_ID to "
        "the new one, and restart Brightsheet. The current one stays as it is, with your own notes "
        "and columns, and gets no more updates.",
        asks_spreadsheet=True,
    ),
    "pause": Action(
        "Pause writing",
        "Brightsheet doesn't write to the sheet until you resume, for example while you rearrange "
        "it. Webhooks are still stored, documents are copied, and nothing is lost. No alerts are "
        "sent about the pending changes.",
        _changing(Spreadsheet.pause, "Nothing is written until you resume."),
    ),
    "resume": Action(
        "Resume writing",
        "Brightsheet writes all pending changes.",
        _changing(Spreadsheet.resume, "The sheet is written again."),
    ),
    "take-over": Action(
        "Write from this database",
        "Brightsheet writes the spreadsheet from this database from now on. Another installation "
        "with the same spreadsheet stops at its next read. Changes that this database doesn't have "
        "are overwritten, so first read changes from EverBright.",
        _changing(
            Spreadsheet.take_over,
            "The sheet is written from this database. Any other installation stops.",
        ),
    ),
    "put-back": Action(
        "Put it back",
        "Brightsheet restores the missing parts of its own tabs: columns with their cells, tabs, "
        "colors, filter views and the chart. No cell of yours is changed.",
    ),
    "use-column": Action(
        "Use the other column",
        "Somebody cut the cells of a column and pasted them into another one. Brightsheet fills in "
        "that one from now on. If they were moved by mistake, undo it in Google Sheets instead.",
    ),
    "rows-deleted": Action(
        "The rows were deleted",
        "The jobs whose site IDs are missing count as deleted from now on, and each gets a new row "
        "with its next change. If the rows are still in the sheet without their IDs, each of these "
        "jobs would get a second row: put the IDs back instead, with Ctrl+Z or File, Version "
        "history.",
        needs_ids=True,
    ),
    "do-without": Action(
        "Do without it",
        "The deleted parts aren't restored, and the warning about them ends. `brightsheet init` "
        "restores them.",
    ),
    "read-again": Action(
        "Read again from EverBright",
        "Brightsheet reads this job from EverBright and adds the changes that no webhook had to "
        "the sheet, unless a newer webhook arrives first.",
        needs_ids=True,
    ),
    "forget": Action(
        "Delete this customer's data",
        "Brightsheet deletes everything that it stores about this job: webhooks, details, changes "
        "and the records of its documents. Later webhooks of the job are ignored. Its row in the "
        "spreadsheet and its folder in Drive stay; delete them there. This can't be undone.",
        needs_ids=True,
    ),
    "read-changed": Action(
        "Read changes from EverBright",
        f"Brightsheet reads all jobs that changed in the last {READ_BACK_PERIOD.days} days from "
        "EverBright, and adds the changes that no webhook had. That takes a minute or two.",
    ),
    "milestones": Action(
        "Confirm the last milestone",
        "A job is done once this milestone is approved. The other milestones are in the order in "
        "which jobs reached them. Every job then shows its next milestone. If the config lists "
        "milestones, those are used instead.",
        _confirm_order,
        needs_ids=True,
    ),
    "test-alert": Action(
        "Send a test alert", "Brightsheet sends a message to every address in ALERT_URLS.", _alert
    ),
}


def listed(parts: ConsoleParts) -> Any:
    """Show the actions, and the log of actions."""
    spreadsheet = parts.wiring.sheet_store().spreadsheet
    # These are offered only where a problem needs them.
    hidden = {"do-without", "use-column"}
    hidden.add("pause" if spreadsheet.glance().paused_at else "resume")
    if not spreadsheet.doubt():
        hidden.add("take-over")
    offered = {
        name: each for name, each in ACTIONS.items() if name not in hidden and not each.needs_ids
    }
    return render_template(
        "console/actions.html", offered=offered, actions=parts.actions.latest(_LISTED)
    )


def action(parts: ConsoleParts, name: str) -> Any:
    """Ask for confirmation of an action, or run it."""
    chosen = ACTIONS.get(name)
    ids = list(dict.fromkeys(filter(is_id, request.values.getlist("id"))))[:_MOST]
    if chosen is None:
        abort(404)
    back = target(request.values.get("next", url_for("console.actions")))
    names = {}
    if name == "rows-deleted" and request.method == "GET":
        names = _missing_ids(parts)
        ids = [*names]  # The worker compares: if more are missing by then, it asks again.
    # A list with check boxes sends `choose`, because without IDs some actions take everything.
    lacks_ids = not ids and (chosen.needs_ids or "choose" in request.args)
    if request.method == "GET" or lacks_ids:
        if chosen.run is _confirm_order:
            order = Confirmations(parts.wiring.database).proposed_order()
            names = {step.definitions[0]: step.header for step in order}
        return render_template(
            "console/confirm.html",
            action=chosen,
            ids=ids,
            names=names,
            lacks_ids=lacks_ids,
            nothing="No site IDs are missing now." if name == "rows-deleted" else _NOTHING,
            back=back,
        )
    try:
        if chosen.run is None:
            result = _request(parts, name, chosen, " ".join(ids))
        else:
            result = parts.recorded(name, " ".join(ids), partial(chosen.run, parts, ids))
    except BrightsheetError as error:
        result = error.message
    flash(f"{chosen.title}: {result}")
    parts.wake()
    # A forgotten job has no page to go back to.
    return redirect(url_for("console.actions") if name == "forget" else back, 303)


def _request(parts: ConsoleParts, name: str, chosen: Action, detail: str) -> str:
    """Have the worker run an action. Raises SettingsError if a typed address is wrong."""
    into = request.form.get("into", "").strip() if chosen.asks_spreadsheet else ""
    if into:
        detail = google_id("The spreadsheet", into)
    last = parts.actions.latest(1, name, detail)
    # A double click sends the form twice.
    if last and last[0].state in (ActionState.REQUESTED, ActionState.TAKEN):
        return "it was requested already. See Actions for the result."
    parts.actions.begin(name, detail, request.remote_addr or "", ActionState.REQUESTED)
    return "the worker will do it in a moment. See Actions for the result."
