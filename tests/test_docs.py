"""The pages say what the code does: figures, keys, commands and paths are read from it."""

import json
import random
import re
import tomllib
from pathlib import Path

import click
import pytest
import yaml  # type: ignore[import-untyped]

import server
from brightsheet import cli
from emulator.limits import Limits
from sync.commands.sheet import NOT_WELL
from sync.console.access import SESSION
from sync.console.passwords import WRONG_OVER_ALL, WRONG_PASSWORDS
from sync.everbright import client as everbright
from sync.jobs import cells
from sync.ops import alerts, retry
from sync.settings.config_file import CONFIG_FILE, OPENAPI_FILE, load_config
from sync.settings.environment import Settings, load
from sync.status import rules
from sync.store import Backlog, batches, lookups, rate_limit, revisions
from sync.webhooks import parse
from sync.worker import loop, sheet_loop
from tests.made_up import ROOT
from tests.settings.test_environment import LEAST
from tests.test_documents import FAULTS

PAGES = {
    str(page.relative_to(ROOT)): page.read_text("utf-8")
    for page in [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
}
pytestmark = pytest.mark.skipif(
    not (ROOT / "sync" / "boards").is_dir(), reason="the pages describe boards, too"
)
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8") for room in ("sync", "config") for path in (ROOT / room).rglob("*.py")
)
WORDS = {2: "two", 3: "three", 5: "five", 10: "ten", 14: "two weeks"}
GUESSES, GUESS_MINUTES = (int(one) for one in re.findall(r"\d+", WRONG_PASSWORDS))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHON = PROJECT["requires-python"].removeprefix(">=")


def chaos_size(name: str) -> int:
    """Return what `make chaos` sets."""
    found = re.search(rf"\b{name}=(\d+)", MAKEFILE)
    assert found, name
    return int(found[1])


FACTS = [
    ("README.md", f"Both need Python {PYTHON} or newer"),
    ("docs/proofs.md", f"{len(FAULTS)} faults of Drive and EverBright"),
    ("docs/proofs.md", f"`make chaos` ({chaos_size('KILLS')} each)"),
    (
        "docs/operations.md",
        f"allows each account {Limits().per_user} reads and {Limits().per_user} writes",
    ),
    (
        "docs/operations.md",
        f"a burst of {rate_limit.BURST:.0f} flushes, {rate_limit.SPACING:.0f} s apart",
    ),
    ("docs/operations.md", f"and then {rate_limit.REFILL * 60:.0f} a minute"),
    ("docs/operations.md", f"text over {cells.CELL_LIMIT:,} characters is cut with `…`"),
    ("docs/operations.md", f"a document over {everbright.MAX_BYTES >> 30} GiB isn't copied"),
    ("docs/operations.md", f"after {batches.REST_SECONDS:.0f} s and then less often"),
    ("docs/operations.md", f"not be written for {rules.LATE_SECONDS / 60:.0f} minutes"),
    ("docs/operations.md", f"is older than {rules.ALIVE_SECONDS:.0f} seconds"),
    ("docs/operations.md", f"received {rules.LATE_SECONDS / 60:.0f} minutes ago"),
    ("docs/operations.md", f"{WORDS[rules.MANY_REJECTED]} webhooks or more were rejected"),
    ("docs/operations.md", f"`SILENCE_DAYS` ({load(LEAST).silence_days})"),
    ("docs/commands.md", f"up to date; {NOT_WELL}: not"),
    ("docs/security.md", f"beyond {server.MAX_CONNECTIONS}, the one that has waited longest"),
    ("docs/security.md", f"the connection is dropped after {server.READ_SECONDS:.0f} s"),
    ("docs/security.md", f"they get {server.MAX_BUFFERED_BYTES >> 20} MiB together"),
    ("docs/security.md", f"without the token, {WORDS[everbright._MAX_REDIRECTS]} times at most"),
    ("docs/security.md", f"after {WRONG_OVER_ALL} wrong ones within an hour"),
    ("docs/setup/backfill.md", f"at most {load(LEAST).backfill_rate} requests a second"),
    ("docs/scaling.md", f"take over within {WORDS[load(LEAST).lease_seconds]} seconds"),
    ("docs/console.md", f"A session lasts {SESSION.total_seconds() / 3600:.0f} hours"),
    (
        "docs/security.md",
        f"{WORDS[GUESSES]} wrong ones within {WORDS[GUESS_MINUTES]} minutes",
    ),
    ("docs/console.md", f"After {rules.LATE_SECONDS / 60:.0f} minutes with changes waiting"),
    ("docs/reader.md", f"once that is more than {WORDS[load(LEAST).stuck_days]} ago"),
]


