"""The only reader of the environment and of config/: both are checked whole, at the start."""

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.auth.crypt import RSASigner
from pydantic import BaseModel, ConfigDict, SecretStr

from sync.errors import SettingsError
from sync.settings.config_file import CONFIG_FILE, Config, check_template, load_config

_GOOGLE_ID = re.compile(r"^[A-Za-z0-9_-]{10,}$")
_ID_IN_ADDRESS = re.compile(r"/(?:d|folders)/([A-Za-z0-9_-]{10,})")


class Settings(BaseModel):
    """What the environment says. Secrets never show in a repr."""

    model_config = ConfigDict(frozen=True)

    webhook_secrets: tuple[SecretStr, ...]
    spreadsheet_id: str
    google_credentials: SecretStr | None
    """JSON of a service account's key or of an authorized user's token."""
    google_emulator_url: str
    drive_folder_id: str
    everbright_url: str
    everbright_api_token: SecretStr | None
    everbright_auth_header: str
    """The header's name and, behind a colon, the scheme: `Authorization: Token`."""
    everbright_document_path: str
    everbright_preview_path: str
    document_creation_types: frozenset[str]
    webhook_secret_header: str
    max_body_bytes: int
    database_url: SecretStr
    keep_deliveries_days: int
    admin_password: SecretStr | None
    alert_webhook_url: SecretStr | None
    stuck_days: int
    port: int
    worker: str
    time_zone: str
    lease_seconds: float
    config: Config


def load(
    environ: Mapping[str, str], config_file: Path = CONFIG_FILE, *, needs_spreadsheet: bool = True
) -> Settings:
    """Return the settings that `environ` and the config file give.

    The spreadsheet's id may be missing where one is to be made.

    Raises SettingsError, one line that names the setting (or the config's key) and the mend.
    """
    env = {name: value.strip() for name, value in environ.items() if value.strip()}
    emulator = _emulator(env)
    return Settings(
        webhook_secrets=_secrets(env),
        spreadsheet_id=_google_id(env, "SPREADSHEET_ID", _SPREADSHEET_MEND)
        if needs_spreadsheet or "SPREADSHEET_ID" in env
        else "",
        google_credentials=None if emulator else _credentials(env),
        google_emulator_url=emulator,
        drive_folder_id=_google_id(env, "DRIVE_FOLDER_ID", _FOLDER_MEND)
        if "DRIVE_FOLDER_ID" in env
        else "",
        everbright_url=_address(env, "EVERBRIGHT_URL", "https://engine.goeverbright.com"),
        everbright_api_token=_token(env, "EVERBRIGHT_API_TOKEN"),
        everbright_auth_header=_auth_header(env),
        everbright_document_path=_path(
            env, "EVERBRIGHT_DOCUMENT_PATH", "/api/v1/document/{document}/download/"
        ),
        everbright_preview_path=_path(
            env, "EVERBRIGHT_PREVIEW_PATH", "/api/v1/document/{document}/preview"
        ),
        document_creation_types=frozenset(_words(env.get("DOCUMENT_CREATION_TYPES", "UPLOADED"))),
        webhook_secret_header=_header_name(env, "WEBHOOK_SECRET_HEADER", "X-Webhook-Secret"),
        max_body_bytes=_number(env, "MAX_BODY_BYTES", 1024 * 1024, least=1024, most=2**26),
        database_url=SecretStr(_database(env)),
        keep_deliveries_days=_number(env, "KEEP_DELIVERIES_DAYS", 90, least=1, most=36500),
        admin_password=_secret(env, "ADMIN_PASSWORD"),
        alert_webhook_url=_alert_address(env),
        stuck_days=_number(env, "STUCK_DAYS", 14, least=1, most=3650),
        port=_number(env, "PORT", 8000, least=0, most=65535),
        worker=_choice(env, "WORKER", ("embedded", "separate")),
        time_zone=_time_zone(env),
        lease_seconds=_number(env, "LEASE_SECONDS", 10, least=1, most=600),
        config=load_config(config_file),
    )


_SPREADSHEET_MEND = "the spreadsheet's id, or its address copied from the browser"
_FOLDER_MEND = "the Drive folder's id, or its address copied from the browser"


def _required(env: Mapping[str, str], name: str, mend: str) -> str:
    if name not in env:
        raise SettingsError(name, f"is not set. Set it to {mend}.")
    return env[name]


def _words(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]


def _secrets(env: Mapping[str, str]) -> tuple[SecretStr, ...]:
    mend = "the secret that EverBright sends; several, for rotation, with commas between"
    secrets = _words(_required(env, "WEBHOOK_SECRET", mend))
    if not secrets:
        raise SettingsError("WEBHOOK_SECRET", f"holds no secret. Set it to {mend}.")
    if any(len(secret) < 16 for secret in secrets):
        raise SettingsError(
            "WEBHOOK_SECRET",
            "is shorter than 16 characters. Make one with: openssl rand -hex 24",
        )
    return tuple(SecretStr(secret) for secret in secrets)


def _secret(env: Mapping[str, str], name: str) -> SecretStr | None:
    return SecretStr(env[name]) if name in env else None


def _token(env: Mapping[str, str], name: str) -> SecretStr | None:
    """Return what goes into a header: anything else would fail with every call, for ever."""
    if not re.fullmatch(r"[!-~]+(?: [!-~]+)*", env.get(name, "none")):
        raise SettingsError(name, "holds a line break or a letter that no header takes.")
    return _secret(env, name)


