"""The pages say what the code does: figures, defaults, commands and paths are read from it."""

import random
import re
import tomllib
from pathlib import Path

import click
import pytest

from app import WRONG_PASSWORDS
from brightsheet import cli
from emulator.limits import Rates
from sync.commands.sheet import NOT_WELL
from sync.console.access import SESSION
from sync.everbright import client as everbright
from sync.jobs import cells
from sync.ops import alerts, retry
from sync.settings.environment import load
from sync.status import rules
from sync.store import lookups, quarantine, rate_limit
from sync.webhooks import parse
from sync.worker import SIGN_SECONDS, action_loop, document_loop, sheet_loop
from tests.made_up import ROOT
from tests.security.test_hostile import FEW, MORE
from tests.settings.test_environment import LEAST
from tests.test_documents import FAULTS

README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    str(page.relative_to(ROOT)): page.read_text("utf-8")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8") for room in ("sync", "config") for path in (ROOT / room).rglob("*.py")
)
WORDS = {2: "two", 3: "three", 5: "five", 10: "ten", 14: "two weeks"}
GUESSES, GUESS_MINUTES = (int(one) for one in re.findall(r"\d+", WRONG_PASSWORDS))
PYTHON = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]


def chaos_size(name: str) -> int:
    """Return what `make chaos` sets."""
    found = re.search(rf"\b{name}=(\d+)", MAKEFILE)
    assert found, name
    return int(found[1])


FACTS = [
    ("README.md", f"Both need Python {PYTHON.removeprefix('>=')} or newer"),
    ("README.md", f"{len(FAULTS)} faults of Drive and EverBright"),
    ("README.md", f"`make chaos` ({chaos_size('KILLS')} each)"),
    ("docs/security.md", f"({FEW} in `make test`, {MORE:,} more in `make test-all`"),
    ("docs/security.md", f"{chaos_size('HOSTILE'):,} in `make chaos`)"),
    (
        "docs/operations.md",
        f"allows a service account {Rates().sheets_user} reads and {Rates().sheets_user} writes",
    ),
    (
        "docs/operations.md",
        f"a burst of {rate_limit.BURST:.0f} flushes, {rate_limit.SPACING:.0f} s apart",
    ),
    ("docs/operations.md", f"and then {rate_limit.REFILL * 60:.0f} a minute"),
    ("docs/operations.md", f"text over {cells.CELL_LIMIT:,} is cut with `…`"),
    ("docs/operations.md", f"a document over {everbright.MAX_BYTES >> 30} GiB is given up"),
    (
        "docs/operations.md",
        f"tries every {sheet_loop._PERMANENT_PAUSE:.0f} s, and writes all that came",
    ),
    ("docs/operations.md", f"after {quarantine.REST_SECONDS:.0f} s and then less often"),
    ("docs/operations.md", f"not be written for {rules.LATE_SECONDS / 60:.0f} minutes"),
    ("docs/operations.md", f"gave a sign of life for {rules.ALIVE_SECONDS:.0f} seconds"),
    ("docs/operations.md", f"received {rules.LATE_SECONDS / 60:.0f} minutes ago"),
    ("docs/operations.md", f"{WORDS[rules.MANY_REFUSED]} deliveries or more were refused"),
    (
        "docs/operations.md",
        f"{WORDS[rules.MANY_WRONG]} requests with a wrong secret or none came within an hour",
    ),
    ("docs/operations.md", f"`SILENCE_DAYS` working days ({load(LEAST).silence_days})"),
    ("docs/operations.md", f"into the database every {SIGN_SECONDS:.0f} seconds"),
    ("docs/operations.md", f"everything that came; {NOT_WELL}: it does not"),
    ("docs/operations.md", f"A chat that does not answer is tried {WORDS[alerts._TRIES]} times"),
    ("docs/security.md", f"without the token, {WORDS[everbright._REDIRECTS]} times at most"),
    (
        "docs/security.md",
        f"given up after {everbright.TIMEOUT[0]:.0f} s or {everbright.TIMEOUT[1]:.0f} s",
    ),
    ("docs/console.md", f"A session lasts {SESSION.total_seconds() / 3600:.0f} hours"),
    ("docs/console.md", f"takes them within {WORDS[int(action_loop.LOOK_SECONDS)]} seconds"),
    (
        "docs/console.md",
        f"After {WORDS[GUESSES]} wrong passwords within {WORDS[GUESS_MINUTES]} minutes",
    ),
    ("docs/console.md", f"What has waited for {rules.LATE_SECONDS / 60:.0f} minutes"),
    ("docs/reader.md", f"{WORDS[load(LEAST).stuck_days]} (a setting) after its last event"),
]


@pytest.mark.parametrize(("page", "said"), FACTS, ids=[said[:50] for _, said in FACTS])
def test_a_figure_is_the_codes(page: str, said: str) -> None:
    """Catches a figure that was changed in the code and not on the page, or the other way round."""
    assert said in " ".join(PAGES[page].split())


