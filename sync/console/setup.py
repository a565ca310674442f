"""The Setup page: checks, the order of milestones, meanings of statuses, and rare buttons."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from sync.checks.run import run_checks
from sync.console.actions import ask
from sync.console.pages import Console
from sync.console.records import Records
from sync.core.actions import DONE_LINE
from sync.core.events import CONTRACT
from sync.core.standing import titles
from sync.settings.config_file import Meaning
from sync.status.rules import found_in
from sync.status.state import read

MEANINGS = {
    Meaning.APPROVED: "Approved",
    Meaning.REJECTED: "Rejected: you have to fix it",
    Meaning.WAITING: "Submitted: EverBright has to decide",
    Meaning.CANCELED: "The submission was canceled",
    Meaning.OPEN: "None of these: still in progress",
}
_RARE = ("read_all", "put_back", "rows_deleted", "this_database", "add_tabs", "test_message")


def add(blueprint: Blueprint, console: Console) -> None:
    """Add the pages."""
    records = Records(console.database)
    config = console.settings.config

    def page(**more: Any) -> Any:
        names = titles(console.store.job_states().values(), console.statuses.order)
        names.pop(CONTRACT, None)  # It is first in every order.
        stored = console.store.get("order") or []
        known = [step for step in stored if step in names or step == DONE_LINE]
        rest = [step for step in names if step not in known]
        order = known + rest if DONE_LINE in known else [*names, DONE_LINE]
        chosen = console.store.get("meanings") or {}
        unknown = found_in(read(console.settings, console.database), "unknown_status")
        return render_template(
            "console/setup.html",
            **{
                "checks": None,
                "titles": names,
                "order": order,
                "is_confirmed": DONE_LINE in known,
                "is_in_config": bool(config.milestones),
                "statuses": sorted({*chosen, *(each.detail for each in unknown)}),
                "chosen": chosen,
                "meanings": MEANINGS,
                "is_paused": bool(console.store.get("paused")),
                "rare": _RARE,
                "actions": records.actions(10),
                **more,
            },
        )

    @blueprint.get("/setup")
    def setup() -> Any:
        return page()

    @blueprint.post("/setup/checks")
    def checks() -> Any:
        with console.alone():
            return page(checks=list(run_checks(console.settings, console.database)))

    @blueprint.post("/setup/order")
    def order() -> Any:
        """Move a line, which stores nothing, or confirm the order."""
        steps = request.form.getlist("step")
        for button, by in (("up", -1), ("down", 1)):
            if button in request.form:
                step = request.form[button]
                moved = move(steps, step, by)
                return page(order=moved, is_confirmed=False, moved=step, is_up=by < 0)
        flash(ask(console, "take_order", {"order": steps}))
        return redirect(url_for("console.setup", _anchor="order"), 303)

    @blueprint.post("/setup/statuses")
    def statuses() -> Any:
        pairs = zip(request.form.getlist("code"), request.form.getlist("means"), strict=False)
        chosen = {code: means for code, means in pairs if means in MEANINGS}
        flash(ask(console, "take_meanings", {"meanings": chosen}))
        return redirect(url_for("console.setup", _anchor="statuses"), 303)


def move(steps: Sequence[str], step: str, by: int) -> list[str]:
    """Return the order with one line a place higher or lower. Pure."""
    found = [*dict.fromkeys(steps)]
    if step in found:
        place = found.index(step)
        found.insert(max(place + by, 0), found.pop(place))
    return found
