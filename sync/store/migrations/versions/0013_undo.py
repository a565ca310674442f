"""Cells are undone one by one; a job's row and what was written there are known apart; the mode."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ADOPTED = "tabs:adopted"
"""Stood among the ids of columns where the tabs are a person's own."""


def upgrade() -> None:
    """Make columns and tables, and carry over what is pending."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "undo",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("spreadsheet_id", sa.Text, nullable=False, index=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    _make_columns()
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE job SET has_row = (written <> '{}')"))
    for row in connection.execute(sa.text("SELECT spreadsheet_id, columns FROM sheet")).all():
        columns = json.loads(row.columns)
        if _ADOPTED in columns:
            columns.remove(_ADOPTED)
            values = {"id": row.spreadsheet_id, "columns": json.dumps(columns)}
            query = (
                "UPDATE sheet SET mode = 'adopted', columns = :columns WHERE spreadsheet_id = :id"
            )
            connection.execute(sa.text(query), values)
    _carry_over(connection)
    op.drop_table("before_image")


def _make_columns() -> None:
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("has_row", sa.Boolean, nullable=False, server_default=sa.false()))
        job.add_column(sa.Column("recheck", sa.Text, nullable=False, server_default="[]"))
    with op.batch_alter_table("sheet") as sheet:
        sheet.add_column(sa.Column("mode", sa.Text, nullable=False, server_default=""))
        sheet.add_column(sa.Column("tabs", sa.Text, nullable=False, server_default="[]"))
        sheet.add_column(sa.Column("compared", sa.Text, nullable=False, server_default=""))
    op.drop_index("job_written", "job")
    where = sa.text("has_row")
    op.create_index("job_has_row", "job", ["site"], sqlite_where=where, postgresql_where=where)


def _carry_over(connection: sa.Connection) -> None:
    """Have what is not put back yet told in the tab Recovered: rows are known otherwise now."""
    images = connection.execute(sa.text("SELECT spreadsheet_id, body FROM before_image")).all()
    for row in images:
        for body in _undos(json.loads(row.body)):
            values = {"id": row.spreadsheet_id, "body": json.dumps(body)}
            query = "INSERT INTO undo (spreadsheet_id, body) VALUES (:id, :body)"
            connection.execute(sa.text(query), values)


def _undos(image: dict[str, Any]) -> list[dict[str, Any]]:
    headers = image.get("headers", {})
    return [
        {
            "sheet_id": image.get("sheet_id", 0),
            "column": "",
            "fields": fields,
            "before": cell["before"],
            "wrote": cell["after"],
            "who": {},
            "row": image.get("at", 0),
            "tab": image.get("tab", ""),
            "header": headers.get(cell["column"], cell["column"]),
            "row_text": image.get("row_text", ""),
        }
        for cell in image.get("cells", ())
        for fields in _parts(cell["fields"].split(","))
    ]


def _parts(names: list[str]) -> list[str]:
    """Return the masks of a cell's value and of its note: each is undone for itself."""
    value = ",".join(name for name in names if name != "note")
    return [mask for mask in (value, "note" if "note" in names else "") if mask]
