"""Adds the console: pages for the operator, behind ADMIN_PASSWORD.

They show data from the database, so that web and worker can be on different machines; `outside`
has those that call Google or EverBright. Long tasks are requested from the worker.
"""

from collections.abc import Callable, Sequence
from functools import partial

from flask import Blueprint, Flask

from sync.console import access, actions, deliveries, findings, jobs, outside, overview, statuses
from sync.console.parts import ConsoleParts, Route
from sync.console.passwords import PasswordTries
from sync.wiring import Wiring


def add_console(
    app: Flask,
    wiring: Wiring,
    wake: Callable[[], object],
    tries: PasswordTries,
    pages: Sequence[Route] = (),
) -> None:
    """Add the console at `/`, with further `pages`.

    `wake` makes a worker in this process check for work. `tries` limits the wrong passwords.
    """
    parts = ConsoleParts(wiring, wake)
    blueprint = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    access.guard(app, blueprint, parts)
    titles = {name: action.title for name, action in actions.ACTIONS.items()}
    get, post = ["GET"], ["POST"]
    routes: list[Route] = [
        ("/", "overview", overview.overview, get),
        ("/sign-in", "sign_in", partial(access.sign_in, tries=tries), get + post),
        ("/sign-out", "sign_out", access.sign_out, post),
        ("/personal", "personal", access.show_personal, post),
        ("/deliveries", "deliveries", deliveries.deliveries, get + post),
        ("/deliveries/<delivery>", "delivery", deliveries.delivery, get),
        ("/jobs/<site>", "job", jobs.job, get),
        ("/documents", "documents", jobs.documents, get),
        ("/columns", "columns", outside.columns, get + post),
        ("/findings", "findings", findings.findings, get),
        ("/statuses", "statuses", statuses.statuses, get + post),
        ("/checks", "checks", outside.checks, get + post),
        ("/actions", "actions", actions.listed, get),
        ("/actions/<name>", "action", actions.action, get + post),
        *pages,
    ]
    names = {name for _, name, _, _ in routes}
    blueprint.context_processor(lambda: {"action_titles": titles, "pages": names})
    for path, name, page, methods in routes:
        blueprint.add_url_rule(path, name, partial(page, parts), methods=methods)
    app.register_blueprint(blueprint)