def _alert_address(env: Mapping[str, str]) -> SecretStr | None:
    """Return where alerts go. The address itself is the secret: it is never repeated."""
    name = "ALERT_WEBHOOK_URL"
    value = env.get(name, "")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if value and (not host or not re.fullmatch(r"[!-~]+", value) or parts.username):
        raise SettingsError(name, "is not an address. Set it to the webhook's, as Slack shows it.")
    if value and parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise SettingsError(name, "would send unencrypted. Use https.")
    return SecretStr(value) if value else None


def _google_id(env: Mapping[str, str], name: str, mend: str) -> str:
    return google_id(name, _required(env, name, mend), mend)


def google_id(name: str, value: str, mend: str = _SPREADSHEET_MEND) -> str:
    """Return the id in `value`, an id or an address. Raises SettingsError where it is neither."""
    if found := _ID_IN_ADDRESS.search(value):
        return found[1]
    if not _GOOGLE_ID.match(value):
        raise SettingsError(name, f"is not an id of Google's. Set it to {mend}.")
    return value


def _emulator(env: Mapping[str, str]) -> str:
    name = "GOOGLE_EMULATOR_URL"
    if name not in env:
        return ""
    url = _address(env, name, "")
    if not _is_loopback(urlsplit(url).hostname or ""):
        raise SettingsError(name, "is for an emulator on this machine only; unset it elsewhere.")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(env: Mapping[str, str]) -> SecretStr:
    for name in ("GOOGLE_SERVICE_ACCOUNT_JSON", "GOOGLE_OAUTH_TOKEN_JSON"):
        if name in env:
            return _checked_credentials(name, env[name])
    name = "GOOGLE_APPLICATION_CREDENTIALS"
    if name not in env:
        raise SettingsError(
            "GOOGLE_SERVICE_ACCOUNT_JSON",
            "is not set. Paste the service account's JSON key, or set "
            "GOOGLE_APPLICATION_CREDENTIALS to its file.",
        )
    try:
        return _checked_credentials(name, Path(env[name]).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise SettingsError(name, "names a file that cannot be read.") from None


_CREDENTIAL_KEYS = {
    "service_account": {"client_email", "private_key", "token_uri"},
    "authorized_user": {"client_id", "client_secret", "refresh_token"},
}


def _checked_credentials(name: str, text: str) -> SecretStr:
    try:
        tree: Any = json.loads(text)
        kind = tree.get("type", "authorized_user")
        missing = _CREDENTIAL_KEYS[kind] - tree.keys()
    except (ValueError, AttributeError, KeyError, TypeError):
        mend = "Use the JSON file that Google made for the service account, whole."
        raise SettingsError(name, f"is not a key of Google's. {mend}") from None
    if missing:
        raise SettingsError(name, f"lacks {sorted(missing)[0]}. Paste the JSON file whole.")
    if kind == "service_account":
        try:
            RSASigner.from_service_account_info(tree)
        except (ValueError, TypeError):
            mend = "It may have lost its line breaks on the way: paste the JSON file whole."
            raise SettingsError(name, f"holds a private key that is none. {mend}") from None
    return SecretStr(text)


def _address(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username:
        raise SettingsError(name, "is not an address. Set it to one like https://example.com.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise SettingsError(name, "would send secrets unencrypted. Use https.")
    return value


def _auth_header(env: Mapping[str, str]) -> str:
    name = "EVERBRIGHT_AUTH_HEADER"
    value = env.get(name, "Authorization: Token")
    header, _, scheme = value.partition(":")
    if not re.fullmatch(r"[A-Za-z0-9-]+", header.strip()) or not re.fullmatch(
        r"[A-Za-z0-9-]*", scheme.strip()
    ):
        raise SettingsError(
            name, 'is not a header. Set it like "Authorization: Token" or "api-key".'
        )
    return value


def _header_name(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name, default)
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise SettingsError(name, "is not the name of a header: letters, digits and hyphens only.")
    return value


def _path(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name, default)
    if not value.startswith("/"):
        raise SettingsError(name, f"does not start with a slash. The default is {default}")
    check_template(name, value, {"document", "sub_task"})
    if "{document}" not in value and "{sub_task}" not in value:
        raise SettingsError(name, f"names no {{document}}. The default is {default}")
    return value


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    try:
        value = int(env.get(name, default))
    except ValueError:
        raise SettingsError(name, "is not a whole number.") from None
    if not least <= value <= most:
        raise SettingsError(name, f"is not between {least} and {most}.")
    return value


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = env.get(name, choices[0])
    if value not in choices:
        raise SettingsError(name, f"is not one of {', '.join(choices)}.")
    return value


def _time_zone(env: Mapping[str, str]) -> str:
    value = env.get("TIMEZONE", "")
    if value:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(
                "TIMEZONE", "is not a time zone. Set it like America/Los_Angeles."
            ) from None
    return value


def database_url(environ: Mapping[str, str]) -> str:
    """Return the database's URL alone, for commands that need nothing else."""
    return _database({name: value.strip() for name, value in environ.items() if value.strip()})


def _database(env: Mapping[str, str]) -> str:
    name = "DATABASE_URL"
    url = env.get(name, "sqlite:///brightsheet.sqlite3")
    try:
        urlsplit(url).port  # noqa: B018 - reading it is the check
    except ValueError:
        raise SettingsError(name, "holds a port that is none.") from None
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError(
            name, "is neither sqlite:///FILE nor postgres://USER:PASSWORD@HOST/NAME."
        )
    if url.startswith("sqlite:") and "DYNO" in env:
        raise SettingsError(
            name,
            "is a SQLite file, and this host throws its disk away. Add a PostgreSQL database: "
            "heroku addons:create heroku-postgresql:essential-0",
        )
    return url