@pytest.mark.parametrize(("page", "said"), FACTS, ids=[said[:50] for _, said in FACTS])
def test_a_figure_is_the_codes(page: str, said: str) -> None:
    """Catches a figure that was changed in the code and not on the page, or the other way round."""
    assert said in " ".join(PAGES[page].split())


TWICE = {
    "days that bodies are kept": (
        ("docs/scaling.md", r"`KEEP_DELIVERIES_DAYS` \((\d+)\)"),
        ("docs/settings.md", r"\| `KEEP_DELIVERIES_DAYS` [^`]* `(\d+)` \|"),
    ),
    "wrong passwords": (
        ("docs/security.md", r"\| (\w+) wrong ones within five minutes"),
        ("docs/security.md", r"A stranger sends (\w+) wrong passwords"),
    ),
}
"""Facts on several pages: each pattern matches once, with the same value."""


@pytest.mark.parametrize("about", TWICE)
def test_values_documented_in_two_places_are_equal(about: str) -> None:
    told = {}
    for page, pattern in TWICE[about]:
        text = " ".join((ROOT / page).read_text("utf-8").split())
        (told[page, pattern],) = re.findall(pattern, text)
    assert len(set(told.values())) == 1, told


def test_what_pages_call_once_an_hour_or_once_a_day_is() -> None:
    """Catches a pause that is another than the word for it on the pages."""
    assert alerts.REPEAT_SECONDS == 3600  # operations.md: alerts, once an hour
    assert sheet_loop._COMPARE_EVERY == 86_400  # operations.md: once a day the sheet is compared
    assert lookups.FRESH_SECONDS == 86_400  # everbright.md: a customer, asked again after a day
    assert everbright.GRACE_SECONDS == 60  # security.md: a minute
    assert everbright.MIN_SPEED == 1024  # security.md: below 1 KiB/s
    assert parse.MAX_DEPTH == 64  # openapi.json: nested deeper than 64 levels


def test_a_document_is_retried_for_the_configured_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: (least + most) / 2)
    tries = loop.TRIES
    longest = loop.LONGEST_WAIT_SECONDS
    days = sum(retry.pause(attempt, None, longest) for attempt in range(1, tries)) / 86_400
    assert f"failed {tries} times (about {days:.0f} days)" in PAGES["docs/operations.md"]


def test_rates_in_the_docs_are_the_measured_ones() -> None:
    results = (ROOT / "benchmarks" / "results.md").read_text("utf-8")
    row = re.compile(
        r"^\| (\d+) a second .*, worker (\w+) \| p50 (\S+) s,.* max (\S+) s \|.*\| (\d+) a second",
        re.MULTILINE,
    )
    measured = {(sent, worker): rest for sent, worker, *rest in row.findall(results)}
    page = PAGES["docs/performance.md"]
    for worker in ("embedded", "separate"):
        p50, longest, answered = measured["1000", worker]
        assert f"| {int(answered):,} a second | {p50} s | {longest} s |" in page
    assert f"handles {int(measured['1000', 'embedded'][2]):,} webhooks a second" in page
    assert (
        f"At one webhook a second, each is visible after {measured['1', 'embedded'][0]} s" in page
    )


def test_every_documented_config_key_is_in_the_shipped_config() -> None:
    shipped, config = tomllib.loads(CONFIG_FILE.read_text("utf-8")), load_config(CONFIG_FILE)
    seen = 0
    for page, text in PAGES.items():
        for section, keys in re.findall(r"`\[(\w+)\]`((?:,? `[^`]+`)*)", text):
            assert section in shipped, (page, section)
            for key in re.findall("`([^`]+)`", keys):
                given = tomllib.loads(key) if " = " in key else {}
                for name, value in given.items():
                    assert getattr(getattr(config, section), name) == value, (page, key)
                assert given or key in shipped[section], (page, section, key)
                seen += 1
    assert seen > 20


NOT_SETTINGS = {"ASPECT_TERMS", "CHAOS_SIZE", "ENV_FILE", "HTTPS_PROXY"}
"""In the code, of a test, of the command before it reads settings, and of every program."""


def test_every_setting_on_a_page_is_one() -> None:
    settings = {str(field.alias) for field in Settings.model_fields.values()}
    named = {
        name
        for text in PAGES.values()
        for name in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", text)
    }
    assert len(named) > 20
    assert named - settings <= NOT_SETTINGS


