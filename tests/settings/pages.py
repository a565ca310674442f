"""Writes the pages and tables that follow the code: the settings and the columns.

`make pages` runs it.
"""

import json
import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sync.boards.fields import Fields, Rule
from sync.columns import ONCE_KNOWN, Whose, job_columns
from sync.settings.environment import Settings
from tests.made_up import ROOT

_EXAMPLE_HEADER = """\
# Under systemd this is /etc/brightsheet.env; in a clone, it is .env where a command is started.
# A line that begins with # and a name shows the default. Put JSON into single quotes.
"""
_JOBS = {
    Whose.OURS: "- **Ours**, always what EverBright says:",
    Whose.FILLED: "- **Filled** if blank, else yours:",
    Whose.THEIRS: "- **Yours**, made once, and never touched again:",
}
_TABS = {
    Rule.NEWS: "- **EverBright's news replaces what was typed**:",
    Rule.FOLLOWS: "- **Followed while untouched**:",
    Rule.FILLS: "- **Only blanks are filled**:",
}
_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


@dataclass(frozen=True)
class Setting:
    """A documented setting: its environment variable, and what its field says."""

    group: str
    name: str
    field: FieldInfo

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
        if self.name in ONE_OF_THESE:
            return "required: one of these two"
        usual = "required" if self.field.is_required() else "none"
        return f"`{self.default}`" if self.default else usual

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


RARE = (
    "ADD_TABS",
    "PORT",
    "EVERBRIGHT_AUTH_HEADER",
    "EVERBRIGHT_DOCUMENT_PATH",
    "BACKFILL_HOURS",
    "SILENCE_DAYS",
    "KEEP_DELIVERIES_DAYS",
)
"""Settings that few installers change: they have a table of their own."""


ONE_OF_THESE = ("GOOGLE_OAUTH_TOKEN_JSON", "GOOGLE_SERVICE_ACCOUNT_JSON")
NOT_ON_HEROKU = ("DATABASE_URL", "CONFIG_FILE", "PORT")
"""What Heroku's button doesn't ask for: the host sets it, or the repository has it."""


def table() -> str:
    lines = ["| setting | what | default |", "|---|---|---|"]
    rare, group = [*lines], ""
    for one in settings():
        line = f"| `{one.name}` | {one.field.description} | {one.shown_default} |"
        if one.name in RARE:
            rare.append(line)
            continue
        if group != one.group:
            group = one.group
            lines.append(f"| **{group}** | | |")
        lines.append(line)
    return "\n".join([*lines, "", "## Rarely changed", "", *rare]) + "\n"


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
    known = whole["env"]
    whole["env"] = {
        one.name: _entry(one, known.get(one.name))
        for one in settings()
        if one.name not in NOT_ON_HEROKU
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _entry(one: Setting, before: dict[str, Any] | None) -> dict[str, Any]:
    """Return an entry; what the button proposes, apart from a default, stays as it is there."""
    kept = {n: value for n, value in (before or {}).items() if n in ("generator", "value")}
    value = {"value": one.default} if one.default else {}
    entry = {"description": one.plain, **value, **kept}
    is_needed = "generator" in entry or one.shown_default == "required"
    return entry if is_needed else {**entry, "required": False}


def columns(page: str) -> str:
    """Return docs/columns.md with its lists filled in."""
    milestone = {"MILESTONE": "(its name)"}
    jobs = job_columns(milestone, milestone, ONCE_KNOWN)
    for whose, start in _JOBS.items():
        page = _listed(page, start, [each.id for each in jobs if each.whose is whose])
    fields = Fields(milestone).by_id.values()
    for rule, start in _TABS.items():
        page = _listed(page, start, [each.id for each in fields if each.rule is rule])
    return page


def _listed(page: str, start: str, names: Iterable[str]) -> str:
    """Return a page with the entry of a list that begins so."""
    text = f"{start} {', '.join(f'`{name}`' for name in names)}"
    entry = textwrap.fill(text, 140, subsequent_indent="  ")
    return re.sub(rf"{re.escape(start)}.*(?:\n  .*)*", entry, page)


def pages() -> dict[str, str]:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    return {
        ".env.example": env_example(),
        "app.json": app_json((ROOT / "app.json").read_text("utf-8")),
        "docs/settings.md": page.partition("| setting |")[0] + table(),
        "docs/columns.md": columns((ROOT / "docs" / "columns.md").read_text("utf-8")),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / name).write_text(text, "utf-8")
