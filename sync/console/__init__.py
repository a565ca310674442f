"""The console: pages for whoever runs Brightsheet, behind ADMIN_PASSWORD.

What they show is from the database, so that web and worker may be on different machines. What
takes long is requested of the worker.
"""

from collections.abc import Callable

from flask import Blueprint, Flask

from sync.console import access, actions, deliveries, jobs, mapping, overview
from sync.console.access import Guesses
from sync.console.parts import Alert, ConsoleParts, Page, as_view
from sync.wiring import Wiring

Add = Callable[..., None]


def add_console(
    app: Flask,
    wiring: Wiring,
    alert: Alert,
    wake: Callable[[], object],
    guesses: Guesses,
) -> None:
    """Add the console at `/`.

    `alert` sends a text to people, and returns whether it arrived. `wake` has a worker of this
    process look for work. `guesses` limits what answers 401.
    """
    parts = ConsoleParts(wiring, alert, wake)
    blueprint = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    access.guard(app, blueprint, parts)
    for path, name, page, methods in _routes():
        view = as_view(page, parts)
        if page is access.sign_in:
            view = guesses.limited(view)
        blueprint.add_url_rule(path, name, view, methods=methods)
    app.register_blueprint(blueprint)


def _routes() -> list[tuple[str, str, Page, list[str]]]:
    """Return every page: its path, its name, what makes it, and its methods."""
    get, post = ["GET"], ["POST"]
    return [
        ("/", "overview", overview.overview, get),
        ("/sign-in", "sign_in", access.sign_in, get + post),
        ("/sign-out", "sign_out", access.sign_out, post),
        ("/personal", "personal", access.show_personal, post),
        ("/deliveries", "deliveries", deliveries.deliveries, get),
        ("/deliveries/<delivery>", "delivery", deliveries.delivery, get),
        ("/jobs/<site>", "job", jobs.job, get),
        ("/documents", "documents", jobs.documents, get),
        ("/columns", "columns", overview.columns, get + post),
        ("/mapping", "mapping", mapping.mapping, get + post),
        ("/checks", "checks", overview.checks, get + post),
        ("/actions", "actions", actions.listed, get),
        ("/actions/<name>", "action", actions.action, get + post),
    ]