def test_what_pages_call_once_an_hour_or_once_a_day_is() -> None:
    """Catches a pause that is another than the word for it on the pages."""
    assert alerts.REPEAT_SECONDS == 3600  # operations.md: alerts, once an hour
    assert sheet_loop._COMPARE_EVERY == 86_400  # operations.md: once a day the sheet is compared
    assert lookups.FRESH_SECONDS == 86_400  # everbright.md: a customer, asked again after a day
    assert everbright.PATIENCE == 60  # security.md: a minute
    assert everbright.SLOWEST == 1024  # security.md: below 1 KiB/s
    assert parse.MAX_DEPTH == 64  # openapi.json: nested deeper than 64 levels


def test_a_document_is_tried_for_as_long_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches tries that are more or fewer, or waits that are longer, than operations.md says."""
    monkeypatch.setattr(random, "uniform", lambda least, most: (least + most) / 2)
    tries = document_loop.TRIES
    longest = document_loop.LONGEST_WAIT_SECONDS
    days = sum(retry.pause(attempt, None, longest) for attempt in range(1, tries)) / 86_400
    assert f"given up after {tries} tries (some {days:.0f} days)" in PAGES["docs/operations.md"]


def settings_table() -> dict[str, str]:
    """Return the defaults of the README's table of settings, by name."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|.*\| *([^|]*?) *\|$", README, re.MULTILINE)
    assert len(rows) > 15
    return dict(rows)


@pytest.mark.parametrize(("name", "told"), settings_table().items())
def test_a_settings_default_is_the_codes(name: str, told: str) -> None:
    """Catches a default that the README tells wrong: to set it changes nothing."""
    if told.startswith("`"):
        default = told.strip("`").partition("`")[0]
        assert load(LEAST | {name: default}) == load(LEAST)
    elif told == "required":
        assert name in LEAST
    else:
        assert told.startswith(("none", "one of these", "the spreadsheet's")) or not told


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Return every command by its words."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found[before + name] = command
    return found


COMMANDS = commands(cli)


def test_the_readme_lists_every_command_and_no_other() -> None:
    """Catches a command that nobody is told of, and one that is gone."""
    listed = re.findall(r"^\| `brightsheet ([a-z]+(?: [a-z]+)?)", README, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_every_command_on_a_page_has_the_options_that_it_is_given() -> None:
    """Catches `brightsheet …` and `python -m brightsheet …` with an option that there is not."""
    seen = 0
    for page, text in PAGES.items():
        for said in re.findall(r"(?:`|\bbin/|-m )brightsheet ([^`\n|]+)", text):
            words = said.split()
            command = next((c for name, c in COMMANDS.items() if said.startswith(name)), None)
            assert command is not None, (page, said)
            options = {option for one in command.params for option in one.opts}
            used = {word.strip("[]().,") for word in words if "--" in word}
            assert used <= options, (page, said)
            seen += 1
    assert seen > len(COMMANDS)


def test_every_target_of_make_on_a_page_is_there() -> None:
    """Catches a target that was renamed."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for page, text in PAGES.items():
        for said in re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.MULTILINE):
            assert said in targets, (page, said)


PATHS = re.compile(r"`((?:sync|tests|emulator|config|demo|docs|benchmarks)/[\w./-]+)")
TESTS = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
CHOSEN = re.compile(r"pytest (tests/[\w/.]+)(?: -n ?0| -s)*(?: -k (\w+))?")


def test_every_path_on_a_page_is_there() -> None:
    """Catches a page that tells of a file that has moved. Links are looked at beside it."""
    gone = [
        (page, path)
        for page, text in PAGES.items()
        for path in PATHS.findall(text)
        if not (ROOT / path).exists()
    ]
    assert gone == []


def test_every_test_on_a_page_is_there() -> None:
    """Catches evidence that is gone: a test, or what is chosen of a file with -k."""
    seen = 0
    for page, text in PAGES.items():
        for file, test in TESTS.findall(text):
            assert f"def {test}(" in (ROOT / file).read_text("utf-8"), (page, test)
            seen += 1
        for place, word in CHOSEN.findall(text):
            found = sorted((ROOT / place).rglob("test_*.py")) or [ROOT / place]
            names = "\n".join(re.findall(r"def (test_\w+)", "".join(map(Path.read_text, found))))
            assert names, (page, place)
            assert word in names, (page, place, word)
            seen += 1
    assert seen > 10


def test_every_reason_and_figure_on_a_page_is_said_by_the_code() -> None:
    """Catches a reason or a figure that an operator looks for in vain."""
    for page in ("docs/operations.md", "docs/setup/google.md"):
        named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)(?:\{\w+\})?`", PAGES[page]))
        assert len(named) > 3, page
        assert {one for one in named if f'"{one}"' not in SOURCES} == set(), page
