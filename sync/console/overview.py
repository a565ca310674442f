"""The overview: whether the sheet is up to date, what is wrong, and the buttons that fix it."""

from typing import Any

from flask import Blueprint, render_template

from sync.console.pages import Console
from sync.status.state import read
from sync.status.verdict import judge


def add(blueprint: Blueprint, console: Console) -> None:
    """Add the page."""

    @blueprint.get("/")
    def overview() -> Any:
        state = read(console.settings, console.database)
        return render_template("console/overview.html", state=state, status=judge(state))
