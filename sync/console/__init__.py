"""The console: pages for the office, behind ADMIN_PASSWORD."""

from collections.abc import Sequence

from flask import Blueprint, Flask

from sync.console import access, actions, jobs, overview, setup, webhooks
from sync.console.pages import Console


def add_console(app: Flask, console: Console, more: Sequence[Blueprint] = ()) -> None:
    """Add the console at `/`.

    `more` are blueprints with further pages behind the same password, whose templates extend
    "console/base.html". The one named "tabs" is in the navigation, with its page "index".
    """
    blueprint = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    sign_in = access.SignIn(console)
    blueprint.add_url_rule("/sign-in", "sign_in", sign_in.page, methods=["GET", "POST"])
    blueprint.add_url_rule(
        "/sign-out", "sign_out", lambda: access.sign_out(console), methods=["POST"]
    )
    for module in (overview, jobs, webhooks, setup, actions):
        module.add(blueprint, console)
    navigation = [("console.overview", "Overview"), ("console.jobs", "Jobs")]
    navigation += [("tabs.index", "Your tabs") for each in more if each.name == "tabs"]
    navigation += [("console.webhooks", "Webhooks"), ("console.setup", "Setup")]
    app.jinja_env.globals.update(  # Macros see these, too.
        navigation=navigation,
        action_labels={kind: each.label for kind, each in actions.ACTIONS.items()},
        confirmed={kind for kind, each in actions.ACTIONS.items() if each.confirms},
        everbright=console.settings.everbright_url,
        spreadsheet=console.settings.spreadsheet_id,
    )
    access.protect(app, [blueprint, *more], console)
    for each in (blueprint, *more):
        app.register_blueprint(each)
