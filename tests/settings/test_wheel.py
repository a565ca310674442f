"""A wheel built from the tree starts where there is no tree, and finds what it is shipped with."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.made_up import ROOT
from tests.settings.test_environment import LEAST

ALONE = ("--no-deps", "--no-build-isolation")

SHOWN = """
import json, os, server, sync
from app import create_app
from sync.settings import config_file
from sync.settings.environment import load

settings = load(os.environ)
database = server.prepare(settings)
client = create_app(settings, database).test_client()
form = client.get("/sign-in").text
token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
client.post("/sign-in", data={"csrf_token": token, "password": "open-up-please"})
FILES = ("/static/console.css", "/static/console.js", "/static/icon.svg")
print(json.dumps({
    "sync": sync.__file__,
    "config": str(config_file.CONFIG_FILE),
    "label": settings.config.status_label("SUBMITTED"),
    "console": [client.get(path).status_code for path in ("/", "/setup", *FILES)],
}))
"""


COMMAND = """
import sys
from importlib.metadata import entry_points

sys.argv[0] = "brightsheet"
(script,) = entry_points(group="console_scripts", name="brightsheet")
script.load()()
"""


class Installed:
    """The wheel's content, used from a folder without a checkout."""

    def __init__(self, folder: Path) -> None:
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        self.packages = folder / "packages"
        with ZipFile(_built(folder)) as wheel:
            wheel.extractall(self.packages)

    def run(
        self, code: str, *words: str, status: int = 0, settings: dict[str, str] | None = None
    ) -> str:
        """Run code or the COMMAND; return what it prints, or what it says when it fails."""
        # With -S, path files count for nothing, so an editable install of the tree doesn't either.
        command = (sys.executable, "-S", "-c", code, *words)
        dependencies = [path for path in sys.path if path.endswith("site-packages")]
        paths = {"PYTHONPATH": os.pathsep.join([str(self.packages), *dependencies])}
        done = _run(self.elsewhere, *command, status=status, settings={**(settings or {}), **paths})
        return done.stderr if status else done.stdout


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
    _run(folder, *pip, *ALONE, "--wheel-dir", str(folder), str(tree), settings={})
    shutil.rmtree(tree)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _run(
    folder: Path, *command: str, status: int = 0, settings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | settings,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("wheel")
    yield Installed(folder)
    shutil.rmtree(folder)


def test_the_wheel_contains_all_of_the_product_and_nothing_else(installed: Installed) -> None:
    (record,) = installed.packages.glob("brightsheet-*.dist-info/RECORD")
    tops = {line.partition("/")[0].partition(",")[0] for line in record.read_text().splitlines()}
    modules = {file.name for file in ROOT.glob("*.py")}
    assert {top for top in tops if top.endswith(".py")} == modules
    assert not tops & {"demo", "emulator", "tests", "benchmarks"}
    for name in ("sync", "config"):
        files = {
            file.relative_to(ROOT)
            for file in (ROOT / name).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        assert files
        assert [file for file in files if not (installed.packages / file).exists()] == []
    assert {"sync", "config"} <= tops


@pytest.mark.long
def test_settings_config_pages_and_migrations_are_found(installed: Installed) -> None:
    settings = {name: text for name, text in LEAST.items() if name != "CONFIG_FILE"}
    settings["ADMIN_PASSWORD"] = "open-up-please"
    assert installed.run(COMMAND, "db", "upgrade") == "The database is up to date.\n"
    shown = installed.run(SHOWN, settings=settings)
    answer = json.loads(shown.splitlines()[-1])
    packages = str(installed.packages)
    assert answer["sync"].startswith(packages)
    assert answer["config"].startswith(packages)
    assert answer["console"] == [200] * 5
