"""The package: what its wheel holds, and that it runs where there is no checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
START = """
import sys
from pathlib import Path
from urllib.request import urlopen
import emulator

assert Path(emulator.__file__).is_relative_to(sys.argv[1]), emulator.__file__
with emulator.Emulator() as running:
    made = running.create_spreadsheet("Jobs")
    for path in ("/", f"/spreadsheets/d/{made}/edit", f"/v4/spreadsheets/{made}"):
        assert urlopen(running.url + path).status == 200
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves its own files in the folder."""
    folder = tmp_path_factory.mktemp("wheel")
    left = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(ROOT, folder / "emulator", ignore=left)
    words = ("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir")
    subprocess.run([*PIP, *words, str(folder), str(folder / "emulator")], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_no_tests(wheel: Path) -> None:
    with ZipFile(wheel) as content:
        names = {name for name in content.namelist() if ".dist-info/" not in name}
    kinds = ("*.py", "*.json", "*.html", "*.css", "*.js", "*.svg", "milestone.txt")
    files = {file.relative_to(ROOT) for kind in kinds for file in ROOT.rglob(kind)}
    apart = {"tests", "build"}
    assert names == {f"emulator/{file}" for file in files if file.parts[0] not in apart}


def test_it_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "packages"
    words = ("install", "--no-index", "--no-deps", "--target", str(target))
    subprocess.run([*PIP, *words, str(wheel)], check=True)
    blocked = "import sys; sys.modules['googleapiclient'] = sys.modules['sync'] = None\n"
    subprocess.run(
        [sys.executable, "-c", blocked + START, str(target)],
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