def _anchors(text: str) -> set[str]:
    """Return what a link may lead to in a page, as GitHub names its headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page, text in {**PAGES, "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_text("utf-8")}.items():
        for target, _, anchor in (
            link.partition("#") for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)
        ):
            file = (ROOT / page).parent / target if target else ROOT / page
            if not file.exists() or (anchor and anchor not in _anchors(file.read_text("utf-8"))):
                broken.append((page, target, anchor))
    assert broken == []


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found[before + name] = command
    return found


COMMANDS = commands(cli)


def test_the_page_of_commands_lists_every_one_and_no_other() -> None:
    page = PAGES["docs/commands.md"]
    listed = re.findall(r"^\| `brightsheet ([a-z]+(?: [a-z]+)?)", page, re.MULTILINE)
    assert sorted(set(listed)) == sorted(COMMANDS)


def test_every_command_on_a_page_has_the_options_that_it_is_given() -> None:
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
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for page, text in PAGES.items():
        for said in re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.MULTILINE):
            assert said in targets, (page, said)


PATHS = re.compile(r"`((?:sync|tests|emulator|config|demo|docs|benchmarks)/[\w./-]+)")
TESTS = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
CHOSEN = re.compile(r"pytest (tests/[\w/.]+)(?: -n ?0| -s)*(?: -k (\w+))?")


def test_every_path_on_a_page_is_there() -> None:
    gone = [
        (page, path)
        for page, text in PAGES.items()
        for path in PATHS.findall(text)
        if not (ROOT / path).exists()
    ]
    assert gone == []


def test_every_module_named_in_the_docs_exists() -> None:
    folders = ("sync", "tests", "emulator", "demo", "benchmarks")
    names = {file.name for folder in folders for file in (ROOT / folder).rglob("*.py")}
    names |= {file.name for file in ROOT.glob("*.py")}
    bare = {name for text in PAGES.values() for name in re.findall(r"`(\w+\.py)`", text)}
    assert bare - names == set()


def test_architecture_names_functions_and_classes_that_exist() -> None:
    page = PAGES["docs/architecture.md"]
    tour = re.findall(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \|", page, re.MULTILINE)
    assert len(tour) > 10
    for path, name in tour:
        source = (ROOT / path).read_text("utf-8")
        assert re.search(rf"def {name.rpartition('.')[2]}\b", source), (path, name)
    for name, member in re.findall(r"`([A-Z][a-z]\w+)(?:\.(\w+))?`", page):
        assert re.search(rf"^class {name}\b", SOURCES, re.MULTILINE), name
        defined = rf"def {member}\(|^    {member}(:| =)"
        assert not member or re.search(defined, SOURCES, re.MULTILINE), (name, member)


def test_every_test_on_a_page_is_there() -> None:
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
    assert seen > 8


def test_every_message_of_a_problem_or_alert_can_be_found_by_its_words() -> None:
    page = PAGES["docs/operations.md"]
    without_message = {"unverified", "history_late"}
    written = (ROOT / "deploy" / "backup.sh").read_text("utf-8") + re.sub(r'"\s+f?"', "", SOURCES)
    written += "".join(rule.what(Backlog()) for rule in rules.RULES)
    listed = set[str]()
    for messages, codes in re.findall(r"^\| (\*.+?) \| (.*?) \|", page, re.MULTILINE):
        parts = re.findall(r"[^*…]+", "…".join(re.findall(r"\*(.+?)\*", messages)))
        assert [part for part in parts if part.strip() not in written] == []
        for code in re.findall(r"`(\w+)`", codes):
            listed.add(code)
            rule = next((rule for rule in rules.RULES if rule.code == code), None)
            assert rule is None or any(part in rule.what(Backlog()) for part in parts), code
    codes = {rule.code for rule in rules.RULES}
    assert codes - listed == without_message
    assert all(f"`{code}`" in page for code in without_message)


def test_every_documented_reason_and_figure_is_in_the_code() -> None:
    page = PAGES["docs/operations.md"]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)(?:\{\w+\})?`", page))
    assert len(named) > 3
    assert {one for one in named if f'"{one}"' not in SOURCES} == set()


def test_the_version_is_one() -> None:
    version = PROJECT["version"]
    if ".dev" in version:
        assert int(version.partition(".dev")[2]) == int(revisions.known()[-1])
    assert json.loads(OPENAPI_FILE.read_text("utf-8"))["info"]["version"] == version
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\d\S+)", changes, re.MULTILINE)[0] == version


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
