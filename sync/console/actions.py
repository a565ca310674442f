"""What buttons do: most is asked of the worker, which does it with its next look at the sheet."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from sync.alerts.channels import send
from sync.console.pages import Console, target, typed
from sync.console.records import Records, numbers
from sync.core.actions import AFTER_PASS
from sync.core.readback import READ_ALL, READ_JOB
from sync.core.receiver import understood
from sync.errors import Rejected
from sync.status.rules import counted, is_idle
from sync.status.state import TESTED, read

_POLL_SECONDS, _WAIT_SECONDS = 0.1, 6.0
_ARGUMENTS = ("site", "tab", "row", "sheet")

_log = structlog.get_logger()


@dataclass(frozen=True)
class Action:
    """A button: its label, and what it does, which a page explains first if it `confirms`.

    Without `run`, the worker does it.
    """

    label: str
    text: str = ""
    confirms: bool = False
    run: Callable[[Console], str] | None = None


def _replay(console: Console) -> str:
    """Have messages applied as they are understood now; one that still isn't stays as it is."""
    records, count, why = Records(console.database), 0, ""
    for number in numbers(request.form.getlist("id")):
        if found := records.delivery(number):
            try:
                webhook = understood(found.body, console.settings.config.webhooks)
            except Rejected as error:
                why = f" Still rejected: {error.message}"
            else:
                console.store.replay(number, webhook)
                count += 1
    console.wake()
    return f"{counted(count, 'message is', 'messages are')} being read again.{why}"


def _dismiss(console: Console) -> str:
    count = Records(console.database).dismiss(numbers(request.form.getlist("id")))
    return f"{counted(count, 'message', 'messages')} dismissed."


def _documents(state: str, result: str, console: Console) -> str:
    uuids = request.form.getlist("id")[:200]
    count = Records(console.database).set_failed_documents(uuids, state)
    console.wake()
    return f"{counted(count, 'document', 'documents')} {result}."


def _test_message(console: Console) -> str:
    """Send a message to each service, and return what has become of it."""
    settings = console.settings
    urls = (*settings.alert_urls, *settings.notify_urls)
    if not urls:
        return "No address for messages is set (ALERT_URLS, NOTIFY_URLS)."
    text = "This is a test: messages arrive here."
    with console.alone():
        arrived = [send(url, "test", text) for url in urls]
    if not all(arrived):
        return "Not every message arrived. The log has the reason."
    console.store.put(TESTED, time.time())
    return "It was sent."


ACTIONS: Mapping[str, Action] = {
    "check_now": Action("Check now"),
    "pause": Action(
        "Pause",
        "Nothing is written to the sheet until somebody presses Resume. Everything that "
        "arrives is kept.",
    ),
    "resume": Action("Resume"),
    "read_job": Action("Read again from EverBright"),
    "read_all": Action(
        "Read all jobs",
        "Reads every job from EverBright, and shows what was missed. A thousand jobs take about "
        "two hours; everything else continues meanwhile.",
        confirms=True,
    ),
    "rows_deleted": Action(
        "The rows were deleted",
        "The jobs whose site IDs are gone count as deleted on purpose. In Jobs they come back only "
        "when something changes in EverBright, and in tabs of yours if you add them on Your tabs. "
        "If the rows are still in the sheet without their IDs, "
        "each of these jobs would then get a second row: undo it in the sheet instead.",
        confirms=True,
    ),
    "this_database": Action(
        "This database is the right one",
        "Brightsheet writes the sheet from here again. Only if no other one runs for the same "
        "spreadsheet. After a restored backup, read all jobs first, and wait until Setup shows the "
        "result, or older statuses are written.",
        confirms=True,
    ),
    "put_back": Action(
        "Put it back",
        "Tabs, header rows and columns of Brightsheet's that somebody deleted are made again.",
        confirms=True,
    ),
    "add_tabs": Action(
        "Add Jobs, Today, History and Pipeline as the last tabs",
        "Everybody with whom the spreadsheet is shared sees them. Your tabs stay as they are.",
        confirms=True,
    ),
    "site_ids_back": Action(
        "Put the site IDs back",
        "Where two rows certainly have each other's site IDs, as after a part of the sheet was "
        "sorted alone, the IDs change places. Columns that weren't sorted stay beside the wrong "
        "customer: Ctrl+Z in the sheet is better while it is possible.",
        confirms=True,
    ),
    "same_customer": Action("Same customer"),
    "not_this_job": Action("Not this job"),
    "forget": Action(
        "Delete this customer's data",
        "Everything that Brightsheet keeps of this job is deleted, and what arrives of it later is "
        "ignored. Its row in the sheet, its lines in History and its folder in Drive stay: delete "
        "them by hand. This can't be undone.",
        confirms=True,
    ),
    "replay": Action("Replay", run=_replay),
    "dismiss": Action("Dismiss", run=_dismiss),
    "retry_documents": Action("Try again", run=partial(_documents, "new", "will be copied again")),
    "dismiss_documents": Action("Dismiss", run=partial(_documents, "dismissed", "dismissed")),
    "test_message": Action("Send a test message", run=_test_message),
}


def add(blueprint: Blueprint, console: Console) -> None:
    """Add the page that runs an action, and explains it first."""

    @blueprint.route("/actions/<kind>", methods=["GET", "POST"])
    def action(kind: str) -> Any:
        chosen = ACTIONS.get(kind) or abort(404)
        back = target(typed(request.values, "next"))
        arguments = {name: text for name in _ARGUMENTS if (text := typed(request.values, name))}
        if request.method == "GET":
            return render_template(
                "console/confirm.html",
                action=chosen,
                arguments=arguments,
                back=back,
            )
        result = chosen.run(console) if chosen.run else ask(console, kind, arguments)
        _log.info("console_action", action=kind)
        flash(f"{chosen.label}: {result}")
        return redirect(url_for("console.overview") if kind == "forget" else back, 303)


def ask(console: Console, kind: str, arguments: Mapping[str, Any]) -> str:
    """Ask the worker for an action, and wait a moment; return its result in words."""
    if kind in (READ_JOB, READ_ALL) and not console.settings.everbright_api_token:
        return "Nothing can be read from EverBright without EVERBRIGHT_API_TOKEN."
    records = Records(console.database)
    number = console.store.ask(kind, arguments)
    console.wake()
    state = read(console.settings, console.database)
    if is_idle(state) or (state.is_paused and kind in AFTER_PASS):
        return "It will be done when writing to the sheet continues. See the overview."
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        result = records.result(number)
        if result is not None:
            return result or "Done."
        time.sleep(_POLL_SECONDS)
    return "It takes a while. Setup shows its result."
