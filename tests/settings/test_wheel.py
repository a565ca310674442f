"""A wheel built from the tree starts where there is no tree, and finds what it is shipped with."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.made_up import ROOT
from tests.settings.test_environment import LEAST

ALONE = ("--no-deps", "--no-build-isolation")

SHOWN = """
import json, os, sync
from app import create_app
from sync.settings import config_file
from sync.settings.environment import load

settings = load(os.environ)
client = create_app(settings).test_client()
answer = client.get("/openapi.json")
FILES = ("/static/console.css", "/static/console.js", "/static/icon.svg")
print(json.dumps({
    "sync": sync.__file__,
    "config": str(config_file.CONFIG_FILE),
    "tab": settings.config.sheet.tab,
    "paths": list(answer.json["paths"]),
    "console": [client.get(path).status_code for path in ("/sign-in", *FILES)],
}))
"""


class Installed:
    """An environment of its own with the wheel in it, used from a folder without a checkout."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "venv" / "bin"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        wheel = _built(folder)
        _run(folder, sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
        pip = (sys.executable, "-m", "pip", "--python", str(self.bin / "python"))
        _run(folder, *pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
        # The dependencies are this environment's. A path file in a folder that is so added counts
        # for nothing, thus not an editable install of the tree either.
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        seen = [path for path in sys.path if path.endswith("site-packages")]
        (packages / "dependencies.pth").write_text("\n".join(seen), "utf-8")

        self.packages = packages

    def refused(self, *words: str) -> str:
        """Run the command, which has to fail; return what it says."""
        command = [str(self.bin / "brightsheet"), *words]
        done = subprocess.run(command, cwd=self.elsewhere, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    def run(self, command: str, *words: str, **settings: str) -> str:
        """Run a command of the environment; return what it prints."""
        return _run(self.elsewhere, str(self.bin / command), *words, **settings)


def _built(folder: Path) -> Path:
    # From a copy: the build leaves its own files in the tree, and takes older ones along.
    tree = folder / "tree"
    for name in ("sync", "config"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.py"), ROOT / "pyproject.toml", ROOT / "README.md", ROOT / "LICENSE"):
        shutil.copy(file, tree)
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "--quiet",
        "--no-index",
    )
    _run(folder, *pip, *ALONE, "--wheel-dir", str(folder), str(tree))
    shutil.rmtree(tree)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _run(folder: Path, *command: str, **settings: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | settings,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("wheel")
    yield Installed(folder)
    shutil.rmtree(folder)


@pytest.mark.long
def test_the_command_starts(installed: Installed) -> None:
    assert "Usage: brightsheet" in installed.run("brightsheet", "--help")


def test_the_wheel_contains_no_demo_and_no_emulator(installed: Installed) -> None:
    (record,) = installed.packages.glob("brightsheet-*.dist-info/RECORD")
    tops = {line.partition("/")[0].partition(",")[0] for line in record.read_text().splitlines()}
    modules = {file.name for file in ROOT.glob("*.py")}
    assert {top for top in tops if top.endswith(".py")} == modules
    assert not tops & {"demo", "emulator", "tests", "benchmarks"}
    assert {"sync", "config"} <= tops


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (("demo", "--once"), "demo and emulator are"),
        pytest.param(("emulator", "--port", "0"), "emulator is", marks=pytest.mark.long),
        pytest.param(("send", "--help"), "demo is", marks=pytest.mark.long),
    ],
)
def test_a_command_of_a_checkout_reports_what_is_missing(
    installed: Installed, words: tuple[str, ...], missing: str
) -> None:
    (line,) = installed.refused(*words).splitlines()
    assert line.startswith(f"`brightsheet {words[0]}` is a command of a checkout")
    assert f"{missing} not installed" in line
    assert "make install" in line


@pytest.mark.long
def test_settings_config_and_api_description_are_found(installed: Installed) -> None:
    settings = {name: text for name, text in LEAST.items() if name != "CONFIG_FILE"}
    settings["ADMIN_PASSWORD"] = "open-up-please"
    assert installed.run("brightsheet", "db", "upgrade") == "The database is up to date.\n"
    shown = installed.run("python", "-c", SHOWN, **settings)
    answer = json.loads(shown.splitlines()[-1])
    packages = str(installed.bin.parent / "lib")
    assert answer["sync"].startswith(packages)
    assert answer["config"].startswith(packages)
    assert answer["tab"]
    assert "/webhooks/everbright" in answer["paths"]
    assert answer["console"] == [200, 200, 200, 200]
