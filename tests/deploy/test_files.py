"""What deploys says what the code does: commands, settings, files and paths."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from brightsheet import cli
from sync.settings.environment import Settings
from tests.made_up import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
UNIT = (ROOT / "deploy" / "brightsheet.service").read_text("utf-8")
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}


def is_command(words: list[str]) -> bool:
    found: Any = cli
    for word in words:
        found = getattr(found, "commands", {}).get(word)
    return found is not None and found is not cli


def test_every_command_is_one() -> None:
    run = re.findall(r'^CMD \["brightsheet", "(\w+)"\]', DOCKERFILE, re.MULTILINE)
    assert len(run) == 1
    found = [run, COMPOSE["services"]["upgrade"]["command"][1:]]
    found += [
        one.split()
        for one in re.findall(r"bin/brightsheet ([a-z ]+?)(?: --.+)?$", UNIT, re.MULTILINE)
    ]
    assert len(found) == 4
    assert all(is_command(one) for one in found)


def test_every_setting_is_one() -> None:
    image = set(re.findall(r"^(?:ENV|    )\s*([A-Z_]+)=", DOCKERFILE, re.MULTILINE))
    assert image - {"HOME", "PATH", "PYTHONUNBUFFERED"} <= SETTINGS
    assert set(COMPOSE["services"]["web"]["environment"]) <= SETTINGS
    assert COMPOSE["services"]["upgrade"]["environment"].keys() == {"DATABASE_URL"}


def test_what_brings_its_own_proxy_trusts_one() -> None:
    described = json.loads((ROOT / "app.json").read_text("utf-8"))["env"]
    assert described["TRUSTED_PROXIES"]["value"] == "1"
    assert COMPOSE["services"]["web"]["environment"]["TRUSTED_PROXIES"] == "1"
    (web,) = re.findall("^web: (.+)$", (ROOT / "Procfile").read_text("utf-8"), re.MULTILINE)
    printed = ["sh", "-c", web.replace("python -m brightsheet serve", "printenv TRUSTED_PROXIES")]
    for own, trusted in (({}, "1"), ({"TRUSTED_PROXIES": "2"}, "2")):
        environment = {"PATH": os.environ["PATH"], **own}
        shown = subprocess.run(printed, env=environment, check=True, capture_output=True, text=True)
        assert shown.stdout.strip() == trusted


def test_the_image_gets_what_a_wheel_is_built_of() -> None:
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert all((ROOT / one).exists() for one in copied)
    assert {one for one in copied if (ROOT / one).is_dir()} == {"sync", "config"}
    assert "pyproject.toml" in copied
    modules = {file.name for file in ROOT.glob("*.py")}
    assert modules <= copied
    shown = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {f"!{one}" for one in copied if not one.endswith(".py")} <= set(shown)
    assert "!*.py" in shown


def test_the_images_second_stage_has_no_build_tools() -> None:
    _, build, second = DOCKERFILE.split("\nFROM ")
    assert "pip uninstall --yes wheel setuptools pip" in second
    assert "pip install" not in second
    assert "--without-pip /opt/brightsheet" in build
    assert len(re.findall("^COPY --from=build", second, re.MULTILINE)) == 1


def test_there_is_one_python_everywhere() -> None:
    version = (ROOT / ".python-version").read_text("utf-8").strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE) == [version] * 2
    assert project["tool"]["mypy"]["python_version"] == version
    assert project["project"]["requires-python"] == f">={version}"
    assert project["tool"]["ruff"]["target-version"] == "py" + version.replace(".", "")
    assert f"--python-version {version}" in (ROOT / "Makefile").read_text("utf-8")
    assert 'PYTHON="python$(cat .python-version)"' in (ROOT / ".ci" / "run").read_text("utf-8")


def locked(name: str) -> set[str]:
    text = (ROOT / name).read_text("utf-8")
    return set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))


def test_production_installs_what_the_product_needs() -> None:
    production = locked("requirements.txt")
    assert not production & {"google-api-python-client", "setuptools", "pip", "pytest", "pygsheets"}
    assert locked("requirements-demo.txt") - production == {"setuptools"}
    sizes = [
        file.locate().stat().st_size
        for package in production
        for file in _installed(package)
        if file.locate().exists()
    ]
    assert sum(sizes) / 1e6 < 170


def test_the_lock_files_hold_a_hash_for_every_package() -> None:
    """`make install` runs with --require-hashes; a line is a name with a version, or a hash."""
    least = {"requirements.txt": 20, "requirements-demo.txt": 4, "requirements-dev.txt": 20}
    for name, count in least.items():
        text = (ROOT / name).read_text("utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert len(entries) > count
        for entry in entries:
            first, *hashes = entry.splitlines()
            assert re.match(r"[a-z0-9._-]+(?:\[[a-z,]+\])?==[^\s;]+( ; .+)? \\$", first), first
            assert hashes, entry
            for line in hashes:
                assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line), line
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "--require-hashes -r requirements-dev.txt" in makefile


def test_what_the_product_needs_is_locked_alike_in_both_files() -> None:
    """Tests run against what is deployed."""
    deployed, tested = (
        set(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / name).read_text(), re.M))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert deployed <= tested


def _installed(package: str) -> list[Any]:
    try:
        return list(files(package) or [])
    except PackageNotFoundError:  # for another platform
        return []


def test_a_slug_leaves_out_what_is_no_part_of_the_product() -> None:
    left_out = set((ROOT / ".slugignore").read_text("utf-8").split())
    assert {"/demo", "/emulator", "/tests", "/benchmarks", "/docs"} <= left_out
    assert all((ROOT / one[1:]).exists() for one in left_out)
    kept = {"sync", "config", "requirements.txt", "Procfile", ".python-version", "README.md"}
    assert not {one[1:] for one in left_out} & (kept | {file.name for file in ROOT.glob("*.py")})


def test_nothing_runs_as_root() -> None:
    assert re.search(r"^USER [1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert "DynamicUser=yes" in UNIT
    # Such a user has no home, and a library of Google's does not start without one.
    assert re.search(r"^    HOME=/data ", DOCKERFILE, re.MULTILINE)
    assert "Environment=HOME=/var/lib/brightsheet" in UNIT


def test_the_health_check_notices_a_dead_process(tmp_path: Path) -> None:
    """It fails where nothing listens. Catches a check that is always well."""
    (words,) = re.findall(r'CMD \["python", "-c", "(.+)"\]', DOCKERFILE)
    done = subprocess.run(
        [sys.executable, "-c", words], env={"PORT": "1"}, cwd=tmp_path, capture_output=True
    )
    assert done.returncode != 0
    assert b"refused" in done.stderr


def test_a_command_runs_with_the_services_settings_and_folder(tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("DATABASE_URL=sqlite:///here.sqlite3\n")
    script = (ROOT / "deploy" / "brightsheet.sh").read_text("utf-8")
    for here, there in (
        ("/var/lib/brightsheet", str(tmp_path)),
        ("/etc/brightsheet.env", str(tmp_path / "settings")),
        ("/opt/brightsheet/.venv/bin/brightsheet", f"{sys.executable} -m brightsheet"),
    ):
        assert here in UNIT
        assert here in script
        script = script.replace(here, there)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = ["sh", "-c", script, "brightsheet", "db", "upgrade"]
    subprocess.run(command, env=environment, check=True)
    assert (tmp_path / "here.sqlite3").exists()


def damage(folder: Path) -> None:
    """Create a database whose second page holds text."""
    folder.mkdir()
    file = folder / "brightsheet.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE job AS SELECT hex(randomblob(20000)) AS state")
    connection.commit()
    connection.close()
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"damaged " * 512)


def test_a_backup_saves_what_a_restore_needs_and_reports_a_failure(tmp_path: Path) -> None:
    script = (ROOT / "deploy" / "backup.sh").read_text("utf-8")
    for here in ("/opt/brightsheet", "/var/backups", "/var/lib", "/etc"):
        (tmp_path / here[1:]).mkdir(parents=True)
        script = re.sub(rf"(?<=[ =]){here}", f"{tmp_path}{here}", script)
    checkout = tmp_path / "opt/brightsheet"
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "--quiet"], [*author, "commit", "--quiet", "--allow-empty", "-m."]):
        subprocess.run(["git", "-C", checkout, *command], check=True)
    head = subprocess.check_output(["git", "-C", checkout, "rev-parse", "HEAD"], text=True)
    programs = checkout / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "dotenv").symlink_to(Path(sys.executable).parent / "dotenv")
    seen = f'#!/bin/sh\nprintf "%s\\n" "$*" "$APPRISE_URLS" > {tmp_path}/sent\n'
    (programs / "apprise").write_text(seen)
    (programs / "apprise").chmod(0o755)
    settings, saved = (
        tmp_path / one for one in ("etc/brightsheet.env", "var/backups/brightsheet/named")
    )
    data = tmp_path / "var/lib/brightsheet"
    sqlite = "sqlite:///brightsheet.sqlite3"
    for url, status, is_damaged in (
        ("postgres://somewhere", 0, False),
        (sqlite, 1, False),  # The database is gone.
        (sqlite, 1, True),
    ):
        if is_damaged:
            damage(data)
        (tmp_path / "sent").unlink(missing_ok=True)
        settings.write_text(f"ALERT_URLS='json://a?b=1 json://c'\nDATABASE_URL={url}\n")
        done = subprocess.run(["sh", "-c", script, "", "named"], check=False, capture_output=True)
        assert (done.returncode, (tmp_path / "sent").exists()) == (status, bool(status)), (
            done.stderr
        )
        # A failed run leaves the last backup whole.
        assert "postgres" in (saved / "brightsheet.env").read_text()
        assert (saved / "commit").read_text() == head
        assert {file.name for file in saved.iterdir()} == {"brightsheet.env", "commit"}
        assert [*saved.parent.iterdir()] == [saved]
    arguments, addresses = (tmp_path / "sent").read_text().splitlines()
    assert "json" not in arguments
    assert f"The backup to {saved} on " in arguments
    assert addresses == "json://a?b=1 json://c"
