"""The pages say what the code does: commands, settings, codes, links and paths are the code's."""

import re
import tomllib

import click
import pytest
import yaml  # type: ignore[import-untyped]

import server
from brightsheet import cli
from sync.console.access import SESSION_SECONDS
from sync.core import layout
from sync.everbright import client as everbright
from sync.settings.config_file import CONFIG_FILE, VERSION, load_config
from sync.settings.environment import Settings, load
from sync.status import rules
from tests.made_up import ROOT
from tests.settings.test_environment import LEAST

PAGES = {
    str(page.relative_to(ROOT)): page.read_text("utf-8")
    for page in [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in (ROOT / "sync").rglob("*.py"))
SCREENS = "\n".join(path.read_text("utf-8") for path in (ROOT / "sync").rglob("*.html"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHON = PROJECT["requires-python"].removeprefix(">=")
MOST_WORDS = 13_000

FACTS = [
    ("README.md", f"Both need Python {PYTHON} or newer"),
    ("docs/operations.md", f"a session lasts {SESSION_SECONDS / 3600:.0f} hours"),
    ("docs/operations.md", f"the last pass was {rules.STALE_SECONDS / 60:.0f} minutes ago"),
    ("docs/operations.md", f"listed after {rules.LATE_SECONDS / 60:.0f} minutes"),
    ("docs/operations.md", f"cut at {layout._LONGEST_ACTION:,} characters in *Next action*"),
    ("docs/operations.md", f"and at {layout._LONGEST_COMMENT:,} in *Last comment*"),
    ("docs/operations.md", f"A webhook may have {load(LEAST).max_body_bytes >> 20} MiB"),
    ("docs/operations.md", f"A document over {everbright.MAX_BYTES >> 30} GiB isn't copied"),
    ("docs/security.md", f"{server._CONNECTIONS} hanging connections"),
    ("docs/security.md", f"closed after {server._IDLE_SECONDS} s without a byte"),
    ("docs/setup/everbright.md", f"at most {load(LEAST).backfill_rate} requests a second"),
]


@pytest.mark.parametrize(("page", "said"), FACTS, ids=[said[:50] for _, said in FACTS])
def test_a_figure_is_the_codes(page: str, said: str) -> None:
    assert said in " ".join(PAGES[page].split())


def test_the_docs_are_short_enough_to_be_read() -> None:
    read = [text for page, text in PAGES.items() if page.startswith(("README", "docs/"))]
    words = [each for text in read for each in text.split() if re.search(r"\w", each)]
    assert len(words) <= MOST_WORDS


def test_every_documented_config_key_is_in_the_shipped_config() -> None:
    shipped, seen = tomllib.loads(CONFIG_FILE.read_text("utf-8")), 0
    load_config(CONFIG_FILE)
    for page, text in PAGES.items():
        for section, keys in re.findall(r"`\[(\w+)\]`((?:,? `\w+`)*)", text):
            assert section in shipped, (page, section)
            for key in re.findall(r"`(\w+)`", keys):
                assert key in shipped[section], (page, section, key)
                seen += 1
    assert seen > 5


NOT_SETTINGS = {"ENV_FILE"}
"""The command reads it before the settings."""


def test_every_setting_on_a_page_is_one() -> None:
    settings = {str(field.alias) for field in Settings.model_fields.values()}
    named = {
        name
        for page, text in PAGES.items()
        if page != "CHANGELOG.md"  # It names those that are gone.
        for name in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", text)
    }
    assert len(named) > 10
    assert named - settings <= NOT_SETTINGS


def _anchors(text: str) -> set[str]:
    """Return what a link may lead to in a page, as GitHub names its headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page, text in PAGES.items():
        for target, _, anchor in (
            link.partition("#") for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)
        ):
            file = (ROOT / page).parent / target if target else ROOT / page
            if not file.exists() or (anchor and anchor not in _anchors(file.read_text("utf-8"))):
                broken.append((page, target, anchor))
    assert broken == []


def test_every_page_and_picture_is_linked() -> None:
    linked = {
        ((ROOT / page).parent / link.partition("#")[0]).resolve()
        for page, text in PAGES.items()
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)
    }
    files = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.png")]
    decisions = ROOT / "docs" / "decisions"
    assert [each for each in files if each not in linked and each.parent != decisions] == []


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        else:
            found[before + name] = command
    return found


COMMANDS = commands(cli)


def test_the_table_of_commands_lists_every_one_and_no_other() -> None:
    listed = re.findall(
        r"^\| `brightsheet ([a-z]+(?: [a-z]+)?)", PAGES["docs/operations.md"], re.MULTILINE
    )
    assert sorted(listed) == sorted(COMMANDS)


def test_every_command_on_a_page_has_the_options_that_it_is_given() -> None:
    seen = 0
    for page, text in PAGES.items():
        if page == "CHANGELOG.md":
            continue
        for said in re.findall(r"(?:`|\bbin/|-m |^ +)brightsheet ([^`\n|]+)", text, re.MULTILINE):
            command = next((c for name, c in COMMANDS.items() if said.startswith(name)), None)
            assert command is not None, (page, said)
            options = {option for one in command.params for option in one.opts}
            used = {word.strip("[]().,") for word in said.split() if "--" in word}
            assert used <= options, (page, said)
            seen += 1
    assert seen > len(COMMANDS)


def test_every_target_of_make_on_a_page_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for page, text in PAGES.items():
        for said in re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.MULTILINE):
            assert said in targets, (page, said)


PATHS = re.compile(r"`((?:sync|tests|emulator|config|demo|docs|benchmarks|deploy)/[\w./-]+)")


def test_every_path_on_a_page_is_there() -> None:
    gone = [
        (page, path)
        for page, text in PAGES.items()
        if page != "CHANGELOG.md"
        for path in PATHS.findall(text)
        if not (ROOT / path).exists()
    ]
    assert gone == []


def test_architecture_names_functions_and_classes_that_exist() -> None:
    page = PAGES["docs/architecture.md"]
    tour = re.findall(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \|", page, re.MULTILINE)
    assert len(tour) > 10
    for path, name in tour:
        source = (ROOT / path).read_text("utf-8")
        assert re.search(rf"(def|class) {name.rpartition('.')[2]}\b", source), (path, name)
    for name in re.findall(r"`([A-Z][a-z]\w+)`", page):
        assert re.search(rf"^class {name}\b", SOURCES, re.MULTILINE), name


def test_every_code_on_the_page_of_operations_is_a_rules() -> None:
    lines = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGES["docs/operations.md"], re.MULTILINE)
    listed = {code for line in lines for code in re.findall(r"\w+", line)}
    assert len(listed) > 5
    assert listed <= {rule.code for rule in rules.RULES}


BUTTON = re.compile(r"[Pp]ress \*{1,2}([^*]+)\*{1,2}")


def test_every_button_on_a_page_is_on_the_console() -> None:
    pages = {page: text for page, text in PAGES.items() if page in ("docs/office.md",)}
    pages |= {page: PAGES[page] for page in ("docs/operations.md", "docs/security.md")}
    known = re.sub(r'"\s+"', "", SOURCES) + re.sub(r"[’]", "'", SCREENS)
    gone = [
        (page, button)
        for page, text in pages.items()
        for button in BUTTON.findall(" ".join(text.split()))
        if button not in known
    ]
    assert gone == []


def test_the_version_is_one() -> None:
    version = PROJECT["version"]
    assert version == VERSION
    assert re.findall(r"^## (\d\S+)", PAGES["CHANGELOG.md"], re.MULTILINE)[0] == version


def test_a_commit_is_checked_by_what_make_check_calls() -> None:
    recipes = dict(re.findall(r"^([a-z]+): develop.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE))
    assert "\ncheck: style test " in MAKEFILE
    called = (recipes["style"] + recipes["test"]).replace("$(BIN)", ".venv/bin")
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    expected = [line.strip().removesuffix(" $(ARGS)") for line in called.splitlines()]
    assert [hook["entry"] for hook in local["hooks"]] == expected


def test_githubs_ci_runs_the_gate_from_the_least_python_on() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    job = yaml.safe_load(text)["jobs"]["run"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert job["strategy"]["matrix"]["python"][0] == PYTHON
