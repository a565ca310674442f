"""Writes the pages and tables that follow the code: the settings and the columns.

`make pages` runs it.
"""

import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sync.field_table import FIELDS
from sync.settings.environment import Settings
from tests.made_up import ROOT

_EXAMPLE_HEADER = """\
# Under systemd this is /etc/brightsheet.env; in a clone, it is .env where a command is started.
# A line that begins with # and a name shows the default. Put JSON into single quotes.
"""
_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


@dataclass(frozen=True)
class Setting:
    """A documented setting: its environment variable, and what its field says."""

    group: str
    name: str
    field: FieldInfo

    @property
    def extra(self) -> dict[str, Any]:
        found = self.field.json_schema_extra
        return found if isinstance(found, dict) else {}

    @property
    def default(self) -> str:
        """The default as one would set it, "" for none."""
        value = self.field.default
        if value is None or value is PydanticUndefined:
            return "config/brightsheet.toml" if self.name == "CONFIG_FILE" else ""
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        return ",".join(value) if isinstance(value, frozenset | tuple) else str(value)

    @property
    def shown_default(self) -> str:
        usual = "required" if self.field.is_required() else "none"
        return str(self.extra.get("default", f"`{self.default}`" if self.default else usual))

    @property
    def plain(self) -> str:
        def _plain(link: re.Match[str]) -> str:
            page = link[2] if link[2].startswith("https:") else f"docs/{link[2]}"
            return f"{link[1]} ({page})"

        return _LINK.sub(_plain, str(self.field.description))


def settings() -> Iterator[Setting]:
    for group in Settings.__bases__:
        heading = str(group.__doc__).partition(".")[0]
        for name in group.__annotations__:
            field = Settings.model_fields[name]
            if field.description:
                yield Setting(heading, str(field.alias), field)


def table() -> str:
    lines = ["| setting | what | default |", "|---|---|---|"]
    group = ""
    for one in settings():
        if group != one.group:
            group = one.group
            lines.append(f"| **{group}** | | |")
        lines.append(f"| `{one.name}` | {one.field.description} | {one.shown_default} |")
    return "\n".join(lines) + "\n"


def env_example() -> str:
    parts = [_EXAMPLE_HEADER]
    for one in settings():
        comment = textwrap.fill(
            one.plain,
            100,
            initial_indent="# ",
            subsequent_indent="# ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        mark = "" if one.shown_default.startswith("required") else "# "
        value = shlex.quote(one.default) if one.default else ""
        parts.append(f"{comment}\n{mark}{one.name}={value}\n")
    return "\n".join(parts)


def app_json(before: str) -> str:
    whole = json.loads(before)
    whole["env"] = {
        one.name: _entry(one) for one in settings() if one.extra.get("app_json") is not False
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _entry(one: Setting) -> dict[str, Any]:
    value = {"value": one.default} if one.default else {}
    entry = {"description": one.plain, **value, **one.extra.get("app_json", {})}
    is_needed = "generator" in entry or one.shown_default == "required"
    return entry if is_needed else {**entry, "required": False}


def columns() -> str:
    lines = ["| name | header | at first | what it shows |", "|---|---|---|---|"]
    for entry in FIELDS.values():
        name = f"{entry.id}MILESTONE" if entry.id.endswith(":") else entry.id
        note = entry.header_note.format(stuck_days="`STUCK_DAYS`")
        cells = (f"`{name}`", entry.title("(its name)"), entry.at_first, note)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    before, _, rest = (ROOT / "docs" / "columns.md").read_text("utf-8").partition("| name |")
    after = rest.partition("\n\n")[2]
    return {
        ".env.example": env_example(),
        "app.json": app_json((ROOT / "app.json").read_text("utf-8")),
        "docs/settings.md": page.partition("| setting |")[0] + table(),
        "docs/columns.md": f"{before}{columns()}\n{after}",
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / name).write_text(text, "utf-8")
