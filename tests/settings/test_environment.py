"""A missing or wrong setting is one line that names it and the fix."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sync.errors import SettingsError
from sync.settings.config_file import CONFIG_FILE, load_config
from sync.settings.environment import load
from tests.made_up import SECRET

_PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)
_KEY = {
    "type": "service_account",
    "client_email": "sheet@project.example",
    "private_key": _PEM,
    "token_uri": "https://oauth.example/token",
}
KEY = json.dumps(_KEY)
MANGLED = json.dumps(_KEY | {"private_key": _PEM.replace("\n", "\\n")})
LEAST = {
    "WEBHOOK_SECRET": SECRET,
    "SPREADSHEET_ID": "1AbCdEfGhIjKlMnOpQrStUvWxYz",
    "GOOGLE_SERVICE_ACCOUNT_JSON": KEY,
}


def test_the_least_that_is_needed() -> None:
    settings = load(LEAST)
    assert settings.drive_folder_id == ""
    assert settings.worker == "embedded"
    assert settings.everbright_url == "https://engine.goeverbright.com"


@pytest.mark.parametrize("name", list(LEAST))
def test_what_is_missing_is_named_with_its_fix(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({key: value for key, value in LEAST.items() if key != name})
    assert caught.value.message.startswith(f"{name}: is not set. ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_SECRET", " , "),
        ("WEBHOOK_SECRET", "short"),
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
        ("EVERBRIGHT_PREVIEW_PATH", "preview/{document}"),
        ("WEBHOOK_SECRET_HEADER", "X Secret"),
        ("MAX_BODY_BYTES", "1 MiB"),
        ("MAX_BODY_BYTES", "-1"),
        ("KEEP_DELIVERIES_DAYS", "0"),
        ("DATABASE_URL", "mysql://host/db"),
        ("DATABASE_URL", "postgres://u:p@host:abc/db"),
        ("PORT", "abc"),
        ("WORKER", "both"),
        ("TIMEZONE", "Los Angeles"),
    ],
)
def test_what_is_wrong_is_named_in_one_line_without_secrets(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {name: value})
    assert caught.value.message.startswith(f"{name}: ")
    assert "\n" not in caught.value.message
    assert "word@" not in caught.value.message


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


def test_a_throw_away_disk_is_no_place_for_the_inbox() -> None:
    """On Heroku the file would be gone with every restart, and the deliveries with it."""
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {"DYNO": "web.1"})
    assert caught.value.name == "DATABASE_URL"
    assert "heroku addons:create" in caught.value.message
    settings = load(LEAST | {"DYNO": "web.1", "DATABASE_URL": "postgres://u:p@host/db"})
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://u:p@host/db"


def test_secrets_do_not_show() -> None:
    """Settings end up in tracebacks."""
    shown = repr(load(LEAST | {"EVERBRIGHT_API_TOKEN": "hush-hush", "ADMIN_PASSWORD": "hush-too"}))
    assert not any(secret in shown for secret in (SECRET, "hush", "PRIVATE KEY"))


def test_several_secrets_for_rotation() -> None:
    settings = load(LEAST | {"WEBHOOK_SECRET": f"{SECRET}, {SECRET}2"})
    assert [s.get_secret_value() for s in settings.webhook_secrets] == [SECRET, f"{SECRET}2"]


STEP = '\n[[milestones]]\ndefinitions = ["01362295-1d44-4eea-9234-898bb3073709"]\n'


@pytest.mark.parametrize(
    ("change", "to", "message"),
    [
        (
            "[sheet]",
            "[sheets]",
            "sheets: is not a key that Brightsheet knows; remove or correct it.",
        ),
        (
            "tab =",
            "tabs =",
            "sheet.tabs: is not a key that Brightsheet knows; remove or correct it.",
        ),
        (
            '"#d9ead3"',
            '"green"',
            "statuses.APPROVED.color: is not a colour; write it like #d9ead3.",
        ),
        (
            'header = "Status"',
            'header = "Customer"',
            "columns: two have the header 'Customer'; give one another name",
        ),
        (
            "header = 'x'",
            STEP + 'header = "Customer"',
            "columns: two have the header 'Customer'; give one another name",
        ),
        (
            "none of its text",
            STEP * 2,
            "milestones: the definition 01362295-1d44-4eea-9234-898bb3073709 stands twice; remove",
        ),
        (
            'id = "site_id"',
            'id = "stage"',
            "columns: the column site_id is missing; it is the key of the rows: add it",
        ),
        ('id = "folder"', 'id = "stage"', "columns: the column stage stands twice; remove one"),
        ('header = "Folder"', "", "columns: the column folder has no header; give it one"),
        (
            'means = "waiting"',
            'means = "wait"',
            "statuses.SUBMITTED.means: is not known; write one of",
        ),
        (
            'id = "folder"',
            'id = "folders"',
            "columns.13.id: is not known; write one of 'customer', ",
        ),
        (
            'history = "History"',
            'history = "jobs"',
            "sheet: two tabs have the title 'jobs'; give one another name",
        ),
        ("bots = ['", "bots = ['(", "words.bots.0: is not a regular expression"),
        ("{site}", "{job}", "links.job: holds other names in braces than {site}."),
        ("[words]", "[words", "is not TOML: "),
        ('header = "Folder"', 'header = "Re-signed"', "columns: two have the header 'Re-signed'; "),
        (
            'header = "Folder"',
            'header = "{x}"\n[[columns]]\nid = "email"\nheader = "{x}"',
            "columns: two have the header '{x}'; give one another name",
        ),
        ("{site}", "{site.foo}", "links.job: holds other names in braces than {site}."),
        ("{site}", "{site[x]}", "links.job: holds other names in braces than {site}."),
        (
            'label = "Rejected"',
            'label = "=NOW()"',
            "statuses.REJECTED.label: begins as a formula does",
        ),
        (
            'header = "Folder"',
            f'header = "{"x" * 101}"',
            "columns.13.header: is longer than 100 characters; shorten it.",
        ),
        ('tab = "Jobs"', 'tab = "Recovered"', "sheet.tab: is a tab of Brightsheet's own"),
        (
            'stage = ["stage_name"]',
            'stage = "x"',
            "webhooks.stage: is not a list; write it in brackets.",
        ),
    ],
)
def test_an_error_in_the_config_is_a_line_with_file_key_and_fix(
    change: str, to: str, message: str, tmp_path: Path
) -> None:
    """Whoever reads it has the file open, and nothing else."""
    file = tmp_path / "brightsheet.toml"
    text = CONFIG_FILE.read_text("utf-8")
    changed = text.replace(change, to, 1) if change in text else text + to
    file.write_text(changed, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_config(file)
    assert caught.value.message.startswith(f"{tmp_path.name}/brightsheet.toml: {message}")
    assert "\n" not in caught.value.message
