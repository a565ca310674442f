"""A missing or wrong setting is one line that names it and the fix."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sync.errors import SettingsError
from sync.settings import config_file
from sync.settings.environment import google_id, load
from tests.made_up import DEMO_CONFIG, SECRET

# A short key: google-auth checks it wherever settings are read, which takes 30 ms of a usual one.
_PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)
_KEY = {
    "type": "service_account",
    "client_email": "sheet@project.iam.gserviceaccount.com",
    "private_key": _PEM,
    "token_uri": "https://oauth.example/token",
}
KEY = json.dumps(_KEY)
MANGLED = json.dumps(_KEY | {"private_key": _PEM.replace("\n", "\\n")})
LEAST = {
    "WEBHOOK_SECRET": SECRET,
    "SPREADSHEET_ID": "1AbCdEfGhIjKlMnOpQrStUvWxYz",
    "GOOGLE_SERVICE_ACCOUNT_JSON": KEY,
    "CONFIG_FILE": str(DEMO_CONFIG),
}


def test_the_least_that_is_needed() -> None:
    settings = load(LEAST)
    assert settings.drive_folder_id == ""
    assert settings.worker == "embedded"
    assert settings.everbright_url == "https://engine.goeverbright.com"


@pytest.mark.parametrize(
    "name", ["WEBHOOK_SECRET", "SPREADSHEET_ID", "GOOGLE_SERVICE_ACCOUNT_JSON"]
)
def test_what_is_missing_is_named_with_its_fix(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({key: value for key, value in LEAST.items() if key != name})
    assert caught.value.message.startswith(f"{name}: is not set. ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_SECRET", " , "),
        ("WEBHOOK_SECRET", "brief"),
        ("WEBHOOK_SECRET", f'"{SECRET}"'),
        ("ADMIN_PASSWORD", "'open-up-please'"),
        ("SPREADSHEET_ID", "my sheet"),
        ("DRIVE_FOLDER_ID", "/"),
        ("GOOGLE_SERVICE_ACCOUNT_JSON", "{}x"),
        ("GOOGLE_SERVICE_ACCOUNT_JSON", '{"type": "service_account"}'),
        ("GOOGLE_SERVICE_ACCOUNT_JSON", "[]"),
        ("GOOGLE_SERVICE_ACCOUNT_JSON", MANGLED),
        ("GOOGLE_EMULATOR_URL", "https://sheets.googleapis.com"),
        ("GOOGLE_EMULATOR_URL", "http://10.0.0.1:80"),
        ("EVERBRIGHT_URL", "engine.goeverbright.com"),
        ("EVERBRIGHT_URL", "http://engine.goeverbright.com"),
        ("EVERBRIGHT_URL", "https://user:word@engine.goeverbright.com"),
        ("EVERBRIGHT_AUTH_HEADER", "a b: c"),
        ("EVERBRIGHT_DOCUMENT_PATH", "/download/"),
        ("EVERBRIGHT_DOCUMENT_PATH", "/{document}/{other}"),
        ("MAX_BODY_BYTES", "1 MiB"),
        ("MAX_BODY_BYTES", "-1"),
        ("KEEP_DELIVERIES_DAYS", "0"),
        ("CONFIG_FILE", "/nowhere/word@brightsheet.toml"),
        # Like a file that only root may read, which a test that runs as root can't have.
        ("CONFIG_FILE", "/long" * 2000),
        ("DATABASE_URL", "mysql://host/db"),
        ("DATABASE_URL", "postgres://u:p@host:abc/db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:////no-such-folder/brightsheet.sqlite3"),
        ("GOOGLE_SERVICE_ACCOUNT_JSON", '{"type": "external_account"}'),
        ("LEASE_SECONDS", "0.5"),
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("PORT", "9" * 5000),
        ("ADMIN_PASSWORD", "eleven char"),
        ("WORKER", "both"),
        ("TIMEZONE", "Los Angeles"),
    ],
)
def test_what_is_wrong_is_named_in_one_line_without_secrets(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {name: value})
    assert caught.value.message.startswith(f"{name}: ")
    assert "\n" not in caught.value.message
    assert len(value) < 4 or value not in caught.value.message
    assert "word@" not in caught.value.message


def test_all_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "brightsheet.toml"
    file.write_text('[webhook]\n[everbright]\njobs = "x"\n', "utf-8")
    wrong = {"CONFIG_FILE": str(file), "PORT": "abc", "GOOGLE_SERVICE_ACCOUNT_JSON": ""}
    with pytest.raises(SettingsError) as caught:
        load({name: text for name, text in LEAST.items() if name != "SPREADSHEET_ID"} | wrong)
    said = sorted(caught.value.message.splitlines())
    starts = [
        f"{file}: webhook: ",
        f"CONFIG_FILE: {file}: everbright.jobs: ",
        "GOOGLE_SERVICE_ACCOUNT_JSON: is not set. ",
        "PORT: Input should be a valid integer",
        "SPREADSHEET_ID: is not set. ",
    ]
    assert [line.startswith(start) for line, start in zip(said, starts, strict=True)] == [True] * 5


@pytest.mark.parametrize("value", ['{"type": "authorized_us', '{"installed": {"client_id": "1"}}'])
def test_a_wrong_sign_in_is_replaced_by_what_the_command_prints(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {"GOOGLE_SERVICE_ACCOUNT_JSON": "", "GOOGLE_OAUTH_TOKEN_JSON": value})
    assert caught.value.message.startswith("GOOGLE_OAUTH_TOKEN_JSON: ")
    assert "`brightsheet auth google` printed" in caught.value.message


def test_a_password_that_has_to_be_escaped_is_explained() -> None:
    with pytest.raises(SettingsError, match=r"In a password, write / .* as %2F"):
        load(LEAST | {"DATABASE_URL": "postgres://u:pass/word@host/db"})


def test_addresses_pasted_from_a_browser_are_understood() -> None:
    settings = load(
        LEAST
        | {
            "SPREADSHEET_ID": "https://docs.google.com/spreadsheets/d/1AbC-dEf_GhIjKl/edit#gid=0",
            "DRIVE_FOLDER_ID": "https://drive.google.com/drive/u/0/folders/1XyZ-aBc_DeFgHi?usp=x",
        }
    )
    assert settings.spreadsheet_id == "1AbC-dEf_GhIjKl"
    assert settings.drive_folder_id == "1XyZ-aBc_DeFgHi"
    shared = load(LEAST | {"SPREADSHEET_ID": "https://drive.google.com/open?id=1AbC-dEf_GhIjKl"})
    assert shared.spreadsheet_id == "1AbC-dEf_GhIjKl"
    with pytest.raises(SettingsError, match=r"--folder: .* not a Google ID"):
        google_id("--folder", "Job documents")


def test_a_throw_away_disk_is_no_place_for_the_inbox() -> None:
    """On Heroku the file would be gone with every restart, and the deliveries with it."""
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {"DYNO": "web.1"})
    assert caught.value.message.startswith("DATABASE_URL: ")
    assert "heroku addons:create" in caught.value.message
    settings = load(LEAST | {"DYNO": "web.1", "DATABASE_URL": "postgres://u:p@host/db"})
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://u:p@host/db"


def test_secrets_do_not_show() -> None:
    """Settings end up in tracebacks."""
    shown = repr(
        load(LEAST | {"EVERBRIGHT_API_TOKEN": "hush-hush", "ADMIN_PASSWORD": "hush-hush-too"})
    )
    assert not any(secret in shown for secret in (SECRET, "hush", "PRIVATE KEY"))


def test_several_secrets_for_rotation() -> None:
    settings = load(LEAST | {"WEBHOOK_SECRET": f"{SECRET}, {SECRET}2"})
    assert [s.get_secret_value() for s in settings.webhook_secrets] == [SECRET, f"{SECRET}2"]


def test_config_file_names_another_config(tmp_path: Path) -> None:
    """Without it the one that is shipped is read."""
    file = tmp_path / "brightsheet.toml"
    file.write_text(DEMO_CONFIG.read_text("utf-8").replace('"Submitted"', '"Sent in"'), "utf-8")
    assert load(LEAST | {"CONFIG_FILE": str(file)}).config.status_label("SUBMITTED") == "Sent in"
    shipped = {name: text for name, text in LEAST.items() if name != "CONFIG_FILE"}
    assert load(shipped).config == config_file.load_config(config_file.CONFIG_FILE)
