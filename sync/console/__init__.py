"""The console: pages for the office, behind ADMIN_PASSWORD."""

from flask import Blueprint, Flask

from sync.console import access, actions, jobs, overview, setup, webhooks
from sync.console.pages import Console


def add_console(app: Flask, console: Console, tabs: Blueprint) -> None:
    """Add the console at `/`, with the pages of connected tabs behind the same password."""
    blueprint = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    sign_in = access.SignIn(console.settings)
    blueprint.add_url_rule("/sign-in", "sign_in", sign_in.page, methods=["GET", "POST"])
    blueprint.add_url_rule("/sign-out", "sign_out", access.sign_out, methods=["POST"])
    for module in (overview, jobs, webhooks, setup, actions):
        module.add(blueprint, console)
    app.jinja_env.globals.update(  # Macros see these, too.
        navigation=(
            ("console.overview", "Overview"),
            ("console.jobs", "Jobs"),
            ("tabs.index", "Your tabs"),
            ("console.webhooks", "Webhooks"),
            ("console.setup", "Setup"),
        ),
        buttons=actions.ACTIONS,
        job_name=console.name,
        everbright=console.settings.everbright_url,
        spreadsheet=console.settings.spreadsheet_id,
    )
    access.protect(app, [blueprint, tabs], console.settings)
    for each in (blueprint, tabs):
        app.register_blueprint(each)
