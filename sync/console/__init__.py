"""The console: pages for whoever runs Brightsheet, behind ADMIN_PASSWORD.

What they show is from the database, so that web and worker may be on different machines. What
takes long is requested of the worker.
"""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Flask

from sync.console import access, actions, deliveries, jobs, mapping, overview, own_sheet, statuses
from sync.console.access import PasswordTries
from sync.console.parts import Alert, ConsoleParts, Page, as_view
from sync.wiring import Wiring

Add = Callable[..., None]


def add_console(
    app: Flask,
    wiring: Wiring,
    alert: Alert,
    wake: Callable[[], object],
    tries: PasswordTries,
) -> None:
    """Add the console at `/`.

    `alert` sends a text to people, and returns whether it arrived. `wake` has a worker of this
    process look for work. `tries` says whether a password is looked at.
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
    titles = {name: deed.title for name, deed in actions.DEEDS.items()}
    blueprint.context_processor(lambda: {"action_titles": titles})
    for path, name, page, methods in _routes(partial(access.sign_in, tries=tries)):
        blueprint.add_url_rule(path, name, as_view(page, parts), methods=methods)
    app.register_blueprint(blueprint)


def _routes(sign_in: Page) -> list[tuple[str, str, Page, list[str]]]:
    """Return every page: its path, its name, what makes it, and its methods."""
    get, post = ["GET"], ["POST"]
    return [
        ("/", "overview", overview.overview, get),
        ("/sign-in", "sign_in", sign_in, get + post),
        ("/sign-out", "sign_out", access.sign_out, post),
        ("/personal", "personal", access.show_personal, post),
        ("/deliveries", "deliveries", deliveries.deliveries, get),
        ("/deliveries/<delivery>", "delivery", deliveries.delivery, get),
        ("/jobs/<site>", "job", jobs.job, get),
        ("/documents", "documents", jobs.documents, get),
        ("/columns", "columns", overview.columns, get + post),
        ("/mapping", "mapping", mapping.mapping, get + post),
        ("/mapping/rows", "rows", own_sheet.rows, get + post),
        ("/mapping/extras", "extras", own_sheet.extras, get + post),
        ("/mapping/unmap", "unmap", own_sheet.unmap, get + post),
        ("/statuses", "statuses", statuses.statuses, get + post),
        ("/checks", "checks", overview.checks, get + post),
        ("/actions", "actions", actions.listed, get),
        ("/actions/<name>", "action", actions.action, get + post),
    ]
