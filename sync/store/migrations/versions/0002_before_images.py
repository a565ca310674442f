"""Before-images in place of repairs, a quarantine, and plainer names."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Rename tables, and show what was still to be put back in the tab Recovered."""
    op.rename_table("told", "history_written")
    op.drop_index("ix_repair_spreadsheet_id", "repair")
    op.rename_table("repair", "before_image")
    op.create_index("ix_before_image_spreadsheet_id", "before_image", ["spreadsheet_id"])
    op.create_table(
        "quarantine",
        sa.Column("spreadsheet_id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    table = sa.table("before_image", sa.column("id", sa.Integer), sa.column("body", sa.Text))
    connection = op.get_bind()
    for number, body in connection.execute(sa.select(table.c.id, table.c.body)).all():
        changed = sa.update(table).where(table.c.id == number).values(body=_image(body))
        connection.execute(changed)
        _write_again(connection, json.loads(body))


def _write_again(connection: sa.Connection, repair: dict[str, Any]) -> None:
    """Have a job written again whose key was still to be put back: it has no row."""
    site = repair["data"].get("userEnteredValue", {}).get("stringValue")
    if repair["column"] != "site_id" or not site:
        return
    job = sa.table("job", *map(sa.column, ("site", "written", "shown_events", "version")))
    values = {"written": "{}", "shown_events": 0, "version": job.c.version + 1}
    connection.execute(sa.update(job).where(job.c.site == site).values(values))


def _image(body: str) -> str:
    """Return a repair as a before-image that is not looked for: its row was known by likeness."""
    repair = json.loads(body)
    fields, before, after = repair["fields"], repair["data"], repair["holds"]
    cell = {"column": repair["column"], "fields": fields, "before": before, "after": after}
    return json.dumps(
        {
            "site": repair["row"],
            "cells": [cell],
            "at": repair.get("at", 0),
            "row_text": " | ".join(repair.get("around", ())),
            "is_lost": True,
        }
    )
